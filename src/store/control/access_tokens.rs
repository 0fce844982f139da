//! Access tokens of the API, found by the hash of their secret. The secret itself never comes here.

use jiff::Timestamp;

use crate::id::{AccessTokenId, AdministratorId};
use crate::nouns::access_token::{AccessToken, Reach, TokenName};
use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::Row;

/// Adds a token.
pub const INSERT: &str = "
    INSERT INTO access_tokens (id, token_hash, name, administrator, created_by, created_at, expires_at, reach)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

/// Finds a token with its administrator's name; none of somebody whose entry has ended.
pub const FIND: &str = "
    SELECT t.id, t.name, t.administrator, a.username, t.created_by, t.created_at, t.expires_at, t.last_used_at,
        t.revoked_at, t.reach
    FROM access_tokens t
    JOIN administrators a ON a.id = t.administrator
    LEFT JOIN admissions ON admissions.administrator = a.id
    WHERE t.token_hash = $1 AND admissions.ended_at IS NULL";

/// All tokens, the oldest first.
pub const LIST: &str = "
    SELECT t.id, t.name, t.administrator, a.username, t.created_by, t.created_at, t.expires_at, t.last_used_at,
        t.revoked_at, t.reach
    FROM access_tokens t
    JOIN administrators a ON a.id = t.administrator
    ORDER BY t.id LIMIT 10000";

/// Notes that a token was used.
pub const TOUCH: &str = "UPDATE access_tokens SET last_used_at = $2 WHERE id = $1";

/// Revokes a token, once.
pub const REVOKE: &str = "UPDATE access_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";

/// Gives whoever made tokens another name.
pub const RENAME_MAKER: &str = "UPDATE access_tokens SET created_by = $2 WHERE created_by = $1";

/// Adds a token.
pub fn insert(tx: &mut Tx, token: &AccessToken, token_hash: &[u8; 32]) -> Result<(), StoreError> {
    let arguments = [
        token.id.as_str().into(),
        token_hash.into(),
        token.name.as_str().into(),
        token.administrator.as_str().into(),
        token.created_by.as_str().into(),
        token.created_at.as_microsecond().into(),
        token.expires_at.map(|at| at.as_microsecond()).into(),
        token.reach.as_str().into(),
    ];
    tx.execute(INSERT, &arguments).map(drop)
}

/// The token of this secret, whether it opens anything or not.
pub fn find(tx: &mut Tx, token_hash: &[u8; 32]) -> Result<Option<AccessToken>, StoreError> {
    tx.optional(FIND, &[token_hash.into()], token)
}

/// All tokens, the oldest first; at most 10,000.
pub fn list(tx: &mut Tx) -> Result<Vec<AccessToken>, StoreError> {
    tx.list(LIST, &[], token)
}

/// Notes that a token was used.
pub fn touch(tx: &mut Tx, id: &AccessTokenId, at: Timestamp) -> Result<(), StoreError> {
    tx.execute(TOUCH, &[id.as_str().into(), at.as_microsecond().into()]).map(drop)
}

/// Revokes a token; false when it was revoked before or never was.
pub fn revoke(tx: &mut Tx, id: &AccessTokenId, at: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(REVOKE, &[id.as_str().into(), at.as_microsecond().into()])? == 1)
}

fn token(row: &Row<'_>) -> Result<AccessToken, StoreError> {
    Ok(AccessToken {
        id: AccessTokenId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
        name: TokenName::parse(row.text(1)?).map_err(|_| row.corrupt(1))?,
        administrator: AdministratorId::parse(row.text(2)?).ok_or_else(|| row.corrupt(2))?,
        username: row.text(3)?.to_owned(),
        created_by: row.text(4)?.to_owned(),
        created_at: moment(row, 5)?,
        expires_at: optional_moment(row, 6)?,
        last_used_at: optional_moment(row, 7)?,
        revoked_at: optional_moment(row, 8)?,
        reach: Reach::parse(row.text(9)?).ok_or_else(|| row.corrupt(9))?,
    })
}

/// Gives whoever made tokens another name. How many tokens that were.
pub fn rename_maker(tx: &mut Tx, name: &str, with: &str) -> Result<u64, StoreError> {
    tx.execute(RENAME_MAKER, &[name.into(), with.into()])
}
