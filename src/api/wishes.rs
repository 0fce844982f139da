//! What a program wants of operations: approve and reject; pause, resume, cancel; undo and retry; and *Stop everything*. It
//! asks the same verbs as the pages, and decides nothing itself.

use std::num::NonZeroU64;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use directory::AccountId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::asked::{Asked, RequestKey};
use crate::api::operations::{Operation, find};
use crate::api::parameters::{Id, None as NoParameters, Parameters, Sent};
use crate::api::problem::{Kind, Problem};
use crate::id::OperationId;
use crate::operations::approve::{self, Approving, NotApproved};
use crate::operations::control::{self, Wished};
use crate::operations::plan::{NotPlanned, read_hash};
use crate::operations::undo;
use crate::store::control::admissions;
use crate::store::error::StoreError;
use crate::store::head;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;

/// An approval.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approval {
    /// The hash of the plan that was looked at.
    hash: String,
    /// The number of rows, where `approval` of the operation asks for it.
    #[serde(default)]
    typed: Option<u64>,
    /// Why.
    #[serde(default)]
    reason: String,
    /// *Try on the first N*: so many rows are sent and read back; then it waits for `resume` or `cancel`.
    #[serde(default)]
    #[schema(value_type = Option<u64>, minimum = 1)]
    first: Option<NonZeroU64>,
}

/// Why something is done.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Because {
    /// The reason, in at most 500 characters.
    reason: String,
}

/// Whether everything is stopped.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Switch {
    /// While it is, no change is sent to Atlassian.
    stopped: bool,
}

/// Approve an operation
///
/// The plan of this hash and no other is carried out, by a worker and at once. It is refused when the plan has changed
/// since, when the number was not sent, when somebody else has to approve, while actions are off and while everything is
/// stopped.
#[utoipa::path(post, path = "/operations/{id}/approve", tag = "operations", operation_id = "approve_operation",
    params(("id" = String, Path, description = "The operation's id")), request_body = Approval,
    responses((status = 202, description = "It is carried out", body = Operation)))]
pub(crate) async fn approve(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(given): Sent<Approval>,
) -> Result<(StatusCode, Json<Operation>), Problem> {
    let id = find(&asked, &id).await?.operation.id;
    let hash = read_hash(&given.hash).ok_or_else(|| {
        Problem::new(Kind::Invalid, "The hash is none.", "Send `plan.hash` of the operation that was looked at.")
    })?;
    let approving = Approving { hash, typed: given.typed, reason: reason(&given.reason)? };
    let (context, mirror) = (&asked.context, &asked.mirror);
    let approved = match given.first {
        Some(first) => approve::try_on(context, mirror, (&id, approving, first), &api.entropy).await,
        None => approve::approve(context, mirror, (&id, approving), &api.entropy).await,
    };
    approved.map_err(not_approved)?;
    Ok((StatusCode::ACCEPTED, Json(stands(&asked, &id).await?)))
}

/// Reject an operation
///
/// Its plan is over then, and nothing of it is sent.
#[utoipa::path(post, path = "/operations/{id}/reject", tag = "operations", operation_id = "reject_operation",
    params(("id" = String, Path, description = "The operation's id")), request_body = Because,
    responses((status = 200, description = "The operation as it ended", body = Operation)))]
pub(crate) async fn reject(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(given): Sent<Because>,
) -> Result<Json<Operation>, Problem> {
    let id = find(&asked, &id).await?.operation.id;
    let why = reason(&given.reason)?;
    approve::reject(&asked.context, &asked.mirror, (&id, why), &api.entropy).await.map_err(not_approved)?;
    Ok(Json(stands(&asked, &id).await?))
}

/// Pause an operation
///
/// It stops before its next change, and may go on.
#[utoipa::path(post, path = "/operations/{id}/pause", tag = "operations", operation_id = "pause_operation",
    params(("id" = String, Path, description = "The operation's id")),
    responses((status = 200, description = "The operation", body = Operation)))]
pub(crate) async fn pause(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<Operation>, Problem> {
    wish(&asked, &id, async |id| control::pause(&asked.context, &asked.mirror, id, &api.entropy).await).await
}

/// Let an operation go on
///
/// What it rests on is read again first.
#[utoipa::path(post, path = "/operations/{id}/resume", tag = "operations", operation_id = "resume_operation",
    params(("id" = String, Path, description = "The operation's id")),
    responses((status = 200, description = "The operation", body = Operation)))]
pub(crate) async fn resume(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<Operation>, Problem> {
    wish(&asked, &id, async |id| control::resume(&asked.context, &asked.mirror, id, &api.entropy).await).await
}

/// Cancel an operation
///
/// It ends before its next change. What was done stays done, and can be taken back.
#[utoipa::path(post, path = "/operations/{id}/cancel", tag = "operations", operation_id = "cancel_operation",
    params(("id" = String, Path, description = "The operation's id")),
    responses((status = 200, description = "The operation", body = Operation)))]
pub(crate) async fn cancel(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<Operation>, Problem> {
    wish(&asked, &id, async |id| control::cancel(&asked.context, &asked.mirror, id, &api.entropy).await).await
}

/// Take an operation back
///
/// Plans an operation of the inverses of what it did; that one is looked at and approved like any other.
#[utoipa::path(post, path = "/operations/{id}/undo", tag = "operations", operation_id = "undo_operation",
    params(("id" = String, Path, description = "The operation's id")),
    responses((status = 201, description = "The plan that takes it back", body = Operation)))]
