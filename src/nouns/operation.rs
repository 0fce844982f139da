//! An operation: actions on selected people, planned, approved and carried out, with its undo and its retry. What is to
//! be changed of whom stands in its rows.

use directory::act::Action;
use directory::{AccountId, Ordinal};
use jiff::Timestamp;

use crate::id::OperationId;
use crate::nouns::operation_row::Tally;
use crate::nouns::run::Waiting;

/// Declares how a closed vocabulary is stored and shown.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$of])* $variant,)+ }

        impl $name {
            /// Every word of the vocabulary.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// As it is stored and shown in JSON.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $text,)+
                }
            }

            /// Reads what was stored.
            pub fn parse(text: &str) -> Option<$name> {
                match text {
                    $($text => Some($name::$variant),)+
                    _ => None,
                }
            }
        }
    };
}
pub(super) use vocabulary;

vocabulary! {
    /// Why there is an operation.
    OperationKind {
        /// Somebody asked for it.
        Operation = "operation",
        /// Takes back what another one did.
        Undo = "undo",
        /// Tries again what failed in another one.
        Retry = "retry",
        /// An automated task.
        Task = "task",
        /// What a feed says of its people.
        Feed = "feed",
    }
}

vocabulary! {
    /// Where an operation stands.
    OperationState {
        /// A preview: nobody has approved it.
        Planned = "planned",
        /// Waits for a person: the failure says for what.
        Waiting = "waiting",
        /// Approved; a worker takes it.
        Approved = "approved",
        /// Being carried out.
        Running = "running",
        /// Stopped by a person, who may let it go on.
        Paused = "paused",
        /// Over: every row was done or was so already.
        Succeeded = "succeeded",
        /// Over: some rows were done, others not.
        Partial = "partial",
        /// Over: nothing of it was done.
        Failed = "failed",
        /// Ended by a person.
        Cancelled = "cancelled",
    }
}

vocabulary! {
    /// What a person wants of a running operation.
    Wish {
        /// Stop before the next change; it may go on.
        Pause = "pause",
        /// End before the next change.
        Cancel = "cancel",
    }
}

/// Whom an operation is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Whoever a filter found, in its canonical form.
    Filter(String),
    /// People named one by one.
    People(Vec<AccountId>),
    /// The people of another operation.
    Operation(OperationId),
}

/// An operation's plan in figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanFigures {
    /// The generation it was made from.
    pub generation: u64,
    /// Over the organization's id, the operation's id and every row that will be done, in order.
    pub hash: [u8; 32],
    /// People whom the selection named.
    pub selected: u64,
    /// People of whom at least one row will be done.
    pub people: u64,
    /// Rows that will be done.
    pub rows: u64,
    /// Seats freed (positive) or taken (negative), by resource.
    pub seats: Vec<(Ordinal, i64)>,
    /// People who lose their last way to any app.
    pub left_without: u64,
}

/// An operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// Its number within the organization, from 1.
    pub number: u64,
    /// Why it is there.
    pub kind: OperationKind,
    /// Where it stands.
    pub state: OperationState,
    /// Who asked for it, as pages show it.
    pub asked_by: String,
    /// The person who asked for it, as decisions name people.
    pub asked_as: String,
    /// The account of whoever asked, where they are tied to one: nothing is done to it.
    pub own: Option<AccountId>,
    /// When.
    pub asked_at: Timestamp,
    /// When its first change was about to be sent.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Whom it is about.
    pub selection: Selection,
    /// What is to be done with them, in this order; empty for an undo, whose rows say it.
    pub actions: Vec<Action>,
    /// Its plan.
    pub plan: PlanFigures,
    /// Its rows by state.
    pub tally: Tally,
    /// What somebody wants of it.
    pub wish: Option<Wish>,
    /// What it waits for while it goes on by itself.
    pub waiting: Option<Waiting>,
    /// Why it waits for a person, or failed, as a sentence.
    pub failure: Option<String>,
    /// The operation that it takes back or tries again.
    pub of: Option<OperationId>,
}

/// What somebody decided about a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// When.
    pub at: Timestamp,
    /// Who, as pages show it.
    pub by: String,
    /// The person, by id.
    pub subject: String,
    /// The hash of the plan that was looked at.
    pub hash: [u8; 32],
    /// Which way.
    pub verdict: Approval,
    /// Why; empty when nothing was said.
    pub reason: String,
    /// The number of rows that was typed.
    pub typed: Option<u64>,
}

vocabulary! {
    /// Which way a decision went.
    Approval {
        /// It may be carried out.
        Approved = "approved",
        /// It may not.
        Rejected = "rejected",
    }
}

impl OperationState {
    /// Whether it has come to its end.
    pub fn is_over(self) -> bool {
        use OperationState::{Cancelled, Failed, Partial, Succeeded};
        matches!(self, Succeeded | Partial | Failed | Cancelled)
    }

    /// Whether a worker carries it out, or is about to.
    pub fn is_under_way(self) -> bool {
        matches!(self, OperationState::Approved | OperationState::Running)
    }

    /// Whether its plan may be approved.
    pub fn awaits_approval(self) -> bool {
        matches!(self, OperationState::Planned | OperationState::Waiting)
    }
}
