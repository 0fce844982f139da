//! The snapshots in force: one opened organization each, loaded from its store, moved forward by seals, swapped in
//! whole. Nothing outside this module ever sees half a generation.

pub mod answer;
pub mod export;
pub mod filters;
pub mod load;
pub mod mirrors;
pub mod seal;

use std::sync::{Arc, PoisonError, RwLock};

use directory::Snapshot;

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
    snapshot: RwLock<Arc<Snapshot>>,
    /// One load or seal at a time in this process.
    moving: tokio::sync::Mutex<()>,
}

impl Mirror {
    /// Loads the newest generation of an opened, migrated database.
    pub async fn open(organization: Organization, store: Store) -> Result<Mirror, StoreError> {
        let snapshot = store.read(load).await?;
        Ok(Mirror(Arc::new(Inner {
            organization,
            store,
            snapshot: RwLock::new(Arc::new(snapshot)),
            moving: tokio::sync::Mutex::new(()),
        })))
    }

    /// Which organization it is.
    pub fn organization(&self) -> &Organization {
        &self.0.organization
    }

    /// Its database.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The snapshot in force. Take it once per request: everything answered from it is one generation.
    pub fn current(&self) -> Arc<Snapshot> {
        self.0.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The snapshot of the newest generation there is, loading it when another process has sealed one.
    pub async fn newest(&self) -> Result<Arc<Snapshot>, StoreError> {
        let _moving = self.0.moving.lock().await;
        let generation = self.0.store.read(|tx| Ok(head::read(tx)?.generation)).await?;
        if generation != self.current().generation() {
            let snapshot = self.0.store.read(load).await?;
            self.put(snapshot);
        }
        Ok(self.current())
    }

    fn put(&self, snapshot: Snapshot) {
        *self.0.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
    }
}
