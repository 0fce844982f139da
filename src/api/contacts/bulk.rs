//! What is done to all records that a filter finds: looked at first, then asked for with their number, carried out as a run.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contact::field::Field;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::contacts::bodies::{WantedLink, numbered};
use crate::api::contacts::runs::ContactRunBody;
use crate::api::contacts::{entity_of, problem, records};
use crate::api::parameters::{None as NoParameters, Parameters, Sent};
use crate::api::problem::{Kind, Problem};
use crate::contacts::bulk::{self, BulkEdit};
use crate::contacts::{answer, relate};
use crate::nouns::contact::Record;

/// How many records a look names.
const NAMED: usize = 20;

/// Of which records.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// `contact` or `company`.
    entity: String,
    /// In the filter language; all of them when it is left out.
    #[serde(default)]
    filter: String,
}

/// Whom something would be done to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct BulkLook {
    /// The filter in its canonical form.
    filter: String,
    /// How many records it finds: the number to send with what is to be done.
    count: u64,
    /// How many of them are synced: their name and address stay, and they are not deleted.
    synced: u64,
    /// Whether you may delete many at once. An administrator gives this power on the pages.
    may_delete: bool,
    /// The first of them.
    first: Vec<NamedRecord>,
}

/// A contact or a company by its name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct NamedRecord {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// The e-mail address of a contact.
    email: Option<String>,
}

/// What is to be changed of all that a filter finds. What is left out stays as it is.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkChange {
    /// `contact` or `company`.
    #[schema(example = "contact")]
    entity: String,
    /// In the filter language; empty for all of them.
    filter: String,
    /// How many it finds, as it was looked at.
    count: u64,
    /// Tags to give.
    #[serde(default)]
    add_tags: Vec<String>,
    /// Tags to take away.
    #[serde(default)]
    remove_tags: Vec<String>,
    /// Values by the names of their fields; null or an empty one takes the value away.
    #[serde(default)]
    fields: BTreeMap<String, Option<String>>,
    /// A company, by id or name, that contacts are put into.
    company: Option<WantedLink>,
}

/// All that a filter finds, to be deleted.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkDeletion {
    /// `contact` or `company`.
    #[schema(example = "contact")]
    entity: String,
    /// In the filter language; empty for all of them.
    filter: String,
    /// How many it finds, as it was looked at.
    count: u64,
}

impl NamedRecord {
    pub(super) fn of(record: &Record) -> NamedRecord {
        NamedRecord { id: record.id.to_string(), name: record.name.clone(), email: record.email.clone() }
    }
}

/// Look at whom a change of many would concern
///
/// How many records a filter finds, and the first of them. Nothing is changed.
#[utoipa::path(get, path = "/contact-bulk", tag = "contacts", operation_id = "look_at_contact_bulk", params(Which),
    responses((status = 200, description = "Whom it would concern", body = BulkLook)))]
pub(crate) async fn look(asked: Asked, Parameters(which): Parameters<Which>) -> Result<Json<BulkLook>, Problem> {
    let entity = entity_of((Kind::Parameter, &which.entity))?;
    let answered = records::answered(&asked, (entity, &which.filter)).await?;
    let actor = asked.context.actor.clone();
    let may_delete = asked.mirror.store().read(move |tx| bulk::may_delete(tx, &actor)).await?;
    let first = answer::records(&asked.mirror, entity, &answered.first(NAMED)).await?;
    Ok(Json(BulkLook {
        filter: answered.canonical(),
        count: answered.found.matching.len(),
        synced: answered.synced(),
        may_delete,
        first: first.iter().map(NamedRecord::of).collect(),
    }))
}

/// Change many contacts or companies
///
/// As a run, which is answered. It is refused unless `count` is how many the filter finds.
#[utoipa::path(post, path = "/contact-bulk/change", tag = "contacts", operation_id = "change_many_contacts",
    request_body = BulkChange, responses((status = 202, description = "The run", body = ContactRunBody)))]
pub(crate) async fn change(
    State(api): State<Api>,
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
    Sent(given): Sent<BulkChange>,
) -> Result<(StatusCode, Json<ContactRunBody>), Problem> {
    let (entity, what) = (entity_of((Kind::Invalid, &given.entity))?, "Nothing was begun.");
    let answered = records::answered(&asked, (entity, &given.filter)).await?;
    let fields: &[Field] = answered.tables.of(entity).fields();
    let company = match &given.company {
        Some(link) => {
            let company = relate::company(&asked.mirror, &link.company).await.map_err(|why| problem(what, why))?;
            Some((company.id.to_string(), link.role.clone()))
        }
        None => None,
    };
    let edit = BulkEdit {
        add_tags: given.add_tags,
        remove_tags: given.remove_tags,
        values: numbered(given.fields, fields)?,
        company,
    };
    let numbers = bulk::agreed(answered.all(), given.count).map_err(|why| problem(what, why))?;
    let run = bulk::change(&asked.context, &asked.mirror, (entity, numbers, edit), &api.entropy).await;
    ContactRunBody::begun(&asked, run.map_err(|why| problem(what, why))?).await
}

/// Delete many contacts or companies
///
/// As a run, which is answered. It takes a power of its own; synced contacts are left out, and the run's log lists them. It is
/// refused unless `count` is how many the filter finds.
#[utoipa::path(post, path = "/contact-bulk/delete", tag = "contacts", operation_id = "delete_many_contacts",
    request_body = BulkDeletion, responses((status = 202, description = "The run", body = ContactRunBody)))]
pub(crate) async fn delete(
    State(api): State<Api>,
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
    Sent(given): Sent<BulkDeletion>,
) -> Result<(StatusCode, Json<ContactRunBody>), Problem> {
    let (entity, what) = (entity_of((Kind::Invalid, &given.entity))?, "Nothing was begun.");
    let answered = records::answered(&asked, (entity, &given.filter)).await?;
    let numbers = bulk::agreed(answered.all(), given.count).map_err(|why| problem(what, why))?;
    let wanted = (entity, numbers, Some(given.count));
    let run = bulk::delete(&asked.context, &asked.mirror, wanted, &api.entropy).await;
    ContactRunBody::begun(&asked, run.map_err(|why| problem(what, why))?).await
}
