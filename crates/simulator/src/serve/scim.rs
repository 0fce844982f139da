//! What the identity provider pushed into a directory, read as SCIM: its users and its groups. Offsets begin with 1, and
//! filters know equality alone.

use serde_json::{Value, json};

use crate::call::{Call, Query};
use crate::group::Group;
use crate::json::{in_milliseconds, timestamp};
use crate::key::uuid;
use crate::organization::hash_of;
use crate::person::{AccountStatus, Person, Source};
use crate::reply::{Refusal, Reply};

/// The most resources of one page.
const MOST: usize = 100;

fn refusal(status: u16, detail: impl Into<String>) -> Refusal {
    Refusal::new(status, "", "", detail)
}

/// The directory of the path, when it is the one that the key opens.
fn directory(call: &Call<'_>) -> Result<u8, Refusal> {
    if !call.answers.provisioning {
        return Err(refusal(403, "User provisioning is not available for the organization."));
    }
    let id = call.capture(0);
    let index =
        call.organization.find_directory(id).ok_or_else(|| refusal(404, format!("No directory {id} was found.")))?;
    let opened = call.organization.directories.get(usize::from(index)).map(|directory| directory.scim_key.as_str());
    if opened.is_none() || opened != call.bearer {
        return Err(refusal(403, "The key belongs to another directory."));
    }
    Ok(index)
}

fn synced_people<'a>(call: &Call<'a>, directory: u8) -> impl Iterator<Item = &'a Person> + use<'a> {
    call.organization
        .people
        .iter()
        .flatten()
        .filter(move |person| person.present & (1 << directory) != 0 && person.source == Some(Source::Synced))
}

fn synced_groups<'a>(call: &Call<'a>, directory: u8) -> impl Iterator<Item = &'a Group> + use<'a> {
    call.organization.groups.iter().flatten().filter(move |group| group.synced && group.directory == directory)
}

/// Ids of SCIM are not those of the organization.
fn scim_id(call: &Call<'_>, id: &str) -> String {
    uuid(&mut fastrand::Rng::with_seed(call.organization.seal.rotate_left(7) ^ hash_of(id)))
}

fn external_id(person: &Person) -> String {
    format!("ext-{:016x}", hash_of(person.texts.account_id()))
}

/// The attribute and value of a filter such as `userName eq "a@b.test"`.
fn filter(query: &Query, known: &[&str]) -> Result<Option<(String, String)>, Refusal> {
    let Some(text) = query.one("filter") else { return Ok(None) };
    let mut parts = text.trim().splitn(3, ' ');
    let (attribute, operator, value) = (parts.next(), parts.next(), parts.next());
    let value = value.and_then(|value| value.trim().strip_prefix('"')?.strip_suffix('"'));
    let attribute = known.iter().find(|name| attribute.is_some_and(|given| given.eq_ignore_ascii_case(name)));
    match (attribute, value) {
        (Some(attribute), Some(value)) if operator.is_some_and(|operator| operator.eq_ignore_ascii_case("eq")) => {
            Ok(Some(((*attribute).to_owned(), value.to_owned())))
        }
        _ => Err(refusal(400, format!("The filter is not supported: {text}"))),
    }
}

/// A page of what is found; a count over the most is cut down.
fn page(query: &Query, found: impl Iterator<Item = Value>) -> Result<Reply, Refusal> {
    let number = |name: &str, standard: usize| match query.one(name) {
        None => Ok(standard),
        Some(text) => text.parse::<usize>().map_err(|_| refusal(400, format!("{name} must be a number."))),
    };
    let start = number("startIndex", 1)?.max(1);
    let count = number("count", MOST)?.min(MOST);
    let (mut resources, mut total) = (Vec::new(), 0);
    for resource in found {
        total += 1;
        if total >= start && resources.len() < count {
            resources.push(resource);
        }
    }
    Ok(Reply::value(&json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total, "startIndex": start, "itemsPerPage": resources.len(), "Resources": resources,
    })))
}

