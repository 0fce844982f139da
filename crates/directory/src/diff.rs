//! Compares what a pass has seen with the snapshot: the delta that, applied, makes the snapshot what was seen.
//!
//! Nothing is taken out but inside a complete claim and after it was confirmed; what was not read stays as it was.

use std::collections::BTreeMap;

use columns::Ordinal;
use hashbrown::HashTable;
use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::access::{DirectRole, Grant};
use crate::account::PlatformRole;
use crate::activity::Activity;
use crate::claim::Noun;
use crate::delta::{Delta, PresenceChange};
use crate::group::{Group, GroupCounts};
use crate::id::{DirectoryId, GroupId, ResourceId};
use crate::merge::Observed;
use crate::packed_profile::PackedProfile;
use crate::page::group_is_in;
use crate::resource::OUTSIDE;
use crate::seen::{Field, Reading, Seen, SeenAccount, SeenPart};
use crate::snapshot::Snapshot;

/// The delta from a snapshot to what was seen. Law: `apply(s, diff(s, seen)) == seen` for a complete `seen`, and
/// outside complete claims nothing is removed.
pub fn diff(snapshot: &Snapshot, seen: Seen, sealed_at: Timestamp) -> Delta {
    let mut differ = Differ::new(snapshot, whole_microseconds(sealed_at));
    differ.name_directories(&seen);
    differ.name_resources(&seen);
    differ.name_groups(&seen);
    let Seen { parts, groups, grants, direct, direct_unread, members, distrusted, claims, .. } = seen;
    for (reference, seen_group) in groups {
        differ.group(reference, seen_group.group, seen_group.counts);
    }
    let members = differ.name_members(members, &parts);
    let whole_groups: RoaringBitmap = claims.whole_groups().filter_map(|id| snapshot.group(id.as_str())).collect();
    let distrusted: RoaringBitmap = distrusted.iter().map(|reference| differ.group_ordinal(reference)).collect();
    let mut asked_for_direct = RoaringBitmap::new();
    let mut direct_complete = RoaringBitmap::new();
    for part in parts {
        let complete = |noun| claims.is_complete(noun, &part.directory);
        let (presence_complete, groups_complete, direct_part) =
            (complete(Noun::Presence), complete(Noun::Groups), complete(Noun::DirectAccess));
        if direct_part {
            direct_complete |= &part.listed;
        }
        differ.part(part, presence_complete, groups_complete, &members, &distrusted);
    }
    for (group, accounts) in &members {
        for account in accounts {
            differ.join(account, *group);
        }
        if whole_groups.contains(*group) && !distrusted.contains(*group) {
            let left = snapshot.memberships().members(*group) - accounts;
            differ.left.extend(left.iter().map(|account| (account, *group)));
        }
    }
    for (reference, seen_grants) in grants {
        differ.grants(reference, seen_grants);
    }
    for (id, roles) in direct {
        if let Some(account) = differ.known_account(&id) {
            asked_for_direct.insert(account);
            differ.direct(account, roles);
        }
    }
    for id in &direct_unread {
        if let Some(account) = differ.known_account(id) {
            asked_for_direct.insert(account);
        }
    }
    for account in &(direct_complete - asked_for_direct) {
        differ.direct(account, Vec::new());
    }
    differ.delta.claims = claims;
    for claim in &mut differ.delta.claims.0 {
        claim.asked_from = whole_microseconds(claim.asked_from);
        claim.asked_to = whole_microseconds(claim.asked_to);
    }
    differ.finish()
}

/// As finely as a database holds it, so that a snapshot built from one equals the snapshot that was moved forward.
fn whole_microseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

pub(crate) struct Differ<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) delta: Delta,
    /// Places in the delta's list of new accounts, by id.
    pub(crate) new_accounts: HashTable<u32>,
    pub(crate) new_groups: BTreeMap<GroupId, Ordinal>,
    pub(crate) new_resources: BTreeMap<ResourceId, Ordinal>,
    pub(crate) directories: BTreeMap<DirectoryId, Ordinal>,
    /// Ordinals of the groups first named in this pass, in order of reference.
    pub(crate) groups_by_reference: (Ordinal, Vec<Ordinal>),
    /// Likewise of resources.
    pub(crate) resources_by_reference: (Ordinal, Vec<Ordinal>),
    pub(crate) profiles: BTreeMap<Ordinal, Observed<PackedProfile>>,
    pub(crate) roles: BTreeMap<Ordinal, Observed<Vec<PlatformRole>>>,
    pub(crate) activity: BTreeMap<Ordinal, Observed<Vec<Activity>>>,
    pub(crate) activity_read: RoaringBitmap,
    pub(crate) counted: BTreeMap<Ordinal, Observed<u32>>,
    pub(crate) left: Vec<(Ordinal, Ordinal)>,
    pub(crate) joined: Vec<(Ordinal, Ordinal)>,
    pub(crate) gone: RoaringBitmap,
}

