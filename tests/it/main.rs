//! The one integration binary: every test that needs more than one crate, a database, a process or a browser.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may end at what cannot happen")]

mod api;
mod browser;
mod cli;
mod contacts;
mod contract;
mod demo;
mod documents;
mod feeds;
mod kill;
mod layering;
mod mirror;
mod notices;
mod nouns;
mod operations;
/// The plain evaluator of filters and its random organizations, which judge the pure crate too.
#[path = "../../crates/directory/tests/laws/oracle.rs"]
mod oracle;
mod personal;
#[path = "../../crates/directory/tests/laws/questions.rs"]
mod questions;
mod soak;
mod store;
mod support;
mod tasks;
#[path = "../../crates/directory/tests/laws/world.rs"]
#[expect(dead_code, reason = "snapshots are built from the database here, not from a world")]
mod world;
