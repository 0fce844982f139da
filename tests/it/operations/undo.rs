//! What undo takes back, and what it leaves alone.

use directory::PlatformRole;
use directory::act::{Action, Change};
use rollcall::nouns::operation::OperationState;
use rollcall::nouns::operation_row::RowState;
use simulator::{Fault, FaultKind};

use super::facts::facts;
use super::writes::plain_group;
use super::{memberships, ordinary};
use crate::support::app::{ENGINES, TestApp};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b13_b14_undo_leaves_alone_what_others_have_changed_since() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 300, 35).await;
        let group = plain_group(&app);
        let group_id = app.now().group_row(group).unwrap().id.to_string();
        let members: Vec<u32> = app.now().memberships().members(group).iter().collect();
        let admins = app.now().with_role(&PlatformRole::OrganizationAdmin);
        let people: Vec<u32> = members.into_iter().filter(|account| !admins.contains(*account)).collect();
        let id = app.plan_of(&people, vec![Action::RemoveFromGroups(vec![group])]).await;
        let operation = app.carry_out(&id).await;
        assert_eq!(operation.state, OperationState::Succeeded, "{:?}", app.rows(&id).await);
        let done: Vec<u32> = app
            .rows(&id)
            .await
            .iter()
            .filter(|row| row.state == RowState::Verified)
            .map(|row| row.change.account())
            .collect();
        // Somebody else puts one back and takes them out again: that is the newer word.
        let first = app.now().account_id(done[0]).unwrap().to_string();
        app.simulator.change(|organization| organization.add_member(&group_id, &first).unwrap());
        app.sync().await.unwrap();
        app.simulator.change(|organization| organization.remove_member(&group_id, &first).unwrap());
        app.sync().await.unwrap();
        let without = memberships(&app);
        let undo = app.undo(&id).await;
        let rows = app.rows(&undo).await;
        let of = |account| rows.iter().find(|row| row.change.account() == account).unwrap();
        assert_eq!(of(done[0]).why.as_ref().unwrap().code, "changed_since");
        assert!(matches!(of(done[1]).change, Change::AddToGroup { .. }));
        assert_eq!(app.carry_out(&undo).await.state, OperationState::Succeeded);
        let mut expected = without;
        expected.extend(
            done[1..].iter().map(|account| (group_id.clone(), app.now().account_id(*account).unwrap().to_string())),
        );
        assert_eq!(memberships(&app), expected);
        app.assert_sound().await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b14_undo_of_a_partly_failed_operation_takes_back_what_was_done_once_and_can_be_undone() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 200, 36).await;
        let people = ordinary(&app, 6);
        let unlucky = app.now().account_id(people[2]).unwrap().clone();
        let refuse = Fault::on("suspend", FaultKind::status(400)).subject(unlucky.as_str()).always();
        app.simulator.set_faults(vec![refuse]);
        let before = facts(&app.truth());
        let id = app.plan_of(&people, vec![Action::Suspend]).await;
        assert_eq!(app.carry_out(&id).await.state, OperationState::Partial);
        app.simulator.set_faults(Vec::new());
        let after = facts(&app.truth());
        let undo = app.undo(&id).await;
        let taken_back: Vec<u32> = app.rows(&undo).await.iter().map(|row| row.change.account()).collect();
        assert_eq!(taken_back.len(), 5);
        assert!(!taken_back.contains(&people[2]));
        assert_eq!(app.carry_out(&undo).await.state, OperationState::Succeeded);
        assert_eq!(facts(&app.truth()), before);
        // The same once more takes nothing back: it was taken back by an operation since.
        let again = app.undo(&id).await;
        let rows = app.rows(&again).await;
        assert!(rows.iter().all(|row| row.why.as_ref().is_some_and(|why| why.code == "changed_since")), "{rows:?}");
        let redo = app.undo(&undo).await;
        assert_eq!(app.carry_out(&redo).await.state, OperationState::Succeeded);
        assert_eq!(facts(&app.truth()), after);
        app.stop().await;
    }
}
