//! How long a sync will take: as long as those before it took; before the first, its requests at the pace that upstream
//! allows. It tells nothing when it knows nothing.

use std::time::Duration;

use atlassian::pace::FIRST_RATE;

use crate::nouns::run::{Run, RunKind, RunState};
use crate::nouns::scope::{Chosen, Scope, WhichGroups};
use crate::store::error::StoreError;
use crate::store::quota::StoredLimit;
use crate::store::tx::Tx;
use crate::store::{quota, runs};

/// An expected length, and what it rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// So long.
    pub length: Duration,
    /// Why.
    pub basis: Basis,
}

/// What an expected length rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Basis {
    /// The median of so many runs before.
    Median {
        /// How many.
        runs: usize,
    },
    /// The least number of requests at a pace; it may take longer, never much less.
    Pace {
        /// Requests that the plan needs at the least.
        requests: u64,
        /// Requests a second.
        pace: f64,
    },
}

/// So many runs make the median: enough that one odd run does not matter, few enough to follow the organization.
const RUNS: usize = 5;
/// So far back such runs are looked for.
const LOOKED_AT: u32 = 50;

/// How long a run of a kind and scope will take. `floor` is its own least number of requests, once it is known.
pub fn expected(
    tx: &mut Tx,
    (kind, scope): (RunKind, &Scope),
    floor: Option<u64>,
) -> Result<Option<Expected>, StoreError> {
    let ended = runs::last_sealed(tx, Some(kind), LOOKED_AT)?;
    let lengths = |ended: &[runs::Ended]| -> Vec<Duration> {
        ended.iter().filter(|run| is_alike(&run.scope, scope)).map(|run| run.length).take(RUNS).collect()
    };
    let alike = lengths(&ended);
    if let Some(length) = median(&alike) {
        return Ok(Some(Expected { length, basis: Basis::Median { runs: alike.len() } }));
    }
    // What another kind reads with the same scope takes as long.
    let ended = runs::last_sealed(tx, None, LOOKED_AT)?;
    let alike = lengths(&ended);
    if let Some(length) = median(&alike) {
        return Ok(Some(Expected { length, basis: Basis::Median { runs: alike.len() } }));
    }
    let Some(requests) = floor else { return Ok(None) };
    let pace = pace(&quota::all(tx)?);
    Ok(Some(Expected { length: at_pace(requests, pace), basis: Basis::Pace { requests, pace } }))
}

/// How long a run will take that is on its way. Who waits for a key or for upstream is told until when; the usual length
/// would mislead.
pub fn expected_of(tx: &mut Tx, run: &Run) -> Result<Option<Expected>, StoreError> {
    match run.state {
        RunState::Queued | RunState::Running => expected(tx, (run.kind, &run.scope), run.progress.requests_floor),
        RunState::Waiting | RunState::Sealed | RunState::Failed | RunState::Cancelled => Ok(None),
    }
}

/// The middle of some lengths; of an even number the mean of the two in the middle.
fn median(lengths: &[Duration]) -> Option<Duration> {
    let mut sorted = lengths.to_vec();
    sorted.sort_unstable();
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = *sorted.get((sorted.len() - 1) / 2)?;
    Some((lower + upper) / 2)
}

/// Requests a second that the learned limits allow on the whole: their median, or the client's first pace.
fn pace(limits: &[StoredLimit]) -> f64 {
    let of = |limit: &StoredLimit| f64::from(limit.limit) * 1_000_000.0 / limit.window_microseconds as f64;
    let mut paces: Vec<f64> =
        limits.iter().filter(|limit| limit.limit > 0 && limit.window_microseconds > 0).map(of).collect();
    paces.sort_unstable_by(f64::total_cmp);
    paces.get(paces.len() / 2).copied().unwrap_or(FIRST_RATE)
}

fn at_pace(requests: u64, pace: f64) -> Duration {
    Duration::try_from_secs_f64(requests as f64 / pace).unwrap_or(Duration::MAX)
}

/// Whether two scopes are of one kind: the same boxes, whichever people or groups are named.
fn is_alike(a: &Scope, b: &Scope) -> bool {
    match (a, b) {
        (Scope::Everything, Scope::Everything) | (Scope::Targeted(_), Scope::Targeted(_)) => true,
        (Scope::Chosen(a), Scope::Chosen(b)) => {
            let boxes = |chosen: &Chosen| (chosen.users, chosen.last_active, std::mem::discriminant(&chosen.groups));
            let named = |chosen: &Chosen| match &chosen.groups {
                // Members are read group by group: the number of groups is what it takes.
                WhichGroups::Members(groups) => groups.len().max(1).ilog2(),
                WhichGroups::None | WhichGroups::All => 0,
            };
            boxes(a) == boxes(b) && named(a) == named(b)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use directory::GroupId;
    use proptest::prelude::*;

    use super::*;
    use crate::nouns::scope::{Targets, WhichUsers};

    fn seconds(seconds: &[u64]) -> Vec<Duration> {
        seconds.iter().copied().map(Duration::from_secs).collect()
    }

    proptest! {
        #[test]
        fn as_many_lengths_are_below_the_median_as_above(lengths in prop::collection::vec(0_u64..1000, 1..12)) {
            let lengths = seconds(&lengths);
            let middle = median(&lengths).unwrap();
            let below = lengths.iter().filter(|length| **length < middle).count();
            let above = lengths.iter().filter(|length| **length > middle).count();
            prop_assert!(below * 2 <= lengths.len() && above * 2 <= lengths.len());
        }
    }

    #[test]
    fn one_odd_run_does_not_move_the_median() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&seconds(&[60, 61, 9_000, 59, 60])), Some(Duration::from_secs(60)));
        assert_eq!(median(&seconds(&[10, 20])), Some(Duration::from_secs(15)));
    }

    #[test]
    fn before_the_first_run_the_pace_tells() {
        assert_eq!(at_pace(400, pace(&[])), Duration::from_secs_f64(400.0 / FIRST_RATE));
        let limit = |limit, seconds: i64| StoredLimit {
            endpoint: "GET /x".to_owned(),
            limit,
            window_microseconds: seconds * 1_000_000,
            learned_at: jiff::Timestamp::UNIX_EPOCH,
        };
        assert_eq!(pace(&[limit(600, 60), limit(60, 60), limit(1_000, 1)]), 10.0);
        assert_eq!(pace(&[limit(0, 60), limit(60, 0)]), FIRST_RATE, "nonsense is not believed");
        assert_eq!(at_pace(u64::MAX, f64::MIN_POSITIVE), Duration::MAX);
    }

    #[test]
    fn scopes_are_alike_when_the_same_boxes_are_ticked() {
        let chosen = |users, last_active, groups| Scope::Chosen(Chosen { users, last_active, groups });
        let members = |count: usize| {
            let groups = (0..count).map(|at| GroupId::new(&format!("g{at}")).unwrap()).collect();
            chosen(None, false, WhichGroups::Members(groups))
        };
        let users = chosen(Some(WhichUsers::All), false, WhichGroups::None);
        assert!(is_alike(&users, &users) && is_alike(&Scope::Everything, &Scope::Everything));
        assert!(is_alike(&members(2), &members(3)) && !is_alike(&members(2), &members(40)));
        assert!(is_alike(&Scope::Targeted(Targets::default()), &Scope::Targeted(Targets::default())));
        for other in [Scope::Everything, members(1), chosen(None, true, WhichGroups::None)] {
            assert!(!is_alike(&users, &other), "{other:?}");
        }
        assert!(!is_alike(&chosen(None, true, WhichGroups::None), &chosen(None, true, WhichGroups::All)));
    }
}
