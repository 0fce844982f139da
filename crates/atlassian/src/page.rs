//! One page of records. A page is read in one go; only when that fails is it read record by record, so that a bad
//! record costs itself and not the page. A page without its list is no empty page: it is malformed.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::call::{Answer, Endpoint};
use crate::cursor::Cursor;
use crate::error::Error;
use crate::record::{Drift, Record};
use crate::refusal::shorten;

/// A page as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The records that could be read.
    pub records: Vec<T>,
    /// Those that could not.
    pub quarantined: Vec<Quarantined>,
    /// The cursor that asked for this page; none for the first.
    pub cursor: Option<Cursor>,
    /// The cursor of the next page; none for the last.
    pub next: Option<Cursor>,
    /// When the request for this page left.
    pub asked_at: Timestamp,
    /// The page's number in its chain, from 0.
    pub number: u32,
    /// How many records the whole chain has, where upstream says so.
    pub total: Option<u64>,
    /// Names of unknown fields and values seen, each once.
    pub drift: Vec<String>,
}

/// A record that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// What the reader said.
    pub reason: String,
    /// The record's id, if that much could be read.
    pub subject: Option<String>,
    /// The beginning of its JSON.
    pub excerpt: String,
}

/// A page's content, before it is known where in a chain it stands.
#[derive(Debug)]
pub(crate) struct Content<T> {
    pub(crate) records: Vec<T>,
    pub(crate) quarantined: Vec<Quarantined>,
    pub(crate) next: Option<Cursor>,
    pub(crate) total: Option<u64>,
    pub(crate) drift: Vec<String>,
    pub(crate) asked_at: Timestamp,
}

/// `{"data":[...],"links":{"next":...},"meta":{"total":...}}`, the shape of every list here.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
struct Body<T> {
    data: Vec<T>,
    #[serde(default)]
    links: Option<Links>,
    #[serde(default)]
    meta: Option<Meta>,
}

#[derive(Deserialize)]
pub(crate) struct Links {
    #[serde(default)]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default)]
    total: Option<u64>,
}

impl Links {
    pub(crate) fn next(links: Option<Links>) -> Option<Cursor> {
        links.and_then(|links| links.next).filter(|next| !next.is_empty()).map(Cursor::new)
    }
}

/// Reads an answer as a page of `T`.
///
/// # Errors
/// `Truncated` or `Malformed` when the page as a whole cannot be read.
pub(crate) fn read<T: Record>(answer: Answer) -> Result<Content<T>, Error> {
    let (body, quarantined) = match serde_json::from_slice::<Body<T>>(&answer.body) {
        Ok(body) if body.data.iter().all(|record| !record.id().is_empty()) => (body, Vec::new()),
        Ok(_) => one_by_one(&answer)?,
        // Of a page that was cut off no record counts: it fails as a whole here too, and is asked for again.
        Err(_) => one_by_one(&answer)?,
    };
    let mut drift = Drift::default();
    body.data.iter().for_each(|record| record.drift(&mut drift));
    Ok(Content {
        records: body.data,
        quarantined,
        next: Links::next(body.links),
        total: body.meta.and_then(|meta| meta.total),
        drift: drift.into_notes(),
        asked_at: answer.asked_at,
    })
}

/// Reads an answer that is one object.
pub(crate) fn read_object<T: for<'de> Deserialize<'de>>(answer: &Answer) -> Result<T, Error> {
    serde_json::from_slice(&answer.body).map_err(|error| unreadable(answer.endpoint, &error))
}

fn one_by_one<T: Record>(answer: &Answer) -> Result<(Body<T>, Vec<Quarantined>), Error> {
    let raw: Body<&RawValue> =
        serde_json::from_slice(&answer.body).map_err(|error| unreadable(answer.endpoint, &error))?;
    let mut records = Vec::with_capacity(raw.data.len());
    let mut quarantined = Vec::new();
    for json in raw.data {
        match serde_json::from_str::<T>(json.get()) {
            Ok(record) if !record.id().is_empty() => records.push(record),
            Ok(_) => quarantined.push(quarantine::<T>(json, format!("{} is empty", T::ID))),
            Err(error) => quarantined.push(quarantine::<T>(json, error.to_string())),
        }
    }
    Ok((Body { data: records, links: raw.links, meta: raw.meta }, quarantined))
}

fn quarantine<T: Record>(json: &RawValue, reason: String) -> Quarantined {
    let fields = serde_json::from_str::<std::collections::HashMap<String, &RawValue>>(json.get()).ok();
    let id = fields.as_ref().and_then(|fields| fields.get(T::ID));
    let subject = id.and_then(|id| serde_json::from_str::<String>(id.get()).ok()).filter(|id| !id.is_empty());
    Quarantined { reason, subject, excerpt: shorten(json.get()) }
}

fn unreadable(endpoint: Endpoint, error: &serde_json::Error) -> Error {
    match error.classify() {
        serde_json::error::Category::Eof => Error::Truncated { endpoint },
        category => Error::Malformed {
            endpoint,
            detail: shorten(&error.to_string()),
            broken_text: category == serde_json::error::Category::Syntax,
        },
    }
}
