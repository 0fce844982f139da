//! The one integration binary: every test that needs more than one crate, a database, a process or a browser.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may end at what cannot happen")]

mod api;
mod browser;
mod cli;
mod contract;
mod documents;
mod kill;
mod layering;
mod mirror;
mod nouns;
mod soak;
mod store;
mod support;
