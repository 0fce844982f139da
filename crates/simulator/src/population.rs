//! Seeded, plausible populations of 10 to 1,000,000 people. Everything follows from the seed: the same population is
//! the same organization with the same ids. It must not look at the clock: the present instant is given.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::customers::Customers;
use crate::founding;
use crate::key::uuid;
use crate::names::{
    APP_NAMES, CULTURES, Culture, DEPARTMENTS, JOB_TITLES, OUTSIDE_DOMAINS, SERVICE_DOMAIN, SERVICE_NAMES, UNITS,
};
use crate::organization::Organization;
use crate::person::{AccountStatus, AccountType, Activity, Person, Source, Texts};
use crate::resource::{App, Role, Roles};

/// Upstream's hard limit on memberships.
const MOST_MEMBERSHIPS: f64 = 8_000_000.0;
const DAY: i64 = 86_400_000;

/// The size and seed of an organization.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Population {
    /// Accounts, 10 to 1,000,000, those outside the directories included.
    pub users: u32,
    /// Groups; none for one in fifty people and at least 12.
    pub groups: Option<u32>,
    /// Mean memberships of a person; none for 10.
    pub memberships_per_user: Option<f64>,
    /// The seed of everything.
    pub seed: u64,
    /// User directories, 1 to 8.
    pub directories: u8,
    /// Sites, 1 to 16; none for a number that suits the size.
    pub sites: Option<u8>,
}

impl Default for Population {
    fn default() -> Population {
        Population { users: 2_000, groups: None, memberships_per_user: None, seed: 1, directories: 1, sites: None }
    }
}

impl Organization {
    /// Makes the organization of this population as it stands at `now`.
    pub fn populate(population: &Population, now: Timestamp) -> Organization {
        let users = population.users.clamp(10, 1_000_000);
        Founded::make(population, (users, users), now).organization
    }
}

/// An organization with what it takes to let people join it.
pub(crate) struct Founded {
    pub(crate) organization: Organization,
    pub(crate) groups: founding::Groups,
    pub(crate) people: People,
}

impl Founded {
    /// Makes an organization of the size that suits `users`, with `present` of them.
    pub(crate) fn make(population: &Population, (users, present): (u32, u32), now: Timestamp) -> Founded {
        let mut rng = fastrand::Rng::with_seed(population.seed ^ 0x5262_6c6c_6361_6c6c);
        let mut organization = founding::found(population, users, now, &mut rng);
        let groups = founding::make_groups(&mut organization, population, users, &mut rng);
        let mut people = People::new(&organization, now);
        let mean = population.mean_memberships(users);
        for _ in 0..present {
            let mut person = people.next(&organization, &mut rng);
            if person.present != 0 && person.account_type == AccountType::Atlassian {
                founding::choose_groups(&organization, &groups, &mut person, mean, &mut rng);
                people.give_activity(&organization, &mut person, &mut rng);
            }
            insert(&mut organization, person);
        }
        give_platform_roles(&mut organization, &mut rng);
        organization.customers = Customers::made_for(&organization, population.seed);
        let administrator = organization
            .people
            .iter()
            .position(|person| person.as_ref().is_some_and(|person| person.platform_roles.contains(Role::OrgAdmin)));
        let user = administrator
            .and_then(|index| organization.person(index as u32))
            .map(|person| person.texts.email().to_owned())
            .unwrap_or_default();
        for site in &mut organization.sites {
            site.user.clone_from(&user);
        }
        for key in &mut organization.keys {
            key.created_by = administrator.unwrap_or_default() as u32;
        }
        organization.ids = rng;
        Founded { organization, groups, people }
    }
}

impl Population {
    /// Mean memberships of a person, within upstream's limit on all of them.
    pub(crate) fn mean_memberships(&self, users: u32) -> f64 {
        let mean = self.memberships_per_user.unwrap_or(10.0).clamp(0.0, 500.0);
        mean.min(MOST_MEMBERSHIPS / f64::from(users))
    }
}

/// Inserts a person whose groups are already listed, and counts the memberships.
pub(crate) fn insert(organization: &mut Organization, person: Person) -> u32 {
    for ordinal in &person.groups {
        if let Some(group) = organization.groups.get_mut(*ordinal as usize).and_then(Option::as_mut) {
            group.members += 1;
            group.suspended_members += u32::from(person.suspended & (1 << group.directory) != 0);
        }
    }
    organization.insert_person(person)
}

