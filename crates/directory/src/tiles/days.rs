//! What a day leaves behind of its seats, so that charts can look back: for each app on each site how many seats were
//! last used how many whole days before. A threshold that somebody chooses years later is answered as exactly as the
//! dashboard would have answered it that day. Names nobody; must never guess what was not counted.

use columns::Ordinal;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use roaring::{MultiOps, RoaringBitmap};

use crate::find::activity::service_accounts;
use crate::find::dates::floor;
use crate::resource::App;
use crate::snapshot::Snapshot;
use crate::tiles::{Shares, Threshold};

/// Raised when the form changes, so that an old day is told from a new one.
const FORM: u8 = 1;
/// Microseconds of a day: an exact length, as in filters.
const DAY: i64 = 86_400_000_000;
/// Thresholds that follow the calendar are no number of days; what they found is kept beside the days.
const CALENDAR: [Threshold; 3] = [Threshold::OFFERED[4], Threshold::OFFERED[5], Threshold::OFFERED[6]];

/// The seats of one app on one site on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seats {
    resource: Ordinal,
    never_active: u64,
    unknown: u64,
    service_accounts: u64,
    /// Seats used at all.
    used: u64,
    /// Seats that were active by each of the [`CALENDAR`] thresholds.
    calendar: [u64; CALENDAR.len()],
    /// Seats by the whole days since their last use, the newest first; all beyond the longest threshold together.
    ages: Vec<(u64, u64)>,
}

/// The seats of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeatDay {
    seats: Vec<Seats>,
    /// Distinct people with a seat of an app, by the first of its resources.
    apps: Vec<(Ordinal, u64)>,
    people: u64,
}

/// What is read back of a day, for one threshold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayShares {
    /// Seats by resource, in increasing order; those without seats too.
    pub seats: Vec<(Ordinal, Shares)>,
    /// Distinct people with a seat of an app, by the first of its resources.
    pub apps: Vec<(Ordinal, u64)>,
    /// Distinct people with any seat.
    pub people: u64,
}

/// A stored day cannot be read: it is damaged, or of another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnreadableDay;

impl std::fmt::Display for UnreadableDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the seats of a day cannot be read")
    }
}

impl std::error::Error for UnreadableDay {}

impl SeatDay {
    /// Counts the seats of a snapshot at a moment. Months end by the calendar of the zone.
    pub fn of(snapshot: &Snapshot, now: Timestamp, zone: &TimeZone) -> SeatDay {
        let index = &snapshot.index;
        let (reach, users) = (index.reach(snapshot), index.users(snapshot));
        let (services, read) = (service_accounts(snapshot), snapshot.people.activity.read());
        let nobody = RoaringBitmap::new();
        let mut holders = vec![RoaringBitmap::new(); snapshot.resources.len()];
        let mut day = SeatDay::default();
        let mut apps: Vec<(&str, Ordinal, Vec<usize>)> = Vec::new();
        for (resource, named) in (0..).zip(snapshot.resources()) {
            if App::by_key(named.id.owner()).is_some_and(|app| !app.sells_seats) {
                continue;
            }
            let place = resource as usize;
            let seats = reach.seats.get(place).unwrap_or(&nobody);
            let people = seats - &services;
            let used = users.get(place).unwrap_or(&nobody);
            let unused = &people - used;
            let never_active = unused.intersection_len(read);
            day.seats.push(Seats {
                resource,
                never_active,
                unknown: unused.len() - never_active,
                service_accounts: seats.len() - people.len(),
                used: people.intersection_len(used),
                ..Seats::default()
            });
            let app = named.id.app_name();
            match apps.iter_mut().find(|(name, ..)| *name == app) {
                Some((.., places)) => places.push(place),
                None => apps.push((app, resource, vec![place])),
            }
            if let Some(holders) = holders.get_mut(place) {
                *holders = people;
            }
        }
        day.count_uses(snapshot, &holders, (now, zone));
        let seated = |places: &[usize]| places.iter().filter_map(|place| reach.seats.get(*place)).union();
        let everybody = apps.iter().map(|(.., places)| seated(places));
        day.people = everybody.union().len();
        day.apps = apps.iter().map(|(_, first, places)| (*first, seated(places).len())).collect();
        day
    }

    /// Sorts each seat that was used under the days since then.
    fn count_uses(&mut self, snapshot: &Snapshot, holders: &[RoaringBitmap], (now, zone): (Timestamp, &TimeZone)) {
        let since = CALENDAR.map(|threshold| floor(threshold.length().before(now, zone)));
        let now = floor(now);
        let mut ages: Vec<Vec<u64>> = vec![Vec::new(); holders.len()];
        let mut calendar = vec![[0u64; CALENDAR.len()]; holders.len()];
        snapshot.people.activity.for_each(|account, entry| {
            let place = entry.resource as usize;
            if !holders.get(place).is_some_and(|holders| holders.contains(account)) {
                return;
            }
            let days = (now.saturating_sub(entry.at) / DAY).clamp(0, i64::from(Threshold::MOST_DAYS)) as usize;
            if let Some(ages) = ages.get_mut(place) {
                if ages.len() <= days {
                    ages.resize(days + 1, 0);
                }
                ages[days] += 1;
            }
            if let Some(counts) = calendar.get_mut(place) {
                for (count, since) in counts.iter_mut().zip(since) {
                    *count += u64::from(entry.at > since);
                }
            }
        });
        for seats in &mut self.seats {
            let place = seats.resource as usize;
            if let (Some(ages), Some(calendar)) = (ages.get(place), calendar.get(place)) {
                seats.ages = (0..).zip(ages.iter().copied()).filter(|(_, count)| *count > 0).collect();
                seats.calendar = *calendar;
            }
        }
    }

