//! What a pass has seen: the fold of its pages' residues, in upstream's terms, before it is compared with the whole.
//!
//! Groups and resources are named by *references*: below the base they are ordinals of the snapshot the pass started
//! from, above it they count the names first seen in this pass ([`Seen::new_groups`]). Ordinals are given at the seal.

use std::collections::{BTreeMap, BTreeSet};

use columns::Ordinal;
use roaring::RoaringBitmap;

use crate::access::{DirectRole, Grant};
use crate::account::{PlatformRole, Presence};
use crate::activity::Activity;
use crate::claim::{Claims, Noun, NounSet};
use crate::group::{Group, GroupCounts};
use crate::id::{AccountId, DirectoryId, GroupId, ResourceId};
use crate::merge::{Observed, later};
use crate::packed_profile::PackedProfile;
use crate::records::Records;
use crate::resource::{Directory, Resource};

/// A field as a page showed it: as the snapshot has it, or as it is now.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading<T> {
    /// Exactly what the snapshot holds.
    Same,
    /// Something else.
    Now(T),
}

/// A field that may not have been read at all: missing, null, capped, or out of the run's scope.
pub type Field<T> = Option<Observed<Reading<T>>>;

/// An account as the pages of one part showed it. `None` fields were not read, and say nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenAccount {
    /// Whose record it is.
    pub id: AccountId,
    /// The profile.
    pub profile: Field<PackedProfile>,
    /// How it stands in this part's directory.
    pub presence: Field<Presence>,
    /// Administrative roles, sorted.
    pub roles: Field<Vec<PlatformRole>>,
    /// Last activity per app, sorted by resource reference.
    pub activity: Field<Vec<Activity>>,
    /// References of the directory's groups it is in, sorted.
    pub groups: Field<Vec<Ordinal>>,
    /// `counts.resources`: on how many resources it has any role.
    pub counted_resources: Field<u32>,
}

/// A group as the pages of one directory showed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenGroup {
    /// Which directory lists it.
    pub directory: DirectoryId,
    /// Its definition.
    pub group: Group,
    /// Upstream's counts.
    pub counts: GroupCounts,
}

/// What was seen of one part: a directory, or the accounts outside all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenPart {
    /// Which part.
    pub directory: DirectoryId,
    /// Known accounts that were listed, changed or not.
    pub listed: RoaringBitmap,
    /// Accounts that are new, changed, or of which something could not be read.
    pub accounts: Records,
    /// Known groups that were listed.
    pub listed_groups: RoaringBitmap,
    /// Known accounts that were missing, asked for by id, and confirmed to be gone from this part.
    pub gone: RoaringBitmap,
    /// Known groups that were missing, asked for by id, and confirmed to be gone.
    pub gone_groups: RoaringBitmap,
}

/// Everything a pass has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// References below this are ordinals of groups.
    pub base_groups: Ordinal,
    /// Groups first seen in this pass; the n-th has reference `base_groups + n`.
    pub new_groups: Vec<GroupId>,
    /// References below this are ordinals of resources.
    pub base_resources: Ordinal,
    /// Resources first seen in this pass; the n-th has reference `base_resources + n`.
    pub new_resources: Vec<ResourceId>,
    /// Directories listed.
    pub directories: Vec<Directory>,
    /// Resources described by the list of workspaces.
    pub resources: Vec<Resource>,
    /// What was seen of each part.
    pub parts: Vec<SeenPart>,
    /// Definitions of groups by reference, changed or not.
    pub groups: BTreeMap<Ordinal, SeenGroup>,
    /// What the groups that were asked grant, by reference; the grants name resources by reference.
    pub grants: BTreeMap<Ordinal, Vec<Grant>>,
    /// Direct roles of the accounts that were asked for them.
    pub direct: BTreeMap<AccountId, Vec<DirectRole>>,
    /// Accounts whose access no group explains and whose direct roles could not be read.
    pub direct_unread: BTreeSet<AccountId>,
    /// Members found by re-reading a group whose count did not agree, by reference.
    pub members: BTreeMap<Ordinal, BTreeSet<AccountId>>,
    /// References of groups whose count did not agree and which were not re-read: no member of theirs is taken out.
    pub distrusted: RoaringBitmap,
    /// What was earned.
    pub claims: Claims,
}

