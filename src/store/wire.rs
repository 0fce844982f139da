//! Values as PostgreSQL's binary protocol carries them, one by one and as arrays, and cells as they come back.
//!
//! Bytes are written straight into their final form: a bulk write copies each text once.

use std::error::Error;
use std::fmt;

use ::postgres::types::private::BytesMut;
use ::postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::store::bulk::{Column, Kind};
use crate::store::value::{Cell, Value};

/// One value of a row, or nothing if it is of a type that the store does not use.
pub(super) fn cell(row: &::postgres::Row, column: usize) -> Option<Cell<'_>> {
    fn present<'r, T>(value: Result<Option<T>, ::postgres::Error>, cell: fn(T) -> Cell<'r>) -> Option<Cell<'r>> {
        value.ok().map(|value| value.map_or(Cell::Null, cell))
    }
    match *row.columns().get(column)?.type_() {
        Type::INT8 => present(row.try_get(column), Cell::Integer),
        Type::INT4 => present(row.try_get(column), |value: i32| Cell::Integer(i64::from(value))),
        Type::INT2 => present(row.try_get(column), |value: i16| Cell::Integer(i64::from(value))),
        Type::BOOL => present(row.try_get(column), |value: bool| Cell::Integer(i64::from(value))),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => present(row.try_get(column), Cell::Text),
        Type::BYTEA => present(row.try_get(column), Cell::Blob),
        Type::FLOAT8 => present(row.try_get(column), Cell::Real),
        Type::FLOAT4 => present(row.try_get(column), |value: f32| Cell::Real(f64::from(value))),
        _ => None,
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self, kind) {
            (Value::Null, _) => return Ok(IsNull::Yes),
            (Value::Integer(value), &Type::INT8) => out.extend_from_slice(&value.to_be_bytes()),
            // What an expression such as `$1 + 1` makes of an argument.
            (Value::Integer(value), &Type::INT4) => out.extend_from_slice(&i32::try_from(*value)?.to_be_bytes()),
            (Value::Real(value), &Type::FLOAT8) => out.extend_from_slice(&value.to_be_bytes()),
            (Value::Text(text), &Type::TEXT | &Type::VARCHAR | &Type::BPCHAR | &Type::NAME) => {
                out.extend_from_slice(text.as_bytes());
            }
            (Value::Blob(bytes), &Type::BYTEA) => out.extend_from_slice(bytes),
            _ => return Err(format!("{self:?} given for {kind}").into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A column of a block: the elements of a one-dimensional array in PostgreSQL's binary form (`array_recv` in
/// src/backend/utils/adt/arrayfuncs.c): each its length and its bytes, or length -1 for NULL.
pub(super) struct Array {
    kind: Kind,
    count: i32,
    has_null: bool,
    elements: Vec<u8>,
}

impl Array {
    pub(super) fn new(column: &Column) -> Array {
        Array { kind: column.kind, count: 0, has_null: false, elements: Vec::new() }
    }

    /// Appends a value and returns the bytes it takes.
    pub(super) fn push(&mut self, value: &Value<'_>) -> usize {
        let before = self.elements.len();
        match value {
            Value::Null => {
                self.has_null = true;
                self.elements.extend_from_slice(&(-1_i32).to_be_bytes());
            }
            Value::Integer(value) => self.push_bytes(&value.to_be_bytes()),
            Value::Real(value) => self.push_bytes(&value.to_be_bytes()),
            Value::Text(text) => self.push_bytes(text.as_bytes()),
            Value::Blob(bytes) => self.push_bytes(bytes),
        }
        self.count += 1;
        self.elements.len() - before
    }

    fn push_bytes(&mut self, bytes: &[u8]) {
        // A value that long never gets this far: no message holds it. Its true length makes the server refuse it.
        let length = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
        self.elements.extend_from_slice(&length.to_be_bytes());
        self.elements.extend_from_slice(bytes);
    }

    pub(super) fn clear(&mut self) {
        self.count = 0;
        self.has_null = false;
        self.elements.clear();
    }
}

impl fmt::Debug for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} values", self.count, self.kind)
    }
}

impl ToSql for Array {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let element = match self.kind {
            Kind::Integer => Type::INT8,
            Kind::Text => Type::TEXT,
            Kind::Blob => Type::BYTEA,
            Kind::Real => Type::FLOAT8,
        };
        let header = [1, i32::from(self.has_null), element.oid().cast_signed(), self.count, 1];
        out.reserve(4 * header.len() + self.elements.len());
        for number in header {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.extend_from_slice(&self.elements);
        Ok(IsNull::No)
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8_ARRAY, Type::TEXT_ARRAY, Type::BYTEA_ARRAY, Type::FLOAT8_ARRAY].contains(kind)
    }

    to_sql_checked!();
}
