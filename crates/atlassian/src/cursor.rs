//! Where a chain of pages stands: opaque to everybody but upstream, and kept as text so that a chain can be resumed by
//! another process.

use std::fmt;

/// What asks for one page: a bare token (v2), or the whole address of the page (v1).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor kept from an earlier page.
    pub fn new(text: impl Into<String>) -> Cursor {
        Cursor(text.into())
    }

    /// The text to keep.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for the address form.
    pub(crate) fn is_address(&self) -> bool {
        self.0.contains("://")
    }

    /// Eight bytes stand for a cursor in the set of those seen; a chain of a million pages meets a false cycle once in
    /// thirty million walks.
    pub(crate) fn digest(&self) -> u64 {
        use std::hash::BuildHasher;
        foldhash::quality::FixedState::with_seed(0x5eed).hash_one(&self.0)
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Cursor({:?})", self.0)
    }
}
