//! A value as a source sent it: what JSON can say, and nothing more.

use super::{Number, Object};

/// A value of a record.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// Said to have none.
    #[default]
    Null,
    /// True or false.
    Boolean(bool),
    /// A finite number.
    Number(Number),
    /// A text.
    Text(String),
    /// Values in order.
    List(Vec<Value>),
    /// Values by name.
    Object(Object),
}

impl Value {
    /// A text.
    pub fn text(text: impl Into<String>) -> Value {
        Value::Text(text.into())
    }

    /// Whether an instruction sees nothing here: null, an empty text, or false. Zero is something.
    pub fn is_absent(&self) -> bool {
        match self {
            Value::Null | Value::Boolean(false) => true,
            Value::Text(text) => text.is_empty(),
            Value::Boolean(true) | Value::Number(_) | Value::List(_) | Value::Object(_) => false,
        }
    }

    /// What kind of value it is, with its article.
    pub const fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Boolean(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
        }
    }
}
