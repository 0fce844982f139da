//! A plausible course of months: on working days people open the apps they use, some join, some leave or fall idle,
//! some move between groups, and now and then somebody tidies up. Everything follows from the seed and the days asked
//! for; it must not look at the clock.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::founding::{Groups, choose_groups};
use crate::key::uuid;
use crate::organization::Organization;
use crate::person::{AccountType, Person};
use crate::population::{Founded, People, Population, insert};
use crate::resource::App;

const DAY: i64 = 86_400_000;
const HOUR: i64 = 3_600_000;
/// Accounts of the end that are there at the beginning, in percent. Who leaves stays one, deactivated, so that fewer
/// than the others are at work.
const AT_FIRST: u32 = 84;
/// Who has not opened an app for so long when a season begins has fallen idle.
const IDLE_AFTER: i64 = 30 * DAY;

/// So long before a season begins its people take up their habits.
const SETTLING: SignedDuration = SignedDuration::from_hours(24 * 35);

/// How somebody works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// Here on most working days.
    Daily,
    /// Here about once a week.
    Weekly,
    /// Joined lately, and about to sign in for the first time.
    Fresh,
    /// Has stopped, or never began.
    Idle,
}

/// An organization's way from a day in the past towards the present.
#[derive(Debug)]
pub struct Season {
    rng: fastrand::Rng,
    /// Chance of the customers, who do not change what happens to people.
    customers: fastrand::Rng,
    groups: Groups,
    people: People,
    habits: Vec<Habit>,
    mean: f64,
    /// The organization has so many accounts on the last day.
    wanted: u32,
    from: Timestamp,
    to: Timestamp,
    lived_until: Timestamp,
}

