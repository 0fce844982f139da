//! Sync runs: who asked for what, how far they are, how they ended, and what they have to say.

use std::time::Duration;

use directory::{Amounts, Counts};
use jiff::Timestamp;

use crate::id::RunId;
use crate::nouns::run::{NewRun, NoteKind, Phase, Progress, Run, RunKind, RunNote, RunState, Totals, Waiting};
use crate::nouns::scope::Scope;
use crate::store::bulk::{Bulk, Column, Update};
use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::scopes;
use crate::store::tx::Tx;
use crate::store::value::{Row, Value};

/// Which runs a list shows: all of them, or those of one kind, in one state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this kind.
    pub kind: Option<RunKind>,
    /// In this state.
    pub state: Option<RunState>,
}

/// How long a sealed run took, for expecting the next one.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// What it read.
    pub scope: Scope,
    /// From its first request to its seal.
    pub length: Duration,
}

/// What a sealed run changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// When it was sealed.
    pub at: Timestamp,
    /// What changed.
    pub counts: Counts,
    /// Which run.
    pub run: RunId,
    /// Its number.
    pub number: u64,
}

/// How a run ended that sealed a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The generation.
    pub generation: u64,
    /// What changed.
    pub counts: Counts,
    /// How much there was before and after.
    pub totals: Totals,
    /// Rows that a guard kept as they were.
    pub withheld_rows: u64,
}

const INSERT: &str = "
    INSERT INTO runs (id, number, kind, scope, holds_place, state, asked_by, asked_at, phase, people_seen,
        people_left_out, groups_seen, requests, waited_microseconds, withheld_rows)
    SELECT $1, COALESCE(max(number), 0) + 1, $2, $3, $4, 'queued', $5, $6, 'queued', 0, 0, 0, 0, 0, 0 FROM runs";
const COLUMNS_BY_ID: &str = "
    SELECT id, number, kind, state, asked_by, asked_at, started_at, ended_at, generation, phase, people_seen,
        people_expected, groups_seen, groups_expected, requests, requests_floor, waited_microseconds, waiting_until,
        waiting_for, failure, counts, scope, people_left_out, totals, withheld_rows,
        waiting_since
    FROM runs WHERE id = $1";
const MATCHING: &str = "
    SELECT id, number, kind, state, asked_by, asked_at, started_at, ended_at, generation, phase, people_seen,
        people_expected, groups_seen, groups_expected, requests, requests_floor, waited_microseconds, waiting_until,
        waiting_for, failure, counts, scope, people_left_out, totals, withheld_rows,
        waiting_since
    FROM runs
    WHERE number < $1 AND (CAST($3 AS TEXT) IS NULL OR kind = $3) AND (CAST($4 AS TEXT) IS NULL OR state = $4)
    ORDER BY number DESC LIMIT $2";
const LAST_SEALED: &str = "
    SELECT scope, started_at, ended_at
    FROM runs
    WHERE state = 'sealed' AND started_at IS NOT NULL AND ended_at IS NOT NULL
        AND (CAST($1 AS TEXT) IS NULL OR kind = $1)
    ORDER BY number DESC LIMIT $2";
const CHANGES_SINCE: &str = "
    SELECT ended_at, counts, id, number FROM runs
    WHERE state = 'sealed' AND kind <> 'initial' AND ended_at >= $1 AND counts IS NOT NULL
    ORDER BY number DESC LIMIT 10000";
const NEWEST: &str = "
    SELECT id, number, kind, state, asked_by, asked_at, started_at, ended_at, generation, phase, people_seen,
        people_expected, groups_seen, groups_expected, requests, requests_floor, waited_microseconds, waiting_until,
        waiting_for, failure, counts, scope, people_left_out, totals, withheld_rows,
        waiting_since
    FROM runs WHERE number < $1 ORDER BY number DESC LIMIT $2";
