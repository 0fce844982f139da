//! What waits for a person in the mirror: withheld rows, a key that expires, a sync that ended badly. Each comes with
//! what it is about, so that a page can say the next step.

use jiff::Timestamp;

use crate::nouns::endpoint::Endpoint;
use crate::nouns::organization_key::{OrganizationKey, Validity};
use crate::nouns::run::{Run, RunState};
use crate::nouns::withheld::WithheldRows;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{endpoints, organization_keys, runs, withheld};

/// One thing that waits.
#[derive(Clone, Debug, PartialEq)]
pub enum Waiting {
    /// Rows that a guard kept as they were.
    Withheld(Box<WithheldRows>),
    /// The key expires within 30 days, or has expired.
    Key(OrganizationKey),
    /// The last sync failed, and none has ended well since.
    Failed(Box<Run>),
    /// A webhook that Rollcall has switched off by itself.
    SwitchedOff(Box<Endpoint>),
}

/// Everything that waits, the most pressing first.
pub fn list(tx: &mut Tx, now: Timestamp) -> Result<Vec<Waiting>, StoreError> {
    let mut waiting = Vec::new();
    waiting.extend(pressing_key(tx, now)?.map(Waiting::Key));
    waiting.extend(failed(tx)?.map(|run| Waiting::Failed(Box::new(run))));
    let off = endpoints::list(tx)?.into_iter().filter(|endpoint| endpoint.switched_off.is_some());
    waiting.extend(off.map(|endpoint| Waiting::SwitchedOff(Box::new(endpoint))));
    waiting.extend(withheld::open(tx)?.into_iter().map(|rows| Waiting::Withheld(Box::new(rows))));
    Ok(waiting)
}

/// How many things wait.
pub fn count(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    let key = u64::from(pressing_key(tx, now)?.is_some());
    Ok(key + u64::from(failed(tx)?.is_some()) + endpoints::count_switched_off(tx)? + withheld::count_open(tx)?)
}

fn pressing_key(tx: &mut Tx, now: Timestamp) -> Result<Option<OrganizationKey>, StoreError> {
    let pressing = |key: &OrganizationKey| matches!(key.validity(now), Validity::Expired | Validity::Expiring { .. });
    Ok(organization_keys::shown(tx)?.filter(pressing))
}

fn failed(tx: &mut Tx) -> Result<Option<Run>, StoreError> {
    Ok(runs::last_ended_of_place(tx)?.filter(|run| run.state == RunState::Failed))
}
