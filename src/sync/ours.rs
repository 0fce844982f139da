//! What approved operations have done at Atlassian, or may have: a run that finds it need not be stopped by a guard, because
//! a person has approved exactly these rows.

use directory::act::Change;
use directory::{Ordinal, Part, Permitted, Rule, Snapshot};
use jiff::{SignedDuration, Timestamp};

use crate::store::error::StoreError;
use crate::store::operation_rows;
use crate::store::tx::Tx;

/// How long after its end an operation's rows that were not read back are still expected to show.
const EXPECTED: SignedDuration = SignedDuration::from_hours(26);

/// Adds what running and lately ended operations have sent and nobody has read back yet.
pub(super) fn permit(
    tx: &mut Tx,
    newest: &Snapshot,
    now: Timestamp,
    permitted: &mut Permitted,
) -> Result<(), StoreError> {
    let since = now.checked_sub(EXPECTED).unwrap_or(Timestamp::MIN);
    let directory = |directory: &Ordinal| {
        newest.directories().get(*directory as usize).map(|directory| Part::Directory(directory.id.clone()))
    };
    let mut add = |rule, part: Option<Part>, account| {
        if let Some(part) = part {
            permitted.0.entry((rule, part)).or_default().insert(account);
        }
    };
    operation_rows::for_each_sent(tx, since, |change| match &change {
        Change::RemoveFromGroup { account, group } => {
            let part = newest.group_row(*group).map(|row| Part::Group(row.id.clone()));
            add(Rule::MembersMissing, part, *account);
        }
        Change::RemoveFromDirectory { account, directory: from } => {
            add(Rule::PeopleMissing, directory(from), *account);
        }
        Change::Suspend { account, directory: within } | Change::Restore { account, directory: within } => {
            add(Rule::StatusesChanged, directory(within), *account);
        }
        // The state of an account shows in every directory.
        Change::Deactivate { account } | Change::Activate { account } => {
            for within in 0..newest.directories().len() as Ordinal {
                add(Rule::StatusesChanged, directory(&within), *account);
            }
        }
        Change::RevokeRole { account, .. } => add(Rule::DirectRolesMissing, Some(Part::Whole), *account),
        Change::DeleteGroup { group, .. } => {
            let home = newest.group_row(*group).and_then(|row| row.directory);
            add(Rule::GroupsMissing, home.and_then(|home| directory(&home)), *group);
        }
        Change::AddToGroup { .. } | Change::AssignRole { .. } | Change::CreateGroup { .. } | Change::Invite { .. } => {}
    })
}
