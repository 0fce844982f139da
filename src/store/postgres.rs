//! One connection to one PostgreSQL schema, and what a transaction does on it.
//!
//! The synchronous client carries its own runtime and panics when it is dropped inside another, so it lives and dies on
//! one plain thread of the store. Arguments take the type that the prepared statement gives them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::ControlFlow;

use ::postgres::fallible_iterator::FallibleIterator;
use ::postgres::types::ToSql;
use ::postgres::{Client, Config, NoTls, Statement};
use clock::Clock;

use crate::store::bulk::{Bulk, BulkUpdate, Kind};
use crate::store::db::{Options, Waits};
use crate::store::dialect::{self, Engine};
use crate::store::error::StoreError;
use crate::store::tx::{Mode, Visit};
use crate::store::value::{Cells, Row, Value};
use crate::store::wire::Array;

pub(super) struct PostgresSession {
    client: Client,
    statements: HashMap<Cow<'static, str>, Statement>,
    target: Target,
    waits: Waits,
    clock: Clock,
    /// Whether the tables that write transactions use are there yet: `head` to lock, `writes` to note the id.
    has_head: bool,
    has_writes: bool,
    writes_begun: u64,
    /// The id of the open write transaction.
    write: Option<Box<str>>,
    /// The connection broke, or was left in a state that nobody knows.
    broken: bool,
}

/// Where a schema is. The URL holds a password, so it is not shown.
#[derive(Clone)]
pub(super) struct Target {
    config: Config,
    schema: Box<str>,
}

impl Target {
    /// Reads the URL and checks the name; connects to nothing.
    pub(super) fn new(url: &str, schema: &str) -> Result<Target, StoreError> {
        let mut characters = schema.bytes();
        let named = characters.next().is_some_and(|first| first.is_ascii_lowercase())
            && characters.all(|other| other.is_ascii_lowercase() || other.is_ascii_digit() || other == b'_')
            && schema.len() <= 63;
        if !named {
            return Err(StoreError::SchemaName { name: schema.into() });
        }
        // The parser's own words may repeat a part of the URL, and with it the password.
        let config = url
            .parse::<Config>()
            .map_err(|_| StoreError::Unreachable { message: "the database URL cannot be read".into() })?;
        Ok(Target { config, schema: schema.into() })
    }

    fn connect(&self, waits: &Waits) -> Result<Client, StoreError> {
        let unreachable = |error: ::postgres::Error| match dialect::postgres_error("connecting", &error, waits) {
            StoreError::ConnectionLost { message } | StoreError::Statement { message, .. } => {
                StoreError::Unreachable { message }
            }
            other => other,
        };
        let mut config = self.config.clone();
        if config.get_application_name().is_none() {
            config.application_name("rollcall");
        }
        config
            .connect_timeout(waits.connect)
            .tcp_user_timeout(waits.network)
            .keepalives(true)
            .keepalives_idle(waits.network);
        let mut client = config.connect(NoTls).map_err(unreachable)?;
        // The schema's name was checked when the target was made: lower case letters, digits and underscores only.
        let settings = format!(
            "SET search_path TO \"{}\"; SET lock_timeout = {}; SET statement_timeout = {}; \
             SET idle_in_transaction_session_timeout = {}; SET client_min_messages = warning; SET jit = off",
            self.schema,
            waits.lock.as_millis(),
            waits.statement.as_millis(),
            waits.statement.as_millis(),
        );
        client.batch_execute(&settings).map_err(unreachable)?;
        Ok(client)
    }

    /// Drops the schema with everything in it.
    pub(super) fn destroy(&self, waits: &Waits) -> Result<(), StoreError> {
        let mut client = self.connect(waits)?;
        client
            .batch_execute(&format!("DROP SCHEMA IF EXISTS \"{}\" CASCADE", self.schema))
            .map_err(|error| dialect::postgres_error("DROP SCHEMA", &error, waits))
    }
}

