//! Builds a generation's snapshot from the database, in one transaction and one pass over each table: the newest one, or
//! any before it. Both are told by the same rows; only activity and the moments of last changes are kept twice.

use directory::{Builder, Snapshot};

use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{accounts, coverage, groups, head, observed, past};

/// The snapshot of the newest generation; an empty one before the first.
pub fn load(tx: &mut Tx) -> Result<Snapshot, StoreError> {
    let generation = head::read(tx)?.generation;
    build(tx, generation, accounts::read_newest)
}

/// The snapshot as of a generation: what was in force from its seal until the next. Upstream's own counts are not known
/// of it, and of an activity that was not the last one only the day is.
pub fn load_as_of(tx: &mut Tx, generation: u64) -> Result<Snapshot, StoreError> {
    build(tx, generation, |tx, sealed, builder| past::read(tx, generation, sealed, builder))
}

/// When each generation was sealed.
type Sealed = std::collections::BTreeMap<u64, jiff::Timestamp>;

fn build(
    tx: &mut Tx,
    generation: u64,
    rest: impl FnOnce(&mut Tx, &Sealed, &mut Builder) -> Result<(), StoreError>,
) -> Result<Snapshot, StoreError> {
    if generation == 0 {
        return Ok(Snapshot::default());
    }
    let sealed = coverage::all_sealed(tx, generation)?;
    let mut builder = Builder::new(generation, sealed.get(&generation).copied().unwrap_or_default());
    groups::read(tx, generation, &mut builder)?;
    accounts::read(tx, generation, &mut builder)?;
    rest(tx, &sealed, &mut builder)?;
    let ages = coverage::ages(tx, generation)?;
    let oldest = ages.iter().map(|age| age.read_at).min();
    for age in ages {
        builder.age(age);
    }
    observed::for_each_after(tx, (generation, oldest), |read| builder.read_again(&read))?;
    Ok(builder.finish())
}
