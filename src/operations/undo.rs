//! Taking back what an operation did, and trying again what it did not: new plans, through the same preview, bounds and
//! approval. What somebody has changed since is left alone, and so is what cannot be taken back; both are named.

use directory::act::{CannotUndo, Change, NOBODY};
use directory::{AccountId, Ordinal};
use roaring::RoaringBitmap;

use crate::id::{Entropy, OperationId};
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::operation::{Operation, OperationKind, Selection};
use crate::nouns::operation_row::{OperationRow, RowState, Why};
use crate::operations::groups;
use crate::operations::plan::{self, NotPlanned, Steps};
use crate::operations::send::PERHAPS_BEFORE;
use crate::store::error::StoreError;
use crate::store::operations::NewOperation;
use crate::store::tx::Tx;
use crate::store::{history, operation_rows, operations};

/// The code of a row that somebody has changed since.
pub(super) const CHANGED_SINCE: &str = "changed_since";
/// The code of a row that has no inverse.
pub(super) const NEEDS_INVITATION: &str = "needs_invitation";

/// Plans the inverses of what an operation did, the last change first. An undo can be undone. `own` is the account of
/// whoever asks.
///
/// # Errors
/// Why there is no plan.
pub async fn undo(
    context: &Context,
    mirror: &Mirror,
    (id, own): (&OperationId, Option<AccountId>),
    (request_key, entropy): (Option<String>, &Entropy),
) -> Result<OperationId, NotPlanned> {
    let (operation, rows) = over(mirror, id).await?;
    let ours: Vec<OperationRow> = rows.into_iter().filter(|row| row.state.is_ours()).collect();
    if ours.is_empty() {
        return Err(NotPlanned::Nothing);
    }
    let steps = back(mirror, &operation, ours).await?;
    let of = (OperationKind::Undo, Selection::Operation(id.clone()), Some(id.clone()));
    let new = NewOperation { own, ..plan::new(context, of, Vec::new(), entropy) };
    let snapshot = mirror.newest().await?;
    plan::keep(context, mirror, (new, steps, &snapshot), (request_key, entropy)).await
}

/// What takes rows of an operation back.
pub(super) async fn back(mirror: &Mirror, operation: &Operation, ours: Vec<OperationRow>) -> Result<Steps, StoreError> {
    let number = operation.number;
    let (groups, ours): (Vec<_>, Vec<_>) = ours.into_iter().partition(|row| row.change.account() == NOBODY);
    let mut steps = mirror.store().read(move |tx| inverses(tx, number, ours)).await?;
    if let (Steps::Changes(changes, left_alone), false) = (&mut steps, groups.is_empty()) {
        let before = mirror.of_generation(operation.plan.generation).await?;
        let newest = mirror.newest().await?;
        for row in groups.into_iter().rev() {
            match groups::inverse(&row.change, (&before, &newest)) {
                Some(inverse) => changes.push((row.action, inverse)),
                None => left_alone.push((row.action, row.change, Why::new(CHANGED_SINCE, "outside"))),
            }
        }
    }
    Ok(steps)
}

/// Plans again what did not come to its end in an operation: the same actions, for those people alone.
///
/// # Errors
/// Why there is no plan.
pub async fn retry(
    context: &Context,
    mirror: &Mirror,
    (id, own): (&OperationId, Option<AccountId>),
    (request_key, entropy): (Option<String>, &Entropy),
) -> Result<OperationId, NotPlanned> {
    let (operation, rows) = over(mirror, id).await?;
    let again = |row: &&OperationRow| {
        matches!(row.state, RowState::Failed | RowState::Planned | RowState::Unknown | RowState::Reverted)
    };
    let rows: Vec<&OperationRow> = rows.iter().filter(again).collect();
    if rows.is_empty() {
        return Err(NotPlanned::Nothing);
    }
    let selection = Selection::Operation(id.clone());
    let (kind, steps) = match operation.kind {
        kind if operation.actions.is_empty() => {
            let changes = rows.iter().map(|row| (row.action, row.change.clone())).collect();
            let kind = if kind == OperationKind::Undo { kind } else { OperationKind::Retry };
            (kind, Steps::Changes(changes, Vec::new()))
        }
        _ => {
            let selected: RoaringBitmap = rows.iter().map(|row| row.change.account()).collect();
            (OperationKind::Retry, Steps::Actions(selected, operation.actions.clone()))
        }
    };
    let of = (kind, selection, Some(id.clone()));
    let new = NewOperation { own, ..plan::new(context, of, operation.actions, entropy) };
    let snapshot = mirror.newest().await?;
    plan::keep(context, mirror, (new, steps, &snapshot), (request_key, entropy)).await
}

