//! The organization itself, its directories, and the tenant information of its sites.

use serde_json::{Value, json};

use crate::call::{Call, check_list, page_size};
use crate::order::{Listing, Order, page};
use crate::reply::{Refusal, Reply};

pub(super) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    if form_urlencoded::parse(call.query.as_bytes()).any(|(key, _)| key == "cursor") {
        return Err(Refusal::bad_cursor("The page cursor is invalid."));
    }
    let address = format!("{}/admin/v1/orgs", call.base_url);
    Ok(Reply::value(&json!({ "data": [record(call)], "links": { "self": address } })))
}

pub(super) fn one(call: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::value(&json!({ "data": record(call) })))
}

fn record(call: &Call<'_>) -> Value {
    let address = format!("{}/admin/v1/orgs/{}", call.base_url, call.organization.id);
    json!({
        "id": call.organization.id,
        "type": "orgs",
        "attributes": { "name": call.organization.name },
        "relationships": {
            "domains": { "links": { "related": format!("{address}/domains") } },
            "users": { "links": { "related": format!("{address}/users") } },
        },
        "links": { "self": address },
    })
}

pub(super) fn directories(call: &Call<'_>) -> Result<Reply, Refusal> {
    let organization = call.organization;
    let (cursor, query) = call.list()?;
    query.only(&["accountId", "directoryIds", "searchTerm"])?;
    let limit = page_size(query.limit()?, 20, 100)?;
    let ids = query.many("directoryIds");
    check_list("directoryIds", ids.as_ref(), 10)?;
    let home = query.one("accountId").map(|id| {
        organization
            .find_account(id)
            .and_then(|ordinal| organization.person(ordinal))
            .map_or(0, |person| person.present)
    });
    let term = query.one("searchTerm").map(str::to_lowercase);
    let matches = |index: u32| {
        organization.directories.get(index as usize).is_some_and(|directory| {
            ids.as_ref().is_none_or(|ids| ids.contains(&directory.id))
                && home.is_none_or(|home| home & (1 << index) != 0)
                && term.as_ref().is_none_or(|term| directory.name.to_lowercase().contains(term))
        })
    };
    let listing =
        Listing { candidates: 0..organization.directories.len() as u32, matches, key: |_: u32| String::new() };
    let (places, next) = page(listing, Order::Creation, &cursor, limit)?;
    let data: Vec<Value> = places
        .iter()
        .filter_map(|place| organization.directories.get(*place as usize))
        .map(|directory| {
            json!({
                "directoryId": directory.id, "name": directory.name,
                "icon": format!("https://avatars.example/directories/{}.png", directory.id),
            })
        })
        .collect();
    let mut links = json!({ "self": call.seal(&cursor) });
    if let Some(next) = next {
        links["next"] = json!(call.seal(&next));
    }
    Ok(Reply::page(json!({ "data": data, "links": links }).to_string().into_bytes(), cursor))
}

pub(super) fn first_tenant(call: &Call<'_>) -> Result<Reply, Refusal> {
    match call.organization.sites.first() {
        Some(site) => Ok(Reply::value(&json!({ "cloudId": site.cloud_id }))),
        None => Err(Refusal::no_resource("There is no site.")),
    }
}

pub(super) fn tenant(call: &Call<'_>) -> Result<Reply, Refusal> {
    let name = call.capture(0);
    match call.organization.sites.iter().find(|site| site.name == name) {
        Some(site) => Ok(Reply::value(&json!({ "cloudId": site.cloud_id }))),
        None => Err(Refusal::no_resource(format!("No site {name} was found."))),
    }
}
