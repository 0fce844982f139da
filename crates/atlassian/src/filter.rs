//! Filters on their way to the wire: as the fields of a search's body, or as the query of a count.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::call::{Call, Endpoint};
use crate::error::Error;

/// Refuses more ids than an endpoint takes.
pub(crate) fn at_most(endpoint: Endpoint, given: usize, at_most: usize) -> Result<(), Error> {
    if given > at_most { Err(Error::TooMany { endpoint, given, at_most }) } else { Ok(()) }
}

/// A filter's fields by their names on the wire.
pub(crate) fn fields(filter: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(filter) {
        Ok(Value::Object(fields)) => fields,
        // Filters are structs of texts and lists of texts: they are always objects.
        _ => Map::new(),
    }
}

/// The names of unit variants on the wire.
pub(crate) fn names(values: &[impl Serialize]) -> Value {
    values.iter().map(|value| serde_json::to_value(value).unwrap_or_default()).collect()
}

/// The same fields as a query, lists by repetition.
pub(crate) fn query(call: Call, fields: Map<String, Value>) -> Call {
    fields.into_iter().fold(call, |call, (name, value)| match value {
        Value::Array(values) => call.query_each(&name, values.iter().filter_map(Value::as_str)),
        Value::String(text) => call.query(&name, &text),
        other => call.query(&name, &other.to_string()),
    })
}
