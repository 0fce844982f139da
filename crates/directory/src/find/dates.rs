//! Tests of moments and of lengths of time, over columns that count microseconds. A moment without a value is decided
//! by who is known to have none; it never compares.

use columns::NumberColumn;
use filter::{Comparison, Condition, Value};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use roaring::RoaringBitmap;

use crate::find::Question;
use crate::find::truth::Truth;

/// Microseconds from the first to the last, both included; `None` is no limit.
pub type Limits = (Option<i64>, Option<i64>);

const NANOSECONDS: i64 = 1_000;

impl Question<'_> {
    /// Answers a condition on a column of moments, where everybody in `known` has a moment or is known to have none.
    pub(crate) fn instant(
        &self,
        condition: &Condition,
        (column, known): (&NumberColumn, &RoaringBitmap),
        within: &RoaringBitmap,
    ) -> Truth {
        instant(condition, (column, known), within, (self.now, self.zone))
    }

    /// Between which moments a comparison holds, and whether its opposite is meant.
    pub(crate) fn limits(&self, comparison: Comparison, value: &Value) -> Option<(Limits, bool)> {
        limits(comparison, value, (self.now, self.zone))
    }

    /// Between which moments something must have ended that has lasted as long as a comparison says.
    pub(crate) fn ended(&self, comparison: Comparison, value: &Value) -> Option<Limits> {
        let Value::Duration(length) = value else { return None };
        let since = length.before(self.now, self.zone);
        let (floor, ceiling) = (floor(since), floor(since) + i64::from(since.as_nanosecond() % 1_000 != 0));
        Some(match comparison {
            Comparison::AtLeast => (None, Some(floor)),
            Comparison::Greater => (None, Some(ceiling.saturating_sub(1))),
            Comparison::AtMost => (Some(ceiling), None),
            Comparison::Less => (Some(floor.saturating_add(1)), None),
            Comparison::Equal | Comparison::NotEqual | Comparison::Contains | Comparison::ContainsNot => return None,
        })
    }
}

/// Answers a condition on a column of moments, where everybody in `known` has a moment or is known to have none. Relative
/// dates count from the moment, and days are days of the zone.
pub fn instant(
    condition: &Condition,
    (column, known): (&NumberColumn, &RoaringBitmap),
    within: &RoaringBitmap,
    at: (Timestamp, &TimeZone),
) -> Truth {
    match condition {
        Condition::Empty => Truth::known(within - column.present()),
        Condition::NotEmpty => Truth::known(within & column.present()),
        Condition::Compare(comparison, value) => {
            let Some((limits, opposite)) = limits(*comparison, value, at) else { return Truth::unknown(within) };
            let truth = Truth::of(column.range_among(limits.0, limits.1, within), known, within);
            if opposite { truth.not(within) } else { truth }
        }
        Condition::In(_) | Condition::NotIn(_) => Truth::unknown(within),
    }
}

/// Between which moments a comparison holds, and whether its opposite is meant.
pub fn limits(comparison: Comparison, value: &Value, (now, zone): (Timestamp, &TimeZone)) -> Option<(Limits, bool)> {
    let Value::Date(date) = value else { return None };
    // Columns count whole microseconds, so "before" an instant is "up to the microsecond below its ceiling".
    let (start, end) = date.resolve(now, zone).bounds(NANOSECONDS);
    let below = |bound: i64| Some(bound.saturating_sub(1));
    Some(match comparison {
        Comparison::Equal => ((Some(start), below(end)), false),
        Comparison::NotEqual => ((Some(start), below(end)), true),
        Comparison::Less => ((None, below(start)), false),
        Comparison::AtMost => ((None, below(end)), false),
        Comparison::Greater => ((Some(end), None), false),
        Comparison::AtLeast => ((Some(start), None), false),
        Comparison::Contains | Comparison::ContainsNot => return None,
    })
}

/// The last whole microsecond that is not after a moment.
pub(crate) fn floor(at: Timestamp) -> i64 {
    // A timestamp lies within 10,000 years of 1970: its microseconds always fit.
    i64::try_from(at.as_nanosecond().div_euclid(i128::from(NANOSECONDS))).unwrap_or(i64::MAX)
}