impl Season {
    /// An organization as it was at `from`, which will have the people of `population` so many days later.
    pub fn begin(population: &Population, from: Timestamp, days: u32) -> (Organization, Season) {
        let to = from.saturating_add(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(from);
        let users = population.users.clamp(10, 1_000_000);
        let first = (u64::from(users) * u64::from(AT_FIRST) / 100).max(10) as u32;
        // Habits settle before anybody looks: what a population is made with is only like what habits make of it.
        let settling = from.saturating_sub(SETTLING).unwrap_or(from);
        let Founded { mut organization, groups, people } = Founded::make(population, (users, first), settling);
        if let Some(key) = organization.keys.first_mut() {
            key.expires = to.saturating_add(SignedDuration::from_hours(24 * 180)).unwrap_or(key.expires);
        }
        let habits = organization.people.iter().map(|person| habit(person.as_ref(), settling)).collect();
        let mut season = Season {
            rng: fastrand::Rng::with_seed(population.seed ^ 0x5365_6173_6f6e),
            customers: fastrand::Rng::with_seed(population.seed ^ 0x5365_6173_6f6e_6375),
            groups,
            people,
            habits,
            mean: population.mean_memberships(users),
            wanted: users,
            from,
            to,
            lived_until: settling,
        };
        season.live_until(&mut organization, from);
        (organization, season)
    }

    /// Lives on through every whole day since the beginning that is over at a moment. What happens on a day does not
    /// depend on when it is asked for.
    pub fn live_until(&mut self, organization: &mut Organization, at: Timestamp) {
        while let Ok(end) = self.lived_until.checked_add(SignedDuration::from_hours(24))
            && end <= at
        {
            organization.set_now(end);
            self.live(organization, (self.lived_until.as_millisecond(), end.as_millisecond()));
            self.lived_until = end;
        }
        organization.set_now(at);
    }

    /// What happens on a day.
    fn live(&mut self, organization: &mut Organization, (from, to): (i64, i64)) {
        let weekday = Timestamp::from_millisecond(from + (to - from) / 2)
            .map_or(Weekday::Monday, |middle| middle.to_zoned(TimeZone::UTC).weekday());
        let working = !matches!(weekday, Weekday::Saturday | Weekday::Sunday);
        self.work(organization, to, if working { 1.0 } else { 0.06 });
        if working {
            self.leave(organization);
            self.join(organization, to);
            self.move_about(organization);
            self.tidy_up(organization);
            organization.live_with_customers(&mut self.customers);
        }
    }

    /// People open their apps.
    fn work(&mut self, organization: &mut Organization, to: i64, part: f64) {
        for ordinal in 0..organization.people.len() as u32 {
            let Some(habit) = self.habits.get_mut(ordinal as usize) else { continue };
            let comes = match habit {
                Habit::Daily => 0.86,
                Habit::Weekly => 0.22,
                Habit::Fresh => 0.4,
                Habit::Idle => continue,
            };
            if self.rng.f64() >= comes * part {
                continue;
            }
            let Some(person) = organization.person(ordinal) else { continue };
            if person.status() != "active" {
                continue;
            }
            let is_fresh = *habit == Habit::Fresh;
            if is_fresh {
                *habit = if self.rng.u32(0..100) < 78 { Habit::Daily } else { Habit::Weekly };
            } else if self.rng.u32(0..1_100) == 0 {
                *habit = Habit::Idle;
            }
            let mut reach = organization.reach(person);
            let mut opened = Vec::new();
            while reach != 0 {
                let resource = reach.trailing_zeros() as u8;
                reach &= reach - 1;
                let app = organization.resource(resource).map(|resource| resource.app);
                let known = person.activity.iter().any(|entry| entry.resource() == resource);
                let chance = match (app, known) {
                    (Some(App::JiraAdministration), _) => 0,
                    (_, true) => 620,
                    // Of what they have not used so far they try little, and some of it never.
                    (_, false) if liking(ordinal, resource) < 15 => 0,
                    (_, false) if is_fresh => 500,
                    (_, false) => 3,
                };
                if self.rng.u32(0..1_000) < chance {
                    opened.push(resource);
                }
            }
            let at = to - self.rng.i64(0..11 * HOUR);
            let Some(person) = organization.person_mut(ordinal) else { continue };
            person.email_verified = true;
            for resource in opened {
                person.set_activity(resource, at - self.rng.i64(0..HOUR));
            }
        }
    }

    /// Joiners keep pace with who leaves and with the organization's growth.
    fn join(&mut self, organization: &mut Organization, at: i64) {
        let (from, to) = (self.from.as_millisecond(), self.to.as_millisecond());
        let grown = ((at - from) as f64 / (to - from).max(1) as f64).clamp(0.0, 1.0);
        let first = f64::from(self.wanted * AT_FIRST / 100).max(10.0);
        let due = first + (f64::from(self.wanted) - first) * grown;
        while (organization.user_count() as f64) < due.round() {
            let mut person = self.people.joiner(organization, at, &mut self.rng);
            choose_groups(organization, &self.groups, &mut person, self.mean, &mut self.rng);
            let account = person.texts.account_id().to_owned();
            let never = self.rng.u32(0..100) < 9;
            let ordinal = insert(organization, person) as usize;
            self.habits.resize(ordinal + 1, Habit::Idle);
            if let Some(habit) = self.habits.get_mut(ordinal) {
                *habit = if never { Habit::Idle } else { Habit::Fresh };
            }
            organization.note("user_created", &[("users", &account)]);
        }
    }

    /// Somebody leaves: employees are deactivated, partners are taken out; a few are suspended for a while.
    fn leave(&mut self, organization: &mut Organization) {
        for account in self.some(organization, 0.000_55) {
            let managed = organization.find_account(&account).and_then(|ordinal| organization.person(ordinal));
            let managed = managed.is_some_and(|person| person.managed);
            // Whoever was chosen is there.
            let _ = match (managed, self.rng.u32(0..10)) {
                (_, 0) => organization.suspend(&account),
                (true, 1..8) => organization.deactivate(&account),
                _ => organization.remove_user(&account),
            };
        }
        for account in self.some(organization, 0.000_1) {
            let _ = organization.restore(&account);
        }
    }

    /// People change teams, titles and names, and ask for apps.
    fn move_about(&mut self, organization: &mut Organization) {
        for account in self.some(organization, 0.002) {
            let Some(ordinal) = organization.find_account(&account) else { continue };
            let held = organization.person(ordinal).map(|person| person.groups.clone()).unwrap_or_default();
            let left = held.iter().filter(|group| !self.groups.grants(**group)).copied();
            let left: Vec<u32> = left.collect();
            if let Some(group) = self.rng.choice(&left) {
                change_group(organization, *group, &account, Organization::remove_member);
            }
            if let Some(group) = self.groups.ordinary(&mut self.rng) {
                change_group(organization, group, &account, Organization::add_member);
            }
        }
        for account in self.some(organization, 0.000_7) {
            if let Some(group) = self.groups.granting(&mut self.rng) {
                change_group(organization, group, &account, Organization::add_member);
            }
        }
        for account in self.some(organization, 0.000_3) {
            let title = self.rng.choice(crate::names::JOB_TITLES).copied().unwrap_or("Engineer");
            let _ = organization.set_job_title(&account, title);
        }
        for account in self.some(organization, 0.000_8) {
            let _ = organization.enable_mfa(&account);
        }
        if self.rng.f64() < 0.08 {
            let team = self.rng.choice(crate::names::TEAMS).copied().unwrap_or("team");
            let name = format!("{team}-project-{}", uuid(&mut self.rng).get(..4).unwrap_or_default());
            let group = organization.create_group(&name);
            for account in self.some(organization, 0.003) {
                let _ = organization.add_member(&group, &account);
            }
        }
    }

    /// Administrators take apps from a few of those who have not used them for long.
    fn tidy_up(&mut self, organization: &mut Organization) {
        for account in self.some(organization, 0.004) {
            let Some(ordinal) = organization.find_account(&account) else { continue };
            if self.habits.get(ordinal as usize) != Some(&Habit::Idle) {
                continue;
            }
            let held = organization.person(ordinal).map(|person| person.groups.clone()).unwrap_or_default();
            let granting: Vec<u32> = held.into_iter().filter(|group| self.groups.grants(*group)).collect();
            if let Some(group) = self.rng.choice(&granting) {
                change_group(organization, *group, &account, Organization::remove_member);
            }
        }
    }

    /// Each person in a directory with this chance; whoever administers the organization is left alone.
    fn some(&mut self, organization: &Organization, chance: f64) -> Vec<String> {
        let wanted = chance * organization.people.len() as f64;
        let count = wanted as usize + usize::from(self.rng.f64() < wanted.fract());
        let chosen = (0..count).filter_map(|_| {
            let person = organization.person(self.rng.u32(0..organization.people.len() as u32))?;
            let ordinary = person.account_type == AccountType::Atlassian
                && person.present != 0
                && person.platform_roles == crate::resource::Roles::default();
            ordinary.then(|| person.texts.account_id().to_owned())
        });
        chosen.collect()
    }
}

fn habit(person: Option<&Person>, now: Timestamp) -> Habit {
    let Some(last) = person.and_then(Person::last_active) else { return Habit::Idle };
    match now.as_millisecond() - last {
        ago if ago < 3 * DAY => Habit::Daily,
        ago if ago < IDLE_AFTER => Habit::Weekly,
        _ => Habit::Idle,
    }
}

/// How much somebody takes to an app, from 0 to 99; the same every day.
fn liking(ordinal: u32, resource: u8) -> u32 {
    (ordinal.wrapping_mul(0x9e37_79b9) ^ u32::from(resource).wrapping_mul(0x85eb_ca6b)).rotate_left(11) % 100
}

/// Puts somebody into a group or takes them out, where that can be: a group of another directory is none of theirs.
fn change_group<E>(
    organization: &mut Organization,
    group: u32,
    account: &str,
    change: impl FnOnce(&mut Organization, &str, &str) -> Result<bool, E>,
) {
    if let Some(id) = organization.group_id(group).map(str::to_owned) {
        let _ = change(organization, &id, account);
    }
}
