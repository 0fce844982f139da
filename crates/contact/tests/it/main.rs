//! The laws of syncing, held over random histories of accounts, contacts and people's hands.

#![expect(clippy::unwrap_used, reason = "a test's own functions fail as the test does")]

mod laws;
mod model;
mod world;
