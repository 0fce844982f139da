//! The commits of an operation's worker: what is about to be sent, before it is sent, and what came of it. Each asks the
//! same things first: the lease, *Stop everything*, what somebody wants of the operation, whether actions are on.

use directory::act::NOBODY;
use jiff::Timestamp;

use crate::id::OperationId;
use crate::mirror::marks;
use crate::nouns::context::{Actor, Context};
use crate::nouns::event::NewEvent;
use crate::nouns::operation::{OperationState, Wish};
use crate::nouns::operation_row::{OperationRow, RowState, Why};
use crate::operations::apply::{Halt, Work};
use crate::operations::plan::event;
use crate::operations::{guard, send};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{events, head, jobs, operation_rows, operations};

/// A row before and after.
pub(super) type Turn = (RowState, OperationRow);

/// Who a row is about, by Atlassian's ids, for what is protected since the plan.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    /// The account.
    pub account: String,
    /// The group whose members it changes.
    pub group: Option<String>,
}

/// Keeps what became of rows, and that others are about to be sent. Those of whom and what was protected since are skipped in
/// the same commit. Gives the others as begun; or what stands against it, and then none of them is.
///
/// # Errors
/// Nothing was kept: the lease is lost, or the database failed.
pub(super) async fn step(
    work: &Work,
    (mut turns, batch): (Vec<Turn>, Vec<(OperationRow, Subject)>),
    now: Timestamp,
) -> Result<Result<Vec<OperationRow>, Halt>, Halt> {
    let (lease, id, number) = (work.lease.clone(), work.operation.id.clone(), work.operation.number);
    let entropy = work.entropy.clone();
    let write = work.mirror.store().write(move |tx| {
        if !jobs::holds(tx, &lease.fence)? {
            return Ok(Err(Halt::LeaseLost));
        }
        let halt = halted(tx, &id)?;
        let ended = turns.len();
        if halt.is_none() && !batch.is_empty() {
            turns.extend(begun(tx, batch, now)?);
            operations::start(tx, &id, now)?;
        }
        keep(tx, (&id, number), &turns)?;
        events::append_all(tx, &told(&id, number, &turns, now), || entropy.bytes())?;
        jobs::extend_operation(tx, &lease.fence, now)?;
        Ok(Ok(match halt {
            Some(halt) => Err(halt),
            None => Ok(turns.drain(ended..).map(|(_, row)| row).collect()),
        }))
    });
    write.await?
}

/// Rows as they are once they are about to be sent.
fn begun(tx: &mut Tx, batch: Vec<(OperationRow, Subject)>, now: Timestamp) -> Result<Vec<Turn>, StoreError> {
    let marks = marks::read(tx)?;
    let begin = |(row, subject): (OperationRow, Subject)| {
        let person = marks.protected_people.iter().any(|id| id.as_str() == subject.account);
        let group = subject.group.as_deref();
        let group = marks.protected_groups.iter().any(|id| Some(id.as_str()) == group);
        let next = if person || group {
            let code = if person { "protected_person" } else { "protected_group" };
            let why = Some(Why::new("changed", code));
            OperationRow { state: RowState::Skipped, why, ended_at: Some(now), ..row.clone() }
        } else {
            let attempts = row.attempts + 1;
            OperationRow { state: RowState::Begun, attempts, begun_at: Some(now), ended_at: None, ..row.clone() }
        };
        (row.state, next)
    };
    Ok(batch.into_iter().map(begin).collect())
}

/// Keeps what became of rows. Returns what stands against going on.
pub(super) async fn record(work: &Work, turns: Vec<Turn>, now: Timestamp) -> Result<Option<Halt>, Halt> {
    if turns.is_empty() {
        return Ok(None);
    }
    let (lease, id, number) = (work.lease.clone(), work.operation.id.clone(), work.operation.number);
    let entropy = work.entropy.clone();
    let write = work.mirror.store().write(move |tx| {
        if !jobs::holds(tx, &lease.fence)? {
            return Ok(Err(Halt::LeaseLost));
        }
        keep(tx, (&id, number), &turns)?;
        events::append_all(tx, &told(&id, number, &turns, now), || entropy.bytes())?;
        jobs::extend_operation(tx, &lease.fence, now)?;
        Ok(Ok(halted(tx, &id)?))
    });
    write.await?
}