    /// The compact form: variable-length numbers, the days of each resource behind their length.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![FORM];
        put(&mut bytes, self.people);
        put(&mut bytes, self.apps.len() as u64);
        for (first, people) in &self.apps {
            put(&mut bytes, u64::from(*first));
            put(&mut bytes, *people);
        }
        put(&mut bytes, self.seats.len() as u64);
        for seats in &self.seats {
            let heading =
                [u64::from(seats.resource), seats.never_active, seats.unknown, seats.service_accounts, seats.used];
            heading.into_iter().chain(seats.calendar).for_each(|number| put(&mut bytes, number));
            let (mut ages, mut before) = (Vec::new(), 0);
            for (days, count) in &seats.ages {
                put(&mut ages, days - before);
                put(&mut ages, *count);
                before = *days;
            }
            put(&mut bytes, ages.len() as u64);
            bytes.extend_from_slice(&ages);
        }
        bytes
    }
}

/// Reads what [`SeatDay::to_bytes`] wrote, and divides the seats by a threshold as they were divided that day.
///
/// # Errors
/// The bytes are damaged, or of another version.
pub fn shares(bytes: &[u8], threshold: Threshold) -> Result<DayShares, UnreadableDay> {
    let mut reader = Reader(bytes);
    if reader.number()? != u64::from(FORM) {
        return Err(UnreadableDay);
    }
    let mut day = DayShares { people: reader.number()?, ..DayShares::default() };
    for _ in 0..reader.number()? {
        day.apps.push((reader.ordinal()?, reader.number()?));
    }
    let calendar = CALENDAR.iter().position(|offered| *offered == threshold);
    for _ in 0..reader.number()? {
        let resource = reader.ordinal()?;
        let [never_active, unknown, service_accounts, used] = reader.numbers()?;
        let by_calendar: [u64; CALENDAR.len()] = reader.numbers()?;
        let length = usize::try_from(reader.number()?).map_err(|_| UnreadableDay)?;
        let (ages, rest) = reader.0.split_at_checked(length).ok_or(UnreadableDay)?;
        reader = Reader(rest);
        let active = match calendar.and_then(|place| by_calendar.get(place)) {
            Some(active) => *active,
            None => used_within(ages, threshold.whole_days())?,
        };
        let inactive = used.checked_sub(active).ok_or(UnreadableDay)?;
        day.seats.push((resource, Shares { active, inactive, never_active, unknown, service_accounts }));
    }
    if reader.0.is_empty() { Ok(day) } else { Err(UnreadableDay) }
}

/// How many seats were used less than so many days before.
fn used_within(ages: &[u8], days: u64) -> Result<u64, UnreadableDay> {
    let (mut reader, mut age, mut sum) = (Reader(ages), 0u64, 0u64);
    while !reader.0.is_empty() {
        age = age.checked_add(reader.number()?).ok_or(UnreadableDay)?;
        let count = reader.number()?;
        if age >= days {
            break;
        }
        sum = sum.checked_add(count).ok_or(UnreadableDay)?;
    }
    Ok(sum)
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn number(&mut self) -> Result<u64, UnreadableDay> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or(UnreadableDay)?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(UnreadableDay)
    }

    fn numbers<const N: usize>(&mut self) -> Result<[u64; N], UnreadableDay> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = self.number()?;
        }
        Ok(numbers)
    }

    fn ordinal(&mut self) -> Result<Ordinal, UnreadableDay> {
        Ordinal::try_from(self.number()?).map_err(|_| UnreadableDay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_bytes_are_told_and_never_guessed() {
        let day = SeatDay {
            seats: vec![Seats { resource: 3, used: 7, ages: vec![(0, 2), (90, 5)], ..Seats::default() }],
            apps: vec![(3, 7)],
            people: 7,
        };
        let bytes = day.to_bytes();
        let read = shares(&bytes, Threshold::DEFAULT).unwrap();
        assert_eq!(read.seats, [(3, Shares { active: 2, inactive: 5, ..Shares::default() })]);
        for cut in 0..bytes.len() {
            assert_eq!(shares(&bytes[..cut], Threshold::DEFAULT), Err(UnreadableDay), "cut at {cut}");
        }
        assert_eq!(shares(&[&bytes[..], &[0]].concat(), Threshold::DEFAULT), Err(UnreadableDay));
        assert_eq!(shares(&[&[FORM + 1], &bytes[1..]].concat(), Threshold::DEFAULT), Err(UnreadableDay));
    }
}
