//! Rate limits per endpoint, in fixed windows by the shared clock, with upstream's three headers.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::endpoint::pattern_matches;
use crate::json::in_seconds;

/// The limits that upstream publishes, a minute.
const PUBLISHED: [(&str, u32); 5] = [
    ("last-active-dates", 200),
    ("/admin/v1/orgs/{o}/events", 10),
    ("/admin/v1/orgs/{o}/events/{e}", 10),
    ("/admin/v1/orgs/{o}/event-actions", 10),
    ("/admin/v1/orgs/{o}/events-stream", 50),
];

/// How many requests an endpoint takes in a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests in a window, for each endpoint.
    pub requests: u32,
    /// Other numbers for endpoints whose template contains, or is matched by, the pattern. The smallest counts.
    pub endpoints: BTreeMap<String, u32>,
    /// Length of a window in seconds.
    pub window_seconds: u32,
}

impl Default for Limits {
    /// A million a minute, and the limits that upstream publishes: 200 last-active dates, 10 of each reading of the audit log, 50 of its stream.
    fn default() -> Limits {
        Limits::all(1_000_000)
    }
}

impl Limits {
    /// So many a minute for every endpoint; those with a published limit never get more than that.
    pub fn all(requests: u32) -> Limits {
        Limits {
            requests,
            endpoints: PUBLISHED.map(|(path, most)| (path.to_owned(), requests.min(most))).into(),
            window_seconds: 60,
        }
    }

    /// Another limit for the endpoints that the pattern matches.
    pub fn endpoint(mut self, pattern: &str, requests: u32) -> Limits {
        self.endpoints.insert(pattern.to_owned(), requests);
        self
    }

    fn of(&self, template: &str) -> u32 {
        let special = self.endpoints.iter().filter(|(pattern, _)| pattern_matches(pattern, template));
        special.map(|(_, requests)| *requests).min().unwrap_or(self.requests)
    }
}

/// What one request leaves of its window.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    pub(crate) reset: Timestamp,
    pub(crate) over: bool,
}

impl Standing {
    pub(crate) fn headers(&self) -> [(String, String); 3] {
        [
            ("X-RateLimit-Limit".to_owned(), self.limit.to_string()),
            ("X-RateLimit-Remaining".to_owned(), self.remaining.to_string()),
            ("X-RateLimit-Reset".to_owned(), in_seconds(self.reset)),
        ]
    }

    /// What sites say besides: that little is left, and over the limit why and for how many seconds.
    pub(crate) fn of_site(&self, now: Timestamp) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        if u64::from(self.remaining) * 5 < u64::from(self.limit) || self.over {
            headers.push(("X-RateLimit-NearLimit".to_owned(), "true".to_owned()));
        }
        if self.over {
            headers.push(("RateLimit-Reason".to_owned(), "jira-burst-based".to_owned()));
            headers.push(("Retry-After".to_owned(), self.seconds_left(now)));
        }
        headers
    }

    /// Whole seconds until the window ends, one at least.
    pub(crate) fn seconds_left(&self, now: Timestamp) -> String {
        (self.reset.as_second() - now.as_second()).max(1).to_string()
    }
}

/// The windows in use.
#[derive(Debug, Default)]
pub(crate) struct Windows {
    used: HashMap<(&'static str, &'static str), (i64, u32)>,
}

impl Windows {
    /// Counts a request. One over the limit is not counted: the window ends when it ends.
    pub(crate) fn count(
        &mut self,
        limits: &Limits,
        endpoint: (&'static str, &'static str),
        now: Timestamp,
    ) -> Standing {
        let length = i64::from(limits.window_seconds.max(1));
        let window = now.as_second().div_euclid(length);
        let limit = limits.of(endpoint.1);
        let used = self.used.entry(endpoint).or_insert((window, 0));
        if used.0 != window {
            *used = (window, 0);
        }
        let over = used.1 >= limit;
        if !over {
            used.1 += 1;
        }
        let reset = Timestamp::from_second((window + 1) * length).unwrap_or(Timestamp::MAX);
        Standing { limit, remaining: limit.saturating_sub(used.1), reset, over }
    }
}
