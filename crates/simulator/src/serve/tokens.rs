//! The API tokens that people made for themselves. They follow from the account's id; only that one was revoked is kept.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::call::Call;
use crate::effect::{Decision, Effect};
use crate::json::{in_milliseconds, timestamp};
use crate::key::uuid;
use crate::organization::hash_of;
use crate::person::Person;
use crate::reply::{Refusal, Reply};
use crate::serve::privileges::managed;

const LABELS: [&str; 5] = ["Nightly export", "laptop", "CI", "Spreadsheet add-in", "migration (old)"];

fn tokens(call: &Call<'_>, person: &Person) -> Vec<(String, Value)> {
    let mut rng = fastrand::Rng::with_seed(call.organization.seal ^ hash_of(person.texts.account_id()));
    let added = timestamp(person.added);
    let later = |hours: i64| added.saturating_add(SignedDuration::from_hours(hours)).unwrap_or(added);
    let made: Vec<(String, Value)> = (0..rng.u32(0..4))
        .map(|_| {
            let (id, hours) = (uuid(&mut rng), rng.i64(1..24));
            let label = rng.choice(LABELS).unwrap_or("laptop");
            let mut token = json!({ "id": id, "label": label, "createdAt": in_milliseconds(later(hours)) });
            if rng.bool() {
                token["lastAccess"] = json!(in_milliseconds(later(hours + rng.i64(1..5_000))));
            }
            if rng.bool() {
                token["expiry"] = json!(in_milliseconds(later(hours + 24 * 365)));
            }
            (id, token)
        })
        .collect();
    made.into_iter().filter(|(id, _)| !call.organization.revoked_tokens.contains(id)).collect()
}

pub(super) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let person = managed(call)?;
    let tokens: Vec<Value> = tokens(call, person).into_iter().map(|(_, token)| token).collect();
    Ok(Reply::value(&json!(tokens)))
}

pub(super) fn revoke(call: &Call<'_>) -> Result<Decision, Refusal> {
    let person = managed(call)?;
    let token = call.capture(1).to_owned();
    if !tokens(call, person).iter().any(|(id, _)| *id == token) {
        return Err(Refusal::key(404, "notFound", Value::Null));
    }
    Ok(Decision::empty(204, Some(Effect::RevokeToken { account: call.capture(0).to_owned(), token })))
}
