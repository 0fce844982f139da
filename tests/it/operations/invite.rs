//! Invitations: sent once as previewed, answered line by line, taken back; nobody who is there already is touched by one.

use directory::act::{Change, Invitation};
use directory::{GroupId, Ordinal, Snapshot};
use rollcall::id::OperationId;
use rollcall::nouns::operation::OperationState;
use rollcall::nouns::operation_row::RowState;
use rollcall::operations::invite::{self, Inviting};
use rollcall::operations::plan::NotPlanned;
use simulator::{Fault, FaultKind};

use super::states;
use crate::support::app::{ENGINES, TestApp};

impl TestApp {
    async fn invite(&self, emails: &[&str], groups: &[GroupId]) -> Result<OperationId, NotPlanned> {
        let emails = emails.iter().map(|email| (*email).to_owned()).collect();
        let wanted = Inviting { emails, groups: groups.to_vec() };
        invite::plan(&self.context(), &self.mirror, (wanted, None), (None, &self.surroundings.entropy)).await
    }
}

fn open_group(snapshot: &Snapshot) -> (Ordinal, GroupId) {
    let fits = |group: &Ordinal| {
        let known = snapshot.group_row(*group).and_then(|row| row.group.as_ref());
        known.is_some_and(|known| known.synced != Some(true) && known.modifiable != Some(false))
            && snapshot.grants(*group).is_empty()
    };
    let group = snapshot.groups_by_name().iter().find(fits).unwrap();
    (group, snapshot.group_row(group).unwrap().id.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_invited_once_also_when_an_answer_is_lost_and_undo_takes_them_out() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 80, 61).await;
        let snapshot = app.now();
        let (group, id) = open_group(&snapshot);
        let before = app.truth();
        let known = snapshot.by_email().iter().find_map(|one| snapshot.account_row(one)?.email.map(str::to_owned));
        let known = known.unwrap();
        app.simulator.set_faults(vec![Fault::on("users/invite", FaultKind::CloseAfterEffect)]);
        let emails = ["new.one@x.example", "New.Two@x.example", known.as_str(), "new.one@X.example"];
        let operation = app.invite(&emails, &[id]).await.unwrap();
        assert_eq!(app.effects(), []);
        let rows = app.rows(&operation).await;
        assert_eq!(rows.len(), 3, "each address once: {rows:?}");
        let why = |row: &&rollcall::nouns::operation_row::OperationRow| row.why.as_ref().map(|why| why.code.clone());
        assert_eq!(rows.iter().filter_map(|row| why(&row)).collect::<Vec<_>>(), ["known_address"]);
        let done = app.carry_out(&operation).await;
        assert_eq!(done.state, OperationState::Succeeded, "{:?}", app.rows(&operation).await);
        assert_eq!(app.truth().users.len(), before.users.len() + 2);
        for email in ["new.one@x.example", "new.two@x.example"] {
            let account = Invitation::new(email, vec![group]).find(0, &app.now()).expect(email);
            assert!(app.now().memberships().contains(account, group));
        }
        let undone = app.undo(&operation).await;
        let rows = app.rows(&undone).await;
        assert!(rows.iter().all(|row| matches!(row.change, Change::RemoveFromDirectory { .. })), "{rows:?}");
        app.carry_out(&undone).await;
        assert!(Invitation::new("new.one@x.example", vec![group]).find(0, &app.now()).is_none());
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_came_meanwhile_is_not_touched_by_an_invitation() {
    let app = TestApp::ready(ENGINES[0], 80, 62).await;
    let (_, id) = open_group(&app.now());
    let operation = app.invite(&["late@x.example"], &[id]).await.unwrap();
    app.approve(&operation).await.unwrap();
    let new = simulator::NewUser { name: "Late".into(), email: "late@x.example".into(), directory: None };
    app.simulator.change(|organization| organization.add_user(&new)).unwrap();
    app.act_through(&operation).await;
    let rows = app.rows(&operation).await;
    assert_eq!(rows[0].state, RowState::Skipped, "{:?}", states(&rows));
    assert_eq!(app.effects(), []);
    app.stop().await;
}
