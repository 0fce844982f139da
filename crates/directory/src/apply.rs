//! The way forward: the next snapshot from this one and a delta. Columns share every chunk the delta does not touch.
//!
//! Law: building a generation from its stored facts gives the same snapshot as applying its delta to the one before.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use columns::{CHUNK, Order, Ordinal, TextColumn};

use crate::account::{AccountStatus, AccountType, Claimed, Management, Profile};
use crate::claim::Age;
use crate::delta::Delta;
use crate::fold::{email_key, fold_text};
use crate::group::{Group, GroupCounts};
use crate::id::GroupId;
use crate::snapshot::{GroupRow, People, Snapshot};
use crate::word_column::Words;

impl Snapshot {
    /// The snapshot that this delta makes.
    #[must_use]
    pub fn apply(&self, delta: &Delta) -> Snapshot {
        let mut next = Snapshot { index: Arc::default(), ..self.clone() };
        next.generation = delta.generation;
        next.sealed_at = delta.sealed_at;
        if !delta.new_directories.is_empty() || !delta.directories.is_empty() {
            let directories = Arc::make_mut(&mut next.directories);
            for (ordinal, directory) in &delta.directories {
                replace(directories, *ordinal, directory.clone());
            }
            directories.extend(delta.new_directories.iter().cloned());
        }
        if !delta.new_resources.is_empty() || !delta.resources.is_empty() {
            let resources = Arc::make_mut(&mut next.resources);
            for (ordinal, resource) in &delta.resources {
                replace(resources, *ordinal, resource.clone());
            }
            resources.extend(delta.new_resources.iter().cloned());
        }
        let directories = next.directories.len();
        apply_people(&mut next.people, directories, delta);
        apply_groups(&mut next, delta);
        let accounts = next.people.ids.len();
        let groups = next.groups.len();
        if accounts != self.people.ids.len()
            || groups != self.groups.len()
            || !delta.memberships_added.is_empty()
            || !delta.memberships_removed.is_empty()
        {
            next.memberships =
                self.memberships.apply(accounts, groups, &delta.memberships_added, &delta.memberships_removed);
        }
        if !delta.grants_added.is_empty() || !delta.grants_removed.is_empty() {
            apply_lists(Arc::make_mut(&mut next.grants), &delta.grants_added, &delta.grants_removed);
        }
        if !delta.direct_added.is_empty() || !delta.direct_removed.is_empty() {
            apply_lists(Arc::make_mut(&mut next.direct), &delta.direct_added, &delta.direct_removed);
        }
        next.ages = Arc::new(Age::advance(&self.ages, &delta.claims));
        if delta.read_again.is_some() || !next.exceptions.is_empty() {
            let (people_at, groups_at) = (next.people_read_at(), next.groups_read_at());
            let exceptions = Arc::make_mut(&mut next.exceptions);
            delta.read_again.iter().for_each(|read| exceptions.absorb(read));
            exceptions.prune(people_at, groups_at);
        }
        next
    }
}

