//! Random organizations with everything that can be asked about, as plain structs; how a snapshot is built of one, and
//! which delta leads from one to the next.

use std::collections::{BTreeMap, BTreeSet};

use directory::{
    AccountId, AccountStatus, AccountType, Activity, Age, Builder, Claim, ClaimState, Claimed, Claims, Delta,
    DirectRole, Directory, DirectoryId, Grant, Group, GroupCounts, GroupId, Management, Marks, MembershipStatus, Noun,
    OUTSIDE, Ordinal, PackedProfile, Part, PlatformRole, Presence, PresenceChange, Profile, Resource, ResourceId, Role,
    RoleMethod, Snapshot, Status,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use roaring::RoaringBitmap;

/// Everything about an organization.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) groups: Vec<(Option<&'static str>, Vec<Grant>)>,
    pub(crate) people: Vec<Soul>,
    /// When the accounts of each directory, and last of the whole, were read completely.
    pub(crate) read: Vec<Option<Timestamp>>,
    /// The sites that are left out.
    pub(crate) left_out: BTreeSet<&'static str>,
}

/// Everything about a person.
#[derive(Clone, Debug)]
pub(crate) struct Soul {
    pub(crate) profile: Option<Profile>,
    pub(crate) presence: Vec<Option<Presence>>,
    pub(crate) roles: BTreeSet<PlatformRole>,
    pub(crate) read: bool,
    pub(crate) activity: BTreeMap<usize, i64>,
    pub(crate) groups: BTreeSet<usize>,
    pub(crate) direct: BTreeSet<DirectRole>,
    pub(crate) protected: bool,
    /// When anything of them but activity last changed, where that is known.
    pub(crate) changed: Option<i64>,
}

pub(crate) const DIRECTORIES: [(&str, &str); 3] = [("dir-1", "Local"), ("dir-2", "Élan IdP"), (OUTSIDE, "")];

/// Owner of the ARI, name of the app, whether it sells seats, site.
pub(crate) const RESOURCES: [(&str, &str, bool, &str); 5] = [
    ("confluence", "Confluence", true, "acme"),
    ("confluence", "Confluence", true, "beta"),
    ("jira-servicedesk", "Jira Service Management", true, "acme"),
    ("jira-admin", "Jira administration", false, "acme"),
    ("focus", "focus", true, "beta"),
];

const PEOPLE: usize = 24;

pub(crate) fn now() -> Timestamp {
    "2026-06-15T12:34:56.789012345Z".parse().unwrap()
}

/// Moments around those that the random questions name.
pub(crate) fn moment() -> impl Strategy<Value = i64> {
    let days = prop_oneof![Just(0), Just(1), Just(30), Just(90), Just(182), Just(400)];
    (days, prop_oneof![Just(0), -2_i64..=2, Just(40_000_000_000)])
        .prop_map(|(days, off)| (now() - SignedDuration::from_hours(24 * days)).as_microsecond() + off)
}

fn some<T: Clone + std::fmt::Debug + 'static>(values: Vec<T>) -> impl Strategy<Value = Option<T>> {
    proptest::option::weighted(0.8, proptest::sample::select(values))
}

fn profile() -> impl Strategy<Value = Profile> {
    let texts = (
        proptest::sample::select(vec!["Inès Okafor", "ines", "Bo Li", "Åsa  Lund", "svc deploy", ""]),
        some(vec![
            "Ines@Example.com",
            "bo@example.org",
            "x@sub.example.com",
            "bot@serviceaccount.atlassian.com",
            "odd",
        ]),
        some(vec!["Engineer", "ÉNGINEER", "Head of Design"]),
        some(vec!["Finance", "IT"]),
        some(vec!["Acme Ltd", "ÁCME ltd", "Partner"]),
    );
    let words = (
        proptest::sample::select(vec![
            AccountType::Atlassian,
            AccountType::Atlassian,
            AccountType::App,
            AccountType::Customer,
            AccountType::parse("robot"),
        ]),
        some(vec![AccountStatus::Active, AccountStatus::Inactive, AccountStatus::parse("odd")]),
        some(vec![Claimed::Managed, Claimed::Unmanaged, Claimed::parse("odd")]),
        some(vec![Management::Invited, Management::Synced]),
    );
    let rest = (any::<Option<bool>>(), any::<Option<bool>>(), proptest::option::weighted(0.8, moment()));
    (texts, words, rest).prop_map(|(texts, words, rest)| Profile {
        email: texts.1.map(Into::into),
        job_title: texts.2.map(Into::into),
        department: texts.3.map(Into::into),
        organization: texts.4.map(Into::into),
        account_type: words.0,
        account_status: words.1,
        claimed: words.2,
        management: words.3,
        email_verified: rest.0,
        mfa_enabled: rest.1,
        added_at: rest.2.map(|at| Timestamp::from_microsecond(at).unwrap()),
        ..Profile::named(texts.0)
    })
}

