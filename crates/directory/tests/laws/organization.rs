//! Random organizations as plain data, what a pass sees of them, and what a snapshot says about them.

use std::collections::{BTreeMap, BTreeSet};

use directory::{
    AccountId, Activity, Claim, ClaimState, DirectRole, Directory, DirectoryId, Grant, Group, GroupCounts, GroupId,
    Noun, Observed, Ordinal, PackedProfile, Part, PlatformRole, Presence, Profile, Reading, References, ResourceId,
    Role, RoleMethod, Seen, SeenAccount, SeenGroup, Snapshot, Status, compare_account,
};
use jiff::Timestamp;
use proptest::prelude::*;
use roaring::RoaringBitmap;

/// An organization as plain data, by texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Facts {
    pub(crate) people: BTreeMap<String, Person>,
    pub(crate) groups: BTreeMap<String, (u8, Group, GroupCounts)>,
    pub(crate) grants: BTreeMap<String, BTreeSet<(String, Role, bool)>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Person {
    pub(crate) profile: (String, Option<String>),
    pub(crate) presence: BTreeMap<u8, Presence>,
    pub(crate) roles: BTreeSet<PlatformRole>,
    pub(crate) activity: BTreeMap<String, i64>,
    pub(crate) groups: BTreeSet<String>,
    pub(crate) direct: BTreeSet<(String, Role)>,
}

pub(crate) const DIRECTORIES: u8 = 2;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(crate) fn directory_id(directory: u8) -> DirectoryId {
    DirectoryId::new(&format!("directory-{directory}")).unwrap()
}

pub(crate) fn profile(person: &Person) -> Profile {
    Profile { email: person.profile.1.as_deref().map(Into::into), ..Profile::named(&person.profile.0) }
}

pub(crate) fn organization() -> impl Strategy<Value = Facts> {
    let groups = proptest::collection::btree_map(
        "g[0-9]",
        ("[A-Ca-cé]{0,3}", proptest::option::of(0u32..5))
            .prop_map(|(name, users)| (Group::named(&name), GroupCounts { users, resources: None })),
        0..8,
    )
    .prop_map(|groups| {
        // A group never moves to another directory.
        let directory = |id: &str| id.as_bytes()[1] % DIRECTORIES;
        let with_directory = |(id, (group, counts)): (String, _)| (id.clone(), (directory(&id), group, counts));
        groups.into_iter().map(with_directory).collect::<BTreeMap<_, _>>()
    });
    groups.prop_flat_map(|groups| {
        let names: Vec<String> = groups.keys().cloned().collect();
        let some_groups = proptest::sample::subsequence(names.clone(), 0..=names.len());
        let status = prop_oneof![Just(Status::Active), Just(Status::Suspended), Just(Status::Other("odd".into()))];
        let presence = proptest::collection::btree_map(
            0..DIRECTORIES,
            proptest::option::of(status).prop_map(|status| Presence { membership: None, status }),
            1..=usize::from(DIRECTORIES),
        );
        let resource = "r[0-3]";
        let role = prop_oneof![Just(Role::User), Just(Role::Admin), Just(Role::Guest)];
        let admin = prop_oneof![Just(PlatformRole::OrganizationAdmin), Just(PlatformRole::SiteAdmin)];
        let person = (
            ("[A-Ca-cÉł ]{0,4}", proptest::option::of("[a-c]@x")),
            presence,
            proptest::collection::btree_set(admin, 0..2),
            proptest::collection::btree_map(resource, 0i64..50, 0..3),
            some_groups,
            proptest::collection::btree_set((resource, role.clone()), 0..2),
        )
            .prop_map(|(profile, presence, roles, activity, groups, direct)| Person {
                profile,
                presence,
                roles,
                activity,
                groups: groups.into_iter().collect(),
                direct,
            });
        let people = proptest::collection::btree_map("p[0-9a-f]", person, 0..14);
        let grants = proptest::collection::btree_set((resource, role, any::<bool>()), 0..3);
        let grants = proptest::collection::vec(grants, names.len());
        (Just(groups), people, grants).prop_map(|(groups, mut people, grants)| {
            // A membership is in a group of a directory the person is in.
            for person in people.values_mut() {
                let presence = &person.presence;
                person.groups.retain(|group| presence.contains_key(&groups[group].0));
            }
            let grants = groups.keys().cloned().zip(grants).filter(|(_, grants)| !grants.is_empty()).collect();
            Facts { people, groups, grants }
        })
    })
}

