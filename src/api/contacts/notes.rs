//! Notes about contacts and companies, and what happened to them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contact::field::Entity;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::contacts::{problem, records};
use crate::api::parameters::{Id, None as NoParameters, Parameters, Sent};
use crate::api::problem::Problem;
use crate::contacts::look::{self, Whole};
use crate::contacts::notes;

/// What people wrote about a contact or a company, and what happened to it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Told {
    /// The notes, the newest first.
    notes: Vec<NoteBody>,
    /// What happened, the newest first; at most 200.
    history: Vec<HappenedBody>,
}

/// A note.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct NoteBody {
    /// Its number.
    number: i64,
    /// When it was written.
    at: String,
    /// Who wrote it.
    author: String,
    /// What it says, in lines.
    text: String,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HappenedBody {
    /// When.
    at: String,
    /// Who did it.
    author: String,
    /// `created`, `changed`, `linked`, `unlinked`, `joined_company`, `left_company`, `note_added`, `merged` and so on.
    kind: String,
    /// What it was, where there is more to say.
    #[schema(value_type = Object)]
    told: Value,
}

/// A note to add.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedNote {
    /// What it says.
    text: String,
}

/// Which note.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfNote {
    /// The note's number.
    number: i64,
}

/// Show the notes of a contact
///
/// And what happened to it.
#[utoipa::path(get, path = "/contacts/{id}/notes", tag = "contacts", operation_id = "list_contact_notes",
    params(("id" = String, Path, description = "The contact's id")),
    responses((status = 200, description = "The notes, and the history", body = Told)))]
pub(crate) async fn of_contact(
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<Told>, Problem> {
    told(&asked, (Entity::Contact, &id)).await
}

/// Add a note to a contact
#[utoipa::path(post, path = "/contacts/{id}/notes", tag = "contacts", operation_id = "add_note",
    params(("id" = String, Path, description = "The contact's id")), request_body = WantedNote,
    responses((status = 204, description = "It is kept")))]
pub(crate) async fn to_contact(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedNote>,
) -> Result<StatusCode, Problem> {
    add((&api, &asked), (Entity::Contact, &id), &wanted).await
}

/// Take a note of a contact away
#[utoipa::path(delete, path = "/contacts/{id}/notes", tag = "contacts", operation_id = "remove_contact_note",
    params(("id" = String, Path, description = "The contact's id"), OfNote),
    responses((status = 204, description = "It is taken away")))]
pub(crate) async fn from_contact(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(of): Parameters<OfNote>,
) -> Result<StatusCode, Problem> {
    remove((&api, &asked), (Entity::Contact, &id), &of).await
}

/// Show the notes of a company
///
/// And what happened to it.
#[utoipa::path(get, path = "/companies/{id}/notes", tag = "contacts", operation_id = "list_company_notes",
    params(("id" = String, Path, description = "The company's id")),
    responses((status = 200, description = "The notes, and the history", body = Told)))]
pub(crate) async fn of_company(
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<Told>, Problem> {
    told(&asked, (Entity::Company, &id)).await
}

/// Add a note to a company
#[utoipa::path(post, path = "/companies/{id}/notes", tag = "contacts", operation_id = "add_company_note",
    params(("id" = String, Path, description = "The company's id")), request_body = WantedNote,
    responses((status = 204, description = "It is kept")))]
pub(crate) async fn to_company(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedNote>,
) -> Result<StatusCode, Problem> {
    add((&api, &asked), (Entity::Company, &id), &wanted).await
}

/// Take a note of a company away
#[utoipa::path(delete, path = "/companies/{id}/notes", tag = "contacts", operation_id = "remove_company_note",
    params(("id" = String, Path, description = "The company's id"), OfNote),
    responses((status = 204, description = "It is taken away")))]
pub(crate) async fn from_company(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(of): Parameters<OfNote>,
) -> Result<StatusCode, Problem> {
    remove((&api, &asked), (Entity::Company, &id), &of).await
}

async fn told(asked: &Asked, (entity, id): (Entity, &str)) -> Result<Json<Told>, Problem> {
    records::is(asked, (entity, id)).await?;
    let whole = look::whole(&asked.mirror, (entity, id)).await;
    let Whole { notes, history, .. } = whole.map_err(|why| problem("It was not found.", why))?;
    let notes = notes.into_iter().map(|note| NoteBody {
        number: note.number,
        at: note.at.to_string(),
        author: note.author,
        text: note.text,
    });
    let history = history.into_iter().map(|event| HappenedBody {
        at: event.at.to_string(),
        author: event.author,
        kind: event.kind,
        told: serde_json::from_str(&event.told).unwrap_or_default(),
    });
    Ok(Json(Told { notes: notes.collect(), history: history.collect() }))
}

async fn add(
    (api, asked): (&Api, &Asked),
    (entity, id): (Entity, &str),
    wanted: &WantedNote,
) -> Result<StatusCode, Problem> {
    records::is(asked, (entity, id)).await?;
    let added = notes::add(&asked.context, &asked.mirror, (id, &wanted.text), &api.entropy).await;
    added.map_err(|why| problem("The note was not kept.", why))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove(
    (api, asked): (&Api, &Asked),
    (entity, id): (Entity, &str),
    of: &OfNote,
) -> Result<StatusCode, Problem> {
    records::is(asked, (entity, id)).await?;
    let removed = notes::remove(&asked.context, &asked.mirror, (id, of.number), &api.entropy).await;
    removed.map_err(|why| problem("The note was not taken away.", why))?;
    Ok(StatusCode::NO_CONTENT)
}
