//! Scheduled reports: listed, made, changed, deleted, and sent at once. Whom a report finds is in its mail alone.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::parameters::{Id, None as NoParameters, Parameters, Sent};
use crate::api::problem::{Kind, Problem};
use crate::id::{FilterId, ReportId};
use crate::nouns::report::{About, Report, ReportDraft, Rhythm};
use crate::nouns::saved_filter::Name;
use crate::nouns::task_schedule::clock;
use crate::reports::keep::{self, NotKept};
use crate::reports::send::{self, NotSent};
use crate::store::reports;

/// What stands for the dashboard where a filter's id would.
const DASHBOARD: &str = "dashboard";

/// A report as somebody wants it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedReport {
    /// What it is called, in at most 100 characters; one for each report.
    name: String,
    /// The id of a saved filter, which everybody then finds, or `dashboard`.
    about: String,
    /// The addresses that get it, at most 20.
    recipients: Vec<String>,
    /// `weekly mon` to `weekly sun`, or `monthly 1` to `monthly 31`; the last day where a month is shorter.
    rhythm: String,
    /// The time of the day: `07:00`.
    time: String,
    /// The name of the time zone of day and time; the organization's when it is left out.
    #[serde(default)]
    zone: Option<String>,
    /// Whether it is sent; it is when this is left out.
    #[serde(default = "yes")]
    active: bool,
}

/// The reports.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Reports {
    /// By name.
    reports: Vec<ReportBody>,
}

/// A report that is mailed on a schedule.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ReportBody {
    /// Its id.
    id: String,
    /// What it is called.
    name: String,
    /// The id of a saved filter, or `dashboard`.
    about: String,
    /// The addresses that get it.
    recipients: Vec<String>,
    /// `weekly mon` to `weekly sun`, or `monthly 1` to `monthly 31`.
    rhythm: String,
    /// The time of the day.
    time: String,
    /// The time zone of day and time.
    zone: String,
    /// Whether it is sent.
    active: bool,
    /// When it was sent last.
    sent_at: Option<String>,
    /// When it is due next; in the past while it waits for a mail server.
    due_at: Option<String>,
    /// Who made or changed it last.
    changed_by: String,
    /// When.
    changed_at: String,
}

fn yes() -> bool {
    true
}

/// List reports
///
/// Those that are mailed on a schedule, by name.
#[utoipa::path(get, path = "/reports", tag = "reports", operation_id = "list_reports",
    responses((status = 200, description = "The reports", body = Reports)))]
pub(crate) async fn list(asked: Asked, Parameters(_): Parameters<NoParameters>) -> Result<Json<Reports>, Problem> {
    let known = asked.mirror.store().read(reports::list).await?;
    Ok(Json(Reports { reports: known.iter().map(ReportBody::of).collect() }))
}

/// Make a report
///
/// It is sent from its next start on; nothing before counts as missed.
#[utoipa::path(post, path = "/reports", tag = "reports", operation_id = "make_report", request_body = WantedReport,
    responses((status = 201, description = "It is made", body = ReportBody)))]
pub(crate) async fn make(
    State(api): State<Api>,
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedReport>,
) -> Result<(StatusCode, Json<ReportBody>), Problem> {
    let draft = wanted.draft(&asked)?;
    let id = keep::create(&asked.context, &asked.mirror, draft, &api.entropy).await.map_err(not_kept)?;
    Ok((StatusCode::CREATED, Json(ReportBody::of(&find(&asked, &id).await?))))
}

/// Show a report
///
/// What it is about, who gets it, and when.
#[utoipa::path(get, path = "/reports/{id}", tag = "reports", operation_id = "show_report",
    params(("id" = String, Path, description = "The report's id")),
    responses((status = 200, description = "The report", body = ReportBody)))]
pub(crate) async fn show(
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<ReportBody>, Problem> {
    Ok(Json(ReportBody::of(&find(&asked, &parsed(&id)?).await?)))
}

/// Change a report
///
/// All of it is replaced. One that is about something else compares with nothing the first time.
#[utoipa::path(put, path = "/reports/{id}", tag = "reports", operation_id = "change_report",
    params(("id" = String, Path, description = "The report's id")), request_body = WantedReport,
    responses((status = 200, description = "The report as it is now", body = ReportBody)))]
