//! A control file that was checked: which files there are, and what is done with each record. Everything in it exists;
//! nothing has to be looked up by name any more.

use std::collections::BTreeSet;

use super::model::{Destination, Filter, Format, Type};
use crate::date_format::DateFormat;
use crate::digest::Digest;
use crate::json::Value;

/// A checked control file.
#[derive(Debug, Clone, PartialEq)]
pub struct ControlFile {
    /// The files, in the order in which they stand.
    pub files: Vec<FileSpec>,
    /// What is done with each record, in order.
    pub instructions: Vec<Instruction>,
    /// The mappings by name.
    pub mappings: Vec<Mapping>,
    /// The declared attributes of profiles; none when everything is taken as it comes.
    pub profile: Option<Vec<Attribute>>,
    /// What the sender says about the files.
    pub expect: Vec<Expectation>,
    /// Every field that an instruction names.
    pub(crate) fields: Vec<FieldKey>,
    /// Which of the top-level instructions gives the username.
    pub(crate) username: usize,
}

/// A file of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSpec {
    /// Its name in uploads.
    pub name: String,
    /// How it is read.
    pub read: Format,
    /// Whether the whole document is one record.
    pub single_record: bool,
    /// The declared charset, by its name in the Encoding Standard.
    pub charset: Option<&'static str>,
    /// What stands between values.
    pub separator: Option<String>,
    /// The quotation mark of comma-separated values.
    pub quote: Option<char>,
    /// The sheet of a workbook; the first when it is not named.
    pub sheet: Option<String>,
}

/// What is said about a file beside the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expectation {
    /// The file.
    pub file: String,
    /// How many records it has.
    pub rows: Option<u64>,
    /// Its SHA-256, in small hexadecimal digits.
    pub sha256: Option<String>,
    /// When the source made it.
    pub generated_at: Option<jiff::Timestamp>,
}

/// A declared attribute of profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its code.
    pub code: String,
    /// A short name for exports.
    pub name: Option<String>,
    /// What it holds.
    pub kind: Type,
    /// How pages call it.
    pub label: Option<String>,
    /// Whether it holds several values.
    pub multiple: bool,
    /// The qualifiers its values may have; none when any may.
    pub qualifiers: Option<Vec<String>>,
}

/// Inputs and the references they stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Its name.
    pub name: String,
    /// Whether its values are codes or titles.
    pub using: Using,
    /// The types of the objects meant.
    pub types: Vec<String>,
    /// Code or title by input, in the byte order of these.
    pub values: Vec<(String, String)>,
}

/// What the values of a mapping are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Using {
    /// Codes; an input that is not listed is an error.
    Behaviour,
    /// Titles; an input that is not listed gives no value.
    Title,
}

/// A field of a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldKey {
    /// Where it belongs.
    pub destination: Destination,
    /// Its name there.
    pub name: String,
}

impl FieldKey {
    /// A field of the user account.
    pub fn user(name: &str) -> FieldKey {
        FieldKey { destination: Destination::User, name: name.to_owned() }
    }
}

impl std::fmt::Display for FieldKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.destination.word(), self.name)
    }
}

/// Where an instruction points: the number of a field among `ControlFile::fields`.
pub(crate) type Slot = usize;

/// What is done with a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Instruction {
    /// Takes a value from the record.
    Field {
        /// Its name there.
        source: String,
        /// Where it goes.
        target: Target,
    },
    /// Makes one value of the collected parts.
    Structured {
        /// Which parts.
        parts: Destination,
        /// Where it goes.
        target: Target,
    },
    /// Stores a constant.
    Set {
        /// The constant.
        value: Value,
        /// Where it goes.
        target: Target,
    },
    /// Clears a field.
    Remove {
        /// Which one.
        slot: usize,
    },
    /// Goes on with one of two lists.
    If {
        /// What decides.
        test: Test,
        /// When it holds.
        then: Vec<Instruction>,
        /// When it does not.
        otherwise: Vec<Instruction>,
    },
    /// Goes on inside a nested object.
    Within {
        /// Its name.
        source: String,
        /// What is done there.
        instructions: Vec<Instruction>,
    },
    /// Goes on with each element of a list.
    ForEach {
        /// Its name.
        source: String,
        /// Whether each element is offered as the member `value` of an object.
        wrap: bool,
        /// What is done with each.
        instructions: Vec<Instruction>,
    },
    /// Gives the record up unless the destination is there, or is not.
    Assert {
        /// The destination.
        destination: Destination,
        /// Whether it has to be there.
        exists: bool,
    },
    /// Gives the record up.
    Abort {
        /// What is logged.
        message: String,
    },
    /// Logs an error and goes on.
    Log {
        /// What is logged.
        message: String,
    },
}

