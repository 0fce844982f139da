//! Rows that a guard kept as they were: which rule, by what numbers, and what became of them.

use directory::Withheld;
use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::id::{RunId, WithheldId};

/// Withheld rows as they are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct WithheldRows {
    /// Their id.
    pub id: WithheldId,
    /// The run that would have changed them.
    pub run: RunId,
    /// When it was sealed without them.
    pub at: Timestamp,
    /// Rule, part, numbers and the rows themselves.
    pub withheld: Withheld,
    /// The rows that still wait for a person.
    pub open: RoaringBitmap,
    /// What became of them.
    pub state: WithheldState,
    /// Who or what closed them, when, and why.
    pub closed: Option<Closed>,
}

/// What became of withheld rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithheldState {
    /// Some still wait for a person.
    Open,
    /// Approved and read again: each is settled one way or the other.
    Settled,
    /// Somebody said why they may stay as they are.
    Dismissed,
    /// A later run has looked at them anew.
    Replaced,
}

/// How withheld rows were closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// By whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why, in that person's words; empty when nobody had to say.
    pub reason: String,
}

/// Leave for one run to take out withheld rows, given by a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Permit {
    /// Of which withheld rows.
    pub withheld: WithheldId,
    /// Which of them.
    pub rows: RoaringBitmap,
}

impl WithheldState {
    /// As it is stored and shown in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            WithheldState::Open => "open",
            WithheldState::Settled => "settled",
            WithheldState::Dismissed => "dismissed",
            WithheldState::Replaced => "replaced",
        }
    }

    /// Reads what was stored.
    pub fn parse(text: &str) -> Option<WithheldState> {
        [WithheldState::Open, WithheldState::Settled, WithheldState::Dismissed, WithheldState::Replaced]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}
