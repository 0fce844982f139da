//! One file being read: finds out what it begins with, chooses the reader that the control file names, and counts.

use std::io::{self, Read, Seek};

use super::archive::archive;
use super::charset::{Decode, agrees, byte_order_mark, encoding};
use super::columns::Wanted;
use super::csv::Csv;
use super::json::JsonList;
use super::limits::Limits;
use super::ndjson::NdJson;
use super::problem::{BadRecord, FileError, FileProblem, RecordProblem, Remark};
use super::tsv::Tsv;
use super::window::{Window, problem_of};
use super::workbook::Workbook;
use super::xml::{Xml, declared_charset};
use crate::control::model::Format;
use crate::control::{ControlFile, FileSpec};
use crate::record::Record;

/// Bytes that can be read in any order, as a workbook needs them.
pub trait Seekable: Read + Seek + Send {}

impl<T: Read + Seek + Send> Seekable for T {}

/// Where a file's bytes come from.
pub enum Input<'a> {
    /// In order, once.
    Stream(Box<dyn Read + Send + 'a>),
    /// In any order. Workbooks need this.
    File(Box<dyn Seekable + 'a>),
}

impl<'a> Input<'a> {
    /// A stream.
    pub fn stream(source: impl Read + Send + 'a) -> Input<'a> {
        Input::Stream(Box::new(source))
    }

    /// A file.
    pub fn file(source: impl Read + Seek + Send + 'a) -> Input<'a> {
        Input::File(Box::new(source))
    }
}

/// What a reader found.
pub(super) enum Step {
    /// A record was put where it was asked for.
    Record,
    /// A record cannot be read.
    Bad(Bad),
    /// There is no more.
    End,
}

/// Where and why a record cannot be read.
pub(super) struct Bad {
    pub(super) line: u64,
    pub(super) column: u64,
    pub(super) excerpt: String,
    pub(super) problem: RecordProblem,
}

enum Kind<'a> {
    Json(JsonList<'a>),
    NdJson(NdJson<'a>),
    Xml(Box<Xml<'a>>),
    Tsv(Tsv<'a>),
    Csv(Csv<'a>),
    Workbook(Box<Workbook<'a>>),
}

/// Reads one file.
pub struct Reader<'a> {
    kind: Kind<'a>,
    record: Record,
    /// The number of the next record.
    number: u64,
    first: u64,
    limits: Limits,
    over: bool,
}

/// How many bytes at the beginning tell what a file is.
const BEGINNING: usize = 512;

impl<'a> Reader<'a> {
    /// Opens a file of a control file. Its records are numbered from `first` on.
    ///
    /// # Errors
    /// When the file is empty, an archive, in another charset than declared, or has no usable name row.
    pub fn open(control: &ControlFile, spec: &FileSpec, input: Input<'a>, first: u64) -> Result<Reader<'a>, FileError> {
        let wanted = Wanted {
            sources: control.sources().into_iter().map(str::to_owned).collect(),
            username: control.username_source().to_owned(),
        };
        Reader::start(spec, wanted, input, Limits::default()).map(|reader| Reader { number: first, first, ..reader })
    }

    /// Opens a file by itself, for samples: columns are taken as they come.
    ///
    /// # Errors
    /// As `open`.
    pub fn sample(spec: &FileSpec, input: Input<'a>, limits: Limits) -> Result<Reader<'a>, FileError> {
        Reader::start(spec, Wanted::default(), input, limits)
    }

    fn start(spec: &FileSpec, wanted: Wanted, input: Input<'a>, limits: Limits) -> Result<Reader<'a>, FileError> {
        let at_start = |problem| FileError { line: 1, problem };
        let kind = match (spec.read, input) {
            (Format::Xlsx, Input::File(file)) => {
                Kind::Workbook(Box::new(Workbook::open(file, spec, &wanted, &limits).map_err(at_start)?))
            }
            (Format::Xlsx, Input::Stream(stream)) => {
                let held = hold(stream).map_err(at_start)?;
                Kind::Workbook(Box::new(Workbook::open(Box::new(held), spec, &wanted, &limits).map_err(at_start)?))
            }
            (_, Input::File(file)) => text(spec, wanted, Box::new(file), &limits)?,
            (_, Input::Stream(stream)) => text(spec, wanted, stream, &limits)?,
        };
        Ok(Reader { kind, record: Record::default(), number: 0, first: 0, limits, over: false })
    }

    /// The next record, or why it cannot be read; none at the end.
    ///
    /// # Errors
    /// When the file cannot be read on. There is no next record after that.
    #[expect(clippy::should_implement_trait, reason = "the record is lent, which an iterator cannot do")]
    pub fn next(&mut self) -> Result<Option<Result<&Record, BadRecord>>, FileError> {
        if self.over {
            return Ok(None);
        }
        let step = match &mut self.kind {
            Kind::Json(reader) => reader.next(&mut self.record),
            Kind::NdJson(reader) => reader.next(&mut self.record),
            Kind::Xml(reader) => reader.next(&mut self.record),
            Kind::Tsv(reader) => reader.next(&mut self.record),
            Kind::Csv(reader) => reader.next(&mut self.record),
            Kind::Workbook(reader) => reader.next(&mut self.record),
        };
        self.over = !matches!(step, Ok(Step::Record | Step::Bad(_)));
        let number = self.number;
        match step? {
            Step::End => return Ok(None),
            Step::Record | Step::Bad(_) if number - self.first >= self.limits.records => {
                self.over = true;
                return Err(FileError {
                    line: self.record.line,
                    problem: FileProblem::TooManyRecords(self.limits.records),
                });
            }
            Step::Bad(Bad { line, column, excerpt, problem }) => {
                self.number += 1;
                return Ok(Some(Err(BadRecord { number, line, column, excerpt, problem })));
            }
            Step::Record => {}
        }
        self.number += 1;
        self.record.number = number;
        Ok(Some(Ok(&self.record)))
    }

    /// The same, with the record put where the caller wants it.
    ///
    /// # Errors
    /// As `next`.
    pub(crate) fn next_into(&mut self, record: &mut Record) -> Result<Option<Result<(), BadRecord>>, FileError> {
        let next = self.next()?.map(|next| next.map(drop));
        if let Some(Ok(())) = next {
            // What was there is filled again: every reader sets all of a record.
            std::mem::swap(record, &mut self.record);
        }
        Ok(next)
    }

    /// How many records there were so far, those that could not be read among them.
    pub fn count(&self) -> u64 {
        self.number - self.first
    }

    /// What there is to know about the file beside its records, as far as it was read.
    pub fn remarks(&self) -> &[Remark] {
        match &self.kind {
            Kind::Json(reader) => &reader.remarks,
            Kind::Tsv(reader) => &reader.remarks,
            Kind::Csv(reader) => &reader.remarks,
            Kind::Workbook(reader) => &reader.remarks,
            Kind::NdJson(_) | Kind::Xml(_) => &[],
        }
    }
}

/// The most of a workbook that is held when it comes as a stream.
const LARGEST_HELD: u64 = 64 << 20;

fn hold(stream: Box<dyn Read + '_>) -> Result<io::Cursor<Vec<u8>>, FileProblem> {
    let mut held = Vec::new();
    stream.take(LARGEST_HELD + 1).read_to_end(&mut held).map_err(|error| problem_of(&error))?;
    if held.len() as u64 > LARGEST_HELD {
        return Err(FileProblem::TooLong(LARGEST_HELD));
    }
    Ok(io::Cursor::new(held))
}

fn text<'a>(
    spec: &FileSpec,
    wanted: Wanted,
    mut source: Box<dyn Read + 'a>,
    limits: &Limits,
) -> Result<Kind<'a>, FileError> {
    let at_start = |problem| FileError { line: 1, problem };
    let mut beginning = Vec::new();
    source.by_ref().take(BEGINNING as u64).read_to_end(&mut beginning).map_err(|error| at_start(problem_of(&error)))?;
    if beginning.is_empty() {
        return Err(at_start(FileProblem::Empty));
    }
    if let Some(kind) = archive(&beginning) {
        return Err(at_start(FileProblem::Archive(kind)));
    }
    let xml = matches!(spec.read, Format::XmlText | Format::XmlAttributes);
    let declared = match spec.charset {
        Some(charset) => encoding(charset).unwrap_or(encoding_rs::UTF_8),
        None if xml => declared_charset(&beginning).map_err(at_start)?,
        None => encoding_rs::UTF_8,
    };
    let (charset, mark) = match byte_order_mark(&beginning) {
        Some((found, mark)) if agrees(declared, found) || xml => (found, mark),
        Some((found, _)) => {
            let (declared, found) = (declared.name(), found.name());
            return Err(at_start(FileProblem::OtherCharset { declared, found }));
        }
        None => (declared, 0),
    };
    let whole = io::Cursor::new(beginning.split_off(mark)).chain(source);
    let window = |source| Window::new(source, limits.file_bytes, limits.record_bytes);
    if charset == encoding_rs::UTF_8 && !xml {
        return of_text(spec, wanted, window(Box::new(whole)), limits, charset.name());
    }
    let decoded = Box::new(Decode::new(whole, charset));
    if xml {
        return Ok(Kind::Xml(Box::new(Xml::new(decoded, spec, limits))));
    }
    of_text(spec, wanted, window(decoded), limits, charset.name())
}

fn of_text<'a>(
    spec: &FileSpec,
    wanted: Wanted,
    window: Window<'a>,
    limits: &Limits,
    charset: &'static str,
) -> Result<Kind<'a>, FileError> {
    Ok(match spec.read {
        Format::NdJson => Kind::NdJson(NdJson::new(window, limits, charset)),
        Format::Tsv => Kind::Tsv(Tsv::open(window, spec, &wanted, (limits, charset))?),
        Format::Csv => Kind::Csv(Csv::open(window, spec, &wanted, (limits, charset))?),
        _ => Kind::Json(JsonList::new(window, spec.single_record, limits)),
    })
}
