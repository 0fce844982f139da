//! Small random organizations, with every field that upstream can fill and texts that a database could stumble over, and
//! what a pass over one sees.

use std::collections::{BTreeMap, BTreeSet};

use directory::{
    AccountId, AccountStatus, AccountType, Activity, Claim, ClaimState, Claimed, DirectRole, Directory, DirectoryId,
    Field, Grant, Group, GroupCounts, GroupId, ManagedBy, Management, MembershipStatus, Noun, Observed, Ordinal,
    PackedProfile, Part, PlatformRole, Presence, Profile, Reading, References, Resource, ResourceId, Role, RoleMethod,
    Seen, SeenAccount, SeenGroup, Snapshot, Status, compare_account,
};
use jiff::Timestamp;
use proptest::collection::{btree_map, btree_set};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

const DIRECTORIES: u8 = 2;

/// An organization as plain data, by texts.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) directory_name: Box<str>,
    pub(super) resources: BTreeMap<String, Resource>,
    pub(super) people: BTreeMap<String, Person>,
    pub(super) groups: BTreeMap<String, TrueGroup>,
}

#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) profile: Profile,
    pub(super) presence: BTreeMap<u8, Presence>,
    pub(super) roles: BTreeSet<PlatformRole>,
    /// By resource; `None` when it was not read.
    pub(super) activity: Option<BTreeMap<String, i64>>,
    pub(super) groups: BTreeSet<String>,
    pub(super) direct: BTreeSet<(String, Role, RoleMethod)>,
    pub(super) counted: Option<u32>,
}

#[derive(Clone, Debug)]
pub(super) struct TrueGroup {
    pub(super) group: Group,
    pub(super) counts: GroupCounts,
    pub(super) grants: BTreeSet<(String, Role, bool)>,
    /// Members that only a reading of the group shows: nothing but their ids is known.
    pub(super) strangers: BTreeSet<String>,
}

fn text() -> impl Strategy<Value = Box<str>> {
    prop_oneof![
        4 => "[a-cA-C]{1,3}",
        1 => select(vec!["", " ", "NULL", "Zoë O'Brien; DROP", "漢字 🦀", "{a,\"b\"}", "\\x00 $1 ?1 %s", "line\nbreak"])
            .prop_map(str::to_owned),
    ]
    .prop_map(Into::into)
}

fn texts<const N: usize>() -> impl Strategy<Value = [Option<Box<str>>; N]> {
    proptest::collection::vec(option::of(text()), N).prop_map(|texts| texts.try_into().unwrap())
}

/// Words of a vocabulary of upstream's, with one that Rollcall does not know.
fn word<T: Clone + std::fmt::Debug + 'static>(known: &[T], parse: fn(&str) -> T) -> impl Strategy<Value = T> + use<T> {
    let mut words = known.to_vec();
    words.push(parse("a new word é"));
    select(words)
}

fn instant() -> impl Strategy<Value = Option<Timestamp>> {
    option::of((-5_i64..5).prop_map(|at| Timestamp::from_microsecond(at * 86_400_000_001).unwrap()))
}

fn profile() -> impl Strategy<Value = Profile> {
    let words = (
        word(AccountType::KNOWN, AccountType::parse),
        option::of(word(AccountStatus::KNOWN, AccountStatus::parse)),
        option::of(word(Claimed::KNOWN, Claimed::parse)),
        option::of(word(Management::KNOWN, Management::parse)),
    );
    let flags = (any::<Option<bool>>(), any::<Option<bool>>(), instant(), instant());
    (words, text(), texts::<9>(), flags).prop_map(|(words, name, texts, flags)| {
        let [nickname, email, job_title, department, organization, location, time_zone, picture, unknown] = texts;
        let (account_type, account_status, claimed, management) = words;
        let (email_verified, mfa_enabled, added_at, deactivated_at) = flags;
        Profile {
            account_type,
            account_status,
            claimed,
            management,
            name,
            nickname,
            email,
            email_verified,
            mfa_enabled,
            added_at,
            deactivated_at,
            job_title,
            department,
            organization,
            location,
            time_zone,
            picture,
            unknown,
        }
    })
}

