//! The rows of an operation, by page and as files: every single change with what came of it.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::operations::find;
use crate::api::page;
use crate::api::parameters::{Id, None as NoParameters, Parameters};
use crate::api::problem::Problem;
use crate::api::runs::word;
use crate::http::Arriving;
use crate::mirror::export::Form;
use crate::mirror::export::events::{self, Exported};
use crate::nouns::operation::Operation;
use crate::nouns::operation_row::RowState;
use crate::operations::report::{self, NamedRow};
use crate::operations::text::text;
use crate::store::operation_rows::Filter;

/// Which rows of an operation.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OperationRowsListed {
    /// Only in this state: `planned`, `begun`, `done`, `verified`, `already`, `skipped`, `failed`, `unknown`, `reverted`
    /// or `refused`.
    state: Option<String>,
    /// Only for this reason, as `why` names it.
    why: Option<String>,
    /// How many at the most; 100 when it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// From where on: `next` of the page before.
    cursor: Option<String>,
}

/// A page of rows, in the order of the plan.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OperationRows {
    /// The rows.
    rows: Vec<OperationRow>,
    /// The cursor of the page after this one; null on the last.
    next: Option<String>,
}

/// A change of one person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OperationRow {
    /// Its place in the plan, from 1.
    row: u64,
    /// The person's account id.
    account_id: String,
    /// The person's name.
    name: String,
    /// The person's address.
    email: Option<String>,
    /// What is changed.
    change: String,
    /// The group, app or directory that it is about, by id.
    target_id: String,
    /// The same by name.
    target: String,
    /// What is so before it.
    before: String,
    /// What is so after it.
    after: String,
    /// Where it stands.
    state: String,
    /// Why it is refused, skipped or failed: a code.
    why: Option<String>,
    /// What else is to be said about that.
    detail: Option<String>,
    /// How often it was sent.
    attempts: u32,
    /// When its last outcome was learned.
    ended_at: Option<String>,
}

/// List an operation's rows
///
/// Every single change, in the order of the plan, with what came of it.
#[utoipa::path(get, path = "/operations/{id}/rows", tag = "operations", operation_id = "list_operation_rows",
    params(("id" = String, Path, description = "The operation's id"), OperationRowsListed),
    responses((status = 200, description = "A page of rows", body = OperationRows)))]
pub(crate) async fn list(
    asked: Asked,
    Id(id): Id,
    Parameters(listed): Parameters<OperationRowsListed>,
) -> Result<Json<OperationRows>, Problem> {
    let found = find(&asked, &id).await?.operation;
    let states = RowState::ALL.iter().map(|state| state.as_str());
    let filter = Filter {
        state: word("state", listed.state.as_deref(), RowState::parse, states)?,
        why: listed.why,
        ..Filter::default()
    };
    let question = format!("rows of {}: {filter:?}", found.id);
    let after = match &listed.cursor {
        Some(cursor) => page::read(&question, cursor)?.parse().unwrap_or(0),
        None => 0,
    };
    let limit = page::limit(listed.limit)?;
    let most = u32::try_from(limit).unwrap_or(u32::MAX);
    let rows = report::rows(&asked.mirror, &found, filter, (after, most)).await?;
    let next = rows.last().filter(|_| rows.len() == limit);
    let next = next.map(|last| page::write(&question, &last.row.seq.to_string()));
    Ok(Json(OperationRows { rows: rows.iter().map(OperationRow::of).collect(), next }))
}

/// Export an operation's rows as CSV
///
/// All of them, with a row of headings (RFC 4180). No cell is taken for a formula.
#[utoipa::path(get, path = "/operations/{id}/rows.csv", tag = "operations", operation_id = "export_operation_rows",
    params(("id" = String, Path, description = "The operation's id")),
    responses((status = 200, description = "The rows", body = String, content_type = "text/csv")))]
pub(crate) async fn csv(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Response, Problem> {
    let found = find(&asked, &id).await?.operation;
    exported(&api, &asked, (&found, "rows", Form::Csv)).await?;
    let body = Body::from_stream(Arriving(text(&asked.mirror, &found, (Filter::default(), Form::Csv)).arriving()));
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present")], body).into_response())
}

/// Export an operation's result as JSON
///
/// The one document that its page downloads: who, when, from which filter, the actions, a summary, every row with before
/// and after.
#[utoipa::path(get, path = "/operations/{id}/result.json", tag = "operations", operation_id = "export_operation_result",
    params(("id" = String, Path, description = "The operation's id")),
    responses((status = 200, description = "The result", body = Object)))]
pub(crate) async fn json(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Response, Problem> {
    let found = find(&asked, &id).await?.operation;
    exported(&api, &asked, (&found, "result", Form::Json)).await?;
    let body = Body::from_stream(Arriving(text(&asked.mirror, &found, (Filter::default(), Form::Json)).arriving()));
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

async fn exported(api: &Api, asked: &Asked, (found, what, form): (&Operation, &str, Form)) -> Result<(), Problem> {
    let what = format!("operation-{}-{what}", found.number);
    let told = Exported { what: &what, rows: Some(found.tally.total()), form, filter: "" };
    Ok(events::record(&asked.context, asked.mirror.store(), told, &api.entropy).await?)
}

impl OperationRow {
    fn of(named: &NamedRow) -> OperationRow {
        let (row, why) = (&named.row, named.row.why.as_ref());
        OperationRow {
            row: row.seq,
            account_id: named.account_id.clone(),
            name: named.name.clone(),
            email: named.email.clone(),
            change: row.change.kind().to_owned(),
            target_id: named.target_id.clone(),
            target: named.target.clone(),
            before: named.before.to_owned(),
            after: named.after.to_owned(),
            state: row.state.as_str().to_owned(),
            why: why.map(|why| why.code.clone()),
            detail: why.map(|why| why.detail.clone()).filter(|detail| !detail.is_empty()),
            attempts: row.attempts,
            ended_at: row.ended_at.map(|at| at.to_string()),
        }
    }
}