pub(super) fn users(call: &Call<'_>) -> Result<Reply, Refusal> {
    let directory = directory(call)?;
    let query = Query::read(call.query);
    let filter = filter(&query, &["userName", "externalId"])?;
    let matches = |person: &&Person| match &filter {
        Some((attribute, value)) if attribute == "userName" => person.texts.email().eq_ignore_ascii_case(value),
        Some((_, value)) => external_id(person) == *value,
        None => true,
    };
    page(&query, synced_people(call, directory).filter(matches).map(|person| user_record(call, person)))
}

pub(super) fn user(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (directory, id) = (directory(call)?, call.capture(1));
    let found = synced_people(call, directory).find(|person| scim_id(call, person.texts.account_id()) == id);
    let person = found.ok_or_else(|| refusal(404, format!("Resource {id} was not found.")))?;
    Ok(Reply::value(&user_record(call, person)))
}

fn user_record(call: &Call<'_>, person: &Person) -> Value {
    let texts = &person.texts;
    let id = scim_id(call, texts.account_id());
    let organization = call.organization;
    let groups: Vec<Value> = person
        .groups
        .iter()
        .filter_map(|group| organization.group(*group))
        .filter(|group| group.synced)
        .map(|group| json!({ "value": scim_id(call, &group.id), "display": group.name }))
        .collect();
    json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            "urn:scim:schemas:extension:atlassian-external:1.0",
        ],
        "id": id,
        "externalId": external_id(person),
        "userName": texts.email(),
        "name": { "formatted": texts.name() },
        "displayName": texts.name(),
        "nickName": texts.nickname(),
        "title": organization.word(person.job_title),
        "timezone": organization.word(person.time_zone),
        "emails": [{ "value": texts.email(), "type": "work", "primary": true }],
        "active": person.account_status == AccountStatus::Active,
        "groups": groups,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "organization": organization.word(person.organization),
            "department": organization.word(person.department),
        },
        "urn:scim:schemas:extension:atlassian-external:1.0": { "atlassianAccountId": texts.account_id() },
        "meta": {
            "resourceType": "User",
            "created": in_milliseconds(timestamp(person.added)),
            "lastModified": in_milliseconds(timestamp(person.added.max(person.deactivated))),
            "location": format!("{}/scim/directory/{}/Users/{id}", call.base_url, call.capture(0)),
        },
    })
}

pub(super) fn groups(call: &Call<'_>) -> Result<Reply, Refusal> {
    let directory = directory(call)?;
    let query = Query::read(call.query);
    let filter = filter(&query, &["displayName"])?;
    let matches = |group: &&Group| filter.as_ref().is_none_or(|(_, name)| group.name.eq_ignore_ascii_case(name));
    page(&query, synced_groups(call, directory).filter(matches).map(|group| group_record(call, group)))
}

pub(super) fn group(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (directory, id) = (directory(call)?, call.capture(1));
    let found = synced_groups(call, directory).find(|group| scim_id(call, &group.id) == id);
    let group = found.ok_or_else(|| refusal(404, format!("Resource {id} was not found.")))?;
    Ok(Reply::value(&group_record(call, group)))
}

/// Members that the identity provider knows; others can be in the group, but it did not put them there.
fn group_record(call: &Call<'_>, group: &Group) -> Value {
    let id = scim_id(call, &group.id);
    let ordinal = call.organization.find_group(&group.id);
    let members: Vec<Value> = synced_people(call, group.directory)
        .filter(|person| ordinal.is_some_and(|ordinal| person.is_in_group(ordinal)))
        .map(|person| {
            json!({ "type": "User", "value": scim_id(call, person.texts.account_id()), "display": person.texts.name() })
        })
        .collect();
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "id": id,
        "displayName": group.name,
        "members": members,
        "meta": {
            "resourceType": "Group",
            "location": format!("{}/scim/directory/{}/Groups/{id}", call.base_url, call.capture(0)),
        },
    })
}
