//! Feed keys, found by the hash of their secret. The secret itself never comes here.

use jiff::Timestamp;

use crate::id::FeedKeyId;
use crate::nouns::feed_key::FeedKey;
use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::Row;

const INSERT: &str = "
    INSERT INTO feed_keys (id, feed, secret_hash, label, created_by, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
const FIND: &str = "
    SELECT id, feed, label, created_by, created_at, expires_at, last_used_at, revoked_at
    FROM feed_keys WHERE secret_hash = $1";
const OF_FEED: &str = "
    SELECT id, feed, label, created_by, created_at, expires_at, last_used_at, revoked_at
    FROM feed_keys WHERE feed = $1 ORDER BY id LIMIT 1000";
const TOUCH: &str = "UPDATE feed_keys SET last_used_at = $2 WHERE id = $1";
const REVOKE: &str = "
    UPDATE feed_keys SET revoked_at = $2 WHERE id = $1 AND (revoked_at IS NULL OR revoked_at > $2)";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("feed_keys.INSERT", INSERT),
    ("feed_keys.FIND", FIND),
    ("feed_keys.OF_FEED", OF_FEED),
    ("feed_keys.TOUCH", TOUCH),
    ("feed_keys.REVOKE", REVOKE),
];

/// Adds a key.
pub fn insert(tx: &mut Tx, key: &FeedKey, secret_hash: &[u8; 32]) -> Result<(), StoreError> {
    let arguments = [
        key.id.as_str().into(),
        key.feed.into(),
        secret_hash.into(),
        (&key.label).into(),
        (&key.created_by).into(),
        key.created_at.as_microsecond().into(),
        key.expires_at.map(Timestamp::as_microsecond).into(),
    ];
    tx.execute(INSERT, &arguments).map(drop)
}

/// The key of this secret, whether it opens anything or not.
pub fn find(tx: &mut Tx, secret_hash: &[u8; 32]) -> Result<Option<FeedKey>, StoreError> {
    tx.optional(FIND, &[secret_hash.into()], key)
}

/// The keys of a feed, the oldest first; at most 1,000.
pub fn of_feed(tx: &mut Tx, feed: i64) -> Result<Vec<FeedKey>, StoreError> {
    tx.list(OF_FEED, &[feed.into()], key)
}

/// Notes that a key was used.
pub fn touch(tx: &mut Tx, id: &FeedKeyId, at: Timestamp) -> Result<(), StoreError> {
    tx.execute(TOUCH, &[id.as_str().into(), at.as_microsecond().into()]).map(drop)
}

/// Revokes a key from a moment on; false when it opens nothing by then already.
pub fn revoke(tx: &mut Tx, id: &FeedKeyId, at: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(REVOKE, &[id.as_str().into(), at.as_microsecond().into()])? == 1)
}

fn key(row: &Row<'_>) -> Result<FeedKey, StoreError> {
    Ok(FeedKey {
        id: FeedKeyId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
        feed: row.integer(1)?,
        label: row.text(2)?.to_owned(),
        created_by: row.text(3)?.to_owned(),
        created_at: moment(row, 4)?,
        expires_at: optional_moment(row, 5)?,
        last_used_at: optional_moment(row, 6)?,
        revoked_at: optional_moment(row, 7)?,
    })
}
