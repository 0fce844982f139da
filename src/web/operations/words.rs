//! Operations in words: their actions, states, rows and reasons. Every code that a plan or a journal keeps has a sentence
//! here; one that is not known is shown as it is.

use directory::act::{Action, Apps};
use directory::{Ordinal, Snapshot};
use maud::{Markup, html};

use crate::nouns::operation::{Operation, OperationKind, OperationState};
use crate::nouns::operation_row::{RowState, Why};
use crate::web::groups;

/// Every kind of action in the order in which an operation does them: name, then what it does and what it leaves.
pub(crate) const ACTIONS: [(&str, &str, &str); 9] = [
    (
        "grantAppAccess",
        "Grant app access",
        "Gives access to the chosen apps, by a group or by a role of their own; it takes a seat where none is held. Everything else stays.",
    ),
    (
        "addToGroups",
        "Add to Groups",
        "Puts people into the chosen groups, with whatever those grant. Other groups stay.",
    ),
    (
        "removeAppAccess",
        "Remove App Access",
        "Only the chosen apps: people leave the groups that grant them and lose their direct roles there. Account and other access stay.",
    ),
    (
        "removeFromGroups",
        "Remove from Groups",
        "Takes people out of the chosen groups, and away what only those granted. Account and other groups stay.",
    ),
    ("activateAccount", "Reactivate account", "Managed accounts may sign in again, with the access they still have."),
    ("restoreUser", "Restore User", "Suspended people get back the access of before. Nothing is added."),
    (
        "suspendUser",
        "Suspend User",
        "All Atlassian services of this organization, until restored. Groups and roles stay as they are.",
    ),
    (
        "deactivateAccount",
        "Deactivate account",
        "Managed accounts cannot sign in anywhere, until reactivated. Groups and what they wrote stay.",
    ),
    (
        "removeUser",
        "Remove from the directory",
        "People leave every directory of the organization with all their access. What they wrote stays. It cannot be undone: only an invitation brings them back.",
    ),
];

/// The name of a kind of action.
pub(crate) fn action_kind(kind: &str) -> &str {
    ACTIONS.iter().find(|(known, _, _)| *known == kind).map_or(kind, |(_, name, _)| name)
}

/// An app with its site.
pub(crate) fn app(resource: Ordinal, snapshot: &Snapshot) -> String {
    match snapshot.resources().get(resource as usize) {
        Some(found) => format!("{} on {}", found.id.app_name(), found.site_name()),
        None => "an app that is gone".to_owned(),
    }
}

/// A group's name.
pub(crate) fn group(group: Ordinal, snapshot: &Snapshot) -> String {
    snapshot.group_row(group).map_or_else(|| "a group that is gone".to_owned(), |row| groups::name(row).to_owned())
}

/// An action with what it is about.
pub(crate) fn action(action: &Action, snapshot: &Snapshot) -> Markup {
    let list = |names: Vec<String>| html! { ": " @for (place, name) in names.iter().enumerate() { @if place > 0 { ", " } bdi { (name) } } };
    let apps = |apps: &[Ordinal]| apps.iter().map(|one| app(*one, snapshot)).collect::<Vec<_>>();
    let groups = |groups: &[Ordinal]| groups.iter().map(|one| group(*one, snapshot)).collect::<Vec<_>>();
    html! {
        (action_kind(action.kind()))
        @match action {
            Action::RemoveAppAccess { apps: chosen, also_lose } => {
                @match chosen { Apps::All => ": every app on every site", Apps::Chosen(chosen) => (list(apps(chosen))) }
                @if !also_lose.is_empty() { "; may also lose" (list(apps(also_lose))) }
            }
            Action::GrantAppAccessByGroup { resource, group } => {
                (list(apps(&[*resource]))) ", by the group" (list(groups(&[*group])))
            }
            Action::GrantAppAccessByRole { resource, .. } => { (list(apps(&[*resource]))) ", by a role of their own" }
            Action::AddToGroups(chosen) | Action::RemoveFromGroups(chosen) => (list(groups(chosen))),
            _ => {}
        }
    }
}

/// What an operation is called.
pub(crate) fn title(operation: &Operation) -> String {
    let mut kinds: Vec<&str> = operation.actions.iter().map(|action| action_kind(action.kind())).collect();
    kinds.dedup();
    match (operation.kind, kinds.is_empty()) {
        (OperationKind::Undo, _) => "Undo".to_owned(),
        (OperationKind::Retry, false) => format!("Retry: {}", kinds.join(", ")),
        (_, false) => kinds.join(", "),
        (OperationKind::Operation, true) => "Groups and invitations".to_owned(),
        (kind, true) => self::kind(kind).to_owned(),
    }
}

/// Why an operation is there.
pub(crate) fn kind(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Operation => "Operation",
        OperationKind::Undo => "Undo",
        OperationKind::Retry => "Retry",
        OperationKind::Task => "Automated task",
        OperationKind::Feed => "Plan of a feed",
    }
}

/// Where an operation stands.
pub(crate) fn state(state: OperationState) -> &'static str {
    match state {
        OperationState::Planned => "Preview",
        OperationState::Waiting => "Waits for approval",
        OperationState::Approved => "Approved",
        OperationState::Running => "Running",
        OperationState::Paused => "Paused",
        OperationState::Succeeded => "Succeeded",
        OperationState::Partial => "Partial",
        OperationState::Failed => "Failed",
        OperationState::Cancelled => "Cancelled",
    }
}

