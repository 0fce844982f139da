//! A filter taken apart before one person: which of its terms hold of them. What it says of the terms together is what
//! [`super::evaluate`] says of the person.

use filter::{Expression, Query};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use roaring::RoaringBitmap;

use super::{Question, combine};
use crate::Ordinal;
use crate::snapshot::Snapshot;

/// What a term says about somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is true.
    Holds,
    /// It is false.
    Fails,
    /// It cannot be told, because something about them is not known.
    Unknown,
}

/// A term of a filter: one of the parts that must all hold, or the whole where it is one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The term alone.
    pub term: Query,
    /// What it says about the person.
    pub verdict: Verdict,
}

/// What each term of a query says about somebody, in the order of the text; none of a query that asks nothing.
pub fn terms(snapshot: &Snapshot, query: &Query, account: Ordinal, (now, zone): (Timestamp, &TimeZone)) -> Vec<Term> {
    let question = Question::of_query(snapshot, query, now, zone);
    let one: RoaringBitmap = [account].into_iter().collect();
    parts(query)
        .iter()
        .map(|part| {
            let truth = combine(&question, part, &one);
            let verdict = match (truth.yes.contains(account), truth.unknown.contains(account)) {
                (true, _) => Verdict::Holds,
                (false, true) => Verdict::Unknown,
                (false, false) => Verdict::Fails,
            };
            Term { term: Query { expression: Some(part.clone()), order: Vec::new() }, verdict }
        })
        .collect()
}

/// A query without the terms that a choice names by their place.
pub fn without(query: &Query, leave_out: impl Fn(usize) -> bool) -> Query {
    let kept = parts(query).iter().enumerate().filter(|(place, _)| !leave_out(*place));
    Query { expression: Expression::all(kept.map(|(_, part)| part.clone()).collect()), order: query.order.clone() }
}

fn parts(query: &Query) -> &[Expression] {
    match &query.expression {
        None => &[],
        Some(Expression::And(parts)) => parts,
        Some(one) => std::slice::from_ref(one),
    }
}
