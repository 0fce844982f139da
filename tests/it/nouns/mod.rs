//! The store's nouns on both engines: what each file of the store promises about its tables, with real values.

#![expect(clippy::unwrap_used, reason = "a test's own functions fail as the test does")]

mod audit_stream;
mod changes;
mod classes;
mod control;
mod coverage;
mod events;
mod facts;
mod filters;
mod head;
mod jobs;
mod keys;
mod one_writer;
mod operations;
mod organization;
mod past;
mod run_lists;
mod runs;
mod seats;
mod selections;
mod site_accounts;
mod site_credentials;
mod statements;
mod withheld;

use clock::Clock;
use jiff::{SignedDuration, Timestamp};
use rollcall::store::db::{Location, Options, Store, Waits};
use rollcall::store::error::StoreError;
use rollcall::store::migrate::Migration;
use rollcall::store::schema;
use rollcall::store::tx::Tx;

use crate::support::postgres;

/// A database for one test, deleted with it.
struct Place {
    location: Location,
    _folder: Option<tempfile::TempDir>,
}

impl Place {
    fn sqlite() -> Place {
        let folder = tempfile::tempdir().unwrap();
        Place { location: Location::Sqlite { path: folder.path().join("store.db") }, _folder: Some(folder) }
    }

    fn postgres() -> Place {
        Place { location: postgres::server().schema(), _folder: None }
    }

    fn both() -> [Place; 2] {
        [Place::sqlite(), Place::postgres()]
    }

    /// One process's store on this database.
    fn open(&self, migrations: &'static [Migration]) -> Store {
        let store = Store::open(&self.location, Options::new(Clock::system())).unwrap();
        store.migrate_blocking(migrations).unwrap();
        store
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A failed test may leave a transaction open; the schema then goes with the server.
        let waits = Waits { lock: std::time::Duration::from_secs(2), ..Waits::default() };
        let _ = Store::destroy_blocking(&self.location, waits);
    }
}

/// Runs a test on an organization's database on each engine.
fn on_both(test: impl Fn(&Store)) {
    for place in Place::both() {
        test(&place.open(schema::ORGANIZATION));
    }
}

/// One transaction; what is not as expected in it fails the test.
fn write<T: Send + 'static>(store: &Store, work: impl FnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static) -> T {
    store.write_blocking(work).unwrap()
}

/// A transaction that leaves nothing behind: what it did can be looked at in it, and only there.
fn rehearse(store: &Store, work: impl FnOnce(&mut Tx) -> Result<(), StoreError> + Send + 'static) {
    let outcome = store.write_blocking(|tx| {
        work(tx)?;
        Err::<(), _>(StoreError::Closed)
    });
    assert!(matches!(outcome, Err(StoreError::Closed)), "{outcome:?}");
}

/// So many seconds after the tests' beginning.
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap() + SignedDuration::from_secs(second)
}
