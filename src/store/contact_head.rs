//! The version of everything about contacts: raised by every write, so that whoever holds them in memory knows what to read
//! on.

use crate::store::error::StoreError;
use crate::store::tx::Tx;

const READ: &str = "SELECT version, fields_version, followed FROM contact_head WHERE id = 1";
const NEXT: &str = "UPDATE contact_head SET version = version + 1 WHERE id = 1 RETURNING version";
const FIELDS_CHANGED: &str = "
    UPDATE contact_head SET version = version + 1, fields_version = fields_version + 1 WHERE id = 1";
const SET_FOLLOWED: &str = "UPDATE contact_head SET followed = $1 WHERE id = 1";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("contact_head.READ", READ),
    ("contact_head.NEXT", NEXT),
    ("contact_head.FIELDS_CHANGED", FIELDS_CHANGED),
    ("contact_head.SET_FOLLOWED", SET_FOLLOWED),
];

/// Where contacts stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactHead {
    /// The version of the last write.
    pub version: i64,
    /// The version of the fields that people defined.
    pub fields_version: i64,
    /// What of the accounts was followed last: a word that changes with them. Empty before the first time.
    pub followed: String,
}

/// Reads it.
pub fn read(tx: &mut Tx) -> Result<ContactHead, StoreError> {
    tx.one(READ, &[], |row| {
        Ok(ContactHead { version: row.integer(0)?, fields_version: row.integer(1)?, followed: row.text(2)?.to_owned() })
    })
}

/// The version of a write.
pub fn next(tx: &mut Tx) -> Result<i64, StoreError> {
    tx.one(NEXT, &[], |row| row.integer(0))
}

/// Says that the fields changed.
pub fn fields_changed(tx: &mut Tx) -> Result<(), StoreError> {
    tx.execute(FIELDS_CHANGED, &[]).map(drop)
}

/// Notes what of the accounts was followed.
pub fn set_followed(tx: &mut Tx, followed: &str) -> Result<(), StoreError> {
    tx.execute(SET_FOLLOWED, &[followed.into()]).map(drop)
}