/// What an `if` asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// Whether the record has a value of that name.
    Exists(String),
    /// Whether the record's value is one of these, in kind and content.
    OneOf(String, Vec<Value>),
    /// Whether a field has been set.
    HasValue(usize),
}

/// Where a value goes, and how it becomes what is stored there.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The field.
    pub(crate) slot: Slot,
    /// Whether it is added to what is there.
    pub append: bool,
    /// The qualifier of the value.
    pub qualifier: Option<String>,
    /// What it becomes, and how.
    pub conversion: Conversion,
}

/// How a value becomes what is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversion {
    /// What it becomes.
    pub kind: Type,
    /// Inputs, in their byte order, and what is taken in their place.
    pub map: Option<Vec<(String, Value)>>,
    /// What is taken in the place of every other input.
    pub default: Option<Value>,
    /// What it goes through, in order.
    pub filters: Vec<Filter>,
    /// The mapping that makes a reference of it: its number among `ControlFile::mappings`.
    pub(crate) mapping: Option<usize>,
    /// How days and moments are written.
    pub date_format: Option<DateFormat>,
    /// The country of national telephone numbers.
    pub country: Option<String>,
    /// The text that means true.
    pub true_value: Option<String>,
    /// The text that means false.
    pub false_value: Option<String>,
}

impl ControlFile {
    /// The file of that name.
    pub fn file(&self, name: &str) -> Option<&FileSpec> {
        self.files.iter().find(|file| file.name == name)
    }

    /// What was said about that file.
    pub fn expectation(&self, file: &str) -> Option<&Expectation> {
        self.expect.iter().find(|expectation| expectation.file == file)
    }

    /// The fields that a person of this feed can have: what the feed owns.
    pub fn owned(&self) -> impl Iterator<Item = &FieldKey> {
        self.fields.iter().filter(|key| !key.destination.is_structured())
    }

    /// The declared attribute of that code.
    pub fn attribute(&self, code: &str) -> Option<&Attribute> {
        self.profile.iter().flatten().find(|attribute| attribute.code == code)
    }

    /// Whether a field holds several values.
    pub fn holds_several(&self, key: &FieldKey) -> bool {
        match key.destination {
            Destination::Profile => self.attribute(&key.name).is_none_or(|attribute| attribute.multiple),
            Destination::User => key.name == "groups",
            Destination::Tags | Destination::PersonName | Destination::PostalAddress => false,
        }
    }

    /// The digest of what it does: what it expects of the files does not count, nor does the order of keys.
    pub fn digest(&self) -> Digest {
        Digest::of_value(&super::show::meaning(self))
    }

    /// The names that top-level instructions take from a record: the columns that a table should have.
    pub fn sources(&self) -> BTreeSet<&str> {
        let mut sources = BTreeSet::new();
        collect(&self.instructions, &mut sources);
        sources
    }

    /// The name that the username is taken from.
    pub fn username_source(&self) -> &str {
        self.username_rule().0
    }

    /// The name that the username is taken from, and how it is converted.
    pub(crate) fn username_rule(&self) -> (&str, Option<&Target>) {
        match self.instructions.get(self.username) {
            Some(Instruction::Field { source, target }) => (source, Some(target)),
            _ => ("", None),
        }
    }
}

fn collect<'a>(instructions: &'a [Instruction], sources: &mut BTreeSet<&'a str>) {
    for instruction in instructions {
        match instruction {
            Instruction::Field { source, .. }
            | Instruction::Within { source, .. }
            | Instruction::ForEach { source, .. } => {
                sources.insert(source);
            }
            Instruction::If { test, then, otherwise } => {
                if let Test::Exists(source) | Test::OneOf(source, _) = test {
                    sources.insert(source);
                }
                collect(then, sources);
                collect(otherwise, sources);
            }
            Instruction::Structured { .. }
            | Instruction::Set { .. }
            | Instruction::Remove { .. }
            | Instruction::Assert { .. }
            | Instruction::Abort { .. }
            | Instruction::Log { .. } => {}
        }
    }
}
