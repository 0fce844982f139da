//! From the schemas of an OpenAPI 3.0 description to JSON Schema, and what a value holds that its schema does not
//! describe. It knows nothing of any endpoint; it must never make a schema weaker than it is written.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Which way a value goes: read-only properties are not sent, write-only ones not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Direction {
    Request,
    Answer,
}

/// The schema of draft 7 that says the same. References stay as they are; what stands beside one is ignored, as OpenAPI
/// 3.0 has it, except for `nullable`, which nobody writes there without meaning it.
pub(super) fn translate(schema: &Value, direction: Direction) -> Value {
    let Value::Object(given) = schema else { return schema.clone() };
    let nullable = is_true(given, "nullable");
    if let Some(reference) = given.get("$ref") {
        let target = json!({ "$ref": reference });
        return if nullable { or_null(target) } else { target };
    }
    let each = |value: &Value| match value {
        Value::Array(all) => all.iter().map(|one| translate(one, direction)).collect(),
        one => translate(one, direction),
    };
    let is_hidden = |name: &str| {
        given.get("properties").and_then(|all| all.get(name)).is_some_and(|property| {
            let keyword = if direction == Direction::Request { "readOnly" } else { "writeOnly" };
            property.as_object().is_some_and(|property| is_true(property, keyword))
        })
    };
    let mut made = Map::new();
    for (keyword, value) in given {
        match (keyword.as_str(), value) {
            ("nullable" | "discriminator" | "readOnly" | "writeOnly" | "example" | "xml" | "externalDocs", _)
            | ("exclusiveMinimum" | "exclusiveMaximum", Value::Bool(_)) => {}
            ("minimum", bound) if is_true(given, "exclusiveMinimum") => {
                made.insert("exclusiveMinimum".to_owned(), bound.clone());
            }
            ("maximum", bound) if is_true(given, "exclusiveMaximum") => {
                made.insert("exclusiveMaximum".to_owned(), bound.clone());
            }
            ("properties", Value::Object(properties)) => {
                let property = |(name, schema): (&String, &Value)| {
                    let schema = if is_hidden(name) { json!(false) } else { translate(schema, direction) };
                    (name.clone(), schema)
                };
                made.insert(keyword.clone(), properties.iter().map(property).collect());
            }
            // One was written as a block of text, with a line break at its end that nobody means.
            ("pattern", Value::String(pattern)) => {
                made.insert(keyword.clone(), json!(pattern.trim_end_matches('\n')));
            }
            ("required", Value::Array(names)) => {
                let sent = names.iter().filter(|name| !name.as_str().is_some_and(is_hidden));
                made.insert(keyword.clone(), sent.cloned().collect());
            }
            ("items" | "not" | "additionalProperties" | "allOf" | "anyOf" | "oneOf", value) => {
                made.insert(keyword.clone(), each(value));
            }
            (_, value) => {
                made.insert(keyword.clone(), value.clone());
            }
        }
    }
    if nullable { or_null(Value::Object(made)) } else { Value::Object(made) }
}

fn is_true(schema: &Map<String, Value>, keyword: &str) -> bool {
    schema.get(keyword) == Some(&Value::Bool(true))
}

/// With `type` and `enum` written out when they are there, so that messages name them.
fn or_null(schema: Value) -> Value {
    match schema {
        Value::Object(mut known) if known.get("type").is_some_and(Value::is_string) => {
            let kind = known.insert("type".to_owned(), Value::Null).unwrap_or_default();
            known.insert("type".to_owned(), json!([kind, "null"]));
            if let Some(Value::Array(values)) = known.get_mut("enum")
                && !values.contains(&Value::Null)
            {
                values.push(Value::Null);
            }
            Value::Object(known)
        }
        other => json!({ "anyOf": [other, { "type": "null" }] }),
    }
}

/// A schema with everything it refers to and consists of: references followed, compositions opened.
pub(super) fn branches<'a>(document: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let schema = resolve(document, schema);
    let composed = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|keyword| schema.get(keyword)?.as_array());
    let mut found = vec![schema];
    found.extend(composed.flatten().flat_map(|part| branches(document, part)));
    found
}

/// What a reference leads to; a schema without one is itself.
pub(super) fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    match target {
        Some(pointer) => resolve(document, document.pointer(pointer).expect("the description holds what it refers to")),
        None => schema,
    }
}

