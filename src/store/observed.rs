//! What targeted reads have observed, by generation: a pass that ran beside them leaves it alone or asks again.

use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::store::codec::{pack_bitmap, unpack_bitmap};
use crate::store::error::StoreError;
use crate::store::tx::Tx;

const INSERT: &str = "
    INSERT INTO observed (generation, subject, asked_from, asked_to, ordinals) VALUES ($1, $2, $3, $4, $5)";
const SINCE: &str = "SELECT subject, ordinals FROM observed WHERE generation > $1 ORDER BY generation, subject";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[("observed.INSERT", INSERT), ("observed.SINCE", SINCE)];

/// Whom and what targeted reads have observed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// Ordinals of accounts.
    pub accounts: RoaringBitmap,
    /// Ordinals of groups.
    pub groups: RoaringBitmap,
}

/// Records what one generation has observed, asked for between two moments.
pub fn insert(
    tx: &mut Tx,
    generation: u64,
    (asked_from, asked_to): (Timestamp, Timestamp),
    (accounts, groups): (&RoaringBitmap, &RoaringBitmap),
) -> Result<(), StoreError> {
    for (subject, ordinals) in [("accounts", accounts), ("groups", groups)] {
        if ordinals.is_empty() {
            continue;
        }
        let arguments = [
            (generation as i64).into(),
            subject.into(),
            asked_from.as_microsecond().into(),
            asked_to.as_microsecond().into(),
            pack_bitmap(ordinals).into(),
        ];
        tx.execute(INSERT, &arguments)?;
    }
    Ok(())
}

/// Everything observed by generations after this one.
pub fn since(tx: &mut Tx, generation: u64) -> Result<Observed, StoreError> {
    let mut observed = Observed::default();
    tx.for_each(SINCE, &[(generation as i64).into()], |row| {
        let ordinals = unpack_bitmap(row.blob(1)?).map_err(|_| row.corrupt(1))?;
        match row.text(0)? {
            "accounts" => observed.accounts |= ordinals,
            _ => observed.groups |= ordinals,
        }
        Ok(())
    })?;
    Ok(observed)
}