impl Seen {
    /// Nothing seen yet by a pass that starts from a snapshot with this many groups and resources.
    pub fn new(base_groups: Ordinal, base_resources: Ordinal) -> Seen {
        Seen {
            base_groups,
            new_groups: Vec::new(),
            base_resources,
            new_resources: Vec::new(),
            directories: Vec::new(),
            resources: Vec::new(),
            parts: Vec::new(),
            groups: BTreeMap::new(),
            grants: BTreeMap::new(),
            direct: BTreeMap::new(),
            direct_unread: BTreeSet::new(),
            members: BTreeMap::new(),
            distrusted: RoaringBitmap::new(),
            claims: Claims::default(),
        }
    }

    /// The part of a directory, begun when it is first named.
    pub fn part(&mut self, directory: &DirectoryId) -> &mut SeenPart {
        let place = match self.parts.iter().position(|part| part.directory == *directory) {
            Some(place) => place,
            None => {
                self.parts.push(SeenPart::new(directory.clone()));
                self.parts.len() - 1
            }
        };
        &mut self.parts[place]
    }
}

impl SeenPart {
    /// A part of which nothing was seen yet.
    pub fn new(directory: DirectoryId) -> SeenPart {
        SeenPart {
            directory,
            listed: RoaringBitmap::new(),
            accounts: Records::default(),
            listed_groups: RoaringBitmap::new(),
            gone: RoaringBitmap::new(),
            gone_groups: RoaringBitmap::new(),
        }
    }

    /// Takes a record in. `known` is the account's ordinal in the snapshot, where it has one. A record that came
    /// before is merged with, field by field.
    pub fn absorb(&mut self, known: Option<Ordinal>, record: SeenAccount) {
        if let Some(ordinal) = known {
            self.listed.insert(ordinal);
        }
        if known.is_none() || !record.is_unchanged(NounSet::ALL) || self.accounts.get(record.id.as_str()).is_some() {
            self.accounts.merge(record);
        }
    }
}

impl SeenAccount {
    /// Merges another record of the same account in, field by field, by the merge law.
    pub fn merge(&mut self, other: SeenAccount) {
        self.profile = later(self.profile.take(), other.profile);
        self.presence = later(self.presence.take(), other.presence);
        self.roles = later(self.roles.take(), other.roles);
        self.activity = later(self.activity.take(), other.activity);
        self.groups = later(self.groups.take(), other.groups);
        self.counted_resources = later(self.counted_resources.take(), other.counted_resources);
    }

    /// Leaves only what a run is about; the rest counts as not read.
    pub fn keep_only(&mut self, nouns: NounSet) {
        keep(&mut self.profile, nouns.contains(Noun::Accounts));
        keep(&mut self.presence, nouns.contains(Noun::Presence));
        keep(&mut self.roles, nouns.contains(Noun::PlatformRoles));
        keep(&mut self.activity, nouns.contains(Noun::Activity));
        keep(&mut self.groups, nouns.contains(Noun::Memberships));
        keep(&mut self.counted_resources, nouns.contains(Noun::DirectAccess));
    }

    /// Whether every field that a run is about was read and is as the snapshot has it. Upstream's count of resources may
    /// be missing: it is a check, not a fact.
    pub fn is_unchanged(&self, nouns: NounSet) -> bool {
        let counted = self.counted_resources.is_none() || is_same(&self.counted_resources);
        counted
            && (is_same(&self.profile) || !nouns.contains(Noun::Accounts))
            && (is_same(&self.presence) || !nouns.contains(Noun::Presence))
            && (is_same(&self.roles) || !nouns.contains(Noun::PlatformRoles))
            && (is_same(&self.activity) || !nouns.contains(Noun::Activity))
            && (is_same(&self.groups) || !nouns.contains(Noun::Memberships))
    }

    /// Whether the record tells who somebody is. One that does not is of no use for an account that is not known yet.
    pub fn introduces(&self) -> bool {
        self.profile.is_some() || self.presence.is_some()
    }
}

fn keep<T>(field: &mut Field<T>, kept: bool) {
    if !kept {
        *field = None;
    }
}

fn is_same<T>(field: &Field<T>) -> bool {
    matches!(field, Some(Observed { value: Reading::Same, .. }))
}