/// What a pass over the organization sees against a snapshot, every absence confirmed.
pub(crate) fn seen(facts: &Facts, snapshot: &Snapshot, asked_at: Timestamp) -> Seen {
    let mut seen = Seen::new(snapshot.groups_len() as Ordinal, snapshot.resources().len() as Ordinal);
    let mut group_references = BTreeMap::new();
    for (id, (directory, group, counts)) in &facts.groups {
        let reference = snapshot.group(id).unwrap_or_else(|| {
            seen.new_groups.push(GroupId::new(id).unwrap());
            seen.base_groups + seen.new_groups.len() as Ordinal - 1
        });
        group_references.insert(id.clone(), reference);
        let directory = directory_id(*directory);
        seen.groups.insert(reference, SeenGroup { directory, group: group.clone(), counts: *counts });
    }
    let mut new_resources: Vec<ResourceId> = Vec::new();
    let base_resources = seen.base_resources;
    let mut resource_reference = |id: &str| {
        let id = ResourceId::new(id).unwrap();
        snapshot.resource(&id).unwrap_or_else(|| {
            let place = new_resources.iter().position(|known| *known == id).unwrap_or_else(|| {
                new_resources.push(id);
                new_resources.len() - 1
            });
            base_resources + place as Ordinal
        })
    };
    for directory in 0..DIRECTORIES {
        let id = directory_id(directory);
        seen.directories.push(Directory { id: id.clone(), name: "".into() });
        let number = snapshot.directory(id.as_str());
        for (account, person) in &facts.people {
            let Some(presence) = person.presence.get(&directory) else { continue };
            let mut groups: Vec<Ordinal> = (person.groups.iter())
                .filter(|group| facts.groups[*group].0 == directory)
                .map(|group| group_references[group])
                .collect();
            groups.sort_unstable();
            let mut activity: Vec<Activity> = (person.activity.iter())
                .map(|(resource, at)| Activity { resource: resource_reference(resource), at: *at })
                .collect();
            activity.sort_unstable();
            let mut record = SeenAccount {
                id: AccountId::new(account).unwrap(),
                profile: now(asked_at, PackedProfile::new(&profile(person))),
                presence: now(asked_at, presence.clone()),
                roles: now(asked_at, person.roles.iter().cloned().collect()),
                activity: now(asked_at, activity),
                groups: now(asked_at, groups),
                counted_resources: now(asked_at, person.direct.len() as u32),
            };
            let known = compare_account(snapshot, number, references(snapshot), &mut record);
            seen.part(&id).absorb(known, record);
        }
        for (group, (listed, ..)) in &facts.groups {
            if let Some(known) = snapshot.group(group).filter(|_| *listed == directory) {
                seen.part(&id).listed_groups.insert(known);
            }
        }
        if let Some(number) = number {
            let part = seen.part(&id);
            part.gone = snapshot.present_in(number) - &part.listed;
            let groups = (0..snapshot.groups_len() as Ordinal)
                .filter(|group| snapshot.group_row(*group).unwrap().directory == Some(number));
            part.gone_groups = groups.collect::<RoaringBitmap>() - &part.listed_groups;
        }
        for noun in Noun::ALL {
            seen.claims.0.push(claim(noun, &id, ClaimState::Complete, asked_at));
        }
    }
    for (group, reference) in &group_references {
        let grants = facts.grants.get(group).into_iter().flatten();
        let grants = grants.map(|(resource, role, default)| Grant {
            resource: resource_reference(resource),
            role: role.clone(),
            default: *default,
        });
        let grants = grants.collect();
        seen.grants.insert(*reference, grants);
    }
    for (account, person) in &facts.people {
        if !person.direct.is_empty() {
            let roles = person.direct.iter().map(|(resource, role)| DirectRole {
                resource: resource_reference(resource),
                role: role.clone(),
                method: RoleMethod::Direct,
            });
            let roles = roles.collect();
            seen.direct.insert(AccountId::new(account).unwrap(), roles);
        }
    }
    seen.new_resources = new_resources;
    seen
}

pub(crate) fn now<T>(asked_at: Timestamp, value: T) -> Option<Observed<Reading<T>>> {
    Some(Observed { asked_at, value: Reading::Now(value) })
}

pub(crate) fn claim(noun: Noun, directory: &DirectoryId, state: ClaimState, asked_at: Timestamp) -> Claim {
    let part = Part::Directory(directory.clone());
    Claim { noun, part, state, asked_from: asked_at, asked_to: asked_at, expected: None, seen: 0, reason: None }
}

/// What a snapshot says, as plain data; former people and gone groups are left out.
pub(crate) fn facts(snapshot: &Snapshot) -> Facts {
    let group_id = |group: Ordinal| snapshot.group_row(group).unwrap().id.to_string();
    let resource_id = |resource: Ordinal| snapshot.resources()[resource as usize].id.to_string();
    let number = |directory: u32| -> u8 {
        snapshot.directories()[directory as usize].id.as_str().strip_prefix("directory-").unwrap().parse().unwrap()
    };
    let mut facts = Facts::default();
    for account in &snapshot.present() {
        let row = snapshot.account_row(account).unwrap();
        let directories = 0..snapshot.directories().len() as u32;
        let person = Person {
            profile: (row.name.to_owned(), row.email.map(str::to_owned)),
            presence: directories
                .filter_map(|directory| Some((number(directory), snapshot.presence(directory, account)?.clone())))
                .collect(),
            roles: snapshot.roles_of(account).into_iter().collect(),
            activity: snapshot
                .activity()
                .of(account)
                .iter()
                .map(|entry| (resource_id(entry.resource), entry.at))
                .collect(),
            groups: snapshot.memberships().of(account).iter().map(|group| group_id(*group)).collect(),
            direct: snapshot
                .direct_roles(account)
                .iter()
                .map(|role| (resource_id(role.resource), role.role.clone()))
                .collect(),
        };
        facts.people.insert(row.id.to_owned(), person);
    }
    for group in snapshot.groups_by_name().iter() {
        let row = snapshot.group_row(group).unwrap();
        let group_facts = (number(row.directory.unwrap()), row.group.clone().unwrap(), row.counts);
        facts.groups.insert(row.id.to_string(), group_facts);
        let grants: BTreeSet<_> = snapshot
            .grants(group)
            .iter()
            .map(|grant| (resource_id(grant.resource), grant.role.clone(), grant.default))
            .collect();
        if !grants.is_empty() {
            facts.grants.insert(row.id.to_string(), grants);
        }
    }
    facts
}

pub(crate) fn references(snapshot: &Snapshot) -> References {
    References { groups: snapshot.groups_len() as Ordinal, resources: snapshot.resources().len() as Ordinal }
}
