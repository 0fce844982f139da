//! Numbers: instants in microseconds and counts. It knows no unit; a place without a number is never in a range.

use roaring::RoaringBitmap;

use crate::{
    Ordinal,
    chunk::{Chunk, Parts},
    column::Column,
    marks::Marks,
    order::Order,
};

/// An optional 64-bit number per ordinal.
pub type NumberColumn = Column<NumberChunk>;

impl NumberColumn {
    /// The ordinals whose number lies from `min` to `max`, both included; `None` is no limit on that side.
    pub fn range(&self, min: Option<i64>, max: Option<i64>) -> RoaringBitmap {
        let (min, max) = (min.unwrap_or(i64::MIN), max.unwrap_or(i64::MAX));
        self.select(|chunk| chunk.range(min, max))
    }

    /// Those of `rows` whose number lies from `min` to `max`: the same answer as [`NumberColumn::range`], without
    /// looking where none of them is.
    pub fn range_among(&self, min: Option<i64>, max: Option<i64>, rows: &RoaringBitmap) -> RoaringBitmap {
        let (min, max) = (min.unwrap_or(i64::MIN), max.unwrap_or(i64::MAX));
        self.among(rows, |chunk| chunk.range(min, max), |number| (min..=max).contains(&number))
    }
}

/// A chunk of a [`NumberColumn`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberChunk {
    // Zero where there is no number, so that equal contents are equal chunks.
    numbers: Vec<i64>,
    present: Marks,
}

impl NumberColumn {
    /// All ordinals in the order of their numbers, those without one first.
    pub fn order(&self) -> Order {
        // Numbers beside their ordinals are sorted several times faster than ordinals that look their numbers up.
        let mut pairs: Vec<(Option<i64>, Ordinal)> =
            (0..self.len() as Ordinal).map(|ordinal| (self.get(ordinal), ordinal)).collect();
        pairs.sort_unstable();
        Order::of_sorted(pairs.into_iter().map(|(_, ordinal)| ordinal))
    }
}

impl NumberChunk {
    fn range(&self, min: i64, max: i64) -> Marks {
        Marks::of(&self.numbers, |number| (min <= *number) & (*number <= max)).and(&self.present)
    }
}

impl Chunk for NumberChunk {
    type Value<'v> = i64;

    fn get(&self, place: usize) -> Option<i64> {
        self.numbers.get(place).copied().filter(|_| self.present.get(place))
    }

    fn push(&mut self, value: Option<i64>) {
        self.numbers.push(value.unwrap_or_default());
        self.present.push(value.is_some());
    }
}

impl Parts for NumberChunk {
    fn copy_until(&mut self, other: &Self, end: usize) {
        if let Some(run) = other.numbers.get(self.numbers.len()..end.min(other.numbers.len())) {
            self.numbers.extend_from_slice(run);
            self.present.copy_until(&other.present, end);
        }
    }

    fn shrink(&mut self) {
        self.numbers.shrink_to_fit();
        self.present.shrink();
    }

    fn heap(&self) -> usize {
        self.numbers.capacity() * size_of::<i64>() + self.present.heap()
    }

    fn present(&self) -> &Marks {
        &self.present
    }
}
