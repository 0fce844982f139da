//! The main job: an organization is mirrored, completely, explained, and never wrong about who is gone.

#![expect(clippy::panic, reason = "a test may end at what cannot happen")]

mod answers;
mod beside;
mod bundle;
mod changes;
mod claims;
mod customers;
mod edition;
mod faults;
mod keys;
mod marks;
mod passes;
mod past;
mod resume;
mod schedule;
mod scopes;
mod site_hooks;
mod sites;
mod stream;
mod why;
mod withheld;