/// An operation that is over, with its rows.
pub(super) async fn over(mirror: &Mirror, id: &OperationId) -> Result<(Operation, Vec<OperationRow>), NotPlanned> {
    let id = id.clone();
    let read = mirror.store().read(move |tx| {
        let Some((operation, _)) = operations::find(tx, &id)? else { return Ok(None) };
        let mut rows = Vec::new();
        operation_rows::for_each(tx, operation.number, |row| {
            rows.push(row);
            Ok(())
        })?;
        Ok(Some((operation, rows)))
    });
    match read.await? {
        None => Err(NotPlanned::Unknown),
        Some((operation, _)) if !operation.state.is_over() => Err(NotPlanned::NotOver),
        Some(found) => Ok(found),
    }
}

/// The inverses of rows that were done, by person, the last first; and those that are left alone, with the reason.
fn inverses(tx: &mut Tx, number: u64, rows: Vec<OperationRow>) -> Result<Steps, StoreError> {
    let (mut changes, mut left_alone) = (Vec::new(), Vec::new());
    let mut later: Option<(Ordinal, Vec<(u64, Change)>)> = None;
    let mut rows = rows;
    rows.sort_by_key(|row| (row.change.account(), std::cmp::Reverse(row.seq)));
    for row in rows {
        let account = row.change.account();
        let inverse = match row.change.inverse() {
            Ok(inverse) => inverse,
            Err(CannotUndo::NeedsInvitation) => {
                left_alone.push((row.action, row.change, Why::new(NEEDS_INVITATION, "")));
                continue;
            }
            // Changes of groups as such do not come here.
            Err(CannotUndo::NeedsSnapshot) => continue,
        };
        if row.why.as_ref().is_some_and(|why| why.code == PERHAPS_BEFORE) {
            left_alone.push((row.action, inverse, Why::new(PERHAPS_BEFORE, "")));
            continue;
        }
        if later.as_ref().is_none_or(|(of, _)| *of != account) {
            later = Some((account, operation_rows::later(tx, account, number)?));
        }
        let by_operation = later.iter().flat_map(|(_, later)| later);
        let by_operation =
            by_operation.filter(|(_, change)| change.fact() == row.change.fact()).map(|(by, _)| *by).next();
        let why = match by_operation {
            Some(by) => Some(format!("operation {by}")),
            None if turned_since(tx, &row)? => Some("outside".to_owned()),
            None => None,
        };
        match why {
            Some(why) => left_alone.push((row.action, inverse, Why::new(CHANGED_SINCE, why))),
            None => changes.push((row.action, inverse)),
        }
    }
    Ok(Steps::Changes(changes, left_alone))
}

/// Whether the fact of a row was changed by others after it was read back.
fn turned_since(tx: &mut Tx, row: &OperationRow) -> Result<bool, StoreError> {
    let (Some(generation), Some(target)) = (row.generation, row.change.target()) else { return Ok(false) };
    let turned = history::turned_since(tx, row.change.account(), generation)?;
    Ok(match &row.change {
        Change::AddToGroup { .. } | Change::RemoveFromGroup { .. } => turned.groups.contains(&target),
        Change::AssignRole { .. } | Change::RevokeRole { .. } => turned.resources.contains(&target),
        Change::Suspend { .. } | Change::Restore { .. } => turned.directories.contains(&target),
        _ => false,
    })
}
