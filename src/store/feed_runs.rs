//! Sync runs of feeds and their files.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::id::{FeedBodyId, FeedRunId};
use crate::nouns::feed_run::{Expected, FeedRun, FeedRunState, RunFile, Stage};
use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::feed_text::{counts_text, read_counts, read_reasons, read_tally, reasons_text, tally_text};
use crate::store::head;
use crate::store::tx::Tx;
use crate::store::value::Row;

const INSERT: &str = "
    INSERT INTO feed_runs (number, id, feed, state, stage, control, started, forced, created_at, created_by, counts,
        reasons, errors, lines, copy_of, superseded)
    SELECT COALESCE(max(number), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0, $12, $13 FROM feed_runs
    RETURNING number";
const FIND: &str = "
    SELECT number, id, feed, state, stage, control, started, forced, created_at, created_by, ended_at, heartbeat_at,
        feed_version, counts, reasons, errors, lines, failure, copy_of, superseded, decided_by, decided_at, decision,
        comment
    FROM feed_runs WHERE id = $1";
const BY_NUMBER: &str = "
    SELECT number, id, feed, state, stage, control, started, forced, created_at, created_by, ended_at, heartbeat_at,
        feed_version, counts, reasons, errors, lines, failure, copy_of, superseded, decided_by, decided_at, decision,
        comment
    FROM feed_runs WHERE number = $1";
const OF_FEED: &str = "
    SELECT number, id, feed, state, stage, control, started, forced, created_at, created_by, ended_at, heartbeat_at,
        feed_version, counts, reasons, errors, lines, failure, copy_of, superseded, decided_by, decided_at, decision,
        comment
    FROM feed_runs WHERE feed = $1 AND number < $2 ORDER BY number DESC LIMIT $3";
const NEWEST: &str = "
    SELECT number, id, feed, state, stage, control, started, forced, created_at, created_by, ended_at, heartbeat_at,
        feed_version, counts, reasons, errors, lines, failure, copy_of, superseded, decided_by, decided_at, decision,
        comment
    FROM feed_runs WHERE number < $1 ORDER BY number DESC LIMIT $2";
const OPEN: &str = "
    SELECT number, id, feed, state, stage, control, started, forced, created_at, created_by, ended_at, heartbeat_at,
        feed_version, counts, reasons, errors, lines, failure, copy_of, superseded, decided_by, decided_at, decision,
        comment
    FROM feed_runs WHERE state IN ('uploading', 'ready', 'held', 'running') ORDER BY number LIMIT 1000";
const ENDED_BEFORE: &str = "
    SELECT number, id, feed, state, stage, control, started, forced, created_at, created_by, ended_at, heartbeat_at,
        feed_version, counts, reasons, errors, lines, failure, copy_of, superseded, decided_by, decided_at, decision,
        comment
    FROM feed_runs WHERE feed = $1 AND ended_at < $2 ORDER BY number LIMIT 1000";
const UPDATE: &str = "
    UPDATE feed_runs SET state = $2, stage = $3, control = $4, started = $5, forced = $6, ended_at = $7,
        heartbeat_at = $8, feed_version = $9, counts = $10, reasons = $11, errors = $12, lines = $13, failure = $14,
        decided_by = $15, decided_at = $16, decision = $17, comment = $18
    WHERE id = $1";
const HEARTBEAT: &str = "UPDATE feed_runs SET heartbeat_at = $2 WHERE id = $1";
const SET_FIELD_COUNTS: &str = "UPDATE feed_runs SET field_counts = $2 WHERE number = $1";
const FIELD_COUNTS: &str = "SELECT field_counts FROM feed_runs WHERE number = $1";
const DELETE: &str = "DELETE FROM feed_runs WHERE number = $1";
const FILES: &str = "
    SELECT name, body, digest, size, file_name, given, uploaded_at, uploaded_by, rows_read, expected_rows, generated_at
    FROM feed_files WHERE run = $1 ORDER BY place LIMIT 1000";
const PUT_FILE: &str = "
    INSERT INTO feed_files (run, name, place, body, digest, size, file_name, given, uploaded_at, uploaded_by,
        expected_rows, generated_at)
    SELECT $1, $2, COALESCE(max(place), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM feed_files WHERE run = $1";
const DROP_FILE: &str = "DELETE FROM feed_files WHERE run = $1 AND name = $2";
const DROP_FILES: &str = "DELETE FROM feed_files WHERE run = $1";
const SET_RECORDS: &str = "UPDATE feed_files SET rows_read = $3 WHERE run = $1 AND name = $2";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("feed_runs.INSERT", INSERT),
    ("feed_runs.FIND", FIND),
    ("feed_runs.BY_NUMBER", BY_NUMBER),
    ("feed_runs.OF_FEED", OF_FEED),
    ("feed_runs.NEWEST", NEWEST),
    ("feed_runs.OPEN", OPEN),
    ("feed_runs.ENDED_BEFORE", ENDED_BEFORE),
    ("feed_runs.UPDATE", UPDATE),
    ("feed_runs.HEARTBEAT", HEARTBEAT),
    ("feed_runs.SET_FIELD_COUNTS", SET_FIELD_COUNTS),
    ("feed_runs.FIELD_COUNTS", FIELD_COUNTS),
    ("feed_runs.DELETE", DELETE),
    ("feed_runs.FILES", FILES),
    ("feed_runs.PUT_FILE", PUT_FILE),
    ("feed_runs.DROP_FILE", DROP_FILE),
    ("feed_runs.DROP_FILES", DROP_FILES),
    ("feed_runs.SET_RECORDS", SET_RECORDS),
];

/// Adds a run; its number.
pub fn insert(tx: &mut Tx, run: &FeedRun) -> Result<i64, StoreError> {
    let arguments = [
        run.id.as_str().into(),
        run.feed.into(),
        run.state.as_str().into(),
        run.stage.as_str().into(),
        run.control.map(|version| version as i64).into(),
        run.started.into(),
        run.forced.into(),
        run.created_at.as_microsecond().into(),
        (&run.created_by).into(),
        counts_text(&run.counts).into(),
        reasons_text(&run.reasons).into(),
        run.copy_of.as_ref().map(FeedRunId::as_str).into(),
        run.superseded.as_ref().map(FeedRunId::as_str).into(),
    ];
    tx.one(INSERT, &arguments, |row| row.integer(0))
}

/// A run.
pub fn find(tx: &mut Tx, id: &FeedRunId) -> Result<Option<FeedRun>, StoreError> {
    tx.optional(FIND, &[id.as_str().into()], run)
}

/// A run by its number.
pub fn by_number(tx: &mut Tx, number: i64) -> Result<Option<FeedRun>, StoreError> {
    tx.optional(BY_NUMBER, &[number.into()], run)
}

/// The runs of a feed before a number, the newest first.
pub fn of_feed(tx: &mut Tx, feed: i64, before: i64, limit: u32) -> Result<Vec<FeedRun>, StoreError> {
    tx.list(OF_FEED, &[feed.into(), before.into(), limit.into()], run)
}

/// The runs of all feeds before a number, the newest first.
pub fn newest(tx: &mut Tx, before: i64, limit: u32) -> Result<Vec<FeedRun>, StoreError> {
    tx.list(NEWEST, &[before.into(), limit.into()], run)
}

/// The newest run of a feed.
pub fn newest_of(tx: &mut Tx, feed: i64) -> Result<Option<FeedRun>, StoreError> {
    Ok(of_feed(tx, feed, i64::MAX, 1)?.pop())
}

/// Runs that are not over, the oldest first; at most 1,000.
pub fn open(tx: &mut Tx) -> Result<Vec<FeedRun>, StoreError> {
    tx.list(OPEN, &[], run)
}

/// Runs of a feed that ended before a moment, the oldest first; at most 1,000.
pub fn ended_before(tx: &mut Tx, feed: i64, moment: Timestamp) -> Result<Vec<FeedRun>, StoreError> {
    tx.list(ENDED_BEFORE, &[feed.into(), moment.as_microsecond().into()], run)
}

/// Writes how a run stands.
pub fn update(tx: &mut Tx, run: &FeedRun) -> Result<(), StoreError> {
    let (by, at) = match &run.decided {
        Some((by, at)) => (Some(by.as_str()), Some(at.as_microsecond())),
        None => (None, None),
    };
    let arguments = [
        run.id.as_str().into(),
        run.state.as_str().into(),
        run.stage.as_str().into(),
        run.control.map(|version| version as i64).into(),
        run.started.into(),
        run.forced.into(),
        run.ended_at.map(Timestamp::as_microsecond).into(),
        run.heartbeat_at.map(Timestamp::as_microsecond).into(),
        run.feed_version.map(|version| version as i64).into(),
        counts_text(&run.counts).into(),
        reasons_text(&run.reasons).into(),
        (run.errors as i64).into(),
        (run.lines as i64).into(),
        run.failure.as_deref().into(),
        by.into(),
        at.into(),
        run.decision.as_deref().into(),
        run.comment.as_deref().into(),
    ];
    tx.execute(UPDATE, &arguments)?;
    // Pages that show it follow.
    head::touch(tx)
}

/// Notes a sign of life.
pub fn heartbeat(tx: &mut Tx, id: &FeedRunId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(HEARTBEAT, &[id.as_str().into(), now.as_microsecond().into()])?;
    head::touch(tx)
}

/// Keeps how many people of the feed will have a value once a run is applied, by field.
pub fn set_field_counts(tx: &mut Tx, number: i64, counts: &BTreeMap<String, u64>) -> Result<(), StoreError> {
    tx.execute(SET_FIELD_COUNTS, &[number.into(), tally_text(counts).into()]).map(drop)
}

/// How many people of the feed will have a value once a run is applied, by field.
pub fn field_counts(tx: &mut Tx, number: i64) -> Result<BTreeMap<String, u64>, StoreError> {
    tx.one(FIELD_COUNTS, &[number.into()], |row| match row.optional_text(0)? {
        Some(text) => read_tally(text).ok_or_else(|| row.corrupt(0)),
        None => Ok(BTreeMap::new()),
    })
}

/// Removes a run with its list of files.
pub fn delete(tx: &mut Tx, number: i64) -> Result<(), StoreError> {
    tx.execute(DROP_FILES, &[number.into()])?;
    tx.execute(DELETE, &[number.into()]).map(drop)
}

/// The files of a run in the order in which they came; at most 1,000.
pub fn files(tx: &mut Tx, run: i64) -> Result<Vec<RunFile>, StoreError> {
    tx.list(FILES, &[run.into()], |row| {
        Ok(RunFile {
            name: row.text(0)?.to_owned(),
            body: FeedBodyId::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?,
            digest: row.text(2)?.to_owned(),
            size: row.integer(3)?.unsigned_abs(),
            file_name: row.text(4)?.to_owned(),
            given: row.flag(5)?,
            uploaded_at: moment(row, 6)?,
            uploaded_by: row.text(7)?.to_owned(),
            records: row.optional_integer(8)?.map(i64::unsigned_abs),
            expected: Expected {
                rows: row.optional_integer(9)?.map(i64::unsigned_abs),
                generated_at: optional_moment(row, 10)?,
            },
        })
    })
}

/// Adds a file to a run, in the place of one of the same name.
pub fn put_file(tx: &mut Tx, run: i64, file: &RunFile) -> Result<(), StoreError> {
    tx.execute(DROP_FILE, &[run.into(), (&file.name).into()])?;
    let arguments = [
        run.into(),
        (&file.name).into(),
        file.body.as_str().into(),
        (&file.digest).into(),
        (file.size as i64).into(),
        (&file.file_name).into(),
        file.given.into(),
        file.uploaded_at.as_microsecond().into(),
        (&file.uploaded_by).into(),
        file.expected.rows.map(|rows| rows as i64).into(),
        file.expected.generated_at.map(Timestamp::as_microsecond).into(),
    ];
    tx.execute(PUT_FILE, &arguments).map(drop)
}

/// Notes how many records a file has.
pub fn set_records(tx: &mut Tx, run: i64, (name, records): (&str, u64)) -> Result<(), StoreError> {
    tx.execute(SET_RECORDS, &[run.into(), name.into(), (records as i64).into()]).map(drop)
}

fn run(row: &Row<'_>) -> Result<FeedRun, StoreError> {
    let run_id = |column: usize| {
        row.optional_text(column)?.map(|id| FeedRunId::parse(id).ok_or_else(|| row.corrupt(column))).transpose()
    };
    let text = |column: usize| Ok::<_, StoreError>(row.optional_text(column)?.map(str::to_owned));
    Ok(FeedRun {
        number: row.integer(0)?,
        id: FeedRunId::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?,
        feed: row.integer(2)?,
        state: FeedRunState::parse(row.text(3)?).ok_or_else(|| row.corrupt(3))?,
        stage: Stage::parse(row.text(4)?).ok_or_else(|| row.corrupt(4))?,
        control: row.optional_integer(5)?.map(i64::unsigned_abs),
        started: row.flag(6)?,
        forced: row.flag(7)?,
        created_at: moment(row, 8)?,
        created_by: row.text(9)?.to_owned(),
        ended_at: optional_moment(row, 10)?,
        heartbeat_at: optional_moment(row, 11)?,
        feed_version: row.optional_integer(12)?.map(i64::unsigned_abs),
        counts: read_counts(row.text(13)?).ok_or_else(|| row.corrupt(13))?,
        reasons: read_reasons(row.text(14)?).ok_or_else(|| row.corrupt(14))?,
        errors: row.integer(15)?.unsigned_abs(),
        lines: row.integer(16)?.unsigned_abs(),
        failure: text(17)?,
        copy_of: run_id(18)?,
        superseded: run_id(19)?,
        decided: text(20)?.zip(optional_moment(row, 21)?),
        decision: text(22)?,
        comment: text(23)?,
    })
}
