//! A filter's text, answered from one snapshot: what was understood, what has to be said about it, and who it finds.

use directory::Snapshot;
use directory::find::{self, Found, Vocabulary};
use filter::{Diagnostic, Query};
use jiff::Timestamp;
use jiff::tz::TimeZone;

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
}

/// Answers a filter. Relative dates count from `now`, and days are days of the organization's zone.
pub fn answer(snapshot: &Snapshot, text: &str, (now, zone): (Timestamp, &TimeZone)) -> Answer {
    let parsed = filter::parse_with(text, find::catalogue(), &Vocabulary::of(snapshot));
    let found = find::evaluate(snapshot, &parsed.query, now, zone);
    Answer { has_errors: parsed.has_errors(), query: parsed.query, diagnostics: parsed.diagnostics, found }
}

impl Answer {
    /// The canonical form of what was understood.
    pub fn canonical(&self) -> String {
        filter::show(&self.query, find::catalogue())
    }
}
