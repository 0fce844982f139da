//! The worker of operations: takes the job that is due, carries the operation out under its lease, and settles how that
//! ended. One operation of an organization is carried out at a time, so that two on the same people never mix.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::nouns::job::OperationLease;
use crate::nouns::operation::{OperationState, Wish};
use crate::nouns::operation_row::{RowState, Tally};
use crate::nouns::operation_terms::TrialStage;
use crate::nouns::run::Waiting;
use crate::operations::apply::{self, Carried, Halt, system};
use crate::operations::plan::event;
use crate::operations::{finished, journal};
use crate::operations::{trial, until};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{events, head, jobs, operation_terms, operations};
use crate::sync::connect::Connector;
use crate::sync::pass::Surroundings;

/// How often the worker looks for work that nobody told it of.
const LOOK: Duration = Duration::from_secs(1);
/// After a failure of the database.
const STORE_RETRY: SignedDuration = SignedDuration::from_secs(5);
/// How long it waits for a key that works, or for a release; both wake it.
const HOUR: SignedDuration = SignedDuration::from_secs(3600);

/// Works for one organization until the task is dropped.
pub async fn work(mirror: Mirror, connector: Connector, surroundings: Surroundings) {
    loop {
        match work_once(&mirror, &connector, &surroundings).await {
            Ok(true) => {}
            Ok(false) => surroundings.clock.sleep(LOOK).await,
            Err(error) => {
                tracing::error!(%error, organization = %mirror.organization().id, "operation.worker");
                surroundings.clock.sleep(LOOK).await;
            }
        }
    }
}

/// Carries out one operation that is due, if any; whether there was one.
///
/// # Errors
/// The database failed before or after the operation.
pub async fn work_once(
    mirror: &Mirror,
    connector: &Connector,
    surroundings: &Surroundings,
) -> Result<bool, StoreError> {
    until::take_back_due(mirror, surroundings).await?;
    let now = surroundings.clock.now();
    let Some(lease) = mirror.store().write(move |tx| jobs::lease_operation(tx, now)).await? else { return Ok(false) };
    let carried = match connector.client_of(mirror).await {
        Ok(client) => Box::pin(apply::carry_out((mirror, connector.control()), &lease, client, surroundings)).await,
        Err(refusal) => {
            let until = later(surroundings.clock.now(), HOUR);
            Err(Halt::Wait { until, reason: refusal.to_string() })
        }
    };
    let carried = carried.unwrap_or_else(Carried::Halted);
    tracing::info!(organization = %mirror.organization().id, operation = %lease.operation, ?carried, "operation.worked");
    settle(mirror, (&lease, carried), surroundings).await?;
    Ok(true)
}

/// Where an operation goes from here.
enum Then {
    /// Its job is put back until a moment, for a reason that pages show.
    Back(Timestamp, String),
    /// It stands in a state, until a person does something.
    Stand(OperationState, Option<String>),
    /// It is over.
    Over(Option<String>),
    /// It is over because somebody wanted so.
    Cancelled,
    /// It stands as it was put already; its job is done.
    Asked,
    /// Somebody else goes on.
    Nothing,
}

async fn settle(
    mirror: &Mirror,
    (lease, carried): (&OperationLease, Carried),
    surroundings: &Surroundings,
) -> Result<(), StoreError> {
    let now = surroundings.clock.now();
    let then = match carried {
        Carried::Over => Then::Over(None),
        Carried::CheckLater(at) => Then::Back(at, "Reading back what Atlassian does in its own time.".to_owned()),
        Carried::Halted(halt) => match halt {
            Halt::LeaseLost => Then::Nothing,
            Halt::Store(error) => Then::Back(later(now, STORE_RETRY), format!("The database failed: {error}.")),
            Halt::Wish(Wish::Pause) => Then::Stand(OperationState::Paused, None),
            Halt::Wish(Wish::Cancel) => Then::Cancelled,
            Halt::Stopped => Then::Back(later(now, HOUR), "Everything is stopped until it is released.".to_owned()),
            Halt::LookOnly => Then::Stand(
                OperationState::Paused,
                Some("Actions were switched off. Switch them on, then let the operation go on.".to_owned()),
            ),
            Halt::Wait { until, reason } => Then::Back(until, reason),
            Halt::Read(ended) => match ended.resumes_at(now) {
                Some(at) => Then::Back(at, ended.reason()),
                None => Then::Stand(OperationState::Paused, Some(ended.reason())),
            },
            Halt::AskAgain => Then::Asked,
        },
    };
    let (lease, entropy) = (lease.clone(), surroundings.entropy.clone());
    mirror.store().write(move |tx| take(tx, &lease, (then, now), &entropy)).await
}

