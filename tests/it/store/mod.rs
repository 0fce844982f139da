//! The store's engine room, on both engines: every test here says what holds whichever database is below.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's own functions fail as the test does")]

mod bulk;
mod connections;
mod control;
#[cfg(feature = "faults")]
mod faults;
mod migrating;
pub(crate) mod portable;
mod reading;
mod transactions;

use std::time::Duration;

use clock::Clock;
use rollcall::store::db::{Location, Options, Store, Waits};
use rollcall::store::dialect::Engine;
use rollcall::store::migrate::Migration;

use crate::support::postgres;

/// One table of every type, one clustered, and the head row that PostgreSQL's writers lock.
const SCHEMA: &[Migration] = &[Migration {
    number: 1,
    name: "start",
    sql: r#"
        CREATE TABLE head (
            id BIGINT PRIMARY KEY CHECK (id = 1),
            generation BIGINT NOT NULL
        );
        INSERT INTO head (id, generation) VALUES (1, 0);

        CREATE TABLE things (
            id BIGINT PRIMARY KEY,
            name TEXT COLLATE "C" UNIQUE,
            content BYTEA,
            weight DOUBLE PRECISION,
            good BIGINT NOT NULL DEFAULT 0 CHECK (good IN (0, 1))
        );

        -- Who was where, from generation to generation.
        -- clustered
        CREATE TABLE stays (
            thing BIGINT NOT NULL,
            place TEXT COLLATE "C" NOT NULL,
            since BIGINT NOT NULL,
            until BIGINT NOT NULL,
            PRIMARY KEY (place, thing, since)
        );
    "#,
}];

const INSERT: &str = "INSERT INTO things (id, name) VALUES ($1, $2)";
const COUNT: &str = "SELECT count(*) FROM things";

/// A database for one test, deleted with it.
struct Place {
    location: Location,
    engine: Engine,
    _folder: Option<tempfile::TempDir>,
}

impl Place {
    fn sqlite() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite { path: folder.path().join("store.db") };
        Place { location, engine: Engine::Sqlite, _folder: Some(folder) }
    }

    fn postgres() -> Place {
        Place { location: postgres::server().schema(), engine: Engine::Postgres, _folder: None }
    }

    fn options(&self) -> Options {
        let mut options = Options::new(Clock::system());
        options.waits = Waits { lock: Duration::from_millis(300), ..Waits::default() };
        options
    }

    fn open(&self) -> Store {
        self.open_with(self.options())
    }

    fn open_with(&self, options: Options) -> Store {
        Store::open(&self.location, options).unwrap()
    }

    /// Opened, with the tables above.
    fn migrated(&self) -> Store {
        let store = self.open();
        store.migrate_blocking(SCHEMA).unwrap();
        store
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A failed test may leave a transaction open; the schema then goes with the server.
        let _ = Store::destroy_blocking(&self.location, Waits { lock: Duration::from_secs(2), ..Waits::default() });
    }
}

/// Runs a test on each engine, each with a database of its own.
fn on_both(test: impl Fn(&Place)) {
    for place in [Place::sqlite(), Place::postgres()] {
        test(&place);
    }
}

fn count(store: &Store) -> i64 {
    store.read_blocking(|tx| tx.one(COUNT, &[], |row| row.integer(0))).unwrap()
}

fn insert(store: &Store, id: i64, name: &'static str) {
    store.write_blocking(move |tx| tx.execute(INSERT, &[id.into(), name.into()])).unwrap();
}
