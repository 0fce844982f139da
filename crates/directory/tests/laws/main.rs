//! The laws of the mirror's state, on random organizations.

#![expect(clippy::unwrap_used, reason = "a test may end at what cannot happen")]

mod chosen;
mod guard;
mod organization;
mod snapshot;
