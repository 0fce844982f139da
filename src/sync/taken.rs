//! What a worker takes up: a run, with what its former attempt has left, as long as that still fits what is in force.

use directory::{Permitted, Seen, Snapshot, Thresholds};
use jiff::Timestamp;

use crate::id::RunId;
use crate::mirror::Mirror;
use crate::nouns::job::Lease;
use crate::nouns::run::Run;
use crate::store::error::StoreError;
use crate::store::passes::{self, Base, Chain};
use crate::store::tx::Tx;
use crate::store::{jobs, runs, withheld};
use crate::sync::{guards, ours};

/// Residues dropped in one transaction.
const DROPPED_AT_ONCE: u32 = 200;

/// What a worker takes up: a run, from where it stands.
pub(super) struct Taken {
    pub(super) run: Run,
    pub(super) begun: Base,
    pub(super) seen: Seen,
    pub(super) chains: Vec<Chain>,
    pub(super) thresholds: Thresholds,
    pub(super) permitted: Permitted,
}

impl Taken {
    /// Takes a run up under its lease; `None` when somebody else holds it.
    pub(super) fn up(
        tx: &mut Tx,
        held: &Lease,
        newest: &Snapshot,
        now: Timestamp,
    ) -> Result<Option<Taken>, StoreError> {
        if !jobs::is_held(tx, held)? {
            return Ok(None);
        }
        let Some(run) = runs::find(tx, &held.run)? else { return Ok(None) };
        let thresholds = guards::read(tx)?.thresholds;
        let mut permitted = withheld::permitted(tx, &held.run)?;
        ours::permit(tx, newest, now, &mut permitted)?;
        let fresh = Base {
            generation: newest.generation(),
            groups: newest.groups_len() as u32,
            resources: newest.resources().len() as u32,
        };
        // Beside a pass only targeted reads are sealed, which leave every ordinal as it is. A targeted read itself is
        // short and begins anew.
        let kept = match passes::base(tx, &held.run)? {
            Some(base) if run.scope.holds_place() && passes::only_targeted_since(tx, base.generation)? => Some(base),
            Some(_) => {
                while !passes::drop_residues(tx, &held.run, DROPPED_AT_ONCE)? {}
                None
            }
            None => None,
        };
        let begun = kept.unwrap_or(fresh);
        let mut seen = Seen::new(begun.groups, begun.resources);
        let mut chains = Vec::new();
        if kept.is_some() {
            passes::for_each_residue(tx, &held.run, |residue| residue.absorb(&mut seen, newest))?;
            chains = passes::chains(tx, &held.run)?;
            runs::go_on(tx, &held.run)?;
        } else {
            passes::begin(tx, &held.run, now, begun)?;
        }
        Ok(Some(Taken { run, begun, seen, chains, thresholds, permitted }))
    }
}

/// Drops what the pages of an ended run left behind, in batches.
pub(super) async fn drop_residues(mirror: &Mirror, run: &RunId) -> Result<(), StoreError> {
    loop {
        let run = run.clone();
        let done = mirror.store().write_relaxed(move |tx| passes::drop_residues(tx, &run, DROPPED_AT_ONCE)).await?;
        if done {
            return Ok(());
        }
    }
}