/// Every organization has at least two administrators of its own, a few site and user-access administrators, and some
/// people with AI features.
fn give_platform_roles(organization: &mut Organization, rng: &mut fastrand::Rng) {
    let eligible: Vec<usize> = organization
        .people
        .iter()
        .enumerate()
        .filter(|(_, person)| {
            person.as_ref().is_some_and(|person| {
                person.account_type == AccountType::Atlassian
                    && person.managed
                    && person.status() == "active"
                    && person.email_verified
            })
        })
        .map(|(index, _)| index)
        .collect();
    let count = eligible.len();
    let plan = [
        (Role::OrgAdmin, (count / 2_000).clamp(2, 12)),
        (Role::SiteAdmin, (count / 1_000).clamp(2, 40)),
        (Role::UserAccessAdmin, (count / 800).clamp(1, 60)),
        (Role::AiAccess, count / 50),
    ];
    for (role, wanted) in plan {
        for _ in 0..wanted {
            let chosen = rng.choice(&eligible).and_then(|index| organization.people.get_mut(*index)?.as_mut());
            if let Some(person) = chosen {
                person.platform_roles.insert(role);
            }
        }
    }
}

/// Makes one person after another.
#[derive(Debug)]
pub(crate) struct People {
    now: i64,
    words: Words,
    /// How often each local part was used, so that addresses differ.
    locals: HashMap<String, u32>,
    shares: u32,
    made: u32,
    directories: u8,
}

/// The numbers of interned words, looked up once.
#[derive(Debug)]
struct Words {
    job_titles: Vec<u16>,
    departments: Vec<u16>,
    units: Vec<u16>,
    time_zones: Vec<Vec<u16>>,
    places: Vec<Vec<u16>>,
}

impl People {
    fn new(organization: &Organization, now: Timestamp) -> People {
        let number = |word: &&str| organization.words.iter().position(|known| known == word).unwrap_or_default() as u16;
        let all = |words: &[&str]| words.iter().map(number).collect::<Vec<u16>>();
        People {
            now: now.as_millisecond(),
            words: Words {
                job_titles: all(JOB_TITLES),
                departments: all(DEPARTMENTS),
                units: all(UNITS),
                time_zones: CULTURES.iter().map(|culture| all(culture.time_zones)).collect(),
                places: CULTURES.iter().map(|culture| all(culture.places)).collect(),
            },
            locals: HashMap::new(),
            shares: CULTURES.iter().map(|culture| culture.share).sum(),
            made: 0,
            directories: organization.directories.len() as u8,
        }
    }

    /// Somebody who joins at a moment: an ordinary employee or partner, invited and not yet signed in.
    pub(crate) fn joiner(&mut self, organization: &Organization, now: i64, rng: &mut fastrand::Rng) -> Person {
        self.now = now;
        loop {
            let mut person = self.next(organization, rng);
            let ordinary = person.account_type == AccountType::Atlassian && person.status() == "active";
            if !ordinary || SERVICE_NAMES.iter().any(|(name, _)| *name == person.texts.name()) {
                continue;
            }
            let texts = &person.texts;
            let account_id = format!("712020:{}", uuid(rng));
            person.texts = Texts::new(&account_id, texts.name(), texts.nickname(), texts.email());
            person.added = now;
            person.email_verified = false;
            person.mfa = false;
            return person;
        }
    }

