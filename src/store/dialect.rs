//! Every difference between SQLite and PostgreSQL that is left, by name: transaction brackets, limits, the texts of bulk
//! writes, what migrations mean on each engine, and what an engine's errors mean to us.
//!
//! No other module may ask which engine it runs on in order to choose a text.

use std::borrow::Cow;

use ::postgres::error::SqlState;
use ::postgres::types::Type;
use rusqlite::ErrorCode;

use crate::store::bulk::{Bulk, BulkUpdate, Column, Kind, Update};
use crate::store::db::Waits;
use crate::store::error::{StoreError, Wait};

/// The two engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// A file of its own.
    Sqlite,
    /// A schema of its own.
    Postgres,
}

/// Rows in one bulk statement on PostgreSQL; each column is one array argument.
pub(super) const BLOCK_ROWS: usize = 10_000;
/// Bytes in one bulk statement on PostgreSQL after which a block is sent early: a message holds at most 1 GB.
pub(super) const BLOCK_BYTES: usize = 16 << 20;
/// Prepared statements kept per SQLite connection.
pub(super) const CACHED_STATEMENTS: usize = 256;
/// Pages after which SQLite moves its write-ahead log into the file: 16 MB, so that a seal of a million rows does so
/// some hundred times, not thousands.
pub(super) const CHECKPOINT_PAGES: i64 = 4_000;
/// Bytes to which the write-ahead log is cut after a large write.
pub(super) const LOG_LIMIT: i64 = 64 << 20;

/// Begins a read on SQLite: the state is that of the first statement, until the end.
pub(super) const SQLITE_BEGIN_READ: &str = "BEGIN";
/// Begins a write on SQLite, waiting for the one writer there can be.
pub(super) const SQLITE_BEGIN_WRITE: &str = "BEGIN IMMEDIATE";
/// A commit survives a power cut.
pub(super) const SQLITE_SYNCHRONOUS_FULL: &str = "PRAGMA synchronous = FULL";
/// A commit survives the end of the process; a power cut may lose it, but tears nothing.
pub(super) const SQLITE_SYNCHRONOUS_NORMAL: &str = "PRAGMA synchronous = NORMAL";

/// Begins a read on PostgreSQL.
pub(super) const POSTGRES_BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// Begins a write on PostgreSQL before there is a head to lock.
pub(super) const POSTGRES_BEGIN_WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
/// Begins a write on PostgreSQL: the head row's lock makes the organization's writers follow one another. One message,
/// so one round trip.
pub(super) const POSTGRES_BEGIN_WRITE_LOCKED: &str =
    "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT 1 FROM head WHERE id = 1 FOR UPDATE";
/// As [`POSTGRES_BEGIN_WRITE`]; the commit returns before it is on disk.
pub(super) const POSTGRES_BEGIN_RELAXED: &str =
    "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = off";
/// As [`POSTGRES_BEGIN_WRITE_LOCKED`]; the commit returns before it is on disk.
pub(super) const POSTGRES_BEGIN_RELAXED_LOCKED: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; \
     SET LOCAL synchronous_commit = off; SELECT 1 FROM head WHERE id = 1 FOR UPDATE";
/// Locks the head row inside a transaction that has begun.
pub(super) const POSTGRES_LOCK_HEAD: &str = "SELECT 1 FROM head WHERE id = 1 FOR UPDATE";
/// Makes those who prepare or migrate one schema follow one another, also before it exists. `$1` is the schema.
pub(super) const POSTGRES_LOCK_SCHEMA: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 7236823347196355))";
/// Notes a write's id, so that a commit whose answer was lost can be looked up. `$1` id, `$2` now in microseconds.
pub(super) const POSTGRES_NOTE_WRITE: &str = "INSERT INTO writes (id, at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
/// Forgets ids that nobody will look up again. `$1` is the instant before which they were written.
pub(super) const POSTGRES_FORGET_WRITES: &str = "DELETE FROM writes WHERE at < $1";
/// Ids are forgotten once in so many writes of a connection.
pub(super) const FORGET_EVERY: u64 = 4_096;
/// How long an id is kept, in microseconds: a day.
pub(super) const WRITES_KEPT: i64 = 86_400_000_000;

/// The table that remembers which migrations a database has had.
pub(super) const CREATE_SCHEMA_MIGRATIONS: &str = r#"CREATE TABLE IF NOT EXISTS schema_migrations (
    number BIGINT PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    applied_at BIGINT NOT NULL
)"#;
/// The table of write ids.
pub(super) const CREATE_WRITES: &str = r#"CREATE TABLE IF NOT EXISTS writes (
    id TEXT COLLATE "C" PRIMARY KEY,
    at BIGINT NOT NULL
)"#;
/// Finds the write ids that may be forgotten.
pub(super) const CREATE_WRITES_AT: &str = "CREATE INDEX IF NOT EXISTS writes_at ON writes (at)";

