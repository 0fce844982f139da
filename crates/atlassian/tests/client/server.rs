//! A server on loopback whose every byte a test decides: also those that no HTTP library would send.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// How many came before it.
    pub(crate) number: usize,
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

pub(crate) enum Reply {
    /// Status, further header lines, body.
    Answer(u16, String, Vec<u8>),
    /// These bytes, then the end of the connection.
    Raw(Vec<u8>),
    /// The end of the connection.
    Close,
    /// Nothing, for ever.
    Hang,
}

pub(crate) struct Server {
    pub(crate) base: String,
    requests: Arc<Mutex<Vec<Request>>>,
    accepting: JoinHandle<()>,
}

pub(crate) fn json(body: &str) -> Reply {
    status(200, body)
}

pub(crate) fn status(status: u16, body: &str) -> Reply {
    Reply::Answer(status, "content-type: application/json\r\n".to_owned(), body.as_bytes().to_vec())
}

pub(crate) fn with_headers(status: u16, headers: &str, body: &str) -> Reply {
    let headers = headers.lines().map(|line| format!("{}\r\n", line.trim())).collect::<String>();
    Reply::Answer(status, format!("content-type: application/json\r\n{headers}"), body.as_bytes().to_vec())
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Server {
    pub(crate) async fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let accepting = tokio::spawn({
            let (requests, answer) = (requests.clone(), Arc::new(answer));
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let (requests, answer) = (requests.clone(), answer.clone());
                    tokio::spawn(async move {
                        let _ = serve(stream, &requests, &*answer).await;
                    });
                }
            }
        });
        Server { base, requests, accepting }
    }

    /// The replies in turn, the last one again and again.
    pub(crate) async fn script(replies: Vec<Reply>) -> Server {
        Server::start(move |request| match &replies[request.number.min(replies.len() - 1)] {
            Reply::Answer(status, headers, body) => Reply::Answer(*status, headers.clone(), body.clone()),
            Reply::Raw(bytes) => Reply::Raw(bytes.clone()),
            Reply::Close => Reply::Close,
            Reply::Hang => Reply::Hang,
        })
        .await
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    requests: &Mutex<Vec<Request>>,
    answer: &(dyn Fn(&Request) -> Reply + Send + Sync),
) -> std::io::Result<()> {
    let mut pending = Vec::new();
    loop {
        let Some(request) = read(&mut stream, &mut pending).await? else { return Ok(()) };
        let request = {
            let mut requests = requests.lock().unwrap();
            let request = Request { number: requests.len(), ..request };
            requests.push(request.clone());
            request
        };
        match answer(&request) {
            Reply::Answer(status, headers, body) => {
                let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n", body.len());
                // In one piece: a second small write would wait for the first one's acknowledgement.
                stream.write_all(&[head.as_bytes(), &body].concat()).await?;
            }
            Reply::Raw(bytes) => {
                stream.write_all(&bytes).await?;
                return stream.shutdown().await;
            }
            Reply::Close => return stream.shutdown().await,
            Reply::Hang => std::future::pending().await,
        }
    }
}

async fn read(stream: &mut TcpStream, pending: &mut Vec<u8>) -> std::io::Result<Option<Request>> {
    let mut buffer = [0; 16 << 10];
    let split = loop {
        if let Some(at) = pending.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break at + 4;
        }
        match stream.read(&mut buffer).await? {
            0 => return Ok(None),
            count => pending.extend_from_slice(&buffer[..count]),
        }
    };
    let head = String::from_utf8_lossy(&pending[..split]).into_owned();
    let mut words = head.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut request = Request { number: 0, method, target, head, body: String::new() };
    let length: usize = request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    while pending.len() < split + length {
        match stream.read(&mut buffer).await? {
            0 => return Ok(None),
            count => pending.extend_from_slice(&buffer[..count]),
        }
    }
    request.body = String::from_utf8_lossy(&pending[split..split + length]).into_owned();
    pending.drain(..split + length);
    Ok(Some(request))
}