fn apply_people(people: &mut People, directories: usize, delta: &Delta) {
    let known = people.ids.len() as Ordinal;
    if !delta.new_accounts.is_empty() {
        let added: Vec<(Ordinal, Option<&str>)> =
            (known..).zip(delta.new_accounts.iter().map(|id| Some(id.as_str()))).collect();
        people.ids = people.ids.apply(&added);
        Arc::make_mut(&mut people.by_id).extend(known, &people.ids);
    }
    let accounts = people.ids.len();
    let mut change = PeopleChange::default();
    let mut profiles = delta.profiles.iter().peekable();
    while let Some((ordinal, profile)) = profiles.next_if(|(ordinal, _)| *ordinal < known) {
        change.push(people, *ordinal, Some((profile.digest(), &profile.unpack())));
    }
    for ordinal in known..accounts as Ordinal {
        let profile = profiles.next_if(|(changed, _)| *changed == ordinal);
        let profile = profile.map(|(_, packed)| (packed.digest(), packed.unpack()));
        change.push(people, ordinal, profile.as_ref().map(|(digest, profile)| (*digest, profile)));
    }
    change.apply(people);

    if !delta.counted.is_empty() {
        let counted: Vec<(Ordinal, Option<i64>)> =
            delta.counted.iter().map(|(account, counted)| (*account, Some(i64::from(*counted)))).collect();
        people.counted = people.counted.apply(&counted);
    }
    let changed_at = delta.sealed_at.as_microsecond();
    let changed: Vec<(Ordinal, Option<i64>)> =
        delta.changed().iter().map(|account| (account, Some(changed_at))).collect();
    people.changed = people.changed.apply(&changed);
    people.presence.resize_with(directories, Words::default);
    for (place, column) in people.presence.iter_mut().enumerate() {
        let mine = delta.presence.iter().filter(|change| change.directory as usize == place);
        *column = column.apply(mine.map(|change| (change.account, change.now.as_ref())));
    }
    for (account, role) in &delta.roles_added {
        Arc::make_mut(people.roles.entry(role.clone()).or_default()).insert(*account);
    }
    for (account, role) in &delta.roles_removed {
        if let Some(holders) = people.roles.get_mut(role) {
            Arc::make_mut(holders).remove(*account);
        }
    }
    people.roles.retain(|_, holders| !holders.is_empty());
    if !delta.activity.is_empty() || accounts as Ordinal != known {
        people.activity = people.activity.apply(accounts, &delta.activity);
    }
    if !delta.activity_read.is_empty() {
        let mut read = people.activity.read().clone();
        read.extend(delta.activity_read.iter().copied());
        people.activity = std::mem::take(&mut people.activity).with_read(read);
    }
    let mut touched: Vec<Ordinal> =
        delta.profiles.iter().map(|(account, _)| *account).chain(known..accounts as Ordinal).collect();
    touched.sort_unstable();
    touched.dedup();
    let active: Vec<Ordinal> = if touched.is_empty() && delta.activity.is_empty() {
        Vec::new()
    } else {
        let mut active: Vec<Ordinal> =
            delta.activity.iter().map(|(account, _)| *account).chain(known..accounts as Ordinal).collect();
        active.sort_unstable();
        active.dedup();
        active
    };
    order_people(people, Some((&touched, &active)));
}

fn apply_groups(next: &mut Snapshot, delta: &Delta) {
    if delta.groups.is_empty() && delta.group_counts.is_empty() && delta.new_groups.is_empty() {
        return;
    }
    let sealed_at = next.sealed_at.as_microsecond();
    let groups = Arc::make_mut(&mut next.groups);
    let by_id = Arc::make_mut(&mut next.groups_by_id);
    for (id, directory) in &delta.new_groups {
        by_id.insert(id.clone(), groups.len() as Ordinal);
        let first_seen = Arc::make_mut(&mut next.groups_first_seen);
        first_seen.resize(groups.len(), None);
        first_seen.push(Some(sealed_at));
        groups.push(GroupRow::new(id.clone(), *directory, None, GroupCounts::default()));
    }
    for (ordinal, group) in &delta.groups {
        if let Some(row) = groups.get_mut(*ordinal as usize) {
            *row = GroupRow::new(row.id.clone(), row.directory, group.clone(), row.counts);
        }
    }
    for (ordinal, counts) in &delta.group_counts {
        if let Some(row) = groups.get_mut(*ordinal as usize) {
            row.counts = *counts;
        }
    }
    next.groups_by_name = order_groups(groups);
}

