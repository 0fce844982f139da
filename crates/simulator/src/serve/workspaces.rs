//! Workspaces: the apps on the sites. Errors are single objects here, and a cursor must come alone.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::{Call, page_size};
use crate::cursor::Cursor;
use crate::json::{in_milliseconds, timestamp};
use crate::order::{Listing, Order, page};
use crate::organization::Organization;
use crate::reply::{Refusal, Reply, Shape};
use crate::resource::Resource;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WorkspaceQuery {
    cursor: Option<String>,
    limit: Option<i64>,
    query: Option<Condition>,
    sort: Option<Vec<Sort>>,
}

/// One operator of the query language; exactly one of its kinds.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum Condition {
    And(Vec<Condition>),
    Nor(Vec<Condition>),
    Field { name: String, values: Vec<String> },
    SearchWorkspaces(String),
    Features(Vec<String>),
    Policies(Vec<String>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sort {
    field: String,
    order: Option<String>,
}

pub(super) fn query(call: &Call<'_>) -> Result<Reply, Refusal> {
    read_and_answer(call).map_err(|refusal| Refusal { shape: Shape::SingleError, ..refusal })
}

fn read_and_answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    let given: WorkspaceQuery = call.read_body()?;
    let (cursor, asked) = match &given.cursor {
        None => {
            let kept = String::from_utf8_lossy(call.body).into_owned();
            (Cursor::start(crate::cursor::digest(call.path), &kept), given)
        }
        Some(token) => {
            if given.limit.is_some() || given.query.is_some() || given.sort.is_some() {
                return Err(Refusal::bad_parameter("With a cursor no other property may be present."));
            }
            let cursor = call.cursor(Some(token), crate::cursor::digest(call.path))?;
            let first = Call { body: cursor.query.as_bytes(), ..copy(call) }.read_body()?;
            (cursor, first)
        }
    };
    let organization = call.organization;
    let limit = page_size(asked.limit, 20, 1_000)?;
    let mut matching: Vec<&Resource> = organization
        .resources
        .iter()
        .filter(|resource| asked.query.as_ref().is_none_or(|condition| condition.holds(organization, resource)))
        .collect();
    for sort in asked.sort.iter().flatten() {
        let descending = match sort.order.as_deref() {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(_) => return Err(Refusal::bad_parameter("order must be asc or desc.")),
        };
        matching.sort_by_key(|resource| attribute(organization, resource, &sort.field));
        if descending {
            matching.reverse();
        }
    }
    let listing = Listing { candidates: 0..matching.len() as u32, matches: |_: u32| true, key: |_: u32| String::new() };
    let (places, next) = page(listing, Order::Creation, &cursor, limit)?;
    let data: Vec<Value> = places
        .iter()
        .filter_map(|place| matching.get(*place as usize))
        .map(|resource| record(call, resource))
        .collect();
    let mut links = json!({ "self": call.seal(&cursor) });
    if let Some(next) = &next {
        links["next"] = json!(call.seal(next));
    }
    let start = places.first().copied();
    let meta = json!({
        "pageSize": limit, "startIndex": start, "endIndex": places.last(), "total": matching.len(),
    });
    Ok(Reply::page(json!({ "data": data, "links": links, "meta": meta }).to_string().into_bytes(), cursor))
}

fn copy<'a>(call: &Call<'a>) -> Call<'a> {
    Call { ..*call }
}

impl Condition {
    fn holds(&self, organization: &Organization, resource: &Resource) -> bool {
        match self {
            Condition::And(all) => all.iter().all(|condition| condition.holds(organization, resource)),
            Condition::Nor(none) => !none.iter().any(|condition| condition.holds(organization, resource)),
            Condition::Field { name, values } => {
                values.is_empty() || values.contains(&attribute(organization, resource, name))
            }
            Condition::SearchWorkspaces(text) => {
                let text = text.to_lowercase();
                ["attributes.name", "attributes.hostUrl"]
                    .iter()
                    .any(|field| attribute(organization, resource, field).to_lowercase().contains(&text))
            }
            Condition::Features(wanted) | Condition::Policies(wanted) => wanted.is_empty(),
        }
    }
}

/// A field by its path in the answer; empty for fields that workspaces here do not have.
fn attribute(organization: &Organization, resource: &Resource, field: &str) -> String {
    let site = organization.sites.get(resource.site);
    match field {
        "id" => resource.ari.clone(),
        "attributes.name" => site.map(|site| site.name.clone()).unwrap_or_default(),
        "attributes.hostUrl" => site.map(|site| site.url.clone()).unwrap_or_default(),
        "attributes.type" | "attributes.owner" => resource.app.owner().to_owned(),
        "attributes.typeKey" => resource.app.short().to_owned(),
        "attributes.status" => resource.status.to_owned(),
        _ => String::new(),
    }
}

fn record(call: &Call<'_>, resource: &Resource) -> Value {
    let organization = call.organization;
    let site = organization.sites.get(resource.site);
    let name = site.map(|site| site.name.as_str()).unwrap_or_default();
    let mut attributes = json!({
        "name": name,
        "typeKey": resource.app.short(),
        "type": resource.app.owner(),
        "owner": resource.app.owner(),
        "status": resource.status,
        "statusDetails": [],
        "hostUrl": site.map(|site| &site.url),
        "realm": "commercial",
        "regions": ["EU"],
        "labels": [],
        "sandbox": { "type": if name.ends_with("-sandbox") { "CHILD" } else { "NONE" } },
        "createdAt": in_milliseconds(timestamp(resource.created)),
    });
    if let Some(capacity) = resource.capacity {
        attributes["capacity"] = json!(capacity);
    }
    json!({
        "id": resource.ari,
        "type": "workspaces",
        "attributes": attributes,
        "relationships": {},
        "links": { "self": format!("{}{}/{}", call.base_url, call.path, resource.ari) },
    })
}
