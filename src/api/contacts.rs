//! Contacts and companies: listed by filter, made, changed, related, merged, deleted; the same verbs as the pages. What
//! follows an account is refused here as there.

pub(crate) mod bodies;
pub(crate) mod companies;
pub(crate) mod runs;
pub(crate) mod syncing;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contact::field::{Entity, Field};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::contacts::bodies::{
    ContactBody, ContactFields, Contacts, FieldBody, WantedContact, WantedLink, WantedMerge, WantedNote,
};
use crate::api::diagnostic::Diagnostic;
use crate::api::page;
use crate::api::parameters::{Id, None as NoParameters, Parameters, Sent};
use crate::api::problem::{Kind, Problem};
use crate::contacts::answer::{Answered, answer};
use crate::contacts::listing::{self, Listed};
use crate::contacts::trouble::NotDone;
use crate::contacts::{define, keep, merge, notes, relate};

/// Which contacts or companies.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListedBy {
    /// Which: in the filter language over their fields; plain words are looked for in names and addresses. All of them when it
    /// is left out.
    #[param(example = "company ~ acme AND tag = \"Jira User\"")]
    filter: Option<String>,
    /// In which order, as behind ORDER BY; by name when it is left out.
    #[param(example = "changed desc")]
    order: Option<String>,
    /// How many at the most; 100 when it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// From where on: `next` of the page before.
    cursor: Option<String>,
}

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
    let found = find(&asked, Entity::Contact, by).await?;
    let fields = found.answered.tables.contacts.fields();
    Ok(Json(Contacts {
        filter: found.answered.canonical(),
        total: found.answered.found.matching.len(),
        warnings: found.warnings(),
        contacts: found.rows.iter().map(|row| ContactBody::of(row, fields)).collect(),
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
    let fields = define::list(&asked.mirror).await?;
    let edit = wanted.edit(&of(&fields, Entity::Contact))?;
    let made = keep::create(&asked.context, &asked.mirror, (Entity::Contact, edit), &api.entropy).await;
    let record = made.map_err(|why| problem("The contact was not made.", why))?;
    Ok((StatusCode::CREATED, Json(one(&asked, (Entity::Contact, record.id.as_str())).await?)))
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
    Ok(Json(one(&asked, (Entity::Contact, &id)).await?))
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
    is(&asked, (Entity::Contact, &id)).await?;
    let fields = define::list(&asked.mirror).await?;
    let edit = wanted.edit(&of(&fields, Entity::Contact))?;
    let changed = keep::change(&asked.context, &asked.mirror, (&id, edit), &api.entropy).await;
    changed.map_err(|why| problem("The contact was not changed.", why))?;
    Ok(Json(one(&asked, (Entity::Contact, &id)).await?))
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
    is(&asked, (Entity::Contact, &id)).await?;
    let deleted = keep::delete(&asked.context, &asked.mirror, &id, &api.entropy).await;
    deleted.map_err(|why| problem("The contact was not deleted.", why))?;
    Ok(StatusCode::NO_CONTENT)
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
    Ok(Json(one(&asked, (Entity::Contact, &id)).await?))
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

/// Add a note to a contact
#[utoipa::path(post, path = "/contacts/{id}/notes", tag = "contacts", operation_id = "add_note",
    params(("id" = String, Path, description = "The contact's id")), request_body = WantedNote,
    responses((status = 204, description = "It is kept")))]
pub(crate) async fn note(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedNote>,
) -> Result<StatusCode, Problem> {
    let added = notes::add(&asked.context, &asked.mirror, (&id, &wanted.text), &api.entropy).await;
    added.map_err(|why| problem("The note was not kept.", why))?;
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
    is(&asked, (Entity::Contact, &wanted.keep)).await?;
    let merged = merge::merge(&asked.context, &asked.mirror, (&wanted.keep, &wanted.other), &api.entropy).await;
    merged.map_err(|why| problem("They were not merged.", why))?;
    Ok(Json(one(&asked, (Entity::Contact, &wanted.keep)).await?))
}

/// List the fields of contacts and companies
///
/// Those that people defined, in the order in which they are shown.
#[utoipa::path(get, path = "/contact-fields", tag = "contacts", operation_id = "list_contact_fields",
    responses((status = 200, description = "The fields", body = ContactFields)))]
