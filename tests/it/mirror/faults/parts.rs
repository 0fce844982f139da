//! One record, one person, one group or one directory that cannot be read: the rest completes, and what was not read
//! stays as it was.

use directory::{ClaimState, Noun};
use rollcall::nouns::run::{NoteKind, RunState};
use serde_json::json;
use simulator::{Fault, FaultKind, Options, Population, Role};

use super::{Disturbed, GROUP_ROLES, GROUPS, USERS, disturbed, disturbed_in, unmanaged};
use crate::support::app::{Engine, TestApp, population};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a5_a_page_that_never_loads_leaves_a_gap_and_nobody_gone() {
    let it = disturbed(107, vec![]).await;
    let truth = it.app.truth();
    let listed: Vec<String> = it
        .app
        .simulator
        .read(|organization| (0..320).filter_map(|nth| organization.account_id(nth).map(str::to_owned)).collect());
    let broken = (listed.iter().skip(150))
        .find(|id| truth.users.iter().any(|user| user.account_id == **id && !user.directories.is_empty()))
        .unwrap();
    it.app.simulator.set_faults(vec![Fault::on(USERS, FaultKind::status(500)).subject(broken).always()]);
    it.app.sync().await.unwrap();
    let run = it.app.run().await;
    assert_eq!((run.state, run.generation), (RunState::Sealed, Some(2)), "the rest completes");
    it.assert_nothing_lost();
    assert!(it.is_present(&it.leaver), "a gap counts as nobody's absence");
    for noun in [Noun::Accounts, Noun::Presence, Noun::Memberships, Noun::Activity] {
        let (state, reason) = it.claim(noun).await;
        assert_eq!(state, ClaimState::Partial, "{noun:?}");
        assert!(reason.contains("500"), "{noun:?}: {reason}");
    }
    assert_eq!(it.claim(Noun::Groups).await.0, ClaimState::Complete);
    assert!(!it.notes(NoteKind::Gap).await.is_empty());
    let now = it.app.now();
    let titled = |id: &String| {
        now.account(id).and_then(|account| now.account_row(account)?.job_title) == Some("Keeper of the Lighthouse")
    };
    let read = listed.iter().take(150).step_by(10).filter(|id| titled(id)).count();
    assert!(read >= 12, "what came before the broken record was read: {read}");
    it.assert_heals().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a5_a_record_that_cannot_be_read_is_put_aside_with_its_cause() {
    let it = disturbed(108, vec![]).await;
    let directory = it.app.directory();
    let broken = unmanaged(&it.app.truth(), &directory).remove(0);
    let field = "accountId".to_owned();
    it.app.simulator.set_faults(vec![Fault::on(USERS, FaultKind::NullField { field }).subject(&broken).always()]);
    it.app.sync().await.unwrap();
    it.assert_nothing_lost();
    assert!(it.is_present(&broken));
    assert!(it.is_present(&it.leaver), "one record is not known, so nobody's absence is");
    let quarantined = it.notes(NoteKind::Quarantined).await;
    assert_eq!(quarantined.len(), 1, "{quarantined:?}");
    assert!(quarantined[0].1.contains("accountId"), "{quarantined:?}");
    let (state, reason) = it.claim(Noun::Presence).await;
    assert_eq!((state, reason.as_str()), (ClaimState::Partial, "1 records could not be read"));
    let now = it.app.now();
    let people = now.present();
    let titled = people
        .iter()
        .filter(|account| now.account_row(*account).unwrap().job_title == Some("Keeper of the Lighthouse"));
    assert!(titled.count() >= 25, "everybody else was read");
    it.assert_heals().await;
}

/// Who is missing from the list and cannot be asked for by id either is not gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a5_who_cannot_be_asked_for_by_id_stays() {
    let it = disturbed(109, vec![]).await;
    it.app.simulator.set_faults(vec![Fault::on(USERS, FaultKind::status(500)).subject(&it.leaver).always()]);
    it.app.sync().await.unwrap();
    assert_eq!(it.app.run().await.state, RunState::Sealed, "the rest completes");
    it.assert_nothing_lost();
    assert!(it.is_present(&it.leaver));
    let (state, reason) = it.claim(Noun::Presence).await;
    assert_eq!(state, ClaimState::Partial);
    assert!(reason.contains("could not be asked for"), "{reason}");
    assert_eq!(it.claim(Noun::Accounts).await.0, ClaimState::Complete);
    it.assert_heals().await;
}

