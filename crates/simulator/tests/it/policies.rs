//! Policies: accepted at once and applied later, refused with the described codes.

use std::time::Duration;

use http_body_util::Full;
use serde_json::{Value, json};
use simulator::{Answers, Options, Simulator};

use crate::client::{Answer, clock, options, request, send, small};

async fn ask(simulator: &Simulator, method: &str, rest: &str, body: &Value) -> Answer {
    let path = format!("/admin/v1/orgs/{}/policies{rest}", simulator.organization_id());
    let request = request(simulator, method, &path).header("content-type", "application/json");
    let text = if body.is_null() { String::new() } else { body.to_string() };
    send(simulator, request.body(Full::from(text)).unwrap()).await.unwrap()
}

fn ari(simulator: &Simulator, nth: usize) -> String {
    simulator.known_truth().workspaces[nth].ari.clone()
}

fn addresses(resources: &[String]) -> Value {
    let resources: Vec<Value> = resources.iter().map(|id| json!({ "id": id })).collect();
    let attributes = json!({
        "type": "ip-allowlist", "name": "Head office", "rule": { "in": ["192.0.2.7", "2001:db8::/32"] },
        "resources": resources,
    });
    json!({ "data": { "type": "policy", "attributes": attributes } })
}

fn statuses(policy: &Value) -> Vec<&str> {
    let resources = policy["data"]["attributes"]["resources"].as_array().unwrap();
    resources.iter().map(|resource| resource["applicationStatus"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_policy_is_applied_some_time_after_it_was_accepted() {
    let clock = clock();
    let simulator = small(Options { clock: clock.clone(), ..options() }).await;
    let (first, second) = (ari(&simulator, 0), ari(&simulator, 1));
    let made = ask(&simulator, "POST", "", &addresses(std::slice::from_ref(&first))).await;
    assert_eq!(made.status, 202);
    let made = made.json();
    assert_eq!((made["data"]["attributes"]["status"].as_str(), statuses(&made)), (Some("enabled"), vec!["applying"]));
    let one = format!("/{}", made["data"]["id"].as_str().unwrap());
    clock.advance(Duration::from_secs(20));
    assert_eq!(statuses(&ask(&simulator, "GET", &one, &Value::Null).await.json()), ["applied"]);
    let scheduled = json!({ "id": second, "meta": { "scheduledDate": "2027-01-01T00:00:00Z" } });
    let more = ask(&simulator, "POST", &format!("{one}/resources"), &scheduled).await;
    assert_eq!((more.status, statuses(&more.json())), (202, vec!["applied", "scheduled"]));
    let path = format!("{one}/resources/{}", first.replace('/', "%2F"));
    assert_eq!(ask(&simulator, "DELETE", &path, &Value::Null).await.status, 204);
    assert_eq!(statuses(&ask(&simulator, "GET", &one, &Value::Null).await.json()), ["removing", "scheduled"]);
    clock.advance(Duration::from_secs(20));
    assert_eq!(statuses(&ask(&simulator, "GET", &one, &Value::Null).await.json()), ["scheduled"]);
    assert_eq!(ask(&simulator, "DELETE", &path, &Value::Null).await.code(), "ADMIN-404-6");
    assert_eq!(ask(&simulator, "DELETE", &one, &Value::Null).await.status, 202);
    assert_eq!(ask(&simulator, "GET", &one, &Value::Null).await.status, 200);
    clock.advance(Duration::from_secs(20));
    assert_eq!(ask(&simulator, "GET", &one, &Value::Null).await.code(), "ADMIN-404-5");
    simulator.stop().await;
}

#[tokio::test]
async fn an_update_replaces_what_it_names_and_keeps_the_rest() {
    let answers = Answers { policy_delay: 0, ..Answers::default() };
    let simulator = small(Options { answers, ..options() }).await;
    let (first, second) = (ari(&simulator, 0), ari(&simulator, 1));
    let made = ask(&simulator, "POST", "", &addresses(std::slice::from_ref(&first))).await.json();
    let one = format!("/{}", made["data"]["id"].as_str().unwrap());
    let attributes = json!({ "type": "ip-allowlist", "status": "disabled", "resources": [{ "id": second }] });
    let change = json!({ "data": { "type": "policy", "attributes": attributes } });
    let changed = ask(&simulator, "PUT", &one, &change).await;
    assert_eq!(changed.status, 202);
    let attributes = changed.json()["data"]["attributes"].clone();
    assert_eq!((attributes["status"].as_str(), attributes["name"].as_str()), (Some("disabled"), Some("Head office")));
    assert_eq!(attributes["rule"]["in"], json!(["192.0.2.7", "2001:db8::/32"]));
    assert_eq!(attributes["resources"], json!([{ "id": second, "applicationStatus": "applied" }]));
    let list = ask(&simulator, "GET", "?type=ip-allowlist", &Value::Null).await.json();
    assert!(list["data"].as_array().unwrap().iter().any(|policy| policy["id"] == changed.json()["data"]["id"]));
    simulator.stop().await;
}

#[tokio::test]
async fn wrong_policies_are_refused() {
    let simulator = small(options()).await;
    let policy = |attributes: Value| json!({ "data": { "type": "policy", "attributes": attributes } });
    for wrong in [
        json!({}),
        policy(json!({ "type": "data-security" })),
        policy(json!({ "type": "ip-allowlist", "rule": { "in": ["192.0.2.0/33"] } })),
        policy(json!({ "type": "ip-allowlist", "rule": { "in": ["office"] } })),
        policy(json!({ "type": "ip-allowlist", "resources": [{ "id": "ari:cloud:jira::site/none" }] })),
    ] {
        let answer = ask(&simulator, "POST", "", &wrong).await;
        assert_eq!((answer.status, answer.code()), (400, "ADMIN-400-4".to_owned()), "{wrong}");
    }
    assert_eq!(ask(&simulator, "POST", "", &Value::Null).await.status, 415);
    assert_eq!(ask(&simulator, "PUT", "/none", &addresses(&[])).await.code(), "ADMIN-404-5");
    let empty = policy(json!({ "type": "ip-allowlist", "rule": { "in": [] } }));
    let made = ask(&simulator, "POST", "", &empty).await.json();
    let one = format!("/{}", made["data"]["id"].as_str().unwrap());
    let other = policy(json!({ "type": "data-residency" }));
    assert_eq!(ask(&simulator, "PUT", &one, &other).await.code(), "ADMIN-400-4");
    assert_eq!(ask(&simulator, "GET", &format!("{one}/validate"), &Value::Null).await.code(), "ADMIN-500-2");
    let filled = policy(json!({ "type": "ip-allowlist", "rule": { "in": ["192.0.2.0/24"] } }));
    assert_eq!(ask(&simulator, "PUT", &one, &filled).await.status, 202);
    assert_eq!(ask(&simulator, "GET", &format!("{one}/validate"), &Value::Null).await.status, 202);
    simulator.stop().await;
}
