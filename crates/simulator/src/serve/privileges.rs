//! What may be done to a managed account, and why not. Every other call of user management asks here first, so that
//! what is offered and what is done cannot differ.

use serde_json::{Map, Value, json};

use crate::call::{Call, Query};
use crate::person::{Person, Source};
use crate::reply::{Refusal, Reply};

/// The privileges that can be asked for.
const PRIVILEGES: [&str; 8] = [
    "profile",
    "profile.write",
    "profile.read",
    "email.set",
    "lifecycle.enablement",
    "lifecycle.delete",
    "apiToken.read",
    "apiToken.delete",
];

/// The fields of a profile that can be edited.
const FIELDS: [&str; 8] = [
    "name",
    "nickname",
    "locale",
    "zoneinfo",
    "extended_profile.job_title",
    "extended_profile.organization",
    "extended_profile.department",
    "extended_profile.location",
];

/// The fields that an identity provider keeps for the accounts that come from it.
const SYNCED_FIELDS: [&str; 6] = [
    "name",
    "nickname",
    "zoneinfo",
    "extended_profile.job_title",
    "extended_profile.organization",
    "extended_profile.department",
];

/// The person of the path; only verified accounts that the organization manages can be managed.
pub(super) fn managed<'a>(call: &'a Call<'_>) -> Result<&'a Person, Refusal> {
    let person = call
        .organization
        .find_account(call.capture(0))
        .and_then(|ordinal| call.organization.person(ordinal))
        .ok_or_else(|| Refusal::key(404, "accountNotFound", Value::Null))?;
    if !person.managed {
        return Err(Refusal::key(403, "forbidden", Value::Null));
    }
    if !person.email_verified {
        return Err(Refusal::key(403, "forbidden.targetUnverified", Value::Null));
    }
    Ok(person)
}

/// Why the privilege is not given; none when it is.
pub(super) fn reason(call: &Call<'_>, person: &Person, privilege: &str) -> Option<&'static str> {
    let synced = person.source == Some(Source::Synced);
    let owner = call.organization.keys.iter().find(|key| !key.revoked).map(|key| key.created_by);
    let is_owner = owner.is_some_and(|owner| {
        call.organization.person(owner).is_some_and(|owner| owner.texts.account_id() == person.texts.account_id())
    });
    match privilege {
        "email.set" | "lifecycle.enablement" if synced => Some("externalDirectory.scim"),
        "lifecycle.enablement" | "lifecycle.delete" if is_owner => Some("administrative.notMyself"),
        _ => None,
    }
}

/// Why a field cannot be edited; none when it can.
pub(super) fn field_reason(person: &Person, field: &str) -> Option<&'static str> {
    (person.source == Some(Source::Synced) && SYNCED_FIELDS.contains(&field)).then_some("externalDirectory.scim")
}

pub(super) fn allowance(reason: Option<&str>) -> Value {
    match reason {
        None => json!({ "allowed": true }),
        Some(key) => json!({ "allowed": false, "reason": { "key": key } }),
    }
}

/// Refuses what the privilege does not allow.
pub(super) fn demand(call: &Call<'_>, person: &Person, privilege: &str) -> Result<(), Refusal> {
    match reason(call, person, privilege) {
        None => Ok(()),
        Some(key) => Err(Refusal::key(403, "forbidden.action", allowance(Some(key)))),
    }
}

pub(super) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let person = managed(call)?;
    let query = Query::read(call.query);
    query.only(&["privileges"])?;
    let asked = query.many("privileges").unwrap_or_else(|| PRIVILEGES.map(str::to_owned).to_vec());
    if asked.iter().any(|privilege| !PRIVILEGES.contains(&privilege.as_str())) {
        return Err(Refusal::bad_parameter("privileges has an unknown value."));
    }
    let mut answer = Map::new();
    for privilege in asked {
        let value = match privilege.as_str() {
            "profile" | "profile.write" => {
                let fields = FIELDS.map(|field| (field.to_owned(), allowance(field_reason(person, field))));
                Value::Object(fields.into_iter().collect())
            }
            other => allowance(reason(call, person, other)),
        };
        answer.insert(privilege, value);
    }
    Ok(Reply::value(&Value::Object(answer)))
}
