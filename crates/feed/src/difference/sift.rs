//! Takes the records of a delivery one after the other and tells for each what it means for whom. Whose raw record is the
//! one applied last is not transformed. What only the whole delivery shows, duplicates and addresses that two people
//! would have, comes at the end and takes back what was told before.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashTable;

use super::baseline::{Baseline, Standing, email_digest, username_digest};
use super::change::Cause;
use super::emails::{Claim, contested};
use super::scan::Scanned;
use crate::control::ControlFile;
use crate::digest::Digest;
use crate::finding::Finding;
use crate::person::{Item, Person};
use crate::record::Record;
use crate::transform::{Transformed, Transformer, Username};

/// Whether unchanged records are looked at too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// No.
    Unforced,
    /// Every record is transformed and compared.
    Everything,
}

/// What a record means.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Seen {
    /// It is the record that was applied last.
    Unchanged {
        /// Whose it is.
        number: u32,
    },
    /// It differs from the record applied last, and means the same. The new digest is to be kept.
    Alike {
        /// Whose it is.
        number: u32,
        /// The digest of the record under this control file.
        raw: Digest,
    },
    /// It makes a person who has to be compared with what is kept.
    Person(Box<Candidate>),
    /// It fails; its person stays as they were.
    Failing(Failing),
    /// Its username stood before in this delivery: a conflict.
    Duplicate {
        /// The number of the first record of that username.
        first: u64,
        /// This record.
        record: u64,
    },
}

/// A person made of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The number of the record.
    pub record: u64,
    /// The line at which it begins.
    pub line: u64,
    /// Whom it concerns; none when nobody has that username.
    pub number: Option<u32>,
    /// What would become of them.
    pub kind: Kind,
    /// Why.
    pub cause: Cause,
    /// The person.
    pub person: Person,
    /// The digest of the record under this control file.
    pub raw: Digest,
    /// The digest of the person.
    pub canonical: Digest,
    /// What there is to say about the record.
    pub findings: Vec<Finding>,
    /// The record as it was received, as JSON.
    pub received: String,
}

/// What would become of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// They are made.
    New,
    /// They come back.
    Returning,
    /// They change.
    Changed,
    /// They are the same, and the record had an error before, or has one.
    Same,
}

/// A record that fails.
#[derive(Debug, Clone, PartialEq)]
pub struct Failing {
    /// The number of the record.
    pub record: u64,
    /// The line at which it begins.
    pub line: u64,
    /// Whose record it is, as far as that is known.
    pub username: Option<Username>,
    /// Whom it concerns.
    pub number: Option<u32>,
    /// Why.
    pub findings: Vec<Finding>,
    /// The record as it was received, as JSON.
    pub received: String,
}

/// What a human has to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// What it is about.
    pub kind: ConflictKind,
    /// The records of which nothing is applied.
    pub records: Vec<u64>,
    /// The people concerned, as far as they are known; they stay as they are.
    pub numbers: Vec<u32>,
}

/// What two people cannot both have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConflictKind {
    /// Several records have one username, in whatever letter case.
    DuplicateUsername,
    /// An e-mail address would belong to several people.
    EmailInUse,
}

impl Conflict {
    /// Why nothing is applied, and what a human can do, as sentences.
    pub fn sentence(&self) -> String {
        let records: Vec<String> = self.records.iter().take(10).map(u64::to_string).collect();
        let more = if self.records.len() > 10 { " and more" } else { "" };
        let records = format!("{}{more}", records.join(", "));
        match self.kind {
            ConflictKind::DuplicateUsername => format!(
                "Several records have this username, in whatever letter case (records {records}). Nothing of them is applied. \
                 Leave one of them at the source."
            ),
            ConflictKind::EmailInUse => format!(
                "This e-mail address would belong to several people (records {records}). Nothing of these records is applied. \
                 If they are one person, rename the username or merge the two; if not, correct the address at the source."
            ),
        }
    }
}

/// What the whole delivery shows.
#[derive(Debug, Clone, Default)]
pub struct Sifted {
    /// The conflicts. What was told of their records before does not hold.
    pub conflicts: Vec<Conflict>,
    /// The numbers of those in the feed of whom there is no record.
    pub leaving: Vec<u32>,
    /// Those among them who were within the grace period before.
    pub still_leaving: Vec<u32>,
    /// How many records cannot be told whose they are: as long as there are any, nobody is known to have left.
    pub nameless: u64,
    /// Of the records in conflict, what had been told.
    pub withdrawn: BTreeMap<Kind, u64>,
    /// How many people have another e-mail address.
    pub email_changes: u64,
    /// References to people whom neither the feed nor the delivery knows: record and username key or e-mail key.
    pub unknown_references: Vec<(u64, String)>,
}

