//! What a task's run puts into the outbox, and what its report says: every item done, some, none; each once.

use rollcall::notify::address::{Allowed, Lookup};
use rollcall::notify::{Notifier, endpoints};
use rollcall::nouns::endpoint::{Draft, Style};
use rollcall::nouns::notice::EventKind;
use rollcall::nouns::schedule::DailySlot;
use rollcall::nouns::task::{Cause, TaskRunState};
use rollcall::store::error::StoreError;
use rollcall::store::organization_keys::SealingKey;
use rollcall::store::outbox;
use rollcall::sync::schedule;
use rollcall::tasks::{keep, report};
use simulator::{Fault, FaultKind};

use super::{HOUR, definition};
use crate::operations::ordinary;
use crate::support::app::{ENGINES, TestApp};

async fn told(app: &TestApp) -> Vec<EventKind> {
    let read = app.mirror.store().read(|tx| outbox::newest(tx, i64::MAX, 100));
    let mut told: Vec<EventKind> = read.await.unwrap().into_iter().map(|delivery| delivery.event).collect();
    told.reverse();
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w7_a_run_tells_once_how_it_ended_and_partial_success_is_told_apart() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 80, 34).await;
        let entropy = &app.surroundings.entropy;
        schedule::choose(&app.context(), &app.mirror, DailySlot::Off, entropy).await.unwrap();
        let chance = (app.clock.clone(), entropy.clone());
        let reach = (Allowed::parse("127.0.0.1").unwrap(), Lookup::Machine);
        let notifier = Notifier::new(chance, SealingKey::new([7; 32]), reach, (None, &[])).unwrap();
        let draft = Draft {
            name: "Program".to_owned(),
            address: "http://127.0.0.1:9/".to_owned(),
            style: Style::Generic,
            events: EventKind::ALL.into_iter().filter(|kind| kind.as_str().starts_with("task.")).collect(),
            key_days: vec![7],
            notes: String::new(),
            active: true,
        };
        endpoints::save(&app.context(), &app.mirror, &notifier, (None, draft), "").await.unwrap();
        let snapshot = app.now();
        let ids: Vec<String> =
            ordinary(&app, 3).iter().map(|account| snapshot.account_id(*account).unwrap().to_string()).collect();
        let text = ids.iter().map(|id| format!("id = \"{id}\"")).collect::<Vec<_>>().join(" OR ");
        let filter = app.save_filter("Three", &format!("status = active AND ({text})")).await;
        let task = app.create_task(definition("Suspend three", &filter)).await;

        // One of three cannot be suspended, for reasons of Atlassian's.
        let refused = Fault { subject: Some(ids[1].clone()), ..Fault::on("suspend", FaultKind::status(400)).always() };
        app.simulator.set_faults(vec![refused]);
        app.clock.advance(20 * HOUR);
        app.settle_tasks().await;
        let run = app.task_runs(&task).await.remove(0);
        assert_eq!(run.state, TaskRunState::Partial, "{engine:?} {run:?}");
        assert_eq!(told(&app).await, [EventKind::TaskPartial], "{engine:?}");
        let found = report::report(&app.mirror, &run.id).await.unwrap().unwrap();
        assert_eq!((found.counts.total, found.counts.succeeded, found.counts.failed), (3, 2, 1), "{engine:?}");
        let kinds: Vec<&str> = found.log.iter().map(|entry| entry.kind.as_str()).collect();
        assert!(kinds.contains(&"task.began") && kinds.ends_with(&["task.partial"]), "{kinds:?}");

        let mut text = String::new();
        let whole = report::json(&app.mirror, &found, |piece| {
            text.push_str(piece);
            Ok::<(), StoreError>(())
        });
        whole.await.unwrap();
        let whole: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(whole["operations"][0]["items"].as_array().unwrap().len(), 3, "{whole}");
        let mut csv = String::new();
        let rows = report::csv(&app.mirror, &found, |piece| {
            csv.push_str(piece);
            Ok::<(), StoreError>(())
        });
        rows.await.unwrap();
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        assert_eq!(reader.records().filter(|record| record.as_ref().unwrap().len() == 15).count(), 3, "{csv}");

        // What failed is found again by the next run, and the others are not.
        app.simulator.set_faults(Vec::new());
        app.ask().await;
        app.work().await.unwrap();
        keep::run_now(&app.context(), &app.mirror, (&task, Cause::Person), (None, entropy)).await.unwrap();
        app.settle_tasks().await;
        assert_eq!(app.task_runs(&task).await[0].confirmed, 1, "{engine:?}");
        assert_eq!(told(&app).await, [EventKind::TaskPartial, EventKind::TaskSucceeded]);

        // A dry run is told to nobody; old data ends in a failure that is.
        keep::run_now(&app.context(), &app.mirror, (&task, Cause::DryRun), (None, entropy)).await.unwrap();
        app.settle_tasks().await;
        assert_eq!(told(&app).await.len(), 2);
        app.clock.advance(48 * HOUR);
        app.settle_tasks().await;
        assert_eq!(told(&app).await.last(), Some(&EventKind::TaskFailed), "{engine:?}");
        app.stop().await;
    }
}
