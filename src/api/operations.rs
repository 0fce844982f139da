//! Operations: listed by page, and one with its figures. Its rows stand in `operation_rows`, what is wanted of it in
//! `wishes`.

use axum::Json;
use directory::Snapshot;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::asked::Asked;
use crate::api::page;
use crate::api::parameters::{Id, None as NoParameters, Parameters};
use crate::api::problem::Problem;
use crate::api::runs::{Waiting, word};
use crate::id::OperationId;
use crate::nouns::operation::{self, OperationKind, OperationState, Selection, Wish};
use crate::nouns::operation_row::RowState;
use crate::operations::plan::hexadecimal;
use crate::operations::report::{self, Report};
use crate::store::operations::Filter;

/// Which operations.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OperationsListed {
    /// Only of this kind: `operation`, `undo`, `retry` or `task`.
    kind: Option<String>,
    /// Only in this state: `planned`, `waiting`, `approved`, `running`, `paused`, `succeeded`, `partial`, `failed` or
    /// `cancelled`.
    state: Option<String>,
    /// How many at the most; 100 when it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// From where on: `next` of the page before.
    cursor: Option<String>,
}

/// A page of operations, the newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Operations {
    /// The operations.
    operations: Vec<Operation>,
    /// The cursor of the page after this one; null on the last.
    next: Option<String>,
}

/// An operation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Operation {
    /// Its id.
    id: String,
    /// Its number, from 1.
    number: u64,
    /// Why it is there: `operation`, `undo`, `retry` or `task`.
    kind: String,
    /// Where it stands.
    state: String,
    /// What somebody wants of it before its next change: `pause` or `cancel`.
    wish: Option<String>,
    /// Who asked for it.
    asked_by: String,
    /// When.
    asked_at: String,
    /// When its first change was about to be sent.
    started_at: Option<String>,
    /// When it ended.
    ended_at: Option<String>,
    /// The filter that selected people; null when they were named.
    filter: Option<String>,
    /// The operation that it takes back, tries again, or takes its people from.
    of: Option<String>,
    /// What is done with everybody selected; of an undo its rows say it.
    actions: Vec<Act>,
    /// Its plan.
    plan: Plan,
    /// Its rows by state.
    rows: RowCounts,
    /// What it waits for while it goes on by itself.
    waiting: Option<Waiting>,
    /// Why it waits for a person, or failed.
    failure: Option<String>,
}

/// An action.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Act {
    /// Its kind: `removeAppAccess`, `suspendUser`, and so on.
    kind: String,
    /// Apps, groups and roles that it is about, by id.
    #[schema(value_type = Object)]
    about: serde_json::Value,
}

/// A plan in figures.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Plan {
    /// Whoever approves it says by this that they mean this plan and no other.
    hash: String,
    /// The generation it was made from.
    generation: u64,
    /// People whom the selection names.
    selected: u64,
    /// People of whom at least one row will be done.
    people: u64,
    /// Rows that will be done.
    rows: u64,
    /// People who lose their last way to any app.
    left_without: u64,
    /// Seats freed, or taken when it is below 0.
    seats: Vec<SeatsFreed>,
}

/// Seats of an app that a plan frees.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SeatsFreed {
    /// The app on its site, by Atlassian's id.
    resource: String,
    /// The app.
    app: String,
    /// The site's short name.
    site: String,
    /// How many.
    freed: i64,
}

/// How many rows are in each state.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct RowCounts {
    /// All of them.
    total: u64,
    /// To be sent, or not attempted in an operation that is over.
    planned: u64,
    /// About to be sent, or sent with its outcome not kept.
    begun: u64,
    /// Taken by Atlassian, and not read back.
    done: u64,
    /// Read back: the state is as wanted.
    verified: u64,
    /// As wanted before.
    already: u64,
    /// Not sent: what it rests on has changed since the plan.
    skipped: u64,
    /// Atlassian said no.
    failed: u64,
    /// It may have happened; reading will tell.
    unknown: u64,
    /// Done, and read back as it was before.
    reverted: u64,
    /// The plan refuses it.
    refused: u64,
}

/// An operation with everything about it that is no row.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OneOperation {
    /// The operation.
    operation: Operation,
    /// Its rows by action, change, state and reason.
    totals: Vec<RowTotal>,
    /// What was decided about its plans, in order.
    decisions: Vec<OperationDecision>,
    /// What approving it takes.
    approval: Demanded,
}

/// How many rows are alike.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RowTotal {
    /// The place of the action they come from, from 0.
    action: u16,
    /// What is changed: `suspend`, and so on.
    change: String,
    /// Their state.
    state: String,
    /// Why they are refused, skipped or failed.
    why: Option<String>,
    /// How many.
    rows: u64,
}

/// What somebody decided about a plan.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OperationDecision {
    /// When.
    at: String,
    /// Who.
    by: String,
    /// `approved` or `rejected`.
    verdict: String,
    /// Why; empty when nothing was said.
    reason: String,
    /// The hash of the plan that it was about.
    hash: String,
}

/// What approving a plan takes.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Demanded {
    /// This number of rows has to be sent as `typed`; null when it does not.
    typed: Option<u64>,
    /// Somebody else than who asked for it has to approve.
    second_person: bool,
}

/// List operations
///
/// The newest first: what was planned, done and taken back.
#[utoipa::path(get, path = "/operations", tag = "operations", operation_id = "list_operations",
    params(OperationsListed), responses((status = 200, description = "A page of operations", body = Operations)))]
