//! What is told outside of a task's run: one notice for each way it stands, put out in the transaction of the fact.

use jiff::Timestamp;

use crate::id::{Entropy, TaskId, TaskRunId};
use crate::nouns::notice::{ItemCounts, Notice, Process, TaskOutcome, What};
use crate::nouns::operation::Operation;
use crate::nouns::operation_row::{RowState, Tally};
use crate::nouns::task::{Definition, TaskRun, TaskRunState};
use crate::nouns::warning::WarningState;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{operations, outbox, task_warnings, tasks};

/// Puts out how a run stands, where that is told: how it ended, or that it waits for a person.
pub(super) fn run(tx: &mut Tx, run: &TaskRun, now: Timestamp, entropy: &Entropy) -> Result<(), StoreError> {
    let Some(outcome) = outcome(run.state) else { return Ok(()) };
    let Some((definition, _)) = tasks::version(tx, &run.task, run.version)? else { return Ok(()) };
    let counts = counts(tx, run)?;
    put(tx, (&run.task, &run.id, &definition), (outcome, counts), (now, entropy))
}

/// Puts out that a start was left out.
pub(super) fn skipped(
    tx: &mut Tx,
    of: (&TaskId, &TaskRunId, &Definition),
    at: (Timestamp, &Entropy),
) -> Result<(), StoreError> {
    put(tx, of, (TaskOutcome::Skipped, ItemCounts::default()), at)
}

/// The items of a run, by how they ended: the rows of its operations, and the people whom it warns.
pub fn counts(tx: &mut Tx, run: &TaskRun) -> Result<ItemCounts, StoreError> {
    let mut counts = ItemCounts::default();
    for id in &run.operations {
        if let Some((Operation { tally, .. }, _)) = operations::find(tx, id)? {
            add(&mut counts, &tally);
        }
    }
    for (state, people) in task_warnings::counts(tx, &run.id)? {
        counts.total += people;
        match state {
            WarningState::Waiting | WarningState::Delivered => counts.succeeded += people,
            WarningState::Bounced => counts.failed += people,
            WarningState::Planned | WarningState::NoAddress | WarningState::Dropped => counts.skipped += people,
        }
    }
    Ok(counts)
}

fn add(counts: &mut ItemCounts, tally: &Tally) {
    for state in RowState::ALL {
        let rows = tally.of(*state);
        counts.total += rows;
        match state {
            RowState::Done | RowState::Verified | RowState::Already => counts.succeeded += rows,
            RowState::Failed | RowState::Reverted | RowState::Unknown | RowState::Begun => counts.failed += rows,
            RowState::Skipped | RowState::Refused | RowState::Planned => counts.skipped += rows,
        }
    }
}

fn put(
    tx: &mut Tx,
    (task, run, definition): (&TaskId, &TaskRunId, &Definition),
    (outcome, counts): (TaskOutcome, ItemCounts),
    (now, entropy): (Timestamp, &Entropy),
) -> Result<(), StoreError> {
    let mut action_types: Vec<String> = Vec::new();
    for action in definition.stages.iter().flat_map(|stage| &stage.actions) {
        if action_types.iter().all(|known| known != action.kind()) {
            action_types.push(action.kind().to_owned());
        }
    }
    let process = Process {
        id: run.to_string(),
        name: definition.name.as_str().to_owned(),
        action_types,
        counts,
        page: format!("/tasks/{task}/runs/{run}"),
    };
    let what = What::TaskRun { task: task.to_string(), process, outcome };
    outbox::put(tx, &Notice { at: now, what }, entropy)
}

fn outcome(state: TaskRunState) -> Option<TaskOutcome> {
    Some(match state {
        TaskRunState::Succeeded => TaskOutcome::Succeeded,
        TaskRunState::Partial => TaskOutcome::Partial,
        TaskRunState::Failed => TaskOutcome::Failed,
        TaskRunState::Held => TaskOutcome::Held,
        TaskRunState::Skipped => TaskOutcome::Skipped,
        TaskRunState::Asked | TaskRunState::Reading | TaskRunState::Acting => return None,
    })
}
