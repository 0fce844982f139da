//! A store: one opened database, the threads that serve it, and the transactions that run on them.
//!
//! `read`, `write` and `write_relaxed` are the only ways in; each is one transaction of one closure, which takes owned
//! arguments and gets a `Tx`. No connection ever crosses into async code.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use clock::Clock;
use tokio::sync::oneshot;

use crate::store::bulk::Kind;
use crate::store::dialect::Engine;
use crate::store::error::{StoreError, Wait};
#[cfg(feature = "faults")]
use crate::store::faults::{self, FaultPlan};
use crate::store::migrate::{self, Migrated, Migration};
use crate::store::pool::{Connect, Pool, Slot, Work};
use crate::store::postgres::{PostgresSession, Target};
use crate::store::sqlite::{Role, SqliteSession};
use crate::store::tx::{Mode, Session, Tx};

/// Where a database is.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file; its log and index lie beside it.
    Sqlite {
        /// The file. Its folder must exist.
        path: PathBuf,
    },
    /// A schema in a PostgreSQL database.
    Postgres {
        /// `postgres://user:password@host:port/database`, with libpq's parameters.
        url: String,
        /// `[a-z][a-z0-9_]{0,62}`.
        schema: String,
    },
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::Sqlite { path } => f.debug_struct("Sqlite").field("path", path).finish(),
            // The URL holds the password.
            Location::Postgres { schema, .. } => {
                f.debug_struct("Postgres").field("schema", schema).finish_non_exhaustive()
            }
        }
    }
}

/// How a store works.
#[derive(Clone, Debug)]
pub struct Options {
    /// The source of time. Virtual time stands still while a transaction waits or runs.
    pub clock: Clock,
    /// How long it waits for what.
    pub waits: Waits,
    /// Bytes of page cache per connection (SQLite; PostgreSQL has its own).
    pub cache: usize,
    /// The most connections that read.
    pub readers: usize,
    /// A connection unused for so long is closed.
    pub idle: Duration,
    /// At which commit the process ends itself; tests only.
    #[cfg(feature = "faults")]
    pub faults: Option<FaultPlan>,
}

impl Options {
    /// Four readers with 8 MB of cache each, closed after a minute without use.
    pub fn new(clock: Clock) -> Options {
        Options {
            clock,
            waits: Waits::default(),
            cache: 8 << 20,
            readers: 4,
            idle: Duration::from_secs(60),
            #[cfg(feature = "faults")]
            faults: None,
        }
    }
}

/// The bounds of every wait, in real time whatever the clock. Reaching one is [`StoreError::Busy`], or for the last two
/// [`StoreError::Unreachable`] and [`StoreError::ConnectionLost`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// For a free thread of this store.
    pub queue: Duration,
    /// For a lock that another transaction holds. The first seal of the largest organization holds its own for about
    /// half a minute.
    pub lock: Duration,
    /// For the end of a statement, and for the closure between two statements (PostgreSQL).
    pub statement: Duration,
    /// For a new connection (PostgreSQL).
    pub connect: Duration,
    /// For an answer of the network to what was sent (PostgreSQL; TCP user time-out).
    pub network: Duration,
}

impl Default for Waits {
    fn default() -> Waits {
        Waits {
            queue: Duration::from_secs(60),
            lock: Duration::from_secs(60),
            statement: Duration::from_secs(300),
            connect: Duration::from_secs(10),
            network: Duration::from_secs(30),
        }
    }
}

