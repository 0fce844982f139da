//! Words of feeds: how a run stands, what it does with somebody, how a person stands. A word stands beside every colour.

use maud::{Markup, html};

use crate::nouns::feed_person::PersonState;
use crate::nouns::feed_row::RowKind;
use crate::nouns::feed_run::{FeedRun, FeedRunState, RunCounts, Severity, Stage};
use crate::web::ui::amount::counted;

/// How a run stands.
pub(super) fn state_tag(state: FeedRunState) -> Markup {
    let class = match state {
        FeedRunState::Uploading | FeedRunState::Cancelled => "tag",
        FeedRunState::Ready | FeedRunState::Running => "tag key",
        FeedRunState::Held => "tag warn",
        FeedRunState::Complete => "tag good",
        FeedRunState::Failure => "tag bad",
    };
    html! { span class=(class) { (state.as_str()) } }
}

/// Whether something of a run moves by itself.
pub(super) fn moves(run: &FeedRun) -> bool {
    match run.state {
        FeedRunState::Running => true,
        FeedRunState::Ready => run.stage != Stage::Compared,
        _ => false,
    }
}

/// What a run does with somebody, as a heading of a list.
pub(super) fn kind(kind: RowKind) -> &'static str {
    match kind {
        RowKind::New => "New",
        RowKind::Changed => "Changed",
        RowKind::Refreshed => "Sent otherwise, same meaning",
        RowKind::Returning => "Returning",
        RowKind::Leaving => "Leaving",
        RowKind::Failing => "Failing",
        RowKind::Conflict => "In conflict",
    }
}

/// The same as a tag of a row.
pub(super) fn kind_tag(of: RowKind) -> Markup {
    let class = match of {
        RowKind::New | RowKind::Returning => "tag good",
        RowKind::Changed => "tag key",
        RowKind::Refreshed => "tag",
        RowKind::Leaving => "tag warn",
        RowKind::Failing | RowKind::Conflict => "tag bad",
    };
    html! { span class=(class) { (kind(of)) } }
}

/// How a person stands.
pub(super) fn person_tag(state: PersonState) -> Markup {
    let class = match state {
        PersonState::Active => "tag good",
        PersonState::Blocked => "tag bad",
        PersonState::Held => "tag warn",
    };
    html! { span class=(class) { (state.as_str()) } }
}

/// How much a line of a log matters.
pub(super) fn severity_tag(severity: Severity) -> Markup {
    let class = match severity {
        Severity::Information => "tag",
        Severity::Warning => "tag warn",
        Severity::Error => "tag bad",
    };
    html! { span class=(class) { (severity.as_str()) } }
}

/// What a run changes, in one line.
pub(super) fn came_of(counts: &RunCounts) -> String {
    let parts = [
        (counts.new, "new"),
        (counts.changed, "changed"),
        (counts.returning, "returning"),
        (counts.leaving, "leaving"),
        (counts.failing, "failing"),
        (counts.conflicts, "in conflict"),
    ];
    let told: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| counted(*count, word, word)).collect();
    if told.is_empty() { "no change".to_owned() } else { told.join(", ") }
}

/// *Yes* or *No*.
pub(super) fn yes_no(yes: bool) -> &'static str {
    if yes { "Yes" } else { "No" }
}

/// A size as people read it: `1.4 MB`.
pub(super) fn size(bytes: u64) -> String {
    let scaled = |unit: f64, word: &str| format!("{:.1} {word}", bytes as f64 / unit);
    match bytes {
        0..1_000 => counted(bytes, "byte", "bytes"),
        1_000..1_000_000 => scaled(1e3, "kB"),
        1_000_000..1_000_000_000 => scaled(1e6, "MB"),
        _ => scaled(1e9, "GB"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_and_what_came_of_a_run_read_well() {
        assert_eq!([1, 999, 1_000, 2_540_000].map(size), ["1 byte", "999 bytes", "1.0 kB", "2.5 MB"]);
        let counts = RunCounts { new: 2, leaving: 1, ..RunCounts::default() };
        assert_eq!(came_of(&counts), "2 new, 1 leaving");
        assert_eq!(came_of(&RunCounts::default()), "no change");
    }
}
