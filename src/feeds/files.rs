//! Files that people take away from feeds: errors, previews and logs as comma-separated values and JSON. A value that a spreadsheet would
//! take for a formula is written so that it does not.

use serde_json::{Value, json};

use crate::feeds::listing::{self, OneRun};
use crate::mirror::Mirror;
use crate::nouns::feed_row::FieldChange;
use crate::nouns::feed_run::{LogLine, RunFile};
use crate::store::error::StoreError;
use crate::store::feed_log::LinesWanted;
use crate::store::feed_rows::RowsWanted;

/// How many are read at a time.
const PAGE: u32 = 1_000;
/// The most lines of a file that is made at once.
const MOST: usize = 200_000;

/// People of a feed whose last record was not applied in whole.
pub async fn errors(mirror: &Mirror, feed: i64) -> Result<String, StoreError> {
    let mut lines = vec![line(&["username", "error", "received"])];
    let mut after = 0;
    while lines.len() < MOST {
        let found = listing::errors(mirror, feed, (after, PAGE)).await?;
        let Some((last, _)) = found.last() else { break };
        after = last.account;
        for (person, record) in &found {
            let error = record.failure.as_deref().unwrap_or_default();
            lines.push(line(&[&person.username, error, record.received.as_deref().unwrap_or(&record.raw)]));
        }
    }
    Ok(lines.concat())
}

/// The preview of a run: one line per field that changes, or per person where none does.
pub async fn preview(mirror: &Mirror, run: i64) -> Result<String, StoreError> {
    let mut lines = vec![line(&["kind", "username", "record", "field", "before", "after", "why"])];
    let mut after = 0;
    while lines.len() < MOST {
        let found = listing::preview_rows(mirror, run, (RowsWanted { after, ..RowsWanted::default() }, PAGE)).await?;
        let Some(last) = found.last() else { break };
        after = last.place;
        for row in &found {
            let record = row.record.map(|record| record.to_string()).unwrap_or_default();
            let (kind, why) = (row.kind.as_str(), row.why.as_deref().unwrap_or_default());
            if row.changes.is_empty() {
                lines.push(line(&[kind, &row.username, &record, "", "", "", why]));
            }
            for change in &row.changes {
                let (before, after) = (change.before.join("; "), change.after.join("; "));
                lines.push(line(&[kind, &row.username, &record, &change.field, &before, &after, why]));
            }
        }
    }
    Ok(lines.concat())
}

/// The same as JSON: a list of rows.
pub async fn preview_json(mirror: &Mirror, run: i64) -> Result<String, StoreError> {
    let mut rows = Vec::new();
    let mut after = 0;
    while rows.len() < MOST {
        let found = listing::preview_rows(mirror, run, (RowsWanted { after, ..RowsWanted::default() }, PAGE)).await?;
        let Some(last) = found.last() else { break };
        after = last.place;
        rows.extend(found.iter().map(|row| {
            let change = |of: &FieldChange| {
                json!({ "field": of.field, "before": of.before, "after": of.after, "byControl": of.by_control })
            };
            json!({
                "kind": row.kind.as_str(),
                "username": row.username,
                "record": row.record,
                "line": row.file_line,
                "changes": row.changes.iter().map(change).collect::<Vec<_>>(),
                "why": row.why,
            })
        }));
    }
    Ok(Value::Array(rows).to_string())
}

/// The log of a run, one line each.
pub async fn log(mirror: &Mirror, run: i64) -> Result<String, StoreError> {
    let mut lines = vec![line(&["line", "at", "severity", "username", "record", "file line", "text", "value"])];
    for of in whole_log(mirror, run).await? {
        let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        lines.push(line(&[
            &of.line.to_string(),
            &of.at.to_string(),
            of.severity.as_str(),
            of.username.as_deref().unwrap_or_default(),
            &number(of.record),
            &number(of.file_line),
            &of.text,
            of.told.as_deref().unwrap_or_default(),
        ]));
    }
    Ok(lines.concat())
}

/// The same as JSON: a list of lines.
pub async fn log_json(mirror: &Mirror, run: i64) -> Result<String, StoreError> {
    let lines = whole_log(mirror, run).await?.into_iter().map(|of| {
        json!({
            "line": of.line,
            "at": of.at.to_string(),
            "severity": of.severity.as_str(),
            "username": of.username,
            "record": of.record,
            "fileLine": of.file_line,
            "text": of.text,
            "value": of.told,
        })
    });
    Ok(Value::Array(lines.collect()).to_string())
}

async fn whole_log(mirror: &Mirror, run: i64) -> Result<Vec<LogLine>, StoreError> {
    let mut lines: Vec<LogLine> = Vec::new();
    while lines.len() < MOST {
        let after = lines.last().map_or(0, |last| last.line);
        let found = listing::log(mirror, run, (LinesWanted { after, ..LinesWanted::default() }, PAGE)).await?;
        if found.is_empty() {
            break;
        }
        lines.extend(found);
    }
    Ok(lines)
}

/// A run with its files, without its preview and log.
pub fn run_json(one: &OneRun) -> String {
    let OneRun { feed, run, files, .. } = one;
    let counts = &run.counts;
    let file = |file: &RunFile| {
        json!({
            "name": file.name,
            "fileName": file.file_name,
            "size": file.size,
            "sha256": file.digest,
            "records": file.records,
            "uploadedAt": file.uploaded_at.to_string(),
            "uploadedBy": file.uploaded_by,
        })
    };
    json!({
        "feed": feed.code.as_str(),
        "id": run.id.as_str(),
        "number": run.number,
        "status": run.state.as_str(),
        "createdAt": run.created_at.to_string(),
        "createdBy": run.created_by,
        "endedAt": run.ended_at.map(|at| at.to_string()),
        "decidedBy": run.decided.as_ref().map(|(by, _)| by),
        "decidedAt": run.decided.as_ref().map(|(_, at)| at.to_string()),
        "reason": run.decision,
        "comment": run.comment,
        "control": run.control,
        "copyOf": run.copy_of.as_ref().map(ToString::to_string),
        "held": run.reasons.iter().map(|reason| reason.sentence()).collect::<Vec<_>>(),
        "failure": run.failure,
        "errors": run.errors,
        "counts": {
            "records": counts.records,
            "before": counts.before,
            "new": counts.new,
            "changed": counts.changed,
            "changedByControl": counts.by_control,
            "unchanged": counts.unchanged,
            "leaving": counts.leaving,
            "returning": counts.returning,
            "failing": counts.failing,
            "conflicts": counts.conflicts,
            "emailChanges": counts.email_changes,
        },
        "files": files.iter().map(file).collect::<Vec<_>>(),
    })
    .to_string()
}

/// A line of comma-separated values (RFC 4180).
fn line(values: &[&str]) -> String {
    let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
    format!("{}\r\n", values.join(","))
}

fn quoted(value: &str) -> String {
    let formula = value.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let value = if formula { format!("'{value}") } else { value.to_owned() };
    match value.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", value.replace('"', "\"\"")),
        false => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_neither_a_formula_nor_the_end_of_its_line() {
        assert_eq!(line(&["a", "b,\"c\"", "=1+1"]), "a,\"b,\"\"c\"\"\",'=1+1\r\n");
    }
}
