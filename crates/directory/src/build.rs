//! Builds a snapshot from stored facts, streamed in order: the only way to start one.

use std::collections::BTreeMap;
use std::sync::Arc;

use columns::{NumberColumn, Ordinal, Relation, TextColumn};
use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::access::{DirectRole, Grant};
use crate::account::{PlatformRole, Presence, Profile};
use crate::activity::{Activity, ActivityColumn};
use crate::apply::{PeopleChange, order_groups, order_people};
use crate::claim::Age;
use crate::group::{Group, GroupCounts};
use crate::id::{AccountId, DirectoryId, GroupId};
use crate::read_again::{Exceptions, ReadAgain};
use crate::resource::{Directory, Resource};
use crate::snapshot::{GroupRow, IdIndex, People, Snapshot};
use crate::word_column::Words;

/// Collects the facts of one generation. Rows are pushed in the order their method names; rows of a kind may be left
/// out altogether.
#[derive(Debug, Default)]
pub struct Builder {
    snapshot: Snapshot,
    directories: Vec<Directory>,
    resources: Vec<Resource>,
    ids: Vec<AccountId>,
    people: People,
    profiles: PeopleChange,
    counted: Vec<Option<i64>>,
    changed: Vec<(Ordinal, i64)>,
    presence: Vec<Vec<(Ordinal, Presence)>>,
    roles: BTreeMap<PlatformRole, RoaringBitmap>,
    activity: Vec<(Ordinal, Activity)>,
    activity_read: RoaringBitmap,
    groups: Vec<GroupRow>,
    first_seen: Vec<Option<i64>>,
    memberships: Vec<(Ordinal, Ordinal)>,
    grants: BTreeMap<Ordinal, Vec<Grant>>,
    direct: BTreeMap<Ordinal, Vec<DirectRole>>,
    ages: Vec<Age>,
    exceptions: Exceptions,
}

impl Builder {
    /// Starts a snapshot of this generation.
    pub fn new(generation: u64, sealed_at: Timestamp) -> Builder {
        Builder { snapshot: Snapshot { generation, sealed_at, ..Snapshot::default() }, ..Builder::default() }
    }

    /// The next directory, by ordinal.
    pub fn directory(&mut self, id: DirectoryId, name: &str) {
        self.directories.push(Directory { id, name: name.into() });
    }

    /// The next resource, by ordinal.
    pub fn resource(&mut self, resource: Resource) {
        self.resources.push(resource);
    }

    /// The next account, by ordinal; no profile when nothing but its id is known.
    pub fn account(&mut self, id: AccountId, profile: Option<&Profile>, counted_resources: Option<u32>) {
        self.counted.push(counted_resources.map(i64::from));
        let digested = profile.map(|profile| (profile.digest(), profile));
        self.profiles.push(&mut self.people, self.ids.len() as Ordinal, digested);
        self.ids.push(id);
    }

    /// When a generation last changed anything of an account but its activity, in microseconds since 1970; accounts in
    /// increasing order.
    pub fn changed(&mut self, account: Ordinal, at: i64) {
        self.changed.push((account, at));
    }

    /// A presence; accounts in increasing order within a directory.
    pub fn presence(&mut self, directory: Ordinal, account: Ordinal, presence: Presence) {
        let place = directory as usize;
        if self.presence.len() <= place {
            self.presence.resize_with(place + 1, Vec::new);
        }
        self.presence[place].push((account, presence));
    }

    /// An administrative role.
    pub fn role(&mut self, account: Ordinal, role: PlatformRole) {
        self.roles.entry(role).or_default().insert(account);
    }

    /// A last activity; in increasing order of account, then resource.
    pub fn activity(&mut self, account: Ordinal, activity: Activity) {
        self.activity.push((account, activity));
    }

    /// Accounts whose activity was ever read.
    pub fn activity_read(&mut self, accounts: RoaringBitmap) {
        self.activity_read = accounts;
    }

