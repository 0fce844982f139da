//! Groups: listed by page, one with what it grants, and its members.

use axum::Json;
use directory::find::Ranking;
use directory::find::groups::Ranking as GroupRanking;
use directory::{GroupRow, Ordinal, Snapshot};
use filter::Query;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::api::asked::Asked;
use crate::api::diagnostic::Diagnostic;
use crate::api::page;
use crate::api::parameters::{Id, None as NoParameters, Parameters};
use crate::api::people::{PersonInList, ask_by, fields, order, rows_of, warnings};
use crate::api::problem::Problem;
use crate::mirror::answer::answer_groups;
use crate::mirror::listing::{self, Key, Walk};

/// Which groups.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Listed {
    /// Which: in the filter language of groups; plain words are looked for in names and descriptions. All of them when it is
    /// left out.
    #[param(example = "isEmpty = yes AND synced = no")]
    filter: Option<String>,
    /// As of the end of this day, as 2026-03-01, in the organization's time zone; now when it is left out.
    #[expect(dead_code, reason = "read once for the whole request, where the snapshot is chosen")]
    #[param(example = "2026-03-01")]
    as_of: Option<String>,
    /// In which order, as behind ORDER BY; by name when it is left out.
    #[param(example = "members desc")]
    order: Option<String>,
    /// How many at the most; 100 when it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// From where on: `next` of the page before.
    cursor: Option<String>,
}

/// Which members.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MembersListed {
    /// Which properties of each person, by name and with commas; all of them when it is left out.
    fields: Option<String>,
    /// How many at the most; 100 when it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// From where on: `next` of the page before.
    cursor: Option<String>,
}

/// A page of groups.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Groups {
    /// The generation that was asked.
    generation: u64,
    /// The past day that was asked about; null for now.
    as_of: Option<String>,
    /// The filter in its canonical form.
    filter: String,
    /// How many groups it finds.
    total: u64,
    /// Of how many it is not known whether the filter holds. They are not in the list.
    unknown: u64,
    /// What is to be said about the filter.
    warnings: Vec<Diagnostic>,
    /// The groups.
    groups: Vec<Group>,
    /// The cursor of the page after this one; null on the last.
    next: Option<String>,
}

/// A group by id and name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct GroupNamed {
    /// Atlassian's id of the group.
    id: String,
    /// Its name; its id when only a membership has named it.
    name: String,
}

/// A group.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Group {
    /// Atlassian's id of the group.
    id: String,
    /// Its name; its id when only a membership has named it.
    name: String,
    /// What it is for.
    description: Option<String>,
    /// The directory that lists it.
    directory: Option<String>,
    /// Whether an identity provider fills it.
    synced: Option<bool>,
    /// Who decides over its members, in Atlassian's word.
    managed_by: Option<String>,
    /// Whether Atlassian lets its members be changed.
    modifiable: Option<bool>,
    /// Whether Atlassian lets it be deleted.
    deletable: Option<bool>,
    /// Members that were read.
    members: u64,
    /// Members by Atlassian's own count.
    members_by_atlassian: Option<u32>,
    /// When it was last read.
    read_at: Option<String>,
    /// What its members get.
    grants: Vec<Grant>,
}

/// A role that a group gives.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Grant {
    /// Atlassian's id of the resource.
    resource: String,
    /// The app's name.
    app: String,
    /// The site's name.
    site: String,
    /// The role.
    role: String,
    /// Whether new users of the app land in this group.
    default: bool,
}

/// One group.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OneGroup {
    /// The generation that was asked.
    generation: u64,
    /// The group.
    group: Group,
}

/// A page of a group's members, by name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Members {
    /// The generation that was asked.
    generation: u64,
    /// How many members were read.
    total: u64,
    /// The members.
    #[schema(value_type = Vec<PersonInList>)]
    people: Vec<Map<String, Value>>,
    /// The cursor of the page after this one; null on the last.
    next: Option<String>,
}

/// List groups
///
/// The groups that a filter finds, by page.
#[utoipa::path(get, path = "/groups", tag = "groups", operation_id = "list_groups", params(Listed),
    responses((status = 200, description = "A page of groups", body = Groups)))]
