//! XML as two of the reference's readers have it: the elements in a record are its fields, or the attributes of a record
//! are. Names of root and records do not matter, nor do namespaces.

use std::io::Read;

use encoding_rs::{Encoding, UTF_8};

use super::charset::encoding;
use super::limits::Limits;
use super::problem::{FileError, FileProblem, RecordProblem};
use super::reader::{Bad, Step};
use super::xml_stream::{Element, XmlEvent, XmlStream};
use crate::control::FileSpec;
use crate::control::model::Format;
use crate::json::{Object, Value};
use crate::record::{Body, Record, RecordRemark};

/// The charset of an XML declaration; UTF-8 without one.
pub(super) fn declared_charset(beginning: &[u8]) -> Result<&'static Encoding, FileProblem> {
    let text: String = beginning.iter().map(|byte| char::from(*byte)).collect();
    let Some(declaration) = text.strip_prefix("<?xml").and_then(|rest| rest.split("?>").next()) else {
        return Ok(UTF_8);
    };
    let Some((_, rest)) = declaration.split_once("encoding") else { return Ok(UTF_8) };
    let label = rest.trim_start().strip_prefix('=').map(str::trim_start).unwrap_or_default();
    let quote = label.chars().next().filter(|c| matches!(c, '"' | '\''));
    let label = quote.and_then(|quote| label[1..].split(quote).next()).unwrap_or_default();
    match encoding(label) {
        // The declaration was readable as ASCII, so two bytes to a letter cannot be meant.
        Some(found) if found == encoding_rs::UTF_16LE || found == encoding_rs::UTF_16BE => Ok(UTF_8),
        Some(found) => Ok(found),
        None => Err(FileProblem::UnknownCharset(label.to_owned())),
    }
}

pub(super) struct Xml<'a> {
    stream: XmlStream<'a>,
    attributes: bool,
    single: bool,
    value_bytes: usize,
    fields: usize,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    Start,
    Inside,
    Over,
}

impl<'a> Xml<'a> {
    pub(super) fn new(source: Box<dyn Read + 'a>, spec: &FileSpec, limits: &Limits) -> Xml<'a> {
        Xml {
            stream: XmlStream::new(source, (limits.record_bytes, limits.file_bytes), limits.columns),
            attributes: spec.read == Format::XmlAttributes,
            single: spec.single_record,
            value_bytes: limits.value_bytes,
            fields: limits.columns,
            state: State::Start,
        }
    }

    pub(super) fn next(&mut self, record: &mut Record) -> Result<Step, FileError> {
        loop {
            if self.state == State::Over {
                return Ok(Step::End);
            }
            self.stream.renew();
            let line = self.stream.line;
            match self.stream.next()? {
                XmlEvent::Open(root) if self.state == State::Start => {
                    self.state = State::Inside;
                    if self.single {
                        let step = self.record(root, line, record)?;
                        self.state = State::Over;
                        return match self.stream.next()? {
                            XmlEvent::End => Ok(step),
                            _ => Err(self
                                .stream
                                .error(FileProblem::Xml("something follows the root element".to_owned()))),
                        };
                    }
                }
                XmlEvent::Open(element) => return self.record(element, line, record),
                XmlEvent::End => self.state = State::Over,
                // Text between records is layout.
                XmlEvent::Text(_) | XmlEvent::Wrong(_) | XmlEvent::Close => {}
            }
        }
    }

    /// Reads the rest of a record.
    fn record(&mut self, element: Element, line: u64, record: &mut Record) -> Result<Step, FileError> {
        let mut object = Object::default();
        let mut problem = None;
        record.remark = None;
        match element.attributes {
            Ok(attributes) if self.attributes => {
                problem = attributes.iter().find(|(_, value)| value.len() > self.value_bytes).map(|_| self.too_long());
                object = Object::of(attributes.into_iter().map(|(name, value)| (name, Value::Text(value))).collect());
            }
            Ok(_) => {}
            Err(found) => problem = self.attributes.then_some(found),
        }
        // The names of the open elements below the record: the first is the field.
        let mut depth = 0;
        let (mut field, mut text) = (String::new(), String::new());
        let mut place = line;
        loop {
            let found = match self.stream.next()? {
                XmlEvent::Open(element) => {
                    depth += 1;
                    if depth == 1 {
                        (field, text) = (element.name, String::new());
                    }
                    None
                }
                XmlEvent::Close if depth == 0 => break,
                XmlEvent::Close => {
                    depth -= 1;
                    match depth {
                        0 if !self.attributes => self.field(&mut object, (&mut field, &mut text), record),
                        _ => None,
                    }
                }
                XmlEvent::Text(piece) => {
                    if depth > 0 && text.len() <= self.value_bytes {
                        text.push_str(&piece);
                    }
                    None
                }
                XmlEvent::Wrong(wrong) => Some(wrong),
                XmlEvent::End => break,
            };
            if problem.is_none() && found.is_some() {
                (problem, place) = (found, self.stream.line);
            }
        }
        record.line = line;
        match problem {
            Some(problem) => Ok(Step::Bad(Bad { line: place, column: 1, excerpt: String::new(), problem })),
            None => {
                record.body = Body::Tree(Value::Object(object));
                Ok(Step::Record)
            }
        }
    }

    fn too_long(&self) -> RecordProblem {
        RecordProblem::ValueTooLong(self.value_bytes)
    }

    fn field(
        &self,
        object: &mut Object,
        (field, text): (&mut String, &mut String),
        record: &mut Record,
    ) -> Option<RecordProblem> {
        if text.len() > self.value_bytes {
            return Some(self.too_long());
        }
        if object.len() >= self.fields {
            return Some(RecordProblem::TooManyValues(self.fields));
        }
        if object.get(field).is_some() {
            record.remark.get_or_insert(RecordRemark::RepeatedElement(field.clone()));
        }
        object.set(std::mem::take(field), Value::Text(std::mem::take(text)));
        None
    }
}
