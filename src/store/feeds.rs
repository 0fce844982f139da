//! Feeds, the groups they manage, and the versions of their control files.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::id::{FeedId, FeedRunId};
use crate::nouns::feed::{Code, ControlVersion, Feed, FeedSettings, ManagedGroup, Origin};
use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::feed_text::{read_settings, read_tally, settings_text, tally_text};
use crate::store::tx::Tx;
use crate::store::value::Row;

const INSERT: &str = "
    INSERT INTO feeds (number, id, code, name, settings, changed_by, changed_at, version, field_counts)
    SELECT COALESCE(max(number), 0) + 1, $1, $2, $3, $4, $5, $6, 1, '{}' FROM feeds";
const LIST: &str = "
    SELECT number, id, code, name, settings, changed_by, changed_at, version, control, applied_run, delivered_at,
        late_told_at
    FROM feeds ORDER BY code LIMIT 1000";
const FIND: &str = "
    SELECT number, id, code, name, settings, changed_by, changed_at, version, control, applied_run, delivered_at,
        late_told_at
    FROM feeds WHERE number = $1";
const FIND_BY_CODE: &str = "
    SELECT number, id, code, name, settings, changed_by, changed_at, version, control, applied_run, delivered_at,
        late_told_at
    FROM feeds WHERE code = $1 OR id = $1";
const CONFIGURE: &str = "
    UPDATE feeds SET name = $2, settings = $3, changed_by = $4, changed_at = $5 WHERE number = $1";
const KEEP_SETTINGS: &str = "UPDATE feeds SET settings = $2 WHERE number = $1";
const BUMP: &str = "UPDATE feeds SET version = version + 1";
const SET_DELIVERED: &str = "UPDATE feeds SET delivered_at = $2, late_told_at = NULL WHERE number = $1";
const SET_LATE_TOLD: &str = "UPDATE feeds SET late_told_at = $2 WHERE number = $1";
const SET_APPLIED: &str = "UPDATE feeds SET applied_run = $2, field_counts = $3 WHERE number = $1";
const FIELD_COUNTS: &str = "SELECT field_counts FROM feeds WHERE number = $1";
const SET_CONTROL: &str = "UPDATE feeds SET control = $2 WHERE number = $1";
const GROUPS: &str = "
    SELECT code, name, declared_at, declared_by FROM feed_groups WHERE feed = $1 ORDER BY code LIMIT 1000";
const PUT_GROUP: &str = "
    INSERT INTO feed_groups (feed, code, name, declared_at, declared_by) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (feed, code) DO UPDATE SET name = excluded.name";
const DROP_GROUP: &str = "DELETE FROM feed_groups WHERE feed = $1 AND code = $2";
const INSERT_CONTROL: &str = "
    INSERT INTO feed_controls (feed, version, digest, meaning, at, author, origin, reason)
    SELECT $1, COALESCE(max(version), 0) + 1, $2, $3, $4, $5, $6, $7 FROM feed_controls WHERE feed = $1
    RETURNING version";
const CONTROLS: &str = "
    SELECT version, digest, meaning, at, author, origin, reason FROM feed_controls
    WHERE feed = $1 ORDER BY version DESC LIMIT 1000";
const CONTROL: &str = "
    SELECT version, digest, meaning, at, author, origin, reason FROM feed_controls WHERE feed = $1 AND version = $2";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("feeds.INSERT", INSERT),
    ("feeds.LIST", LIST),
    ("feeds.FIND", FIND),
    ("feeds.FIND_BY_CODE", FIND_BY_CODE),
    ("feeds.CONFIGURE", CONFIGURE),
    ("feeds.KEEP_SETTINGS", KEEP_SETTINGS),
    ("feeds.BUMP", BUMP),
    ("feeds.SET_DELIVERED", SET_DELIVERED),
    ("feeds.SET_LATE_TOLD", SET_LATE_TOLD),
    ("feeds.SET_APPLIED", SET_APPLIED),
    ("feeds.FIELD_COUNTS", FIELD_COUNTS),
    ("feeds.SET_CONTROL", SET_CONTROL),
    ("feeds.GROUPS", GROUPS),
    ("feeds.PUT_GROUP", PUT_GROUP),
    ("feeds.DROP_GROUP", DROP_GROUP),
    ("feeds.INSERT_CONTROL", INSERT_CONTROL),
    ("feeds.CONTROLS", CONTROLS),
    ("feeds.CONTROL", CONTROL),
];

/// Adds a feed.
pub fn insert(
    tx: &mut Tx,
    (id, code, name): (&FeedId, &Code, &str),
    settings: &FeedSettings,
    (by, at): (&str, Timestamp),
) -> Result<(), StoreError> {
    let settings = settings_text(settings);
    let arguments =
        [id.as_str().into(), code.as_str().into(), name.into(), settings.into(), by.into(), at.as_microsecond().into()];
    tx.execute(INSERT, &arguments).map(drop)
}

/// All feeds by code; at most 1,000.
pub fn list(tx: &mut Tx) -> Result<Vec<Feed>, StoreError> {
    tx.list(LIST, &[], feed)
}

/// A feed by its number.
pub fn find(tx: &mut Tx, number: i64) -> Result<Option<Feed>, StoreError> {
    tx.optional(FIND, &[number.into()], feed)
}

/// A feed by its code or id.
pub fn find_by_code(tx: &mut Tx, code: &str) -> Result<Option<Feed>, StoreError> {
    tx.optional(FIND_BY_CODE, &[code.into()], feed)
}

