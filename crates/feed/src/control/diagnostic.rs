//! What is wrong with a control file, where, and what to do. Where the reference has a message of its own for it, that
//! message is kept word for word: its scripts show it to whoever wrote the file.

use std::ops::Range;

/// Whether the file can be used all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It can; the message says what is read otherwise than written.
    Warning,
    /// It is refused.
    Error,
}

impl Severity {
    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// Something to say about a part of a control file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which of the known problems it is, e.g. `unknown-destination`; stable.
    pub code: &'static str,
    /// Whether the file is refused for it.
    pub severity: Severity,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// The part, in bytes.
    pub span: Range<usize>,
    /// What is wrong, a sentence.
    pub message: String,
    /// What to do, a sentence.
    pub hint: Option<String>,
    /// The message of the reference for the same thing, word for word.
    pub reference: Option<String>,
}

/// Line and column of a byte of a text, both counted from 1; columns are characters.
pub fn place(text: &str, at: usize) -> (usize, usize) {
    let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}
