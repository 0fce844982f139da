//! Operations through the API: looked at, approved, carried out, exported, taken back, and stopped.

use std::collections::BTreeSet;

use directory::act::Action;
use reqwest::Method;
use rollcall::nouns::operation::OperationState;
use serde_json::{Value, json};

use super::Served;
use crate::operations::ordinary;
use crate::support::app::{ENGINES, Engine, TestApp};

async fn served(engine: Engine) -> Served {
    Served::of(TestApp::ready(engine, 60, 4).await).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_is_looked_at_approved_by_its_hash_followed_and_taken_back() {
    for engine in ENGINES {
        let served = served(engine).await;
        let people = ordinary(&served.app, 5);
        let id = served.app.plan_of(&people, vec![Action::Suspend]).await;
        let here = format!("/operations/{id}");
        let listed = served.get("/operations", &[("state", "planned")]).await;
        assert_eq!(listed.body["operations"][0]["id"], id.as_str(), "{}", listed.text);
        let shown = served.get(&here, &[]).await;
        let operation = &shown.body["operation"];
        assert_eq!((&operation["state"], &operation["plan"]["rows"]), (&json!("planned"), &json!(5)));
        assert_eq!(operation["actions"][0]["kind"], "suspendUser");
        assert_eq!(shown.body["approval"], json!({ "typed": null, "second_person": false }));

        // Every row by page, each once.
        let (mut seen, mut cursor) = (BTreeSet::new(), String::new());
        loop {
            let mut query = vec![("limit", "2"), ("state", "planned")];
            if !cursor.is_empty() {
                query.push(("cursor", &cursor));
            }
            let page = served.get(&format!("{here}/rows"), &query).await;
            for row in page.body["rows"].as_array().unwrap() {
                assert_eq!((&row["before"], &row["after"]), (&json!("active"), &json!("suspended")));
                assert!(seen.insert(row["account_id"].as_str().unwrap().to_owned()));
            }
            let Some(next) = page.body["next"].as_str() else { break };
            cursor = next.to_owned();
        }
        assert_eq!(seen.len(), 5);

        // Not by another hash, and by its own once, however often it is sent.
        let wrong = served.post(&format!("{here}/approve"), &json!({ "hash": "00".repeat(32) })).await;
        assert_eq!((wrong.status, wrong.problem()), (409, "refused"), "{}", wrong.text);
        let none = served.post(&format!("{here}/approve"), &json!({ "hash": "x" })).await;
        assert_eq!((none.status, none.problem()), (422, "invalid"));
        let approval = json!({ "hash": operation["plan"]["hash"], "reason": "they left" });
        let approved = served.post_once(&format!("{here}/approve"), &approval, "k-1").await;
        assert_eq!((approved.status, &approved.body["state"]), (202, &json!("approved")), "{}", approved.text);
        let again = served.post_once(&format!("{here}/approve"), &approval, "k-1").await;
        assert_eq!((again.status, again.header("idempotency-replayed")), (202, "true"));
        assert_eq!(served.post(&format!("{here}/approve"), &approval).await.status, 202, "one approval, said twice");
        let reject = served.post(&format!("{here}/reject"), &json!({ "reason": "too late" })).await;
        assert_eq!((reject.status, reject.problem()), (409, "refused"), "{}", reject.text);
        assert_eq!(served.app.act_through(&id).await.state, OperationState::Succeeded);
        let shown = served.get(&here, &[]).await;
        assert_eq!(shown.body["operation"]["rows"]["verified"], 5, "{}", shown.text);
        let decision = &shown.body["decisions"][0];
        assert_eq!(decision["by"], "access token tests of mira");
        assert_eq!((&decision["verdict"], &decision["reason"]), (&json!("approved"), &json!("they left")));

        // Its files, which the audit knows of.
        let csv = served.get(&format!("{here}/rows.csv"), &[]).await;
        assert_eq!(csv.text.lines().count(), 6, "{}", csv.text);
        let result = served.get(&format!("{here}/result.json"), &[]).await;
        assert_eq!(
            (&result.body["summary"]["succeeded"], result.body["items"].as_array().unwrap().len()),
            (&json!(5), 5)
        );
        let exports = served.get("/audit", &[("kind", "export.made")]).await;
        let subjects: Vec<&Value> =
            exports.body["events"].as_array().unwrap().iter().map(|event| &event["subject"]).collect();
        assert_eq!(subjects, ["operation-1-result", "operation-1-rows"]);

        let undo = served.post_once(&format!("{here}/undo"), &json!({}), "k-2").await;
        assert_eq!((undo.status, &undo.body["kind"], &undo.body["of"]), (201, &json!("undo"), &json!(id.as_str())));
        assert_eq!(served.post_once(&format!("{here}/undo"), &json!({}), "k-2").await.body["id"], undo.body["id"]);
        let retry = served.post(&format!("{here}/retry"), &json!({})).await;
        assert_eq!((retry.status, retry.problem()), (409, "refused"), "nothing failed: {}", retry.text);
        let rejected = format!("/operations/{}/reject", undo.body["id"].as_str().unwrap());
        let rejected = served.post(&rejected, &json!({ "reason": "not yet" })).await;
        assert_eq!((rejected.status, &rejected.body["state"]), (200, &json!("cancelled")), "{}", rejected.text);
        served.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_is_paused_resumed_and_cancelled_and_everything_is_stopped_with_a_reason() {
    for engine in ENGINES {
        let served = served(engine).await;
        let people = ordinary(&served.app, 3);
        let id = served.app.plan_of(&people, vec![Action::Suspend]).await;
        let wish = async |wish: &str| served.post(&format!("/operations/{id}/{wish}"), &json!({})).await;
        assert_eq!(wish("pause").await.status, 409, "a preview is not under way");
        served.app.approve(&id).await.unwrap();
        assert_eq!(wish("pause").await.body["state"], "paused");
        assert_eq!(wish("resume").await.body["state"], "approved");

        assert_eq!(served.get("/operations/stop", &[]).await.body["stopped"], false);
        let silent = served.post("/operations/stop", &json!({ "reason": " " })).await;
        assert_eq!((silent.status, silent.problem()), (422, "invalid"));
        let stopped = served.post("/operations/stop", &json!({ "reason": "wrong list" })).await;
        assert_eq!((stopped.status, &stopped.body["stopped"]), (200, &json!(true)));
        assert_eq!(served.get("/operations/stop", &[]).await.body["stopped"], true);
        served.app.act().await;
        assert!(served.app.effects().is_empty(), "nothing is sent");
        let waiting = served.get(&format!("/operations/{id}"), &[]).await;
        assert!(
            waiting.body["operation"]["waiting"]["reason"].as_str().unwrap().contains("stopped"),
            "{}",
            waiting.text
        );
        served.post("/operations/release", &json!({ "reason": "the list was right" })).await;
        assert_eq!(wish("cancel").await.status, 200);
        served.app.act_through(&id).await;
        let shown = served.get(&format!("/operations/{id}"), &[]).await;
        assert_eq!(shown.body["operation"]["state"], "cancelled", "{}", shown.text);
        assert_eq!(wish("cancel").await.status, 409);
        for path in ["/operations/op_none", "/operations/x/rows", "/operations/x/rows.csv"] {
            assert_eq!(served.get(path, &[]).await.problem(), "not-found", "{path}");
        }
        assert_eq!(
            served.send(served.request(Method::PUT, "/operations").bearer_auth(&served.token)).await.status,
            405
        );
        served.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_is_planned_for_people_or_a_filter_tried_on_the_first_and_goes_on() {
    for engine in ENGINES {
        let served = served(engine).await;
        let snapshot = served.app.now();
        let ids: Vec<String> = ordinary(&served.app, 3)
            .into_iter()
            .map(|account| snapshot.account_id(account).unwrap().to_string())
            .collect();
        let suspend = json!([{ "kind": "suspendUser" }]);
        let wanted = json!({ "people": ids, "actions": suspend });
        let planned = served.post_once("/operations", &wanted, "k-1").await;
        assert_eq!((planned.status, &planned.body["plan"]["rows"]), (201, &json!(3)), "{}", planned.text);
        assert_eq!(served.post_once("/operations", &wanted, "k-1").await.body["id"], planned.body["id"]);
        assert_eq!(served.app.effects(), []);

        // Tried on the first, and on with the rest.
        let here = format!("/operations/{}", planned.body["id"].as_str().unwrap());
        let approval = json!({ "hash": planned.body["plan"]["hash"], "first": 1 });
        assert_eq!(served.post(&format!("{here}/approve"), &approval).await.status, 202);
        served.app.act().await;
        let tried = served.get(&here, &[]).await;
        let rows = &tried.body["operation"]["rows"];
        assert_eq!((&rows["verified"], &rows["planned"]), (&json!(1), &json!(2)), "{}", tried.text);
        assert_eq!(served.post(&format!("{here}/resume"), &json!({})).await.status, 200);
        served.app.act().await;
        assert_eq!(served.get(&here, &[]).await.body["operation"]["state"], "succeeded");

        let email = served.app.truth().users.iter().find(|user| user.account_id == ids[0]).unwrap().email.clone();
        let restore = json!({ "people": [email], "actions": [{ "kind": "restoreUser" }] });
        let planned = served.post("/operations", &restore).await;
        assert_eq!((planned.status, &planned.body["plan"]["rows"]), (201, &json!(1)), "{}", planned.text);
        let by_filter =
            served.post("/operations", &json!({ "filter": "status = suspended", "actions": suspend })).await;
        assert_eq!((by_filter.status, &by_filter.body["plan"]["rows"]), (201, &json!(0)), "{}", by_filter.text);

        // What is not clear is refused, with who or what is meant.
        let refused = |wanted: Value| {
            let served = &served;
            async move {
                let answer = served.post("/operations", &wanted).await;
                assert!((400..500).contains(&answer.status), "{}", answer.text);
                answer.text
            }
        };
        assert!(refused(json!({ "people": ["nobody@x.test"], "actions": suspend })).await.contains("nobody@x.test"));
        assert!(refused(json!({ "people": ids, "filter": "", "actions": suspend })).await.contains("`filter`"));
        let groups = json!([{ "kind": "addToGroups", "groups": ["no such group"] }]);
        assert!(refused(json!({ "people": ids, "actions": groups })).await.contains("no such group"));
        assert!(refused(json!({ "people": ids, "actions": [] })).await.contains("action"));
        assert!(refused(json!({ "people": ids, "actions": suspend, "until": "soon" })).await.contains("`until`"));
        assert!(refused(json!({ "people": ids, "actions": [{ "kind": "explode" }] })).await.contains("explode"));
    }
}