pub(crate) async fn list(
    asked: Asked,
    Parameters(listed): Parameters<OperationsListed>,
) -> Result<Json<Operations>, Problem> {
    let kinds = OperationKind::ALL.iter().map(|kind| kind.as_str());
    let states = OperationState::ALL.iter().map(|state| state.as_str());
    let filter = Filter {
        kind: word("kind", listed.kind.as_deref(), OperationKind::parse, kinds)?,
        state: word("state", listed.state.as_deref(), OperationState::parse, states)?,
    };
    let question = format!("operations: {filter:?}");
    let before = match &listed.cursor {
        Some(cursor) => page::read(&question, cursor)?.parse::<u64>().ok(),
        None => None,
    };
    let limit = page::limit(listed.limit)?;
    let most = u32::try_from(limit).unwrap_or(u32::MAX);
    let found = report::list(&asked.mirror, filter, (before, most)).await?;
    let next = found.last().filter(|last| found.len() == limit && last.number > 1);
    let next = next.map(|last| page::write(&question, &last.number.to_string()));
    let snapshot = asked.mirror.current();
    Ok(Json(Operations { operations: found.iter().map(|one| Operation::of(one, &snapshot)).collect(), next }))
}

/// Show an operation
///
/// With its figures, what was decided about it, and what approving it takes.
#[utoipa::path(get, path = "/operations/{id}", tag = "operations", operation_id = "show_operation",
    params(("id" = String, Path, description = "The operation's id")),
    responses((status = 200, description = "The operation", body = OneOperation)))]
pub(crate) async fn show(
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<OneOperation>, Problem> {
    let found = find(&asked, &id).await?;
    Ok(Json(OneOperation::of(&found, &asked.mirror.current())))
}

/// An operation by the id in an address.
pub(crate) async fn find(asked: &Asked, id: &str) -> Result<Report, Problem> {
    let unknown = || Problem::not_found("operation with this id");
    let id = OperationId::parse(id).ok_or_else(unknown)?;
    report::report(&asked.mirror, &id).await?.ok_or_else(unknown)
}

impl Operation {
    /// An operation as it is sent, with the names of a generation.
    pub(crate) fn of(found: &operation::Operation, snapshot: &Snapshot) -> Operation {
        let seats = found.plan.seats.iter().filter_map(|(resource, freed)| {
            let resource = snapshot.resources().get(*resource as usize)?;
            Some(SeatsFreed {
                resource: resource.id.to_string(),
                app: resource.id.app_name().to_owned(),
                site: resource.site_name().to_owned(),
                freed: *freed,
            })
        });
        let (filter, people_of) = match &found.selection {
            Selection::Filter(text) => (Some(text.clone()), None),
            Selection::People(_) => (None, None),
            Selection::Operation(id) => (None, Some(id)),
        };
        Operation {
            id: found.id.to_string(),
            number: found.number,
            kind: found.kind.as_str().to_owned(),
            state: found.state.as_str().to_owned(),
            wish: found.wish.map(|wish: Wish| wish.as_str().to_owned()),
            asked_by: found.asked_by.clone(),
            asked_at: found.asked_at.to_string(),
            started_at: found.started_at.map(|at| at.to_string()),
            ended_at: found.ended_at.map(|at| at.to_string()),
            filter,
            of: found.of.as_ref().or(people_of).map(ToString::to_string),
            actions: (found.actions.iter())
                .map(|action| Act { kind: action.kind().to_owned(), about: report::parameters(action, snapshot) })
                .collect(),
            plan: Plan {
                hash: hexadecimal(&found.plan.hash),
                generation: found.plan.generation,
                selected: found.plan.selected,
                people: found.plan.people,
                rows: found.plan.rows,
                left_without: found.plan.left_without,
                seats: seats.collect(),
            },
            rows: RowCounts::of(found),
            waiting: found.waiting.as_ref().map(Waiting::of),
            failure: found.failure.clone(),
        }
    }
}

impl RowCounts {
    fn of(found: &operation::Operation) -> RowCounts {
        let of = |state| found.tally.of(state);
        RowCounts {
            total: found.tally.total(),
            planned: of(RowState::Planned),
            begun: of(RowState::Begun),
            done: of(RowState::Done),
            verified: of(RowState::Verified),
            already: of(RowState::Already),
            skipped: of(RowState::Skipped),
            failed: of(RowState::Failed),
            unknown: of(RowState::Unknown),
            reverted: of(RowState::Reverted),
            refused: of(RowState::Refused),
        }
    }
}

impl OneOperation {
    fn of(found: &Report, snapshot: &Snapshot) -> OneOperation {
        let totals = found.totals.iter().map(|total| RowTotal {
            action: total.action,
            change: total.kind.clone(),
            state: total.state.as_str().to_owned(),
            why: total.why.clone(),
            rows: total.rows,
        });
        let decisions = found.decisions.iter().map(|decision| OperationDecision {
            at: decision.at.to_string(),
            by: decision.by.clone(),
            verdict: decision.verdict.as_str().to_owned(),
            reason: decision.reason.clone(),
            hash: hexadecimal(&decision.hash),
        });
        OneOperation {
            operation: Operation::of(&found.operation, snapshot),
            totals: totals.collect(),
            decisions: decisions.collect(),
            approval: Demanded { typed: found.demands.number, second_person: found.demands.second_person },
        }
    }
}
