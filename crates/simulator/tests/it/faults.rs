//! Every kind of fault is seen to fire, to say so in the ledger, and to stop; scheduled changes and scenarios.

use std::time::Duration;

use serde_json::json;
use simulator::{Change, Fault, FaultKind, Options, Scenario, ScenarioError, ScheduledChange, Shape};

use crate::client::{clock, column, get, options, post, small, try_post, user_ids, v2};

const USERS: &str = "/admin/v2/orgs/{o}/directories/{d}/users/search";

async fn struck(kind: FaultKind) -> (simulator::Simulator, String) {
    let simulator = small(Options { faults: vec![Fault::on(USERS, kind)], ..options() }).await;
    let path = v2(&simulator, "directories/-/users/search");
    (simulator, path)
}

#[tokio::test]
async fn errors_replace_the_answer_once_and_are_written_down() {
    let cases = [
        (FaultKind::status(503), 503),
        (FaultKind::Status { code: 403, shape: Shape::NewGateway, headers: vec![("X-Test".into(), "1".into())] }, 403),
        (FaultKind::RateLimited { retry_after: Some("7".into()), reset: Some("soon".into()) }, 429),
        (FaultKind::Html, 200),
        (FaultKind::Redirect { location: "https://elsewhere.example/".into() }, 302),
        (FaultKind::Gone, 410),
        (FaultKind::Garbage, 200),
    ];
    for (kind, status) in cases {
        let (simulator, path) = struck(kind.clone()).await;
        let answer = post(&simulator, &path, &json!({})).await;
        assert_eq!(answer.status, status, "{kind:?}");
        match &kind {
            FaultKind::RateLimited { .. } => {
                assert_eq!((answer.header("retry-after"), answer.header("x-ratelimit-reset")), ("7", "soon"));
            }
            FaultKind::Html => assert!(answer.header("content-type").starts_with("text/html")),
            FaultKind::Redirect { .. } => assert_eq!(answer.header("location"), "https://elsewhere.example/"),
            FaultKind::Garbage => assert!(serde_json::from_slice::<serde_json::Value>(&answer.bytes).is_err()),
            FaultKind::Status { shape: Shape::NewGateway, .. } => {
                assert_eq!((answer.json()["error"].as_str(), answer.header("x-test")), (Some("Forbidden"), "1"));
            }
            _ => assert!(answer.json()["errors"][0]["code"].is_string()),
        }
        let again = post(&simulator, &path, &json!({})).await;
        assert_eq!(again.json()["data"].as_array().unwrap().len(), 50, "{kind:?} struck twice");
        let ledger = simulator.ledger();
        assert_eq!(ledger.iter().filter(|exchange| exchange.fault.is_some()).count(), 1);
        assert_eq!(ledger[0].fault, Some(kind_name(&kind)));
        simulator.stop().await;
    }
}

fn kind_name(kind: &FaultKind) -> String {
    format!("{kind:?}").split([' ', '{']).next().unwrap().to_owned()
}

#[tokio::test]
async fn broken_connections_and_bodies_are_broken() {
    for kind in [
        FaultKind::CloseBeforeEffect,
        FaultKind::CloseAfterEffect,
        FaultKind::WrongContentLength,
        FaultKind::CutChunks { bytes: 200 },
    ] {
        let (simulator, path) = struck(kind.clone()).await;
        assert!(try_post(&simulator, &path, &json!({})).await.is_err(), "{kind:?}");
        assert_eq!(simulator.ledger()[0].fault, Some(kind_name(&kind)));
        assert_eq!(post(&simulator, &path, &json!({})).await.status, 200);
        simulator.stop().await;
    }
    let (simulator, path) = struck(FaultKind::Truncate { bytes: 321 }).await;
    let answer = post(&simulator, &path, &json!({})).await;
    assert_eq!((answer.status, answer.bytes.len()), (200, 321));
    simulator.stop().await;
}

#[tokio::test]
async fn pages_can_be_empty_repeated_or_in_a_circle() {
    let (simulator, path) = struck(FaultKind::EmptyList).await;
    let page = post(&simulator, &path, &json!({})).await.json();
    assert_eq!((page["data"].as_array().unwrap().len(), page["links"].get("next")), (0, None));
    simulator.stop().await;

    for (kind, extra) in [(FaultKind::EmptyPageWithNext, 0), (FaultKind::RepeatPage, 37)] {
        let faults = vec![Fault::on(USERS, kind.clone()).page(1)];
        let simulator = small(Options { faults, ..options() }).await;
        let found = user_ids(&simulator, json!({})).await;
        simulator.set_faults(Vec::new());
        let mut undisturbed = user_ids(&simulator, json!({})).await;
        assert_eq!(found.len(), undisturbed.len() + extra, "{kind:?}");
        let mut found = found;
        found.dedup();
        undisturbed.dedup();
        assert_eq!(found, undisturbed);
        simulator.stop().await;
    }

    let simulator =
        small(Options { faults: vec![Fault::on(USERS, FaultKind::CycleCursor).always()], ..options() }).await;
    let path = v2(&simulator, "directories/-/users/search");
    let mut cursors = Vec::new();
    let mut body = json!({"limit": 20});
    for _ in 0..5 {
        let page = post(&simulator, &path, &body).await.json();
        let next = page["links"]["next"].clone();
        cursors.push(next.as_str().unwrap().to_owned());
        body["cursor"] = next;
    }
    assert_eq!(cursors[0], cursors[2], "A, B, A");
    assert_ne!(cursors[0], cursors[1]);
    simulator.stop().await;
}

