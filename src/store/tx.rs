//! What a closure may do inside a transaction.
//!
//! A `Tx` is lent to a closure by the store and belongs to one thread. It must never be kept, and a statement that
//! failed dooms the transaction on both engines alike: whatever the closure answers afterwards, nothing is stored.

use std::ops::ControlFlow;

use crate::store::bulk::{Bulk, BulkUpdate, Column, Kind, Update};
use crate::store::dialect::Engine;
use crate::store::error::StoreError;
use crate::store::postgres::PostgresSession;
use crate::store::sqlite::SqliteSession;
use crate::store::value::{Row, Value};

/// The most rows that a collecting read accepts; more are read with [`Tx::for_each`].
pub const LIST_LIMIT: usize = 1_000;

/// An open transaction.
pub struct Tx {
    session: Session,
    /// The first statement that failed, if one did.
    failed: Option<&'static str>,
}

pub(super) enum Session {
    Sqlite(Box<SqliteSession>),
    Postgres(Box<PostgresSession>),
}

/// The kinds of transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Read,
    Write,
    /// Durable against the end of the process, not against a power cut.
    WriteRelaxed,
    /// Changes the schema itself.
    Migrate,
}

/// Is shown each row; breaks when it has seen enough.
pub(super) type Visit<'v> = &'v mut dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>, StoreError>;

impl Tx {
    pub(super) fn new(session: Session) -> Tx {
        Tx { session, failed: None }
    }

