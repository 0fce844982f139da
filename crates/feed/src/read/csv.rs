//! Comma-separated values by RFC 4180, strictly: the dialect is declared and never guessed, and a quotation mark in a wrong
//! place costs its record. Reading goes on with the line after the one where that record began.

use std::sync::Arc;

use super::columns::{Wanted, header};
use super::limits::Limits;
use super::problem::{FileError, FileProblem, RecordProblem, Remark, excerpt};
use super::reader::{Bad, Step};
use super::window::Window;
use crate::control::FileSpec;
use crate::record::{Body, Header, Record, Row};

pub(super) struct Csv<'a> {
    window: Window<'a>,
    dialect: Dialect,
    header: Arc<Header>,
    charset: &'static str,
    value_bytes: usize,
    record_bytes: usize,
    pub(super) remarks: Vec<Remark>,
}

#[derive(Clone, Copy)]
struct Dialect {
    separator: u8,
    quote: u8,
}

/// A record at the front of what is held.
struct Found {
    /// How many bytes it takes, with its line end.
    length: usize,
    /// How many lines end in it.
    lines: u64,
    /// Whether it is known to be UTF-8 without NUL.
    sound: bool,
}

/// Why there is none.
enum Miss {
    /// It goes on behind what is held; where a quotation mark is open, if one is.
    Incomplete(Option<usize>),
    /// It breaks a rule at this byte.
    Broken(usize, RecordProblem),
}

impl<'a> Csv<'a> {
    pub(super) fn open(
        window: Window<'a>,
        spec: &FileSpec,
        wanted: &Wanted,
        (limits, charset): (&Limits, &'static str),
    ) -> Result<Csv<'a>, FileError> {
        let byte = |text: Option<char>, usual: u8| text.and_then(|c| u8::try_from(c).ok()).unwrap_or(usual);
        let dialect = Dialect {
            separator: byte(spec.separator.as_ref().and_then(|text| text.chars().next()), b','),
            quote: byte(spec.quote, b'"'),
        };
        let mut reader = Csv {
            window,
            dialect,
            header: Arc::default(),
            charset,
            value_bytes: limits.value_bytes,
            record_bytes: limits.record_bytes,
            remarks: Vec::new(),
        };
        let mut row = Row::default();
        let names = loop {
            match reader.read(&mut row)? {
                Some(Ok(_)) if row.is_blank() => {}
                Some(Ok(_)) => break (0..row.len()).map(|column| row.value(column).to_owned()).collect::<Vec<_>>(),
                Some(Err(Bad { problem: RecordProblem::InvalidText(declared), .. })) => {
                    return Err(reader.window.error(FileProblem::OtherCharset { declared, found: "something else" }));
                }
                Some(Err(_)) | None => return Err(reader.window.error(FileProblem::NoNameRow)),
            }
        };
        if names.first().is_some_and(|name| name.starts_with("sep=")) {
            return Err(reader.window.error(FileProblem::SeparatorLine));
        }
        let (header, remarks) =
            header(names, wanted, limits.columns).map_err(|problem| reader.window.error(problem))?;
        (reader.header, reader.remarks) = (Arc::new(header), remarks);
        Ok(reader)
    }

    pub(super) fn next(&mut self, record: &mut Record) -> Result<Step, FileError> {
        let mut row = match std::mem::take(&mut record.body) {
            Body::Row(row) if Arc::ptr_eq(&row.header, &self.header) => row,
            _ => Row::below(Arc::clone(&self.header)),
        };
        record.remark = None;
        let step = loop {
            record.line = self.window.line;
            break match self.read(&mut row)? {
                Some(Ok(_)) if row.is_blank() => continue,
                Some(Ok(line)) => {
                    record.line = line;
                    let (expected, found) = (self.header.names.len(), row.len());
                    match (0..found).find(|column| row.value(*column).len() > self.value_bytes) {
                        _ if found != expected => self.bad(line, RecordProblem::Ragged { expected, found }),
                        Some(_) => self.bad(line, RecordProblem::ValueTooLong(self.value_bytes)),
                        None => Step::Record,
                    }
                }
                Some(Err(bad)) => Step::Bad(bad),
                None => Step::End,
            };
        };
        record.body = Body::Row(row);
        Ok(step)
    }

    fn bad(&self, line: u64, problem: RecordProblem) -> Step {
        Step::Bad(Bad { line, column: 1, excerpt: String::new(), problem })
    }

    /// Reads one record into a row, and tells its line. A blank line gives a row without values.
    fn read(&mut self, row: &mut Row) -> Result<Option<Result<u64, Bad>>, FileError> {
        loop {
            row.clear();
            let over = self.window.is_over();
            let data = self.window.data();
            if data.is_empty() && over {
                return Ok(None);
            }
            let full = over || data.len() >= self.record_bytes;
            match self.dialect.record(data, over, row) {
                Ok(found) => {
                    let line = self.window.line;
                    let raw = &data[..found.length];
                    let wrong = if found.sound { None } else { self.wrong(raw) };
                    let wrong = wrong.map(|(at, problem)| place(raw, at, line, problem));
                    self.window.drop_lines(found.length, found.lines);
                    return Ok(Some(wrong.map_or(Ok(line), Err)));
                }
                Err(Miss::Incomplete(Some(quote))) if full => {
                    return Ok(Some(Err(self.give_up(quote, RecordProblem::OpenQuote))));
                }
                Err(Miss::Incomplete(_)) => {
                    self.window.fill()?;
                }
                Err(Miss::Broken(at, problem)) => return Ok(Some(Err(self.give_up(at, problem)))),
            }
        }
    }

