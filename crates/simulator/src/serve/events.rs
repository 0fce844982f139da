//! The audit log as it is read: the searchable list, newest first; the stream, oldest first, whose cursor never ends;
//! one event; and the catalogue of actions. What the organization does not keep, it does not show.

use serde_json::{Value, json};

use crate::answers::AuditAvailability;
use crate::audit::{ACTIONS, Event};
use crate::call::{Call, Query, page_size};
use crate::cursor::Cursor;
use crate::json::{in_milliseconds, timestamp};
use crate::key::uuid;
use crate::reply::{LinkStyle, Paging, Refusal, Reply};

const LIST_NAMES: [&str; 8] = ["q", "from", "to", "action", "actor", "ip", "product", "location"];
const STREAM_NAMES: [&str; 3] = ["from", "to", "sortOrder"];

/// The audit log has one code for whatever is wrong with a query, besides those of cursors and times.
fn wrong_syntax(refusal: Refusal) -> Refusal {
    Refusal { code: "ADMIN-400-19", title: "Request syntax is not valid".to_owned(), ..refusal }
}

/// The events that a request is after.
struct Filter {
    /// Milliseconds since 1970.
    from: i64,
    to: i64,
    term: Option<String>,
    action: Option<String>,
    actors: Option<Vec<String>>,
    /// False when a place or an app is asked for: events here have neither.
    anywhere: bool,
}

impl Filter {
    fn read(query: &Query) -> Result<Filter, Refusal> {
        let instant = |name: &str, standard: i64| match query.one(name) {
            None => Ok(standard),
            Some(text) => text.parse::<i64>().map_err(|_| {
                let detail = format!("{name} must be a time in milliseconds since 1970.");
                Refusal::new(400, "ADMIN-400-3", "Invalid time date", detail)
            }),
        };
        if query.many("q").is_some_and(|terms| terms.len() > 1) {
            return Err(wrong_syntax(Refusal::bad_parameter("q must be a single term.")));
        }
        Ok(Filter {
            from: instant("from", i64::MIN)?,
            to: instant("to", i64::MAX)?,
            term: query.one("q").map(str::to_lowercase),
            action: query.one("action").map(str::to_owned),
            actors: query.many("actor"),
            anywhere: ["ip", "product", "location"].iter().all(|name| query.one(name).is_none()),
        })
    }

    fn matches(&self, event: &Event) -> bool {
        let mentions = |term: &String| {
            let names = event.about.iter().flat_map(|about| [&about.id, &about.name]);
            event.action.contains(term.as_str()) || names.into_iter().any(|text| text.to_lowercase().contains(term))
        };
        self.anywhere
            && (self.from..=self.to).contains(&event.at)
            && self.term.as_ref().is_none_or(mentions)
            && self.action.as_ref().is_none_or(|action| action == event.action)
            && self.actors.as_ref().is_none_or(|actors| actors.contains(&event.actor))
    }
}

/// The events that show by now; none when the log is not kept.
fn shown<'a>(call: &'a Call<'_>) -> Result<impl DoubleEndedIterator<Item = &'a Event>, Refusal> {
    let latest = match call.answers.audit_log {
        AuditAvailability::Kept => call.now.as_millisecond() - i64::from(call.answers.audit_lag) * 1_000,
        AuditAvailability::Empty => i64::MIN,
        AuditAvailability::Forbidden => {
            let detail = "Your organization's plan does not include the audit log.";
            return Err(Refusal::forbidden("ADMIN-403-3", detail));
        }
    };
    Ok(call.organization.audit.events().filter(move |event| event.at <= latest))
}

pub(super) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (cursor, query) = call.list()?;
    query.only(&LIST_NAMES).map_err(wrong_syntax)?;
    let limit = page_size(query.limit().map_err(wrong_syntax)?, 30, 500).map_err(wrong_syntax)?;
    let filter = Filter::read(&query)?;
    let bound = if cursor.page == 0 { u32::MAX } else { cursor.position };
    let events = shown(call)?.rev().filter(|event| event.number < bound && filter.matches(event));
    let (page, more) = take(events, limit);
    let next = page.last().filter(|_| more).map(|event| cursor.next(event.number, None));
    Ok(reply(call, &page, (cursor, limit), next))
}