/// Where an operation stands, as a tag.
pub(crate) fn state_tag(of: OperationState) -> Markup {
    let class = match of {
        OperationState::Succeeded => "tag good",
        OperationState::Partial | OperationState::Waiting | OperationState::Paused => "tag warn",
        OperationState::Failed => "tag bad",
        OperationState::Running | OperationState::Approved => "tag key",
        OperationState::Planned | OperationState::Cancelled => "tag",
    };
    html! { span class=(class) { (state(of)) } }
}

/// Where a row stands; what is not sent yet is called otherwise in a preview and after the end.
pub(crate) fn row_state(row: RowState, of: OperationState) -> &'static str {
    match row {
        RowState::Planned if of.is_over() => "Not attempted",
        RowState::Planned if of.awaits_approval() => "Will do",
        RowState::Planned => "To do",
        RowState::Begun => "Being sent",
        RowState::Done => "Done",
        RowState::Verified => "Done, verified",
        RowState::Already => "Already so",
        RowState::Skipped => "Skipped",
        RowState::Failed => "Failed",
        RowState::Unknown => "Unknown",
        RowState::Reverted => "Turned back",
        RowState::Refused => "Refused",
    }
}

/// Where a row stands, as a tag.
pub(crate) fn row_tag(row: RowState, of: OperationState) -> Markup {
    let class = match row {
        RowState::Verified | RowState::Done => "tag good",
        RowState::Planned if of.awaits_approval() => "tag good",
        RowState::Failed | RowState::Reverted => "tag bad",
        RowState::Refused | RowState::Skipped | RowState::Unknown => "tag warn",
        RowState::Begun => "tag key",
        RowState::Planned | RowState::Already => "tag",
    };
    html! { span class=(class) { (row_state(row, of)) } }
}

/// A reason by its code alone: what it says of every row that has it.
pub(crate) fn reason(code: &str) -> Option<&'static str> {
    Some(match code {
        "organization_admin" => "organization admin: never changed by Rollcall",
        "roles_unread" => "administrative roles were not read, so the person may be an organization admin",
        "key_owner_unknown" => "nobody has said whose the organization API key is",
        "key_owner" => "owner of the organization API key",
        "own_account" => "your own account",
        "protected_person" => "protected person",
        "not_a_person" => "an app's or a customer's account",
        "not_in_directory" => "not in this directory",
        "group_gone" => "the group is gone",
        "app_gone" => "the app is gone",
        "synced_group" => "synced group: the identity provider keeps its members (hand-off list)",
        "group_not_modifiable" => "Atlassian lets nobody change this group's members",
        "protected_group" => "protected group",
        "directory_gone" => "the directory is gone",
        "group_not_deletable" => "Atlassian says that this group cannot be deleted",
        "default_group" => "a default group of an app: Atlassian deletes none",
        "administrative_group" => "the group grants administration: Atlassian deletes none of these",
        "members_changed" => "the group has another number of members now",
        "known_address" => "is there already: Add to Groups is for people who are",
        "last_admin" => "the last active admin of an app",
        "last_platform_role" => "the last active holder of an administrative role",
        "would_also_lose" => "would lose another app as well",
        "inferred_role" => "the role follows from another one and cannot be taken by itself",
        "no_seat_left" => "no seat is left",
        "not_managed" => "not a managed account",
        "in_state" => "in a state about which the action says nothing",
        "changed_since" => "changed since, and left alone",
        "needs_invitation" => "cannot be undone: only an invitation brings them back",
        "changed" => "changed since the plan, and not sent",
        "unread" => "could not be read just before, and so was not sent",
        "perhaps_before" => "it is so; whether it was so before cannot be told, so that undo leaves it alone",
        "unverified" => "Atlassian took it; it could not be seen yet",
        "reverted" => "done, and read back as it was before",
        "not_seen" => "no answer came, and it is not seen to have happened",
        "no_answer" => "no answer came; reading will tell",
        "unreachable" => "Atlassian could not be reached",
        _ => return None,
    })
}

/// A row's reason as a sentence.
pub(crate) fn why(why: &Why, snapshot: &Snapshot) -> Markup {
    let apps = || {
        let known = why.detail.split(',').filter_map(|resource| resource.parse::<Ordinal>().ok());
        known.map(|resource| app(resource, snapshot)).collect::<Vec<_>>().join(", ")
    };
    html! {
        @match (why.code.as_str(), reason(&why.code)) {
            ("would_also_lose", _) => { "would also lose " bdi { (apps()) } }
            ("last_admin", _) => { "the last active admin of " bdi { (apps()) } }
            ("no_seat_left", _) => { "no seat is left on " bdi { (apps()) } }
            ("in_state", _) if !why.detail.is_empty() => { "is " bdi { (why.detail) } ": the action says nothing about that" }
            ("changed_since", _) => { "changed since " @if why.detail == "outside" { "outside Rollcall" } @else { "by " (why.detail) } ", and left alone" }
            ("changed", _) => {
                "changed since the plan, and not sent"
                @if let Some(now) = reason(&why.detail) { ": " (now) }
            }
            ("no_answer" | "unreachable", _) if !why.detail.is_empty() => { bdi { (why.detail) } }
            (_, Some(sentence)) => (sentence),
            (code, None) => { @if why.detail.is_empty() { bdi { (code) } } @else { bdi { (why.detail) } } }
        }
    }
}
