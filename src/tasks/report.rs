//! What came of a run, for pages, commands, the API and files: its figures, its operations, whom it warned, and its log,
//! which is its part of the audit.

use directory::Snapshot;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::id::TaskRunId;
use crate::mirror::Mirror;
use crate::mirror::export::{Form, harmless};
use crate::nouns::event_kind;
use crate::nouns::notice::ItemCounts;
use crate::nouns::operation::Operation;
use crate::nouns::task::{Definition, TaskRun};
use crate::nouns::warning::{Warned, WarningState};
use crate::operations::report;
use crate::operations::text::{cells, text};
use crate::store::error::StoreError;
use crate::store::events::{self, Wanted};
use crate::store::operation_rows::Filter;
use crate::store::{operations, task_runs, task_warnings, tasks};
use crate::tasks::told;

/// Events of one subject that a log takes in.
const EVENTS: u32 = 200;
/// Warnings that are read at once.
const PAGE: u32 = 1_000;

/// A run with what came of it.
#[derive(Clone, Debug)]
pub struct Report {
    /// The run.
    pub run: TaskRun,
    /// What the version of the task says that it used.
    pub definition: Definition,
    /// Its operations, in the order of the stages.
    pub operations: Vec<Operation>,
    /// Its warnings, by what became of them.
    pub warnings: Vec<(WarningState, u64)>,
    /// Its items, by how they ended.
    pub counts: ItemCounts,
    /// What happened, the oldest first.
    pub log: Vec<Entry>,
}

/// A line of a run's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// The kind of the event.
    pub kind: String,
    /// Who did it.
    pub by: String,
    /// What was done, as a sentence without its subject.
    pub what: &'static str,
    /// The id of what it is about.
    pub subject: String,
    /// What else is known of it, as JSON.
    pub detail: String,
}

impl Report {
    /// How many people its warnings have in a state.
    pub fn warned(&self, state: WarningState) -> u64 {
        self.warnings.iter().find(|(of, _)| *of == state).map_or(0, |(_, people)| *people)
    }
}

/// A run with what came of it; `None` when there is no such run.
pub async fn report(mirror: &Mirror, id: &TaskRunId) -> Result<Option<Report>, StoreError> {
    let id = id.clone();
    let read = mirror.store().read(move |tx| {
        let Some(run) = task_runs::find(tx, &id)? else { return Ok(None) };
        let Some((definition, _)) = tasks::version(tx, &run.task, run.version)? else { return Ok(None) };
        let mut found = Vec::new();
        for operation in &run.operations {
            found.extend(operations::find(tx, operation)?.map(|(operation, _)| operation));
        }
        let mut subjects = vec![run.id.to_string()];
        subjects.extend(run.sync.as_ref().map(ToString::to_string));
        subjects.extend(run.operations.iter().map(ToString::to_string));
        let mut log = Vec::new();
        for subject in subjects {
            let wanted = Wanted { subject: Some(subject), ..Wanted::default() };
            for recorded in events::matching(tx, &wanted, EVENTS)? {
                let by = recorded.name().map_or_else(|| recorded.event.actor.clone(), str::to_owned);
                let event = recorded.event;
                let what = event_kind::find(&event.kind).map_or("did something", |kind| kind.sentence);
                log.push((
                    event.seq,
                    Entry { at: event.at, kind: event.kind, by, what, subject: event.subject, detail: event.detail },
                ));
            }
        }
        log.sort_by_key(|(seq, _)| *seq);
        let log = log.into_iter().map(|(_, entry)| entry).collect();
        let (warnings, counts) = (task_warnings::counts(tx, &run.id)?, told::counts(tx, &run)?);
        Ok(Some(Report { run, definition, operations: found, warnings, counts, log }))
    });
    read.await
}

/// Warnings of a run after a person, with who they are.
pub async fn warnings(
    mirror: &Mirror,
    id: &TaskRunId,
    after: Option<u32>,
    limit: u32,
) -> Result<Vec<Warned>, StoreError> {
    let id = id.clone();
    mirror.store().read(move |tx| task_warnings::of_run(tx, &id, (after, limit))).await
}

/// The run without its rows.
pub fn head(report: &Report) -> Value {
    let (run, counts) = (&report.run, &report.counts);
    json!({
        "id": run.id.as_str(),
        "taskId": run.task.as_str(),
        "name": report.definition.name.as_str(),
        "number": run.number,
        "version": run.version,
        "cause": run.cause.as_str(),
        "day": run.due.map(|(day, _)| day.to_string()),
        "state": run.state.as_str(),
        "reason": run.reason,
        "askedBy": run.asked_by,
        "askedAt": run.asked_at.to_string(),
        "endedAt": run.ended_at.map(|at| at.to_string()),
        "found": run.first.len(),
        "foundAgain": run.confirmed,
        "syncRunId": run.sync.as_ref().map(ToString::to_string),
        "operationIds": run.operations.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "counts": {
            "total": counts.total,
            "succeeded": counts.succeeded,
            "failed": counts.failed,
            "skipped": counts.skipped,
        },
    })
}

