//! What came of an operation, for pages, commands and files: figures, rows with names, and the operation as an object.

use directory::act::{Action, Apps, Change};
use directory::{Ordinal, Snapshot};
use serde_json::{Value, json};

use crate::id::OperationId;
use crate::mirror::Mirror;
use crate::nouns::operation::{Decision, Operation, Selection};
use crate::nouns::operation_row::{OperationRow, RowState};
use crate::nouns::operation_terms::{Difference, Terms};
use crate::operations::guard::{self, Demands};
use crate::store::error::StoreError;
use crate::store::operation_rows::{self, Filter, Total};
use crate::store::{operation_differences, operation_terms, operations};

/// An operation with everything about it that is no row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The operation.
    pub operation: Operation,
    /// Its rows by action, kind, state and reason.
    pub totals: Vec<Total>,
    /// What was decided about its plans.
    pub decisions: Vec<Decision>,
    /// What approving it takes.
    pub demands: Demands,
    /// What it was agreed on besides its plan.
    pub terms: Terms,
    /// What became different when its plan was last made again, as far as it is shown, and how many rows in all.
    pub differences: (Vec<Difference>, u64),
}

/// A row by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedRow {
    /// The row.
    pub row: OperationRow,
    /// The person's account id.
    pub account_id: String,
    /// The person's name.
    pub name: String,
    /// The person's address.
    pub email: Option<String>,
    /// Atlassian's id of the group, resource or directory; empty when it is about the account itself.
    pub target_id: String,
    /// Its name.
    pub target: String,
    /// The state before.
    pub before: &'static str,
    /// The state that is to be reached.
    pub after: &'static str,
}

/// The headings of the rows as a table.
pub const COLUMNS: [&str; 14] = [
    "row",
    "account id",
    "name",
    "email",
    "action",
    "change",
    "target",
    "target id",
    "before",
    "after",
    "status",
    "reason",
    "attempts",
    "at",
];

/// Differences of a plan that are shown.
const DIFFERENCES: u32 = 100;
/// An operation with its figures.
pub async fn report(mirror: &Mirror, id: &OperationId) -> Result<Option<Report>, StoreError> {
    let (id, snapshot) = (id.clone(), mirror.newest().await?);
    let read = mirror.store().read(move |tx| {
        let Some((operation, _)) = operations::find(tx, &id)? else { return Ok(None) };
        let totals = operation_rows::totals(tx, operation.number)?;
        let decisions = operations::decisions(tx, operation.number)?;
        let demands = guard::read(tx)?.bounds.demands(&operation.plan, &snapshot);
        let terms = operation_terms::find(tx, operation.number)?;
        let differences = operation_differences::list(tx, operation.number, DIFFERENCES)?;
        Ok(Some(Report { operation, totals, decisions, demands, terms, differences }))
    });
    read.await
}

/// The newest operations, newest first, before a number; at most 1,000.
pub async fn list(
    mirror: &Mirror,
    filter: operations::Filter,
    (before, limit): (Option<u64>, u32),
) -> Result<Vec<Operation>, StoreError> {
    mirror.store().read(move |tx| operations::matching(tx, filter, before, limit)).await
}

/// Rows of an operation after a place, in order, with the names of the newest generation; at most 1,000.
pub async fn rows(
    mirror: &Mirror,
    operation: &Operation,
    filter: Filter,
    (after, limit): (u64, u32),
) -> Result<Vec<NamedRow>, StoreError> {
    let (number, snapshot) = (operation.number, mirror.current());
    let rows = mirror.store().read(move |tx| operation_rows::page(tx, number, &filter, (after, limit))).await?;
    Ok(rows.into_iter().map(|row| named(row, &snapshot)).collect())
}

/// A row with the names of a generation.
pub fn named(row: OperationRow, snapshot: &Snapshot) -> NamedRow {
    let account = snapshot.account_row(row.change.account());
    let (target_id, target) = target(&row.change, snapshot);
    let (before, after) = states(&row.change);
    // What was so already is not changed; of what is refused the state before is not always the opposite one.
    let before = match (&row.state, row.ended_at) {
        (RowState::Already, None) => after,
        _ => before,
    };
    NamedRow {
        account_id: account.as_ref().map_or_else(String::new, |account| account.id.to_owned()),
        name: account.as_ref().map_or_else(String::new, |account| account.name.to_owned()),
        email: account.as_ref().and_then(|account| account.email.map(str::to_owned)),
        row,
        target_id,
        target,
        before,
        after,
    }
}

