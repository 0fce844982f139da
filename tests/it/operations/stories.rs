//! The stories of administrators: removing access with a preview, taking it back, suspending, a partial failure.

use directory::act::{Action, Apps, Change};
use directory::{PlatformRole, Status};
use rollcall::nouns::operation::OperationState;
use rollcall::nouns::operation_row::RowState;
use rollcall::operations::approve::{self, Approving, NotApproved};
use rollcall::operations::undo;
use simulator::{Fault, FaultKind};

use super::facts::facts;
use super::{memberships, ordinary, resource, states, to_do};
use crate::support::app::{ENGINES, TestApp};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w3_w4_access_is_removed_as_previewed_and_given_back() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 300, 7).await;
        let before = memberships(&app);
        let confluence = resource(&app.now(), "confluence");
        let remove = Action::RemoveAppAccess { apps: Apps::Chosen(vec![confluence]), also_lose: Vec::new() };
        let id = app.plan("", vec![remove.clone()]).await;
        let planned = app.rows(&id).await;
        let seats: i64 = app.operation(&id).await.plan.seats.iter().map(|(_, seats)| *seats).sum();
        assert!(seats > 0 && to_do(&planned) > 20, "{:?}", states(&planned));
        // Nothing was sent for a preview, and a large one takes its number.
        assert_eq!(app.effects(), []);
        let hash = app.operation(&id).await.plan.hash;
        let untyped = Approving { hash, typed: None, reason: String::new() };
        let context = app.context();
        let refused = approve::approve(&context, &app.mirror, (&id, untyped), &app.surroundings.entropy);
        assert!(matches!(refused.await, Err(NotApproved::TypeNumber(_))));
        let done = app.carry_out(&id).await;
        let rows = app.rows(&id).await;
        assert_eq!(done.state, OperationState::Succeeded, "{:?} {:?}", states(&rows), done);
        assert_eq!(app.effects().len(), to_do(&planned));
        // Exactly the previewed memberships are gone, and everybody keeps what else they have.
        let snapshot = app.now();
        let mut expected = before.clone();
        for row in rows.iter().filter(|row| row.state == RowState::Verified) {
            let Change::RemoveFromGroup { account, group } = row.change else { continue };
            let group = snapshot.group_row(group).unwrap().id.to_string();
            assert!(expected.remove(&(group, snapshot.account_id(account).unwrap().to_string())));
        }
        assert_eq!(memberships(&app), expected);
        let admins = snapshot.with_role(&PlatformRole::OrganizationAdmin);
        assert!(rows.iter().all(|row| !admins.contains(row.change.account())
            || row.state == RowState::Refused
            || row.state == RowState::Already));
        // A second plan finds nothing to do.
        let again = app.plan("", vec![remove]).await;
        assert_eq!(app.operation(&again).await.plan.rows, 0, "{:?}", states(&app.rows(&again).await));
        assert!(matches!(app.approve(&again).await, Err(NotApproved::NothingToDo)));
        // Undo gives everything back, and its own undo takes it again.
        let undone = app.undo(&id).await;
        let back = app.carry_out(&undone).await;
        assert_eq!(back.state, OperationState::Succeeded, "{:?}", states(&app.rows(&undone).await));
        assert_eq!(memberships(&app), before);
        let redone = app.undo(&undone).await;
        assert_eq!(app.carry_out(&redone).await.state, OperationState::Succeeded);
        assert_eq!(memberships(&app), expected);
        app.assert_sound().await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w5_suspended_people_show_as_such_and_a_restored_one_has_their_groups() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 200, 8).await;
        let snapshot = app.now();
        let admins = snapshot.with_role(&PlatformRole::OrganizationAdmin);
        let mut people: Vec<u32> = (snapshot.with_status(&Status::Active) - &admins).iter().take(12).collect();
        let admin = admins.iter().next().unwrap();
        people.push(admin);
        let before = memberships(&app);
        let id = app.plan_of(&people, vec![Action::Suspend]).await;
        let operation = app.carry_out(&id).await;
        let rows = app.rows(&id).await;
        assert_eq!(operation.state, OperationState::Succeeded, "{:?}", rows);
        let refused: Vec<_> = rows.iter().filter(|row| row.state == RowState::Refused).collect();
        assert!(
            refused
                .iter()
                .any(|row| row.change.account() == admin && row.why.as_ref().unwrap().code == "organization_admin"),
            "{rows:?}"
        );
        let now = app.now();
        for row in rows.iter().filter(|row| row.state == RowState::Verified) {
            assert!(now.with_status(&Status::Suspended).contains(row.change.account()));
        }
        let one = rows.iter().find(|row| row.state == RowState::Verified).unwrap().change.account();
        let restored = app.plan_of(&[one], vec![Action::Restore]).await;
        assert_eq!(app.carry_out(&restored).await.state, OperationState::Succeeded);
        assert!(app.now().with_status(&Status::Active).contains(one));
        assert_eq!(memberships(&app), before);
        app.assert_sound().await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w7_what_failed_is_told_from_what_succeeded_and_can_be_tried_again() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 200, 9).await;
        let snapshot = app.now();
        let admins = snapshot.with_role(&PlatformRole::OrganizationAdmin);
        let people: Vec<u32> = (snapshot.with_status(&Status::Active) - &admins).iter().take(10).collect();
        let unlucky = snapshot.account_id(people[3]).unwrap();
        let refuse = Fault::on("suspend", FaultKind::status(400)).subject(unlucky.as_str()).always();
        app.simulator.set_faults(vec![refuse]);
        let id = app.plan_of(&people, vec![Action::Suspend]).await;
        let operation = app.carry_out(&id).await;
        let rows = app.rows(&id).await;
        assert_eq!(operation.state, OperationState::Partial, "{:?}", states(&rows));
        assert_eq!(operation.tally.of(RowState::Failed), 1);
        let failed = rows.iter().find(|row| row.state == RowState::Failed).unwrap();
        assert_eq!(
            (failed.change.account(), failed.why.as_ref().unwrap().code.as_str()),
            (people[3], "refused_upstream")
        );
        app.simulator.set_faults(Vec::new());
        let context = app.context();
        let again = undo::retry(&context, &app.mirror, (&id, None), (None, &app.surroundings.entropy)).await.unwrap();
        assert_eq!(app.operation(&again).await.plan.rows, 1);
        assert_eq!(app.carry_out(&again).await.state, OperationState::Succeeded);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w4_undo_takes_back_a_role_that_a_group_given_later_hides() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 200, 10).await;
        let before = facts(&app.truth());
        let confluence = resource(&app.now(), "confluence");
        let snapshot = app.now();
        let grants = |group: &u32| snapshot.grants(*group).iter().any(|grant| grant.resource == confluence);
        let group = (0..snapshot.groups_len() as u32).find(grants).unwrap();
        let without = |account: &u32| !snapshot.access(*account).iter().any(|access| access.resource == confluence);
        let people: Vec<u32> = ordinary(&app, 150).into_iter().filter(without).take(3).collect();
        let role = Action::GrantAppAccessByRole { resource: confluence, role: directory::Role::User };
        let id = app.plan_of(&people, vec![role, Action::AddToGroups(vec![group])]).await;
        assert!(app.carry_out(&id).await.tally.of(RowState::Failed) == 0);
        assert_ne!(facts(&app.truth()), before);
        // The role changes no count beside the group, so that no reading shows it any more.
        app.sync().await.unwrap();
        let undo = app.undo(&id).await;
        assert_eq!(app.carry_out(&undo).await.state, OperationState::Succeeded, "{:?}", app.rows(&undo).await);
        assert_eq!(facts(&app.truth()), before);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w4_undo_leads_back_where_the_groups_of_suspended_people_are_not_shown() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 200, 12).await;
        let hidden = simulator::SuspendedGroups::HiddenAndUncounted;
        app.simulator.set_answers(simulator::Answers { suspended_groups: hidden, ..Default::default() });
        app.sync().await.unwrap();
        let before = facts(&app.truth());
        let group = super::writes::plain_group(&app);
        let people = ordinary(&app, 6);
        let id = app.plan_of(&people, vec![Action::AddToGroups(vec![group]), Action::Suspend]).await;
        let operation = app.carry_out(&id).await;
        // Nobody has taken anything back: it is only not shown.
        assert_eq!(operation.tally.of(RowState::Reverted), 0, "{:?}", app.rows(&id).await);
        let undo = app.undo(&id).await;
        assert_eq!(app.carry_out(&undo).await.state, OperationState::Succeeded, "{:?}", app.rows(&undo).await);
        assert_eq!(facts(&app.truth()), before);
        app.stop().await;
    }
}