/// The results as JSON, given to `write` in pieces: the run, its operations with their rows, and its warnings.
///
/// # Errors
/// The database failed, or `write` did.
pub async fn json<E: From<StoreError>>(
    mirror: &Mirror,
    of: &Report,
    mut write: impl FnMut(&str) -> Result<(), E>,
) -> Result<(), E> {
    let (head, snapshot) = (head(of).to_string(), mirror.current());
    write(head.strip_suffix('}').unwrap_or(&head))?;
    write(",\"operations\":[")?;
    for (place, operation) in of.operations.iter().enumerate() {
        write(if place == 0 { "\n" } else { ",\n" })?;
        let mut pieces = text(mirror, operation, (Filter::default(), Form::Json));
        while let Some(piece) = pieces.next().await? {
            write(&piece)?;
        }
    }
    write("],\"warnings\":[")?;
    let mut first = true;
    each_warned(mirror, of, |warned| {
        let (account, name, email) = who(warned, &snapshot);
        let line = json!({ "accountId": account, "name": name, "email": email, "stage": warned.stage + 1,
            "at": warned.at.to_string(), "endsAt": warned.ends_at.to_string(), "status": warned.state.as_str() });
        let before = if first { "\n" } else { ",\n" };
        first = false;
        write(&format!("{before}{line}"))
    })
    .await?;
    write("\n]}\n")
}

/// The rows of its operations and its warnings as comma-separated values with headings.
///
/// # Errors
/// The database failed, or `write` did.
pub async fn csv<E: From<StoreError>>(
    mirror: &Mirror,
    of: &Report,
    mut write: impl FnMut(&str) -> Result<(), E>,
) -> Result<(), E> {
    let snapshot = mirror.current();
    write(&format!("operation,{}", line(&report::COLUMNS.map(str::to_owned))))?;
    for operation in &of.operations {
        let mut after = 0;
        loop {
            let rows = report::rows(mirror, operation, Filter::default(), (after, PAGE)).await?;
            let Some(last) = rows.last() else { break };
            after = last.row.seq;
            for row in &rows {
                let record = cells(operation, row).map(harmless);
                write(&format!("{},{}", operation.number, line(&record)))?;
            }
        }
    }
    each_warned(mirror, of, |warned| {
        let (account, name, email) = who(warned, &snapshot);
        let mut cells = [const { String::new() }; report::COLUMNS.len()];
        let filled = [(1, account), (2, name), (3, email), (4, "warnByMail".to_owned()), (5, "warnByMail".to_owned())];
        for (place, value) in
            filled.into_iter().chain([(10, warned.state.as_str().to_owned()), (13, warned.at.to_string())])
        {
            if let Some(cell) = cells.get_mut(place) {
                *cell = harmless(value);
            }
        }
        write(&format!(",{}", line(&cells)))
    })
    .await
}

/// The log as JSON.
pub fn log_json(report: &Report) -> String {
    let entries = report.log.iter().map(|entry| {
        json!({ "at": entry.at.to_string(), "kind": entry.kind, "by": entry.by, "what": entry.what,
            "subject": entry.subject, "detail": serde_json::from_str::<Value>(&entry.detail).unwrap_or_default() })
    });
    let lines: Vec<String> = entries.map(|entry| entry.to_string()).collect();
    format!("{{\"runId\":\"{}\",\"log\":[\n{}\n]}}\n", report.run.id, lines.join(",\n"))
}

/// The log as comma-separated values with headings.
pub fn log_csv(report: &Report) -> String {
    let mut text = line(&["at", "kind", "by", "what", "subject", "detail"].map(str::to_owned));
    for entry in &report.log {
        let cells = [
            entry.at.to_string(),
            entry.kind.clone(),
            entry.by.clone(),
            entry.what.to_owned(),
            entry.subject.clone(),
            entry.detail.clone(),
        ];
        text.push_str(&line(&cells.map(harmless)));
    }
    text
}

async fn each_warned<E: From<StoreError>>(
    mirror: &Mirror,
    of: &Report,
    mut take: impl FnMut(&Warned) -> Result<(), E>,
) -> Result<(), E> {
    let mut after = None;
    loop {
        let page = warnings(mirror, &of.run.id, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.account);
        page.iter().try_for_each(&mut take)?;
    }
}

fn who(warned: &Warned, snapshot: &Snapshot) -> (String, String, String) {
    snapshot.account_row(warned.account).map_or_else(Default::default, |row| {
        (row.id.to_owned(), row.name.to_owned(), row.email.map(str::to_owned).unwrap_or_default())
    })
}

fn line(cells: &[String]) -> String {
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(cells).expect("memory takes every write, and this is the writer's first record");
    String::from_utf8_lossy(&writer.into_inner().unwrap_or_default()).into_owned()
}
