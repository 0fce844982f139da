//! What is wrong with a text, where, and what to do: plain data for JSON and pages, and drawn for terminals.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar;

use crate::span::Span;

/// Whether the marked part made it into the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It is in the query, read as the message says.
    Warning,
    /// It is left out of the query, which therefore asks something else than was written.
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

/// Something to say about a part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which of the known problems it is, e.g. `unknown-field`; stable.
    pub code: &'static str,
    /// Whether the part made it into the query.
    pub severity: Severity,
    /// The part.
    pub span: Span,
    /// What is wrong, a sentence.
    pub message: String,
    /// What to do, a sentence.
    pub hint: Option<String>,
    /// What, put in the place of the part, would put it right.
    pub replacement: Option<String>,
}

/// The widest line that is drawn whole; longer ones are cut around the marked part.
const WIDEST: usize = 100;

impl Diagnostic {
    /// The message, the line it is about, a caret below the part, and the hint.
    ///
    /// ```
    /// # use filter::{Catalogue, Field, Kind, parse};
    /// let catalogue = Catalogue::new(vec![Field::new("name", Kind::Text, "The person's name")])?;
    /// let text = "王 nmae ~ oka";
    /// let drawn = parse(text, &catalogue).diagnostics[0].draw(text);
    /// assert_eq!(drawn, "\
    /// error: There is no field nmae.
    ///   王 nmae ~ oka
    ///      ^^^^
    ///   Did you mean name?
    /// ");
    /// # Ok::<(), filter::CatalogueError>(())
    /// ```
    pub fn draw(&self, text: &str) -> String {
        let start = self.span.start.min(text.len());
        let line_start = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let line = text.get(line_start..).unwrap_or_default();
        let line = &line[..line.find('\n').unwrap_or(line.len())];
        let (from, to) = (start - line_start, self.span.end.saturating_sub(line_start).min(line.len()));

        let (mut drawn, mut before, mut marked) = (String::new(), 0, 0);
        let skip = skipped(line, from, to);
        if skip > 0 {
            drawn.push('…');
            before += 1;
        }
        let mut width = before;
        for (at, c) in line.char_indices().filter(|(at, _)| *at >= skip) {
            let wide = c.width().unwrap_or(1);
            if width + wide >= WIDEST {
                drawn.push('…');
                break;
            }
            drawn.push(if c.is_control() { ' ' } else { c });
            width += wide;
            if at < from {
                before += wide;
            } else if at < to {
                marked += wide;
            }
        }
        let mut out = format!("{}: {}\n  {}\n", self.severity.word(), self.message, drawn.trim_end());
        let carets = "^".repeat(marked.max(1));
        let _ = writeln!(out, "  {}{carets}", " ".repeat(before));
        if let Some(hint) = &self.hint {
            let _ = writeln!(out, "  {hint}");
        }
        out
    }
}

/// How many bytes of a long line are left out at its beginning, so that the marked part is seen.
fn skipped(line: &str, from: usize, to: usize) -> usize {
    let width = |part: &str| part.chars().map(|c| c.width().unwrap_or(1)).sum::<usize>();
    if width(line) < WIDEST || width(&line[..to.max(from)]) < WIDEST {
        return 0;
    }
    let mut room = WIDEST / 3;
    for (at, c) in line[..from].char_indices().rev() {
        let wide = c.width().unwrap_or(1);
        if room < wide {
            return at + c.len_utf8();
        }
        room -= wide;
    }
    0
}
