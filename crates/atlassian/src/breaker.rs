//! Leaves a host alone after many failures in a row, and lets one probe through when the pause is over. It counts only
//! failures of the host as a whole; what one endpoint refuses, or fails at for one subject, is none of its business.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::Error;

#[derive(Debug)]
pub(crate) struct Breaker {
    failures_to_open: u32,
    pause: Duration,
    hosts: Mutex<HashMap<String, Host>>,
}

#[derive(Debug, Default)]
struct Host {
    failures: u32,
    /// Closed to everybody before this elapsed time.
    until: Option<Duration>,
    /// Pauses so far without a success between them.
    pauses: u32,
}

/// The host is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) until: Duration,
    pub(crate) failures: u32,
}

const LONGEST_DOUBLING: u32 = 4;

impl Breaker {
    pub(crate) fn new(failures_to_open: u32, pause: Duration) -> Breaker {
        Breaker { failures_to_open: failures_to_open.max(1), pause, hosts: Mutex::default() }
    }

    /// Lets a request to `host` pass, or says until when the host is left alone. The first request after the pause is
    /// the probe: until it ends, or as long as another pause would last, the others are still turned away.
    pub(crate) fn admit(&self, host: &str, now: Duration) -> Result<(), Open> {
        let mut hosts = self.lock();
        let Some(state) = hosts.get_mut(host) else { return Ok(()) };
        match state.until {
            Some(until) if until > now => Err(Open { until, failures: state.failures }),
            Some(_) => {
                state.until = Some(now + self.length(state.pauses));
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Records how a request ended.
    pub(crate) fn record(&self, host: &str, failure: Option<&Error>, now: Duration) {
        let mut hosts = self.lock();
        if !failure.is_some_and(is_the_hosts_own) {
            hosts.remove(host);
            return;
        }
        let state = hosts.entry(host.to_owned()).or_default();
        state.failures += 1;
        if state.failures >= self.failures_to_open {
            state.until = Some(now + self.length(state.pauses));
            state.pauses += 1;
        }
    }

    fn length(&self, pauses: u32) -> Duration {
        self.pause * (1 << pauses.min(LONGEST_DOUBLING))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Host>> {
        // Only plain values are assigned under the lock: a panic elsewhere leaves them usable.
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_the_hosts_own(error: &Error) -> bool {
    match error {
        Error::Unreachable { .. } | Error::UnexpectedContent { .. } => error.is_transient(),
        Error::ServerFault { status, .. } => matches!(status, 502..=504),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Endpoint;

    fn fault(status: u16) -> Error {
        Error::ServerFault { endpoint: Endpoint::get("/a"), status }
    }

    #[test]
    fn a9_it_opens_probes_once_and_closes() {
        let breaker = Breaker::new(3, Duration::from_secs(30));
        let at = Duration::from_secs;
        for _ in 0..3 {
            assert_eq!(breaker.admit("h", at(0)), Ok(()));
            breaker.record("h", Some(&fault(503)), at(0));
        }
        assert_eq!(breaker.admit("h", at(29)), Err(Open { until: at(30), failures: 3 }));
        assert_eq!(breaker.admit("other", at(29)), Ok(()));
        assert_eq!(breaker.admit("h", at(30)), Ok(()), "the probe");
        assert!(breaker.admit("h", at(31)).is_err(), "only one probe");
        breaker.record("h", Some(&fault(503)), at(32));
        assert_eq!(breaker.admit("h", at(91)), Err(Open { until: at(92), failures: 4 }), "twice as long");
        assert_eq!(breaker.admit("h", at(92)), Ok(()));
        breaker.record("h", None, at(93));
        assert_eq!(breaker.admit("h", at(93)), Ok(()));
        assert_eq!(breaker.admit("h", at(93)), Ok(()));
    }

    #[test]
    fn a5_a_fault_for_one_subject_never_opens_it() {
        let breaker = Breaker::new(3, Duration::from_secs(30));
        for _ in 0..50 {
            breaker.record("h", Some(&fault(500)), Duration::ZERO);
        }
        assert_eq!(breaker.admit("h", Duration::ZERO), Ok(()));
    }
}
