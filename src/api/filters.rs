//! Saved filters: everybody's and one's own, saved, changed and deleted. What somebody else keeps for themselves is not
//! there.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::parameters::{Id, None as NoParameters, Parameters, Sent};
use crate::api::people::wrong;
use crate::api::problem::{Kind, Problem};
use crate::id::FilterId;
use crate::mirror::filters::{self, NotKept};
use crate::nouns::saved_filter::{Audience, Kept, SavedFilter};
use crate::store::filters as stored;

/// What is said about a filter that is to be kept.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToKeep {
    /// One line of at most 100 characters.
    name: String,
    /// What it is for, at most 1,000 characters.
    #[serde(default)]
    description: String,
    /// In the filter language.
    filter: String,
    /// Whether everybody who signs in finds it.
    #[serde(default)]
    shared: bool,
}

/// A kept filter.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Filter {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// What it is for; may be empty.
    description: String,
    /// In the filter language, in its canonical form.
    filter: String,
    /// Whose it is.
    owner: String,
    /// Whether everybody who signs in finds it.
    shared: bool,
    /// When it was first saved.
    created_at: String,
    /// When it was last changed.
    changed_at: String,
}

/// Kept filters.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Filters {
    /// By name; an organization has at most 1,000.
    filters: Vec<Filter>,
}

/// List saved filters
///
/// Everybody's, and those of whoever asks.
#[utoipa::path(get, path = "/filters", tag = "saved filters", operation_id = "list_filters",
    responses((status = 200, description = "The filters, by name", body = Filters)))]
pub(crate) async fn list(asked: Asked, Parameters(_): Parameters<NoParameters>) -> Result<Json<Filters>, Problem> {
    let Some(who) = asked.administrator().cloned() else { return Err(failed(NotKept::NoOwner, "")) };
    let filters = asked.mirror.store().read(move |tx| stored::visible(tx, &who)).await?;
    Ok(Json(Filters { filters: filters.iter().map(Filter::of).collect() }))
}

/// Save a filter
///
/// It belongs to the administrator who asks, or for whom the token acts.
#[utoipa::path(post, path = "/filters", tag = "saved filters", operation_id = "save_filter", request_body = ToKeep,
    responses((status = 201, description = "The filter", body = Filter)))]
pub(crate) async fn save(
    State(api): State<Api>,
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
    Sent(to_keep): Sent<ToKeep>,
) -> Result<(StatusCode, Json<Filter>), Problem> {
    let text = to_keep.filter.clone();
    let kept = to_keep.kept(&asked).map_err(|why| failed(why, &text))?;
    let saved = filters::save(&asked.context, &asked.mirror, kept, &api.entropy).await;
    let saved = saved.map_err(|why| failed(why, &text))?;
    Ok((StatusCode::CREATED, Json(Filter::of(&saved))))
}

/// Show a saved filter
#[utoipa::path(get, path = "/filters/{id}", tag = "saved filters", operation_id = "show_filter",
    params(("id" = String, Path, description = "The filter's id")),
    responses((status = 200, description = "The filter", body = Filter)))]
pub(crate) async fn show(
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<Filter>, Problem> {
    Ok(Json(Filter::of(&find(&asked, &id).await?)))
}

/// Change a saved filter
///
/// All of it is replaced. Only its owner may.
#[utoipa::path(put, path = "/filters/{id}", tag = "saved filters", operation_id = "change_filter",
    params(("id" = String, Path, description = "The filter's id")), request_body = ToKeep,
    responses((status = 200, description = "The filter as it is kept", body = Filter)))]
pub(crate) async fn change(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(to_keep): Sent<ToKeep>,
) -> Result<Json<Filter>, Problem> {
    let found = find(&asked, &id).await?;
    let text = to_keep.filter.clone();
    let kept = to_keep.kept(&asked).map_err(|why| failed(why, &text))?;
    let changed = filters::change(&asked.context, &asked.mirror, (&found.id, kept), &api.entropy).await;
    changed.map_err(|why| failed(why, &text))?;
    Ok(Json(Filter::of(&find(&asked, &id).await?)))
}

/// Delete a saved filter
///
/// Only its owner may.
#[utoipa::path(delete, path = "/filters/{id}", tag = "saved filters", operation_id = "delete_filter",
    params(("id" = String, Path, description = "The filter's id")),
    responses((status = 204, description = "It is deleted")))]
pub(crate) async fn delete(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<StatusCode, Problem> {
    let found = find(&asked, &id).await?;
    let deleted = filters::delete(&asked.context, &asked.mirror, &found.id, &api.entropy).await;
    deleted.map_err(|why| failed(why, ""))?;
    Ok(StatusCode::NO_CONTENT)
}

impl ToKeep {
    fn kept(&self, asked: &Asked) -> Result<Kept, NotKept> {
        let audience = if self.shared { Audience::Everybody } else { Audience::Owner };
        filters::kept(&asked.snapshot, (&self.name, &self.description), &self.filter, audience)
    }
}

impl Filter {
    fn of(saved: &SavedFilter) -> Filter {
        let kept = &saved.kept;
        Filter {
            id: saved.id.to_string(),
            name: kept.name.as_str().to_owned(),
            description: kept.description.as_str().to_owned(),
            filter: kept.text.clone(),
            owner: saved.owner_name.clone(),
            shared: kept.audience.is_everybody(),
            created_at: saved.created_at.to_string(),
            changed_at: saved.changed_at.to_string(),
        }
    }
}

async fn find(asked: &Asked, id: &str) -> Result<SavedFilter, Problem> {
    let unknown = || Problem::not_found("filter with this id");
    let (Some(id), Some(who)) = (FilterId::parse(id), asked.administrator().cloned()) else { return Err(unknown()) };
    asked.mirror.store().read(move |tx| filters::find(tx, &id, &who)).await?.ok_or_else(unknown)
}

fn failed(why: NotKept, text: &str) -> Problem {
    let detail = |why: &NotKept| format!("It was refused: {why}.");
    match why {
        NotKept::Store(error) => error.into(),
        NotKept::Unknown => Problem::not_found("filter with this id"),
        NotKept::Wrong(diagnostics) => wrong(text, &diagnostics),
        NotKept::Words(_) => Problem::new(Kind::Invalid, detail(&why), "Send another name or description."),
        NotKept::NotYours(_) => {
            Problem::new(Kind::Refused, detail(&why), "Save a filter of your own with the same text.")
        }
        NotKept::InUse(_) => {
            Problem::new(Kind::Refused, detail(&why), "Give those automated tasks and reports another filter first.")
        }
        NotKept::NameTaken => Problem::new(Kind::Refused, detail(&why), "Choose another name, or change that filter."),
        NotKept::TooMany => Problem::new(Kind::Refused, detail(&why), "Delete one first."),
        NotKept::NoOwner => Problem::new(Kind::Refused, detail(&why), "Ask with an access token or a session."),
    }
}
