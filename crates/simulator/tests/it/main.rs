//! The simulator asked over HTTP, as a client would, and compared with its own truth.

#![expect(clippy::unwrap_used, clippy::panic, reason = "the client's functions are parts of tests")]

mod answers;
mod audit;
mod client;
mod drift;
mod faults;
mod limits;
mod management;
mod policies;
mod population;
mod scim;
mod site;
mod site_accounts;
mod strictness;
mod walks;
mod writes;
