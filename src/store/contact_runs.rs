//! Runs over contacts, and their logs.

use jiff::Timestamp;

use crate::id::ContactRunId;
use crate::nouns::contact_run::{ContactLogLine, ContactRun, ContactRunKind, ContactRunState};
use crate::store::bulk::{Bulk, Column, Update};
use crate::store::contact_text::{counts_text, read_counts};
use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::{Row, Value};

const INSERT: &str = "
    INSERT INTO contact_runs (number, id, kind, state, asked_by, created_at, generation, total, done, counts, task)
    SELECT COALESCE(max(number), 0) + 1, $1, $2, 'queued', $3, $4, $5, 0, 0, '{}', $6 FROM contact_runs
    RETURNING number";
const FIND: &str = "
    SELECT number, id, kind, state, asked_by, created_at, ended_at, heartbeat_at, generation, total, done, counts,
        task, failure
    FROM contact_runs WHERE id = $1";
const LIST: &str = "
    SELECT number, id, kind, state, asked_by, created_at, ended_at, heartbeat_at, generation, total, done, counts,
        task, failure
    FROM contact_runs WHERE number < $1 ORDER BY number DESC LIMIT $2";
const OPEN: &str = "
    SELECT number, id, kind, state, asked_by, created_at, ended_at, heartbeat_at, generation, total, done, counts,
        task, failure
    FROM contact_runs WHERE state IN ('queued', 'running') ORDER BY number LIMIT 1000";
const UPDATE: &str = "
    UPDATE contact_runs
    SET state = $2, ended_at = $3, heartbeat_at = $4, generation = $5, total = $6, done = $7, counts = $8, failure = $9
    WHERE number = $1";
const LINES: &str = "
    SELECT line, at, kind, contact, account_id, text FROM contact_log
    WHERE run = $1 AND line > $2 AND (CAST($3 AS TEXT) IS NULL OR kind = $3)
    ORDER BY line LIMIT $4";
const LAST_LINE: &str = "SELECT max(line) FROM contact_log WHERE run = $1";

const LOG: Bulk = Bulk {
    table: "contact_log",
    columns: &[
        Column::integer("run"),
        Column::integer("line"),
        Column::integer("at"),
        Column::text("kind"),
        Column::integer("contact"),
        Column::text("account_id"),
        Column::text("text"),
    ],
    key: &["run", "line"],
    update: Update::Nothing,
};

/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&LOG];

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("contact_runs.INSERT", INSERT),
    ("contact_runs.FIND", FIND),
    ("contact_runs.LIST", LIST),
    ("contact_runs.OPEN", OPEN),
    ("contact_runs.UPDATE", UPDATE),
    ("contact_runs.LINES", LINES),
    ("contact_runs.LAST_LINE", LAST_LINE),
];

/// A run to be made.
#[derive(Clone, Debug)]
pub struct NewRun<'a> {
    /// Our id of it.
    pub id: &'a ContactRunId,
    /// What it does.
    pub kind: ContactRunKind,
    /// Who asks.
    pub asked_by: &'a str,
    /// When.
    pub at: Timestamp,
    /// The generation that it follows.
    pub generation: Option<u64>,
    /// What it is asked to do.
    pub task: &'a str,
}

/// A line that is about to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// What it tells of.
    pub kind: &'static str,
    /// The number of the contact.
    pub contact: Option<u32>,
    /// The account.
    pub account: Option<String>,
    /// The line.
    pub text: String,
}

/// Queues a run; its number.
pub fn insert(tx: &mut Tx, run: &NewRun<'_>) -> Result<i64, StoreError> {
    let arguments = [
        run.id.as_str().into(),
        run.kind.as_str().into(),
        run.asked_by.into(),
        run.at.as_microsecond().into(),
        run.generation.map(|generation| generation as i64).into(),
        run.task.into(),
    ];
    tx.one(INSERT, &arguments, |row| row.integer(0))
}

