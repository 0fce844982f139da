//! What is counted of a feed's people: kept for as long as nobody of the feeds has changed and nobody was matched with an
//! account, so that a page reads nobody. Counts are never older than the people in force when they were asked for.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use jiff::Timestamp;

use crate::mirror::Mirror;
use crate::nouns::feed_person::PersonState;
use crate::store::error::StoreError;
use crate::store::feed_links::Linked;
use crate::store::tx::Tx;
use crate::store::{feed_links, feed_people, feed_records, feeds};

/// How many people a feed has, and how they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedFigures {
    /// The people it holds, by how they stand.
    pub people: Vec<(PersonState, u64)>,
    /// Whose last record was not applied in whole.
    pub failing: u64,
    /// Those in its latest delivery, and how many of them are linked to an account.
    pub linked: Linked,
}

/// The counts that were asked for last, by feed.
#[derive(Debug, Default)]
pub(super) struct Held(RwLock<BTreeMap<i64, (Seen, FeedFigures)>>);

/// What counts depend on: every write that changes one of them changes this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    /// The version of the people.
    people: Option<u64>,
    /// When people and accounts were matched last, and of which versions.
    matched: Option<(u64, u64, Timestamp)>,
}

impl Mirror {
    /// What is counted of a feed's people.
    pub async fn feed_figures(&self, feed: i64) -> Result<FeedFigures, StoreError> {
        let held = &self.0.feed_figures.0;
        let known = held.read().unwrap_or_else(PoisonError::into_inner).get(&feed).cloned();
        let read = self.store().read(move |tx| {
            // Before the counts, so that they are at least as new.
            let seen = Seen::now(tx, feed)?;
            match known {
                Some((before, figures)) if before == seen => Ok((seen, figures)),
                _ => Ok((seen, count(tx, feed)?)),
            }
        });
        let (seen, figures) = read.await?;
        held.write().unwrap_or_else(PoisonError::into_inner).insert(feed, (seen, figures.clone()));
        Ok(figures)
    }
}

impl Seen {
    fn now(tx: &mut Tx, feed: i64) -> Result<Seen, StoreError> {
        let people = feeds::find(tx, feed)?.map(|feed| feed.version);
        Ok(Seen { people, matched: feed_links::looked(tx)? })
    }
}

fn count(tx: &mut Tx, feed: i64) -> Result<FeedFigures, StoreError> {
    Ok(FeedFigures {
        people: feed_people::count_by_state(tx, feed)?,
        failing: feed_records::count_failing(tx, feed)?,
        linked: feed_links::count(tx, feed)?,
    })
}