/// What stands against the next change: read by the worker's commits and, between them, by whoever watches.
pub(super) fn halted(tx: &mut Tx, id: &OperationId) -> Result<Option<Halt>, StoreError> {
    let standing = operations::standing(tx, id)?;
    // Who cancelled while everything is stopped need not release it first.
    if let Some((_, Some(Wish::Cancel), _)) = standing {
        return Ok(Some(Halt::Wish(Wish::Cancel)));
    }
    if head::read(tx)?.stopped {
        return Ok(Some(Halt::Stopped));
    }
    match standing {
        Some((_, Some(Wish::Pause), _)) => return Ok(Some(Halt::Wish(Wish::Pause))),
        Some((OperationState::Running | OperationState::Approved, None, _)) => {}
        _ => return Ok(Some(Halt::LeaseLost)),
    }
    Ok((!guard::switch(tx)?.on).then_some(Halt::LookOnly))
}

/// Keeps rows and how many there are of each state.
pub(super) fn keep(tx: &mut Tx, (id, number): (&OperationId, u64), turns: &[Turn]) -> Result<(), StoreError> {
    let Some((_, _, mut tally)) = operations::standing(tx, id)? else { return Ok(()) };
    let rows: Vec<OperationRow> = turns.iter().map(|(_, row)| row.clone()).collect();
    turns.iter().for_each(|(before, row)| tally.shift(*before, row.state));
    operation_rows::write(tx, number, &rows)?;
    operations::set_tally(tx, id, &tally)?;
    head::touch(tx)
}

/// Before an operation ends early: rows that are to be sent again because no answer came, and that no reading can tell of,
/// are left as unknown.
pub(super) fn leave_doubtful(
    tx: &mut Tx,
    (id, number): (&OperationId, u64),
    now: Timestamp,
    salt: &[u8; 16],
) -> Result<(), StoreError> {
    let mut turns: Vec<Turn> = Vec::new();
    operation_rows::for_each(tx, number, |row| {
        if row.state == RowState::Planned && send::may_be_ours(&row) {
            let unknown = OperationRow { state: RowState::Unknown, ended_at: Some(now), ..row.clone() };
            turns.push((row.state, unknown));
        }
        Ok(())
    })?;
    if turns.is_empty() {
        return Ok(());
    }
    keep(tx, (id, number), &turns)?;
    events::append_all(tx, &told(id, number, &turns, now), || *salt).map(drop)
}

/// One event for each row. It names people and what is changed by their numbers, which say nothing by themselves.
pub(super) fn told(id: &OperationId, number: u64, turns: &[Turn], now: Timestamp) -> Vec<NewEvent> {
    let context = Context { actor: Actor::System, now };
    let one = |(_, row): &Turn| {
        let kind = match row.state {
            RowState::Planned => "change.put_back",
            RowState::Begun => "change.begun",
            RowState::Done => "change.done",
            RowState::Verified => "change.verified",
            RowState::Already => "change.already",
            RowState::Skipped => "change.skipped",
            RowState::Failed => "change.failed",
            RowState::Unknown => "change.unknown",
            RowState::Reverted => "change.reverted",
            RowState::Refused => "change.refused",
        };
        event(&context, kind, id, detail(number, row))
    };
    turns.iter().map(one).collect()
}

fn detail(number: u64, row: &OperationRow) -> String {
    serde_json::json!({
        "operation": number,
        "row": row.seq,
        "change": row.change.kind(),
        "account": Some(row.change.account()).filter(|account| *account != NOBODY),
        "target": row.change.target(),
        "role": row.change.role().map(directory::Role::as_str),
        "attempt": row.attempts,
        "why": row.why.as_ref().map(|why| why.code.as_str()),
    })
    .to_string()
}
