//! What each day left behind of its seats: one row a day, of its last generation.

use jiff::Timestamp;

use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::{Row, Value};

/// A day's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDay {
    /// The day, counted from 1970 in the organization's time zone.
    pub day: i64,
    /// The day's last generation.
    pub generation: u64,
    /// When that was sealed.
    pub sealed_at: Timestamp,
    /// People in the organization.
    pub present: u64,
    /// Groups.
    pub groups: u64,
    /// Seats, in the form of `directory::tiles::days`.
    pub seats: Vec<u8>,
}

const PUT: &str = "
    INSERT INTO seat_days (day, generation, sealed_at, present, groups, seats) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (day) DO UPDATE
    SET generation = excluded.generation, sealed_at = excluded.sealed_at, present = excluded.present,
        groups = excluded.groups, seats = excluded.seats";
/// The last day of each stretch of $2 days.
const SINCE: &str = "
    SELECT day, generation, sealed_at, present, groups, seats FROM seat_days
    WHERE day IN (SELECT max(day) FROM seat_days WHERE day >= $1 GROUP BY day / $2) ORDER BY day";
const UP_TO: &str = "
    SELECT day, generation, sealed_at, present, groups, seats FROM seat_days WHERE day <= $1 ORDER BY day DESC LIMIT 1";
const FIRST: &str = "SELECT min(day) FROM seat_days";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] =
    &[("seat_days.PUT", PUT), ("seat_days.SINCE", SINCE), ("seat_days.UP_TO", UP_TO), ("seat_days.FIRST", FIRST)];

/// Keeps a day, in place of what it had before.
pub fn put(tx: &mut Tx, day: &StoredDay) -> Result<(), StoreError> {
    let arguments = [
        day.day.into(),
        (day.generation as i64).into(),
        day.sealed_at.as_microsecond().into(),
        (day.present as i64).into(),
        (day.groups as i64).into(),
        Value::Blob((&*day.seats).into()),
    ];
    tx.execute(PUT, &arguments).map(drop)
}

/// The days from one on, in order: the last of each stretch of so many days that has any.
pub fn since(tx: &mut Tx, first: i64, stretch: u32) -> Result<Vec<StoredDay>, StoreError> {
    tx.list(SINCE, &[first.into(), i64::from(stretch.max(1)).into()], stored)
}

/// The last day that is not after one.
pub fn up_to(tx: &mut Tx, day: i64) -> Result<Option<StoredDay>, StoreError> {
    tx.optional(UP_TO, &[day.into()], stored)
}

/// The first day there is.
pub fn first(tx: &mut Tx) -> Result<Option<i64>, StoreError> {
    tx.one(FIRST, &[], |row| row.optional_integer(0))
}

/// A day's seats cannot be read back.
pub fn unreadable() -> StoreError {
    StoreError::Corrupt { statement: SINCE, column: 5 }
}

fn stored(row: &Row<'_>) -> Result<StoredDay, StoreError> {
    Ok(StoredDay {
        day: row.integer(0)?,
        generation: row.integer(1)?.unsigned_abs(),
        sealed_at: moment(row, 2)?,
        present: row.integer(3)?.unsigned_abs(),
        groups: row.integer(4)?.unsigned_abs(),
        seats: row.blob(5)?.to_vec(),
    })
}
