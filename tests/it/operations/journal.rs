//! What upstream does while an operation writes: part B of the faults.

use std::time::Duration;

use directory::act::Action;
use rollcall::nouns::operation::OperationState;
use rollcall::nouns::operation_row::RowState;
use simulator::{Fault, FaultKind};

use super::writes::plain_group;
use super::{ordinary, states, to_do};
use crate::support::app::{ENGINES, TestApp};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b1_an_effect_whose_answer_is_lost_is_read_back_and_not_sent_again() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 200, 11).await;
        app.simulator.set_faults(vec![Fault::on("suspend", FaultKind::CloseAfterEffect).attempts(1..=3)]);
        let id = app.plan_of(&ordinary(&app, 8), vec![Action::Suspend]).await;
        let operation = app.carry_out(&id).await;
        let rows = app.rows(&id).await;
        assert_eq!(operation.state, OperationState::Succeeded, "{:?}", states(&rows));
        assert_eq!(app.effects().len(), rows.iter().filter(|row| row.state == RowState::Verified).count());
        assert!(rows.iter().all(|row| row.attempts <= 1));
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b2_rows_that_upstream_fails_are_tried_by_their_own_schedule_and_the_sums_are_exact() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 200, 12).await;
        app.simulator.set_faults(vec![
            Fault::on("suspend", FaultKind::status(503)).attempts(2..=4),
            Fault::on("suspend", FaultKind::RateLimited { retry_after: Some("7".into()), reset: None })
                .attempts(9..=10),
        ]);
        let id = app.plan_of(&ordinary(&app, 25), vec![Action::Suspend]).await;
        let operation = app.carry_out(&id).await;
        let rows = app.rows(&id).await;
        assert_eq!(operation.state, OperationState::Succeeded, "{:?}", states(&rows));
        assert_eq!(operation.tally.total(), rows.len() as u64);
        for state in RowState::ALL {
            let counted = rows.iter().filter(|row| row.state == *state).count() as u64;
            assert_eq!(operation.tally.of(*state), counted, "{state:?}");
        }
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b2_b12_a_read_that_was_not_answered_is_no_evidence_that_something_was_taken_back() {
    for engine in ENGINES {
        let mut app = TestApp::ready(engine, 300, 37).await;
        let group = plain_group(&app);
        let members: Vec<u32> = app.now().memberships().members(group).iter().collect();
        let id = app.plan_of(&members, vec![Action::RemoveFromGroups(vec![group])]).await;
        app.approve(&id).await.unwrap();
        let all = to_do(&app.rows(&id).await);
        let killed = tokio::select! {
            _ = app.act() => false,
            () = async { while app.effects().len() < all { app.clock.sleep(Duration::from_millis(5)).await } } => true,
        };
        assert!(killed);
        app.restart().await;
        // The first reading comes when the changes have settled, and Atlassian does not answer for the directory.
        app.clock.advance(Duration::from_secs(70));
        let silent = Fault::on("users/search", FaultKind::status(503)).attempts(1..=5);
        app.simulator.set_faults(vec![silent]);
        let operation = app.act_through(&id).await;
        let rows = app.rows(&id).await;
        assert_eq!(operation.state, OperationState::Succeeded, "{:?}", states(&rows));
        assert_eq!(operation.tally.of(RowState::Verified), all as u64, "{:?}", states(&rows));
        app.stop().await;
    }
}
