//! Runs over contacts, and their conflicts.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::contacts::problem;
use crate::api::page;
use crate::api::parameters::{Id, None as NoParameters, Parameters, Sent};
use crate::api::problem::{Kind, Problem};
use crate::contacts::conflicts::{self, ShownConflict};
use crate::contacts::runs;
use crate::nouns::contact_run::{ConflictState, ContactRun};

/// Which page.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ByPage {
    /// How many at the most; 100 when it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// From where on: `next` of the page before.
    cursor: Option<String>,
}

/// A page of runs, the newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ContactRuns {
    /// The runs.
    runs: Vec<ContactRunBody>,
    /// The cursor of the page after this one; null on the last.
    next: Option<String>,
}

/// A run over contacts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ContactRunBody {
    /// Its id.
    id: String,
    /// Its number.
    number: i64,
    /// `follow`, `release`, `import`, `change` or `delete`.
    kind: String,
    /// `queued`, `running`, `complete`, `cancelled` or `failed`.
    state: String,
    /// Who asked for it.
    asked_by: String,
    /// When.
    created_at: String,
    /// When it was over.
    ended_at: Option<String>,
    /// The generation of the mirror that it followed.
    generation: Option<u64>,
    /// How much there is to do, as far as is known.
    total: u64,
    /// How much of it is done.
    done: u64,
    /// What came of it.
    counts: ContactRunCounts,
    /// Why it was given up.
    failure: Option<String>,
}

/// What came of a run.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ContactRunCounts {
    /// Records that are new.
    created: u64,
    /// Accounts that were linked to a contact that was there.
    linked: u64,
    /// Records that changed.
    changed: u64,
    /// Accounts that keep their contact no more.
    unlinked: u64,
    /// Contacts that became regular ones.
    released: u64,
    /// Records that were deleted.
    deleted: u64,
    /// Conflicts that were open at its end.
    conflicts: u64,
    /// Accounts or lines that were left out.
    skipped: u64,
    /// Accounts that stayed as they were.
    unchanged: u64,
}

/// A page of conflicts, the oldest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ContactConflicts {
    /// The conflicts.
    conflicts: Vec<ConflictBody>,
    /// The cursor of the page after this one; null on the last.
    next: Option<String>,
}

/// A conflict about an address.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ConflictBody {
    /// Its number.
    number: i64,
    /// The address in its normal form.
    email: String,
    /// `several_contacts`, `address_taken` or `shared_address`.
    kind: String,
    /// What is the matter.
    detail: String,
    /// What is proposed.
    proposal: String,
    /// The ids of the contacts with this address.
    contacts: Vec<String>,
    /// The accounts that wait to be linked.
    accounts: Vec<String>,
    /// Since when.
    opened_at: String,
}

/// Why a conflict may stay as it is.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedDismissal {
    /// The reason.
    reason: String,
}

impl ContactRunBody {
    pub(super) fn of(run: &ContactRun) -> ContactRunBody {
        let counts = &run.counts;
        ContactRunBody {
            id: run.id.to_string(),
            number: run.number,
            kind: run.kind.as_str().to_owned(),
            state: run.state.as_str().to_owned(),
            asked_by: run.asked_by.clone(),
            created_at: run.created_at.to_string(),
            ended_at: run.ended_at.map(|at| at.to_string()),
            generation: run.generation,
            total: run.total,
            done: run.done,
            counts: ContactRunCounts {
                created: counts.created,
                linked: counts.linked,
                changed: counts.changed,
                unlinked: counts.unlinked,
                released: counts.released,
                deleted: counts.deleted,
                conflicts: counts.conflicts,
                skipped: counts.skipped,
                unchanged: counts.unchanged,
            },
            failure: run.failure.clone(),
        }
    }
}

impl ConflictBody {
    fn of(shown: &ShownConflict) -> ConflictBody {
        let conflict = &shown.kept.conflict;
        ConflictBody {
            number: shown.kept.number,
            email: conflict.email_key.clone(),
            kind: conflict.kind.as_str().to_owned(),
            detail: conflict.kind.sentence().to_owned(),
            proposal: conflict.kind.proposal().to_owned(),
            contacts: shown.records.iter().map(|record| record.id.to_string()).collect(),
            accounts: conflict.accounts.clone(),
            opened_at: shown.kept.opened_at.to_string(),
        }
    }
}

