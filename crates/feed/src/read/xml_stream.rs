//! XML as a stream of events without surprises: no document type, no entities but the five and characters, a bound on
//! depth, attributes and on what lies between two records.

use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::problem::{FileError, FileProblem, RecordProblem};
use super::window::problem_of;
use crate::json::MAX_DEPTH;

/// An event.
#[derive(Debug)]
pub(super) enum XmlEvent {
    /// An element begins.
    Open(Element),
    /// Text, as a character reference or CDATA too.
    Text(String),
    /// What stands here costs the record that it stands in.
    Wrong(RecordProblem),
    /// The element opened last and not closed ends.
    Close,
    /// The document is over.
    End,
}

/// The beginning of an element.
#[derive(Debug)]
pub(super) struct Element {
    /// Its name without a prefix.
    pub(super) name: String,
    /// Its attributes by their names without prefixes, but for declarations of namespaces.
    pub(super) attributes: Result<Vec<(String, String)>, RecordProblem>,
}

pub(super) struct XmlStream<'a> {
    reader: quick_xml::Reader<BufReader<Budget<'a>>>,
    buffer: Vec<u8>,
    left: Rc<Cell<usize>>,
    record_bytes: usize,
    attributes: usize,
    depth: usize,
    seen_root: bool,
    /// The line at which the next event begins, from 1.
    pub(super) line: u64,
}

/// Fails once more bytes were read than one record may have.
struct Budget<'a> {
    inner: Box<dyn Read + 'a>,
    left: Rc<Cell<usize>>,
    record_bytes: usize,
    file_left: u64,
    file_bytes: u64,
}

impl Read for Budget<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.get() == 0 {
            return Err(io::Error::other(FileProblem::RecordTooLong(self.record_bytes)));
        }
        let most = buffer.len().min(self.left.get());
        let read = self.inner.read(&mut buffer[..most])?;
        self.left.set(self.left.get() - read);
        match self.file_left.checked_sub(read as u64) {
            Some(left) => self.file_left = left,
            None => return Err(io::Error::other(FileProblem::TooLong(self.file_bytes))),
        }
        Ok(read)
    }
}

impl<'a> XmlStream<'a> {
    pub(super) fn new(
        inner: Box<dyn Read + 'a>,
        (record_bytes, file_bytes): (usize, u64),
        attributes: usize,
    ) -> XmlStream<'a> {
        let left = Rc::new(Cell::new(record_bytes));
        let budget = Budget { inner, left: Rc::clone(&left), record_bytes, file_left: file_bytes, file_bytes };
        let mut reader = quick_xml::Reader::from_reader(BufReader::new(budget));
        reader.config_mut().expand_empty_elements = true;
        XmlStream { reader, buffer: Vec::new(), left, record_bytes, attributes, depth: 0, seen_root: false, line: 1 }
    }

    /// Lets the next record have as many bytes as a record may have.
    pub(super) fn renew(&mut self) {
        self.left.set(self.record_bytes);
    }

    pub(super) fn error(&self, problem: FileProblem) -> FileError {
        FileError { line: self.line, problem }
    }

    /// The next event; comments, instructions and the declaration are passed over.
    pub(super) fn next(&mut self) -> Result<XmlEvent, FileError> {
        loop {
            self.line += memchr::memchr_iter(b'\n', &self.buffer).count() as u64;
            self.buffer.clear();
            let event = self.reader.read_event_into(&mut self.buffer);
            let event = event.map_err(|error| FileError { line: self.line, problem: problem(&error) })?;
            let found = match event {
                Event::Start(start) | Event::Empty(start) => {
                    if self.depth == 0 && self.seen_root {
                        return Err(self.error(FileProblem::Xml("a second root element follows".to_owned())));
                    }
                    self.seen_root = true;
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        return Err(self.error(FileProblem::Xml(format!("elements lie more than {MAX_DEPTH} deep"))));
                    }
                    XmlEvent::Open(element(&start, self.attributes))
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    XmlEvent::Close
                }
                Event::Text(text) => XmlEvent::Text(text.xml10_content().into_owned()),
                Event::CData(text) => XmlEvent::Text(text.xml10_content().into_owned()),
                Event::GeneralRef(reference) => referred(&reference),
                Event::DocType(_) => return Err(self.error(FileProblem::DocumentType)),
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) => continue,
                Event::Eof if self.depth > 0 || !self.seen_root => {
                    return Err(self.error(FileProblem::Xml("the document ends too early".to_owned())));
                }
                Event::Eof => XmlEvent::End,
            };
            if let (0, XmlEvent::Text(text)) = (self.depth, &found) {
                if text.trim().is_empty() {
                    continue;
                }
                return Err(self.error(FileProblem::Xml("there is text outside the root element".to_owned())));
            }
            return Ok(found);
        }
    }
}

fn problem(error: &quick_xml::Error) -> FileProblem {
    match error {
        quick_xml::Error::Io(error) => problem_of(error),
        other => FileProblem::Xml(other.to_string().chars().take(200).collect()),
    }
}

fn referred(reference: &BytesRef<'_>) -> XmlEvent {
    let character = match reference.resolve_char_ref() {
        Ok(Some(c)) => Some(c),
        Ok(None) => match &**reference {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => None,
        },
        Err(_) => None,
    };
    match character {
        Some(c) => XmlEvent::Text(c.to_string()),
        None => XmlEvent::Wrong(RecordProblem::UnknownEntity(reference.chars().take(40).collect())),
    }
}

fn element(start: &BytesStart<'_>, most: usize) -> Element {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut wrong = None;
    // Our own check for repeated names: it has a bound on how many names there are.
    for attribute in start.attributes().with_checks(false) {
        if found.len() >= most {
            wrong = Some(RecordProblem::TooManyValues(most));
            break;
        }
        let read = attribute.map_err(|error| error.to_string()).and_then(|attribute| {
            if attribute.key.as_namespace_binding().is_some() {
                return Ok(None);
            }
            let name = attribute.key.local_name().into_inner().to_owned();
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
            Ok(Some((name, value.into_owned())))
        });
        match read {
            Ok(Some((name, _))) if found.iter().any(|(known, _)| *known == name) => {
                wrong = Some(RecordProblem::BadAttributes(format!("{name:?} stands twice")));
            }
            Ok(attribute) => found.extend(attribute),
            Err(error) => wrong = Some(RecordProblem::BadAttributes(error.chars().take(200).collect())),
        }
    }
    Element { name: start.local_name().into_inner().to_owned(), attributes: wrong.map_or(Ok(found), Err) }
}
