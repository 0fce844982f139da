//! Acting on people: what an administrator asks for ([`Action`]), the single effects it takes ([`Change`]), and the
//! plan that says for each of them whether it will be done, is so already, or is refused, and why.
//!
//! Pure. A plan is made from one snapshot and says nothing about what holds upstream at the moment of sending; whoever
//! carries it out reads each row's state again first. Nothing here may let a protected account into a plan.

mod action;
mod change;
mod circumstances;
mod footing;
mod plan;
mod planner;
mod seats;
mod unnumbered;
mod verdict;

pub use action::{Action, Apps};
pub use change::{CannotUndo, Change, NOBODY, Standing};
pub use circumstances::{Circumstances, KeyOwner};
pub use plan::{Plan, Row};
pub use planner::{plan, plan_changes};
pub use unnumbered::{Invitation, NewGroup};
pub use verdict::{Reason, Verdict};
