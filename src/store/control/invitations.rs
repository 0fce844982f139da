//! One-time links by which mirrored people come in, found by the hash of their token.

use jiff::Timestamp;

use crate::id::OrganizationId;
use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::tx::Tx;

/// Adds an invitation.
pub const INSERT: &str = "
    INSERT INTO invitations (token_hash, organization, account_id, created_at, expires_at, used_at)
    VALUES ($1, $2, $3, $4, $5, NULL)";

/// Finds an invitation.
pub const FIND: &str = "
    SELECT organization, account_id, expires_at, used_at FROM invitations WHERE token_hash = $1";

/// Uses an invitation, once.
pub const USE: &str = "
    UPDATE invitations SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2";

/// Ends every unused invitation of an account.
pub const EXPIRE: &str = "
    UPDATE invitations SET expires_at = $3
    WHERE organization = $1 AND account_id = $2 AND used_at IS NULL AND expires_at > $3";

/// An invitation as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// To which organization.
    pub organization: OrganizationId,
    /// Of whom.
    pub account_id: String,
    /// Until when it can be used.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

/// Adds an invitation in place of those that the account has.
pub fn insert(
    tx: &mut Tx,
    token_hash: &[u8; 32],
    (organization, account_id): (&OrganizationId, &str),
    (created_at, expires_at): (Timestamp, Timestamp),
) -> Result<(), StoreError> {
    expire(tx, (organization, account_id), created_at)?;
    let arguments = [
        token_hash.into(),
        organization.as_str().into(),
        account_id.into(),
        created_at.as_microsecond().into(),
        expires_at.as_microsecond().into(),
    ];
    tx.execute(INSERT, &arguments).map(drop)
}

/// The invitation of a token, usable or not.
pub fn find(tx: &mut Tx, token_hash: &[u8; 32]) -> Result<Option<Invitation>, StoreError> {
    tx.optional(FIND, &[token_hash.into()], |row| {
        Ok(Invitation {
            organization: OrganizationId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
            account_id: row.text(1)?.to_owned(),
            expires_at: moment(row, 2)?,
            used_at: optional_moment(row, 3)?,
        })
    })
}

/// Uses an invitation; false when it was used before, has expired or never was.
pub fn take(tx: &mut Tx, token_hash: &[u8; 32], now: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(USE, &[token_hash.into(), now.as_microsecond().into()])? == 1)
}

/// Ends every unused invitation of an account.
pub fn expire(
    tx: &mut Tx,
    (organization, account_id): (&OrganizationId, &str),
    now: Timestamp,
) -> Result<u64, StoreError> {
    tx.execute(EXPIRE, &[organization.as_str().into(), account_id.into(), now.as_microsecond().into()])
}
