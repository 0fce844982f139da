//! Personal data of one person: everything that is kept about them as one document, and its erasure, everywhere at once.
//!
//! An erasure never breaks the audit chain, takes nothing that an open run or the last applied one needs, and says
//! beforehand what goes and what stays, with the reason. Ids of accounts stay: without Atlassian they say nothing.

pub mod erase;
pub mod export;
mod mentions;
pub mod preview;
mod replace;
pub mod who;
