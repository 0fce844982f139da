//! Members of a group as Jira lists them, adds them and takes them out. Inactive ones are shown only on demand.

use serde::Deserialize;

use crate::call::{Call, Query};
use crate::effect::Decision;
use crate::reply::{Refusal, Reply};
use crate::serve::group_writes::{joining, leaving};
use crate::serve::jira_groups::record;
use crate::site_view::{Member, Offset};

/// The most members of one page, whatever is asked for.
const MOST: usize = 50;

pub(super) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let query = Query::read(call.query);
    let offset = Offset::jira(&query, MOST, MOST)?;
    let group = call.site_group(&query)?;
    let ordinal = call.organization.find_group(&group.id).unwrap_or(u32::MAX);
    let with_inactive = query.one("includeInactiveUsers") == Some("true");
    let directory = call.site_directory();
    let members = call.members().filter(|member| match member {
        Member::Person(person) => person.is_in_group(ordinal) && (with_inactive || member.is_active(directory)),
        Member::Customer(_) => false,
    });
    let (page, total) = offset.of(members);
    let values = page.iter().map(|member| call.site_user(member)).collect();
    Ok(Reply::value(&call.offset_page(offset, values, total)))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewMember {
    account_id: Option<String>,
}

pub(super) fn add(call: &Call<'_>) -> Result<Decision, Refusal> {
    let group = call.site_group(&Query::read(call.query))?;
    let given: NewMember = call.read_body()?;
    let account = given.account_id.ok_or_else(|| Refusal::new(400, "", "", "accountId must be given."))?;
    let effect = joining(call, group, account).map_err(in_jiras_words)?;
    let reply = Reply::value(&record(call, group)).with_status(201);
    Ok(Decision { reply, effects: vec![effect], delay: 0 })
}

pub(super) fn remove(call: &Call<'_>) -> Result<Decision, Refusal> {
    let query = Query::read(call.query);
    let group = call.site_group(&query)?;
    let account = query.one("accountId").unwrap_or_default();
    if account.is_empty() {
        return Err(Refusal::new(400, "", "", "accountId must be given."));
    }
    let known = call.member(account).is_some();
    let effect = leaving(call, group, account).map_err(|refusal| {
        // Who exists and is no member is a wrong request; who does not exist is not found.
        if refusal.status == 404 && known { Refusal { status: 400, ..refusal } } else { refusal }
    })?;
    Ok(Decision::empty(200, Some(effect)))
}

/// Jira has no conflicts: they are wrong requests.
fn in_jiras_words(refusal: Refusal) -> Refusal {
    if refusal.status == 409 { Refusal { status: 400, ..refusal } } else { refusal }
}