fn group() -> impl Strategy<Value = TrueGroup> {
    let managed_by = option::of(word(ManagedBy::KNOWN, ManagedBy::parse));
    let flags = any::<[Option<bool>; 3]>();
    let counts = (any::<Option<u32>>(), option::of(0..3_u32));
    let grants = btree_set((resource_id(), word(Role::KNOWN, Role::parse), any::<bool>()), 0..3);
    let strangers = btree_set("s[0-2]", 0..2);
    ((text(), texts::<2>(), managed_by, flags), counts, grants, strangers).prop_map(
        |((name, [description, unknown], managed_by, [synced, modifiable, deletable]), counts, grants, strangers)| {
            let group = Group { name, description, synced, managed_by, modifiable, deletable, unknown };
            TrueGroup { group, counts: GroupCounts { users: counts.0, resources: counts.1 }, grants, strangers }
        },
    )
}

fn resource_id() -> impl Strategy<Value = String> {
    "r[0-3]"
}

fn resources() -> impl Strategy<Value = BTreeMap<String, Resource>> {
    let resource = (resource_id(), texts::<3>(), any::<Option<i64>>());
    let resource = resource.prop_map(|(id, [name, host_url, status], capacity)| {
        let resource = Resource { id: ResourceId::new(&id).unwrap(), name, host_url, status, capacity };
        (id, resource)
    });
    proptest::collection::vec(resource, 0..3).prop_map(|resources| resources.into_iter().collect())
}

fn presence() -> impl Strategy<Value = BTreeMap<u8, Presence>> {
    let membership = option::of(word(MembershipStatus::KNOWN, MembershipStatus::parse));
    let status = option::of(word(Status::KNOWN, Status::parse));
    let presence = (membership, status).prop_map(|(membership, status)| Presence { membership, status });
    btree_map(0..DIRECTORIES, presence, 1..=usize::from(DIRECTORIES))
}

/// A group never moves to another directory.
fn directory_of(group: &str) -> u8 {
    group.as_bytes()[1] % DIRECTORIES
}

pub(super) fn organization() -> impl Strategy<Value = Facts> {
    let groups = btree_map("g[0-5]", group(), 0..6);
    groups.prop_flat_map(|groups| {
        let names: Vec<String> = groups.keys().cloned().collect();
        let direct = (resource_id(), word(Role::KNOWN, Role::parse), word(RoleMethod::KNOWN, RoleMethod::parse));
        let activity = btree_map(resource_id(), (-3_i64..3).prop_map(|at| at * 50_000_000_000), 0..3);
        let person = (
            profile(),
            presence(),
            btree_set(word(PlatformRole::KNOWN, PlatformRole::parse), 0..3),
            option::of(activity),
            proptest::sample::subsequence(names.clone(), 0..=names.len()),
            btree_set(direct, 0..2),
            any::<Option<u32>>(),
        );
        let person = person.prop_map(|(profile, presence, roles, activity, groups, direct, counted)| {
            let groups = groups.into_iter().filter(|group| presence.contains_key(&directory_of(group))).collect();
            Person { profile, presence, roles, activity, groups, direct, counted }
        });
        (Just(groups), btree_map("p[0-9]", person, 0..8), resources(), text())
            .prop_map(|(groups, people, resources, directory_name)| Facts { directory_name, resources, people, groups })
    })
}

fn directory_id(directory: u8) -> DirectoryId {
    DirectoryId::new(&format!("directory-{directory}")).unwrap()
}

fn now<T>(asked_at: Timestamp, value: T) -> Field<T> {
    Some(Observed { asked_at, value: Reading::Now(value) })
}

/// The references of one pass: ordinals of what is known, numbers from there on for what is first named.
struct Names<'a> {
    snapshot: &'a Snapshot,
    resources: Vec<ResourceId>,
    groups: Vec<GroupId>,
}

impl Names<'_> {
    fn resource(&mut self, id: &str) -> Ordinal {
        let id = ResourceId::new(id).unwrap();
        self.snapshot.resource(&id).unwrap_or_else(|| {
            let place = self.resources.iter().position(|named| *named == id).unwrap_or_else(|| {
                self.resources.push(id);
                self.resources.len() - 1
            });
            (self.snapshot.resources().len() + place) as Ordinal
        })
    }

    fn group(&mut self, id: &str) -> Ordinal {
        self.snapshot.group(id).unwrap_or_else(|| {
            let place = self.groups.iter().position(|named| named.as_str() == id).unwrap_or_else(|| {
                self.groups.push(GroupId::new(id).unwrap());
                self.groups.len() - 1
            });
            (self.snapshot.groups_len() + place) as Ordinal
        })
    }
}

