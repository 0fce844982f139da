//! Counted tries to sign in, per username and per source. A subject is a digest or a network address, never a name.

use jiff::Timestamp;

use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;

/// Finds what was counted for a subject.
pub const FIND: &str = "SELECT failures, blocked_until FROM sign_in_attempts WHERE subject = $1";

/// Stores what is counted for a subject.
pub const RECORD: &str = "
    INSERT INTO sign_in_attempts (subject, failures, blocked_until)
    VALUES ($1, $2, $3)
    ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures, blocked_until = excluded.blocked_until";

/// Forgets a subject.
pub const CLEAR: &str = "DELETE FROM sign_in_attempts WHERE subject = $1";

/// Forgets subjects whose last try is long past.
pub const FORGET: &str = "DELETE FROM sign_in_attempts WHERE blocked_until <= $1";

/// What was counted for a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempts {
    /// Tries without success since the last one that had it.
    pub failures: i64,
    /// The next try is refused before this; never earlier than the last try.
    pub blocked_until: Timestamp,
}

/// What was counted for a subject.
pub fn find(tx: &mut Tx, subject: &str) -> Result<Option<Attempts>, StoreError> {
    tx.optional(FIND, &[subject.into()], |row| {
        Ok(Attempts { failures: row.integer(0)?, blocked_until: moment(row, 1)? })
    })
}

/// Stores what is counted for a subject.
pub fn record(tx: &mut Tx, subject: &str, attempts: Attempts) -> Result<(), StoreError> {
    let arguments = [subject.into(), attempts.failures.into(), attempts.blocked_until.as_microsecond().into()];
    tx.execute(RECORD, &arguments).map(drop)
}

/// Forgets a subject.
pub fn clear(tx: &mut Tx, subject: &str) -> Result<(), StoreError> {
    tx.execute(CLEAR, &[subject.into()]).map(drop)
}

/// Forgets subjects whose last try or block ended before this.
pub fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute(FORGET, &[before.as_microsecond().into()])
}
