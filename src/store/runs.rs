//! Sync runs, the chains they walk, what their pages left behind, and what they have to say.

use std::time::Duration;

use directory::Counts;
use jiff::Timestamp;

use crate::id::RunId;
use crate::nouns::residue::Residue;
use crate::nouns::run::{NoteKind, Phase, Progress, Run, RunKind, RunNote, RunState, Waiting};
use crate::store::bulk::{Bulk, Column, Update};
use crate::store::codec::{self, Packing};
use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::{Row, Value};

/// From which state of the mirror a run started: references below these are ordinals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base {
    /// The generation.
    pub generation: u64,
    /// How many groups it had.
    pub groups: u32,
    /// How many resources it had.
    pub resources: u32,
}

/// A chain of pages, and how far it was walked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Which chain: `users:DIRECTORY`, `groups:DIRECTORY`.
    pub name: String,
    /// Where it stands.
    pub state: ChainState,
    /// The cursor of the next page; `None` before the first page and after the last.
    pub next_cursor: Option<String>,
    /// Pages read.
    pub pages: u64,
    /// Records on them.
    pub seen: u64,
    /// Upstream's count before the first page.
    pub expected_before: Option<u64>,
    /// Upstream's count after the last.
    pub expected_after: Option<u64>,
    /// When the first page was asked for.
    pub asked_from: Option<Timestamp>,
    /// When the last page was asked for.
    pub asked_to: Option<Timestamp>,
    /// Why it is not complete.
    pub reason: Option<String>,
}

/// Where a chain stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainState {
    /// There are pages left.
    Walking,
    /// Read from first to last page.
    Complete,
    /// It ended before its last page.
    Partial,
}

const INSERT: &str = "
    INSERT INTO runs (id, number, kind, state, asked_by, asked_at, phase, people_seen, groups_seen, requests,
        waited_microseconds)
    SELECT $1, COALESCE(max(number), 0) + 1, $2, 'queued', $3, $4, 'queued', 0, 0, 0, 0 FROM runs";
const COLUMNS_BY_ID: &str = "
    SELECT id, number, kind, state, asked_by, asked_at, started_at, ended_at, generation, phase, people_seen,
        people_expected, groups_seen, groups_expected, requests, requests_floor, waited_microseconds, waiting_until,
        waiting_for, failure, counts
    FROM runs WHERE id = $1";
const NEWEST: &str = "
    SELECT id, number, kind, state, asked_by, asked_at, started_at, ended_at, generation, phase, people_seen,
        people_expected, groups_seen, groups_expected, requests, requests_floor, waited_microseconds, waiting_until,
        waiting_for, failure, counts
    FROM runs WHERE number < $1 ORDER BY number DESC LIMIT $2";
const OPEN: &str = "
    SELECT id, number, kind, state, asked_by, asked_at, started_at, ended_at, generation, phase, people_seen,
        people_expected, groups_seen, groups_expected, requests, requests_floor, waited_microseconds, waiting_until,
        waiting_for, failure, counts
    FROM runs WHERE state IN ('queued', 'running', 'waiting') ORDER BY number LIMIT 1";
const LAST_DAILY: &str = "SELECT max(asked_at) FROM runs WHERE kind = 'daily'";
const BASE: &str = "SELECT base_generation, base_groups, base_resources FROM runs WHERE id = $1";
const BEGIN: &str = "
    UPDATE runs SET state = 'running', started_at = COALESCE(started_at, $2), base_generation = $3, base_groups = $4,
        base_resources = $5
    WHERE id = $1";
const GO_ON: &str = "UPDATE runs SET state = 'running', waiting_until = NULL, waiting_for = NULL WHERE id = $1";
const PROGRESS: &str = "
    UPDATE runs SET phase = $2, people_seen = $3, people_expected = $4, groups_seen = $5, groups_expected = $6,
        requests = $7, requests_floor = $8, waited_microseconds = $9, waiting_until = $10, waiting_for = $11
    WHERE id = $1";
const WAIT: &str = "UPDATE runs SET state = 'waiting', waiting_until = $2, waiting_for = $3 WHERE id = $1";
const SEAL: &str = "
    UPDATE runs SET state = 'sealed', phase = 'ended', ended_at = $2, generation = $3, counts = $4,
        waiting_until = NULL, waiting_for = NULL
    WHERE id = $1";
const FAIL: &str = "
    UPDATE runs SET state = $2, phase = 'ended', ended_at = $3, failure = $4, waiting_until = NULL, waiting_for = NULL
    WHERE id = $1";
const CHAINS: &str = "
    SELECT chain, state, next_cursor, pages, seen, expected_before, expected_after, asked_from, asked_to, reason
    FROM chains WHERE run_id = $1 ORDER BY chain";
