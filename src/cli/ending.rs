//! Being told to end: Ctrl-C or SIGTERM. It is watched from the moment on at which somebody could know that the program
//! runs, so that a signal right after the first line is no sudden death.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::nouns::refusal::Refusal;

/// Waits for the word to end.
#[derive(Debug)]
pub struct Ending {
    interrupted: Signal,
    terminated: Signal,
}

impl Ending {
    /// Begins to watch.
    ///
    /// # Errors
    /// The system does not let signals be watched.
    pub fn watch() -> Result<Ending, Refusal> {
        let watch = |kind| {
            signal(kind).map_err(|error| {
                Refusal::new("Rollcall cannot start.", format!("Signals cannot be watched: {error}."), "Try again.")
            })
        };
        Ok(Ending { interrupted: watch(SignalKind::interrupt())?, terminated: watch(SignalKind::terminate())? })
    }

    /// Waits until it is told to end.
    pub async fn told(&mut self) {
        tokio::select! {
            _ = self.interrupted.recv() => {}
            _ = self.terminated.recv() => {}
        }
    }
}
