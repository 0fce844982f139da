//! A line of the audit chain, written by the same transaction as the fact it tells.

use jiff::Timestamp;

/// What is to be recorded. The store gives it its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// When it happened.
    pub at: Timestamp,
    /// Who did it, as [`crate::nouns::context::Actor::as_subject`] writes it.
    pub actor: String,
    /// What happened: `sync.sealed`, `key.saved`.
    pub kind: &'static str,
    /// What it happened to: an id.
    pub subject: String,
    /// The public part, one JSON object without personal data.
    pub detail: String,
    /// The personal part, which can be erased without breaking the chain; empty when there is none.
    pub personal: String,
}

/// A recorded event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its place in the chain, from 1.
    pub seq: i64,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// What happened.
    pub kind: String,
    /// What it happened to.
    pub subject: String,
    /// The public part.
    pub detail: String,
}
