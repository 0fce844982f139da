//! What of contacts waits for a person: conflicts, and a run that was given up.

use crate::nouns::contact_run::{ContactRun, ContactRunState};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{contact_conflicts, contact_runs};

/// Something that waits.
#[derive(Clone, Debug, PartialEq)]
pub enum ContactsWaiting {
    /// So many conflicts are open.
    Conflicts(u64),
    /// The newest run was given up.
    Failed(Box<ContactRun>),
}

/// Everything that waits.
pub fn list(tx: &mut Tx) -> Result<Vec<ContactsWaiting>, StoreError> {
    let mut waiting = Vec::new();
    let open = contact_conflicts::count_open(tx)?;
    if open > 0 {
        waiting.push(ContactsWaiting::Conflicts(open));
    }
    let newest = contact_runs::list(tx, i64::MAX, 1)?.pop();
    if let Some(run) = newest.filter(|run| run.state == ContactRunState::Failed) {
        waiting.push(ContactsWaiting::Failed(Box::new(run)));
    }
    Ok(waiting)
}

/// How many things wait.
pub fn count(tx: &mut Tx) -> Result<u64, StoreError> {
    Ok(list(tx)?.len() as u64)
}
