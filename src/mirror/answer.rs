//! A filter's text, answered from one snapshot: what was understood, what has to be said about it, and who it finds.

use directory::find::{self, Found, Vocabulary, groups};
use directory::{Noun, Part, Snapshot};
use filter::{Catalogue, Diagnostic, Expression, Query};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use roaring::RoaringBitmap;

/// What came of a filter.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What was understood.
    pub query: Query,
    /// What has to be said, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether a part of the text is not in the query: it then asks something else than was written.
    pub has_errors: bool,
    /// Whom it finds.
    pub found: Found,
    /// The fields that it asks about.
    pub catalogue: &'static Catalogue,
}

/// Answers a filter. Relative dates count from `now`, and days are days of the organization's zone.
pub fn answer(snapshot: &Snapshot, text: &str, (now, zone): (Timestamp, &TimeZone)) -> Answer {
    let parsed = filter::parse_with(text, find::catalogue(), &Vocabulary::of(snapshot));
    let has_errors = parsed.has_errors();
    // Of a text of which nothing is left to ask, nobody is the answer, not everybody.
    let found = match has_errors && parsed.query.expression.is_none() {
        true => Found::default(),
        false => find::evaluate(snapshot, &parsed.query, now, zone),
    };
    Answer { has_errors, query: parsed.query, diagnostics: parsed.diagnostics, found, catalogue: find::catalogue() }
}

/// Answers a filter about groups, likewise.
pub fn answer_groups(snapshot: &Snapshot, text: &str, (now, zone): (Timestamp, &TimeZone)) -> Answer {
    let parsed = filter::parse_with(text, groups::catalogue(), &groups::Vocabulary::of(snapshot));
    let has_errors = parsed.has_errors();
    let found = match has_errors && parsed.query.expression.is_none() {
        true => Found::default(),
        false => groups::evaluate(snapshot, &parsed.query, now, zone),
    };
    let catalogue = groups::catalogue();
    Answer { has_errors, query: parsed.query, diagnostics: parsed.diagnostics, found, catalogue }
}

/// When last active dates were last read, in the part where that is longest ago; `None` when they were not.
pub fn activity_read_at(snapshot: &Snapshot) -> Option<Timestamp> {
    let of_a_part = |part: &Part| matches!(part, Part::Directory(_) | Part::Whole);
    let ages = snapshot.ages().iter().filter(|age| age.noun == Noun::Activity && of_a_part(&age.part));
    ages.map(|age| age.read_at).min()
}

/// Whom of the former people a query finds. They are left out of every answer that does not ask for them.
pub fn of_former(snapshot: &Snapshot, query: &Query, (now, zone): (Timestamp, &TimeZone)) -> RoaringBitmap {
    let former = filter::parse("status = former", find::catalogue()).query.expression;
    let parts = former.into_iter().chain(query.expression.clone()).collect();
    let query = Query { expression: Expression::all(parts), order: Vec::new() };
    find::evaluate(snapshot, &query, now, zone).matching
}

impl Answer {
    /// The canonical form of what was understood.
    pub fn canonical(&self) -> String {
        filter::show(&self.query, self.catalogue)
    }
}
