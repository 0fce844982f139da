//! The daily sync: once per slot, caught up once, never beside another run, never when it is off.

use std::time::Duration;

use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::run::RunKind;
use rollcall::nouns::schedule::DailySlot;
use rollcall::store::{events, runs};
use rollcall::sync::request::Asked;
use rollcall::sync::schedule;

use crate::support::app::{ENGINES, TestApp, population};

const HOUR: Duration = Duration::from_secs(3600);

/// Looks whether a daily sync is due, as the worker does every second.
async fn look(app: &TestApp) -> Option<Asked> {
    schedule::start_when_due(&app.mirror, app.clock.now(), &app.surroundings.entropy).await.unwrap()
}

async fn choose(app: &TestApp, slot: DailySlot) {
    let context = Context { actor: Actor::CommandLine, now: app.clock.now() };
    schedule::choose(&context, &app.mirror, slot, &app.surroundings.entropy).await.unwrap();
}

/// The kinds of all runs, oldest first.
async fn kinds(app: &TestApp) -> Vec<RunKind> {
    let mut listed = app.mirror.store().read(|tx| runs::list(tx, None, 100)).await.unwrap();
    listed.reverse();
    listed.iter().map(|run| run.kind).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daily_sync_starts_once_when_its_slot_begins() {
    for engine in ENGINES {
        // The organization's zone is Europe/Berlin and the test's day begins at 10:00 there; the slot is at 03:00.
        let app = TestApp::start(engine, &population(40, 21)).await;
        app.work().await.unwrap();
        assert_eq!(look(&app).await, None, "today's slot was over before the organization was connected");
        app.clock.advance(16 * HOUR);
        assert_eq!(look(&app).await, None, "it is 02:00");
        app.clock.advance(HOUR);
        let Some(Asked::Queued(first)) = look(&app).await else {
            panic!("{engine:?}: it is 03:00 and nothing started")
        };
        assert_eq!(look(&app).await, None, "it was started");
        app.work().await.unwrap();
        app.clock.advance(HOUR);
        assert_eq!(look(&app).await, None, "once per slot");
        assert_eq!(kinds(&app).await, [RunKind::Initial, RunKind::Daily]);
        let sealed = app.mirror.store().read(move |tx| runs::find(tx, &first)).await.unwrap().unwrap();
        assert_eq!(sealed.generation, Some(2));

        // Three days without a server: caught up once.
        app.clock.advance(72 * HOUR);
        assert!(matches!(look(&app).await, Some(Asked::Queued(_))));
        app.work().await.unwrap();
        assert_eq!(look(&app).await, None);

        // A run that somebody started holds the place; the daily one follows when it is over.
        app.clock.advance(23 * HOUR);
        app.ask().await;
        assert!(matches!(look(&app).await, Some(Asked::Held(_))));
        app.work().await.unwrap();
        assert!(matches!(look(&app).await, Some(Asked::Queued(_))));
        app.work().await.unwrap();

        // Off is off; a slot that is chosen starts with its next beginning.
        choose(&app, DailySlot::Off).await;
        app.clock.advance(48 * HOUR);
        assert_eq!(look(&app).await, None);
        choose(&app, DailySlot::Hour(3)).await;
        assert_eq!(look(&app).await, None, "the slot began before it was chosen");
        app.clock.advance(24 * HOUR);
        assert!(matches!(look(&app).await, Some(Asked::Queued(_))));
        assert!(app.mirror.store().read(events::verify).await.unwrap().is_ok());
        app.stop().await;
    }
}
