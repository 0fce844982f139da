//! Words of operations: every reason has its sentence, and nothing from outside is obeyed.

use directory::act::{Action, Reason};

use super::words::{ACTIONS, action_kind, reason, why};
use crate::nouns::operation_row::Why;
use crate::web::acme::acme;

#[test]
fn every_reason_of_a_plan_has_a_sentence() {
    let reasons = [
        Reason::OrganizationAdministrator,
        Reason::RolesUnread,
        Reason::KeyOwnerUnknown,
        Reason::KeyOwner,
        Reason::OwnAccount,
        Reason::ProtectedPerson,
        Reason::NotAPerson,
        Reason::NotInDirectory,
        Reason::GroupGone,
        Reason::AppGone,
        Reason::SyncedGroup,
        Reason::GroupNotModifiable,
        Reason::ProtectedGroup,
        Reason::DirectoryGone,
        Reason::GroupNotDeletable,
        Reason::DefaultGroup,
        Reason::AdministrativeGroup,
        Reason::MembersChanged,
        Reason::KnownAddress,
        Reason::LastAdministrator(0),
        Reason::LastPlatformRole,
        Reason::WouldAlsoLose(vec![0, 1]),
        Reason::InferredRole,
        Reason::NoSeatLeft(1),
        Reason::NotManaged,
        Reason::InState(None),
    ];
    for of in reasons {
        assert!(reason(of.code()).is_some(), "{}", of.code());
        let told = why(&Why::refused(&of), &acme()).0;
        assert!(told.contains(' ') && !told.contains(of.code()), "{told}");
    }
    let lost = why(&Why::refused(&Reason::WouldAlsoLose(vec![0, 1])), &acme()).0;
    assert_eq!(lost, "would also lose <bdi>Jira on acme, Confluence on acme-emea</bdi>");
}

#[test]
fn every_action_has_a_name_and_a_sentence_and_what_atlassian_said_is_escaped() {
    for action in [Action::Suspend, Action::Restore, Action::RemoveFromDirectory, Action::Deactivate, Action::Activate]
    {
        assert_ne!(action_kind(action.kind()), action.kind());
    }
    assert!(ACTIONS.iter().all(|(_, _, leaves)| leaves.ends_with('.')));
    let said = why(&Why::new("conflict", "<script>alert(1)</script>"), &acme()).0;
    assert_eq!(said, "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>");
}
