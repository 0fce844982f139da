//! Webhooks, their secrets sealed with the place of the value as associated data, and every version of what they were.
//!
//! A secret leaves this file only to be sent or to sign; of a removed webhook it is not kept.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::id::{EndpointId, Entropy, OrganizationId};
use crate::nouns::endpoint::{Draft, Endpoint, Style};
use crate::nouns::notice::EventKind;
use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::organization_keys::{CannotOpen, SealingKey};
use crate::store::tx::Tx;
use crate::store::value::Row;

const INSERT: &str = "
    INSERT INTO endpoints
        (id, name, address, style, events, key_days, notes, active, key_fingerprint, sealed, version, changed_by,
         changed_at, dead_in_a_row)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11, $12, 0)";
const CHANGE: &str = "
    UPDATE endpoints
    SET name = $2, address = $3, style = $4, events = $5, key_days = $6, notes = $7, active = $8, changed_by = $9,
        changed_at = $10, version = version + 1, dead_in_a_row = 0, switched_off_at = NULL, switched_off_why = NULL
    WHERE id = $1 AND removed_at IS NULL";
const SET_SECRET: &str = "
    UPDATE endpoints
    SET before_fingerprint = key_fingerprint, before_sealed = sealed, before_until = $4, key_fingerprint = $2, sealed = $3
    WHERE id = $1";
const REMOVE: &str = "
    UPDATE endpoints
    SET removed_at = $2, sealed = $3, before_sealed = NULL, active = 0, changed_by = $4, changed_at = $2
    WHERE id = $1 AND removed_at IS NULL";
const REMEMBER: &str = "
    INSERT INTO endpoint_versions (endpoint, version, changed_by, changed_at, detail)
    SELECT id, version, changed_by, changed_at, $2 FROM endpoints WHERE id = $1";
const LIST: &str = "
    SELECT id, name, address, style, events, key_days, notes, active, version, changed_by, changed_at,
        switched_off_at, switched_off_why
    FROM endpoints WHERE removed_at IS NULL ORDER BY name, id LIMIT 1000";
const FIND: &str = "
    SELECT id, name, address, style, events, key_days, notes, active, version, changed_by, changed_at,
        switched_off_at, switched_off_why
    FROM endpoints WHERE id = $1 AND removed_at IS NULL";
const SECRET: &str = "
    SELECT key_fingerprint, sealed, before_fingerprint, before_sealed, before_until
    FROM endpoints WHERE id = $1 AND removed_at IS NULL";
const ACCEPTED: &str = "UPDATE endpoints SET dead_in_a_row = 0 WHERE id = $1 AND dead_in_a_row > 0";
const GAVE_UP: &str = "
    UPDATE endpoints SET dead_in_a_row = dead_in_a_row + 1 WHERE id = $1 RETURNING dead_in_a_row";
const SWITCH_OFF: &str = "
    UPDATE endpoints SET active = 0, switched_off_at = $2, switched_off_why = $3 WHERE id = $1 AND active = 1";
const COUNT_SWITCHED_OFF: &str =
    "SELECT count(*) FROM endpoints WHERE switched_off_at IS NOT NULL AND removed_at IS NULL";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("endpoints.INSERT", INSERT),
    ("endpoints.CHANGE", CHANGE),
    ("endpoints.SET_SECRET", SET_SECRET),
    ("endpoints.REMOVE", REMOVE),
    ("endpoints.REMEMBER", REMEMBER),
    ("endpoints.LIST", LIST),
    ("endpoints.FIND", FIND),
    ("endpoints.SECRET", SECRET),
    ("endpoints.ACCEPTED", ACCEPTED),
    ("endpoints.GAVE_UP", GAVE_UP),
    ("endpoints.SWITCH_OFF", SWITCH_OFF),
    ("endpoints.COUNT_SWITCHED_OFF", COUNT_SWITCHED_OFF),
];

/// For how long the secret before signs beside the present one, so that a receiver can be given the new one in peace.
const BESIDE: SignedDuration = SignedDuration::from_hours(24);

/// What a webhook's messages are proven with.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets {
    /// The present one.
    pub present: String,
    /// The one before, for a day.
    pub before: Option<String>,
}

/// Stores a webhook that is new.
pub fn insert(
    tx: &mut Tx,
    organization: &OrganizationId,
    endpoint: &Endpoint,
    secret: &str,
    (sealing, entropy): (&SealingKey, &Entropy),
) -> Result<(), StoreError> {
    let sealed = sealing.seal(&place(organization, &endpoint.id), secret, entropy);
    let draft = &endpoint.draft;
    let arguments = [
        endpoint.id.as_str().into(),
        (&draft.name).into(),
        (&draft.address).into(),
        draft.style.as_str().into(),
        events_text(&draft.events).into(),
        days_text(&draft.key_days).into(),
        (&draft.notes).into(),
        draft.active.into(),
        sealing.fingerprint().into(),
        (&sealed).into(),
        (&endpoint.changed_by).into(),
        endpoint.changed_at.as_microsecond().into(),
    ];
    tx.execute(INSERT, &arguments)?;
    remember(tx, &endpoint.id, draft)
}

/// Makes a webhook what somebody wants it to be, and switches on what Rollcall had switched off. False when there is none.
pub fn change(tx: &mut Tx, id: &EndpointId, draft: &Draft, (by, at): (&str, Timestamp)) -> Result<bool, StoreError> {
    let arguments = [
        id.as_str().into(),
        (&draft.name).into(),
        (&draft.address).into(),
        draft.style.as_str().into(),
        events_text(&draft.events).into(),
        days_text(&draft.key_days).into(),
        (&draft.notes).into(),
        draft.active.into(),
        by.into(),
        at.as_microsecond().into(),
    ];
    let changed = tx.execute(CHANGE, &arguments)? > 0;
    if changed {
        remember(tx, id, draft)?;
    }
    Ok(changed)
}

