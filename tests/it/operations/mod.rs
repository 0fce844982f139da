//! Acting on people at Atlassian, against the simulated organization and its own ledger: what was previewed is what is
//! done, and nothing else.

#![expect(clippy::panic, reason = "a test may end at what cannot happen")]

mod chance;
mod control;
mod facts;
mod groups;
mod invite;
mod journal;
mod ledger;
mod nodes;
mod pace;
mod stories;
mod terms;
mod undo;
mod writes;

use std::collections::{BTreeMap, BTreeSet};

use directory::act::Action;
use directory::{AccountType, Ordinal, Role, Snapshot, Status};
use rollcall::id::OperationId;
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::operation::{Operation, OperationState, Selection};
use rollcall::nouns::operation_row::{OperationRow, RowState};
use rollcall::operations::approve::{self, Approving, NotApproved};
use rollcall::operations::plan::{self, NotPlanned, Wanted};
use rollcall::operations::prepare::{self, Owner};
use rollcall::operations::{guard, worker};
use rollcall::store::{operation_rows, operations};
use simulator::Exchange;

use crate::support::app::{Engine, TestApp, population};

impl TestApp {
    /// An organization that was read and may be acted on.
    pub(super) async fn ready(engine: Engine, users: u32, seed: u64) -> TestApp {
        TestApp::ready_with(engine, users, seed, simulator::Options::default()).await
    }

    pub(super) async fn ready_with(engine: Engine, users: u32, seed: u64, options: simulator::Options) -> TestApp {
        let app = TestApp::start_with(engine, &population(users, seed), options).await;
        app.sync().await.unwrap();
        let entropy = &app.surroundings.entropy;
        prepare::choose_key_owner(&app.context(), &app.mirror, &Owner::Elsewhere, entropy).await.unwrap();
        guard::switch_on(&app.context(), &app.mirror, entropy).await.unwrap();
        app.simulator.clear_ledger();
        app
    }

    pub(super) fn context(&self) -> Context {
        Context { actor: Actor::CommandLine, now: self.clock.now() }
    }

    pub(super) async fn plan(&self, filter: &str, actions: Vec<Action>) -> OperationId {
        let wanted = Wanted { selection: Selection::Filter(filter.to_owned()), actions, own: None };
        plan::plan(&self.context(), &self.mirror, wanted, (None, &self.surroundings.entropy)).await.unwrap()
    }

    pub(super) async fn plan_of(&self, people: &[Ordinal], actions: Vec<Action>) -> OperationId {
        self.try_plan_of(people, actions).await.unwrap()
    }

    pub(super) async fn try_plan_of(
        &self,
        people: &[Ordinal],
        actions: Vec<Action>,
    ) -> Result<OperationId, NotPlanned> {
        let snapshot = self.now();
        let people = people.iter().map(|account| snapshot.account_id(*account).unwrap()).collect();
        let wanted = Wanted { selection: Selection::People(people), actions, own: None };
        plan::plan(&self.context(), &self.mirror, wanted, (None, &self.surroundings.entropy)).await
    }

    /// Approves a plan as it stands.
    pub(super) async fn approve(&self, id: &OperationId) -> Result<(), NotApproved> {
        let operation = self.operation(id).await;
        let approving =
            Approving { hash: operation.plan.hash, typed: Some(operation.plan.rows), reason: String::new() };
        approve::approve(&self.context(), &self.mirror, (id, approving), &self.surroundings.entropy).await
    }

    /// Carries out what is due once; whether there was anything.
    pub(super) async fn act(&self) -> bool {
        worker::work_once(&self.mirror, &self.connector, &self.surroundings).await.unwrap()
    }

    /// Carries out what is due, waiting out every pause, until the operation goes no further by itself.
    pub(super) async fn act_through(&self, id: &OperationId) -> Operation {
        for _ in 0..50 {
            let worked = self.act().await;
            let operation = self.operation(id).await;
            match (&operation.waiting, operation.state) {
                (Some(waiting), OperationState::Running | OperationState::Approved) => {
                    let ahead = waiting.until.duration_since(self.clock.now());
                    let ahead = std::time::Duration::try_from(ahead).unwrap_or_default();
                    assert!(self.clock.advance(ahead + std::time::Duration::from_millis(1)));
                }
                _ if !worked => return operation,
                (_, OperationState::Running | OperationState::Approved) => {}
                _ => return operation,
            }
        }
        panic!("the operation waits again and again");
    }

    pub(super) async fn carry_out(&self, id: &OperationId) -> Operation {
        self.approve(id).await.unwrap();
        self.act_through(id).await
    }

    pub(super) async fn undo(&self, id: &OperationId) -> OperationId {
        rollcall::operations::undo::undo(&self.context(), &self.mirror, (id, None), (None, &self.surroundings.entropy))
            .await
            .unwrap()
    }

    pub(super) async fn operation(&self, id: &OperationId) -> Operation {
        let id = id.clone();
        self.mirror.store().read(move |tx| operations::find(tx, &id)).await.unwrap().unwrap().0
    }

    pub(super) async fn rows(&self, id: &OperationId) -> Vec<OperationRow> {
        let number = self.operation(id).await.number;
        let read = self.mirror.store().read(move |tx| {
            let mut rows = Vec::new();
            operation_rows::for_each(tx, number, |row| {
                rows.push(row);
                Ok(())
            })?;
            Ok(rows)
        });
        read.await.unwrap()
    }

    /// What the simulator's ledger has as changed by requests.
    pub(super) fn effects(&self) -> Vec<Exchange> {
        self.simulator.ledger().into_iter().filter(|exchange| exchange.effect.is_some()).collect()
    }
}

/// The resource of an app on the first site, by the beginning of its id.
pub(super) fn resource(snapshot: &Snapshot, owner: &str) -> Ordinal {
    let start = format!("ari:cloud:{owner}::");
    (0..).zip(snapshot.resources()).find(|(_, resource)| resource.id.as_str().starts_with(&start)).unwrap().0
}

/// How many rows are in each state.
pub(super) fn states(rows: &[OperationRow]) -> BTreeMap<&'static str, usize> {
    let mut states = BTreeMap::new();
    rows.iter().for_each(|row| *states.entry(row.state.as_str()).or_default() += 1);
    states
}

/// The groups of everybody, by account.
pub(super) fn memberships(app: &TestApp) -> BTreeSet<(String, String)> {
    app.truth().memberships.into_iter().collect()
}

/// The rows that will be done, or were.
pub(super) fn to_do(rows: &[OperationRow]) -> usize {
    rows.iter().filter(|row| row.state != RowState::Refused && row.state != RowState::Already).count()
}

/// Active people whom nothing protects: no administrators of anything, and nobody's last.
pub(super) fn ordinary(app: &TestApp, most: usize) -> Vec<u32> {
    let snapshot = app.now();
    let administers = |account: &u32| {
        !snapshot.roles_of(*account).is_empty()
            || snapshot.access(*account).iter().any(|access| access.role == Role::Admin)
    };
    let person = |account: &u32| {
        snapshot.account_row(*account).is_some_and(|row| row.account_type == Some(&AccountType::Atlassian))
    };
    let active = snapshot.with_status(&Status::Active);
    active.iter().filter(|account| person(account) && !administers(account)).take(most).collect()
}
