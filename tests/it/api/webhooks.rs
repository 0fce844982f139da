//! Webhooks through the API: made, changed, tried out, sent again; and their secrets, which are told once.

use reqwest::Method;
use rollcall::auth::access_tokens;
use rollcall::notify::worker::deliver_once;
use rollcall::store::request_keys;
use serde_json::{Value, json};

use super::Served;
use crate::notices::notifier;
use crate::support::app::{ENGINES, Engine};
use crate::support::receiver::Receiver;

async fn deliver(served: &Served) {
    let notifier = notifier(&served.app);
    while deliver_once(&served.app.mirror, &notifier).await.unwrap() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_made_changed_tried_out_and_removed() {
    for engine in ENGINES {
        let served = Served::start(engine, 30, 86).await;
        let receiver = Receiver::start().await;
        let send = async |method: Method, path: &str, body: &Value| {
            served.send(served.request(method, path).bearer_auth(&served.token).json(body)).await
        };
        let wanted = json!({
            "name": "Pager", "address": receiver.address(), "style": "generic", "events": ["sync.failed", "task.failed"],
        });
        let made = served.post_once("/webhooks", &wanted, "k-1").await;
        assert_eq!(made.status, 201, "{}", made.text);
        let secret = made.body["secret"].as_str().unwrap();
        assert!(secret.starts_with("whsec_"));
        let webhook = &made.body["webhook"];
        assert_eq!((&webhook["key_days"], &webhook["active"]), (&json!([7]), &json!(true)));
        let here = format!("/webhooks/{}", webhook["id"].as_str().unwrap());
        assert_eq!(served.get(&here, &[]).await.body, *webhook);
        assert_eq!(served.get("/webhooks", &[]).await.body["webhooks"].as_array().unwrap().len(), 1);

        // The same request gets the same answer without the secret, which is kept nowhere.
        let again = served.post_once("/webhooks", &wanted, "k-1").await;
        assert_eq!((again.status, &again.body["webhook"], &again.body["secret"]), (201, webhook, &Value::Null));
        let tokens = access_tokens::list(served.app.mirrors.control()).await.unwrap();
        let key = format!("api:access token {}:k-1", tokens[0].id);
        let now = served.app.clock.now();
        let kept = served.app.mirror.store().read(move |tx| request_keys::find(tx, &key, now)).await.unwrap().unwrap();
        assert!(kept.contains("Pager") && !kept.contains(secret), "{kept}");

        let mut changed = wanted.clone();
        changed["active"] = json!(false);
        changed["events"] = json!(["sync.failed"]);
        let put = send(Method::PUT, &here, &changed).await;
        assert_eq!((put.status, &put.body["active"], &put.body["version"]), (200, &json!(false), &json!(2)));
        changed["style"] = json!("automation");
        assert_eq!(send(Method::PUT, &here, &changed).await.problem(), "invalid", "its style stays");

        let sent = served.post(&format!("{here}/test"), &json!({})).await;
        assert_eq!((sent.status, &sent.body["state"], &sent.body["event"]), (202, &json!("waiting"), &json!("test")));
        deliver(&served).await;
        let log = served.get("/webhooks/deliveries", &[("webhook", webhook["id"].as_str().unwrap())]).await;
        let delivery = &log.body["deliveries"][0];
        assert_eq!((&delivery["id"], &delivery["state"]), (&sent.body["id"], &json!("delivered")), "{}", log.text);
        assert_eq!(delivery["last_answer"], "204 No Content");
        let resend = format!("/webhooks/deliveries/{}/again", delivery["id"].as_str().unwrap());
        let resent = served.post(&resend, &json!({})).await;
        assert_eq!((resent.status, &resent.body["message"]), (202, &delivery["message"]), "{}", resent.text);
        assert_ne!(resent.body["id"], delivery["id"]);
        deliver(&served).await;
        let ids: Vec<String> = receiver.got().iter().map(|got| got.header("webhook-id").to_owned()).collect();
        assert!(ids.len() == 2 && ids[0] == ids[1], "{ids:?}");

        assert_eq!(send(Method::DELETE, &here, &json!({})).await.status, 204);
        assert_eq!(served.get(&here, &[]).await.problem(), "not-found");
        assert_eq!(served.get("/webhooks/deliveries", &[]).await.body["deliveries"].as_array().unwrap().len(), 2);
        served.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_a_webhook_is_refused_with_its_reason() {
    let served = Served::start(Engine::Sqlite, 30, 87).await;
    let automation = "https://api-private.atlassian.com/automation/webhooks/jira/a";
    for (change, why) in [
        (json!({ "address": "https://169.254.169.254/" }), "lies in an internal network"),
        (json!({ "address": "http://hooks.example.com/" }), "must begin with https://"),
        (json!({ "events": [] }), "No event is chosen"),
        (json!({ "events": ["task.forgotten"] }), "no event “task.forgotten”"),
        (json!({ "events": ["test"] }), "no event “test”"),
        (json!({ "style": "loud" }), "no style “loud”"),
        (json!({ "style": "automation", "address": automation }), "no trigger for sync.failed"),
        (json!({ "style": "automation", "address": automation, "events": ["task.failed"] }), "The secret is missing"),
        (json!({ "name": " " }), "The name is missing"),
        (json!({ "secret": "two words" }), "characters that no header can"),
    ] {
        let mut wanted = json!({
            "name": "Pager", "address": "https://hooks.example.com/", "style": "generic", "events": ["sync.failed"],
        });
        change.as_object().unwrap().iter().for_each(|(name, value)| wanted[name] = value.clone());
        let refused = served.post("/webhooks", &wanted).await;
        assert_eq!((refused.status, refused.problem()), (422, "invalid"), "{change}: {}", refused.text);
        assert!(refused.body["detail"].as_str().unwrap().contains(why), "{change}: {}", refused.text);
    }
    for path in ["/webhooks/x", "/webhooks/whk_none"] {
        assert_eq!(served.get(path, &[]).await.problem(), "not-found");
    }
    assert_eq!(served.post("/webhooks/deliveries/x/again", &json!({})).await.problem(), "not-found");
    served.end().await;
}
