//! Files that people take away from feeds: errors and previews as comma-separated values. A value that a spreadsheet would
//! take for a formula is written so that it does not.

use crate::feeds::listing;
use crate::mirror::Mirror;
use crate::store::error::StoreError;
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
