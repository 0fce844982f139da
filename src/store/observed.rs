//! What targeted reads have observed, by generation: a pass that ran beside them leaves it alone or asks again.

use directory::ReadAgain;
use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::store::codec::{pack_bitmap, unpack_bitmap};
use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;

const INSERT: &str = "
    INSERT INTO observed (generation, subject, asked_to, ordinals) VALUES ($1, $2, $3, $4)";
const AFTER: &str = "
    SELECT subject, asked_to, ordinals FROM observed
    WHERE generation <= $1 AND asked_to > $2 AND subject <> 'moved' ORDER BY generation, subject";
const SINCE: &str = "SELECT subject, ordinals FROM observed WHERE generation > $1 ORDER BY generation, subject";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] =
    &[("observed.INSERT", INSERT), ("observed.AFTER", AFTER), ("observed.SINCE", SINCE)];

/// Whom and what targeted reads have observed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// Ordinals of accounts.
    pub accounts: RoaringBitmap,
    /// Ordinals of groups.
    pub groups: RoaringBitmap,
}

/// Records what one generation has observed.
pub fn insert(tx: &mut Tx, generation: u64, read: &ReadAgain) -> Result<(), StoreError> {
    for (subject, ordinals) in [("accounts", &read.accounts), ("groups", &read.groups), ("moved", &read.moved)] {
        if ordinals.is_empty() {
            continue;
        }
        let arguments =
            [(generation as i64).into(), subject.into(), read.at.as_microsecond().into(), pack_bitmap(ordinals).into()];
        tx.execute(INSERT, &arguments)?;
    }
    Ok(())
}

/// What each generation up to this one has observed after a moment: older ones are no news any more.
pub fn for_each_after(
    tx: &mut Tx,
    (generation, after): (u64, Option<Timestamp>),
    mut take: impl FnMut(ReadAgain),
) -> Result<(), StoreError> {
    let after = after.map_or(i64::MIN, Timestamp::as_microsecond);
    tx.for_each(AFTER, &[(generation as i64).into(), after.into()], |row| {
        let ordinals = unpack_bitmap(row.blob(2)?).map_err(|_| row.corrupt(2))?;
        let (accounts, groups) = match row.text(0)? {
            "accounts" => (ordinals, RoaringBitmap::new()),
            _ => (RoaringBitmap::new(), ordinals),
        };
        take(ReadAgain { at: moment(row, 1)?, accounts, groups, moved: RoaringBitmap::new() });
        Ok(())
    })
}

/// Everything observed by generations after this one.
pub fn since(tx: &mut Tx, generation: u64) -> Result<Observed, StoreError> {
    let mut observed = Observed::default();
    tx.for_each(SINCE, &[(generation as i64).into()], |row| {
        let ordinals = unpack_bitmap(row.blob(1)?).map_err(|_| row.corrupt(1))?;
        match row.text(0)? {
            "groups" => observed.groups |= ordinals,
            _ => observed.accounts |= ordinals,
        }
        Ok(())
    })?;
    Ok(observed)
}
