//! What makes a run wait for a person: files that are not what they were, and changes that are too many at once. The
//! baseline of every check is the last applied run.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::control::{ControlFile, FieldKey};

/// When something is too much: more than a share, and at least a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    /// The share in thousandths that may be reached.
    pub per_mille: u64,
    /// The number below which nothing is too much.
    pub at_least: u64,
}

impl Threshold {
    /// Whether so many of so many are too many.
    pub fn is_exceeded(self, count: u64, of: u64) -> bool {
        count >= self.at_least && u128::from(count) * 1000 > u128::from(of) * u128::from(self.per_mille)
    }
}

/// The thresholds of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guards {
    /// People who leave, of those in the feed.
    pub leaving: Threshold,
    /// Changed e-mail addresses, of those in the feed.
    pub emails: Threshold,
    /// Members of one group who leave, of its members.
    pub group: Threshold,
    /// Records that cannot be read or fail, of all records.
    pub failing: Threshold,
}

impl Default for Guards {
    /// More than 5 %, and at least 5.
    fn default() -> Guards {
        let usual = Threshold { per_mille: 50, at_least: 5 };
        Guards { leaving: usual, emails: usual, group: usual, failing: usual }
    }
}

/// What a feed holds before a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// How many people are in the feed.
    pub people: u64,
    /// How many people in the feed have a value in each field.
    pub fields: BTreeMap<FieldKey, u64>,
}

/// A file of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// Its name; the control file is `_control`.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256 in small hexadecimal digits.
    pub sha256: String,
}

/// Why a run waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// No run was applied before.
    First,
    /// The last applied run had no file of that name.
    NewFile(String),
    /// A file's size differs too much, in bytes.
    Size {
        /// The file.
        name: String,
        /// Its size in the last applied run.
        before: u64,
        /// Its size.
        after: u64,
    },
    /// A file was made before the one applied last.
    Older {
        /// The file.
        name: String,
        /// When it was made.
        generated: Timestamp,
        /// When the one applied last was made.
        applied: Timestamp,
    },
    /// A file is not the one that was announced.
    Checksum {
        /// The file.
        name: String,
        /// What was announced.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A file has another number of records than announced.
    Rows {
        /// The file.
        name: String,
        /// What was announced.
        expected: u64,
        /// What it has.
        found: u64,
    },
    /// There is no record at all.
    NoRecords,
    /// Too many people leave.
    Leaving {
        /// How many.
        count: u64,
        /// Of how many.
        of: u64,
    },
    /// People seem to leave, and there are records of which nobody knows whose they are.
    LeavingUncertain {
        /// How many people seem to leave.
        leaving: u64,
        /// How many records are nobody's.
        nameless: u64,
    },
    /// Too many e-mail addresses change.
    Emails {
        /// How many.
        count: u64,
        /// Of how many.
        of: u64,
    },
    /// Too many members of one group leave.
    Group {
        /// Its code.
        code: String,
        /// How many.
        count: u64,
        /// Of how many.
        of: u64,
    },
    /// Nobody would have a value in a field any more.
    Emptied {
        /// The field.
        field: FieldKey,
        /// How many had one.
        had: u64,
    },
    /// Too many records cannot be applied.
    Failing {
        /// How many.
        count: u64,
        /// Of how many.
        of: u64,
    },
}

/// What the files alone give reason to hold: `before` is the last applied run, none before the first. `made` tells when
/// each file of the last applied run was made, where that was said.
pub fn delivery_holds(
    control: &ControlFile,
    files: &[Delivered],
    before: Option<&[Delivered]>,
    made: &BTreeMap<String, Timestamp>,
) -> Vec<Hold> {
    let mut holds = Vec::new();
    if before.is_none() {
        holds.push(Hold::First);
    }
    for file in files {
        match before.map(|before| before.iter().find(|other| other.name == file.name)) {
            Some(None) => holds.push(Hold::NewFile(file.name.clone())),
            Some(Some(other)) if differs(file.bytes, other.bytes) => {
                holds.push(Hold::Size { name: file.name.clone(), before: other.bytes, after: file.bytes });
            }
            Some(Some(_)) | None => {}
        }
        let Some(expected) = control.expectation(&file.name) else { continue };
        if let Some(sha256) = expected.sha256.as_ref().filter(|sha256| **sha256 != file.sha256) {
            holds.push(Hold::Checksum {
                name: file.name.clone(),
                expected: sha256.clone(),
                found: file.sha256.clone(),
            });
        }
        let moments = expected.generated_at.zip(made.get(&file.name).copied());
        if let Some((generated, applied)) = moments.filter(|(generated, applied)| generated < applied) {
            holds.push(Hold::Older { name: file.name.clone(), generated, applied });
        }
    }
    holds
}

/// More than 1.1 times the other, either way: the reference's rule.
fn differs(one: u64, other: u64) -> bool {
    let (one, other) = (u128::from(one), u128::from(other));
    one * 10 > other * 11 || other * 10 > one * 11
}

impl Hold {
    /// Why, as a sentence.
    pub fn sentence(&self) -> String {
        let share = |count: u64, of: u64| format!("{count} of {of} ({} %)", percent(count, of));
        match self {
            Hold::First => {
                "This is the first run: nothing was applied before with which it could be compared.".to_owned()
            }
            Hold::NewFile(name) => format!("The file {name} was not in the last applied run."),
            Hold::Size { name, before, after } => {
                format!(
                    "The file {name} has {after} bytes; in the last applied run it had {before}. More than 10 % either way waits."
                )
            }
            Hold::Older { name, generated, applied } => {
                format!(
                    "The file {name} was made at {generated}, before the one applied last, which was made at {applied}."
                )
            }
            Hold::Checksum { name, expected, found } => {
                format!("The file {name} is not the one announced: SHA-256 {found} instead of {expected}.")
            }
            Hold::Rows { name, expected, found } => {
                format!("The file {name} has {found} records; {expected} were announced.")
            }
            Hold::NoRecords => {
                "The files have no records: applied, this removes 100 % of the people in the feed.".to_owned()
            }
            Hold::Leaving { count, of } => format!("{} people in the feed would leave.", share(*count, *of)),
            Hold::LeavingUncertain { leaving, nameless } => format!(
                "{leaving} people seem to leave, and there are {nameless} records of which nobody knows whose they are: they may be theirs."
            ),
            Hold::Emails { count, of } => format!("{} e-mail addresses would change.", share(*count, *of)),
            Hold::Group { code, count, of } => {
                format!("{} members of the group {code} would leave.", share(*count, *of))
            }
            Hold::Emptied { field, had } => {
                format!("{field} would be emptied for everybody; {had} people have a value.")
            }
            Hold::Failing { count, of } => format!("{} records cannot be applied.", share(*count, *of)),
        }
    }
}

fn percent(count: u64, of: u64) -> String {
    if of == 0 {
        return "100".to_owned();
    }
    let tenths = (u128::from(count) * 1000 + u128::from(of) / 2) / u128::from(of);
    if tenths % 10 == 0 { (tenths / 10).to_string() } else { format!("{}.{}", tenths / 10, tenths % 10) }
}
