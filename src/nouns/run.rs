//! A sync run: who asked for what, how far it is, and how it ended.

use std::time::Duration;

use directory::{Amounts, Counts};
use jiff::Timestamp;

use crate::id::RunId;
use crate::nouns::scope::Scope;

/// Why a run was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunKind {
    /// The first one of an organization.
    Initial,
    /// By the daily schedule.
    Daily,
    /// By somebody, through a page or a command.
    Manual,
    /// By *Sync Users* in the user browser.
    Browser,
    /// By somebody who approved withheld rows.
    Approval,
    /// By what the audit stream named.
    Stream,
    /// By a message of a site's user webhook.
    Webhook,
    /// Before an operation, of the people and groups it concerns.
    Operation,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// Waiting for a worker.
    Queued,
    /// Reading.
    Running,
    /// Paused until upstream takes requests again.
    Waiting,
    /// Done: its generation is in force.
    Sealed,
    /// Ended without a generation.
    Failed,
    /// Stopped by a person.
    Cancelled,
}

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not begun.
    Queued,
    /// Asking for the organization, its directories, workspaces and counts.
    Preparing,
    /// Walking users and groups.
    Reading,
    /// Checking counts, asking for missing people by id.
    Confirming,
    /// Writing the generation.
    Sealing,
    /// Ended.
    Ended,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What it is doing.
    pub phase: Phase,
    /// People listed so far.
    pub people_seen: u64,
    /// People there are by upstream's count.
    pub people_expected: Option<u64>,
    /// People who were listed and are out of the run's scope.
    pub people_left_out: u64,
    /// Groups listed so far.
    pub groups_seen: u64,
    /// Groups there are by upstream's count.
    pub groups_expected: Option<u64>,
    /// Requests sent.
    pub requests: u64,
    /// Requests that the plan needs at the least.
    pub requests_floor: Option<u64>,
    /// Time spent waiting for upstream's limits.
    pub waited: Duration,
}

/// A pause for upstream: until when, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// When it goes on by itself.
    pub until: Timestamp,
    /// Why, as a sentence.
    pub reason: String,
}

/// A sync run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Its number within the organization, from 1.
    pub number: u64,
    /// Why it was started.
    pub kind: RunKind,
    /// What it reads.
    pub scope: Scope,
    /// Where it stands.
    pub state: RunState,
    /// Who asked for it.
    pub asked_by: String,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When a worker began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The generation it sealed.
    pub generation: Option<u64>,
    /// How far it is.
    pub progress: Progress,
    /// What it waits for, while it waits.
    pub waiting: Option<Waiting>,
    /// What went wrong, as a sentence with a next step.
    pub failure: Option<String>,
    /// What changed, once sealed.
    pub counts: Option<Counts>,
    /// How much there was before and after, once sealed.
    pub totals: Option<Totals>,
    /// Rows that a guard kept as they were.
    pub withheld_rows: u64,
    /// Since when it waits without having read anything in between.
    pub waiting_since: Option<Timestamp>,
}

/// How much there was before a run and after it, by noun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// In the generation before.
    pub before: Amounts,
    /// In the generation it sealed.
    pub after: Amounts,
}

/// A run as it is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRun {
    /// Its id.
    pub id: RunId,
    /// Why it is started.
    pub kind: RunKind,
    /// What it shall read.
    pub scope: Scope,
    /// Who asks.
    pub asked_by: String,
    /// When.
    pub asked_at: Timestamp,
}

/// Something a run has to say about one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunNote {
    /// When it was noticed.
    pub at: Timestamp,
    /// What sort of note it is.
    pub kind: NoteKind,
    /// What it is about: an endpoint, a group, a field.
    pub subject: String,
    /// The sentence.
    pub detail: String,
}

/// The sorts of notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// Something was not read, so nothing was concluded from its absence.
    Gap,
    /// A record that could not be read was left as it was.
    Quarantined,
    /// Upstream sent fields or words that Rollcall does not know.
    Drift,
    /// Anything else worth a look.
    Warning,
}

/// Declares how a closed vocabulary is stored and shown.
macro_rules! vocabulary {
    ($name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
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

vocabulary!(RunKind {
    Initial = "initial", Daily = "daily", Manual = "manual", Browser = "browser", Approval = "approval",
    Stream = "stream", Webhook = "webhook", Operation = "operation",
});
vocabulary!(RunState {
    Queued = "queued", Running = "running", Waiting = "waiting", Sealed = "sealed", Failed = "failed",
    Cancelled = "cancelled",
});
vocabulary!(Phase {
    Queued = "queued", Preparing = "preparing", Reading = "reading", Confirming = "confirming", Sealing = "sealing",
    Ended = "ended",
});
vocabulary!(NoteKind { Gap = "gap", Quarantined = "quarantined", Drift = "drift", Warning = "warning" });

impl RunState {
    /// Whether the run has come to its end.
    pub fn is_over(self) -> bool {
        matches!(self, RunState::Sealed | RunState::Failed | RunState::Cancelled)
    }
}

impl Progress {
    /// A run that has not begun.
    pub const NONE: Progress = Progress {
        phase: Phase::Queued,
        people_seen: 0,
        people_expected: None,
        people_left_out: 0,
        groups_seen: 0,
        groups_expected: None,
        requests: 0,
        requests_floor: None,
        waited: Duration::ZERO,
    };

    /// The share done, from 0 to 1, by requests against the floor; `None` before the floor is known.
    pub fn share(&self) -> Option<f64> {
        let floor = self.requests_floor.filter(|floor| *floor > 0)?;
        Some((self.requests as f64 / floor as f64).min(1.0))
    }
}

impl Run {
    /// How long the run has been going, or went.
    pub fn length(&self, now: Timestamp) -> Option<Duration> {
        let end = self.ended_at.unwrap_or(now);
        Duration::try_from(end.duration_since(self.started_at?)).ok()
    }

    /// How long it will still go at the present rate.
    pub fn remaining(&self, now: Timestamp) -> Option<Duration> {
        let (share, length) = (self.progress.share()?, self.length(now)?);
        (share > 0.02 && share < 1.0).then(|| length.mul_f64((1.0 - share) / share))
    }
}
