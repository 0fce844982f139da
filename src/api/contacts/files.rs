//! Exactly the contacts, or companies, that a filter finds, as files. An import understands them.

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use contact::field::Entity;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::contacts::records;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::contacts::export;
use crate::http::Arriving;
use crate::mirror::export::Form;
use crate::mirror::export::events::{self, Exported};

/// Which contacts or companies.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filtered {
    /// Which and in which order: in the filter language over their fields; all of them by name when it is left out.
    #[serde(default)]
    filter: String,
}

/// Export contacts as CSV
///
/// All that a filter finds, as comma-separated values with a row of headings (RFC 4180). No cell is taken for a formula.
#[utoipa::path(get, path = "/contacts.csv", tag = "contacts", operation_id = "export_contacts_csv", params(Filtered),
    responses((status = 200, description = "The rows", body = String, content_type = "text/csv")))]
pub(crate) async fn contacts_csv(
    State(api): State<Api>,
    asked: Asked,
    Parameters(by): Parameters<Filtered>,
) -> Result<Response, Problem> {
    stream((&api, &asked), (Entity::Contact, &by), Form::Csv).await
}

/// Export contacts as JSON
///
/// All that a filter finds, as one array.
#[utoipa::path(get, path = "/contacts.json", tag = "contacts", operation_id = "export_contacts_json", params(Filtered),
    responses((status = 200, description = "The contacts", body = Vec<Object>)))]
pub(crate) async fn contacts_json(
    State(api): State<Api>,
    asked: Asked,
    Parameters(by): Parameters<Filtered>,
) -> Result<Response, Problem> {
    stream((&api, &asked), (Entity::Contact, &by), Form::Json).await
}

/// Export companies as CSV
///
/// All that a filter finds, as comma-separated values with a row of headings (RFC 4180). No cell is taken for a formula.
#[utoipa::path(get, path = "/companies.csv", tag = "contacts", operation_id = "export_companies_csv", params(Filtered),
    responses((status = 200, description = "The rows", body = String, content_type = "text/csv")))]
pub(crate) async fn companies_csv(
    State(api): State<Api>,
    asked: Asked,
    Parameters(by): Parameters<Filtered>,
) -> Result<Response, Problem> {
    stream((&api, &asked), (Entity::Company, &by), Form::Csv).await
}

/// Export companies as JSON
///
/// All that a filter finds, as one array.
#[utoipa::path(get, path = "/companies.json", tag = "contacts", operation_id = "export_companies_json", params(Filtered),
    responses((status = 200, description = "The companies", body = Vec<Object>)))]
pub(crate) async fn companies_json(
    State(api): State<Api>,
    asked: Asked,
    Parameters(by): Parameters<Filtered>,
) -> Result<Response, Problem> {
    stream((&api, &asked), (Entity::Company, &by), Form::Json).await
}

async fn stream(
    (api, asked): (&Api, &Asked),
    (entity, by): (Entity, &Filtered),
    form: Form,
) -> Result<Response, Problem> {
    let answered = records::answered(asked, (entity, &by.filter)).await?;
    let what = if entity == Entity::Contact { "contacts" } else { "companies" };
    let told = Exported { what, rows: Some(answered.found.matching.len()), form, filter: &by.filter };
    events::record(&asked.context, asked.mirror.store(), told, &api.entropy).await?;
    let kind = match form {
        Form::Csv => "text/csv; charset=utf-8; header=present",
        Form::Json | Form::JsonLines => "application/json",
    };
    let body = Body::from_stream(Arriving(export::begin(&asked.mirror, &answered, form)));
    Ok(([(header::CONTENT_TYPE, kind)], body).into_response())
}
