//! Notices leave the house: signed, in order, once or again under the same id, to no address that is not allowed, and by
//! mail. On both engines.

mod documented;
mod expiry;
mod facts;
mod mail;
mod reports;
mod webhooks;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rollcall::id::EndpointId;
use rollcall::notify::address::{Allowed, Lookup};
use rollcall::notify::worker::deliver_once;
use rollcall::notify::{Notifier, endpoints};
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::endpoint::{Delivery, Draft, Style};
use rollcall::nouns::notice::{EventKind, ItemCounts, Notice, Process, TaskOutcome, What};
use rollcall::store::organization_keys::SealingKey;
use rollcall::store::outbox;

use crate::support::app::{Engine, TestApp, population};

async fn start(engine: Engine) -> TestApp {
    TestApp::start(engine, &population(10, 5)).await
}

fn notifier_with(app: &TestApp, allowed: &str, names: &[(&str, &str)]) -> Notifier {
    let names: BTreeMap<String, Vec<IpAddr>> =
        names.iter().map(|(name, ip)| ((*name).to_owned(), vec![ip.parse().unwrap()])).collect();
    let given = (Allowed::parse(allowed).unwrap(), Lookup::Given(Arc::new(names)));
    let surroundings = &app.surroundings;
    let chance = (app.clock.clone(), surroundings.entropy.clone());
    Notifier::new(chance, SealingKey::new([7; 32]), given, (None, &[])).unwrap()
}

pub(crate) fn notifier(app: &TestApp) -> Notifier {
    notifier_with(app, "127.0.0.1", &[])
}

fn context(app: &TestApp) -> Context {
    Context { actor: Actor::CommandLine, now: app.clock.now() }
}

pub(crate) fn draft(address: &str, style: Style, events: &[EventKind]) -> Draft {
    Draft {
        name: "Receiver".to_owned(),
        address: address.to_owned(),
        style,
        events: events.to_vec(),
        key_days: vec![7],
        notes: String::new(),
        active: true,
    }
}

pub(crate) async fn make(app: &TestApp, notifier: &Notifier, draft: Draft, secret: &str) -> EndpointId {
    endpoints::save(&context(app), &app.mirror, notifier, (None, draft), secret).await.unwrap().0
}

async fn put(app: &TestApp, what: What) {
    let (notice, entropy) = (Notice { at: app.clock.now(), what }, app.surroundings.entropy.clone());
    app.mirror.store().write(move |tx| outbox::put(tx, &notice, &entropy)).await.unwrap();
}

fn task_run(task: &str, process: &str, outcome: TaskOutcome) -> What {
    let process = Process {
        id: process.to_owned(),
        name: "Leavers".to_owned(),
        action_types: vec!["suspendUser".to_owned()],
        counts: ItemCounts { total: 1_000, succeeded: 988, failed: 12, skipped: 0 },
        page: format!("/tasks/{task}/runs/{process}"),
    };
    What::TaskRun { task: task.to_owned(), process, outcome }
}

/// Delivers what is due; how many there were.
pub(crate) async fn deliver_all(app: &TestApp, notifier: &Notifier) -> usize {
    let mut sent = 0;
    while deliver_once(&app.mirror, notifier).await.unwrap() {
        sent += 1;
        assert!(sent < 1_000, "it never ends");
    }
    sent
}

async fn log(app: &TestApp) -> Vec<Delivery> {
    app.mirror.store().read(|tx| outbox::newest(tx, i64::MAX, 100)).await.unwrap()
}

fn advance(app: &TestApp, seconds: u64) {
    assert!(app.clock.advance(Duration::from_secs(seconds)));
}
