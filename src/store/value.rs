//! Values that go into statements and rows that come out of them, the same on both engines.
//!
//! Five types only: NULL, 64-bit integers, doubles, text and bytes. A value must never show its content in a log.

use std::borrow::Cow;
use std::fmt;

use crate::store::error::StoreError;
use crate::store::wire;

/// An argument of a statement. Flags are integers 0 and 1. Text must not contain NUL (refused at the edges).
#[derive(Clone, PartialEq)]
pub enum Value<'a> {
    /// SQL NULL.
    Null,
    /// A BIGINT.
    Integer(i64),
    /// A DOUBLE PRECISION.
    Real(f64),
    /// A TEXT.
    Text(Cow<'a, str>),
    /// A BYTEA.
    Blob(Cow<'a, [u8]>),
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("Null"),
            Value::Integer(value) => write!(f, "Integer({value})"),
            Value::Real(value) => write!(f, "Real({value})"),
            Value::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Value::Blob(bytes) => write!(f, "Blob({} bytes)", bytes.len()),
        }
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Value::Integer(value)
    }
}

// Literals in statements' arguments are i32 unless they say otherwise.
impl From<i32> for Value<'_> {
    fn from(value: i32) -> Self {
        Value::Integer(i64::from(value))
    }
}

impl From<u32> for Value<'_> {
    fn from(value: u32) -> Self {
        Value::Integer(i64::from(value))
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Value::Integer(i64::from(value))
    }
}

impl From<f64> for Value<'_> {
    fn from(value: f64) -> Self {
        Value::Real(value)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Value::Text(Cow::Borrowed(value))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Value::Text(Cow::Borrowed(value))
    }
}

impl From<String> for Value<'_> {
    fn from(value: String) -> Self {
        Value::Text(Cow::Owned(value))
    }
}

impl<'a> From<Cow<'a, str>> for Value<'a> {
    fn from(value: Cow<'a, str>) -> Self {
        Value::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Value::Blob(Cow::Borrowed(value))
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(value: &'a [u8; N]) -> Self {
        Value::Blob(Cow::Borrowed(value))
    }
}

impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(value: &'a Vec<u8>) -> Self {
        Value::Blob(Cow::Borrowed(value))
    }
}

impl From<Vec<u8>> for Value<'_> {
    fn from(value: Vec<u8>) -> Self {
        Value::Blob(Cow::Owned(value))
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

impl<'a> Value<'a> {
    /// The same value, borrowed: for binding one value twice without copying its text.
    pub fn borrowed(&'a self) -> Value<'a> {
        match self {
            Value::Null => Value::Null,
            Value::Integer(value) => Value::Integer(*value),
            Value::Real(value) => Value::Real(*value),
            Value::Text(text) => Value::Text(Cow::Borrowed(text)),
            Value::Blob(bytes) => Value::Blob(Cow::Borrowed(bytes)),
        }
    }
}

/// One row of a result, valid while it is being read. Columns are numbered from 0. A value of another type than asked
/// for, or NULL where the reader does not say `optional`, is [`StoreError::Corrupt`].
pub struct Row<'a> {
    pub(super) cells: Cells<'a>,
    pub(super) statement: &'static str,
}

pub(super) enum Cells<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a ::postgres::Row),
}

/// One value of a row as it lies in the engine's buffer.
pub(super) enum Cell<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'a str),
    Blob(&'a [u8]),
}

impl Row<'_> {
    /// An integer. Truth values (the result of `EXISTS` or a comparison) are 0 and 1.
    pub fn integer(&self, column: usize) -> Result<i64, StoreError> {
        self.optional_integer(column)?.ok_or_else(|| self.corrupt(column))
    }

    /// An integer or NULL.
    pub fn optional_integer(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.cell(column) {
            Some(Cell::Integer(value)) => Ok(Some(value)),
            Some(Cell::Null) => Ok(None),
            _ => Err(self.corrupt(column)),
        }
    }

    /// A flag stored as 0 or 1; any other number is corrupt.
    pub fn flag(&self, column: usize) -> Result<bool, StoreError> {
        match self.integer(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.corrupt(column)),
        }
    }

    /// A double.
    pub fn real(&self, column: usize) -> Result<f64, StoreError> {
        self.optional_real(column)?.ok_or_else(|| self.corrupt(column))
    }

    /// A double or NULL.
    pub fn optional_real(&self, column: usize) -> Result<Option<f64>, StoreError> {
        match self.cell(column) {
            Some(Cell::Real(value)) => Ok(Some(value)),
            Some(Cell::Null) => Ok(None),
            _ => Err(self.corrupt(column)),
        }
    }

    /// A text.
    pub fn text(&self, column: usize) -> Result<&str, StoreError> {
        self.optional_text(column)?.ok_or_else(|| self.corrupt(column))
    }

    /// A text or NULL.
    pub fn optional_text(&self, column: usize) -> Result<Option<&str>, StoreError> {
        match self.cell(column) {
            Some(Cell::Text(text)) => Ok(Some(text)),
            Some(Cell::Null) => Ok(None),
            _ => Err(self.corrupt(column)),
        }
    }

    /// Bytes.
    pub fn blob(&self, column: usize) -> Result<&[u8], StoreError> {
        self.optional_blob(column)?.ok_or_else(|| self.corrupt(column))
    }

    /// Bytes or NULL.
    pub fn optional_blob(&self, column: usize) -> Result<Option<&[u8]>, StoreError> {
        match self.cell(column) {
            Some(Cell::Blob(bytes)) => Ok(Some(bytes)),
            Some(Cell::Null) => Ok(None),
            _ => Err(self.corrupt(column)),
        }
    }

    /// The error of a row whose column does not hold what its noun allows, such as an unknown word in an enum column.
    pub fn corrupt(&self, column: usize) -> StoreError {
        StoreError::Corrupt { statement: self.statement, column }
    }

    fn cell(&self, column: usize) -> Option<Cell<'_>> {
        match &self.cells {
            Cells::Sqlite(row) => match row.get_ref(column).ok()? {
                rusqlite::types::ValueRef::Null => Some(Cell::Null),
                rusqlite::types::ValueRef::Integer(value) => Some(Cell::Integer(value)),
                rusqlite::types::ValueRef::Real(value) => Some(Cell::Real(value)),
                rusqlite::types::ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok().map(Cell::Text),
                rusqlite::types::ValueRef::Blob(bytes) => Some(Cell::Blob(bytes)),
            },
            Cells::Postgres(row) => wire::cell(row, column),
        }
    }
}
