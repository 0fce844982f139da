//! The laws of the mirror's state, on random organizations.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may end at what cannot happen")]

mod act;
mod chosen;
mod find;
mod groups;
mod guard;
mod oracle;
mod organization;
mod paths;
mod questions;
mod snapshot;
mod vocabulary;
mod world;
