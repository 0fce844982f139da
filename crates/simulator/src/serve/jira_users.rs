//! Users of a site as Jira lists them: everybody in a bare array, found by a word, by ids, or one alone.

use serde_json::{Value, json};

use crate::call::{Call, Query};
use crate::person::Person;
use crate::reply::{Refusal, Reply};
use crate::resource::App;
use crate::site_view::{Member, Offset};

/// A search looks at so many matches and no further.
const MOST_MATCHES: usize = 1_000;

/// There is no total: the end is an empty page.
pub(super) fn all(call: &Call<'_>) -> Result<Reply, Refusal> {
    let query = Query::read(call.query);
    let offset = Offset::jira(&query, 50, 1_000)?;
    let members = call.members().skip(offset.start).take(offset.size);
    let users: Vec<Value> = members.map(|member| call.site_user(&member)).collect();
    Ok(Reply::value(&json!(users)))
}

pub(super) fn search(call: &Call<'_>) -> Result<Reply, Refusal> {
    let query = Query::read(call.query);
    let offset = Offset::jira(&query, 50, 1_000)?;
    let directory = call.site_directory();
    let found: Vec<Member<'_>> = match (query.one("query"), query.one("accountId")) {
        (Some(word), None) => {
            let word = word.to_lowercase();
            let begins = |text: &str| text.to_lowercase().split([' ', '.', '@']).any(|part| part.starts_with(&word));
            let matches = |member: &Member<'_>| {
                member.is_active(directory)
                    && (begins(member.name())
                        || member.email().is_some_and(|email| email.to_lowercase().starts_with(&word) || begins(email)))
            };
            call.members().filter(matches).take(MOST_MATCHES).collect()
        }
        (None, Some(id)) => call.member(id).into_iter().collect(),
        _ => return Err(Refusal::new(400, "", "", "Exactly one of query and accountId must be given.")),
    };
    let (page, _) = offset.of(found.into_iter());
    Ok(Reply::value(&json!(page.iter().map(|member| call.site_user(member)).collect::<Vec<_>>())))
}

/// Ids that nobody has are left out.
pub(super) fn by_ids(call: &Call<'_>) -> Result<Reply, Refusal> {
    let query = Query::read(call.query);
    let offset = Offset::jira(&query, 10, 200)?;
    let ids = query.many("accountId").unwrap_or_default();
    if ids.is_empty() {
        return Err(Refusal::new(400, "", "", "At least one accountId must be given."));
    }
    let (page, total) = offset.of(ids.iter().filter_map(|id| call.member(id)));
    let users = page.iter().map(|member| call.site_user(member)).collect();
    Ok(Reply::value(&call.offset_page(offset, users, total)))
}

fn wanted<'a>(call: &Call<'a>) -> Result<(Member<'a>, Query), Refusal> {
    let query = Query::read(call.query);
    let id = query.one("accountId").unwrap_or_default().to_owned();
    match call.member(&id) {
        Some(member) => Ok((member, query)),
        None => {
            let detail = "Specified user does not exist or you do not have required permissions";
            Err(Refusal::new(404, "", "", detail))
        }
    }
}

pub(super) fn one(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (member, query) = wanted(call)?;
    Ok(Reply::value(&expanded(call, &member, &query)))
}

/// The groups are listed only when asked for; their number is always there.
pub(super) fn expanded(call: &Call<'_>, member: &Member<'_>, query: &Query) -> Value {
    let mut user = call.site_user(member);
    let expand = query.many("expand").unwrap_or_default();
    let sized = |items: Vec<Value>, shown: bool| {
        let size = items.len();
        json!({ "size": size, "items": if shown { items } else { Vec::new() } })
    };
    user["groups"] = sized(groups_of(call, member), expand.iter().any(|name| name == "groups"));
    let roles = match member {
        Member::Person(person) => applications(call, person),
        Member::Customer(_) => Vec::new(),
    };
    user["applicationRoles"] = sized(roles, expand.iter().any(|name| name == "applicationRoles"));
    user["expand"] = json!("groups,applicationRoles");
    user
}

fn applications(call: &Call<'_>, person: &Person) -> Vec<Value> {
    let apps = [App::Jira, App::ServiceManagement, App::ProductDiscovery];
    let resources = call.organization.resources.iter().enumerate();
    resources
        .filter(|(index, resource)| {
            resource.site == call.site && apps.contains(&resource.app) && call.organization.sits(person, *index as u8)
        })
        .map(|(_, resource)| json!({ "key": resource.app.owner(), "name": resource.app.title() }))
        .collect()
}

fn groups_of(call: &Call<'_>, member: &Member<'_>) -> Vec<Value> {
    let Member::Person(person) = member else { return Vec::new() };
    let groups = person.groups.iter().filter_map(|group| call.organization.group(*group));
    let on_site = groups.filter(|group| call.site_directory() & (1 << group.directory) != 0);
    on_site.map(|group| call.group_name(group)).collect()
}

pub(super) fn groups(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (member, _) = wanted(call)?;
    Ok(Reply::value(&json!(groups_of(call, &member))))
}

pub(super) fn myself(call: &Call<'_>) -> Result<Reply, Refusal> {
    let user = call.organization.sites.get(call.site).map_or("", |site| site.user.as_str());
    let person = call
        .organization
        .find_email(user)
        .into_iter()
        .filter_map(|ordinal| call.organization.person(ordinal))
        .find(|person| person.status() == "active")
        .ok_or_else(|| Refusal::new(401, "", "", "Client must be authenticated to access this resource."))?;
    let mut user = expanded(call, &Member::Person(person), &Query::read(call.query));
    user["locale"] = json!("en_US");
    Ok(Reply::value(&user))
}
