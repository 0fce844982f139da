//! What an organization has before its people: directories, sites, apps, keys and groups, and which groups a person
//! is put into. At most sixty groups grant anything, however large the organization; the others have sizes like those
//! of real ones, a few large and very many small.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use crate::audit::AuditLog;
use crate::customers::Customers;
use crate::group::{Group, GroupKind};
use crate::key::{ApiKey, secret, site_token, uuid};
use crate::names::{CULTURES, DEPARTMENTS, JOB_TITLES, ORGANIZATIONS, PURPOSES, TEAMS, UNITS};
use crate::organization::{Directory, Organization, hash_of};
use crate::person::Person;
use crate::population::{Population, days_before};
use crate::resource::{App, MOST_RESOURCES, Resource, Role, Site};

const MOST_GRANTING: usize = 58;
const ALL_APPS: [App; 7] = [
    App::Jira,
    App::Confluence,
    App::ServiceManagement,
    App::JiraAdministration,
    App::Bitbucket,
    App::ProductDiscovery,
    App::Compass,
];

/// An organization without people and groups.
pub(crate) fn found(population: &Population, users: u32, now: Timestamp, rng: &mut fastrand::Rng) -> Organization {
    let (name, slug) = rng.choice(ORGANIZATIONS).copied().unwrap_or(("Meridian Works", "meridian"));
    let mut organization = Organization {
        id: uuid(rng),
        name: name.to_owned(),
        domains: vec![format!("{slug}.example"), format!("{slug}-labs.example"), format!("{slug}.test")],
        directories: Vec::new(),
        sites: Vec::new(),
        resources: Vec::new(),
        words: words(),
        people: Vec::with_capacity(users as usize),
        groups: Vec::new(),
        by_account: BTreeSet::new(),
        by_email: BTreeSet::new(),
        by_group: HashMap::new(),
        managed: 0,
        keys: Vec::new(),
        paid: true,
        audit: AuditLog::default(),
        customers: Customers::default(),
        policies: Vec::new(),
        locales: HashMap::new(),
        revoked_tokens: BTreeSet::new(),
        queue: Vec::new(),
        now,
        seal: rng.u64(..),
        ids: rng.fork(),
    };
    for index in 0..population.directories.clamp(1, 8) {
        let name = match index {
            0 => format!("{name} directory"),
            1 => format!("{name} (acquired)"),
            _ => format!("{name} directory {}", index + 1),
        };
        let id = uuid(rng);
        let scim_key = secret(&mut fastrand::Rng::with_seed(hash_of(&id)));
        organization.directories.push(Directory { id, name, scim_key });
    }
    let fitting = match users {
        0..5_000 => 2,
        5_000..50_000 => 3,
        50_000..300_000 => 5,
        _ => 8,
    };
    let suffixes = ["", "-eu", "-sandbox", "-apac", "-services", "-labs", "-archive", "-americas"];
    for index in 0..usize::from(population.sites.unwrap_or(fitting).clamp(1, 16)) {
        let site = match suffixes.get(index) {
            Some(suffix) => format!("{slug}{suffix}"),
            None => format!("{slug}-{}", index + 1),
        };
        let cloud_id = uuid(rng);
        let apps: &[App] = match index {
            0 | 1 => &ALL_APPS,
            index if index % 2 == 0 => &ALL_APPS[..2],
            _ => &ALL_APPS[..4],
        };
        for app in apps {
            if organization.resources.len() < MOST_RESOURCES {
                organization.resources.push(Resource {
                    ari: format!("ari:cloud:{}::site/{cloud_id}", app.owner()),
                    app: *app,
                    site: index,
                    capacity: seats(*app, users),
                    created: days_before(now, rng.i64(400..2_500)).as_millisecond(),
                    status: if index == 6 { "offline" } else { "online" },
                });
            }
        }
        // A generator of its own, so that tokens leave the rest of the population as it is.
        let mut tokens = fastrand::Rng::with_seed(hash_of(&cloud_id));
        let (token, scoped_token) = (site_token(&mut tokens), site_token(&mut tokens));
        let url = format!("https://{site}.atlassian.net");
        organization.sites.push(Site { url, name: site, cloud_id, user: String::new(), token, scoped_token });
    }
    organization.keys = keys(now, rng);
    organization.policies = crate::policy::made_for(&organization);
    organization
}

/// Licences come in steps; administration needs none.
fn seats(app: App, users: u32) -> Option<u32> {
    match app {
        App::JiraAdministration => None,
        _ => Some(users.next_multiple_of(if users < 1_000 { 100 } else { 1_000 })),
    }
}

/// The key in use (without scopes), one with reading scopes, and one that expired.
fn keys(now: Timestamp, rng: &mut fastrand::Rng) -> Vec<ApiKey> {
    let mut key = |label: &str, age: i64, life: i64, scopes: Vec<&'static str>| ApiKey {
        secret: secret(rng),
        id: uuid(rng),
        label: label.to_owned(),
        created: days_before(now, age),
        expires: days_before(now, age - life),
        last_active: Some(days_before(now, if life < age { age - life } else { 0 })),
        created_by: 0,
        scopes,
        revoked: false,
        powerless: false,
    };
    vec![
        key("Directory sync", 20, 200, Vec::new()),
        key("Reporting (read only)", 90, 365, crate::key::SCOPES.to_vec()),
        key("Old automation", 400, 365, Vec::new()),
    ]
}

