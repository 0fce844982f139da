//! Service desks of a site and their customers. Pages are offsets with links; what upstream calls experimental wants a
//! header that says so.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::{Call, Query};
use crate::customers::{Change, Customer, Desk};
use crate::effect::{Decision, Effect};
use crate::reply::{Refusal, Reply};
use crate::site_view::{Member, Offset};

pub(super) fn refusal(status: u16, detail: &str) -> Refusal {
    Refusal::new(status, "", "", detail)
}

/// A page of service desks: no total, but a size and whether it is the last.
pub(super) fn page(call: &Call<'_>, list: impl Iterator<Item = Value>) -> Result<Reply, Refusal> {
    let query = Query::read(call.query);
    let offset = Offset::read(&query, ("start", "limit"), 50, 50)?;
    let (values, total) = offset.of(list);
    let end = offset.start + values.len();
    let base = format!("{}{}", call.base_url, call.path);
    let link = |start: usize| json!(format!("{base}?start={start}&limit={}", offset.size));
    let mut links = json!({ "base": call.site_url(), "context": "", "self": link(offset.start) });
    if end < total {
        links["next"] = link(end);
    }
    if offset.start > 0 {
        links["prev"] = link(offset.start.saturating_sub(offset.size));
    }
    Ok(Reply::value(&json!({
        "_expands": [], "size": values.len(), "start": offset.start, "limit": offset.size,
        "isLastPage": end >= total, "_links": links, "values": values,
    })))
}

fn desk_record(call: &Call<'_>, desk: &Desk) -> Value {
    let address = format!("{}/rest/servicedeskapi/servicedesk/{}", call.site_url(), desk.id);
    json!({
        "id": desk.id.to_string(), "projectId": (10_000 + desk.id).to_string(), "projectName": desk.name,
        "projectKey": desk.key, "_links": { "self": address },
    })
}

fn on_site<'a>(call: &Call<'a>) -> impl Iterator<Item = &'a Desk> + use<'a> {
    let site = call.site;
    call.organization.customers.desks.iter().filter(move |desk| desk.site == site)
}

pub(super) fn wanted_desk<'a>(call: &Call<'a>) -> Result<&'a Desk, Refusal> {
    let id = call.capture(0);
    let found = on_site(call).find(|desk| desk.id.to_string() == id);
    found.ok_or_else(|| refusal(404, "The service desk was not found."))
}

/// Everybody may ask which version answers, with a credential or without one.
pub(super) fn information(call: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::value(&json!({
        "version": "5.1.0-SNAPSHOT",
        "platformVersion": "1001.0.0-SNAPSHOT",
        "buildDate": {
            "iso8601": "2026-11-10T08:23:11+0000", "jira": "2026-11-10T08:23:11.000+0000",
            "friendly": "10/Nov/26 8:23 AM", "epochMillis": 1_794_298_991_000_i64,
        },
        "buildChangeSet": "1f51473f5c7b75c1a69a0090f4832cdc5053702a",
        "isLicensedForUse": true,
        "_links": { "self": format!("{}/rest/servicedeskapi/info", call.site_url()) },
    })))
}

pub(super) fn desks(call: &Call<'_>) -> Result<Reply, Refusal> {
    page(call, on_site(call).map(|desk| desk_record(call, desk)))
}

pub(super) fn desk(call: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::value(&desk_record(call, wanted_desk(call)?)))
}

/// A customer or user as service desks show one.
fn user(call: &Call<'_>, member: &Member<'_>) -> Value {
    let mut user = call.site_user(member);
    let picture = user["avatarUrls"].take();
    if let Some(fields) = user.as_object_mut() {
        fields.remove("avatarUrls");
        fields.remove("self");
        fields.remove("accountType");
    }
    let address = format!("{}/rest/api/2/user?accountId={}", call.site_url(), member.account_id());
    user["_links"] = json!({ "jiraRest": address, "avatarUrls": picture, "self": address });
    user
}

pub(super) fn users<'a>(call: &'a Call<'a>, ids: &'a [String]) -> impl Iterator<Item = Value> + 'a {
    ids.iter().filter_map(|id| call.member(id)).map(|member| user(call, &member))
}

