//! What happens at the organization: a few changes on every day, some while pages are read, and now and then one so large
//! that a guard stops it. Everything follows from the seed, and nothing from what the mirror does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fastrand::Rng;
use simulator::{Change, NewUser, Organization, ScheduledChange, Truth};

/// Changes that a guard withholds.
#[derive(Clone, Copy, Debug)]
enum Mass {
    PeopleLeave,
    GroupEmptied,
    EmailsChange,
    PeopleSuspended,
    GroupsDeleted,
}

const MASSES: [Mass; 5] =
    [Mass::PeopleLeave, Mass::GroupEmptied, Mass::EmailsChange, Mass::PeopleSuspended, Mass::GroupsDeleted];

/// The organization's own course of events.
pub(super) struct Upstream {
    rng: Rng,
    people: usize,
    groups: usize,
    /// What is to happen while pages are read; the day's end makes up for what no request brought about.
    underway: Vec<Arc<Underway>>,
}

struct Underway {
    seed: u64,
    happened: AtomicBool,
}

impl Underway {
    fn happen(&self, organization: &mut Organization) {
        if !self.happened.swap(true, Ordering::SeqCst) {
            organization.random_change(&mut Rng::with_seed(self.seed));
        }
    }
}

impl Upstream {
    pub(super) fn new(seed: u64, truth: &Truth) -> Upstream {
        let rng = Rng::with_seed(seed ^ 0x7965_6172);
        Upstream { rng, people: truth.users.len(), groups: truth.groups.len(), underway: Vec::new() }
    }

    /// What changed overnight, as lines.
    pub(super) fn morning(&mut self, organization: &mut Organization) -> Vec<String> {
        let rng = &mut self.rng;
        let mut happened: Vec<String> = (0..rng.usize(0..10)).map(|_| organization.random_change(rng)).collect();
        if rng.u8(0..8) == 0 {
            happened.extend(hand_address_on(organization, rng));
        }
        if rng.u8(0..8) == 0 {
            happened.extend(make_group_again(organization, rng));
        }
        if rng.u8(0..16) == 0
            && let Some(mass) = rng.choice(MASSES)
        {
            happened.push(format!("{mass:?}: {}", carry_out(mass, organization, rng)));
        }
        happened.extend(refill(organization, rng, (self.people, self.groups)));
        happened
    }

    /// Changes that happen at the given requests to come.
    pub(super) fn while_reading(&mut self) -> Vec<ScheduledChange> {
        let mut requests: Vec<u32> = (0..self.rng.usize(1..5)).map(|_| self.rng.u32(2..40)).collect();
        requests.sort_unstable();
        let scheduled = |(request, rng): (u32, &mut Rng)| {
            let underway = Arc::new(Underway { seed: rng.u64(..), happened: AtomicBool::new(false) });
            let change = underway.clone();
            let change = Change::custom(move |organization| change.happen(organization));
            (underway, ScheduledChange { path: "*".to_owned(), request, change })
        };
        let (underway, changes) = requests.into_iter().map(|request| scheduled((request, &mut self.rng))).unzip();
        self.underway = underway;
        changes
    }

    /// What should have happened while pages were read and did not, because there were fewer of them.
    pub(super) fn evening(&mut self, organization: &mut Organization) {
        for underway in self.underway.drain(..) {
            underway.happen(organization);
        }
    }
}

/// People in a directory, without apps.
fn people(organization: &Organization) -> Vec<(String, bool)> {
    (organization.truth().users.into_iter())
        .filter(|user| user.account_type == "atlassian" && !user.directories.is_empty())
        .map(|user| (user.account_id, user.managed))
        .collect()
}

fn members(organization: &Organization, group: &str) -> Vec<String> {
    let pairs = organization.truth().memberships.into_iter();
    pairs.filter(|(of, _)| of == group).map(|(_, account)| account).collect()
}

