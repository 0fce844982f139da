//! What can go wrong in the store, as data.
//!
//! One enum for both engines: `dialect` sorts an engine's own errors into it, callers match on it, sentences for
//! people are made at the edge. It must never carry an argument's value: those are personal data.

use std::time::Duration;

use thiserror::Error;

/// Why a transaction, a statement or the opening of a database did not succeed. Unless a variant says otherwise,
/// nothing of the transaction remains in the database.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A stored value is not of the type its reader expects, or is NULL where it must not be.
    #[error("a row does not have the stored type in column {column} of: {statement}")]
    Corrupt {
        /// The statement that was read.
        statement: &'static str,
        /// The column's position in the result, from 0.
        column: usize,
    },
    /// A statement that must find a row found none.
    #[error("no row found by: {statement}")]
    Missing {
        /// The statement that was read.
        statement: &'static str,
    },
    /// More rows than the reader accepts: one for `one` and `optional`, 1,000 for `list`.
    #[error("more than {limit} rows found by: {statement}")]
    TooMany {
        /// The statement that was read.
        statement: &'static str,
        /// The number of rows that would have been accepted.
        limit: usize,
    },
    /// The statement and its use do not fit: a mistake in the program, not in the data.
    #[error("misused statement, {what}: {statement}")]
    Misuse {
        /// The statement, or the table of a bulk write.
        statement: &'static str,
        /// What does not fit.
        what: &'static str,
    },
    /// A unique key is already taken.
    #[error("unique key already taken, {detail}: {statement}")]
    Conflict {
        /// The statement, or the table of a bulk write.
        statement: &'static str,
        /// The engine's name for the key; for logs, never for decisions.
        detail: Box<str>,
    },
    /// A foreign key, CHECK or NOT NULL rule was broken.
    #[error("constraint broken, {detail}: {statement}")]
    Constraint {
        /// The statement, or the table of a bulk write.
        statement: &'static str,
        /// The engine's name for the rule; for logs, never for decisions.
        detail: Box<str>,
    },
    /// The engine refused the statement.
    #[error("statement refused, {code} {message}: {statement}")]
    Statement {
        /// The statement, or the table of a bulk write.
        statement: &'static str,
        /// SQLSTATE, or SQLite's extended result code.
        code: Box<str>,
        /// The engine's words.
        message: Box<str>,
    },
    /// A statement failed, and the closure went on as if it had not. The transaction was rolled back.
    #[error("the transaction went on after a failed statement: {statement}")]
    Abandoned {
        /// The statement that had failed.
        statement: &'static str,
    },
    /// A bounded wait ended before its turn came. Trying again later is safe.
    #[error("{what:?} not free after {waited:?}")]
    Busy {
        /// What was waited for.
        what: Wait,
        /// The bound that was reached.
        waited: Duration,
    },
    /// The disk or the database's quota is full.
    #[error("no space left: {message}")]
    Full {
        /// The engine's words.
        message: Box<str>,
    },
    /// A write was tried on a store, a connection or a server that only reads.
    #[error("the database is read-only: {message}")]
    ReadOnly {
        /// The engine's words.
        message: Box<str>,
    },
    /// The database file or its pages are damaged.
    #[error("the database is damaged: {message}")]
    Damaged {
        /// The engine's words.
        message: Box<str>,
    },
    /// The database could not be opened or reached.
    #[error("the database cannot be reached: {message}")]
    Unreachable {
        /// The engine's or the system's words.
        message: Box<str>,
    },
    /// The connection broke before the commit; nothing was stored, and the next use connects again.
    #[error("the connection to the database was lost: {message}")]
    ConnectionLost {
        /// The engine's words.
        message: Box<str>,
    },
    /// The connection broke during the commit, and whether it took effect could not be learned.
    #[error("whether write {write} was stored is unknown")]
    Unknown {
        /// The write's id in the table `writes`.
        write: Box<str>,
    },
    /// The closure panicked; the transaction was rolled back.
    #[error("a transaction panicked: {message}")]
    Panicked {
        /// The panic's words.
        message: Box<str>,
    },
    /// The database was migrated by a newer Rollcall.
    #[error("the database has schema {found}, this program knows {known}")]
    NewerSchema {
        /// The number found in the database.
        found: i64,
        /// The newest number this program knows.
        known: i64,
    },
    /// A migration cannot be applied; nothing was changed.
    #[error("migration {number} {name}: {message}")]
    Migration {
        /// The migration's number.
        number: i64,
        /// The migration's name.
        name: &'static str,
        /// What does not fit, or the engine's words.
        message: Box<str>,
    },
    /// A schema name is not `[a-z][a-z0-9_]{0,62}`.
    #[error("not a schema name: {name}")]
    SchemaName {
        /// The name given.
        name: Box<str>,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

/// What a bounded wait was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// A free thread of this store.
    Queue,
    /// A lock held by another transaction.
    Lock,
    /// The end of a statement.
    Statement,
}
