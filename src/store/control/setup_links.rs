//! One-time links that let somebody create the administrator, found by the hash of their token.

use jiff::Timestamp;

use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::tx::Tx;

/// Adds a link.
pub const INSERT: &str = "
    INSERT INTO setup_links (token_hash, created_at, expires_at, used_at)
    VALUES ($1, $2, $3, NULL)";

/// Finds a link.
pub const FIND: &str = "SELECT expires_at, used_at FROM setup_links WHERE token_hash = $1";

/// Uses a link, once.
pub const USE: &str = "
    UPDATE setup_links
    SET used_at = $2
    WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2";

/// Ends every unused link before its time.
pub const EXPIRE_OTHERS: &str = "UPDATE setup_links SET expires_at = $1 WHERE used_at IS NULL AND expires_at > $1";

/// A link as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetupLink {
    /// Until when it can be used.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

/// Adds a link.
pub fn insert(
    tx: &mut Tx,
    token_hash: &[u8; 32],
    created_at: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let arguments = [token_hash.into(), created_at.as_microsecond().into(), expires_at.as_microsecond().into()];
    tx.execute(INSERT, &arguments).map(drop)
}

/// The link of a token, usable or not.
pub fn find(tx: &mut Tx, token_hash: &[u8; 32]) -> Result<Option<SetupLink>, StoreError> {
    tx.optional(FIND, &[token_hash.into()], |row| {
        Ok(SetupLink { expires_at: moment(row, 0)?, used_at: optional_moment(row, 1)? })
    })
}

/// Uses a link; false when it was used before, has expired or never was.
pub fn take(tx: &mut Tx, token_hash: &[u8; 32], now: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(USE, &[token_hash.into(), now.as_microsecond().into()])? == 1)
}

/// Ends every link that was not used: only the newest one is good.
pub fn expire_others(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    tx.execute(EXPIRE_OTHERS, &[now.as_microsecond().into()])
}