/// The paths of a value's properties that none of the schemas describes. A schema that names no property at all, or says
/// that others may be there, describes all.
pub(super) fn undescribed(document: &Value, schemas: &[&Value], value: &Value, at: &str, found: &mut BTreeSet<String>) {
    let all: Vec<&Value> = schemas.iter().flat_map(|schema| branches(document, schema)).collect();
    match value {
        Value::Array(items) => {
            let kinds: Vec<&Value> = all.iter().filter_map(|schema| schema.get("items")).collect();
            items.iter().for_each(|item| undescribed(document, &kinds, item, &format!("{at}[]"), found));
        }
        Value::Object(fields) => {
            let is_free = all.iter().all(|schema| schema.get("properties").is_none())
                || all
                    .iter()
                    .any(|schema| schema.get("additionalProperties").is_some_and(|more| *more != json!(false)));
            for (name, value) in fields {
                let kinds: Vec<&Value> = all.iter().filter_map(|schema| schema.get("properties")?.get(name)).collect();
                let place = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                match kinds.is_empty() {
                    true if is_free => {}
                    true => drop(found.insert(place)),
                    false => undescribed(document, &kinds, value, &place, found),
                }
            }
        }
        _ => {}
    }
}

/// Everything that schemas name: paths of properties, and `path=value` for each value that is one of a few. A schema
/// inside itself is named once.
pub(super) fn named(document: &Value, schema: &Value, at: &str, within: &[&str], found: &mut BTreeSet<String>) {
    let mut within = within.to_vec();
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        if within.contains(&reference) {
            return;
        }
        within.push(reference);
    }
    let schema = resolve(document, schema);
    for part in ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|word| schema.get(word)?.as_array()).flatten() {
        named(document, part, at, &within, found);
    }
    for value in schema.get("enum").and_then(Value::as_array).into_iter().flatten() {
        found.insert(format!("{at}={}", plain(value)));
    }
    if let Some(items) = schema.get("items") {
        named(document, items, &format!("{at}[]"), &within, found);
    }
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let place = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        found.insert(place.clone());
        named(document, property, &place, &within, found);
    }
}

/// The same of a value: its properties' paths, and `path=value` for each plain value.
pub(super) fn used(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| used(item, &format!("{at}[]"), found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                let place = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                found.insert(place.clone());
                used(value, &place, found);
            }
        }
        scalar => drop(found.insert(format!("{at}={}", plain(scalar)))),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[test]
fn a_translated_schema_accepts_what_the_description_means() {
    let cases = [
        (json!({"type": "string", "nullable": true}), vec![json!("a"), json!(null)], vec![json!(1)]),
        (json!({"type": "string", "enum": ["a"], "nullable": true}), vec![json!("a"), json!(null)], vec![json!("b")]),
        (json!({"anyOf": [{"type": "string"}], "nullable": true}), vec![json!(null)], vec![json!(1)]),
        (json!({"$ref": "#/components/schemas/A", "nullable": true}), vec![json!("a"), json!(null)], vec![json!(1)]),
        (json!({"$ref": "#/components/schemas/A", "type": "A"}), vec![json!("a")], vec![json!(null)]),
        (json!({"minimum": 1, "exclusiveMinimum": true}), vec![json!(2)], vec![json!(1)]),
        (json!({"maximum": 1, "exclusiveMaximum": false}), vec![json!(1)], vec![json!(2)]),
        (json!({"items": {"type": "string", "nullable": true}}), vec![json!([null])], vec![json!([1])]),
        (json!({"properties": {"type": {"type": "string"}}}), vec![json!({"type": "a"})], vec![json!({"type": 1})]),
        (
            json!({"required": ["a"], "properties": {"a": {"readOnly": true}}}),
            vec![json!({})],
            vec![json!({"a": "not to be sent"})],
        ),
        (json!({"type": "string", "format": "date-time"}), vec![json!("2026-11-20T09:00:00Z")], vec![json!("soon")]),
    ];
    for (described, right, wrong) in cases {
        let components = json!({"schemas": {"A": {"type": "string"}}});
        let schema = json!({"allOf": [translate(&described, Direction::Request)], "components": components});
        let validator = super::description::compile(&schema);
        assert!(right.iter().all(|value| validator.is_valid(value)), "{described}");
        assert!(!wrong.iter().any(|value| validator.is_valid(value)), "{described}");
    }
}
