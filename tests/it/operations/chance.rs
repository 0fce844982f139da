//! What chance makes of an operation: whom it is about, what is asked for, what upstream does, and who cuts in.

use std::time::Duration;

use directory::Ordinal;
use directory::act::{Action, Apps};
use rollcall::id::OperationId;
use rollcall::nouns::operation::{Operation, OperationState};
use rollcall::operations::control;
use simulator::{Answers, Fault, FaultKind};

use super::ordinary;
use crate::support::app::TestApp;

/// The ends of the addresses at which something is changed.
const EFFECTS: [&str; 8] = [
    "suspend",
    "restore",
    "memberships",
    "roles/assign",
    "roles/revoke",
    "lifecycle/disable",
    "lifecycle/enable",
    "/admin/v2/orgs/*/users/{id}",
];

/// How upstream behaves where nothing is said about it.
pub(super) fn answers(rng: &mut fastrand::Rng) -> Answers {
    let answers = if rng.bool() { Answers::default() } else { Answers::opposite() };
    Answers { removal_delay: [0, 20, 300, 1_500][rng.usize(..4)], groups_capped_at: None, ..answers }
}

/// Mostly people who may be acted on, and some whom nobody should touch.
pub(super) fn people(app: &TestApp, rng: &mut fastrand::Rng) -> Vec<Ordinal> {
    let snapshot = app.now();
    let mut people = ordinary(app, 80);
    rng.shuffle(&mut people);
    people.truncate(rng.usize(1..25));
    people.extend((0..rng.usize(..6)).map(|_| rng.u32(..snapshot.accounts_len() as u32)));
    people.retain(|account| snapshot.account_id(*account).is_some());
    people.sort_unstable();
    people.dedup();
    people
}

pub(super) fn actions(app: &TestApp, rng: &mut fastrand::Rng) -> Vec<Action> {
    let mut actions = vec![action(app, rng)];
    while rng.u32(..3) == 0 {
        actions.push(action(app, rng));
    }
    actions
}

fn action(app: &TestApp, rng: &mut fastrand::Rng) -> Action {
    let snapshot = app.now();
    let groups: Vec<u32> = (0..snapshot.groups_len() as u32)
        .filter(|group| snapshot.group_row(*group).is_some_and(|row| row.group.is_some()))
        .collect();
    let mut some = || (0..rng.usize(1..4)).map(|_| groups[rng.usize(..groups.len())]).collect::<Vec<_>>();
    let some_groups = some();
    let resources = snapshot.resources().len() as u32;
    let resource = rng.u32(..resources);
    match rng.u32(..14) {
        0 | 1 => Action::Suspend,
        2 => Action::Restore,
        3 | 4 => Action::AddToGroups(some_groups),
        5 | 6 => Action::RemoveFromGroups(some_groups),
        7 => Action::RemoveAppAccess { apps: Apps::Chosen(vec![resource]), also_lose: Vec::new() },
        8 => {
            let also_lose = (0..resources).collect();
            Action::RemoveAppAccess { apps: Apps::Chosen(vec![resource]), also_lose }
        }
        9 => Action::RemoveAppAccess { apps: Apps::All, also_lose: Vec::new() },
        10 => {
            let grants = |group: &&u32| snapshot.grants(**group).iter().any(|grant| grant.resource == resource);
            match groups.iter().find(grants) {
                Some(group) => Action::GrantAppAccessByGroup { resource, group: *group },
                None => Action::GrantAppAccessByRole { resource, role: directory::Role::User },
            }
        }
        11 => Action::GrantAppAccessByRole { resource, role: directory::Role::User },
        12 => Action::RemoveFromDirectory,
        _ if rng.bool() => Action::Deactivate,
        _ => Action::Activate,
    }
}

pub(super) fn faults(rng: &mut fastrand::Rng) -> Vec<Fault> {
    let mut faults = Vec::new();
    for _ in 0..rng.usize(..6) {
        let path = EFFECTS[rng.usize(..EFFECTS.len())];
        let kind = match rng.u32(..7) {
            0 | 1 => FaultKind::CloseAfterEffect,
            2 => FaultKind::CloseBeforeEffect,
            3 => FaultKind::status(503),
            4 => FaultKind::status(400),
            5 => FaultKind::status(500),
            _ => FaultKind::RateLimited { retry_after: Some(rng.u32(1..90).to_string()), reset: None },
        };
        let first = rng.u32(1..12);
        faults.push(Fault::on(path, kind).attempts(first..=first + rng.u32(..4)));
    }
    if rng.u32(..4) == 0 {
        // Reading back is not spared.
        let first = rng.u32(1..9);
        let kind = if rng.bool() { FaultKind::status(503) } else { FaultKind::CloseBeforeEffect };
        faults.push(Fault::on("users", kind).attempts(first..=first + rng.u32(..6)));
    }
    faults
}

/// The address of some kind of effect.
pub(super) fn effect_path(rng: &mut fastrand::Rng) -> &'static str {
    EFFECTS[rng.usize(..EFFECTS.len())]
}

/// Carries out what is due while somebody kills the process, pauses, stops everything or cancels in the middle of it.
pub(super) async fn act_with_interruptions(app: &mut TestApp, rng: &mut fastrand::Rng, id: &OperationId) -> Operation {
    for _ in 0..rng.usize(..4) {
        let patience = Duration::from_millis(rng.u64(1..6_000));
        let (clock, entropy) = (app.clock.clone(), app.surroundings.entropy.clone());
        let context = app.context();
        match rng.u32(..12) {
            0 => {
                let pausing = async {
                    clock.sleep(patience).await;
                    control::pause(&context, &app.mirror, id, &entropy).await.unwrap();
                };
                tokio::join!(app.act(), pausing);
                control::resume(&app.context(), &app.mirror, id, &entropy).await.unwrap();
            }
            1 => {
                let stopping = async {
                    clock.sleep(patience).await;
                    control::stop(&context, &app.mirror, "Something is wrong.", &entropy).await.unwrap();
                };
                tokio::join!(app.act(), stopping);
                control::release(&app.context(), &app.mirror, "It was nothing.", &entropy).await.unwrap();
            }
            2 => {
                let cancelling = async {
                    clock.sleep(patience).await;
                    control::cancel(&context, &app.mirror, id, &entropy).await.unwrap();
                };
                tokio::join!(app.act(), cancelling);
            }
            _ => {
                let killed = tokio::select! {
                    worked = app.act() => !worked,
                    () = clock.sleep(patience) => true,
                };
                if killed {
                    app.restart().await;
                }
            }
        }
    }
    let operation = app.act_through(id).await;
    if operation.state == OperationState::Paused {
        // Whatever paused it, such as reads that failed too often, is over: somebody lets it go on.
        app.simulator.set_faults(Vec::new());
        let entropy = app.surroundings.entropy.clone();
        control::resume(&app.context(), &app.mirror, id, &entropy).await.unwrap();
        return app.act_through(id).await;
    }
    operation
}
