//! *Try on the first N*: of an approved plan only the first rows are sent and read back; then a person says *Go on* or
//! *Stop here*. The approval stays the one of the whole plan.

use std::borrow::Cow;

use crate::nouns::operation::Operation;
use crate::nouns::operation_row::{OperationRow, RowState, Tally};
use crate::nouns::operation_terms::{Terms, TrialStage};

/// The rows that may be sent or were: all without a trial, otherwise the first that were not left out. What was skipped
/// before it was sent tries nothing, so the next one takes its place.
pub(super) fn within<'r>(rows: &'r [OperationRow], terms: &Terms) -> Cow<'r, [OperationRow]> {
    let Some(bound) = terms.trial.and_then(|trial| trial.bound()) else { return Cow::Borrowed(rows) };
    let bound = usize::try_from(bound).unwrap_or(usize::MAX);
    let counts = |row: &&OperationRow| !matches!(row.state, RowState::Refused | RowState::Skipped | RowState::Already);
    rows.iter().filter(counts).take(bound).cloned().collect::<Vec<_>>().into()
}

/// What a person is asked once the rows of a trial have come to their ends; nothing when there is none, or nothing left.
pub(super) fn asks(operation: &Operation, tally: &Tally, terms: &Terms) -> Option<String> {
    let trial = terms.trial.filter(|trial| trial.stage == TrialStage::UnderWay)?;
    let left = tally.of(RowState::Planned);
    if left == 0 {
        return None;
    }
    let of = |states: &[RowState]| states.iter().map(|state| tally.of(*state)).sum::<u64>();
    let (done, verified) = (of(&[RowState::Done, RowState::Verified]), of(&[RowState::Verified]));
    let other = of(&[RowState::Failed, RowState::Reverted, RowState::Unknown]);
    let failed = if other == 0 { String::new() } else { format!(", {other} were not") };
    Some(format!(
        "Tried on the first {} of {} changes: {done} were made, {verified} of them verified{failed}. {left} are left: Go \
         on, or Stop here.",
        trial.rows, operation.plan.rows
    ))
}

#[cfg(test)]
mod tests {
    use directory::act::{Change, Verdict};
    use proptest::prelude::*;

    use super::*;
    use crate::nouns::operation_terms::Trial;

    proptest! {
        #[test]
        fn never_more_rows_than_the_trial_says_are_sent_whatever_became_of_them(
            states in prop::collection::vec(0..RowState::ALL.len(), 0..40),
            bound in 1u64..20,
        ) {
            let row = |(state, seq): (&usize, u64)| {
                let change = Change::Activate { account: seq as u32 };
                OperationRow { state: RowState::ALL[*state], ..OperationRow::planned(seq, 0, change, &Verdict::WillDo) }
            };
            let rows: Vec<OperationRow> = states.iter().zip(1..).map(row).collect();
            let terms = |stage| Terms { trial: Some(Trial { rows: bound, stage }), until: None };
            let tried = within(&rows, &terms(TrialStage::UnderWay)).into_owned();
            prop_assert!(tried.len() as u64 <= bound);
            let left_out = [RowState::Refused, RowState::Skipped, RowState::Already];
            let all: Vec<OperationRow> = rows.iter().filter(|row| !left_out.contains(&row.state)).cloned().collect();
            prop_assert_eq!(&tried[..], &all[..tried.len()], "the first ones");
            prop_assert!(tried.len() == all.len() || tried.len() as u64 == bound);
            prop_assert_eq!(within(&rows, &terms(TrialStage::Passed)).into_owned(), rows);
        }
    }
}