pub(crate) async fn change(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedReport>,
) -> Result<Json<ReportBody>, Problem> {
    let (id, draft) = (parsed(&id)?, wanted.draft(&asked)?);
    keep::change(&asked.context, &asked.mirror, (&id, draft), &api.entropy).await.map_err(not_kept)?;
    Ok(Json(ReportBody::of(&find(&asked, &id).await?)))
}

/// Delete a report
///
/// What of it is on its way arrives.
#[utoipa::path(delete, path = "/reports/{id}", tag = "reports", operation_id = "delete_report",
    params(("id" = String, Path, description = "The report's id")),
    responses((status = 204, description = "It is deleted")))]
pub(crate) async fn remove(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<StatusCode, Problem> {
    keep::delete(&asked.context, &asked.mirror, &parsed(&id)?, &api.entropy).await.map_err(not_kept)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send a report now
///
/// Its next start stays. The log of deliveries tells what came of it.
#[utoipa::path(post, path = "/reports/{id}/send", tag = "reports", operation_id = "send_report",
    params(("id" = String, Path, description = "The report's id")),
    responses((status = 202, description = "It is on its way", body = ReportBody)))]
pub(crate) async fn send(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<(StatusCode, Json<ReportBody>), Problem> {
    let id = parsed(&id)?;
    send::send_now(&asked.context, &asked.mirror, &id, &api.entropy).await.map_err(|why| match why {
        NotSent::Unknown => Problem::not_found("report with this id"),
        NotSent::Store(error) => error.into(),
        why => {
            let refusal = why.refusal();
            Problem::new(Kind::Refused, refusal.why, refusal.next)
        }
    })?;
    Ok((StatusCode::ACCEPTED, Json(ReportBody::of(&find(&asked, &id).await?))))
}

fn parsed(id: &str) -> Result<ReportId, Problem> {
    ReportId::parse(id).ok_or_else(|| Problem::not_found("report with this id"))
}

async fn find(asked: &Asked, id: &ReportId) -> Result<Report, Problem> {
    let id = id.clone();
    let found = asked.mirror.store().read(move |tx| reports::find(tx, &id)).await?;
    found.ok_or_else(|| Problem::not_found("report with this id"))
}

fn not_kept(why: NotKept) -> Problem {
    match why {
        NotKept::Unknown => Problem::not_found("report with this id"),
        NotKept::Store(error) => error.into(),
        why => Problem::new(Kind::Invalid, format!("It was not taken: {why}."), "Correct it, and send it again."),
    }
}

impl WantedReport {
    fn draft(&self, asked: &Asked) -> Result<ReportDraft, Problem> {
        let invalid = |detail: String, hint: &'static str| Problem::new(Kind::Invalid, detail, hint);
        let about = match self.about.as_str() {
            DASHBOARD => About::Dashboard,
            id => About::Filter(FilterId::parse(id).ok_or_else(|| {
                invalid(format!("“{id}” is no saved filter."), "Send the id of a saved filter, or `dashboard`.")
            })?),
        };
        let zone = self.zone.clone().unwrap_or_else(|| asked.mirror.organization().time_zone.clone());
        Ok(ReportDraft {
            name: Name::parse(&self.name).map_err(|why| invalid(format!("It was not taken: {why}."), "Correct it."))?,
            about,
            recipients: self.recipients.iter().map(|address| address.trim().to_owned()).collect(),
            rhythm: Rhythm::parse(&self.rhythm).ok_or_else(|| {
                invalid(format!("There is no rhythm “{}”.", self.rhythm), "Send `weekly mon` or `monthly 31`.")
            })?,
            time: clock(&self.time)
                .ok_or_else(|| invalid(format!("“{}” is no time of the day.", self.time), "Send one like 07:00."))?,
            zone,
            active: self.active,
        })
    }
}

impl ReportBody {
    fn of(report: &Report) -> ReportBody {
        let draft = &report.draft;
        ReportBody {
            id: report.id.to_string(),
            name: draft.name.as_str().to_owned(),
            about: match &draft.about {
                About::Filter(id) => id.to_string(),
                About::Dashboard => DASHBOARD.to_owned(),
            },
            recipients: draft.recipients.clone(),
            rhythm: draft.rhythm.to_text(),
            time: draft.time.strftime("%H:%M").to_string(),
            zone: draft.zone.clone(),
            active: draft.active,
            sent_at: report.last.as_ref().map(|last| last.at.to_string()),
            due_at: report.next().map(|at| at.to_string()),
            changed_by: report.changed_by.clone(),
            changed_at: report.changed_at.to_string(),
        }
    }
}
