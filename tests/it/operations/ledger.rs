//! The property of the ledger: whatever is planned, killed, lost, throttled or changed by others, nothing is sent that was
//! not approved, nothing on anybody protected, nothing is lost, and the way back leads back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use directory::act::{Action, Apps, Change};
use directory::{PlatformRole, Snapshot};
use rollcall::nouns::operation::OperationState;
use rollcall::nouns::operation_row::{OperationRow, RowState};
use rollcall::operations::plan::NotPlanned;
use rollcall::store::events;
use simulator::{Fault, FaultKind, Truth};

use super::{ordinary, states};
use crate::support::app::{ENGINES, Engine, TestApp};

/// A change as the simulator's ledger writes it.
fn as_effect(change: &Change, snapshot: &Snapshot) -> String {
    let account = snapshot.account_id(change.account()).unwrap();
    let group = |group: &u32| snapshot.group_row(*group).unwrap().id.to_string();
    let resource = |resource: &u32| snapshot.resources()[*resource as usize].id.to_string();
    match change {
        Change::AddToGroup { group: to, .. } => format!("add {account} to {}", group(to)),
        Change::RemoveFromGroup { group: from, .. } => format!("take {account} out of {}", group(from)),
        Change::AssignRole { resource: on, role, .. } => {
            format!("grant {account} {} on {}", role.as_str(), resource(on))
        }
        Change::RevokeRole { resource: on, role, .. } => {
            format!("revoke {account} {} on {}", role.as_str(), resource(on))
        }
        Change::Suspend { .. } => format!("suspend {account}"),
        Change::Restore { .. } => format!("restore {account}"),
        Change::RemoveFromDirectory { .. } => format!("remove {account}"),
        Change::Deactivate { .. } => format!("disable {account}"),
        Change::Activate { .. } => format!("enable {account}"),
    }
}

fn random_actions(app: &TestApp, rng: &mut fastrand::Rng) -> Vec<Action> {
    let snapshot = app.now();
    let groups: Vec<u32> = (0..snapshot.groups_len() as u32)
        .filter(|group| snapshot.group_row(*group).is_some_and(|row| row.group.is_some()))
        .collect();
    let mut some_groups = || (0..rng.usize(1..3)).map(|_| groups[rng.usize(..groups.len())]).collect::<Vec<_>>();
    let (added, removed) = (some_groups(), some_groups());
    let resource = rng.u32(..snapshot.resources().len() as u32);
    let remove = Action::RemoveAppAccess { apps: Apps::Chosen(vec![resource]), also_lose: Vec::new() };
    match rng.u32(..6) {
        0 => vec![Action::Suspend],
        1 => vec![Action::AddToGroups(added)],
        2 => vec![Action::RemoveFromGroups(removed)],
        3 => vec![remove],
        4 => vec![remove, Action::AddToGroups(added)],
        _ => vec![Action::RemoveAppAccess { apps: Apps::All, also_lose: Vec::new() }, Action::Suspend],
    }
}

fn random_faults(rng: &mut fastrand::Rng) -> Vec<Fault> {
    let paths = ["suspend", "memberships", "roles/revoke", "restore", "memberships"];
    let mut faults = Vec::new();
    for _ in 0..rng.usize(..4) {
        let path = paths[rng.usize(..paths.len())];
        let kind = match rng.u32(..5) {
            0 => FaultKind::CloseAfterEffect,
            1 => FaultKind::CloseBeforeEffect,
            2 => FaultKind::status(503),
            3 => FaultKind::status(400),
            _ => FaultKind::RateLimited { retry_after: Some("5".into()), reset: None },
        };
        let first = rng.u32(1..12);
        faults.push(Fault::on(path, kind).attempts(first..=first + rng.u32(..3)));
    }
    faults
}

/// Everything that operations change: memberships, direct roles, statuses, each as a line.
fn state_of(truth: &Truth) -> BTreeSet<String> {
    let memberships = truth.memberships.iter().map(|(group, account)| format!("{account} in {group}"));
    let roles = truth.direct_roles.iter().map(|(account, resource, role)| format!("{account} {role} on {resource}"));
    let statuses = truth.users.iter().map(|user| format!("{} is {}", user.account_id, user.status));
    memberships.chain(roles).chain(statuses).collect()
}

/// Carries out what is due and ends the process in the middle of it now and then.
async fn act_with_kills(app: &mut TestApp, rng: &mut fastrand::Rng, id: &rollcall::id::OperationId) {
    for _ in 0..rng.usize(..3) {
        let patience = Duration::from_millis(rng.u64(1..6_000));
        let killed = {
            let clock = app.clock.clone();
            tokio::select! {
                worked = app.act() => !worked,
                () = clock.sleep(patience) => true,
            }
        };
        if killed {
            app.restart().await;
        }
    }
    let _ = app.act_through(id).await;
}