const LAST_SEQ: &str = "SELECT COALESCE(max(seq), 0) FROM residues WHERE run_id = $1";
const INSERT_RESIDUE: &str = "INSERT INTO residues (run_id, seq, entries) VALUES ($1, $2, $3)";
const RESIDUES: &str = "SELECT entries FROM residues WHERE run_id = $1 ORDER BY seq";
const DROP_RESIDUES: &str = "
    DELETE FROM residues WHERE run_id = $1 AND seq IN
        (SELECT r.seq FROM residues r WHERE r.run_id = $1 ORDER BY r.seq LIMIT $2)";
const DROP_CHAINS: &str = "DELETE FROM chains WHERE run_id = $1";
const STALE_RESIDUES: &str = "
    SELECT DISTINCT r.run_id FROM residues r JOIN runs u ON u.id = r.run_id
    WHERE u.state IN ('sealed', 'failed', 'cancelled') ORDER BY r.run_id LIMIT 100";
const NOTES: &str = "
    SELECT at, kind, subject, detail FROM run_notes WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
const LAST_NOTE: &str = "SELECT COALESCE(max(seq), 0) FROM run_notes WHERE run_id = $1";

const CHAIN: Bulk = Bulk {
    table: "chains",
    columns: &[
        Column::text("run_id"),
        Column::text("chain"),
        Column::text("state"),
        Column::text("next_cursor"),
        Column::integer("pages"),
        Column::integer("seen"),
        Column::integer("expected_before"),
        Column::integer("expected_after"),
        Column::integer("asked_from"),
        Column::integer("asked_to"),
        Column::text("reason"),
    ],
    key: &["run_id", "chain"],
    update: Update::Columns(&[
        "state",
        "next_cursor",
        "pages",
        "seen",
        "expected_before",
        "expected_after",
        "asked_from",
        "asked_to",
        "reason",
    ]),
};
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
    ("runs.NEWEST", NEWEST),
    ("runs.OPEN", OPEN),
    ("runs.LAST_DAILY", LAST_DAILY),
    ("runs.BASE", BASE),
    ("runs.BEGIN", BEGIN),
    ("runs.GO_ON", GO_ON),
    ("runs.PROGRESS", PROGRESS),
    ("runs.WAIT", WAIT),
    ("runs.SEAL", SEAL),
    ("runs.FAIL", FAIL),
    ("runs.CHAINS", CHAINS),
    ("runs.LAST_SEQ", LAST_SEQ),
    ("runs.INSERT_RESIDUE", INSERT_RESIDUE),
    ("runs.RESIDUES", RESIDUES),
    ("runs.DROP_RESIDUES", DROP_RESIDUES),
    ("runs.DROP_CHAINS", DROP_CHAINS),
    ("runs.STALE_RESIDUES", STALE_RESIDUES),
    ("runs.NOTES", NOTES),
    ("runs.LAST_NOTE", LAST_NOTE),
];
/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&CHAIN, &NOTE];

/// Records that somebody asked for a run.
pub fn insert(tx: &mut Tx, id: &RunId, kind: RunKind, asked_by: &str, asked_at: Timestamp) -> Result<(), StoreError> {
    let arguments = [id.as_str().into(), kind.as_str().into(), asked_by.into(), asked_at.as_microsecond().into()];
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

/// When the newest daily run was asked for.
pub fn last_daily(tx: &mut Tx) -> Result<Option<Timestamp>, StoreError> {
    tx.one(LAST_DAILY, &[], |row| optional_moment(row, 0))
}

/// From where a run started, once it has.
pub fn base(tx: &mut Tx, id: &RunId) -> Result<Option<Base>, StoreError> {
    tx.one(BASE, &[id.as_str().into()], |row| {
        let (generation, groups, resources) =
            (row.optional_integer(0)?, row.optional_integer(1)?, row.optional_integer(2)?);
        Ok(generation.zip(groups).zip(resources).map(|((generation, groups), resources)| Base {
            generation: generation.unsigned_abs(),
            groups: groups as u32,
            resources: resources as u32,
        }))
    })
}

/// Records that a worker began a run from this base.
pub fn begin(tx: &mut Tx, id: &RunId, now: Timestamp, base: Base) -> Result<(), StoreError> {
    let arguments = [
        id.as_str().into(),
        now.as_microsecond().into(),
        (base.generation as i64).into(),
        base.groups.into(),
        base.resources.into(),
    ];
    tx.execute(BEGIN, &arguments).map(drop)
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
    ];
    tx.execute(PROGRESS, &arguments).map(drop)
}

