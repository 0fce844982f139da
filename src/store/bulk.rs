//! Bulk writes, declared as constants: what is written, not how. `dialect` makes each engine's text from them, and that
//! is the only SQL made by code, so names in a declaration are constants of the program and never come from outside.

/// Rows of one table to insert, or to insert and merge by key.
///
/// Rows of one call have distinct keys when `update` is [`Update::Columns`]: the engines differ in what a second row
/// with the same key would do, so debug builds refuse it with a misuse error.
#[derive(Debug)]
pub struct Bulk {
    /// The table.
    pub table: &'static str,
    /// The columns, in the order of each row's values.
    pub columns: &'static [Column],
    /// The columns of the unique key that decides whether a row exists already.
    pub key: &'static [&'static str],
    /// What happens to a row that exists already.
    pub update: Update,
}

/// Rows that exist already, found by `matching`, in which `set` is changed. Each row's values are those of `set`, then
/// those of `matching`.
#[derive(Debug)]
pub struct BulkUpdate {
    /// The table.
    pub table: &'static str,
    /// The columns that get new values.
    pub set: &'static [Column],
    /// The columns that find the row; together they name at most one row that also fulfils `and`.
    pub matching: &'static [Column],
    /// A constant further condition such as `until = 9223372036854775807`, or empty.
    pub and: &'static str,
}

/// A column of a bulk write.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
}

/// The four column types there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// BIGINT.
    Integer,
    /// TEXT.
    Text,
    /// BYTEA.
    Blob,
    /// DOUBLE PRECISION.
    Real,
}

/// What a bulk insert does with a row whose key exists already.
#[derive(Clone, Copy, Debug)]
pub enum Update {
    /// It is a conflict: the whole write fails.
    Nothing,
    /// The stored row stays as it is, and the new one is not counted.
    Ignore,
    /// These columns get the new values.
    Columns(&'static [&'static str]),
}

impl Column {
    /// A BIGINT column.
    pub const fn integer(name: &'static str) -> Column {
        Column { name, kind: Kind::Integer }
    }

    /// A TEXT column.
    pub const fn text(name: &'static str) -> Column {
        Column { name, kind: Kind::Text }
    }

    /// A BYTEA column.
    pub const fn blob(name: &'static str) -> Column {
        Column { name, kind: Kind::Blob }
    }

    /// A DOUBLE PRECISION column.
    pub const fn real(name: &'static str) -> Column {
        Column { name, kind: Kind::Real }
    }
}
