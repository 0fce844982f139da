//! Holding an approved plan against what was just read: rows that no longer fit are left out, and when too much has
//! changed before the first change, a person is asked again. Nothing here sends.

use std::collections::BTreeMap;
use std::sync::Arc;

use directory::Snapshot;
use directory::act::{Change, Standing};
use jiff::SignedDuration;
use roaring::RoaringBitmap;

use crate::mirror::Mirror;
use crate::nouns::job::OperationLease;
use crate::nouns::operation::{Operation, OperationState};
use crate::nouns::operation_row::{OperationRow, RowState, Why};
use crate::operations::apply::{Halt, system};
use crate::operations::journal::{self, Turn};
use crate::operations::plan::{self, event};
use crate::operations::{approve, guard, send};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{events, jobs, operation_rows, operations};
use crate::sync::pass::Surroundings;

/// Of a hundred rows so many may no longer fit; with more, a person is asked again.
pub(super) const CHANGED_PERCENT: usize = 10;
/// How long an operation waits for another one on the same people before it looks again.
const OTHERS: SignedDuration = SignedDuration::from_secs(5);

/// Holding an approved plan against fresh data.
pub(super) struct Fitting<'a> {
    pub mirror: &'a Mirror,
    pub lease: &'a OperationLease,
    pub operation: &'a Operation,
    pub selected: &'a RoaringBitmap,
    pub typed: bool,
}

/// Rows of a plan by what they change, asked for in nearly their order.
struct Verdicts<'p> {
    rows: &'p [OperationRow],
    /// The place behind the last one found.
    next: usize,
    /// All of them, once one did not stand where it was looked for.
    all: Option<BTreeMap<&'p Change, &'p OperationRow>>,
}

impl<'p> Verdicts<'p> {
    fn of(rows: &'p [OperationRow]) -> Verdicts<'p> {
        Verdicts { rows, next: 0, all: None }
    }

    fn find(&mut self, change: &Change) -> Option<&'p OperationRow> {
        if let Some(row) = self.rows.get(self.next).filter(|row| row.change == *change) {
            self.next += 1;
            return Some(row);
        }
        let rows = self.rows;
        let all = self.all.get_or_insert_with(|| rows.iter().map(|row| (&row.change, row)).collect());
        let found = all.get(change).copied()?;
        self.next = found.seq as usize;
        Some(found)
    }
}

