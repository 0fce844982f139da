//! Who may enter: passwords, sessions, access tokens, the one-time link of set-up, and tries that are counted.
//!
//! Secrets are stored as hashes only, and nothing here may tell whether a username exists: not by words, not by time.
//! No page and no cookie is known here; that is `web`.

pub mod access_tokens;
pub mod attempts;
pub mod feed_keys;
pub mod invitations;
pub mod passwords;
pub mod sessions;
pub mod setup;
pub mod token;
mod told;
pub mod username;
