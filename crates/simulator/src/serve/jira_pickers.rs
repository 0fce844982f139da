//! People, and people with groups, as Jira offers them while somebody types: the few best, with the match marked.

use serde_json::{Value, json};

use crate::call::{Call, Query};
use crate::reply::{Refusal, Reply};
use crate::serve::jira_groups::{found_groups, marked};
use crate::site_view::{Member, Offset};

/// The text that is looked for, in lower case.
fn wanted(query: &Query) -> Result<String, Refusal> {
    let word = query.one("query").filter(|word| !word.is_empty());
    word.map(str::to_lowercase).ok_or_else(|| Refusal::new(400, "", "", "query must be given."))
}

pub(super) fn users(call: &Call<'_>) -> Result<Reply, Refusal> {
    let query = Query::read(call.query);
    let word = wanted(&query)?;
    let excluded = query.many("excludeAccountIds").unwrap_or_default();
    Ok(Reply::value(&found_users(call, &query, &word, &excluded)?))
}

pub(super) fn users_and_groups(call: &Call<'_>) -> Result<Reply, Refusal> {
    let query = Query::read(call.query);
    let word = wanted(&query)?;
    let users = found_users(call, &query, &word, &[])?;
    Ok(Reply::value(&json!({ "users": users, "groups": found_groups(call, &query, 50)? })))
}

/// A hidden address is found by the whole of it only.
fn found_users(call: &Call<'_>, query: &Query, word: &str, excluded: &[String]) -> Result<Value, Refusal> {
    let offset = Offset::jira(query, 50, 1_000)?;
    let with_picture = query.one("showAvatar") == Some("true");
    let without_apps =
        ["excludeConnectUsers", "excludeConnectAddons"].iter().any(|name| query.one(name) == Some("true"));
    let directory = call.site_directory();
    let found: Vec<Member<'_>> = call
        .members()
        .filter(|member| member.is_active(directory) && !excluded.iter().any(|id| id == member.account_id()))
        .filter(|member| !(without_apps && member.account_type() == "app"))
        .filter(|member| {
            let address = member.email().is_some_and(|email| email.to_lowercase().contains(word));
            let whole = matches!(member, Member::Person(person) if person.texts.email().eq_ignore_ascii_case(word));
            member.name().to_lowercase().contains(word) || address || whole
        })
        .collect();
    let shown: Vec<Value> = found
        .iter()
        .take(offset.size)
        .map(|member| {
            let text = match member.email() {
                Some(email) => format!("{} - {email}", member.name()),
                None => member.name().to_owned(),
            };
            let id = member.account_id();
            let mut user = json!({ "accountId": id, "displayName": member.name(), "html": marked(&text, word) });
            if with_picture {
                user["avatarUrl"] = json!(format!("https://avatars.example/{id}.png?size=24"));
            }
            user
        })
        .collect();
    let header = format!("Showing {} of {} matching users", shown.len(), found.len());
    Ok(json!({ "header": header, "total": found.len(), "users": shown }))
}