impl Fitting<'_> {
    /// Skips rows whose state no longer fits. Before the first change, too many of them, or a bound that is passed now,
    /// stop everything and ask a person again.
    pub(super) async fn fit(
        &self,
        rows: &mut [OperationRow],
        (fresh, unread): (&Arc<Snapshot>, &RoaringBitmap),
        surroundings: &Surroundings,
    ) -> Result<(), Halt> {
        let (read, own) = (fresh.clone(), self.operation.own.clone());
        let (around, bounds) = self
            .mirror
            .store()
            .read(move |tx| {
                Ok((crate::operations::prepare::circumstances(tx, &read, own.as_ref())?, guard::read(tx)?.bounds))
            })
            .await?;
        let steps = approve::steps(self.mirror, self.operation, self.selected.clone()).await?;
        let laid = plan::lay(self.mirror, &self.operation.id, (steps, around), fresh).await;
        let mut verdicts = Verdicts::of(&laid.rows);
        let (now, read) = (surroundings.clock.now(), fresh);
        let mut turns: Vec<Turn> = Vec::new();
        let mut planned = 0;
        for row in rows.iter().filter(|row| row.state == RowState::Planned) {
            planned += 1;
            if unread.contains(row.change.account()) {
                let why = Some(Why::new("unread", ""));
                let skipped = OperationRow { state: RowState::Skipped, why, ended_at: Some(now), ..row.clone() };
                turns.push((row.state, skipped));
                continue;
            }
            let found = match verdicts.find(&row.change) {
                Some(fresh) if fresh.state == RowState::Planned => continue,
                Some(fresh) if fresh.state == RowState::Refused => {
                    fresh.why.as_ref().map_or_else(String::new, |why| why.code.clone())
                }
                // It was sent before without an answer: that it is so is our own doing.
                _ if send::may_be_ours(row) && row.change.standing(read) == Standing::So => {
                    let verified =
                        OperationRow { state: RowState::Verified, why: None, ended_at: Some(now), ..row.clone() };
                    turns.push((row.state, OperationRow { generation: Some(read.generation()), ..verified }));
                    continue;
                }
                // No row of it any more, or one that is so: nothing is left to change.
                _ => "already_so".to_owned(),
            };
            let why = Some(Why::new("changed", found));
            turns.push((row.state, OperationRow { state: RowState::Skipped, why, ended_at: Some(now), ..row.clone() }));
        }
        if self.operation.started_at.is_none() {
            let demands = bounds.demands(&self.operation.plan, fresh);
            let ask = if turns.len() * 100 > planned * CHANGED_PERCENT {
                Some(format!(
                    "Of {planned} rows {} no longer fit what was just read. Look at the plan again.",
                    turns.len()
                ))
            } else {
                let over = demands.over_limit.filter(|_| !self.typed);
                over.map(|limit| {
                    format!(
                        "It concerns {} people, and by what was just read an operation may concern {limit}. Look at \
                         the plan again.",
                        self.operation.plan.people
                    )
                })
            };
            if let Some(reason) = ask {
                approve::replan(&system(now), self.mirror, (self.operation, laid, Some(reason)), &surroundings.entropy)
                    .await?;
                return Err(Halt::AskAgain);
            }
        }
        let open = rows.iter().filter(|row| !row.state.is_settled()).map(|row| row.change.account()).collect();
        self.set_out((&turns, open), surroundings).await?;
        let skipped: BTreeMap<u64, OperationRow> = turns.into_iter().map(|(_, row)| (row.seq, row)).collect();
        for row in rows.iter_mut() {
            if let Some(skipped) = skipped.get(&row.seq) {
                *row = skipped.clone();
            }
        }
        Ok(())
    }

    /// Keeps that the operation is being carried out, with the rows it leaves out. Of two operations on the same people
    /// the second waits, and then reads them again.
    async fn set_out(&self, (turns, open): (&[Turn], RoaringBitmap), surroundings: &Surroundings) -> Result<(), Halt> {
        let (lease, number, turns) = (self.lease.clone(), self.operation.number, turns.to_vec());
        let (context, salt) = (system(surroundings.clock.now()), surroundings.entropy.bytes());
        let write = self.mirror.store().write(move |tx| {
            if !jobs::holds(tx, &lease.fence)? {
                return Ok(Err(Halt::LeaseLost));
            }
            if let Some(other) = elsewhere(tx, number, &open)? {
                let until = context.now.checked_add(OTHERS).unwrap_or(context.now);
                let reason = format!("Waits for operation {other}, which concerns some of the same people.");
                return Ok(Err(Halt::Wait { until, reason }));
            }
            let id = &lease.operation;
            operations::set_state(tx, id, OperationState::Running, None)?;
            journal::keep(tx, (id, number), &turns)?;
            events::append_all(tx, &journal::told(id, number, &turns, context.now), || salt)?;
            let detail = serde_json::json!({ "number": number, "skipped": turns.len() }).to_string();
            events::append(tx, &event(&context, "operation.begun", id, detail), &salt)?;
            jobs::extend_operation(tx, &lease.fence, context.now)?;
            Ok(Ok(()))
        });
        write.await?
    }
}

/// Another operation that is being carried out and has rows left of some of the same people.
fn elsewhere(tx: &mut Tx, number: u64, ours: &RoaringBitmap) -> Result<Option<u64>, StoreError> {
    let mut other = None;
    operation_rows::for_each_open_elsewhere(tx, number, |account, number| {
        if ours.contains(account) {
            other.get_or_insert(number);
        }
    })?;
    Ok(other)
}
