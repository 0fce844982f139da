//! What is told outside of a feed: numbers, and names that administrators gave. It never names a person.

use crate::nouns::feed_run::RunCounts;
use crate::nouns::notice::EventKind;

/// Something about a feed, in numbers and in names that administrators gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FeedTold {
    /// The feed's id.
    pub feed: String,
    /// Its code.
    pub code: String,
    /// What it is called.
    pub name: String,
    /// The run's id; none where it is about no run.
    pub run: Option<String>,
    /// The run's number.
    pub number: u64,
    /// What happened.
    pub outcome: FeedOutcome,
    /// What the run does.
    pub counts: RunCounts,
    /// How many errors its log has.
    pub errors: u64,
    /// By how many that differs from the run applied before it.
    pub error_change: i64,
    /// Why it waits, failed or was refused: sentences.
    pub reasons: Vec<String>,
}

/// What happened to a feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FeedOutcome {
    /// A run was applied.
    #[default]
    Applied,
    /// A run waits for a person.
    Held,
    /// A run was given up.
    Failed,
    /// A delivery was refused.
    Blocked,
    /// A delivery is late.
    Late,
}

impl FeedOutcome {
    /// The word that is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            FeedOutcome::Applied => "applied",
            FeedOutcome::Held => "held",
            FeedOutcome::Failed => "failed",
            FeedOutcome::Blocked => "blocked",
            FeedOutcome::Late => "late",
        }
    }

    /// The event it is told by.
    pub fn event(self) -> EventKind {
        match self {
            FeedOutcome::Applied => EventKind::FeedFinished,
            FeedOutcome::Held => EventKind::FeedHeld,
            FeedOutcome::Failed => EventKind::FeedFailed,
            FeedOutcome::Blocked => EventKind::FeedBlocked,
            FeedOutcome::Late => EventKind::FeedLate,
        }
    }
}
