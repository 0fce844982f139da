//! Everything that is kept about a person, as one JSON document: profile and history, what sites list, what feeds have said
//! with the records as they came, operations, events with their personal part, and the texts that name them.

use directory::{Ordinal, Profile, Snapshot};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::contacts::erase as contacts;
use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::mirror::export::{Export, Form};
use crate::nouns::context::Context;
use crate::nouns::event::Recorded;
use crate::nouns::feed_person::{FeedPerson, FeedRecord};
use crate::nouns::site_account::SiteAccount;
use crate::personal::erase::event;
use crate::personal::preview::{Preview, actor_names, chain_names, words};
use crate::personal::who::Known;
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::personal_actors::ACTORS;
use crate::store::personal_texts::{SETTINGS, TEXTS};
use crate::store::timeline::{self, Span, Timeline};
use crate::store::tx::Tx;
use crate::store::{events, feed_people, feed_records, feed_rows, personal};

/// So many rows of runs are told of one username.
const MOST_ROWS: u32 = 1000;

/// Gathers everything about somebody, and records that it was exported.
///
/// # Errors
/// The database failed.
pub async fn export(
    context: &Context,
    (mirror, control): (&Mirror, &Store),
    known: &Known,
    entropy: &Entropy,
) -> Result<Value, StoreError> {
    let snapshot = mirror.newest().await?;
    let (person, shown) = (known.clone(), snapshot.clone());
    let (told, salt) = (event(context, known, "person.exported", &Preview::default()), entropy.bytes());
    let mut document = mirror.store().read(move |tx| gather(tx, &person, &shown)).await?;
    let profiles: Vec<Value> = (known.ordinals.iter())
        .filter_map(|ordinal| {
            let pieces = Export::new(snapshot.clone(), vec![*ordinal], Form::JsonLines);
            serde_json::from_slice(&pieces.flatten().collect::<Vec<u8>>()).ok()
        })
        .collect();
    let names = chain_names(known);
    let entry = control.read(move |tx| of_chain(tx, &names)).await?;
    document.insert("person".to_owned(), about(known, context.now));
    document.insert("mirror".to_owned(), profiles.into());
    document.insert("entry_events".to_owned(), entry.into());
    mirror.store().write(move |tx| events::append(tx, &told, &salt).map(drop)).await?;
    Ok(Value::Object(document))
}

fn about(known: &Known, now: Timestamp) -> Value {
    let entries: Vec<Value> = (known.admissions.iter())
        .map(|entry| {
            json!({
                "username": entry.username,
                "admitted_at": entry.admitted_at.to_string(),
                "last_sign_in_at": entry.last_sign_in_at.map(|at| at.to_string()),
                "ended": entry.ended.as_ref().map(|(at, why)| json!({ "at": at.to_string(), "why": why })),
            })
        })
        .collect();
    json!({
        "asked_for": known.asked,
        "exported_at": now.to_string(),
        "account_ids": known.account_ids,
        "emails": known.emails,
        "names": known.names,
        "usernames": known.in_feeds.iter().map(|person| &person.username).collect::<Vec<_>>(),
        "entry": entries,
    })
}

fn gather(tx: &mut Tx, known: &Known, snapshot: &Snapshot) -> Result<Map<String, Value>, StoreError> {
    let mut document = Map::new();
    let mut history = Vec::new();
    let mut operations = Vec::new();
    for ordinal in &known.ordinals {
        history.push(of_timeline(&timeline::of(tx, *ordinal, snapshot.generation())?, snapshot));
        for row in personal::in_operations(tx, *ordinal)? {
            operations.push(json!({
                "operation": row.operation, "state": row.state, "asked_at": moment(row.asked_at),
                "change": row.kind, "change_state": row.row, "role": row.role, "told": row.told,
            }));
        }
    }
    document.insert("history".to_owned(), history.into());
    document.insert("operations".to_owned(), operations.into());
    document.insert("sites".to_owned(), known.on_sites.iter().map(on_site).collect());
    let mut feeds = Vec::new();
    for person in &known.in_feeds {
        feeds.push(in_feeds(tx, person)?);
    }
    document.insert("feeds".to_owned(), feeds.into());
    let contacts: Vec<Value> = known.contacts.iter().map(|one| contacts::told(tx, one)).collect::<Result<_, _>>()?;
    document.insert("contacts".to_owned(), contacts.into());
    document.insert("events".to_owned(), of_chain(tx, &chain_names(known))?.into());
    document.insert("texts".to_owned(), in_texts(tx, known)?.into());
    let mut did = Vec::new();
    for place in ACTORS {
        for name in actor_names(known) {
            let count = place.count(tx, &name)?;
            if count > 0 {
                did.push(json!({ "place": place.name, "count": count }));
            }
        }
    }
    document.insert("did".to_owned(), did.into());
    Ok(document)
}

