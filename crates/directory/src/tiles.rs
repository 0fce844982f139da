//! Seats by app and site, divided by when they were last used: what the dashboard shows. A seat is counted once for each
//! app on each site, people once. The shares of an app are disjoint and add up; unknown is never inactive, and service
//! accounts are in no share of activity. Each share has the filter that finds exactly its people.

pub mod days;
mod threshold;
mod which;

use std::collections::BTreeMap;
use std::ops::{Add, AddAssign};

use columns::Ordinal;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use roaring::{MultiOps, RoaringBitmap};

pub use self::threshold::{NotAThreshold, Threshold};
pub use self::which::Which;
use crate::find::activity::service_accounts;
use crate::find::choice::Match;
use crate::find::dates::floor;
use crate::find::name::{app_word, is_app, is_site};
use crate::resource::App;
use crate::snapshot::Snapshot;

/// Seats, or people who hold them, by when they were last used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// Used since the threshold.
    pub active: u64,
    /// Used, but not since the threshold.
    pub inactive: u64,
    /// Activity was read, and there is none.
    pub never_active: u64,
    /// Activity was not read.
    pub unknown: u64,
    /// Held by service accounts, of whose activity through tokens Atlassian tells nothing.
    pub service_accounts: u64,
}

/// One app on one site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnSite {
    /// Which resource it is.
    pub resource: Ordinal,
    /// The site's short name.
    pub site: String,
    /// Its seats.
    pub seats: Shares,
    /// Seats bought, where upstream tells.
    pub capacity: Option<u64>,
    word: String,
}

/// One app, on all sites that were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// The app's name, or its key when it is not known by name.
    pub app: String,
    /// Each of its sites; the one with most seats first.
    pub sites: Vec<OnSite>,
    /// Its seats, summed over its sites.
    pub seats: Shares,
    /// Distinct people with a seat.
    pub people: u64,
    /// What means all of it in a filter.
    word: Option<String>,
}

/// An app that sells no seats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithoutSeats {
    /// The app's name, or its key.
    pub app: String,
    /// Distinct present people with any role on it.
    pub people: u64,
    /// The filter that finds them.
    pub filter: String,
}

/// Everything that the dashboard counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tiles {
    /// Apps that sell seats; the one with most seats first.
    pub apps: Vec<Tile>,
    /// Apps that sell none, by name.
    pub without_seats: Vec<WithoutSeats>,
    /// All seats.
    pub seats: Shares,
    /// Distinct people with any seat.
    pub people: u64,
}

/// From when on a use counts as one.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// How long somebody may not have used an app and still is active.
    pub threshold: Threshold,
    /// The moment from which it counts back.
    pub now: Timestamp,
    /// The zone of days and months.
    pub zone: &'a TimeZone,
}

/// The sites of a snapshot by their short names, in alphabetical order, but for those that are left out.
pub fn sites(snapshot: &Snapshot) -> Vec<&str> {
    let shown = (0..).zip(snapshot.resources()).filter(|(place, _)| !snapshot.is_left_out(*place));
    let mut sites: Vec<&str> = shown.map(|(_, resource)| resource.site_name()).collect();
    sites.sort_unstable();
    sites.dedup();
    sites
}