    fn next(&mut self, organization: &Organization, rng: &mut fastrand::Rng) -> Person {
        self.made += 1;
        let chance = rng.u32(0..10_000);
        // The first ten are ordinary people, so that even the smallest organization has administrators.
        let ordinary = self.made <= 10;
        if !ordinary && chance < 30 {
            return self.app(rng);
        }
        let service = !ordinary && (30..80).contains(&chance);
        let outside = !ordinary && !service && (80..130).contains(&chance);
        let external = !ordinary && !service && !outside && (130..930).contains(&chance);
        let (culture_index, culture) = self.culture(rng);
        let (name, nickname, local) = if service {
            let (name, local) = rng.choice(SERVICE_NAMES).copied().unwrap_or(("Service", "svc"));
            (name.to_owned(), name.to_owned(), local.to_owned())
        } else {
            self.name(culture, rng)
        };
        let mut email = self.address(organization, &local, external, rng);
        // Those that an administrator made as service accounts have an address that Atlassian gives them; the others are
        // ordinary accounts that a script uses, and nothing upstream tells them from people.
        if service
            && local.starts_with("svc-")
            && let Some((mailbox, _)) = email.split_once('@')
        {
            email = format!("{mailbox}@{SERVICE_DOMAIN}");
        }
        let managed = !external;
        let added = self.now - rng.i64(DAY..2_200 * DAY);
        let fate = if ordinary { 9_999 } else { rng.u32(0..10_000) };
        let mut person = Person {
            texts: Texts::new(&self.account_id(added, rng), &name, &nickname, &email),
            job_title: 0,
            department: 0,
            organization: 0,
            location: 0,
            time_zone: pick(&self.words.time_zones, culture_index, rng),
            account_type: AccountType::Atlassian,
            account_status: AccountStatus::Active,
            managed,
            source: managed.then_some(if rng.u32(0..100) < 70 { Source::Synced } else { Source::Invited }),
            email_verified: true,
            mfa: managed && rng.u32(0..100) < 62,
            for_deletion: false,
            present: if outside { 0 } else { self.home(rng) },
            suspended: 0,
            platform_roles: Roles::default(),
            added,
            deactivated: 0,
            groups: Vec::new(),
            activity: Vec::new(),
            direct: Vec::new(),
        };
        if !service && rng.u32(0..100) < 80 {
            person.job_title = rng.choice(&self.words.job_titles).copied().unwrap_or_default();
            person.department = rng.choice(&self.words.departments).copied().unwrap_or_default();
            person.location = pick(&self.words.places, culture_index, rng);
            if rng.u32(0..100) < 30 {
                person.organization = rng.choice(&self.words.units).copied().unwrap_or_default();
            }
        }
        match fate {
            0..300 if person.present != 0 => person.suspended = person.present,
            300..500 if managed => self.deactivate(&mut person, AccountStatus::Inactive, rng),
            500..510 if managed => {
                self.deactivate(&mut person, AccountStatus::Inactive, rng);
                person.for_deletion = true;
            }
            510..515 if managed => self.deactivate(&mut person, AccountStatus::Closed, rng),
            515..715 => {
                // Invited and not yet signed in: in the directory, address not verified, never active.
                person.email_verified = false;
                person.mfa = false;
                person.added = self.now - rng.i64(DAY / 24..60 * DAY);
                person.source = managed.then_some(Source::Invited);
            }
            _ => {}
        }
        if person.present != 0 && rng.u32(0..1_000) == 0 && !organization.resources.is_empty() {
            let resource = rng.u8(0..organization.resources.len() as u8);
            let role = if rng.u32(0..4) == 0 { Role::Admin } else { Role::User };
            person.direct.push((resource, Roles::of(&[role])));
        }
        person
    }

    fn app(&mut self, rng: &mut fastrand::Rng) -> Person {
        let added = self.now - rng.i64(DAY..2_200 * DAY);
        let name = rng.choice(APP_NAMES).copied().unwrap_or("App");
        Person {
            texts: Texts::new(&self.account_id(added, rng), name, name, ""),
            job_title: 0,
            department: 0,
            organization: 0,
            location: 0,
            time_zone: 0,
            account_type: AccountType::App,
            account_status: AccountStatus::Active,
            managed: false,
            source: None,
            email_verified: false,
            mfa: false,
            for_deletion: false,
            present: 1,
            suspended: 0,
            platform_roles: Roles::default(),
            added,
            deactivated: 0,
            groups: Vec::new(),
            activity: Vec::new(),
            direct: Vec::new(),
        }
    }

    fn deactivate(&self, person: &mut Person, status: AccountStatus, rng: &mut fastrand::Rng) {
        person.account_status = status;
        person.deactivated = rng.i64(person.added..self.now);
    }

    fn culture(&self, rng: &mut fastrand::Rng) -> (usize, &'static Culture) {
        let mut place = rng.u32(0..self.shares);
        for (index, culture) in CULTURES.iter().enumerate() {
            if place < culture.share {
                return (index, culture);
            }
            place -= culture.share;
        }
        (0, &CULTURES[0])
    }

