//! Policies as they are read: all of them, one, and whether one could hold.

use serde_json::{Value, json};

use crate::call::Call;
use crate::policy::{Covered, Policy};
use crate::reply::{Refusal, Reply};
use crate::serve::domains::query_of_one_page;

/// A policy as upstream shows one. Resources that have left it are not shown.
pub(super) fn record(call: &Call<'_>, policy: &Policy) -> Value {
    let resource = |covered: &Covered| {
        let status = covered.status(call.now, call.answers.policy_delay)?;
        let mut resource = json!({ "id": covered.id, "applicationStatus": status });
        if let Some(meta) = &covered.meta {
            resource["meta"] = json!(meta);
        }
        if let Some(links) = &covered.links {
            resource["links"] = json!(links);
        }
        Some(resource)
    };
    let resources: Vec<Value> = policy.resources.iter().filter_map(resource).collect();
    let mut attributes = json!({ "type": policy.kind, "status": policy.status, "resources": resources });
    if let Some(name) = &policy.name {
        attributes["name"] = json!(name);
    }
    if let Some(rule) = &policy.rule {
        attributes["rule"] = json!(rule);
    }
    json!({ "id": policy.id, "type": "policy", "attributes": attributes })
}

/// The policy that the path names.
pub(super) fn wanted<'a>(call: &Call<'a>) -> Result<&'a Policy, Refusal> {
    let id = call.capture(1);
    let found = call.organization.policies.iter().find(|policy| policy.id == id);
    found.ok_or_else(|| Refusal::new(404, "ADMIN-404-5", "Policy not found", format!("No policy {id} was found.")))
}

pub(super) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let query = query_of_one_page(call, &["type"])?;
    let mut policies: Vec<Value> = call.organization.policies.iter().map(|policy| record(call, policy)).collect();
    if let Some(kind) = query.one("type") {
        policies.retain(|policy| policy["attributes"]["type"] == kind);
    }
    let size = policies.len();
    let address = format!("{}{}", call.base_url, call.path);
    let meta = json!({ "next": null, "page_size": size });
    Ok(Reply::value(&json!({ "data": policies, "links": { "self": address }, "meta": meta })))
}

pub(super) fn one(call: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::value(&json!({ "data": record(call, wanted(call)?) })))
}

/// A policy whose rule lets nobody in is not valid.
pub(super) fn validate(call: &Call<'_>) -> Result<Reply, Refusal> {
    match &wanted(call)?.rule {
        Some(rule) if !rule.within.is_empty() => Ok(Reply::empty(202)),
        _ => Err(Refusal::new(400, "ADMIN-500-2", "Policy validation failed", "The rule of the policy is empty.")),
    }
}