pub(crate) async fn fields(
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<ContactFields>, Problem> {
    let fields = define::list(&asked.mirror).await?;
    Ok(Json(ContactFields { fields: fields.iter().map(FieldBody::of).collect() }))
}

/// What a filter found, as a page.
struct Found {
    answered: Answered,
    rows: Vec<Listed>,
    next: Option<String>,
    text: String,
}

impl Found {
    fn warnings(&self) -> Vec<Diagnostic> {
        Diagnostic::of_all(&self.text, &self.answered.diagnostics)
    }
}

async fn find(asked: &Asked, entity: Entity, by: ListedBy) -> Result<Found, Problem> {
    let tables = asked.mirror.contacts().await?;
    let text = by.filter.unwrap_or_default();
    let (now, zone) = asked.moment();
    let answered = answer(&tables, (entity, text.trim()), (now, &zone));
    if answered.has_errors {
        let problem = Problem::new(Kind::Filter, "The filter was not understood in whole.", "See `diagnostics`.");
        return Err(problem.with_diagnostics(Diagnostic::of_all(&text, &answered.diagnostics)));
    }
    let mut order = answered.query.order.clone();
    if let Some(wanted) = &by.order {
        let parsed = filter::parse_order(wanted, tables.of(entity).catalogue());
        if parsed.has_errors() {
            let problem = Problem::new(Kind::Filter, "The order was not understood.", "See `diagnostics`.");
            return Err(problem.with_diagnostics(Diagnostic::of_all(wanted, &parsed.diagnostics)));
        }
        order = parsed.query.order;
    }
    let asks = filter::Query { expression: answered.query.expression.clone(), order };
    let question = format!("{}: {}", entity.as_str(), filter::show(&asks, tables.of(entity).catalogue()));
    let place = page::read_keyed(&question, by.cursor.as_deref())?;
    let (numbers, next) = answered.after(&asks.order, place.as_ref(), page::limit(by.limit)?);
    let rows = listing::listed(&asked.mirror, entity, &numbers).await?;
    let next = next.map(|next| page::write(&question, &next.to_text()));
    Ok(Found { answered, rows, next, text })
}

/// One contact as it stands.
async fn one(asked: &Asked, (entity, id): (Entity, &str)) -> Result<ContactBody, Problem> {
    let (row, fields) = existing(asked, (entity, id)).await?;
    Ok(ContactBody::of(&row, &of(&fields, entity)))
}

/// A record that is there, with all fields.
async fn existing(asked: &Asked, (entity, id): (Entity, &str)) -> Result<(Listed, Vec<Field>), Problem> {
    let record = is(asked, (entity, id)).await?;
    let fields = define::list(&asked.mirror).await?;
    let row = listing::listed(&asked.mirror, entity, &[record]).await?.pop();
    Ok((row.ok_or_else(|| missing(entity))?, fields))
}

/// The number of a record that is there.
async fn is(asked: &Asked, (entity, id): (Entity, &str)) -> Result<u32, Problem> {
    let record = keep::find(&asked.mirror, id).await.map_err(|why| problem("It was not found.", why))?;
    match record.is_live() && record.entity == entity {
        true => Ok(record.number),
        false => Err(missing(entity)),
    }
}

fn missing(entity: Entity) -> Problem {
    Problem::not_found(match entity {
        Entity::Contact => "contact with this id",
        Entity::Company => "company with this id",
    })
}

/// The fields of contacts, or of companies.
fn of(fields: &[Field], entity: Entity) -> Vec<Field> {
    fields.iter().filter(|field| field.entity == entity).cloned().collect()
}

/// What a verb refused.
fn problem(what: &str, why: NotDone) -> Problem {
    match why {
        NotDone::Store(error) => error.into(),
        NotDone::NoRecord => Problem::not_found("contact or company with this id"),
        NotDone::NoRun => Problem::not_found("run with this id"),
        NotDone::NoConflict => Problem::not_found("conflict with this number"),
        why @ (NotDone::Invalid(_) | NotDone::Unfit(_) | NotDone::NoReason | NotDone::Typed(_)) => {
            let refusal = why.refusal(what);
            Problem::new(Kind::Invalid, format!("{} {}", refusal.what, refusal.why), refusal.next)
        }
        why => why.refusal(what).into(),
    }
}