impl Engine {
    /// The statement that tells whether the table named `$1` exists: one row, or none.
    pub(super) const fn table_exists(self) -> &'static str {
        match self {
            Engine::Sqlite => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1",
            Engine::Postgres => {
                "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = $1"
            }
        }
    }

    /// The statement that tells how many bytes a database takes.
    pub(super) const fn database_bytes(self) -> &'static str {
        match self {
            Engine::Sqlite => "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
            Engine::Postgres => {
                "SELECT CAST(COALESCE(sum(pg_catalog.pg_total_relation_size(c.oid)), 0) AS BIGINT) \
                 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = current_schema() AND c.relkind = 'r'"
            }
        }
    }

    /// A migration's statement as this engine wants it.
    ///
    /// `COLLATE "C"` is byte order on both engines. SQLite's own name for it is BINARY, which compares without calling
    /// us and lets every SQLite tool open the file. A clustered table is one that SQLite stores in its key's order.
    pub(super) fn migration_statement(self, statement: &str, clustered: bool) -> Cow<'_, str> {
        match self {
            Engine::Postgres => Cow::Borrowed(statement),
            Engine::Sqlite => {
                let mut text = statement.replace("COLLATE \"C\"", "COLLATE BINARY");
                if clustered {
                    text.push_str(" WITHOUT ROWID");
                }
                Cow::Owned(text)
            }
        }
    }

    /// The text of a bulk insert. SQLite takes one row at a time, `$1` to `$n`; PostgreSQL one array per column.
    pub(super) fn bulk(self, bulk: &Bulk) -> String {
        let columns = list(bulk.columns, |column| column.name.to_owned());
        let source = match self {
            Engine::Sqlite => format!("VALUES ({})", placeholders(bulk.columns.len())),
            Engine::Postgres => {
                format!("SELECT {columns} FROM unnest({}) AS bulk ({columns})", arrays(bulk.columns.iter()))
            }
        };
        let conflict = match bulk.update {
            Update::Nothing => String::new(),
            Update::Ignore => format!(" ON CONFLICT ({}) DO NOTHING", bulk.key.join(", ")),
            Update::Columns(names) => {
                let set = list(names, |name| format!("{name} = excluded.{name}"));
                format!(" ON CONFLICT ({}) DO UPDATE SET {set}", bulk.key.join(", "))
            }
        };
        format!("INSERT INTO {} ({columns}) {source}{conflict}", bulk.table)
    }

    /// The text of a bulk update, arguments as in [`Engine::bulk`]: first the new values, then those that find the row.
    /// On PostgreSQL they are named `bulk_1` to `bulk_n`, so that no column's name in the further condition is ambiguous.
    pub(super) fn bulk_update(self, update: &BulkUpdate) -> String {
        let argument = |index: usize| match self {
            Engine::Sqlite => format!("${}", index + 1),
            Engine::Postgres => format!("bulk.bulk_{}", index + 1),
        };
        let set: Vec<String> =
            update.set.iter().enumerate().map(|(i, column)| format!("{} = {}", column.name, argument(i))).collect();
        let mut conditions: Vec<String> = update
            .matching
            .iter()
            .enumerate()
            .map(|(i, column)| format!("{}.{} = {}", update.table, column.name, argument(update.set.len() + i)))
            .collect();
        if !update.and.is_empty() {
            conditions.push(format!("({})", update.and));
        }
        let source = match self {
            Engine::Sqlite => String::new(),
            Engine::Postgres => {
                let count = update.set.len() + update.matching.len();
                let names: Vec<String> = (1..=count).map(|number| format!("bulk_{number}")).collect();
                let arrays = arrays(update.set.iter().chain(update.matching));
                format!(" FROM unnest({arrays}) AS bulk ({})", names.join(", "))
            }
        };
        format!("UPDATE {} SET {}{source} WHERE {}", update.table, set.join(", "), conditions.join(" AND "))
    }
}

fn list<T>(items: &[T], show: impl Fn(&T) -> String) -> String {
    items.iter().map(show).collect::<Vec<_>>().join(", ")
}

fn placeholders(count: usize) -> String {
    (1..=count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}

fn arrays<'a>(columns: impl Iterator<Item = &'a Column>) -> String {
    columns
        .enumerate()
        .map(|(index, column)| {
            let element = match column.kind {
                Kind::Integer => "bigint",
                Kind::Text => "text",
                Kind::Blob => "bytea",
                Kind::Real => "double precision",
            };
            format!("${}::{element}[]", index + 1)
        })
        .collect::<Vec<_>>()
        .join(", ")
}

