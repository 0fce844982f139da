//! The demo's past: what its pages show was read by its syncs, day by day, and its end is the present.

use std::time::Duration;

use clock::Clock;
use directory::tiles::{self, Asked, Threshold};
use jiff::Timestamp;
use rollcall::app::past::{self, Past};
use rollcall::app::receiver::Receiver;
use rollcall::config::{Config, Flags};
use rollcall::id::Entropy;
use rollcall::mirror::mirrors::Mirrors;
use rollcall::mirror::trends;
use rollcall::notify::address::Allowed;
use rollcall::nouns::endpoint::DeliveryState;
use rollcall::nouns::notice::EventKind;
use rollcall::nouns::operation::{OperationKind, OperationState};
use rollcall::nouns::report::About;
use rollcall::nouns::run::{RunKind, RunState};
use rollcall::nouns::task::{Cause, TaskRunState};
use rollcall::operations::report;
use rollcall::store::db::Options;
use rollcall::store::{filters, outbox, reports, runs, seat_prices, task_runs, tasks};
use serde_json::Value;
use simulator::Population;

use crate::support::truth::differences;

fn now() -> Timestamp {
    "2026-11-20T14:30:00Z".parse().unwrap()
}

#[tokio::test]
async fn a_past_was_read_day_by_day_and_ends_in_the_present() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::read(Flags { data: Some(folder.path().to_owned()), database: None }).unwrap();
    config.database = None;
    config.key_file = folder.path().join("demo-sealing.key");
    config.make_data_folder().unwrap();
    let population = Population { users: 120, seed: 5, ..Population::default() };
    config.notices_allowed = Allowed::parse("127.0.0.1").unwrap();
    let receiver = Receiver::start(Clock::system(), &Entropy::seeded(5)).await.unwrap();
    let arrived = past::live(&config, &population, (Past { days: 130, every: 1 }, &receiver), now()).await.unwrap();

    let mirrors = Mirrors::open(config.databases(), Options::new(Clock::simulated(now()))).await.unwrap();
    let mirror = mirrors.only().unwrap();
    let snapshot = mirror.current();
    assert_eq!(differences(&snapshot, &arrived.organization.truth()), Vec::<String>::new(), "the newest sync saw now");
    let age = now().duration_since(snapshot.sealed_at());
    assert!(!age.is_negative() && age.unsigned_abs() < Duration::from_secs(360), "sealed {age:?} ago");

    let (zone, threshold, newest) = (mirror.zone(), Threshold::DEFAULT, snapshot.clone());
    let today = trends::day_of(now(), &zone);
    let (trend, all, kept, prices) = mirror
        .store()
        .read(move |tx| {
            let prices = seat_prices::all(tx)?;
            let asked = trends::Asked { app: None, site: None, threshold };
            let trend = trends::read(tx, (&newest, &prices), asked, (today, 6))?;
            Ok((trend, runs::list(tx, None, 1000)?, filters::all(tx)?, prices))
        })
        .await
        .unwrap();
    assert!(trend.samples.len() > 100, "{} days", trend.samples.len());
    let last = trend.samples.last().unwrap();
    let shown = tiles::tiles(&snapshot, None, Asked { threshold, now: snapshot.sealed_at(), zone: &zone });
    assert_eq!((last.day, last.seats, last.people), (today, shown.seats, Some(shown.people)));
    assert_ne!(trend.samples[0].seats, last.seats, "something happened in these months");
    assert!(!last.cost.is_empty() && !kept.is_empty() && !prices.0.is_empty());

    let operations = report::list(&mirror, Default::default(), (None, 50)).await.unwrap();
    let (of_tasks, by_hand): (Vec<_>, Vec<_>) = operations.iter().partition(|one| one.kind == OperationKind::Task);
    let ended: Vec<_> = by_hand.iter().map(|one| (one.kind, one.state)).collect();
    let succeeded = OperationState::Succeeded;
    assert!(of_tasks.iter().any(|one| one.state == succeeded), "a task of the past was carried out");
    let tasks = mirror.store().read(tasks::list).await.unwrap();
    let mut states = Vec::new();
    for task in &tasks {
        let id = task.id.clone();
        let runs = mirror.store().read(move |tx| task_runs::of_task(tx, &id, 50)).await.unwrap();
        assert!(!runs.is_empty(), "{} has run", task.definition.name.as_str());
        states.extend(runs.into_iter().map(|run| (run.cause, run.state)));
    }
    for seen in [
        (Cause::DryRun, TaskRunState::Succeeded),
        (Cause::Schedule, TaskRunState::Succeeded),
        (Cause::Schedule, TaskRunState::Held),
    ] {
        assert!(states.contains(&seen), "{seen:?} in {states:?}");
    }
    let waits = (OperationKind::Feed, OperationState::Waiting);
    assert_eq!(ended, [waits, (OperationKind::Undo, succeeded), (OperationKind::Operation, succeeded)]);
    // Its webhooks were told over HTTP, and whoever plays their other side believed every message.
    let log = mirror.store().read(|tx| outbox::newest(tx, i64::MAX, 1000)).await.unwrap();
    assert!(log.iter().all(|delivery| delivery.state == DeliveryState::Delivered), "{log:?}");
    let of = |event| log.iter().filter(|delivery| delivery.event == event).count();
    assert_eq!((of(EventKind::Test), of(EventKind::OperationFinished)), (1, 2), "{log:?}");
    assert!(of(EventKind::TaskSucceeded) > 0, "the tasks of its last weeks were told of: {log:?}");
    let reports = mirror.store().read(reports::list).await.unwrap();
    let abouts: Vec<_> = reports.iter().map(|report| matches!(report.draft.about, About::Dashboard)).collect();
    assert!(abouts.len() == 2 && abouts.contains(&true) && abouts.contains(&false), "{reports:?}");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let got: Vec<Value> = client.get(receiver.page()).send().await.unwrap().json().await.unwrap();
    assert_eq!(got.len(), log.len().min(100), "it keeps as many as that");
    let is_undo = |one: &Value| one["message"]["data"]["name"].as_str().is_some_and(|name| name.starts_with("Undo "));
    assert!(got.iter().any(|one| is_undo(one) && one["to"] == "the program"), "{got:?}");
    let forged = client.post(receiver.program().0).body("{}").send().await.unwrap();
    assert_eq!(forged.status().as_u16(), 401);

    assert!(all.iter().all(|run| run.state == RunState::Sealed), "{all:?}");
    assert!(all.iter().filter(|run| run.kind == RunKind::Daily).count() > 100);
    let found = |of: fn(&directory::Counts) -> u64| {
        let later = all.iter().filter(|run| run.kind != RunKind::Initial);
        later.filter_map(|run| run.counts.as_ref()).map(of).sum::<u64>()
    };
    assert!(found(|counts| counts.people_added) > 5 && found(|counts| counts.memberships_removed) > 5);
    assert!(found(|counts| counts.presence_changed + counts.people_changed) > 3);

    // A demo that was kept goes on with the same people.
    let again = past::again(&config, &population, now()).unwrap();
    assert_eq!(again.truth().users.len(), arrived.organization.truth().users.len());
    assert_eq!(differences(&snapshot, &again.truth()), Vec::<String>::new());
    mirrors.close().await;
}

#[test]
fn the_larger_the_organization_the_fewer_syncs_its_past_has() {
    assert_eq!(Past::of(2_000, None), Past { days: 182, every: 1 });
    assert_eq!(Past::of(2_000, Some(30)), Past { days: 30, every: 1 });
    let large = Past::of(20_000, None);
    assert!(large.days == 182 && large.every > 7, "{large:?}");
    assert_eq!(Past::of(1_000_000, None).days, 0, "the present alone takes long enough");
    assert_eq!(Past::of(10, Some(0)).days, 0);
}
