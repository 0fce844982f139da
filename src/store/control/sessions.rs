//! Sessions of signed-in administrators, found by the hash of their token.

use jiff::Timestamp;

use crate::id::AdministratorId;
use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;

/// Begins a session.
pub const INSERT: &str = "
    INSERT INTO sessions (token_hash, administrator, created_at, last_seen_at, expires_at)
    VALUES ($1, $2, $3, $3, $4)";

/// Finds a session with the administrator's name, unless their entry has ended.
pub const FIND: &str = "
    SELECT administrators.id, administrators.username, sessions.last_seen_at, sessions.expires_at
    FROM sessions
    JOIN administrators ON administrators.id = sessions.administrator
    LEFT JOIN admissions ON admissions.administrator = administrators.id
    WHERE sessions.token_hash = $1 AND admissions.ended_at IS NULL";

/// Notes that a session was used.
pub const TOUCH: &str = "UPDATE sessions SET last_seen_at = $2 WHERE token_hash = $1";

/// Ends a session.
pub const DELETE: &str = "DELETE FROM sessions WHERE token_hash = $1";

/// Removes the sessions that can no longer be used.
pub const DELETE_OVER: &str = "DELETE FROM sessions WHERE expires_at <= $1 OR last_seen_at <= $2";

/// Ends every session of an administrator.
pub const DELETE_OF: &str = "DELETE FROM sessions WHERE administrator = $1";

/// A session as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Whose it is.
    pub administrator: AdministratorId,
    /// Their username.
    pub username: String,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
}

/// Begins a session.
pub fn insert(
    tx: &mut Tx,
    token_hash: &[u8; 32],
    administrator: &AdministratorId,
    created_at: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let arguments = [
        token_hash.into(),
        administrator.as_str().into(),
        created_at.as_microsecond().into(),
        expires_at.as_microsecond().into(),
    ];
    tx.execute(INSERT, &arguments).map(drop)
}

/// The session of a token, in force or not.
pub fn find(tx: &mut Tx, token_hash: &[u8; 32]) -> Result<Option<Session>, StoreError> {
    tx.optional(FIND, &[token_hash.into()], |row| {
        Ok(Session {
            administrator: AdministratorId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
            username: row.text(1)?.to_owned(),
            last_seen_at: moment(row, 2)?,
            expires_at: moment(row, 3)?,
        })
    })
}

/// Notes that a session was used.
pub fn touch(tx: &mut Tx, token_hash: &[u8; 32], at: Timestamp) -> Result<(), StoreError> {
    tx.execute(TOUCH, &[token_hash.into(), at.as_microsecond().into()]).map(drop)
}

/// Ends a session; one that is not there is ended already.
pub fn delete(tx: &mut Tx, token_hash: &[u8; 32]) -> Result<(), StoreError> {
    tx.execute(DELETE, &[token_hash.into()]).map(drop)
}

/// Removes sessions past their end, and those not used since `idle_since`.
pub fn delete_over(tx: &mut Tx, now: Timestamp, idle_since: Timestamp) -> Result<u64, StoreError> {
    tx.execute(DELETE_OVER, &[now.as_microsecond().into(), idle_since.as_microsecond().into()])
}

/// Ends every session of an administrator; how many there were.
pub fn delete_of(tx: &mut Tx, administrator: &AdministratorId) -> Result<u64, StoreError> {
    tx.execute(DELETE_OF, &[administrator.as_str().into()])
}
