//! The whole comparison in one call: reads the files, asks the caller for the few people who differ, in batches, and hands
//! out one line after the other. What only the end shows is in the preview that it returns.

use std::collections::{BTreeMap, BTreeSet};

use super::baseline::Baseline;
use super::change::{Change, clashes, compare};
use super::guard::{Guards, Hold, Totals};
use super::scan::{Ended, Scanned, scan};
use super::sift::{Candidate, Failing, Force, Kind, Seen, Sift, Sifted};
use crate::control::{ControlFile, FieldKey, FileSpec};
use crate::digest::Digest;
use crate::person::Person;
use crate::read::{BadRecord, FileError, Input, Remark};

/// What is delivered, and what it is compared with.
pub struct Delivery<'a> {
    /// The control file.
    pub control: &'a ControlFile,
    /// The codes of the groups that the feed manages.
    pub groups: &'a BTreeSet<String>,
    /// Everybody, as of the last applied run.
    pub baseline: &'a Baseline,
    /// What the feed holds.
    pub totals: &'a Totals,
    /// The thresholds.
    pub guards: Guards,
    /// Whether unchanged records are looked at too.
    pub force: Force,
}

/// What is kept of a person.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Past {
    /// What this feed set; none when it never did.
    pub own: Option<Person>,
    /// What other feeds set.
    pub others: Option<Person>,
}

/// One line of a preview.
#[derive(Debug)]
pub enum Line<'p> {
    /// A record that means what was applied last, with another digest to be kept.
    Alike {
        /// Whose it is.
        number: u32,
        /// The digest of the record.
        raw: Digest,
    },
    /// Somebody new, returning, changed or tried again.
    Person {
        /// The person.
        candidate: Candidate,
        /// What this feed set before.
        before: Option<&'p Person>,
        /// The fields that differ.
        changes: Vec<Change>,
        /// Fields that another feed set to something else: a conflict, and nothing of the record is applied.
        clashes: Vec<FieldKey>,
    },
    /// A record that fails.
    Failing(Failing),
    /// A record that could not be read, and its file.
    Unreadable(&'p FileSpec, BadRecord),
    /// Somebody who would leave; they come behind all records, in the order of their numbers.
    Leaving {
        /// Who.
        number: u32,
        /// What this feed set.
        before: Option<&'p Person>,
    },
    /// A record whose username stood before.
    Duplicate {
        /// The number of the first one.
        first: u64,
        /// Its own number.
        record: u64,
    },
}

/// How many of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Records of all files.
    pub records: u64,
    /// People who would be made.
    pub new: u64,
    /// People who would change.
    pub changed: u64,
    /// People who stay as they are.
    pub unchanged: u64,
    /// People who would come back.
    pub returning: u64,
    /// People who would leave.
    pub leaving: u64,
    /// Records that fail or cannot be read.
    pub failing: u64,
    /// Records in conflict.
    pub conflicts: u64,
    /// People whose record has an error and is applied all the same.
    pub in_error: u64,
    /// Changed e-mail addresses.
    pub email_changes: u64,
}

/// What a delivery would do.
#[derive(Debug, Clone, Default)]
pub struct Preview {
    /// How many of what.
    pub counts: Counts,
    /// Why a person should look first, as far as the content tells.
    pub holds: Vec<Hold>,
    /// Leavers, conflicts, and what else only the end shows.
    pub sifted: Sifted,
    /// What there is to know about the files, by their names.
    pub remarks: Vec<(String, Remark)>,
    /// The records of each file, by its name.
    pub rows: BTreeMap<String, u64>,
    /// How many members of each group would leave.
    pub leaving_members: BTreeMap<String, u64>,
}

/// Why a comparison ended early.
#[derive(Debug)]
pub enum Stop<E> {
    /// A file cannot be read; its name stands beside.
    File(String, FileError),
    /// The caller said so.
    Caller(E),
}

impl<E> From<E> for Stop<E> {
    fn from(error: E) -> Stop<E> {
        Stop::Caller(error)
    }
}

/// How many people are asked for at once: so few that the file is read on meanwhile.
const BATCH: usize = 128;
/// The same of leavers, who come when there is nothing left to read.
const LEAVERS: usize = 4_096;

