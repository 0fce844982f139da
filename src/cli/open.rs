//! Opening an installation from the command line: for acting, under the data folder's lock; or for reading only.

use std::fs::{File, TryLockError};

use clock::Clock;

use crate::cli::Place;
use crate::config::Config;
use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::mirror::mirrors::Mirrors;
use crate::notify::Notifier;
use crate::nouns::refusal::Refusal;
use crate::store::error::StoreError;
use crate::store::head;
use crate::sync::connect::Connector;
use crate::sync::pass::Surroundings;

/// An installation opened for acting.
#[derive(Debug)]
pub struct Opened {
    /// Its organizations.
    pub mirrors: Mirrors,
    /// Makes clients and connects organizations.
    pub connector: Connector,
    /// Sends notices.
    pub notifier: Notifier,
    /// Time and chance.
    pub surroundings: Surroundings,
    /// Held as long as this process acts on the folder.
    _lock: Option<File>,
}

/// What stands in the way of acting.
#[derive(Debug)]
pub enum Locked {
    /// Another process acts on the data folder.
    Elsewhere,
    /// Something else.
    Refused(Refusal),
}

impl From<Refusal> for Locked {
    fn from(refusal: Refusal) -> Locked {
        Locked::Refused(refusal)
    }
}

/// Opens an installation for acting, making it when there is none. On a data folder of its own this voids the leases
/// of whoever acted before.
pub async fn to_act(config: &Config, clock: Clock) -> Result<Opened, Locked> {
    config.make_data_folder()?;
    let lock = if config.database.is_none() { Some(lock(config)?) } else { None };
    let entropy = Entropy::machine();
    let sealing = config.sealing_key(&entropy)?;
    let options = config.store_options(clock.clone());
    let mirrors = Mirrors::open(config.databases(), options).await.map_err(|error| unopened(&error))?;
    if lock.is_some() {
        for mirror in mirrors.all() {
            mirror.store().write(head::raise_epoch).await.map_err(|error| unopened(&error))?;
        }
    }
    let notifier = config.notifier(clock.clone(), entropy.clone(), sealing.clone())?;
    let connector = Connector::new(
        mirrors.clone(),
        (clock.clone(), entropy.clone()),
        sealing,
        config.network.clone(),
        config.time_zone.clone(),
    );
    Ok(Opened { mirrors, connector, notifier, surroundings: Surroundings { clock, entropy }, _lock: lock })
}

/// The organization that is connected.
pub fn only(mirrors: &Mirrors) -> Result<Mirror, Refusal> {
    let none = || {
        Refusal::new("There is nothing to show.", "No organization is connected.", "Connect one on the set-up page.")
    };
    mirrors.only().ok_or_else(none)
}

/// What is said where the database failed.
pub fn failed(error: StoreError) -> Refusal {
    let next = "Run `rollcall migrate` after an update, or `rollcall doctor` for more.";
    Refusal::new("Nothing was done.", format!("The database failed: {error}."), next)
}

/// Opens an installation for reading only, also beside a running server.
pub async fn to_read(place: &Place) -> Result<Mirrors, Refusal> {
    let config = Config::read(place.flags())?;
    let options = config.store_options(Clock::system());
    Mirrors::open_read_only(config.databases(), options).await.map_err(|error| {
        Refusal::new(
            "There is nothing to show.",
            format!("The installation in {} cannot be read: {error}.", config.data.display()),
            "Name its folder with --data, or start one with `rollcall serve` or `rollcall demo --data FOLDER`.",
        )
    })
}

fn lock(config: &Config) -> Result<File, Locked> {
    let path = config.data.join("rollcall.lock");
    let refused = |error: std::io::Error| {
        Locked::Refused(Refusal::new(
            "Rollcall cannot start.",
            format!("The lock file {} cannot be used: {error}.", path.display()),
            "Give the folder's owner the right to write.",
        ))
    };
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(refused)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Locked::Elsewhere),
        Err(TryLockError::Error(error)) => Err(refused(error)),
    }
}

fn unopened(error: &StoreError) -> Refusal {
    let (why, next) = match error {
        StoreError::NewerSchema { found, known } => (
            format!("The database has schema {found}; this version knows {known}."),
            "Use the newer version of Rollcall that made it.",
        ),
        other => (format!("The database cannot be opened: {other}."), "Run `rollcall doctor` for more."),
    };
    Refusal::new("Rollcall cannot start.", why, next)
}
