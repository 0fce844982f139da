//! Who stops an operation, and what it leaves: cancelled, paused, stopped with everything else.

use std::time::Duration;

use directory::act::Action;
use rollcall::nouns::operation::OperationState;
use rollcall::nouns::operation_row::RowState;
use rollcall::operations::approve::NotApproved;
use rollcall::operations::control::{self, Wished};
use rollcall::operations::worker;
use simulator::Limits;

use super::{ordinary, states};
use crate::support::app::{ENGINES, TestApp};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b8_cancelling_stops_before_the_next_effect_and_what_was_done_can_be_taken_back() {
    for engine in ENGINES {
        let options = simulator::Options { limits: Limits::default().endpoint("suspend", 20), ..Default::default() };
        let app = TestApp::ready_with(engine, 300, 26, options).await;
        let id = app.plan_of(&ordinary(&app, 60), vec![Action::Suspend]).await;
        app.approve(&id).await.unwrap();
        let cancelling = async {
            while app.effects().len() < 25 {
                app.clock.sleep(Duration::from_millis(100)).await;
            }
            let asked = app.clock.now();
            let wished = control::cancel(&app.context(), &app.mirror, &id, &app.surroundings.entropy).await.unwrap();
            assert_eq!(wished, Wished::Taken);
            asked
        };
        let (_, asked) = tokio::join!(app.act(), cancelling);
        let operation = app.operation(&id).await;
        assert_eq!(operation.state, OperationState::Cancelled);
        let late = app.effects().into_iter().filter(|exchange| exchange.at.duration_since(asked).as_secs() >= 1);
        assert_eq!(late.count(), 0);
        let sent = app.effects().len() as u64;
        assert!(sent < 60, "{sent}");
        let tally = &operation.tally;
        assert_eq!(tally.of(RowState::Done) + tally.of(RowState::Verified), sent);
        assert_eq!(tally.of(RowState::Planned), 60 - sent);
        let undo = app.undo(&id).await;
        assert_eq!(app.operation(&undo).await.plan.rows, sent);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b8_b12_what_a_cancelled_operation_sent_is_read_back_to_its_end() {
    for engine in ENGINES {
        let options = simulator::Options {
            limits: Limits::default().endpoint("/admin/v2/orgs/{o}/directories/{d}/users/{id}", 20),
            ..Default::default()
        };
        let app = TestApp::ready_with(engine, 300, 28, options).await;
        app.simulator.set_answers(simulator::Answers { removal_delay: 300, ..Default::default() });
        let id = app.plan_of(&ordinary(&app, 40), vec![Action::RemoveFromDirectory]).await;
        app.approve(&id).await.unwrap();
        let cancelling = async {
            while app.effects().len() < 5 {
                app.clock.sleep(Duration::from_millis(100)).await;
            }
            control::cancel(&app.context(), &app.mirror, &id, &app.surroundings.entropy).await.unwrap()
        };
        let (_, wished) = tokio::join!(app.act(), cancelling);
        assert_eq!(wished, Wished::Taken);
        let sent = app.effects().len() as u64;
        assert!(sent < 40, "{sent}");
        // It is not over while Atlassian works off what was sent; it cannot be paused, and nothing undoes it yet.
        assert_eq!(app.operation(&id).await.state, OperationState::Running);
        let paused = control::pause(&app.context(), &app.mirror, &id, &app.surroundings.entropy).await.unwrap();
        assert_eq!(paused, Wished::Not(OperationState::Running));
        let operation = app.act_through(&id).await;
        assert_eq!(operation.state, OperationState::Cancelled);
        let tally = &operation.tally;
        assert_eq!((tally.of(RowState::Verified), tally.of(RowState::Planned)), (sent, 40 - sent));
        assert_eq!(app.effects().len() as u64, sent);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b8_a_paused_operation_goes_on_where_it_stood() {
    for engine in ENGINES {
        let options = simulator::Options { limits: Limits::default().endpoint("suspend", 20), ..Default::default() };
        let app = TestApp::ready_with(engine, 300, 27, options).await;
        let id = app.plan_of(&ordinary(&app, 50), vec![Action::Suspend]).await;
        app.approve(&id).await.unwrap();
        let pausing = async {
            while app.effects().len() < 22 {
                app.clock.sleep(Duration::from_millis(100)).await;
            }
            control::pause(&app.context(), &app.mirror, &id, &app.surroundings.entropy).await.unwrap()
        };
        let (_, paused) = tokio::join!(app.act(), pausing);
        assert_eq!(paused, Wished::Taken);
        assert_eq!(app.operation(&id).await.state, OperationState::Paused);
        assert!(!app.act().await);
        control::resume(&app.context(), &app.mirror, &id, &app.surroundings.entropy).await.unwrap();
        let operation = app.act_through(&id).await;
        assert_eq!(operation.state, OperationState::Succeeded, "{:?}", states(&app.rows(&id).await));
        assert_eq!(app.effects().len(), 50);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b9_after_stop_everything_no_change_is_begun_on_any_node_until_it_is_released() {
    for engine in ENGINES {
        let options = simulator::Options { limits: Limits::default().endpoint("suspend", 20), ..Default::default() };
        let app = TestApp::ready_with(engine, 300, 28, options).await;
        let id = app.plan_of(&ordinary(&app, 50), vec![Action::Suspend]).await;
        app.approve(&id).await.unwrap();
        // Thrown by another node.
        let other = app.another_node().await;
        let stopping = async {
            while app.effects().len() < 22 {
                app.clock.sleep(Duration::from_millis(100)).await;
            }
            let entropy = &app.surroundings.entropy;
            assert!(control::stop(&app.context(), &other.mirror, "Something is wrong.", entropy).await.unwrap());
            app.clock.now()
        };
        let (_, stopped) = tokio::join!(app.act(), stopping);
        let late = app.effects().into_iter().filter(|exchange| exchange.at.duration_since(stopped).as_secs() >= 1);
        assert_eq!(late.count(), 0);
        let sent = app.effects().len();
        assert!(sent < 50);
        let waiting = app.operation(&id).await;
        assert_eq!(waiting.state, OperationState::Running);
        assert!(waiting.waiting.unwrap().reason.contains("stopped"));
        // Neither that operation nor another one begins anything on any node.
        app.clock.advance(Duration::from_secs(4000));
        while worker::work_once(&other.mirror, &other.connector, &other.surroundings).await.unwrap() {}
        assert_eq!(app.effects().len(), sent);
        let another = app.plan_of(&ordinary(&app, 2), vec![Action::Suspend]).await;
        assert!(matches!(app.approve(&another).await, Err(NotApproved::Stopped)));
        control::release(&app.context(), &app.mirror, "It was nothing.", &app.surroundings.entropy).await.unwrap();
        assert_eq!(app.act_through(&id).await.state, OperationState::Succeeded);
        assert_eq!(app.effects().len(), 50);
        other.mirrors.close().await;
        app.stop().await;
    }
}
