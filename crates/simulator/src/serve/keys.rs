//! The organization's API keys: list and count. Nothing marks the key that asks, and no answer holds a secret.

use serde_json::{Value, json};

use crate::call::{Call, page_size};
use crate::json::in_milliseconds;
use crate::key::ApiKey;
use crate::order::{Listing, Order, page};
use crate::organization::Organization;
use crate::reply::{Refusal, Reply};

pub(super) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let organization = call.organization;
    let (cursor, query) = call.list()?;
    query.only(&[])?;
    let limit = page_size(query.limit()?, 20, 100)?;
    let listing = Listing {
        candidates: 0..organization.keys.len() as u32,
        matches: |index: u32| organization.keys.get(index as usize).is_some_and(|key| !key.revoked),
        key: |_: u32| String::new(),
    };
    let (places, next) = page(listing, Order::Creation, &cursor, limit)?;
    let data: Vec<Value> = places
        .iter()
        .filter_map(|place| organization.keys.get(*place as usize))
        .map(|key| record(organization, key))
        .collect();
    let mut links = json!({ "self": call.seal(&cursor) });
    if let Some(next) = next {
        links["next"] = json!(call.seal(&next));
    }
    Ok(Reply::page(json!({ "data": data, "links": links }).to_string().into_bytes(), cursor))
}

pub(super) fn count(call: &Call<'_>) -> Result<Reply, Refusal> {
    let count = call.organization.keys.iter().filter(|key| !key.revoked).count();
    Ok(Reply::value(&json!({ "count": count })))
}

fn record(organization: &Organization, key: &ApiKey) -> Value {
    let creator = organization.person(key.created_by).map(
        |person| json!({ "id": person.texts.account_id(), "name": person.texts.name(), "email": person.texts.email() }),
    );
    json!({
        "id": key.id,
        "label": key.label,
        "createdAt": in_milliseconds(key.created),
        "expiresAt": in_milliseconds(key.expires),
        "lastActiveAt": key.last_active.map(in_milliseconds),
        "systemAccountId": format!("712020:{}", key.id),
        "resource": format!("ari:cloud:platform::org/{}", organization.id),
        "orgId": organization.id,
        "createdBy": creator,
        "scopes": key.scopes,
    })
}
