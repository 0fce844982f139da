//! What the client is waiting for now, and how long it has waited so far: for progress and for explanations. It only
//! records; nobody waits here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clock::Clock;
use jiff::{SignedDuration, Timestamp};

use crate::call::Endpoint;

/// A wait in progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The endpoint whose caller waits.
    pub endpoint: Endpoint,
    /// When it will go on, as far as is known.
    pub until: Timestamp,
    /// What it waits for.
    pub reason: WaitReason,
}

/// Why a call is not sent yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WaitReason {
    /// The endpoint's limit is not known yet: requests are spaced out.
    Pacing,
    /// The endpoint's window is used up.
    QuotaUsed,
    /// Upstream answered 429.
    Throttled,
    /// The last attempt failed; the next one comes after a pause.
    Retry,
}

#[derive(Clone, Debug)]
pub(crate) struct Waits {
    clock: Clock,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    active: BTreeMap<u64, (Waiting, Duration)>,
    since: Option<Duration>,
    total: Duration,
}

/// While it is held, somebody waits.
#[derive(Debug)]
pub(crate) struct Noted<'a> {
    waits: &'a Waits,
    number: u64,
}

impl Waits {
    pub(crate) fn new(clock: Clock) -> Waits {
        Waits { clock, state: Arc::default() }
    }

    /// Notes a wait until `until` on the clock's elapsed time.
    pub(crate) fn note(&self, endpoint: Endpoint, until: Duration, reason: WaitReason) -> Noted<'_> {
        let waiting = Waiting { endpoint, until: self.instant(until), reason };
        let elapsed = self.clock.elapsed();
        let mut state = self.lock();
        let number = state.next;
        state.next += 1;
        state.since.get_or_insert(elapsed);
        state.active.insert(number, (waiting, until));
        Noted { waits: self, number }
    }

    /// The instant at which the clock's elapsed time will be `elapsed`.
    pub(crate) fn instant(&self, elapsed: Duration) -> Timestamp {
        let ahead = elapsed.saturating_sub(self.clock.elapsed());
        let ahead = SignedDuration::try_from(ahead).unwrap_or(SignedDuration::MAX);
        self.clock.now().saturating_add(ahead).unwrap_or(Timestamp::MAX)
    }

    /// The wait that ends last.
    pub(crate) fn longest(&self) -> Option<Waiting> {
        let state = self.lock();
        state.active.values().max_by_key(|(_, until)| *until).map(|(waiting, _)| waiting.clone())
    }

    /// Time during which at least one caller waited.
    pub(crate) fn total(&self) -> Duration {
        let elapsed = self.clock.elapsed();
        let state = self.lock();
        state.total + state.since.map_or(Duration::ZERO, |since| elapsed.saturating_sub(since))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Only plain values are assigned under the lock: a panic elsewhere leaves them usable.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        let elapsed = self.waits.clock.elapsed();
        let mut state = self.waits.lock();
        state.active.remove(&self.number);
        if state.active.is_empty()
            && let Some(since) = state.since.take()
        {
            state.total += elapsed.saturating_sub(since);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDPOINT: Endpoint = Endpoint::get("/a");

    #[test]
    fn waits_that_overlap_are_counted_once() {
        let clock = Clock::simulated(Timestamp::UNIX_EPOCH);
        let waits = Waits::new(clock.clone());
        let first = waits.note(ENDPOINT, Duration::from_secs(60), WaitReason::QuotaUsed);
        clock.advance(Duration::from_secs(10));
        let second = waits.note(ENDPOINT, Duration::from_secs(90), WaitReason::Retry);
        assert_eq!(waits.longest().unwrap().until, Timestamp::from_second(90).unwrap());
        clock.advance(Duration::from_secs(20));
        drop(second);
        assert_eq!(waits.longest().unwrap().reason, WaitReason::QuotaUsed);
        clock.advance(Duration::from_secs(5));
        drop(first);
        clock.advance(Duration::from_secs(500));
        assert_eq!((waits.total(), waits.longest()), (Duration::from_secs(35), None));
    }
}
