//! Access that is given until a moment: from then on it is taken back by itself, through an operation of its own whose
//! plan whoever approved the first one has approved with it. It looks at what is stored alone, so that a moment that
//! passed while nothing ran is caught up with once.
//!
//! What somebody has changed since is left alone, as with every way back. Nothing here sends.

use directory::act::Change;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::id::{AdministratorId, Entropy, OperationId};
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::operation::{Approval, Decision, Operation, OperationKind, OperationState, Selection, Wish};
use crate::nouns::operation_row::OperationRow;
use crate::operations::apply::system;
use crate::operations::approve::{self, Approving, NotApproved};
use crate::operations::plan::{self, NotPlanned};
use crate::operations::{control, guard, undo};
use crate::store::error::StoreError;
use crate::store::operations::NewOperation;
use crate::store::{head, operation_terms, operations};
use crate::sync::edition;
use crate::sync::pass::Surroundings;

/// Who asks for what is taken back, as pages show it.
const ASKED_BY: &str = "Rollcall, at the end of the time that was agreed";

/// The moment from which access with a last day is taken back: the end of that day.
pub fn end_of(last: Date, zone: &TimeZone) -> Option<Timestamp> {
    Some(last.tomorrow().ok()?.to_zoned(zone.clone()).ok()?.timestamp())
}

/// Takes back whatever is due by now; what stands against it holds it until it does no longer.
///
/// # Errors
/// The database failed.
pub(super) async fn take_back_due(mirror: &Mirror, surroundings: &Surroundings) -> Result<(), StoreError> {
    let (now, entropy) = (surroundings.clock.now(), &surroundings.entropy);
    let read = mirror.store().read(move |tx| {
        let may = guard::switch(tx)?.on && !head::read(tx)?.stopped && edition::may_act(tx, now)?.is_ok();
        Ok((operation_terms::due(tx, now)?, if may { operation_terms::unapproved(tx)? } else { Vec::new() }))
    });
    let (due, unapproved) = read.await?;
    for id in due {
        end(mirror, &id, (now, entropy)).await?;
    }
    for (id, back) in unapproved {
        approve_with(mirror, (&id, &back), (now, entropy)).await?;
    }
    Ok(())
}

/// Brings one operation whose time is over a step further.
async fn end(mirror: &Mirror, id: &OperationId, (now, entropy): (Timestamp, &Entropy)) -> Result<(), StoreError> {
    let context = system(now);
    let wanted = id.clone();
    let Some((operation, _)) = mirror.store().read(move |tx| operations::find(tx, &wanted)).await? else {
        return Ok(());
    };
    match operation.state {
        state if !state.is_over() => {
            if operation.wish != Some(Wish::Cancel) {
                control::cancel(&context, mirror, id, entropy).await?;
            }
            return Ok(());
        }
        _ => {}
    }
    let rows = match undo::over(mirror, id).await {
        Ok((_, rows)) => rows,
        Err(NotPlanned::Store(error)) => return Err(error),
        Err(_) => return Ok(()),
    };
    let gave = |row: &OperationRow| matches!(row.change, Change::AddToGroup { .. } | Change::AssignRole { .. });
    let ours: Vec<OperationRow> = rows.into_iter().filter(|row| row.state.is_ours() && gave(row)).collect();
    if ours.is_empty() {
        return settle(mirror, operation.number, "Nothing of it was given.").await;
    }
    let steps = undo::back(mirror, &operation, ours).await?;
    let of = (OperationKind::Undo, Selection::Operation(id.clone()), Some(id.clone()));
    let new = NewOperation {
        asked: (ASKED_BY.to_owned(), operation.asked_as.clone()),
        own: operation.own.clone(),
        ends: Some(operation.number),
        ..plan::new(&context, of, Vec::new(), entropy)
    };
    let snapshot = mirror.newest().await?;
    match plan::keep(&context, mirror, (new, steps, &snapshot), (None, entropy)).await {
        Ok(_) => Ok(()),
        Err(NotPlanned::Store(error)) => Err(error),
        // Without a known owner of the key nothing is planned for anybody; it is tried again.
        Err(NotPlanned::KeyOwnerUnknown) => Ok(()),
        Err(why) => settle(mirror, operation.number, &why.refusal().why).await,
    }
}

