//! Fields of contacts and companies: listed, defined, changed, put into another order, removed.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contact::field::{Field, FieldKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::contacts::{entity_of, problem};
use crate::api::parameters::{Id, None as NoParameters, Parameters, Sent};
use crate::api::problem::{Kind, Problem};
use crate::contacts::define::{self, WantedField as Defined};
use crate::contacts::trouble::NotDone;

/// The fields that people defined.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ContactFields {
    /// The fields.
    fields: Vec<FieldBody>,
}

/// A field.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FieldBody {
    /// Its number, by which it is changed.
    id: u32,
    /// `contact` or `company`.
    entity: String,
    /// What filters, files and this API call it.
    name: String,
    /// What pages call it.
    label: String,
    /// `text`, `number`, `date`, `choice`, `email`, `telephone`, `address` or `user`.
    kind: String,
    /// The words of a choice.
    choices: Vec<String>,
    /// Whether nothing can be saved by hand without it.
    required: bool,
    /// What a new record has where nobody says otherwise.
    default: Option<String>,
    /// The section in which it is shown; may be empty.
    section: String,
}

/// A field to define. What it is of and what its values are stays as it was defined.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewField {
    /// `contact` or `company`.
    #[schema(example = "contact")]
    entity: String,
    /// `text`, `number`, `date`, `choice`, `email`, `telephone`, `address` or `user`.
    #[schema(example = "choice")]
    kind: String,
    /// What pages call it.
    label: String,
    /// What filters, files and this API call it; made from the label when it is left out.
    #[serde(default)]
    name: String,
    /// The words of a choice.
    #[serde(default)]
    choices: Vec<String>,
    /// Whether nothing can be saved by hand without it.
    #[serde(default)]
    required: bool,
    /// What a new record has where nobody says otherwise; empty for nothing.
    #[serde(default)]
    default: String,
    /// The section in which it is shown.
    #[serde(default)]
    section: String,
}

/// What is to be changed of a field. What is left out stays as it is.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ChangedField {
    /// What pages call it.
    label: Option<String>,
    /// What filters, files and this API call it.
    name: Option<String>,
    /// The words of a choice.
    choices: Option<Vec<String>>,
    /// Whether nothing can be saved by hand without it.
    required: Option<bool>,
    /// What a new record has where nobody says otherwise; empty for nothing.
    default: Option<String>,
    /// The section in which it is shown.
    section: Option<String>,
}

/// Where a field goes.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Move {
    /// `earlier` or `later`, by one place.
    #[schema(example = "earlier")]
    to: String,
}

impl FieldBody {
    fn of(field: &Field) -> FieldBody {
        FieldBody {
            id: field.number,
            entity: field.entity.as_str().to_owned(),
            name: field.code.clone(),
            label: field.label.clone(),
            kind: field.kind.as_str().to_owned(),
            choices: field.choices.clone(),
            required: field.required,
            default: field.default.clone(),
            section: field.section.clone(),
        }
    }
}

/// List the fields of contacts and companies
///
/// Those that people defined, in the order in which they are shown.
#[utoipa::path(get, path = "/contact-fields", tag = "contacts", operation_id = "list_contact_fields",
    responses((status = 200, description = "The fields", body = ContactFields)))]
pub(crate) async fn list(
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<ContactFields>, Problem> {
    let fields = define::list(&asked.mirror).await?;
    Ok(Json(ContactFields { fields: fields.iter().map(FieldBody::of).collect() }))
}

/// Define a field
///
/// It stands behind all others of its kind of record.
#[utoipa::path(post, path = "/contact-fields", tag = "contacts", operation_id = "define_contact_field",
    request_body = NewField, responses((status = 201, description = "The field", body = FieldBody)))]
pub(crate) async fn create(
    State(api): State<Api>,
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
    Sent(new): Sent<NewField>,
) -> Result<(StatusCode, Json<FieldBody>), Problem> {
    let entity = entity_of((Kind::Invalid, &new.entity))?;
    let kind = FieldKind::parse(&new.kind).ok_or_else(|| {
        let detail = format!("There is no kind of field “{}”.", new.kind);
        Problem::new(Kind::Invalid, detail, "See `names`.").with_names(FieldKind::ALL.iter().map(|kind| kind.as_str()))
    })?;
    let wanted = Defined {
        label: new.label,
        code: new.name,
        choices: new.choices,
        required: new.required,
        default: new.default,
        section: new.section,
    };
    let field = define::define(&asked.context, &asked.mirror, (entity, kind, wanted), &api.entropy).await;
    let field = field.map_err(|why| problem("The field was not defined.", why))?;
    Ok((StatusCode::CREATED, Json(FieldBody::of(&field))))
}

/// Change a field
///
/// What is not named stays.
#[utoipa::path(patch, path = "/contact-fields/{id}", tag = "contacts", operation_id = "change_contact_field",
    params(("id" = String, Path, description = "The field's number")), request_body = ChangedField,
    responses((status = 200, description = "The field", body = FieldBody)))]
pub(crate) async fn change(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(given): Sent<ChangedField>,
) -> Result<Json<FieldBody>, Problem> {
    let before = existing(&asked, &id).await?;
    let wanted = Defined {
        label: given.label.unwrap_or(before.label),
        code: given.name.unwrap_or(before.code),
        choices: given.choices.unwrap_or(before.choices),
        required: given.required.unwrap_or(before.required),
        default: given.default.or(before.default).unwrap_or_default(),
        section: given.section.unwrap_or(before.section),
    };
    let field = define::change(&asked.context, &asked.mirror, (before.number, wanted), &api.entropy).await;
    Ok(Json(FieldBody::of(&field.map_err(|why| problem("The field was not changed.", why))?)))
}

/// Put a field into another place
///
/// One place earlier or later among those of its kind of record; the first and the last stay where they are.
#[utoipa::path(post, path = "/contact-fields/{id}/move", tag = "contacts", operation_id = "move_contact_field",
    params(("id" = String, Path, description = "The field's number")), request_body = Move,
    responses((status = 200, description = "The fields in their order", body = ContactFields)))]
pub(crate) async fn shift(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(given): Sent<Move>,
) -> Result<Json<ContactFields>, Problem> {
    let field = existing(&asked, &id).await?;
    let earlier = match given.to.as_str() {
        "earlier" => true,
        "later" => false,
        other => {
            let detail = format!("A field goes earlier or later, not “{other}”.");
            return Err(Problem::new(Kind::Invalid, detail, "See `names`.").with_names(["earlier", "later"]));
        }
    };
    let shifted = define::shift(&asked.context, &asked.mirror, (field.number, earlier), &api.entropy).await;
    shifted.map_err(|why| problem("The field was not moved.", why))?;
    list(asked, Parameters(NoParameters {})).await
}

/// Remove a field
///
/// Its values are not shown any more.
#[utoipa::path(delete, path = "/contact-fields/{id}", tag = "contacts", operation_id = "remove_contact_field",
    params(("id" = String, Path, description = "The field's number")),
    responses((status = 204, description = "It is removed")))]
pub(crate) async fn remove(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<StatusCode, Problem> {
    let field = existing(&asked, &id).await?;
    let removed = define::remove(&asked.context, &asked.mirror, field.number, &api.entropy).await;
    removed.map_err(|why| problem("The field was not removed.", why))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn existing(asked: &Asked, id: &str) -> Result<Field, Problem> {
    let fields = define::list(&asked.mirror).await?;
    let found = fields.into_iter().find(|field| field.number.to_string() == id);
    found.ok_or_else(|| problem("It was not found.", NotDone::NoField))
}
