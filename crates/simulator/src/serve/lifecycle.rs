//! A managed account disabled, enabled, and deleted after its days of grace. Bodies are optional here, unlike in the
//! organization API.

use serde::Deserialize;
use serde_json::json;

use crate::call::Call;
use crate::effect::{Decision, Effect};
use crate::person::{AccountStatus, Person};
use crate::reply::{Refusal, Reply};
use crate::serve::privileges::{demand, managed};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    #[serde(rename = "message")]
    _message: Option<String>,
}

pub(super) fn disable(call: &Call<'_>) -> Result<Decision, Refusal> {
    let person = managed(call)?;
    demand(call, person, "lifecycle.enablement")?;
    let _: Block = call.read_body()?;
    refuse_closed(call, person)?;
    refuse_last(call, person)?;
    let changes = person.account_status == AccountStatus::Active;
    let account = call.capture(0).to_owned();
    Ok(Decision::empty(204, changes.then_some(Effect::Disable { account })))
}

pub(super) fn enable(call: &Call<'_>) -> Result<Decision, Refusal> {
    let person = managed(call)?;
    demand(call, person, "lifecycle.enablement")?;
    refuse_closed(call, person)?;
    if person.for_deletion {
        return Err(conflict(call, "pendingDeletion", "The account is scheduled for deletion."));
    }
    let changes = person.account_status == AccountStatus::Inactive;
    let account = call.capture(0).to_owned();
    Ok(Decision::empty(204, changes.then_some(Effect::Enable { account })))
}

pub(super) fn delete(call: &Call<'_>) -> Result<Decision, Refusal> {
    let person = managed(call)?;
    demand(call, person, "lifecycle.delete")?;
    refuse_closed(call, person)?;
    refuse_last(call, person)?;
    if person.for_deletion {
        return Err(conflict(call, "pendingDeletion", "The account is scheduled for deletion already."));
    }
    Ok(success(Effect::ScheduleDeletion { account: call.capture(0).to_owned() }))
}

pub(super) fn cancel_deletion(call: &Call<'_>) -> Result<Decision, Refusal> {
    let person = managed(call)?;
    demand(call, person, "lifecycle.delete")?;
    if !person.for_deletion {
        return Err(Refusal::key(404, "notFound", serde_json::Value::Null));
    }
    Ok(success(Effect::CancelDeletion { account: call.capture(0).to_owned() }))
}

fn success(effect: Effect) -> Decision {
    Decision { reply: Reply::value(&json!({ "message": "Success" })), effects: vec![effect], delay: 0 }
}

fn refuse_closed(call: &Call<'_>, person: &Person) -> Result<(), Refusal> {
    if person.account_status == AccountStatus::Closed {
        return Err(conflict(call, "accountClosed", "The account is closed."));
    }
    Ok(())
}

fn refuse_last(call: &Call<'_>, person: &Person) -> Result<(), Refusal> {
    if call.organization.is_last_administrator(person.texts.account_id()) {
        return Err(conflict(call, "lastOrgAdmin", "The account is the last administrator of its organization."));
    }
    Ok(())
}

fn conflict(call: &Call<'_>, code: &str, message: &str) -> Refusal {
    let context = json!({
        "message": "This account isn't eligible for the requested action.",
        "accountId": call.capture(0),
        "errorCodes": [{ "code": code, "message": message }],
    });
    Refusal::key(409, "conflict.lifecycleErrors", context)
}
