//! Carrying an approved operation out: read what it is about, see whether the plan still fits, send and read back side by
//! side, end. It can be cut anywhere; taken up again, what was begun is read back before anything is repeated.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use atlassian::client::Client;
use clock::Clock;
use directory::Snapshot;
use jiff::{SignedDuration, Timestamp};
use roaring::RoaringBitmap;
use tokio::sync::watch;

use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::job::OperationLease;
use crate::nouns::operation::{Operation, OperationState, Wish};
use crate::nouns::run::Waiting;
use crate::operations::approve::{Approved, Void};
use crate::operations::board::{Board, FRESH};
use crate::operations::fitting::{CHANGED_PERCENT, Fitting};
use crate::operations::journal;
use crate::operations::look::{self, Looked, Looking};
use crate::operations::plan::event;
use crate::operations::{finished, pump, read_back, trial};
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::{events, head, jobs, operations};
use crate::sync::ended::Ended;
use crate::sync::pass::Surroundings;

/// How often the worker looks whether something stands against the next change.
const WATCH: Duration = Duration::from_millis(250);
/// A wait for upstream is shown when it is longer than this.
const SHOWN: SignedDuration = SignedDuration::from_secs(2);
/// How often it gives a sign of life.
const BEAT: SignedDuration = SignedDuration::from_secs(10);
/// How long it waits before it reads again, when Atlassian did not answer for too many.
const UNREAD: Duration = Duration::from_secs(60);

/// What stands against the next change.
#[derive(Debug)]
pub(super) enum Halt {
    /// Another worker has taken over, or nobody wants the operation any more.
    LeaseLost,
    /// The database failed.
    Store(StoreError),
    /// Somebody wants it to pause or to end.
    Wish(Wish),
    /// Everything is stopped.
    Stopped,
    /// Actions were switched off.
    LookOnly,
    /// It goes on by itself at a moment.
    Wait {
        /// When.
        until: Timestamp,
        /// Why, as a sentence.
        reason: String,
    },
    /// Reading ended early.
    Read(Ended),
    /// A person has to look at the plan again.
    AskAgain,
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Halt {
        Halt::Store(error)
    }
}

impl From<Ended> for Halt {
    fn from(ended: Ended) -> Halt {
        match ended {
            Ended::Store(error) => Halt::Store(error),
            ended => Halt::Read(ended),
        }
    }
}

/// How carrying out ended.
#[derive(Debug)]
pub(super) enum Carried {
    /// Every row has come to its end.
    Over,
    /// What was done is to be read back at a moment.
    CheckLater(Timestamp),
    /// Something stands against going on.
    Halted(Halt),
}

/// An operation under way.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) mirror: Mirror,
    pub(super) client: Client,
    pub(super) clock: Clock,
    pub(super) entropy: Entropy,
    pub(super) lease: OperationLease,
    pub(super) operation: Operation,
    board: Mutex<Board>,
    snapshot: Mutex<Arc<Snapshot>>,
    halt: Mutex<Option<Halt>>,
    halted: watch::Sender<bool>,
    sending_over: Mutex<bool>,
    check_later: Mutex<Option<Timestamp>>,
}

