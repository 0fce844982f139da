//! Files that people take away from feeds: people, errors, previews and logs as comma-separated values and JSON, read from the
//! database page by page while they are sent, so that a file of any length needs little memory. A value that a spreadsheet
//! would take for a formula is written so that it does not.

use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::feeds::listing::{self, OneRun};
use crate::mirror::Mirror;
use crate::mirror::export::{Form, harmless};
use crate::nouns::feed_person::{FeedPerson, FeedRecord};
use crate::nouns::feed_row::{FeedRow, FieldChange};
use crate::nouns::feed_run::{LogLine, RunFile};
use crate::store::error::StoreError;
use crate::store::feed_log::LinesWanted;
use crate::store::feed_people::PeopleWanted;
use crate::store::feed_rows::RowsWanted;

/// How many are read, and written, at once.
const PAGE: u32 = 1_000;

/// What a file is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// People of the feed of this number.
    People(i64),
    /// People of the feed of this number whose last record was not applied in whole.
    Errors(i64),
    /// The preview of the run of this number: as values a line per field that changes, or per person where none does.
    Preview(i64),
    /// The log of the run of this number.
    Log(i64),
}

/// A file on its way out, in pieces; all together they are the whole.
#[derive(Debug)]
pub struct File {
    mirror: Mirror,
    reading: Reading,
    form: Form,
    stage: Stage,
}

/// A subject, and up to where it was read.
#[derive(Debug)]
enum Reading {
    People { feed: i64, after: String },
    Errors { feed: i64, after: i64 },
    Preview { run: i64, after: i64 },
    Log { run: i64, after: u64 },
}

/// How far it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Unbegun,
    /// The heading is.
    Headed,
    /// Something behind it is.
    Filled,
    Ended,
}

/// One page, in either form.
enum Page {
    People(Vec<FeedPerson>),
    Errors(Vec<(FeedPerson, FeedRecord)>),
    Preview(Vec<FeedRow>),
    Log(Vec<LogLine>),
}

/// A file about a subject: with a row of headings, as a list, or as an object for each line.
pub fn file(mirror: &Mirror, subject: Subject, form: Form) -> File {
    let reading = match subject {
        Subject::People(feed) => Reading::People { feed, after: String::new() },
        Subject::Errors(feed) => Reading::Errors { feed, after: 0 },
        Subject::Preview(run) => Reading::Preview { run, after: 0 },
        Subject::Log(run) => Reading::Log { run, after: 0 },
    };
    File { mirror: mirror.clone(), reading, form, stage: Stage::Unbegun }
}

impl File {
    /// The next piece; none at the end.
    ///
    /// # Errors
    /// The database failed.
    pub async fn next(&mut self) -> Result<Option<String>, StoreError> {
        let before = match self.stage {
            Stage::Unbegun => {
                self.stage = Stage::Headed;
                return Ok(Some(self.beginning()));
            }
            Stage::Headed => "",
            Stage::Filled => ",",
            Stage::Ended => return Ok(None),
        };
        let page = self.reading.page(&self.mirror).await?;
        if page.is_empty() {
            self.stage = Stage::Ended;
            return Ok(Some(if self.form == Form::Json { "\n]\n" } else { "" }.to_owned()));
        }
        self.stage = Stage::Filled;
        let objects = || page.objects().into_iter().map(|object| object.to_string());
        Ok(Some(match self.form {
            Form::Csv => lines(page.lines()),
            Form::Json => format!("{before}\n{}", objects().collect::<Vec<_>>().join(",\n")),
            Form::JsonLines => objects().map(|object| object + "\n").collect(),
        }))
    }

    /// The pieces as they are made, for whoever sends them on. One waits while the one before is sent.
    pub fn arriving(mut self) -> mpsc::Receiver<Result<Vec<u8>, StoreError>> {
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(async move {
            while let Some(piece) = self.next().await.transpose() {
                let broken = piece.is_err();
                // Nobody takes it any more, or there is nothing more to give.
                if sender.send(piece.map(String::into_bytes)).await.is_err() || broken {
                    return;
                }
            }
        });
        receiver
    }

    fn beginning(&self) -> String {
        let columns: &[&str] = match self.reading {
            Reading::People { .. } => &["username", "name", "email", "state", "block at", "account id"],
            Reading::Errors { .. } => &["username", "error", "received"],
            Reading::Preview { .. } => &["kind", "username", "record", "field", "before", "after", "why"],
            Reading::Log { .. } => &["line", "at", "severity", "username", "record", "file line", "text", "value"],
        };
        match self.form {
            Form::Csv => lines([columns.iter().map(|column| (*column).to_owned()).collect()]),
            Form::Json => "[".to_owned(),
            Form::JsonLines => String::new(),
        }
    }
}

