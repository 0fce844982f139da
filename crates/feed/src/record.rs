//! A record as a reader hands it out: nested, or a row of a table. A row is filled again for the next record, so that a
//! table of a million rows costs no more memory than one row.

use std::borrow::Cow;
use std::sync::Arc;

use crate::digest::{Digest, encode, encode_text};
use crate::json::{Object, Value, put_text, write};

/// A record.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Its number, from 0, running through all files.
    pub number: u64,
    /// The line of its file at which it begins, from 1.
    pub line: u64,
    /// Something of it that was not taken.
    pub remark: Option<RecordRemark>,
    pub(crate) body: Body,
}

/// Something of a record that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordRemark {
    /// Values beyond the last column.
    MoreValues,
    /// An element that stands twice; the last one was taken.
    RepeatedElement(String),
}

/// What a record consists of.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    /// Any value; only an object has names.
    Tree(Value),
    /// Texts below the names of a table.
    Row(Row),
}

impl Default for Body {
    fn default() -> Body {
        Body::Tree(Value::Null)
    }
}

/// The names of a table's columns.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Header {
    /// The name of each column; none for a column that has none, or one that others have too.
    pub(crate) names: Vec<Option<String>>,
    /// The columns that have names, by the byte order of these.
    sorted: Vec<usize>,
    /// Each name as digests have it.
    encoded: Vec<Vec<u8>>,
}

impl Header {
    pub(crate) fn new(names: Vec<Option<String>>) -> Header {
        let mut sorted: Vec<usize> = (0..names.len()).filter(|column| names[*column].is_some()).collect();
        sorted.sort_by_key(|column| &names[*column]);
        let encoded = names.iter().map(|name| {
            let mut encoded = Vec::new();
            encode_text(b'k', name.as_deref().unwrap_or_default(), &mut encoded);
            encoded
        });
        Header { sorted, encoded: encoded.collect(), names }
    }

    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.sorted
            .binary_search_by_key(&Some(name), |column| self.names[*column].as_deref())
            .ok()
            .map(|at| self.sorted[at])
    }
}

/// One row: the texts one after the other, and where each ends. A row without quotation marks is kept as it was read,
/// with a separator of one byte behind each text but the last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    pub(crate) header: Arc<Header>,
    text: String,
    ends: Vec<usize>,
    /// How many bytes lie between two texts: none, or one.
    gap: usize,
}

impl Row {
    pub(crate) fn below(header: Arc<Header>) -> Row {
        Row { header, ..Row::default() }
    }

    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.gap = 0;
    }

    /// Takes a whole row whose texts have a separator of one byte between them.
    pub(crate) fn set(&mut self, row: &str, separator: u8) {
        self.clear();
        if row.is_empty() {
            return;
        }
        self.gap = 1;
        self.text.push_str(row);
        self.ends.extend(memchr::memchr_iter(separator, row.as_bytes()));
        self.ends.push(row.len());
    }

    pub(crate) fn push(&mut self, part: &str) {
        self.text.push_str(part);
    }

    pub(crate) fn end_value(&mut self) {
        self.ends.push(self.text.len());
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn value(&self, column: usize) -> &str {
        let begin = if column == 0 { Some(0) } else { self.ends.get(column - 1).map(|end| end + self.gap) };
        let range = begin.zip(self.ends.get(column).copied());
        range.and_then(|(begin, end)| self.text.get(begin..end)).unwrap_or_default()
    }

    /// Whether it has no value at all: such a row is layout and no record.
    pub(crate) fn is_blank(&self) -> bool {
        self.text.len() <= self.gap * self.ends.len().saturating_sub(1)
    }

    fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        let named = |column: &usize| Some((self.header.names[*column].as_deref()?, self.value(*column)));
        self.header.sorted.iter().filter_map(named).filter(|(_, value)| !value.is_empty())
    }
}

impl Record {
    /// A record of a value, for previews and tests.
    pub fn of_value(number: u64, line: u64, value: Value) -> Record {
        Record { number, line, remark: None, body: Body::Tree(value) }
    }

    /// The value of that name as it was sent; none when there is none.
    pub fn get(&self, name: &str) -> Option<Cow<'_, Value>> {
        match &self.body {
            Body::Tree(Value::Object(object)) => object.get(name).map(Cow::Borrowed),
            Body::Tree(_) => None,
            Body::Row(row) => {
                let value = row.value(row.header.column(name)?);
                (!value.is_empty()).then(|| Cow::Owned(Value::text(value)))
            }
        }
    }

    /// The text of that name, when it is one: without a copy.
    pub fn get_text(&self, name: &str) -> Option<&str> {
        match &self.body {
            Body::Tree(Value::Object(object)) => match object.get(name) {
                Some(Value::Text(text)) => Some(text),
                _ => None,
            },
            Body::Tree(_) => None,
            Body::Row(row) => Some(row.value(row.header.column(name)?)).filter(|value| !value.is_empty()),
        }
    }

    /// The record as a value; the names of a table in their byte order, without empty values.
    pub fn to_value(&self) -> Value {
        match &self.body {
            Body::Tree(value) => value.clone(),
            Body::Row(row) => {
                let members = row.members().map(|(name, value)| (name.to_owned(), Value::text(value)));
                Value::Object(Object::of(members.collect()))
            }
        }
    }

    /// The record as JSON: what `to_value` gives, written.
    pub fn to_text(&self) -> String {
        match &self.body {
            Body::Tree(value) => write(value),
            Body::Row(row) => {
                // Names and quotation marks take about as much as the values.
                let mut text = String::with_capacity(row.text.len() * 2 + 64);
                text.push('{');
                for (name, value) in row.members() {
                    if text.len() > 1 {
                        text.push(',');
                    }
                    put_text(name, &mut text);
                    text.push(':');
                    put_text(value, &mut text);
                }
                text.push('}');
                text
            }
        }
    }

    /// The digest of the record under a control file. `scratch` is a buffer to be used again; its content is lost.
    pub fn digest(&self, control: Digest, scratch: &mut Vec<u8>) -> Digest {
        scratch.clear();
        scratch.extend_from_slice(&control.0);
        match &self.body {
            Body::Tree(value) => encode(value, scratch),
            // The same bytes as those of the object that it is: a table and a JSON file that say the same are alike.
            Body::Row(row) => {
                scratch.push(b'{');
                for column in &row.header.sorted {
                    let value = row.value(*column);
                    if !value.is_empty() {
                        scratch.extend_from_slice(&row.header.encoded[*column]);
                        encode_text(b's', value, scratch);
                    }
                }
                scratch.push(b'}');
            }
        }
        Digest::fast(scratch)
    }
}
