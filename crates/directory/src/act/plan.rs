//! A plan: every change with its verdict, and what it comes to. Made by [`super::plan`], carried out by nobody here.

use std::collections::BTreeMap;

use columns::Ordinal;
use roaring::RoaringBitmap;

use super::change::Change;
use super::verdict::{Reason, Verdict};

/// One change of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The place of the action it comes from, in the order given.
    pub action: u16,
    /// What is to be reached.
    pub change: Change,
    /// What will come of it.
    pub verdict: Verdict,
}

/// What a selection and its actions come to in one generation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The generation it was made from.
    pub generation: u64,
    /// By account in increasing order, and for each in the order of the actions.
    pub rows: Vec<Row>,
    /// Everybody whom the selection names, also those of whom nothing is to be changed.
    pub selected: RoaringBitmap,
    /// People of whom at least one row will be done.
    pub concerned: RoaringBitmap,
    /// Seats freed (positive) or taken (negative) once every row is done, by resource; resources without are left out.
    pub seats: BTreeMap<Ordinal, i64>,
    /// People who have a seat or another role on some app now and on none afterwards.
    pub left_without: RoaringBitmap,
}

impl Plan {
    /// Rows that will be sent.
    pub fn to_do(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.verdict == Verdict::WillDo)
    }

    /// How many rows there are of each reason, the most frequent first.
    pub fn refusals(&self) -> Vec<(&Reason, u64)> {
        let mut counts: BTreeMap<&Reason, u64> = BTreeMap::new();
        for row in &self.rows {
            if let Verdict::Refused(reason) = &row.verdict {
                *counts.entry(reason).or_default() += 1;
            }
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }
}
