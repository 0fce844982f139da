//! A query string read as a description says: each parameter as a value of its type. It never guesses: a text that is
//! not of the type stays a text, for the schema to refuse.

use serde_json::{Map, Value};

use super::description::Parameter;
use super::schema::resolve;

/// The query as one value for each parameter, and what is wrong before any schema is asked.
pub(super) fn read(document: &Value, parameters: &[Parameter<'_>], query: &str) -> (Map<String, Value>, Vec<String>) {
    let pairs: Vec<(String, String)> = query.split('&').filter(|pair| !pair.is_empty()).map(pair).collect();
    let (mut values, mut wrong) = (Map::new(), Vec::new());
    for (name, _) in &pairs {
        if !parameters.iter().any(|parameter| parameter.name == name) {
            wrong.push(format!("the query parameter {name} is not described"));
        }
    }
    for parameter in parameters {
        let schema = resolve(document, parameter.schema);
        let given: Vec<&str> =
            pairs.iter().filter(|(name, _)| name == parameter.name).map(|(_, text)| text.as_str()).collect();
        let Some(first) = given.first() else {
            if parameter.required {
                wrong.push(format!("the query parameter {} is missing", parameter.name));
            }
            continue;
        };
        let is_list = schema["type"] == "array";
        let once = given.len() == 1;
        if (!is_list || !parameter.repeats) && !once {
            wrong.push(format!("the query parameter {} is repeated", parameter.name));
        }
        if is_list && parameter.repeats && given.iter().any(|text| text.contains(',')) {
            wrong.push(format!("the query parameter {} has a list in one value", parameter.name));
        }
        let value = match (is_list, parameter.repeats) {
            (true, true) => given.iter().map(|text| typed(document, &schema["items"], text)).collect(),
            (true, false) => first.split(',').map(|text| typed(document, &schema["items"], text)).collect(),
            (false, _) => typed(document, schema, first),
        };
        values.insert(parameter.name.to_owned(), value);
    }
    (values, wrong)
}

fn typed(document: &Value, schema: &Value, text: &str) -> Value {
    let number = || text.parse::<i64>().ok().map(Value::from);
    let value = match resolve(document, schema)["type"].as_str() {
        Some("integer" | "number") => number(),
        Some("boolean") => text.parse::<bool>().ok().map(Value::from),
        _ => None,
    };
    value.unwrap_or_else(|| text.into())
}

fn pair(pair: &str) -> (String, String) {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    (decode(name), decode(value))
}

/// A name or value without its escapes.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escaped = text.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (byte, escaped) {
            (b'%', Some(escaped)) => {
                decoded.push(escaped);
                at += 2;
            }
            (b'+', _) => decoded.push(b' '),
            (byte, _) => decoded.push(*byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[test]
fn a_query_is_read_by_its_parameters_types() {
    let document = serde_json::json!({
        "limit": {"type": "integer"}, "ids": {"type": "array", "items": {"type": "string"}}, "mfa": {"type": "boolean"},
    });
    let parameter = |name: &'static str| Parameter { name, schema: &document[name], required: false, repeats: true };
    let parameters = ["limit", "ids", "mfa"].map(parameter);
    let (values, wrong) = read(&document, &parameters, "limit=5&ids=a%3Ab&ids=c+d&mfa=true");
    assert_eq!(Value::Object(values), serde_json::json!({"limit": 5, "ids": ["a:b", "c d"], "mfa": true}));
    assert_eq!(wrong, Vec::<String>::new());
    for query in ["limit=1&limit=2", "ids=a,b", "unknown=1"] {
        assert_eq!(read(&document, &parameters, query).1.len(), 1, "{query}");
    }
}
