//! What a comparison tells, in the words of logs and rows; and the counts of values that follow from a person's change.

use std::collections::BTreeMap;

use feed::control::FieldKey;
use feed::difference::Change;
use feed::finding::{Finding, Level};
use feed::person::Person;
use jiff::Timestamp;

use crate::feeds::person::shown;
use crate::nouns::feed_row::FieldChange;
use crate::nouns::feed_run::{LogLine, Severity};

/// A line of the log without its number and moment.
pub(super) fn line(severity: Severity, text: String) -> LogLine {
    let at = Timestamp::UNIX_EPOCH;
    LogLine { line: 0, at, severity, record: None, file_line: None, username: None, text, told: None }
}

/// A finding as a line. The value that it is about stands apart from what it says.
pub(super) fn finding(finding: &Finding) -> LogLine {
    let severity = match finding.level {
        Level::Information => Severity::Information,
        Level::Warning => Severity::Warning,
        Level::Error => Severity::Error,
    };
    let mut text = finding.problem.to_string();
    if let Some(source) = &finding.source {
        text.push_str(&format!(" for input field {source}"));
    }
    text.push_str(&format!(" (record {}).", finding.record));
    LogLine {
        record: Some(finding.record),
        file_line: Some(finding.line),
        username: finding.username.clone(),
        told: finding.input.clone(),
        ..line(severity, text)
    }
}

/// The first thing that is wrong, with its input.
pub(super) fn first_error(findings: &[Finding]) -> Option<String> {
    findings.iter().find(|finding| finding.level == Level::Error).map(Finding::sentence)
}

/// That another feed says otherwise.
pub(super) fn clash(fields: &[FieldKey]) -> Option<String> {
    let names: Vec<String> = fields.iter().map(FieldKey::to_string).collect();
    (!names.is_empty()).then(|| format!("Another feed sets {} to something else.", names.join(", ")))
}

/// A change as rows keep it.
pub(super) fn change(change: &Change, by_control: bool) -> FieldChange {
    FieldChange {
        field: change.field.to_string(),
        before: shown(&change.before),
        after: shown(&change.after),
        by_control,
    }
}

/// Counts a person's values away and another's in.
pub(super) fn count(fields: &mut BTreeMap<FieldKey, u64>, before: Option<&Person>, after: Option<&Person>) {
    for field in before.iter().flat_map(|person| person.fields.keys()) {
        if let Some(count) = fields.get_mut(field) {
            *count = count.saturating_sub(1);
        }
    }
    for field in after.iter().flat_map(|person| person.fields.keys()) {
        match fields.get_mut(field) {
            Some(count) => *count += 1,
            None => drop(fields.insert(field.clone(), 1)),
        }
    }
}
