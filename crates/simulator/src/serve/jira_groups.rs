//! Groups of a site as Jira lists, finds, makes and deletes them. They are the groups of the organization's directory;
//! what is refused there is refused here, in Jira's words.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::{Call, Query};
use crate::effect::{Decision, Effect};
use crate::group::Group;
use crate::reply::{Refusal, Reply};
use crate::resource::{App, Role};
use crate::serve::group_writes::{deletable, find_by_name, new_id};
use crate::site_view::{Member, Offset};

/// The most users of a group that one answer holds.
const MOST_USERS: usize = 50;

pub(super) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let query = Query::read(call.query);
    let offset = Offset::jira(&query, 50, 1_000)?;
    let ids = query.many("groupId");
    let names = query.many("groupName");
    let access = match query.one("accessType") {
        None => None,
        Some("site-admin") => Some((App::JiraAdministration.owner().to_owned(), Role::Admin)),
        Some(kind @ ("admin" | "user")) => {
            let app = query.one("applicationKey").unwrap_or(App::Jira.owner()).to_owned();
            Some((app, if kind == "admin" { Role::Admin } else { Role::User }))
        }
        Some(_) => return Err(Refusal::new(400, "", "", "accessType must be site-admin, admin or user.")),
    };
    let matches = |group: &&Group| {
        ids.as_ref().is_none_or(|ids| ids.contains(&group.id))
            && names.as_ref().is_none_or(|names| names.contains(&group.name))
            && access.as_ref().is_none_or(|(app, role)| grants(call, group, app, *role))
    };
    let (page, total) = offset.of(call.site_groups().filter(matches));
    let values = page.iter().map(|group| json!({ "name": group.name, "groupId": group.id })).collect();
    Ok(Reply::value(&call.offset_page(offset, values, total)))
}

fn grants(call: &Call<'_>, group: &Group, app: &str, role: Role) -> bool {
    group.grants.iter().any(|grant| {
        grant.roles.contains(role)
            && call
                .organization
                .resource(grant.resource)
                .is_some_and(|resource| resource.site == call.site && resource.app.owner() == app)
    })
}

pub(super) fn pick(call: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::value(&found_groups(call, &Query::read(call.query), 20)?))
}

/// The groups whose names hold the query's text; so many, unless it says how many.
pub(super) fn found_groups(call: &Call<'_>, query: &Query, standard: usize) -> Result<Value, Refusal> {
    let offset = Offset::jira(query, standard, 1_000)?;
    let exact = query.one("query").unwrap_or_default();
    let word = exact.to_lowercase();
    let excluded = query.many("exclude").unwrap_or_default();
    let excluded_ids = query.many("excludeId").unwrap_or_default();
    let found: Vec<&Group> = call
        .site_groups()
        .filter(|group| group.name.to_lowercase().contains(&word))
        .filter(|group| !excluded.contains(&group.name) && !excluded_ids.contains(&group.id))
        .collect();
    let shown: Vec<Value> = found
        .iter()
        .take(offset.size)
        .map(|group| json!({ "name": group.name, "html": marked(&group.name, &word), "labels": [], "groupId": group.id }))
        .collect();
    let header = format!("Showing {} of {} matching groups", shown.len(), found.len());
    Ok(json!({ "header": header, "total": found.len(), "groups": shown }))
}

/// The name with the word, in lower case, found in it marked.
pub(super) fn marked(name: &str, word: &str) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let place = name.to_lowercase().find(word).filter(|_| !word.is_empty());
    match place.and_then(|start| {
        Some((name.get(..start)?, name.get(start..start + word.len())?, name.get(start + word.len()..)?))
    }) {
        Some((before, found, after)) => format!("{}<b>{}</b>{}", escape(before), escape(found), escape(after)),
        None => escape(name),
    }
}

pub(super) fn one(call: &Call<'_>) -> Result<Reply, Refusal> {
    let query = Query::read(call.query);
    let group = call.site_group(&query)?;
    let expand = query.many("expand").unwrap_or_default();
    Ok(Reply::value(&match expand.iter().find_map(|name| window(name)) {
        None => record(call, group),
        Some(window) => with_users(call, group, window),
    }))
}

/// The users that `users` or `users[from:to]` asks for, as the first and how many: fifty at most, both ends included.
fn window(expand: &str) -> Option<(usize, usize)> {
    let range = expand.strip_prefix("users")?;
    let ends = range.strip_prefix('[').and_then(|range| range.strip_suffix(']')?.split_once(':'));
    let Some((from, to)) = ends else { return Some((0, MOST_USERS)) };
    let from = from.parse().unwrap_or(0);
    let to = to.parse().unwrap_or(usize::MAX);
    Some((from, to.saturating_sub(from).saturating_add(1).min(MOST_USERS)))
}

/// A group without its users.
pub(super) fn record(call: &Call<'_>, group: &Group) -> Value {
    with_users(call, group, (0, 0))
}

/// A group with so many of its users from one place on.
fn with_users(call: &Call<'_>, group: &Group, (first, most): (usize, usize)) -> Value {
    let ordinal = call.organization.find_group(&group.id);
    let is_member = |member: &Member<'_>| match (member, ordinal) {
        (Member::Person(person), Some(ordinal)) => person.is_in_group(ordinal),
        _ => false,
    };
    let members: Vec<Member<'_>> =
        if most == 0 { Vec::new() } else { call.members().filter(is_member).skip(first).take(most).collect() };
    let items: Vec<Value> = members.iter().map(|member| call.site_user(member)).collect();
    let end = (first + items.len()).saturating_sub(1);
    let mut record = call.group_name(group);
    record["users"] = json!({
        "size": group.members, "items": items, "max-results": 50, "start-index": first, "end-index": end,
    });
    record["expand"] = json!("users");
    record
}

#[derive(Debug, Default, Deserialize)]
struct NewGroup {
    name: Option<String>,
}

pub(super) fn create(call: &Call<'_>) -> Result<Decision, Refusal> {
    let given: NewGroup = call.read_body()?;
    let name = given.name.filter(|name| !name.trim().is_empty());
    let name = name.ok_or_else(|| Refusal::new(400, "", "", "The group name must be given."))?;
    let directory = call.site_directory().trailing_zeros() as u8;
    if find_by_name(call.organization, &name, directory).is_some() {
        return Err(Refusal::new(400, "", "", "A group or user with this name already exists."));
    }
    let id = new_id(call.organization, &name);
    let reply = Reply::value(&record(call, &Group::new(id.clone(), name.clone(), directory))).with_status(201);
    let effects = vec![Effect::CreateGroup { id, name, description: None, directory }];
    Ok(Decision { reply, effects, delay: 0 })
}

pub(super) fn delete(call: &Call<'_>) -> Result<Decision, Refusal> {
    let group = call.site_group(&Query::read(call.query))?;
    deletable(group)?;
    Ok(Decision::empty(200, Some(Effect::DeleteGroup { group: group.id.clone() })))
}