/// Compares a delivery with what is kept. `open` gives the bytes of a file, `past` what is kept of the people of the given
/// numbers, in their order; `line` takes each line; `members` counts the members of each group, when somebody leaves one.
///
/// # Errors
/// When a file cannot be read, or one of the functions says so.
pub fn preview<'i, E>(
    delivery: &Delivery<'_>,
    mut open: impl FnMut(&FileSpec) -> Result<Input<'i>, E>,
    mut past: impl FnMut(&[u32]) -> Result<Vec<Past>, E>,
    mut line: impl FnMut(Line<'_>) -> Result<(), E>,
    members: impl FnOnce() -> Result<BTreeMap<String, u64>, E>,
) -> Result<Preview, Stop<E>> {
    let mut sift = Sift::new(delivery.control, delivery.groups, delivery.baseline, delivery.force);
    let mut tally = Tally::new(delivery.totals);
    let mut preview = Preview::default();
    let mut waiting: Vec<Candidate> = Vec::new();
    for spec in &delivery.control.files {
        let (input, first) = (open(spec)?, preview.counts.records);
        let seen = |scanned: Result<&Scanned, BadRecord>| {
            preview.counts.records += 1;
            let seen = match scanned {
                Ok(scanned) => sift.take(scanned),
                Err(bad) => {
                    sift.unreadable();
                    preview.counts.failing += 1;
                    return line(Line::Unreadable(spec, bad));
                }
            };
            match seen {
                Seen::Unchanged { .. } => preview.counts.unchanged += 1,
                Seen::Alike { number, raw } => {
                    preview.counts.unchanged += 1;
                    line(Line::Alike { number, raw })?;
                }
                Seen::Failing(failing) => {
                    preview.counts.failing += 1;
                    line(Line::Failing(failing))?;
                }
                Seen::Duplicate { first, record } => line(Line::Duplicate { first, record })?,
                Seen::Person(candidate) => {
                    waiting.push(*candidate);
                    if waiting.len() >= BATCH {
                        tell(&mut waiting, &mut past, &mut line, (&mut tally, &mut preview.counts))?;
                    }
                }
            }
            Ok(())
        };
        let over = scan((delivery.control, spec), input, first, seen).map_err(|ended| match ended {
            Ended::File(error) => Stop::File(spec.name.clone(), error),
            Ended::Caller(error) => Stop::Caller(error),
        })?;
        preview.rows.insert(spec.name.clone(), over.records);
        preview.remarks.extend(over.remarks.into_iter().map(|remark| (spec.name.clone(), remark)));
    }
    tell(&mut waiting, &mut past, &mut line, (&mut tally, &mut preview.counts))?;
    preview.sifted = sift.finish();
    for numbers in preview.sifted.leaving.chunks(LEAVERS) {
        for (number, past) in numbers.iter().zip(past(numbers)?) {
            past.own.iter().for_each(|person| tally.leaves(person));
            line(Line::Leaving { number: *number, before: past.own.as_ref() })?;
        }
    }
    let members = if tally.groups.is_empty() { BTreeMap::new() } else { members()? };
    tally.conclude(delivery, &members, &mut preview);
    Ok(preview)
}