/// One person's roles cannot be read, one count never comes: each leaves its own gap, and no run waits for it for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a5_one_subject_that_always_fails_holds_nothing_up() {
    let it = disturbed(133, vec![]).await;
    let truth = it.app.truth();
    let holder = unmanaged(&truth, &it.app.directory()).remove(2);
    let resource = &truth.workspaces[1].ari;
    it.app.simulator.change(|organization| {
        truth.memberships.iter().filter(|(_, member)| *member == holder).for_each(|(group, member)| {
            organization.remove_member(group, member).unwrap();
        });
        organization.set_direct_role(&holder, resource, Role::User).unwrap();
    });
    it.app.sync().await.unwrap();
    let now = it.app.now();
    let account = now.account(&holder).unwrap();
    let roles = now.direct_roles(account).to_vec();
    it.app.simulator.set_faults(vec![
        Fault::on("users/{id}/role-assignments", FaultKind::status(500)).subject(&holder).always(),
        Fault::on("groups/count", FaultKind::status(500)).always(),
    ]);
    it.app.sync().await.unwrap();
    assert_eq!(it.app.run().await.state, RunState::Sealed);
    assert_eq!(roles.len(), 1);
    assert_eq!(it.app.now().direct_roles(account), roles, "what was not read stays");
    let (state, reason) = it.claim(Noun::DirectAccess).await;
    assert_eq!((state, reason.as_str()), (ClaimState::Partial, "The direct roles of 1 people could not be read."));
    let (state, reason) = it.claim(Noun::Groups).await;
    assert_eq!(state, ClaimState::Partial);
    assert!(reason.contains("no count"), "{reason}");
    assert_eq!(it.claim(Noun::Presence).await.0, ClaimState::Complete);
    it.assert_heals().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a8_who_was_listed_and_is_not_found_a_moment_later_hinders_nobody() {
    let it = disturbed(134, vec![]).await;
    let truth = it.app.truth();
    let grant = truth.grants.iter().find(|grant| grant.group != truth.grants[0].group).unwrap();
    it.app.simulator.set_faults(vec![
        Fault::on("users/{id}/role-assignments", FaultKind::status(404)).always(),
        Fault::on(GROUP_ROLES, FaultKind::status(404)).subject(&grant.group).always(),
    ]);
    it.app.sync().await.unwrap();
    it.assert_nothing_lost();
    let gaps = it.notes(NoteKind::Gap).await;
    assert!(gaps.iter().any(|(subject, why)| *subject == grant.group && why.contains("vanished")), "{gaps:?}");
    assert_eq!(it.claim(Noun::Presence).await.0, ClaimState::Complete);
    it.assert_heals().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a7_a_group_that_may_not_be_read_keeps_what_it_grants() {
    let it = disturbed(111, vec![]).await;
    let truth = it.app.truth();
    let grant = &truth.grants[0];
    let closed = it.app.now().group(&grant.group).unwrap();
    let granted = it.app.now().grants(closed).to_vec();
    assert!(!granted.is_empty());
    it.app.simulator.set_faults(vec![Fault::on(GROUP_ROLES, FaultKind::status(403)).subject(&grant.group).always()]);
    it.app.sync().await.unwrap();
    it.assert_nothing_lost();
    assert_eq!(it.app.now().grants(closed), granted);
    let (state, reason) = it.claim(Noun::Grants).await;
    assert_eq!(state, ClaimState::Partial, "what it grants is not known to be so any more");
    assert!(reason.contains("1 group"), "{reason}");
    let gaps = it.notes(NoteKind::Gap).await;
    assert!(gaps.iter().any(|(subject, why)| *subject == grant.group && why.contains("does not let")), "{gaps:?}");
    assert_eq!(it.claim(Noun::Groups).await.0, ClaimState::Complete);
    it.assert_heals().await;
}

/// The second directory refuses every page of its people.
async fn one_directory_unreadable(seed: u64, kind: FaultKind) -> (Disturbed, String, String) {
    let it = disturbed_in(&Population { directories: 2, ..population(320, seed) }, vec![]).await;
    let second = it.app.simulator.read(|organization| organization.directory_ids()[1].clone());
    let truth = it.app.truth();
    let leaver = unmanaged(&truth, &second).remove(1);
    it.app.simulator.change(|organization| organization.remove_user(&leaver).unwrap());
    // Whoever is listed first stands on the page that fails.
    let listed = it.app.simulator.read(|organization| {
        (0..320).filter_map(|nth| organization.account_id(nth).map(str::to_owned)).collect::<Vec<_>>()
    });
    let in_second = |id: &&String| {
        let user = truth.users.iter().find(|user| user.account_id == **id);
        user.is_some_and(|user| user.directories.len() == 1 && user.directories[0].0 == second)
    };
    let first = listed.iter().filter(|id| **id != leaver).find(in_second).unwrap();
    it.app.simulator.set_faults(vec![Fault::on(USERS, kind).subject(first).always()]);
    (it, second, leaver)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a30_of_two_directories_the_readable_one_is_sealed() {
    for kind in [FaultKind::status(403), FaultKind::status(500)] {
        let (it, second, leaver) = one_directory_unreadable(112, kind.clone()).await;
        it.app.sync().await.unwrap();
        it.assert_nothing_lost();
        let unread = it.app.claim(Noun::Presence, &second).await;
        assert_eq!(unread.state, ClaimState::Unread, "{kind:?}: {unread:?}");
        assert_eq!(it.claim(Noun::Presence).await.0, ClaimState::Complete, "{kind:?}");
        assert!(it.is_present(&leaver), "{kind:?}: nothing is concluded about the directory that was not read");
        assert!(!it.is_present(&it.leaver), "{kind:?}: absence is told in the directory that was");
        let before = it.before.directory(&second).unwrap();
        let kept = &it.before.present_in(before) - &it.app.now().present_in(before);
        assert!(kept.is_empty(), "{kind:?}: everybody in the unread directory is kept");
        it.assert_heals().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a21_unknown_fields_words_and_nulls_are_taken_as_they_come() {
    let it = disturbed(
        125,
        vec![Fault::on(GROUPS, FaultKind::UnknownFields).always(), Fault::on(USERS, FaultKind::UnknownFields).always()],
    )
    .await;
    it.app.sync().await.unwrap();
    it.assert_nothing_lost();
    assert_eq!(it.app.gaps().await, Vec::<String>::new());
    assert_eq!(it.app.differences(), Vec::<String>::new(), "what is known is read as ever");
    let drift = it.notes(NoteKind::Drift).await;
    assert!(drift.iter().any(|(subject, _)| subject.contains("futureField")), "{drift:?}");
    it.assert_heals().await;

    let it = disturbed(126, vec![]).await;
    let odd = unmanaged(&it.app.truth(), &it.app.directory()).remove(3);
    let unknown = |field: &str| {
        let kind = FaultKind::UnknownValue { field: field.to_owned(), value: json!("dormant") };
        Fault::on(USERS, kind).subject(&odd).always()
    };
    for fault in [
        unknown("status"),
        unknown("membershipStatus"),
        unknown("accountStatus"),
        Fault::on(USERS, FaultKind::NullField { field: "name".to_owned() }).subject(&odd).always(),
        Fault::on(USERS, FaultKind::NullField { field: "groups".to_owned() }).subject(&odd).always(),
        Fault::on(USERS, FaultKind::DropField { field: "productAccess".to_owned() }).subject(&odd).always(),
    ] {
        it.app.simulator.set_faults(vec![fault.clone()]);
        it.app.sync().await.unwrap();
        it.assert_nothing_lost();
        assert!(it.is_present(&odd), "{fault:?}");
        assert!(!it.is_present(&it.leaver), "{fault:?}: a strange record hinders no other");
        assert_eq!(it.claim(Noun::Presence).await.0, ClaimState::Complete, "{fault:?}");
    }
    it.assert_heals().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a31_capped_lists_of_groups_remove_nobody_from_a_group() {
    let it = disturbed(130, vec![Fault::on(USERS, FaultKind::CapGroups { n: 3 }).always()]).await;
    let truth = it.app.truth();
    let (group, member) = truth.memberships[truth.memberships.len() / 2].clone();
    it.app.simulator.change(|organization| organization.remove_member(&group, &member).unwrap());
    it.app.simulator.set_record(true);
    it.app.sync().await.unwrap();
    it.assert_nothing_lost();
    let now = it.app.now();
    let (group, member) = (now.group(&group).unwrap(), now.account(&member).unwrap());
    assert!(!now.memberships().contains(member, group), "who did leave a group is told by reading the group");
    let listed = it
        .app
        .simulator
        .ledger()
        .iter()
        .any(|exchange| exchange.request_body.as_deref().is_some_and(|body| body.contains("groupIds")));
    assert!(listed, "groups whose count does not agree are read one by one");
    it.assert_overcome().await;

    // More groups than a pass may read on their own: the rest keeps every member, and says so.
    let many_groups = Population { groups: Some(90), ..population(320, 131) };
    let it = disturbed_in(&many_groups, vec![Fault::on(USERS, FaultKind::CapGroups { n: 1 }).always()]).await;
    it.app.sync().await.unwrap();
    it.assert_nothing_lost();
    let (state, reason) = it.claim(Noun::Memberships).await;
    assert_eq!(state, ClaimState::Partial);
    assert!(reason.contains("do not agree"), "{reason}");
    it.assert_heals().await;

    // The very first pass finds the members that the capped lists hide.
    let answers = simulator::Answers { groups_capped_at: Some(2), ..simulator::Answers::default() };
    let options = Options { answers, ..Options::default() };
    let app = TestApp::start_with(Engine::Sqlite, &population(200, 132), options).await;
    app.work().await.unwrap();
    assert_eq!(app.differences(), Vec::<String>::new());
    app.stop().await;
}
