//! The stream of the audit log: what happened in the organization, oldest first, read on from a cursor that never ends.
//!
//! It says who and what an event is about, and never more than that something happened to them: events come late, and
//! not every plan has them.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::call::{Answer, Call, Class, Endpoint};
use crate::chain;
use crate::client::Client;
use crate::cursor::Cursor;
use crate::error::Error;
use crate::moment::Moment;
use crate::page;

/// A page of it.
pub const READ: Endpoint = Endpoint::get("/admin/v1/orgs/{orgId}/events-stream");

/// The most events of a page.
pub const FULL_PAGE: u32 = 500;

/// Where to read on.
#[derive(Clone, Debug, PartialEq)]
pub enum From {
    /// With what was processed from this instant on.
    Instant(Timestamp),
    /// Where an earlier page ended.
    Cursor(Cursor),
}

/// A page of events.
#[derive(Clone, Debug, PartialEq)]
pub struct EventPage {
    /// Those that could be read, in the order in which they were processed.
    pub events: Vec<Event>,
    /// How many could not.
    pub unreadable: usize,
    /// Where to read on; the same cursor answers with what has come since when it is asked later.
    pub next: Option<Cursor>,
    /// When the request left.
    pub asked_at: Timestamp,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// What was done; not all of these ids are published.
    pub action: Option<String>,
    /// When it happened.
    pub time: Option<Moment>,
    /// Whom it is about: account ids. Who did it is not among them, unless it was done to them.
    pub accounts: Vec<String>,
    /// Which groups it is about: their ids.
    pub groups: Vec<String>,
}

#[derive(Deserialize)]
struct Body {
    data: Vec<Value>,
    #[serde(default)]
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default)]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Wire {
    id: String,
    #[serde(default)]
    attributes: WireAttributes,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireAttributes {
    time: Option<Moment>,
    action: Option<String>,
    context: Value,
    container: Value,
}

/// Reads a page of at most `size` events.
///
/// # Errors
/// Those of [`Client::send`]; `CursorExpired` when upstream no longer takes the cursor: what happened since it is not told.
pub async fn read(
    client: &Client,
    class: Class,
    organization: &str,
    from: &From,
    size: u32,
) -> Result<EventPage, Error> {
    let call = Call::new(READ, class, &[organization]).query("limit", &size.min(FULL_PAGE).to_string());
    let call = match from {
        // The order is part of the cursor.
        From::Cursor(cursor) => call.query("cursor", cursor.as_str()),
        From::Instant(from) => call.query("from", &from.as_millisecond().to_string()).query("sortOrder", "asc"),
    };
    client.read(&call, event_page).await.map_err(|error| match from {
        From::Cursor(_) if chain::says_cursor_is_bad(&error) => Error::CursorExpired { endpoint: READ, page: 0 },
        _ => error,
    })
}

fn event_page(answer: Answer) -> Result<EventPage, Error> {
    let body: Body = page::read_object(&answer)?;
    let all = body.data.len();
    let events: Vec<Event> = body.data.into_iter().filter_map(event).collect();
    let next = body.meta.and_then(|meta| meta.next).filter(|next| !next.is_empty()).map(Cursor::new);
    Ok(EventPage { unreadable: all - events.len(), events, next, asked_at: answer.asked_at })
}

fn event(value: Value) -> Option<Event> {
    let Wire { id, attributes } = serde_json::from_value(value).ok().filter(|wire: &Wire| !wire.id.is_empty())?;
    let WireAttributes { time, action, context, container } = attributes;
    let mut event = Event { id, action, time, accounts: Vec::new(), groups: Vec::new() };
    for thing in [&context, &container].into_iter().filter_map(Value::as_array).flatten() {
        let (Some(kind), Some(id)) = (thing["type"].as_str(), thing["id"].as_str()) else { continue };
        // The words are not published: seen were `users`, `groups`, and `ari` in other products' events.
        let ids = match kind.to_ascii_lowercase().as_str() {
            "user" | "users" | "account" | "accounts" => &mut event.accounts,
            "group" | "groups" => &mut event.groups,
            _ => continue,
        };
        if !id.is_empty() && !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }
    Some(event)
}
