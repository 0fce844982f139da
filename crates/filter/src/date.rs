//! Lengths of time and dates as they are written, and what they mean at a moment in a zone. Hours, days and weeks are
//! exact lengths (a day is 24 hours); months and years follow the calendar. Nothing here takes the time: it is given.

use std::cmp::Ordering;

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// `h`: 3,600 seconds.
    Hour,
    /// `d`: 24 hours.
    Day,
    /// `w`: 7 days of 24 hours.
    Week,
    /// `M`: a month of the calendar.
    Month,
    /// `y`: a year of the calendar.
    Year,
}

impl Unit {
    /// All of them, the shortest first.
    pub const ALL: [Unit; 5] = [Unit::Hour, Unit::Day, Unit::Week, Unit::Month, Unit::Year];

    /// As it is written behind a number.
    pub const fn sign(self) -> &'static str {
        match self {
            Unit::Hour => "h",
            Unit::Day => "d",
            Unit::Week => "w",
            Unit::Month => "M",
            Unit::Year => "y",
        }
    }

    /// How many of it make about a hundred years, the longest that is understood.
    pub const fn most(self) -> u32 {
        match self {
            Unit::Hour => 876_600,
            Unit::Day => 36_525,
            Unit::Week => 5_218,
            Unit::Month => 1_200,
            Unit::Year => 100,
        }
    }
}

/// A length of time, as `90d`; at most about a hundred years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Length {
    /// How many; at most [`Unit::most`].
    pub amount: u32,
    /// Of what.
    pub unit: Unit,
}

impl Length {
    /// The moment that lies this long before `now`.
    ///
    /// *Inactive for at least L* is *last active at or before `L.before(now)`*.
    pub fn before(self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        Offset { back: true, length: self }.from(now, zone)
    }

    fn exact(self) -> SignedDuration {
        let hours = match self.unit {
            Unit::Hour => 1,
            Unit::Day => 24,
            Unit::Week => 7 * 24,
            // Calendar units never come here; the longest exact meaning keeps the function total.
            Unit::Month => 31 * 24,
            Unit::Year => 366 * 24,
        };
        SignedDuration::from_hours(i64::from(self.amount) * hours)
    }

    fn calendar(self) -> jiff::Span {
        let amount = i64::from(self.amount.min(self.unit.most()));
        match self.unit {
            Unit::Hour => amount.hours(),
            Unit::Day => amount.days(),
            Unit::Week => amount.weeks(),
            Unit::Month => amount.months(),
            Unit::Year => amount.years(),
        }
    }
}

/// A way forward or back in time, as `-90d` or `+1w`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Offset {
    /// Whether it goes into the past; false for a length of zero.
    pub back: bool,
    /// How far.
    pub length: Length,
}

impl Offset {
    fn from(self, moment: Timestamp, zone: &TimeZone) -> Timestamp {
        match self.length.unit {
            Unit::Hour | Unit::Day | Unit::Week => {
                let exact = if self.back { -self.length.exact() } else { self.length.exact() };
                moment.checked_add(exact).unwrap_or(if self.back { Timestamp::MIN } else { Timestamp::MAX })
            }
            Unit::Month | Unit::Year => self.along(moment.to_zoned(zone.clone())).timestamp(),
        }
    }

    /// Along the calendar: days of this are days of the zone, however long they are.
    fn along(self, moment: Zoned) -> Zoned {
        let span = self.length.calendar();
        let moved = moment.checked_add(if self.back { -span } else { span });
        moved.unwrap_or(moment)
    }
}

/// A period of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// From midnight to midnight.
    Day,
    /// From Monday to Sunday, as in ISO 8601.
    Week,
    /// From the first to the last day.
    Month,
    /// From January to December.
    Year,
}

impl Period {
    /// The unit of the same name.
    pub const fn unit(self) -> Unit {
        match self {
            Period::Day => Unit::Day,
            Period::Week => Unit::Week,
            Period::Month => Unit::Month,
            Period::Year => Unit::Year,
        }
    }

    fn start(self, day: Date) -> Date {
        match self {
            Period::Day => day,
            Period::Week => {
                let since_monday = i64::from(day.weekday().since(Weekday::Monday));
                day.saturating_sub(since_monday.days())
            }
            Period::Month => day.first_of_month(),
            Period::Year => day.first_of_year(),
        }
    }
}

/// Which end of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edge {
    /// Its first moment.
    Start,
    /// Its last moment.
    End,
}

/// A date as it was written, as relative as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DateExpression {
    /// `now()`
    Now,
    /// `-90d`: so long before or after now.
    Relative(Offset),
    /// `2026-03-01`: that day.
    Day(Date),
    /// `2026-03`: that month, given by its first day.
    Month(Date),
    /// `2026-03-01T10:30`: that moment on the zone's clock.
    Local(DateTime),
    /// `2026-03-01T10:30:00Z`: that moment.
    Instant(Timestamp),
    /// `startOfMonth(-1M)`: an edge of the present period, moved along the calendar.
    Edge {
        /// Which end.
        edge: Edge,
        /// Of what.
        period: Period,
        /// How far from it.
        shift: Option<Offset>,
    },
}