fn of_timeline(timeline: &Timeline, snapshot: &Snapshot) -> Value {
    let sealed = |generation: u64| timeline.generations.get(&generation).map(|sealed| sealed.at.to_string());
    let group = |ordinal: Ordinal| {
        let row = snapshot.group_row(ordinal);
        json!({
            "group": row.as_ref().map(|row| row.id.to_string()),
            "name": row.as_ref().and_then(|row| row.group.as_ref()).map(|group| group.name.to_string()),
        })
    };
    fn span<T>(of: &Span<T>, sealed: impl Fn(u64) -> Option<String>, value: Value) -> Value {
        json!({ "since": sealed(of.since), "until": of.until.and_then(sealed), "value": value })
    }
    let groups: Vec<Value> = timeline.memberships.iter().map(|of| span(of, sealed, group(of.value))).collect();
    let presence: Vec<Value> = (timeline.presence.iter())
        .map(|of| {
            let (directory, presence) = &of.value;
            let directory = snapshot.directories().get(*directory as usize).map(|found| found.name.to_string());
            let status = presence.status.as_ref().map(|status| status.as_str());
            span(of, sealed, json!({ "directory": directory, "status": status }))
        })
        .collect();
    let profiles: Vec<Value> = timeline.profiles.iter().map(|of| span(of, sealed, profile(&of.value))).collect();
    let roles: Vec<Value> = timeline.roles.iter().map(|of| span(of, sealed, of.value.as_str().into())).collect();
    json!({ "profiles": profiles, "presence": presence, "groups": groups, "roles": roles })
}

fn profile(profile: &Profile) -> Value {
    json!({
        "name": profile.name, "nickname": profile.nickname, "email": profile.email,
        "email_verified": profile.email_verified, "mfa_enabled": profile.mfa_enabled,
        "account_type": profile.account_type.as_str(),
        "added_at": profile.added_at.map(|at| at.to_string()),
        "deactivated_at": profile.deactivated_at.map(|at| at.to_string()),
        "job_title": profile.job_title, "department": profile.department, "organization": profile.organization,
        "location": profile.location, "time_zone": profile.time_zone, "picture": profile.picture,
        "further": profile.unknown,
    })
}

fn on_site(on: &SiteAccount) -> Value {
    json!({
        "site": on.site, "account_id": on.account_id, "kind": on.kind.as_str(), "name": on.name, "email": on.email,
        "active": on.active, "customer": on.is_customer(), "organizations": on.organizations,
        "first_seen_at": on.first_seen_at.to_string(), "gone_at": on.gone_at.map(|at| at.to_string()),
    })
}

fn in_feeds(tx: &mut Tx, person: &FeedPerson) -> Result<Value, StoreError> {
    let records: Vec<Value> = feed_records::of_account(tx, person.account)?.iter().map(record).collect();
    let rows = feed_rows::of_username(tx, &person.username_key, i64::MAX, MOST_ROWS)?;
    let rows: Vec<Value> = (rows.iter())
        .map(|(run, row)| {
            json!({
                "run": run, "kind": row.kind.as_str(), "raw": row.raw.as_deref().map(parsed),
                "person": row.person.as_deref().map(parsed), "why": row.why,
            })
        })
        .collect();
    let notes: Vec<Value> = (feed_people::notes(tx, person.account)?.iter())
        .map(|note| json!({ "at": note.at.to_string(), "kind": note.kind, "author": note.author, "text": note.text }))
        .collect();
    let lines: Vec<Value> = (personal::log_lines(tx, &person.username)?.into_iter())
        .map(|(run, line, text, told)| json!({ "run": run, "line": line, "text": text, "told": told }))
        .collect();
    Ok(json!({
        "username": person.username, "name": person.name, "email": person.email, "state": person.state.as_str(),
        "since": person.since.to_string(), "linked": person.linked,
        "held": person.held.as_ref().map(|(by, at, why)| json!({ "by": by, "at": at.to_string(), "why": why })),
        "records": records, "rows": rows, "notes": notes, "log": lines,
    }))
}

fn record(record: &FeedRecord) -> Value {
    json!({
        "feed": record.feed, "in_feed": record.in_feed, "person": parsed(&record.person), "raw": parsed(&record.raw),
        "received": record.received.as_deref().map(parsed), "failure": record.failure,
    })
}

fn of_chain(tx: &mut Tx, names: &[String]) -> Result<Vec<Value>, StoreError> {
    let mut places = Vec::new();
    for name in names {
        places.extend(personal::events_about(tx, name)?);
    }
    places.sort_unstable();
    places.dedup();
    let mut told = Vec::new();
    for seq in places {
        told.extend(events::find(tx, seq)?.map(|recorded| recorded_event(&recorded, names)));
    }
    Ok(told)
}

/// An event with what it says of this person, and of nobody else.
fn recorded_event(recorded: &Recorded, names: &[String]) -> Value {
    let parts = recorded.parts.iter().filter(|part| names.contains(&part.person) && !part.is_erased);
    let parts: Vec<Value> = parts
        .map(|part| json!({ "name": part.name, "source": part.source, "told": part.told.as_deref().map(parsed) }))
        .collect();
    json!({
        "at": recorded.event.at.to_string(), "kind": recorded.event.kind, "subject": recorded.event.subject,
        "detail": parsed(&recorded.event.detail), "personal": parts,
    })
}

/// Texts that others have written and that name this person.
fn in_texts(tx: &mut Tx, known: &Known) -> Result<Vec<Value>, StoreError> {
    let words = words(known);
    let mut found = Vec::new();
    for part in words.all() {
        for place in TEXTS {
            found.extend(place.holding(tx, part)?.into_iter().map(|text| (place.name, text)));
        }
        for place in SETTINGS {
            found.extend(place.holding(tx, part)?.into_iter().map(|text| (place.name, text)));
        }
    }
    found.sort();
    found.dedup();
    found.retain(|(_, text)| words.replaced(text).is_some());
    Ok(found.into_iter().map(|(place, text)| json!({ "place": place, "text": text })).collect())
}

/// JSON as such, anything else as a text.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

fn moment(microseconds: i64) -> Option<String> {
    Timestamp::from_microsecond(microseconds).ok().map(|at| at.to_string())
}
