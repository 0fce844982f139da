//! People and groups that are protected, each with who protected them, when and why.

use crate::nouns::protection::{Protectee, Protection, Protections, Reason};
use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;

const ALL: &str = "
    SELECT subject, id, reason, added_by, added_at FROM protected ORDER BY subject, added_at, id LIMIT 1000";
const COUNT: &str = "SELECT CAST(count(*) AS BIGINT) FROM protected";
const INSERT: &str = "
    INSERT INTO protected (subject, id, reason, added_by, added_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (subject, id) DO NOTHING";
const DELETE: &str = "DELETE FROM protected WHERE subject = $1 AND id = $2";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] =
    &[("protected.ALL", ALL), ("protected.COUNT", COUNT), ("protected.INSERT", INSERT), ("protected.DELETE", DELETE)];

/// The most protections that an organization has: all of them stand in one list and are asked before every effect.
pub const MOST: u64 = 1000;

/// Every protection: groups, then people, the oldest first.
pub fn all(tx: &mut Tx) -> Result<Protections, StoreError> {
    let listed = tx.list(ALL, &[], |row| {
        Ok(Protection {
            of: Protectee::parse(row.text(0)?, row.text(1)?).ok_or_else(|| row.corrupt(1))?,
            reason: Reason::parse(row.text(2)?).map_err(|_| row.corrupt(2))?,
            added_by: row.text(3)?.to_owned(),
            added_at: moment(row, 4)?,
        })
    })?;
    Ok(Protections(listed))
}

/// How many there are.
pub fn count(tx: &mut Tx) -> Result<u64, StoreError> {
    tx.one(COUNT, &[], |row| row.integer(0)).map(i64::unsigned_abs)
}

/// Adds a protection; whether there was none of this person or group.
pub fn insert(tx: &mut Tx, protection: &Protection) -> Result<bool, StoreError> {
    let arguments = [
        protection.of.subject().into(),
        protection.of.id().into(),
        protection.reason.as_str().into(),
        (&protection.added_by).into(),
        protection.added_at.as_microsecond().into(),
    ];
    tx.execute(INSERT, &arguments).map(|inserted| inserted == 1)
}

/// Takes a protection away; whether there was one.
pub fn delete(tx: &mut Tx, protectee: &Protectee) -> Result<bool, StoreError> {
    tx.execute(DELETE, &[protectee.subject().into(), protectee.id().into()]).map(|deleted| deleted == 1)
}
