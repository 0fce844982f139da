//! The snapshots in force: one opened organization each, loaded from its store, moved forward by seals, swapped in
//! whole. Nothing outside this module ever sees half a generation.

pub mod answer;
pub mod app_access;
mod contacts;
pub mod export;
mod feed_figures;
pub mod filters;
pub(crate) mod listing;
pub mod load;
pub mod marks;
pub mod mirrors;
pub mod past;
pub mod pasted;
pub mod preferences;
pub mod prices;
pub mod seal;
pub mod selections;
pub mod trends;
pub mod why;

use std::sync::{Arc, PoisonError, RwLock};

use directory::{Marks, Snapshot, find};
use jiff::tz::TimeZone;

use crate::mirror::load::load;
use crate::nouns::organization::Organization;
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::head;

/// One opened organization: its database and its newest snapshot.
#[derive(Clone, Debug)]
pub struct Mirror(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    organization: Organization,
    store: Store,
    state: RwLock<State>,
    /// One load or seal at a time in this process.
    moving: tokio::sync::Mutex<()>,
    past: past::Past,
    contacts: contacts::Held,
    feed_figures: feed_figures::Held,
}

/// What is in force. All of it is of one generation.
#[derive(Clone, Debug)]
struct State {
    /// Everything that was read.
    whole: Arc<Snapshot>,
    /// What is shown of it.
    shown: Arc<Snapshot>,
    marks: Arc<Marks>,
}

impl State {
    fn of(whole: Arc<Snapshot>, marks: Arc<Marks>) -> State {
        let shown = if *marks == Marks::default() { Arc::clone(&whole) } else { Arc::new(whole.shown(&marks)) };
        State { whole, shown, marks }
    }

    /// The same. Making the view of a large organization takes a moment, so it is made away from whoever else waits on
    /// this thread.
    async fn made(whole: Arc<Snapshot>, marks: Arc<Marks>) -> State {
        let made = tokio::task::spawn_blocking({
            let (whole, marks) = (Arc::clone(&whole), Arc::clone(&marks));
            move || State::of(whole, marks)
        });
        match made.await {
            Ok(state) => state,
            // Only at the end of the process are such tasks not carried out.
            Err(_) => State::of(whole, marks),
        }
    }
}

impl Mirror {
    /// Loads the newest generation of an opened, migrated database.
    pub async fn open(organization: Organization, store: Store) -> Result<Mirror, StoreError> {
        let (snapshot, marks) = store.read(|tx| Ok((load(tx)?, marks::read(tx)?))).await?;
        Ok(Mirror(Arc::new(Inner {
            organization,
            store,
            state: RwLock::new(State::of(Arc::new(snapshot), Arc::new(marks))),
            moving: tokio::sync::Mutex::new(()),
            past: past::Past::default(),
            contacts: contacts::Held::default(),
            feed_figures: feed_figures::Held::default(),
        })))
    }

    /// Which organization it is.
    pub fn organization(&self) -> &Organization {
        &self.0.organization
    }

    /// The time zone of its days.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.0.organization.time_zone).unwrap_or(TimeZone::UTC)
    }

    /// Its database.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The snapshot in force, whole: what a sync compares with. Everything answered from one is one generation.
    pub fn current(&self) -> Arc<Snapshot> {
        self.state().whole
    }

    /// What is shown of the snapshot in force: without sites that are left out, and with what is protected. Pages and
    /// commands take it once per request.
    pub fn shown(&self) -> Arc<Snapshot> {
        self.state().shown
    }

    /// The marks of what is shown, for the view of a snapshot that is not in force.
    pub fn marks(&self) -> Arc<Marks> {
        self.state().marks
    }

    /// The snapshot of the newest generation there is, loading it when another process has sealed one.
    pub async fn newest(&self) -> Result<Arc<Snapshot>, StoreError> {
        let _moving = self.0.moving.lock().await;
        let known = self.state();
        let (generation, marks) = self.0.store.read(|tx| Ok((head::read(tx)?.generation, marks::read(tx)?))).await?;
        if generation != known.whole.generation() {
            let snapshot = self.0.store.read(load).await?;
            self.put(Arc::new(snapshot), Arc::new(marks)).await;
        } else if marks != *known.marks {
            self.put(known.whole, Arc::new(marks)).await;
        }
        Ok(self.current())
    }

    /// Takes everything anew from the database, past days too: something was erased there.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let _moving = self.0.moving.lock().await;
        let (snapshot, marks) = self.0.store.read(|tx| Ok((load(tx)?, marks::read(tx)?))).await?;
        self.0.past.forget();
        self.put(Arc::new(snapshot), Arc::new(marks)).await;
        Ok(())
    }

    /// Takes the marks in force anew, once somebody has made one.
    pub async fn remark(&self) -> Result<(), StoreError> {
        let _moving = self.0.moving.lock().await;
        let marks = self.0.store.read(marks::read).await?;
        let known = self.state();
        if marks != *known.marks {
            self.put(known.whole, Arc::new(marks)).await;
        }
        Ok(())
    }

    fn state(&self) -> State {
        self.0.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts a snapshot in force with its view. Where the one before is asked questions, what they need is made first:
    /// generations follow each other within seconds while an operation is read back, and no page waits for one.
    async fn put(&self, whole: Arc<Snapshot>, marks: Arc<Marks>) {
        let state = State::made(whole, marks).await;
        if find::is_prepared(&self.shown()) {
            let shown = Arc::clone(&state.shown);
            // Only at the end of the process are such tasks not carried out; then nobody asks any more.
            drop(tokio::task::spawn_blocking(move || find::prepare(&shown)).await);
        }
        *self.0.state.write().unwrap_or_else(PoisonError::into_inner) = state;
    }
}
