//! Where in a text something stands. Bytes inside the crate, characters for people; it never cuts a character in two.

/// A stretch of a text, in bytes; both ends lie between characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

impl Span {
    /// The stretch from `start` up to `end`.
    pub const fn new(start: usize, end: usize) -> Span {
        Span { start, end }
    }

    /// From the beginning of this stretch to the end of another.
    pub(crate) fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The stretch itself; empty when it does not lie in `text`.
    pub fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }

    /// The same stretch in characters: the column of its first one, counted from 1, and how many there are.
    ///
    /// Line breaks count as characters; a text of one line is what columns are meant for.
    pub fn columns(self, text: &str) -> (usize, usize) {
        let before = text.get(..self.start).unwrap_or(text);
        (before.chars().count() + 1, self.of(text).chars().count())
    }
}

/// The last place between characters that does not lie behind this byte.
pub(crate) fn boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