fn take(
    tx: &mut Tx,
    lease: &OperationLease,
    (then, now): (Then, Timestamp),
    entropy: &Entropy,
) -> Result<(), StoreError> {
    if !jobs::holds(tx, &lease.fence)? {
        return Ok(());
    }
    let id = &lease.operation;
    let Some((mut operation, _)) = operations::find(tx, id)? else { return Ok(()) };
    let mut told = None;
    match then {
        Then::Nothing => return Ok(()),
        Then::Back(until, reason) => {
            operations::set_waiting(tx, id, Some(&Waiting { until, reason: reason.clone() }))?;
            jobs::put_back(tx, &lease.fence, until, &reason)?;
        }
        Then::Stand(state, reason) => {
            operations::set_state(tx, id, state, reason.as_deref())?;
            jobs::finish_operation(tx, &lease.fence)?;
            told = Some(("operation.paused", state));
        }
        Then::Asked => jobs::finish_operation(tx, &lease.fence)?,
        Then::Cancelled => {
            journal::leave_doubtful(tx, (id, operation.number), now, &entropy.bytes())?;
            operation = operations::find(tx, id)?.map_or(operation, |(found, _)| found);
            operations::end(tx, id, (OperationState::Cancelled, Some("Cancelled by a person.")), now)?;
            jobs::finish_operation(tx, &lease.fence)?;
            told = Some(("operation.ended", OperationState::Cancelled));
        }
        Then::Over(reason) => {
            let terms = operation_terms::find(tx, operation.number)?;
            if let Some(asked) = trial::asks(&operation, &operation.tally, &terms) {
                operation_terms::set_stage(tx, operation.number, TrialStage::Over)?;
                operations::set_state(tx, id, OperationState::Paused, Some(&asked))?;
                jobs::finish_operation(tx, &lease.fence)?;
                let detail = format!(r#"{{"number":{}}}"#, operation.number);
                events::append(tx, &event(&system(now), "operation.tried", id, detail), &entropy.bytes())?;
                return head::touch(tx);
            }
            let state = ending(&operation.tally);
            operations::end(tx, id, (state, reason.as_deref()), now)?;
            jobs::finish_operation(tx, &lease.fence)?;
            told = Some(("operation.ended", state));
        }
    }
    if let Some((kind, state)) = told {
        let counts: serde_json::Map<String, serde_json::Value> = RowState::ALL
            .iter()
            .filter(|row| operation.tally.of(**row) > 0)
            .map(|row| (row.as_str().to_owned(), operation.tally.of(*row).into()))
            .collect();
        let detail = serde_json::json!({ "number": operation.number, "state": state.as_str(), "rows": counts });
        events::append(tx, &event(&system(now), kind, id, detail.to_string()), &entropy.bytes())?;
        if state.is_over() {
            finished::tell(tx, id, now, entropy)?;
        }
    }
    head::touch(tx)
}

/// How an operation ended whose rows have come to their ends.
fn ending(tally: &Tally) -> OperationState {
    let of = |states: &[RowState]| states.iter().map(|state| tally.of(*state)).sum::<u64>();
    let ours = of(&[RowState::Done, RowState::Verified]);
    let not = of(&[RowState::Failed, RowState::Skipped, RowState::Reverted, RowState::Unknown, RowState::Planned]);
    match (ours, not) {
        (_, 0) => OperationState::Succeeded,
        (0, _) => OperationState::Failed,
        _ => OperationState::Partial,
    }
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w7_a_partial_success_is_none() {
        let tally = |states: &[RowState]| {
            let mut tally = Tally::default();
            states.iter().for_each(|state| tally.add(*state));
            tally
        };
        use RowState::{Already, Failed, Refused, Reverted, Skipped, Verified};
        assert_eq!(ending(&tally(&[Verified, Already, Refused])), OperationState::Succeeded);
        assert_eq!(ending(&tally(&[Verified, Failed])), OperationState::Partial);
        assert_eq!(ending(&tally(&[Verified, Skipped])), OperationState::Partial);
        assert_eq!(ending(&tally(&[Failed, Already])), OperationState::Failed);
        assert_eq!(ending(&tally(&[Reverted])), OperationState::Failed);
    }
}