/// Records that a run waits for upstream.
pub fn wait(tx: &mut Tx, id: &RunId, waiting: &Waiting) -> Result<(), StoreError> {
    let arguments = [id.as_str().into(), waiting.until.as_microsecond().into(), waiting.reason.as_str().into()];
    tx.execute(WAIT, &arguments).map(drop)
}

/// Records that a run has sealed a generation.
pub fn seal(tx: &mut Tx, id: &RunId, now: Timestamp, generation: u64, counts: &Counts) -> Result<(), StoreError> {
    let arguments =
        [id.as_str().into(), now.as_microsecond().into(), (generation as i64).into(), counts_text(counts).into()];
    tx.execute(SEAL, &arguments).map(drop)
}

/// Records that a run ended without a generation.
pub fn end(tx: &mut Tx, id: &RunId, state: RunState, now: Timestamp, why: &str) -> Result<(), StoreError> {
    let arguments = [id.as_str().into(), state.as_str().into(), now.as_microsecond().into(), why.into()];
    tx.execute(FAIL, &arguments).map(drop)
}

/// The chains of a run.
pub fn chains(tx: &mut Tx, id: &RunId) -> Result<Vec<Chain>, StoreError> {
    tx.list(CHAINS, &[id.as_str().into()], |row| {
        Ok(Chain {
            name: row.text(0)?.to_owned(),
            state: ChainState::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?,
            next_cursor: row.optional_text(2)?.map(str::to_owned),
            pages: row.integer(3)?.unsigned_abs(),
            seen: row.integer(4)?.unsigned_abs(),
            expected_before: row.optional_integer(5)?.map(i64::unsigned_abs),
            expected_after: row.optional_integer(6)?.map(i64::unsigned_abs),
            asked_from: optional_moment(row, 7)?,
            asked_to: optional_moment(row, 8)?,
            reason: row.optional_text(9)?.map(str::to_owned),
        })
    })
}

/// Records where chains stand now.
pub fn set_chains<'a>(tx: &mut Tx, id: &RunId, chains: impl IntoIterator<Item = &'a Chain>) -> Result<(), StoreError> {
    let number = |number: u64| Value::from(number as i64);
    let instant = |at: Option<Timestamp>| Value::from(at.map(Timestamp::as_microsecond));
    tx.bulk(
        &CHAIN,
        chains.into_iter().map(|chain| {
            [
                id.as_str().into(),
                chain.name.as_str().into(),
                chain.state.as_str().into(),
                chain.next_cursor.as_deref().into(),
                number(chain.pages),
                number(chain.seen),
                chain.expected_before.map(number).unwrap_or(Value::Null),
                chain.expected_after.map(number).unwrap_or(Value::Null),
                instant(chain.asked_from),
                instant(chain.asked_to),
                chain.reason.as_deref().into(),
            ]
        }),
    )
    .map(drop)
}

/// Keeps what pages left behind.
pub fn add_residues(tx: &mut Tx, id: &RunId, residues: &Packing) -> Result<(), StoreError> {
    if residues.is_empty() {
        return Ok(());
    }
    let seq = tx.one(LAST_SEQ, &[id.as_str().into()], |row| row.integer(0))? + 1;
    tx.execute(INSERT_RESIDUE, &[id.as_str().into(), seq.into(), residues.packed().into()]).map(drop)
}

/// Streams what the pages of a run left behind, in the order in which it was kept.
pub fn for_each_residue(tx: &mut Tx, id: &RunId, mut take: impl FnMut(Residue)) -> Result<(), StoreError> {
    tx.for_each(RESIDUES, &[id.as_str().into()], |row| {
        codec::unpack(row.blob(0)?).map_err(|_| row.corrupt(0))?.into_iter().for_each(&mut take);
        Ok(())
    })
}

/// Drops some of what the pages of an ended run left behind; whether nothing is left.
pub fn drop_residues(tx: &mut Tx, id: &RunId, at_most: u32) -> Result<bool, StoreError> {
    let dropped = tx.execute(DROP_RESIDUES, &[id.as_str().into(), at_most.into()])?;
    if dropped < u64::from(at_most) {
        tx.execute(DROP_CHAINS, &[id.as_str().into()])?;
    }
    Ok(dropped < u64::from(at_most))
}

/// Runs that have ended and still hold residues: a process ended before it could drop them.
pub fn with_stale_residues(tx: &mut Tx) -> Result<Vec<RunId>, StoreError> {
    tx.list(STALE_RESIDUES, &[], |row| RunId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0)))
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

impl ChainState {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            ChainState::Walking => "walking",
            ChainState::Complete => "complete",
            ChainState::Partial => "partial",
        }
    }

    fn parse(text: &str) -> Option<ChainState> {
        [ChainState::Walking, ChainState::Complete, ChainState::Partial]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}
