//! What upstream does while an operation writes: part B of the faults.

use directory::act::Action;
use rollcall::nouns::operation::OperationState;
use rollcall::nouns::operation_row::RowState;
use simulator::{Fault, FaultKind};

use super::{ordinary, states};
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