/// A run by its id.
pub fn find(tx: &mut Tx, id: &ContactRunId) -> Result<Option<ContactRun>, StoreError> {
    tx.optional(FIND, &[id.as_str().into()], run)
}

/// Runs before a number, the newest first; at most 1,000.
pub fn list(tx: &mut Tx, before: i64, limit: u32) -> Result<Vec<ContactRun>, StoreError> {
    tx.list(LIST, &[before.into(), limit.min(1_000).into()], run)
}

/// Runs that are not over, the oldest first; at most 1,000.
pub fn open(tx: &mut Tx) -> Result<Vec<ContactRun>, StoreError> {
    tx.list(OPEN, &[], run)
}

/// Writes how a run stands.
pub fn update(tx: &mut Tx, run: &ContactRun) -> Result<(), StoreError> {
    let arguments = [
        run.number.into(),
        run.state.as_str().into(),
        run.ended_at.map(Timestamp::as_microsecond).into(),
        run.heartbeat_at.map(Timestamp::as_microsecond).into(),
        run.generation.map(|generation| generation as i64).into(),
        (run.total as i64).into(),
        (run.done as i64).into(),
        counts_text(&run.counts).into(),
        run.failure.as_deref().into(),
    ];
    tx.execute(UPDATE, &arguments).map(drop)
}

/// Appends lines to the log of a run.
pub fn append(tx: &mut Tx, run: i64, lines: &[NewLine], at: Timestamp) -> Result<(), StoreError> {
    if lines.is_empty() {
        return Ok(());
    }
    let last = tx.one(LAST_LINE, &[run.into()], |row| row.optional_integer(0))?.unwrap_or(0);
    let rows = lines.iter().zip(last + 1..).map(|(of, line)| -> [Value<'_>; 7] {
        [
            run.into(),
            line.into(),
            at.as_microsecond().into(),
            of.kind.into(),
            of.contact.into(),
            of.account.as_deref().into(),
            (&of.text).into(),
        ]
    });
    tx.bulk(&LOG, rows).map(drop)
}

/// Lines of a run's log after one, of a kind or of all; at most 1,000.
pub fn lines(
    tx: &mut Tx,
    run: i64,
    (after, kind): (u64, Option<&str>),
    limit: u32,
) -> Result<Vec<ContactLogLine>, StoreError> {
    let arguments = [run.into(), (after as i64).into(), kind.into(), limit.min(1_000).into()];
    tx.list(LINES, &arguments, |row| {
        Ok(ContactLogLine {
            line: row.integer(0)?.unsigned_abs(),
            at: moment(row, 1)?,
            kind: row.text(2)?.to_owned(),
            contact: row.optional_integer(3)?.map(u32::try_from).transpose().map_err(|_| row.corrupt(3))?,
            account: row.optional_text(4)?.map(str::to_owned),
            text: row.text(5)?.to_owned(),
        })
    })
}

fn run(row: &Row<'_>) -> Result<ContactRun, StoreError> {
    Ok(ContactRun {
        number: row.integer(0)?,
        id: ContactRunId::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?,
        kind: ContactRunKind::parse(row.text(2)?).ok_or_else(|| row.corrupt(2))?,
        state: ContactRunState::parse(row.text(3)?).ok_or_else(|| row.corrupt(3))?,
        asked_by: row.text(4)?.to_owned(),
        created_at: moment(row, 5)?,
        ended_at: optional_moment(row, 6)?,
        heartbeat_at: optional_moment(row, 7)?,
        generation: row.optional_integer(8)?.map(i64::unsigned_abs),
        total: row.integer(9)?.unsigned_abs(),
        done: row.integer(10)?.unsigned_abs(),
        counts: read_counts(row.text(11)?).ok_or_else(|| row.corrupt(11))?,
        task: row.text(12)?.to_owned(),
        failure: row.optional_text(13)?.map(str::to_owned),
    })
}
