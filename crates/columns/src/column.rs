//! A column: one optional value per ordinal, in shared chunks. It must answer the same whether it was built at once
//! or came here through any number of `apply` steps.

use std::sync::Arc;

use roaring::RoaringBitmap;

use crate::{
    CHUNK, Ordinal,
    chunk::{Chunk, rewrite},
    marks::Marks,
};

/// One optional value per ordinal below [`Column::len`]. Cloning shares all chunks; equality is by content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column<C> {
    chunks: Arc<[Arc<C>]>,
    len: usize,
}

impl<C> Default for Column<C> {
    fn default() -> Self {
        Column { chunks: Arc::default(), len: 0 }
    }
}

impl<C: Chunk> Column<C> {
    /// Starts a column that is filled in the order of ordinals.
    pub fn builder() -> ColumnBuilder<C> {
        ColumnBuilder { chunks: Vec::new(), open: C::default() }
    }

    /// How many ordinals the column covers, those without a value included.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the column covers no ordinal.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the value of an ordinal: `None` where there is none, and for every ordinal past the end.
    pub fn get(&self, ordinal: Ordinal) -> Option<C::Value<'_>> {
        let place = ordinal as usize;
        self.chunks.get(place / CHUNK)?.get(place % CHUNK)
    }

    /// Makes the column that has these values instead, sorted by ordinal, each ordinal at most once. An ordinal past
    /// the end extends the column; the ordinals between have no value. Only touched chunks are copied.
    ///
    /// # Panics
    /// When the changes are not in strictly increasing order of their ordinals.
    pub fn apply(&self, changes: &[(Ordinal, Option<C::Value<'_>>)]) -> Self {
        assert!(changes.is_sorted_by(|a, b| a.0 < b.0), "changes are sorted by ordinal, without duplicates");
        let len = changes.last().map_or(self.len, |last| self.len.max(last.0 as usize + 1));
        let mut rest = changes;
        let chunks = (0..len.div_ceil(CHUNK)).map(|index| {
            let start = index * CHUNK;
            let end = len.min(start + CHUNK);
            let (here, later) = rest.split_at(rest.partition_point(|change| (change.0 as usize) < end));
            rest = later;
            match self.chunks.get(index) {
                Some(old) if here.is_empty() && old.present().len() == end - start => old.clone(),
                Some(old) => Arc::new(rewrite(&**old, end - start, here)),
                None => Arc::new(rewrite(&C::default(), end - start, here)),
            }
        });
        Column { chunks: chunks.collect(), len }
    }

    /// The ordinals below the column's length that have no value.
    pub fn nulls(&self) -> RoaringBitmap {
        self.select(|chunk| chunk.present().not())
    }

    /// The ordinals below the column's length that have a value.
    pub fn present(&self) -> RoaringBitmap {
        self.select(|chunk| chunk.present().clone())
    }

    /// Approximate heap bytes, chunks shared with other columns included.
    pub fn memory(&self) -> usize {
        self.chunks.iter().map(|chunk| size_of::<C>() + 3 * size_of::<usize>() + chunk.heap()).sum()
    }

    pub(crate) fn chunks(&self) -> impl Iterator<Item = &C> {
        self.chunks.iter().map(|chunk| &**chunk)
    }

    /// Scans every chunk and gathers the marked places as ordinals.
    pub(crate) fn select(&self, scan: impl Fn(&C) -> Marks) -> RoaringBitmap {
        let mut hits = RoaringBitmap::new();
        for (index, chunk) in self.chunks().enumerate() {
            hits |= scan(chunk).bitmap((index * CHUNK) as Ordinal);
        }
        hits
    }

    /// Gathers those of `rows` that a test holds for: chunk by chunk, as `scan` does it for a whole chunk, or one by
    /// one with `test` where few of them are in it.
    pub(crate) fn among(
        &self,
        rows: &RoaringBitmap,
        scan: impl Fn(&C) -> Marks,
        test: impl for<'v> Fn(C::Value<'v>) -> bool,
    ) -> RoaringBitmap {
        let mut hits = RoaringBitmap::new();
        for (index, chunk) in self.chunks().enumerate() {
            let first = (index * CHUNK) as Ordinal;
            let span = first..=first + (CHUNK - 1) as Ordinal;
            match rows.range_cardinality(span.clone()) {
                0 => {}
                1..=FEW => {
                    let place = |row: Ordinal| row as usize % CHUNK;
                    hits.extend(rows.range(span).filter(|row| chunk.get(place(*row)).is_some_and(&test)));
                }
                _ => hits |= scan(chunk).bitmap(first),
            }
        }
        hits &= rows;
        hits
    }
}

/// Of so few rows in a chunk each is looked at; of more, the whole chunk is scanned, which costs less.
const FEW: u64 = (CHUNK / 32) as u64;

/// A column being filled; see [`Column::builder`].
#[derive(Debug)]
pub struct ColumnBuilder<C> {
    chunks: Vec<Arc<C>>,
    open: C,
}

impl<C: Chunk> ColumnBuilder<C> {
    /// Appends the value of the next ordinal.
    pub fn push(&mut self, value: Option<C::Value<'_>>) -> &mut Self {
        self.open.push(value);
        if self.open.present().len() == CHUNK {
            self.seal();
        }
        self
    }

    /// Makes the column of everything pushed since the start, and starts again from nothing.
    pub fn finish(&mut self) -> Column<C> {
        let last = self.open.present().len();
        let len = self.chunks.len() * CHUNK + last;
        if last > 0 {
            self.seal();
        }
        Column { chunks: std::mem::take(&mut self.chunks).into(), len }
    }

    fn seal(&mut self) {
        let mut full = std::mem::take(&mut self.open);
        full.shrink();
        self.chunks.push(Arc::new(full));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::{CHUNK, NumberColumn, Ordinal};

    #[test]
    fn apply_copies_touched_chunks_only() {
        let mut builder = NumberColumn::builder();
        for number in 0..3 * CHUNK as i64 {
            builder.push(Some(number));
        }
        let old = builder.finish();
        let new = old.apply(&[(CHUNK as Ordinal, None), (3 * CHUNK as Ordinal, Some(7))]);
        let shared: Vec<bool> = old.chunks.iter().zip(&*new.chunks).map(|(a, b)| Arc::ptr_eq(a, b)).collect();
        assert_eq!(shared, [true, false, true]);
        assert_eq!(new.len(), 3 * CHUNK + 1);
        assert_eq!(old.get(CHUNK as Ordinal), Some(CHUNK as i64), "the old column still tells the old value");
    }
}
