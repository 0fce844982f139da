//! Holds a run that is being written at a page, so that what comes meanwhile comes exactly then.
//!
//! Compiled only with the feature `faults`, for tests; a product must not contain it.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use crate::feeds::stops;
use crate::id::FeedRunId;

static CLOSED: Mutex<BTreeMap<FeedRunId, SyncSender<()>>> = Mutex::new(BTreeMap::new());

/// A run that is held once its first page is written.
#[derive(Debug)]
pub struct Gate(Receiver<()>);

/// Holds a run behind its first page until somebody has cancelled it.
pub fn hold_until_stopped(run: &FeedRunId) -> Gate {
    let (sender, reached) = sync_channel(1);
    CLOSED.lock().unwrap_or_else(PoisonError::into_inner).insert(run.clone(), sender);
    Gate(reached)
}

impl Gate {
    /// Waits until the run stands at the gate; blocks.
    pub fn reached(&self) -> bool {
        self.0.recv().is_ok()
    }
}

/// Passes the gate of a run, if there is one.
pub(super) fn pass(run: &FeedRunId) {
    let held = CLOSED.lock().unwrap_or_else(PoisonError::into_inner).remove(run);
    let Some(reached) = held else { return };
    if reached.send(()).is_ok() {
        while !stops::is_stopped(run) {
            std::thread::yield_now();
        }
    }
}
