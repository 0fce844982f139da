//! That an operation is over, told outside: a notice in the transaction that ends it.
//!
//! It tells nothing of a preview that nobody approved, and nothing of a task's run, which has notices of its own.

use jiff::Timestamp;

use crate::id::{Entropy, OperationId};
use crate::nouns::notice::{ItemCounts, Notice, Process, What};
use crate::nouns::operation::{Approval, Operation, OperationKind};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{operation_rows, operations, outbox};

/// Tells of an operation that this transaction has ended.
pub(super) fn tell(tx: &mut Tx, id: &OperationId, now: Timestamp, entropy: &Entropy) -> Result<(), StoreError> {
    let Some((operation, _)) = operations::find(tx, id)? else { return Ok(()) };
    let approved = |tx: &mut Tx| {
        let decisions = operations::decisions(tx, operation.number)?;
        Ok::<_, StoreError>(decisions.iter().any(|decision| decision.verdict == Approval::Approved))
    };
    if !operation.state.is_over() || operation.kind == OperationKind::Task || !approved(tx)? {
        return Ok(());
    }
    let process = Process {
        id: operation.id.to_string(),
        name: name(&operation),
        action_types: action_types(tx, &operation)?,
        counts: ItemCounts::of(&operation.tally),
        page: format!("/operations/{}", operation.id),
    };
    let what = What::OperationFinished { process, outcome: operation.state.as_str().to_owned() };
    outbox::put(tx, &Notice { at: now, what }, entropy)
}

fn name(operation: &Operation) -> String {
    let kind = match operation.kind {
        OperationKind::Operation => "Operation",
        OperationKind::Undo => "Undo",
        OperationKind::Retry => "Retry",
        OperationKind::Task => "Task",
        OperationKind::Feed => "Plan of a feed",
    };
    format!("{kind} {}", operation.number)
}

/// The kind of action that makes such a change.
fn action_of(change: &str) -> Option<&'static str> {
    Some(match change {
        "add_to_group" => "addToGroups",
        "remove_from_group" => "removeFromGroups",
        "assign_role" => "grantAppAccess",
        "revoke_role" => "removeAppAccess",
        "suspend" => "suspendUser",
        "restore" => "restoreUser",
        "remove_from_directory" => "removeUser",
        "deactivate" => "deactivateAccount",
        "activate" => "activateAccount",
        "create_group" => "createGroup",
        "delete_group" => "deleteGroup",
        "invite" => "inviteUser",
        _ => return None,
    })
}

/// What it does; of an undo, whose rows say it, the actions that would make its changes.
fn action_types(tx: &mut Tx, operation: &Operation) -> Result<Vec<String>, StoreError> {
    let mut types: Vec<String> = operation.actions.iter().map(|action| action.kind().to_owned()).collect();
    if types.is_empty() {
        let totals = operation_rows::totals(tx, operation.number)?;
        types = totals.into_iter().map(|total| action_of(&total.kind).unwrap_or(&total.kind).to_owned()).collect();
        types.sort_unstable();
    }
    types.dedup();
    Ok(types)
}
