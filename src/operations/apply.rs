//! Carrying an approved operation out: read what it is about, see whether the plan still fits, send and read back side by
//! side, end. It can be cut anywhere; taken up again, what was begun is read back before anything is repeated.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use atlassian::client::Client;
use clock::Clock;
use directory::Snapshot;
use directory::act::{Change, Standing};
use jiff::{SignedDuration, Timestamp};
use roaring::RoaringBitmap;
use tokio::sync::watch;

use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::job::OperationLease;
use crate::nouns::operation::{Operation, OperationState, Wish};
use crate::nouns::operation_row::{OperationRow, RowState, Why};
use crate::nouns::run::Waiting;
use crate::operations::approve::{self, Approved, Void};
use crate::operations::board::{Board, FRESH};
use crate::operations::journal::{self, Turn};
use crate::operations::look::{self, Looked, Looking};
use crate::operations::plan::{self, event};
use crate::operations::{finished, guard, pump, read_back, send, trial};
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{events, head, jobs, operation_rows, operations};
use crate::sync::ended::Ended;
use crate::sync::pass::Surroundings;

/// How often the worker looks whether something stands against the next change.
const WATCH: Duration = Duration::from_millis(250);
/// A wait for upstream is shown when it is longer than this.
const SHOWN: SignedDuration = SignedDuration::from_secs(2);
/// How often it gives a sign of life.
const BEAT: SignedDuration = SignedDuration::from_secs(10);
/// Of a hundred rows so many may no longer fit; with more, a person is asked again.
const CHANGED_PERCENT: usize = 10;
/// How long it waits before it reads again, when Atlassian did not answer for too many.
const UNREAD: Duration = Duration::from_secs(60);
/// How long an operation waits for another one on the same people before it looks again.
const OTHERS: SignedDuration = SignedDuration::from_secs(5);

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
    work.run().await
}