fn words() -> Vec<String> {
    let mut words = vec![String::new()];
    let cultures = CULTURES.iter().flat_map(|culture| culture.time_zones.iter().chain(culture.places));
    for word in JOB_TITLES.iter().chain(DEPARTMENTS).chain(UNITS).chain(cultures) {
        if !words.iter().any(|known| known == word) {
            words.push((*word).to_owned());
        }
    }
    words
}

/// How people come into groups.
#[derive(Debug)]
pub(crate) struct Groups {
    /// Groups that open apps, each with the share of people in it, in percent.
    granting: Vec<(u32, u32)>,
    /// Ordinary groups that have members.
    ordinary: Vec<u32>,
    /// Running sums of the ordinary groups' weights.
    weights: Vec<f64>,
}

impl Groups {
    /// Whether a group opens apps.
    pub(crate) fn grants(&self, group: u32) -> bool {
        self.granting.iter().any(|(ordinal, _)| *ordinal == group)
    }

    /// A group that opens apps, the larger the likelier.
    pub(crate) fn granting(&self, rng: &mut fastrand::Rng) -> Option<u32> {
        let all: u32 = self.granting.iter().map(|(_, share)| share).sum();
        let mut place = rng.u32(0..all.max(1));
        self.granting
            .iter()
            .find(|(_, share)| place.checked_sub(*share).map(|rest| place = rest).is_none())
            .map(|(ordinal, _)| *ordinal)
    }

    /// An ordinary group, the larger the likelier.
    pub(crate) fn ordinary(&self, rng: &mut fastrand::Rng) -> Option<u32> {
        let point = rng.f64() * self.weights.last()?;
        self.ordinary.get(self.weights.partition_point(|sum| *sum <= point)).copied()
    }
}

/// Makes the groups and says how people come into them.
pub(crate) fn make_groups(
    organization: &mut Organization,
    population: &Population,
    users: u32,
    rng: &mut fastrand::Rng,
) -> Groups {
    let wanted = population.groups.unwrap_or_else(|| (users / 50).max(12)).clamp(1, 250_000) as usize;
    let mut plans = granting_groups(organization);
    plans.truncate(MOST_GRANTING.min((wanted * 3 / 5).max(8)).min(wanted));
    let mut groups = Groups { granting: Vec::new(), ordinary: Vec::new(), weights: Vec::new() };
    let directories = organization.directories.len() as u8;
    // No group may pass upstream's hard limit of 290,000 members.
    let most_share = (28_000_000 / users).max(1);
    for plan in plans {
        // Each site's groups live in one directory; with several directories the sites are spread over them.
        let site =
            plan.grants.first().and_then(|grant| organization.resource(grant.0)).map_or(0, |resource| resource.site);
        let mut group = Group::new(uuid(rng), plan.name, (site % usize::from(directories)) as u8);
        group.description = Some(plan.description);
        group.kind = if plan.synced { GroupKind::Group } else { GroupKind::UserbaseGroup };
        group.synced = plan.synced;
        for (resource, role) in plan.grants {
            group.grant(resource, role);
            if plan.default
                && let Some(grant) = group.grants.last_mut()
            {
                grant.default_role = Some(role);
            }
        }
        group.render();
        let ordinal = organization.insert_group(group);
        groups.granting.push((ordinal, plan.share.min(most_share)));
    }
    let mut sum = 0.0;
    for number in groups.granting.len()..wanted {
        let team = rng.choice(TEAMS).copied().unwrap_or("team");
        let purpose = rng.choice(PURPOSES).copied().unwrap_or("all");
        let name = match rng.u32(0..10) {
            0 => format!("{} {team} {number}", rng.choice(DEPARTMENTS).copied().unwrap_or("IT")),
            1 => format!("Équipe {team} «{purpose}» {number}"),
            _ => format!("{team}-{purpose}-{number}"),
        };
        let mut group = Group::new(uuid(rng), name, rng.u8(0..directories));
        group.synced = rng.u32(0..100) < 35;
        group.kind = if !group.synced && rng.u32(0..100) < 20 { GroupKind::Team } else { GroupKind::Group };
        group.description = (rng.u32(0..100) < 55).then(|| format!("{purpose} of \"{team}\""));
        group.render();
        let ordinal = organization.insert_group(group);
        // The last group is always empty, so that the smallest organization has one too.
        if rng.u32(0..100) >= 4 && number + 1 < wanted {
            sum += 1.0 / ((groups.ordinary.len() + 3) as f64).powf(0.9);
            groups.ordinary.push(ordinal);
            groups.weights.push(sum);
        }
    }
    groups
}

/// A group that grants something, to be made.
struct Granting {
    name: String,
    description: String,
    grants: Vec<(u8, Role)>,
    default: bool,
    synced: bool,
    share: u32,
}

