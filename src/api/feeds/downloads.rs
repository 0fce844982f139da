//! People, errors, previews and logs of feeds as comma-separated values, sent while they are read. That they were taken
//! is on the audit chain before anything of them is sent.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::api::Api;
use crate::api::feed_entry::FeedAsked;
use crate::api::feeds::runs::find;
use crate::api::parameters::{Id, None as NoParameters, Parameters};
use crate::api::problem::Problem;
use crate::feeds::files::{self, Subject};
use crate::http::Arriving;
use crate::mirror::export::Form;
use crate::mirror::export::events::{self, Exported};

/// Export a feed's people as CSV
///
/// All of them, by username, with a row of headings (RFC 4180). No cell is taken for a formula.
#[utoipa::path(get, path = "/feeds/{feed}/people.csv", tag = "feeds", operation_id = "export_feed_people",
    params(("feed" = String, Path, description = "The feed's code or id")),
    responses((status = 200, description = "The people", body = String, content_type = "text/csv")))]
pub(crate) async fn people(
    State(api): State<Api>,
    asked: FeedAsked,
    Id(feed): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Response, Problem> {
    let feed = asked.feed(&feed).await?;
    let what = format!("feed-{}-people", feed.code.as_str());
    csv(&api, &asked, (&what, Subject::People(feed.number))).await
}

/// Export a feed's errors as CSV
///
/// All people whose last record was not applied in whole, with what is wrong and the record as it came.
#[utoipa::path(get, path = "/feeds/{feed}/errors.csv", tag = "feeds", operation_id = "download_feed_errors",
    params(("feed" = String, Path, description = "The feed's code or id")),
    responses((status = 200, description = "The errors", body = String, content_type = "text/csv")))]
pub(crate) async fn errors(
    State(api): State<Api>,
    asked: FeedAsked,
    Id(feed): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Response, Problem> {
    let feed = asked.feed(&feed).await?;
    let what = format!("feed-{}-errors", feed.code.as_str());
    csv(&api, &asked, (&what, Subject::Errors(feed.number))).await
}

/// Export the preview of a run as CSV
///
/// A line for each field that changes, or for each person where none does.
#[utoipa::path(get, path = "/feeds/{feed}/runs/{run}/preview.csv", tag = "feeds", operation_id = "export_feed_preview",
    params(("feed" = String, Path, description = "The feed's code or id"),
        ("run" = String, Path, description = "The run's id")),
    responses((status = 200, description = "The preview", body = String, content_type = "text/csv")))]
pub(crate) async fn preview(
    State(api): State<Api>,
    asked: FeedAsked,
    Path((feed, run)): Path<(String, String)>,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Response, Problem> {
    let found = find(&asked, &feed, &run).await?;
    let what = format!("feed-{}-run-{}-preview", found.feed.code.as_str(), found.run.number);
    csv(&api, &asked, (&what, Subject::Preview(found.run.number))).await
}

/// Export the log of a run as CSV
///
/// All lines that there are by then.
#[utoipa::path(get, path = "/feeds/{feed}/runs/{run}/log.csv", tag = "feeds", operation_id = "export_feed_log",
    params(("feed" = String, Path, description = "The feed's code or id"),
        ("run" = String, Path, description = "The run's id")),
    responses((status = 200, description = "The log", body = String, content_type = "text/csv")))]
pub(crate) async fn log(
    State(api): State<Api>,
    asked: FeedAsked,
    Path((feed, run)): Path<(String, String)>,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Response, Problem> {
    let found = find(&asked, &feed, &run).await?;
    let what = format!("feed-{}-run-{}-log", found.feed.code.as_str(), found.run.number);
    csv(&api, &asked, (&what, Subject::Log(found.run.number))).await
}

async fn csv(api: &Api, asked: &FeedAsked, (what, subject): (&str, Subject)) -> Result<Response, Problem> {
    let exported = Exported { what, rows: None, form: Form::Csv, filter: "" };
    events::record(&asked.context, asked.mirror.store(), exported, &api.entropy).await?;
    let body = Body::from_stream(Arriving(files::file(&asked.mirror, subject, Form::Csv).arriving()));
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present")], body).into_response())
}
