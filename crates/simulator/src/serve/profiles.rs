//! The profile of a managed account, read and edited, and its address. Fields that an identity provider keeps are
//! refused by name.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::effect::{Decision, Effect};
use crate::person::{Person, domain_of};
use crate::profile::Profile;
use crate::reply::{Refusal, Reply};
use crate::serve::privileges::{allowance, demand, field_reason, managed};
use crate::truth::account_type;

/// The most characters of each field.
const LONGEST: [(&str, usize); 2] = [("nickname", 30), ("name", 255)];

pub(super) fn one(call: &Call<'_>) -> Result<Reply, Refusal> {
    let person = managed(call)?;
    Ok(Reply::value(&json!({ "account": record(call, person, &Profile::default()) })))
}

/// The account with the changes in it.
fn record(call: &Call<'_>, person: &Person, change: &Profile) -> Value {
    let organization = call.organization;
    let texts = &person.texts;
    let locale = organization.locales.get(texts.account_id()).map_or("en-US", String::as_str);
    let pick = |new: &Option<String>, old: Option<&str>| new.clone().or_else(|| old.map(str::to_owned));
    let extended = &change.extended_profile;
    let mut record = json!({
        "account_id": texts.account_id(),
        "account_type": account_type(person.account_type),
        "account_status": person.account_status.id(),
        "characteristics": { "not_mentionable": false },
        "name": pick(&change.name, Some(texts.name())),
        "nickname": pick(&change.nickname, Some(texts.nickname())),
        "email": texts.email(),
        "picture": format!("https://avatars.example/{}.png", texts.account_id()),
        "locale": pick(&change.locale, Some(locale)),
        "zoneinfo": pick(&change.zoneinfo, organization.word(person.time_zone)),
        "extended_profile": {
            "job_title": pick(&extended.job_title, organization.word(person.job_title)),
            "organization": pick(&extended.organization, organization.word(person.organization)),
            "department": pick(&extended.department, organization.word(person.department)),
            "location": pick(&extended.location, organization.word(person.location)),
        },
    });
    leave_out_nulls(&mut record);
    record
}

/// Fields without a value are described as texts or not there.
fn leave_out_nulls(value: &mut Value) {
    if let Value::Object(fields) = value {
        fields.retain(|_, field| !field.is_null());
        fields.values_mut().for_each(leave_out_nulls);
    }
}

pub(super) fn change(call: &Call<'_>) -> Result<Decision, Refusal> {
    let person = managed(call)?;
    let profile: Profile = call.read_body()?;
    let extended = &profile.extended_profile;
    let given = [
        ("name", &profile.name),
        ("nickname", &profile.nickname),
        ("locale", &profile.locale),
        ("zoneinfo", &profile.zoneinfo),
        ("extended_profile.job_title", &extended.job_title),
        ("extended_profile.organization", &extended.organization),
        ("extended_profile.department", &extended.department),
        ("extended_profile.location", &extended.location),
    ];
    let given: Vec<(&str, &str)> = given.iter().filter_map(|(field, text)| Some((*field, text.as_deref()?))).collect();
    let violations: Vec<Value> = given.iter().filter_map(|(field, text)| violation(field, text)).collect();
    if !violations.is_empty() {
        return Err(Refusal::key(400, "fieldConstraintsViolated", json!({ "fieldViolations": violations })));
    }
    if given.iter().any(|(field, _)| field_reason(person, field).is_some()) {
        let fields: Map<String, Value> =
            given.iter().map(|(field, _)| ((*field).to_owned(), allowance(field_reason(person, field)))).collect();
        return Err(Refusal::key(403, "forbidden.fieldMutation", Value::Object(fields)));
    }
    let reply = Reply::value(&json!({ "account": record(call, person, &profile) }));
    let account = call.capture(0).to_owned();
    let effect = (!given.is_empty()).then_some(Effect::Profile { account, profile: profile.clone() });
    Ok(Decision { reply, effects: effect.into_iter().collect(), delay: 0 })
}

fn violation(field: &str, text: &str) -> Option<Value> {
    let (_, most) = LONGEST.into_iter().find(|(name, _)| *name == field)?;
    let key = if text.trim().is_empty() {
        "minLength"
    } else if text.chars().count() > most {
        "maxLength"
    } else {
        return None;
    };
    Some(json!({ "field": field, "violations": [{ "key": key }] }))
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewEmail {
    email: Option<String>,
}

/// The new address must be on a domain that the organization verified, and belong to nobody else.
pub(super) fn change_email(call: &Call<'_>) -> Result<Decision, Refusal> {
    let person = managed(call)?;
    demand(call, person, "email.set")?;
    let given: NewEmail = call.read_body()?;
    let email = given.email.unwrap_or_default();
    let taken = call
        .organization
        .find_email(&email)
        .into_iter()
        .filter_map(|ordinal| call.organization.person(ordinal))
        .any(|other| other.texts.account_id() != person.texts.account_id());
    if domain_of(&email).is_empty() || taken {
        let key = if domain_of(&email).is_empty() { "format" } else { "unique" };
        let violations = json!([{ "field": "email", "violations": [{ "key": key }] }]);
        return Err(Refusal::key(400, "fieldConstraintsViolated", json!({ "fieldViolations": violations })));
    }
    if !call.organization.is_own_domain(&email) {
        return Err(Refusal::key(403, "forbidden.unclaimedDomain", json!({ "domain": domain_of(&email) })));
    }
    let changes = person.texts.email() != email;
    let account = call.capture(0).to_owned();
    Ok(Decision::empty(204, changes.then_some(Effect::ChangeEmail { account, email })))
}
