//! How large a database is on disk.

use crate::store::error::StoreError;
use crate::store::tx::Tx;

/// The bytes that a database takes, with its indexes.
pub fn bytes(tx: &mut Tx) -> Result<u64, StoreError> {
    let statement = tx.engine().database_bytes();
    tx.one(statement, &[], |row| Ok(row.integer(0)?.unsigned_abs()))
}
