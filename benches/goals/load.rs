//! Browsers that ask a server over connections kept open: as little as it takes to send a request and read the answer, so
//! that the machine's processors are the server's.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clock::Clock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// A connection that is kept open, of somebody who is signed in.
pub(crate) struct Connection {
    stream: TcpStream,
    cookie: Arc<str>,
    buffer: Vec<u8>,
}

/// An answer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Bytes of its body.
    pub(crate) bytes: usize,
    /// Line ends in its body.
    pub(crate) lines: usize,
}

/// What a load has seen: how long every answer took, in milliseconds and sorted, and how long all of it.
pub(crate) struct Seen {
    pub(crate) took: Vec<f64>,
    pub(crate) wall: Duration,
    pub(crate) bytes: usize,
}

/// How requests follow each other.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// So many a second, each due at its moment whether or not those before it are answered; counted from that moment.
    Each(u32),
    /// Every connection asks again once it is answered.
    Flat,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr, cookie: Arc<str>) -> Connection {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Connection { stream, cookie, buffer: Vec::with_capacity(128 << 10) }
    }

    /// Asks for an address and reads the answer to its end.
    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let asked = format!("GET {path} HTTP/1.1\r\nHost: rollcall\r\nCookie: {}\r\n\r\n", self.cookie);
        self.stream.write_all(asked.as_bytes()).await.unwrap();
        self.buffer.clear();
        let end = loop {
            if let Some(end) = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await;
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).to_ascii_lowercase();
        let status = head[9..12].parse().unwrap();
        let header = |name| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let length = header("content-length:").map(|length| length.parse::<usize>().unwrap());
        self.buffer.drain(..end);
        let mut answer = Answer { status, ..Answer::default() };
        match length {
            Some(length) => self.whole(length, &mut answer).await,
            None => self.chunks(&mut answer).await,
        }
        answer
    }

    /// The page at an address.
    pub(crate) async fn text(&mut self, path: &str) -> String {
        assert_eq!(self.get(path).await.status, 200, "{path}");
        String::from_utf8_lossy(&self.buffer).into_owned()
    }

    async fn whole(&mut self, length: usize, answer: &mut Answer) {
        while self.buffer.len() < length {
            self.more().await;
        }
        answer.bytes = length;
    }

    async fn chunks(&mut self, answer: &mut Answer) {
        loop {
            let end = loop {
                match self.buffer.windows(2).position(|bytes| bytes == b"\r\n") {
                    Some(end) => break end,
                    None => self.more().await,
                }
            };
            let length = usize::from_str_radix(std::str::from_utf8(&self.buffer[..end]).unwrap(), 16).unwrap();
            while self.buffer.len() < end + 2 + length + 2 {
                self.more().await;
            }
            let body = &self.buffer[end + 2..end + 2 + length];
            answer.bytes += length;
            answer.lines += body.iter().filter(|byte| **byte == b'\n').count();
            self.buffer.drain(..end + 2 + length + 2);
            if length == 0 {
                return;
            }
        }
    }

    async fn more(&mut self) {
        let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
        assert!(read > 0, "the server closed the connection");
    }
}

/// Asks for these addresses, one after another and again from the first, over so many connections.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub(crate) async fn load(
    (address, cookie): (SocketAddr, &Arc<str>),
    paths: &Arc<[String]>,
    connections: usize,
    (pace, lasting): (Pace, Duration),
) -> Seen {
    let next = Arc::new(AtomicUsize::new(0));
    let mut browsers = JoinSet::new();
    let began = Instant::now();
    for _ in 0..connections {
        let (cookie, paths, next) = (cookie.clone(), paths.clone(), next.clone());
        browsers.spawn(async move {
            let mut connection = Connection::open(address, cookie).await;
            let (mut took, mut bytes) = (Vec::new(), 0);
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let due = match pace {
                    Pace::Each(second) => began + Duration::from_secs_f64(place as f64 / f64::from(second)),
                    Pace::Flat => Instant::now(),
                };
                if due.duration_since(began) >= lasting {
                    return (took, bytes);
                }
                Clock::system().sleep(due.saturating_duration_since(Instant::now())).await;
                let answer = connection.get(&paths[place % paths.len()]).await;
                assert_eq!(answer.status, 200, "{}", paths[place % paths.len()]);
                bytes += answer.bytes;
                took.push((Instant::now() - due).as_secs_f64() * 1e3);
            }
        });
    }
    let mut seen = Seen { took: Vec::new(), wall: Duration::ZERO, bytes: 0 };
    while let Some(browser) = browsers.join_next().await {
        let (took, bytes) = browser.unwrap();
        seen.took.extend(took);
        seen.bytes += bytes;
    }
    seen.wall = began.elapsed();
    seen.took.sort_by(f64::total_cmp);
    seen
}
