//! A line of the audit chain, written by the same transaction as the fact it tells; and what a person is shown of it.

use core::net::IpAddr;
use std::fmt;

use jiff::Timestamp;

/// What is to be recorded. The store gives it its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// When it happened.
    pub at: Timestamp,
    /// Who did it, as [`crate::nouns::context::Actor::as_subject`] says.
    pub actor: By,
    /// What happened: `sync.sealed`, `key.saved`; one of [`crate::nouns::event_kind::KINDS`].
    pub kind: &'static str,
    /// What it happened to: an id.
    pub subject: String,
    /// The public part, one JSON object without personal data.
    pub detail: String,
    /// The personal part, which can be erased without breaking the chain; empty when there is none. Its kind says
    /// whose it is.
    pub personal: String,
}

/// Who did something: an id for the public part, and what is personal about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// The public part: `administrator adm_...`, `Rollcall`.
    pub id: String,
    /// The person behind it, where there is one.
    pub person: Option<Person>,
}

/// A person who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The id under which their part is sealed.
    pub id: String,
    /// What they are called.
    pub name: String,
    /// Where their request came from; `None` when that was not over the network.
    pub source: Option<IpAddr>,
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

/// One person's part of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Whose it is.
    pub person: String,
    /// What they were called, if they did it.
    pub name: Option<String>,
    /// Where their request came from.
    pub source: Option<String>,
    /// What else is said of them, or was written by them: JSON.
    pub told: Option<String>,
    /// Whether it was erased: then nothing of it can be known.
    pub is_erased: bool,
}

/// An event with what it says of people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The event.
    pub event: Event,
    /// Its hash, which covers everything.
    pub hash: Vec<u8>,
    /// What it says of people.
    pub parts: Vec<Part>,
}

impl Recorded {
    /// What whoever did it was called; `None` when no person did, or when it was erased.
    pub fn name(&self) -> Option<&str> {
        self.parts.iter().find_map(|part| part.name.as_deref())
    }

    /// Where the request came from.
    pub fn source(&self) -> Option<&str> {
        self.parts.iter().find_map(|part| part.source.as_deref())
    }

    /// What else it says of people, as JSON.
    pub fn told(&self) -> Option<&str> {
        self.parts.iter().find_map(|part| part.told.as_deref())
    }

    /// Whether a part of it was erased.
    pub fn is_erased(&self) -> bool {
        self.parts.iter().any(|part| part.is_erased)
    }
}

impl From<&str> for By {
    fn from(id: &str) -> By {
        By { id: id.to_owned(), person: None }
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}
