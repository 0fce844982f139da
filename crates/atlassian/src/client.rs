//! The client and its one way to send a request: key, turn and pace, time-outs, refused redirects, bounded bodies,
//! classification, repetition. Nothing in this crate reaches upstream around [`Client::send`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clock::Clock;
use jiff::{SignedDuration, Timestamp};

use crate::breaker::Breaker;
use crate::call::{Answer, Call, Class, Endpoint};
use crate::config::{Config, Limits};
use crate::error::{Error, ThrottleReason};
use crate::gate::{Gate, Permit};
use crate::pace::LearnedLimit;
use crate::retry;
use crate::secret::Secret;
use crate::transport::{self, Attempt, Authorization, Outcome, Sending, Transport};
use crate::waits::{WaitReason, Waiting, Waits};

/// A client of one organization, or of one site; cheap to clone, all clones share key, quota and counts.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    clock: Clock,
    /// Whose the key is, on a site.
    user: Option<String>,
    limits: Limits,
    transport: Transport,
    gate: Gate,
    breaker: Breaker,
    waits: Waits,
    state: Mutex<State>,
}

struct State {
    key: Authorization,
    random: fastrand::Rng,
    requests: BTreeMap<Endpoint, Requests>,
    skew: Option<SignedDuration>,
}

/// Requests sent to one endpoint, by how they ended. They add up to `sent`, less those in flight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// Requests that left, repetitions included.
    pub sent: u64,
    /// 2xx with a whole, readable body.
    pub answered: u64,
    /// 429.
    pub throttled: u64,
    /// Every other end.
    pub failed: u64,
    /// Bytes of successful bodies.
    pub bytes: u64,
}

impl Client {
    /// Checks the configuration; reaches nobody.
    pub fn new(config: Config) -> Result<Client, Error> {
        let transport = Transport::new(&config)?;
        let key = transport::authorization(&config.key, config.user.as_deref())?;
        let Config { clock, seed, limits, quota, user, .. } = config;
        let waits = Waits::new(clock.clone());
        let gate = Gate::new(clock.clone(), waits.clone(), limits.in_flight, quota);
        let breaker = Breaker::new(limits.breaker_failures, limits.breaker_pause);
        let random = fastrand::Rng::with_seed(seed);
        let state = Mutex::new(State { key, random, requests: BTreeMap::new(), skew: None });
        Ok(Client(Arc::new(Shared { clock, user, limits, transport, gate, breaker, waits, state })))
    }

    /// Sends everything from now on with another key. Waits for the old key's quota end.
    pub fn replace_key(&self, key: &Secret) -> Result<(), Error> {
        let key = transport::authorization(key, self.0.user.as_deref())?;
        self.state().key = key;
        self.0.gate.forget_use();
        Ok(())
    }

    /// Sends a call and gives its 2xx answer, after as many waits and repetitions as its class and the limits allow.
    /// A JSON body is whole; what it says is for the caller to read.
    ///
    /// # Errors
    /// All of [`Error`] but those of chains. 401 is answered at once.
    pub async fn send(&self, call: Call) -> Result<Answer, Error> {
        self.read(&call, whole).await
    }