#[tokio::test]
async fn cursors_expire_on_their_page_only() {
    let faults = vec![Fault::on(USERS, FaultKind::ExpireCursor).page(2)];
    let simulator = small(Options { faults, ..options() }).await;
    let path = v2(&simulator, "directories/-/users/search");
    let mut body = json!({"limit": 20});
    for status in [200, 200, 400] {
        let answer = post(&simulator, &path, &body).await;
        assert_eq!(answer.status, status);
        if status == 200 {
            body["cursor"] = answer.json()["links"]["next"].clone();
        }
    }
    assert_eq!(
        simulator.ledger().iter().map(|exchange| exchange.page).collect::<Vec<_>>(),
        [Some(0), Some(1), Some(2)]
    );
    assert_eq!(post(&simulator, &path, &body).await.status, 200);
    simulator.stop().await;
}

#[tokio::test]
async fn single_records_are_spoiled_and_only_they() {
    let simulator = small(options()).await;
    let path = v2(&simulator, "directories/-/users/search");
    let body = json!({"limit": 30, "expand": ["groups", "counts.resources"]});
    let clean = post(&simulator, &path, &body).await.json();
    let subject = clean["data"][7]["accountId"].as_str().unwrap().to_owned();
    let strike = async |kind: FaultKind| {
        simulator.set_faults(vec![Fault::on("users/search", kind).subject(&subject)]);
        post(&simulator, &path, &body).await.json()
    };
    let page = strike(FaultKind::DropField { field: "accountId".into() }).await;
    assert!(page["data"][7].get("accountId").is_none());
    assert_eq!(page["data"][6], clean["data"][6]);
    let page = strike(FaultKind::NullField { field: "counts.resources".into() }).await;
    assert!(page["data"][7]["counts"]["resources"].is_null() && page["data"][7]["counts"].is_object());
    let page = strike(FaultKind::UnknownValue { field: "status".into(), value: json!("asleep") }).await;
    assert_eq!(page["data"][7]["status"], "asleep");
    let page = strike(FaultKind::UnknownFields).await;
    assert!(page["data"][0].get("futureField").is_some());
    let page = strike(FaultKind::CapGroups { n: 1 }).await;
    assert!(page["data"].as_array().unwrap().iter().all(|user| user["groups"].as_array().unwrap().len() <= 1));
    simulator.stop().await;
}

#[tokio::test]
async fn a_fault_on_a_subject_strikes_every_page_that_would_hold_it() {
    let simulator = small(options()).await;
    let path = v2(&simulator, "directories/-/users/search");
    let users = post(&simulator, &path, &json!({"limit": 40})).await.json();
    let subject = users["data"][5]["accountId"].as_str().unwrap().to_owned();
    simulator.set_faults(vec![Fault::on(USERS, FaultKind::status(500)).subject(&subject).always()]);
    assert_eq!(post(&simulator, &path, &json!({"limit": 40})).await.status, 500);
    assert_eq!(post(&simulator, &path, &json!({"limit": 5})).await.status, 200);
    assert_eq!(post(&simulator, &path, &json!({"accountIds": [subject]})).await.status, 500);
    let other = column(users["data"].as_array().unwrap(), "accountId").into_iter().find(|id| *id != subject).unwrap();
    assert_eq!(post(&simulator, &path, &json!({"accountIds": [other]})).await.status, 200);
    simulator.stop().await;
}

#[tokio::test]
async fn counts_dates_and_delays_are_off_by_what_is_asked() {
    let clock = clock();
    let faults = vec![
        Fault::on("users/count", FaultKind::CountOffBy { n: -3 }),
        Fault::on("/admin/v1/orgs", FaultKind::Date { skew: 7_200 }),
        Fault::on("*/directories", FaultKind::Delay { milliseconds: 90_000 }),
    ];
    let simulator = small(Options { clock: clock.clone(), faults, ..options() }).await;
    let path = v2(&simulator, "directories/-/users/count");
    let wrong = get(&simulator, &path).await.json()["count"].as_i64().unwrap();
    let right = get(&simulator, &path).await.json()["count"].as_i64().unwrap();
    assert_eq!(wrong, right - 3);
    assert_eq!(get(&simulator, "/admin/v1/orgs").await.header("date"), "Fri, 20 Nov 2026 11:30:00 GMT");
    get(&simulator, &v2(&simulator, "directories")).await;
    assert_eq!(clock.elapsed(), Duration::from_secs(90), "virtual time moved on instead of waiting");
    simulator.stop().await;
}