    fn wrong(&self, raw: &[u8]) -> Option<(usize, RecordProblem)> {
        let nul = memchr::memchr(0, raw).map(|at| (at, RecordProblem::Nul));
        let no_text = |error: std::str::Utf8Error| (error.valid_up_to(), RecordProblem::InvalidText(self.charset));
        nul.or_else(|| str::from_utf8(raw).err().map(no_text))
    }

    /// Leaves the line at which the record began.
    fn give_up(&mut self, at: usize, problem: RecordProblem) -> Bad {
        let data = self.window.data();
        let bad = place(data, at, self.window.line, problem);
        let length = memchr::memchr(b'\n', data).map_or(data.len(), |newline| newline + 1);
        self.window.drop_front(length);
        bad
    }
}

/// Where a problem is, as line and column.
fn place(data: &[u8], at: usize, line: u64, problem: RecordProblem) -> Bad {
    let before = &data[..at.min(data.len())];
    let lines = memchr::memchr_iter(b'\n', before).count() as u64;
    let start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    Bad { line: line + lines, column: (before.len() - start) as u64 + 1, excerpt: excerpt(data, at), problem }
}

impl Dialect {
    /// Takes the first record apart. `over` says that nothing follows what is held.
    fn record(self, data: &[u8], over: bool, row: &mut Row) -> Result<Found, Miss> {
        let newline = memchr::memchr(b'\n', data);
        if newline.is_none() && !over {
            return Err(Miss::Incomplete(None));
        }
        let end = newline.unwrap_or(data.len());
        let line = data[..end].strip_suffix(b"\r").unwrap_or(&data[..end]);
        // Nearly every line has none of them.
        let odd = memchr::memchr3(self.quote, b'\r', 0, line).is_some();
        if odd && memchr::memchr(self.quote, line).is_some() {
            return self.quoted(data, over, row);
        }
        if let Some(at) = odd.then(|| memchr::memchr(b'\r', line)).flatten() {
            return Err(Miss::Broken(at, RecordProblem::StrayReturn));
        }
        // What is no UTF-8 is told by whoever asked, from the raw bytes.
        let text = str::from_utf8(line);
        row.set(text.unwrap_or_default(), self.separator);
        Ok(Found {
            length: newline.map_or(data.len(), |newline| newline + 1),
            lines: u64::from(newline.is_some()),
            sound: !odd && text.is_ok(),
        })
    }

    /// The same for a record with quotation marks.
    fn quoted(self, data: &[u8], over: bool, row: &mut Row) -> Result<Found, Miss> {
        let mut at = 0;
        let mut lines = 0;
        let text = |from: usize, to: usize| str::from_utf8(&data[from..to]).unwrap_or_default();
        loop {
            if data.get(at) == Some(&self.quote) {
                let opening = Some(at);
                at += 1;
                loop {
                    let Some(length) = memchr::memchr(self.quote, &data[at..]) else {
                        return Err(Miss::Incomplete(opening));
                    };
                    row.push(text(at, at + length));
                    lines += memchr::memchr_iter(b'\n', &data[at..at + length]).count() as u64;
                    at += length + 1;
                    match data.get(at) {
                        Some(byte) if *byte == self.quote => {
                            row.push(text(at, at + 1));
                            at += 1;
                        }
                        None if !over => return Err(Miss::Incomplete(opening)),
                        _ => break,
                    }
                }
            } else {
                let rest = &data[at..];
                let Some(length) = memchr::memchr3(self.separator, b'\n', b'\r', rest).or(over.then_some(rest.len()))
                else {
                    return Err(Miss::Incomplete(None));
                };
                if let Some(quote) = memchr::memchr(self.quote, &rest[..length]) {
                    return Err(Miss::Broken(at + quote, RecordProblem::StrayQuote));
                }
                row.push(text(at, at + length));
                at += length;
            }
            row.end_value();
            match (data.get(at), data.get(at + 1)) {
                (Some(byte), _) if *byte == self.separator => at += 1,
                (Some(b'\n'), _) => return Ok(Found { length: at + 1, lines: lines + 1, sound: false }),
                (Some(b'\r'), Some(b'\n')) => return Ok(Found { length: at + 2, lines: lines + 1, sound: false }),
                (Some(b'\r'), None) if !over => return Err(Miss::Incomplete(None)),
                (Some(b'\r'), None) => return Ok(Found { length: at + 1, lines, sound: false }),
                (Some(b'\r'), Some(_)) => return Err(Miss::Broken(at, RecordProblem::StrayReturn)),
                (Some(_), _) => return Err(Miss::Broken(at, RecordProblem::TextAfterQuote)),
                (None, _) => return Ok(Found { length: at, lines, sound: false }),
            }
        }
    }
}