/// What a date means: all moments from `start` up to, not including, `end`. A moment is a stretch of one nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stretch {
    /// The first moment in it.
    pub start: Timestamp,
    /// The first moment after it.
    pub end: Timestamp,
}

impl DateExpression {
    /// What it means when asked at `now` in `zone`; a date that the clock cannot tell ends at the clock's end.
    ///
    /// ```
    /// use filter::DateExpression;
    /// use jiff::{Timestamp, civil::date, tz::TimeZone};
    ///
    /// let berlin = TimeZone::get("Europe/Berlin")?;
    /// let day = DateExpression::Day(date(2026, 3, 29)).resolve(Timestamp::UNIX_EPOCH, &berlin);
    /// assert_eq!(day.start, "2026-03-28T23:00Z".parse()?);
    /// assert_eq!(day.end, "2026-03-29T22:00Z".parse()?); // the day on which the clock is put forward has 23 hours
    /// # Ok::<(), jiff::Error>(())
    /// ```
    pub fn resolve(&self, now: Timestamp, zone: &TimeZone) -> Stretch {
        match self {
            DateExpression::Now => Stretch::moment(now),
            DateExpression::Relative(offset) => Stretch::moment(offset.from(now, zone)),
            DateExpression::Day(day) => {
                Stretch { start: midnight(*day, zone), end: midnight(next(*day, 1.day()), zone) }
            }
            DateExpression::Month(first) => {
                Stretch { start: midnight(*first, zone), end: midnight(next(*first, 1.month()), zone) }
            }
            DateExpression::Local(moment) => {
                let at = moment.to_zoned(zone.clone()).map_or_else(|_| clamp(moment.date()), |zoned| zoned.timestamp());
                Stretch::moment(at)
            }
            DateExpression::Instant(moment) => Stretch::moment(*moment),
            DateExpression::Edge { edge, period, shift } => {
                let today = now.to_zoned(zone.clone()).date();
                let start = midnight(period.start(today), zone).to_zoned(zone.clone());
                let moved = shift.map_or(start.clone(), |shift| shift.along(start));
                match edge {
                    Edge::Start => Stretch::moment(moved.timestamp()),
                    Edge::End => {
                        let period = Offset { back: false, length: Length { amount: 1, unit: period.unit() } };
                        let end = period.along(moved).timestamp();
                        Stretch { start: end.checked_sub(1.nanosecond()).unwrap_or(end), end }
                    }
                }
            }
        }
    }
}

impl Stretch {
    fn moment(at: Timestamp) -> Stretch {
        Stretch { start: at, end: at.checked_add(1.nanosecond()).unwrap_or(at) }
    }

    /// How a moment lies to it: before, inside, or after. With [`crate::Comparison::accepts`] that answers a test.
    pub fn order(self, moment: Timestamp) -> Ordering {
        match (moment < self.start, moment < self.end) {
            (true, _) => Ordering::Less,
            (_, true) => Ordering::Equal,
            _ => Ordering::Greater,
        }
    }

    /// The bounds in whole units of so many nanoseconds since 1970, for columns that count in these: a value `x` is in
    /// the stretch if `bounds.0 <= x && x < bounds.1`, before it if `x < bounds.0`, after it if `x >= bounds.1`.
    ///
    /// Right for values that stand for the first moment of their unit. `unit` is a billion for seconds, a million for
    /// milliseconds; nothing less than 1 is meant.
    pub fn bounds(self, unit: i64) -> (i64, i64) {
        let ceiling = |at: Timestamp| {
            let (nanoseconds, unit) = (at.as_nanosecond(), i128::from(unit.max(1)));
            let whole = nanoseconds.div_euclid(unit) + i128::from(nanoseconds.rem_euclid(unit) > 0);
            i64::try_from(whole).unwrap_or(if whole < 0 { i64::MIN } else { i64::MAX })
        };
        (ceiling(self.start), ceiling(self.end))
    }
}

fn next(day: Date, span: jiff::Span) -> Date {
    day.saturating_add(span)
}

/// The first moment of a day in a zone, which is not always midnight.
fn midnight(day: Date, zone: &TimeZone) -> Timestamp {
    day.to_zoned(zone.clone()).map_or_else(|_| clamp(day), |zoned| zoned.timestamp())
}

/// The end of the clock that is nearer to a day it cannot tell.
fn clamp(day: Date) -> Timestamp {
    if day.year() < 0 { Timestamp::MIN } else { Timestamp::MAX }
}
