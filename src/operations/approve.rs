//! Approving a plan, and rejecting it. [`Approved`] is what may be carried out: it has one constructor, which loads the
//! stored plan, computes its hash again, and finds an approval of that hash by somebody who still may approve.

use std::num::NonZeroU64;
use std::sync::Arc;

use directory::Snapshot;
use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::id::{AdministratorId, Entropy, JobId, OperationId};
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::operation::{Approval, Decision, Operation, OperationKind, OperationState};
use crate::nouns::operation_row::OperationRow;
use crate::nouns::operation_terms::{Terms, Trial, TrialStage};
use crate::nouns::refusal::Refusal;
use crate::operations::plan::{self, NotPlanned, Steps, event, hexadecimal};
use crate::operations::send::PERHAPS_BEFORE;
use crate::operations::undo::{CHANGED_SINCE, NEEDS_INVITATION};
use crate::operations::{difference, finished, guard};
use crate::store::control::{administrators, admissions};
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::{events, head, jobs, operation_differences, operation_rows, operation_terms, operations};
use crate::sync::edition::{self, GraceOver};

/// What somebody says who approves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approving {
    /// The hash of the plan they looked at.
    pub hash: [u8; 32],
    /// The number of rows they typed, where that is asked for.
    pub typed: Option<u64>,
    /// Why, where they said so.
    pub reason: String,
}

/// Why a plan was not approved.
#[derive(Debug, thiserror::Error)]
pub enum NotApproved {
    /// There is no such operation.
    #[error("there is no such operation")]
    Unknown,
    /// It does not wait for an approval.
    #[error("the operation is {}", .0.as_str())]
    NotWaiting(OperationState),
    /// Rollcall's own edition has been exceeded for longer than its grace period.
    #[error("the grace period is over")]
    GraceOver(GraceOver),
    /// Actions are not switched on for this organization.
    #[error("actions are off")]
    LookOnly,
    /// Somebody has stopped everything.
    #[error("everything is stopped")]
    Stopped,
    /// The plan is another one than was looked at, or has changed on newer data; it has to be looked at again.
    #[error("the plan has changed: {was} rows were to be done, now {now}")]
    Changed {
        /// Rows that were to be done.
        was: u64,
        /// Rows that now are.
        now: u64,
    },
    /// No row would be done.
    #[error("nothing would be done")]
    NothingToDo,
    /// The number of rows was not typed, or another one.
    #[error("the number {0} has to be typed")]
    TypeNumber(u64),
    /// The moment until which it would give access is over.
    #[error("the access it would give ended at {0}")]
    UntilOver(Timestamp),
    /// Somebody else has to approve.
    #[error("a second person has to approve: more than {0} people are concerned")]
    SecondPerson(u64),
    /// The plan cannot be made again.
    #[error(transparent)]
    NotPlanned(#[from] NotPlanned),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NotApproved {
    /// What a person is told.
    pub fn refusal(&self) -> Refusal {
        let what = "The plan was not approved.";
        let refusal = |why: String, next: &str| Refusal::new(what, why, next);
        match self {
            NotApproved::Unknown => refusal("There is no such operation.".into(), "Look at the list of operations."),
            NotApproved::NotWaiting(state) => {
                refusal(format!("The operation is {} already.", state.as_str()), "Look at what came of it.")
            }
            NotApproved::GraceOver(over) => over.refusal(what),
            NotApproved::LookOnly => refusal(
                "Actions are off for this organization: Rollcall looks only.".into(),
                "Switch actions on in Settings.",
            ),
            NotApproved::Stopped => refusal("Everything is stopped.".into(), "Release it with a reason first."),
            NotApproved::Changed { was, now } => refusal(
                format!("The plan has changed since it was looked at: {was} rows were to be done, now {now} are."),
                "Look at the plan again.",
            ),
            NotApproved::NothingToDo => {
                refusal("No row would be done.".into(), "Look at the reasons of the rows, or make another plan.")
            }
            NotApproved::TypeNumber(rows) => {
                refusal(format!("The plan has {rows} rows."), "Type that number to approve it.")
            }
            NotApproved::UntilOver(at) => refusal(
                format!("The access that it would give was to end at {at}, which is over."),
                "Make another plan with a later date.",
            ),
            NotApproved::SecondPerson(limit) => refusal(
                format!("It concerns more than {limit} people, and whoever asked for it cannot approve it."),
                "Ask somebody else to approve it.",
            ),
            NotApproved::NotPlanned(error) => error.refusal(),
            NotApproved::Store(error) => {
                refusal(format!("The database failed: {error}."), "Look into the log, then try again.")
            }
        }
    }
}

/// A plan that may be carried out.
#[derive(Debug)]
pub struct Approved {
    /// The operation.
    pub(super) operation: Operation,
    /// Whom it selected.
    pub(super) selected: RoaringBitmap,
    /// Every row, as the journal has it.
    pub(super) rows: Vec<OperationRow>,
    /// Whether the number of rows was typed when it was approved.
    pub(super) typed: bool,
    /// What was agreed on besides the plan.
    pub(super) terms: Terms,
}

/// Why a stored plan may not be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Void {
    /// The rows are not those whose hash was kept.
    Rows,
    /// Nobody who still may approve has approved them.
    Approval,
}

