//! The past of seats: what each seal leaves of them for its day, and the days read back for charts and comparisons. A day
//! without a seal has no row, and is never made up. Cost is what the seats of then cost at the prices of now.

use std::collections::BTreeMap;

use columns::Ordinal;
use directory::tiles::days::{self, DayShares, SeatDay};
use directory::tiles::{Shares, Threshold};
use directory::{Resource, Snapshot};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::nouns::price::{Cost, Prices};
use crate::store::error::StoreError;
use crate::store::seat_days::{self, StoredDay};
use crate::store::tx::Tx;

/// From so many months on every other day is enough for a line.
const LONG: u8 = 12;

/// Which seats are looked at.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Of this app by name, or of all.
    pub app: Option<&'a str>,
    /// On this site by its short name, or on all.
    pub site: Option<&'a str>,
    /// Since when a use counts.
    pub threshold: Threshold,
}

/// The seats of a day.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The day.
    pub day: Date,
    /// Its seats.
    pub seats: Shares,
    /// Distinct people with such a seat, where it was counted: not for several apps on one of several sites.
    pub people: Option<u64>,
    /// What they cost a month.
    pub cost: Cost,
    /// What the inactive of them cost a month.
    pub idle: Cost,
}

/// Days in order, with the stretch of time they were looked for in.
#[derive(Clone, Debug, PartialEq)]
pub struct Trend {
    /// The first day asked for.
    pub from: Date,
    /// The last: today.
    pub to: Date,
    /// The days there are.
    pub samples: Vec<Sample>,
}

/// Seats by app's name on a day.
pub type ByApp = (Date, BTreeMap<String, Shares>);

/// Keeps a snapshot's seats as those of the day of its seal.
pub(crate) fn remember(tx: &mut Tx, snapshot: &Snapshot, zone: &TimeZone) -> Result<(), StoreError> {
    let (at, amounts) = (snapshot.sealed_at(), snapshot.amounts());
    let day = StoredDay {
        day: number_of(day_of(at, zone)),
        generation: snapshot.generation(),
        sealed_at: at,
        present: amounts.people,
        groups: amounts.groups,
        seats: SeatDay::of(snapshot, at, zone).to_bytes(),
    };
    seat_days::put(tx, &day)
}

/// The day of a moment.
pub fn day_of(at: Timestamp, zone: &TimeZone) -> Date {
    at.to_zoned(zone.clone()).date()
}

/// The days of the last months, up to today.
pub fn read(
    tx: &mut Tx,
    (snapshot, prices): (&Snapshot, &Prices),
    asked: Asked<'_>,
    (today, months): (Date, u8),
) -> Result<Trend, StoreError> {
    let from = today.saturating_sub(i64::from(months).months());
    let stretch = if months >= LONG { 2 } else { 1 };
    let stored = seat_days::since(tx, number_of(from), stretch)?;
    let meant = Meant::of(snapshot, asked);
    let samples = stored.iter().map(|stored| {
        let shares = days::shares(&stored.seats, asked.threshold).map_err(|_| seat_days::unreadable())?;
        Ok(meant.sample(date_of(stored.day), &shares, prices))
    });
    Ok(Trend { from, to: today, samples: samples.collect::<Result<_, StoreError>>()? })
}

/// Seats by app on the last day that is not after one, with that day.
pub fn by_app(tx: &mut Tx, snapshot: &Snapshot, asked: Asked<'_>, day: Date) -> Result<Option<ByApp>, StoreError> {
    let Some(stored) = seat_days::up_to(tx, number_of(day))? else { return Ok(None) };
    let shares = days::shares(&stored.seats, asked.threshold).map_err(|_| seat_days::unreadable())?;
    let meant = Meant::of(snapshot, asked);
    let mut apps: BTreeMap<String, Shares> = BTreeMap::new();
    for (resource, seats) in shares.seats.iter().filter(|(resource, _)| meant.resources.contains(resource)) {
        if let Some(named) = snapshot.resources().get(*resource as usize) {
            *apps.entry(named.id.app_name().to_owned()).or_default() += *seats;
        }
    }
    Ok(Some((date_of(stored.day), apps)))
}

/// The resources that are looked at, and where their people are counted.
struct Meant<'a> {
    snapshot: &'a Snapshot,
    resources: Vec<Ordinal>,
    asked: Asked<'a>,
}

impl<'a> Meant<'a> {
    fn of(snapshot: &'a Snapshot, asked: Asked<'a>) -> Meant<'a> {
        let named = (0..).zip(snapshot.resources()).filter(|(place, resource)| {
            !snapshot.is_left_out(*place)
                && asked.app.is_none_or(|app| resource.id.app_name() == app)
                && asked.site.is_none_or(|site| resource.site_name() == site)
        });
        Meant { snapshot, resources: named.map(|(resource, _)| resource).collect(), asked }
    }

    /// Whether a resource would count if its site were not left out.
    fn leaves_out(&self, resource: Ordinal) -> bool {
        let of_app = |named: &Resource| self.asked.app.is_none_or(|app| named.id.app_name() == app);
        self.snapshot.is_left_out(resource) && self.snapshot.resources().get(resource as usize).is_some_and(of_app)
    }

    fn sample(&self, day: Date, shares: &DayShares, prices: &Prices) -> Sample {
        let mut sample =
            Sample { day, seats: Shares::default(), people: None, cost: Cost::default(), idle: Cost::default() };
        let mut counted = 0;
        for (resource, seats) in shares.seats.iter().filter(|(resource, _)| self.resources.contains(resource)) {
            let named = self.snapshot.resources().get(*resource as usize);
            sample.seats += *seats;
            sample.cost.add_all(&prices.cost(named, seats.total()));
            sample.idle.add_all(&prices.cost(named, seats.not_active()));
            counted += 1;
        }
        let of_app = || shares.apps.iter().find(|(first, _)| self.resources.contains(first)).map(|(_, people)| *people);
        sample.people = match (self.asked.site, self.asked.app) {
            // On one site whoever has an app has it once.
            _ if counted == 1 => Some(sample.seats.total()),
            // The day counted people with those of the sites that are left out, and who they were is not kept.
            _ if shares.seats.iter().any(|(resource, _)| self.leaves_out(*resource)) => None,
            (None, None) => Some(shares.people),
            (None, Some(_)) => of_app(),
            (Some(_), _) => None,
        };
        sample
    }
}

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

fn number_of(day: Date) -> i64 {
    day.duration_since(EPOCH).as_hours() / 24
}

fn date_of(day: i64) -> Date {
    EPOCH.saturating_add(jiff::SignedDuration::from_hours(day.saturating_mul(24)))
}
