//! What a person wants of operations: pause, go on, cancel; and *Stop everything*, which holds until it is released.

use jiff::Timestamp;

use crate::id::{Entropy, JobId, OperationId};
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::event::{NewEvent, Part};
use crate::nouns::operation::{Operation, OperationState, Wish};
use crate::nouns::operation_row::RowState;
use crate::nouns::operation_terms::TrialStage;
use crate::operations::plan::event;
use crate::operations::{finished, journal};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{events, head, jobs, operation_terms, operations};

/// What came of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wished {
    /// It is so, or will be before the next change.
    Taken,
    /// There is no such operation.
    Unknown,
    /// It is in a state in which this means nothing.
    Not(OperationState),
}

/// Stops an operation before its next change. It may go on.
pub async fn pause(
    context: &Context,
    mirror: &Mirror,
    id: &OperationId,
    entropy: &Entropy,
) -> Result<Wished, StoreError> {
    wish(context, mirror, (id, "operation.pause_asked"), entropy, |tx, operation| {
        match operation.state {
            // One that is being cancelled does not go on, and so cannot rest.
            OperationState::Running if operation.wish != Some(Wish::Cancel) => {
                operations::set_wish(tx, &operation.id, Some(Wish::Pause))?;
            }
            OperationState::Approved => {
                operations::set_state(tx, &operation.id, OperationState::Paused, None)?;
                jobs::cancel_operation(tx, &operation.id)?;
            }
            state => return Ok(Wished::Not(state)),
        }
        Ok(Wished::Taken)
    })
    .await
}

/// Lets a paused operation go on, and one that was tried on its first rows with the rest. What it rests on is read again
/// first.
pub async fn resume(
    context: &Context,
    mirror: &Mirror,
    id: &OperationId,
    entropy: &Entropy,
) -> Result<Wished, StoreError> {
    let (job, now) = (JobId::new(entropy, context.now), context.now);
    wish(context, mirror, (id, "operation.resumed"), entropy, move |tx, operation| {
        match operation.state {
            OperationState::Running if operation.wish == Some(Wish::Pause) => {
                operations::set_wish(tx, &operation.id, None)?;
            }
            OperationState::Paused => {
                let trial = operation_terms::find(tx, operation.number)?.trial;
                if trial.is_some_and(|trial| trial.stage == TrialStage::Over) {
                    operation_terms::set_stage(tx, operation.number, TrialStage::Passed)?;
                }
                operations::set_state(tx, &operation.id, OperationState::Approved, None)?;
                jobs::insert_operation(tx, &job, &operation.id, now)?;
            }
            state => return Ok(Wished::Not(state)),
        }
        Ok(Wished::Taken)
    })
    .await
}

/// Ends an operation before its next change. What was done stays done, and can be taken back once it was read back.
pub async fn cancel(
    context: &Context,
    mirror: &Mirror,
    id: &OperationId,
    entropy: &Entropy,
) -> Result<Wished, StoreError> {
    let (now, salt) = (context.now, entropy.bytes());
    let (job, why) = (JobId::new(entropy, now), format!("Cancelled by {}.", context.actor.as_text()));
    let chance = entropy.clone();
    wish(context, mirror, (id, "operation.cancel_asked"), entropy, move |tx, operation| {
        match operation.state {
            state if state.is_over() => return Ok(Wished::Not(state)),
            OperationState::Running => {
                operations::set_wish(tx, &operation.id, Some(Wish::Cancel))?;
                jobs::wake_operation(tx, &operation.id, now)?;
            }
            _ if operation.tally.open() + operation.tally.of(RowState::Done)
                > operation.tally.of(RowState::Planned) =>
            {
                // Paused with changes that were not read back to their end: a worker looks, then ends it.
                operations::set_state(tx, &operation.id, OperationState::Running, None)?;
                operations::set_wish(tx, &operation.id, Some(Wish::Cancel))?;
                jobs::insert_operation(tx, &job, &operation.id, now)?;
            }
            _ => {
                journal::leave_doubtful(tx, (&operation.id, operation.number), now, &salt)?;
                operations::end(tx, &operation.id, (OperationState::Cancelled, Some(&why)), now)?;
                jobs::cancel_operation(tx, &operation.id)?;
                finished::tell(tx, &operation.id, now, &chance)?;
            }
        }
        Ok(Wished::Taken)
    })
    .await
}

