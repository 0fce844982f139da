//! Columnar tables over ordinals: what a snapshot is made of.
//!
//! An ordinal numbers a row, dense from 0, and is never reused. Columns, relations and orders are immutable; going
//! forward is `apply`, which copies only what the changes touch and shares the rest.
//! This crate knows no field by name, does no I/O, waits for nothing and folds no text: callers store folded text
//! where they search folded text.

mod chunk;
mod code;
mod column;
mod distinct;
mod gallop;
mod lists;
mod marks;
mod number;
mod order;
mod relation;
mod tally;
mod text;

pub use crate::chunk::Chunk;
pub use crate::code::{CodeChunk, CodeColumn};
pub use crate::column::{Column, ColumnBuilder};
pub use crate::distinct::Distinct;
pub use crate::number::{NumberChunk, NumberColumn};
pub use crate::order::{Direction, Order, Page};
pub use crate::relation::Relation;
pub use crate::tally::Tally;
pub use crate::text::{TextChunk, TextColumn};

/// The number of a row: dense from 0, never reused.
pub type Ordinal = u32;

/// How many ordinals one shared chunk holds. It is the span of one container of a [`roaring::RoaringBitmap`], so
/// the result of a scan over a chunk becomes one container without shifting.
pub const CHUNK: usize = 65_536;
