//! Automated tasks over the API.

use reqwest::Method;
use serde_json::{Value, json};

use super::Served;
use crate::support::app::{ENGINES, TestApp};
use crate::tasks::definition;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_are_listed_tried_run_once_and_switched() {
    for engine in ENGINES {
        let served = Served::of(TestApp::ready(engine, 60, 75).await).await;
        let app = &served.app;
        let slot = rollcall::nouns::schedule::DailySlot::Off;
        rollcall::sync::schedule::choose(&app.context(), &app.mirror, slot, &app.surroundings.entropy).await.unwrap();
        assert_eq!(served.get("/tasks", &[]).await.body, json!({ "tasks": [] }));
        let snapshot = app.now();
        let person = crate::operations::ordinary(app, 1)[0];
        let text = format!("status = active AND id = \"{}\"", snapshot.account_id(person).unwrap().as_str());
        let filter = app.save_filter("One", &text).await;
        let task = app.create_task(definition("Suspend one", &filter)).await;
        let path = format!("/tasks/{task}");

        let shown = served.get(&path, &[]).await;
        assert_eq!(shown.body["name"], "Suspend one", "{}", shown.text);
        assert_eq!(shown.body["stages"][0]["actions"][0]["type"], "suspendUser");
        assert_eq!(shown.body["next_run"], "2026-11-21T05:00:00Z");
        assert_eq!(served.get("/tasks", &[]).await.body["tasks"][0], shown.body);
        assert_eq!(served.get("/tasks/task_00000000000000000000000000", &[]).await.status, 404);

        let tried = served.post(&format!("{path}/dry-run"), &json!({})).await;
        assert_eq!((tried.status, &tried.body["cause"]), (202, &json!("dry_run")), "{}", tried.text);
        app.settle_tasks().await;
        let key = "the-same-request";
        let first = served.post_once(&format!("{path}/run"), &json!({}), key).await;
        let second = served.post_once(&format!("{path}/run"), &json!({}), key).await;
        let third = served.post(&format!("{path}/run"), &json!({})).await;
        let id = first.body["id"].as_str().unwrap().to_owned();
        assert_eq!((&second.body["id"], &third.body["id"]), (&json!(id), &json!(id)), "one run at a time");
        app.settle_tasks().await;
        assert_eq!(app.effects().len(), 1, "{engine:?}");
        let run = served.get(&format!("/task-runs/{id}"), &[]).await;
        assert_eq!(
            (&run.body["run"]["state"], &run.body["succeeded"]),
            (&json!("succeeded"), &json!(1)),
            "{}",
            run.text
        );
        assert!(run.body["log"].as_array().unwrap().iter().any(|line| line["kind"] == "task.succeeded"));

        let page = served.get(&format!("{path}/runs"), &[("limit", "1")]).await.body;
        assert_eq!(page["runs"][0]["id"], json!(id));
        let cursor = page["next"].as_str().unwrap();
        let rest = served.get(&format!("{path}/runs"), &[("limit", "1"), ("cursor", cursor)]).await.body;
        assert_eq!(rest["runs"][0]["cause"], "dry_run");

        let switch = async |active: Value| {
            let request = served.request(Method::PUT, &format!("{path}/schedule")).bearer_auth(&served.token);
            served.send(request.json(&json!({ "active": active }))).await
        };
        let off = switch(json!(false)).await;
        assert_eq!((off.status, &off.body["why"]), (200, &json!("Schedule Active is off.")), "{}", off.text);
        assert_eq!(switch(json!("no")).await.problem(), "invalid");
        assert_eq!(switch(json!(true)).await.body["schedule_active"], true);
        served.end().await;
    }
}