const OPEN: &str = "
    SELECT id, number, kind, state, asked_by, asked_at, started_at, ended_at, generation, phase, people_seen,
        people_expected, groups_seen, groups_expected, requests, requests_floor, waited_microseconds, waiting_until,
        waiting_for, failure, counts, scope, people_left_out, totals, withheld_rows,
        waiting_since
    FROM runs WHERE state IN ('queued', 'running', 'waiting') AND holds_place = 1 ORDER BY number LIMIT 1";
const LAST_ENDED: &str = "
    SELECT id, number, kind, state, asked_by, asked_at, started_at, ended_at, generation, phase, people_seen,
        people_expected, groups_seen, groups_expected, requests, requests_floor, waited_microseconds, waiting_until,
        waiting_for, failure, counts, scope, people_left_out, totals, withheld_rows,
        waiting_since
    FROM runs WHERE state IN ('sealed', 'failed') AND holds_place = 1 ORDER BY number DESC LIMIT 1";
const LAST_DAILY: &str = "SELECT max(asked_at) FROM runs WHERE kind = 'daily'";
const GO_ON: &str = "UPDATE runs SET state = 'running', waiting_until = NULL, waiting_for = NULL WHERE id = $1";
const PROGRESS: &str = "
    UPDATE runs SET phase = $2, people_seen = $3, people_expected = $4, groups_seen = $5, groups_expected = $6,
        requests = $7, requests_floor = $8, waited_microseconds = $9, waiting_until = $10, waiting_for = $11,
        people_left_out = $12,
        waiting_since = CASE WHEN people_seen = $3 AND groups_seen = $5 THEN waiting_since ELSE NULL END
    WHERE id = $1";
const WAIT: &str = "
    UPDATE runs SET state = 'waiting', waiting_until = $2, waiting_for = $3,
        waiting_since = COALESCE(waiting_since, CAST($4 AS BIGINT))
    WHERE id = $1";
const SEAL: &str = "
    UPDATE runs SET state = 'sealed', phase = 'ended', ended_at = $2, generation = $3, counts = $4, totals = $5,
        withheld_rows = $6, waiting_until = NULL, waiting_for = NULL, waiting_since = NULL
    WHERE id = $1";
const FAIL: &str = "
    UPDATE runs SET state = $2, phase = 'ended', ended_at = $3, failure = $4, waiting_until = NULL, waiting_for = NULL,
        waiting_since = NULL
    WHERE id = $1";
const NOTES: &str = "
    SELECT at, kind, subject, detail FROM run_notes WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
const LAST_NOTE: &str = "SELECT COALESCE(max(seq), 0) FROM run_notes WHERE run_id = $1";

const NOTE: Bulk = Bulk {
    table: "run_notes",
    columns: &[
        Column::text("run_id"),
        Column::integer("seq"),
        Column::integer("at"),
        Column::text("kind"),
        Column::text("subject"),
        Column::text("detail"),
    ],
    key: &["run_id", "seq"],
    update: Update::Nothing,
};

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("runs.INSERT", INSERT),
    ("runs.COLUMNS_BY_ID", COLUMNS_BY_ID),
    ("runs.MATCHING", MATCHING),
    ("runs.LAST_SEALED", LAST_SEALED),
    ("runs.CHANGES_SINCE", CHANGES_SINCE),
    ("runs.NEWEST", NEWEST),
    ("runs.OPEN", OPEN),
    ("runs.LAST_ENDED", LAST_ENDED),
    ("runs.LAST_DAILY", LAST_DAILY),
    ("runs.GO_ON", GO_ON),
    ("runs.PROGRESS", PROGRESS),
    ("runs.WAIT", WAIT),
    ("runs.SEAL", SEAL),
    ("runs.FAIL", FAIL),
    ("runs.NOTES", NOTES),
    ("runs.LAST_NOTE", LAST_NOTE),
];
/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&NOTE];

