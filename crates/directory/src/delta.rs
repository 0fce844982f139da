//! What a seal writes: the difference between a snapshot and the next one, in ordinals.

use columns::Ordinal;
use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::access::{DirectRole, Grant};
use crate::account::{PlatformRole, Presence};
use crate::activity::Activity;
use crate::claim::Claims;
use crate::group::{Group, GroupCounts};
use crate::id::{AccountId, GroupId};
use crate::packed_profile::PackedProfile;
use crate::read_again::ReadAgain;
use crate::resource::{Directory, Resource};
use crate::snapshot::Snapshot;

/// A change of one account's presence in one directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceChange {
    /// Which directory.
    pub directory: Ordinal,
    /// Whose presence.
    pub account: Ordinal,
    /// How it was; `None` when it was not there.
    pub before: Option<Presence>,
    /// How it is; `None` when it is gone from there.
    pub now: Option<Presence>,
}

/// Everything that changes with one generation. Lists are sorted by their ordinals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// The generation this makes.
    pub generation: u64,
    /// When it was sealed.
    pub sealed_at: Timestamp,
    /// How many accounts were known before: new ones have ordinals from here on.
    pub known_accounts: Ordinal,
    /// How many groups were known before.
    pub known_groups: Ordinal,
    /// New directories; ordinals continue from the snapshot's.
    pub new_directories: Vec<Directory>,
    /// New resources, likewise.
    pub new_resources: Vec<Resource>,
    /// New accounts, likewise.
    pub new_accounts: Vec<AccountId>,
    /// New groups with the directory that lists them, likewise.
    pub new_groups: Vec<(GroupId, Option<Ordinal>)>,
    /// Directories whose name changed.
    pub directories: Vec<(Ordinal, Directory)>,
    /// Resources whose description changed.
    pub resources: Vec<(Ordinal, Resource)>,
    /// Profiles that are new or changed.
    pub profiles: Vec<(Ordinal, PackedProfile)>,
    /// Presences, sorted by directory and account.
    pub presence: Vec<PresenceChange>,
    /// Administrative roles given.
    pub roles_added: Vec<(Ordinal, PlatformRole)>,
    /// Administrative roles taken.
    pub roles_removed: Vec<(Ordinal, PlatformRole)>,
    /// Whole new activity lists of accounts whose activity changed.
    pub activity: Vec<(Ordinal, Vec<Activity>)>,
    /// Accounts whose activity was read for the first time.
    pub activity_read: Vec<Ordinal>,
    /// Upstream's counts of resources that changed.
    pub counted: Vec<(Ordinal, u32)>,
    /// Definitions of groups that are new or changed; `None` when the group is gone.
    pub groups: Vec<(Ordinal, Option<Group>)>,
    /// Groups of which upstream's counts changed.
    pub group_counts: Vec<(Ordinal, GroupCounts)>,
    /// Memberships that began, as (account, group).
    pub memberships_added: Vec<(Ordinal, Ordinal)>,
    /// Memberships that ended, as (account, group).
    pub memberships_removed: Vec<(Ordinal, Ordinal)>,
    /// Grants that began, as (group, grant).
    pub grants_added: Vec<(Ordinal, Grant)>,
    /// Grants that ended.
    pub grants_removed: Vec<(Ordinal, Grant)>,
    /// Direct roles that began, as (account, role).
    pub direct_added: Vec<(Ordinal, DirectRole)>,
    /// Direct roles that ended.
    pub direct_removed: Vec<(Ordinal, DirectRole)>,
    /// What this generation may say.
    pub claims: Claims,
    /// Who and what was read by id.
    pub read_again: Option<ReadAgain>,
}

