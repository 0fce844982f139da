//! Runs of automated tasks, and since when people match a task that has stages.

use directory::Ordinal;
use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::id::{OperationId, RunId, TaskId, TaskRunId};
use crate::nouns::task::{Cause, NewTaskRun, TaskRun, TaskRunState};
use crate::store::codec::{pack_bitmap, unpack_bitmap};
use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::Row;

const INSERT: &str = "
    INSERT INTO task_runs (number, id, task_id, version, cause, due_day, due_until, state, reason, asked_by, asked_at,
        ended_at, first, confirmed, operations, resting)
    SELECT COALESCE(max(number), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, '', 0
    FROM task_runs";
const OF_DAY: &str = "SELECT id FROM task_runs WHERE task_id = $1 AND due_day = $2";
const FIND: &str = "
    SELECT id, task_id, number, version, cause, due_day, due_until, state, reason, asked_by, asked_at, ended_at, first,
        confirmed, sync_run, operations, resting
    FROM task_runs WHERE id = $1";
const OPEN: &str = "
    SELECT id, task_id, number, version, cause, due_day, due_until, state, reason, asked_by, asked_at, ended_at, first,
        confirmed, sync_run, operations, resting
    FROM task_runs WHERE state IN ('asked', 'reading', 'acting', 'held') ORDER BY number LIMIT 1000";
const OF_TASK: &str = "
    SELECT id, task_id, number, version, cause, due_day, due_until, state, reason, asked_by, asked_at, ended_at, first,
        confirmed, sync_run, operations, resting
    FROM task_runs WHERE task_id = $1 ORDER BY number DESC LIMIT $2";
const UPDATE: &str = "
    UPDATE task_runs SET state = $3, reason = $4, ended_at = $5, first = $6, confirmed = $7, sync_run = $8,
        operations = $9, resting = $10
    WHERE id = $1 AND state = $2";
const PEOPLE: &str = "SELECT account, first_matched_at, stages_done FROM task_people WHERE task_id = $1";
const PUT_PERSON: &str = "
    INSERT INTO task_people (task_id, account, first_matched_at, stages_done) VALUES ($1, $2, $3, $4)
    ON CONFLICT (task_id, account) DO UPDATE
    SET first_matched_at = excluded.first_matched_at, stages_done = excluded.stages_done";
const DROP_PERSON: &str = "DELETE FROM task_people WHERE task_id = $1 AND account = $2";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("task_runs.INSERT", INSERT),
    ("task_runs.OF_DAY", OF_DAY),
    ("task_runs.FIND", FIND),
    ("task_runs.OPEN", OPEN),
    ("task_runs.OF_TASK", OF_TASK),
    ("task_runs.UPDATE", UPDATE),
    ("task_runs.PEOPLE", PEOPLE),
    ("task_runs.PUT_PERSON", PUT_PERSON),
    ("task_runs.DROP_PERSON", DROP_PERSON),
];

/// Somebody who matches a task with stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matched {
    /// Who.
    pub account: Ordinal,
    /// Since which run.
    pub since: Timestamp,
    /// How many stages they have had.
    pub stages_done: u64,
}

/// Begins a run, unless the day of the schedule that it is due on has one; whether it began.
pub fn insert(tx: &mut Tx, new: &NewTaskRun) -> Result<bool, StoreError> {
    let day = new.due.map(|start| start.day.to_string());
    if let Some(day) = &day
        && tx.optional(OF_DAY, &[new.task.as_str().into(), day.into()], |_| Ok(()))?.is_some()
    {
        return Ok(false);
    }
    let ended = new.state.is_over().then(|| new.asked_at.as_microsecond());
    let arguments = [
        new.id.as_str().into(),
        new.task.as_str().into(),
        (new.version as i64).into(),
        new.cause.as_str().into(),
        day.into(),
        new.due.map(|start| start.until.as_microsecond()).into(),
        new.state.as_str().into(),
        new.reason.as_deref().into(),
        (&new.asked_by).into(),
        new.asked_at.as_microsecond().into(),
        ended.into(),
        pack_bitmap(&RoaringBitmap::new()).into(),
    ];
    tx.execute(INSERT, &arguments)?;
    Ok(true)
}

