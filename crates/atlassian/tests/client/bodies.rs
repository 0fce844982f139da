//! Answers that are broken in themselves.

use std::time::Duration;

use atlassian::call::{Call, Class, Endpoint};
use atlassian::client::Client;
use atlassian::error::{Error, Unreachable};
use atlassian::{tenant_info, users};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::server::{Reply, Server, json, status};
use crate::{client, config, everybody, ids, page};

#[tokio::test]
async fn a4_server_faults_are_repeated_until_they_are_over() {
    let replies =
        vec![status(500, ""), status(502, "<html>"), status(503, "{}"), status(504, ""), json(&page(&["a"], None))];
    let server = Server::script(replies).await;
    let client = client(&server);
    assert_eq!(ids(everybody(&client)).await, Ok(vec!["a".to_owned()]));
    let (endpoint, requests) = client.requests()[0];
    assert_eq!(endpoint, users::SEARCH);
    assert_eq!((requests.sent, requests.failed, requests.answered), (5, 4, 1));
    assert!(client.waited() > Duration::ZERO);
}

#[tokio::test]
async fn a4_a_server_fault_that_stays_is_an_error_after_five_attempts() {
    let server = Server::script(vec![status(500, r#"{"errors":[{"code":"ADMIN-500-1"}]}"#)]).await;
    let client = client(&server);
    let error = everybody(&client).next().await.unwrap().unwrap_err();
    assert_eq!(error, Error::ServerFault { endpoint: users::SEARCH, status: 500 });
    assert_eq!(server.requests().len(), 5);
}

#[tokio::test]
async fn a5_the_page_that_never_loads_is_asked_with_smaller_limits() {
    let server = Server::start(|request| {
        let body = request.json();
        match (body["cursor"].as_str(), body["limit"].as_u64()) {
            (None, _) => json(&page(&["a"], Some("c1"))),
            (Some("c1"), Some(1)) => json(&page(&["b"], Some("c2"))),
            (Some("c1"), _) => status(500, ""),
            (Some(_), _) => json(&page(&["c"], None)),
        }
    })
    .await;
    let client = client(&server);
    let mut chain = everybody(&client);
    assert_eq!(chain.next().await.unwrap().unwrap().number, 0);
    for limit in [100, 10] {
        chain.set_limit(limit);
        assert!(matches!(chain.next().await, Some(Err(Error::ServerFault { status: 500, .. }))));
    }
    chain.set_limit(1);
    let second = chain.next().await.unwrap().unwrap();
    assert_eq!((second.records[0].account_id.as_str(), second.number), ("b", 1));
    assert_eq!(second.cursor.unwrap().as_str(), "c1");
    chain.set_limit(100);
    assert_eq!(chain.next().await.unwrap().unwrap().records[0].account_id, "c");
    assert!(chain.next().await.is_none());
}

#[tokio::test]
async fn a9_each_way_of_being_unreachable_has_its_name() {
    let kind = |error: Error| match error {
        Error::Unreachable { kind, .. } => kind,
        other => panic!("{other:?}"),
    };
    let hanging = Server::script(vec![Reply::Hang]).await;
    let mut impatient = config(&hanging);
    impatient.limits.read = Duration::from_millis(40);
    impatient.limits.attempts = 2;
    let client = Client::new(impatient.clone()).unwrap();
    assert_eq!(kind(everybody(&client).next().await.unwrap().unwrap_err()), Unreachable::Timeout);
    assert_eq!(hanging.requests().len(), 2);

    let closing = Server::script(vec![Reply::Close]).await;
    let closed = Client::new(config(&closing)).unwrap();
    assert_eq!(kind(everybody(&closed).next().await.unwrap().unwrap_err()), Unreachable::Closed);
    assert_eq!(closing.requests().len(), 5);

    // Whoever listens here does not speak TLS.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let safe = format!("https://{}", listener.local_addr().unwrap());
    let speaking = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"220 mail.example.test ready\r\n").await;
            let _ = stream.read(&mut [0; 1024]).await;
        }
    });
    let error = tenant_info::of_site(&closed, Class::PreOperation, &safe).await.unwrap_err();
    assert_eq!(kind(error), Unreachable::Tls);
    speaking.abort();

    // A label of more than 63 letters is refused by every resolver without asking anybody.
    let nowhere = format!("http://{}.test", "a".repeat(70));
    let error = tenant_info::of_site(&closed, Class::PreOperation, &nowhere).await.unwrap_err();
    assert_eq!(kind(error), Unreachable::Dns);

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let deserted = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = tenant_info::of_site(&closed, Class::PreOperation, &deserted).await.unwrap_err();
    assert_eq!(kind(error), Unreachable::Connect);
}