impl Approved {
    /// Loads an operation's plan. The only way to one that may be carried out.
    pub(super) async fn load(
        mirror: &Mirror,
        control: &Store,
        id: &OperationId,
    ) -> Result<Option<Result<Approved, (Operation, Void)>>, StoreError> {
        let wanted = id.clone();
        let found = mirror.store().read(move |tx| {
            let Some((operation, selected)) = operations::find(tx, &wanted)? else { return Ok(None) };
            let mut rows = Vec::with_capacity(operation.tally.total() as usize);
            operation_rows::for_each(tx, operation.number, |row| {
                rows.push(row);
                Ok(())
            })?;
            let decisions = operations::decisions(tx, operation.number)?;
            let terms = operation_terms::find(tx, operation.number)?;
            Ok(Some((operation, selected, rows, decisions, (guard::read(tx)?.bounds, terms))))
        });
        let Some((operation, selected, rows, decisions, (bounds, terms))) = found.await? else { return Ok(None) };
        let hash = plan::hash(mirror.organization().id.as_str(), id, &rows);
        if hash != operation.plan.hash {
            return Ok(Some(Err((operation, Void::Rows))));
        }
        let second = bounds.demands(&operation.plan, &mirror.current()).second_person;
        let typed = decisions.last().is_some_and(|last| last.typed == Some(operation.plan.rows));
        // The last word counts.
        let valid = match decisions.last() {
            Some(last) if last.verdict == Approval::Approved && last.hash == hash => {
                let by_another = last.subject != operation.asked_as;
                (by_another || !second) && may_approve(mirror, control, &last.subject).await?
            }
            _ => false,
        };
        Ok(Some(if valid {
            Ok(Approved { operation, selected, rows, typed, terms })
        } else {
            Err((operation, Void::Approval))
        }))
    }
}

/// Whether somebody may still approve: the command line always, an administrator while they may enter.
async fn may_approve(mirror: &Mirror, control: &Store, subject: &str) -> Result<bool, StoreError> {
    let Some(id) = subject.strip_prefix("administrator ") else { return Ok(true) };
    let Some(id) = AdministratorId::parse(id) else { return Ok(false) };
    let organization = mirror.organization().id.clone();
    let read = control.read(move |tx| {
        let admitted = admissions::list(tx, &organization)?;
        let ended = admitted.iter().any(|one| one.administrator == id && one.ended.is_some());
        Ok(!ended && administrators::exists(tx, &id)?)
    });
    read.await
}

/// Approves a plan, which a worker then carries out. A plan that is older than the newest generation is made again
/// first; when that changes what would be done, it has to be looked at again.
///
/// # Errors
/// Why it was not approved.
pub async fn approve(
    context: &Context,
    mirror: &Mirror,
    (id, approving): (&OperationId, Approving),
    entropy: &Entropy,
) -> Result<(), NotApproved> {
    approve_on(context, mirror, (id, approving, None), entropy).await
}

/// Approves a plan likewise, to be tried on its first rows: once they have come to their ends, a person is asked whether
/// the rest may go on.
///
/// # Errors
/// Why it was not approved.
pub async fn try_on(
    context: &Context,
    mirror: &Mirror,
    (id, approving, first): (&OperationId, Approving, NonZeroU64),
    entropy: &Entropy,
) -> Result<(), NotApproved> {
    approve_on(context, mirror, (id, approving, Some(first)), entropy).await
}

