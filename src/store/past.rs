//! What was true as of an earlier generation and is not a row of its own: the last activity of everybody, told by days,
//! and when anything else of them had last changed. Which generation a past day is asked of.
//!
//! It must tell nothing that a later generation has found out, but for the time of day of an activity.

use std::collections::BTreeMap;

use directory::{Activity, Builder, Ordinal};
use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::store::accounts::{self, DAY, NO_DAY};
use crate::store::codec;
use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;

/// The newest first, along the primary key: what holds an account first tells its day.
const DAYS: &str = "
    SELECT resource, day, accounts FROM activity_days
    WHERE since <= $1 ORDER BY resource DESC, since DESC, day DESC";
const CHANGES: &str = "
    SELECT account, max(turned)
    FROM (
        SELECT ordinal AS account, since AS turned FROM accounts WHERE since <= $1
        UNION ALL
        SELECT account, CASE WHEN until <= $1 THEN until ELSE since END AS turned FROM profiles WHERE since <= $1
        UNION ALL
        SELECT account, CASE WHEN until <= $1 THEN until ELSE since END AS turned FROM presence WHERE since <= $1
        UNION ALL
        SELECT account, CASE WHEN until <= $1 THEN until ELSE since END AS turned FROM platform_roles WHERE since <= $1
        UNION ALL
        SELECT account, CASE WHEN until <= $1 THEN until ELSE since END AS turned FROM memberships WHERE since <= $1
        UNION ALL
        SELECT account, CASE WHEN until <= $1 THEN until ELSE since END AS turned FROM direct_roles WHERE since <= $1
    ) AS turns
    GROUP BY account ORDER BY account";
const LAST_BEFORE: &str = "
    SELECT generation, sealed_at FROM generations WHERE sealed_at < $1 ORDER BY generation DESC LIMIT 1";
const FIRST: &str = "SELECT generation, sealed_at FROM generations ORDER BY generation LIMIT 1";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] =
    &[("past.DAYS", DAYS), ("past.CHANGES", CHANGES), ("past.LAST_BEFORE", LAST_BEFORE), ("past.FIRST", FIRST)];

/// The last generation that was sealed before a moment, and when it was.
pub fn last_before(tx: &mut Tx, at: Timestamp) -> Result<Option<(u64, Timestamp)>, StoreError> {
    tx.optional(LAST_BEFORE, &[at.as_microsecond().into()], |row| Ok((row.integer(0)?.unsigned_abs(), moment(row, 1)?)))
}

/// The first generation there is, and when it was sealed.
pub fn first(tx: &mut Tx) -> Result<Option<(u64, Timestamp)>, StoreError> {
    tx.optional(FIRST, &[], |row| Ok((row.integer(0)?.unsigned_abs(), moment(row, 1)?)))
}

/// Streams the last activity of everybody and the moments of last changes, as of a generation, into a builder. `sealed`
/// tells when a generation was sealed.
pub fn read(
    tx: &mut Tx,
    generation: u64,
    sealed: &BTreeMap<u64, Timestamp>,
    builder: &mut Builder,
) -> Result<(), StoreError> {
    for (account, activity) in activity(tx, generation)? {
        builder.activity(account, activity);
    }
    tx.for_each(CHANGES, &[(generation as i64).into()], |row| {
        if let Some(at) = sealed.get(&row.integer(1)?.unsigned_abs()) {
            builder.changed(row.integer(0)? as Ordinal, at.as_microsecond());
        }
        Ok(())
    })
}

/// By account and then resource. The time of day is known where the last activity is still of that day; of all others it
/// is the day's beginning in UTC.
fn activity(tx: &mut Tx, generation: u64) -> Result<Vec<(Ordinal, Activity)>, StoreError> {
    let mut entries: Vec<(Ordinal, Activity)> = Vec::new();
    let mut told: (Ordinal, RoaringBitmap) = Default::default();
    tx.for_each(DAYS, &[(generation as i64).into()], |row| {
        let (resource, day) = (row.integer(0)? as Ordinal, row.integer(1)?);
        let accounts = codec::unpack_bitmap(row.blob(2)?).map_err(|_| row.corrupt(2))?;
        if told.0 != resource {
            told = (resource, RoaringBitmap::new());
        }
        if day != NO_DAY {
            let at = day.saturating_mul(DAY);
            entries.extend((&accounts - &told.1).iter().map(|account| (account, Activity { resource, at })));
        }
        told.1 |= accounts;
        Ok(())
    })?;
    entries.sort_unstable();
    let mut rest = entries.iter_mut().peekable();
    accounts::for_each_activity(tx, |account, present| {
        let here = (account, present.resource);
        while rest.next_if(|(account, entry)| (*account, entry.resource) < here).is_some() {}
        if let Some((_, entry)) = rest.next_if(|(account, entry)| (*account, entry.resource) == here)
            && accounts::day(present.at) == accounts::day(entry.at)
        {
            entry.at = present.at;
        }
    })?;
    Ok(entries)
}