fn role() -> impl Strategy<Value = Role> {
    proptest::sample::select(vec![Role::User, Role::Admin, Role::Guest, Role::Customer, Role::parse("focus/fan")])
}

fn soul() -> impl Strategy<Value = Soul> {
    let status = some(vec![
        Status::Active,
        Status::Active,
        Status::Suspended,
        Status::Deactivated,
        Status::NotInvited,
        Status::parse("odd"),
    ]);
    let membership = some(vec![
        MembershipStatus::Active,
        MembershipStatus::Suspended,
        MembershipStatus::NoMembership,
        MembershipStatus::parse("odd"),
    ]);
    let presence = (membership, status).prop_map(|(membership, status)| Presence { membership, status });
    let admin = proptest::sample::select(vec![PlatformRole::OrganizationAdmin, PlatformRole::parse("focus/owner")]);
    let direct = (0..RESOURCES.len(), role(), proptest::sample::select(vec![RoleMethod::Direct, RoleMethod::Inferred]));
    let direct = direct.prop_map(|(resource, role, method)| DirectRole { resource: resource as Ordinal, role, method });
    (
        proptest::option::weighted(0.9, profile()),
        proptest::collection::vec(proptest::option::weighted(0.5, presence), DIRECTORIES.len()),
        proptest::collection::btree_set(admin, 0..2),
        proptest::bool::weighted(0.7),
        proptest::collection::btree_map(0..RESOURCES.len(), moment(), 0..3),
        proptest::collection::btree_set(0..GROUPS, 0..4),
        proptest::collection::btree_set(direct, 0..2),
        proptest::bool::weighted(0.2),
        proptest::option::weighted(0.9, moment()),
    )
        .prop_map(|(profile, presence, roles, read, activity, groups, direct, protected, changed)| Soul {
            profile,
            presence,
            roles,
            read,
            activity: if read { activity } else { BTreeMap::new() },
            groups,
            direct,
            protected,
            changed,
        })
}

const GROUPS: usize = 6;

/// Organizations of always the same ordinals, so that any of them can follow any other.
pub(crate) fn world() -> impl Strategy<Value = World> {
    let grant = (0..RESOURCES.len(), role(), any::<bool>());
    let grant = grant.prop_map(|(resource, role, default)| Grant { resource: resource as Ordinal, role, default });
    let grants = proptest::collection::btree_set(grant, 0..3).prop_map(|grants| grants.into_iter().collect());
    let group = (some(vec!["jira-users", "Jira-Users", "Équipe Sud", "keepers", "on leave"]), grants);
    (
        proptest::collection::vec(group, GROUPS),
        proptest::collection::vec(soul(), PEOPLE),
        proptest::collection::vec(proptest::option::of(moment()), DIRECTORIES.len() + 1),
        proptest::option::weighted(0.4, proptest::sample::select(vec!["acme", "beta"])),
    )
        .prop_map(|(groups, people, read, left_out)| World {
            left_out: left_out.into_iter().collect(),
            groups,
            people,
            read: read.into_iter().map(|at| at.map(|at| Timestamp::from_microsecond(at).unwrap())).collect(),
        })
}

pub(crate) fn account_id(account: usize) -> String {
    format!("712020:{account:02}")
}

pub(crate) fn group_id(group: usize) -> String {
    format!("group-id-{group}")
}

fn part(place: usize) -> Part {
    DIRECTORIES.get(place).map_or(Part::Whole, |(id, _)| Part::Directory(DirectoryId::new(id).unwrap()))
}