fn apply_lists<T: Clone + Ord>(
    lists: &mut BTreeMap<Ordinal, Vec<T>>,
    added: &[(Ordinal, T)],
    removed: &[(Ordinal, T)],
) {
    for (owner, item) in removed {
        if let Some(list) = lists.get_mut(owner) {
            list.retain(|kept| kept != item);
        }
    }
    for (owner, item) in added {
        let list = lists.entry(*owner).or_default();
        if let Err(place) = list.binary_search(item) {
            list.insert(place, item.clone());
        }
    }
    lists.retain(|_, list| !list.is_empty());
}

fn replace<T>(list: &mut [T], ordinal: Ordinal, item: T) {
    if let Some(place) = list.get_mut(ordinal as usize) {
        *place = item;
    }
}

impl GroupRow {
    pub(crate) fn new(id: GroupId, directory: Option<Ordinal>, group: Option<Group>, counts: GroupCounts) -> GroupRow {
        let folded_name = group.as_ref().map(|group| fold_text(&group.name)).unwrap_or_default().into();
        GroupRow { id, directory, folded_name, group, counts }
    }
}

/// Profiles that change, as columns: sorted by ordinal, folded once.
#[derive(Debug, Default)]
pub(crate) struct PeopleChange {
    rows: Vec<Ordinal>,
    digests: Vec<Option<i64>>,
    added: Vec<Option<i64>>,
    names: Texts,
    folded_names: Texts,
    emails: Texts,
    email_keys: Texts,
    job_titles: Texts,
    departments: Texts,
    organizations: Texts,
    types: Vec<Option<AccountType>>,
    account_statuses: Vec<Option<AccountStatus>>,
    claimed: Vec<Option<Claimed>>,
    management: Vec<Option<Management>>,
    email_verified: Vec<Option<u8>>,
    mfa_enabled: Vec<Option<u8>>,
}

/// Many short texts in one buffer.
#[derive(Debug, Default)]
struct Texts {
    buffer: String,
    ends: Vec<Option<usize>>,
}

impl Texts {
    fn push(&mut self, text: Option<&str>) {
        self.buffer.push_str(text.unwrap_or(""));
        self.ends.push(text.map(|_| self.buffer.len()));
    }

    fn apply(&self, column: &TextColumn, rows: &[Ordinal]) -> TextColumn {
        let mut start = 0;
        let changes: Vec<(Ordinal, Option<&str>)> = rows
            .iter()
            .zip(&self.ends)
            .map(|(ordinal, end)| (*ordinal, end.map(|end| &self.buffer[std::mem::replace(&mut start, end)..end])))
            .collect();
        column.apply(&changes)
    }
}

impl PeopleChange {
    /// Takes a profile in with its digest; ordinals in increasing order. `None` leaves an account of which only the id is known.
    /// A full chunk goes into the columns at once, so that never more than one is held twice.
    pub(crate) fn push(&mut self, people: &mut People, ordinal: Ordinal, digested: Option<(i64, &Profile)>) {
        if (ordinal as usize).is_multiple_of(CHUNK) && self.rows.len() >= CHUNK / 2 {
            std::mem::take(self).apply(people);
        }
        self.rows.push(ordinal);
        self.digests.push(digested.map(|(digest, _)| digest));
        let profile = digested.map(|(_, profile)| profile);
        self.added.push(profile.and_then(|profile| profile.added_at).map(jiff::Timestamp::as_microsecond));
        let name = profile.map(|profile| &*profile.name);
        self.names.push(name);
        self.folded_names.push(name.map(fold_text).as_deref());
        let email = profile.and_then(|profile| profile.email.as_deref());
        self.emails.push(email);
        self.email_keys.push(email.map(email_key).as_deref());
        self.job_titles.push(profile.and_then(|profile| profile.job_title.as_deref()));
        self.departments.push(profile.and_then(|profile| profile.department.as_deref()));
        self.organizations.push(profile.and_then(|profile| profile.organization.as_deref()));
        self.types.push(profile.map(|profile| profile.account_type.clone()));
        self.account_statuses.push(profile.and_then(|profile| profile.account_status.clone()));
        self.claimed.push(profile.and_then(|profile| profile.claimed.clone()));
        self.management.push(profile.and_then(|profile| profile.management.clone()));
        self.email_verified.push(profile.and_then(|profile| profile.email_verified).map(u8::from));
        self.mfa_enabled.push(profile.and_then(|profile| profile.mfa_enabled).map(u8::from));
    }

