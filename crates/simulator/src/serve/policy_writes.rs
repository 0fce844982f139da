//! Policies as they are made, changed and taken away. All of it is accepted and applied later; what was accepted is in the
//! answer, with how far each resource is.

use std::net::IpAddr;

use serde::Deserialize;
use serde_json::json;

use crate::call::Call;
use crate::effect::{Decision, Effect};
use crate::key::uuid;
use crate::organization::hash_of;
use crate::policy::{Change, Covered, Kind, Links, Meta, Policy, Rule, Status, Way};
use crate::reply::{Refusal, Reply};
use crate::serve::policies::{record, wanted};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    data: Option<Data>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    id: Option<String>,
    #[serde(rename = "type")]
    object: String,
    attributes: Attributes,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attributes {
    #[serde(rename = "type")]
    kind: Kind,
    name: Option<String>,
    status: Option<Status>,
    rule: Option<Rule>,
    resources: Option<Vec<GivenResource>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenResource {
    id: Option<String>,
    links: Option<Links>,
    meta: Option<Meta>,
}

/// Every wrong body has the one code that is described.
fn in_one_code(refusal: Refusal) -> Refusal {
    if refusal.status == 400 { Refusal::bad_parameter(refusal.detail) } else { refusal }
}

fn accepted(call: &Call<'_>, policy: Policy) -> Decision {
    let reply = Reply::value(&json!({ "data": record(call, &policy) })).with_status(202);
    Decision { reply, effects: vec![Effect::Policies(Change::Put(policy))], delay: 0 }
}

/// The body's policy, checked as far as it says anything.
fn given(call: &Call<'_>) -> Result<Data, Refusal> {
    let given: Given = call.read_body().map_err(in_one_code)?;
    let data = given.data.ok_or_else(|| Refusal::bad_parameter("data must be given."))?;
    if data.object != "policy" {
        return Err(Refusal::bad_parameter("type must be policy."));
    }
    if let (Kind::IpAllowlist, Some(rule)) = (data.attributes.kind, &data.attributes.rule)
        && let Some(wrong) = rule.within.iter().find(|range| !is_range(range))
    {
        return Err(Refusal::bad_parameter(format!("{wrong} is no address and no range of addresses.")));
    }
    Ok(data)
}

/// True for an address, alone or with the length of its prefix.
fn is_range(text: &str) -> bool {
    let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let most = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    length.is_none_or(|length| length.parse::<u8>().is_ok_and(|length| length <= most))
}

/// A resource that is coming to a policy; it must be one of the organization's.
fn covered(call: &Call<'_>, given: GivenResource) -> Result<Covered, Refusal> {
    let id = given.id.ok_or_else(|| Refusal::bad_parameter("The id of a resource must be given."))?;
    if call.organization.find_resource(&id).is_none() {
        return Err(Refusal::bad_parameter(format!("The organization has no resource {id}.")));
    }
    Ok(Covered { id, links: given.links, meta: given.meta, way: Way::Coming(call.now) })
}

pub(super) fn create(call: &Call<'_>) -> Result<Decision, Refusal> {
    let data = given(call)?;
    if data.id.is_some() {
        return Err(Refusal::bad_parameter("The id of a policy is not chosen."));
    }
    let attributes = data.attributes;
    let resources = attributes.resources.unwrap_or_default().into_iter().map(|resource| covered(call, resource));
    let mut seed = fastrand::Rng::with_seed(
        call.organization.seal
            ^ hash_of(attributes.name.as_deref().unwrap_or_default())
            ^ call.now.as_millisecond().unsigned_abs(),
    );
    // The same name at the same instant is another policy all the same.
    let id = std::iter::repeat_with(|| uuid(&mut seed))
        .find(|id| call.organization.policies.iter().all(|policy| policy.id != *id))
        .unwrap_or_default();
    let policy = Policy {
        id,
        kind: attributes.kind,
        name: attributes.name,
        status: attributes.status.unwrap_or_default(),
        rule: attributes.rule,
        resources: resources.collect::<Result<_, _>>()?,
    };
    Ok(accepted(call, policy))
}

/// What the body leaves out stays. A list of resources replaces the one before: those not in it leave.
pub(super) fn update(call: &Call<'_>) -> Result<Decision, Refusal> {
    let mut policy = wanted(call)?.clone();
    let data = given(call)?;
    if data.id.is_some_and(|id| id != policy.id) {
        return Err(Refusal::bad_parameter("The id of a policy cannot be changed."));
    }
    let attributes = data.attributes;
    if attributes.kind != policy.kind {
        return Err(Refusal::bad_parameter("The type of a policy cannot be changed."));
    }
    policy.name = attributes.name.or(policy.name);
    policy.status = attributes.status.unwrap_or(policy.status);
    policy.rule = attributes.rule.or(policy.rule);
    if let Some(resources) = attributes.resources {
        let resources: Vec<Covered> =
            resources.into_iter().map(|resource| covered(call, resource)).collect::<Result<_, _>>()?;
        for known in &mut policy.resources {
            if resources.iter().all(|resource| resource.id != known.id) {
                leave(call, known);
            }
        }
        resources.into_iter().for_each(|resource| put(&mut policy, resource));
    }
    Ok(accepted(call, policy))
}

/// One that is leaving already keeps the instant at which it began to.
fn leave(call: &Call<'_>, covered: &mut Covered) {
    if !matches!(covered.way, Way::Leaving(_)) {
        covered.way = Way::Leaving(call.now);
    }
}

/// Adds a resource, or says something else of one that is there; where it is already applied it stays so.
fn put(policy: &mut Policy, resource: Covered) {
    match policy.resources.iter_mut().find(|known| known.id == resource.id) {
        Some(known) => {
            let way = if matches!(known.way, Way::Leaving(_)) { resource.way } else { known.way };
            *known = Covered { way, ..resource };
        }
        None => policy.resources.push(resource),
    }
}

/// Deleting is accepted at once; until it is carried out the policy is there.
pub(super) fn delete(call: &Call<'_>) -> Result<Decision, Refusal> {
    let change = Change::Delete { policy: wanted(call)?.id.clone() };
    Ok(Decision::empty(202, Some(Effect::Policies(change))).after(call.answers.policy_delay))
}

pub(super) fn add_resource(call: &Call<'_>) -> Result<Decision, Refusal> {
    let mut policy = wanted(call)?.clone();
    let given: GivenResource = call.read_body().map_err(in_one_code)?;
    put(&mut policy, covered(call, given)?);
    Ok(accepted(call, policy))
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResourceChange {
    links: Option<Links>,
    meta: Option<Meta>,
}

/// The policy of the path with the resource of the path, which must be there.
fn wanted_resource(call: &Call<'_>) -> Result<(Policy, usize), Refusal> {
    let policy = wanted(call)?.clone();
    let id = call.capture(2);
    let is_there =
        |covered: &Covered| covered.id == id && covered.status(call.now, call.answers.policy_delay).is_some();
    match policy.resources.iter().position(is_there) {
        Some(place) => Ok((policy, place)),
        None => {
            let detail = format!("The policy has no resource {id}.");
            Err(Refusal::new(404, "ADMIN-404-6", "Policy resource not found", detail))
        }
    }
}

pub(super) fn update_resource(call: &Call<'_>) -> Result<Decision, Refusal> {
    let (mut policy, place) = wanted_resource(call)?;
    let given: ResourceChange = call.read_body().map_err(in_one_code)?;
    if let Some(covered) = policy.resources.get_mut(place) {
        covered.links = given.links.or(covered.links.take());
        covered.meta = given.meta.or(covered.meta.take());
    }
    Ok(accepted(call, policy))
}

pub(super) fn remove_resource(call: &Call<'_>) -> Result<Decision, Refusal> {
    let (mut policy, place) = wanted_resource(call)?;
    if let Some(covered) = policy.resources.get_mut(place) {
        leave(call, covered);
    }
    Ok(Decision::empty(204, Some(Effect::Policies(Change::Put(policy)))))
}
