//! Of which organization API keys a receiver was told how many days ahead, so that it is told once.

use jiff::Timestamp;

use crate::id::KeyId;
use crate::store::error::StoreError;
use crate::store::tx::Tx;

const NEAREST: &str = "SELECT min(days) FROM key_notices WHERE receiver = $1 AND key_id = $2";
const INSERT: &str = "
    INSERT INTO key_notices (receiver, key_id, days, told_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[("key_notices.NEAREST", NEAREST), ("key_notices.INSERT", INSERT)];

/// The fewest days ahead of which a receiver was told of a key.
pub fn nearest(tx: &mut Tx, receiver: &str, key: &KeyId) -> Result<Option<i64>, StoreError> {
    tx.one(NEAREST, &[receiver.into(), key.as_str().into()], |row| row.optional_integer(0))
}

/// Remembers that a receiver is told.
pub fn insert(tx: &mut Tx, receiver: &str, (key, days): (&KeyId, u16), at: Timestamp) -> Result<(), StoreError> {
    let days = i64::from(days);
    tx.execute(INSERT, &[receiver.into(), key.as_str().into(), days.into(), at.as_microsecond().into()]).map(drop)
}
