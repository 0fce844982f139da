//! The daily sync's slot: an hour of the day in the organization's time zone, or off.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// When the daily sync starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DailySlot {
    /// In this hour, 0 to 23.
    Hour(u8),
    /// Never.
    Off,
}

impl DailySlot {
    /// The slot of an organization that chose none.
    pub const DEFAULT: DailySlot = DailySlot::Hour(3);

    /// Reads what [`DailySlot::to_text`] wrote, or a form.
    pub fn parse(text: &str) -> Option<DailySlot> {
        if text == "off" {
            return Some(DailySlot::Off);
        }
        text.parse::<u8>().ok().filter(|hour| *hour < 24).map(DailySlot::Hour)
    }

    /// The slot as it is stored and sent by forms.
    pub fn to_text(self) -> String {
        match self {
            DailySlot::Hour(hour) => hour.to_string(),
            DailySlot::Off => "off".to_owned(),
        }
    }

    /// When the slot last began, at or before a moment. In the night of a change of clocks an hour that does not exist
    /// begins when the gap ends, and one that comes twice begins with the first.
    pub fn began(self, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
        let DailySlot::Hour(hour) = self else { return None };
        let today = now.to_zoned(zone.clone()).date();
        let begin = |date: jiff::civil::Date| {
            let begins = date.at(i8::try_from(hour).ok()?, 0, 0, 0).to_zoned(zone.clone()).ok()?;
            Some(begins.timestamp())
        };
        begin(today).filter(|at| *at <= now).or_else(|| begin(today.yesterday().ok()?))
    }

    /// When the slot begins next, after a moment.
    pub fn next(self, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
        let DailySlot::Hour(_) = self else { return None };
        // A slot comes once a day; two days ahead there is always one.
        (0..=2).find_map(|days| {
            let later = now.checked_add(jiff::SignedDuration::from_hours(24 * days)).ok()?;
            self.began(zone, later).filter(|at| *at > now)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_slot_begins_once_a_day_in_the_organizations_zone() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let slot = DailySlot::Hour(5);
        assert_eq!(slot.began(&berlin, at("2026-11-20T04:00:00Z")), Some(at("2026-11-20T04:00:00Z")));
        assert_eq!(slot.began(&berlin, at("2026-11-20T03:59:59Z")), Some(at("2026-11-19T04:00:00Z")));
        assert_eq!(slot.next(&berlin, at("2026-11-20T04:00:00Z")), Some(at("2026-11-21T04:00:00Z")));
        assert_eq!(DailySlot::Off.next(&berlin, at("2026-11-20T04:00:00Z")), None);
    }

    #[test]
    fn c14_an_hour_that_is_missing_begins_after_the_gap_and_one_that_comes_twice_begins_once() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let slot = DailySlot::Hour(2);
        // On 2026-03-29 the clocks go from 02:00 to 03:00, on 2026-10-25 from 03:00 back to 02:00.
        assert_eq!(slot.next(&berlin, at("2026-03-28T12:00:00Z")), Some(at("2026-03-29T01:00:00Z")));
        assert_eq!(slot.next(&berlin, at("2026-10-24T12:00:00Z")), Some(at("2026-10-25T00:00:00Z")));
        assert_eq!(slot.next(&berlin, at("2026-10-25T00:00:00Z")), Some(at("2026-10-26T01:00:00Z")));
    }

    proptest! {
        #[test]
        fn starts_strictly_increase_and_are_about_a_day_apart(hour in 0u8..24, second in 1_700_000_000i64..1_900_000_000) {
            let zone = TimeZone::get("America/New_York").unwrap();
            let (slot, now) = (DailySlot::Hour(hour), Timestamp::from_second(second).unwrap());
            let first = slot.next(&zone, now).unwrap();
            let second = slot.next(&zone, first).unwrap();
            prop_assert!(now < first && first < second);
            let apart = second.duration_since(first).as_hours();
            prop_assert!((23..=25).contains(&apart), "{} hours", apart);
            prop_assert_eq!(slot.began(&zone, first), Some(first));
        }
    }
}