async fn one_case(engine: Engine, seed: u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut app = TestApp::ready(engine, 120, seed).await;
    let admins: BTreeSet<String> = {
        let snapshot = app.now();
        let admins = snapshot.with_role(&PlatformRole::OrganizationAdmin);
        admins.iter().map(|account| snapshot.account_id(account).unwrap().to_string()).collect()
    };
    let mut approved: BTreeSet<String> = BTreeSet::new();
    for _ in 0..3 {
        let what = format!("{engine:?}, seed {seed}");
        let mut people = ordinary(&app, 60);
        rng.shuffle(&mut people);
        people.truncate(rng.usize(1..25));
        people.extend(app.now().with_role(&PlatformRole::OrganizationAdmin).iter().take(1));
        let actions = random_actions(&app, &mut rng);
        let id = match app.try_plan_of(&people, actions).await {
            Ok(id) => id,
            Err(NotPlanned::Contradiction) => continue,
            Err(error) => panic!("{what}: {error}"),
        };
        if app.operation(&id).await.plan.rows == 0 {
            continue;
        }
        let before = state_of(&app.truth());
        let outside = rng.u32(..3) == 0;
        app.simulator.set_faults(random_faults(&mut rng));
        app.simulator.clear_ledger();
        app.approve(&id).await.unwrap();
        if outside {
            let mut inner = fastrand::Rng::with_seed(seed);
            app.simulator.change(|organization| organization.random_change(&mut inner));
        }
        act_with_kills(&mut app, &mut rng, &id).await;
        let (operation, rows) = (app.operation(&id).await, app.rows(&id).await);
        let snapshot = app.now();
        let of_plan = |row: &&OperationRow| row.state != RowState::Refused;
        approved.extend(rows.iter().filter(of_plan).map(|row| as_effect(&row.change, &snapshot)));
        if operation.state == OperationState::Waiting {
            // Too much had changed: a person is asked, and nothing was sent.
            assert_eq!(app.effects(), [], "{what}");
            continue;
        }
        assert!(operation.state.is_over(), "{what}: {operation:?} {:?}", states(&rows));
        // No effect outside the approved plan, none on anybody protected, none doubled.
        let mut sent: BTreeMap<String, usize> = BTreeMap::new();
        for exchange in app.effects() {
            let effect = exchange.effect.unwrap();
            assert!(approved.contains(&effect), "{what}: {effect} was not approved");
            assert!(!admins.iter().any(|admin| effect.contains(admin.as_str())), "{what}: {effect}");
            *sent.entry(effect).or_default() += 1;
        }
        assert!(sent.values().all(|times| *times == 1), "{what}: {sent:?}");
        // None lost: what the journal calls done is done, and what it does not is not.
        for row in &rows {
            let was_sent = sent.contains_key(&as_effect(&row.change, &snapshot));
            match row.state {
                // What was begun, then cut, may have been brought about by others.
                RowState::Done | RowState::Verified => assert!(was_sent || outside, "{what}: {row:?}"),
                RowState::Failed | RowState::Skipped | RowState::Planned => assert!(!was_sent, "{what}: {row:?}"),
                _ => {}
            }
        }
        app.simulator.set_faults(Vec::new());
        // An audit entry for each effect.
        let mut events = app.mirror.store().read(|tx| events::newest(tx, i64::MAX, 1_000)).await.unwrap();
        events.retain(|event| event.subject == id.as_str() && event.kind == "change.begun");
        assert!(events.len() >= sent.len(), "{what}: {} begun, {} sent", events.len(), sent.len());
        if !outside && rows.iter().any(|row| row.state.is_ours()) {
            let undo = app.undo(&id).await;
            let refused = app.rows(&undo).await.iter().any(|row| row.state == RowState::Refused);
            approved.extend(app.rows(&undo).await.iter().map(|row| as_effect(&row.change, &snapshot)));
            let back = app.carry_out(&undo).await;
            assert!(refused || back.state == OperationState::Succeeded, "{what}: {:?}", app.rows(&undo).await);
            if !refused {
                let after = state_of(&app.truth());
                let lost: Vec<_> = before.difference(&after).collect();
                let left: Vec<_> = after.difference(&before).collect();
                assert!(lost.is_empty() && left.is_empty(), "{what}: - {lost:?} + {left:?}, {rows:?}");
            }
        }
        app.assert_sound().await;
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c2_i6_i7_random_operations_send_what_was_approved_once_and_lead_back() {
    for seed in 100..110 {
        one_case(ENGINES[seed as usize % 2], seed).await;
    }
}

/// Thousands of them, by hand: `OPERATION_SEEDS=2000 cargo test --test it -- many_random_operations --ignored`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes long; run by hand"]
#[expect(clippy::disallowed_methods, reason = "how many is said by whoever runs it")]
async fn many_random_operations() {
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse().ok());
    let (first, seeds) = (number("OPERATION_FIRST").unwrap_or(1_000), number("OPERATION_SEEDS").unwrap_or(200));
    for seed in first..first + seeds {
        one_case(ENGINES[seed as usize % 2], seed).await;
    }
}
