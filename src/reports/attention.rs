//! What waits for a person in reports: those that are to be sent while there is no mail server to send them by.

use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{mail_server, reports};

/// How many reports cannot be sent, because no mail server is stored.
pub fn unsent(tx: &mut Tx) -> Result<u64, StoreError> {
    let active = reports::count_active(tx)?;
    if active == 0 || mail_server::find(tx)?.is_some() {
        return Ok(0);
    }
    Ok(active)
}

/// How many things wait.
pub fn count(tx: &mut Tx) -> Result<u64, StoreError> {
    unsent(tx).map(|reports| reports.min(1))
}
