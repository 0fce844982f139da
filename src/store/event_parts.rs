//! What events say of people: each person's part sealed with a key of their own (XChaCha20-Poly1305, with its place as
//! associated data), so that deleting that key erases every part, while the hashes, which cover what is sealed, stay.
//!
//! What is sealed is never changed or deleted: an event without it would not verify.

use std::collections::BTreeMap;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::nouns::event::{NewEvent, Part};
use crate::nouns::event_kind::{self, Holder};
use crate::store::bulk::{Bulk, Column, Update};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value;

const KEY: &str = "SELECT secret FROM person_keys WHERE person = $1";
const INSERT_KEY: &str = "INSERT INTO person_keys (person, secret) VALUES ($1, $2)";
const DELETE_KEY: &str = "DELETE FROM person_keys WHERE person = $1";
const ERASE_SALTED: &str = "
    DELETE FROM event_details
    WHERE seq IN (SELECT e.seq FROM events e WHERE e.form = 1 AND (e.subject = $1 OR e.actor = $2))";
const INSERT: &str = "INSERT INTO event_parts (seq, person, sealed) VALUES ($1, $2, $3)";
const OF: &str = "
    SELECT p.person, p.sealed, k.secret
    FROM event_parts p LEFT JOIN person_keys k ON k.person = p.person
    WHERE p.seq = $1 ORDER BY p.person";
const SALTED: &str = "
    SELECT e.subject, d.personal FROM event_details d JOIN events e ON e.seq = d.seq WHERE d.seq = $1";

const PARTS: Bulk = Bulk {
    table: "event_parts",
    columns: &[Column::integer("seq"), Column::text("person"), Column::blob("sealed")],
    key: &["seq", "person"],
    update: Update::Nothing,
};

/// The bulk writes of this file; they belong to organizations' databases.
pub const BULKS: &[&Bulk] = &[&PARTS];

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("event_parts.KEY", KEY),
    ("event_parts.INSERT_KEY", INSERT_KEY),
    ("event_parts.DELETE_KEY", DELETE_KEY),
    ("event_parts.ERASE_SALTED", ERASE_SALTED),
    ("event_parts.INSERT", INSERT),
    ("event_parts.OF", OF),
    ("event_parts.SALTED", SALTED),
];

/// A part as it lies in the database.
pub(super) struct Sealed {
    seq: i64,
    person: String,
    sealed: Vec<u8>,
}

impl Sealed {
    fn values(&self) -> [value::Value<'_>; 3] {
        [self.seq.into(), (&self.person).into(), (&self.sealed).into()]
    }
}

/// Erases what all events say of a person. Whether there was anything. What happens later is sealed with a new key.
pub fn erase(tx: &mut Tx, person: &str) -> Result<bool, StoreError> {
    let keys = tx.execute(DELETE_KEY, &[person.into()])?;
    let salted = tx.execute(ERASE_SALTED, &[person.into(), format!("administrator {person}").as_str().into()])?;
    Ok(keys + salted > 0)
}

/// Seals what an event says of people: the commitment to it, and the parts, which whoever appends the event keeps. All
/// chance comes from the salt.
pub(super) fn seal(
    tx: &mut Tx,
    seq: i64,
    event: &NewEvent,
    salt: &[u8; 16],
) -> Result<([u8; 32], Vec<Sealed>), StoreError> {
    let mut committed = commitment();
    let mut parts = Vec::new();
    for (person, said) in said(event) {
        let secret = secret(tx, &person, salt)?;
        let nonce = derive("nonce", &person, salt);
        let nonce = nonce.first_chunk::<24>().copied().unwrap_or_default();
        let mut sealed = nonce.to_vec();
        let (place, text) = (place(seq, &person), Value::Object(said).to_string());
        let payload = Payload { msg: text.as_bytes(), aad: place.as_bytes() };
        // Sealing fails only for messages of 256 GB.
        sealed.extend(cipher(&secret).encrypt(&XNonce::from(nonce), payload).unwrap_or_default());
        commit(&mut committed, &person, &sealed);
        parts.push(Sealed { seq, person, sealed });
    }
    Ok((committed.finalize().into(), parts))
}

/// Keeps the parts of one event.
pub(super) fn keep(tx: &mut Tx, parts: &[Sealed]) -> Result<(), StoreError> {
    for part in parts {
        tx.execute(INSERT, &part.values())?;
    }
    Ok(())
}

/// Keeps the parts of many events at once.
pub(super) fn keep_all(tx: &mut Tx, parts: &[Sealed]) -> Result<(), StoreError> {
    tx.bulk(&PARTS, parts.iter().map(Sealed::values)).map(drop)
}