/// Changes name and settings.
pub fn configure(
    tx: &mut Tx,
    number: i64,
    (name, settings): (&str, &FeedSettings),
    (by, at): (&str, Timestamp),
) -> Result<(), StoreError> {
    let arguments = [number.into(), name.into(), settings_text(settings).into(), by.into(), at.as_microsecond().into()];
    tx.execute(CONFIGURE, &arguments).map(drop)
}

/// Changes settings as a run does, which is nobody's decision.
pub fn keep_settings(tx: &mut Tx, number: i64, settings: &FeedSettings) -> Result<(), StoreError> {
    tx.execute(KEEP_SETTINGS, &[number.into(), settings_text(settings).into()]).map(drop)
}

/// Says that people changed: every preview made before is out of date. People are shared, and so it holds for all feeds.
pub fn bump(tx: &mut Tx) -> Result<(), StoreError> {
    tx.execute(BUMP, &[]).map(drop)
}

/// Notes that a complete delivery came.
pub fn set_delivered(tx: &mut Tx, number: i64, at: Timestamp) -> Result<(), StoreError> {
    tx.execute(SET_DELIVERED, &[number.into(), at.as_microsecond().into()]).map(drop)
}

/// Notes that somebody was told that it is late.
pub fn set_late_told(tx: &mut Tx, number: i64, at: Timestamp) -> Result<(), StoreError> {
    tx.execute(SET_LATE_TOLD, &[number.into(), at.as_microsecond().into()]).map(drop)
}

/// Notes the run applied last, and how many people have a value since then, by field.
pub fn set_applied(
    tx: &mut Tx,
    number: i64,
    (run, fields): (&FeedRunId, &BTreeMap<String, u64>),
) -> Result<(), StoreError> {
    tx.execute(SET_APPLIED, &[number.into(), run.as_str().into(), tally_text(fields).into()]).map(drop)
}

/// How many people of a feed have a value, by field.
pub fn field_counts(tx: &mut Tx, number: i64) -> Result<BTreeMap<String, u64>, StoreError> {
    tx.one(FIELD_COUNTS, &[number.into()], |row| read_tally(row.text(0)?).ok_or_else(|| row.corrupt(0)))
}

/// The groups a feed manages, by code; at most 1,000.
pub fn groups(tx: &mut Tx, feed: i64) -> Result<Vec<ManagedGroup>, StoreError> {
    tx.list(GROUPS, &[feed.into()], |row| {
        Ok(ManagedGroup {
            code: row.text(0)?.to_owned(),
            name: row.text(1)?.to_owned(),
            declared_at: moment(row, 2)?,
            declared_by: row.text(3)?.to_owned(),
        })
    })
}

/// Declares a group, or names it anew.
pub fn put_group(tx: &mut Tx, feed: i64, group: &ManagedGroup) -> Result<(), StoreError> {
    let (code, name, by) = (&group.code, &group.name, &group.declared_by);
    let arguments = [feed.into(), code.into(), name.into(), group.declared_at.as_microsecond().into(), by.into()];
    tx.execute(PUT_GROUP, &arguments).map(drop)
}

/// Takes a declaration back; whether there was one.
pub fn drop_group(tx: &mut Tx, feed: i64, code: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(DROP_GROUP, &[feed.into(), code.into()])? > 0)
}

/// Puts a control file in force; its version.
pub fn put_control(tx: &mut Tx, feed: i64, control: &ControlVersion) -> Result<u64, StoreError> {
    let arguments = [
        feed.into(),
        (&control.digest).into(),
        (&control.meaning).into(),
        control.at.as_microsecond().into(),
        (&control.author).into(),
        control.origin.as_str().into(),
        control.reason.as_deref().into(),
    ];
    let version = tx.one(INSERT_CONTROL, &arguments, |row| row.integer(0))?;
    tx.execute(SET_CONTROL, &[feed.into(), version.into()])?;
    Ok(version.unsigned_abs())
}

/// The versions of a feed's control file, the newest first; at most 1,000.
pub fn controls(tx: &mut Tx, feed: i64) -> Result<Vec<ControlVersion>, StoreError> {
    tx.list(CONTROLS, &[feed.into()], control)
}

/// One version of a feed's control file.
pub fn control_version(tx: &mut Tx, feed: i64, version: u64) -> Result<Option<ControlVersion>, StoreError> {
    tx.optional(CONTROL, &[feed.into(), (version as i64).into()], control)
}

fn control(row: &Row<'_>) -> Result<ControlVersion, StoreError> {
    Ok(ControlVersion {
        version: row.integer(0)?.unsigned_abs(),
        digest: row.text(1)?.to_owned(),
        meaning: row.blob(2)?.try_into().map_err(|_| row.corrupt(2))?,
        at: moment(row, 3)?,
        author: row.text(4)?.to_owned(),
        origin: Origin::parse(row.text(5)?).ok_or_else(|| row.corrupt(5))?,
        reason: row.optional_text(6)?.map(str::to_owned),
    })
}

fn feed(row: &Row<'_>) -> Result<Feed, StoreError> {
    let applied = row.optional_text(9)?.map(|id| FeedRunId::parse(id).ok_or_else(|| row.corrupt(9))).transpose()?;
    Ok(Feed {
        number: row.integer(0)?,
        id: FeedId::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?,
        code: Code::parse(row.text(2)?).map_err(|_| row.corrupt(2))?,
        name: row.text(3)?.to_owned(),
        settings: read_settings(row.text(4)?).ok_or_else(|| row.corrupt(4))?,
        changed_by: row.text(5)?.to_owned(),
        changed_at: moment(row, 6)?,
        version: row.integer(7)?.unsigned_abs(),
        control: row.optional_integer(8)?.map(i64::unsigned_abs),
        applied_run: applied,
        delivered_at: optional_moment(row, 10)?,
        late_told_at: optional_moment(row, 11)?,
    })
}