/// Somebody gets another address, and somebody else the one that is free now.
fn hand_address_on(organization: &mut Organization, rng: &mut Rng) -> Option<String> {
    let people = people(organization);
    let (first, second) = (&rng.choice(&people)?.0, &rng.choice(&people)?.0);
    let address = organization.truth().users.into_iter().find(|user| user.account_id == *first)?.email?;
    if first == second {
        return None;
    }
    organization.change_email(first, &format!("former.{}@elsewhere.example", rng.u32(..))).ok()?;
    organization.change_email(second, &address).ok()?;
    Some(format!("the address of {first} goes to {second}"))
}

/// A group is deleted, and another of the same name is made, with some of its members.
fn make_group_again(organization: &mut Organization, rng: &mut Rng) -> Option<String> {
    let truth = organization.truth();
    let old = rng.choice(&truth.groups)?;
    let members = members(organization, &old.id);
    organization.delete_group(&old.id).ok()?;
    let new = organization.create_group(&old.name);
    for account in members.iter().step_by(2) {
        // Who is in another directory than the first cannot join.
        let _ = organization.add_member(&new, account);
    }
    Some(format!("group {} is made again as {new}", old.id))
}

fn carry_out(mass: Mass, organization: &mut Organization, rng: &mut Rng) -> usize {
    let people = people(organization);
    let fifth = |rng: &mut Rng| -> Vec<String> {
        people.iter().filter(|_| rng.u8(0..5) == 0).map(|(account, _)| account.clone()).collect()
    };
    match mass {
        Mass::PeopleLeave => {
            let leaving = fifth(rng);
            leaving.iter().filter(|account| organization.remove_user(account).is_ok()).count()
        }
        Mass::EmailsChange => {
            let address = |rng: &mut Rng| format!("merged.{}@merger.example", rng.u32(..));
            let changing = fifth(rng);
            changing.iter().filter(|account| organization.change_email(account, &address(rng)).is_ok()).count()
        }
        Mass::PeopleSuspended => {
            let suspended = fifth(rng);
            suspended.iter().filter(|account| organization.suspend(account).is_ok()).count()
        }
        Mass::GroupEmptied => {
            let groups = organization.truth().groups;
            let Some(group) = groups.iter().max_by_key(|group| (group.members, &group.id)) else { return 0 };
            let members = members(organization, &group.id);
            members.iter().filter(|account| organization.remove_member(&group.id, account).is_ok()).count()
        }
        Mass::GroupsDeleted => {
            let groups = organization.truth().groups;
            let deleted = groups.iter().filter(|_| rng.u8(0..3) == 0);
            deleted.filter(|group| organization.delete_group(&group.id).is_ok()).count()
        }
    }
}

/// New people and groups in place of those that went, so that the organization is as large at the year's end.
fn refill(organization: &mut Organization, rng: &mut Rng, (people, groups): (usize, usize)) -> Vec<String> {
    let mut happened = Vec::new();
    let missing = groups.saturating_sub(organization.truth().groups.len());
    if missing > groups / 10 {
        happened.extend((0..missing).map(|_| organization.create_group(&format!("squad-{:06x}", rng.u32(..)))));
    }
    let missing = people.saturating_sub(organization.truth().users.len());
    if missing > people / 20 {
        let directories = organization.directory_ids();
        let names: Vec<String> = organization.truth().groups.into_iter().map(|group| group.id).collect();
        for _ in 0..missing {
            let number = rng.u32(..);
            let directory = rng.choice(&directories).cloned();
            let user =
                NewUser { name: format!("Joiner {number}"), email: format!("j.{number}@joiners.example"), directory };
            let Ok(account) = organization.add_user(&user) else { continue };
            for _ in 0..rng.u8(0..6) {
                if let Some(group) = rng.choice(&names) {
                    // A group of another directory is none of theirs.
                    let _ = organization.add_member(group, &account);
                }
            }
            happened.push(format!("{account} joined"));
        }
    }
    happened
}
