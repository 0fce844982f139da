//! The two v1 readings of accounts that still live: managed accounts, page by page with whole addresses as links, and
//! the last-active dates of one person.

use serde_json::{Value, json};

use crate::call::{Call, Query};
use crate::cursor::digest;
use crate::json::{in_milliseconds, in_seconds, timestamp};
use crate::order::{Listing, Order, page};
use crate::person::Person;
use crate::reply::{LinkStyle, Paging, Refusal, Reply};
use crate::truth::account_type;

const PAGE: usize = 100;

pub(super) fn managed(call: &Call<'_>) -> Result<Reply, Refusal> {
    let organization = call.organization;
    let query = Query::read(call.query);
    if query.one("limit").is_some() {
        return Err(Refusal::bad_parameter("Unknown parameter limit."));
    }
    query.only(&[])?;
    let cursor = call.cursor(query.one("cursor"), digest(call.path))?;
    let is_managed = |ordinal: u32| organization.person(ordinal).is_some_and(|person| person.managed);
    let everybody = cursor.position..organization.people.len() as u32;
    let listing = Listing { candidates: everybody, matches: is_managed, key: |_: u32| String::new() };
    let (ordinals, next) = page(listing, Order::Creation, &cursor, PAGE)?;
    let data: Vec<Value> = ordinals
        .iter()
        .filter_map(|ordinal| organization.person(*ordinal).map(|person| account(call, *ordinal, person)))
        .collect();
    let address = format!("{}{}", call.base_url, call.path);
    let here = match query.one("cursor") {
        Some(token) => format!("{address}?cursor={token}"),
        None => address.clone(),
    };
    let mut links = json!({ "self": here });
    if let Some(next) = next {
        links["next"] = json!(format!("{address}?cursor={}", call.seal(&next)));
    }
    let body = json!({ "data": data, "links": links, "meta": { "total": organization.managed } });
    let paging = Paging { here: cursor, style: LinkStyle::Address(format!("{address}?cursor=")) };
    Ok(Reply { paging: Some(paging), ..Reply::value(&body) })
}

fn account(call: &Call<'_>, ordinal: u32, person: &Person) -> Value {
    let organization = call.organization;
    let products: Vec<Value> = person
        .activity
        .iter()
        .filter_map(|entry| {
            let resource = organization.resource(entry.resource())?;
            let site = organization.sites.get(resource.site)?;
            Some(json!({
                "key": resource.app.legacy_key()?, "name": resource.app.title(), "url": site.url,
                "last_active": in_milliseconds(timestamp(entry.at())),
            }))
        })
        .collect();
    let mut account = json!({
        "account_id": person.texts.account_id(),
        "account_type": account_type(person.account_type),
        "account_status": person.account_status.id(),
        "name": person.texts.name(),
        "picture": format!("https://avatars.example/{ordinal}.png"),
        "access_billable": person.status() == "active",
        "product_access": products,
        "links": { "self": format!("{}/users/{}/manage/profile", call.base_url, person.texts.account_id()) },
    });
    if !person.texts.email().is_empty() {
        account["email"] = json!(person.texts.email());
    }
    if let Some(at) = person.last_active() {
        account["last_active"] = json!(in_milliseconds(timestamp(at)));
    }
    account
}

pub(super) fn last_active_dates(call: &Call<'_>) -> Result<Reply, Refusal> {
    let organization = call.organization;
    let query = Query::read(call.query);
    query.only(&[])?;
    let cursor = call.cursor(query.one("cursor"), digest(call.path))?;
    let account_id = call.capture(1);
    let person = organization
        .find_account(account_id)
        .and_then(|ordinal| organization.person(ordinal))
        .ok_or_else(|| Refusal::no_user(account_id))?;
    let listing =
        Listing { candidates: 0..person.activity.len() as u32, matches: |_: u32| true, key: |_: u32| String::new() };
    let (places, next) = page(listing, Order::Creation, &cursor, PAGE)?;
    let products: Vec<Value> = places
        .iter()
        .filter_map(|place| person.activity.get(*place as usize))
        .filter_map(|entry| {
            let resource = organization.resource(entry.resource())?;
            let at = in_seconds(timestamp(entry.at()));
            Some(json!({
                "id": resource.ari, "key": resource.app.legacy_key()?,
                "last_active": at.get(..10), "last_active_timestamp": at,
            }))
        })
        .collect();
    let added = in_seconds(timestamp(person.added));
    let mut links = json!({});
    if let Some(next) = next {
        links["next"] = json!(call.seal(&next));
    }
    let body = json!({
        "data": { "product_access": products, "added_to_org": added.get(..10), "added_to_org_timestamp": added },
        "links": links,
    });
    Ok(Reply::page(body.to_string().into_bytes(), cursor))
}