impl PostgresSession {
    /// Connects for reading.
    pub(super) fn open(target: &Target, options: &Options) -> Result<PostgresSession, StoreError> {
        let client = target.connect(&options.waits)?;
        Ok(PostgresSession {
            client,
            statements: HashMap::new(),
            target: target.clone(),
            waits: options.waits,
            clock: options.clock.clone(),
            has_head: false,
            has_writes: false,
            writes_begun: 0,
            write: None,
            broken: false,
        })
    }

    /// Connects for writing and makes the schema if there is none.
    pub(super) fn open_writer(target: &Target, options: &Options) -> Result<PostgresSession, StoreError> {
        let mut session = PostgresSession::open(target, options)?;
        let made = |session: &mut PostgresSession| {
            let exists = "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1";
            let schema = session.target.schema.to_string();
            if session.client.query_opt(exists, &[&schema])?.is_some() {
                return Ok(());
            }
            // Two nodes may make it at once; IF NOT EXISTS alone fails then.
            let mut transaction = session.client.transaction()?;
            transaction.execute(dialect::POSTGRES_LOCK_SCHEMA, &[&schema])?;
            transaction.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\""))?;
            transaction.commit()
        };
        made(&mut session).map_err(|error| dialect::postgres_error("CREATE SCHEMA", &error, &session.waits))?;
        Ok(session)
    }

    pub(super) fn begin(&mut self, mode: Mode) -> Result<(), StoreError> {
        match self.begin_once(mode) {
            // An idle connection that the server or the network has dropped shows it only now, and nothing has happened
            // on it yet.
            Err(StoreError::ConnectionLost { .. }) => {
                self.reconnect()?;
                self.begin_once(mode)
            }
            outcome => outcome,
        }
    }

    fn begin_once(&mut self, mode: Mode) -> Result<(), StoreError> {
        self.write = None;
        match mode {
            Mode::Read => self.batch(dialect::POSTGRES_BEGIN_READ),
            Mode::Migrate => {
                self.batch(dialect::POSTGRES_BEGIN_WRITE)?;
                let schema = Value::Text(Cow::Owned(self.target.schema.to_string()));
                self.visit(dialect::POSTGRES_LOCK_SCHEMA, &[schema], &mut |_| Ok(ControlFlow::Continue(())))?;
                self.find_tables()?;
                if self.has_head { self.batch(dialect::POSTGRES_LOCK_HEAD) } else { Ok(()) }
            }
            Mode::Write | Mode::WriteRelaxed => {
                if !self.has_head || !self.has_writes {
                    self.find_tables()?;
                }
                self.batch(match (mode, self.has_head) {
                    (Mode::WriteRelaxed, true) => dialect::POSTGRES_BEGIN_RELAXED_LOCKED,
                    (Mode::WriteRelaxed, false) => dialect::POSTGRES_BEGIN_RELAXED,
                    (_, true) => dialect::POSTGRES_BEGIN_WRITE_LOCKED,
                    (_, false) => dialect::POSTGRES_BEGIN_WRITE,
                })?;
                if self.has_writes { self.note_write() } else { Ok(()) }
            }
        }
    }

    /// Gives the transaction an id that can be looked up if the answer to its commit is lost.
    #[expect(clippy::disallowed_methods, reason = "the id is never seen outside this file and decides nothing")]
    fn note_write(&mut self) -> Result<(), StoreError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| StoreError::Unreachable { message: error.to_string().into() })?;
        let id = format!("{:032x}", u128::from_be_bytes(random));
        let now = self.clock.now().as_microsecond();
        self.execute(dialect::POSTGRES_NOTE_WRITE, &[Value::from(id.as_str()), Value::Integer(now)])?;
        if self.writes_begun.is_multiple_of(dialect::FORGET_EVERY) {
            let before = now.saturating_sub(dialect::WRITES_KEPT);
            self.execute(dialect::POSTGRES_FORGET_WRITES, &[Value::Integer(before)])?;
        }
        self.writes_begun += 1;
        self.write = Some(id.into());
        Ok(())
    }

    fn find_tables(&mut self) -> Result<(), StoreError> {
        let mut exists = |name: &'static str| {
            let mut found = false;
            self.visit(Engine::Postgres.table_exists(), &[Value::from(name)], &mut |_| {
                found = true;
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(found)
        };
        let (has_head, has_writes) = (exists("head")?, exists("writes")?);
        (self.has_head, self.has_writes) = (has_head, has_writes);
        Ok(())
    }

    pub(super) fn commit(&mut self) -> Result<(), StoreError> {
        match self.client.batch_execute("COMMIT") {
            Ok(()) => Ok(()),
            Err(error) if dialect::postgres_lost(&error) => {
                let message = error.to_string().into_boxed_str();
                self.broken = true;
                match self.write.take() {
                    None => Err(StoreError::ConnectionLost { message }),
                    Some(write) => match self.was_stored(&write) {
                        Ok(true) => Ok(()),
                        Ok(false) => Err(StoreError::ConnectionLost { message }),
                        Err(_) => Err(StoreError::Unknown { write }),
                    },
                }
            }
            Err(error) => Err(self.error("COMMIT", &error)),
        }
    }

    /// Whether the write whose commit was not answered took effect. Noting the same id again waits for the old
    /// transaction if the server still works on it; afterwards the id is there, or never will be.
    fn was_stored(&mut self, write: &str) -> Result<bool, StoreError> {
        self.reconnect()?;
        self.batch(dialect::POSTGRES_BEGIN_WRITE)?;
        let noted = self.execute(dialect::POSTGRES_NOTE_WRITE, &[Value::from(write), Value::Integer(0)])?;
        self.batch("ROLLBACK")?;
        Ok(noted == 0)
    }

    pub(super) fn rollback(&mut self) -> Result<(), StoreError> {
        if self.broken { Ok(()) } else { self.batch("ROLLBACK") }
    }

    fn reconnect(&mut self) -> Result<(), StoreError> {
        self.statements.clear();
        self.client = self.target.connect(&self.waits)?;
        self.broken = false;
        Ok(())
    }

    pub(super) fn is_usable(&self) -> bool {
        !self.broken && !self.client.is_closed()
    }

    pub(super) fn close(self) {
        if let Err(error) = self.client.close() {
            // Nobody waits for this: the server ends the connection by itself.
            tracing::debug!(%error, "a PostgreSQL connection was not closed cleanly");
        }
    }

    fn batch(&mut self, text: &'static str) -> Result<(), StoreError> {
        let outcome = self.client.batch_execute(text);
        outcome.map_err(|error| self.error(text, &error))
    }

    fn error(&mut self, statement: &'static str, error: &::postgres::Error) -> StoreError {
        // "cached plan must not change result type": another node has migrated; prepare everything anew.
        let stale = error.code() == Some(&::postgres::error::SqlState::FEATURE_NOT_SUPPORTED);
        self.broken |= dialect::postgres_lost(error) || stale;
        dialect::postgres_error(statement, error, &self.waits)
    }

    fn prepared(&mut self, name: &'static str, text: Cow<'static, str>) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.get(&text) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(&text).map_err(|error| self.error(name, &error))?;
        self.statements.insert(text, statement.clone());
        Ok(statement)
    }

    pub(super) fn execute(&mut self, statement: &'static str, arguments: &[Value<'_>]) -> Result<u64, StoreError> {
        let prepared = self.prepared(statement, Cow::Borrowed(statement))?;
        if prepared.params().len() != arguments.len() {
            return Err(StoreError::Misuse { statement, what: "wrong number of arguments" });
        }
        if !prepared.columns().is_empty() {
            return Err(StoreError::Misuse { statement, what: "its rows are not read" });
        }
        let mut changed = || {
            let mut rows = self.client.query_raw(&prepared, arguments)?;
            while rows.next()?.is_some() {}
            Ok(rows.rows_affected().unwrap_or(0))
        };
        let outcome = changed();
        outcome.map_err(|error| self.error(statement, &error))
    }

    /// Shows the rows one after another, as they arrive, until `visit` has seen enough.
    pub(super) fn visit(
        &mut self,
        statement: &'static str,
        arguments: &[Value<'_>],
        visit: Visit<'_>,
    ) -> Result<(), StoreError> {
        let prepared = self.prepared(statement, Cow::Borrowed(statement))?;
        if prepared.params().len() != arguments.len() {
            return Err(StoreError::Misuse { statement, what: "wrong number of arguments" });
        }
        let mut seen = Ok(());
        let mut visited = || {
            let mut rows = self.client.query_raw(&prepared, arguments)?;
            while let Some(row) = rows.next()? {
                match visit(&Row { cells: Cells::Postgres(&row), statement }) {
                    Ok(flow) if flow.is_continue() => {}
                    Ok(_) => break,
                    Err(error) => {
                        seen = Err(error);
                        break;
                    }
                }
            }
            Ok(())
        };
        let outcome = visited();
        outcome.map_err(|error| self.error(statement, &error))?;
        seen
    }

    pub(super) fn bulk<'v, R: AsRef<[Value<'v>]>>(
        &mut self,
        bulk: &'static Bulk,
        rows: impl Iterator<Item = Result<R, StoreError>>,
    ) -> Result<u64, StoreError> {
        let arrays = bulk.columns.iter().map(Array::new).collect();
        self.in_blocks(bulk.table, Engine::Postgres.bulk(bulk), arrays, rows)
    }

    pub(super) fn bulk_update<'v, R: AsRef<[Value<'v>]>>(
        &mut self,
        update: &'static BulkUpdate,
        rows: impl Iterator<Item = Result<R, StoreError>>,
    ) -> Result<u64, StoreError> {
        let arrays = update.set.iter().chain(update.matching).map(Array::new).collect();
        self.in_blocks(update.table, Engine::Postgres.bulk_update(update), arrays, rows)
    }

    /// Each value is written once, as PostgreSQL wants it on the wire, into its column's array; a full block is sent.
    fn in_blocks<'v, R: AsRef<[Value<'v>]>>(
        &mut self,
        table: &'static str,
        text: String,
        mut arrays: Vec<Array>,
        rows: impl Iterator<Item = Result<R, StoreError>>,
    ) -> Result<u64, StoreError> {
        let prepared = self.prepared(table, Cow::Owned(text))?;
        let (mut changed, mut waiting, mut bytes) = (0, 0, 0);
        for row in rows {
            for (array, value) in arrays.iter_mut().zip(row?.as_ref()) {
                bytes += array.push(value);
            }
            waiting += 1;
            if waiting == dialect::BLOCK_ROWS || bytes >= dialect::BLOCK_BYTES {
                changed += self.send_block(table, &prepared, &mut arrays)?;
                (waiting, bytes) = (0, 0);
            }
        }
        if waiting > 0 {
            changed += self.send_block(table, &prepared, &mut arrays)?;
        }
        Ok(changed)
    }

    fn send_block(
        &mut self,
        table: &'static str,
        prepared: &Statement,
        arrays: &mut [Array],
    ) -> Result<u64, StoreError> {
        let arguments: Vec<&(dyn ToSql + Sync)> = arrays.iter().map(|array| array as &(dyn ToSql + Sync)).collect();
        let changed = self.client.execute(prepared, &arguments).map_err(|error| self.error(table, &error))?;
        arrays.iter_mut().for_each(Array::clear);
        Ok(changed)
    }

    /// Names and types of a statement's columns.
    pub(super) fn describe(&mut self, statement: &'static str) -> Result<Vec<(String, Option<Kind>)>, StoreError> {
        let prepared = self.client.prepare(statement).map_err(|error| self.error(statement, &error))?;
        let describe = |column: &::postgres::Column| {
            let kind = dialect::postgres_kind(column.type_());
            kind.map(|kind| (column.name().to_owned(), Some(kind))).ok_or(StoreError::Misuse {
                statement,
                what: "a column is not BIGINT, TEXT, BYTEA or DOUBLE PRECISION",
            })
        };
        prepared.columns().iter().map(describe).collect()
    }

    /// Runs one statement of a migration. What was prepared before may not fit any more.
    pub(super) fn migrate(&mut self, statement: &str) -> Result<(), StoreError> {
        self.statements.clear();
        self.client.batch_execute(statement).map_err(|error| self.error("a migration", &error))
    }
}
