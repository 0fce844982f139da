//! Runs over contacts: listed, looked at, their log, cancelled.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::contacts::problem;
use crate::api::page;
use crate::api::parameters::{Id, None as NoParameters, Parameters};
use crate::api::problem::{Kind, Problem};
use crate::contacts::runs;
use crate::id::ContactRunId;
use crate::nouns::contact_run::{self as nouns, ContactRun};

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

/// Which lines of a log.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Lines {
    /// Only of this kind: `created`, `linked`, `changed`, `unlinked`, `deleted`, `conflict`, `skipped`, `refused` and so on.
    kind: Option<String>,
    /// How many at the most; 100 when it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// From where on: `next` of the page before.
    cursor: Option<String>,
}

/// A page of a run's log, in its order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ContactLog {
    /// The lines.
    lines: Vec<ContactLogLine>,
    /// The cursor of the page after this one; null on the last.
    next: Option<String>,
}

/// A line of a run's log.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ContactLogLine {
    /// Its place, from 1.
    line: u64,
    /// When.
    at: String,
    /// What it tells of.
    kind: String,
    /// The account that it is about.
    account_id: Option<String>,
    /// What it says.
    text: String,
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

impl ContactRunBody {
    /// The answer to whoever has asked for a run.
    pub(super) async fn begun(asked: &Asked, id: ContactRunId) -> Result<(StatusCode, Json<ContactRunBody>), Problem> {
        let run = runs::find(&asked.mirror, id.as_str()).await;
        let run = run.map_err(|why| problem("The run was not found.", why))?;
        Ok((StatusCode::ACCEPTED, Json(ContactRunBody::of(&run))))
    }

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

/// Show the log of a run over contacts
///
/// What it did, and what it left out and why.
#[utoipa::path(get, path = "/contact-runs/{id}/log", tag = "contacts", operation_id = "show_contact_run_log",
    params(("id" = String, Path, description = "The run's id"), Lines),
    responses((status = 200, description = "A page of the log", body = ContactLog)))]
pub(crate) async fn log(
    asked: Asked,
    Id(id): Id,
    Parameters(by): Parameters<Lines>,
) -> Result<Json<ContactLog>, Problem> {
    let run = runs::find(&asked.mirror, &id).await.map_err(|why| problem("The run was not found.", why))?;
    let limit = page::limit(by.limit)?;
    let question = format!("log of {id}: {}", by.kind.as_deref().unwrap_or_default());
    let after = place(&question, by.cursor.as_deref(), 0)?.unsigned_abs();
    let found = runs::lines(&asked.mirror, run.number, (after, by.kind), limit as u32).await?;
    let next = (found.len() == limit).then(|| found.last()).flatten();
    let next = next.map(|line| page::write(&question, &line.line.to_string()));
    let line = |line: nouns::ContactLogLine| ContactLogLine {
        line: line.line,
        at: line.at.to_string(),
        kind: line.kind,
        account_id: line.account,
        text: line.text,
    };
    Ok(Json(ContactLog { lines: found.into_iter().map(line).collect(), next }))
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

pub(super) fn place(question: &str, cursor: Option<&str>, first: i64) -> Result<i64, Problem> {
    let Some(cursor) = cursor else { return Ok(first) };
    let wrong = || Problem::new(Kind::Cursor, "The cursor cannot be read.", "Begin without a cursor.");
    page::read(question, cursor)?.parse().map_err(|_| wrong())
}
