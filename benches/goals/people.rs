//! Synthetic people of a large company, the same for every run: what filters are measured on.
//!
//! A million of them are made in memory, without a sync.

use directory::{
    AccountId, AccountStatus, Activity, Age, Builder, Claimed, DirectRole, DirectoryId, Grant, Group, GroupCounts,
    GroupId, Management, Noun, Ordinal, Part, PlatformRole, Presence, Profile, Resource, ResourceId, Role, RoleMethod,
    Snapshot, Status,
};
use jiff::{SignedDuration, Timestamp};
use roaring::RoaringBitmap;

const FIRST: &[&str] = &[
    "Ines", "Bo", "Åsa", "Jürgen", "Fatima", "Wei", "Olga", "Tomás", "Priya", "Kwame", "Yuki", "Léa", "Nils", "Aisha",
    "Marco", "Zoë", "Dmitri", "Hana", "Ravi", "Sofía", "Grzegorz", "Mei", "Omar", "Ingrid", "Paolo", "Chiara", "Sven",
];
const LAST: &[&str] = &[
    "Okafor",
    "Lund",
    "Müller",
    "Haddad",
    "Zhang",
    "Petrova",
    "García",
    "Nair",
    "Mensah",
    "Tanaka",
    "Moreau",
    "Berg",
    "Khan",
    "Rossi",
    "van Dijk",
    "Ivanov",
    "Novák",
    "Sharma",
    "Ruiz",
    "Wójcik",
    "Lin",
    "Farouk",
    "Dahl",
    "Ricci",
    "Olsen",
    "Abe",
    "Costa",
    "Silva",
    "Meyer",
    "Kowalski",
    "Jensen",
    "Papadopoulos",
    "O'Neill",
    "Schmidt",
    "Dubois",
    "Eze",
];
const TITLES: &[&str] = &["Engineer", "Senior Engineer", "Designer", "Head of Sales", "Analyst", "Counsel", "Manager"];
const DEPARTMENTS: &[&str] = &["Finance", "Legal", "IT", "Sales", "People", "Support", "Research", "Operations"];
const APPS: &[&str] = &["confluence", "jira-software", "jira-servicedesk", "jira-product-discovery", "jira-admin"];
const SITES: &[&str] = &["acme", "acme-labs"];

/// When everybody asks.
pub(crate) fn now() -> Timestamp {
    "2026-06-15T12:00:00Z".parse().unwrap()
}