/// Tells the people who were waiting for what is kept of them.
fn tell<E>(
    waiting: &mut Vec<Candidate>,
    past: &mut impl FnMut(&[u32]) -> Result<Vec<Past>, E>,
    line: &mut impl FnMut(Line<'_>) -> Result<(), E>,
    (tally, counts): (&mut Tally<'_>, &mut Counts),
) -> Result<(), E> {
    let numbers: Vec<u32> = waiting.iter().filter_map(|candidate| candidate.number).collect();
    let mut kept = if numbers.is_empty() { Vec::new() } else { past(&numbers)? }.into_iter();
    for candidate in waiting.drain(..) {
        let past = candidate.number.and_then(|_| kept.next()).unwrap_or_default();
        let changes = past.own.as_ref().map(|before| compare(before, &candidate.person)).unwrap_or_default();
        let clashes = past.others.as_ref().map(|others| clashes(&candidate.person, others)).unwrap_or_default();
        match candidate.kind {
            _ if !clashes.is_empty() => counts.conflicts += 1,
            Kind::New => counts.new += 1,
            Kind::Returning => counts.returning += 1,
            Kind::Changed => counts.changed += 1,
            Kind::Same => counts.unchanged += 1,
        }
        counts.in_error +=
            u64::from(candidate.findings.iter().any(|finding| finding.level == crate::finding::Level::Error));
        if clashes.is_empty() {
            tally.applies(past.own.as_ref(), &candidate.person);
        }
        line(Line::Person { candidate, before: past.own.as_ref(), changes, clashes })?;
    }
    Ok(())
}

/// Counts what guards ask for.
struct Tally<'t> {
    totals: &'t Totals,
    lost: BTreeMap<FieldKey, u64>,
    gained: BTreeMap<FieldKey, u64>,
    gone: BTreeMap<FieldKey, u64>,
    groups: BTreeMap<String, u64>,
}

impl<'t> Tally<'t> {
    fn new(totals: &'t Totals) -> Tally<'t> {
        Tally { totals, lost: BTreeMap::new(), gained: BTreeMap::new(), gone: BTreeMap::new(), groups: BTreeMap::new() }
    }

    fn applies(&mut self, before: Option<&Person>, after: &Person) {
        for field in after.fields.keys() {
            if before.is_none_or(|before| !before.fields.contains_key(field)) {
                add(&mut self.gained, field);
            }
        }
        for field in before.iter().flat_map(|before| before.fields.keys()) {
            if !after.fields.contains_key(field) && !after.left.contains(field) {
                add(&mut self.lost, field);
            }
        }
    }

    fn leaves(&mut self, person: &Person) {
        person.fields.keys().for_each(|field| add(&mut self.gone, field));
        person.groups.iter().for_each(|code| add(&mut self.groups, code));
    }

    fn conclude(self, delivery: &Delivery<'_>, members: &BTreeMap<String, u64>, preview: &mut Preview) {
        let Delivery { control, guards, totals, .. } = delivery;
        let counts = &mut preview.counts;
        let sifted = &preview.sifted;
        for (kind, count) in &sifted.withdrawn {
            match kind {
                Kind::New => counts.new -= (*count).min(counts.new),
                Kind::Returning => counts.returning -= (*count).min(counts.returning),
                Kind::Changed => counts.changed -= (*count).min(counts.changed),
                Kind::Same => counts.unchanged -= (*count).min(counts.unchanged),
            }
        }
        counts.conflicts += sifted.conflicts.iter().map(|conflict| conflict.records.len() as u64).sum::<u64>();
        counts.leaving = sifted.leaving.len() as u64;
        counts.email_changes = sifted.email_changes;
        let holds = &mut preview.holds;
        for (name, found) in &preview.rows {
            let expected = control.expectation(name).and_then(|expectation| expectation.rows);
            if let Some(expected) = expected.filter(|expected| expected != found) {
                holds.push(Hold::Rows { name: name.clone(), expected, found: *found });
            }
        }
        if counts.records == 0 {
            holds.push(Hold::NoRecords);
        }
        let of = totals.people;
        if guards.leaving.is_exceeded(counts.leaving, of) {
            holds.push(Hold::Leaving { count: counts.leaving, of });
        }
        if counts.leaving > 0 && sifted.nameless > 0 {
            holds.push(Hold::LeavingUncertain { leaving: counts.leaving, nameless: sifted.nameless });
        }
        if guards.emails.is_exceeded(counts.email_changes, of) {
            holds.push(Hold::Emails { count: counts.email_changes, of });
        }
        for (code, count) in &self.groups {
            let of = members.get(code).copied().unwrap_or(*count);
            if guards.group.is_exceeded(*count, of) {
                holds.push(Hold::Group { code: code.clone(), count: *count, of });
            }
        }
        if guards.failing.is_exceeded(counts.failing, counts.records) {
            holds.push(Hold::Failing { count: counts.failing, of: counts.records });
        }
        let at = |counts: &BTreeMap<FieldKey, u64>, field: &FieldKey| counts.get(field).copied().unwrap_or_default();
        for (field, before) in &self.totals.fields {
            let had = before.saturating_sub(at(&self.gone, field));
            let after = (had + at(&self.gained, field)).saturating_sub(at(&self.lost, field));
            if had >= guards.leaving.at_least && after == 0 {
                holds.push(Hold::Emptied { field: field.clone(), had });
            }
        }
        preview.leaving_members = self.groups;
    }
}

fn add<K: Ord + Clone>(counts: &mut BTreeMap<K, u64>, key: &K) {
    match counts.get_mut(key) {
        Some(count) => *count += 1,
        None => drop(counts.insert(key.clone(), 1)),
    }
}
