//! Writes rows and lines of a comparison on a thread of its own, while the files are read on. One batch is written at a
//! time, and only while the lease holds.

use std::thread::{self, JoinHandle};

use crate::feeds::compare::Task;
use crate::feeds::worker::Halt;
use crate::nouns::feed_row::FeedRow;
use crate::nouns::feed_run::LogLine;
use crate::store::error::StoreError;
use crate::store::{feed_log, feed_rows, feed_runs, jobs};

/// What is being written; whether the lease held.
#[derive(Default)]
pub(super) struct Writing(Option<JoinHandle<Result<bool, StoreError>>>);

impl Writing {
    /// Begins to write a batch, after the one before. A power cut may undo it: then the end of the comparison, which is
    /// written later, is undone as well.
    pub(super) fn begin(&mut self, task: &Task, (rows, lines): (Vec<FeedRow>, Vec<LogLine>)) -> Result<(), Halt> {
        self.written()?;
        let (run, id, lease, now) = (task.run.number, task.run.id.clone(), task.lease.clone(), task.clock.now());
        let store = task.store.clone();
        let write = move || {
            store.write_relaxed_blocking(move |tx| {
                if !jobs::holds(tx, &lease.fence)? {
                    return Ok(false);
                }
                feed_rows::append(tx, run, &rows)?;
                feed_log::append(tx, run, &lines)?;
                feed_runs::heartbeat(tx, &id, now)?;
                jobs::extend_operation(tx, &lease.fence, now)?;
                Ok(true)
            })
        };
        let begun = thread::Builder::new().name("feed-rows".to_owned()).spawn(write);
        self.0 = Some(begun.map_err(|error| Halt::Failed(format!("The preview cannot be written: {error}.")))?);
        Ok(())
    }

    /// Waits until everything is written.
    pub(super) fn written(&mut self) -> Result<(), Halt> {
        let Some(writing) = self.0.take() else { return Ok(()) };
        match writing.join() {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(Halt::LeaseLost),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(Halt::Failed("The thread that writes the preview ended early.".to_owned())),
        }
    }
}
