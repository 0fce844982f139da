//! One row of an operation: a change of one person, what the plan says of it, and what came of it. The journal.

use directory::act::{Change, Reason, Verdict};
use jiff::Timestamp;

use crate::nouns::operation::vocabulary;

vocabulary! {
    /// Where a row stands.
    RowState {
        /// To be sent; in an ended operation it was not attempted.
        Planned = "planned",
        /// About to be sent, or sent with its outcome not kept.
        Begun = "begun",
        /// Atlassian says that it is done.
        Done = "done",
        /// Read back: the state is as wanted.
        Verified = "verified",
        /// The state was as wanted before.
        Already = "already",
        /// Not sent: what it rests on has changed since the plan.
        Skipped = "skipped",
        /// Atlassian said no.
        Failed = "failed",
        /// It may have happened; reading will tell.
        Unknown = "unknown",
        /// Done, and read back as it was before.
        Reverted = "reverted",
        /// The plan refuses it.
        Refused = "refused",
    }
}

/// Why a row is as it is: a code for counting and addresses, and what it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Why {
    /// The code.
    pub code: String,
    /// Ordinals with commas, a status, or a sentence, as the code has it; often empty.
    pub detail: String,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationRow {
    /// Its place in the plan, from 1.
    pub seq: u64,
    /// The place of the action it comes from.
    pub action: u16,
    /// What is to be reached.
    pub change: Change,
    /// Where it stands.
    pub state: RowState,
    /// Why it is refused, skipped or failed.
    pub why: Option<Why>,
    /// How often it was sent.
    pub attempts: u32,
    /// When it was last about to be sent.
    pub begun_at: Option<Timestamp>,
    /// When its last outcome was learned.
    pub ended_at: Option<Timestamp>,
    /// The generation in which it was read back.
    pub generation: Option<u64>,
}

/// How many rows there are in each state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally([u64; RowState::ALL.len()]);

impl RowState {
    /// Whether nothing more will come of it.
    pub fn is_settled(self) -> bool {
        !matches!(self, RowState::Planned | RowState::Begun | RowState::Unknown)
    }

    /// Whether the state is as wanted, by our doing or before.
    pub fn is_reached(self) -> bool {
        matches!(self, RowState::Done | RowState::Verified | RowState::Already)
    }

    /// Whether our own doing brought it about.
    pub fn is_ours(self) -> bool {
        matches!(self, RowState::Done | RowState::Verified)
    }
}

impl Tally {
    /// Reads counts in the order of the vocabulary; `None` when they are not as many.
    pub fn from_counts(counts: &[u64]) -> Option<Tally> {
        counts.try_into().ok().map(Tally)
    }

    /// Rows in a state.
    pub fn of(&self, state: RowState) -> u64 {
        self.0[state as usize]
    }

    /// Counts one more row in a state.
    pub fn add(&mut self, state: RowState) {
        self.0[state as usize] += 1;
    }

    /// One row goes from a state to another.
    pub fn shift(&mut self, from: RowState, to: RowState) {
        self.0[from as usize] = self.0[from as usize].saturating_sub(1);
        self.add(to);
    }

    /// All rows.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Rows of which more will come.
    pub fn open(&self) -> u64 {
        RowState::ALL.iter().filter(|state| !state.is_settled()).map(|state| self.of(*state)).sum()
    }
}

impl Why {
    /// A reason of the plan, as it is kept.
    pub fn refused(reason: &Reason) -> Why {
        let detail = match reason {
            Reason::LastAdministrator(resource) | Reason::NoSeatLeft(resource) => resource.to_string(),
            Reason::WouldAlsoLose(lost) => lost.iter().map(u32::to_string).collect::<Vec<_>>().join(","),
            Reason::InState(Some(status)) => status.as_str().to_owned(),
            _ => String::new(),
        };
        Why { code: reason.code().to_owned(), detail }
    }

    /// A reason with a sentence.
    pub fn new(code: impl Into<String>, detail: impl Into<String>) -> Why {
        Why { code: code.into(), detail: detail.into() }
    }
}

impl OperationRow {
    /// A row as a plan makes it.
    pub fn planned(seq: u64, action: u16, change: Change, verdict: &Verdict) -> OperationRow {
        let (state, why) = match verdict {
            Verdict::WillDo => (RowState::Planned, None),
            Verdict::AlreadySo => (RowState::Already, None),
            Verdict::Refused(reason) => (RowState::Refused, Some(Why::refused(reason))),
        };
        OperationRow { seq, action, change, state, why, attempts: 0, begun_at: None, ended_at: None, generation: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_follows_its_rows() {
        let mut tally = Tally::default();
        tally.add(RowState::Planned);
        tally.add(RowState::Planned);
        tally.add(RowState::Refused);
        tally.shift(RowState::Planned, RowState::Begun);
        assert_eq!((tally.of(RowState::Planned), tally.open(), tally.total()), (1, 2, 3));
        tally.shift(RowState::Begun, RowState::Done);
        assert_eq!((tally.of(RowState::Done), tally.open(), tally.total()), (1, 1, 3));
    }
}