fn definition(group: &(Option<&'static str>, Vec<Grant>)) -> Option<Group> {
    group.0.map(Group::named)
}

/// What people have decided about this organization.
pub(crate) fn marks(world: &World) -> Marks {
    let protected = (0..).zip(&world.people).filter(|(_, soul)| soul.protected);
    Marks {
        left_out: world.left_out.iter().map(|site| format!("cloud-{site}").into()).collect(),
        protected_people: protected.map(|(account, _)| AccountId::new(&account_id(account)).unwrap()).collect(),
        ..Marks::default()
    }
}

/// The view of that snapshot that everything is answered from.
pub(crate) fn shown(world: &World) -> Snapshot {
    built(world).shown(&marks(world))
}

/// The snapshot that a database holding this organization gives.
pub(crate) fn built(world: &World) -> Snapshot {
    let mut builder = Builder::new(1, now());
    for (id, name) in DIRECTORIES {
        builder.directory(DirectoryId::new(id).unwrap(), name);
    }
    resources().into_iter().for_each(|resource| builder.resource(resource));
    for (account, soul) in world.people.iter().enumerate() {
        builder.account(AccountId::new(&account_id(account)).unwrap(), soul.profile.as_ref(), None);
        if let Some(at) = soul.changed {
            builder.changed(account as Ordinal, at);
        }
    }
    for (directory, _) in DIRECTORIES.iter().enumerate() {
        for (account, soul) in world.people.iter().enumerate() {
            if let Some(presence) = &soul.presence[directory] {
                builder.presence(directory as Ordinal, account as Ordinal, presence.clone());
            }
        }
    }
    let mut read = RoaringBitmap::new();
    for (account, soul) in (0..).zip(&world.people) {
        soul.roles.iter().for_each(|role| builder.role(account, role.clone()));
        activity(soul).into_iter().for_each(|entry| builder.activity(account, entry));
        soul.groups.iter().for_each(|group| builder.membership(account, *group as Ordinal));
        soul.direct.iter().for_each(|role| builder.direct_role(account, role.clone()));
        if soul.read {
            read.insert(account);
        }
    }
    builder.activity_read(read);
    for (place, group) in world.groups.iter().enumerate() {
        builder.group(GroupId::new(&group_id(place)).unwrap(), Some(0), definition(group), GroupCounts::default());
        group.1.iter().for_each(|grant| builder.grant(place as Ordinal, grant.clone()));
    }
    for (place, at) in world.read.iter().enumerate() {
        if let Some(read_at) = *at {
            builder.age(Age { noun: Noun::Accounts, part: part(place), read_at });
        }
    }
    builder.finish()
}

fn activity(soul: &Soul) -> Vec<Activity> {
    soul.activity.iter().map(|(resource, at)| Activity { resource: *resource as Ordinal, at: *at }).collect()
}

/// What leads from one organization to the next. Whoever was read stays read, and reads only grow younger, as in truth:
/// the next organization is changed to say so.
pub(crate) fn delta(before: &World, after: &mut World, (generation, sealed_at): (u64, Timestamp)) -> Delta {
    let mut delta = Delta {
        generation,
        sealed_at,
        known_accounts: PEOPLE as Ordinal,
        known_groups: GROUPS as Ordinal,
        ..Delta::default()
    };
    for (account, (old, new)) in before.people.iter().zip(&mut after.people).enumerate() {
        let ordinal = account as Ordinal;
        // A profile that was read is never unread.
        if new.profile.is_none() {
            new.profile.clone_from(&old.profile);
        }
        if let Some(profile) = new.profile.as_ref().filter(|_| new.profile != old.profile) {
            delta.profiles.push((ordinal, PackedProfile::new(profile)));
        }
        if old.read && !new.read {
            new.read = true;
        } else if new.read && !old.read {
            delta.activity_read.push(ordinal);
        }
        if new.activity != old.activity {
            delta.activity.push((ordinal, activity(new)));
        }
        let stays = old.profile == new.profile
            && old.presence == new.presence
            && old.roles == new.roles
            && old.groups == new.groups
            && old.direct == new.direct;
        // The delta has whole microseconds, as a seal makes it.
        new.changed = if stays { old.changed } else { Some(sealed_at.as_microsecond()) };
        let pair = |group: &usize| (ordinal, *group as Ordinal);
        delta.memberships_added.extend(new.groups.difference(&old.groups).map(pair));
        delta.memberships_removed.extend(old.groups.difference(&new.groups).map(pair));
        delta.roles_added.extend(new.roles.difference(&old.roles).map(|role| (ordinal, role.clone())));
        delta.roles_removed.extend(old.roles.difference(&new.roles).map(|role| (ordinal, role.clone())));
        delta.direct_added.extend(new.direct.difference(&old.direct).map(|role| (ordinal, role.clone())));
        delta.direct_removed.extend(old.direct.difference(&new.direct).map(|role| (ordinal, role.clone())));
    }
    for directory in 0..DIRECTORIES.len() {
        for (account, (old, new)) in before.people.iter().zip(&after.people).enumerate() {
            let (before, now) = (old.presence[directory].clone(), new.presence[directory].clone());
            if before != now {
                let (directory, account) = (directory as Ordinal, account as Ordinal);
                delta.presence.push(PresenceChange { directory, account, before, now });
            }
        }
    }
    for (place, (old, new)) in (0..).zip(before.groups.iter().zip(&after.groups)) {
        if old.0 != new.0 {
            delta.groups.push((place, definition(new)));
        }
        let grants = |from: &[Grant], to: &[Grant]| -> Vec<(Ordinal, Grant)> {
            from.iter().filter(|grant| !to.contains(grant)).map(|grant| (place, grant.clone())).collect()
        };
        delta.grants_added.extend(grants(&new.1, &old.1));
        delta.grants_removed.extend(grants(&old.1, &new.1));
    }
    for (place, (old, new)) in before.read.iter().zip(&mut after.read).enumerate() {
        if let Some(at) = *new {
            let claim = Claim {
                noun: Noun::Accounts,
                part: part(place),
                state: ClaimState::Complete,
                asked_from: at,
                asked_to: at,
                expected: None,
                seen: 0,
                reason: None,
            };
            delta.claims = Claims(delta.claims.0.into_iter().chain([claim]).collect());
        }
        *new = (*old).max(*new);
    }
    delta
}

/// What leads from nothing to an organization: its first generation, which has seen everybody for the first time.
pub(crate) fn founding(world: &mut World, sealed_at: Timestamp) -> Delta {
    let nobody = Soul {
        profile: None,
        presence: vec![None; DIRECTORIES.len()],
        roles: BTreeSet::new(),
        read: false,
        activity: BTreeMap::new(),
        groups: BTreeSet::new(),
        direct: BTreeSet::new(),
        protected: false,
        changed: None,
    };
    let nothing = World {
        groups: vec![(None, Vec::new()); GROUPS],
        people: vec![nobody; PEOPLE],
        read: vec![None; DIRECTORIES.len() + 1],
        ..world.clone()
    };
    let delta = delta(&nothing, world, (1, sealed_at));
    world.people.iter_mut().for_each(|soul| soul.changed = Some(sealed_at.as_microsecond()));
    let directory = |(id, name): &(&str, &str)| Directory { id: DirectoryId::new(id).unwrap(), name: (*name).into() };
    Delta {
        known_accounts: 0,
        known_groups: 0,
        new_directories: DIRECTORIES.iter().map(directory).collect(),
        new_resources: resources(),
        new_accounts: (0..PEOPLE).map(|account| AccountId::new(&account_id(account)).unwrap()).collect(),
        new_groups: (0..GROUPS).map(|group| (GroupId::new(&group_id(group)).unwrap(), Some(0))).collect(),
        ..delta
    }
}

fn resources() -> Vec<Resource> {
    let resource = |(owner, _, _, site): &(&str, &str, bool, &str)| {
        let id = ResourceId::new(&format!("ari:cloud:{owner}::site/cloud-{site}")).unwrap();
        let host_url = Some(format!("https://{site}.atlassian.net").into());
        Resource { host_url, ..Resource::unnamed(id) }
    };
    RESOURCES.iter().map(resource).collect()
}