async fn wish(
    context: &Context,
    mirror: &Mirror,
    (id, kind): (&OperationId, &'static str),
    entropy: &Entropy,
    take: impl FnOnce(&mut Tx, &Operation) -> Result<Wished, StoreError> + Send + 'static,
) -> Result<Wished, StoreError> {
    let (context, id, salt) = (context.clone(), id.clone(), entropy.bytes());
    mirror
        .store()
        .write(move |tx| {
            let Some((operation, _)) = operations::find(tx, &id)? else { return Ok(Wished::Unknown) };
            let taken = take(tx, &operation)?;
            if taken == Wished::Taken {
                let detail = format!(r#"{{"number":{}}}"#, operation.number);
                events::append(tx, &event(&context, kind, &id, detail), &salt)?;
                head::touch(tx)?;
            }
            Ok(taken)
        })
        .await
}

/// *Stop everything*: from this commit on no change is begun on any node, until it is released. Syncs go on.
pub async fn stop(context: &Context, mirror: &Mirror, reason: &str, entropy: &Entropy) -> Result<bool, StoreError> {
    switch(context, mirror, (true, "everything.stopped", reason), entropy).await
}

/// Releases what was stopped, with the reason. Operations that were under way go on.
pub async fn release(context: &Context, mirror: &Mirror, reason: &str, entropy: &Entropy) -> Result<bool, StoreError> {
    switch(context, mirror, (false, "everything.released", reason), entropy).await
}

/// Who stopped everything, when, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoppedBy {
    /// Who; the audit's name for them when theirs was erased.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why; empty when that was erased.
    pub reason: String,
}

/// Who stopped everything, while it is stopped.
pub fn stopped_by(tx: &mut Tx) -> Result<Option<StoppedBy>, StoreError> {
    if !head::read(tx)?.stopped {
        return Ok(None);
    }
    let wanted = events::Wanted { kind: Some("everything.stopped".to_owned()), ..events::Wanted::default() };
    let Some(newest) = events::matching(tx, &wanted, 1)?.pop() else { return Ok(None) };
    let part = |take: fn(&Part) -> Option<String>| newest.parts.iter().find_map(take);
    let told = part(|part| part.told.clone()).and_then(|told| serde_json::from_str::<serde_json::Value>(&told).ok());
    Ok(Some(StoppedBy {
        by: part(|part| part.name.clone()).unwrap_or_else(|| newest.event.actor.clone()),
        at: newest.event.at,
        reason: told.and_then(|told| told["reason"].as_str().map(str::to_owned)).unwrap_or_default(),
    }))
}

async fn switch(
    context: &Context,
    mirror: &Mirror,
    (stopped, kind, reason): (bool, &'static str, &str),
    entropy: &Entropy,
) -> Result<bool, StoreError> {
    let event = NewEvent {
        at: context.now,
        actor: context.actor.as_subject(),
        kind,
        subject: mirror.organization().id.to_string(),
        detail: "{}".to_owned(),
        personal: serde_json::json!({ "reason": reason }).to_string(),
    };
    let (now, salt) = (context.now, entropy.bytes());
    mirror
        .store()
        .write(move |tx| {
            if head::read(tx)?.stopped == stopped {
                return Ok(false);
            }
            head::set_stopped(tx, stopped)?;
            events::append(tx, &event, &salt)?;
            if !stopped {
                jobs::make_due(tx, now)?;
            }
            Ok(true)
        })
        .await
}
