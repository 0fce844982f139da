//! What a client is made from: where, as whom, on which clock, within which bounds.

use std::time::Duration;

use clock::Clock;

use crate::pace::LearnedLimit;
use crate::secret::Secret;

/// Everything a [`crate::client::Client`] needs. Start from [`Config::new`] and change single fields.
#[derive(Clone, Debug)]
pub struct Config {
    /// Scheme, host and port that stand for `https://api.atlassian.com`; no path.
    /// With plain `http` (a simulator) the machine's certificates are not read, so `https` sites cannot be reached.
    pub base: String,
    /// The organization's API key, or the API token of `user`.
    pub key: Secret,
    /// Whose the key is, for the APIs of a site, which take a user's address and API token (Basic). Without one the key is
    /// the organization's (Bearer). [`crate::site::SiteClient`] sets it.
    pub user: Option<String>,
    /// Time for pacing, back-off and `asked_at`. Socket time-outs stay on real time.
    pub clock: Clock,
    /// The `User-Agent` to be known by.
    pub agent: String,
    /// Seed of the jitter.
    pub seed: u64,
    /// Address of an HTTP proxy for everything; without one there is none (the environment is not asked).
    pub proxy: Option<String>,
    /// Further trusted certificate authorities, PEM, beside the machine's own.
    pub certificate_authority_pem: Option<Vec<u8>>,
    /// Bounds of time, size and number.
    pub limits: Limits,
    /// What an earlier client learned about the endpoints' limits.
    pub quota: Vec<LearnedLimit>,
}

/// Bounds. The defaults suit Atlassian Cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest time to open a connection.
    pub connect: Duration,
    /// Longest silence while an answer is awaited or read.
    pub read: Duration,
    /// Longest time for one whole exchange, so that a dripping answer ends too.
    pub exchange: Duration,
    /// Largest accepted answer in bytes.
    pub body: usize,
    /// Longest single wait for quota inside `send`; a longer one is answered with `Throttled`.
    pub max_wait: Duration,
    /// The farthest instant that upstream can ask us to wait for, counted from now.
    pub max_pause: Duration,
    /// Attempts of one idempotent call, the first included.
    pub attempts: u32,
    /// Answers of 429 to one call after which it is given up as `Throttled`.
    pub storm: u32,
    /// Requests in flight per endpoint.
    pub in_flight: u32,
    /// Failures in a row after which a host is left alone for a while.
    pub breaker_failures: u32,
    /// How long it is left alone the first time; doubled each time a probe fails, up to sixteen times.
    pub breaker_pause: Duration,
}

impl Config {
    /// The production defaults for `base`, `key` and `clock`.
    pub fn new(base: impl Into<String>, key: Secret, clock: Clock) -> Config {
        Config {
            base: base.into(),
            key,
            user: None,
            clock,
            agent: concat!("atlassian-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            seed: 0,
            proxy: None,
            certificate_authority_pem: None,
            limits: Limits::default(),
            quota: Vec::new(),
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connect: Duration::from_secs(10),
            read: Duration::from_secs(60),
            exchange: Duration::from_secs(300),
            body: 64 << 20,
            max_wait: Duration::from_secs(15 * 60),
            max_pause: Duration::from_secs(60 * 60),
            attempts: 5,
            storm: 8,
            in_flight: 4,
            breaker_failures: 20,
            breaker_pause: Duration::from_secs(30),
        }
    }
}
