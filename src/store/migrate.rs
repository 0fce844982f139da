//! Bringing a database to the newest schema.
//!
//! Migrations are numbered texts, given by the caller for the kind of database it opens. A database gets all that it
//! lacks in one transaction, or none. It must never be touched when it is newer than this program.

use jiff::Timestamp;

use crate::store::dialect;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::Value;

/// One step from a schema to the next.
///
/// Its text is statements that end with `;` at the end of a line. A line `-- clustered` before a CREATE TABLE says that
/// its rows lie in the order of the primary key. Other lines that begin with `--` are comments.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its place; each number is greater than the one before, the first at least 1.
    pub number: i64,
    /// What it does, as in its file's name.
    pub name: &'static str,
    /// Its statements, one text for both engines.
    pub sql: &'static str,
}

/// What a migration did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The newest migration before; 0 for an empty database.
    pub from: i64,
    /// The newest migration now.
    pub to: i64,
}

const APPLIED: &str = "SELECT number, name FROM schema_migrations ORDER BY number";
const NEWEST: &str = "SELECT number FROM schema_migrations ORDER BY number DESC LIMIT 1";
const INSERT: &str = "INSERT INTO schema_migrations (number, name, applied_at) VALUES ($1, $2, $3)";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[("applied", APPLIED), ("newest", NEWEST), ("insert", INSERT)];

/// Applies what the database lacks.
pub(super) fn apply(tx: &mut Tx, migrations: &[Migration], now: Timestamp) -> Result<Migrated, StoreError> {
    let known = in_order(migrations)?;
    for statement in [dialect::CREATE_SCHEMA_MIGRATIONS, dialect::CREATE_WRITES, dialect::CREATE_WRITES_AT] {
        tx.migrate(&tx.engine().migration_statement(statement, false))?;
    }
    let applied = tx.list(APPLIED, &[], |row| Ok((row.integer(0)?, row.text(1)?.to_owned())))?;
    let from = applied.last().map_or(0, |(number, _)| *number);
    if from > known {
        return Err(StoreError::NewerSchema { found: from, known });
    }
    for (index, migration) in migrations.iter().enumerate() {
        match applied.get(index) {
            Some((number, name)) if *number == migration.number && name == migration.name => {}
            Some((number, name)) => {
                return Err(refused(migration, &format!("in its place the database has {number} {name}")));
            }
            None => {
                run(tx, migration)?;
                let applied_at = Value::Integer(now.as_microsecond());
                tx.execute(INSERT, &[migration.number.into(), migration.name.into(), applied_at])?;
            }
        }
    }
    Ok(Migrated { from, to: known })
}

/// The newest migration the database has; 0 if it has had none.
pub(super) fn schema_number(tx: &mut Tx) -> Result<i64, StoreError> {
    let exists = tx.optional(tx.engine().table_exists(), &["schema_migrations".into()], |_| Ok(()))?;
    match exists {
        Some(()) => Ok(tx.optional(NEWEST, &[], |row| row.integer(0))?.unwrap_or(0)),
        None => Ok(0),
    }
}

/// The newest number, if every number is greater than the one before.
fn in_order(migrations: &[Migration]) -> Result<i64, StoreError> {
    let mut newest = 0;
    for migration in migrations {
        if migration.number <= newest {
            return Err(refused(migration, &format!("its number does not follow {newest}")));
        }
        newest = migration.number;
    }
    Ok(newest)
}

fn run(tx: &mut Tx, migration: &Migration) -> Result<(), StoreError> {
    for statement in statements(migration)? {
        let text = tx.engine().migration_statement(statement.text, statement.clustered);
        tx.migrate(&text).map_err(|error| match error {
            StoreError::Statement { message, .. }
            | StoreError::Constraint { detail: message, .. }
            | StoreError::Conflict { detail: message, .. } => {
                let first_line = statement.text.lines().next().unwrap_or_default();
                refused(migration, &format!("{message} in: {first_line}"))
            }
            other => other,
        })?;
    }
    Ok(())
}

fn refused(migration: &Migration, message: &str) -> StoreError {
    StoreError::Migration { number: migration.number, name: migration.name, message: message.into() }
}

#[derive(Debug, PartialEq, Eq)]
struct Statement {
    text: &'static str,
    clustered: bool,
}

/// Splits a migration's text. A statement's text begins after the comments before it and ends before its `;`.
fn statements(migration: &Migration) -> Result<Vec<Statement>, StoreError> {
    let mut found = Vec::new();
    let mut clustered = false;
    let mut begin = None;
    let mut position = 0;
    for line in migration.sql.split_inclusive('\n') {
        let (start, end) = (position, position + line.trim_end().len());
        position += line.len();
        let content = line.trim();
        if content.starts_with("--") || content.is_empty() {
            clustered |= begin.is_none() && content == "-- clustered";
            continue;
        }
        let from = *begin.get_or_insert(start);
        if content.ends_with(';') {
            let text = migration.sql.get(from..end).unwrap_or_default().trim_end_matches(';').trim();
            if clustered && !text.starts_with("CREATE TABLE") {
                return Err(refused(migration, "only a table can be clustered"));
            }
            found.push(Statement { text, clustered });
            (begin, clustered) = (None, false);
        }
    }
    match begin {
        Some(_) => Err(refused(migration, "its last statement does not end with ;")),
        None if clustered => Err(refused(migration, "only a table can be clustered")),
        None => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(sql: &'static str) -> Vec<(&'static str, bool)> {
        let found = statements(&Migration { number: 1, name: "test", sql }).unwrap();
        found.into_iter().map(|statement| (statement.text, statement.clustered)).collect()
    }

    #[test]
    fn statements_end_at_semicolons_at_line_ends() {
        assert_eq!(split(""), []);
        assert_eq!(split("-- nothing;\n\n"), []);
        assert_eq!(
            split("-- first;\nCREATE TABLE a (\n    -- its key; always\n    id BIGINT\n);\r\nSELECT ';' FROM a;  \n"),
            [("CREATE TABLE a (\n    -- its key; always\n    id BIGINT\n)", false), ("SELECT ';' FROM a", false)]
        );
    }

    #[test]
    fn a_mark_is_for_the_next_table_only() {
        assert_eq!(
            split("-- clustered\n-- why: it is read by key\nCREATE TABLE a (id BIGINT);\nCREATE TABLE b (id BIGINT);"),
            [("CREATE TABLE a (id BIGINT)", true), ("CREATE TABLE b (id BIGINT)", false)]
        );
    }
}
