//! JSON documents record by record: a list's elements, an object's values, or the document itself. One record is held, and
//! taken apart only when its end has been found.

use super::limits::Limits;
use super::problem::{FileError, FileProblem, RecordProblem, Remark, excerpt};
use super::reader::{Bad, Step};
use super::window::Window;
use crate::json::{JsonError, JsonProblem, Value, parse};
use crate::record::{Body, Record};

pub(super) struct JsonList<'a> {
    window: Window<'a>,
    single: bool,
    state: State,
    value_bytes: usize,
    members: usize,
    pub(super) remarks: Vec<Remark>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    /// Inside the list or object, before an element; whether one is needed.
    Before {
        object: bool,
        needed: bool,
    },
    Over,
}

impl<'a> JsonList<'a> {
    pub(super) fn new(window: Window<'a>, single: bool, limits: &Limits) -> JsonList<'a> {
        let (value_bytes, members) = (limits.value_bytes, limits.columns);
        JsonList { window, single, state: State::Start, value_bytes, members, remarks: Vec::new() }
    }

    pub(super) fn next(&mut self, record: &mut Record) -> Result<Step, FileError> {
        loop {
            match self.state {
                State::Over => return Ok(Step::End),
                State::Start => self.start()?,
                State::Before { object, needed } => {
                    let close = if object { b'}' } else { b']' };
                    match self.peek()? {
                        Some(byte) if byte == close && !needed => {
                            self.window.drop_front(1);
                            self.finish()?;
                            continue;
                        }
                        None => {
                            return self.expected(if object { "the end of the object" } else { "the end of the list" });
                        }
                        Some(_) => {}
                    }
                    if object {
                        self.name()?;
                    }
                    let step = self.element(record)?;
                    match self.peek()? {
                        Some(b',') => {
                            self.window.drop_front(1);
                            self.state = State::Before { object, needed: true };
                        }
                        Some(byte) if byte == close => self.state = State::Before { object, needed: false },
                        _ => return self.expected("a comma or the end of the list"),
                    }
                    return Ok(step);
                }
            }
            if self.single && self.state == State::Start {
                let step = self.element(record)?;
                self.finish()?;
                return Ok(step);
            }
        }
    }

    fn expected<T>(&mut self, expected: &'static str) -> Result<T, FileError> {
        let problem = match self.peek()? {
            Some(_) => JsonProblem::Expected { expected },
            None => JsonProblem::Ended { expected },
        };
        Err(self.window.error(FileProblem::Json(problem)))
    }

    fn start(&mut self) -> Result<(), FileError> {
        let first = self.peek()?;
        if self.single {
            return match first {
                Some(_) => Ok(()),
                None => self.expected("a value"),
            };
        }
        match first {
            Some(b'[') => self.state = State::Before { object: false, needed: false },
            Some(b'{') => {
                self.remarks.push(Remark::ObjectOfRecords);
                self.state = State::Before { object: true, needed: false };
            }
            Some(_) => {
                let length = self.extent()?;
                let value = parse(&self.window.data()[..length]);
                let value = value.map_err(|error| self.window.error(FileProblem::Json(error.problem)))?;
                // Null is a document without records.
                if value != Value::Null {
                    return Err(self.window.error(FileProblem::NotRecords(value.kind())));
                }
                self.window.drop_front(length);
                return self.finish();
            }
            None => return self.expected("a list of records"),
        }
        self.window.drop_front(1);
        Ok(())
    }

    /// Nothing may follow the document.
    fn finish(&mut self) -> Result<(), FileError> {
        self.state = State::Over;
        match self.peek()? {
            None => Ok(()),
            Some(_) => Err(self.window.error(FileProblem::Json(JsonProblem::Trailing))),
        }
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Result<Option<u8>, FileError> {
        loop {
            let data = self.window.data();
            let blank = data.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
            let next = data.get(blank).copied();
            self.window.drop_front(blank);
            if next.is_some() || !self.window.fill()? {
                return Ok(next);
            }
        }
    }

    fn name(&mut self) -> Result<(), FileError> {
        if self.peek()? != Some(b'"') {
            return self.expected("a name in quotation marks");
        }
        let length = self.extent()?;
        self.window.drop_front(length);
        if self.peek()? != Some(b':') {
            return self.expected("a colon");
        }
        self.window.drop_front(1);
        self.peek().map(drop)
    }

    /// How long the value is that begins here.
    fn extent(&mut self) -> Result<usize, FileError> {
        let mut scan = Scan::default();
        loop {
            if let Some(length) = scan.end(self.window.data()) {
                return Ok(length);
            }
            if !self.window.fill()? {
                let data = self.window.data();
                if scan.depth == 0 && !scan.text && !data.is_empty() {
                    return Ok(data.len());
                }
                self.window.drop_front(data.len());
                return self.expected("the end of a value");
            }
        }
    }

    fn element(&mut self, record: &mut Record) -> Result<Step, FileError> {
        record.line = self.window.line;
        record.remark = None;
        let length = self.extent()?;
        let raw = &self.window.data()[..length];
        let step = match parse(raw) {
            Ok(value @ Value::Object(_)) => match too_much(&value, self.value_bytes, self.members) {
                Some(problem) => Step::Bad(Bad { line: record.line, column: 1, excerpt: String::new(), problem }),
                None => {
                    record.body = Body::Tree(value);
                    Step::Record
                }
            },
            Ok(value) => {
                let problem = RecordProblem::NotAnObject(value.kind());
                Step::Bad(Bad { line: record.line, column: 1, excerpt: excerpt(raw, 0), problem })
            }
            Err(error) => {
                Step::Bad(broken(raw, error, record.line).map_err(|(line, problem)| FileError { line, problem })?)
            }
        };
        self.window.drop_front(length);
        Ok(step)
    }
}

/// What is wrong with the text of one record: with the record alone, or with the document.
fn broken(raw: &[u8], error: JsonError, line: u64) -> Result<Bad, (u64, FileProblem)> {
    let bad = place(raw, &error, line);
    match error.problem {
        JsonProblem::DuplicateName { .. }
        | JsonProblem::NumberOutOfRange
        | JsonProblem::InvalidUtf8
        | JsonProblem::ControlCharacter
        | JsonProblem::BadEscape
        | JsonProblem::TooDeep => Ok(bad),
        problem => Err((bad.line, FileProblem::Json(problem))),
    }
}

pub(super) fn place(raw: &[u8], error: &JsonError, line: u64) -> Bad {
    let at = error.offset.min(raw.len());
    let lines = memchr::memchr_iter(b'\n', &raw[..at]).count() as u64;
    let start = memchr::memrchr(b'\n', &raw[..at]).map_or(0, |newline| newline + 1);
    let problem = match &error.problem {
        JsonProblem::InvalidUtf8 => RecordProblem::InvalidText("UTF-8"),
        problem => RecordProblem::Json(problem.clone()),
    };
    Bad { line: line + lines, column: (at - start) as u64 + 1, excerpt: excerpt(raw, at), problem }
}

/// Whether a value holds longer texts or more members than allowed.
pub(super) fn too_much(value: &Value, longest: usize, most: usize) -> Option<RecordProblem> {
    match value {
        Value::Text(text) if text.len() > longest => Some(RecordProblem::ValueTooLong(longest)),
        Value::List(values) => values.iter().find_map(|value| too_much(value, longest, most)),
        Value::Object(object) if object.len() > most => Some(RecordProblem::TooManyValues(most)),
        Value::Object(object) => object.members().find_map(|(_, value)| too_much(value, longest, most)),
        _ => None,
    }
}

/// Looks for the end of a value, byte by byte, and goes on where it stopped once there is more.
#[derive(Default)]
struct Scan {
    at: usize,
    depth: usize,
    text: bool,
}

impl Scan {
    /// The length of the value, once its end is seen.
    fn end(&mut self, data: &[u8]) -> Option<usize> {
        while self.at < data.len() {
            if self.text {
                let rest = &data[self.at..];
                let Some(next) = memchr::memchr2(b'"', b'\\', rest) else {
                    self.at = data.len();
                    return None;
                };
                if rest[next] == b'\\' {
                    // The escaped character may lie behind what is held.
                    if next + 1 >= rest.len() {
                        self.at += next;
                        return None;
                    }
                    self.at += next + 2;
                    continue;
                }
                self.at += next + 1;
                self.text = false;
                if self.depth == 0 {
                    return Some(self.at);
                }
                continue;
            }
            match data[self.at] {
                b'"' => self.text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    if self.depth <= 1 {
                        // One that closes nothing here ends a plain value before it.
                        return Some(if self.depth == 1 { self.at + 1 } else { self.at.max(1) });
                    }
                    self.depth -= 1;
                }
                b',' | b' ' | b'\t' | b'\n' | b'\r' if self.depth == 0 => return Some(self.at.max(1)),
                _ => {}
            }
            self.at += 1;
        }
        None
    }
}
