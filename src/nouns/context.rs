//! Who asks for something: the first parameter of every verb that acts or must know who looks.

use jiff::Timestamp;

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// An administrator who signed in, by username.
    Administrator(String),
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
    /// The actor as audit and runs show it.
    pub fn as_text(&self) -> String {
        match self {
            Actor::Administrator(username) => format!("administrator {username}"),
            Actor::CommandLine => "command line".to_owned(),
            Actor::System => "Rollcall".to_owned(),
        }
    }
}
