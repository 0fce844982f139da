//! What there is to say about a record: data first, and the sentence for the log. Inputs are cut short, so that a log
//! stays a log.

use thiserror::Error;

use crate::control::FieldKey;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Something worth knowing.
    Information,
    /// Something was left out or read otherwise.
    Warning,
    /// A value could not be stored, or the record failed.
    Error,
}

impl Level {
    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Level::Information => "information",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

/// Something to say about a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// How much it matters.
    pub level: Level,
    /// The number of the record, from 0, running through all files.
    pub record: u64,
    /// The line of its file at which it begins, from 1.
    pub line: u64,
    /// Whose record it is, as far as that is known.
    pub username: Option<String>,
    /// The field concerned.
    pub field: Option<FieldKey>,
    /// The name in the record that the value came from.
    pub source: Option<String>,
    /// The value that was refused, cut short.
    pub input: Option<String>,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a record or a value.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Problem {
    /// The record has no username.
    #[error("there is no username")]
    NoUsername,
    /// The username holds something that nobody can see or that turns the direction of writing.
    #[error("the username holds the invisible character U+{0:04X}")]
    InvisibleInUsername(u32),
    /// A value is longer than a field of an account may be.
    #[error("the value is longer than {0} characters")]
    TooLong(usize),
    /// The username mixes alphabets whose letters look alike.
    #[error("the username mixes letters of {0} that look alike")]
    MixedAlphabets(&'static str),
    /// Required values are missing.
    #[error("missing values: {}", .0.join(", "))]
    MissingValues(Vec<String>),
    /// The e-mail address of the account is none.
    #[error("this is no e-mail address")]
    InvalidAccountEmail,
    /// The e-mail address has letters beyond ASCII, which some systems refuse.
    #[error("the e-mail address has letters beyond ASCII, which some systems refuse")]
    UnusualEmail,
    /// A control character in a name.
    #[error("the value holds a control character")]
    ControlCharacter,
    /// A group that the feed does not manage.
    #[error("the group is not declared for this feed")]
    UnknownGroup,
    /// The control file gave the record up.
    #[error("{0}")]
    Aborted(String),
    /// The control file logged an error.
    #[error("{0}")]
    Logged(String),
    /// A destination is there, or is not, against what the control file says.
    #[error("assert-destination failed: {0}")]
    AssertionFailed(String),
    /// The value has a form that cannot be stored there.
    #[error("{0}")]
    Conversion(#[from] ConversionProblem),
    /// A value that gives none.
    #[error("{0}")]
    Dropped(#[from] Dropped),
    /// The structured value cannot be made of these parts.
    #[error("Missing or invalid country code in postal address, must be two letter ISO code")]
    NoCountry,
    /// The country is none.
    #[error("the postal address names no recognised country")]
    UnknownCountry,
    /// A list or object was expected.
    #[error("{expected} was expected here, and this is {found}")]
    WrongShape {
        /// What the instruction needs.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// Values beyond the last column.
    #[error("the row has more values than the name row has names; what is beyond is not used")]
    MoreValues,
    /// An element that stands twice in a record.
    #[error("the element {0:?} stands twice; the last one is taken")]
    RepeatedElement(String),
    /// There were more findings in this record.
    #[error("there is more to say about this record")]
    More,
    /// A reference to a person whom the feed does not know.
    #[error("nobody of this feed is meant by this reference")]
    UnknownPerson,
}

/// Why a value cannot be stored. The field stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConversionProblem {
    /// Neither of the texts that mean true or false.
    #[error("Invalid boolean value")]
    NotBoolean,
    /// No day or moment in the declared format.
    #[error("Invalid date, expected as {0}")]
    NotAMoment(String),
    /// The mapping does not list it.
    #[error("Value is not in mapping {0}")]
    NotMapped(String),
    /// No e-mail address.
    #[error("Invalid email address")]
    NotAnEmail,
    /// No address on the web.
    #[error("Invalid URL")]
    NotAUrl,
    /// No whole number.
    #[error("Invalid integer")]
    NotAnInteger,
    /// No number.
    #[error("Invalid number")]
    NotANumber,
    /// Longer than a value may be.
    #[error("Value is longer than 64 KiB")]
    TooLong,
}

/// Why a value gives none. The field stays as it was, and it is said.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Dropped {
    /// The value is of a kind that the field cannot hold.
    #[error("{found} gives no {wanted}")]
    WrongKind {
        /// What it is.
        found: &'static str,
        /// What the field holds.
        wanted: &'static str,
    },
    /// No reference can be made of it.
    #[error("this is no reference")]
    NotAReference,
    /// The mapping by titles does not list it.
    #[error("mapping {0} does not list this title")]
    UnmappedTitle(String),
    /// A name without its last part.
    #[error("a name needs its last part")]
    NoLastName,
    /// A name without a qualifier, which is the name of the account.
    #[error("without a qualifier this is the name of the account, which comes from \"user\"")]
    TitleOfAccount,
}

impl Finding {
    /// The line of the log: what is wrong, the input, and which record it is.
    pub fn sentence(&self) -> String {
        let mut line = self.problem.to_string();
        if let Some(source) = &self.source {
            line.push_str(&format!(" for input field {source}"));
        }
        if let Some(input) = &self.input {
            line.push_str(&format!(": {input}"));
        }
        line.push_str(&format!(" (record {})", self.record));
        line
    }

    /// What follows from it, and what to do, a sentence or two.
    pub fn advice(&self) -> &'static str {
        match &self.problem {
            Problem::NoUsername => {
                "The record is left out; nobody is blocked for it. Find the record by its line, and fill in the value at its source."
            }
            Problem::InvisibleInUsername(_) => {
                "The record fails and its person stays as they were. Retype the username at its source."
            }
            Problem::MixedAlphabets(_) => {
                "It is used as it is. Make sure that this is not somebody else's name in other letters."
            }
            Problem::TooLong(_)
            | Problem::ControlCharacter
            | Problem::InvalidAccountEmail
            | Problem::MissingValues(_) => {
                "The record fails and its person stays as they were. Correct the value at its source."
            }
            Problem::UnknownGroup => {
                "The record fails and its person stays as they were. Declare the group for this feed, or map the value to a declared one."
            }
            Problem::Aborted(_) | Problem::AssertionFailed(_) => {
                "The control file gives this record up; its person stays as they were."
            }
            Problem::Logged(_) => "The control file logs this; the record is applied.",
            Problem::Conversion(_) | Problem::Dropped(_) | Problem::NoCountry | Problem::UnknownCountry => {
                "The rest of the record is applied; this field stays as it was."
            }
            Problem::WrongShape { .. } => "The instructions for the nested values are not carried out for this record.",
            Problem::UnusualEmail => "It is used as it is.",
            Problem::RepeatedElement(_) => "Send lists as nested values, or under different names.",
            Problem::MoreValues => "Compare the row with the name row.",
            Problem::More => "Correct what is told first.",
            Problem::UnknownPerson => "The reference is stored, and is followed once that person is there.",
        }
    }
}