    /// The next group, by ordinal; `None` when it is gone or only a membership has named it.
    pub fn group(&mut self, id: GroupId, directory: Option<Ordinal>, group: Option<Group>, counts: GroupCounts) {
        self.groups.push(GroupRow::new(id, directory, group, counts));
        self.first_seen.push(None);
    }

    /// When the group that was pushed last was first seen.
    pub fn group_first_seen(&mut self, at: Timestamp) {
        if let Some(last) = self.first_seen.last_mut() {
            *last = Some(at.as_microsecond());
        }
    }

    /// A membership; in increasing order of account, then group.
    pub fn membership(&mut self, account: Ordinal, group: Ordinal) {
        self.memberships.push((account, group));
    }

    /// A grant of a group, in any order.
    pub fn grant(&mut self, group: Ordinal, grant: Grant) {
        self.grants.entry(group).or_default().push(grant);
    }

    /// A direct role of an account, in any order.
    pub fn direct_role(&mut self, account: Ordinal, role: DirectRole) {
        self.direct.entry(account).or_default().push(role);
    }

    /// When a noun of a part was last read completely.
    pub fn age(&mut self, age: Age) {
        self.ages.push(age);
    }

    /// Who and what was read by id; in any order.
    pub fn read_again(&mut self, read: &ReadAgain) {
        self.exceptions.absorb(read);
    }

    /// The snapshot of everything pushed.
    pub fn finish(mut self) -> Snapshot {
        let accounts = self.ids.len();
        let mut ids = TextColumn::builder();
        for id in &self.ids {
            ids.push(Some(id.as_str()));
        }
        self.ids = Vec::new();
        let mut people = People { ids: ids.finish(), ..std::mem::take(&mut self.people) };
        let mut by_id = IdIndex::default();
        by_id.extend(0, &people.ids);
        people.by_id = Arc::new(by_id);
        self.profiles.apply(&mut people);
        drop(std::mem::take(&mut self.profiles));

        let mut counted = NumberColumn::builder();
        for value in &self.counted {
            counted.push(*value);
        }
        people.counted = counted.finish();
        let mut changes = self.changed.iter().peekable();
        let mut changed = NumberColumn::builder();
        for account in 0..accounts as Ordinal {
            changed.push(changes.next_if(|(known, _)| *known == account).map(|(_, at)| *at));
        }
        people.changed = changed.finish();

        self.presence.resize_with(self.directories.len(), Vec::new);
        people.presence = self
            .presence
            .iter()
            .map(|rows| {
                let mut rows = rows.iter().peekable();
                Words::build(
                    (0..accounts as Ordinal)
                        .map(|account| rows.next_if(|(present, _)| *present == account).map(|(_, presence)| presence)),
                )
            })
            .collect();
        people.roles = self.roles.into_iter().map(|(role, holders)| (role, Arc::new(holders))).collect();
        people.activity = ActivityColumn::build(accounts, self.activity_read, self.activity);
        order_people(&mut people, None);

        let mut snapshot = self.snapshot;
        snapshot.memberships = Relation::build(accounts, self.groups.len(), self.memberships);
        snapshot.groups_by_id =
            Arc::new(self.groups.iter().enumerate().map(|(place, row)| (row.id.clone(), place as Ordinal)).collect());
        snapshot.groups = Arc::new(self.groups);
        snapshot.groups_first_seen = Arc::new(self.first_seen);
        snapshot.groups_by_name = order_groups(&snapshot.groups);
        for grants in self.grants.values_mut() {
            grants.sort();
        }
        for roles in self.direct.values_mut() {
            roles.sort();
        }
        self.ages.sort();
        snapshot.grants = Arc::new(self.grants);
        snapshot.direct = Arc::new(self.direct);
        snapshot.directories = Arc::new(self.directories);
        snapshot.resources = Arc::new(self.resources);
        snapshot.ages = Arc::new(self.ages);
        snapshot.people = people;
        self.exceptions.prune(snapshot.people_read_at(), snapshot.groups_read_at());
        snapshot.exceptions = Arc::new(self.exceptions);
        snapshot
    }
}
