//! Companies: listed by filter, made, changed, merged, deleted.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contact::board::Tables;
use contact::field::{Entity, Field};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::contacts::bodies::{WantedMerge, named, numbered};
use crate::api::contacts::records::{self, ListedBy, Shown, Wanted};
use crate::api::diagnostic::Diagnostic;
use crate::api::parameters::{Id, None as NoParameters, Parameters, Sent};
use crate::api::problem::Problem;
use crate::contacts::keep::Edit;
use crate::contacts::listing::Listed;

/// A page of companies.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Companies {
    /// The filter in its canonical form.
    filter: String,
    /// How many companies it finds.
    total: u64,
    /// What is to be said about the filter.
    warnings: Vec<Diagnostic>,
    /// The companies.
    companies: Vec<CompanyBody>,
    /// The cursor of the page after this one; null on the last.
    next: Option<String>,
}

/// A company.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CompanyBody {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// The domains of its addresses.
    domains: Vec<String>,
    /// Tags.
    tags: Vec<String>,
    /// How many contacts belong to it.
    contacts: u64,
    /// Values by the names of their fields.
    fields: BTreeMap<String, String>,
    /// When it was made.
    created_at: String,
    /// When it was last changed.
    changed_at: String,
}

/// A company to make, or what is to be changed of one. What is left out stays as it is.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WantedCompany {
    /// Its name.
    name: Option<String>,
    /// The domains of its addresses.
    domains: Option<Vec<String>>,
    /// Tags.
    tags: Option<Vec<String>>,
    /// Values by the names of their fields; null or an empty one takes the value away.
    fields: BTreeMap<String, Option<String>>,
}

impl Wanted for WantedCompany {
    fn edit(self, fields: &[Field]) -> Result<Edit, Problem> {
        Ok(Edit {
            name: self.name,
            domains: self.domains,
            tags: self.tags,
            values: numbered(self.fields, fields)?,
            ..Edit::default()
        })
    }
}

impl Shown for CompanyBody {
    const ENTITY: Entity = Entity::Company;

    fn of(row: &Listed, tables: &Tables) -> CompanyBody {
        let record = &row.record;
        CompanyBody {
            id: record.id.to_string(),
            name: record.name.clone(),
            domains: record.domains.clone(),
            tags: record.tags.clone(),
            contacts: tables.contacts_of(record.number),
            fields: named(&record.values, tables.companies.fields()),
            created_at: record.created_at.to_string(),
            changed_at: record.changed_at.to_string(),
        }
    }
}

/// List companies
///
/// The companies that a filter finds, by page.
#[utoipa::path(get, path = "/companies", tag = "contacts", operation_id = "list_companies", params(ListedBy),
    responses((status = 200, description = "A page of companies", body = Companies)))]
pub(crate) async fn list(asked: Asked, Parameters(by): Parameters<ListedBy>) -> Result<Json<Companies>, Problem> {
    let found = records::list(&asked, by).await?;
    Ok(Json(Companies {
        filter: found.filter,
        total: found.total,
        warnings: found.warnings,
        companies: found.rows,
        next: found.next,
    }))
}

/// Make a company
#[utoipa::path(post, path = "/companies", tag = "contacts", operation_id = "make_company", request_body = WantedCompany,
    responses((status = 201, description = "The company", body = CompanyBody)))]
pub(crate) async fn create(
    State(api): State<Api>,
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedCompany>,
) -> Result<(StatusCode, Json<CompanyBody>), Problem> {
    records::create((&api, &asked), wanted).await
}

/// Show a company
#[utoipa::path(get, path = "/companies/{id}", tag = "contacts", operation_id = "show_company",
    params(("id" = String, Path, description = "The company's id")),
    responses((status = 200, description = "The company", body = CompanyBody)))]
pub(crate) async fn show(
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<CompanyBody>, Problem> {
    records::one(&asked, &id).await
}

/// Change a company
///
/// What is not named stays.
#[utoipa::path(patch, path = "/companies/{id}", tag = "contacts", operation_id = "change_company",
    params(("id" = String, Path, description = "The company's id")), request_body = WantedCompany,
    responses((status = 200, description = "The company", body = CompanyBody)))]
pub(crate) async fn change(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedCompany>,
) -> Result<Json<CompanyBody>, Problem> {
    records::change((&api, &asked), &id, wanted).await
}

/// Delete a company
///
/// Its contacts stay.
#[utoipa::path(delete, path = "/companies/{id}", tag = "contacts", operation_id = "delete_company",
    params(("id" = String, Path, description = "The company's id")),
    responses((status = 204, description = "It is deleted")))]
pub(crate) async fn delete(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<StatusCode, Problem> {
    records::delete((&api, &asked), (Entity::Company, &id)).await
}

/// Merge two companies
///
/// The first stays and takes in contacts, notes and history of the other.
#[utoipa::path(post, path = "/companies/merge", tag = "contacts", operation_id = "merge_companies",
    request_body = WantedMerge, responses((status = 200, description = "The company that stays", body = CompanyBody)))]
pub(crate) async fn merge_two(
    State(api): State<Api>,
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedMerge>,
) -> Result<Json<CompanyBody>, Problem> {
    records::merge((&api, &asked), (&wanted.keep, &wanted.other)).await
}
