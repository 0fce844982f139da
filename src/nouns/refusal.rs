//! An error that a person can act on. Everything else is a fault: logged, and shown as an id.

use std::fmt;

/// What was refused, why, and what to do: three sentences in the reader's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What did not happen.
    pub what: String,
    /// Why.
    pub why: String,
    /// What can be done next.
    pub next: String,
}

impl Refusal {
    /// A refusal of three sentences.
    pub fn new(what: impl Into<String>, why: impl Into<String>, next: impl Into<String>) -> Refusal {
        Refusal { what: what.into(), why: why.into(), next: next.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.what, self.why, self.next)
    }
}

impl std::error::Error for Refusal {}
