//! How a pass ends before its seal: it pauses and goes on by itself, it fails, or somebody else has taken over.

use std::time::Duration;

use atlassian::error::Error;
use jiff::{SignedDuration, Timestamp};

use crate::store::error::StoreError;
use crate::sync::explain;
use crate::sync::recorder::NotKept;

/// When a pass that found upstream unreachable tries again.
const UNREACHABLE: Duration = Duration::from_secs(300);
/// When a pass whose key was refused looks whether the key works again. A replaced key starts it at once.
const REFUSED: Duration = Duration::from_secs(3600);

/// Why a pass ended before its seal.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// It goes on by itself later.
    #[error("paused until {until}: {reason}")]
    Paused {
        /// When.
        until: Timestamp,
        /// Why, as a sentence.
        reason: String,
    },
    /// Upstream cannot be reached or refused the key: it goes on by itself after a while.
    #[error("paused for {wait:?}: {reason}")]
    PausedFor {
        /// How long.
        wait: Duration,
        /// Why, as a sentence.
        reason: String,
    },
    /// It cannot go on; somebody has to look.
    #[error("{0}")]
    Failed(String),
    /// Another worker has taken over.
    #[error("another worker has taken over")]
    LeaseLost,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<NotKept> for Ended {
    fn from(error: NotKept) -> Ended {
        match error {
            NotKept::LeaseLost | NotKept::Broken => Ended::LeaseLost,
            NotKept::Store(error) => Ended::Store(error),
        }
    }
}

impl From<Error> for Ended {
    fn from(error: Error) -> Ended {
        if let Some(reason) = explain::refused_key(&error) {
            return Ended::PausedFor { wait: REFUSED, reason };
        }
        let reason = explain::sentence(&error);
        match error {
            Error::Throttled { until, .. } | Error::CircuitOpen { until, .. } => Ended::Paused { until, reason },
            Error::Unreachable { .. }
            | Error::ServerFault { .. }
            | Error::UnexpectedContent { .. }
            | Error::Truncated { .. }
            | Error::Malformed { broken_text: true, .. } => Ended::PausedFor { wait: UNREACHABLE, reason },
            _ => Ended::Failed(reason),
        }
    }
}

impl Ended {
    /// When a paused pass goes on by itself.
    pub fn resumes_at(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Ended::Paused { until, .. } => Some((*until).max(now)),
            Ended::PausedFor { wait, .. } => now.checked_add(SignedDuration::try_from(*wait).ok()?).ok(),
            _ => None,
        }
    }

    /// Why, as a sentence for a person.
    pub fn reason(&self) -> String {
        match self {
            Ended::Paused { reason, .. } | Ended::PausedFor { reason, .. } | Ended::Failed(reason) => reason.clone(),
            Ended::LeaseLost => "Another worker has taken over.".to_owned(),
            Ended::Store(error) => format!("The database failed: {error}."),
        }
    }
}
