//! Ending the process at a chosen commit, to prove that nothing acknowledged is lost and nothing half done remains.
//!
//! Compiled only with the feature `faults`, for tests; a product must not contain it.

use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use thiserror::Error;

use crate::store::tx::Mode;

/// Ends the process at the `commit`-th commit of a write transaction, counted from 1 over all stores of the process.
///
/// Written `7` (before the seventh) or `7:after`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultPlan {
    /// Which commit.
    pub commit: u64,
    /// When.
    pub moment: Moment,
}

/// When, around its commit, the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The transaction is complete and not committed.
    Before,
    /// The transaction is committed, and nobody has been told.
    After,
}

/// A text that is not a fault plan.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a fault plan is a number from 1, or a number and `:after`")]
pub struct NotAFaultPlan;

impl FromStr for FaultPlan {
    type Err = NotAFaultPlan;

    fn from_str(text: &str) -> Result<FaultPlan, NotAFaultPlan> {
        let (number, moment) = match text.split_once(':') {
            None => (text, Moment::Before),
            Some((number, "after")) => (number, Moment::After),
            Some(_) => return Err(NotAFaultPlan),
        };
        match number.parse() {
            Ok(commit) if commit > 0 => Ok(FaultPlan { commit, moment }),
            _ => Err(NotAFaultPlan),
        }
    }
}

static COMMITS: AtomicU64 = AtomicU64::new(0);

/// Counts a commit that is about to happen and returns its number, or 0 for one that is not counted.
pub(super) fn before_commit(plan: Option<FaultPlan>, mode: Mode) -> u64 {
    match mode {
        Mode::Read | Mode::Migrate => 0,
        Mode::Write | Mode::WriteRelaxed => {
            let commit = COMMITS.fetch_add(1, Ordering::SeqCst) + 1;
            end_if(plan, FaultPlan { commit, moment: Moment::Before });
            commit
        }
    }
}

/// The commit with that number has happened.
pub(super) fn after_commit(plan: Option<FaultPlan>, commit: u64) {
    end_if(plan, FaultPlan { commit, moment: Moment::After });
}

fn end_if(plan: Option<FaultPlan>, here: FaultPlan) {
    if plan == Some(here) {
        std::process::abort();
    }
}