    /// Full name, nickname, and the Latin local part of an address.
    fn name(&self, culture: &Culture, rng: &mut fastrand::Rng) -> (String, String, String) {
        let (given, given_latin) = rng.choice(culture.given).copied().unwrap_or(("Alex", "alex"));
        let (family, family_latin) = rng.choice(culture.family).copied().unwrap_or(("Doe", "doe"));
        let mut name = if culture.family_first {
            format!("{family}{}{given}", culture.gap)
        } else {
            format!("{given}{}{family}", culture.gap)
        };
        match rng.u32(0..1_000) {
            0 => name.push_str(" (Contractor, \"Blue\" Team) \u{1F680}"),
            1 => name = format!("{name} {}", "of the Upper Valley and the Lower Hills ".repeat(5).trim_end()),
            2 => name = format!("{given} {} {family}", char::from(rng.u8(b'A'..=b'Z'))),
            3 => name = name.to_uppercase(),
            _ => {}
        }
        (name, given.to_owned(), format!("{given_latin}.{family_latin}"))
    }

    fn address(&mut self, organization: &Organization, local: &str, external: bool, rng: &mut fastrand::Rng) -> String {
        let domain = if external {
            rng.choice(OUTSIDE_DOMAINS).copied().unwrap_or("mail.test")
        } else {
            let place = rng.usize(0..100);
            let own = &organization.domains;
            let index = if place < 80 { 0 } else { rng.usize(0..own.len().max(1)) };
            own.get(index).map_or("example.test", String::as_str)
        };
        let used = self.locals.entry(local.to_owned()).or_default();
        *used += 1;
        match *used {
            1 => format!("{local}@{domain}"),
            number if rng.u32(0..400) == 0 => format!("{local}+jira{number}@{domain}"),
            number => format!("{local}{number}@{domain}"),
        }
    }

    /// Account ids take the form of their time: 24 hexadecimal digits, `557058:` with a UUID, `712020:` with one.
    fn account_id(&self, added: i64, rng: &mut fastrand::Rng) -> String {
        let age = (self.now - added) / DAY;
        match age {
            1_800.. if rng.bool() => format!("{:024x}", rng.u128(..) >> 32 & !(0xfff << 84) | 0x5b1 << 84),
            1_400.. => format!("557058:{}", uuid(rng)),
            _ => format!("712020:{}", uuid(rng)),
        }
    }

    /// One directory, rarely two.
    fn home(&self, rng: &mut fastrand::Rng) -> u8 {
        let mut home = 1 << rng.u8(0..self.directories.max(1));
        if self.directories > 1 && rng.u32(0..20) == 0 {
            home |= 1 << rng.u8(0..self.directories);
        }
        home
    }

    /// When the person last opened each app that the groups and direct roles open.
    fn give_activity(&self, organization: &Organization, person: &mut Person, rng: &mut fastrand::Rng) {
        let never = !person.email_verified || rng.u32(0..100) < 4;
        if never {
            return;
        }
        let mut reach = organization.reach(person);
        let end = if person.deactivated != 0 { person.deactivated } else { self.now };
        // People who work here daily open most of their apps lately; others faded out some time ago.
        let faded = if rng.u32(0..100) < 28 { rng.i64(30 * DAY..700 * DAY) } else { 0 };
        while reach != 0 {
            let resource = reach.trailing_zeros() as u8;
            reach &= reach - 1;
            let app = organization.resource(resource).map(|resource| resource.app);
            if app == Some(App::JiraAdministration) || rng.u32(0..100) >= 82 {
                continue;
            }
            let ago = match rng.u32(0..100) {
                0..60 => rng.i64(0..3 * DAY),
                60..85 => rng.i64(0..30 * DAY),
                _ => rng.i64(0..400 * DAY),
            };
            person.activity.push(Activity::new(resource, (end - faded - ago).max(person.added)));
        }
    }
}

fn pick(words: &[Vec<u16>], culture: usize, rng: &mut fastrand::Rng) -> u16 {
    words.get(culture).and_then(|words| rng.choice(words)).copied().unwrap_or_default()
}

/// The instant so many days before.
pub(crate) fn days_before(now: Timestamp, days: i64) -> Timestamp {
    now.saturating_sub(SignedDuration::from_hours(24 * days)).unwrap_or(now)
}
