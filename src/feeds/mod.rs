//! Feeds of people from originating systems, as reviewable sync runs: uploaded, compared, looked at, applied as a whole or
//! not at all.
//!
//! `keep` makes and configures feeds, `bodies` takes bytes in and gives them out, `deliver` puts files into a run, `start`
//! starts it; `worker` leases its job, which `compare` reads and `apply` writes; `decide` is what people do with runs,
//! `people` what they do with people, `accounts` what follows at Atlassian. `listing` and `look_up` are what pages, commands and the API read.
//!
//! Nobody is changed by a record that fails, a control file that is refused, or a run that was not wholly written.

pub mod accounts;
mod apply;
pub mod attention;
mod baseline;
pub mod bodies;
mod compare;
pub mod control;
pub mod decide;
pub mod deliver;
mod digests;
pub mod files;
#[cfg(feature = "faults")]
pub mod gate;
mod guard;
pub mod keep;
pub mod listing;
pub mod look_up;
mod pages;
pub mod people;
mod person;
pub mod sample;
pub mod start;
mod stops;
mod tell;
pub mod trouble;
pub mod upkeep;
pub mod worker;