async fn approve_on(
    context: &Context,
    mirror: &Mirror,
    (id, approving, first): (&OperationId, Approving, Option<NonZeroU64>),
    entropy: &Entropy,
) -> Result<(), NotApproved> {
    let snapshot = mirror.newest().await?;
    refresh(context, mirror, (id, approving.hash), (&snapshot, entropy)).await?;
    let (context, id, entropy) = (context.clone(), id.clone(), entropy.clone());
    let write = mirror.store().write(move |tx| {
        let Some((operation, _)) = operations::find(tx, &id)? else { return Ok(Err(NotApproved::Unknown)) };
        if !operation.state.awaits_approval() {
            // The same click twice is one approval.
            let again = operations::decisions(tx, operation.number)?.last().is_some_and(|last| {
                last.verdict == Approval::Approved
                    && last.hash == approving.hash
                    && last.subject == context.actor.as_person()
            });
            return Ok(if again { Ok(()) } else { Err(NotApproved::NotWaiting(operation.state)) });
        }
        if let Err(over) = edition::may_act(tx, context.now)? {
            return Ok(Err(NotApproved::GraceOver(over)));
        }
        if !guard::switch(tx)?.on {
            return Ok(Err(NotApproved::LookOnly));
        }
        if head::read(tx)?.stopped {
            return Ok(Err(NotApproved::Stopped));
        }
        let plan = &operation.plan;
        if plan.hash != approving.hash {
            return Ok(Err(NotApproved::Changed { was: plan.rows, now: plan.rows }));
        }
        if plan.rows == 0 {
            return Ok(Err(NotApproved::NothingToDo));
        }
        let terms = operation_terms::find(tx, operation.number)?;
        if let Some(until) = terms.until.filter(|until| until.at <= context.now) {
            return Ok(Err(NotApproved::UntilOver(until.at)));
        }
        let demands = guard::read(tx)?.bounds.demands(plan, &snapshot);
        if let Some(number) = demands.number.filter(|number| approving.typed != Some(*number)) {
            return Ok(Err(NotApproved::TypeNumber(number)));
        }
        if demands.second_person && context.actor.as_person() == operation.asked_as {
            return Ok(Err(NotApproved::SecondPerson(demands.over_limit.unwrap_or_default())));
        }
        decide(tx, &context, (&operation, Approval::Approved, &approving.reason, approving.typed), &entropy)?;
        match first {
            Some(first) => {
                let trial = Trial { rows: first.get(), stage: TrialStage::UnderWay };
                operation_terms::set_trial(tx, operation.number, trial)?;
            }
            // One of an earlier approval holds no longer.
            None => operation_terms::set_stage(tx, operation.number, TrialStage::Passed)?,
        }
        operations::set_state(tx, &id, OperationState::Approved, None)?;
        jobs::insert_operation(tx, &JobId::new(&entropy, context.now), &id, context.now)?;
        head::touch(tx)?;
        Ok(Ok(()))
    });
    write.await?
}

/// Rejects a plan, with a reason. It is over then.
///
/// # Errors
/// Why it was not rejected.
pub async fn reject(
    context: &Context,
    mirror: &Mirror,
    (id, reason): (&OperationId, String),
    entropy: &Entropy,
) -> Result<(), NotApproved> {
    let (context, id, entropy) = (context.clone(), id.clone(), entropy.clone());
    let write = mirror.store().write(move |tx| {
        let Some((operation, _)) = operations::find(tx, &id)? else { return Ok(Err(NotApproved::Unknown)) };
        if !operation.state.awaits_approval() {
            return Ok(Err(NotApproved::NotWaiting(operation.state)));
        }
        decide(tx, &context, (&operation, Approval::Rejected, &reason, None), &entropy)?;
        operations::end(tx, &id, (OperationState::Cancelled, Some("The plan was rejected.")), context.now)?;
        finished::tell(tx, &id, context.now, &entropy)?;
        head::touch(tx)?;
        Ok(Ok(()))
    });
    write.await?
}

