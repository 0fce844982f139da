//! Contacts that may be the same person.

use axum::Json;
use contact::duplicates::Group;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::asked::Asked;
use crate::api::contacts::bulk::NamedRecord;
use crate::api::parameters::{None as NoParameters, Parameters};
use crate::api::problem::Problem;
use crate::contacts::merge;
use crate::nouns::contact::Record;

/// Contacts that may be the same, the strongest reasons first; at most 200 groups.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Duplicates {
    /// The groups.
    groups: Vec<Alike>,
}

/// Contacts that may be one.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Alike {
    /// Why: `email` (one address), `telephone`, `company` or `domain` (one name, and that in common).
    reason: String,
    /// The contacts; at least two.
    contacts: Vec<NamedRecord>,
}

/// List duplicates
///
/// Contacts of one address, and those of one name who share something else. `POST /contacts/merge` makes one of two.
#[utoipa::path(get, path = "/contacts/duplicates", tag = "contacts", operation_id = "list_duplicates",
    responses((status = 200, description = "Groups of contacts", body = Duplicates)))]
pub(crate) async fn list(asked: Asked, Parameters(_): Parameters<NoParameters>) -> Result<Json<Duplicates>, Problem> {
    let found = merge::duplicates(&asked.mirror).await?;
    let group = |(group, records): &(Group, Vec<Record>)| Alike {
        reason: group.reason.as_str().to_owned(),
        contacts: records.iter().map(NamedRecord::of).collect(),
    };
    Ok(Json(Duplicates { groups: found.iter().filter(|(_, records)| records.len() > 1).map(group).collect() }))
}
