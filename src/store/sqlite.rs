//! One connection to one SQLite file, and what a transaction does on it.
//!
//! It lives and dies on one thread of the store. Statements are prepared once and kept; arguments are bound by the
//! number in their name, so `$2` is the second argument wherever it stands.

use std::path::Path;
use std::time::Duration;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, OpenFlags};

use crate::store::bulk::{Bulk, BulkUpdate, Kind};
use crate::store::db::{Options, Waits};
use crate::store::dialect::{self, Engine};
use crate::store::error::StoreError;
use crate::store::tx::{Mode, Visit};
use crate::store::value::{Cells, Row, Value};

pub(super) struct SqliteSession {
    connection: Connection,
    waits: Waits,
    role: Role,
    /// The `synchronous` statement that is in force; it can only be changed between transactions.
    synchronous: &'static str,
}

/// How long a closing writer waits for readers of other processes before it leaves the log as it is.
const CLOSING_WAIT: Duration = Duration::from_secs(1);

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Writer,
    Reader,
    /// A reader that may not even create the file: a command run beside the server.
    Visitor,
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Integer(value) => ValueRef::Integer(*value),
            Value::Real(value) => ValueRef::Real(*value),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl SqliteSession {
    pub(super) fn open(path: &Path, role: Role, options: &Options) -> Result<SqliteSession, StoreError> {
        let access = match role {
            Role::Writer | Role::Reader => OpenFlags::SQLITE_OPEN_READ_WRITE,
            Role::Visitor => OpenFlags::SQLITE_OPEN_READ_ONLY,
        };
        let waits = options.waits;
        let opened = || {
            let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
            connection.busy_timeout(waits.lock)?;
            connection.set_prepared_statement_cache_capacity(dialect::CACHED_STATEMENTS);
            connection.create_collation("C", |left: &str, right: &str| left.as_bytes().cmp(right.as_bytes()))?;
            let cache = i64::try_from(options.cache / 1024).unwrap_or(i64::MAX);
            connection.pragma_update(None, "cache_size", -cache)?;
            connection.pragma_update(None, "temp_store", "MEMORY")?;
            connection.pragma_update(None, "mmap_size", 0)?;
            connection.pragma_update(None, "foreign_keys", true)?;
            connection.pragma_update(None, "trusted_schema", false)?;
            connection.pragma_update(None, "wal_autocheckpoint", dialect::CHECKPOINT_PAGES)?;
            connection.pragma_update(None, "journal_size_limit", dialect::LOG_LIMIT)?;
            if role != Role::Writer {
                connection.pragma_update(None, "query_only", true)?;
            }
            connection.execute_batch(dialect::SQLITE_SYNCHRONOUS_FULL)?;
            Ok(connection)
        };
        match opened() {
            Ok(connection) => {
                Ok(SqliteSession { connection, waits, role, synchronous: dialect::SQLITE_SYNCHRONOUS_FULL })
            }
            Err(error) => Err(dialect::sqlite_error("opening", error, &waits)),
        }
    }

    /// Makes the file if there is none, readable by its owner only, and sets what is remembered in the file itself.
    pub(super) fn create(path: &Path, waits: &Waits) -> Result<(), StoreError> {
        make_private_file(path)?;
        let created = || {
            let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            connection.busy_timeout(waits.lock)?;
            let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
            Ok(mode)
        };
        match created() {
            Ok(mode) if mode == "wal" => Ok(()),
            Ok(mode) => Err(StoreError::Unreachable {
                message: format!("the file's folder does not allow a write-ahead log (journal mode {mode})").into(),
            }),
            Err(error) => Err(dialect::sqlite_error("opening", error, waits)),
        }
    }

    pub(super) fn begin(&mut self, mode: Mode) -> Result<(), StoreError> {
        let synchronous = match mode {
            Mode::WriteRelaxed => dialect::SQLITE_SYNCHRONOUS_NORMAL,
            Mode::Read | Mode::Write | Mode::Migrate => dialect::SQLITE_SYNCHRONOUS_FULL,
        };
        if synchronous != self.synchronous {
            self.run(synchronous)?;
            self.synchronous = synchronous;
        }
        match mode {
            Mode::Read => self.run(dialect::SQLITE_BEGIN_READ),
            Mode::Write | Mode::WriteRelaxed | Mode::Migrate => self.run(dialect::SQLITE_BEGIN_WRITE),
        }
    }

    pub(super) fn commit(&mut self) -> Result<(), StoreError> {
        self.run("COMMIT")
    }

    /// Leaves no transaction open. Some errors have already ended it.
    pub(super) fn rollback(&mut self) -> Result<(), StoreError> {
        if self.connection.is_autocommit() { Ok(()) } else { self.run("ROLLBACK") }
    }

    fn run(&self, statement: &'static str) -> Result<(), StoreError> {
        self.prepare(statement)
            .and_then(|mut prepared| prepared.raw_execute())
            .map(|_| ())
            .map_err(|error| self.error(statement, error))
    }

    fn prepare(&self, text: &str) -> rusqlite::Result<CachedStatement<'_>> {
        self.connection.prepare_cached(text)
    }

    fn error(&self, statement: &'static str, error: rusqlite::Error) -> StoreError {
        dialect::sqlite_error(statement, error, &self.waits)
    }

    pub(super) fn execute(&mut self, statement: &'static str, arguments: &[Value<'_>]) -> Result<u64, StoreError> {
        let mut prepared = self.prepare(statement).map_err(|error| self.error(statement, error))?;
        if prepared.column_count() > 0 {
            return Err(StoreError::Misuse { statement, what: "its rows are not read" });
        }
        bind(&mut prepared, statement, arguments)?;
        let changed = prepared.raw_execute().map_err(|error| self.error(statement, error))?;
        Ok(changed as u64)
    }

    /// Shows the rows one after another until `visit` has seen enough.
    pub(super) fn visit(
        &mut self,
        statement: &'static str,
        arguments: &[Value<'_>],
        visit: Visit<'_>,
    ) -> Result<(), StoreError> {
        let mut prepared = self.prepare(statement).map_err(|error| self.error(statement, error))?;
        bind(&mut prepared, statement, arguments)?;
        let mut rows = prepared.raw_query();
        while let Some(row) = rows.next().map_err(|error| self.error(statement, error))? {
            if visit(&Row { cells: Cells::Sqlite(row), statement })?.is_break() {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn bulk<'v, R: AsRef<[Value<'v>]>>(
        &mut self,
        bulk: &'static Bulk,
        rows: impl Iterator<Item = Result<R, StoreError>>,
    ) -> Result<u64, StoreError> {
        self.each_row(bulk.table, &Engine::Sqlite.bulk(bulk), rows)
    }

    pub(super) fn bulk_update<'v, R: AsRef<[Value<'v>]>>(
        &mut self,
        update: &'static BulkUpdate,
        rows: impl Iterator<Item = Result<R, StoreError>>,
    ) -> Result<u64, StoreError> {
        self.each_row(update.table, &Engine::Sqlite.bulk_update(update), rows)
    }

    /// The generated text numbers its arguments in order, so values are bound by position without a look-up.
    fn each_row<'v, R: AsRef<[Value<'v>]>>(
        &mut self,
        table: &'static str,
        text: &str,
        rows: impl Iterator<Item = Result<R, StoreError>>,
    ) -> Result<u64, StoreError> {
        let mut prepared = self.prepare(text).map_err(|error| self.error(table, error))?;
        let mut changed = 0;
        for row in rows {
            for (index, value) in row?.as_ref().iter().enumerate() {
                prepared.raw_bind_parameter(index + 1, value).map_err(|error| self.error(table, error))?;
            }
            changed += prepared.raw_execute().map_err(|error| self.error(table, error))? as u64;
        }
        // The statement is kept; what was bound last must not be kept with it.
        prepared.clear_bindings();
        Ok(changed)
    }

    pub(super) fn migrate(&mut self, statement: &str) -> Result<(), StoreError> {
        self.connection.execute_batch(statement).map_err(|error| self.error("a migration", error))
    }

    /// Names and types of a statement's columns. A SELECT is asked through a view, because SQLite tells the type of an
    /// expression for columns of a view only; what a RETURNING gives is not told.
    pub(super) fn describe(&mut self, statement: &'static str) -> Result<Vec<(String, Option<Kind>)>, StoreError> {
        let described = || {
            let prepared = self.connection.prepare(statement)?;
            let names: Vec<String> = prepared.column_names().map(str::to_owned).collect();
            if names.is_empty() || !prepared.readonly() {
                return Ok(names.into_iter().map(|name| (name, None)).collect());
            }
            let body = without_placeholders(statement);
            let columns: Vec<String> = (1..=names.len()).map(|number| format!("column_{number}")).collect();
            let view = format!("CREATE TEMP VIEW described ({}) AS {body}", columns.join(", "));
            self.connection.execute_batch(&view)?;
            let mut information = self.connection.prepare("PRAGMA temp.table_info(described)")?;
            let types = information.query_map((), |row| row.get::<_, String>(2))?.collect::<Result<Vec<_>, _>>()?;
            drop(information);
            self.connection.execute_batch("DROP VIEW temp.described")?;
            Ok(names.into_iter().zip(types.iter().map(|declared| dialect::sqlite_kind(declared))).collect())
        };
        described().map_err(|error| self.error(statement, error))
    }

    /// Ends the connection. The writer first moves its log into the file, so that a closed store is one file.
    pub(super) fn close(self) {
        let emptied = match self.role {
            // A command that reads beside us may hold the log for long; then the next opening empties it.
            Role::Writer if self.connection.busy_timeout(CLOSING_WAIT).is_err() => Ok(()),
            Role::Writer => self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(())),
            Role::Reader | Role::Visitor => Ok(()),
        };
        let closed = self.connection.close().map_err(|(_, error)| error);
        for error in [emptied, closed].into_iter().filter_map(Result::err) {
            // Nobody waits for this, and nothing is lost: the log is read again at the next opening.
            tracing::warn!(%error, "a SQLite connection was not closed cleanly");
        }
    }
}

