//! `rollcall token`: what it makes opens the API of the running server, until it is revoked.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use super::{Running, printed, run, said};

/// Sends one request, and gives the whole answer.
fn send(address: &str, request: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(stream, "{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n")
        .unwrap();
    write!(stream, "{headers}\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_token_is_made_and_revoked_with_and_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let data = folder.join("data");
    let demo = ["demo", "--users", "20", "--port", "0", "--data", data.to_str().unwrap()];
    let mut demo = Running::start(&demo, folder);
    let link = demo.line_with("http://").trim().strip_prefix("http://").unwrap().to_owned();
    let (address, path) = link.split_at(link.find('/').unwrap());

    let early = run(&["token", "create", "--name", "reports"], folder);
    assert_eq!(early.status.code(), Some(3));
    assert!(said(&early).contains("There is no administrator yet."), "{}", said(&early));
    let form = "username=mira&password=a+long+password&again=a+long+password";
    let headers = format!("Origin: http://{address}\r\nContent-Type: application/x-www-form-urlencoded\r\n");
    assert!(send(address, &format!("POST {path}"), &headers, form).starts_with("HTTP/1.1 303"));

    let secret = printed(&["token", "create", "--name", "reports", "--expires", "30"], folder);
    let secret = secret.trim();
    assert!(secret.starts_with("rct_") && secret.lines().count() == 1, "the secret alone is on standard output");
    let ask =
        |secret: &str| send(address, "GET /api/v1/organization", &format!("Authorization: Bearer {secret}\r\n"), "");
    assert!(ask(secret).starts_with("HTTP/1.1 200"), "{}", ask(secret));
    assert!(send(address, "GET /api/v1/nowhere", "", "").contains("application/problem+json"));
    assert!(send(address, "GET /nowhere", "", "").contains("text/html"), "the pages are beside it");

    let twice = run(&["token", "create", "--name", "reports"], folder);
    assert!(twice.status.code() == Some(3) && said(&twice).contains("of this name already"), "{}", said(&twice));
    let listed = printed(&["token", "list"], folder);
    assert!(listed.contains("reports") && listed.contains("good") && !listed.contains(&secret[4..]), "{listed}");
    assert_eq!(run(&["token", "revoke", "reports"], folder).status.code(), Some(0));
    assert!(ask(secret).starts_with("HTTP/1.1 401"));
    assert_eq!(run(&["token", "revoke", "reports"], folder).status.code(), Some(3));

    assert_eq!(demo.interrupt(), Some(0));
    assert!(printed(&["token", "create", "--name", "reports"], folder).starts_with("rct_"));
    let states: Vec<Value> =
        printed(&["token", "list", "--json"], folder).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&states[0]["state"], &states[1]["state"]), (&"revoked".into(), &"good".into()));
}