    pub(crate) fn apply(&self, people: &mut People) {
        if self.rows.is_empty() {
            return;
        }
        people.digests = people.digests.apply(&self.pairs(&self.digests));
        people.added = people.added.apply(&self.pairs(&self.added));
        for (texts, column) in [
            (&self.names, &mut people.names),
            (&self.folded_names, &mut people.folded_names),
            (&self.emails, &mut people.emails),
            (&self.email_keys, &mut people.email_keys),
            (&self.job_titles, &mut people.job_titles),
            (&self.departments, &mut people.departments),
            (&self.organizations, &mut people.organizations),
        ] {
            *column = texts.apply(column, &self.rows);
        }
        people.types = people.types.apply(self.words(&self.types));
        people.account_statuses = people.account_statuses.apply(self.words(&self.account_statuses));
        people.claimed = people.claimed.apply(self.words(&self.claimed));
        people.management = people.management.apply(self.words(&self.management));
        people.email_verified = people.email_verified.apply(&self.pairs(&self.email_verified));
        people.mfa_enabled = people.mfa_enabled.apply(&self.pairs(&self.mfa_enabled));
    }

    fn pairs<T: Copy>(&self, values: &[Option<T>]) -> Vec<(Ordinal, Option<T>)> {
        self.rows.iter().copied().zip(values.iter().copied()).collect()
    }

    fn words<'a, T>(&'a self, values: &'a [Option<T>]) -> impl Iterator<Item = (Ordinal, Option<&'a T>)> {
        self.rows.iter().copied().zip(values.iter().map(Option::as_ref))
    }
}

/// Brings the orders of accounts up to date: all of them anew, or only where profiles or activity changed.
pub(crate) fn order_people(people: &mut People, changed: Option<(&[Ordinal], &[Ordinal])>) {
    let by_name = |a: Ordinal, b: Ordinal| people.folded_names.get(a).cmp(&people.folded_names.get(b));
    let by_email = |a: Ordinal, b: Ordinal| people.email_keys.get(a).cmp(&people.email_keys.get(b));
    let by_added = |a: Ordinal, b: Ordinal| people.added.get(a).cmp(&people.added.get(b));
    let by_active = |a: Ordinal, b: Ordinal| people.activity.last(a).cmp(&people.activity.last(b));
    let all = 0..people.ids.len() as Ordinal;
    let (name, email, added, active) = match changed {
        None => (
            Order::build(all.clone(), by_name),
            Order::build(all.clone(), by_email),
            Order::build(all.clone(), by_added),
            Order::build(all, by_active),
        ),
        Some((profiles, activity)) => (
            reorder(&people.by_name, profiles, by_name),
            reorder(&people.by_email, profiles, by_email),
            reorder(&people.by_added, profiles, by_added),
            reorder(&people.by_last_active, activity, by_active),
        ),
    };
    people.by_name = name;
    people.by_email = email;
    people.by_added = added;
    people.by_last_active = active;
}

fn reorder(order: &Order, changed: &[Ordinal], compare: impl Fn(Ordinal, Ordinal) -> Ordering) -> Order {
    if changed.is_empty() { order.clone() } else { order.apply(changed, |_| true, compare) }
}

/// Groups that exist, by folded name.
pub(crate) fn order_groups(groups: &[GroupRow]) -> Order {
    let existing = groups.iter().enumerate().filter(|(_, row)| row.group.is_some()).map(|(place, _)| place as Ordinal);
    Order::build(existing, |a, b| groups[a as usize].folded_name.cmp(&groups[b as usize].folded_name))
}
