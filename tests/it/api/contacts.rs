//! Contacts and companies over the API.

use reqwest::Method;
use serde_json::{Value, json};

use super::Served;
use crate::support::app::Engine;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contacts_are_made_found_changed_merged_and_synced() {
    let served = Served::start(Engine::Sqlite, 30, 77).await;
    let app = &served.app;
    let send = async |method: Method, path: &str, body: Value| {
        served.send(served.request(method, path).bearer_auth(&served.token).json(&body)).await
    };
    let empty = served.get("/contacts", &[]).await;
    assert_eq!((&empty.body["total"], &empty.body["contacts"]), (&json!(0), &json!([])), "{}", empty.text);
    let acme = served.post("/companies", &json!({ "name": "Acme", "domains": ["www.Acme.example"] })).await;
    assert_eq!((acme.status, &acme.body["domains"]), (201, &json!(["acme.example"])), "{}", acme.text);
    let company = acme.body["id"].as_str().unwrap().to_owned();
    let made =
        served.post("/contacts", &json!({ "name": "Ines", "email": "ines@acme.example", "tags": ["vip"] })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let contact = made.body["id"].as_str().unwrap().to_owned();
    let linked =
        send(Method::PUT, &format!("/contacts/{contact}/companies"), json!({ "company": company, "role": "Buyer" }))
            .await;
    assert_eq!(
        linked.body["companies"][0],
        json!({ "id": company, "name": "Acme", "role": "Buyer" }),
        "{}",
        linked.text
    );
    assert_eq!(served.get(&format!("/companies/{company}"), &[]).await.body["contacts"], 1);
    let found = served.get("/contacts", &[("filter", "company = acme AND tag = VIP")]).await;
    assert_eq!((&found.body["total"], &found.body["contacts"][0]["id"]), (&json!(1), &json!(contact)));
    assert_eq!(served.get("/contacts", &[("filter", "colour = red")]).await.problem(), "filter");
    assert_eq!(
        served.post("/contacts", &json!({ "name": "X", "fields": { "level": "1" } })).await.problem(),
        "invalid"
    );
    let changed = send(Method::PATCH, &format!("/contacts/{contact}"), json!({ "tags": [] })).await;
    assert_eq!((&changed.body["tags"], &changed.body["name"]), (&json!([]), &json!("Ines")), "{}", changed.text);
    assert_eq!(served.post(&format!("/contacts/{contact}/notes"), &json!({ "text": "Called." })).await.status, 204);
    let other = served.post("/contacts", &json!({ "name": "Ines O." })).await.body["id"].as_str().unwrap().to_owned();
    let merged = served.post("/contacts/merge", &json!({ "keep": contact, "other": other })).await;
    assert_eq!((merged.status, &merged.body["id"]), (200, &json!(contact)), "{}", merged.text);
    assert_eq!(served.get(&format!("/contacts/{other}"), &[]).await.status, 404);
    assert_eq!(served.get("/contact-fields", &[]).await.body, json!({ "fields": [] }));

    let preview = served.get("/contact-syncing/preview", &[]).await;
    assert!(preview.body["create"].as_u64().unwrap() > 5, "{}", preview.text);
    assert_eq!(served.get("/contact-syncing", &[]).await.body["state"], "off");
    assert_eq!(served.post("/contact-syncing/run", &json!({})).await.status, 409, "it is off");
    let on = served.post("/contact-syncing/on", &json!({})).await;
    assert_eq!((on.status, &on.body["state"]), (200, &json!("turning_on")), "{}", on.text);
    crate::contacts::settle(app).await;
    let on = served.get("/contact-syncing", &[]).await;
    assert_eq!((&on.body["state"], &on.body["synced_contacts"]), (&json!("on"), &preview.body["create"]));
    let run = on.body["run"]["id"].as_str().unwrap();
    assert_eq!(served.get(&format!("/contact-runs/{run}"), &[]).await.body["state"], "complete");
    assert_eq!(served.post(&format!("/contact-runs/{run}/cancel"), &json!({})).await.problem(), "invalid");
    assert_eq!(served.get("/contact-runs", &[("limit", "1")]).await.body["runs"][0]["id"], json!(run));
    assert_eq!(served.get("/contact-conflicts", &[]).await.body["conflicts"], json!([]));

    // Pages follow each other by cursor, and a synced contact is refused with the way.
    let synced = served.get("/contacts", &[("filter", "synced = yes"), ("limit", "3")]).await;
    let next = synced.body["next"].as_str().unwrap();
    let page = served.get("/contacts", &[("filter", "synced = yes"), ("limit", "3"), ("cursor", next)]).await;
    assert_ne!(page.body["contacts"][0]["id"], synced.body["contacts"][0]["id"]);
    let kept = synced.body["contacts"][0]["id"].as_str().unwrap().to_owned();
    let refused = send(Method::DELETE, &format!("/contacts/{kept}"), json!({})).await;
    assert_eq!((refused.status, refused.problem()), (409, "refused"));
    assert!(refused.text.contains("switch Jira User Syncing off"), "{}", refused.text);
    let renamed = send(Method::PATCH, &format!("/contacts/{kept}"), json!({ "name": "Other" })).await;
    assert_eq!(renamed.status, 409, "{}", renamed.text);
    assert_eq!(send(Method::DELETE, &format!("/contacts/{contact}"), json!({})).await.status, 204);
    assert_eq!(served.post("/contact-syncing/off", &json!({})).await.body["state"], "turning_off");
    served.end().await;
}
