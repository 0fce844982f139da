//! Builds the newest generation's snapshot from the database, in one transaction and one pass over each table.

use directory::{Builder, Snapshot};

use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{accounts, coverage, groups, head, observed};

/// The snapshot of the newest generation; an empty one before the first.
pub fn load(tx: &mut Tx) -> Result<Snapshot, StoreError> {
    let generation = head::read(tx)?.generation;
    if generation == 0 {
        return Ok(Snapshot::default());
    }
    let sealed_at = coverage::sealed_at(tx, generation)?.unwrap_or_default();
    let mut builder = Builder::new(generation, sealed_at);
    groups::read(tx, generation, &mut builder)?;
    accounts::read(tx, generation, &mut builder)?;
    let ages = coverage::ages(tx, generation)?;
    let oldest = ages.iter().map(|age| age.read_at).min();
    for age in ages {
        builder.age(age);
    }
    observed::for_each_after(tx, (generation, oldest), |read| builder.read_again(&read))?;
    Ok(builder.finish())
}