fn bind(
    prepared: &mut CachedStatement<'_>,
    statement: &'static str,
    arguments: &[Value<'_>],
) -> Result<(), StoreError> {
    let count = prepared.parameter_count();
    if count != arguments.len() {
        return Err(StoreError::Misuse { statement, what: "wrong number of arguments" });
    }
    for index in 1..=count {
        let number = prepared.parameter_name(index).and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        let value = number.and_then(|number| arguments.get(number.checked_sub(1)?));
        let value = value.ok_or(StoreError::Misuse { statement, what: "placeholders are not $1 to $n" })?;
        prepared
            .raw_bind_parameter(index, value)
            .map_err(|_| StoreError::Misuse { statement, what: "an argument cannot be bound" })?;
    }
    Ok(())
}

/// The statement with NULL for every `$n`: a view takes no arguments, and only its columns are of interest.
fn without_placeholders(statement: &str) -> String {
    let mut text = String::with_capacity(statement.len());
    let mut quote = None;
    let mut characters = statement.chars().peekable();
    while let Some(character) = characters.next() {
        match quote {
            Some(end) if character == end => quote = None,
            Some(_) => {}
            None if character == '\'' || character == '"' => quote = Some(character),
            None if character == '$' => {
                while characters.next_if(char::is_ascii_digit).is_some() {}
                text.push_str("NULL");
                continue;
            }
            None => {}
        }
        text.push(character);
    }
    text
}

#[cfg(unix)]
fn make_private_file(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::OpenOptionsExt;
    // The log and the index beside it get the file's own permissions from SQLite.
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map(|_| ())
        .map_err(|error| StoreError::Unreachable { message: error.to_string().into() })
}

#[cfg(not(unix))]
fn make_private_file(path: &Path) -> Result<(), StoreError> {
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map(|_| ())
        .map_err(|error| StoreError::Unreachable { message: error.to_string().into() })
}
