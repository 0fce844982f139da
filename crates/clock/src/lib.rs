//! The one source of time. A [`Clock`] is real or virtual; whoever needs the time, a deadline or a pause is given one.
//!
//! A virtual clock is shared by everything in one process (the client, the sync, an in-process simulator) and stands
//! still while anything works: it jumps to the next deadline only when nobody holds a [`Busy`] guard and nothing has
//! begun or ended for a moment of real time. It must never be used where real sockets need time-outs; those stay on
//! real time.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// Real or virtual time; cheap to clone, all clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock(Inner);

#[derive(Clone, Debug)]
enum Inner {
    System { origin: Instant },
    Virtual(Arc<Mutex<State>>),
}

#[derive(Debug)]
struct State {
    start: Timestamp,
    elapsed: Duration,
    busy: usize,
    /// Counts beginnings and ends of work, so that a sleeper can tell whether anything happened while it looked away.
    activity: u64,
    next_sleeper: u64,
    sleepers: BTreeSet<(Duration, u64)>,
}

/// While one is held, virtual time stands still. Holding one on a system clock costs nothing and does nothing.
#[derive(Debug)]
pub struct Busy(Option<Arc<Mutex<State>>>);

/// How long a sleeper on a virtual clock watches for activity before it lets time jump.
const QUIET: Duration = Duration::from_micros(500);

impl Clock {
    /// The machine's clock.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn system() -> Clock {
        Clock(Inner::System { origin: Instant::now() })
    }

    /// A clock that starts at `start` and moves only by [`Clock::advance`] or when everybody waits on it.
    pub fn simulated(start: Timestamp) -> Clock {
        Clock(Inner::Virtual(Arc::new(Mutex::new(State {
            start,
            elapsed: Duration::ZERO,
            busy: 0,
            activity: 0,
            next_sleeper: 0,
            sleepers: BTreeSet::new(),
        }))))
    }

    /// The present instant, for storing and showing. Never subtract two of these to measure: see [`Clock::elapsed`].
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Inner::System { .. } => Timestamp::now(),
            Inner::Virtual(state) => {
                let state = lock(state);
                let past_start = SignedDuration::try_from(state.elapsed).unwrap_or(SignedDuration::MAX);
                state.start.saturating_add(past_start).unwrap_or(Timestamp::MAX)
            }
        }
    }

    /// Time since this clock was made. Never goes back, whatever happens to the wall clock: measure with this.
    pub fn elapsed(&self) -> Duration {
        match &self.0 {
            Inner::System { origin } => origin.elapsed(),
            Inner::Virtual(state) => lock(state).elapsed,
        }
    }

    /// Waits for `duration`. On a virtual clock, until virtual time has passed it.
    #[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
    pub async fn sleep(&self, duration: Duration) {
        match &self.0 {
            Inner::System { .. } => tokio::time::sleep(duration).await,
            Inner::Virtual(state) => {
                let sleeper = Sleeper::register(state, duration);
                loop {
                    let before = {
                        let state = lock(state);
                        if state.elapsed >= sleeper.key.0 {
                            return;
                        }
                        state.activity
                    };
                    tokio::time::sleep(QUIET).await;
                    let mut state = lock(state);
                    let quiet = state.busy == 0 && state.activity == before;
                    if quiet && state.sleepers.first() == Some(&sleeper.key) {
                        state.elapsed = state.elapsed.max(sleeper.key.0);
                    }
                }
            }
        }
    }

    /// Marks work in progress (a request in flight, a page being stored) until the guard is dropped.
    pub fn busy(&self) -> Busy {
        match &self.0 {
            Inner::System { .. } => Busy(None),
            Inner::Virtual(state) => {
                let mut locked = lock(state);
                locked.busy += 1;
                locked.activity += 1;
                Busy(Some(state.clone()))
            }
        }
    }

    /// Moves a virtual clock forward. A system clock is left alone: it returns false.
    pub fn advance(&self, by: Duration) -> bool {
        match &self.0 {
            Inner::System { .. } => false,
            Inner::Virtual(state) => {
                let mut state = lock(state);
                state.elapsed += by;
                state.activity += 1;
                true
            }
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some(state) = &self.0 {
            let mut state = lock(state);
            state.busy -= 1;
            state.activity += 1;
        }
    }
}

/// A place in the queue of sleepers; leaves it when the sleep ends or is abandoned.
struct Sleeper<'a> {
    state: &'a Arc<Mutex<State>>,
    key: (Duration, u64),
}

impl<'a> Sleeper<'a> {
    fn register(state: &'a Arc<Mutex<State>>, duration: Duration) -> Sleeper<'a> {
        let mut locked = lock(state);
        let key = (locked.elapsed + duration, locked.next_sleeper);
        locked.next_sleeper += 1;
        locked.activity += 1;
        locked.sleepers.insert(key);
        Sleeper { state, key }
    }
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        let mut state = lock(self.state);
        state.sleepers.remove(&self.key);
        state.activity += 1;
    }
}

/// A poisoned lock only means that another task panicked between two assignments of plain numbers; they stay usable.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn virtual_time_jumps_to_the_earliest_deadline_and_wakes_in_order() {
        let clock = Clock::simulated(Timestamp::UNIX_EPOCH);
        let order = Arc::new(Mutex::new(Vec::new()));
        let sleep = |hours: u64| {
            let (clock, order) = (clock.clone(), order.clone());
            async move {
                clock.sleep(Duration::from_secs(hours * 3600)).await;
                order.lock().unwrap().push((hours, clock.now().as_second()));
            }
        };
        tokio::join!(sleep(3), sleep(1), sleep(2));
        assert_eq!(*order.lock().unwrap(), [(1, 3600), (2, 7200), (3, 10800)]);
    }

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "gives the sleeper real time in which it could go wrong")]
    async fn virtual_time_stands_still_while_somebody_is_busy() {
        let clock = Clock::simulated(Timestamp::UNIX_EPOCH);
        let busy = clock.busy();
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(60)).await }
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(clock.elapsed(), Duration::ZERO);
        drop(busy);
        sleeper.await.unwrap();
        assert_eq!(clock.elapsed(), Duration::from_secs(60));
    }
}
