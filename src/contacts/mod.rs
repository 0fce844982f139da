//! Contacts and companies, and keeping contacts in step with accounts.
//!
//! `keep` makes, changes and deletes records, `relate` puts contacts into companies, `notes` writes about them, `define`
//! defines their fields, `merge` makes one of two; `answer`, `look` and `listing` are what the skins read. `syncing` is
//! the switch and its scope, `people` who could be a contact, `follow` carries a plan out under a lease that `worker`
//! holds; `conflicts` is what waits for a person.
//!
//! Nothing here deletes a contact that an account keeps, and nothing but `follow` writes what follows from accounts.

pub mod answer;
pub mod attention;
pub mod bulk;
pub mod conflicts;
pub mod define;
pub mod erase;
pub mod export;
mod follow;
pub mod import;
pub mod keep;
pub mod listing;
pub mod look;
pub mod merge;
pub mod notes;
pub mod people;
pub mod relate;
mod release;
pub mod runs;
pub mod scope;
mod settle;
mod sites;
pub mod sources;
pub mod syncing;
mod tell;
pub mod trouble;
pub mod worker;