/// What a change speaks of: Atlassian's id and the name.
fn target(change: &Change, snapshot: &Snapshot) -> (String, String) {
    let Some(target) = change.target() else { return Default::default() };
    match change {
        Change::Invite { directory, invitation } => {
            let known = invitation.find(*directory, snapshot).and_then(|account| snapshot.account_id(account));
            (known.map_or_else(String::new, |id| id.to_string()), invitation.email.to_string())
        }
        Change::CreateGroup { group, directory } => {
            let made = group.find(*directory, snapshot).and_then(|made| snapshot.group_row(made));
            (made.map_or_else(String::new, |made| made.id.to_string()), group.name.to_string())
        }
        Change::AddToGroup { .. } | Change::RemoveFromGroup { .. } | Change::DeleteGroup { .. } => {
            let row = snapshot.group_row(target);
            row.map_or_else(Default::default, |row| {
                let name = row.group.as_ref().map_or_else(|| row.id.to_string(), |group| group.name.to_string());
                (row.id.to_string(), name)
            })
        }
        Change::AssignRole { role, .. } | Change::RevokeRole { role, .. } => {
            let found = snapshot.resources().get(target as usize);
            found.map_or_else(Default::default, |found| {
                let name = format!("{} on {} ({})", found.id.app_name(), found.site_name(), role.as_str());
                (found.id.to_string(), name)
            })
        }
        _ => {
            let found = snapshot.directories().get(target as usize);
            found.map_or_else(Default::default, |found| (found.id.to_string(), found.name.to_string()))
        }
    }
}

/// The words for the state before a change and the one it reaches.
fn states(change: &Change) -> (&'static str, &'static str) {
    match change {
        Change::AddToGroup { .. } => ("not a member", "member"),
        Change::RemoveFromGroup { .. } => ("member", "not a member"),
        Change::AssignRole { .. } => ("no direct role", "direct role"),
        Change::RevokeRole { .. } => ("direct role", "no direct role"),
        Change::Suspend { .. } => ("active", "suspended"),
        Change::Restore { .. } => ("suspended", "active"),
        Change::RemoveFromDirectory { .. } => ("in the directory", "not in the directory"),
        Change::Deactivate { .. } => ("active", "deactivated"),
        Change::Activate { .. } => ("deactivated", "active"),
        Change::CreateGroup { .. } => ("no such group", "a group"),
        Change::DeleteGroup { .. } => ("a group", "no such group"),
        Change::Invite { .. } => ("not there", "invited"),
    }
}

/// The status of a row in a result: the reference's words where it has one (product-user-manager 1.4).
pub fn status(row: &OperationRow) -> &'static str {
    match row.state {
        RowState::Planned => "notAttempted",
        RowState::Begun | RowState::Unknown => "unknown",
        RowState::Done => "doneUnverified",
        RowState::Verified => "succeeded",
        RowState::Already => "noop",
        RowState::Skipped | RowState::Refused => "skipped",
        RowState::Failed => "failed",
        RowState::Reverted => "reverted",
    }
}

