//! Runs of tasks from their start to their end.

use rollcall::id::{FilterId, TaskId};
use rollcall::mirror::filters::{self, NotKept as FilterNotKept};
use rollcall::nouns::operation::OperationState;
use rollcall::nouns::saved_filter::Audience;
use rollcall::nouns::schedule::DailySlot;
use rollcall::nouns::task::{Cause, TaskGuards, TaskRunState};
use rollcall::sync::schedule;
use rollcall::tasks::{keep, scheduler};

use super::{HOUR, definition};
use crate::operations::ordinary;
use crate::support::app::{ENGINES, TestApp};

/// An organization with a filter that finds so many ordinary people, and a task that suspends them.
async fn with_task(engine: crate::support::app::Engine, people: usize) -> (TestApp, FilterId, TaskId) {
    let app = TestApp::ready(engine, 80, 31).await;
    schedule::choose(&app.context(), &app.mirror, DailySlot::Off, &app.surroundings.entropy).await.unwrap();
    let snapshot = app.now();
    let ids: Vec<String> = ordinary(&app, people)
        .iter()
        .map(|account| format!("id = \"{}\"", snapshot.account_id(*account).unwrap().as_str()))
        .collect();
    let text = format!("status = active AND ({})", ids.join(" OR "));
    let filter = app.save_filter("Idle people", &text).await;
    let task = app.create_task(definition("Suspend idle people", &filter)).await;
    (app, filter, task)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w6_a_task_starts_when_due_acts_on_whom_it_found_twice_and_its_results_are_kept() {
    for engine in ENGINES {
        let (app, _, task) = with_task(engine, 4).await;
        app.settle_tasks().await;
        assert!(
            app.task_runs(&task).await.is_empty(),
            "{engine:?}: it is 10:00, and the task is younger than its start"
        );
        // 06:00 of the next day.
        app.clock.advance(20 * HOUR);
        app.settle_tasks().await;
        let runs = app.task_runs(&task).await;
        let [run] = runs.as_slice() else { panic!("{engine:?}: {runs:?}") };
        assert_eq!((run.state, run.cause, run.confirmed), (TaskRunState::Succeeded, Cause::Schedule, 4), "{run:?}");
        assert_eq!(app.effects().len(), 4);
        app.settle_tasks().await;
        assert_eq!(app.task_runs(&task).await.len(), 1, "once for each day");
        app.assert_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w6_a_guard_that_trips_holds_the_run_and_nothing_is_sent_until_somebody_approves() {
    let (app, filter, task) = with_task(ENGINES[0], 4).await;
    let small = TaskGuards { people: 3, percent: 0 };
    let guarded = rollcall::nouns::task::Definition { guards: small, ..definition("Suspend idle people", &filter) };
    keep::edit(&app.context(), &app.mirror, (&task, guarded, true), &app.surroundings.entropy).await.unwrap();
    app.clock.advance(20 * HOUR);
    app.settle_tasks().await;
    let run = app.task_runs(&task).await.remove(0);
    assert_eq!((run.state, run.version), (TaskRunState::Held, 2));
    assert_eq!(run.reason.as_deref(), Some("Stopped by its guard: it would change 4 people, and 3 are allowed."));
    assert_eq!(app.effects().len(), 0);
    app.approve(&run.operations[0]).await.unwrap();
    app.settle_tasks().await;
    assert_eq!(app.task_runs(&task).await[0].state, TaskRunState::Succeeded);
    assert_eq!(app.effects().len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c16_days_without_a_server_are_caught_up_once() {
    let (app, _, task) = with_task(ENGINES[0], 2).await;
    app.clock.advance(24 * 5 * HOUR);
    // The data is as old as the pause; somebody syncs first.
    app.ask().await;
    app.work().await.unwrap();
    app.settle_tasks().await;
    let runs = app.task_runs(&task).await;
    assert_eq!(runs.iter().map(|run| run.cause).collect::<Vec<_>>(), [Cause::CaughtUp]);
    assert_eq!(runs[0].state, TaskRunState::Succeeded, "{:?}", runs[0].reason);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_data_is_not_acted_on() {
    let (app, _, task) = with_task(ENGINES[0], 2).await;
    app.clock.advance(48 * HOUR);
    app.settle_tasks().await;
    let run = app.task_runs(&task).await.remove(0);
    assert_eq!(run.state, TaskRunState::Failed);
    assert!(run.reason.unwrap().contains("older than 26 hours"));
    assert_eq!(app.effects().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c21_two_nodes_and_a_double_click_start_one_run() {
    for engine in ENGINES {
        let (app, _, task) = with_task(engine, 2).await;
        let key = || Some("click".to_owned());
        let entropy = &app.surroundings.entropy;
        let context = app.context();
        let run = || keep::run_now(&context, &app.mirror, (&task, Cause::Person), (key(), entropy));
        let (first, second) = (run().await.unwrap(), run().await.unwrap());
        assert_eq!(first, second);
        app.settle_tasks().await;
        assert_eq!(app.task_runs(&task).await.len(), 1);
        app.clock.advance(20 * HOUR);
        let (one, other) = tokio::join!(app.look_at_tasks(), app.look_at_tasks());
        assert!(one || other);
        app.settle_tasks().await;
        assert_eq!(app.task_runs(&task).await.len(), 2, "{engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b7_a_run_under_way_rests_in_the_daily_slot_and_goes_on_afterwards() {
    let (app, _, task) = with_task(ENGINES[0], 2).await;
    app.clock.advance(20 * HOUR);
    // Begun, read, planned and approved; nothing sent.
    for _ in 0..6 {
        app.look_at_tasks().await;
        let _ = rollcall::sync::worker::work_once(&app.mirror, &app.connector, &app.surroundings).await.unwrap();
    }
    let run = app.task_runs(&task).await.remove(0);
    assert_eq!(run.state, TaskRunState::Acting);
    let entropy = &app.surroundings.entropy;
    schedule::choose(&app.context(), &app.mirror, DailySlot::Hour(6), entropy).await.unwrap();
    app.look_at_tasks().await;
    assert_eq!(app.operation(&run.operations[0]).await.state, OperationState::Paused);
    assert!(!app.act().await);
    assert_eq!(app.effects().len(), 0);
    app.clock.advance(HOUR);
    app.settle_tasks().await;
    assert_eq!(app.task_runs(&task).await[0].state, TaskRunState::Succeeded);
    assert_eq!(app.effects().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c13_after_a_jump_of_the_clock_inactivity_is_suspended_until_somebody_confirms_it() {
    let app = TestApp::ready(ENGINES[0], 80, 31).await;
    schedule::choose(&app.context(), &app.mirror, DailySlot::Off, &app.surroundings.entropy).await.unwrap();
    let filter =
        app.save_filter("Idle", "status = active AND (inactiveFor(jira) >= 1d OR inactiveFor(confluence) >= 1d)").await;
    let many = TaskGuards { people: 1_000, percent: 0 };
    let task = rollcall::nouns::task::Definition { guards: many, ..definition("Idle", &filter) };
    let task = app.create_task(task).await;
    scheduler::note_jump(&app.mirror, jiff::SignedDuration::from_hours(24), &app.surroundings).await.unwrap();
    app.clock.advance(20 * HOUR);
    app.settle_tasks().await;
    let run = app.task_runs(&task).await.remove(0);
    assert_eq!(run.state, TaskRunState::Held, "{:?}", run.reason);
    assert!(run.reason.unwrap().contains("clock has jumped"));
    assert_eq!(app.effects().len(), 0);
    scheduler::confirm_clock(&app.context(), &app.mirror, &app.surroundings.entropy).await.unwrap();
    assert_eq!(app.mirror.store().read(scheduler::jumped).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_in_use_is_not_deleted_and_editing_it_holds_the_next_run_once() {
    for engine in ENGINES {
        let (app, filter, task) = with_task(engine, 2).await;
        let entropy = &app.surroundings.entropy;
        let refused = filters::delete(&app.admin(), &app.mirror, &filter, entropy).await;
        assert!(matches!(refused, Err(FilterNotKept::InUse(by)) if by == "Suspend idle people"));
        let id = filter.clone();
        let saved = app.mirror.store().read(move |tx| rollcall::store::filters::find(tx, &id)).await.unwrap().unwrap();
        let wider = saved.kept.text.replace("status = active AND ", "");
        let kept = filters::kept(&app.now(), ("Idle people", ""), &wider, Audience::Everybody).unwrap();
        filters::change(&app.admin(), &app.mirror, (&filter, kept), entropy).await.unwrap();
        let context = app.context();
        let run = || keep::run_now(&context, &app.mirror, (&task, Cause::Person), (None, entropy));
        run().await.unwrap();
        app.settle_tasks().await;
        let held = app.task_runs(&task).await.remove(0);
        assert_eq!((held.state, app.effects().len()), (TaskRunState::Held, 0), "{engine:?}");
        assert_eq!(run().await.unwrap(), held.id, "one run of a task at a time");
        let no = (&held.operations[0], "Not them.".to_owned());
        rollcall::operations::approve::reject(&app.context(), &app.mirror, no, entropy).await.unwrap();
        app.settle_tasks().await;
        run().await.unwrap();
        app.settle_tasks().await;
        assert_eq!(app.task_runs(&task).await[0].state, TaskRunState::Succeeded, "{engine:?}: held once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_plans_and_sends_nothing() {
    let (app, _, task) = with_task(ENGINES[0], 3).await;
    let entropy = &app.surroundings.entropy;
    keep::run_now(&app.context(), &app.mirror, (&task, Cause::DryRun), (None, entropy)).await.unwrap();
    app.settle_tasks().await;
    let run = app.task_runs(&task).await.remove(0);
    assert_eq!(run.reason.as_deref(), Some("Dry run: 3 changes to 3 people. Nothing was sent."));
    assert_eq!(app.effects().len(), 0);
    assert_eq!(app.operation(&run.operations[0]).await.state, OperationState::Planned);
}
