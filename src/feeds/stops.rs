//! Runs of this process that somebody has cancelled while they were being written. The database has one writer, so a
//! cancel would have to wait for what it wants to stop: the writer looks here between its pages, and rolls back.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::id::FeedRunId;

static STOPPED: Mutex<BTreeSet<FeedRunId>> = Mutex::new(BTreeSet::new());

/// Stops a run at its next page.
pub(super) fn stop(run: &FeedRunId) {
    STOPPED.lock().unwrap_or_else(PoisonError::into_inner).insert(run.clone());
}

/// Whether a run was stopped.
pub(super) fn is_stopped(run: &FeedRunId) -> bool {
    STOPPED.lock().unwrap_or_else(PoisonError::into_inner).contains(run)
}

/// Forgets that a run was stopped: it is over, or was not stopped after all.
pub(super) fn forget(run: &FeedRunId) {
    STOPPED.lock().unwrap_or_else(PoisonError::into_inner).remove(run);
}
