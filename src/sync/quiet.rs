//! The hour of the day in which people were seen least, from their last active times: a proposal for the daily sync's
//! slot. Pure. Dates without a time say nothing about an hour and are left out.

use directory::{Ordinal, Snapshot};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The quietest hour, and what it rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// The hour, from 0.
    pub hour: u8,
    /// How many of the times looked at lie in it.
    pub seen: u64,
    /// How many times were looked at.
    pub of: u64,
}

/// So many people are looked at, evenly out of all.
const LOOKED_AT: usize = 20_000;
/// Fewer times tell nothing.
const LEAST: u64 = 100;
/// Of hours that are equally quiet the one nearest to this is proposed.
const NIGHT: u8 = 3;
const DAY: i64 = 86_400_000_000;

/// The quietest hour of the day in a time zone; `None` when too few times are known.
pub fn quietest_hour(snapshot: &Snapshot, zone: &TimeZone) -> Option<Quiet> {
    let people = snapshot.accounts_len();
    let activity = snapshot.activity();
    let looked_at = (0..people).step_by(people.div_ceil(LOOKED_AT).max(1));
    let times = looked_at.flat_map(|account| activity.of(account as Ordinal).iter().map(|activity| activity.at));
    quietest(times, zone)
}

fn quietest(times: impl Iterator<Item = i64>, zone: &TimeZone) -> Option<Quiet> {
    let mut hours = [0_u64; 24];
    for at in times.filter(|at| at.rem_euclid(DAY) != 0) {
        let Ok(at) = Timestamp::from_microsecond(at) else { continue };
        if let Some(count) = hours.get_mut(usize::from(at.to_zoned(zone.clone()).hour().unsigned_abs())) {
            *count += 1;
        }
    }
    let of: u64 = hours.iter().sum();
    let from_night = |hour: u8| (hour + 24 - NIGHT) % 24;
    let near = |hour: u8| from_night(hour).min(24 - from_night(hour));
    let (hour, seen) = (0_u8..).zip(hours).min_by_key(|(hour, seen)| (*seen, near(*hour), *hour))?;
    (of >= LEAST).then_some(Quiet { hour, seen, of })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64, minute: i64) -> i64 {
        1_700_006_400_000_000 + hour * 3_600_000_000 + minute * 60_000_000
    }

    #[test]
    fn the_hour_that_is_seen_least_is_proposed_in_the_zone_asked_for() {
        let busy = (0..24).filter(|hour| *hour != 14).flat_map(|hour| (1..6).map(move |minute| at(hour, minute)));
        let quiet = quietest(busy.clone(), &TimeZone::UTC).unwrap();
        assert_eq!((quiet.hour, quiet.seen, quiet.of), (14, 0, 115));
        let berlin = TimeZone::fixed(jiff::tz::offset(1));
        assert_eq!(quietest(busy, &berlin).unwrap().hour, 15);
    }

    #[test]
    fn equally_quiet_hours_give_the_one_at_night_and_few_or_dayless_times_give_none() {
        let day = (8..18).flat_map(|hour| (1..20).map(move |minute| at(hour, minute)));
        assert_eq!(quietest(day, &TimeZone::UTC).unwrap().hour, 3);
        assert_eq!(quietest((1..50).map(|minute| at(9, minute)), &TimeZone::UTC), None);
        assert_eq!(quietest((0..500).map(|day| at(0, 0) / DAY * DAY + day * DAY), &TimeZone::UTC), None);
    }
}
