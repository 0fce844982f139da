//! Domains of the organization: few, and never changed here.

use serde_json::{Value, json};

use crate::call::{Call, Query};
use crate::policy::id_of;
use crate::reply::{Refusal, Reply};

fn all_domains(call: &Call<'_>) -> Vec<Value> {
    let organization = call.organization;
    let verified = organization.domains.iter().enumerate().map(|(index, name)| {
        let kind = if index == 0 { "dns" } else { "http" };
        (name.clone(), json!({ "type": kind, "status": "verified" }))
    });
    // One that was begun and never finished: it makes nobody a managed account.
    let unfinished = organization.domains.first().map(|name| {
        let claim = json!({ "type": "dns", "status": "unverified" });
        (format!("unclaimed.{name}"), claim)
    });
    verified
        .chain(unfinished)
        .map(|(name, claim)| {
            let id = id_of(organization.seal, &name);
            let address = format!("{}/admin/v1/orgs/{}/domains/{id}", call.base_url, organization.id);
            json!({
                "id": id, "type": "domains", "attributes": { "name": name, "claim": claim },
                "links": { "self": address },
            })
        })
        .collect()
}

/// The query of a list that fits on one page, where no cursor is ever given out.
pub(super) fn query_of_one_page(call: &Call<'_>, names: &[&str]) -> Result<Query, Refusal> {
    let query = Query::read(call.query);
    query.only(names)?;
    match query.one("cursor") {
        None => Ok(query),
        Some(_) => Err(Refusal::bad_cursor("The page cursor is invalid.")),
    }
}

pub(super) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    query_of_one_page(call, &[])?;
    Ok(whole(call, all_domains(call)))
}

pub(super) fn one(call: &Call<'_>) -> Result<Reply, Refusal> {
    let id = call.capture(1);
    if id.len() != 36 {
        return Err(Refusal::new(400, "ADMIN-400-2", "Invalid domain identifier", format!("{id} is no identifier.")));
    }
    match all_domains(call).into_iter().find(|domain| domain["id"] == id) {
        Some(domain) => Ok(Reply::value(&json!({ "data": domain }))),
        None => Err(Refusal::new(404, "ADMIN-404-3", "Domain not found", format!("No domain {id} was found."))),
    }
}

/// A list that fits on one page.
fn whole(call: &Call<'_>, data: Vec<Value>) -> Reply {
    let address = format!("{}{}", call.base_url, call.path);
    Reply::value(&json!({ "data": data, "links": { "self": address } }))
}
