//! The organization as of a past day: the last generation sealed before the day's end, built from history.
//!
//! At most two such snapshots are kept; the one not asked for longest leaves first. One is built at a time, however many
//! ask. Nothing is said of days before the first generation: what was not read then cannot be known.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use directory::{Claim, ClaimState, Marks, Snapshot};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::mirror::load::load_as_of;
use crate::mirror::{Mirror, State};
use crate::nouns::refusal::Refusal;
use crate::store::error::StoreError;
use crate::store::{coverage, past};

/// A past day and what was in force at its end.
#[derive(Clone, Debug)]
pub struct AsOf {
    /// The day, in the organization's time zone.
    pub day: Date,
    /// The last microsecond of the day: relative dates of a question count from here.
    pub at: Timestamp,
    /// What was in force then, without the sites that are left out and with what is protected today.
    pub snapshot: Arc<Snapshot>,
    /// What that generation did not read completely, and so could not know.
    pub gaps: Vec<Claim>,
}

/// Why a day cannot be asked about.
#[derive(Debug, thiserror::Error)]
pub enum NotAnswered {
    /// The text names no day.
    #[error("{0:?} is not a day")]
    NotADay(String),
    /// The day has not begun.
    #[error("{day} is after {today}, which is today")]
    Future {
        /// The day.
        day: Date,
        /// Today in the organization's time zone.
        today: Date,
    },
    /// No generation was sealed before the day's end.
    #[error("nothing was read before the end of {day}")]
    Before {
        /// The day.
        day: Date,
        /// The first day that can be asked about; `None` when nothing was read yet.
        first: Option<Date>,
    },
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// So many past snapshots are kept: two days to compare.
const KEPT: usize = 2;

/// The past snapshots of one organization that were asked for last.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// The one asked for last is last.
    kept: Mutex<Vec<State>>,
    /// Held while one is built.
    building: tokio::sync::Mutex<()>,
}

/// Reads a day as `2026-03-01`.
pub fn parse_day(text: &str) -> Option<Date> {
    // The parser would also take a day with a time behind it.
    let text = text.trim();
    text.parse::<Date>().ok().filter(|day| day.to_string() == text)
}

impl Mirror {
    /// The organization as of a day, written as `2026-03-01`; `None` for today, of which the present is asked.
    pub async fn as_of(&self, day: &str, (now, zone): (Timestamp, &TimeZone)) -> Result<Option<AsOf>, NotAnswered> {
        let day = parse_day(day).ok_or_else(|| NotAnswered::NotADay(day.trim().to_owned()))?;
        let today = now.to_zoned(zone.clone()).date();
        if day >= today {
            return if day == today { Ok(None) } else { Err(NotAnswered::Future { day, today }) };
        }
        // Only days before today come here, so there is a day after, and both lie within a calendar that ends in 9999.
        let begun = |day: Date| day.to_zoned(zone.clone()).map(|begin| begin.timestamp());
        let end = day.tomorrow().and_then(begun).map_err(|_| NotAnswered::NotADay(day.to_string()))?;
        let (found, first) = self
            .store()
            .read(move |tx| match past::last_before(tx, end)? {
                Some((generation, _)) => Ok((Some((generation, coverage::of_generation(tx, generation)?)), None)),
                None => Ok((None, past::first(tx)?)),
            })
            .await?;
        let Some((generation, mut gaps)) = found else {
            let first = first.map(|(_, at)| at.to_zoned(zone.clone()).date());
            return Err(NotAnswered::Before { day, first });
        };
        gaps.retain(|claim| claim.state != ClaimState::Complete);
        let snapshot = self.of_generation(generation).await?;
        Ok(Some(AsOf { day, at: end - SignedDuration::from_micros(1), snapshot, gaps }))
    }

    /// What is shown of a generation.
    pub async fn of_generation(&self, generation: u64) -> Result<Arc<Snapshot>, StoreError> {
        let current = self.state();
        if current.whole.generation() == generation {
            return Ok(current.shown);
        }
        let build = || self.store().read(move |tx| load_as_of(tx, generation));
        self.0.past.of(generation, current.marks, build).await
    }
}

impl Past {
    /// What is shown of a generation by these marks: of one that is kept, or else of what `build` makes.
    async fn of<B: Future<Output = Result<Snapshot, StoreError>>>(
        &self,
        generation: u64,
        marks: Arc<Marks>,
        build: impl FnOnce() -> B,
    ) -> Result<Arc<Snapshot>, StoreError> {
        if let Some(kept) = self.kept(generation).filter(|kept| kept.marks == marks) {
            return Ok(kept.shown);
        }
        let _building = self.building.lock().await;
        // Whoever held the lock may have built just this one.
        let whole = match self.kept(generation) {
            Some(kept) if kept.marks == marks => return Ok(kept.shown),
            Some(kept) => kept.whole,
            None => Arc::new(build().await?),
        };
        let state = State::made(whole, marks).await;
        let mut kept = self.held();
        kept.retain(|kept| kept.whole.generation() != generation);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push(state.clone());
        Ok(state.shown)
    }

    /// Forgets what is kept: the database says something else now.
    pub(super) fn forget(&self) {
        self.held().clear();
    }

    /// One that is kept; it is then the one that was asked for last.
    fn kept(&self, generation: u64) -> Option<State> {
        let mut kept = self.held();
        let place = kept.iter().position(|kept| kept.whole.generation() == generation)?;
        let state = kept.remove(place);
        kept.push(state.clone());
        Some(state)
    }

    fn held(&self) -> MutexGuard<'_, Vec<State>> {
        // Nothing done under this lock leaves the list half changed.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<NotAnswered> for Refusal {
    fn from(why: NotAnswered) -> Refusal {
        let what = "A past day could not be shown.";
        match why {
            NotAnswered::NotADay(text) => {
                Refusal::new(what, format!("“{text}” is not a day."), "Write a day like 2026-03-01.")
            }
            NotAnswered::Future { day, today } => {
                let why = format!("{day} is in the future: today is {today}.");
                Refusal::new(what, why, "Choose an earlier day.")
            }
            NotAnswered::Before { day, first: Some(first) } => Refusal::new(
                what,
                format!("Nothing is known of {day}: the first sync was sealed on {first}."),
                format!("Choose {first} or a later day."),
            ),
            NotAnswered::Before { day, first: None } => Refusal::new(
                what,
                format!("Nothing is known of {day}: the organization was not read yet."),
                "Wait for the first sync to end.",
            ),
            NotAnswered::Store(error) => Refusal::new(
                what,
                format!("The database did not answer: {error}."),
                "Try again; if it stays like this, run `rollcall doctor`.",
            ),
        }
    }
}

#[cfg(test)]
mod tests;
