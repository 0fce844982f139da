//! Questions about people: the fields of the filter language, and who matches a filter in one snapshot.
//!
//! Answers are three-valued. What is not known of somebody matches neither a test nor its opposite, and only
//! `IS EMPTY` finds it. Pure: the moment and the zone of relative dates are given.

pub(crate) mod activity;
pub mod choice;
pub mod combine;
pub mod compound;
pub mod dates;
mod facets;
mod field;
pub mod groups;
pub(crate) mod index;
pub(crate) mod name;
mod ranking;
pub(crate) mod reach;
mod terms;
mod test;
pub mod truth;
mod values;
mod vocabulary;

pub use self::facets::{Breakdown, Facet, Facets, facets};
pub use self::field::catalogue;
pub use self::name::app_title;
pub use self::ranking::{Ranking, SortKey};
pub use self::terms::{Term, Verdict, terms, without};
pub use self::vocabulary::Vocabulary;

use filter::{Condition, Expression, Query, Test, Value};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use roaring::RoaringBitmap;

use self::combine::{Answering, combine};
use self::field::{Asked, FORMER, asked};
use self::truth::Truth;
use crate::snapshot::Snapshot;

/// Who a filter finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Of whom the filter is true.
    pub matching: RoaringBitmap,
    /// Of whom it cannot be told, because something about them is not known; none of them is in `matching`.
    pub unknown: RoaringBitmap,
    /// Who was asked about: everybody but former people, or everybody where the filter names them.
    pub asked: RoaringBitmap,
}

/// Finds whom a query of [`catalogue`] is true of. Relative dates count from `now`; days are days of `zone`.
pub fn evaluate(snapshot: &Snapshot, query: &Query, now: Timestamp, zone: &TimeZone) -> Found {
    let standing = snapshot.index.standing(snapshot);
    let tests = query.expression.as_ref().map(Expression::tests).unwrap_or_default();
    let asked_about = if tests.iter().any(|test| names_former(test)) { &standing.everybody } else { &standing.present };
    let question = Question::of_query(snapshot, query, now, zone);
    let truth = match &query.expression {
        None => Truth::known(asked_about.clone()),
        Some(expression) => combine(&question, expression, asked_about),
    };
    Found { matching: truth.yes, unknown: truth.unknown, asked: asked_about.clone() }
}

/// Makes everything that questions need beside the snapshot itself, so that no asker waits for it. To be called away
/// from requests; without it the first questions make what they need.
pub fn prepare(snapshot: &Snapshot) {
    let index = &snapshot.index;
    index.values(snapshot);
    index.last_use(snapshot, None);
    for app in &index.values(snapshot).apps {
        Ranking::by_last_use_of(snapshot, &app.word).order();
    }
    index.account_statuses(snapshot);
    index.claimed(snapshot);
    index.management(snapshot);
    index.mfa(snapshot);
    index.verified(snapshot);
    index.job_titles(snapshot);
    index.departments(snapshot);
    index.organizations(snapshot);
    index.group_counts(snapshot);
    index.synced(snapshot);
    index.users(snapshot);
}

/// Whether what [`prepare`] makes is there, because it was called or because questions have needed it.
pub fn is_prepared(snapshot: &Snapshot) -> bool {
    snapshot.index.has_values()
}

/// A question put to one snapshot at one moment.
pub(crate) struct Question<'s> {
    snapshot: &'s Snapshot,
    now: Timestamp,
    zone: &'s TimeZone,
    /// Whether service accounts are judged by their activity like people.
    with_services: bool,
}

impl<'s> Question<'s> {
    /// The question that a query puts.
    fn of_query(snapshot: &'s Snapshot, query: &Query, now: Timestamp, zone: &'s TimeZone) -> Question<'s> {
        let tests = query.expression.as_ref().map(Expression::tests).unwrap_or_default();
        let for_services = |test: &&Test| matches!(asked(test.field), Some(Asked::ServiceAccount | Asked::AccountType));
        Question { snapshot, now, zone, with_services: tests.iter().any(for_services) }
    }
}

impl Answering for Question<'_> {
    fn word(&self, text: &str, within: &RoaringBitmap) -> Truth {
        Question::word(self, text, within)
    }

    fn test(&self, test: &Test, within: &RoaringBitmap) -> Truth {
        Question::test(self, test, within)
    }

    /// A text is searched letter by letter, a date compared number by number; all else is a set that is there already.
    fn cost(&self, test: &Test) -> u8 {
        match asked(test.field) {
            Some(Asked::Name | Asked::Email | Asked::AccountId) => 2,
            Some(Asked::LastActive | Asked::InactiveFor | Asked::Added | Asked::Changed) => 1,
            _ => 0,
        }
    }
}

/// Whether a query asks about activity, or orders by it.
pub fn uses_activity(query: &Query) -> bool {
    let of_activity = |field| {
        matches!(asked(field), Some(Asked::LastActive | Asked::InactiveFor | Asked::NeverActive | Asked::ActivityKnown))
    };
    let tests = query.expression.as_ref().map(Expression::tests).unwrap_or_default();
    tests.iter().any(|test| of_activity(test.field)) || query.order.iter().any(|order| of_activity(order.field))
}

fn names_former(test: &Test) -> bool {
    let former = |value: &Value| matches!(value, Value::Text(word) if word == FORMER);
    asked(test.field) == Some(Asked::Status)
        && match &test.condition {
            Condition::Compare(_, value) => former(value),
            Condition::In(values) | Condition::NotIn(values) => values.iter().any(former),
            Condition::Empty | Condition::NotEmpty => false,
        }
}
