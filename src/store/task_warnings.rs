//! Warnings of tasks' runs, and what became of their mail.

use directory::Ordinal;

use crate::id::{NoticeId, TaskId, TaskRunId};
use crate::nouns::warning::{Warned, WarningState};
use crate::store::bulk::{Bulk, Column, Update};
use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::Row;

const OF_RUN: &str = "
    SELECT account, stage, at, ends_at, state, notice FROM task_warnings
    WHERE run_id = $1 AND account > $2 ORDER BY account LIMIT $3";
/// Those of the present time of each person: who left the filter since has begun anew.
const OF_TASK: &str = "
    SELECT w.account, w.stage, w.at, w.ends_at, w.state, w.notice
    FROM task_warnings w JOIN task_people p ON p.task_id = w.task_id AND p.account = w.account
    WHERE w.task_id = $1 AND w.at >= p.first_matched_at AND w.state <> 'dropped'
    ORDER BY w.account, w.at";
const COUNTS: &str = "
    SELECT state, CAST(count(*) AS BIGINT) FROM task_warnings WHERE run_id = $1 GROUP BY state ORDER BY state";
const SETTLE: &str = "UPDATE task_warnings SET state = $2 WHERE notice = $1";
const DROP: &str = "UPDATE task_warnings SET state = 'dropped' WHERE run_id = $1 AND state = 'planned'";

const WARNINGS: Bulk = Bulk {
    table: "task_warnings",
    columns: &[
        Column::text("run_id"),
        Column::integer("account"),
        Column::text("task_id"),
        Column::integer("stage"),
        Column::integer("at"),
        Column::integer("ends_at"),
        Column::text("state"),
        Column::text("notice"),
    ],
    key: &["run_id", "account"],
    update: Update::Columns(&["ends_at", "state", "notice"]),
};

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("task_warnings.OF_RUN", OF_RUN),
    ("task_warnings.OF_TASK", OF_TASK),
    ("task_warnings.COUNTS", COUNTS),
    ("task_warnings.SETTLE", SETTLE),
    ("task_warnings.DROP", DROP),
];
/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&WARNINGS];

/// Writes warnings of a run, over those that it has of the same people.
pub fn put(tx: &mut Tx, (run, task): (&TaskRunId, &TaskId), warned: &[Warned]) -> Result<(), StoreError> {
    let rows = warned.iter().map(|one| {
        [
            run.as_str().into(),
            i64::from(one.account).into(),
            task.as_str().into(),
            (one.stage as i64).into(),
            one.at.as_microsecond().into(),
            one.ends_at.as_microsecond().into(),
            one.state.as_str().into(),
            one.notice.as_ref().map(NoticeId::as_str).into(),
        ]
    });
    tx.bulk(&WARNINGS, rows).map(drop)
}

/// Warnings of a run after a person, in their order.
pub fn of_run(tx: &mut Tx, run: &TaskRunId, (after, limit): (Option<Ordinal>, u32)) -> Result<Vec<Warned>, StoreError> {
    let after = after.map_or(-1, i64::from);
    let mut found = Vec::new();
    tx.for_each(OF_RUN, &[run.as_str().into(), after.into(), limit.into()], |row| {
        found.push(warned(row)?);
        Ok(())
    })?;
    Ok(found)
}

/// Shows every warning that counts for those who match a task now, person by person.
pub fn for_each_of_task(tx: &mut Tx, task: &TaskId, mut take: impl FnMut(Warned)) -> Result<(), StoreError> {
    tx.for_each(OF_TASK, &[task.as_str().into()], |row| {
        take(warned(row)?);
        Ok(())
    })
}

/// How many warnings of a run there are in each state.
pub fn counts(tx: &mut Tx, run: &TaskRunId) -> Result<Vec<(WarningState, u64)>, StoreError> {
    tx.list(COUNTS, &[run.as_str().into()], |row| {
        let state = WarningState::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?;
        Ok((state, row.integer(1)?.unsigned_abs()))
    })
}

/// Records what became of a mail, in the transaction that learns it.
pub fn settle(tx: &mut Tx, notice: &NoticeId, state: WarningState) -> Result<(), StoreError> {
    tx.execute(SETTLE, &[notice.as_str().into(), state.as_str().into()]).map(drop)
}

/// Lets a run go without the warnings that were not sent; how many there were.
pub fn drop_planned(tx: &mut Tx, run: &TaskRunId) -> Result<u64, StoreError> {
    tx.execute(DROP, &[run.as_str().into()])
}

fn warned(row: &Row<'_>) -> Result<Warned, StoreError> {
    let notice = row.optional_text(5)?;
    Ok(Warned {
        account: Ordinal::try_from(row.integer(0)?).map_err(|_| row.corrupt(0))?,
        stage: row.integer(1)?.unsigned_abs(),
        at: moment(row, 2)?,
        ends_at: moment(row, 3)?,
        state: WarningState::parse(row.text(4)?).ok_or_else(|| row.corrupt(4))?,
        notice: notice.map(|id: &str| NoticeId::parse(id).ok_or_else(|| row.corrupt(5))).transpose()?,
    })
}