    /// Sends a call and reads its answer with `read`; an answer that turns out to be cut or no JSON is asked for again
    /// like any other failure.
    pub(crate) async fn read<T>(
        &self,
        call: &Call,
        read: impl Fn(Answer) -> Result<T, Error> + Send + Sync,
    ) -> Result<T, Error> {
        let limits = &self.0.limits;
        let url = self.0.transport.url(call)?;
        let host = transport::host_of(&url);
        let patience = call.patience.unwrap_or(limits.max_wait);
        let (mut attempts, mut failures, mut throttles) = (0, 0, 0);
        loop {
            let permit = self.0.gate.acquire(call.endpoint, call.class, patience).await?;
            if let Err(open) = self.0.breaker.admit(&host, self.0.clock.elapsed()) {
                permit.unused();
                let until = self.0.waits.instant(open.until);
                return Err(Error::CircuitOpen { host, until, failures: open.failures });
            }
            if call.departure.as_ref().is_some_and(|departure| !departure.leave()) {
                permit.unused();
                return Err(Error::TakenBack { endpoint: call.endpoint });
            }
            attempts += 1;
            let asked_at = self.0.clock.now();
            let attempt = self.attempt(call, &url, &permit).await;
            let failure = match attempt.outcome {
                Outcome::Answered { status, body } => {
                    let length = body.len() as u64;
                    // Reading is work too: a virtual clock stands still from the request until it is done.
                    let _busy = self.0.clock.busy();
                    drop(permit);
                    let answer = Answer { endpoint: call.endpoint, status, body, asked_at, attempts };
                    match read(answer) {
                        Ok(value) => {
                            self.0.breaker.record(&host, None, self.0.clock.elapsed());
                            self.count(call.endpoint, |requests| {
                                requests.answered += 1;
                                requests.bytes += length;
                            });
                            return Ok(value);
                        }
                        Err(error) => error,
                    }
                }
                Outcome::Throttled => {
                    throttles += 1;
                    self.count(call.endpoint, |requests| requests.throttled += 1);
                    self.0.breaker.record(&host, None, self.0.clock.elapsed());
                    let (wait, reason) =
                        retry::throttle(&attempt.headers, throttles, limits.max_pause, &mut self.state().random);
                    permit.throttled(wait, reason);
                    if throttles >= limits.storm || wait > patience {
                        let reason = if wait > patience { reason } else { ThrottleReason::Storm };
                        let until = self.0.waits.instant(self.0.clock.elapsed() + wait);
                        return Err(Error::Throttled { endpoint: call.endpoint, until, reason });
                    }
                    // The gate makes the next attempt wait, and says why.
                    continue;
                }
                Outcome::Failed(error) => {
                    drop(permit);
                    error
                }
            };
            failures += 1;
            self.count(call.endpoint, |requests| requests.failed += 1);
            self.0.breaker.record(&host, Some(&failure), self.0.clock.elapsed());
            let pause = retry::pause(&failure, call.class, failures, limits.attempts, &mut self.state().random);
            let stated = attempt.headers.retry_after.unwrap_or_default().min(limits.max_pause);
            let Some(pause) = pause.map(|pause| pause.max(stated)).filter(|pause| *pause <= patience) else {
                return Err(failure);
            };
            let until = self.0.clock.elapsed() + pause;
            let _noted = self.0.waits.note(call.endpoint, until, WaitReason::Retry);
            self.0.clock.sleep(pause).await;
        }
    }

    /// How many requests of `class` may go to `endpoint` at once, by what is known of its limit; while nothing is known, in
    /// about a second. Requests that wait already are not taken off.
    pub fn allowance(&self, endpoint: Endpoint, class: Class) -> u32 {
        self.0.gate.allowance(endpoint, class)
    }

    /// What has been learned about the endpoints' limits, to be persisted.
    pub fn quota(&self) -> Vec<LearnedLimit> {
        self.0.gate.learned()
    }

    /// Requests so far, per endpoint.
    pub fn requests(&self) -> Vec<(Endpoint, Requests)> {
        self.state().requests.iter().map(|(endpoint, requests)| (*endpoint, *requests)).collect()
    }

    /// Time so far during which at least one call waited for quota or before a repetition.
    pub fn waited(&self) -> Duration {
        self.0.waits.total()
    }

    /// The wait in progress that ends last, if any call waits.
    pub fn waiting(&self) -> Option<Waiting> {
        self.0.waits.longest()
    }

    /// How far the server's clock was ahead of ours at the last answer that told its time.
    pub fn clock_skew(&self) -> Option<SignedDuration> {
        self.state().skew
    }

    /// The clock that everything here goes by.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(crate) fn own_target(&self, endpoint: Endpoint, link: &str) -> Result<String, Error> {
        self.0.transport.own_target(endpoint, link)
    }

    async fn attempt(&self, call: &Call, url: &reqwest::Url, permit: &Permit) -> Attempt {
        let key = self.state().key.clone();
        self.count(call.endpoint, |requests| requests.sent += 1);
        let attempt = self.0.transport.attempt(call, Sending { url, key, clock: &self.0.clock }).await;
        if attempt.headers.skew.is_some() {
            self.state().skew = attempt.headers.skew;
        }
        permit.observe(&attempt.headers);
        if matches!(attempt.outcome, Outcome::Answered { .. }) {
            permit.succeeded();
        }
        attempt
    }

    fn count(&self, endpoint: Endpoint, change: impl FnOnce(&mut Requests)) {
        change(self.state().requests.entry(endpoint).or_default());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Only plain values are assigned under the lock: a panic elsewhere leaves them usable.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("limits", &self.0.limits).finish_non_exhaustive()
    }
}

/// Accepts an answer without reading it, but for its first and last byte: an object or array must end as it began.
fn whole(answer: Answer) -> Result<Answer, Error> {
    let text = answer.body.trim_ascii();
    let endpoint = answer.endpoint;
    match (text.first(), text.last()) {
        (None, _) | (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')) => Ok(answer),
        (Some(b'{' | b'['), _) => Err(Error::Truncated { endpoint }),
        _ if serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok() => Ok(answer),
        _ => {
            let detail = "it is no JSON".to_owned();
            Err(Error::Malformed { endpoint, detail, broken_text: true })
        }
    }
}

/// The instant at which a request left, beside what it brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read<T> {
    /// What upstream said.
    pub value: T,
    /// When the request left.
    pub asked_at: Timestamp,
}
