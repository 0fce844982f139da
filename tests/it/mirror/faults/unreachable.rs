//! Every way of not being reached, over real sockets: each has its sentence, is tried a bounded number of times, and
//! makes a run wait instead of fail.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use atlassian::call::Class;
use atlassian::client::Client;
use atlassian::config::Config;
use atlassian::error::Error;
use atlassian::organizations;
use atlassian::secret::Secret;
use clock::Clock;
use rollcall::sync::ended::Ended;

use crate::support::app::test_day;

const ATTEMPTS: u32 = 3;

/// A client that loses patience soon.
fn client(base: &str, clock: &Clock) -> Client {
    let mut config = Config::new(base, Secret::new("key"), clock.clone());
    config.limits.connect = Duration::from_millis(150);
    config.limits.read = Duration::from_millis(500);
    config.limits.attempts = ATTEMPTS;
    config.limits.breaker_failures = 2 * ATTEMPTS;
    Client::new(config).unwrap()
}

/// Somebody who answers each connection in their own way, until they are dropped.
struct Listener {
    address: SocketAddr,
    met: Arc<AtomicUsize>,
    closing: Arc<AtomicUsize>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Listener {
    fn start(answer: impl Fn(&mut TcpStream, usize) + Send + 'static) -> Listener {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (met, closing) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (count, over) = (met.clone(), closing.clone());
        let thread = thread::spawn(move || {
            let mut kept = Vec::new();
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                if over.load(Ordering::SeqCst) > 0 {
                    return;
                }
                answer(&mut stream, count.fetch_add(1, Ordering::SeqCst));
                kept.push(stream);
            }
        });
        Listener { address, met, closing, thread: Some(thread) }
    }

    fn met(&self) -> usize {
        self.met.load(Ordering::SeqCst)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.closing.store(1, Ordering::SeqCst);
        // The one connection that lets the thread look up.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn ask(client: &Client) -> Result<(), Error> {
    organizations::one(client, Class::Pass, "o").await.map(drop)
}

/// What becomes of a run that is not answered like this: its pause, and the sentence.
async fn pause(base: &str) -> String {
    let error = ask(&client(base, &Clock::simulated(test_day()))).await.unwrap_err();
    match Ended::from(error) {
        Ended::PausedFor { wait, reason } => {
            assert!(wait <= Duration::from_secs(3600), "{wait:?}: {reason}");
            reason
        }
        other => panic!("{base}: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a9_each_way_of_being_unreachable_pauses_a_run_with_a_sentence_of_its_own() {
    // Nobody listens.
    let deserted = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = pause(&format!("http://{deserted}")).await;
    assert!(refused.contains("no connection could be opened"), "{refused}");

    // Somebody listens and never accepts, and their queue is full: the connection is never opened.
    let full = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = full.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
        waiting.push(stream);
        assert!(waiting.len() < 10_000, "a queue without end");
    }
    let unopened = pause(&format!("http://{address}")).await;
    assert!(unopened.contains("no connection could be opened"), "{unopened}");

    // The connection is opened and nothing comes.
    let silent = Listener::start(|_, _| {});
    let late = pause(&format!("http://{}", silent.address)).await;
    assert!(late.contains("did not answer in time"), "{late}");
    assert_eq!(silent.met(), ATTEMPTS as usize, "tried so often, and no more");

    // It is closed.
    let closing = Listener::start(|stream, _| drop(stream.shutdown(std::net::Shutdown::Both)));
    let closed = pause(&format!("http://{}", closing.address)).await;
    assert!(closed.contains("closed the connection"), "{closed}");

    // Whoever is there does not speak TLS.
    let plain = Listener::start(|stream, _| drop(stream.write_all(b"220 mail.example.test ready\r\n")));
    let untrusted = pause(&format!("https://{}", plain.address)).await;
    assert!(untrusted.contains("no trusted connection"), "{untrusted}");

    // A label of more than 63 letters is refused by every resolver without asking anybody.
    let nameless = pause(&format!("http://{}.test", "a".repeat(70))).await;
    assert!(nameless.contains("name could not be resolved"), "{nameless}");

    let sentences = [&refused, &late, &closed, &untrusted, &nameless];
    let why: BTreeSet<&str> = sentences.iter().filter_map(|sentence| sentence.split(": ").nth(1)).collect();
    assert_eq!(why.len(), sentences.len(), "{why:?}");
    assert!(sentences.iter().all(|sentence| sentence.contains("check the network and proxy")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a9_who_keeps_failing_is_left_alone_and_tried_once_before_all_is_well() {
    // Seven connections are closed, the eighth is answered.
    let listener = Listener::start(|stream, nth| {
        let mut request = [0; 4096];
        let _ = stream.read(&mut request);
        if nth >= 7 {
            let body = r#"{"data":{"id":"o","type":"orgs","attributes":{"name":"Here again"}}}"#;
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
            let _ = write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        }
        let _ = stream.shutdown(std::net::Shutdown::Both);
    });
    let clock = Clock::simulated(test_day());
    let client = client(&format!("http://{}", listener.address), &clock);
    for asked in 1..=2 {
        assert!(matches!(ask(&client).await, Err(Error::Unreachable { .. })));
        assert_eq!(listener.met(), asked * ATTEMPTS as usize);
    }
    let left_alone = async |client: &Client| match Ended::from(ask(client).await.unwrap_err()) {
        Ended::Paused { until, reason } => {
            assert!(reason.contains("in a row and is left alone until"), "{reason}");
            until
        }
        other => panic!("{other:?}"),
    };
    let until = left_alone(&client).await;
    assert_eq!(listener.met(), 6, "nothing is sent to whom is left alone");
    clock.advance(until.duration_since(clock.now()).unsigned_abs());
    assert!(ask(&client).await.is_err(), "the one that is let through fails");
    assert_eq!(listener.met(), 7);
    let longer = left_alone(&client).await;
    assert!(longer.duration_since(clock.now()) > jiff::SignedDuration::from_secs(30), "it is left alone for longer");
    clock.advance(longer.duration_since(clock.now()).unsigned_abs());
    ask(&client).await.unwrap();
    assert_eq!(listener.met(), 8);
    drop(client);
}
