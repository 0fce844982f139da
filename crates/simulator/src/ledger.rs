//! The simulator's own record of what was asked and answered: the tests' independent witness. It is written by the
//! server alone, never by what it watches.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

/// The most exchanges that are kept; the oldest leave first. Counts go on.
const MOST: usize = 1_000_000;

/// One request and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// When the request arrived.
    pub at: Timestamp,
    /// The method.
    pub method: String,
    /// The template of the endpoint, e.g. `/admin/v1/orgs/{o}`; the path itself when there is none.
    pub template: String,
    /// The raw path.
    pub path: String,
    /// The raw query, empty when there is none.
    pub query: String,
    /// The account, group or site that the path names.
    pub subject: Option<String>,
    /// The 0-based number of the page asked for; none when the answer was not a page.
    pub page: Option<u32>,
    /// The status sent; none when the connection was closed without an answer.
    pub status: Option<u16>,
    /// The fault that fired.
    pub fault: Option<String>,
    /// What the request changed, or will change once its queue has come to it; several changes are separated by `; `.
    pub effect: Option<String>,
    /// Scheduled changes that were applied when the request arrived.
    pub changes: Vec<String>,
    /// The body received, when bodies are recorded.
    pub request_body: Option<String>,
    /// The body sent, when bodies are recorded.
    pub response_body: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    exchanges: VecDeque<Exchange>,
    counts: BTreeMap<String, u64>,
}

impl Ledger {
    pub(crate) fn write(&mut self, exchange: Exchange) {
        *self.counts.entry(format!("{} {}", exchange.method, exchange.template)).or_default() += 1;
        if self.exchanges.len() == MOST {
            self.exchanges.pop_front();
        }
        self.exchanges.push_back(exchange);
    }

    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.exchanges.iter().cloned().collect()
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.clone()
    }

    pub(crate) fn clear(&mut self) {
        self.exchanges.clear();
        self.counts.clear();
    }
}
