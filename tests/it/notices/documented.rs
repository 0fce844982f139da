//! Every example of docs/webhooks.md is what the program sends, and every kind of message has one.

use rollcall::id::{Entropy, KeyId, RunId};
use rollcall::notify::message;
use rollcall::nouns::endpoint::Style;
use rollcall::nouns::notice::{EventKind, ItemCounts, Notice, Process, SyncCounts, TaskOutcome, What};
use rollcall::store::outbox::{self, Receiver};
use serde_json::Value;

use crate::support::app::{Engine, TestApp, population};

const DOCUMENT: &str = include_str!("../../../docs/webhooks.md");

#[tokio::test]
async fn every_example_is_what_is_sent() {
    let app = TestApp::start(Engine::Sqlite, &population(10, 5)).await;
    let (entropy, at) = (Entropy::seeded(3), "2026-11-24T00:00:00Z".parse().unwrap());
    let (key, run) = (KeyId::new(&entropy, at), RunId::new(&entropy, at));
    let process = |succeeded| Process {
        id: "p1".to_owned(),
        name: "Leavers".to_owned(),
        action_types: vec!["suspendUser".to_owned()],
        counts: ItemCounts { total: 1_000, succeeded, failed: 1_000 - succeeded, skipped: 0 },
        page: "/tasks/t1/runs/p1".to_owned(),
    };
    let task = |succeeded, outcome| What::TaskRun { task: "t1".to_owned(), process: process(succeeded), outcome };
    let operation = Process {
        id: "op_01".to_owned(),
        name: "Operation 12".to_owned(),
        page: "/operations/op_01".to_owned(),
        ..process(988)
    };
    let sealed = |withheld| What::SyncSealed {
        run: run.clone(),
        generation: 42,
        gaps: 0,
        withheld,
        changed: SyncCounts { added: 3, removed: 1, changed: 12 },
    };
    let expires_at = "2026-12-01T00:00:00Z".parse().unwrap();
    let expiring = What::KeyExpiring { key: key.clone(), name: "main".to_owned(), expires_at, days: 7 };
    let reason = "The organization is gone.".to_owned();
    let told = [
        (expiring.clone(), Style::Generic),
        (sealed(0), Style::Generic),
        (sealed(250), Style::Generic),
        (What::SyncFailed { run: run.clone(), reason }, Style::Generic),
        (What::OperationFinished { process: operation, outcome: "partial".to_owned() }, Style::Generic),
        (task(988, TaskOutcome::Partial), Style::Generic),
        (What::LicenceLimitNeared { managed: 187, capacity: 200, grace_until: None }, Style::Generic),
        (What::Test, Style::Generic),
        (expiring, Style::Automation),
        (task(988, TaskOutcome::Partial), Style::Automation),
        (task(1_000, TaskOutcome::Succeeded), Style::Automation),
    ];
    let examples: Vec<&str> =
        DOCUMENT.split("```json\n").skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect();
    assert_eq!(examples.len(), told.len());
    for (example, (what, style)) in examples.iter().zip(told) {
        let (notice, chance) = (Notice { at, what }, entropy.clone());
        let leased = app.mirror.store().write(move |tx| {
            outbox::put_for(tx, &notice, &[Receiver::Mail("a@example.com".to_owned())], &chance)?;
            let leased = outbox::take(tx, at)?.unwrap();
            outbox::settle(tx, &leased, (&outbox::Settled::Delivered, ""), at)?;
            Ok(leased)
        });
        let body = message::body(&leased.await.unwrap(), style, "https://rollcall.example.com");
        let body = body.replace(key.as_str(), "key_01").replace(run.as_str(), "run_01");
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), serde_json::from_str::<Value>(example).unwrap());
    }
    for event in EventKind::ALL {
        assert!(DOCUMENT.contains(&format!("| `{}` |", event.as_str())), "{} is missing", event.as_str());
    }
    app.stop().await;
}