/// List runs over contacts
///
/// The newest first.
#[utoipa::path(get, path = "/contact-runs", tag = "contacts", operation_id = "list_contact_runs", params(ByPage),
    responses((status = 200, description = "A page of runs", body = ContactRuns)))]
pub(crate) async fn list(asked: Asked, Parameters(by): Parameters<ByPage>) -> Result<Json<ContactRuns>, Problem> {
    let (question, limit) = ("contact runs", page::limit(by.limit)?);
    let before = place(question, by.cursor.as_deref(), i64::MAX)?;
    let found = runs::list(&asked.mirror, before, limit as u32).await?;
    let next = (found.len() == limit).then(|| found.last()).flatten();
    let next = next.map(|run| page::write(question, &run.number.to_string()));
    Ok(Json(ContactRuns { runs: found.iter().map(ContactRunBody::of).collect(), next }))
}

/// Show a run over contacts
#[utoipa::path(get, path = "/contact-runs/{id}", tag = "contacts", operation_id = "show_contact_run",
    params(("id" = String, Path, description = "The run's id")),
    responses((status = 200, description = "The run", body = ContactRunBody)))]
pub(crate) async fn show(
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<ContactRunBody>, Problem> {
    let run = runs::find(&asked.mirror, &id).await.map_err(|why| problem("The run was not found.", why))?;
    Ok(Json(ContactRunBody::of(&run)))
}

/// Cancel a run over contacts
///
/// What it has done stays.
#[utoipa::path(post, path = "/contact-runs/{id}/cancel", tag = "contacts", operation_id = "cancel_contact_run",
    params(("id" = String, Path, description = "The run's id")),
    responses((status = 200, description = "The run", body = ContactRunBody)))]
pub(crate) async fn cancel(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<ContactRunBody>, Problem> {
    let cancelled = runs::cancel(&asked.context, &asked.mirror, &id, &api.entropy).await;
    cancelled.map_err(|why| problem("The run was not cancelled.", why))?;
    let run = runs::find(&asked.mirror, &id).await.map_err(|why| problem("The run was not found.", why))?;
    Ok(Json(ContactRunBody::of(&run)))
}

/// List conflicts of contacts
///
/// Those that wait for a person.
#[utoipa::path(get, path = "/contact-conflicts", tag = "contacts", operation_id = "list_contact_conflicts",
    params(ByPage), responses((status = 200, description = "A page of conflicts", body = ContactConflicts)))]
pub(crate) async fn list_conflicts(
    asked: Asked,
    Parameters(by): Parameters<ByPage>,
) -> Result<Json<ContactConflicts>, Problem> {
    let (question, limit) = ("contact conflicts", page::limit(by.limit)?);
    let after = place(question, by.cursor.as_deref(), 0)?;
    let found = conflicts::list(&asked.mirror, ConflictState::Open, (after, limit as u32)).await?;
    let next = (found.len() == limit).then(|| found.last()).flatten();
    let next = next.map(|shown| page::write(question, &shown.kept.number.to_string()));
    Ok(Json(ContactConflicts { conflicts: found.iter().map(ConflictBody::of).collect(), next }))
}

/// Dismiss a conflict of contacts
///
/// It stays as it is until somebody else is in it. Merging the contacts ends it too.
#[utoipa::path(post, path = "/contact-conflicts/{id}/dismiss", tag = "contacts",
    operation_id = "dismiss_contact_conflict",
    params(("id" = String, Path, description = "The conflict's number")), request_body = WantedDismissal,
    responses((status = 204, description = "It is dismissed")))]
pub(crate) async fn dismiss(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedDismissal>,
) -> Result<StatusCode, Problem> {
    let number = id.parse().map_err(|_| Problem::not_found("conflict with this number"))?;
    let done = conflicts::dismiss(&asked.context, &asked.mirror, (number, &wanted.reason), &api.entropy).await;
    done.map_err(|why| problem("The conflict was not dismissed.", why))?;
    Ok(StatusCode::NO_CONTENT)
}

fn place(question: &str, cursor: Option<&str>, first: i64) -> Result<i64, Problem> {
    let Some(cursor) = cursor else { return Ok(first) };
    let wrong = || Problem::new(Kind::Cursor, "The cursor cannot be read.", "Begin without a cursor.");
    page::read(question, cursor)?.parse().map_err(|_| wrong())
}
