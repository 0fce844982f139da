//! The audit log's stream: off until somebody switches it on, read on where it was left, whom it names is read targeted,
//! and whatever becomes of it, nothing else waits for it.

use rollcall::nouns::audit_stream::{AuditStream, StreamState};
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::run::{Run, RunKind};
use rollcall::nouns::scope::{Scope, Targets};
use rollcall::store::{audit_stream, events, runs};
use rollcall::sync::request::Asked;
use rollcall::sync::stream::{self, NotPolled, Polled};
use simulator::{Answers, AuditAvailability, Fault, FaultKind};
use std::time::Duration;

use crate::support::app::{ENGINES, Engine, TestApp, population};

const STREAM: &str = "events-stream";

async fn switch(app: &TestApp, on: bool) {
    let context = Context { actor: Actor::CommandLine, now: app.clock.now() };
    stream::choose(&context, &app.mirror, on, &app.surroundings.entropy).await.unwrap();
}

async fn probe(app: &TestApp) -> Result<StreamState, NotPolled> {
    let client = app.connector.client_of(&app.mirror).await.unwrap();
    stream::probe(&app.mirror, &client, app.clock.now()).await
}

async fn poll(app: &TestApp) -> Result<Polled, NotPolled> {
    let client = app.connector.client_of(&app.mirror).await.unwrap();
    stream::poll_once(&app.mirror, &client, app.clock.now()).await
}

/// Asks for a read of those whom the stream named.
async fn read(app: &TestApp) -> Option<Run> {
    let asked = stream::start_reads(&app.mirror, app.clock.now(), &app.surroundings.entropy).await.unwrap();
    let Some(Asked::Queued(id)) = asked else { return None };
    app.mirror.store().read(move |tx| runs::find(tx, &id)).await.unwrap()
}

async fn known(app: &TestApp) -> Option<AuditStream> {
    app.mirror.store().read(audit_stream::find).await.unwrap()
}

async fn waiting(app: &TestApp) -> u64 {
    app.mirror.store().read(audit_stream::waiting).await.unwrap()
}

fn after(app: &TestApp, seconds: u64) {
    assert!(app.clock.advance(Duration::from_secs(seconds)));
}