/// Ascending, there is always a next cursor: it stands for whatever comes later.
pub(super) fn stream(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (cursor, query) = call.stream()?;
    query.only(&STREAM_NAMES).map_err(wrong_syntax)?;
    let limit = page_size(query.limit().map_err(wrong_syntax)?, 200, 500).map_err(wrong_syntax)?;
    let filter = Filter::read(&query)?;
    match query.one("sortOrder") {
        None | Some("asc") => {
            let events = shown(call)?.filter(|event| event.number >= cursor.position && filter.matches(event));
            let (page, _) = take(events, limit);
            let position = page.last().map_or(cursor.position, |event| event.number + 1);
            let next = Some(cursor.next(position, None));
            Ok(reply(call, &page, (cursor, limit), next))
        }
        Some("desc") => {
            let bound = if cursor.page == 0 { u32::MAX } else { cursor.position };
            let events = shown(call)?.rev().filter(|event| event.number < bound && filter.matches(event));
            let (page, more) = take(events, limit);
            let next = page.last().filter(|_| more).map(|event| cursor.next(event.number, None));
            Ok(reply(call, &page, (cursor, limit), next))
        }
        Some(_) => Err(wrong_syntax(Refusal::bad_parameter("sortOrder must be asc or desc."))),
    }
}

/// So many events, and whether there are more.
fn take<'a>(events: impl Iterator<Item = &'a Event>, limit: usize) -> (Vec<&'a Event>, bool) {
    let mut page: Vec<&Event> = events.take(limit + 1).collect();
    let more = page.len() > limit;
    page.truncate(limit);
    (page, more)
}

fn reply(call: &Call<'_>, page: &[&Event], (here, limit): (Cursor, usize), next: Option<Cursor>) -> Reply {
    let data: Vec<Value> = page.iter().map(|event| record(call, event)).collect();
    let address = format!("{}{}?cursor=", call.base_url, call.path);
    let mut links = json!({ "self": format!("{address}{}", call.seal(&here)) });
    let mut meta = json!({ "page_size": limit });
    if let Some(next) = next {
        let token = call.seal(&next);
        links["next"] = json!(format!("{address}{token}"));
        meta["next"] = json!(token);
    }
    let body = json!({ "data": data, "links": links, "meta": meta });
    Reply { paging: Some(Paging { here, style: LinkStyle::Address(address) }), ..Reply::value(&body) }
}

pub(super) fn one(call: &Call<'_>) -> Result<Reply, Refusal> {
    let id = call.capture(1);
    let event = shown(call)?.find(|event| event_id(call, event) == id);
    match event {
        Some(event) => Ok(Reply::value(&json!({ "data": record(call, event) }))),
        None => Err(Refusal::new(404, "ADMIN-404-4", "Event not found", format!("No event {id} was found."))),
    }
}

pub(super) fn actions() -> Reply {
    let data: Vec<Value> = ACTIONS
        .iter()
        .map(|(id, name, group)| {
            json!({
                "id": id, "type": "event-actions",
                "attributes": { "displayName": name, "groupDisplayName": group },
            })
        })
        .collect();
    Reply::value(&json!({ "data": data }))
}

fn event_id(call: &Call<'_>, event: &Event) -> String {
    uuid(&mut fastrand::Rng::with_seed(call.organization.seal.wrapping_add(u64::from(event.number))))
}

fn record(call: &Call<'_>, event: &Event) -> Value {
    let organization = call.organization;
    let id = event_id(call, event);
    let actor = organization.find_account(&event.actor).and_then(|ordinal| organization.person(ordinal));
    let mut acting = json!({ "id": event.actor });
    if let Some(person) = actor {
        acting["name"] = json!(person.texts.name());
        acting["email"] = json!(person.texts.email());
    }
    if let Some(token) = &event.token {
        acting["auth"] = json!({ "authType": "api-token", "tokenId": token.id, "tokenLabel": token.label });
    }
    let context: Vec<Value> = event
        .about
        .iter()
        .map(|about| {
            json!({
                "id": about.id, "type": about.kind, "attributes": { "name": about.name },
                "links": { "alt": format!("https://admin.atlassian.com/o/{}/{}/{}", organization.id, about.kind, about.id) },
            })
        })
        .collect();
    let processed = event.at + i64::from(call.answers.audit_lag) * 1_000;
    let title = ACTIONS.iter().find(|action| action.0 == event.action).map_or(event.action, |action| action.1);
    json!({
        "id": id,
        "type": "events",
        "attributes": {
            "time": in_milliseconds(timestamp(event.at)),
            "processedAt": in_milliseconds(timestamp(processed)),
            "action": event.action,
            "actor": acting,
            "context": context,
            "container": [{ "id": organization.id, "type": "orgs", "attributes": { "name": organization.name } }],
            "location": {},
        },
        "links": { "self": format!("{}/admin/v1/orgs/{}/events/{id}", call.base_url, organization.id) },
        "message": { "content": title, "format": "simple" },
    })
}