pub(crate) async fn list(asked: Asked, Parameters(listed): Parameters<Listed>) -> Result<Json<Groups>, Problem> {
    let snapshot = asked.sealed()?;
    let answer = ask_by(answer_groups, &asked, listed.filter.as_deref())?;
    let order = order(&answer, listed.order.as_deref())?;
    let asks = Query { expression: answer.query.expression.clone(), order };
    let question = asked.question(&format!("groups: {}", filter::show(&asks, answer.catalogue)));
    let place = page::read_keyed(&question, listed.cursor.as_deref())?;
    let ranking = GroupRanking::of(snapshot, &asks.order);
    let key = |group: Ordinal| Key::from(ranking.key(group));
    let order = ranking.order();
    let walk = Walk { order: &order, key: &key, descending: ranking.descending(), missing_last: false };
    let (rows, next) = walk.after(&answer.found.matching, place.as_ref(), page::limit(listed.limit)?);
    Ok(Json(Groups {
        generation: snapshot.generation(),
        as_of: asked.as_of(),
        filter: answer.canonical(),
        total: answer.found.matching.len(),
        unknown: answer.found.unknown.len(),
        warnings: warnings(listed.filter.as_deref(), &answer),
        groups: rows.into_iter().filter_map(|row| group(row, snapshot)).collect(),
        next: next.map(|next| page::write(&question, &next.to_text())),
    }))
}

/// Show a group
///
/// Its definition, who manages it, and what it grants.
#[utoipa::path(get, path = "/groups/{id}", tag = "groups", operation_id = "show_group",
    params(("id" = String, Path, description = "Atlassian's id of the group")),
    responses((status = 200, description = "The group", body = OneGroup)))]
pub(crate) async fn show(
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<OneGroup>, Problem> {
    let snapshot = asked.sealed()?;
    let found = snapshot.group(&id).and_then(|ordinal| group(ordinal, snapshot));
    let group = found.ok_or_else(|| Problem::not_found("group with this id"))?;
    Ok(Json(OneGroup { generation: snapshot.generation(), group }))
}

/// List a group's members
///
/// Everybody in the group, by name.
#[utoipa::path(get, path = "/groups/{id}/members", tag = "groups", operation_id = "list_members",
    params(("id" = String, Path, description = "Atlassian's id of the group"), MembersListed),
    responses((status = 200, description = "A page of members", body = Members)))]
pub(crate) async fn members(
    asked: Asked,
    Id(id): Id,
    Parameters(listed): Parameters<MembersListed>,
) -> Result<Json<Members>, Problem> {
    let snapshot = asked.sealed()?;
    let group = snapshot.group(&id).ok_or_else(|| Problem::not_found("group with this id"))?;
    let fields = fields(listed.fields.as_deref())?;
    let question = format!("members of {id} by name");
    let place = page::read_keyed(&question, listed.cursor.as_deref())?;
    let people = snapshot.memberships().members(group);
    let ranking = Ranking::of(snapshot, &[]);
    let (rows, next) = listing::after(&ranking, people, place.as_ref(), page::limit(listed.limit)?);
    Ok(Json(Members {
        generation: snapshot.generation(),
        total: people.len(),
        people: rows_of(snapshot, &rows, &fields),
        next: next.map(|next| page::write(&question, &next.to_text())),
    }))
}

/// A group by id and name.
pub(crate) fn named(row: &GroupRow) -> GroupNamed {
    GroupNamed { id: row.id.to_string(), name: name(row).to_owned() }
}

fn name(row: &GroupRow) -> &str {
    row.group.as_ref().map(|known| &*known.name).filter(|name| !name.trim().is_empty()).unwrap_or(row.id.as_str())
}

fn group(ordinal: Ordinal, snapshot: &Snapshot) -> Option<Group> {
    let row = snapshot.group_row(ordinal)?;
    let known = row.group.as_ref();
    let directory = row.directory.and_then(|place| snapshot.directories().get(place as usize));
    let grants = snapshot.grants(ordinal).iter().filter_map(|grant| {
        let resource = snapshot.resources().get(grant.resource as usize)?;
        Some(Grant {
            resource: resource.id.to_string(),
            app: resource.id.app_name().to_owned(),
            site: resource.site_name().to_owned(),
            role: grant.role.as_str().to_owned(),
            default: grant.default,
        })
    });
    Some(Group {
        id: row.id.to_string(),
        name: name(row).to_owned(),
        description: known.and_then(|known| known.description.as_deref()).map(str::to_owned),
        directory: directory.map(|directory| directory.name.to_string()),
        synced: known.and_then(|known| known.synced),
        managed_by: known.and_then(|known| known.managed_by.as_ref()).map(|word| word.as_str().to_owned()),
        modifiable: known.and_then(|known| known.modifiable),
        deletable: known.and_then(|known| known.deletable),
        members: snapshot.memberships().members(ordinal).len(),
        members_by_atlassian: row.counts.users,
        read_at: snapshot.group_read_at(ordinal).map(|at| at.to_string()),
        grants: grants.collect(),
    })
}