/// One opened database. Cheap to clone; all clones share its threads, which end after the last clone is dropped.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    options: Options,
    reads: Pool,
    /// A store that only reads has none.
    writes: Option<Pool>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("engine", &self.inner.engine).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens a database for reading and writing and makes it if there is none: the file at once, the schema at the first
    /// write. A new database is empty until [`Store::migrate`]. Touches the disk briefly; connects to no server yet.
    pub fn open(location: &Location, options: Options) -> Result<Store, StoreError> {
        if let Location::Sqlite { path } = location {
            SqliteSession::create(path, &options.waits)?;
        }
        let reads = connector(location, Role::Reader, &options)?;
        let writes = connector(location, Role::Writer, &options)?;
        let writes = Pool::new("store-write", 1, options.idle, writes);
        Ok(Store::new(location, options, reads, Some(writes)))
    }

    /// Opens a database that somebody else may be serving, for reading only: a write is [`StoreError::ReadOnly`].
    pub fn open_read_only(location: &Location, options: Options) -> Result<Store, StoreError> {
        let reads = connector(location, Role::Visitor, &options)?;
        Ok(Store::new(location, options, reads, None))
    }

    fn new(location: &Location, options: Options, reads: Connect, writes: Option<Pool>) -> Store {
        let engine = match location {
            Location::Sqlite { .. } => Engine::Sqlite,
            Location::Postgres { .. } => Engine::Postgres,
        };
        let reads = Pool::new("store-read", options.readers, options.idle, reads);
        Store { inner: Arc::new(Inner { engine, options, reads, writes }) }
    }

    /// Deletes a database: the file with its log, or the schema with all it holds. Close every store on it first. A
    /// database that does not exist is deleted already.
    pub async fn destroy(location: &Location, waits: Waits) -> Result<(), StoreError> {
        let location = location.clone();
        let (sender, receiver) = oneshot::channel();
        // A thread of its own: the PostgreSQL client must not be dropped on one that runs async code.
        thread::Builder::new()
            .name("store-destroy".to_owned())
            .spawn(move || sender.send(destroy(&location, &waits)))
            .map_err(|error| StoreError::Unreachable { message: error.to_string().into() })?;
        receiver.await.unwrap_or(Err(StoreError::Closed))
    }

    /// As [`Store::destroy`], from a thread without async code.
    pub fn destroy_blocking(location: &Location, waits: Waits) -> Result<(), StoreError> {
        destroy(location, &waits)
    }

    /// The engine; for tests and diagnostics.
    pub fn engine(&self) -> Engine {
        self.inner.engine
    }

    /// One transaction that reads one state of the database.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.transact(Mode::Read, work).await
    }

    /// One transaction that writes, after all others of this database. When it returns, a power cut does not undo it.
    /// An error, also one of the closure's own, leaves nothing behind.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.transact(Mode::Write, work).await
    }

    /// As [`Store::write`], but a power cut may lose it, whole and together with what was written after it. The end of
    /// the process does not.
    pub async fn write_relaxed<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.transact(Mode::WriteRelaxed, work).await
    }

    /// Brings the database to the newest of `migrations`, all in one transaction. Safe to repeat, and to run on several
    /// nodes at once.
    pub async fn migrate(&self, migrations: &'static [Migration]) -> Result<Migrated, StoreError> {
        let clock = self.inner.options.clock.clone();
        self.transact(Mode::Migrate, move |tx| migrate::apply(tx, migrations, clock.now())).await
    }

    /// The number of the newest migration applied; 0 for an empty database.
    pub async fn schema_number(&self) -> Result<i64, StoreError> {
        self.read(migrate::schema_number).await
    }

    /// As [`Store::read`], for tests and commands; never from async code.
    pub fn read_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.transact_blocking(Mode::Read, work)
    }

    /// As [`Store::write`], for tests and commands; never from async code.
    pub fn write_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.transact_blocking(Mode::Write, work)
    }

    /// As [`Store::write_relaxed`], from a thread that may block; never from async code.
    pub fn write_relaxed_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.transact_blocking(Mode::WriteRelaxed, work)
    }

    /// As [`Store::migrate`], for tests and commands; never from async code.
    pub fn migrate_blocking(&self, migrations: &'static [Migration]) -> Result<Migrated, StoreError> {
        let clock = self.inner.options.clock.clone();
        self.transact_blocking(Mode::Migrate, move |tx| migrate::apply(tx, migrations, clock.now()))
    }

    /// Prepares a statement without running it and returns its columns' names and types: what the test of the portable
    /// subset compares between the engines. A type is missing where SQLite does not know it. A column of a type that no
    /// row may have is a misuse.
    pub fn prepare_blocking(&self, statement: &'static str) -> Result<Vec<(String, Option<Kind>)>, StoreError> {
        self.transact_blocking(Mode::Write, move |tx| tx.describe(statement))
    }

    /// Finishes the transactions that wait, ends all threads, and empties SQLite's log into its file. Every later use is
    /// [`StoreError::Closed`].
    pub async fn close(&self) {
        let store = self.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || store.close_blocking()).await {
            tracing::error!(%error, "a store was not closed");
        }
    }

    /// As [`Store::close`], for tests and commands; never from async code.
    pub fn close_blocking(&self) {
        self.inner.reads.close();
        // The writer goes last: then nobody keeps it from emptying the log.
        if let Some(writes) = &self.inner.writes {
            writes.close();
        }
    }

    async fn transact<T: Send + 'static>(
        &self,
        mode: Mode,
        work: impl FnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        // The work holds a guard of its own, in case this future is dropped; this one lasts until the answer is taken.
        let _busy = self.inner.options.clock.busy();
        let pool = self.pool(mode)?;
        let (start, started) = oneshot::channel();
        let (answer, answered) = oneshot::channel();
        let run = self.inner.run(mode, work);
        let ticket = pool.submit(Box::new(move |slot| {
            // Whoever asked has gone, and nothing has been done yet: so be it.
            if answer.is_closed() {
                return;
            }
            // Lost receivers have stopped caring: the first when its wait ended just now, the second with its caller.
            let _ = start.send(());
            let _ = answer.send(run(slot));
        }))?;
        let waited = self.inner.options.waits.queue;
        if tokio::time::timeout(waited, started).await.is_err() && pool.withdraw(ticket) {
            return Err(StoreError::Busy { what: Wait::Queue, waited });
        }
        answered.await.unwrap_or(Err(StoreError::Closed))
    }

    fn transact_blocking<T: Send + 'static>(
        &self,
        mode: Mode,
        work: impl FnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let pool = self.pool(mode)?;
        let (start, started) = mpsc::sync_channel(1);
        let (answer, answered) = mpsc::sync_channel(1);
        let run = self.inner.run(mode, work);
        let work: Work = Box::new(move |slot| {
            // A lost receiver has given up waiting, and has withdrawn the work unless it runs already.
            let _ = start.send(());
            let _ = answer.send(run(slot));
        });
        let ticket = pool.submit(work)?;
        let waited = self.inner.options.waits.queue;
        if started.recv_timeout(waited).is_err() && pool.withdraw(ticket) {
            return Err(StoreError::Busy { what: Wait::Queue, waited });
        }
        answered.recv().unwrap_or(Err(StoreError::Closed))
    }

    fn pool(&self, mode: Mode) -> Result<&Pool, StoreError> {
        match mode {
            Mode::Read => Ok(&self.inner.reads),
            Mode::Write | Mode::WriteRelaxed | Mode::Migrate => self
                .inner
                .writes
                .as_ref()
                .ok_or(StoreError::ReadOnly { message: "the store was opened for reading only".into() }),
        }
    }
}

