//! Who signs in to Rollcall with a username and a password. A password's text never comes here.

use jiff::Timestamp;

use crate::id::AdministratorId;
use crate::store::coverage::optional_moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::Row;

/// Adds an administrator.
pub const INSERT: &str = "
    INSERT INTO administrators (id, username, username_key, password_hash, created_at, last_sign_in_at)
    VALUES ($1, $2, $3, $4, $5, NULL)";

/// Finds an administrator by the folded username, unless their entry has ended.
pub const FIND_BY_KEY: &str = "
    SELECT id, username, password_hash, last_sign_in_at
    FROM administrators
    LEFT JOIN admissions ON admissions.administrator = administrators.id
    WHERE username_key = $1 AND admissions.ended_at IS NULL";

/// Gives an administrator another username and password.
pub const REPLACE: &str = "
    UPDATE administrators SET username = $2, username_key = $3, password_hash = $4 WHERE id = $1";

/// Those who were made at set-up: nobody's role admits them.
pub const MADE_AT_SET_UP: &str = "
    SELECT administrators.id, username, password_hash, last_sign_in_at
    FROM administrators
    LEFT JOIN admissions ON admissions.administrator = administrators.id
    WHERE admissions.administrator IS NULL
    ORDER BY created_at, administrators.id";

/// All administrators, the first one first.
pub const LIST: &str = "
    SELECT id, username, password_hash, last_sign_in_at
    FROM administrators
    ORDER BY created_at, id LIMIT 1000";

/// Counts administrators.
pub const COUNT: &str = "SELECT COUNT(*) FROM administrators";

/// Looks whether there is an administrator of an id.
pub const EXISTS: &str = "SELECT CAST(count(*) AS BIGINT) FROM administrators WHERE id = $1";

/// Notes when somebody signed in.
pub const NOTE_SIGN_IN: &str = "UPDATE administrators SET last_sign_in_at = $2 WHERE id = $1";

/// Somebody who signs in to Rollcall.
#[derive(Clone, PartialEq, Eq)]
pub struct Administrator {
    /// Our id.
    pub id: AdministratorId,
    /// The name as it was entered.
    pub username: String,
    /// The password's hash as a PHC string.
    pub password_hash: String,
    /// When they last signed in.
    pub last_sign_in_at: Option<Timestamp>,
}

impl std::fmt::Debug for Administrator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Administrator").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Adds an administrator; [`StoreError::Conflict`] when another has a username of the same key.
pub fn insert(
    tx: &mut Tx,
    administrator: &Administrator,
    username_key: &str,
    created_at: Timestamp,
) -> Result<(), StoreError> {
    let Administrator { id, username, password_hash, .. } = administrator;
    let created_at = created_at.as_microsecond();
    let arguments = [id.as_str().into(), username.into(), username_key.into(), password_hash.into(), created_at.into()];
    tx.execute(INSERT, &arguments).map(drop)
}

/// The administrator whose username has this key.
pub fn find_by_key(tx: &mut Tx, username_key: &str) -> Result<Option<Administrator>, StoreError> {
    tx.optional(FIND_BY_KEY, &[username_key.into()], administrator)
}

/// Gives an administrator another username and password; [`StoreError::Conflict`] as with [`insert`].
pub fn replace(tx: &mut Tx, administrator: &Administrator, username_key: &str) -> Result<(), StoreError> {
    let Administrator { id, username, password_hash, .. } = administrator;
    tx.execute(REPLACE, &[id.as_str().into(), username.into(), username_key.into(), password_hash.into()]).map(drop)
}

/// The administrators made at set-up, the first first.
pub fn made_at_set_up(tx: &mut Tx) -> Result<Vec<Administrator>, StoreError> {
    tx.list(MADE_AT_SET_UP, &[], administrator)
}

/// All administrators, the first one first; at most 1,000.
pub fn list(tx: &mut Tx) -> Result<Vec<Administrator>, StoreError> {
    tx.list(LIST, &[], administrator)
}

/// How many administrators there are: 0 on a new installation.
pub fn count(tx: &mut Tx) -> Result<i64, StoreError> {
    tx.one(COUNT, &[], |row| row.integer(0))
}

/// Whether there is an administrator of this id.
pub fn exists(tx: &mut Tx, id: &AdministratorId) -> Result<bool, StoreError> {
    tx.one(EXISTS, &[id.as_str().into()], |row| Ok(row.integer(0)? > 0))
}

/// Notes that an administrator signed in.
pub fn note_sign_in(tx: &mut Tx, id: &AdministratorId, at: Timestamp) -> Result<(), StoreError> {
    tx.execute(NOTE_SIGN_IN, &[id.as_str().into(), at.as_microsecond().into()]).map(drop)
}

fn administrator(row: &Row<'_>) -> Result<Administrator, StoreError> {
    Ok(Administrator {
        id: AdministratorId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
        username: row.text(1)?.to_owned(),
        password_hash: row.text(2)?.to_owned(),
        last_sign_in_at: optional_moment(row, 3)?,
    })
}
