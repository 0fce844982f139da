//! A client as plain as can be: one connection a request, JSON in and out, cursors followed.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde_json::{Value, json};
use simulator::{Options, Organization, Population, Simulator};
use tokio::net::TcpStream;

/// An instant that all tests share.
pub(crate) fn now() -> Timestamp {
    "2026-11-20T09:30:00Z".parse().unwrap()
}

pub(crate) fn clock() -> clock::Clock {
    clock::Clock::simulated(now())
}

/// A small organization on a virtual clock.
pub(crate) async fn small(options: Options) -> Simulator {
    let population = Population { users: 230, groups: Some(30), seed: 11, ..Population::default() };
    serve(&population, options).await
}

pub(crate) async fn serve(population: &Population, options: Options) -> Simulator {
    let organization = Organization::populate(population, now());
    simulator::start(organization, options).await.unwrap()
}

pub(crate) fn options() -> Options {
    Options { clock: clock(), ..Options::default() }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| {
            panic!("{error}: {}", String::from_utf8_lossy(&self.bytes));
        })
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn code(&self) -> String {
        self.json()["errors"][0]["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// Sends a request; the error is whatever broke the connection.
pub(crate) async fn send(simulator: &Simulator, request: Request<Full<Bytes>>) -> Result<Answer, String> {
    let stream = TcpStream::connect(simulator.address()).await.map_err(|error| error.to_string())?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    let connection = tokio::spawn(connection);
    let result = async {
        let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.map_err(|error| error.to_string())?.to_bytes().to_vec();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, bytes })
    };
    let result = result.await;
    connection.abort();
    result
}

pub(crate) fn request(simulator: &Simulator, method: &str, path: &str) -> hyper::http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", simulator.address().to_string())
        .header("authorization", format!("Bearer {}", simulator.api_key()))
}

pub(crate) async fn get(simulator: &Simulator, path: &str) -> Answer {
    send(simulator, request(simulator, "GET", path).body(Full::default()).unwrap()).await.unwrap()
}

pub(crate) async fn post(simulator: &Simulator, path: &str, body: &Value) -> Answer {
    try_post(simulator, path, body).await.unwrap()
}

pub(crate) async fn delete(simulator: &Simulator, path: &str) -> Answer {
    send(simulator, request(simulator, "DELETE", path).body(Full::default()).unwrap()).await.unwrap()
}

pub(crate) async fn try_post(simulator: &Simulator, path: &str, body: &Value) -> Result<Answer, String> {
    let request = request(simulator, "POST", path).header("content-type", "application/json");
    send(simulator, request.body(Full::from(body.to_string())).unwrap()).await
}

/// The path below the organization's v2 root.
pub(crate) fn v2(simulator: &Simulator, rest: &str) -> String {
    format!("/admin/v2/orgs/{}/{rest}", simulator.organization_id())
}

pub(crate) const EVERYTHING: [&str; 4] = ["groups", "productAccess", "platformRoles", "counts.resources"];

/// Follows a search to its end and returns its records in order.
pub(crate) async fn walk(simulator: &Simulator, path: &str, body: &Value) -> Vec<Value> {
    let mut records = Vec::new();
    let mut body = body.clone();
    loop {
        let answer = post(simulator, path, &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer.bytes));
        let page = answer.json();
        records.extend(page["data"].as_array().unwrap().iter().cloned());
        match page["links"]["next"].as_str() {
            Some(next) => body["cursor"] = json!(next),
            None => return records,
        }
    }
}

/// Follows a GET list to its end.
pub(crate) async fn walk_list(simulator: &Simulator, path: &str) -> Vec<Value> {
    let mut records = Vec::new();
    let mut asked = path.to_owned();
    loop {
        let answer = get(simulator, &asked).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer.bytes));
        let page = answer.json();
        records.extend(page["data"].as_array().unwrap().iter().cloned());
        match page["links"]["next"].as_str() {
            Some(next) => asked = format!("{}?cursor={next}", path.split('?').next().unwrap()),
            None => return records,
        }
    }
}

/// The values of one field, sorted.
pub(crate) fn column(records: &[Value], field: &str) -> Vec<String> {
    let mut values: Vec<String> = records.iter().map(|record| record[field].as_str().unwrap().to_owned()).collect();
    values.sort();
    values
}

pub(crate) async fn user_ids(simulator: &Simulator, filter: Value) -> Vec<String> {
    let mut body = filter;
    body["limit"] = json!(37);
    column(&walk(simulator, &v2(simulator, "directories/-/users/search"), &body).await, "accountId")
}

pub(crate) async fn group_ids(simulator: &Simulator, filter: Value) -> Vec<String> {
    let mut body = filter;
    body["limit"] = json!(7);
    column(&walk(simulator, &v2(simulator, "directories/-/groups/search"), &body).await, "id")
}