pub(crate) async fn undo(
    State(api): State<Api>,
    asked: Asked,
    RequestKey(key): RequestKey,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<(StatusCode, Json<Operation>), Problem> {
    let (id, own) = (find(&asked, &id).await?.operation.id, own(&api, &asked).await?);
    let planned = undo::undo(&asked.context, &asked.mirror, (&id, own), (key, &api.entropy)).await;
    Ok((StatusCode::CREATED, Json(stands(&asked, &planned.map_err(not_planned)?).await?)))
}

/// Try again what failed in an operation
///
/// Plans an operation of the rows that failed; that one is looked at and approved like any other.
#[utoipa::path(post, path = "/operations/{id}/retry", tag = "operations", operation_id = "retry_operation",
    params(("id" = String, Path, description = "The operation's id")),
    responses((status = 201, description = "The plan that tries again", body = Operation)))]
pub(crate) async fn retry(
    State(api): State<Api>,
    asked: Asked,
    RequestKey(key): RequestKey,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<(StatusCode, Json<Operation>), Problem> {
    let (id, own) = (find(&asked, &id).await?.operation.id, own(&api, &asked).await?);
    let planned = undo::retry(&asked.context, &asked.mirror, (&id, own), (key, &api.entropy)).await;
    Ok((StatusCode::CREATED, Json(stands(&asked, &planned.map_err(not_planned)?).await?)))
}

/// Whether everything is stopped
///
/// While it is, nothing is sent to Atlassian by any operation or task.
#[utoipa::path(get, path = "/operations/stop", tag = "operations", operation_id = "show_stop",
    responses((status = 200, description = "How it stands", body = Switch)))]
pub(crate) async fn stopped(asked: Asked, Parameters(_): Parameters<NoParameters>) -> Result<Json<Switch>, Problem> {
    let stopped = asked.mirror.store().read(|tx| Ok(head::read(tx)?.stopped)).await?;
    Ok(Json(Switch { stopped }))
}

/// Stop everything
///
/// From this moment no change is sent to Atlassian, by nobody, until it is released. Syncs go on.
#[utoipa::path(post, path = "/operations/stop", tag = "operations", operation_id = "stop_everything",
    request_body = Because, responses((status = 200, description = "How it stands", body = Switch)))]
pub(crate) async fn stop(
    State(api): State<Api>,
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
    Sent(given): Sent<Because>,
) -> Result<Json<Switch>, Problem> {
    control::stop(&asked.context, &asked.mirror, &needed(&given.reason)?, &api.entropy).await?;
    Ok(Json(Switch { stopped: true }))
}

/// Release what was stopped
///
/// Operations that were under way go on, each after reading again whom it is about.
#[utoipa::path(post, path = "/operations/release", tag = "operations", operation_id = "release_everything",
    request_body = Because, responses((status = 200, description = "How it stands", body = Switch)))]
pub(crate) async fn release(
    State(api): State<Api>,
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
    Sent(given): Sent<Because>,
) -> Result<Json<Switch>, Problem> {
    control::release(&asked.context, &asked.mirror, &needed(&given.reason)?, &api.entropy).await?;
    Ok(Json(Switch { stopped: false }))
}

fn reason(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.chars().count() <= LONGEST_REASON {
        return Ok(text.to_owned());
    }
    let detail = format!("The reason has more than {LONGEST_REASON} characters.");
    Err(Problem::new(Kind::Invalid, detail, "Shorten it."))
}

fn needed(text: &str) -> Result<String, Problem> {
    let text = reason(text)?;
    if text.is_empty() {
        return Err(Problem::new(Kind::Invalid, "The reason is missing.", "Say why, for whoever looks at it later."));
    }
    Ok(text)
}

/// The account of whoever asks, where a role admitted them: nothing is done to it.
pub(crate) async fn own(api: &Api, asked: &Asked) -> Result<Option<AccountId>, Problem> {
    let Some(administrator) = asked.administrator().cloned() else { return Ok(None) };
    let organization = asked.mirror.organization().id.clone();
    let account = api.control.read(move |tx| admissions::account_of(tx, &administrator, &organization)).await?;
    Ok(account.and_then(|account| AccountId::new(&account).ok()))
}

pub(crate) async fn stands(asked: &Asked, id: &OperationId) -> Result<Operation, Problem> {
    let found = find(asked, id.as_str()).await?;
    Ok(Operation::of(&found.operation, &asked.mirror.current()))
}

/// Asks a verb for what is wanted of an operation.
async fn wish(
    asked: &Asked,
    id: &str,
    verb: impl AsyncFnOnce(&OperationId) -> Result<Wished, StoreError>,
) -> Result<Json<Operation>, Problem> {
    let id = find(asked, id).await?.operation.id;
    match verb(&id).await? {
        Wished::Taken => Ok(Json(stands(asked, &id).await?)),
        Wished::Unknown => Err(Problem::not_found("operation with this id")),
        Wished::Not(state) => {
            let detail = format!("The operation is {}.", state.as_str());
            Err(Problem::new(Kind::Refused, detail, "Look at how far it is."))
        }
    }
}

fn not_approved(why: NotApproved) -> Problem {
    match why {
        NotApproved::Store(error) => error.into(),
        NotApproved::NotPlanned(why) => not_planned(why),
        NotApproved::Unknown => Problem::not_found("operation with this id"),
        why => why.refusal().into(),
    }
}

pub(crate) fn not_planned(why: NotPlanned) -> Problem {
    match why {
        NotPlanned::Store(error) => error.into(),
        NotPlanned::Unknown => Problem::not_found("operation with this id"),
        why => why.refusal().into(),
    }
}
