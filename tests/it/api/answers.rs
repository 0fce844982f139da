//! What is answered: every route against the document, and what it says against the organization.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Served, operations};
use crate::support::app::Engine;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_answers_as_the_document_says() {
    let served = Served::start(Engine::Sqlite, 80, 71).await;
    let mut asked: BTreeSet<(Method, String)> = BTreeSet::new();
    let mut note = |method: Method, path: &str| asked.insert((method, format!("/api/v1{path}")));
    let snapshot = served.app.now();
    let person = snapshot.present().iter().max_by_key(|account| snapshot.access(*account).len()).unwrap();
    let person = snapshot.account_id(person).unwrap().to_string();
    let in_address = person.replace(':', "%3A");

    for path in [
        "/organization",
        "/people",
        "/people/count",
        "/people/facets",
        "/people.csv",
        "/people.json",
        "/people.ndjson",
        "/filter/catalogue",
        "/groups",
        "/filters",
        "/dashboard",
        "/statistics",
        "/trends",
        "/seat-prices",
        "/runs",
        "/withheld",
        "/attention",
        "/audit",
        "/openapi.json",
    ] {
        let answer = served.get(path, &[]).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        note(Method::GET, path);
    }
    let shown = served.get(&format!("/people/{in_address}"), &[]).await;
    assert_eq!(shown.body["account_id"], person);
    assert!(shown.body["apps"].as_array().unwrap().iter().any(|app| app["access"][0]["group"]["id"].is_string()));
    let history = served.get(&format!("/people/{in_address}/history"), &[]).await;
    assert!(history.body["presences"][0]["when"]["since"]["run"].as_str().unwrap().starts_with("run_"));
    let group = shown.body["groups"][0]["id"].as_str().unwrap();
    assert_eq!(served.get(&format!("/groups/{group}"), &[]).await.body["group"]["id"], group);
    let members = served.get(&format!("/groups/{group}/members"), &[("limit", "1000")]).await;
    assert!(members.body["people"].as_array().unwrap().iter().any(|one| one["account_id"] == person));
    for path in ["/people/{id}", "/people/{id}/history", "/groups/{id}", "/groups/{id}/members"] {
        note(Method::GET, path);
    }

    let checked = served.post("/filter/check", &json!({ "filter": "STATUS=active" })).await;
    assert_eq!((&checked.body["valid"], &checked.body["filter"]), (&Value::Bool(true), &json!("status = active")));
    let completed = served.post("/filter/complete", &json!({ "filter": "NOT last" })).await;
    assert!(completed.body["items"].as_array().unwrap().iter().any(|item| item["label"] == "lastActive"));

    let started = served.post("/people/sync", &json!({ "filter": "ORDER BY name" })).await;
    assert_eq!((started.status, &started.body["kind"]), (202, &json!("browser")), "{}", started.text);
    let run = served.post("/sync", &json!({ "users": "all", "groups": true })).await;
    assert_eq!((run.status, &run.body["scope"]), (202, &json!("all users, all groups")));
    assert_eq!(run.body["asked_by"], "access token tests of mira");
    let id = run.body["id"].as_str().unwrap();
    let cancelled = served.post(&format!("/runs/{id}/cancel"), &json!({})).await;
    assert_eq!(cancelled.body["state"], "cancelled");
    assert_eq!(served.post(&format!("/runs/{id}/cancel"), &json!({})).await.status, 409);
    assert_eq!(served.get(&format!("/runs/{id}"), &[]).await.body["run"]["state"], "cancelled");
    note(Method::GET, "/runs/{id}");
    for path in ["/filter/check", "/filter/complete", "/people/sync", "/sync", "/runs/{id}/cancel"] {
        note(Method::POST, path);
    }
    // Saved filters and withheld rows have tests of their own.
    for path in ["/filters/{id}", "/withheld/{id}"] {
        note(Method::GET, path);
    }
    for path in ["/filters", "/withheld/{id}/approve", "/withheld/{id}/dismiss"] {
        note(Method::POST, path);
    }
    for path in ["/filters/{id}", "/seat-prices"] {
        note(Method::PUT, path);
        note(Method::DELETE, path);
    }
    // So have operations, webhooks and scheduled reports.
    for path in ["/operations", "/operations/stop", "/operations/{id}", "/operations/{id}/rows"] {
        note(Method::GET, path);
    }
    for path in ["/operations/{id}/rows.csv", "/operations/{id}/result.json"] {
        note(Method::GET, path);
    }
    for wish in ["approve", "reject", "pause", "resume", "cancel", "undo", "retry"] {
        note(Method::POST, &format!("/operations/{{id}}/{wish}"));
    }
    for path in ["/operations", "/operations/stop", "/operations/release", "/webhooks", "/webhooks/{id}/test"] {
        note(Method::POST, path);
    }
    note(Method::POST, "/webhooks/deliveries/{id}/again");
    for path in ["/webhooks", "/webhooks/deliveries", "/webhooks/{id}"] {
        note(Method::GET, path);
    }
    for path in ["/reports", "/reports/{id}/send"] {
        note(Method::POST, path);
    }
    for path in ["/reports", "/reports/{id}"] {
        note(Method::GET, path);
    }
    note(Method::PUT, "/reports/{id}");
    note(Method::DELETE, "/reports/{id}");
    note(Method::PUT, "/webhooks/{id}");
    note(Method::DELETE, "/webhooks/{id}");
    // Tasks have a test of their own.
    for path in ["/tasks", "/tasks/{id}", "/tasks/{id}/runs", "/task-runs/{id}"] {
        note(Method::GET, path);
    }
    for path in ["/tasks/{id}/run", "/tasks/{id}/dry-run"] {
        note(Method::POST, path);
    }
    note(Method::PUT, "/tasks/{id}/schedule");
    // So has personal data.
    note(Method::GET, "/personal-data");
    for path in ["/personal-data/export", "/personal-data/erase"] {
        note(Method::POST, path);
    }
    // Those of feeds are asked in the tests of feeds, through the same check of their answers.
    for (method, path, _) in operations().into_iter().filter(|(_, path, _)| path.contains("/feed")) {
        note(method, path.strip_prefix(rollcall::api::ROOT).unwrap());
    }
    // Contacts have a test of their own.
    for (method, path, _) in
        operations().into_iter().filter(|(_, path, _)| path.contains("/contact") || path.contains("/companies"))
    {
        note(method, path.strip_prefix(rollcall::api::ROOT).unwrap());
    }
    let described: BTreeSet<_> = operations().into_iter().map(|(method, path, _)| (method, path.to_owned())).collect();
    assert_eq!(asked, described, "every route is asked in a test");
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_filter_is_made_found_changed_and_deleted_by_its_owner() {
    let served = Served::start(Engine::Sqlite, 30, 72).await;
    let send = async |method: Method, path: &str, body: &Value| {
        served.send(served.request(method, path).bearer_auth(&served.token).json(body)).await
    };
    let idle = json!({ "name": "Idle", "description": "Nobody home", "filter": "inactiveFor(jira)>=90d" });
    let saved = served.post("/filters", &idle).await;
    assert_eq!((saved.status, &saved.body["owner"]), (201, &json!("mira")), "{}", saved.text);
    assert_eq!(saved.body["filter"], "inactiveFor(jira) >= 90d", "in its canonical form");
    let path = format!("/filters/{}", saved.body["id"].as_str().unwrap());
    assert_eq!(served.get(&path, &[]).await.body, saved.body);
    assert_eq!(served.post("/filters", &idle).await.problem(), "refused", "a name is there once");
    let changed = json!({ "name": "Idle longer", "filter": "inactiveFor(jira) >= 180d", "shared": true });
    let put = send(Method::PUT, &path, &changed).await;
    assert_eq!((put.status, &put.body["shared"], &put.body["name"]), (200, &json!(true), &json!("Idle longer")));
    let nameless = send(Method::PUT, &path, &json!({ "name": " ", "filter": "x" })).await;
    assert_eq!((nameless.status, nameless.problem()), (422, "invalid"));

    // The administrator's own session finds what her program saved.
    let cookie = format!("rollcall_session={}", served.session.expose());
    let listed = served.send(served.request(Method::GET, "/filters").header("Cookie", cookie)).await;
    assert_eq!(listed.body["filters"][0], put.body);
    assert_eq!(send(Method::DELETE, &path, &Value::Null).await.status, 204);
    assert_eq!(served.get(&path, &[]).await.status, 404);
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prices_make_costs_on_the_dashboard_and_in_trends() {
    let served = Served::start(Engine::Sqlite, 60, 74).await;
    let put = async |body: Value| {
        served.send(served.request(Method::PUT, "/seat-prices").bearer_auth(&served.token).json(&body)).await
    };
    assert_eq!(served.get("/dashboard", &[]).await.body["cost_a_month"], json!({}), "no price, no cost");
    let entered = put(json!({ "app": "Confluence", "amount": "5.5", "currency": "eur" })).await;
    assert_eq!(entered.body["prices"][0]["app"], "confluence", "{}", entered.text);
    assert_eq!(put(json!({ "app": "Confluence", "amount": "-1", "currency": "eur" })).await.problem(), "invalid");
    assert_eq!(put(json!({ "app": "Nothing", "amount": "1", "currency": "eur" })).await.problem(), "invalid");
    let dashboard = served.get("/dashboard", &[]).await.body;
    let tile = dashboard["tiles"].as_array().unwrap().iter().find(|tile| tile["app"] == "Confluence").unwrap();
    let seats = tile["seats"]["total"].as_u64().unwrap();
    assert!(seats > 0);
    let cost = format!("{}.{:03}", seats * 5_500 / 1_000, seats * 5_500 % 1_000);
    assert_eq!((&tile["cost_a_month"]["EUR"], &dashboard["cost_a_month"]["EUR"]), (&json!(cost), &json!(cost)));
    let trends = served.get("/trends", &[("app", "Confluence")]).await.body;
    assert_eq!(
        (&trends["days"][0]["cost_a_month"]["EUR"], &trends["days"][0]["seats"]),
        (&json!(cost), &tile["seats"])
    );
    assert_eq!(served.get("/trends", &[("months", "0")]).await.problem(), "parameter");
    assert_eq!(served.get("/trends", &[("site", "nowhere")]).await.problem(), "parameter");
    let remove = async || {
        let path = "/seat-prices?app=confluence";
        served.send(served.request(Method::DELETE, path).bearer_auth(&served.token)).await.status
    };
    assert_eq!((remove().await, remove().await), (204, 404));
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn withheld_rows_are_listed_dismissed_and_approved() {
    let served = Served::start(Engine::Sqlite, 100, 73).await;
    let snapshot = served.app.now();
    let people: Vec<String> = snapshot
        .present()
        .iter()
        .take(30)
        .filter_map(|one| snapshot.account_id(one))
        .map(|id| id.to_string())
        .collect();
    for person in &people {
        served.app.simulator.change(|organization| organization.remove_user(person)).unwrap();
    }
    served.app.sync().await.unwrap();
    let waiting = served.get("/withheld", &[]).await.body["withheld"].as_array().unwrap().clone();
    let of_people = waiting.iter().find(|one| one["rule"] == "people_missing").unwrap_or_else(|| panic!("{waiting:?}"));
    assert!(
        served.get("/attention", &[]).await.body["items"].as_array().unwrap().iter().any(|it| it["kind"] == "withheld")
    );
    let path = format!("/withheld/{}", of_people["id"].as_str().unwrap());
    let shown = served.get(&path, &[("limit", "4")]).await;
    assert_eq!(shown.body["rows"].as_array().unwrap().len(), 4);
    let next = shown.body["next"].as_str().unwrap();
    let further = served.get(&path, &[("limit", "4"), ("cursor", next)]).await;
    assert_ne!(further.body["rows"][0]["id"], shown.body["rows"][0]["id"]);

    let one = shown.body["rows"][0]["id"].clone();
    let silent = served.post(&format!("{path}/dismiss"), &json!({ "reason": " ", "rows": [one] })).await;
    assert_eq!((silent.status, silent.problem()), (422, "invalid"));
    let stranger = served.post(&format!("{path}/approve"), &json!({ "rows": ["nobody"] })).await;
    assert_eq!((stranger.status, stranger.problem()), (422, "invalid"));
    let dismissed = served.post(&format!("{path}/dismiss"), &json!({ "reason": "on leave", "rows": [one] })).await;
    assert_eq!(dismissed.body["open"].as_u64().unwrap() + 1, of_people["open"].as_u64().unwrap());
    let approved = served.post_once(&format!("{path}/approve"), &json!({}), "yes").await;
    assert_eq!((approved.status, &approved.body["kind"]), (202, &json!("approval")), "{}", approved.text);
    served.app.work().await.unwrap();
    let after = served.get(&path, &[]).await;
    assert_eq!(after.body["withheld"]["state"], "settled");
    let again = served.post(&format!("{path}/approve"), &json!({ "rows": [one] })).await;
    assert_eq!((again.status, again.problem()), (409, "refused"));
    served.end().await;
}
