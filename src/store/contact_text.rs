//! Lists, values and counts of contacts as the JSON texts in which they are stored. Nothing is read into these texts by a
//! query.

use std::collections::BTreeMap;

use contact::field::Values;
use serde_json::Value;

use crate::nouns::contact_run::ContactCounts;

/// A list of texts.
pub(super) fn list_text(list: &[String]) -> String {
    Value::from(list.to_vec()).to_string()
}

/// Reads a list of texts.
pub(super) fn read_list(text: &str) -> Option<Vec<String>> {
    serde_json::from_str(text).ok()
}

/// A list of numbers.
pub(super) fn numbers_text(list: &[u32]) -> String {
    Value::from(list.to_vec()).to_string()
}

/// Reads a list of numbers.
pub(super) fn read_numbers(text: &str) -> Option<Vec<u32>> {
    serde_json::from_str(text).ok()
}

/// The values of a record by the numbers of their fields.
pub(super) fn values_text(values: &Values) -> String {
    let named = values.iter().map(|(field, value)| (field.to_string(), Value::from(value.as_str())));
    Value::Object(named.collect()).to_string()
}

/// Reads the values of a record.
pub(super) fn read_values(text: &str) -> Option<Values> {
    if text == "{}" {
        return Some(Values::new());
    }
    let named: BTreeMap<String, String> = serde_json::from_str(text).ok()?;
    named.into_iter().map(|(field, value)| Some((field.parse().ok()?, value))).collect()
}

/// What came of a run.
pub(super) fn counts_text(counts: &ContactCounts) -> String {
    let named = counts.named().into_iter().map(|(word, count)| (word.to_owned(), Value::from(count)));
    Value::Object(named.collect()).to_string()
}

/// Reads what came of a run.
pub(super) fn read_counts(text: &str) -> Option<ContactCounts> {
    let named: BTreeMap<String, u64> = serde_json::from_str(text).ok()?;
    Some(ContactCounts::of_named(named.iter().map(|(word, count)| (word.as_str(), *count))))
}
