//! What can be wrong with a file, and with one record in it. A file that cannot be read on ends the reading; a record that
//! cannot be read costs itself alone.

use thiserror::Error;

use crate::json::JsonProblem;

/// Why a file cannot be read on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{problem} (line {line})")]
pub struct FileError {
    /// The line, from 1.
    pub line: u64,
    /// Why.
    pub problem: FileProblem,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FileProblem {
    /// It has no bytes.
    #[error("the file is empty: it has no bytes at all")]
    Empty,
    /// It is an archive.
    #[error("the file is an archive ({0}); upload what is in it")]
    Archive(&'static str),
    /// It is longer than allowed.
    #[error("the file is longer than {0} bytes")]
    TooLong(u64),
    /// It expands far beyond its own size.
    #[error("the compressed file expands more than {0} times")]
    Ratio(u64),
    /// It is not compressed as it says.
    #[error("the compressed file is damaged")]
    Damaged,
    /// A record is longer than allowed.
    #[error("a record is longer than {0} bytes")]
    RecordTooLong(usize),
    /// There are more records than allowed.
    #[error("the file has more than {0} records")]
    TooManyRecords(u64),
    /// It is no JSON.
    #[error("this is not valid JSON: {0}")]
    Json(#[from] JsonProblem),
    /// It is JSON, but neither a list nor an object of records.
    #[error("a list of records was expected, and this is {0}")]
    NotRecords(&'static str),
    /// It is no XML.
    #[error("this is not well-formed XML: {0}")]
    Xml(String),
    /// It has a document type, which could make it expand without end or read other files.
    #[error("the file has a document type declaration, which is never read")]
    DocumentType,
    /// Its byte-order mark says another charset than was declared.
    #[error("the file begins as {found} and was declared as {declared}")]
    OtherCharset {
        /// What was declared.
        declared: &'static str,
        /// What it begins as.
        found: &'static str,
    },
    /// Its declaration names a charset that does not exist.
    #[error("the file declares the charset {0:?}, which does not exist")]
    UnknownCharset(String),
    /// There is no name row.
    #[error("the file has no name row")]
    NoNameRow,
    /// The name row has too many columns.
    #[error("the name row has more than {0} columns")]
    TooManyColumns(usize),
    /// A column that is needed stands twice.
    #[error("two columns are called {0:?}, and the control file uses it")]
    AmbiguousColumn(String),
    /// No column has the username.
    #[error("no column is called {column:?}, from which the username is taken; {hint}")]
    NoUsernameColumn {
        /// Its name.
        column: String,
        /// What may be the cause.
        hint: String,
    },
    /// The first line is a note to a spreadsheet program, not a name row.
    #[error("the first line says \"sep=\": declare \"separator\" in the control file and leave that line out")]
    SeparatorLine,
    /// It is no workbook, or not one that can be read.
    #[error("the workbook cannot be read: {0}")]
    Workbook(String),
    /// It could not be read from where it lies.
    #[error("the file could not be read: {0}")]
    Unreadable(String),
}

/// A record that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{problem} (record {number}, line {line}, column {column})")]
pub struct BadRecord {
    /// Its number, from 0, running through all files.
    pub number: u64,
    /// The line at which the problem was found, from 1.
    pub line: u64,
    /// The column there in bytes, from 1; on the first line of a record it is counted from where the record begins.
    pub column: u64,
    /// Some of the text before it and after it, with what cannot be shown escaped.
    pub excerpt: String,
    /// What is wrong.
    pub problem: RecordProblem,
}

/// What is wrong with a record.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RecordProblem {
    /// Its JSON breaks a rule.
    #[error("{0}")]
    Json(JsonProblem),
    /// It is not in the declared charset.
    #[error("there are bytes here that the charset {0} does not have")]
    InvalidText(&'static str),
    /// It has more or fewer values than the name row has names.
    #[error("the row has {found} values and the name row has {expected}")]
    Ragged {
        /// How many names there are.
        expected: usize,
        /// How many values there are.
        found: usize,
    },
    /// A quotation mark is not closed.
    #[error("a quotation mark is opened here and not closed")]
    OpenQuote,
    /// Something follows a closing quotation mark.
    #[error("something follows after a closing quotation mark")]
    TextAfterQuote,
    /// A quotation mark inside a value that does not begin with one.
    #[error("a quotation mark stands inside a value that does not begin with one")]
    StrayQuote,
    /// A carriage return that ends no line.
    #[error("a carriage return stands here that ends no line")]
    StrayReturn,
    /// A NUL byte.
    #[error("there is a NUL byte here")]
    Nul,
    /// A value is too long.
    #[error("a value is longer than {0} bytes")]
    ValueTooLong(usize),
    /// There are too many values.
    #[error("the record has more than {0} values")]
    TooManyValues(usize),
    /// Elements lie too deep in each other.
    #[error("elements lie too deep in each other")]
    TooDeep,
    /// An entity that no XML file can use without a document type.
    #[error("the entity {0:?} means nothing")]
    UnknownEntity(String),
    /// Attributes that cannot be read.
    #[error("the attributes cannot be read: {0}")]
    BadAttributes(String),
    /// A cell holds an error instead of a value.
    #[error("a cell holds the error {0}")]
    CellError(String),
    /// It is no record but a plain value.
    #[error("an object was expected, and this is {0}")]
    NotAnObject(&'static str),
}

/// Something to know about a file that was read all the same.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Remark {
    /// A column that the control file names is not there.
    #[error("there is no column {0:?}, which the control file names; its fields will be empty")]
    MissingColumn(String),
    /// A column stands twice and is not used.
    #[error("two columns are called {0:?}; neither is used")]
    RepeatedColumn(String),
    /// A column without a name is not used.
    #[error("column {0} has no name and is not used")]
    UnnamedColumn(usize),
    /// The document is an object; its values are taken as the records.
    #[error("the document is an object and not a list; its values are taken as the records")]
    ObjectOfRecords,
}

impl FileProblem {
    /// What to do about it, a sentence.
    pub fn advice(&self) -> &'static str {
        match self {
            FileProblem::Empty => "Look whether the export ran, and upload its file again.",
            FileProblem::Archive(_) => "Unpack it, and upload the file that is in it.",
            FileProblem::TooLong(_) | FileProblem::TooManyRecords(_) => {
                "Split the file into several, and name each in the control file."
            }
            FileProblem::Ratio(_) | FileProblem::Damaged => {
                "Compress the file again, or upload it without compression."
            }
            FileProblem::RecordTooLong(_) => {
                "Look for a quotation mark, bracket or element that is not closed before this line."
            }
            FileProblem::Json(_) => "Look at this line in the file; an export that was cut off ends like this too.",
            FileProblem::NotRecords(_) => "Send a list of objects, or declare \"singleRecord\".",
            FileProblem::Xml(_) => "Look at this line in the file; an export that was cut off ends like this too.",
            FileProblem::DocumentType => "Leave the declaration out of the export.",
            FileProblem::OtherCharset { .. } | FileProblem::UnknownCharset(_) => {
                "Declare the charset that the file has in the control file."
            }
            FileProblem::NoNameRow | FileProblem::TooManyColumns(_) => "The first row has to name the columns.",
            FileProblem::AmbiguousColumn(_) => "Rename one of the two in the export.",
            FileProblem::NoUsernameColumn { .. } => "Compare the name row with the control file.",
            FileProblem::SeparatorLine => "Only the control file says what stands between values.",
            FileProblem::Workbook(_) => {
                "Save it again as an .xlsx workbook without a password, or as comma-separated values."
            }
            FileProblem::Unreadable(_) => "Try again; if it stays, an administrator of this server has to look.",
        }
    }
}

impl RecordProblem {
    /// What to do about it, a sentence. The record is left out, and its person stays as they were.
    pub fn advice(&self) -> &'static str {
        match self {
            RecordProblem::InvalidText(_) => "Declare the charset that the file has, for instance windows-1252.",
            RecordProblem::Ragged { .. }
            | RecordProblem::StrayQuote
            | RecordProblem::TextAfterQuote
            | RecordProblem::OpenQuote => {
                "Values with separators, quotation marks or line breaks stand in quotation marks, and quotation marks in them twice."
            }
            RecordProblem::StrayReturn | RecordProblem::Nul => "Take the character out at the source.",
            RecordProblem::ValueTooLong(_) | RecordProblem::TooManyValues(_) | RecordProblem::TooDeep => {
                "Send less of it."
            }
            RecordProblem::Json(_) | RecordProblem::NotAnObject(_) => "Correct the record in the export.",
            RecordProblem::UnknownEntity(_) | RecordProblem::BadAttributes(_) => {
                "Write the character itself, or by its number."
            }
            RecordProblem::CellError(_) => "Correct the formula in the workbook.",
        }
    }
}

/// Some of the bytes around a place, as text of one line.
pub(super) fn excerpt(bytes: &[u8], at: usize) -> String {
    const AROUND: usize = 24;
    let from = at.saturating_sub(AROUND);
    let to = (at + AROUND).min(bytes.len());
    bytes.get(from..to).unwrap_or_default().escape_ascii().to_string()
}