/// Stores another secret for a webhook; the one before signs beside it for a day.
pub fn set_secret(
    tx: &mut Tx,
    organization: &OrganizationId,
    id: &EndpointId,
    secret: &str,
    (now, sealing, entropy): (Timestamp, &SealingKey, &Entropy),
) -> Result<(), StoreError> {
    let sealed = sealing.seal(&place(organization, id), secret, entropy);
    let until = now.saturating_add(BESIDE).unwrap_or(now).as_microsecond();
    let arguments = [id.as_str().into(), sealing.fingerprint().into(), (&sealed).into(), until.into()];
    tx.execute(SET_SECRET, &arguments).map(drop)
}

/// Removes a webhook, and its secret for good. Whether there was one.
pub fn remove(tx: &mut Tx, id: &EndpointId, (by, at): (&str, Timestamp)) -> Result<bool, StoreError> {
    let nothing: Vec<u8> = Vec::new();
    let arguments = [id.as_str().into(), at.as_microsecond().into(), (&nothing).into(), by.into()];
    Ok(tx.execute(REMOVE, &arguments)? > 0)
}

/// The webhooks, by name; at most 1,000.
pub fn list(tx: &mut Tx) -> Result<Vec<Endpoint>, StoreError> {
    tx.list(LIST, &[], endpoint)
}

/// A webhook.
pub fn find(tx: &mut Tx, id: &EndpointId) -> Result<Option<Endpoint>, StoreError> {
    tx.optional(FIND, &[id.as_str().into()], endpoint)
}

/// A webhook's secrets, or why the present one cannot be opened.
pub fn secret(
    tx: &mut Tx,
    organization: &OrganizationId,
    id: &EndpointId,
    (now, sealing): (Timestamp, &SealingKey),
) -> Result<Option<Result<Secrets, CannotOpen>>, StoreError> {
    tx.optional(SECRET, &[id.as_str().into()], |row| {
        let (sealed_with, at_hand) = (row.text(0)?.to_owned(), sealing.fingerprint());
        if sealed_with != at_hand {
            return Ok(Err(CannotOpen::OtherKey { sealed_with, at_hand }));
        }
        let place = place(organization, id);
        let Some(present) = sealing.open(&place, row.blob(1)?) else { return Ok(Err(CannotOpen::Damaged)) };
        let beside = row.optional_text(2)? == Some(at_hand.as_str())
            && optional_moment(row, 4)?.is_some_and(|until| now < until);
        let before = if beside { row.optional_blob(3)?.and_then(|sealed| sealing.open(&place, sealed)) } else { None };
        Ok(Ok(Secrets { present, before }))
    })
}

/// Remembers that a webhook accepted something.
pub fn accepted(tx: &mut Tx, id: &EndpointId) -> Result<(), StoreError> {
    tx.execute(ACCEPTED, &[id.as_str().into()]).map(drop)
}

/// Remembers that a delivery was given up; how many in a row that makes.
pub fn gave_up(tx: &mut Tx, id: &EndpointId) -> Result<i64, StoreError> {
    Ok(tx.optional(GAVE_UP, &[id.as_str().into()], |row| row.integer(0))?.unwrap_or(0))
}

/// Switches a webhook off by itself.
pub fn switch_off(tx: &mut Tx, id: &EndpointId, at: Timestamp, why: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(SWITCH_OFF, &[id.as_str().into(), at.as_microsecond().into(), why.into()])? > 0)
}

/// How many webhooks Rollcall has switched off by itself.
pub fn count_switched_off(tx: &mut Tx) -> Result<u64, StoreError> {
    tx.one(COUNT_SWITCHED_OFF, &[], |row| Ok(row.integer(0)?.unsigned_abs()))
}

fn remember(tx: &mut Tx, id: &EndpointId, draft: &Draft) -> Result<(), StoreError> {
    let detail = json!({
        "name": draft.name,
        "address": draft.address,
        "style": draft.style.as_str(),
        "events": events_text(&draft.events),
        "key_days": days_text(&draft.key_days),
        "active": draft.active,
    });
    tx.execute(REMEMBER, &[id.as_str().into(), detail.to_string().into()]).map(drop)
}

fn endpoint(row: &Row<'_>) -> Result<Endpoint, StoreError> {
    let draft = Draft {
        name: row.text(1)?.to_owned(),
        address: row.text(2)?.to_owned(),
        style: Style::parse(row.text(3)?).ok_or_else(|| row.corrupt(3))?,
        events: row.text(4)?.split(',').filter_map(EventKind::parse).collect(),
        key_days: row.text(5)?.split(',').filter_map(|days| days.parse().ok()).collect(),
        notes: row.text(6)?.to_owned(),
        active: row.flag(7)?,
    };
    let why = row.optional_text(12)?.unwrap_or_default().to_owned();
    Ok(Endpoint {
        id: EndpointId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
        draft,
        version: row.integer(8)?,
        changed_by: row.text(9)?.to_owned(),
        changed_at: moment(row, 10)?,
        switched_off: optional_moment(row, 11)?.map(|at| (at, why)),
    })
}

fn place(organization: &OrganizationId, id: &EndpointId) -> String {
    format!("{organization}/endpoints/sealed/{id}")
}

fn events_text(events: &[EventKind]) -> String {
    events.iter().map(|event| event.as_str()).collect::<Vec<_>>().join(",")
}

fn days_text(days: &[u16]) -> String {
    days.iter().map(u16::to_string).collect::<Vec<_>>().join(",")
}
