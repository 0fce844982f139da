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
