//! Jira's own audit log: what the organization's log says of users and groups, newest first, in Jira's words.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::audit::{ACTIONS, About, Event};
use crate::call::{Call, Query};
use crate::json::{in_milliseconds, timestamp};
use crate::reply::{Refusal, Reply};
use crate::site_view::Offset;

pub(super) fn records(call: &Call<'_>) -> Result<Reply, Refusal> {
    if !call.organization.paid {
        return Err(Refusal::new(403, "", "", "Audit logs are available when at least one Jira product is paid for."));
    }
    let query = Query::read(call.query);
    let offset = Offset::read(&query, ("offset", "limit"), 1_000, 1_000)?;
    let (from, to) = (instant(&query, "from")?, instant(&query, "to")?);
    let words: Vec<String> =
        query.one("filter").unwrap_or_default().to_lowercase().split_whitespace().map(str::to_owned).collect();
    let fits = |record: &Value| {
        let fields = ["summary", "category"].map(|name| &record[name]);
        let item = ["id", "name", "typeName"].map(|name| &record["objectItem"][name]);
        let texts: Vec<String> =
            fields.into_iter().chain(item).filter_map(|field| Some(field.as_str()?.to_lowercase())).collect();
        words.iter().all(|word| texts.iter().any(|text| text.contains(word)))
    };
    let records = call
        .organization
        .audit
        .events()
        .rev()
        .filter(|event| from.is_none_or(|from| event.at >= from) && to.is_none_or(|to| event.at <= to))
        .filter_map(record)
        .filter(fits);
    let (page, total) = offset.of(records);
    Ok(Reply::value(&json!({ "offset": offset.start, "limit": offset.size, "total": total, "records": page })))
}

/// An instant, a date with a time, or a date; the last two in UTC.
fn instant(query: &Query, name: &str) -> Result<Option<i64>, Refusal> {
    let Some(text) = query.one(name) else { return Ok(None) };
    let in_utc = |at: DateTime| at.to_zoned(TimeZone::UTC).map(|at| at.timestamp()).ok();
    let whole = text.parse::<Timestamp>().ok();
    let read = whole
        .or_else(|| text.parse::<DateTime>().ok().and_then(in_utc))
        .or_else(|| text.parse::<Date>().ok().and_then(|date| in_utc(date.to_datetime(jiff::civil::Time::midnight()))));
    match read {
        Some(at) => Ok(Some(at.as_millisecond())),
        None => Err(Refusal::new(400, "", "", format!("{name} must be a date."))),
    }
}

/// What Jira has a record of: changes of users, groups and memberships.
fn record(event: &Event) -> Option<Value> {
    let (_, summary, group) = ACTIONS.iter().find(|(action, _, _)| *action == event.action)?;
    let category = match *group {
        "Users" | "Customers" => "user management",
        "Groups" => "group management",
        _ => return None,
    };
    let mut items = event.about.iter().map(item);
    let first = items.next()?;
    Some(json!({
        "id": event.number,
        "summary": summary,
        "authorKey": event.actor,
        "created": in_milliseconds(timestamp(event.at)).replace('Z', "+0000"),
        "category": category,
        "eventSource": "",
        "objectItem": first,
        "associatedItems": items.collect::<Vec<Value>>(),
    }))
}

fn item(about: &About) -> Value {
    let kind = if about.kind == "groups" { "GROUP" } else { "USER" };
    json!({ "id": about.id, "name": about.name, "typeName": kind, "parentId": "10000", "parentName": "Directory" })
}
