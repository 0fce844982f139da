//! When an automated task starts: by hand only, on chosen weekdays, or every so many days, weeks or months from a date on,
//! at the beginning of a window of the day, in a time zone of its own. Pure: the next start follows from the schedule, the
//! zone's rules and a moment, and is never stored, so an update of the zone's rules moves it.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp, ToSpan};

/// The most days, weeks or months between two starts.
pub const LONGEST_EVERY: u16 = 999;

/// Days of the week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weekdays(u8);

/// What an interval counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Days.
    Days,
    /// Weeks.
    Weeks,
    /// Months; a day that a month does not have is its last one.
    Months,
}

/// How often a task starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// When somebody starts it.
    Manual,
    /// On these days of every week.
    Weekdays(Weekdays),
    /// Every so many of a unit, counted from the start date.
    Every(u16, Unit),
}

/// The window of the day in which a task starts. One that ends no later than it begins ends on the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// When it starts.
    pub from: Time,
    /// Until when one that was held back may still start.
    pub until: Time,
}

/// A task's schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskSchedule {
    /// How often.
    pub repeat: Repeat,
    /// The first day, from which intervals are counted.
    pub starts: Date,
    /// When on a day.
    pub window: Window,
    /// The name of the time zone of days and window.
    pub zone: String,
}

/// Whether a start is at the time of the clock that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clocks {
    /// It is.
    AsAsked,
    /// That time does not exist on that day; it is the first instant after the gap.
    Gap,
    /// That time comes twice on that day; it is the first.
    Overlap,
}

/// One start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The day it belongs to: a task starts at most once for each.
    pub day: Date,
    /// When.
    pub at: Timestamp,
    /// The end of its window.
    pub until: Timestamp,
    /// How its time relates to the clock.
    pub clocks: Clocks,
}

const WEEK: [(Weekday, &str); 7] = [
    (Weekday::Monday, "mon"),
    (Weekday::Tuesday, "tue"),
    (Weekday::Wednesday, "wed"),
    (Weekday::Thursday, "thu"),
    (Weekday::Friday, "fri"),
    (Weekday::Saturday, "sat"),
    (Weekday::Sunday, "sun"),
];

impl Weekdays {
    /// Every day.
    pub const ALL: Weekdays = Weekdays(0b111_1111);

    /// These days.
    pub fn of(days: &[Weekday]) -> Weekdays {
        Weekdays(days.iter().fold(0, |held, day| held | bit(*day)))
    }

    /// Whether a day is one of them.
    pub fn has(self, day: Weekday) -> bool {
        self.0 & bit(day) != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The days, from Monday on, with the words of forms.
    pub fn words(self) -> impl Iterator<Item = (Weekday, &'static str)> {
        WEEK.into_iter().filter(move |(day, _)| self.has(*day))
    }
}

fn bit(day: Weekday) -> u8 {
    1 << day.to_monday_zero_offset()
}

impl Unit {
    /// As it is stored and sent by forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Unit::Days => "days",
            Unit::Weeks => "weeks",
            Unit::Months => "months",
        }
    }

    /// Reads what [`Unit::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Unit> {
        [Unit::Days, Unit::Weeks, Unit::Months].into_iter().find(|unit| unit.as_str() == text)
    }
}

impl Repeat {
    /// Reads what [`Repeat::to_text`] wrote.
    pub fn parse(text: &str) -> Option<Repeat> {
        let mut words = text.split(' ');
        let repeat = match (words.next()?, words.next(), words.next()) {
            ("manual", None, None) => Repeat::Manual,
            ("weekdays", Some(days), None) => {
                let day = |word: &str| WEEK.iter().find(|(_, name)| *name == word).map(|(day, _)| *day);
                let days: Option<Vec<Weekday>> = days.split(',').filter(|word| !word.is_empty()).map(day).collect();
                Repeat::Weekdays(Weekdays::of(&days?))
            }
            ("every", Some(count), Some(unit)) => {
                let count = count.parse().ok().filter(|count| (1..=LONGEST_EVERY).contains(count))?;
                Repeat::Every(count, Unit::parse(unit)?)
            }
            _ => return None,
        };
        words.next().is_none().then_some(repeat)
    }

    /// As it is stored.
    pub fn to_text(self) -> String {
        match self {
            Repeat::Manual => "manual".to_owned(),
            Repeat::Weekdays(days) => {
                let days: Vec<&str> = days.words().map(|(_, word)| word).collect();
                format!("weekdays {}", days.join(","))
            }
            Repeat::Every(count, unit) => format!("every {count} {}", unit.as_str()),
        }
    }

    /// The first day at or after one.
    fn at_or_after(self, starts: Date, day: Date) -> Option<Date> {
        let day = day.max(starts);
        match self {
            Repeat::Manual => None,
            Repeat::Weekdays(days) => day.series(1.day()).take(7).find(|day| days.has(day.weekday())),
            Repeat::Every(..) => {
                let near = self.steps_before(starts, day)?;
                (near..=near + 2).filter_map(|steps| self.step(starts, steps)).find(|candidate| *candidate >= day)
            }
        }
    }

