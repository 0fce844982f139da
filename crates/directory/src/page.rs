//! Compares a page's records with the snapshot as they arrive, so that only what differs is kept.

use columns::Ordinal;

use crate::account::{PlatformRole, Presence};
use crate::merge::Observed;
use crate::seen::{Field, Reading, SeenAccount};
use crate::snapshot::Snapshot;

/// Below which numbers references are ordinals: above them they count the names first seen in a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct References {
    /// Of groups.
    pub groups: Ordinal,
    /// Of resources.
    pub resources: Ordinal,
}

/// Reduces a record to what differs: every field that is exactly as the snapshot has it becomes [`Reading::Same`].
///
/// Returns the account's ordinal when the snapshot knows it; an unknown account's record is left as it is.
/// `references` says up to where references and ordinals are the same: the snapshot may know more than the pass that
/// made the references, when something else was sealed meanwhile. What lies above is never taken for the same.
pub fn compare_account(
    snapshot: &Snapshot,
    directory: Option<Ordinal>,
    references: References,
    record: &mut SeenAccount,
) -> Option<Ordinal> {
    let account = snapshot.account(record.id.as_str())?;
    reduce(&mut record.profile, |profile| snapshot.profile_digest(account) == Some(profile.digest()));
    reduce(&mut record.presence, |presence: &Presence| {
        directory.and_then(|directory| snapshot.presence(directory, account)) == Some(presence)
    });
    reduce(&mut record.roles, |roles: &Vec<PlatformRole>| snapshot.roles_of(account) == *roles);
    reduce(&mut record.counted_resources, |counted| snapshot.counted_resources(account) == Some(*counted));
    let read = snapshot.activity().read().contains(account);
    reduce(&mut record.activity, |activity| {
        read && activity.last().is_none_or(|last| last.resource < references.resources)
            && snapshot.activity().of(account) == activity.as_slice()
    });
    reduce(&mut record.groups, |groups| {
        if groups.last().is_some_and(|last| *last >= references.groups) {
            return false;
        }
        let known = snapshot.memberships().of(account);
        if snapshot.directories().len() == 1 {
            return known == groups.as_slice();
        }
        known.iter().copied().filter(|group| group_is_in(snapshot, *group, directory)).eq(groups.iter().copied())
    });
    Some(account)
}

/// Whether a group belongs to a directory; one that no directory lists belongs to whichever asks.
pub(crate) fn group_is_in(snapshot: &Snapshot, group: Ordinal, directory: Option<Ordinal>) -> bool {
    let listed = snapshot.group_row(group).and_then(|row| row.directory);
    listed.is_none() || listed == directory
}

fn reduce<T>(field: &mut Field<T>, is_same: impl FnOnce(&T) -> bool) {
    if let Some(Observed { value, .. }) = field
        && let Reading::Now(now) = value
        && is_same(now)
    {
        *value = Reading::Same;
    }
}
