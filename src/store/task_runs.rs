//! Runs of automated tasks, and since when people match a task that has stages.

use directory::Ordinal;
use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::id::{OperationId, RunId, TaskId, TaskRunId};
use crate::nouns::task::{Cause, NewTaskRun, TaskRun, TaskRunState};
use crate::store::bulk::{Bulk, Column, Update};
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
    FROM task_runs WHERE task_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3";
const UPDATE: &str = "
    UPDATE task_runs SET state = $3, reason = $4, ended_at = $5, first = $6, confirmed = $7, sync_run = $8,
        operations = $9, resting = $10
    WHERE id = $1 AND state = $2";
const OPEN_OF: &str = "
    SELECT id, task_id, number, version, cause, due_day, due_until, state, reason, asked_by, asked_at, ended_at, first,
        confirmed, sync_run, operations, resting
    FROM task_runs
    WHERE task_id = $1 AND cause <> 'dry_run' AND state IN ('asked', 'reading', 'acting', 'held')
    ORDER BY number LIMIT 1";
/// Held runs, and the newest runs of tasks when they did not end well.
const PRESSING: &str = "
    SELECT id, task_id, number, version, cause, due_day, due_until, state, reason, asked_by, asked_at, ended_at, first,
        confirmed, sync_run, operations, resting
    FROM task_runs r
    WHERE r.state = 'held' OR (r.state IN ('failed', 'partial') AND r.cause <> 'dry_run'
        AND EXISTS (SELECT 1 FROM tasks t WHERE t.id = r.task_id AND t.deleted_at IS NULL)
        AND NOT EXISTS (
            SELECT 1 FROM task_runs n
            WHERE n.task_id = r.task_id AND n.number > r.number AND n.cause <> 'dry_run' AND n.state <> 'skipped'))
    ORDER BY r.number LIMIT 1000";
const COUNT_PRESSING: &str = "
    SELECT CAST(count(*) AS BIGINT)
    FROM task_runs r
    WHERE r.state = 'held' OR (r.state IN ('failed', 'partial') AND r.cause <> 'dry_run'
        AND EXISTS (SELECT 1 FROM tasks t WHERE t.id = r.task_id AND t.deleted_at IS NULL)
        AND NOT EXISTS (
            SELECT 1 FROM task_runs n
            WHERE n.task_id = r.task_id AND n.number > r.number AND n.cause <> 'dry_run' AND n.state <> 'skipped'))";
const PEOPLE: &str = "SELECT account, first_matched_at, stages_done, pending FROM task_people WHERE task_id = $1";
const DROP_LEFT: &str = "DELETE FROM task_people WHERE task_id = $1 AND stages_done < 0";
const NOT_DONE: &str = "
    UPDATE task_people SET pending = NULL
    WHERE task_id = $1 AND pending IS NOT NULL AND account IN (
        SELECT r.account FROM operation_rows r JOIN operations o ON o.number = r.operation
        WHERE o.id = $2 AND r.state NOT IN ('done', 'verified', 'already', 'refused'))";
const ADVANCE: &str = "
    UPDATE task_people SET stages_done = pending + 1, pending = NULL WHERE task_id = $1 AND pending IS NOT NULL";
const ADVANCE_WARNED: &str = "
    UPDATE task_people SET stages_done = stages_done + 1
    WHERE task_id = $1 AND account IN (SELECT account FROM task_warnings WHERE run_id = $2 AND state = 'waiting')";

const PEOPLE_ROWS: Bulk = Bulk {
    table: "task_people",
    columns: &[
        Column::text("task_id"),
        Column::integer("account"),
        Column::integer("first_matched_at"),
        Column::integer("stages_done"),
        Column::integer("pending"),
    ],
    key: &["task_id", "account"],
    update: Update::Columns(&["first_matched_at", "stages_done", "pending"]),
};

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("task_runs.INSERT", INSERT),
    ("task_runs.OF_DAY", OF_DAY),
    ("task_runs.FIND", FIND),
    ("task_runs.OPEN", OPEN),
    ("task_runs.OF_TASK", OF_TASK),
    ("task_runs.UPDATE", UPDATE),
    ("task_runs.PEOPLE", PEOPLE),
    ("task_runs.OPEN_OF", OPEN_OF),
    ("task_runs.PRESSING", PRESSING),
    ("task_runs.COUNT_PRESSING", COUNT_PRESSING),
    ("task_runs.DROP_LEFT", DROP_LEFT),
    ("task_runs.NOT_DONE", NOT_DONE),
    ("task_runs.ADVANCE", ADVANCE),
    ("task_runs.ADVANCE_WARNED", ADVANCE_WARNED),
];
/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&PEOPLE_ROWS];

