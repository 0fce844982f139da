//! What a pass has seen, and its way into the database: pages are absorbed at once and kept in batches, each batch in
//! one transaction with the cursors and counters that belong to it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clock::Clock;
use directory::{Seen, Snapshot};
use std::sync::Arc;

use crate::mirror::Mirror;
use crate::nouns::job::Lease;
use crate::nouns::residue::Residue;
use crate::nouns::run::{NoteKind, Progress, RunNote, Waiting};
use crate::store::codec::Packing;
use crate::store::error::StoreError;
use crate::store::passes::{self, Chain};
use crate::store::{head, jobs, runs};

/// A batch is kept when it holds so much,
const BATCH_BYTES: usize = 512 << 10;
/// or when the last one was kept so long ago: what a kill can cost.
const BATCH_AGE: Duration = Duration::from_millis(500);
/// Notes of one sort kept per run; more would say nothing new.
const MOST_NOTES: usize = 200;

/// Why a batch could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// Somebody else holds the lease now: this pass may not write any more.
    #[error("the lease was lost")]
    LeaseLost,
    /// An earlier batch failed, or the pass is ending: nothing after it may be kept.
    #[error("an earlier batch was not kept")]
    Broken,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The state of a pass.
#[derive(Debug)]
pub struct Recorder {
    mirror: Mirror,
    lease: Lease,
    clock: Clock,
    base: Arc<Snapshot>,
    /// Everything seen so far.
    pub seen: Seen,
    /// Every chain, by name.
    pub chains: BTreeMap<String, Chain>,
    /// How far the pass is.
    pub progress: Progress,
    /// What the client waits for at this moment.
    pub waiting: Option<Waiting>,
    /// Set while a batch is on its way and after one failed: whatever comes later would leave a hole.
    broken: bool,
    stopped: bool,
    packing: Packing,
    touched: BTreeSet<String>,
    notes: Vec<RunNote>,
    noted: BTreeMap<(&'static str, String), usize>,
    kept_at: Duration,
}

impl Recorder {
    /// A recorder that goes on from what was kept.
    pub fn new(
        (mirror, lease): (Mirror, Lease),
        clock: Clock,
        base: Arc<Snapshot>,
        (seen, chains): (Seen, Vec<Chain>),
        progress: Progress,
    ) -> Recorder {
        let kept_at = clock.elapsed();
        Recorder {
            mirror,
            lease,
            clock,
            base,
            seen,
            chains: chains.into_iter().map(|chain| (chain.name.clone(), chain)).collect(),
            progress,
            waiting: None,
            broken: false,
            stopped: false,
            packing: Packing::default(),
            touched: BTreeSet::new(),
            notes: Vec::new(),
            noted: BTreeMap::new(),
            kept_at,
        }
    }

    /// Takes what a page left behind.
    pub fn absorb(&mut self, residue: Residue) {
        self.packing.push(&residue);
        residue.absorb(&mut self.seen, &self.base);
    }

    /// Records where a chain stands.
    pub fn set_chain(&mut self, chain: Chain) {
        self.touched.insert(chain.name.clone());
        self.chains.insert(chain.name.clone(), chain);
    }

    /// Adds something the run has to say. The same subject is said once, and no sort more often than is useful.
    pub fn note(&mut self, kind: NoteKind, subject: impl Into<String>, detail: impl Into<String>) {
        let (subject, detail) = (subject.into(), detail.into());
        let said = self.noted.entry((kind.as_str(), subject.clone())).or_default();
        *said += 1;
        let sort = self.noted.keys().filter(|(noted, _)| *noted == kind.as_str()).count();
        if self.noted.get(&(kind.as_str(), subject.clone())) == Some(&1) && sort <= MOST_NOTES {
            self.notes.push(RunNote { at: self.clock.now(), kind, subject, detail });
        }
    }

    /// Ends the pass: every walk is told so with its next page, which is still taken.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Keeps the batch when it is due.
    pub async fn keep_when_due(&mut self) -> Result<(), NotKept> {
        if self.stopped {
            return Err(NotKept::Broken);
        }
        let due = self.packing.len() >= BATCH_BYTES || self.clock.elapsed().saturating_sub(self.kept_at) >= BATCH_AGE;
        if due { self.keep().await } else { Ok(()) }
    }

    /// Keeps everything taken since the last batch: residues, cursors, counters and notes in one transaction.
    pub async fn keep(&mut self) -> Result<(), NotKept> {
        if std::mem::replace(&mut self.broken, true) {
            return Err(NotKept::Broken);
        }
        let packing = std::mem::take(&mut self.packing);
        let notes = std::mem::take(&mut self.notes);
        let touched = std::mem::take(&mut self.touched);
        let chains: Vec<Chain> = touched.iter().filter_map(|name| self.chains.get(name)).cloned().collect();
        let (lease, progress, now) = (self.lease.clone(), self.progress, self.clock.now());
        let waiting = self.waiting.clone();
        self.kept_at = self.clock.elapsed();
        let held = self
            .mirror
            .store()
            .write_relaxed(move |tx| {
                if !jobs::is_held(tx, &lease)? {
                    return Ok(false);
                }
                passes::add_residues(tx, &lease.run, &packing)?;
                passes::set_chains(tx, &lease.run, &chains)?;
                runs::add_notes(tx, &lease.run, &notes)?;
                runs::set_progress(tx, &lease.run, &progress, waiting.as_ref())?;
                jobs::extend(tx, &lease, now)?;
                head::touch(tx)?;
                Ok(true)
            })
            .await?;
        if !held {
            return Err(NotKept::LeaseLost);
        }
        self.broken = false;
        Ok(())
    }
}