/// People of a large company: most managed and active, every tenth external, most of them in a few large groups.
pub(crate) fn organization(people: usize) -> Snapshot {
    let mut rng = fastrand::Rng::with_seed(7);
    let mut builder = Builder::new(1, now());
    builder.directory(DirectoryId::new("dir-1").unwrap(), "Local");
    for site in SITES {
        for app in APPS {
            let id = ResourceId::new(&format!("ari:cloud:{app}::site/cloud-{site}")).unwrap();
            let host_url = Some(format!("https://{site}.atlassian.net").into());
            builder.resource(Resource { host_url, ..Resource::unnamed(id) });
        }
    }
    let titled = ["jira-users", "confluence-users", "jsm-customers", "keepers", "site-admins"];
    let groups = titled.len() + people / 80;
    let mut read = RoaringBitmap::new();
    for account in 0..people as Ordinal {
        let external = rng.u32(0..100) < 12;
        let profile = profile(account, external, &mut rng);
        builder.account(AccountId::new(&format!("712020:{account:08x}")).unwrap(), Some(&profile), None);
        let status = match rng.u32(0..100) {
            0..3 => Status::Suspended,
            3..6 => Status::Deactivated,
            _ => Status::Active,
        };
        builder.presence(0, account, Presence { membership: None, status: Some(status) });
        if rng.u32(0..2_000) == 0 {
            builder.role(account, PlatformRole::OrganizationAdmin);
        }
        if rng.u32(0..100) < 96 {
            read.insert(account);
            for resource in 0..(APPS.len() * SITES.len()) as Ordinal {
                if rng.u32(0..10) < 3 {
                    let ago = SignedDuration::from_mins(i64::from(rng.u32(0..60 * 24 * 500)));
                    builder.activity(account, Activity { resource, at: (now() - ago).as_microsecond() });
                }
            }
        }
        let mut mine: Vec<Ordinal> = Vec::new();
        if rng.u32(0..100) < 80 {
            mine.push(0);
        }
        if rng.u32(0..100) < 65 {
            mine.push(1);
        }
        if rng.u32(0..100) < 10 {
            mine.push(rng.u32(2..titled.len() as Ordinal));
        }
        for _ in 0..rng.u32(0..8) {
            mine.push(rng.u32(titled.len() as Ordinal..groups as Ordinal));
        }
        mine.sort_unstable();
        mine.dedup();
        mine.into_iter().for_each(|group| builder.membership(account, group));
        if rng.u32(0..1_000) == 0 {
            let resource = rng.u32(0..(APPS.len() * SITES.len()) as Ordinal);
            builder.direct_role(account, DirectRole { resource, role: Role::User, method: RoleMethod::Direct });
        }
    }
    builder.activity_read(read);
    for group in 0..groups {
        let name = match titled.get(group) {
            Some(name) => (*name).to_owned(),
            None if group % 40 == 0 => format!("contractors-{group}"),
            None if group % 97 == 0 => format!("project-admins-{group}"),
            None => format!("team-{}", group - titled.len()),
        };
        builder.group(
            GroupId::new(&format!("g{group}")).unwrap(),
            Some(0),
            Some(Group::named(&name)),
            GroupCounts::default(),
        );
        let on = |app: usize, site: usize| (site * APPS.len() + app) as Ordinal;
        let grants = match group {
            0 => vec![(on(1, 0), Role::User), (on(1, 1), Role::User)],
            1 => vec![(on(0, 0), Role::User)],
            2 => vec![(on(2, 0), Role::Customer)],
            4 => vec![(on(4, 0), Role::Admin)],
            group if group % 25 == 0 => vec![(on(group % 4, group % 2), Role::User)],
            _ => Vec::new(),
        };
        for (resource, role) in grants {
            builder.grant(group as Ordinal, Grant { resource, role, default: false });
        }
    }
    builder.age(Age { noun: Noun::Accounts, part: Part::Whole, read_at: now() });
    builder.finish()
}

fn profile(account: Ordinal, external: bool, rng: &mut fastrand::Rng) -> Profile {
    let (first, last) = (rng.choice(FIRST).unwrap(), rng.choice(LAST).unwrap());
    let local = format!("{first}.{last}{account}").to_lowercase().replace([' ', '\''], "");
    let domain = match (external, rng.u32(0..10)) {
        (true, _) => format!("partner-{}.example", rng.u32(0..800)),
        (false, 0..7) => "acme.example".to_owned(),
        (false, _) => "acme-group.example".to_owned(),
    };
    let titled = rng.u32(0..10) < 8;
    Profile {
        email: (!external || rng.bool()).then(|| format!("{local}@{domain}").into()),
        account_status: Some(if rng.u32(0..50) == 0 { AccountStatus::Inactive } else { AccountStatus::Active }),
        claimed: Some(if external { Claimed::Unmanaged } else { Claimed::Managed }),
        management: (!external).then_some(Management::Synced),
        email_verified: Some(rng.u32(0..50) != 0),
        mfa_enabled: (!external).then(|| rng.bool()),
        added_at: Some(now() - SignedDuration::from_hours(i64::from(rng.u32(0..24 * 2_000)))),
        job_title: titled.then(|| (*rng.choice(TITLES).unwrap()).into()),
        department: titled.then(|| (*rng.choice(DEPARTMENTS).unwrap()).into()),
        ..Profile::named(&format!("{first} {last}"))
    }
}