    /// The last day at or before one.
    fn at_or_before(self, starts: Date, day: Date) -> Option<Date> {
        if day < starts {
            return None;
        }
        match self {
            Repeat::Manual => None,
            Repeat::Weekdays(days) => {
                day.series((-1).day()).take(7).find(|day| days.has(day.weekday())).filter(|day| *day >= starts)
            }
            Repeat::Every(..) => {
                let near = self.steps_before(starts, day)?;
                (near..=near + 2).rev().filter_map(|steps| self.step(starts, steps)).find(|candidate| *candidate <= day)
            }
        }
    }

    /// Steps from the start date that do not lead past a day, and at most two fewer than possible.
    fn steps_before(self, starts: Date, day: Date) -> Option<i64> {
        let Repeat::Every(count, unit) = self else { return None };
        let count = i64::from(count);
        let passed = match unit {
            Unit::Days => i64::from(starts.until(day).ok()?.get_days()) / count,
            Unit::Weeks => i64::from(starts.until(day).ok()?.get_days()) / (7 * count),
            Unit::Months => {
                let months = i64::from(day.year() - starts.year()) * 12 + i64::from(day.month() - starts.month());
                months / count - 1
            }
        };
        Some(passed.max(0))
    }

    /// The day so many steps after the start date. Each is counted from there, so the 31st comes back after a February.
    fn step(self, starts: Date, steps: i64) -> Option<Date> {
        let Repeat::Every(count, unit) = self else { return None };
        let amount = i64::from(count).checked_mul(steps)?;
        let span = match unit {
            Unit::Days => Span::new().try_days(amount),
            Unit::Weeks => Span::new().try_weeks(amount),
            Unit::Months => Span::new().try_months(amount),
        };
        starts.checked_add(span.ok()?).ok()
    }
}

impl Window {
    /// Reads `02:00-03:00`.
    pub fn parse(text: &str) -> Option<Window> {
        let (from, until) = text.split_once('-')?;
        Some(Window { from: clock(from)?, until: clock(until)? })
    }

    /// As it is stored and shown.
    pub fn to_text(self) -> String {
        format!("{}-{}", self.from.strftime("%H:%M"), self.until.strftime("%H:%M"))
    }
}

/// A time of the day as forms send it: `02:30`.
pub fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

impl TaskSchedule {
    /// The zone's rules, unless nothing is known of a zone of that name (any more).
    pub fn rules(&self) -> Option<TimeZone> {
        TimeZone::get(&self.zone).ok()
    }

    /// The first start after a moment.
    pub fn next(&self, rules: &TimeZone, after: Timestamp) -> Option<Start> {
        // A start may stand a day after the day it belongs to, behind a gap of a whole day.
        let mut day = after.to_zoned(rules.clone()).date().checked_sub(2.days()).ok()?;
        loop {
            day = self.repeat.at_or_after(self.starts, day)?;
            let start = self.on(rules, day)?;
            if start.at > after {
                return Some(start);
            }
            day = day.tomorrow().ok()?;
        }
    }

    /// The last start at or before a moment.
    pub fn latest(&self, rules: &TimeZone, now: Timestamp) -> Option<Start> {
        let mut day = now.to_zoned(rules.clone()).date();
        loop {
            day = self.repeat.at_or_before(self.starts, day)?;
            let start = self.on(rules, day)?;
            if start.at <= now {
                return Some(start);
            }
            day = day.yesterday().ok()?;
        }
    }

    /// The starts after a moment, in order.
    pub fn following<'a>(&'a self, rules: &'a TimeZone, after: Timestamp) -> impl Iterator<Item = Start> + 'a {
        std::iter::successors(self.next(rules, after), move |start| self.next(rules, start.at))
    }

    /// The start of a day.
    fn on(&self, rules: &TimeZone, day: Date) -> Option<Start> {
        let Window { from, until } = self.window;
        let (at, clocks) = instant(rules, day, from)?;
        let last = if until > from { day } else { day.tomorrow().ok()? };
        let (until, _) = instant(rules, last, until)?;
        Some(Start { day, at, until: until.max(at), clocks })
    }
}

/// The instant of a time of the clock: the first valid one when there is none, the first when there are two.
fn instant(rules: &TimeZone, day: Date, time: Time) -> Option<(Timestamp, Clocks)> {
    let asked = rules.to_ambiguous_timestamp(day.to_datetime(time));
    match asked.offset() {
        AmbiguousOffset::Unambiguous { .. } => Some((asked.compatible().ok()?, Clocks::AsAsked)),
        AmbiguousOffset::Fold { .. } => Some((asked.earlier().ok()?, Clocks::Overlap)),
        AmbiguousOffset::Gap { .. } => {
            // Read with the later offset, a time in a gap lies before the change of clocks, which is the gap's end.
            let before = asked.earlier().ok()?;
            Some((rules.following(before).next()?.timestamp(), Clocks::Gap))
        }
    }
}

#[cfg(test)]
mod tests;