impl Reading {
    /// What comes next; nothing at the end.
    async fn page(&mut self, mirror: &Mirror) -> Result<Page, StoreError> {
        Ok(match self {
            Reading::People { feed, after } => {
                let wanted = PeopleWanted { after: after.clone(), ..PeopleWanted::default() };
                let people = listing::people(mirror, *feed, (wanted, PAGE)).await?;
                if let Some(last) = people.last() {
                    after.clone_from(&last.username_key);
                }
                Page::People(people)
            }
            Reading::Errors { feed, after } => {
                let found = listing::errors(mirror, *feed, (*after, PAGE)).await?;
                *after = found.last().map_or(*after, |(person, _)| person.account);
                Page::Errors(found)
            }
            Reading::Preview { run, after } => {
                let wanted = RowsWanted { after: *after, ..RowsWanted::default() };
                let rows = listing::preview_rows(mirror, *run, (wanted, PAGE)).await?;
                *after = rows.last().map_or(*after, |row| row.place);
                Page::Preview(rows)
            }
            Reading::Log { run, after } => {
                let wanted = LinesWanted { after: *after, ..LinesWanted::default() };
                let lines = listing::log(mirror, *run, (wanted, PAGE)).await?;
                *after = lines.last().map_or(*after, |line| line.line);
                Page::Log(lines)
            }
        })
    }
}

impl Page {
    fn is_empty(&self) -> bool {
        match self {
            Page::People(people) => people.is_empty(),
            Page::Errors(found) => found.is_empty(),
            Page::Preview(rows) => rows.is_empty(),
            Page::Log(lines) => lines.is_empty(),
        }
    }

    fn lines(&self) -> Vec<Vec<String>> {
        match self {
            Page::People(people) => people.iter().map(person_line).collect(),
            Page::Errors(found) => found.iter().map(|(person, record)| error_line(person, record)).collect(),
            Page::Preview(rows) => rows.iter().flat_map(preview_lines).collect(),
            Page::Log(lines) => lines.iter().map(log_line).collect(),
        }
    }

    fn objects(&self) -> Vec<Value> {
        match self {
            Page::People(people) => people.iter().map(person_object).collect(),
            Page::Errors(found) => found.iter().map(|(person, record)| error_object(person, record)).collect(),
            Page::Preview(rows) => rows.iter().map(preview_object).collect(),
            Page::Log(lines) => lines.iter().map(log_object).collect(),
        }
    }
}

fn person_line(person: &FeedPerson) -> Vec<String> {
    vec![
        person.username.clone(),
        person.name.clone(),
        person.email.clone(),
        person.state.as_str().to_owned(),
        person.block_at.map(|at| at.to_string()).unwrap_or_default(),
        person.linked.clone().unwrap_or_default(),
    ]
}

fn person_object(person: &FeedPerson) -> Value {
    json!({
        "username": person.username,
        "name": person.name,
        "email": person.email,
        "state": person.state.as_str(),
        "blockAt": person.block_at.map(|at| at.to_string()),
        "accountId": person.linked,
    })
}

fn received(record: &FeedRecord) -> &str {
    record.received.as_deref().unwrap_or(&record.raw)
}

fn error_line(person: &FeedPerson, record: &FeedRecord) -> Vec<String> {
    vec![person.username.clone(), record.failure.clone().unwrap_or_default(), received(record).to_owned()]
}

fn error_object(person: &FeedPerson, record: &FeedRecord) -> Value {
    json!({ "username": person.username, "error": record.failure, "received": received(record) })
}

fn text(number: Option<u64>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

fn preview_lines(row: &FeedRow) -> Vec<Vec<String>> {
    let line = |field: &str, before: String, after: String| {
        let why = row.why.clone().unwrap_or_default();
        vec![row.kind.as_str().to_owned(), row.username.clone(), text(row.record), field.to_owned(), before, after, why]
    };
    if row.changes.is_empty() {
        return vec![line("", String::new(), String::new())];
    }
    row.changes.iter().map(|change| line(&change.field, change.before.join("; "), change.after.join("; "))).collect()
}

fn preview_object(row: &FeedRow) -> Value {
    let change = |of: &FieldChange| json!({ "field": of.field, "before": of.before, "after": of.after, "byControl": of.by_control });
    json!({
        "kind": row.kind.as_str(),
        "username": row.username,
        "record": row.record,
        "line": row.file_line,
        "changes": row.changes.iter().map(change).collect::<Vec<_>>(),
        "why": row.why,
    })
}

fn log_line(of: &LogLine) -> Vec<String> {
    vec![
        of.line.to_string(),
        of.at.to_string(),
        of.severity.as_str().to_owned(),
        of.username.clone().unwrap_or_default(),
        text(of.record),
        text(of.file_line),
        of.text.clone(),
        of.told.clone().unwrap_or_default(),
    ]
}

fn log_object(of: &LogLine) -> Value {
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
}

/// Lines of comma-separated values (RFC 4180).
fn lines(rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        let row = row.into_iter().map(harmless);
        writer.write_record(row.map(String::into_bytes)).expect("memory takes every write, and rows are of one length");
    }
    String::from_utf8_lossy(&writer.into_inner().unwrap_or_default()).into_owned()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_neither_a_formula_nor_the_end_of_its_line() {
        let row = ["a", "b,\"c\"", "=1+1"].map(str::to_owned).to_vec();
        assert_eq!(lines([row]), "a,\"b,\"\"c\"\"\",'=1+1\r\n");
    }
}
