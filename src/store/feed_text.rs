//! The texts in which feeds and their runs keep what is never queried into: JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::nouns::feed::{FeedSettings, Force, Threshold, Thresholds};
use crate::nouns::feed_row::FieldChange;
use crate::nouns::feed_run::{Reason, RunCounts};

pub(super) fn settings_text(settings: &FeedSettings) -> String {
    let threshold = |of: Threshold| json!({ "people": of.people, "percent": of.percent });
    json!({
        "auto_apply": settings.auto_apply,
        "force": settings.force.as_str(),
        "emails": settings.emails,
        "mail_personal": settings.mail_personal,
        "leavers": threshold(settings.thresholds.leavers),
        "email_changes": threshold(settings.thresholds.email_changes),
        "group_leavers": threshold(settings.thresholds.group_leavers),
        "expected_by": settings.expected_by.map(|time| time.to_string()),
        "retention_days": settings.retention_days,
        "replace_waiting": settings.replace_waiting,
        "grace_days": settings.grace_days,
    })
    .to_string()
}

pub(super) fn read_settings(text: &str) -> Option<FeedSettings> {
    let value: Value = serde_json::from_str(text).ok()?;
    let threshold = |name: &str| {
        let of = &value[name];
        Some(Threshold { people: of["people"].as_u64()?, percent: of["percent"].as_u64()? })
    };
    let emails = value["emails"].as_array()?.iter().map(|email| email.as_str().map(str::to_owned));
    Some(FeedSettings {
        auto_apply: value["auto_apply"].as_bool()?,
        force: Force::parse(value["force"].as_str()?)?,
        emails: emails.collect::<Option<_>>()?,
        mail_personal: value["mail_personal"].as_bool()?,
        thresholds: Thresholds {
            leavers: threshold("leavers")?,
            email_changes: threshold("email_changes")?,
            group_leavers: threshold("group_leavers")?,
        },
        expected_by: value["expected_by"].as_str().map(str::parse).transpose().ok()?,
        retention_days: value["retention_days"].as_u64().map(u32::try_from).transpose().ok()?,
        replace_waiting: value["replace_waiting"].as_bool()?,
        grace_days: u16::try_from(value["grace_days"].as_u64()?).ok()?,
    })
}

pub(super) fn counts_text(counts: &RunCounts) -> String {
    json!({
        "records": counts.records,
        "new": counts.new,
        "changed": counts.changed,
        "by_control": counts.by_control,
        "unchanged": counts.unchanged,
        "leaving": counts.leaving,
        "returning": counts.returning,
        "failing": counts.failing,
        "conflicts": counts.conflicts,
        "email_changes": counts.email_changes,
        "before": counts.before,
    })
    .to_string()
}

pub(super) fn read_counts(text: &str) -> Option<RunCounts> {
    let value: Value = serde_json::from_str(text).ok()?;
    let count = |name: &str| value[name].as_u64();
    Some(RunCounts {
        records: count("records")?,
        new: count("new")?,
        changed: count("changed")?,
        by_control: count("by_control")?,
        unchanged: count("unchanged")?,
        leaving: count("leaving")?,
        returning: count("returning")?,
        failing: count("failing")?,
        conflicts: count("conflicts")?,
        email_changes: count("email_changes")?,
        before: count("before")?,
    })
}

pub(super) fn reasons_text(reasons: &[Reason]) -> String {
    Value::Array(reasons.iter().map(reason_value).collect()).to_string()
}

pub(super) fn read_reasons(text: &str) -> Option<Vec<Reason>> {
    let value: Value = serde_json::from_str(text).ok()?;
    value.as_array()?.iter().map(read_reason).collect()
}

fn reason_value(reason: &Reason) -> Value {
    match reason {
        Reason::First => json!({ "kind": "first" }),
        Reason::NewFile { file } => json!({ "kind": "new_file", "file": file }),
        Reason::Size { file, before, after } => {
            json!({ "kind": "size", "file": file, "before": before, "after": after })
        }
        Reason::Empty => json!({ "kind": "empty" }),
        Reason::Leavers { people, of } => json!({ "kind": "leavers", "people": people, "of": of }),
        Reason::EmailChanges { people, of } => json!({ "kind": "email_changes", "people": people, "of": of }),
        Reason::GroupLeavers { group, people, of } => {
            json!({ "kind": "group_leavers", "group": group, "people": people, "of": of })
        }
        Reason::Emptied { field, people } => json!({ "kind": "emptied", "field": field, "people": people }),
        Reason::Uncertain { people, records } => json!({ "kind": "uncertain", "people": people, "records": records }),
        Reason::Failing { records, of } => json!({ "kind": "failing", "records": records, "of": of }),
        Reason::Older { file } => json!({ "kind": "older", "file": file }),
        Reason::Unreadable { file, why } => json!({ "kind": "unreadable", "file": file, "why": why }),
        Reason::Unexpected { file, why } => json!({ "kind": "unexpected", "file": file, "why": why }),
        Reason::Changed => json!({ "kind": "changed" }),
        Reason::Again => json!({ "kind": "again" }),
    }
}

