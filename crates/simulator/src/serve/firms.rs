//! Organizations of customers: made, listed, filled, put on service desks and taken away.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::{Call, Query};
use crate::customers::{Change, Firm};
use crate::effect::{Decision, Effect};
use crate::reply::{Refusal, Reply};
use crate::serve::desks::{changes, page, refusal, users, wanted_desk};

fn firms<'a>(call: &Call<'a>) -> impl Iterator<Item = &'a Firm> + use<'a> {
    let site = call.site;
    call.organization.customers.firms.iter().filter(move |firm| firm.site == site)
}

fn firm_record(call: &Call<'_>, firm: &Firm) -> Value {
    let address = format!("{}/rest/servicedeskapi/organization/{}", call.site_url(), firm.id);
    json!({ "id": firm.id.to_string(), "name": firm.name, "scimManaged": false, "_links": { "self": address } })
}

fn wanted_firm<'a>(call: &Call<'a>) -> Result<&'a Firm, Refusal> {
    let id = call.capture(0);
    let found = firms(call).find(|firm| firm.id.to_string() == id);
    found.ok_or_else(|| refusal(404, "The organization was not found."))
}

pub(super) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let query = Query::read(call.query);
    let account = query.one("accountId").map(str::to_owned);
    let found = firms(call).filter(|firm| account.as_ref().is_none_or(|account| firm.members.contains(account)));
    page(call, found.map(|firm| firm_record(call, firm)))
}

pub(super) fn one(call: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::value(&firm_record(call, wanted_firm(call)?)))
}

pub(super) fn members(call: &Call<'_>) -> Result<Reply, Refusal> {
    page(call, users(call, &wanted_firm(call)?.members))
}

pub(super) fn add_members(call: &Call<'_>) -> Result<Decision, Refusal> {
    let firm = wanted_firm(call)?;
    changes(call, |account| (!firm.members.contains(&account)).then_some(Change::JoinFirm { firm: firm.id, account }))
}

pub(super) fn remove_members(call: &Call<'_>) -> Result<Decision, Refusal> {
    let firm = wanted_firm(call)?;
    changes(call, |account| firm.members.contains(&account).then_some(Change::LeaveFirm { firm: firm.id, account }))
}

#[derive(Debug, Default, Deserialize)]
struct NewFirm {
    name: Option<String>,
}

/// One with the name of another is another all the same.
pub(super) fn create(call: &Call<'_>) -> Result<Decision, Refusal> {
    let given: NewFirm = call.read_body()?;
    let name = given.name.filter(|name| !name.trim().is_empty() && name.chars().count() <= 200);
    let name =
        name.ok_or_else(|| refusal(400, "The name of an organization must have between 1 and 200 characters."))?;
    let firm = Firm { id: call.organization.customers.next_id(), site: call.site, name, members: Vec::new() };
    let reply = Reply::value(&firm_record(call, &firm)).with_status(201);
    Ok(Decision { reply, effects: vec![Effect::Customers(Change::CreateFirm(firm))], delay: 0 })
}

pub(super) fn delete(call: &Call<'_>) -> Result<Decision, Refusal> {
    let change = Change::DeleteFirm { firm: wanted_firm(call)?.id };
    Ok(Decision::empty(204, Some(Effect::Customers(change))))
}

/// Those of one service desk.
pub(super) fn of_desk(call: &Call<'_>) -> Result<Reply, Refusal> {
    let desk = wanted_desk(call)?;
    let query = Query::read(call.query);
    let account = query.one("accountId").map(str::to_owned);
    let found = firms(call)
        .filter(|firm| desk.firms.contains(&firm.id))
        .filter(|firm| account.as_ref().is_none_or(|account| firm.members.contains(account)));
    page(call, found.map(|firm| firm_record(call, firm)))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OnDesk {
    /// A number, which some clients send as a text.
    organization_id: Option<Value>,
}

fn given_firm<'a>(call: &Call<'a>) -> Result<&'a Firm, Refusal> {
    let given: OnDesk = call.read_body()?;
    let id = match given.organization_id {
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::String(text)) => text,
        _ => return Err(refusal(400, "organizationId must be given.")),
    };
    let found = firms(call).find(|firm| firm.id.to_string() == id);
    found.ok_or_else(|| refusal(404, "The organization was not found."))
}

pub(super) fn add_to_desk(call: &Call<'_>) -> Result<Decision, Refusal> {
    let (desk, firm) = (wanted_desk(call)?, given_firm(call)?.id);
    let change = (!desk.firms.contains(&firm)).then_some(Effect::Customers(Change::LinkFirm { desk: desk.id, firm }));
    Ok(Decision::empty(204, change))
}

pub(super) fn remove_from_desk(call: &Call<'_>) -> Result<Decision, Refusal> {
    let (desk, firm) = (wanted_desk(call)?, given_firm(call)?.id);
    let change = desk.firms.contains(&firm).then_some(Effect::Customers(Change::UnlinkFirm { desk: desk.id, firm }));
    Ok(Decision::empty(204, change))
}