/// The type that SQLite declares for a column of a table or view, if it is one of ours. An expression's type is told as
/// its affinity, and BLOB stands for one without: our own columns of bytes are declared BYTEA.
pub(super) fn sqlite_kind(declared: &str) -> Option<Kind> {
    match declared {
        "BIGINT" | "INT" | "INTEGER" => Some(Kind::Integer),
        "TEXT" => Some(Kind::Text),
        "BYTEA" => Some(Kind::Blob),
        "DOUBLE PRECISION" | "REAL" => Some(Kind::Real),
        _ => None,
    }
}

/// The type that PostgreSQL gives for a column, if it is one that a [`Row`](crate::store::value::Row) reads. Truth
/// values and small integers are what expressions give where SQLite gives an integer.
pub(super) fn postgres_kind(given: &Type) -> Option<Kind> {
    match *given {
        Type::INT8 | Type::INT4 | Type::INT2 | Type::BOOL => Some(Kind::Integer),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => Some(Kind::Text),
        Type::BYTEA => Some(Kind::Blob),
        Type::FLOAT8 | Type::FLOAT4 => Some(Kind::Real),
        _ => None,
    }
}

/// SQLite's extended codes of a taken key: of a unique index, a primary key, a row id.
const SQLITE_TAKEN: [i32; 3] = [
    rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE,
    rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY,
    rusqlite::ffi::SQLITE_CONSTRAINT_ROWID,
];

/// What an error of SQLite means. `statement` is the text, or the table of a bulk write.
pub(super) fn sqlite_error(statement: &'static str, error: rusqlite::Error, waits: &Waits) -> StoreError {
    let (code, message) = match error {
        rusqlite::Error::SqliteFailure(code, message) => {
            let message = message.unwrap_or_else(|| code.to_string());
            (code, message.into_boxed_str())
        }
        rusqlite::Error::SqlInputError { error, msg, .. } => (error, msg.into_boxed_str()),
        rusqlite::Error::MultipleStatement => {
            return StoreError::Misuse { statement, what: "more than one statement" };
        }
        other => {
            let message = other.to_string().into_boxed_str();
            return StoreError::Statement { statement, code: "".into(), message };
        }
    };
    match code.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            StoreError::Busy { what: Wait::Lock, waited: waits.lock }
        }
        ErrorCode::ConstraintViolation if SQLITE_TAKEN.contains(&code.extended_code) => {
            StoreError::Conflict { statement, detail: message }
        }
        ErrorCode::ConstraintViolation => StoreError::Constraint { statement, detail: message },
        ErrorCode::DiskFull => StoreError::Full { message },
        ErrorCode::ReadOnly => StoreError::ReadOnly { message },
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Damaged { message },
        ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::SystemIoFailure => {
            StoreError::Unreachable { message }
        }
        _ => StoreError::Statement { statement, code: code.extended_code.to_string().into(), message },
    }
}

/// What an error of PostgreSQL, or of the connection to it, means.
pub(super) fn postgres_error(statement: &'static str, error: &::postgres::Error, waits: &Waits) -> StoreError {
    let Some(refusal) = error.as_db_error() else {
        let message = with_cause(error).into_boxed_str();
        let own_fault = !error.is_closed() && !postgres_lost(error);
        return if own_fault {
            StoreError::Statement { statement, code: "".into(), message }
        } else {
            StoreError::ConnectionLost { message }
        };
    };
    let message: Box<str> = refusal.message().into();
    let detail = || refusal.constraint().map_or_else(|| message.clone(), Box::from);
    let code = refusal.code();
    match code.code().get(..2) {
        _ if postgres_lost(error) => StoreError::ConnectionLost { message },
        _ if *code == SqlState::UNIQUE_VIOLATION => StoreError::Conflict { statement, detail: detail() },
        // A deadlock or a serialization failure is a lock that cannot be had; the transaction may be tried again.
        _ if [SqlState::LOCK_NOT_AVAILABLE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE]
            .contains(code) =>
        {
            StoreError::Busy { what: Wait::Lock, waited: waits.lock }
        }
        _ if *code == SqlState::QUERY_CANCELED => StoreError::Busy { what: Wait::Statement, waited: waits.statement },
        _ if *code == SqlState::READ_ONLY_SQL_TRANSACTION => StoreError::ReadOnly { message },
        _ if *code == SqlState::DISK_FULL => StoreError::Full { message },
        _ if *code == SqlState::TOO_MANY_CONNECTIONS => StoreError::Unreachable { message },
        Some("23") => StoreError::Constraint { statement, detail: detail() },
        Some("XX") if *code != SqlState::INTERNAL_ERROR => StoreError::Damaged { message },
        _ => StoreError::Statement { statement, code: code.code().into(), message },
    }
}

