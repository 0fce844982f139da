//! One JSON value on each line. A line that is no JSON costs itself; blank lines are no records.

use super::json::{place, too_much};
use super::limits::Limits;
use super::problem::{FileError, RecordProblem, excerpt};
use super::reader::{Bad, Step};
use super::window::Window;
use crate::json::{JsonProblem, Value, parse};
use crate::record::{Body, Record};

pub(super) struct NdJson<'a> {
    window: Window<'a>,
    charset: &'static str,
    value_bytes: usize,
    members: usize,
}

impl<'a> NdJson<'a> {
    pub(super) fn new(window: Window<'a>, limits: &Limits, charset: &'static str) -> NdJson<'a> {
        NdJson { window, charset, value_bytes: limits.value_bytes, members: limits.columns }
    }

    pub(super) fn next(&mut self, record: &mut Record) -> Result<Step, FileError> {
        loop {
            let data = self.window.data();
            let (length, ended) = match memchr::memchr(b'\n', data) {
                Some(newline) => (newline + 1, true),
                None => (data.len(), self.window.is_over()),
            };
            if !ended {
                self.window.fill()?;
                continue;
            }
            if length == 0 {
                return Ok(Step::End);
            }
            record.line = self.window.line;
            record.remark = None;
            let step = self.line(data[..length].trim_ascii(), record);
            self.window.drop_front(length);
            if let Some(step) = step {
                return Ok(step);
            }
        }
    }

    fn line(&self, line: &[u8], record: &mut Record) -> Option<Step> {
        if line.is_empty() {
            return None;
        }
        let bad = |problem| Step::Bad(Bad { line: record.line, column: 1, excerpt: excerpt(line, 0), problem });
        Some(match parse(line) {
            Ok(value @ Value::Object(_)) => match too_much(&value, self.value_bytes, self.members) {
                Some(problem) => bad(problem),
                None => {
                    record.body = Body::Tree(value);
                    Step::Record
                }
            },
            Ok(value) => bad(RecordProblem::NotAnObject(value.kind())),
            Err(error) => {
                let mut bad = place(line, &error, record.line);
                if error.problem == JsonProblem::InvalidUtf8 {
                    bad.problem = RecordProblem::InvalidText(self.charset);
                }
                Step::Bad(bad)
            }
        })
    }
}
