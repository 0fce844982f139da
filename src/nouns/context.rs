//! Who asks for something: the first parameter of every verb that acts or must know who looks.

use core::net::IpAddr;

use jiff::Timestamp;

use crate::id::{AccessTokenId, AdministratorId, FeedKeyId};
use crate::nouns::event::{By, Person};

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// An administrator who signed in.
    Administrator {
        /// Who, for the audit chain, which holds no personal data in its public part.
        id: AdministratorId,
        /// Their username, for pages and runs.
        username: String,
        /// Where the request came from.
        source: Option<IpAddr>,
    },
    /// A program with an access token, for an administrator.
    AccessToken {
        /// Which token, for the audit chain.
        id: AccessTokenId,
        /// What it is called, for pages and runs.
        name: String,
        /// For whom it acts.
        administrator: AdministratorId,
        /// Their username.
        username: String,
        /// Where the request came from.
        source: Option<IpAddr>,
    },
    /// A program with a feed key, which uploads to one feed.
    FeedKey {
        /// Which key.
        id: FeedKeyId,
        /// What it is called, for pages and runs.
        label: String,
        /// Where the request came from.
        source: Option<IpAddr>,
    },
    /// Somebody at the machine, through the command line.
    CommandLine,
    /// Rollcall itself.
    System,
}

/// Who asks, and when.
#[derive(Clone, Debug)]
pub struct Context {
    /// Who acts.
    pub actor: Actor,
    /// The moment of the request.
    pub now: Timestamp,
}

impl Actor {
    /// The actor as runs and pages show it.
    pub fn as_text(&self) -> String {
        match self {
            Actor::Administrator { username, .. } => format!("administrator {username}"),
            Actor::AccessToken { name, username, .. } => format!("access token {name} of {username}"),
            Actor::FeedKey { label, .. } => format!("feed key {label}"),
            Actor::CommandLine => "command line".to_owned(),
            Actor::System => "Rollcall".to_owned(),
        }
    }

    /// The person who answers for it, as decisions name them: whoever uses an access token is its administrator.
    pub fn as_person(&self) -> String {
        match self {
            Actor::AccessToken { administrator, .. } => format!("administrator {administrator}"),
            _ => self.as_subject().id,
        }
    }

    /// The actor as an event names it: by an id in its public part, by name and address in the part that can be erased.
    pub fn as_subject(&self) -> By {
        let person = |id: &AdministratorId, name: String, source: &Option<IpAddr>| {
            Some(Person { id: id.to_string(), name, source: *source })
        };
        match self {
            Actor::Administrator { id, username, source } => {
                By { id: format!("administrator {id}"), person: person(id, username.clone(), source) }
            }
            Actor::AccessToken { id, administrator, source, .. } => {
                By { id: format!("access token {id}"), person: person(administrator, self.as_text(), source) }
            }
            Actor::FeedKey { id, source, .. } => {
                let person = Person { id: id.to_string(), name: self.as_text(), source: *source };
                By { id: format!("feed key {id}"), person: Some(person) }
            }
            Actor::CommandLine | Actor::System => By { id: self.as_text(), person: None },
        }
    }
}
