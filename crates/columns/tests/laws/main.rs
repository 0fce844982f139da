//! The laws of columns, relations and orders, against models of plain vectors and sets. The ordinals drawn lie at the
//! start and around the borders of chunks, where a wrong offset would show.

mod column;
mod derived;
mod order;
mod relation;

use columns::Ordinal;
use proptest::prelude::*;

const BORDER: Ordinal = columns::CHUNK as Ordinal;

/// Ordinals at the start and at both borders of the second chunk.
fn ordinal() -> impl Strategy<Value = Ordinal> {
    prop_oneof![3 => 0..24_u32, 3 => BORDER - 12..BORDER + 12, 1 => 2 * BORDER - 4..2 * BORDER + 4]
}

/// Lengths of a short column, and of one that ends near a border.
fn length() -> impl Strategy<Value = usize> {
    prop_oneof![2 => 0..24_usize, 1 => columns::CHUNK - 12..columns::CHUNK + 12]
}
