//! A client as plain as can be: one connection a request, nothing added and nothing hidden. It must never share code with
//! the product's client, whose requests are judged here too.

use serde_json::Value;
use simulator::Simulator;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request before it is sent.
pub(super) struct Ask<'a> {
    pub(super) method: &'a str,
    /// Path and query.
    pub(super) target: &'a str,
    /// The text of `Authorization`.
    pub(super) authorization: &'a str,
    /// Content type and text.
    pub(super) body: Option<(&'a str, &'a str)>,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub(super) body: Value,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

pub(super) async fn send(simulator: &Simulator, ask: Ask<'_>) -> Answer {
    let (kind, body) = ask.body.unwrap_or_default();
    let kind = if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
    let head = format!(
        "{} {} HTTP/1.1\r\nHost: simulator\r\nConnection: close\r\nAuthorization: {}\r\n{kind}Content-Length: {}\r\n\r\n",
        ask.method,
        ask.target,
        ask.authorization,
        body.len()
    );
    let mut stream = TcpStream::connect(simulator.address()).await.unwrap();
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap();
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    Answer { status, headers, body: serde_json::from_str(body).unwrap_or_default() }
}
