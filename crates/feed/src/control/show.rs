//! Writes a control file again: what was understood of it, every key spelt out that is not its default.

use super::file::{ControlFile, Conversion, Expectation, FileSpec, Instruction, Target, Test, Using};
use super::model::{Destination, Type};
use crate::json::{Value, write};

/// The control file as JSON; `check` reads it back to the same.
pub fn show(control: &ControlFile) -> String {
    let Value::Object(mut root) = meaning(control) else { return String::new() };
    if !control.expect.is_empty() {
        let expect = control.expect.iter().map(|expectation| (expectation.file.clone(), expected(expectation)));
        root.set("expect", Value::Object(expect.collect()));
    }
    write(&Value::Object(root))
}

/// What the control file does, without what it expects.
pub(super) fn meaning(control: &ControlFile) -> Value {
    let mut members = vec![
        ("dataImportControlFileVersion", Value::Number(0.into())),
        ("model", Value::text("haplo:user-sync")),
        ("files", Value::Object(control.files.iter().map(|spec| (spec.name.clone(), file(spec))).collect())),
        ("instructions", instructions(control, &control.instructions)),
    ];
    if !control.mappings.is_empty() {
        let mappings = control.mappings.iter().map(|mapping| {
            let using = match mapping.using {
                Using::Behaviour => "behaviour",
                Using::Title => "title",
            };
            let values = mapping.values.iter().map(|(input, to)| (input.clone(), Value::text(to))).collect();
            let shown = object(vec![
                ("types", Value::List(mapping.types.iter().map(Value::text).collect())),
                ("using", Value::text(using)),
                ("values", Value::Object(values)),
            ]);
            (mapping.name.clone(), shown)
        });
        members.push(("mapping", Value::Object(mappings.collect())));
    }
    if let Some(profile) = &control.profile {
        let attributes = profile.iter().map(|attribute| {
            let mut members = vec![("type", Value::text(attribute.kind.word()))];
            members.extend(attribute.name.as_ref().map(|name| ("name", Value::text(name))));
            members.extend(attribute.label.as_ref().map(|label| ("label", Value::text(label))));
            members.push(("multivalue", Value::Boolean(attribute.multiple)));
            if let Some(qualifiers) = &attribute.qualifiers {
                members.push(("qualifiers", Value::List(qualifiers.iter().map(Value::text).collect())));
            }
            (attribute.code.clone(), object(members))
        });
        members.push(("profile", Value::Object(attributes.collect())));
    }
    object(members)
}

fn object(members: Vec<(&str, Value)>) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn file(spec: &FileSpec) -> Value {
    let mut members = vec![("read", Value::text(spec.read.word()))];
    if spec.single_record {
        members.push(("singleRecord", Value::Boolean(true)));
    }
    members.extend(spec.charset.map(|charset| ("charset", Value::text(charset))));
    members.extend(spec.separator.as_ref().map(|separator| ("separator", Value::text(separator))));
    members.extend(spec.quote.map(|quote| ("quote", Value::text(quote))));
    members.extend(spec.sheet.as_ref().map(|sheet| ("sheet", Value::text(sheet))));
    object(members)
}

fn expected(expectation: &Expectation) -> Value {
    let mut members = Vec::new();
    if let Some(rows) = expectation.rows.and_then(|rows| i64::try_from(rows).ok()) {
        members.push(("rows", Value::Number(rows.into())));
    }
    members.extend(expectation.sha256.as_ref().map(|sha256| ("sha256", Value::text(sha256))));
    members.extend(expectation.generated_at.map(|moment| ("generatedAt", Value::text(moment.to_string()))));
    object(members)
}

fn instructions(control: &ControlFile, list: &[Instruction]) -> Value {
    Value::List(list.iter().map(|one| instruction(control, one)).collect())
}

fn instruction(control: &ControlFile, instruction: &Instruction) -> Value {
    let list = |list: &[Instruction]| instructions(control, list);
    let (action, members) = match instruction {
        Instruction::Field { source, target } => {
            ("field", [vec![("source", Value::text(source))], self::target(control, target)].concat())
        }
        Instruction::Structured { parts, target } => (
            "field-structured",
            [vec![("structured", Value::text(parts.word()))], self::target(control, target)].concat(),
        ),
        Instruction::Set { value, target } => {
            ("set-value", [vec![("value", value.clone())], self::target(control, target)].concat())
        }
        Instruction::Remove { slot } => ("remove-values", field(control, *slot)),
        Instruction::If { test, then, otherwise } => {
            let (action, mut members) = match test {
                Test::Exists(source) => ("if-exists", vec![("source", Value::text(source))]),
                Test::OneOf(source, values) => {
                    ("if-value-one-of", vec![("source", Value::text(source)), ("values", Value::List(values.clone()))])
                }
                Test::HasValue(slot) => ("if-has-value", field(control, *slot)),
            };
            members.push(("then", list(then)));
            members.push(("else", list(otherwise)));
            (action, members)
        }
        Instruction::Within { source, instructions } => {
            ("within", vec![("source", Value::text(source)), ("instructions", list(instructions))])
        }
        Instruction::ForEach { source, wrap, instructions } => (
            "for-each",
            vec![
                ("source", Value::text(source)),
                ("wrapValues", Value::Boolean(*wrap)),
                ("instructions", list(instructions)),
            ],
        ),
        Instruction::Assert { destination, exists } => (
            "assert-destination",
            vec![("destination", Value::text(destination.word())), ("exists", Value::Boolean(*exists))],
        ),
        Instruction::Abort { message } => ("abort-record", vec![("message", Value::text(message))]),
        Instruction::Log { message } => ("log-error", vec![("message", Value::text(message))]),
    };
    object([vec![("action", Value::text(action))], members].concat())
}

fn field(control: &ControlFile, slot: usize) -> Vec<(&'static str, Value)> {
    let key = control.fields.get(slot);
    let destination = key.map_or(Destination::User, |key| key.destination);
    let name = key.map(|key| key.name.as_str()).unwrap_or_default();
    vec![("destination", Value::text(destination.word())), ("name", Value::text(name))]
}

fn target(control: &ControlFile, target: &Target) -> Vec<(&'static str, Value)> {
    let mut members = field(control, target.slot);
    if target.append {
        members.push(("multivalue", Value::Boolean(true)));
    }
    members.extend(target.qualifier.as_ref().map(|qualifier| ("qualifier", Value::text(qualifier))));
    let Conversion { kind: _, map, default, filters, mapping, date_format, country, true_value, false_value } =
        &target.conversion;
    if let Some(map) = map {
        members.push(("mapInputValue", Value::Object(map.iter().cloned().collect())));
    }
    members.extend(default.as_ref().map(|default| ("mapInputValueDefault", default.clone())));
    if !filters.is_empty() {
        members.push(("filters", Value::List(filters.iter().map(|filter| Value::text(filter.word())).collect())));
    }
    let mapping = mapping.and_then(|at| control.mappings.get(at));
    members.extend(mapping.map(|mapping| ("refMapping", Value::text(&mapping.name))));
    members.extend(date_format.as_ref().map(|format| ("dateFormat", Value::text(format.text()))));
    for (name, value) in [("country", country), ("trueValue", true_value), ("falseValue", false_value)] {
        members.extend(value.as_ref().map(|value| (name, Value::text(value))));
    }
    members
}

/// The words of all types, for the schema.
pub(super) fn type_words() -> Vec<&'static str> {
    Type::ALL.iter().map(|kind| kind.word()).collect()
}