/// Records that somebody asked for a run.
pub fn insert(tx: &mut Tx, new: &NewRun) -> Result<(), StoreError> {
    let arguments = [
        new.id.as_str().into(),
        new.kind.as_str().into(),
        scopes::text(&new.scope).into(),
        i64::from(new.scope.holds_place()).into(),
        (&new.asked_by).into(),
        new.asked_at.as_microsecond().into(),
    ];
    tx.execute(INSERT, &arguments).map(drop)
}

/// A run by id.
pub fn find(tx: &mut Tx, id: &RunId) -> Result<Option<Run>, StoreError> {
    tx.optional(COLUMNS_BY_ID, &[id.as_str().into()], run)
}

/// The run that holds the organization's one place, if any.
pub fn open(tx: &mut Tx) -> Result<Option<Run>, StoreError> {
    tx.optional(OPEN, &[], run)
}

/// The newest runs, newest first, before a number; at most 1,000.
pub fn list(tx: &mut Tx, before: Option<u64>, limit: u32) -> Result<Vec<Run>, StoreError> {
    let before = before.map_or(i64::MAX, |number| number as i64);
    tx.list(NEWEST, &[before.into(), limit.min(1000).into()], run)
}

/// The newest run that held the place and was not cancelled, once one has ended.
pub fn last_ended_of_place(tx: &mut Tx) -> Result<Option<Run>, StoreError> {
    tx.optional(LAST_ENDED, &[], run)
}

/// The newest runs that a filter lets through, newest first, before a number; at most 1,000.
pub fn matching(tx: &mut Tx, filter: Filter, before: Option<u64>, limit: u32) -> Result<Vec<Run>, StoreError> {
    let before = before.map_or(i64::MAX, |number| number as i64);
    let (kind, state) = (filter.kind.map(RunKind::as_str), filter.state.map(RunState::as_str));
    tx.list(MATCHING, &[before.into(), limit.min(1000).into(), kind.into(), state.into()], run)
}

