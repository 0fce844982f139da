//! Everything that waits for a person: what the mirror knows of, and above it runs that are held or did not end well,
//! operations that a person has to approve, and an edition that is exceeded.

use directory::Snapshot;
use jiff::Timestamp;

use crate::nouns::edition::Standing;
use crate::nouns::operation::{Operation, OperationKind, OperationState};
use crate::nouns::task::TaskRun;
use crate::operations::guard;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{operations, task_runs, tasks};
use crate::sync::{attention, edition};
use crate::tasks::scheduler::jumped;

/// So many operations of a state are looked through.
const OPERATIONS: u32 = 500;

/// One thing that waits.
#[derive(Clone, Debug, PartialEq)]
pub enum Waiting {
    /// Something of the mirror.
    Mirror(attention::Waiting),
    /// A run of a task that is held, or the newest of its task and not ended well; with the task's name.
    Run(Box<TaskRun>, String),
    /// An operation that a person has to approve.
    Operation(Box<Operation>),
    /// More people are managed than the edition allows.
    Edition(Box<edition::Held>),
    /// The clock has jumped, by so many seconds, and nobody has confirmed it.
    Clock(i64),
}

/// Everything that waits, the most pressing first.
pub fn list(tx: &mut Tx, snapshot: &Snapshot, now: Timestamp) -> Result<Vec<Waiting>, StoreError> {
    let mut waiting: Vec<Waiting> = attention::list(tx, now)?.into_iter().map(Waiting::Mirror).collect();
    waiting.extend(exceeded(tx, now)?.map(|held| Waiting::Edition(Box::new(held))));
    waiting.extend(jumped(tx)?.map(Waiting::Clock));
    for run in task_runs::pressing(tx)? {
        let name = tasks::version(tx, &run.task, run.version)?;
        let name = name.map_or_else(String::new, |(definition, _)| definition.name.as_str().to_owned());
        waiting.push(Waiting::Run(Box::new(run), name));
    }
    let to_approve = to_approve(tx, snapshot)?;
    waiting.extend(to_approve.into_iter().map(|operation| Waiting::Operation(Box::new(operation))));
    Ok(waiting)
}

/// How many things wait.
pub fn count(tx: &mut Tx, snapshot: &Snapshot, now: Timestamp) -> Result<u64, StoreError> {
    let one = u64::from(exceeded(tx, now)?.is_some()) + u64::from(jumped(tx)?.is_some());
    let several = task_runs::count_pressing(tx)? + to_approve(tx, snapshot)?.len() as u64;
    Ok(attention::count(tx, now)? + one + several)
}

fn exceeded(tx: &mut Tx, now: Timestamp) -> Result<Option<edition::Held>, StoreError> {
    Ok(Some(edition::read(tx)?).filter(|held| held.standing(now) != Standing::Within))
}

/// Those that wait for a person, and previews that somebody else than who asked has to approve. What a task's run holds
/// is told with the run.
fn to_approve(tx: &mut Tx, snapshot: &Snapshot) -> Result<Vec<Operation>, StoreError> {
    let bounds = guard::read(tx)?.bounds;
    let mut found = Vec::new();
    for state in [OperationState::Waiting, OperationState::Planned] {
        if state == OperationState::Planned && !bounds.four_eyes {
            continue;
        }
        let filter = operations::Filter { state: Some(state), ..operations::Filter::default() };
        let listed = operations::matching(tx, filter, None, OPERATIONS)?.into_iter();
        found.extend(listed.filter(|operation| {
            let asks = state == OperationState::Waiting || bounds.demands(&operation.plan, snapshot).second_person;
            asks && operation.kind != OperationKind::Task
        }));
    }
    Ok(found)
}
