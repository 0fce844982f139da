//! Runs that this process works on, and which of them somebody has cancelled. The database has one writer, so a cancel
//! would have to wait for what it wants to stop: the writer looks here between its pages, and rolls back.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::id::FeedRunId;

/// Whether each run that is worked on was cancelled.
static WORKED_ON: Mutex<BTreeMap<FeedRunId, bool>> = Mutex::new(BTreeMap::new());

fn worked_on() -> MutexGuard<'static, BTreeMap<FeedRunId, bool>> {
    WORKED_ON.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A run that is worked on, until this is dropped.
pub(super) struct Work(FeedRunId);

/// Begins to work on a run.
pub(super) fn begin(run: &FeedRunId) -> Work {
    worked_on().insert(run.clone(), false);
    Work(run.clone())
}

impl Drop for Work {
    fn drop(&mut self) {
        worked_on().remove(&self.0);
    }
}

/// Stops a run at its next page, if this process works on it.
pub(super) fn stop(run: &FeedRunId) {
    if let Some(stopped) = worked_on().get_mut(run) {
        *stopped = true;
    }
}

/// Lets a run go on: it was not to be stopped after all.
pub(super) fn release(run: &FeedRunId) {
    if let Some(stopped) = worked_on().get_mut(run) {
        *stopped = false;
    }
}

/// Whether a run was stopped.
pub(super) fn is_stopped(run: &FeedRunId) -> bool {
    worked_on().get(run).copied().unwrap_or(false)
}