/// Carries a leased operation out, from wherever it stands.
///
/// # Errors
/// What ended it early.
pub(super) async fn carry_out(
    (mirror, control): (&Mirror, &Store),
    lease: &OperationLease,
    client: Client,
    surroundings: &Surroundings,
) -> Result<Carried, Halt> {
    let Surroundings { clock, entropy } = surroundings.clone();
    let looking = Looking { mirror: mirror.clone(), client: client.clone(), clock: clock.clone(), entropy };
    let approved = match Approved::load(mirror, control, &lease.operation).await? {
        None => return Err(Halt::LeaseLost),
        Some(Ok(approved)) => approved,
        Some(Err((operation, void))) => return void_of(mirror, (lease, &operation, void), surroundings).await,
    };
    // Of one that is cancelled nothing more is sent, and what was sent is read back to its end.
    let cancelled = match halted(mirror, lease).await? {
        Some(Halt::Wish(Wish::Cancel)) => true,
        Some(halt) => return Err(halt),
        None => false,
    };
    let Approved { operation, selected, mut rows, typed, terms } = approved;
    let mut read_at = None;
    if operation.state == OperationState::Approved && !cancelled {
        let open = rows.iter().filter(|row| !row.state.is_settled());
        read_at = Some(clock.now());
        let newest = mirror.newest().await?;
        let Looked { snapshot: fresh, unread } = looking.read(look::targets(open, &newest)).await?;
        let concerned: RoaringBitmap = rows.iter().map(|row| row.change.account()).collect();
        if unread.len() * 100 > concerned.len() * CHANGED_PERCENT as u64 {
            let reason = format!("Atlassian did not answer for {} of {} people.", unread.len(), concerned.len());
            return Err(Halt::Read(Ended::PausedFor { wait: UNREAD, reason }));
        }
        let fitting = Fitting { mirror, lease, operation: &operation, selected: &selected, typed };
        fitting.fit(&mut rows, (&fresh, &unread), surroundings).await?;
    }
    let snapshot = mirror.newest().await?;
    let now = clock.now();
    let mut board = Board::new(&trial::within(&rows, &terms), now);
    if let Some(at) = read_at.filter(|at| now.duration_since(*at) < FRESH) {
        board.was_read(rows.iter().map(|row| row.change.account()), at);
    }
    let work = Work {
        mirror: mirror.clone(),
        client,
        clock,
        entropy: surroundings.entropy.clone(),
        lease: lease.clone(),
        operation,
        board: Mutex::new(board),
        snapshot: Mutex::new(snapshot),
        halt: Mutex::default(),
        halted: watch::channel(false).0,
        sending_over: Mutex::default(),
        check_later: Mutex::default(),
    };
    if cancelled {
        work.halt(Halt::Wish(Wish::Cancel));
    }
    Box::pin(work.run()).await
}

impl Work {
    async fn run(self) -> Result<Carried, Halt> {
        let both = async {
            tokio::join!(Box::pin(pump::send_all(&self)), Box::pin(read_back::read_back_all(&self)));
        };
        tokio::select! {
            biased;
            () = both => {}
            halt = self.watch() => return Err(halt),
        }
        let later = *lock(&self.check_later);
        Ok(match (lock(&self.halt).take(), later) {
            (None | Some(Halt::Wish(Wish::Cancel)), Some(at)) => Carried::CheckLater(at),
            (Some(halt), _) => Carried::Halted(halt),
            (None, None) => Carried::Over,
        })
    }

    /// Looks again and again whether something stands against the next change, and gives signs of life. Returns when the
    /// lease is lost: then nothing more may be done.
    async fn watch(&self) -> Halt {
        let mut beaten = self.clock.now();
        let mut said = self.operation.waiting.clone();
        loop {
            self.clock.sleep(WATCH).await;
            match halted(&self.mirror, &self.lease).await {
                Ok(None) => {}
                Ok(Some(Halt::LeaseLost)) => return Halt::LeaseLost,
                Ok(Some(halt)) => self.halt(halt),
                Err(error) => return Halt::Store(error),
            }
            let now = self.clock.now();
            let waiting = self.waiting(now);
            if waiting != said {
                let (id, waits) = (self.lease.operation.clone(), waiting.clone());
                let fence = self.lease.fence.clone();
                let kept = self.mirror.store().write_relaxed(move |tx| {
                    if jobs::holds(tx, &fence)? {
                        operations::set_waiting(tx, &id, waits.as_ref())?;
                        head::touch(tx)?;
                    }
                    Ok(())
                });
                if let Err(error) = kept.await {
                    return Halt::Store(error);
                }
                said = waiting;
            }
            if now.duration_since(beaten) >= BEAT {
                let fence = self.lease.fence.clone();
                let beat = self.mirror.store().write_relaxed(move |tx| {
                    let held = jobs::holds(tx, &fence)?;
                    if held {
                        jobs::extend_operation(tx, &fence, now)?;
                    }
                    Ok(held)
                });
                match beat.await {
                    Ok(true) => beaten = now,
                    Ok(false) => return Halt::LeaseLost,
                    Err(error) => return Halt::Store(error),
                }
            }
        }
    }