/// Experimental: without the header that asks for it, the precondition fails.
pub(super) fn customers(call: &Call<'_>) -> Result<Reply, Refusal> {
    if !call.experimental {
        return Err(refusal(412, "This API is experimental. Send the header X-ExperimentalApi: opt-in to use it."));
    }
    let desk = wanted_desk(call)?;
    let query = Query::read(call.query);
    let word = query.one("query").unwrap_or_default().to_lowercase();
    let found = users(call, &desk.customers).filter(|user| {
        let has = |field: &str| user[field].as_str().is_some_and(|text| text.to_lowercase().contains(&word));
        has("displayName") || has("emailAddress")
    });
    page(call, found)
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Accounts {
    account_ids: Option<Vec<String>>,
}

/// The accounts of the body; all of them must be known on the site.
fn accounts(call: &Call<'_>) -> Result<Vec<String>, Refusal> {
    let given: Accounts = call.read_body()?;
    let ids = given.account_ids.filter(|ids| !ids.is_empty());
    let ids = ids.ok_or_else(|| refusal(400, "accountIds must be given."))?;
    match ids.iter().find(|id| call.member(id).is_none()) {
        Some(unknown) => Err(refusal(404, &format!("The user {unknown} was not found."))),
        None => Ok(ids),
    }
}

pub(super) fn changes(call: &Call<'_>, change: impl Fn(String) -> Option<Change>) -> Result<Decision, Refusal> {
    let effects = accounts(call)?.into_iter().filter_map(change).map(Effect::Customers).collect();
    Ok(Decision { reply: Reply::empty(204), effects, delay: 0 })
}

pub(super) fn add_customers(call: &Call<'_>) -> Result<Decision, Refusal> {
    let desk = wanted_desk(call)?;
    changes(call, |account| (!desk.customers.contains(&account)).then_some(Change::JoinDesk { desk: desk.id, account }))
}

pub(super) fn remove_customers(call: &Call<'_>) -> Result<Decision, Refusal> {
    let desk = wanted_desk(call)?;
    changes(call, |account| desk.customers.contains(&account).then_some(Change::LeaveDesk { desk: desk.id, account }))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewCustomer {
    email: Option<String>,
    display_name: Option<String>,
}

pub(super) fn create_customer(call: &Call<'_>) -> Result<Decision, Refusal> {
    let given: NewCustomer = call.read_body()?;
    let email = given.email.unwrap_or_default();
    if !email.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.')) {
        return Err(refusal(400, "The email address is not valid."));
    }
    let person = call
        .organization
        .find_email(&email)
        .into_iter()
        .filter_map(|ordinal| call.organization.person(ordinal))
        .any(|person| person.present & call.site_directory() != 0);
    if person || call.organization.customers.find_email(call.site, &email).is_some() {
        let strict = Query::read(call.query).one("strictConflictStatusCode") == Some("true");
        let status = if strict { 409 } else { 400 };
        return Err(refusal(status, "An account already exists for this email."));
    }
    let name = given.display_name.filter(|name| !name.is_empty()).unwrap_or_else(|| email.clone());
    let account = call.organization.new_customer_id(&email, call.now);
    let customer = Customer { account_id: account, name, email, active: true, hidden: false, site: call.site };
    let reply = Reply::value(&user(call, &Member::Customer(&customer))).with_status(201);
    Ok(Decision { reply, effects: vec![Effect::Customers(Change::Create(customer))], delay: 0 })
}

/// Takes a customer's access to the portal; others than portal-only customers are refused.
pub(super) fn revoke_portal_access(call: &Call<'_>) -> Result<Decision, Refusal> {
    let account = call.capture(0).to_owned();
    match call.member(&account) {
        Some(Member::Customer(customer)) => {
            let change = customer.active.then_some(Effect::Customers(Change::Deactivate { account }));
            Ok(Decision::empty(204, change))
        }
        Some(Member::Person(_)) => Err(refusal(400, "The user is not a portal-only customer.")),
        None => Err(refusal(404, "The user was not found.")),
    }
}
