//! Contacts and companies: listed by filter, made, changed, related, merged, deleted, in files and many at once; the same
//! verbs as the pages. What follows an account is refused here as there.

pub(crate) mod bodies;
pub(crate) mod bulk;
pub(crate) mod companies;
pub(crate) mod conflicts;
pub(crate) mod duplicates;
pub(crate) mod fields;
pub(crate) mod files;
pub(crate) mod imports;
pub(crate) mod notes;
mod records;
pub(crate) mod runs;
pub(crate) mod scope;
pub(crate) mod sources;
pub(crate) mod syncing;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contact::field::Entity;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::contacts::bodies::{ContactBody, Contacts, WantedContact, WantedLink, WantedMerge};
use crate::api::contacts::records::ListedBy;
use crate::api::parameters::{Id, None as NoParameters, Parameters, Sent};
use crate::api::problem::{Kind, Problem};
use crate::contacts::relate;
use crate::contacts::trouble::NotDone;

/// Which company.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfCompany {
    /// The company's id.
    company: String,
}

/// List contacts
///
/// The contacts that a filter finds, by page.
#[utoipa::path(get, path = "/contacts", tag = "contacts", operation_id = "list_contacts", params(ListedBy),
    responses((status = 200, description = "A page of contacts", body = Contacts)))]
pub(crate) async fn list(asked: Asked, Parameters(by): Parameters<ListedBy>) -> Result<Json<Contacts>, Problem> {
    let found = records::list(&asked, by).await?;
    Ok(Json(Contacts {
        filter: found.filter,
        total: found.total,
        warnings: found.warnings,
        contacts: found.rows,
        next: found.next,
    }))
}

/// Make a contact
///
/// By hand; Jira User Syncing makes contacts of its own.
#[utoipa::path(post, path = "/contacts", tag = "contacts", operation_id = "make_contact", request_body = WantedContact,
    responses((status = 201, description = "The contact", body = ContactBody)))]
pub(crate) async fn create(
    State(api): State<Api>,
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedContact>,
) -> Result<(StatusCode, Json<ContactBody>), Problem> {
    records::create((&api, &asked), wanted).await
}

/// Show a contact
#[utoipa::path(get, path = "/contacts/{id}", tag = "contacts", operation_id = "show_contact",
    params(("id" = String, Path, description = "The contact's id")),
    responses((status = 200, description = "The contact", body = ContactBody)))]
pub(crate) async fn show(
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<ContactBody>, Problem> {
    records::one(&asked, &id).await
}

/// Change a contact
///
/// What is not named stays. Name and e-mail address of a synced contact are refused.
#[utoipa::path(patch, path = "/contacts/{id}", tag = "contacts", operation_id = "change_contact",
    params(("id" = String, Path, description = "The contact's id")), request_body = WantedContact,
    responses((status = 200, description = "The contact", body = ContactBody)))]
pub(crate) async fn change(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedContact>,
) -> Result<Json<ContactBody>, Problem> {
    records::change((&api, &asked), &id, wanted).await
}

/// Delete a contact
///
/// A synced contact is refused: it becomes a regular one when its user or customer is deleted, or when syncing is switched
/// off.
#[utoipa::path(delete, path = "/contacts/{id}", tag = "contacts", operation_id = "delete_contact",
    params(("id" = String, Path, description = "The contact's id")),
    responses((status = 204, description = "It is deleted")))]
pub(crate) async fn delete(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<StatusCode, Problem> {
    records::delete((&api, &asked), (Entity::Contact, &id)).await
}

/// Put a contact into a company
///
/// Or give it another role there.
#[utoipa::path(put, path = "/contacts/{id}/companies", tag = "contacts", operation_id = "link_company",
    params(("id" = String, Path, description = "The contact's id")), request_body = WantedLink,
    responses((status = 200, description = "The contact", body = ContactBody)))]
pub(crate) async fn link(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedLink>,
) -> Result<Json<ContactBody>, Problem> {
    let link = (id.as_str(), wanted.company.as_str(), wanted.role.as_str());
    let linked = relate::link(&asked.context, &asked.mirror, link, &api.entropy).await;
    linked.map_err(|why| problem("The contact was not put into the company.", why))?;
    records::one(&asked, &id).await
}

/// Take a contact out of a company
#[utoipa::path(delete, path = "/contacts/{id}/companies", tag = "contacts", operation_id = "unlink_company",
    params(("id" = String, Path, description = "The contact's id"), OfCompany),
    responses((status = 204, description = "It is taken out")))]
pub(crate) async fn unlink(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(of): Parameters<OfCompany>,
) -> Result<StatusCode, Problem> {
    let unlinked = relate::unlink(&asked.context, &asked.mirror, (&id, &of.company), &api.entropy).await;
    unlinked.map_err(|why| problem("The contact was not taken out.", why))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Merge two contacts
///
/// The first stays and takes in links, accounts, notes and history of the other.
#[utoipa::path(post, path = "/contacts/merge", tag = "contacts", operation_id = "merge_contacts",
    request_body = WantedMerge, responses((status = 200, description = "The contact that stays", body = ContactBody)))]
pub(crate) async fn merge_two(
    State(api): State<Api>,
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedMerge>,
) -> Result<Json<ContactBody>, Problem> {
    records::merge((&api, &asked), (&wanted.keep, &wanted.other)).await
}

/// Whether contacts or companies are meant.
fn entity_of((kind, text): (Kind, &str)) -> Result<Entity, Problem> {
    Entity::parse(text).ok_or_else(|| {
        let detail = format!("There is no entity “{text}”.");
        Problem::new(kind, detail, "See `names`.").with_names(Entity::ALL.iter().map(|one| one.as_str()))
    })
}

/// What a verb refused.
fn problem(what: &str, why: NotDone) -> Problem {
    match why {
        NotDone::Store(error) => error.into(),
        NotDone::NoRecord => Problem::not_found("contact or company with this id"),
        NotDone::NoRun => Problem::not_found("run with this id"),
        NotDone::NoField => Problem::not_found("field with this id"),
        NotDone::NoFile => Problem::not_found("file with this id; one that is not imported is kept for seven days"),
        NotDone::NoConflict => Problem::not_found("conflict with this number"),
        why @ (NotDone::Invalid(_) | NotDone::Unfit(_) | NotDone::NoReason | NotDone::Typed(_)) => {
            let refusal = why.refusal(what);
            Problem::new(Kind::Invalid, format!("{} {}", refusal.what, refusal.why), refusal.next)
        }
        NotDone::NoPower => {
            let refusal = why.refusal(what);
            Problem::new(Kind::Power, format!("{} {}", refusal.what, refusal.why), refusal.next)
        }
        why => why.refusal(what).into(),
    }
}