    /// What its requests wait for, when that is longer than a moment.
    fn waiting(&self, now: Timestamp) -> Option<Waiting> {
        let waiting = self.client.waiting().filter(|waiting| waiting.until.duration_since(now) > SHOWN)?;
        let reason = format!("Waiting for Atlassian's limit on {}.", waiting.endpoint);
        Some(Waiting { until: waiting.until, reason })
    }

    pub(super) fn board(&self) -> MutexGuard<'_, Board> {
        lock(&self.board)
    }

    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        lock(&self.snapshot).clone()
    }

    pub(super) fn saw(&self, snapshot: Arc<Snapshot>) {
        *lock(&self.snapshot) = snapshot;
    }

    pub(super) fn looking(&self) -> Looking {
        Looking {
            mirror: self.mirror.clone(),
            client: self.client.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }

    /// Nothing more is sent, for the first reason given.
    pub(super) fn halt(&self, halt: Halt) {
        lock(&self.halt).get_or_insert(halt);
        self.halted.send_replace(true);
    }

    pub(super) fn is_halted(&self) -> bool {
        *self.halted.borrow()
    }

    /// Whether it was halted because somebody cancelled it.
    pub(super) fn is_cancelled(&self) -> bool {
        matches!(*lock(&self.halt), Some(Halt::Wish(Wish::Cancel)))
    }

    pub(super) fn halted(&self) -> watch::Receiver<bool> {
        self.halted.subscribe()
    }

    pub(super) fn sending_is_over(&self) {
        *lock(&self.sending_over) = true;
    }

    pub(super) fn is_sending_over(&self) -> bool {
        *lock(&self.sending_over)
    }

    pub(super) fn check_later(&self, at: Timestamp) {
        *lock(&self.check_later) = Some(at);
    }
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    // Only plain values are changed under these locks.
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn halted(mirror: &Mirror, lease: &OperationLease) -> Result<Option<Halt>, StoreError> {
    let lease = lease.clone();
    let read = mirror.store().read(move |tx| {
        if !jobs::holds(tx, &lease.fence)? {
            return Ok(Some(Halt::LeaseLost));
        }
        journal::halted(tx, &lease.operation)
    });
    read.await
}

/// A plan that may not be carried out as it is kept: it is laid anew, and waits for a person.
async fn void_of(
    mirror: &Mirror,
    (lease, operation, void): (&OperationLease, &Operation, Void),
    surroundings: &Surroundings,
) -> Result<Carried, Halt> {
    let why = match void {
        Void::Rows => "The rows kept are not those that were approved. Nothing of them is sent; make another plan.",
        Void::Approval => "Nobody who may approve has approved this plan any more. It has to be approved again.",
    };
    tracing::warn!(operation = %operation.id, ?void, "operation.void");
    let (lease, id, number) = (lease.clone(), operation.id.clone(), operation.number);
    let (context, entropy) = (system(surroundings.clock.now()), surroundings.entropy.clone());
    let started = operation.started_at.is_some();
    let write = mirror.store().write(move |tx| {
        if !jobs::holds(tx, &lease.fence)? {
            return Ok(());
        }
        // A plan that was touched is not approved again: it ends, and nothing of it is left to send.
        match void {
            Void::Rows => {
                operations::end(tx, &id, (OperationState::Failed, Some(why)), context.now)?;
                finished::tell(tx, &id, context.now, &entropy)?;
            }
            Void::Approval if started => operations::set_state(tx, &id, OperationState::Paused, Some(why))?,
            Void::Approval => operations::set_state(tx, &id, OperationState::Waiting, Some(why))?,
        }
        let detail = format!(r#"{{"number":{number}}}"#);
        events::append(tx, &event(&context, "operation.approval_void", &id, detail), &entropy.bytes())?;
        jobs::finish_operation(tx, &lease.fence)
    });
    write.await?;
    Err(Halt::LeaseLost)
}

pub(super) fn system(now: Timestamp) -> Context {
    Context { actor: Actor::System, now }
}
