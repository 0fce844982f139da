//! The head row: the lock under which everything of an organization is written, and what every write has to check.

use crate::store::error::StoreError;
use crate::store::tx::Tx;

/// The head of one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The newest sealed generation; 0 before the first.
    pub generation: u64,
    /// Raised by every start of a server on this database, which voids all leases.
    pub epoch: i64,
    /// The number of the newest lease.
    pub lease_number: i64,
    /// Raised by every change of a run's progress.
    pub progress_seq: i64,
    /// The number of the newest event.
    pub event_seq: i64,
    /// Whether somebody has stopped every effect.
    pub stopped: bool,
}

const READ: &str = "SELECT generation, epoch, lease_number, progress_seq, event_seq, stopped FROM head WHERE id = 1";
const RAISE_EPOCH: &str = "UPDATE head SET epoch = epoch + 1 WHERE id = 1 RETURNING epoch";
const RAISE_LEASE: &str = "UPDATE head SET lease_number = lease_number + 1 WHERE id = 1 RETURNING lease_number";
const ADVANCE: &str = "UPDATE head SET generation = $1, progress_seq = progress_seq + 1 WHERE id = 1";
const SET_STOPPED: &str = "UPDATE head SET stopped = $1, progress_seq = progress_seq + 1 WHERE id = 1";
const TOUCH: &str = "UPDATE head SET progress_seq = progress_seq + 1 WHERE id = 1";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("head.READ", READ),
    ("head.RAISE_EPOCH", RAISE_EPOCH),
    ("head.RAISE_LEASE", RAISE_LEASE),
    ("head.ADVANCE", ADVANCE),
    ("head.SET_STOPPED", SET_STOPPED),
    ("head.TOUCH", TOUCH),
];

/// Reads the head.
pub fn read(tx: &mut Tx) -> Result<Head, StoreError> {
    tx.one(READ, &[], |row| {
        Ok(Head {
            generation: row.integer(0)?.unsigned_abs(),
            epoch: row.integer(1)?,
            lease_number: row.integer(2)?,
            progress_seq: row.integer(3)?,
            event_seq: row.integer(4)?,
            stopped: row.flag(5)?,
        })
    })
}

/// Voids every lease there is: a server on a data folder of its own does this once at start.
pub fn raise_epoch(tx: &mut Tx) -> Result<i64, StoreError> {
    tx.one(RAISE_EPOCH, &[], |row| row.integer(0))
}

/// The next lease's number.
pub fn next_lease(tx: &mut Tx) -> Result<i64, StoreError> {
    tx.one(RAISE_LEASE, &[], |row| row.integer(0))
}

/// Puts a generation in force.
pub fn advance(tx: &mut Tx, generation: u64) -> Result<(), StoreError> {
    tx.execute(ADVANCE, &[(generation as i64).into()]).map(drop)
}

/// Stops every effect, or releases them.
pub fn set_stopped(tx: &mut Tx, stopped: bool) -> Result<(), StoreError> {
    tx.execute(SET_STOPPED, &[stopped.into()]).map(drop)
}

/// Says that a run's progress changed.
pub fn touch(tx: &mut Tx) -> Result<(), StoreError> {
    tx.execute(TOUCH, &[]).map(drop)
}