/// The granting groups, the indispensable ones first: who has room for few takes the beginning of the list.
fn granting_groups(organization: &Organization) -> Vec<Granting> {
    let mut first = Vec::new();
    let mut second = Vec::new();
    let mut third = Vec::new();
    for (site_index, site) in organization.sites.iter().enumerate() {
        let on_site = |app: App| {
            let found =
                organization.resources.iter().position(|resource| resource.site == site_index && resource.app == app);
            found.map(|index| index as u8)
        };
        let plan = |app: App, kind: &str, role: Role, share: u32| {
            on_site(app).map(|resource| Granting {
                name: format!("{}-{kind}-{}", app.short(), site.name),
                description: format!("{} on {}: {kind}", app.title(), site.name),
                grants: vec![(resource, role)],
                default: kind == "users" || kind == "customers",
                synced: false,
                share,
            })
        };
        let remote = site_index as u32;
        first.extend(plan(App::Jira, "users", Role::User, 72 / (1 + remote)));
        first.extend(plan(App::Confluence, "users", Role::User, 78 / (1 + remote)));
        if site_index < 2 {
            first.extend(plan(App::ServiceManagement, "users", Role::User, 14));
            second.extend(plan(App::Bitbucket, "users", Role::User, 24));
            second.extend(plan(App::Compass, "users", Role::User, 10));
            second.extend(plan(App::ProductDiscovery, "users", Role::User, 8));
            third.extend(plan(App::JiraAdministration, "admins", Role::Admin, 1));
            third.extend(plan(App::ServiceManagement, "customers", Role::Customer, 9));
            third.extend(plan(App::Confluence, "guests", Role::Guest, 2));
            third.extend(plan(App::ProductDiscovery, "contributors", Role::Contributor, 12));
            third.extend(plan(App::Jira, "admins", Role::Admin, 2));
            third.extend(plan(App::Confluence, "admins", Role::Admin, 1));
            third.extend(plan(App::ServiceManagement, "stakeholders", Role::Stakeholder, 1));
            third.extend(plan(App::Bitbucket, "access-admins", Role::UserAccessAdmin, 1));
        }
        if site_index == 0
            && let (Some(jira), Some(confluence)) = (on_site(App::Jira), on_site(App::Confluence))
        {
            second.push(Granting {
                name: format!("idp-knowledge-workers-{}", site.name),
                description: "Kept by the identity provider; opens Jira and Confluence".to_owned(),
                grants: vec![(jira, Role::User), (confluence, Role::User)],
                default: false,
                synced: true,
                share: 18,
            });
            third.push(Granting {
                name: format!("site-admins-{}", site.name),
                description: "Administers Jira and Confluence".to_owned(),
                grants: vec![(jira, Role::Admin), (jira, Role::UserAccessAdmin), (confluence, Role::Admin)],
                default: false,
                synced: false,
                share: 1,
            });
        }
        if site_index == 1
            && let (Some(jira), Some(bitbucket)) = (on_site(App::Jira), on_site(App::Bitbucket))
        {
            second.push(Granting {
                name: format!("idp-builders-{}", site.name),
                description: "Kept by the identity provider; opens Jira and Bitbucket".to_owned(),
                grants: vec![(jira, Role::User), (bitbucket, Role::User)],
                default: false,
                synced: true,
                share: 9,
            });
        }
    }
    first.extend(second);
    first.extend(third);
    first
}

/// Puts the person into groups: granting ones by their share, ordinary ones until the mean is met.
pub(crate) fn choose_groups(
    organization: &Organization,
    groups: &Groups,
    person: &mut Person,
    mean: f64,
    rng: &mut fastrand::Rng,
) {
    let reachable =
        |ordinal: u32| organization.group(ordinal).is_some_and(|group| person.present & (1 << group.directory) != 0);
    let mut chosen = Vec::new();
    for (ordinal, share) in &groups.granting {
        // People from outside get a third of what employees get.
        let share = if person.managed { *share } else { *share / 3 };
        if rng.u32(0..100) < share && reachable(*ordinal) {
            chosen.push(*ordinal);
        }
    }
    // Memberships spread widely around the mean, and very few people collect a great many.
    let spread = 0.35 + 1.3 * rng.f64();
    let mut wanted = (mean * spread).round() as usize;
    if rng.u32(0..5_000) == 0 {
        wanted = wanted.max(60 + rng.usize(0..60));
    }
    let room = groups.weights.last().copied().unwrap_or_default();
    let mut attempts = wanted * 3;
    while chosen.len() < wanted && attempts > 0 && room > 0.0 {
        attempts -= 1;
        let point = rng.f64() * room;
        let place = groups.weights.partition_point(|sum| *sum <= point);
        if let Some(ordinal) = groups.ordinary.get(place)
            && !chosen.contains(ordinal)
            && reachable(*ordinal)
        {
            chosen.push(*ordinal);
        }
    }
    chosen.truncate(wanted.max(1));
    chosen.sort_unstable();
    person.groups = chosen;
}