/// The sieve.
pub(super) struct Sift<'a> {
    transformer: Transformer<'a>,
    baseline: &'a Baseline,
    /// The control file applied last, when it is another one.
    former: Option<Digest>,
    force: Force,
    scratch: Vec<u8>,
    /// By place in the baseline: the number of the first record plus one.
    seen: Vec<u32>,
    fresh: HashTable<(Digest, u32)>,
    duplicates: BTreeMap<Digest, Vec<u64>>,
    told: Vec<(u32, Kind)>,
    claims: Vec<Claim>,
    references: Vec<(u32, Item)>,
    nameless: u64,
}

/// The most references to people that are followed; each is looked at when the delivery is over.
const MOST_REFERENCES: usize = 2_000_000;

impl<'a> Sift<'a> {
    /// A sieve for the records of one delivery; `groups` are the declared codes.
    pub(super) fn new(
        control: &'a ControlFile,
        groups: &'a BTreeSet<String>,
        baseline: &'a Baseline,
        force: Force,
    ) -> Sift<'a> {
        let digest = control.digest();
        Sift {
            transformer: Transformer::new(control, groups),
            baseline,
            former: baseline.control().filter(|former| *former != digest),
            force,
            scratch: Vec::new(),
            seen: vec![0; baseline.len()],
            fresh: HashTable::new(),
            duplicates: BTreeMap::new(),
            told: Vec::new(),
            claims: Vec::new(),
            references: Vec::new(),
            nameless: 0,
        }
    }

    /// Takes a record that could not be read: somebody's, and nobody knows whose.
    pub(super) fn unreadable(&mut self) {
        self.nameless += 1;
    }

    /// Takes a record.
    pub(super) fn take(&mut self, scanned: &Scanned) -> Seen {
        let (record, raw, mut username) = (&scanned.record, scanned.raw, None);
        let digest = match scanned.username {
            Some(digest) => digest,
            None => {
                let Some(made) = self.transformer.username(record) else {
                    self.nameless += 1;
                    let findings = self.transformer.transform_of(record, None).findings;
                    return self.fail(record, None, findings);
                };
                username_digest(&username.insert(made).key)
            }
        };
        let place = self.baseline.find(digest);
        let number = u32::try_from(record.number).unwrap_or(u32::MAX - 1);
        if let Some(first) = self.stood_before(digest, place, number) {
            self.duplicates.entry(digest).or_insert_with(|| vec![first]).push(record.number);
            return Seen::Duplicate { first, record: record.number };
        }
        let known = place.map(|place| &self.baseline.people()[place as usize]);
        if let Some(known) = known {
            let settled = known.standing == Standing::Present && !known.in_error && self.force == Force::Unforced;
            if settled && known.raw == raw {
                return Seen::Unchanged { number: known.number };
            }
        }
        let Transformed { person, findings, .. } = {
            let username = username.or_else(|| self.transformer.username(record));
            self.transformer.transform_of(record, username)
        };
        let Ok(person) = person else { return self.fail(record, place, findings) };
        let canonical = person.digest();
        let (kind, cause) = match known {
            None => (Kind::New, Cause::Data),
            Some(known) => {
                let cause = self.cause(record, known.raw, raw);
                match known.standing {
                    Standing::Elsewhere => (Kind::New, Cause::Data),
                    Standing::Blocked | Standing::Leaving => (Kind::Returning, cause),
                    Standing::Present if known.canonical != canonical => (Kind::Changed, cause),
                    Standing::Present if known.in_error || !findings.is_empty() => (Kind::Same, cause),
                    Standing::Present => return Seen::Alike { number: known.number, raw },
                }
            }
        };
        let email = email_digest(&person.email_key());
        if known.is_none_or(|known| known.email != email) {
            self.claims.push(Claim { email, record: number, place });
        }
        self.note_references(number, &person);
        self.told.push((number, kind));
        let received = record.to_text();
        let (number, record, line) = (known.map(|known| known.number), record.number, record.line);
        Seen::Person(Box::new(Candidate {
            record,
            line,
            number,
            kind,
            cause,
            person,
            raw,
            canonical,
            findings,
            received,
        }))
    }

    fn fail(&self, record: &Record, place: Option<u32>, findings: Vec<Finding>) -> Seen {
        let number = place.map(|place| self.baseline.people()[place as usize].number);
        let username = self.transformer.username(record);
        let received = record.to_text();
        Seen::Failing(Failing { record: record.number, line: record.line, username, number, findings, received })
    }

    /// The first record of that username, when this one is not the first.
    fn stood_before(&mut self, username: Digest, place: Option<u32>, record: u32) -> Option<u64> {
        let first = match place {
            Some(place) => {
                let seen = &mut self.seen[place as usize];
                let before = seen.checked_sub(1);
                if before.is_none() {
                    *seen = record + 1;
                }
                before
            }
            None => match self.fresh.find(username.short(), |(known, _)| *known == username) {
                Some((_, before)) => Some(*before),
                None => {
                    self.fresh.insert_unique(username.short(), (username, record), |(known, _)| known.short());
                    None
                }
            },
        };
        first.map(u64::from)
    }

    fn cause(&mut self, record: &Record, before: Digest, raw: Digest) -> Cause {
        if before == raw {
            return Cause::Again;
        }
        match self.former {
            None => Cause::Data,
            Some(former) if record.digest(former, &mut self.scratch) == before => Cause::ControlFile,
            Some(_) => Cause::DataAndControlFile,
        }
    }

    fn note_references(&mut self, record: u32, person: &Person) {
        let items = person.fields.values().flatten().map(|entry| &entry.item);
        for item in items.filter(|item| matches!(item, Item::Username(_) | Item::EmailAddress(_))) {
            if self.references.len() < MOST_REFERENCES {
                self.references.push((record, item.clone()));
            }
        }
    }

    /// Ends the delivery.
    pub(super) fn finish(mut self) -> Sifted {
        let mut sifted = Sifted { nameless: self.nameless, ..Sifted::default() };
        let mut withdrawn: BTreeSet<u32> = BTreeSet::new();
        for (username, records) in std::mem::take(&mut self.duplicates) {
            withdrawn.extend(records.iter().filter_map(|record| u32::try_from(*record).ok()));
            let place = self.baseline.find(username);
            let numbers = place.map(|place| self.baseline.people()[place as usize].number).into_iter().collect();
            sifted.conflicts.push(Conflict { kind: ConflictKind::DuplicateUsername, records, numbers });
        }
        self.claims.retain(|claim| !withdrawn.contains(&claim.record));
        let (conflicts, kept) = contested(std::mem::take(&mut self.claims), self.baseline);
        for conflict in conflicts {
            withdrawn.extend(conflict.records.iter().filter_map(|record| u32::try_from(*record).ok()));
            sifted.conflicts.push(conflict);
        }
        for record in &withdrawn {
            if let Ok(at) = self.told.binary_search_by_key(record, |(record, _)| *record) {
                *sifted.withdrawn.entry(self.told[at].1).or_default() += 1;
            }
        }
        let moved = |claim: &&Claim| {
            claim.place.is_some_and(|place| self.baseline.people()[place as usize].standing != Standing::Elsewhere)
        };
        sifted.email_changes = kept.iter().filter(moved).count() as u64;
        for (known, seen) in self.baseline.people().iter().zip(&self.seen) {
            match known.standing {
                Standing::Present if *seen == 0 => sifted.leaving.push(known.number),
                Standing::Leaving if *seen == 0 => sifted.still_leaving.push(known.number),
                _ => {}
            }
        }
        sifted.unknown_references = self.unknown_references(&kept);
        sifted
    }

    fn unknown_references(&self, claims: &[Claim]) -> Vec<(u64, String)> {
        if self.references.is_empty() {
            return Vec::new();
        }
        let claimed: BTreeSet<Digest> = claims.iter().map(|claim| claim.email).collect();
        let known = |item: &Item| match item {
            Item::Username(key) => {
                let digest = username_digest(key);
                let fresh = self.fresh.find(digest.short(), |(known, _)| *known == digest).is_some();
                fresh || self.baseline.find(digest).is_some()
            }
            Item::EmailAddress(key) => {
                let digest = email_digest(key);
                claimed.contains(&digest) || self.baseline.holders(digest).next().is_some()
            }
            _ => true,
        };
        let unknown = self.references.iter().filter(|(_, item)| !known(item));
        unknown.map(|(record, item)| (u64::from(*record), item.shown())).collect()
    }
}
