//! Groups as such: made, cloned with their members, deleted and made again, each from a previewed plan.

use directory::act::{Change, NOBODY, NewGroup};
use directory::{AccountId, GroupId, Ordinal, Snapshot};
use rollcall::id::OperationId;
use rollcall::nouns::operation::{OperationKind, OperationState};
use rollcall::nouns::operation_row::RowState;
use rollcall::operations::groups::{self, GroupsWanted};
use rollcall::operations::plan::NotPlanned;
use simulator::{Fault, FaultKind};

use super::{memberships, ordinary, states};
use crate::support::app::{ENGINES, TestApp};

impl TestApp {
    async fn plan_groups(&self, wanted: GroupsWanted) -> Result<OperationId, NotPlanned> {
        groups::plan(&self.context(), &self.mirror, (wanted, None), (None, &self.surroundings.entropy)).await
    }

    async fn create(&self, name: &str, like: Option<Ordinal>) -> OperationId {
        let group = NewGroup::new(name, "for trying", like);
        self.plan_groups(GroupsWanted::Create { directory: 0, group }).await.unwrap()
    }

    fn id_of(&self, group: Ordinal) -> GroupId {
        self.now().group_row(group).unwrap().id.clone()
    }
}

fn found(snapshot: &Snapshot, name: &str) -> Option<Ordinal> {
    NewGroup::new(name, "", None).find(0, snapshot)
}

/// A group with members that may be changed and deleted.
fn ordinary_group(app: &TestApp) -> Ordinal {
    let snapshot = app.now();
    let fits = |group: &Ordinal| {
        let known = snapshot.group_row(*group).and_then(|row| row.group.as_ref());
        known.is_some_and(|known| known.synced != Some(true) && known.modifiable != Some(false))
            && snapshot.grants(*group).is_empty()
            && snapshot.memberships().members(*group).len() > 1
    };
    snapshot.groups_by_name().iter().find(fits).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_is_made_once_read_back_and_taken_back() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 120, 51).await;
        let id = app.create("Night shift", None).await;
        assert_eq!(app.effects(), [], "a preview sends nothing");
        let done = app.carry_out(&id).await;
        assert_eq!(done.state, OperationState::Succeeded, "{:?}", app.rows(&id).await);
        assert_eq!(app.effects().len(), 1);
        let made = found(&app.now(), "night SHIFT").expect("it is in the mirror");
        assert_eq!(app.rows(&id).await[0].state, RowState::Verified);
        assert!(app.create("Night shift", None).await != id);
        let again = app.create("Night shift", None).await;
        assert_eq!(app.operation(&again).await.plan.rows, 0, "it is there already");
        // Undone it is gone, and undoing that makes it again.
        let undone = app.undo(&id).await;
        assert_eq!(app.operation(&undone).await.kind, OperationKind::Undo);
        assert_eq!(app.carry_out(&undone).await.state, OperationState::Succeeded, "{:?}", app.rows(&undone).await);
        assert!(found(&app.now(), "Night shift").is_none() && app.now().group_row(made).unwrap().group.is_none());
        let redone = app.undo(&undone).await;
        assert_eq!(app.carry_out(&redone).await.state, OperationState::Succeeded);
        assert!(found(&app.now(), "Night shift").is_some());
        app.assert_sound().await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_group_comes_back_with_its_members_by_two_plans() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 120, 52).await;
        let group = ordinary_group(&app);
        let name = app.now().group_row(group).unwrap().group.as_ref().unwrap().name.to_string();
        let members: Vec<AccountId> = {
            let snapshot = app.now();
            snapshot.memberships().members(group).iter().filter_map(|one| snapshot.account_id(one)).collect()
        };
        let id = app.plan_groups(GroupsWanted::Delete(vec![app.id_of(group)])).await.unwrap();
        let done = app.carry_out(&id).await;
        assert_eq!(done.state, OperationState::Succeeded, "{:?}", app.rows(&id).await);
        assert!(found(&app.now(), &name).is_none());
        assert!(app.now().memberships().members(group).is_empty());
        let undone = app.undo(&id).await;
        assert_eq!(app.carry_out(&undone).await.state, OperationState::Succeeded);
        let made = found(&app.now(), &name).unwrap();
        assert_ne!(made, group, "Atlassian gives it another id");
        let following = groups::following(&app.mirror, &undone).await.unwrap();
        assert_eq!(following.len(), 1);
        let with = (None, &app.surroundings.entropy);
        let joined = groups::follow(&app.context(), &app.mirror, (&undone, None), with).await.unwrap();
        app.carry_out(&joined).await;
        let back = app.now().memberships().members(made).len();
        let refused = app.operation(&joined).await.tally.of(RowState::Refused);
        assert_eq!(back + refused, members.len() as u64, "{:?}", states(&app.rows(&joined).await));
        assert!(back > 0);
        app.assert_sound().await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_atlassian_or_an_administrator_keeps_is_not_deleted_and_neither_is_a_group_that_has_changed() {
    let app = TestApp::ready(ENGINES[0], 120, 53).await;
    let snapshot = app.now();
    let all: Vec<GroupId> = snapshot
        .groups_by_name()
        .iter()
        .filter_map(|group| snapshot.group_row(group))
        .map(|row| row.id.clone())
        .collect();
    let id = app.plan_groups(GroupsWanted::Delete(all)).await.unwrap();
    for row in app.rows(&id).await {
        let Change::DeleteGroup { group, .. } = row.change else { panic!("{row:?}") };
        let known = snapshot.group_row(group).and_then(|row| row.group.as_ref()).unwrap();
        let kept = known.is_synced() || snapshot.grants(group).iter().any(|grant| grant.default);
        assert!(!kept || row.state == RowState::Refused, "{row:?}");
        assert_eq!(row.change.account(), NOBODY);
    }
    // Somebody joins a group after the plan: it is not the group that was looked at, and stays.
    let group = ordinary_group(&app);
    let before = memberships(&app);
    let id = app.plan_groups(GroupsWanted::Delete(vec![app.id_of(group)])).await.unwrap();
    app.approve(&id).await.unwrap();
    let newcomer = ordinary(&app, 50).into_iter().find(|one| !app.now().memberships().contains(*one, group)).unwrap();
    let (of, who) = (app.id_of(group).to_string(), app.now().account_id(newcomer).unwrap().to_string());
    app.simulator.change(|organization| organization.add_member(&of, &who)).unwrap();
    let stopped = app.act_through(&id).await;
    assert_eq!(stopped.state, OperationState::Waiting, "{stopped:?}");
    assert!(app.effects().is_empty());
    assert_eq!(memberships(&app).len(), before.len() + 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_makes_no_second_group() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 80, 54).await;
        let before = app.truth().groups.len();
        app.simulator
            .set_faults(vec![Fault::on("directories/", FaultKind::CloseAfterEffect).method("POST").attempts(1..=1)]);
        let id = app.create("Only once", None).await;
        let done = app.carry_out(&id).await;
        assert_eq!(done.state, OperationState::Succeeded, "{:?}", app.rows(&id).await);
        assert_eq!((app.effects().len(), app.truth().groups.len()), (1, before + 1));
        app.assert_sound().await;
        app.stop().await;
    }
}