    /// The engine this transaction runs on; for tests and diagnostics, not for choosing a text.
    pub fn engine(&self) -> Engine {
        match self.session {
            Session::Sqlite(_) => Engine::Sqlite,
            Session::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs a statement that returns no rows and returns how many rows it changed.
    pub fn execute(&mut self, statement: &'static str, arguments: &[Value<'_>]) -> Result<u64, StoreError> {
        self.alive()?;
        let outcome = match &mut self.session {
            Session::Sqlite(session) => session.execute(statement, arguments),
            Session::Postgres(session) => session.execute(statement, arguments),
        };
        self.note(statement, outcome)
    }

    /// Reads the one row that must be there: [`StoreError::Missing`] if it is not, [`StoreError::TooMany`] if there
    /// are two.
    pub fn one<T>(
        &mut self,
        statement: &'static str,
        arguments: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.optional(statement, arguments, read)?.ok_or(StoreError::Missing { statement })
    }

    /// Reads the row if there is one; [`StoreError::TooMany`] if there are two.
    pub fn optional<T>(
        &mut self,
        statement: &'static str,
        arguments: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut found = None;
        self.visit(statement, arguments, &mut |row| {
            if found.is_some() {
                return Err(StoreError::TooMany { statement, limit: 1 });
            }
            found = Some(read(row)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }

    /// Collects at most [`LIST_LIMIT`] rows in the statement's order.
    pub fn list<T>(
        &mut self,
        statement: &'static str,
        arguments: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut found = Vec::new();
        self.visit(statement, arguments, &mut |row| {
            if found.len() == LIST_LIMIT {
                return Err(StoreError::TooMany { statement, limit: LIST_LIMIT });
            }
            found.push(read(row)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }

    /// Shows every row once, in the statement's order, holding one at a time.
    pub fn for_each(
        &mut self,
        statement: &'static str,
        arguments: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.visit(statement, arguments, &mut |row| read(row).map(ControlFlow::Continue))
    }

    /// Inserts or merges rows as declared and returns how many were inserted or changed. Values are borrowed, not
    /// copied; a row has one value per declared column, of the column's type or NULL.
    pub fn bulk<'v, R: AsRef<[Value<'v>]>>(
        &mut self,
        bulk: &'static Bulk,
        rows: impl IntoIterator<Item = R>,
    ) -> Result<u64, StoreError> {
        self.alive()?;
        let mut checked = Checked::new(bulk.table, bulk.columns.to_vec());
        if matches!(bulk.update, Update::Columns(_)) {
            checked.expect_distinct(bulk);
        }
        let rows = rows.into_iter().map(|row| checked.check(row));
        let outcome = match &mut self.session {
            Session::Sqlite(session) => session.bulk(bulk, rows),
            Session::Postgres(session) => session.bulk(bulk, rows),
        };
        self.note(bulk.table, outcome)
    }

    /// Changes rows that exist as declared and returns how many were changed. A row has the new values first, then
    /// those that find it.
    pub fn bulk_update<'v, R: AsRef<[Value<'v>]>>(
        &mut self,
        update: &'static BulkUpdate,
        rows: impl IntoIterator<Item = R>,
    ) -> Result<u64, StoreError> {
        self.alive()?;
        let mut checked = Checked::new(update.table, update.set.iter().chain(update.matching).copied().collect());
        let rows = rows.into_iter().map(|row| checked.check(row));
        let outcome = match &mut self.session {
            Session::Sqlite(session) => session.bulk_update(update, rows),
            Session::Postgres(session) => session.bulk_update(update, rows),
        };
        self.note(update.table, outcome)
    }

    fn visit(&mut self, statement: &'static str, arguments: &[Value<'_>], visit: Visit<'_>) -> Result<(), StoreError> {
        self.alive()?;
        let outcome = match &mut self.session {
            Session::Sqlite(session) => session.visit(statement, arguments, visit),
            Session::Postgres(session) => session.visit(statement, arguments, visit),
        };
        self.note(statement, outcome)
    }

    pub(super) fn describe(&mut self, statement: &'static str) -> Result<Vec<(String, Option<Kind>)>, StoreError> {
        let outcome = match &mut self.session {
            Session::Sqlite(session) => session.describe(statement),
            Session::Postgres(session) => session.describe(statement),
        };
        self.note(statement, outcome)
    }

    /// Runs one statement of a migration.
    pub(super) fn migrate(&mut self, statement: &str) -> Result<(), StoreError> {
        match &mut self.session {
            Session::Sqlite(session) => session.migrate(statement),
            Session::Postgres(session) => session.migrate(statement),
        }
    }

    pub(super) fn begin(&mut self, mode: Mode) -> Result<(), StoreError> {
        self.failed = None;
        match &mut self.session {
            Session::Sqlite(session) => session.begin(mode),
            Session::Postgres(session) => session.begin(mode),
        }
    }

    /// Commits, unless a statement has failed.
    pub(super) fn commit(&mut self) -> Result<(), StoreError> {
        self.alive()?;
        match &mut self.session {
            Session::Sqlite(session) => session.commit(),
            Session::Postgres(session) => session.commit(),
        }
    }

    pub(super) fn rollback(&mut self) -> Result<(), StoreError> {
        match &mut self.session {
            Session::Sqlite(session) => session.rollback(),
            Session::Postgres(session) => session.rollback(),
        }
    }

    /// Whether the connection can be used again.
    pub(super) fn is_usable(&self) -> bool {
        match &self.session {
            Session::Sqlite(_) => true,
            Session::Postgres(session) => session.is_usable(),
        }
    }

    pub(super) fn close(self) {
        match self.session {
            Session::Sqlite(session) => session.close(),
            Session::Postgres(session) => session.close(),
        }
    }

    fn alive(&self) -> Result<(), StoreError> {
        match self.failed {
            Some(statement) => Err(StoreError::Abandoned { statement }),
            None => Ok(()),
        }
    }

    /// PostgreSQL refuses everything after a failed statement, SQLite would not; both are held to the stricter rule.
    /// Errors of reading rows are ours, not the engine's, and doom nothing.
    fn note<T>(&mut self, statement: &'static str, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &outcome {
            let ours =
                matches!(error, StoreError::Corrupt { .. } | StoreError::Missing { .. } | StoreError::TooMany { .. });
            if !ours {
                self.failed.get_or_insert(statement);
            }
        }
        outcome
    }
}

/// Checks each row of a bulk write against its declaration, alike on both engines.
struct Checked {
    table: &'static str,
    columns: Vec<Column>,
    #[cfg(debug_assertions)]
    key: Vec<usize>,
    #[cfg(debug_assertions)]
    seen: std::collections::HashSet<Vec<u8>>,
}

impl Checked {
    fn new(table: &'static str, columns: Vec<Column>) -> Checked {
        Checked {
            table,
            columns,
            #[cfg(debug_assertions)]
            key: Vec::new(),
            #[cfg(debug_assertions)]
            seen: std::collections::HashSet::new(),
        }
    }

    #[cfg(debug_assertions)]
    fn expect_distinct(&mut self, bulk: &Bulk) {
        let position = |name: &&str| bulk.columns.iter().position(|column| column.name == *name);
        self.key = bulk.key.iter().filter_map(position).collect();
    }

    #[cfg(not(debug_assertions))]
    fn expect_distinct(&mut self, _: &Bulk) {}

    fn check<'v, R: AsRef<[Value<'v>]>>(&mut self, row: R) -> Result<R, StoreError> {
        let values = row.as_ref();
        let misuse = |what| StoreError::Misuse { statement: self.table, what };
        if values.len() != self.columns.len() {
            return Err(misuse("wrong number of values in a row"));
        }
        let fits = values.iter().zip(&self.columns).all(|(value, column)| {
            matches!(
                (value, column.kind),
                (Value::Null, _)
                    | (Value::Integer(_), Kind::Integer)
                    | (Value::Text(_), Kind::Text)
                    | (Value::Blob(_), Kind::Blob)
                    | (Value::Real(_), Kind::Real)
            )
        });
        if !fits {
            return Err(misuse("a value is not of its column's type"));
        }
        #[cfg(debug_assertions)]
        if !self.key.is_empty() && key_bytes(values, &self.key).is_some_and(|key| !self.seen.insert(key)) {
            return Err(misuse("two rows with the same key"));
        }
        Ok(row)
    }
}

/// The key as bytes; a key with NULL in it equals no other.
#[cfg(debug_assertions)]
fn key_bytes(values: &[Value<'_>], key: &[usize]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for value in key.iter().filter_map(|index| values.get(*index)) {
        match value {
            Value::Null => return None,
            Value::Integer(value) => bytes.extend_from_slice(&value.to_be_bytes()),
            Value::Real(value) => bytes.extend_from_slice(&value.to_be_bytes()),
            Value::Text(text) => {
                bytes.extend_from_slice(&text.len().to_be_bytes());
                bytes.extend_from_slice(text.as_bytes());
            }
            Value::Blob(blob) => {
                bytes.extend_from_slice(&blob.len().to_be_bytes());
                bytes.extend_from_slice(blob);
            }
        }
    }
    Some(bytes)
}
