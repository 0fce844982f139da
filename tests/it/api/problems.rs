//! Every refusal is a problem that says what is wrong and what to do.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Answer, Served, with_query};
use crate::support::app::{Engine, TestApp, population};

fn is(answer: &Answer, status: u16, kind: &str) {
    assert_eq!((answer.status, answer.problem()), (status, kind), "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    for part in ["title", "detail", "hint"] {
        assert!(answer.body[part].as_str().is_some_and(|text| !text.is_empty()), "{part}: {}", answer.text);
    }
    assert_eq!(answer.body["status"], status);
    assert_eq!(answer.body["instance"].as_str().unwrap(), answer.header("rollcall-request"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_problem_has_one_shape() {
    let served = Served::start(Engine::Sqlite, 30, 97).await;
    let send = async |method: Method, path: &str, headers: &[(&str, &str)], body: &str| {
        let mut request = served.request(method, path).bearer_auth(&served.token).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        served.send(request).await
    };
    let json_type = ("Content-Type", "application/json");
    is(&served.get("/nowhere", &[]).await, 404, "not-found");
    is(&served.get("/people/nobody", &[]).await, 404, "not-found");
    is(&served.get("/runs/run_x", &[]).await, 404, "not-found");
    is(&served.get("/filters/flt_x", &[]).await, 404, "not-found");
    is(&served.get("/withheld/wh_x", &[]).await, 404, "not-found");
    let refused = send(Method::PATCH, "/people", &[], "").await;
    is(&refused, 405, "method");
    assert!(refused.header("allow").contains("GET"));
    is(&send(Method::GET, "/people", &[("Accept", "text/html")], "").await, 406, "not-acceptable");
    is(&send(Method::GET, "/people.csv", &[("Accept", "application/json")], "").await, 406, "not-acceptable");
    assert_eq!(send(Method::GET, "/people", &[("Accept", "text/html, */*;q=0.1")], "").await.status, 200);
    is(&send(Method::POST, "/sync", &[("Content-Type", "text/plain")], "{}").await, 415, "media-type");
    is(&send(Method::POST, "/sync", &[json_type], "{").await, 400, "unreadable");
    is(&send(Method::POST, "/sync", &[json_type], r#"{"everything":true}"#).await, 422, "invalid");
    let large = format!("{{\"members_of\":[\"{}\"]}}", "x".repeat(70_000));
    is(&send(Method::POST, "/sync", &[json_type], &large).await, 413, "too-large");
    is(&send(Method::POST, "/sync", &[json_type, ("Idempotency-Key", "k")], &large).await, 413, "too-large");
    is(&send(Method::POST, "/sync", &[json_type, ("Idempotency-Key", "a b")], "{}").await, 400, "unreadable");
    is(&served.post("/sync", &json!({ "members_of": ["no such group"] })).await, 422, "invalid");
    is(&served.post("/people/sync", &json!({ "filter": "name = nobody-at-all" })).await, 422, "invalid");

    let unknown = served.get("/people", &[("fitler", "x")]).await;
    is(&unknown, 400, "parameter");
    assert_eq!(unknown.body["names"], json!(["filter", "as_of", "order", "fields", "limit", "cursor"]));
    is(&served.get("/organization", &[("q", "x")]).await, 400, "parameter");
    is(&served.get("/people", &[("limit", "5"), ("limit", "6")]).await, 400, "parameter");
    for (name, value) in [("limit", "0"), ("limit", "1001"), ("limit", "many"), ("fields", "shoe"), ("order", "sites")]
    {
        is(&served.get("/people", &[(name, value)]).await, 400, "parameter");
    }
    is(&served.get("/people", &[("filter", "x order by name"), ("order", "email")]).await, 400, "parameter");
    is(&served.get("/runs", &[("kind", "weekly")]).await, 400, "parameter");
    is(&served.get("/dashboard", &[("site", "nowhere")]).await, 400, "parameter");

    let next = served.get("/people", &[("limit", "1")]).await.body["next"].as_str().unwrap().to_owned();
    is(&served.get("/people", &[("cursor", &next), ("order", "email")]).await, 400, "cursor");
    is(&served.get("/people", &[("cursor", "12tada")]).await, 400, "cursor");
    is(&served.get("/groups", &[("cursor", &next)]).await, 400, "cursor");
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_with_errors_finds_nobody_and_says_where_it_is_wrong() {
    let served = Served::start(Engine::Sqlite, 30, 98).await;
    let text = "név ~ ée AND statsu = active";
    for path in ["/people", "/people/count", "/people/facets", "/people.csv", "/people.json", "/people.ndjson"] {
        let mut request =
            served.request(Method::GET, &with_query(path, &[("filter", text)])).bearer_auth(&served.token);
        if path.ends_with("csv") || path.ends_with("ndjson") {
            request = request.header("Accept", "*/*");
        }
        let refused = served.send(request).await;
        is(&refused, 400, "filter");
        let diagnostics = refused.body["diagnostics"].as_array().unwrap();
        let wrong = diagnostics.iter().find(|one| one["message"].as_str().unwrap().contains("statsu")).unwrap();
        assert_eq!(wrong["span"], json!({ "start": 13, "end": 19 }), "in characters");
        assert!(wrong["hint"].as_str().unwrap().contains("status"), "{wrong}");
        assert!(wrong["drawn"].as_str().unwrap().contains('^'));
    }
    let checked = served.post("/filter/check", &json!({ "filter": text })).await;
    assert_eq!((checked.status, &checked.body["valid"]), (200, &Value::Bool(false)));
    assert!(checked.body["diagnostics"].as_array().unwrap().iter().any(|one| one["span"]["start"] == 13));
    is(&served.post("/filters", &json!({ "name": "n", "filter": text })).await, 400, "filter");
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_first_sync_has_ended_nobody_is_told_that_there_is_nobody() {
    let served = Served::of(TestApp::start(Engine::Sqlite, &population(30, 99)).await).await;
    for path in ["/people", "/people/count", "/groups", "/dashboard", "/statistics", "/people.json"] {
        is(&served.get(path, &[]).await, 409, "not-read-yet");
    }
    let organization = served.get("/organization", &[]).await;
    assert_eq!((organization.status, organization.body["generation"].as_u64()), (200, Some(0)));
    assert_eq!(served.get("/runs", &[]).await.body["runs"][0]["state"], "queued");
    served.end().await;
}
