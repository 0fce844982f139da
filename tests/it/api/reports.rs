//! Scheduled reports through the API: made, refused, changed, sent and deleted.

use reqwest::Method;
use rollcall::store::outbox;
use serde_json::{Value, json};

use super::Served;
use crate::support::app::ENGINES;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_is_made_changed_and_deleted_and_waits_for_a_mail_server() {
    for engine in ENGINES {
        let served = Served::start(engine, 30, 87).await;
        let send = async |method: Method, path: &str, body: &Value| {
            served.send(served.request(method, path).bearer_auth(&served.token).json(body)).await
        };
        let wanted = json!({
            "name": "Seats", "about": "dashboard", "recipients": ["ops@example.com"], "rhythm": "monthly 31",
            "time": "07:30", "zone": "Europe/Berlin",
        });
        for (field, value) in [
            ("about", json!("somebody")),
            ("about", json!("flt_00000000000000000000000000")),
            ("recipients", json!(["nobody"])),
            ("recipients", json!([])),
            ("rhythm", json!("daily")),
            ("time", json!("soon")),
            ("zone", json!("Europe/Nowhere")),
        ] {
            let mut wrong = wanted.clone();
            wrong[field] = value;
            assert_eq!(send(Method::POST, "/reports", &wrong).await.problem(), "invalid", "{wrong}");
        }
        let made = send(Method::POST, "/reports", &wanted).await;
        assert_eq!((made.status, &made.body["active"], &made.body["sent_at"]), (201, &json!(true), &Value::Null));
        let here = format!("/reports/{}", made.body["id"].as_str().unwrap());
        assert_eq!(served.get(&here, &[]).await.body, made.body);
        assert_eq!(served.get("/reports", &[]).await.body["reports"], json!([made.body]));

        let waits = served.get("/attention", &[]).await;
        let item = waits.body["items"].as_array().unwrap().iter().find(|item| item["kind"] == "reports_unsent");
        assert_eq!(item.unwrap()["count"], json!(1), "{}", waits.text);
        let unsent = served.post(&format!("{here}/send"), &json!({})).await;
        assert_eq!((unsent.status, unsent.problem()), (409, "refused"), "{}", unsent.text);
        let log = served.app.mirror.store().read(|tx| outbox::newest(tx, i64::MAX, 10)).await.unwrap();
        assert!(log.is_empty());

        let mut changed = wanted.clone();
        changed["active"] = json!(false);
        let put = send(Method::PUT, &here, &changed).await;
        assert_eq!((put.status, &put.body["active"], &put.body["due_at"]), (200, &json!(false), &Value::Null));
        assert_eq!(send(Method::DELETE, &here, &json!({})).await.status, 204);
        assert_eq!(served.get(&here, &[]).await.status, 404);
        served.end().await;
    }
}