fn decide(
    tx: &mut crate::store::tx::Tx,
    context: &Context,
    (operation, verdict, reason, typed): (&Operation, Approval, &str, Option<u64>),
    entropy: &Entropy,
) -> Result<(), StoreError> {
    let decision = Decision {
        at: context.now,
        by: context.actor.as_text(),
        subject: context.actor.as_person(),
        hash: operation.plan.hash,
        verdict,
        reason: reason.to_owned(),
        typed,
    };
    operations::decide(tx, operation.number, &decision)?;
    let kind = match verdict {
        Approval::Approved => "operation.approved",
        Approval::Rejected => "operation.rejected",
    };
    let detail = serde_json::json!({
        "number": operation.number,
        "plan": hexadecimal(&operation.plan.hash),
        "rows": operation.plan.rows,
    });
    let mut told = event(context, kind, &operation.id, detail.to_string());
    if !reason.is_empty() {
        told.personal = serde_json::json!({ "reason": reason }).to_string();
    }
    events::append(tx, &told, &entropy.bytes()).map(drop)
}

/// Makes a plan again that is older than the newest generation. What would be done must be as it was looked at.
async fn refresh(
    context: &Context,
    mirror: &Mirror,
    (id, seen): (&OperationId, [u8; 32]),
    (snapshot, entropy): (&Arc<Snapshot>, &Entropy),
) -> Result<(), NotApproved> {
    let wanted = id.clone();
    let found = mirror.store().read(move |tx| operations::find(tx, &wanted)).await?;
    let Some((operation, selected)) = found else { return Err(NotApproved::Unknown) };
    if !operation.state.awaits_approval() || operation.plan.generation == snapshot.generation() {
        return Ok(());
    }
    let steps = steps(mirror, &operation, selected).await?;
    let around = plan::around(mirror, snapshot, operation.own.as_ref()).await?;
    let laid = plan::lay(mirror, id, (steps, around), snapshot).await;
    let (was, now, same) = (operation.plan.rows, laid.figures.rows, laid.figures.hash == seen);
    replan(context, mirror, (&operation, laid, None), entropy).await?;
    if same { Ok(()) } else { Err(NotApproved::Changed { was, now }) }
}

/// What an operation's plan is made of, for making it again.
pub(super) async fn steps(
    mirror: &Mirror,
    operation: &Operation,
    selected: RoaringBitmap,
) -> Result<Steps, StoreError> {
    // An undo and changes of groups as such have no actions: their rows say it.
    if operation.kind != OperationKind::Undo && !operation.actions.is_empty() {
        return Ok(Steps::Actions(selected, operation.actions.clone()));
    }
    let number = operation.number;
    mirror
        .store()
        .read(move |tx| {
            let (mut changes, mut left_alone) = (Vec::new(), Vec::new());
            operation_rows::for_each(tx, number, |row| {
                match row.why {
                    Some(why) if [CHANGED_SINCE, NEEDS_INVITATION, PERHAPS_BEFORE].contains(&why.code.as_str()) => {
                        left_alone.push((row.action, row.change, why));
                    }
                    _ => changes.push((row.action, row.change)),
                }
                Ok(())
            })?;
            Ok(Steps::Changes(changes, left_alone))
        })
        .await
}

/// Puts a plan that was made again in the place of the one before; with a reason when it waits for a person.
pub(super) async fn replan(
    context: &Context,
    mirror: &Mirror,
    (operation, laid, reason): (&Operation, plan::Laid, Option<String>),
    entropy: &Entropy,
) -> Result<(), StoreError> {
    let (id, number, salt) = (operation.id.clone(), operation.number, entropy.bytes());
    let state = if reason.is_some() { OperationState::Waiting } else { operation.state };
    let reason = reason.or_else(|| operation.failure.clone());
    let actor = Context { actor: Actor::System, now: context.now };
    mirror
        .store()
        .write(move |tx| {
            let mut before = Vec::new();
            operation_rows::for_each(tx, number, |row| {
                before.push(row);
                Ok(())
            })?;
            let mut differences = difference::between(&before, &laid.rows);
            differences.truncate(difference::MOST);
            operation_differences::replace(tx, number, &differences)?;
            operation_rows::drop_all(tx, number)?;
            operation_rows::insert(tx, number, &laid.rows)?;
            let plan = (&laid.figures, &laid.tally, &laid.selected);
            operations::replan(tx, &id, plan, (state, reason.as_deref()))?;
            let detail = serde_json::json!({
                "number": number,
                "rows": laid.figures.rows,
                "plan": hexadecimal(&laid.figures.hash),
            });
            events::append(tx, &event(&actor, "operation.planned_again", &id, detail.to_string()), &salt)?;
            head::touch(tx)
        })
        .await
}