/// A run.
pub fn find(tx: &mut Tx, id: &TaskRunId) -> Result<Option<TaskRun>, StoreError> {
    tx.optional(FIND, &[id.as_str().into()], run)
}

/// Runs that are not over, the oldest first.
pub fn open(tx: &mut Tx) -> Result<Vec<TaskRun>, StoreError> {
    tx.list(OPEN, &[], run)
}

/// The runs of a task, the newest first.
pub fn of_task(tx: &mut Tx, task: &TaskId, limit: u32) -> Result<Vec<TaskRun>, StoreError> {
    tx.list(OF_TASK, &[task.as_str().into(), limit.into()], run)
}

/// Writes how a run stands, unless somebody else has moved it from where it was; whether it was written.
pub fn update(tx: &mut Tx, was: TaskRunState, run: &TaskRun) -> Result<bool, StoreError> {
    let operations: Vec<&str> = run.operations.iter().map(OperationId::as_str).collect();
    let arguments = [
        run.id.as_str().into(),
        was.as_str().into(),
        run.state.as_str().into(),
        run.reason.as_deref().into(),
        run.ended_at.map(Timestamp::as_microsecond).into(),
        pack_bitmap(&run.first).into(),
        (run.confirmed as i64).into(),
        run.sync.as_ref().map(RunId::as_str).into(),
        operations.join(",").into(),
        run.resting.into(),
    ];
    tx.execute(UPDATE, &arguments).map(|changed| changed == 1)
}

/// Who matches a task with stages.
pub fn people(tx: &mut Tx, task: &TaskId) -> Result<Vec<Matched>, StoreError> {
    tx.list(PEOPLE, &[task.as_str().into()], |row| {
        Ok(Matched {
            account: Ordinal::try_from(row.integer(0)?).map_err(|_| row.corrupt(0))?,
            since: moment(row, 1)?,
            stages_done: row.integer(2)?.unsigned_abs(),
        })
    })
}

/// Writes who matches: these as they are, those no more.
pub fn put_people(tx: &mut Tx, task: &TaskId, (matched, left): (&[Matched], &RoaringBitmap)) -> Result<(), StoreError> {
    for one in matched {
        let (since, done) = (one.since.as_microsecond(), one.stages_done as i64);
        tx.execute(PUT_PERSON, &[task.as_str().into(), i64::from(one.account).into(), since.into(), done.into()])?;
    }
    for account in left {
        tx.execute(DROP_PERSON, &[task.as_str().into(), i64::from(account).into()])?;
    }
    Ok(())
}

fn run(row: &Row<'_>) -> Result<TaskRun, StoreError> {
    let due = match (row.optional_text(5)?, optional_moment(row, 6)?) {
        (Some(day), Some(until)) => Some((day.parse().map_err(|_| row.corrupt(5))?, until)),
        _ => None,
    };
    let operations = row.text(15)?.split(',').filter(|id| !id.is_empty()).map(OperationId::parse);
    let sync = row.optional_text(14)?.map(|id| RunId::parse(id).ok_or_else(|| row.corrupt(14))).transpose()?;
    Ok(TaskRun {
        id: TaskRunId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
        task: TaskId::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?,
        number: row.integer(2)?.unsigned_abs(),
        version: row.integer(3)?.unsigned_abs(),
        cause: Cause::parse(row.text(4)?).ok_or_else(|| row.corrupt(4))?,
        due,
        state: TaskRunState::parse(row.text(7)?).ok_or_else(|| row.corrupt(7))?,
        reason: row.optional_text(8)?.map(str::to_owned),
        asked_by: row.text(9)?.to_owned(),
        asked_at: moment(row, 10)?,
        ended_at: optional_moment(row, 11)?,
        first: unpack_bitmap(row.blob(12)?).map_err(|_| row.corrupt(12))?,
        confirmed: row.integer(13)?.unsigned_abs(),
        sync,
        operations: operations.collect::<Option<_>>().ok_or_else(|| row.corrupt(15))?,
        resting: row.flag(16)?,
    })
}
