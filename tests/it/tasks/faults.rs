//! Rows of the list of faults that tasks have to survive: a key that may not, the end of a window, an author who is gone.

use rollcall::id::{AdministratorId, Entropy};
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::operation::OperationState;
use rollcall::nouns::schedule::DailySlot;
use rollcall::nouns::task::{AtEnd, Definition, TaskRunState};
use rollcall::sync::connect::EnteredKey;
use rollcall::sync::schedule;
use rollcall::tasks::keep::{self, NotKept};
use simulator::Answers;

use super::{HOUR, definition};
use crate::operations::ordinary;
use crate::support::app::{ENGINES, Engine, TestApp};

/// An organization, and a task that suspends so many people of it every day from 06:00 to 08:00.
async fn prepared(engine: Engine, people: usize) -> (TestApp, Definition) {
    let app = TestApp::ready(engine, 80, 33).await;
    schedule::choose(&app.context(), &app.mirror, DailySlot::Off, &app.surroundings.entropy).await.unwrap();
    let snapshot = app.now();
    let ids = ordinary(&app, people);
    let ids = ids.iter().map(|account| format!("id = \"{}\"", snapshot.account_id(*account).unwrap().as_str()));
    let text = format!("status = active AND ({})", ids.collect::<Vec<_>>().join(" OR "));
    let filter = app.save_filter("Some people", &text).await;
    (app, definition("Suspend some people", &filter))
}

async fn create(app: &TestApp, definition: &Definition) -> Result<rollcall::id::TaskId, NotKept> {
    keep::create(&app.context(), &app.mirror, (definition.clone(), true), &app.surroundings.entropy).await
}

/// Takes the run that is due up to where its operation is approved, and nothing is sent.
async fn begun(app: &TestApp) {
    for _ in 0..6 {
        app.look_at_tasks().await;
        let _ = rollcall::sync::worker::work_once(&app.mirror, &app.connector, &app.surroundings).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b15_a_task_that_the_keys_rights_do_not_allow_is_refused_when_saved_and_when_started() {
    for engine in ENGINES {
        let (app, wanted) = prepared(engine, 3).await;
        let task = create(&app, &wanted).await.unwrap();
        // What an operation has found out holds for tasks too.
        let id = app.plan_of(&ordinary(&app, 10)[5..], vec![directory::act::Action::Suspend]).await;
        app.approve(&id).await.unwrap();
        app.simulator.demote_api_key();
        assert!(app.act().await);
        let named = |name: &str| Definition {
            name: rollcall::nouns::saved_filter::Name::parse(name).unwrap(),
            ..wanted.clone()
        };
        let refused = create(&app, &named("Another")).await;
        assert!(
            matches!(&refused, Err(NotKept::Rights(why)) if why.contains("lacks a right")),
            "{engine:?} {refused:?}"
        );
        app.clock.advance(20 * HOUR);
        app.look_at_tasks().await;
        app.look_at_tasks().await;
        let run = app.task_runs(&task).await.remove(0);
        assert_eq!(run.state, TaskRunState::Failed, "{engine:?} {run:?}");
        assert!(run.reason.unwrap().contains("lacks a right"));
        assert_eq!(app.effects(), []);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b15_a_key_that_was_made_with_scopes_keeps_no_task() {
    let (app, wanted) = prepared(ENGINES[0], 2).await;
    app.simulator.set_answers(Answers { scoped_key_reaches_searches: true, ..Answers::default() });
    let entered = EnteredKey {
        base_url: app.simulator.base_url(),
        secret: app.simulator.api_key(),
        label: "Reporting (read only)".to_owned(),
        expires_at: None,
    };
    app.connector.save(&app.context(), entered).await.unwrap();
    let refused = create(&app, &wanted).await;
    assert!(matches!(&refused, Err(NotKept::Rights(why)) if why.contains("made with scopes")), "{refused:?}");
    app.replace_key().await;
    create(&app, &wanted).await.unwrap();
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_under_way_at_the_end_of_its_window_stops_before_its_next_change_where_that_is_chosen() {
    for engine in ENGINES {
        for (at_end, stops) in [(AtEnd::Stop, true), (AtEnd::GoOn, false)] {
            let (app, wanted) = prepared(engine, 3).await;
            let task = create(&app, &Definition { at_end, ..wanted }).await.unwrap();
            app.clock.advance(20 * HOUR);
            begun(&app).await;
            let run = app.task_runs(&task).await.remove(0);
            assert_eq!(run.state, TaskRunState::Acting, "{engine:?}");
            app.clock.advance(2 * HOUR);
            app.look_at_tasks().await;
            assert_eq!(app.operation(&run.operations[0]).await.state == OperationState::Cancelled, stops, "{engine:?}");
            app.settle_tasks().await;
            let run = app.task_runs(&task).await.remove(0);
            let sent = app.effects().len();
            match stops {
                true => {
                    assert_eq!((run.state, sent), (TaskRunState::Failed, 0), "{engine:?}");
                    assert_eq!(run.reason.as_deref(), Some("Stopped at the end of its time window."));
                }
                false => assert_eq!((run.state, sent), (TaskRunState::Succeeded, 3), "{engine:?}"),
            }
            app.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_whose_author_is_no_administrator_any_more_does_not_start() {
    for engine in ENGINES {
        let (app, wanted) = prepared(engine, 2).await;
        let id = AdministratorId::new(&Entropy::seeded(9), app.clock.now());
        let actor = Actor::Administrator { id, username: "gone".to_owned(), source: None };
        let context = Context { actor, now: app.clock.now() };
        let entropy = &app.surroundings.entropy;
        let task = keep::create(&context, &app.mirror, (wanted, true), entropy).await.unwrap();
        app.clock.advance(20 * HOUR);
        app.settle_tasks().await;
        let run = app.task_runs(&task).await.remove(0);
        assert_eq!(run.state, TaskRunState::Skipped, "{engine:?}");
        assert!(run.reason.unwrap().contains("may act no longer"));
        assert_eq!(app.effects(), []);
        app.stop().await;
    }
}