#[tokio::test]
async fn a9_a_host_that_keeps_failing_is_left_alone_and_probed_later() {
    let replies = (0..6).map(|_| status(503, "")).chain([json(&page(&["a"], None))]).collect();
    let server = Server::script(replies).await;
    let mut config = config(&server);
    config.limits.breaker_failures = 5;
    let client = Client::new(config).unwrap();
    let mut chain = everybody(&client);
    assert!(matches!(chain.next().await, Some(Err(Error::ServerFault { status: 503, .. }))));
    let error = chain.next().await.unwrap().unwrap_err();
    assert!(matches!(error, Error::CircuitOpen { failures: 5, .. }), "{error:?}");
    assert_eq!(server.requests().len(), 5, "nothing was sent to a host left alone");
    let pause = error.retry_at().unwrap().duration_since(client.clock().now());
    assert!(pause.as_secs() <= 30);
    client.clock().advance(pause.unsigned_abs());
    assert!(chain.next().await.unwrap().is_err(), "the probe fails");
    assert_eq!(server.requests().len(), 6);
    client.clock().advance(Duration::from_secs(60));
    assert_eq!(ids(chain).await, Ok(vec!["a".to_owned()]));
}

#[tokio::test]
async fn a10_a_cut_answer_is_rejected_whole_and_asked_again() {
    let whole = page(&["a", "b"], None);
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    let cut = &whole[..whole.len() - 20];
    let cuts = [
        // Whole to the eye, but less than was announced.
        format!("{head}content-length: {}\r\n\r\n{whole}", whole.len() + 7),
        format!("{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n{cut}\r\n", cut.len()),
        format!("{head}connection: close\r\n\r\n{cut}"),
        format!("{head}content-length: {}\r\n\r\n{cut}", cut.len()),
    ];
    let replies = cuts.into_iter().map(|raw| Reply::Raw(raw.into_bytes())).chain([json(&whole)]).collect();
    let server = Server::script(replies).await;
    let client = client(&server);
    assert_eq!(ids(everybody(&client)).await, Ok(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(server.requests().len(), 5);

    let always = Server::script(vec![Reply::Answer(200, String::new(), cut.as_bytes().to_vec())]).await;
    let client = crate::client(&always);
    assert_eq!(ids(everybody(&client)).await, Err(Error::Truncated { endpoint: users::SEARCH }));
}

#[tokio::test]
async fn a10_garbage_is_malformed_and_never_an_empty_list() {
    for body in ["\u{1}\u{2}garbage", r#"{"data":[{]}"#, r#"{"links":{}}"#, r#"{"data":null}"#, "[]", "null", "{}"] {
        let server = Server::script(vec![json(body)]).await;
        let error = everybody(&client(&server)).next().await.unwrap().unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "{body}: {error:?}");
    }
    let server = Server::script(vec![json("")]).await;
    let error = everybody(&client(&server)).next().await.unwrap().unwrap_err();
    assert_eq!(error, Error::Truncated { endpoint: users::SEARCH });
}

#[tokio::test]
async fn a11_a_page_for_people_is_an_outage_and_never_an_empty_list() {
    let html = || {
        let body = b"<!doctype html><title>Log in</title>".to_vec();
        Reply::Answer(200, "Content-Type: Text/HTML; charset=utf-8\r\n".to_owned(), body)
    };
    let unnamed = || json("\n <html>Maintenance</html>");
    let server = Server::script(vec![html(), unnamed(), json(&page(&["a"], None))]).await;
    assert_eq!(ids(everybody(&client(&server))).await, Ok(vec!["a".to_owned()]));
    let always = Server::script(vec![html()]).await;
    let error = everybody(&client(&always)).next().await.unwrap().unwrap_err();
    let content_type = "text/html; charset=utf-8".to_owned();
    assert_eq!(error, Error::UnexpectedContent { endpoint: users::SEARCH, status: 200, content_type });
    assert_eq!(always.requests().len(), 5);
}

#[tokio::test]
async fn a21_a_bad_record_costs_itself_and_not_its_page() {
    let body = r#"{"data":[
        {"accountId":"a","name":null,"email":null,"surprise":{"deep":[1]},"accountStatus":"hibernating"},
        {"name":"nobody","email":"n@example.test"},
        {"accountId":"b","emailVerified":"perhaps"},
        {"accountId":"","name":"empty"},
        {"accountId":"c","groups":[{"name":"no id"}]},
        {"accountId":"d","name":"\ud800"},
        {"accountId":"e","mfaEnabled":null,"productAccess":[{"key":null,"lastActiveTimestamp":"31/12/2026"}]}
    ],"links":{"next":"c1","brand":"new"},"extra":1}"#;
    let server = Server::script(vec![json(body), json(&page(&[], None))]).await;
    let client = client(&server);
    let mut chain = everybody(&client);
    let page = chain.next().await.unwrap().unwrap();
    let read: Vec<_> = page.records.iter().map(|user| user.account_id.as_str()).collect();
    assert_eq!(read, ["a", "e"]);
    let subjects: Vec<_> = page.quarantined.iter().map(|bad| bad.subject.as_deref()).collect();
    assert_eq!(subjects, [None, Some("b"), None, Some("c"), Some("d")]);
    assert!(page.quarantined[1].reason.contains("expected a boolean"), "{:?}", page.quarantined[1]);
    assert!(page.quarantined[0].excerpt.contains("nobody"));
    assert_eq!(page.drift, ["user.accountStatus=hibernating", "user.surprise"]);
    assert_eq!(page.records[0].unknown[0].json.as_ref(), r#"{"deep":[1]}"#);
    assert_eq!(page.next.as_ref().unwrap().as_str(), "c1", "the chain goes on");
    assert!(chain.next().await.unwrap().unwrap().records.is_empty());
}

