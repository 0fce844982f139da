//! The organizations of an installation, each opened once: where their databases are, and the snapshot of each.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use crate::id::OrganizationId;
use crate::mirror::Mirror;
use crate::nouns::organization::Organization;
use crate::store::control::organizations;
use crate::store::db::{Location, Options, Store};
use crate::store::error::StoreError;
use crate::store::schema;

/// Where an installation keeps its databases.
#[derive(Clone)]
pub enum Databases {
    /// A folder with one file for control and one per organization.
    Folder(PathBuf),
    /// A PostgreSQL database with one schema for control and one per organization.
    Postgres {
        /// Its address, with the password.
        url: String,
        /// Before the name of each schema; empty, but in tests that share a database.
        prefix: String,
    },
}

/// The opened organizations. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Mirrors(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    databases: Databases,
    options: Options,
    control: Store,
    opened: RwLock<BTreeMap<OrganizationId, Mirror>>,
}

impl Databases {
    /// Where the control database is.
    pub fn control(&self) -> Location {
        self.named("control", "rollcall_control")
    }

    /// Where an organization's database is.
    pub fn organization(&self, id: &OrganizationId) -> Location {
        self.named(id.as_str(), id.as_str())
    }

    fn named(&self, file: &str, schema: &str) -> Location {
        match self {
            Databases::Folder(folder) => Location::Sqlite { path: folder.join(format!("{file}.sqlite")) },
            Databases::Postgres { url, prefix } => {
                Location::Postgres { url: url.clone(), schema: format!("{prefix}{schema}") }
            }
        }
    }
}

impl std::fmt::Debug for Databases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.control().fmt(f)
    }
}

impl Mirrors {
    /// Opens control and every organization for writing, bringing each to the newest schema.
    pub async fn open(databases: Databases, options: Options) -> Result<Mirrors, StoreError> {
        let control = Store::open(&databases.control(), options.clone())?;
        control.migrate(schema::CONTROL).await?;
        let mirrors = Mirrors::new(databases, options, control);
        for organization in mirrors.control().read(organizations::list).await? {
            let store = Store::open(&mirrors.0.databases.organization(&organization.id), mirrors.0.options.clone())?;
            store.migrate(schema::ORGANIZATION).await?;
            mirrors.add(organization, store).await?;
        }
        Ok(mirrors)
    }

    /// Opens everything for reading only, as it stands: beside a running server.
    pub async fn open_read_only(databases: Databases, options: Options) -> Result<Mirrors, StoreError> {
        let control = Store::open_read_only(&databases.control(), options.clone())?;
        let mirrors = Mirrors::new(databases, options, control);
        for organization in mirrors.control().read(organizations::list).await? {
            let location = mirrors.0.databases.organization(&organization.id);
            let store = Store::open_read_only(&location, mirrors.0.options.clone())?;
            mirrors.add(organization, store).await?;
        }
        Ok(mirrors)
    }

    /// Makes the database of a new organization, then records it in control. Doing it again for the same organization
    /// opens what is there.
    pub async fn create(&self, organization: Organization) -> Result<Mirror, StoreError> {
        let known = {
            let atlassian_id = organization.atlassian_id.clone();
            self.control().read(move |tx| organizations::find_by_atlassian_id(tx, &atlassian_id)).await?
        };
        if let Some(mirror) = known.and_then(|known| self.get(&known.id)) {
            return Ok(mirror);
        }
        let store = Store::open(&self.0.databases.organization(&organization.id), self.0.options.clone())?;
        store.migrate(schema::ORGANIZATION).await?;
        let record = organization.clone();
        self.control().write(move |tx| organizations::insert(tx, &record)).await?;
        self.add(organization, store).await
    }

    /// Catches up with other processes on the same PostgreSQL: opens organizations they have connected, and loads
    /// generations they have sealed. On a data folder of its own there is nothing to catch up with.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        if matches!(self.0.databases, Databases::Folder(_)) {
            return Ok(());
        }
        for organization in self.control().read(organizations::list).await? {
            match self.get(&organization.id) {
                Some(mirror) => drop(mirror.newest().await?),
                None => {
                    let location = self.0.databases.organization(&organization.id);
                    self.add(organization, Store::open(&location, self.0.options.clone())?).await?;
                }
            }
        }
        Ok(())
    }

    /// The control database.
    pub fn control(&self) -> &Store {
        &self.0.control
    }

    /// An organization by id.
    pub fn get(&self, id: &OrganizationId) -> Option<Mirror> {
        self.0.opened.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// The organization of an installation that has one: the one connected first.
    pub fn only(&self) -> Option<Mirror> {
        self.0.opened.read().unwrap_or_else(PoisonError::into_inner).values().next().cloned()
    }

    /// Every organization.
    pub fn all(&self) -> Vec<Mirror> {
        self.0.opened.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Closes every database, waiting for what is under way.
    pub async fn close(&self) {
        for mirror in self.all() {
            mirror.store().close().await;
        }
        self.control().close().await;
    }

    fn new(databases: Databases, options: Options, control: Store) -> Mirrors {
        Mirrors(Arc::new(Inner { databases, options, control, opened: RwLock::default() }))
    }

    async fn add(&self, organization: Organization, store: Store) -> Result<Mirror, StoreError> {
        let id = organization.id.clone();
        let mirror = Mirror::open(organization, store).await?;
        self.0.opened.write().unwrap_or_else(PoisonError::into_inner).insert(id, mirror.clone());
        Ok(mirror)
    }
}