/// How long the newest sealed runs took, newest first, of one kind or of all; at most 1,000.
pub fn last_sealed(tx: &mut Tx, kind: Option<RunKind>, limit: u32) -> Result<Vec<Ended>, StoreError> {
    tx.list(LAST_SEALED, &[kind.map(RunKind::as_str).into(), limit.min(1000).into()], |row| {
        let length = moment(row, 2)?.duration_since(moment(row, 1)?);
        Ok(Ended {
            scope: scopes::read(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
            length: Duration::try_from(length).unwrap_or_default(),
        })
    })
}

/// What each run changed that was sealed at a moment or later, newest first, but for the first sync, which found
/// everything; at most 10,000.
pub fn changes_since(tx: &mut Tx, since: Timestamp) -> Result<Vec<Changed>, StoreError> {
    tx.list(CHANGES_SINCE, &[since.as_microsecond().into()], |row| {
        Ok(Changed {
            at: moment(row, 0)?,
            counts: counts(row.text(1)?).ok_or_else(|| row.corrupt(1))?,
            run: RunId::parse(row.text(2)?).ok_or_else(|| row.corrupt(2))?,
            number: row.integer(3)?.unsigned_abs(),
        })
    })
}

/// When the newest daily run was asked for.
pub fn last_daily(tx: &mut Tx) -> Result<Option<Timestamp>, StoreError> {
    tx.one(LAST_DAILY, &[], |row| optional_moment(row, 0))
}

/// Records that a run that was interrupted or waited goes on.
pub fn go_on(tx: &mut Tx, id: &RunId) -> Result<(), StoreError> {
    tx.execute(GO_ON, &[id.as_str().into()]).map(drop)
}

/// Records how far a run is, and what it waits for at this moment.
pub fn set_progress(tx: &mut Tx, id: &RunId, progress: &Progress, waiting: Option<&Waiting>) -> Result<(), StoreError> {
    let number = |number: u64| Value::from(number as i64);
    let arguments = [
        id.as_str().into(),
        progress.phase.as_str().into(),
        number(progress.people_seen),
        progress.people_expected.map(number).unwrap_or(Value::Null),
        number(progress.groups_seen),
        progress.groups_expected.map(number).unwrap_or(Value::Null),
        number(progress.requests),
        progress.requests_floor.map(number).unwrap_or(Value::Null),
        (progress.waited.as_micros() as i64).into(),
        waiting.map(|waiting| waiting.until.as_microsecond()).into(),
        waiting.map(|waiting| waiting.reason.as_str()).into(),
        number(progress.people_left_out),
    ];
    tx.execute(PROGRESS, &arguments).map(drop)
}

/// Records that a run waits for upstream from now on; since when, where it waited before and has read nothing since.
pub fn wait(tx: &mut Tx, id: &RunId, waiting: &Waiting, now: Timestamp) -> Result<(), StoreError> {
    let arguments = [
        id.as_str().into(),
        waiting.until.as_microsecond().into(),
        waiting.reason.as_str().into(),
        now.as_microsecond().into(),
    ];
    tx.execute(WAIT, &arguments).map(drop)
}

/// Records that a run has sealed a generation.
pub fn seal(tx: &mut Tx, id: &RunId, now: Timestamp, outcome: &Outcome) -> Result<(), StoreError> {
    let arguments = [
        id.as_str().into(),
        now.as_microsecond().into(),
        (outcome.generation as i64).into(),
        counts_text(&outcome.counts).into(),
        totals_text(&outcome.totals).into(),
        (outcome.withheld_rows as i64).into(),
    ];
    tx.execute(SEAL, &arguments).map(drop)
}

/// Records that a run ended without a generation.
pub fn end(tx: &mut Tx, id: &RunId, state: RunState, now: Timestamp, why: &str) -> Result<(), StoreError> {
    let arguments = [id.as_str().into(), state.as_str().into(), now.as_microsecond().into(), why.into()];
    tx.execute(FAIL, &arguments).map(drop)
}

/// Adds what a run has to say.
pub fn add_notes(tx: &mut Tx, id: &RunId, notes: &[RunNote]) -> Result<(), StoreError> {
    if notes.is_empty() {
        return Ok(());
    }
    let last = tx.one(LAST_NOTE, &[id.as_str().into()], |row| row.integer(0))?;
    tx.bulk(
        &NOTE,
        (last + 1..).zip(notes).map(|(seq, note)| {
            [
                id.as_str().into(),
                seq.into(),
                note.at.as_microsecond().into(),
                note.kind.as_str().into(),
                note.subject.as_str().into(),
                note.detail.as_str().into(),
            ]
        }),
    )
    .map(drop)
}

/// What a run has to say, in order; at most 1,000.
pub fn notes(tx: &mut Tx, id: &RunId, limit: u32) -> Result<Vec<RunNote>, StoreError> {
    tx.list(NOTES, &[id.as_str().into(), 0i64.into(), limit.min(1000).into()], |row| {
        Ok(RunNote {
            at: moment(row, 0)?,
            kind: NoteKind::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?,
            subject: row.text(2)?.to_owned(),
            detail: row.text(3)?.to_owned(),
        })
    })
}

fn run(row: &Row<'_>) -> Result<Run, StoreError> {
    let number = |column| Ok::<_, StoreError>(row.integer(column)?.unsigned_abs());
    let optional = |column| Ok::<_, StoreError>(row.optional_integer(column)?.map(i64::unsigned_abs));
    let waiting = match (optional_moment(row, 17)?, row.optional_text(18)?) {
        (Some(until), Some(reason)) => Some(Waiting { until, reason: reason.to_owned() }),
        _ => None,
    };
    Ok(Run {
        id: RunId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
        number: number(1)?,
        kind: RunKind::parse(row.text(2)?).ok_or_else(|| row.corrupt(2))?,
        scope: scopes::read(row.text(21)?).ok_or_else(|| row.corrupt(21))?,
        state: RunState::parse(row.text(3)?).ok_or_else(|| row.corrupt(3))?,
        asked_by: row.text(4)?.to_owned(),
        asked_at: moment(row, 5)?,
        started_at: optional_moment(row, 6)?,
        ended_at: optional_moment(row, 7)?,
        generation: optional(8)?,
        progress: Progress {
            phase: Phase::parse(row.text(9)?).ok_or_else(|| row.corrupt(9))?,
            people_seen: number(10)?,
            people_expected: optional(11)?,
            people_left_out: number(22)?,
            groups_seen: number(12)?,
            groups_expected: optional(13)?,
            requests: number(14)?,
            requests_floor: optional(15)?,
            waited: Duration::from_micros(number(16)?),
        },
        waiting,
        failure: row.optional_text(19)?.map(str::to_owned),
        counts: match row.optional_text(20)? {
            Some(text) => Some(counts(text).ok_or_else(|| row.corrupt(20))?),
            None => None,
        },
        totals: match row.optional_text(23)? {
            Some(text) => Some(totals(text).ok_or_else(|| row.corrupt(23))?),
            None => None,
        },
        withheld_rows: number(24)?,
        waiting_since: optional_moment(row, 25)?,
    })
}

/// What changed, as one JSON object: the form in which runs, generations and events keep it.
pub fn counts_text(counts: &Counts) -> String {
    let mut counts = *counts;
    let fields: serde_json::Map<String, serde_json::Value> =
        fields(&mut counts).into_iter().map(|(name, count)| (name.to_owned(), (*count).into())).collect();
    serde_json::Value::Object(fields).to_string()
}

fn counts(text: &str) -> Option<Counts> {
    let stored: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    let mut counts = Counts::default();
    for (name, count) in fields(&mut counts) {
        *count = stored.get(name).and_then(serde_json::Value::as_u64).unwrap_or(0);
    }
    Some(counts)
}

/// How much there was before and after, as one JSON object.
fn totals_text(totals: &Totals) -> String {
    let mut totals = *totals;
    let object = |amounts: &mut Amounts| -> serde_json::Value {
        let pairs = amounts_fields(amounts).into_iter().map(|(name, amount)| (name.to_owned(), (*amount).into()));
        serde_json::Value::Object(pairs.collect())
    };
    serde_json::json!({ "before": object(&mut totals.before), "after": object(&mut totals.after) }).to_string()
}

fn totals(text: &str) -> Option<Totals> {
    let stored: serde_json::Value = serde_json::from_str(text).ok()?;
    let mut totals = Totals::default();
    for (side, amounts) in [("before", &mut totals.before), ("after", &mut totals.after)] {
        for (name, amount) in amounts_fields(amounts) {
            *amount = stored[side][name].as_u64().unwrap_or(0);
        }
    }
    Some(totals)
}

fn amounts_fields(amounts: &mut Amounts) -> [(&'static str, &mut u64); 7] {
    [
        ("people", &mut amounts.people),
        ("groups", &mut amounts.groups),
        ("memberships", &mut amounts.memberships),
        ("grants", &mut amounts.grants),
        ("direct_roles", &mut amounts.direct_roles),
        ("platform_roles", &mut amounts.platform_roles),
        ("active_people", &mut amounts.active_people),
    ]
}

fn fields(counts: &mut Counts) -> [(&'static str, &mut u64); 13] {
    [
        ("people_added", &mut counts.people_added),
        ("people_changed", &mut counts.people_changed),
        ("people_gone", &mut counts.people_gone),
        ("presence_changed", &mut counts.presence_changed),
        ("activity_changed", &mut counts.activity_changed),
        ("roles_changed", &mut counts.roles_changed),
        ("groups_added", &mut counts.groups_added),
        ("groups_changed", &mut counts.groups_changed),
        ("groups_gone", &mut counts.groups_gone),
        ("memberships_added", &mut counts.memberships_added),
        ("memberships_removed", &mut counts.memberships_removed),
        ("grants_changed", &mut counts.grants_changed),
        ("direct_changed", &mut counts.direct_changed),
    ]
}