impl Facts {
    /// What a pass over the organization sees against a snapshot, every absence confirmed.
    pub(super) fn seen(&self, snapshot: &Snapshot, asked_at: Timestamp) -> Seen {
        let mut seen = Seen::new(snapshot.groups_len() as Ordinal, snapshot.resources().len() as Ordinal);
        let mut names = Names { snapshot, resources: Vec::new(), groups: Vec::new() };
        seen.resources = self.resources.values().cloned().collect();
        for (id, TrueGroup { group, counts, grants, strangers }) in &self.groups {
            let reference = names.group(id);
            let directory = directory_id(directory_of(id));
            seen.groups.insert(reference, SeenGroup { directory, group: group.clone(), counts: *counts });
            let grants = grants.iter().map(|(resource, role, default)| Grant {
                resource: names.resource(resource),
                role: role.clone(),
                default: *default,
            });
            seen.grants.insert(reference, grants.collect());
            if !strangers.is_empty() {
                seen.members.insert(reference, strangers.iter().map(|id| AccountId::new(id).unwrap()).collect());
            }
        }
        for directory in 0..DIRECTORIES {
            self.see_directory(&mut seen, &mut names, directory, asked_at);
        }
        for (account, person) in self.people.iter().filter(|(_, person)| !person.direct.is_empty()) {
            let roles = person.direct.iter().map(|(resource, role, method)| DirectRole {
                resource: names.resource(resource),
                role: role.clone(),
                method: method.clone(),
            });
            seen.direct.insert(AccountId::new(account).unwrap(), roles.collect());
        }
        (seen.new_groups, seen.new_resources) = (names.groups, names.resources);
        seen
    }

    fn see_directory(&self, seen: &mut Seen, names: &mut Names<'_>, directory: u8, asked_at: Timestamp) {
        let (snapshot, id) = (names.snapshot, directory_id(directory));
        seen.directories.push(Directory { id: id.clone(), name: self.directory_name.clone() });
        let number = snapshot.directory(id.as_str());
        for (account, person) in &self.people {
            let Some(presence) = person.presence.get(&directory) else { continue };
            let groups = person.groups.iter().filter(|group| directory_of(group) == directory);
            let mut groups: Vec<Ordinal> = groups.map(|group| names.group(group)).collect();
            groups.sort_unstable();
            let activity = person.activity.as_ref().map(|activity| {
                let entry = |(resource, at): (&String, &i64)| Activity { resource: names.resource(resource), at: *at };
                let mut activity: Vec<Activity> = activity.iter().map(entry).collect();
                activity.sort_unstable();
                activity
            });
            let mut record = SeenAccount {
                id: AccountId::new(account).unwrap(),
                profile: now(asked_at, PackedProfile::new(&person.profile)),
                presence: now(asked_at, presence.clone()),
                roles: now(asked_at, person.roles.iter().cloned().collect()),
                activity: activity.and_then(|activity| now(asked_at, activity)),
                groups: now(asked_at, groups),
                counted_resources: person.counted.and_then(|counted| now(asked_at, counted)),
            };
            let known = compare_account(snapshot, number, references(snapshot), &mut record);
            seen.part(&id).absorb(known, record);
        }
        for group in self.groups.keys().filter(|group| directory_of(group) == directory) {
            seen.part(&id).listed_groups.extend(snapshot.group(group));
        }
        if let Some(number) = number {
            let part = seen.part(&id);
            part.gone = snapshot.present_in(number) - &part.listed;
            let known = (0..snapshot.groups_len() as Ordinal)
                .filter(|group| snapshot.group_row(*group).is_some_and(|row| row.directory == Some(number)));
            part.gone_groups.extend(known);
            part.gone_groups -= &part.listed_groups;
        }
        for noun in Noun::ALL {
            let part = Part::Directory(id.clone());
            let (state, reason) = (ClaimState::Complete, None);
            seen.claims.0.push(Claim {
                noun,
                part,
                state,
                asked_from: asked_at,
                asked_to: asked_at,
                expected: None,
                seen: 0,
                reason,
            });
        }
    }
}

fn references(snapshot: &Snapshot) -> References {
    References { groups: snapshot.groups_len() as Ordinal, resources: snapshot.resources().len() as Ordinal }
}