/// Whether the connection is gone: the server ends (57P01 to 57P05), the protocol broke (08), or the socket did.
pub(super) fn postgres_lost(error: &::postgres::Error) -> bool {
    match error.code() {
        Some(code) => {
            let code = code.code();
            code.starts_with("57P") || code.starts_with("08") || code == "25P03"
        }
        None => {
            let source = std::error::Error::source(error);
            error.is_closed() || source.is_some_and(|source| source.is::<std::io::Error>())
        }
    }
}

fn with_cause(error: &::postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] =
        &[Column::integer("id"), Column::text("name"), Column::blob("content"), Column::real("weight")];

    fn insert(update: Update) -> Bulk {
        Bulk { table: "things", columns: COLUMNS, key: &["id"], update }
    }

    #[test]
    fn bulk_inserts_have_these_texts() {
        let texts = |update| [Engine::Sqlite, Engine::Postgres].map(|engine| engine.bulk(&insert(update)));
        assert_eq!(
            texts(Update::Nothing),
            [
                "INSERT INTO things (id, name, content, weight) VALUES ($1, $2, $3, $4)",
                "INSERT INTO things (id, name, content, weight) SELECT id, name, content, weight \
                 FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::double precision[]) \
                 AS bulk (id, name, content, weight)",
            ]
        );
        assert_eq!(
            texts(Update::Ignore),
            [
                "INSERT INTO things (id, name, content, weight) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING",
                "INSERT INTO things (id, name, content, weight) SELECT id, name, content, weight \
                 FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::double precision[]) \
                 AS bulk (id, name, content, weight) ON CONFLICT (id) DO NOTHING",
            ]
        );
        assert_eq!(
            texts(Update::Columns(&["name", "weight"])),
            [
                "INSERT INTO things (id, name, content, weight) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (id) DO UPDATE SET name = excluded.name, weight = excluded.weight",
                "INSERT INTO things (id, name, content, weight) SELECT id, name, content, weight \
                 FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::double precision[]) \
                 AS bulk (id, name, content, weight) \
                 ON CONFLICT (id) DO UPDATE SET name = excluded.name, weight = excluded.weight",
            ]
        );
    }

    #[test]
    fn bulk_updates_have_these_texts() {
        const PLAIN: BulkUpdate = BulkUpdate {
            table: "things",
            set: &[Column::text("name"), Column::real("weight")],
            matching: &[Column::integer("id")],
            and: "",
        };
        assert_eq!(
            [Engine::Sqlite, Engine::Postgres].map(|engine| engine.bulk_update(&PLAIN)),
            [
                "UPDATE things SET name = $1, weight = $2 WHERE things.id = $3",
                "UPDATE things SET name = bulk.bulk_1, weight = bulk.bulk_2 \
                 FROM unnest($1::text[], $2::double precision[], $3::bigint[]) AS bulk (bulk_1, bulk_2, bulk_3) \
                 WHERE things.id = bulk.bulk_3",
            ]
        );
        const CONDITIONAL: BulkUpdate = BulkUpdate {
            table: "stays",
            set: &[Column::integer("until")],
            matching: &[Column::integer("thing"), Column::text("place")],
            and: "until = 9223372036854775807",
        };
        assert_eq!(
            [Engine::Sqlite, Engine::Postgres].map(|engine| engine.bulk_update(&CONDITIONAL)),
            [
                "UPDATE stays SET until = $1 \
                 WHERE stays.thing = $2 AND stays.place = $3 AND (until = 9223372036854775807)",
                "UPDATE stays SET until = bulk.bulk_1 \
                 FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS bulk (bulk_1, bulk_2, bulk_3) \
                 WHERE stays.thing = bulk.bulk_2 AND stays.place = bulk.bulk_3 AND (until = 9223372036854775807)",
            ]
        );
    }

    #[test]
    fn a_migration_means_the_same_on_both_engines() {
        let text = "CREATE TABLE places (name TEXT COLLATE \"C\" PRIMARY KEY)";
        assert_eq!(Engine::Postgres.migration_statement(text, true), text);
        assert_eq!(
            Engine::Sqlite.migration_statement(text, true),
            "CREATE TABLE places (name TEXT COLLATE BINARY PRIMARY KEY) WITHOUT ROWID"
        );
        assert_eq!(
            Engine::Sqlite.migration_statement(text, false),
            "CREATE TABLE places (name TEXT COLLATE BINARY PRIMARY KEY)"
        );
    }
}
