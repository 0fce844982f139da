//! Who asks for something: the first parameter of every verb that acts or must know who looks.

use jiff::Timestamp;

use crate::id::AdministratorId;

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// An administrator who signed in.
    Administrator {
        /// Who, for the audit chain, which holds no personal data in its public part.
        id: AdministratorId,
        /// Their username, for pages and runs.
        username: String,
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
            Actor::CommandLine => "command line".to_owned(),
            Actor::System => "Rollcall".to_owned(),
        }
    }

    /// The actor as the public part of an event names it: without personal data.
    pub fn as_subject(&self) -> String {
        match self {
            Actor::Administrator { id, .. } => format!("administrator {id}"),
            Actor::CommandLine | Actor::System => self.as_text(),
        }
    }
}
