//! Tables as the reference's `tsv-with-name-row` has them: lines cut at a separator, nothing quoted, nothing trimmed, empty
//! values left out, short rows allowed. A last line end makes no record.

use std::sync::Arc;

use super::columns::{Wanted, header};
use super::limits::Limits;
use super::problem::{FileError, FileProblem, RecordProblem, Remark, excerpt};
use super::reader::{Bad, Step};
use super::window::Window;
use crate::control::FileSpec;
use crate::record::{Body, Record, RecordRemark, Row};

pub(super) struct Tsv<'a> {
    lines: Lines<'a>,
    separator: String,
    row: Row,
    charset: &'static str,
    value_bytes: usize,
    pub(super) remarks: Vec<Remark>,
}

/// Lines between runs of line ends. The line given last is dropped when the next one is asked for.
struct Lines<'a> {
    window: Window<'a>,
    /// How many bytes of the window the line given last takes, and how many lines end in them.
    given: (usize, u64),
}

impl Lines<'_> {
    /// The length of the next line at the front of the window; none at the end.
    fn next(&mut self) -> Result<Option<usize>, FileError> {
        self.window.drop_lines(self.given.0, self.given.1);
        self.given = (0, 0);
        loop {
            let data = self.window.data();
            // A line end before the line itself: what is left of a run.
            let blank = data.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            if blank > 0 {
                let lines = ends(&data[..blank], data.get(blank).is_some() || self.window.is_over());
                if blank < data.len() || self.window.is_over() {
                    self.window.drop_lines(blank, lines);
                } else {
                    // A carriage return at the end of what is held may belong to a line feed that is not.
                    let keep = usize::from(data.last() == Some(&b'\r'));
                    let (gone, lines) = (blank - keep, ends(&data[..blank - keep], true));
                    self.window.drop_lines(gone, lines);
                    if !self.window.fill()? && keep == 0 {
                        return Ok(None);
                    }
                }
                continue;
            }
            if let Some(length) = memchr::memchr2(b'\r', b'\n', data) {
                self.given = (length, 0);
                return Ok(Some(length));
            }
            if !self.window.fill()? {
                let length = self.window.data().len();
                self.given = (length, 0);
                return Ok((length > 0).then_some(length));
            }
        }
    }
}

/// How many lines end in a run of line ends: a carriage return with its line feed is one.
fn ends(run: &[u8], _complete: bool) -> u64 {
    let feeds = memchr::memchr_iter(b'\n', run).count();
    let lone =
        run.iter().zip(run.iter().skip(1).chain(std::iter::once(&0))).filter(|(a, b)| **a == b'\r' && **b != b'\n');
    (feeds + lone.count()) as u64
}

impl<'a> Tsv<'a> {
    pub(super) fn open(
        window: Window<'a>,
        spec: &FileSpec,
        wanted: &Wanted,
        (limits, charset): (&Limits, &'static str),
    ) -> Result<Tsv<'a>, FileError> {
        let separator = spec.separator.clone().unwrap_or_else(|| "\t".to_owned());
        let mut lines = Lines { window, given: (0, 0) };
        let Some(length) = lines.next()? else { return Err(lines.window.error(FileProblem::NoNameRow)) };
        let Ok(line) = str::from_utf8(&lines.window.data()[..length]) else {
            return Err(lines.window.error(FileProblem::OtherCharset { declared: charset, found: "something else" }));
        };
        let names = line.split(separator.as_str()).map(str::to_owned).collect();
        let (header, remarks) = header(names, wanted, limits.columns).map_err(|problem| lines.window.error(problem))?;
        let row = Row::below(Arc::new(header));
        Ok(Tsv { lines, separator, row, charset, value_bytes: limits.value_bytes, remarks })
    }

    pub(super) fn next(&mut self, record: &mut Record) -> Result<Step, FileError> {
        loop {
            if let Some(step) = self.line(record)? {
                return Ok(step);
            }
        }
    }

    /// The next line; none when it has no value at all.
    fn line(&mut self, record: &mut Record) -> Result<Option<Step>, FileError> {
        let Some(length) = self.lines.next()? else { return Ok(Some(Step::End)) };
        record.line = self.lines.window.line;
        let line = &self.lines.window.data()[..length];
        let bad = |at: usize, problem| {
            let column = at as u64 + 1;
            Ok(Some(Step::Bad(Bad { line: self.lines.window.line, column, excerpt: excerpt(line, at), problem })))
        };
        if let Some(at) = memchr::memchr(0, line) {
            return bad(at, RecordProblem::Nul);
        }
        let text = match str::from_utf8(line) {
            Ok(text) => text,
            Err(error) => return bad(error.valid_up_to(), RecordProblem::InvalidText(self.charset)),
        };
        let row = match &mut record.body {
            Body::Row(row) if Arc::ptr_eq(&row.header, &self.row.header) => row,
            body => {
                *body = Body::Row(self.row.clone());
                let Body::Row(row) = body else { return Ok(None) };
                row
            }
        };
        row.clear();
        record.remark = None;
        for value in text.split(self.separator.as_str()) {
            if row.len() == row.header.names.len() {
                if !value.is_empty() {
                    record.remark = Some(RecordRemark::MoreValues);
                }
            } else if value.len() > self.value_bytes {
                return bad(0, RecordProblem::ValueTooLong(self.value_bytes));
            } else {
                row.push(value);
                row.end_value();
            }
        }
        Ok((!row.is_blank()).then_some(Step::Record))
    }
}