/// An organization that was read once and whose stream is followed from now on.
async fn followed(engine: Engine, seed: u64) -> TestApp {
    let app = TestApp::start(engine, &population(40, seed)).await;
    app.work().await.unwrap();
    assert_eq!(probe(&app).await.unwrap(), StreamState::Available(String::new()));
    switch(&app, true).await;
    assert_eq!(poll(&app).await.unwrap(), Polled::Read { events: 0, after_gap: false });
    after(&app, 30);
    app
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_the_stream_names_is_read_targeted_once_they_are_quiet() {
    for engine in ENGINES {
        let app = followed(engine, 51).await;
        let truth = app.truth();
        let (group, account) = truth.memberships.first().unwrap().clone();
        app.simulator.change(|organization| organization.remove_member(&group, &account)).unwrap();
        app.simulator.change(|organization| organization.rename(&account, "Ada Renamed")).unwrap();
        assert_eq!(poll(&app).await.unwrap(), Polled::Read { events: 2, after_gap: false });
        assert_eq!(waiting(&app).await, 2, "each once");
        assert_eq!(read(&app).await, None, "they may still be changing");
        after(&app, 5);
        let run = read(&app).await.unwrap();
        assert_eq!(run.kind, RunKind::Stream);
        let Scope::Targeted(Targets { people, groups }) = run.scope else { panic!("{:?}", run.scope) };
        assert_eq!(people.iter().map(|id| id.as_str()).collect::<Vec<_>>(), [account.as_str()]);
        assert_eq!(groups.iter().map(|id| id.as_str()).collect::<Vec<_>>(), [group.as_str()]);
        assert_eq!(waiting(&app).await, 0);

        // While that read is under way, whoever else is named waits for the next.
        after(&app, 30);
        app.simulator.change(|organization| organization.rename(&account, "Ada Again")).unwrap();
        assert_eq!(poll(&app).await.unwrap(), Polled::Read { events: 1, after_gap: false });
        after(&app, 10);
        assert_eq!((read(&app).await, waiting(&app).await), (None, 1));

        // Both reads are carried out, and the mirror is as the organization is.
        app.work().await.unwrap();
        let second = read(&app).await.unwrap();
        app.work().await.unwrap();
        assert_eq!(app.differences(), Vec::<String>::new());
        let sealed = app.mirror.store().read(move |tx| runs::find(tx, &second.id)).await.unwrap().unwrap();
        assert!(sealed.generation.is_some(), "{sealed:?}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_poll_once_between_them_and_neither_too_often() {
    for engine in ENGINES {
        let app = followed(engine, 52).await;
        let node = app.another_node().await;
        let client = node.connector.client_of(&node.mirror).await.unwrap();
        let other = stream::poll_once(&node.mirror, &client, app.clock.now());
        assert_eq!(other.await.unwrap(), Polled::Read { events: 0, after_gap: false });
        assert_eq!(poll(&app).await.unwrap(), Polled::NotDue);
        after(&app, 24);
        assert_eq!(poll(&app).await.unwrap(), Polled::NotDue);
        after(&app, 1);
        assert_eq!(poll(&app).await.unwrap(), Polled::Read { events: 0, after_gap: false });
        node.mirrors.close().await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_events_is_read_page_by_page_and_its_place_is_kept() {
    let app = followed(Engine::Sqlite, 53).await;
    let accounts: Vec<String> = app.truth().users.iter().map(|user| user.account_id.clone()).collect();
    for number in 0..1_100 {
        let account = &accounts[number % accounts.len()];
        app.simulator.change(|organization| organization.rename(account, &format!("Name {number}"))).unwrap();
    }
    app.simulator.clear_ledger();
    // The second page does not come: what the first one named is kept, and the next poll goes on behind it.
    app.simulator.set_faults(vec![Fault::on(STREAM, FaultKind::Garbage).attempts(2..=7)]);
    assert!(matches!(poll(&app).await, Err(NotPolled::Upstream(_))));
    assert_eq!(waiting(&app).await, accounts.len() as u64);
    after(&app, 30);
    app.simulator.set_faults(Vec::new());
    assert_eq!(poll(&app).await.unwrap(), Polled::Read { events: 600, after_gap: false });
    assert_eq!(waiting(&app).await, accounts.len() as u64, "each once, however often they are named");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_that_is_lost_is_noted_and_the_stream_begun_anew() {
    for engine in ENGINES {
        let app = followed(engine, 54).await;
        app.simulator.set_faults(vec![Fault::on(STREAM, FaultKind::ExpireCursor)]);
        assert_eq!(poll(&app).await.unwrap(), Polled::Read { events: 0, after_gap: true });
        let stream = known(&app).await.unwrap();
        let StreamState::Available(gap) = &stream.state else { panic!("{stream:?}") };
        assert!(gap.contains("between 20 Nov 2026") && gap.contains("daily sync"), "{gap}");
        assert!(stream.next_cursor.is_some());
        let told = app.mirror.store().read(|tx| events::newest(tx, i64::MAX, 1)).await.unwrap();
        assert_eq!(told[0].kind, "audit_stream.gap");
        after(&app, 30);
        assert_eq!(poll(&app).await.unwrap(), Polled::Read { events: 0, after_gap: false });
        app.assert_sound().await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_without_the_log_is_told_apart_from_an_outage() {
    let app = TestApp::start(Engine::Sqlite, &population(30, 55)).await;
    app.work().await.unwrap();
    assert_eq!(poll(&app).await.unwrap(), Polled::NotDue, "nobody has asked yet whether there is one");
    app.simulator.set_faults(vec![Fault::on(STREAM, FaultKind::status(503)).always()]);
    assert!(matches!(probe(&app).await, Err(NotPolled::Upstream(_))));
    assert_eq!(known(&app).await, None, "an outage says nothing about the plan");
    app.simulator.set_faults(Vec::new());
    app.simulator.set_answers(Answers { audit_log: AuditAvailability::Forbidden, ..Answers::default() });
    let StreamState::Refused(reason) = probe(&app).await.unwrap() else { panic!("it may not be read") };
    assert!(reason.contains("Atlassian Guard"), "{reason}");
    switch(&app, true).await;
    assert_eq!(poll(&app).await.unwrap(), Polled::NotDue);

    // The plan changes; and back.
    app.simulator.set_answers(Answers::default());
    probe(&app).await.unwrap();
    assert!(matches!(poll(&app).await.unwrap(), Polled::Read { .. }));
    after(&app, 30);
    app.simulator.set_answers(Answers { audit_log: AuditAvailability::Forbidden, ..Answers::default() });
    assert!(matches!(poll(&app).await.unwrap(), Polled::Refused(reason) if reason.contains("Atlassian Guard")));
    assert!(matches!(known(&app).await.unwrap().state, StreamState::Refused(_)));
    app.sync().await.unwrap();
    assert_eq!(app.gaps().await, Vec::<String>::new(), "a sync does not need it");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_is_honoured_by_every_process() {
    let app = followed(Engine::Sqlite, 56).await;
    let limited = FaultKind::RateLimited { retry_after: Some("1800".to_owned()), reset: None };
    app.simulator.set_faults(vec![Fault::on(STREAM, limited).always()]);
    let begun = app.clock.now();
    let Err(NotPolled::Upstream(error)) = poll(&app).await else { panic!("it is throttled") };
    let until = error.retry_at().unwrap();
    assert!(until.duration_since(begun).as_secs() >= 1800, "{until}");
    app.simulator.set_faults(Vec::new());
    after(&app, 1700);
    assert_eq!(poll(&app).await.unwrap(), Polled::NotDue);
    after(&app, 130);
    assert!(matches!(poll(&app).await.unwrap(), Polled::Read { .. }));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn off_is_off_and_on_begins_anew() {
    let app = followed(Engine::Sqlite, 57).await;
    let account = app.truth().users[0].account_id.clone();
    app.simulator.change(|organization| organization.rename(&account, "Ada")).unwrap();
    poll(&app).await.unwrap();
    after(&app, 30);
    switch(&app, false).await;
    assert_eq!((waiting(&app).await, read(&app).await), (0, None), "nobody is read who was named before");
    assert_eq!(known(&app).await.unwrap().next_cursor, None);
    // An hour later the change is long past.
    after(&app, 3600);
    switch(&app, true).await;
    assert_eq!(poll(&app).await.unwrap(), Polled::Read { events: 0, after_gap: false });
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_asks_once_whether_there_is_a_log_and_follows_it_when_it_is_switched_on() {
    let app = TestApp::start(Engine::Sqlite, &population(40, 58)).await;
    app.work().await.unwrap();
    let watch = stream::watch(app.mirror.clone(), app.connector.clone(), app.surroundings.clone());
    let watching = tokio::spawn(watch);
    let limit = app.clock.elapsed() + Duration::from_secs(3600);
    while known(&app).await.is_none() {
        assert!(app.clock.elapsed() < limit, "it never asked");
        app.clock.sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(known(&app).await.unwrap().polled_at, None, "it is off");
    switch(&app, true).await;
    let account = app.truth().users[0].account_id.clone();
    app.simulator.change(|organization| organization.rename(&account, "Ada Renamed")).unwrap();
    let run = loop {
        let run = app.run().await;
        if run.kind == RunKind::Stream {
            break run;
        }
        assert!(app.clock.elapsed() < limit, "nothing was read: {run:?}");
        app.clock.sleep(Duration::from_secs(1)).await;
    };
    watching.abort();
    assert!(watching.await.unwrap_err().is_cancelled());
    let Scope::Targeted(Targets { people, .. }) = run.scope else { panic!("{:?}", run.scope) };
    assert_eq!(people.iter().map(|id| id.as_str()).collect::<Vec<_>>(), [account.as_str()]);
    app.stop().await;
}
