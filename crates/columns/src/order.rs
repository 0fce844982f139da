//! An order: ordinals sorted by a comparison of the caller's, ties by ordinal. It keeps no keys; pages are found by
//! comparing entries with a cursor, so a cursor stays good on any later order.

use std::{cmp::Ordering, sync::Arc};

use roaring::RoaringBitmap;

use crate::{Ordinal, gallop::gallop};

/// A permutation of some ordinals. Cloning shares it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    entries: Arc<[Ordinal]>,
}

/// Which way a page is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the first entry to the last.
    Forward,
    /// From the last entry to the first.
    Backward,
}

impl Order {
    /// Sorts ordinals, given in any order; one given twice is there once.
    pub fn build(ordinals: impl Iterator<Item = Ordinal>, cmp: impl Fn(Ordinal, Ordinal) -> Ordering) -> Order {
        let mut entries: Vec<Ordinal> = ordinals.collect();
        entries.sort_unstable_by(|a, b| cmp(*a, *b).then(a.cmp(b)));
        entries.dedup();
        Order { entries: entries.into() }
    }

    /// The order of runs of equals, the least run first; the runs must not overlap.
    pub fn of_runs<'r>(runs: impl IntoIterator<Item = &'r RoaringBitmap>) -> Order {
        Order::of_sorted(runs.into_iter().flatten())
    }

    /// The order of ordinals that are sorted already, each there once.
    pub fn of_sorted(ordinals: impl Iterator<Item = Ordinal>) -> Order {
        Order { entries: ordinals.collect() }
    }

    /// Moves the changed ordinals (sorted, without duplicates) to where they belong now: their old places are dropped,
    /// and those still present, new ones included, are put in by the comparison. It must sort all others as before,
    /// and is never asked about an ordinal that is changed and not present. One pass, no sort of the whole.
    ///
    /// # Panics
    /// When the changed ordinals are not in strictly increasing order.
    pub fn apply(
        &self,
        changed: &[Ordinal],
        present: impl Fn(Ordinal) -> bool,
        cmp: impl Fn(Ordinal, Ordinal) -> Ordering,
    ) -> Order {
        assert!(changed.is_sorted_by(|a, b| a < b), "changed ordinals are sorted, without duplicates");
        if changed.is_empty() {
            return self.clone();
        }
        let moved: RoaringBitmap = changed.iter().copied().collect();
        let kept: Vec<Ordinal> = self.iter().filter(|ordinal| !moved.contains(*ordinal)).collect();
        let incoming = Order::build(changed.iter().copied().filter(|ordinal| present(*ordinal)), &cmp);
        let mut entries = Vec::with_capacity(kept.len() + incoming.len());
        let mut rest = &kept[..];
        for ordinal in incoming.iter() {
            // Comparisons cost far more than copies, so each place is searched for, not stepped to.
            let before = gallop(rest, |entry| cmp(*entry, ordinal).then(entry.cmp(&ordinal)).is_lt());
            let (run, later) = rest.split_at(before);
            entries.extend_from_slice(run);
            entries.push(ordinal);
            rest = later;
        }
        entries.extend_from_slice(rest);
        Order { entries: entries.into() }
    }

    /// How many ordinals are in the order.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no ordinal is in the order.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The ordinals from first to last; `rev()` walks from last to first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Ordinal> + ExactSizeIterator + Clone + '_ {
        self.entries.iter().copied()
    }

    /// The ordinal at a position, counted from 0.
    pub fn nth(&self, position: usize) -> Option<Ordinal> {
        self.entries.get(position).copied()
    }

    /// How many entries come before a cursor. `cursor` tells where an entry lies relative to it: `Less` is before it,
    /// `Greater` after it; it must agree with the order.
    pub fn position(&self, cursor: impl Fn(Ordinal) -> Ordering) -> usize {
        self.entries.partition_point(|entry| cursor(*entry).is_lt())
    }

    /// Walks the entries strictly past a cursor: forward those after it, nearest first; backward those before it,
    /// nearest first. `cursor` tells where an entry lies relative to it: `Less` is before it, `Greater` after it; it
    /// must agree with the order. The cursor's own entry need not exist any more.
    pub fn page(&self, cursor: impl Fn(Ordinal) -> Ordering, direction: Direction) -> Page<'_> {
        let rest = match direction {
            Direction::Forward => &self.entries[self.entries.partition_point(|entry| cursor(*entry).is_le())..],
            Direction::Backward => &self.entries[..self.position(cursor)],
        };
        Page { rest, direction }
    }

    /// Walks all entries: forward from the first, backward from the last.
    pub fn walk(&self, direction: Direction) -> Page<'_> {
        Page { rest: &self.entries, direction }
    }

    /// Approximate heap bytes.
    pub fn memory(&self) -> usize {
        size_of_val(&*self.entries)
    }
}

/// The entries of an [`Order`] from a cursor on, in one direction.
#[derive(Clone, Debug)]
pub struct Page<'o> {
    rest: &'o [Ordinal],
    direction: Direction,
}

impl Iterator for Page<'_> {
    type Item = Ordinal;

    fn next(&mut self) -> Option<Ordinal> {
        let (entry, rest) = match self.direction {
            Direction::Forward => self.rest.split_first()?,
            Direction::Backward => self.rest.split_last()?,
        };
        self.rest = rest;
        Some(*entry)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.rest.len(), Some(self.rest.len()))
    }
}

impl ExactSizeIterator for Page<'_> {}
