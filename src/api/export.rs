//! Exactly whom a filter finds, as a stream: sent while it is made, so that it needs no memory of its size. A filter
//! with errors gives no file, because it would be one of other people than were asked for.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use directory::find::Ranking;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::parameters::Parameters;
use crate::api::people::{ask, order};
use crate::api::problem::Problem;
use crate::http::Pieces;
use crate::mirror::export::events;
use crate::mirror::export::{Export, Form, in_order};

/// Which people, in which order.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Exported {
    /// Who: in the filter language; everybody in the organization when it is left out.
    filter: Option<String>,
    /// As of the end of this day, as 2026-03-01, in the organization's time zone; now when it is left out.
    #[expect(dead_code, reason = "read once for the whole request, where the snapshot is chosen")]
    #[param(example = "2026-03-01")]
    as_of: Option<String>,
    /// In which order, as behind ORDER BY; by name when it is left out.
    order: Option<String>,
}

/// Export people as CSV
///
/// Everybody whom a filter finds, as comma-separated values with a row of headings (RFC 4180). No cell is taken for a
/// formula.
#[utoipa::path(get, path = "/people.csv", tag = "people", operation_id = "export_people_csv", params(Exported),
    responses((status = 200, description = "The rows", body = String, content_type = "text/csv")))]
pub(crate) async fn csv(
    State(api): State<Api>,
    asked: Asked,
    Parameters(exported): Parameters<Exported>,
) -> Result<Response, Problem> {
    stream(&api, &asked, &exported, (Form::Csv, "text/csv; charset=utf-8; header=present")).await
}

/// Export people as JSON
///
/// Everybody whom a filter finds, as one array.
#[utoipa::path(get, path = "/people.json", tag = "people", operation_id = "export_people_json", params(Exported),
    responses((status = 200, description = "The people", body = Vec<super::people::PersonInList>)))]
pub(crate) async fn json(
    State(api): State<Api>,
    asked: Asked,
    Parameters(exported): Parameters<Exported>,
) -> Result<Response, Problem> {
    stream(&api, &asked, &exported, (Form::Json, "application/json")).await
}

/// Export people as lines of JSON
///
/// Everybody whom a filter finds, one object a line.
#[utoipa::path(get, path = "/people.ndjson", tag = "people", operation_id = "export_people_lines", params(Exported),
    responses((status = 200, description = "The lines", body = String, content_type = "application/x-ndjson")))]
pub(crate) async fn lines(
    State(api): State<Api>,
    asked: Asked,
    Parameters(exported): Parameters<Exported>,
) -> Result<Response, Problem> {
    stream(&api, &asked, &exported, (Form::JsonLines, "application/x-ndjson")).await
}

async fn stream(
    api: &Api,
    asked: &Asked,
    exported: &Exported,
    (form, kind): (Form, &'static str),
) -> Result<Response, Problem> {
    let answer = ask(asked, exported.filter.as_deref())?;
    let order = order(&answer, exported.order.as_deref())?;
    let people = in_order(&answer.found.matching, &Ranking::of(&asked.snapshot, &order));
    let filter = exported.filter.as_deref().unwrap_or_default();
    let told = events::Exported { what: "people", rows: Some(people.len() as u64), form, filter };
    events::record(&asked.context, asked.mirror.store(), told, &api.entropy).await?;
    let body = Body::from_stream(Pieces(Export::new(Arc::clone(&asked.snapshot), people, form)));
    Ok(([(header::CONTENT_TYPE, kind)], body).into_response())
}
