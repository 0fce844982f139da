//! Questions about groups: the same language as about people, with fields of its own. Only groups that exist are asked
//! about. What is not known of a group matches neither a test nor its opposite.

mod field;
mod ranking;
mod test;
mod vocabulary;

use filter::{Query, Test};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use roaring::RoaringBitmap;

pub use self::field::catalogue;
pub use self::ranking::Ranking;
pub use self::vocabulary::Vocabulary;

use self::field::{Asked, asked};
use crate::find::combine::{Answering, combine};
use crate::find::truth::Truth;
use crate::find::{Found, Question};
use crate::snapshot::Snapshot;

/// A question about the groups of one snapshot at one moment.
struct GroupQuestion<'s> {
    snapshot: &'s Snapshot,
    /// For what dates mean.
    dates: Question<'s>,
}

/// Finds the groups that a query of [`catalogue`] is true of. Relative dates count from `now`; days are days of `zone`.
pub fn evaluate(snapshot: &Snapshot, query: &Query, now: Timestamp, zone: &TimeZone) -> Found {
    let asked: RoaringBitmap = snapshot.groups_by_name().iter().collect();
    let question = GroupQuestion { snapshot, dates: Question { snapshot, now, zone, with_services: false } };
    let truth = match &query.expression {
        None => Truth::known(asked.clone()),
        Some(expression) => combine(&question, expression, &asked),
    };
    Found { matching: truth.yes, unknown: truth.unknown, asked }
}

impl Answering for GroupQuestion<'_> {
    fn word(&self, text: &str, within: &RoaringBitmap) -> Truth {
        self.search(text, within)
    }

    fn test(&self, test: &Test, within: &RoaringBitmap) -> Truth {
        self.answer(test, within)
    }

    fn cost(&self, test: &Test) -> u8 {
        match asked(test.field) {
            Some(Asked::Name | Asked::Description | Asked::Id) => 2,
            _ => 0,
        }
    }
}
