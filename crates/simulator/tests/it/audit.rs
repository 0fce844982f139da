//! The audit log, domains and policies as they are read.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Answers, AuditAvailability, NewUser, Options, Simulator};

use crate::client::{clock, column, get, now, options, post, small, v2};
use crate::writes::{plain_group, somebody, v1};

async fn events(simulator: &Simulator, query: &str) -> Vec<Value> {
    let answer = get(simulator, &v1(simulator, &format!("events{query}"))).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.bytes));
    answer.json()["data"].as_array().unwrap().clone()
}

fn actions(events: &[Value]) -> Vec<String> {
    events.iter().map(|event| event["attributes"]["action"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_change_is_an_event_that_names_whom_it_is_about_and_who_did_it() {
    let clock = clock();
    let simulator = small(Options { clock: clock.clone(), ..options() }).await;
    assert!(events(&simulator, "").await.is_empty());
    let ada = somebody(&simulator);
    let group = plain_group(&simulator);
    post(&simulator, &v2(&simulator, &format!("directories/-/users/{}/suspend", ada.account_id)), &json!({})).await;
    clock.advance(Duration::from_secs(1));
    let user = NewUser { name: "New".into(), email: "new@mail.test".into(), directory: None };
    let new = simulator.change(|organization| organization.add_user(&user)).unwrap();
    clock.advance(Duration::from_secs(1));
    let path = v2(&simulator, &format!("directories/-/groups/{}/memberships", group.id));
    post(&simulator, &path, &json!({"accountId": new})).await;
    let all = events(&simulator, "").await;
    assert_eq!(actions(&all), ["user_added_to_group", "user_created", "user_suspended"], "newest first");
    let joined = &all[0]["attributes"];
    assert_eq!(column(joined["context"].as_array().unwrap(), "id"), {
        let mut ids = vec![new.clone(), group.id.clone()];
        ids.sort();
        ids
    });
    assert_eq!(joined["actor"]["auth"]["authType"], "api-token");
    assert!(all[1]["attributes"]["actor"].get("auth").is_none(), "not made through the API");
    let id = all[2]["id"].as_str().unwrap();
    assert_eq!(get(&simulator, &v1(&simulator, &format!("events/{id}"))).await.json()["data"], all[2]);
    assert_eq!(get(&simulator, &v1(&simulator, "events/none")).await.code(), "ADMIN-404-4");
    let catalogue = get(&simulator, &v1(&simulator, "event-actions")).await.json();
    let known = column(catalogue["data"].as_array().unwrap(), "id");
    assert!(actions(&all).iter().all(|action| known.contains(action)));
    simulator.stop().await;
}

#[tokio::test]
async fn events_are_filtered_paged_and_limited_to_ten_a_minute() {
    let clock = clock();
    let simulator = small(Options { clock: clock.clone(), ..options() }).await;
    for number in 0..40 {
        simulator.change(|organization| organization.create_group(&format!("group {number}")));
        clock.advance(Duration::from_secs(1));
    }
    let at = |second: i64| now().as_millisecond() + second * 1_000;
    assert_eq!(events(&simulator, "").await.len(), 30);
    assert_eq!(events(&simulator, "?limit=500").await.len(), 40);
    assert_eq!(events(&simulator, &format!("?from={}&to={}", at(5), at(9))).await.len(), 5);
    assert_eq!(events(&simulator, "?action=group_deleted").await.len(), 0);
    assert_eq!(events(&simulator, "?q=GROUP%2039").await.len(), 1);
    assert_eq!(events(&simulator, "?actor=nobody").await.len(), 0);
    let first = get(&simulator, &v1(&simulator, "events?limit=25")).await.json();
    let next = first["meta"]["next"].as_str().unwrap();
    let second = get(&simulator, &v1(&simulator, &format!("events?cursor={next}"))).await.json();
    assert_eq!(second["data"].as_array().unwrap().len(), 15);
    assert!(second["meta"].get("next").is_none());
    assert_eq!(get(&simulator, &v1(&simulator, "events?limit=501")).await.status, 400);
    assert_eq!(get(&simulator, &v1(&simulator, "events?from=yesterday")).await.code(), "ADMIN-400-3");
    let over = get(&simulator, &v1(&simulator, "events")).await;
    assert_eq!((over.status, over.header("x-ratelimit-limit")), (429, "10"));
    clock.advance(Duration::from_secs(60));
    assert_eq!(get(&simulator, &v1(&simulator, "events")).await.status, 200);
    simulator.stop().await;
}

#[tokio::test]
async fn the_streams_cursor_can_be_polled_for_ever() {
    let clock = clock();
    let answers = Answers { cursor_life: Some(60), audit_lag: 10, ..Answers::default() };
    let simulator = small(Options { clock: clock.clone(), answers, ..options() }).await;
    let poll = async |query: String| {
        let answer = get(&simulator, &v1(&simulator, &format!("events-stream{query}"))).await;
        assert_eq!(answer.status, 200);
        let page = answer.json();
        let next = page["meta"]["next"].as_str().unwrap().to_owned();
        (page["data"].as_array().unwrap().clone(), next)
    };
    let (none, cursor) = poll(format!("?from={}&limit=2", now().as_millisecond())).await;
    assert!(none.is_empty());
    for name in ["one", "two", "three"] {
        simulator.change(|organization| organization.create_group(name));
    }
    assert!(poll(format!("?cursor={cursor}")).await.0.is_empty(), "not processed yet");
    clock.advance(Duration::from_secs(7_200));
    let (two, next) = poll(format!("?cursor={cursor}")).await;
    assert_eq!(two.len(), 2);
    assert_eq!(two[0]["attributes"]["context"][0]["attributes"]["name"], "one");
    let (one, next) = poll(format!("?cursor={next}")).await;
    assert_eq!(one[0]["attributes"]["context"][0]["attributes"]["name"], "three");
    let (none, next) = poll(format!("?cursor={next}")).await;
    assert!(none.is_empty());
    simulator.change(|organization| organization.create_group("four"));
    clock.advance(Duration::from_secs(10));
    assert_eq!(poll(format!("?cursor={next}")).await.0.len(), 1);
    let latest = get(&simulator, &v1(&simulator, "events-stream?sortOrder=desc&limit=1")).await.json();
    assert_eq!(latest["data"][0]["attributes"]["context"][0]["attributes"]["name"], "four");
    simulator.stop().await;
}

#[tokio::test]
async fn a_plan_without_an_audit_log_shows_none() {
    let simulator = small(options()).await;
    simulator.change(|organization| organization.create_group("unseen"));
    simulator.set_answers(Answers { audit_log: AuditAvailability::Empty, ..Answers::default() });
    assert!(events(&simulator, "").await.is_empty());
    simulator.set_answers(Answers { audit_log: AuditAvailability::Forbidden, ..Answers::default() });
    for path in ["events", "events-stream", "events/none"] {
        assert_eq!(get(&simulator, &v1(&simulator, path)).await.status, 403, "{path}");
    }
    simulator.stop().await;
}

#[tokio::test]
async fn domains_and_policies_are_listed_and_found_by_id() {
    let simulator = small(options()).await;
    let domains = get(&simulator, &v1(&simulator, "domains")).await.json()["data"].clone();
    let verified: Vec<&Value> = domains.as_array().unwrap().iter().map(|domain| &domain["attributes"]).collect();
    assert!(verified.iter().any(|domain| domain["claim"]["status"] == "unverified"));
    let managed = somebody(&simulator).email.unwrap();
    let own = managed.rsplit('@').next().unwrap();
    assert!(verified.iter().any(|domain| domain["name"] == own && domain["claim"]["status"] == "verified"));
    let id = domains[0]["id"].as_str().unwrap();
    assert_eq!(get(&simulator, &v1(&simulator, &format!("domains/{id}"))).await.json()["data"], domains[0]);
    assert_eq!(get(&simulator, &v1(&simulator, "domains/short")).await.code(), "ADMIN-400-2");
    let none = "domains/00000000-0000-4000-8000-000000000000";
    assert_eq!(get(&simulator, &v1(&simulator, none)).await.code(), "ADMIN-404-3");
    let policies = get(&simulator, &v1(&simulator, "policies?type=ip-allowlist")).await.json()["data"].clone();
    assert_eq!(policies.as_array().unwrap().len(), 1);
    let id = policies[0]["id"].as_str().unwrap();
    assert_eq!(get(&simulator, &v1(&simulator, &format!("policies/{id}"))).await.json()["data"], policies[0]);
    assert_eq!(get(&simulator, &v1(&simulator, "policies/none")).await.code(), "ADMIN-404-5");
    simulator.stop().await;
}