/// Counts the seats of every app, on one site or on all of them.
pub fn tiles(snapshot: &Snapshot, site: Option<&str>, asked: Asked<'_>) -> Tiles {
    let index = &snapshot.index;
    let reach = index.reach(snapshot);
    let present = &index.standing(snapshot).present;
    let users = index.users(snapshot);
    let since = floor(asked.threshold.length().before(asked.now, asked.zone)).saturating_add(1);
    let recent = snapshot.people.activity.used_since(snapshot.resources.len(), since);
    let (services, read) = (service_accounts(snapshot), snapshot.people.activity.read());
    let nobody = RoaringBitmap::new();

    let mut apps: BTreeMap<&str, Vec<OnSite>> = BTreeMap::new();
    let mut access: BTreeMap<&str, RoaringBitmap> = BTreeMap::new();
    for (resource, named) in (0..).zip(snapshot.resources()) {
        if snapshot.is_left_out(resource) || site.is_some_and(|site| !is_site(named, site, Match::Whole)) {
            continue;
        }
        let place = resource as usize;
        let app = named.id.app_name();
        if App::by_key(named.id.owner()).is_some_and(|app| !app.sells_seats) {
            *access.entry(app).or_default() |= reach.any.get(place).unwrap_or(&nobody) & present;
            continue;
        }
        let seats = reach.seats.get(place).unwrap_or(&nobody);
        let people = seats - &services;
        let used = users.get(place).unwrap_or(&nobody);
        let unused = &people - used;
        let active = recent.get(place).map_or(0, |recent| recent.intersection_len(&people));
        let never_active = unused.intersection_len(read);
        let shares = Shares {
            active,
            inactive: people.intersection_len(used) - active,
            never_active,
            unknown: unused.len() - never_active,
            service_accounts: seats.len() - people.len(),
        };
        apps.entry(app).or_default().push(OnSite {
            resource,
            site: named.site_name().to_owned(),
            seats: shares,
            capacity: named.capacity.and_then(|capacity| u64::try_from(capacity).ok()),
            word: word(snapshot, resource),
        });
    }
    let seated = |sites: &[OnSite]| sites.iter().filter_map(|site| reach.seats.get(site.resource as usize)).union();
    let everybody = apps.values().map(|sites| seated(sites)).union().len();
    let mut tiles: Vec<Tile> = apps
        .into_iter()
        .map(|(app, mut sites)| {
            sites.sort_by(|a, b| b.seats.total().cmp(&a.seats.total()).then_with(|| a.site.cmp(&b.site)));
            let word = match (&*sites, site) {
                ([only], _) => Some(only.word.clone()),
                (_, None) => Some(app_word(app)),
                (_, Some(_)) => None,
            };
            let seats = sites.iter().fold(Shares::default(), |sum, site| sum + site.seats);
            Tile { app: app.to_owned(), people: seated(&sites).len(), seats, sites, word }
        })
        .collect();
    tiles.sort_by(|a, b| b.seats.total().cmp(&a.seats.total()).then_with(|| a.app.cmp(&b.app)));
    let without_seats = access.into_iter().map(|(app, people)| {
        let name = match site {
            Some(site) => format!("{}@{site}", app_word(app)),
            None => app_word(app),
        };
        WithoutSeats { app: app.to_owned(), people: people.len(), filter: which::with_access(&name) }
    });
    Tiles {
        seats: tiles.iter().fold(Shares::default(), |sum, tile| sum + tile.seats),
        people: everybody,
        without_seats: without_seats.collect(),
        apps: tiles,
    }
}

/// How one resource is written in a filter: by the app alone where it is on one site, else with its site.
fn word(snapshot: &Snapshot, resource: Ordinal) -> String {
    let Some(named) = snapshot.resources().get(resource as usize) else { return String::new() };
    let means_it_alone = |word: &String| {
        let meant = (0..).zip(snapshot.resources()).filter(|(_, other)| is_app(other, word, Match::Whole));
        meant.map(|(place, _)| place).eq([resource])
    };
    let app = app_word(named.id.app_name());
    let with_site = format!("{app}@{}", named.site_name());
    let with_id = format!("{}@{}", named.id.owner(), named.id.site());
    [app, with_site].into_iter().find(means_it_alone).unwrap_or(with_id)
}

impl Shares {
    /// All of them.
    pub fn total(self) -> u64 {
        self.active + self.not_active() + self.unknown + self.service_accounts
    }

    /// Not used since the threshold: inactive and never active.
    pub fn not_active(self) -> u64 {
        self.inactive + self.never_active
    }

    /// One of them.
    pub fn of(self, which: Which) -> u64 {
        match which {
            Which::All => self.total(),
            Which::Active => self.active,
            Which::NotActive => self.not_active(),
            Which::Inactive => self.inactive,
            Which::NeverActive => self.never_active,
            Which::Unknown => self.unknown,
            Which::ServiceAccounts => self.service_accounts,
        }
    }
}

impl Add for Shares {
    type Output = Shares;

    fn add(mut self, other: Shares) -> Shares {
        self += other;
        self
    }
}

impl AddAssign for Shares {
    fn add_assign(&mut self, other: Shares) {
        self.active += other.active;
        self.inactive += other.inactive;
        self.never_active += other.never_active;
        self.unknown += other.unknown;
        self.service_accounts += other.service_accounts;
    }
}

impl Tile {
    /// Seats bought on all its sites; `None` unless upstream tells it of each.
    pub fn capacity(&self) -> Option<u64> {
        self.sites.iter().map(|site| site.capacity).sum()
    }

    /// The filter that finds whoever holds at least one of these seats. `None` where the app is on so many sites that
    /// it would not fit into an address; each site has its own.
    pub fn filter(&self, which: Which, threshold: Threshold) -> Option<String> {
        let words: Vec<&str> = match (&self.word, which) {
            (Some(word), Which::All) => vec![word],
            _ => self.sites.iter().map(|site| site.word.as_str()).collect(),
        };
        Some(which::filter(&words, which, threshold)).filter(|filter| filter.len() <= LONGEST_FILTER)
    }
}

/// Bytes of a filter that every browser and proxy lets pass in an address, once it is encoded.
const LONGEST_FILTER: usize = 1_500;

#[cfg(test)]
mod tests;