impl Work {
    async fn run(self) -> Result<Carried, Halt> {
        let both = async {
            tokio::join!(pump::send_all(&self), read_back::read_back_all(&self));
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

/// Another operation that is being carried out and has rows left of some of the same people.
fn elsewhere(tx: &mut Tx, number: u64, ours: &RoaringBitmap) -> Result<Option<u64>, StoreError> {
    let mut other = None;
    operation_rows::for_each_open_elsewhere(tx, number, |account, number| {
        if ours.contains(account) {
            other.get_or_insert(number);
        }
    })?;
    Ok(other)
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

/// Holding an approved plan against fresh data.
struct Fitting<'a> {
    mirror: &'a Mirror,
    lease: &'a OperationLease,
    operation: &'a Operation,
    selected: &'a RoaringBitmap,
    typed: bool,
}

/// Rows of a plan by what they change, asked for in nearly their order.
struct Verdicts<'p> {
    rows: &'p [OperationRow],
    /// The place behind the last one found.
    next: usize,
    /// All of them, once one did not stand where it was looked for.
    all: Option<BTreeMap<&'p Change, &'p OperationRow>>,
}

impl<'p> Verdicts<'p> {
    fn of(rows: &'p [OperationRow]) -> Verdicts<'p> {
        Verdicts { rows, next: 0, all: None }
    }

    fn find(&mut self, change: &Change) -> Option<&'p OperationRow> {
        if let Some(row) = self.rows.get(self.next).filter(|row| row.change == *change) {
            self.next += 1;
            return Some(row);
        }
        let rows = self.rows;
        let all = self.all.get_or_insert_with(|| rows.iter().map(|row| (&row.change, row)).collect());
        let found = all.get(change).copied()?;
        self.next = found.seq as usize;
        Some(found)
    }
}

impl Fitting<'_> {
    /// Skips rows whose state no longer fits. Before the first change, too many of them, or a bound that is passed now,
    /// stop everything and ask a person again.
    async fn fit(
        &self,
        rows: &mut [OperationRow],
        (fresh, unread): (&Arc<Snapshot>, &RoaringBitmap),
        surroundings: &Surroundings,
    ) -> Result<(), Halt> {
        let (read, own) = (fresh.clone(), self.operation.own.clone());
        let (around, bounds) = self
            .mirror
            .store()
            .read(move |tx| {
                Ok((crate::operations::prepare::circumstances(tx, &read, own.as_ref())?, guard::read(tx)?.bounds))
            })
            .await?;
        let steps = approve::steps(self.mirror, self.operation, self.selected.clone()).await?;
        let laid = plan::lay(self.mirror, &self.operation.id, (steps, around), fresh).await;
        let mut verdicts = Verdicts::of(&laid.rows);
        let (now, read) = (surroundings.clock.now(), fresh);
        let mut turns: Vec<Turn> = Vec::new();
        let mut planned = 0;
        for row in rows.iter().filter(|row| row.state == RowState::Planned) {
            planned += 1;
            if unread.contains(row.change.account()) {
                let why = Some(Why::new("unread", ""));
                let skipped = OperationRow { state: RowState::Skipped, why, ended_at: Some(now), ..row.clone() };
                turns.push((row.state, skipped));
                continue;
            }
            let found = match verdicts.find(&row.change) {
                Some(fresh) if fresh.state == RowState::Planned => continue,
                Some(fresh) if fresh.state == RowState::Refused => {
                    fresh.why.as_ref().map_or_else(String::new, |why| why.code.clone())
                }
                // It was sent before without an answer: that it is so is our own doing.
                _ if send::may_be_ours(row) && row.change.standing(read) == Standing::So => {
                    let verified =
                        OperationRow { state: RowState::Verified, why: None, ended_at: Some(now), ..row.clone() };
                    turns.push((row.state, OperationRow { generation: Some(read.generation()), ..verified }));
                    continue;
                }
                // No row of it any more, or one that is so: nothing is left to change.
                _ => "already_so".to_owned(),
            };
            let why = Some(Why::new("changed", found));
            turns.push((row.state, OperationRow { state: RowState::Skipped, why, ended_at: Some(now), ..row.clone() }));
        }
        if self.operation.started_at.is_none() {
            let demands = bounds.demands(&self.operation.plan, fresh);
            let ask = if turns.len() * 100 > planned * CHANGED_PERCENT {
                Some(format!(
                    "Of {planned} rows {} no longer fit what was just read. Look at the plan again.",
                    turns.len()
                ))
            } else {
                let over = demands.over_limit.filter(|_| !self.typed);
                over.map(|limit| {
                    format!(
                        "It concerns {} people, and by what was just read an operation may concern {limit}. Look at \
                         the plan again.",
                        self.operation.plan.people
                    )
                })
            };
            if let Some(reason) = ask {
                approve::replan(&system(now), self.mirror, (self.operation, laid, Some(reason)), &surroundings.entropy)
                    .await?;
                return Err(Halt::AskAgain);
            }
        }
        let open = rows.iter().filter(|row| !row.state.is_settled()).map(|row| row.change.account()).collect();
        self.set_out((&turns, open), surroundings).await?;
        let skipped: BTreeMap<u64, OperationRow> = turns.into_iter().map(|(_, row)| (row.seq, row)).collect();
        for row in rows.iter_mut() {
            if let Some(skipped) = skipped.get(&row.seq) {
                *row = skipped.clone();
            }
        }
        Ok(())
    }

    /// Keeps that the operation is being carried out, with the rows it leaves out. Of two operations on the same people
    /// the second waits, and then reads them again.
    async fn set_out(&self, (turns, open): (&[Turn], RoaringBitmap), surroundings: &Surroundings) -> Result<(), Halt> {
        let (lease, number, turns) = (self.lease.clone(), self.operation.number, turns.to_vec());
        let (context, salt) = (system(surroundings.clock.now()), surroundings.entropy.bytes());
        let write = self.mirror.store().write(move |tx| {
            if !jobs::holds(tx, &lease.fence)? {
                return Ok(Err(Halt::LeaseLost));
            }
            if let Some(other) = elsewhere(tx, number, &open)? {
                let until = context.now.checked_add(OTHERS).unwrap_or(context.now);
                let reason = format!("Waits for operation {other}, which concerns some of the same people.");
                return Ok(Err(Halt::Wait { until, reason }));
            }
            let id = &lease.operation;
            operations::set_state(tx, id, OperationState::Running, None)?;
            journal::keep(tx, (id, number), &turns)?;
            events::append_all(tx, &journal::told(id, number, &turns, context.now), || salt)?;
            let detail = serde_json::json!({ "number": number, "skipped": turns.len() }).to_string();
            events::append(tx, &event(&context, "operation.begun", id, detail), &salt)?;
            jobs::extend_operation(tx, &lease.fence, context.now)?;
            Ok(Ok(()))
        });
        write.await?
    }
}
