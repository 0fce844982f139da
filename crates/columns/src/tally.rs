//! How many of something each row has, as the rows of every number: for counts of which few different ones exist. Every
//! row below its length has exactly one number.

use std::collections::BTreeMap;

use roaring::{MultiOps, RoaringBitmap};

use crate::Ordinal;

/// Rows by a count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    counts: Vec<(u32, RoaringBitmap)>,
}

impl Tally {
    /// From the count of every row, the first row first.
    pub fn build(counts: impl IntoIterator<Item = u32>) -> Tally {
        let mut by_count: BTreeMap<u32, Vec<Ordinal>> = BTreeMap::new();
        for (ordinal, count) in (0..).zip(counts) {
            by_count.entry(count).or_default().push(ordinal);
        }
        let rows = |ordinals: Vec<Ordinal>| {
            RoaringBitmap::from_sorted_iter(ordinals).expect("rows are numbered upwards above, each once")
        };
        Tally { counts: by_count.into_iter().map(|(count, ordinals)| (count, rows(ordinals))).collect() }
    }

    /// The rows whose count lies from `min` to `max`, both included.
    pub fn range(&self, min: i64, max: i64) -> RoaringBitmap {
        let from = self.counts.partition_point(|(count, _)| i64::from(*count) < min);
        let to = self.counts.partition_point(|(count, _)| i64::from(*count) <= max).max(from);
        self.counts[from..to].iter().map(|(_, rows)| rows).union()
    }

    /// The rows of every count, the least count first.
    pub fn runs(&self) -> impl Iterator<Item = &RoaringBitmap> + Clone {
        self.counts.iter().map(|(_, rows)| rows)
    }

    /// The count of a row.
    pub fn get(&self, ordinal: Ordinal) -> Option<u32> {
        self.counts.iter().find(|(_, rows)| rows.contains(ordinal)).map(|(count, _)| *count)
    }

    /// Approximate heap bytes.
    pub fn memory(&self) -> usize {
        let each = |(_, rows): &(u32, RoaringBitmap)| rows.serialized_size() + size_of::<(u32, RoaringBitmap)>();
        self.counts.iter().map(each).sum()
    }
}
