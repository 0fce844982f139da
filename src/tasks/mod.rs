//! Automated tasks: kept with their versions, started when they are due, run through operations' plans and guards.
//!
//! A task starts at most once for each day of its schedule, whatever the clock or another node does. It acts only on whom
//! its filter finds before and after they were read, and nothing of it is carried out that is not an approved plan. Whom a
//! warning has not reached is not acted on by what comes after it.

pub mod attention;
pub mod clashes;
pub mod due;
pub mod explain;
pub mod keep;
pub mod outlook;
pub mod owners;
pub mod report;
mod rights;
mod run;
pub mod scheduler;
mod stages;
pub mod told;
pub mod warn;
