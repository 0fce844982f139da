//! What stands between the mirror and Atlassian at a moment: the one cause that explains best why data is old or a sync
//! did not end well. It reads what runs, key, schedule and guards have kept, and asks nobody.

use jiff::Timestamp;

use crate::nouns::organization_key::Validity;
use crate::nouns::run::{Run, RunState};
use crate::nouns::schedule::DailySlot;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{organization_keys, runs, withheld};
use crate::sync::explain::{self, Cause};
use crate::sync::schedule;

/// A cause, and what it rests on.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// The key has expired, or there is none.
    Key {
        /// When it expired; `None` when no key is stored.
        expired_at: Option<Timestamp>,
    },
    /// A run waits for Atlassian, or for a key that it takes.
    Waits {
        /// What for.
        cause: Cause,
        /// Since when nothing could be read.
        since: Timestamp,
        /// The run.
        run: Box<Run>,
    },
    /// The last sync failed, and nothing goes on by itself.
    Failed {
        /// Why.
        cause: Cause,
        /// The run.
        run: Box<Run>,
    },
    /// A sync is under way.
    UnderWay(Box<Run>),
    /// Rows of the last sync wait for a person.
    Held {
        /// How many rows.
        rows: u64,
        /// The run that withheld them.
        run: Box<Run>,
    },
    /// The daily sync is off.
    SlotOff,
}

/// The cause that explains best, if anything does.
pub fn cause(tx: &mut Tx, now: Timestamp) -> Result<Option<Trouble>, StoreError> {
    let key = organization_keys::shown(tx)?;
    let expired = key.as_ref().filter(|key| key.validity(now) == Validity::Expired);
    if key.is_none() || expired.is_some() {
        return Ok(Some(Trouble::Key { expired_at: expired.and_then(|key| key.expires_at) }));
    }
    if let Some(run) = runs::open(tx)? {
        let reason = run.waiting.as_ref().map(|waiting| waiting.reason.clone());
        return Ok(Some(match (run.state, reason) {
            (RunState::Waiting, Some(reason)) => Trouble::Waits {
                cause: explain::cause(&reason),
                since: run.waiting_since.or(run.started_at).unwrap_or(run.asked_at),
                run: Box::new(run),
            },
            _ => Trouble::UnderWay(Box::new(run)),
        }));
    }
    let last = runs::last_ended_of_place(tx)?;
    if let Some(run) = last.as_ref().filter(|run| run.state == RunState::Failed) {
        let cause = run.failure.as_deref().map_or(Cause::Other, explain::cause);
        return Ok(Some(Trouble::Failed { cause, run: Box::new(run.clone()) }));
    }
    if schedule::read(tx)?.slot == DailySlot::Off {
        return Ok(Some(Trouble::SlotOff));
    }
    let held = last.filter(|run| run.withheld_rows > 0);
    match held {
        Some(run) if withheld::count_open(tx)? > 0 => {
            Ok(Some(Trouble::Held { rows: run.withheld_rows, run: Box::new(run) }))
        }
        _ => Ok(None),
    }
}
