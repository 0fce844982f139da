//! Plans that follow from what a feed says of its people: rows like all others, each with its reason. A plan takes the place
//! of the one before that nobody has approved, in the transaction that keeps it, so that a feed never has two.
//!
//! Nothing here decides what a feed implies, and nothing is sent.

use std::sync::Arc;

use directory::Snapshot;
use directory::act::Change;
use sha2::{Digest, Sha256};

use crate::id::{Entropy, OperationId};
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::feed_account::{NewFeedPlan, Step};
use crate::nouns::operation::{OperationKind, OperationState, Selection};
use crate::nouns::operation_row::RowState;
use crate::operations::plan::{self, Laid, NotPlanned, Steps};
use crate::store::error::StoreError;
use crate::store::operations::NewOperation;
use crate::store::tx::Tx;
use crate::store::{feed_plans, operations};

/// What a feed asks for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Who asks, as pages show it.
    pub by: String,
    /// The plan; its digest is what was planned last, to be compared with.
    pub plan: NewFeedPlan,
    /// Every change, each with the step that it belongs to. Those of one person stand together.
    pub changes: Vec<(Change, Step)>,
    /// Why it waits for a person, where it does not go by itself.
    pub waits: String,
}

/// How planning ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Planned {
    /// There is a plan.
    Kept(OperationId),
    /// Nothing would be done: there is no plan, and one that nobody has approved is withdrawn.
    Nothing,
    /// It is what the last plan was to do.
    Same,
    /// Somebody else was faster, or has approved the plan before.
    Overtaken,
}

/// Plans what a feed asks for, unless the last plan was to do the same.
///
/// # Errors
/// Why there is no plan.
pub async fn plan(
    context: &Context,
    mirror: &Mirror,
    (asked, snapshot): (Asked, &Arc<Snapshot>),
    entropy: &Entropy,
) -> Result<Planned, NotPlanned> {
    let (changes, steps): (Vec<_>, Vec<Step>) = asked.changes.into_iter().map(|(of, step)| ((0, of), step)).unzip();
    let of = (OperationKind::Feed, Selection::People(Vec::new()), None);
    let mut new = plan::new(context, of, Vec::new(), entropy);
    new.asked.0 = asked.by;
    let around = plan::around(mirror, snapshot, None).await?;
    let laid = plan::lay(mirror, &new.id, (Steps::Changes(changes, Vec::new()), around), snapshot).await;
    if laid.contradicts {
        return Err(NotPlanned::Contradiction);
    }
    let digest = digest(&laid, &steps);
    let same = digest == asked.plan.digest;
    let plan = NewFeedPlan { digest, ..asked.plan };
    let (context, salt, waits) = (context.clone(), entropy.bytes(), asked.waits);
    let write = mirror.store().write(move |tx| {
        let newest = feed_plans::newest(tx, plan.feed)?;
        if newest.as_ref().map_or(0, |newest| newest.place) + 1 != plan.place {
            return Ok(Planned::Overtaken);
        }
        let before = newest.filter(|newest| !newest.settled);
        match before {
            Some(before) if !before.state.awaits_approval() => return Ok(Planned::Overtaken),
            Some(_) if laid.figures.rows > 0 && same => return Ok(Planned::Same),
            Some(before) if laid.figures.rows == 0 => {
                withdraw(tx, (&before.operation, before.number), "Nothing of it is left to do.", &context)?;
                return Ok(Planned::Nothing);
            }
            None if laid.figures.rows == 0 => return Ok(Planned::Nothing),
            None if same => return Ok(Planned::Same),
            Some(before) => {
                let why = "A newer plan of this feed has taken its place.";
                withdraw(tx, (&before.operation, before.number), why, &context)?;
            }
            None => {}
        }
        keep(tx, &context, (&new, &laid, &plan, &steps), (&waits, &salt))?;
        Ok(Planned::Kept(new.id))
    });
    Ok(write.await?)
}

fn keep(
    tx: &mut Tx,
    context: &Context,
    (new, laid, plan, steps): (&NewOperation, &Laid, &NewFeedPlan, &[Step]),
    (waits, salt): (&str, &[u8; 16]),
) -> Result<(), StoreError> {
    let number = plan::write(tx, context, (new, laid), salt)?;
    feed_plans::insert(tx, number, plan, steps)?;
    if !plan.by_itself {
        operations::set_state(tx, &new.id, OperationState::Waiting, Some(waits))?;
    }
    Ok(())
}

fn withdraw(tx: &mut Tx, (id, number): (&OperationId, u64), why: &str, context: &Context) -> Result<(), StoreError> {
    operations::end(tx, id, (OperationState::Cancelled, Some(why)), context.now)?;
    feed_plans::settle(tx, number)
}

/// The digest of what would be done: the same for the same steps, whatever their order and the generation.
fn digest(laid: &Laid, steps: &[Step]) -> [u8; 32] {
    let planned = laid.rows.iter().zip(steps).filter(|(row, _)| row.state == RowState::Planned);
    let mut lines: Vec<String> = planned
        .map(|(_, step)| {
            let groups: Vec<&str> = step.groups.iter().map(directory::GroupId::as_str).collect();
            format!("{}\n{}\n{}", step.who.to_text(), step.kind.as_str(), groups.join(","))
        })
        .collect();
    lines.sort_unstable();
    lines.dedup();
    let mut hasher = Sha256::new();
    for line in &lines {
        hasher.update((line.len() as u64).to_be_bytes());
        hasher.update(line.as_bytes());
    }
    hasher.finalize().into()
}
