//! What instructions see at the moment: the record, a nested object, or an element offered as `value`.

use std::borrow::Cow;

use crate::json::Value;
use crate::record::Record;

/// Where values are taken from.
#[derive(Clone, Copy)]
pub(super) enum Context<'a> {
    /// The record itself.
    Record(&'a Record),
    /// A value inside it.
    Nested(&'a Value),
    /// An element of a list, as the member `value`.
    Wrapped(&'a Value),
}

impl<'a> Context<'a> {
    /// The value of that name; none when it is absent, null, an empty text or false.
    pub(super) fn present(self, name: &str) -> Option<Cow<'a, Value>> {
        self.get(name).filter(|value| !value.is_absent())
    }

    /// The text of that name; none when there is none, or something else. Without a copy.
    pub(super) fn text(self, name: &str) -> Option<&'a str> {
        match self {
            Context::Record(record) => record.get_text(name).filter(|text| !text.is_empty()),
            Context::Nested(_) | Context::Wrapped(_) => None,
        }
    }

    /// The value of that name as it was sent.
    pub(super) fn get(self, name: &str) -> Option<Cow<'a, Value>> {
        match self {
            Context::Record(record) => record.get(name),
            Context::Nested(Value::Object(object)) => object.get(name).map(Cow::Borrowed),
            Context::Wrapped(value) => (name == "value").then_some(Cow::Borrowed(value)),
            Context::Nested(_) => None,
        }
    }
}
