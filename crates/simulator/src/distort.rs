//! What a fault does to an answer. Distortion works on finished answers only; it never reaches the organization.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::cursor::{Cursor, expired};
use crate::fault::{Armed, FaultKind};
use crate::json::in_seconds;
use crate::reply::{LinkStyle, Refusal, Reply};

/// What is sent in the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// None: the connection is closed without an answer.
    pub(crate) reply: Option<Reply>,
    pub(crate) delay: Duration,
    pub(crate) delivery: Delivery,
    /// Seconds by which the `Date` header is off.
    pub(crate) skew: i64,
}

/// How the body travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Delivery {
    #[default]
    Whole,
    /// With a declared length that is larger.
    Overstated,
    /// In chunks, and cut off.
    Cut,
}

impl Outcome {
    pub(crate) fn plain(reply: Reply) -> Outcome {
        Outcome { reply: Some(reply), ..Outcome::default() }
    }
}

/// What distortion needs to know of the request.
pub(crate) struct Circumstances<'a> {
    pub(crate) path: &'a str,
    pub(crate) now: Timestamp,
    pub(crate) seal: u64,
    /// The cursor that the request carried.
    pub(crate) cursor: Option<&'a str>,
    /// Seeds ids of errors.
    pub(crate) number: u64,
    pub(crate) expired_status: u16,
}

/// The outcome for faults that need no answer; none for the others.
pub(crate) fn replacement(kind: &FaultKind, at: &Circumstances<'_>) -> Option<Outcome> {
    let refuse = |refusal: Refusal| Outcome::plain(refusal.reply(at.path, at.now, at.number));
    Some(match kind {
        FaultKind::Status { code, shape, headers } => {
            let refusal = match code {
                401 => Refusal::new(401, "ADMIN-401-2", "Unauthorized", "Unauthorized"),
                403 => Refusal::new(403, "ADMIN-403-3", "Forbidden", "Not allowed to manage the org"),
                404 => Refusal::no_resource("Unknown resource"),
                429 => Refusal::new(429, "ADMIN-429-1", "Rate limit exceeded", "Rate limit exceeded"),
                code => Refusal::new(*code, "ADMIN-500-1", "Internal error", "Internal error"),
            };
            let mut outcome = refuse(Refusal { shape: *shape, ..refusal });
            if let Some(reply) = &mut outcome.reply {
                reply.headers.extend(headers.iter().cloned());
            }
            outcome
        }
        FaultKind::RateLimited { retry_after, reset } => {
            let mut reply = Refusal::gateway(429, "Rate limit exceeded").reply(at.path, at.now, at.number);
            let minute = at.now.saturating_add(SignedDuration::from_secs(60)).unwrap_or(at.now);
            let reset = reset.clone().unwrap_or_else(|| in_seconds(minute));
            reply.headers.push(("X-RateLimit-Limit".to_owned(), "0".to_owned()));
            reply.headers.push(("X-RateLimit-Remaining".to_owned(), "0".to_owned()));
            reply.headers.push(("X-RateLimit-Reset".to_owned(), reset));
            reply.headers.extend(retry_after.iter().map(|text| ("Retry-After".to_owned(), text.clone())));
            Outcome::plain(reply)
        }
        FaultKind::CloseBeforeEffect => Outcome::default(),
        FaultKind::Html => {
            let page = "<!DOCTYPE html><html><head><title>Log in to continue</title></head><body><h1>We'll be right \
                        back</h1><p>Scheduled maintenance is under way.</p></body></html>";
            let mut reply = Reply::json(page.as_bytes().to_vec());
            reply.content_type = Some("text/html; charset=utf-8");
            Outcome::plain(reply)
        }
        FaultKind::Redirect { location } => {
            let mut reply = Reply::json(Vec::new()).with_status(302);
            reply.content_type = None;
            reply.headers.push(("Location".to_owned(), location.clone()));
            Outcome::plain(reply)
        }
        FaultKind::Gone => refuse(Refusal::new(
            410,
            "ADMIN-410-1",
            "Gone",
            "This endpoint was deprecated and no longer works. See the changelog for its replacement.",
        )),
        FaultKind::Garbage => Outcome::plain(Reply::json(b"{\"data\":[{\xff\xfe\x00 not json \x01\x9c]]".to_vec())),
        FaultKind::ExpireCursor => refuse(expired(at.expired_status)),
        _ => return None,
    })
}

/// Spoils a finished answer.
pub(crate) fn distort(armed: &mut Armed, mut reply: Reply, at: &Circumstances<'_>) -> Outcome {
    let kind = armed.fault.kind.clone();
    if let Some(outcome) = replacement(&kind, at) {
        return outcome;
    }
    let subject = armed.fault.subject.clone();
    let mut outcome = Outcome::default();
    match kind {
        FaultKind::Delay { milliseconds } => outcome.delay = Duration::from_millis(milliseconds),
        FaultKind::CloseAfterEffect => return outcome,
        FaultKind::Truncate { bytes } => reply.body.truncate(bytes),
        FaultKind::CutChunks { bytes } => {
            reply.body.truncate(bytes);
            outcome.delivery = Delivery::Cut;
        }
        FaultKind::WrongContentLength => outcome.delivery = Delivery::Overstated,
        FaultKind::Date { skew } => outcome.skew = skew,
        kind if reply.status == 200 => {
            if let Ok(mut body) = serde_json::from_slice::<Value>(&reply.body) {
                rewrite(&kind, &mut body, subject.as_deref());
                relink(&kind, &mut body, &reply, (armed, at));
                reply.body = body.to_string().into_bytes();
            }
        }
        _ => {}
    }
    outcome.reply = Some(reply);
    outcome
}