#[tokio::test]
async fn a27_a_large_page_is_read_and_a_larger_one_than_the_bound_refused() {
    let long = "x".repeat(1000);
    let data: Vec<_> = (0..5_000).map(|n| serde_json::json!({"accountId": format!("a{n}"), "name": long})).collect();
    let large = serde_json::json!({"data": data, "links": {}}).to_string();
    let chunked =
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    let server = Server::script(vec![json(&large), json(&large), Reply::Raw(chunked.into_bytes())]).await;
    assert_eq!(ids(everybody(&client(&server))).await.unwrap().len(), 5_000);
    let mut config = config(&server);
    config.limits.body = 1 << 20;
    let client = Client::new(config).unwrap();
    for _announced_or_not in 0..2 {
        let error = everybody(&client).next().await.unwrap().unwrap_err();
        assert_eq!(error, Error::TooLarge { endpoint: users::SEARCH, bound: 1 << 20 });
    }
    assert_eq!(server.requests().len(), 3, "too large is not asked again");
}

#[tokio::test]
async fn an_effect_is_never_repeated_and_its_outcome_is_unknown() {
    const REMOVE: Endpoint =
        Endpoint::post("/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/suspend");
    for reply in [status(503, ""), Reply::Close, Reply::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec())]
    {
        let server = Server::script(vec![reply]).await;
        let client = client(&server);
        let call = Call::new(REMOVE, Class::Effect, &["o", "d", "a"]).json(b"{}".to_vec());
        let error = client.send(call).await.unwrap_err();
        assert!(error.leaves_effect_unknown(), "{error:?}");
        assert_eq!(server.requests().len(), 1);
    }
    let server = Server::script(vec![Reply::Answer(204, String::new(), Vec::new())]).await;
    let call = Call::new(REMOVE, Class::Effect, &["o", "d", "a"]).json(b"{}".to_vec());
    assert_eq!(client(&server).send(call).await.unwrap().status, 204);
    assert_eq!(server.requests()[0].header("content-type"), Some("application/json"));
    assert_eq!(server.requests()[0].body, "{}");
}