/// What an event says of people, as far as it was not erased.
pub(super) fn of(tx: &mut Tx, seq: i64) -> Result<Vec<Part>, StoreError> {
    let mut parts = tx.list(OF, &[seq.into()], |row| {
        let person = row.text(0)?.to_owned();
        let text = match row.optional_blob(2)? {
            Some(secret) => open(secret, &place(seq, &person), row.blob(1)?),
            None => None,
        };
        Ok(part(person, text))
    })?;
    let salted = tx.list(SALTED, &[seq.into()], |row| {
        let told = Some(told(row.text(1)?).to_string());
        Ok(Part { person: row.text(0)?.to_owned(), told, ..Part::default() })
    })?;
    parts.extend(salted);
    Ok(parts)
}

/// The commitment to no parts, to which [`commit`] adds.
pub(super) fn commitment() -> Sha256 {
    Sha256::new_with_prefix(b"rollcall event parts")
}

/// Adds a part to a commitment. Parts come in order of their persons.
pub(super) fn commit(committed: &mut Sha256, person: &str, sealed: &[u8]) {
    committed.update((person.len() as u64).to_le_bytes());
    committed.update(person.as_bytes());
    committed.update((sealed.len() as u64).to_le_bytes());
    committed.update(sealed);
}

/// What an event says of whom, in order.
fn said(event: &NewEvent) -> BTreeMap<String, Map<String, Value>> {
    let mut said: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    let actor = event.actor.person.as_ref();
    if let Some(person) = actor {
        let part = said.entry(person.id.clone()).or_default();
        part.insert("name".to_owned(), person.name.as_str().into());
        if let Some(source) = person.source {
            part.insert("source".to_owned(), source.to_string().into());
        }
    }
    if !event.personal.is_empty() {
        let by_actor = event_kind::find(event.kind).is_some_and(|kind| kind.holder == Holder::Actor);
        let holder = actor.filter(|_| by_actor).map_or(&event.subject, |person| &person.id);
        let part = said.entry(holder.clone()).or_default();
        match told(&event.personal) {
            // Somebody unknown has no part of their own for where they came from.
            Value::Object(only) if only.len() == 1 && only.contains_key("source") => part.extend(only),
            told => drop(part.insert("told".to_owned(), told)),
        }
    }
    said
}

/// A part as it was opened; one that does not open was erased.
fn part(person: String, text: Option<String>) -> Part {
    let Some(said) = text.and_then(|text| serde_json::from_str::<Map<String, Value>>(&text).ok()) else {
        return Part { person, is_erased: true, ..Part::default() };
    };
    let text = |name: &str| said.get(name).and_then(Value::as_str).map(str::to_owned);
    let told = said.get("told").map(Value::to_string);
    Part { person, name: text("name"), source: text("source"), told, is_erased: false }
}

/// A personal part as JSON; one that is none is a text.
fn told(personal: &str) -> Value {
    serde_json::from_str(personal).unwrap_or_else(|_| personal.into())
}

/// A person's key, made when there is none.
fn secret(tx: &mut Tx, person: &str, salt: &[u8; 16]) -> Result<[u8; 32], StoreError> {
    let known =
        tx.optional(KEY, &[person.into()], |row| <[u8; 32]>::try_from(row.blob(0)?).map_err(|_| row.corrupt(0)))?;
    if let Some(secret) = known {
        return Ok(secret);
    }
    let secret = derive("key", person, salt);
    tx.execute(INSERT_KEY, &[person.into(), (&secret).into()])?;
    Ok(secret)
}

/// Bytes for one use out of the salt, which is stored nowhere.
fn derive(purpose: &str, person: &str, salt: &[u8; 16]) -> [u8; 32] {
    let mut hasher = Sha256::new_with_prefix(b"rollcall event ");
    hasher.update(purpose.as_bytes());
    hasher.update(salt);
    hasher.update(person.as_bytes());
    hasher.finalize().into()
}

fn open(secret: &[u8], place: &str, sealed: &[u8]) -> Option<String> {
    let secret = <[u8; 32]>::try_from(secret).ok()?;
    let (nonce, sealed) = sealed.split_first_chunk::<24>()?;
    let payload = Payload { msg: sealed, aad: place.as_bytes() };
    String::from_utf8(cipher(&secret).decrypt(&XNonce::from(*nonce), payload).ok()?).ok()
}

fn cipher(secret: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*secret))
}

fn place(seq: i64, person: &str) -> String {
    format!("event/{seq}/{person}")
}