#[tokio::test]
async fn attempts_are_counted_per_fault() {
    let faults = vec![Fault::on(USERS, FaultKind::status(502)).attempts(2..=3)];
    let simulator = small(Options { faults, ..options() }).await;
    let path = v2(&simulator, "directories/-/users/search");
    for status in [200, 502, 502, 200] {
        assert_eq!(post(&simulator, &path, &json!({})).await.status, status);
    }
    // One fault's requests are counted by the next fault too.
    simulator.set_faults(vec![
        Fault::on("/users/search", FaultKind::status(500)).method("POST"),
        Fault::on(USERS, FaultKind::status(503)).attempts(2..=2),
        Fault::on(USERS, FaultKind::status(504)).method("GET").always(),
    ]);
    for status in [500, 503, 200] {
        assert_eq!(post(&simulator, &path, &json!({})).await.status, status);
    }
    simulator.stop().await;
}

#[tokio::test]
async fn scheduled_changes_happen_when_their_request_arrives() {
    let changes = vec![
        ScheduledChange { path: USERS.into(), request: 2, change: Change::RemoveUser { user: 3 } },
        ScheduledChange {
            path: USERS.into(),
            request: 3,
            change: Change::custom(|organization| {
                organization.create_group("made by hand");
            }),
        },
    ];
    let simulator = small(Options { changes, record: true, ..options() }).await;
    let id = simulator.read(|organization| organization.account_id(3).unwrap().to_owned());
    let path = v2(&simulator, "directories/-/users/search");
    let found = async || {
        let page =
            post(&simulator, &path, &json!({"accountIds": [id], "membershipStatus": ["active", "suspended"]})).await;
        page.json()["data"].as_array().unwrap().len()
    };
    assert_eq!((found().await, found().await, found().await), (1, 0, 0));
    let ledger = simulator.ledger();
    assert!(ledger[1].changes[0].contains("remove-user"), "{:?}", ledger[1].changes);
    assert!(ledger[2].changes[0].contains("custom"));
    assert!(ledger[0].request_body.as_ref().unwrap().contains(&id));
    assert!(ledger[0].response_body.as_ref().unwrap().contains("\"data\""));
    assert_eq!(simulator.requests_by_endpoint().get(&format!("POST {USERS}")), Some(&3));
    simulator.clear_ledger();
    assert!(simulator.ledger().is_empty());
    simulator.stop().await;
}

#[test]
fn a_scenario_is_read_whole_or_refused_with_its_place() {
    let scenario = Scenario::from_json(
        r#"{
            "population": {"users": 50, "seed": 9},
            "limits": {"requests": 200},
            "answers": {"retry_after": true, "suspended_groups": "hidden"},
            "faults": [
                {"path": "users/search", "page": 2, "attempts": {"start": 1, "end": 4}, "kind": {"status": {"code": 500}}},
                {"path": "groups/search", "kind": "html"},
                {"path": "*/users/count", "kind": {"count-off-by": {"n": 2}}}
            ],
            "changes": [{"path": "users/search", "request": 3, "change": {"suspend": {"user": 4}}}]
        }"#,
    )
    .unwrap();
    assert_eq!(scenario.population.users, 50);
    assert_eq!(scenario.faults[0].attempts, 1..=4);
    assert_eq!(scenario.faults[1].kind, FaultKind::Html);
    assert!(scenario.options().answers.retry_after);
    let written = serde_json::to_string(&scenario).unwrap();
    assert_eq!(Scenario::from_json(&written).unwrap().faults, scenario.faults);

    let error = Scenario::from_json("{\n  \"population\": {\"user\": 5}\n}").unwrap_err();
    assert!(matches!(error, ScenarioError::Syntax { line: 2, .. }), "{error}");
    assert!(error.to_string().contains("misspelt"), "{error}");
    let error = Scenario::from_json("{\"faults\": [").unwrap_err();
    assert!(error.to_string().contains("too early"), "{error}");
    let error = Scenario::from_json(r#"{"faults": [{"path": "users/serach", "kind": "html"}]}"#).unwrap_err();
    assert!(matches!(error, ScenarioError::UnknownPath { part: "fault", number: 1, .. }), "{error}");
    let error = Scenario::from_json(r#"{"population": {"users": 2000000}}"#).unwrap_err();
    assert!(matches!(error, ScenarioError::OutOfBounds { field: "users", .. }), "{error}");
}

#[tokio::test]
async fn after_stop_the_port_is_closed() {
    let simulator = small(options()).await;
    let address = simulator.address();
    let mut kept = tokio::net::TcpStream::connect(address).await.unwrap();
    simulator.stop().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    use tokio::io::AsyncReadExt;
    let ended = kept.read(&mut [0u8; 8]).await;
    assert!(matches!(ended, Ok(0) | Err(_)), "open connections end too");
}

#[tokio::test]
async fn an_overlong_body_is_refused() {
    let simulator = small(options()).await;
    let path = v2(&simulator, "directories/-/users/search");
    let answer = try_post(&simulator, &path, &json!({"searchTerm": "x".repeat(2 << 20)})).await;
    assert!(answer.is_err() || answer.unwrap().status == 413);
    simulator.stop().await;
}
