//! Two nodes on one PostgreSQL: one begins an operation and dies; the other one goes on, and nothing is done twice.

use std::time::Duration;

use directory::act::Action;
use rollcall::nouns::job::LEASE;
use rollcall::nouns::operation::OperationState;
use rollcall::nouns::operation_row::RowState;
use rollcall::operations::worker;
use simulator::{Fault, FaultKind, Limits};

use super::{ordinary, states};
use crate::support::app::{Engine, Node, TestApp};

const PEOPLE: usize = 50;

/// An organization whose Atlassian lets so few requests pass that there is time to cut in.
async fn slow(seed: u64) -> TestApp {
    let options = simulator::Options { limits: Limits::default().endpoint("suspend", 20), ..Default::default() };
    TestApp::ready_with(Engine::Postgres, 300, seed, options).await
}

async fn work_to_the_end(node: &Node) {
    for _ in 0..50 {
        node.surroundings.clock.advance(Duration::from_secs(120));
        while worker::work_once(&node.mirror, &node.connector, &node.surroundings).await.unwrap() {}
    }
}

/// Every effect once, and a journal that says so.
async fn each_once(app: &TestApp, id: &rollcall::id::OperationId) {
    let (operation, rows) = (app.operation(id).await, app.rows(id).await);
    assert_eq!(operation.state, OperationState::Succeeded, "{:?}", states(&rows));
    let mut effects: Vec<String> = app.effects().into_iter().filter_map(|exchange| exchange.effect).collect();
    effects.sort();
    let sent = effects.len();
    effects.dedup();
    assert_eq!((sent, effects.len()), (PEOPLE, PEOPLE));
    assert!(rows.iter().all(|row| row.state == RowState::Verified), "{:?}", states(&rows));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c2_c17_when_a_node_dies_in_an_operation_another_one_goes_on_and_nothing_is_done_twice() {
    let mut app = slow(41).await;
    // The answers to the last requests of the node that dies are lost with it.
    app.simulator.set_faults(vec![Fault::on("suspend", FaultKind::CloseAfterEffect).attempts(18..=20)]);
    let id = app.plan_of(&ordinary(&app, PEOPLE), vec![Action::Suspend]).await;
    app.approve(&id).await.unwrap();
    let other = app.another_node().await;
    tokio::select! {
        _ = app.act() => panic!("it was not cut"),
        () = app.clock.sleep(Duration::from_millis(900)) => {}
    }
    app.mirrors.close().await;
    let sent = app.effects().len();
    assert!((1..PEOPLE).contains(&sent), "{sent}");
    // As long as its lease runs nobody else touches the operation.
    assert!(!worker::work_once(&other.mirror, &other.connector, &other.surroundings).await.unwrap());
    assert!(app.clock.advance(LEASE + Duration::from_secs(1)));
    work_to_the_end(&other).await;
    app.mirror = other.mirror.clone();
    each_once(&app, &id).await;
    other.mirrors.close().await;
    app.stop().await;
}
