//! What a column asks of its chunks: read a place, append a value, copy a run. Going forward is written once on top
//! of these three, in [`rewrite`]; a chunk must be equal to any other with the same values, however it was made.

use std::fmt::Debug;

use crate::{CHUNK, Ordinal, marks::Marks};

/// The optional values of up to [`CHUNK`] consecutive ordinals. The kinds of column in this crate implement it;
/// its working parts are closed to other crates.
pub trait Chunk: Clone + Debug + Default + PartialEq + Eq + Parts {
    /// What the column holds for an ordinal, when it holds something.
    type Value<'v>: Copy;

    /// Returns the value at a place; a place past the end has none.
    fn get(&self, place: usize) -> Option<Self::Value<'_>>;

    /// Appends one place.
    fn push(&mut self, value: Option<Self::Value<'_>>);
}

/// The parts of a chunk that only this crate needs to see.
pub trait Parts {
    /// Appends the other's places from this chunk's length up to `end`, or up to its end where that comes first.
    fn copy_until(&mut self, other: &Self, end: usize);

    /// Gives back memory reserved for growing.
    fn shrink(&mut self);

    /// Approximate heap bytes.
    fn heap(&self) -> usize;

    /// Which places hold a value.
    fn present(&self) -> &Marks;
}

/// Makes the chunk that is `old` with `changes` (sorted by ordinal, all in this chunk) and at least `len` places.
pub(crate) fn rewrite<C: Chunk>(old: &C, len: usize, changes: &[(Ordinal, Option<C::Value<'_>>)]) -> C {
    let mut new = C::default();
    for (ordinal, value) in changes {
        let place = *ordinal as usize % CHUNK;
        new.copy_until(old, place);
        pad(&mut new, place);
        new.push(*value);
    }
    new.copy_until(old, usize::MAX);
    pad(&mut new, len);
    new.shrink();
    new
}

/// Appends empty places up to a length.
pub(crate) fn pad<C: Chunk>(chunk: &mut C, len: usize) {
    while chunk.present().len() < len {
        chunk.push(None);
    }
}
