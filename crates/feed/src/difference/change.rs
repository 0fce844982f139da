//! What differs between two persons, field by field, and what became of it: data, or the control file.

use std::collections::BTreeSet;

use crate::control::FieldKey;
use crate::person::{Entry, Item, Person};

/// A field that changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The field; username and groups are fields of the account here.
    pub field: FieldKey,
    /// The values before.
    pub before: Vec<Entry>,
    /// The values after.
    pub after: Vec<Entry>,
}

/// Why something changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The source sent something else.
    Data,
    /// The control file makes something else of the same record.
    ControlFile,
    /// Both: the record differs, and so does the control file.
    DataAndControlFile,
    /// Neither: the record was in error or the person was away, and it is applied again.
    Again,
}

impl Cause {
    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Cause::Data => "data",
            Cause::ControlFile => "control file",
            Cause::DataAndControlFile => "data and control file",
            Cause::Again => "again",
        }
    }
}

fn texts(texts: &BTreeSet<String>) -> Vec<Entry> {
    texts.iter().map(|text| Entry { item: Item::Text(text.clone()), qualifier: None }).collect()
}

fn entries<'p>(person: &'p Person, field: &FieldKey) -> &'p [Entry] {
    person.fields.get(field).map(Vec::as_slice).unwrap_or_default()
}

/// The fields in which `after` differs. What `after` leaves as it is does not differ.
pub fn compare(before: &Person, after: &Person) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut differ = |field: &FieldKey, before: &[Entry], after: &[Entry]| {
        if before != after {
            changes.push(Change { field: field.clone(), before: before.to_vec(), after: after.to_vec() });
        }
    };
    let name = |person: &Person| vec![Entry { item: Item::Text(person.username.clone()), qualifier: None }];
    if before.username != after.username {
        differ(&FieldKey::user("username"), &name(before), &name(after));
    }
    if before.groups != after.groups {
        differ(&FieldKey::user("groups"), &texts(&before.groups), &texts(&after.groups));
    }
    let fields: BTreeSet<&FieldKey> = before.fields.keys().chain(after.fields.keys()).collect();
    for field in fields.into_iter().filter(|field| !after.left.contains(*field)) {
        differ(field, entries(before, field), entries(after, field));
    }
    changes
}

/// The person who is there once `after` was applied: what it leaves as it is comes from `before`.
pub fn settle(before: Option<&Person>, after: Person) -> Person {
    let mut settled = after;
    for field in std::mem::take(&mut settled.left) {
        if let Some(entries) = before.and_then(|before| before.fields.get(&field)) {
            settled.fields.insert(field, entries.clone());
        }
    }
    settled
}

/// What makes each field differ. `middle` is the record applied last under the new control file: whatever differs from
/// `before` already there is the control file's doing, whatever differs only after it is the data's.
pub fn causes(before: &Person, middle: &Person, after: &Person) -> Vec<(Change, Cause)> {
    let by_file: BTreeSet<FieldKey> = compare(before, middle).into_iter().map(|change| change.field).collect();
    let by_data: BTreeSet<FieldKey> =
        compare(&settle(Some(before), middle.clone()), after).into_iter().map(|c| c.field).collect();
    let cause = |change: &Change| match (by_file.contains(&change.field), by_data.contains(&change.field)) {
        (true, false) => Cause::ControlFile,
        (true, true) => Cause::DataAndControlFile,
        (false, _) => Cause::Data,
    };
    compare(before, after)
        .into_iter()
        .map(|change| (cause(&change), change))
        .map(|(cause, change)| (change, cause))
        .collect()
}

/// The fields that this feed and another one set to different values: no feed may decide against another. Groups are not
/// among them, because each feed has memberships of its own.
pub fn clashes(ours: &Person, others: &Person) -> Vec<FieldKey> {
    let shared = ours.fields.iter().filter_map(|(field, entries)| Some((field, entries, others.fields.get(field)?)));
    shared.filter(|(_, ours, theirs)| ours != theirs).map(|(field, ..)| field.clone()).collect()
}