/// Approves what takes back in the name of whoever approved what gave it, because both were agreed at once.
async fn approve_with(
    mirror: &Mirror,
    (id, back): (&OperationId, &OperationId),
    (now, entropy): (Timestamp, &Entropy),
) -> Result<(), StoreError> {
    let (of, by) = (id.clone(), back.clone());
    let read = mirror.store().read(move |tx| {
        let Some((operation, _)) = operations::find(tx, &of)? else { return Ok(None) };
        let Some((back, _)) = operations::find(tx, &by)? else { return Ok(None) };
        let decisions = operations::decisions(tx, operation.number)?;
        let approved = decisions.into_iter().rfind(|decision| decision.verdict == Approval::Approved);
        Ok(approved.map(|approved| (operation, back, approved)))
    });
    let Some((operation, planned, approved)) = read.await? else { return Ok(()) };
    if planned.plan.rows == 0 {
        let why = "Nothing of it is left to take back: what was given was changed since.";
        return reject(mirror, (&operation, back), why, (now, entropy)).await;
    }
    let context = Context { actor: actor(&approved), now };
    let reason =
        format!("Agreed with operation {}: what it gives is taken back at the end of its time.", operation.number);
    let approving = Approving { hash: planned.plan.hash, typed: Some(planned.plan.rows), reason };
    match approve::approve(&context, mirror, (back, approving), entropy).await {
        Ok(()) => Ok(()),
        Err(NotApproved::Store(error) | NotApproved::NotPlanned(NotPlanned::Store(error))) => Err(error),
        // The plan was made again on newer data; the next look approves that one.
        Err(NotApproved::Changed { .. } | NotApproved::LookOnly | NotApproved::Stopped | NotApproved::GraceOver(_)) => {
            Ok(())
        }
        Err(NotApproved::NotWaiting(_) | NotApproved::Unknown) => Ok(()),
        Err(why) => {
            let (id, why) = (back.clone(), why.refusal().why);
            mirror
                .store()
                .write(move |tx| {
                    operations::set_state(tx, &id, OperationState::Waiting, Some(&why))?;
                    head::touch(tx)
                })
                .await
        }
    }
}

async fn reject(
    mirror: &Mirror,
    (operation, back): (&Operation, &OperationId),
    why: &'static str,
    (now, entropy): (Timestamp, &Entropy),
) -> Result<(), StoreError> {
    match approve::reject(&system(now), mirror, (back, why.to_owned()), entropy).await {
        Err(NotApproved::Store(error)) => Err(error),
        _ => settle(mirror, operation.number, why).await,
    }
}

async fn settle(mirror: &Mirror, number: u64, why: &str) -> Result<(), StoreError> {
    let why = why.to_owned();
    mirror
        .store()
        .write(move |tx| {
            operation_terms::settle(tx, number, &why)?;
            head::touch(tx)
        })
        .await
}

/// Whoever decided something, as an actor.
fn actor(decision: &Decision) -> Actor {
    let id = decision.subject.strip_prefix("administrator ").and_then(AdministratorId::parse);
    match id {
        Some(id) => {
            let username = decision.by.strip_prefix("administrator ").unwrap_or(&decision.by).to_owned();
            Actor::Administrator { id, username, source: None }
        }
        None => Actor::CommandLine,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_with_a_last_day_ends_with_that_day_also_where_the_clocks_are_turned() {
        let zone = TimeZone::get("America/Sao_Paulo").unwrap_or(TimeZone::UTC);
        let end = |text: &str| end_of(text.parse().unwrap(), &zone).unwrap().to_string();
        assert_eq!(end("2026-02-28"), "2026-03-01T03:00:00Z");
        // There midnight was left out when summer time began in 2018.
        assert_eq!(end("2018-11-03"), "2018-11-04T03:00:00Z");
        assert_eq!(end_of("2026-03-28".parse().unwrap(), &TimeZone::UTC).unwrap().to_string(), "2026-03-29T00:00:00Z");
    }
}