/// How much a delta changes, by noun: what a run reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// People first seen.
    pub people_added: u64,
    /// People whose profile changed.
    pub people_changed: u64,
    /// Presences that ended.
    pub people_gone: u64,
    /// Presences that began for people already known, or changed their state.
    pub presence_changed: u64,
    /// People whose activity changed.
    pub activity_changed: u64,
    /// Administrative roles given or taken.
    pub roles_changed: u64,
    /// Groups first seen.
    pub groups_added: u64,
    /// Groups whose definition changed.
    pub groups_changed: u64,
    /// Groups gone.
    pub groups_gone: u64,
    /// Memberships that began.
    pub memberships_added: u64,
    /// Memberships that ended.
    pub memberships_removed: u64,
    /// Grants that began or ended.
    pub grants_changed: u64,
    /// Direct roles that began or ended.
    pub direct_changed: u64,
}

impl Delta {
    /// The ordinal that an account has once this delta is applied to its snapshot.
    pub fn account(&self, snapshot: &Snapshot, id: &AccountId) -> Option<Ordinal> {
        let new = || Some(self.known_accounts + self.new_accounts.iter().position(|new| new == id)? as Ordinal);
        snapshot.account(id.as_str()).or_else(new)
    }

    /// The ordinal that a group has then.
    pub fn group(&self, snapshot: &Snapshot, id: &GroupId) -> Option<Ordinal> {
        let new = || Some(self.known_groups + self.new_groups.iter().position(|(new, _)| new == id)? as Ordinal);
        snapshot.group(id.as_str()).or_else(new)
    }

    /// The accounts of which anything but activity and upstream's count of resources changes, new ones among them.
    pub fn changed(&self) -> RoaringBitmap {
        let mut changed: RoaringBitmap = self.profiles.iter().map(|(account, _)| *account).collect();
        changed.insert_range(self.known_accounts..self.known_accounts + self.new_accounts.len() as Ordinal);
        changed.extend(self.presence.iter().map(|change| change.account));
        for roles in [&self.roles_added, &self.roles_removed] {
            changed.extend(roles.iter().map(|(account, _)| *account));
        }
        for memberships in [&self.memberships_added, &self.memberships_removed] {
            changed.extend(memberships.iter().map(|(account, _)| *account));
        }
        for roles in [&self.direct_added, &self.direct_removed] {
            changed.extend(roles.iter().map(|(account, _)| *account));
        }
        changed
    }

    /// Whether nothing about the organization changes; claims may still be renewed.
    pub fn is_empty(&self) -> bool {
        self.counts() == Counts::default()
            && self.new_directories.is_empty()
            && self.new_resources.is_empty()
            && self.directories.is_empty()
            && self.resources.is_empty()
            && self.profiles.is_empty()
            && self.groups.is_empty()
            && self.counted.is_empty()
            && self.group_counts.is_empty()
            && self.activity_read.is_empty()
    }

    /// How much changes, by noun.
    pub fn counts(&self) -> Counts {
        let known = self.known_accounts;
        let groups_gone = self.groups.iter().filter(|(_, group)| group.is_none()).count() as u64;
        let people_gone = self.presence.iter().filter(|change| change.now.is_none()).count() as u64;
        let presence_new =
            self.presence.iter().filter(|change| change.before.is_none() && change.account >= known).count() as u64;
        Counts {
            people_added: self.new_accounts.len() as u64,
            people_changed: self.profiles.iter().filter(|(account, _)| *account < known).count() as u64,
            people_gone,
            presence_changed: self.presence.len() as u64 - people_gone - presence_new,
            activity_changed: self.activity.len() as u64,
            roles_changed: (self.roles_added.len() + self.roles_removed.len()) as u64,
            groups_added: self.new_groups.len() as u64,
            groups_changed: (self.groups.len() as u64 - groups_gone).saturating_sub(self.new_groups.len() as u64),
            groups_gone,
            memberships_added: self.memberships_added.len() as u64,
            memberships_removed: self.memberships_removed.len() as u64,
            grants_changed: (self.grants_added.len() + self.grants_removed.len()) as u64,
            direct_changed: (self.direct_added.len() + self.direct_removed.len()) as u64,
        }
    }
}