/// The result without its rows.
pub fn head(operation: &Operation, snapshot: &Snapshot) -> Value {
    let of = |states: &[RowState]| states.iter().map(|state| operation.tally.of(*state)).sum::<u64>();
    let seats = operation.plan.seats.iter().filter_map(|(resource, freed)| {
        let resource = snapshot.resources().get(*resource as usize)?;
        Some(json!({ "resourceId": resource.id.as_str(), "app": resource.id.app_name(), "site": resource.site_name(),
            "freed": freed }))
    });
    json!({
        "processId": operation.id.as_str(),
        "number": operation.number,
        "kind": operation.kind.as_str(),
        "state": operation.state.as_str(),
        "plannedAt": operation.asked_at.to_string(),
        "startedAt": operation.started_at.map(|at| at.to_string()),
        "finishedAt": operation.ended_at.map(|at| at.to_string()),
        "actor": { "name": operation.asked_by },
        "of": operation.of.as_ref().map(OperationId::as_str),
        "source": source(operation),
        "actions": operation.actions.iter().map(|action| {
            json!({ "type": action.kind(), "params": parameters(action, snapshot) })
        }).collect::<Vec<_>>(),
        "plan": { "generation": operation.plan.generation, "people": operation.plan.people,
            "rows": operation.plan.rows, "seats": seats.collect::<Vec<_>>(),
            "leftWithoutAccess": operation.plan.left_without },
        "failure": operation.failure,
        "summary": {
            "targeted": operation.tally.total(),
            "succeeded": of(&[RowState::Done, RowState::Verified]),
            "unverified": of(&[RowState::Done]),
            "failed": of(&[RowState::Failed, RowState::Reverted]),
            "skipped": of(&[RowState::Skipped, RowState::Refused]),
            "noop": of(&[RowState::Already]),
            "notAttempted": of(&[RowState::Planned]),
            "unknown": of(&[RowState::Begun, RowState::Unknown]),
        },
    })
}

fn source(operation: &Operation) -> Value {
    let selected = operation.plan.selected;
    match &operation.selection {
        Selection::Filter(text) => json!({ "filterQuery": text, "selection": selected }),
        Selection::People(people) => json!({ "named": people.len(), "selection": selected }),
        Selection::Operation(of) => json!({ "processId": of.as_str(), "selection": selected }),
    }
}

/// What an action is about, by name.
pub fn parameters(action: &Action, snapshot: &Snapshot) -> Value {
    let resources = |list: &[Ordinal]| -> Vec<String> {
        let found = list.iter().filter_map(|resource| snapshot.resources().get(*resource as usize));
        found.map(|resource| resource.id.to_string()).collect()
    };
    let groups = |list: &[Ordinal]| -> Vec<String> {
        list.iter().filter_map(|group| snapshot.group_row(*group)).map(|row| row.id.to_string()).collect()
    };
    match action {
        Action::RemoveAppAccess { apps, also_lose } => {
            let apps = match apps {
                Apps::All => json!("all"),
                Apps::Chosen(chosen) => json!(resources(chosen)),
            };
            json!({ "apps": apps, "alsoLose": resources(also_lose) })
        }
        Action::GrantAppAccessByGroup { resource, group } => {
            json!({ "apps": resources(&[*resource]), "groups": groups(&[*group]) })
        }
        Action::GrantAppAccessByRole { resource, role } => {
            json!({ "apps": resources(&[*resource]), "role": role.as_str() })
        }
        Action::AddToGroups(list) | Action::RemoveFromGroups(list) => json!({ "groups": groups(list) }),
        _ => json!({}),
    }
}

/// What kind of action a row comes from.
pub(super) fn action_of<'o>(operation: &'o Operation, row: &'o NamedRow) -> &'o str {
    operation.actions.get(usize::from(row.row.action)).map_or(row.row.change.kind(), |action| action.kind())
}

/// A row as an object.
pub(super) fn item(operation: &Operation, row: &NamedRow) -> Value {
    json!({
        "row": row.row.seq,
        "accountId": row.account_id,
        "email": row.email,
        "action": action_of(operation, row),
        "change": row.row.change.kind(),
        "target": match row.row.change {
            Change::AddToGroup { .. }
            | Change::RemoveFromGroup { .. }
            | Change::CreateGroup { .. }
            | Change::DeleteGroup { .. } => {
                json!({ "groupId": row.target_id, "name": row.target })
            }
            Change::AssignRole { .. } | Change::RevokeRole { .. } => {
                json!({ "resourceId": row.target_id, "name": row.target })
            }
            _ => json!({ "directoryId": row.target_id, "name": row.target }),
        },
        "before": row.before,
        "after": row.after,
        "status": status(&row.row),
        "reasonCode": row.row.why.as_ref().map(|why| why.code.as_str()),
        "message": row.row.why.as_ref().map(|why| why.detail.as_str()).filter(|detail| !detail.is_empty()),
        "attempts": row.row.attempts,
        "at": row.row.ended_at.map(|at| at.to_string()),
    })
}
