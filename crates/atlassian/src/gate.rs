//! Where calls wait their turn: per endpoint, at most so many in flight, in the order of their classes, at the pace
//! learned. A permit is one request; it gives its place on by itself when it is dropped.
//!
//! A place is handed from permit to permit under one lock together with the clock's busy mark, so that a virtual clock
//! never sees a gap between two requests. Grants are sent after the lock is released, never inside it.

use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clock::{Busy, Clock};
use jiff::Timestamp;
use tokio::sync::{Notify, oneshot};

use crate::call::{Class, Endpoint};
use crate::error::{Error, ThrottleReason};
use crate::pace::{LearnedLimit, Pace, Ready};
use crate::rate_headers::RateHeaders;
use crate::waits::Waits;

#[derive(Clone)]
pub(crate) struct Gate(Arc<Shared>);

struct Shared {
    clock: Clock,
    waits: Waits,
    in_flight: u32,
    changed: Notify,
    state: Mutex<State>,
}

struct State {
    lanes: HashMap<Endpoint, Lane>,
    learned: Vec<LearnedLimit>,
    next_ticket: u64,
}

struct Lane {
    pace: Pace,
    in_flight: u32,
    queues: [VecDeque<Waiter>; CLASSES.len()],
    /// Grants to other classes since the last pass, while a pass was waiting.
    since_pass: u32,
}

struct Waiter {
    ticket: u64,
    grant: oneshot::Sender<Permit>,
}

/// The right to send one request, and the busy mark that goes with it.
pub(crate) struct Permit {
    gate: Gate,
    endpoint: Endpoint,
    _busy: Busy,
}

/// A place in the queue; leaves it when dropped.
struct Ticket<'a> {
    gate: &'a Gate,
    endpoint: Endpoint,
    class: Class,
    number: u64,
}

const CLASSES: [Class; 4] = [Class::Effect, Class::PreOperation, Class::ReadBack, Class::Pass];
/// After so many grants to others a waiting pass is served: a fifth of the turns.
const OTHERS_PER_PASS: u32 = 4;

type Grants = Vec<(oneshot::Sender<Permit>, Permit)>;

impl Gate {
    pub(crate) fn new(clock: Clock, waits: Waits, in_flight: u32, learned: Vec<LearnedLimit>) -> Gate {
        let state = State { lanes: HashMap::new(), learned, next_ticket: 0 };
        Gate(Arc::new(Shared {
            clock,
            waits,
            in_flight: in_flight.max(1),
            changed: Notify::new(),
            state: Mutex::new(state),
        }))
    }

    /// Waits for a turn at `endpoint`. A wait for quota longer than `patience` is refused as `Throttled`.
    pub(crate) async fn acquire(&self, endpoint: Endpoint, class: Class, patience: Duration) -> Result<Permit, Error> {
        let (grant, mut granted) = oneshot::channel();
        let ticket = self.enqueue(endpoint, class, grant);
        loop {
            let mut changed = pin!(self.0.changed.notified());
            changed.as_mut().enable();
            let wait = self.serve(endpoint, class);
            if let Ok(permit) = granted.try_recv() {
                return Ok(permit);
            }
            let Some(ready) = wait else {
                // All places are taken: whoever is done hands one on.
                tokio::select! {
                    biased;
                    Ok(permit) = &mut granted => return Ok(permit),
                    () = changed => continue,
                }
            };
            let now = self.0.clock.elapsed();
            let left = ready.at.saturating_sub(now);
            if left > patience {
                drop(ticket);
                let reason = ready.throttle.unwrap_or(ThrottleReason::Unstated);
                return Err(Error::Throttled { endpoint, until: self.0.waits.instant(ready.at), reason });
            }
            let _noted = self.0.waits.note(endpoint, ready.at, ready.reason);
            tokio::select! {
                biased;
                Ok(permit) = &mut granted => return Ok(permit),
                () = changed => {}
                () = self.0.clock.sleep(left) => {}
            }
        }
    }

    /// How many requests of `class` may go to `endpoint` at once.
    pub(crate) fn allowance(&self, endpoint: Endpoint, class: Class) -> u32 {
        let now = self.0.clock.elapsed();
        self.lane(&mut self.lock(), endpoint).pace.allowance(class, now)
    }

    /// What has been learned about every endpoint used so far or brought along.
    pub(crate) fn learned(&self) -> Vec<LearnedLimit> {
        let (now, clock) = (self.0.clock.now(), &self.0.clock);
        let elapsed = clock.elapsed();
        let state = self.lock();
        let instant = |at: Duration| {
            let ahead = jiff::SignedDuration::try_from(at.saturating_sub(elapsed)).unwrap_or_default();
            now.saturating_add(ahead).unwrap_or(Timestamp::MAX)
        };
        let mut learned: Vec<LearnedLimit> =
            state.lanes.iter().map(|(endpoint, lane)| lane.pace.learned(endpoint.to_string(), now, instant)).collect();
        let unused = state.learned.iter().filter(|old| !learned.iter().any(|new| new.endpoint == old.endpoint));
        let unused: Vec<LearnedLimit> = unused.cloned().collect();
        drop(state);
        learned.extend(unused);
        learned.sort_by(|a, b| a.endpoint.cmp(&b.endpoint));
        learned
    }

