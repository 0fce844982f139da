//! The threads that own a store's connections, and the course of one transaction on them.
//!
//! A pool has a queue and up to a fixed number of threads, started when needed and ended after some idle time. Each owns
//! one connection, made at its first transaction and never seen by another thread. A panic in a closure must neither end
//! its thread nor leave its transaction open.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, ThreadId};
use std::time::Duration;

use crate::store::error::StoreError;
use crate::store::tx::{Mode, Tx};

thread_local! {
    /// Set while this thread runs a closure inside a transaction.
    static IN_TRANSACTION: Cell<bool> = const { Cell::new(false) };
}

pub(super) type Connect = Box<dyn Fn() -> Result<Tx, StoreError> + Send + Sync>;
pub(super) type Work = Box<dyn FnOnce(&mut Slot) + Send>;

/// A queue and its threads. Dropping it lets the threads end by themselves; [`Pool::close`] waits for them.
pub(super) struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    name: &'static str,
    limit: usize,
    idle: Duration,
    connect: Connect,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<(Ticket, Work)>,
    next_ticket: u64,
    workers: usize,
    waiting: usize,
    closing: bool,
    threads: HashMap<ThreadId, JoinHandle<()>>,
}

/// A place in the queue.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

/// A thread's place for its connection.
pub(super) struct Slot {
    tx: Option<Tx>,
    shared: Arc<Shared>,
}

impl Pool {
    pub(super) fn new(name: &'static str, limit: usize, idle: Duration, connect: Connect) -> Pool {
        let (state, wake) = (Mutex::default(), Condvar::new());
        Pool { shared: Arc::new(Shared { name, limit: limit.max(1), idle, connect, state, wake }) }
    }

    /// Puts work into the queue and sees to it that a thread will take it.
    pub(super) fn submit(&self, work: Work) -> Result<Ticket, StoreError> {
        debug_assert!(
            !IN_TRANSACTION.get(),
            "the store was entered from inside a transaction: a closure gets a Tx and no Store"
        );
        let mut state = self.shared.lock();
        if state.closing {
            return Err(StoreError::Closed);
        }
        let ticket = Ticket(state.next_ticket);
        state.next_ticket += 1;
        state.queue.push_back((ticket, work));
        if state.queue.len() > state.waiting && state.workers < self.shared.limit {
            if let Err(error) = self.start(&mut state)
                && state.workers == 0
            {
                state.queue.clear();
                return Err(StoreError::Unreachable { message: error.to_string().into() });
            }
        } else {
            self.shared.wake.notify_one();
        }
        Ok(ticket)
    }

    fn start(&self, state: &mut State) -> std::io::Result<()> {
        let shared = self.shared.clone();
        let thread = thread::Builder::new().name(shared.name.to_owned()).spawn(move || {
            let mut slot = Slot { tx: None, shared: shared.clone() };
            while let Some(work) = shared.next() {
                work(&mut slot);
            }
            slot.disconnect();
            let mut state = shared.lock();
            if !state.closing {
                state.threads.remove(&thread::current().id());
            }
        })?;
        state.workers += 1;
        state.threads.insert(thread.thread().id(), thread);
        Ok(())
    }

    /// Takes work back out of the queue; false if a thread has taken it already.
    pub(super) fn withdraw(&self, ticket: Ticket) -> bool {
        let mut state = self.shared.lock();
        let position = state.queue.iter().position(|(queued, _)| *queued == ticket);
        position.and_then(|position| state.queue.remove(position)).is_some()
    }

    /// Takes no more work, finishes what is queued, and waits until every thread and its connection have ended.
    pub(super) fn close(&self) {
        let threads = {
            let mut state = self.shared.lock();
            state.closing = true;
            self.shared.wake.notify_all();
            std::mem::take(&mut state.threads)
        };
        for (_, thread) in threads {
            if thread.join().is_err() {
                tracing::error!(pool = self.shared.name, "a thread of the store ended by a panic");
            }
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        self.shared.wake.notify_all();
    }
}

impl Shared {
    /// The next work; nothing when the pool closes or this thread has been idle for too long.
    fn next(&self) -> Option<Work> {
        let mut state = self.lock();
        loop {
            if let Some((_, work)) = state.queue.pop_front() {
                return Some(work);
            }
            if state.closing {
                state.workers -= 1;
                return None;
            }
            state.waiting += 1;
            let (woken, timeout) = self.wake.wait_timeout(state, self.idle).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.waiting -= 1;
            if timeout.timed_out() && state.queue.is_empty() {
                state.workers -= 1;
                return None;
            }
        }
    }

    /// Nothing that can panic runs under this lock, so a poisoned one is still whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// One transaction from begin to end: the closure's answer, if everything it did was stored.
    pub(super) fn transact<T>(
        &mut self,
        mode: Mode,
        commit: impl FnOnce(&mut Tx) -> Result<(), StoreError>,
        work: impl FnOnce(&mut Tx) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut tx = match self.tx.take() {
            Some(tx) => tx,
            None => (self.shared.connect)()?,
        };
        let outcome = tx.begin(mode).and_then(|()| {
            let answer = caught(|| work(&mut tx))?;
            commit(&mut tx)?;
            Ok(answer)
        });
        let left_clean = match &outcome {
            Ok(_) => Ok(()),
            Err(_) => tx.rollback(),
        };
        if left_clean.is_ok() && tx.is_usable() {
            self.tx = Some(tx);
        } else {
            tx.close();
        }
        outcome
    }

    fn disconnect(&mut self) {
        if let Some(tx) = self.tx.take() {
            tx.close();
        }
    }
}

fn caught<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    IN_TRANSACTION.set(true);
    // The connection rolls back and the closure is gone, so nothing that the panic left half done is seen again.
    let outcome = catch_unwind(AssertUnwindSafe(work));
    IN_TRANSACTION.set(false);
    outcome.unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<&str>().copied();
        let message = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
        Err(StoreError::Panicked { message: message.into() })
    })
}
