//! Instants as people read them: absolute, in the reader's time zone and form, with the relative one beside or on hover.
//! What a question means by a day does not depend on who asks: that is the organization's zone.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use crate::mirror::preferences::{Dates, Moments};

/// From where and when a page is read.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    /// The organization's time zone: of the days that questions ask about.
    pub(crate) zone: TimeZone,
    /// The moment of the request.
    pub(crate) now: Timestamp,
    /// The time zone in which moments are shown.
    shown_in: TimeZone,
    /// The order of dates.
    dates: Dates,
}

const DAY: i64 = 86_400;

impl Reader {
    /// A reader in a time zone by its IANA name; UTC, and said so, where the machine does not know it.
    pub(crate) fn new(zone: &str, now: Timestamp) -> Reader {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        Reader { shown_in: zone.clone(), zone, now, dates: Dates::default() }
    }

    /// The same reader with what they have chosen for themselves.
    pub(crate) fn who_likes(self, moments: &Moments) -> Reader {
        let chosen = moments.zone.as_deref().and_then(|zone| TimeZone::get(zone).ok());
        Reader { shown_in: chosen.unwrap_or_else(|| self.zone.clone()), dates: moments.dates, ..self }
    }

    /// The same reader at another moment.
    pub(crate) fn at(self, now: Timestamp) -> Reader {
        Reader { now, ..self }
    }

    /// A date without a time: `14 Aug 2026`.
    pub(crate) fn date(&self, date: Date) -> String {
        date.strftime(self.day_form()).to_string()
    }

    fn day_form(&self) -> &'static str {
        match self.dates {
            Dates::DayFirst => "%-d %b %Y",
            Dates::MonthFirst => "%b %-d, %Y",
            Dates::YearFirst => "%Y-%m-%d",
        }
    }

    /// A day with the relative one beneath: `14 Aug 2026`, `99 days ago`.
    pub(crate) fn day_and_age(&self, at: Timestamp) -> Markup {
        html! {
            time datetime=(at) title=(self.full(at)) { (self.day(at)) }
            " " span.sub { (self.ago(at)) }
        }
    }

    /// A day: `14 Aug 2026`. Midnight in UTC is what Atlassian sends for a day without a time, and stays that day.
    pub(crate) fn day(&self, at: Timestamp) -> String {
        let dated = at.as_second().rem_euclid(DAY) == 0 && at.subsec_nanosecond() == 0;
        let zone = if dated { TimeZone::UTC } else { self.shown_in.clone() };
        self.date(at.to_zoned(zone).date())
    }

    /// Day and time: `14 Aug 2026, 16:05`, with the zone on hover.
    pub(crate) fn moment(&self, at: Timestamp) -> Markup {
        let at_home = at.to_zoned(self.shown_in.clone());
        let text = format!("{}, {}", self.date(at_home.date()), at_home.strftime("%H:%M"));
        html! { time datetime=(at) title=(format!("{}, {}", self.full(at), self.ago(at))) { (text) } }
    }

    /// How long ago, or in how long, with the full moment on hover.
    pub(crate) fn relative(&self, at: Timestamp) -> Markup {
        html! { time datetime=(at) title=(self.full(at)) { (self.ago(at)) } }
    }

    /// The time of day with its zone: `16:05 UTC`.
    pub(crate) fn clock(&self, at: Timestamp) -> String {
        at.to_zoned(self.shown_in.clone()).strftime("%H:%M:%S %Z").to_string()
    }

    /// Everything: `Friday, 14 August 2026, 16:05:10 UTC`.
    fn full(&self, at: Timestamp) -> String {
        let day = match self.dates {
            Dates::DayFirst => "%A, %-d %B %Y, %H:%M:%S %Z",
            Dates::MonthFirst => "%A, %B %-d, %Y, %H:%M:%S %Z",
            Dates::YearFirst => "%A, %Y-%m-%d, %H:%M:%S %Z",
        };
        at.to_zoned(self.shown_in.clone()).strftime(day).to_string()
    }

    /// `4 minutes ago`, `in 3 days`.
    pub(crate) fn ago(&self, at: Timestamp) -> String {
        let seconds = self.now.as_second() - at.as_second();
        let words = match seconds.unsigned_abs() {
            0..60 => return (if seconds < 0 { "in a moment" } else { "just now" }).to_owned(),
            seconds @ 60..3_600 => unit(seconds / 60, "minute"),
            seconds @ 3_600..172_800 => unit(seconds / 3_600, "hour"),
            seconds @ 172_800..31_536_000 => unit(seconds / 86_400, "day"),
            seconds => unit(seconds / 31_536_000, "year"),
        };
        if seconds < 0 { format!("in {words}") } else { format!("{words} ago") }
    }
}

fn unit(count: u64, name: &str) -> String {
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_without_time_stays_that_day_in_every_zone() {
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        let reader = Reader::new("America/New_York", now);
        assert_eq!(reader.day("2026-08-14T00:00:00Z".parse().unwrap()), "14 Aug 2026");
        assert_eq!(reader.ago("2026-08-14T00:00:00Z".parse().unwrap()), "99 days ago");
        assert_eq!(reader.ago("2026-11-21T11:56:00Z".parse().unwrap()), "4 minutes ago");
        assert_eq!(reader.ago("2026-11-21T13:00:00Z".parse().unwrap()), "in 1 hour");
        assert_eq!(reader.ago(now), "just now");
        assert_eq!(Reader::new("Nowhere/At_All", now).clock(now), "12:00:00 UTC");
    }

    #[test]
    fn a_reader_sees_moments_as_they_have_chosen_and_asks_in_the_organizations_zone() {
        let now: Timestamp = "2026-11-21T23:30:00Z".parse().unwrap();
        let likes = |zone: &str, dates| Moments { zone: Some(zone.to_owned()), dates };
        let reader = Reader::new("UTC", now).who_likes(&likes("Asia/Tokyo", Dates::YearFirst));
        assert_eq!(reader.day(now), "2026-11-22");
        assert!(reader.moment(now).0.contains("2026-11-22, 08:30"), "{}", reader.moment(now).0);
        assert_eq!(reader.zone, TimeZone::UTC);
        let reader = Reader::new("UTC", now).who_likes(&likes("Nowhere/At_All", Dates::MonthFirst));
        assert_eq!(reader.day(now), "Nov 21, 2026");
    }
}