/// Somebody who matches a task with stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matched {
    /// Who.
    pub account: Ordinal,
    /// Since which run.
    pub since: Timestamp,
    /// How many stages they have had.
    pub stages_done: u64,
    /// The place of the stage that the run under way has planned for them.
    pub pending: Option<u64>,
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
    before(tx, task, None, limit)
}

/// The runs of a task before a number, the newest first; at most 1,000.
pub fn before(tx: &mut Tx, task: &TaskId, before: Option<u64>, limit: u32) -> Result<Vec<TaskRun>, StoreError> {
    let before = before.and_then(|number| i64::try_from(number).ok()).unwrap_or(i64::MAX);
    tx.list(OF_TASK, &[task.as_str().into(), before.into(), limit.into()], run)
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

/// The run of a task that is not over, if there is one; a dry run is none.
pub fn open_of(tx: &mut Tx, task: &TaskId) -> Result<Option<TaskRun>, StoreError> {
    tx.optional(OPEN_OF, &[task.as_str().into()], run)
}

/// Runs that wait for a person: held ones, and the newest of a task when it did not end well. The oldest first.
pub fn pressing(tx: &mut Tx) -> Result<Vec<TaskRun>, StoreError> {
    tx.list(PRESSING, &[], run)
}

/// How many there are.
pub fn count_pressing(tx: &mut Tx) -> Result<u64, StoreError> {
    tx.one(COUNT_PRESSING, &[], |row| row.integer(0)).map(i64::unsigned_abs)
}

/// Who matches a task with stages.
pub fn people(tx: &mut Tx, task: &TaskId) -> Result<Vec<Matched>, StoreError> {
    let mut found = Vec::new();
    tx.for_each(PEOPLE, &[task.as_str().into()], |row| {
        found.push(Matched {
            account: Ordinal::try_from(row.integer(0)?).map_err(|_| row.corrupt(0))?,
            since: moment(row, 1)?,
            stages_done: row.integer(2)?.unsigned_abs(),
            pending: row.optional_integer(3)?.map(i64::unsigned_abs),
        });
        Ok(())
    })?;
    Ok(found)
}

/// Writes who matches: these as they are, those no more. In bulk: a run may be about everybody.
pub fn put_people(tx: &mut Tx, task: &TaskId, (matched, left): (&[Matched], &RoaringBitmap)) -> Result<(), StoreError> {
    let row = |account: Ordinal, since: i64, done: i64, pending: Option<u64>| {
        [
            task.as_str().into(),
            i64::from(account).into(),
            since.into(),
            done.into(),
            pending.map(|place| place as i64).into(),
        ]
    };
    let stay =
        matched.iter().map(|one| row(one.account, one.since.as_microsecond(), one.stages_done as i64, one.pending));
    // Who is to go is marked, and goes with one statement.
    let go = left.iter().map(|account| row(account, 0, -1, None));
    tx.bulk(&PEOPLE_ROWS, stay.chain(go))?;
    if !left.is_empty() {
        tx.execute(DROP_LEFT, &[task.as_str().into()])?;
    }
    Ok(())
}

/// Counts the stages that a run had planned as done, now that it is over; not of those of whom a row was not done.
pub fn advance(tx: &mut Tx, run: &TaskRun) -> Result<(), StoreError> {
    for operation in &run.operations {
        tx.execute(NOT_DONE, &[run.task.as_str().into(), operation.as_str().into()])?;
    }
    tx.execute(ADVANCE, &[run.task.as_str().into()]).map(drop)
}

/// Counts the stage that warns as done for those to whom a run has just written.
pub fn advance_warned(tx: &mut Tx, (run, task): (&TaskRunId, &TaskId)) -> Result<(), StoreError> {
    tx.execute(ADVANCE_WARNED, &[task.as_str().into(), run.as_str().into()]).map(drop)
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
