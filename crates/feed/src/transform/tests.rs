//! Records and the people they make: the reference's cases where its data lie beside the repository, and the differences
//! on purpose.

mod cases;
mod differences;
mod laws;

use std::collections::BTreeSet;

use super::*;
use crate::control::tests::{good, with, with_root};
use crate::control::{ControlFile, FieldKey};
use crate::json::{Value, parse};
use crate::person::Person;
use crate::record::Record;

pub(super) fn value(json: &str) -> Value {
    parse(json.as_bytes()).unwrap_or_else(|error| panic!("{error}: {json}"))
}

pub(super) fn record(json: &str) -> Record {
    Record::of_value(0, 1, value(json))
}

/// A record of somebody, with further members.
pub(super) fn somebody(more: &str) -> Record {
    let comma = if more.is_empty() { "" } else { "," };
    record(&format!(r#"{{"id":"jb","first":"Joe","last":"Bloggs","mail":"joe@example.org"{comma}{more}}}"#))
}

pub(super) fn transform(control: &ControlFile, record: &Record) -> Transformed {
    let groups: BTreeSet<String> = control.producible_groups().into_iter().collect();
    Transformer::new(control, &groups).transform(record)
}

/// The person of a record that has nothing wrong with it.
pub(super) fn person(control: &ControlFile, record: &Record) -> Person {
    let Transformed { person, findings, .. } = transform(control, record);
    assert_eq!(sentences(&findings), Vec::<String>::new());
    person.expect("it does not fail")
}

pub(super) fn sentences(findings: &[crate::finding::Finding]) -> Vec<String> {
    findings.iter().map(|finding| format!("{}: {}", finding.level.word(), finding.sentence())).collect()
}

/// The values of a field of the profile as people read them.
pub(super) fn profile(person: &Person, name: &str) -> Vec<String> {
    let key = FieldKey { destination: crate::control::model::Destination::Profile, name: name.to_owned() };
    person.fields.get(&key).into_iter().flatten().map(|entry| entry.item.shown()).collect()
}
