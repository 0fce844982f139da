//! What an operation was agreed on besides its plan: a trial on its first rows, and the moment until which the access
//! that it gives is given. And what became different when its plan was made again.

use directory::act::Change;
use jiff::Timestamp;

use crate::id::OperationId;
use crate::nouns::operation::vocabulary;
use crate::nouns::operation_row::RowState;

vocabulary! {
    /// Where a trial on the first rows stands.
    TrialStage {
        /// Only those rows are sent.
        UnderWay = "under_way",
        /// They have come to their ends, and a person is asked.
        Over = "over",
        /// Somebody let the rest go on.
        Passed = "passed",
    }
}

/// A trial on the first rows of an approved plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// How many of the rows that are to be done it is about.
    pub rows: u64,
    /// Where it stands.
    pub stage: TrialStage,
}

/// Until when access is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Until {
    /// The moment from which it is taken back.
    pub at: Timestamp,
    /// The operation that takes it back.
    pub taken_back: Option<OperationId>,
    /// Why there is none, as a sentence, when it was settled without one.
    pub settled: Option<String>,
}

/// What an operation was agreed on besides its plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Whether it is tried on its first rows.
    pub trial: Option<Trial>,
    /// Until when the access that it gives is given.
    pub until: Option<Until>,
}

/// A row that another plan of the same operation has otherwise, or that only one of the two has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What is to be reached.
    pub change: Change,
    /// Where the row stood in the plan before, and the code of the reason.
    pub was: Option<(RowState, Option<String>)>,
    /// Where it stands in this one.
    pub becomes: Option<(RowState, Option<String>)>,
}

/// Access that one person has until a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lent {
    /// The operation that gave it.
    pub operation: OperationId,
    /// Its number.
    pub number: u64,
    /// When it is taken back.
    pub until: Timestamp,
    /// What was given.
    pub change: Change,
}

impl Trial {
    /// How many rows may be sent; all, when there is none.
    pub fn bound(&self) -> Option<u64> {
        (self.stage != TrialStage::Passed).then_some(self.rows)
    }
}