impl<'a> Differ<'a> {
    fn new(snapshot: &'a Snapshot, sealed_at: Timestamp) -> Differ<'a> {
        Differ {
            snapshot,
            delta: Delta {
                generation: snapshot.generation() + 1,
                sealed_at,
                known_accounts: snapshot.accounts_len() as Ordinal,
                known_groups: snapshot.groups_len() as Ordinal,
                ..Delta::default()
            },
            new_accounts: HashTable::new(),
            new_groups: BTreeMap::new(),
            new_resources: BTreeMap::new(),
            directories: BTreeMap::new(),
            groups_by_reference: (0, Vec::new()),
            resources_by_reference: (0, Vec::new()),
            profiles: BTreeMap::new(),
            roles: BTreeMap::new(),
            activity: BTreeMap::new(),
            activity_read: RoaringBitmap::new(),
            counted: BTreeMap::new(),
            left: Vec::new(),
            joined: Vec::new(),
            gone: RoaringBitmap::new(),
        }
    }

    fn group(&mut self, reference: Ordinal, group: Group, counts: GroupCounts) {
        let ordinal = self.group_ordinal(reference);
        let known = self.snapshot.group_row(ordinal);
        if known.is_none_or(|row| row.group.as_ref() != Some(&group)) {
            self.delta.groups.push((ordinal, Some(group)));
        }
        if known.map_or(GroupCounts::default(), |row| row.counts) != counts {
            self.delta.group_counts.push((ordinal, counts));
        }
    }

    fn part(
        &mut self,
        part: SeenPart,
        presence_complete: bool,
        groups_complete: bool,
        members: &BTreeMap<Ordinal, RoaringBitmap>,
        distrusted: &RoaringBitmap,
    ) {
        let Some(&directory) = self.directories.get(&part.directory) else { return };
        let SeenPart { listed, accounts, listed_groups, gone, gone_groups, .. } = part;
        for record in accounts {
            if record.introduces() || self.known_account(&record.id).is_some() {
                self.record(directory, record, members, distrusted);
            }
        }
        if presence_complete {
            for account in &((self.snapshot.present_in(directory) & gone) - listed) {
                self.leaves_directory(directory, account);
            }
        }
        if groups_complete {
            for group in &(gone_groups - listed_groups) {
                self.group_is_gone(group);
            }
        }
    }

    fn record(
        &mut self,
        directory: Ordinal,
        record: SeenAccount,
        members: &BTreeMap<Ordinal, RoaringBitmap>,
        distrusted: &RoaringBitmap,
    ) {
        let account = self.account_ordinal(&record.id);
        keep_latest(&mut self.profiles, account, record.profile);
        keep_latest(&mut self.roles, account, record.roles);
        keep_latest(&mut self.counted, account, record.counted_resources);
        if record.activity.is_some() {
            self.activity_read.insert(account);
        }
        let activity = record.activity.map(|observed| Observed {
            asked_at: observed.asked_at,
            value: match observed.value {
                Reading::Same => Reading::Same,
                Reading::Now(mut entries) => {
                    for entry in &mut entries {
                        entry.resource = self.resource_ordinal(entry.resource);
                    }
                    entries.sort_unstable();
                    Reading::Now(entries)
                }
            },
        });
        keep_latest(&mut self.activity, account, activity);
        if let Some(Observed { value: Reading::Now(now), .. }) = record.presence {
            let before = self.snapshot.presence(directory, account).cloned();
            if before.as_ref() != Some(&now) {
                self.delta.presence.push(PresenceChange { directory, account, before, now: Some(now) });
            }
        }
        if let Some(Observed { value: Reading::Now(references), .. }) = record.groups {
            let mut now: Vec<Ordinal> = references.iter().map(|reference| self.group_ordinal(*reference)).collect();
            now.sort_unstable();
            now.dedup();
            for group in &now {
                self.join(account, *group);
            }
            for group in self.snapshot.memberships().of(account) {
                let found_by_group = members.get(group).is_some_and(|members| members.contains(account));
                if now.binary_search(group).is_err()
                    && group_is_in(self.snapshot, *group, Some(directory))
                    && !distrusted.contains(*group)
                    && !found_by_group
                {
                    self.left.push((account, *group));
                }
            }
        }
    }

    fn join(&mut self, account: Ordinal, group: Ordinal) {
        if !self.snapshot.memberships().contains(account, group) {
            self.joined.push((account, group));
        }
    }

    fn leaves_directory(&mut self, directory: Ordinal, account: Ordinal) {
        let before = self.snapshot.presence(directory, account).cloned();
        self.delta.presence.push(PresenceChange { directory, account, before, now: None });
        for group in self.snapshot.memberships().of(account) {
            if group_is_in(self.snapshot, *group, Some(directory)) {
                self.left.push((account, *group));
            }
        }
        self.gone.insert(account);
    }

    fn group_is_gone(&mut self, group: Ordinal) {
        if self.snapshot.group_row(group).is_none_or(|row| row.group.is_none()) {
            return;
        }
        self.delta.groups.push((group, None));
        self.left.extend(self.snapshot.memberships().members(group).iter().map(|account| (account, group)));
        let grants = self.snapshot.grants(group);
        self.delta.grants_removed.extend(grants.iter().map(|grant| (group, grant.clone())));
    }

    fn grants(&mut self, reference: Ordinal, mut grants: Vec<Grant>) {
        let group = self.group_ordinal(reference);
        for grant in &mut grants {
            grant.resource = self.resource_ordinal(grant.resource);
        }
        let (added, removed) = changes(self.snapshot.grants(group), grants);
        self.delta.grants_added.extend(added.into_iter().map(|grant| (group, grant)));
        self.delta.grants_removed.extend(removed.into_iter().map(|grant| (group, grant)));
    }

    fn direct(&mut self, account: Ordinal, mut roles: Vec<DirectRole>) {
        for role in &mut roles {
            role.resource = self.resource_ordinal(role.resource);
        }
        let (added, removed) = changes(self.snapshot.direct_roles(account), roles);
        self.delta.direct_added.extend(added.into_iter().map(|role| (account, role)));
        self.delta.direct_removed.extend(removed.into_iter().map(|role| (account, role)));
    }

    fn finish(mut self) -> Delta {
        let snapshot = self.snapshot;
        for (account, observed) in self.profiles {
            if snapshot.profile_digest(account) != Some(observed.value.digest()) {
                self.delta.profiles.push((account, observed.value));
            }
        }
        for (account, observed) in self.roles {
            let (added, removed) = changes(&snapshot.roles_of(account), observed.value);
            self.delta.roles_added.extend(added.into_iter().map(|role| (account, role)));
            self.delta.roles_removed.extend(removed.into_iter().map(|role| (account, role)));
        }
        for (account, observed) in self.activity {
            if snapshot.activity().of(account) != observed.value.as_slice() {
                self.delta.activity.push((account, observed.value));
            }
        }
        for (account, observed) in self.counted {
            if snapshot.counted_resources(account) != Some(observed.value) {
                self.delta.counted.push((account, observed.value));
            }
        }
        self.delta.activity_read = (self.activity_read - snapshot.activity().read()).iter().collect();
        self.delta.presence.sort_by_key(|change| (change.directory, change.account));
        // Who is gone from every directory has no role on an app any more; who is gone from everywhere, none at all.
        for account in &self.gone {
            let stays = |directory: &Ordinal| match self
                .delta
                .presence
                .binary_search_by_key(&(*directory, account), |c| (c.directory, c.account))
            {
                Ok(place) => self.delta.presence[place].now.is_some(),
                Err(_) => snapshot.presence(*directory, account).is_some(),
            };
            let anywhere = self.directories.values().any(stays);
            let inside = self.directories.iter().any(|(id, directory)| id.as_str() != OUTSIDE && stays(directory));
            if !inside {
                let direct = snapshot.direct_roles(account).iter().map(|role| (account, role.clone()));
                self.delta.direct_removed.extend(direct);
            }
            if !anywhere {
                let roles = snapshot.roles_of(account).into_iter().map(|role| (account, role));
                self.delta.roles_removed.extend(roles);
            }
        }
        let delta = &mut self.delta;
        delta.groups.sort_by_key(|(group, _)| *group);
        delta.group_counts.sort_by_key(|(group, _)| *group);
        delta.memberships_added = self.joined;
        delta.memberships_removed = self.left;
        sorted_once(&mut delta.memberships_added);
        sorted_once(&mut delta.memberships_removed);
        sorted_once(&mut delta.roles_added);
        sorted_once(&mut delta.roles_removed);
        sorted_once(&mut delta.grants_added);
        sorted_once(&mut delta.grants_removed);
        sorted_once(&mut delta.direct_added);
        sorted_once(&mut delta.direct_removed);
        self.delta
    }
}

fn sorted_once<T: Ord>(list: &mut Vec<T>) {
    list.sort();
    list.dedup();
}

/// Keeps the later of two whole readings; "as the snapshot has it" later than "changed" undoes the change.
fn keep_latest<T: Ord>(map: &mut BTreeMap<Ordinal, Observed<T>>, account: Ordinal, field: Field<T>) {
    let Some(Observed { asked_at, value }) = field else { return };
    match value {
        Reading::Same => {
            if map.get(&account).is_some_and(|held| held.asked_at < asked_at) {
                map.remove(&account);
            }
        }
        Reading::Now(value) => {
            let observed = Observed { asked_at, value };
            match map.remove(&account) {
                Some(held) => map.insert(account, held.merge(observed)),
                None => map.insert(account, observed),
            };
        }
    }
}

fn changes<T: Ord + Clone>(before: &[T], mut now: Vec<T>) -> (Vec<T>, Vec<T>) {
    now.sort();
    now.dedup();
    let removed = before.iter().filter(|item| now.binary_search(item).is_err()).cloned().collect();
    now.retain(|item| !before.contains(item));
    (now, removed)
}