impl Inner {
    /// The transaction as it will run on a thread of the pool, under the caller's span and clock.
    fn run<T>(
        &self,
        mode: Mode,
        work: impl FnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> impl FnOnce(&mut Slot) -> Result<T, StoreError> + Send + 'static
    where
        T: Send + 'static,
    {
        let busy = self.options.clock.busy();
        let span = tracing::debug_span!("store.transact", ?mode, engine = ?self.engine);
        #[cfg(feature = "faults")]
        let faults = self.options.faults;
        move |slot| {
            let commit = |tx: &mut Tx| {
                #[cfg(feature = "faults")]
                let commit = faults::before_commit(faults, mode);
                tx.commit()?;
                #[cfg(feature = "faults")]
                faults::after_commit(faults, commit);
                Ok(())
            };
            let outcome = span.in_scope(|| slot.transact(mode, commit, work));
            drop(busy);
            outcome
        }
    }
}

/// What a pool's threads do to get a connection.
fn connector(location: &Location, role: Role, options: &Options) -> Result<Connect, StoreError> {
    let options = options.clone();
    Ok(match location {
        Location::Sqlite { path } => {
            let path = path.clone();
            Box::new(move || Ok(Tx::new(Session::Sqlite(Box::new(SqliteSession::open(&path, role, &options)?)))))
        }
        Location::Postgres { url, schema } => {
            let target = Target::new(url, schema)?;
            Box::new(move || {
                let session = match role {
                    Role::Writer => PostgresSession::open_writer(&target, &options)?,
                    Role::Reader | Role::Visitor => PostgresSession::open(&target, &options)?,
                };
                Ok(Tx::new(Session::Postgres(Box::new(session))))
            })
        }
    })
}

fn destroy(location: &Location, waits: &Waits) -> Result<(), StoreError> {
    match location {
        Location::Postgres { url, schema } => Target::new(url, schema)?.destroy(waits),
        // The file goes last: a log without its file would be taken for the log of the next file of that name.
        Location::Sqlite { path } => {
            ["-wal", "-shm", "-journal", ""].iter().try_for_each(|suffix| remove(&with_suffix(path, suffix)))
        }
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::Unreachable { message: error.to_string().into() })
        }
        _ => Ok(()),
    }
}