    /// Ends all blocks and counts: another key has another quota.
    pub(crate) fn forget_use(&self) {
        let mut state = self.lock();
        state.lanes.values_mut().for_each(|lane| lane.pace.forget_use());
        drop(state);
        self.0.changed.notify_waiters();
    }

    fn enqueue(&self, endpoint: Endpoint, class: Class, grant: oneshot::Sender<Permit>) -> Ticket<'_> {
        let mut state = self.lock();
        let number = state.next_ticket;
        state.next_ticket += 1;
        self.lane(&mut state, endpoint).queues[class as usize].push_back(Waiter { ticket: number, grant });
        Ticket { gate: self, endpoint, class, number }
    }

    /// Grants what can be granted, and says when `class` may go next if that is a matter of time.
    fn serve(&self, endpoint: Endpoint, class: Class) -> Option<Ready> {
        let now = self.0.clock.elapsed();
        let mut state = self.lock();
        let lane = self.lane(&mut state, endpoint);
        let grants = self.grant(lane, endpoint, now);
        let wait =
            (lane.in_flight < self.0.in_flight).then(|| lane.pace.ready(class, now)).filter(|ready| ready.at > now);
        drop(state);
        send(grants);
        wait
    }

    fn grant(&self, lane: &mut Lane, endpoint: Endpoint, now: Duration) -> Grants {
        let mut grants = Vec::new();
        while lane.in_flight < self.0.in_flight {
            let Some(class) = lane.next_class(now) else { break };
            let Some(waiter) = lane.queues[class as usize].pop_front() else { break };
            lane.pace.take(now);
            lane.in_flight += 1;
            let passes_wait = !lane.queues[Class::Pass as usize].is_empty();
            lane.since_pass = if class != Class::Pass && passes_wait { lane.since_pass + 1 } else { 0 };
            let permit = Permit { gate: self.clone(), endpoint, _busy: self.0.clock.busy() };
            grants.push((waiter.grant, permit));
        }
        grants
    }

    fn lane<'a>(&self, state: &'a mut State, endpoint: Endpoint) -> &'a mut Lane {
        let State { lanes, learned, .. } = state;
        lanes.entry(endpoint).or_insert_with(|| {
            let name = endpoint.to_string();
            let pace = learned.iter().find(|learned| learned.endpoint == name).map(|learned| {
                let left = learned.resets_at.map(|at| at.duration_since(self.0.clock.now()));
                // A window that ends later than any window lasts was noted by another clock.
                let left =
                    left.filter(|left| left.is_positive() && left.as_hours() < 1).map(|left| left.unsigned_abs());
                Pace::resume(learned, left, self.0.clock.elapsed())
            });
            Lane { pace: pace.unwrap_or_else(Pace::new), in_flight: 0, queues: Default::default(), since_pass: 0 }
        })
    }

    /// Changes one endpoint's pace, then serves whoever may go because of it.
    fn change(&self, endpoint: Endpoint, change: impl FnOnce(&mut Lane, Duration)) {
        let now = self.0.clock.elapsed();
        let mut state = self.lock();
        let lane = self.lane(&mut state, endpoint);
        change(lane, now);
        let grants = self.grant(lane, endpoint, now);
        drop(state);
        send(grants);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing under the lock can panic half-way through a change that matters.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A caller that has gone away drops its permit here, outside the lock, which hands the place on.
fn send(grants: Grants) {
    for (waiter, permit) in grants {
        drop(waiter.send(permit));
    }
}

impl Lane {
    /// The class to serve next, among those that wait and whose pace allows it now.
    fn next_class(&mut self, now: Duration) -> Option<Class> {
        let pass_is_due = self.since_pass >= OTHERS_PER_PASS;
        let order =
            if pass_is_due { [Class::Pass, Class::Effect, Class::PreOperation, Class::ReadBack] } else { CLASSES };
        order
            .into_iter()
            .find(|class| !self.queues[*class as usize].is_empty() && self.pace.ready(*class, now).at <= now)
    }
}

impl Permit {
    /// Learns from the headers of the answer.
    pub(crate) fn observe(&self, headers: &RateHeaders) {
        self.gate.change(self.endpoint, |lane, now| lane.pace.observe(headers, lane.in_flight.saturating_sub(1), now));
    }

    /// The answer was none of quota.
    pub(crate) fn succeeded(&self) {
        self.gate.change(self.endpoint, |lane, _| lane.pace.succeeded());
    }

    /// The answer was 429: nothing goes to this endpoint for `wait`.
    pub(crate) fn throttled(&self, wait: Duration, reason: ThrottleReason) {
        self.gate.change(self.endpoint, |lane, now| lane.pace.throttled(now + wait, reason));
        self.gate.0.changed.notify_waiters();
    }

    /// Nothing was sent after all.
    pub(crate) fn unused(self) {
        self.gate.change(self.endpoint, |lane, _| lane.pace.refund());
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.gate.change(self.endpoint, |lane, _| lane.in_flight = lane.in_flight.saturating_sub(1));
        // Those who stood behind a full house may now have to wait for time instead.
        self.gate.0.changed.notify_waiters();
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let mut state = self.gate.lock();
        let lane = self.gate.lane(&mut state, self.endpoint);
        let queue = &mut lane.queues[self.class as usize];
        let waiter = queue.iter().position(|waiter| waiter.ticket == self.number).and_then(|at| queue.remove(at));
        drop(state);
        drop(waiter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate_headers::Reset;

    const ENDPOINT: Endpoint = Endpoint::get("/a");

    fn gate(in_flight: u32) -> (Gate, Clock) {
        let clock = Clock::simulated(Timestamp::UNIX_EPOCH);
        (Gate::new(clock.clone(), Waits::new(clock.clone()), in_flight, Vec::new()), clock)
    }

    fn window(remaining: u32, seconds: u64) -> RateHeaders {
        RateHeaders {
            limit: Some(1000),
            remaining: Some(remaining),
            reset: Some(Reset::In(Duration::from_secs(seconds))),
            ..RateHeaders::default()
        }
    }

    #[tokio::test]
    async fn classes_are_served_in_order_and_passes_get_a_fifth() {
        let (gate, _clock) = gate(1);
        let first = gate.acquire(ENDPOINT, Class::Pass, Duration::MAX).await.unwrap();
        first.observe(&window(900, 60));
        let order = Arc::new(Mutex::new(String::new()));
        let mut tasks = Vec::new();
        let classes =
            [(Class::Pass, 'p', 4), (Class::ReadBack, 'r', 5), (Class::PreOperation, 'o', 2), (Class::Effect, 'e', 8)];
        for (class, letter, count) in classes {
            for _ in 0..count {
                let (gate, order) = (gate.clone(), order.clone());
                tasks.push(tokio::spawn(async move {
                    let permit = gate.acquire(ENDPOINT, class, Duration::MAX).await.unwrap();
                    order.lock().unwrap().push(letter);
                    drop(permit);
                }));
                tokio::task::yield_now().await;
            }
        }
        drop(first);
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), "eeeepeeeepoorrprrrp");
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_gives_its_place_on() {
        let (gate, _clock) = gate(1);
        let first = gate.acquire(ENDPOINT, Class::Pass, Duration::MAX).await.unwrap();
        first.observe(&window(900, 60));
        let gone = tokio::spawn({
            let gate = gate.clone();
            async move { gate.acquire(ENDPOINT, Class::Effect, Duration::MAX).await.map(drop) }
        });
        tokio::task::yield_now().await;
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        drop(first);
        drop(gate.acquire(ENDPOINT, Class::Pass, Duration::MAX).await.unwrap());
    }

    #[tokio::test]
    async fn a_wait_beyond_patience_is_throttled_until_the_reset() {
        let (gate, clock) = gate(4);
        let first = gate.acquire(ENDPOINT, Class::Pass, Duration::MAX).await.unwrap();
        first.observe(&window(0, 1200));
        drop(first);
        let refused = gate.acquire(ENDPOINT, Class::Effect, Duration::from_secs(900)).await.err();
        let until = Timestamp::from_second(1200).unwrap();
        assert_eq!(refused, Some(Error::Throttled { endpoint: ENDPOINT, until, reason: ThrottleReason::WindowReset }));
        drop(gate.acquire(ENDPOINT, Class::Effect, Duration::from_secs(1200)).await.unwrap());
        assert_eq!(clock.elapsed(), Duration::from_secs(1200));
    }

    #[tokio::test]
    async fn a_new_key_ends_the_wait() {
        let (gate, clock) = gate(4);
        let first = gate.acquire(ENDPOINT, Class::Pass, Duration::MAX).await.unwrap();
        first.throttled(Duration::from_secs(600), ThrottleReason::RetryAfter);
        let busy = clock.busy();
        drop(first);
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.acquire(ENDPOINT, Class::Pass, Duration::MAX).await.map(drop) }
        });
        tokio::task::yield_now().await;
        gate.forget_use();
        // Only the first pace of two a second is left to wait for.
        drop(busy);
        waiting.await.unwrap().unwrap();
        assert!(clock.elapsed() <= Duration::from_secs(10), "{:?}", clock.elapsed());
    }
}