/// Changes to the records and numbers of an answer.
fn rewrite(kind: &FaultKind, body: &mut Value, subject: Option<&str>) {
    match kind {
        FaultKind::EmptyList | FaultKind::EmptyPageWithNext => {
            if let Some(data) = body.get_mut("data").and_then(Value::as_array_mut) {
                data.clear();
            }
            // The lists of sites are bare, or say themselves whether they are at their end.
            if let Some(list) = body.as_array_mut() {
                list.clear();
            } else if let Some(values) = body.get_mut("values").and_then(Value::as_array_mut) {
                values.clear();
                body["isLastPage"] = Value::Bool(*kind == FaultKind::EmptyList);
            }
        }
        FaultKind::CapGroups { n } => {
            for user in records(body) {
                if let Some(groups) = user.get_mut("groups").and_then(Value::as_array_mut) {
                    groups.truncate(*n);
                }
            }
        }
        FaultKind::DropField { field } => {
            edit(body, subject, field, |holder, name| {
                holder.remove(name);
            });
        }
        FaultKind::NullField { field } => {
            edit(body, subject, field, |holder, name| {
                holder.insert(name.to_owned(), Value::Null);
            });
        }
        FaultKind::UnknownValue { field, value } => {
            edit(body, subject, field, |holder, name| {
                holder.insert(name.to_owned(), value.clone());
            });
        }
        FaultKind::UnknownFields => {
            for record in records(body) {
                if let Some(record) = record.as_object_mut() {
                    record.insert("futureField".to_owned(), json!({ "nested": [1, "two", null] }));
                    record.insert("x-new".to_owned(), json!("unexpected"));
                }
            }
            if let Some(body) = body.as_object_mut() {
                body.insert("warnings".to_owned(), json!([]));
            }
        }
        FaultKind::CountOffBy { n } => {
            for place in ["/count", "/totals/all", "/meta/total"] {
                if let Some(count) = body.pointer_mut(place)
                    && let Some(number) = count.as_i64()
                {
                    *count = json!((number + n).max(0));
                }
            }
        }
        _ => {}
    }
}

/// Changes to the way to the next page.
fn relink(kind: &FaultKind, body: &mut Value, reply: &Reply, (armed, at): (&mut Armed, &Circumstances<'_>)) {
    let Some(paging) = &reply.paging else {
        if *kind == FaultKind::EmptyList {
            set_next(body, None);
        }
        return;
    };
    let address = |token: String| match &paging.style {
        LinkStyle::Token => token,
        LinkStyle::Address(start) => format!("{start}{token}"),
    };
    let again = || {
        let cursor = Cursor { page: paging.here.page + 1, ..paging.here.clone() };
        Some(address(cursor.token(at.seal, at.now)))
    };
    match kind {
        FaultKind::EmptyList => set_next(body, None),
        FaultKind::EmptyPageWithNext | FaultKind::RepeatPage => set_next(body, again()),
        FaultKind::CycleCursor => {
            let current = at.cursor.map(str::to_owned);
            let earlier = armed.cursors.iter().find(|cursor| Some(*cursor) != current.as_ref()).cloned();
            if let Some(earlier) = earlier {
                set_next(body, Some(address(earlier)));
            }
            armed.cursors.extend(current.filter(|current| !armed.cursors.contains(current)));
        }
        _ => {}
    }
}

fn set_next(body: &mut Value, next: Option<String>) {
    let Some(links) = body.get_mut("links").and_then(Value::as_object_mut) else { return };
    match next {
        Some(next) => {
            links.insert("next".to_owned(), Value::String(next));
        }
        None => {
            links.remove("next");
        }
    }
}

/// The records of an answer: the list, or the one.
fn records(body: &mut Value) -> Vec<&mut Value> {
    // An answer about one thing is the record itself.
    if body.is_object() && body.get("data").is_none() {
        return vec![body];
    }
    match body.get_mut("data") {
        Some(Value::Array(data)) => data.iter_mut().collect(),
        Some(data) => vec![data],
        None => Vec::new(),
    }
}

/// Changes one field of the subject's record, or of the first one.
fn edit(
    body: &mut Value,
    subject: Option<&str>,
    field: &str,
    change: impl FnOnce(&mut serde_json::Map<String, Value>, &str),
) {
    let is_subject = |record: &Value| {
        ["accountId", "account_id", "id", "resourceId", "directoryId"]
            .iter()
            .any(|key| record.get(key).and_then(Value::as_str) == subject)
    };
    let mut records = records(body).into_iter();
    let record = match subject {
        Some(_) => records.find(|record| is_subject(record)),
        None => records.next(),
    };
    let Some(mut holder) = record else { return };
    let (path, name) = field.rsplit_once('.').unwrap_or(("", field));
    for step in path.split('.').filter(|step| !step.is_empty()) {
        let inner = match holder {
            Value::Array(items) => items.first_mut().and_then(|item| item.get_mut(step)),
            other => other.get_mut(step),
        };
        let Some(inner) = inner else { return };
        holder = inner;
    }
    if let Value::Array(items) = holder {
        match items.first_mut() {
            Some(first) => holder = first,
            None => return,
        }
    }
    if let Some(object) = holder.as_object_mut() {
        change(object, name);
    }
}
