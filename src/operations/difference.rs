//! What another plan of the same operation has otherwise, row by row: for whoever looked at the one before. Pure.

use std::collections::BTreeMap;

use directory::act::Change;

use crate::nouns::operation_row::{OperationRow, RowState};
use crate::nouns::operation_terms::Difference;

/// The most differences that are kept of one plan.
pub(super) const MOST: usize = 1_000;

type Standing = (RowState, Option<String>);

/// Rows that stand otherwise, or that only one of two plans has: first those of the one before, in its order.
pub(super) fn between(before: &[OperationRow], after: &[OperationRow]) -> Vec<Difference> {
    fn key(row: &OperationRow) -> (u16, &Change) {
        (row.action, &row.change)
    }
    fn standing(row: &OperationRow) -> Standing {
        (row.state, row.why.as_ref().map(|why| why.code.clone()))
    }
    let known: BTreeMap<_, _> = before.iter().map(|row| (key(row), row)).collect();
    let found: BTreeMap<_, _> = after.iter().map(|row| (key(row), row)).collect();
    let turned = before.iter().filter_map(|row| {
        let (was, becomes) = (standing(row), found.get(&key(row)).map(|row| standing(row)));
        let same = becomes.as_ref() == Some(&was);
        (!same).then(|| Difference { change: row.change.clone(), was: Some(was), becomes })
    });
    let added = after.iter().filter(|row| !known.contains_key(&key(row)));
    let added = added.map(|row| Difference { change: row.change.clone(), was: None, becomes: Some(standing(row)) });
    turned.chain(added).collect()
}

#[cfg(test)]
mod tests {
    use directory::act::{Reason, Verdict};
    use proptest::prelude::*;

    use super::*;

    fn rows(verdicts: &[Option<u8>]) -> Vec<OperationRow> {
        let row = |(account, verdict): (u32, &Option<u8>)| {
            let verdict = match verdict {
                None => return None,
                Some(0) => Verdict::WillDo,
                Some(1) => Verdict::AlreadySo,
                Some(2) => Verdict::Refused(Reason::ProtectedPerson),
                Some(_) => Verdict::Refused(Reason::KeyOwner),
            };
            Some(OperationRow::planned(u64::from(account), 0, Change::Activate { account }, &verdict))
        };
        (0..).zip(verdicts).filter_map(row).collect()
    }

    proptest! {
        #[test]
        fn every_row_that_differs_is_told_once_with_both_sides_and_no_other(
            pairs in prop::collection::vec((prop::option::of(0u8..4), prop::option::of(0u8..4)), 0..30),
        ) {
            let (one, other): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
            let told = between(&rows(&one), &rows(&other));
            let differing: Vec<u32> = (0..).zip(&pairs).filter(|(_, (a, b))| a != b).map(|(at, _)| at).collect();
            let mut accounts: Vec<u32> = told.iter().map(|one| one.change.account()).collect();
            accounts.sort_unstable();
            prop_assert_eq!(accounts, differing);
            let back = between(&rows(&other), &rows(&one));
            prop_assert_eq!(back.len(), told.len());
            prop_assert!(told.iter().all(|one| one.was != one.becomes));
        }
    }
}