fn read_reason(value: &Value) -> Option<Reason> {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let number = |name: &str| value[name].as_u64();
    Some(match value["kind"].as_str()? {
        "first" => Reason::First,
        "new_file" => Reason::NewFile { file: text("file")? },
        "size" => Reason::Size { file: text("file")?, before: number("before")?, after: number("after")? },
        "empty" => Reason::Empty,
        "leavers" => Reason::Leavers { people: number("people")?, of: number("of")? },
        "email_changes" => Reason::EmailChanges { people: number("people")?, of: number("of")? },
        "group_leavers" => Reason::GroupLeavers { group: text("group")?, people: number("people")?, of: number("of")? },
        "emptied" => Reason::Emptied { field: text("field")?, people: number("people")? },
        "uncertain" => Reason::Uncertain { people: number("people")?, records: number("records")? },
        "failing" => Reason::Failing { records: number("records")?, of: number("of")? },
        "older" => Reason::Older { file: text("file")? },
        "unreadable" => Reason::Unreadable { file: text("file")?, why: text("why")? },
        "unexpected" => Reason::Unexpected { file: text("file")?, why: text("why")? },
        "changed" => Reason::Changed,
        "again" => Reason::Again,
        _ => return None,
    })
}

/// The word by which a reason is known to programs.
pub fn reason_word(reason: &Reason) -> String {
    reason_value(reason)["kind"].as_str().unwrap_or_default().to_owned()
}

pub(super) fn changes_text(changes: &[FieldChange]) -> Option<String> {
    let change = |change: &FieldChange| json!({ "field": change.field, "before": change.before, "after": change.after, "control": change.by_control });
    (!changes.is_empty()).then(|| Value::Array(changes.iter().map(change).collect()).to_string())
}

pub(super) fn read_changes(text: &str) -> Option<Vec<FieldChange>> {
    let value: Value = serde_json::from_str(text).ok()?;
    let texts = |value: &Value| -> Option<Vec<String>> {
        value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let change = |value: &Value| {
        Some(FieldChange {
            field: value["field"].as_str()?.to_owned(),
            before: texts(&value["before"])?,
            after: texts(&value["after"])?,
            by_control: value["control"].as_bool()?,
        })
    };
    value.as_array()?.iter().map(change).collect()
}

/// How many people, by what they are counted by: a field, or a group.
pub(super) fn tally_text(counts: &BTreeMap<String, u64>) -> String {
    Value::Object(counts.iter().map(|(field, count)| (field.clone(), json!(count))).collect::<Map<_, _>>()).to_string()
}

pub(super) fn read_tally(text: &str) -> Option<BTreeMap<String, u64>> {
    let value: Map<String, Value> = serde_json::from_str(text).ok()?;
    value.into_iter().map(|(field, count)| Some((field, count.as_u64()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_reads_back() {
        let settings = FeedSettings {
            emails: vec!["a@example.org".to_owned()],
            expected_by: Some(jiff::civil::time(6, 30, 0, 0)),
            retention_days: Some(30),
            force: Force::Once,
            ..FeedSettings::default()
        };
        assert_eq!(read_settings(&settings_text(&settings)), Some(settings));
        let reasons = vec![
            Reason::First,
            Reason::NewFile { file: "users".into() },
            Reason::Size { file: "users".into(), before: 10, after: 20 },
            Reason::Empty,
            Reason::Leavers { people: 6, of: 100 },
            Reason::EmailChanges { people: 6, of: 100 },
            Reason::GroupLeavers { group: "staff".into(), people: 6, of: 10 },
            Reason::Emptied { field: "user: title".into(), people: 10 },
            Reason::Uncertain { people: 1, records: 2 },
            Reason::Failing { records: 1, of: 2 },
            Reason::Older { file: "users".into() },
            Reason::Unreadable { file: "users".into(), why: "It is empty.".into() },
            Reason::Unexpected { file: "users".into(), why: "2 records instead of 3.".into() },
            Reason::Changed,
            Reason::Again,
        ];
        assert_eq!(read_reasons(&reasons_text(&reasons)), Some(reasons));
        let counts = RunCounts { records: 1, new: 2, changed: 3, by_control: 1, before: 9, ..RunCounts::default() };
        assert_eq!(read_counts(&counts_text(&counts)), Some(counts));
    }
}
