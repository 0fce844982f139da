//! Request keys: a verb that starts work, asked twice with the same key, gives the first one's answer for 24 hours.

use jiff::Timestamp;

use crate::store::error::StoreError;
use crate::store::tx::Tx;

const FIND: &str = "SELECT answer FROM request_keys WHERE request_key = $1 AND at > $2";
const REMEMBER: &str = "
    INSERT INTO request_keys (request_key, answer, at) VALUES ($1, $2, $3)
    ON CONFLICT (request_key) DO UPDATE SET answer = excluded.answer, at = excluded.at";
const FORGET: &str = "DELETE FROM request_keys WHERE at <= $1";
const DROP: &str = "DELETE FROM request_keys WHERE request_key = $1";
const DAY: i64 = 86_400_000_000;

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("request_keys.FIND", FIND),
    ("request_keys.REMEMBER", REMEMBER),
    ("request_keys.FORGET", FORGET),
    ("request_keys.DROP", DROP),
];

/// What was answered to this key within the last 24 hours.
pub fn find(tx: &mut Tx, key: &str, now: Timestamp) -> Result<Option<String>, StoreError> {
    tx.optional(FIND, &[key.into(), (now.as_microsecond() - DAY).into()], |row| Ok(row.text(0)?.to_owned()))
}

/// Keeps an answer, and forgets those that are older than a day.
pub fn remember(tx: &mut Tx, key: &str, answer: &str, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(FORGET, &[(now.as_microsecond() - DAY).into()])?;
    tx.execute(REMEMBER, &[key.into(), answer.into(), now.as_microsecond().into()]).map(drop)
}

/// Drops what is kept of a key, of a request that came to nothing.
pub fn drop_one(tx: &mut Tx, key: &str) -> Result<(), StoreError> {
    tx.execute(DROP, &[key.into()]).map(drop)
}
