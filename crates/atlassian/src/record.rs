//! What every kind of record has in common: it is read from JSON, is named by an id, and can tell what in it is new.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_json::Value;

/// A record of some resource.
pub trait Record: DeserializeOwned + Send + Sync + 'static {
    /// The record's name in notices, such as `user`.
    const NAME: &'static str;
    /// The field on the wire that holds its id, in the fields it may be called.
    const ID: &'static str;

    /// The id; a record without one is quarantined.
    fn id(&self) -> &str;

    /// Notes fields and values that are not known here.
    fn drift(&self, drift: &mut Drift);
}

/// Names of unknown fields (`user.field`) and unknown values (`user.field=value`), each once.
#[derive(Debug, Default)]
pub struct Drift {
    notes: BTreeSet<String>,
}

/// A field that is not known here, with its JSON as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownField {
    /// The field's name.
    pub name: Box<str>,
    /// Its value, as JSON text.
    pub json: Box<str>,
}

/// Unknown fields of records that are few: by name.
pub type UnknownFields = BTreeMap<String, Value>;

/// One odd page must not fill the memory with its notes.
const MOST_NOTES: usize = 200;

impl Drift {
    /// Notes an unknown field.
    pub fn field(&mut self, record: &str, field: &str) {
        self.note(format!("{record}.{}", crate::refusal::shorten(field)));
    }

    /// Notes an unknown value of a known field, if there is one.
    pub fn value(&mut self, record: &str, field: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.note(format!("{record}.{field}={}", crate::refusal::shorten(value)));
        }
    }

    /// The notes in order.
    pub fn into_notes(self) -> Vec<String> {
        self.notes.into_iter().collect()
    }

    fn note(&mut self, note: String) {
        if self.notes.len() < MOST_NOTES {
            self.notes.insert(note);
        }
    }
}
