//! The part of a file that is held: from where reading stands, as far as a record goes and no further than the limit.

use std::io::Read;

use super::problem::{FileError, FileProblem};

/// How many bytes are asked for at once.
const CHUNK: usize = 64 << 10;

pub(super) struct Window<'a> {
    source: Box<dyn Read + 'a>,
    buffer: Vec<u8>,
    begin: usize,
    end: usize,
    over: bool,
    read: u64,
    longest_file: u64,
    longest_record: usize,
    /// The line of the first byte that is held, from 1.
    pub(super) line: u64,
}

impl<'a> Window<'a> {
    pub(super) fn new(source: Box<dyn Read + 'a>, longest_file: u64, longest_record: usize) -> Window<'a> {
        Window {
            source,
            buffer: Vec::new(),
            begin: 0,
            end: 0,
            over: false,
            read: 0,
            longest_file,
            longest_record,
            line: 1,
        }
    }

    /// What is held.
    pub(super) fn data(&self) -> &[u8] {
        &self.buffer[self.begin..self.end]
    }

    /// Whether the file has no more bytes than those held.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Drops bytes from the front, and counts the lines in them.
    pub(super) fn drop_front(&mut self, count: usize) {
        let gone = &self.buffer[self.begin..self.begin + count];
        self.line += memchr::memchr_iter(b'\n', gone).count() as u64;
        self.begin += count;
    }

    /// Drops bytes in which the caller counted the lines.
    pub(super) fn drop_lines(&mut self, count: usize, lines: u64) {
        self.line += lines;
        self.begin += count;
    }

    /// Holds more of the file; false when there is no more.
    ///
    /// # Errors
    /// When the file cannot be read, or a limit is met.
    pub(super) fn fill(&mut self) -> Result<bool, FileError> {
        if self.over {
            return Ok(false);
        }
        let held = self.end - self.begin;
        if held >= self.longest_record {
            return Err(self.error(FileProblem::RecordTooLong(self.longest_record)));
        }
        self.buffer.copy_within(self.begin..self.end, 0);
        (self.begin, self.end) = (0, held);
        // Twice of what is held, so that whoever looks at it from its beginning again does so seldom.
        let wanted = (held * 2).clamp(CHUNK, self.longest_record.max(CHUNK));
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted, 0);
        }
        while self.end < self.buffer.len() {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.over = true;
                    break;
                }
                Ok(count) => {
                    self.end += count;
                    self.read += count as u64;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.error(problem_of(&error))),
            }
            if self.read > self.longest_file {
                return Err(self.error(FileProblem::TooLong(self.longest_file)));
            }
        }
        Ok(self.end > held)
    }

    pub(super) fn error(&self, problem: FileProblem) -> FileError {
        FileError { line: self.line, problem }
    }
}

/// What an error of reading says: one of ours that came through, or the system's.
pub(super) fn problem_of(error: &std::io::Error) -> FileProblem {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<FileProblem>()) {
        Some(problem) => problem.clone(),
        None => FileProblem::Unreadable(error.to_string()),
    }
}
