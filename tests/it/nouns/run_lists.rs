//! Lists of runs: those of one kind, in one state, page by page, and how long the last ones took.

use std::time::Duration;

use directory::{Counts, GroupId};
use rollcall::id::{Entropy, RunId};
use rollcall::nouns::run::{NewRun, RunKind, RunState, Totals};
use rollcall::nouns::scope::{Chosen, Scope, WhichGroups, WhichUsers};
use rollcall::store::db::Store;
use rollcall::store::passes::{self, Base};
use rollcall::store::runs::{self, Filter, Outcome};
use rollcall::sync::expected::{Basis, Expected, expected};

use super::{at, on_both, write};

fn id(number: u64) -> RunId {
    RunId::new(&Entropy::seeded(number), at(0))
}

fn ask(store: &Store, number: u64, kind: RunKind, scope: &Scope) {
    let scope = scope.clone();
    let new = NewRun { id: id(number), kind, scope, asked_by: "zoë".to_owned(), asked_at: at(number as i64) };
    write(store, move |tx| runs::insert(tx, &new));
}

/// A run that took so many seconds.
fn sealed(store: &Store, number: u64, kind: RunKind, (scope, seconds): (&Scope, i64)) {
    ask(store, number, kind, scope);
    write(store, move |tx| {
        passes::begin(tx, &id(number), at(100), Base { generation: 0, groups: 0, resources: 0 })?;
        let (counts, totals) = (Counts::default(), Totals::default());
        let outcome = Outcome { generation: number, counts, totals, withheld_rows: 0 };
        runs::seal(tx, &id(number), at(100 + seconds), &outcome)
    });
}

fn users() -> Scope {
    Scope::Chosen(Chosen { users: Some(WhichUsers::All), last_active: false, groups: WhichGroups::None })
}

fn wait_for(store: &Store, kind: RunKind, scope: Scope, floor: Option<u64>) -> Option<Expected> {
    store.read_blocking(move |tx| expected(tx, (kind, &scope), floor)).unwrap()
}

#[test]
fn a_list_holds_the_runs_of_a_kind_in_a_state_newest_first_page_by_page() {
    on_both(|store| {
        for number in 1..=9 {
            let kind = if number % 3 == 0 { RunKind::Daily } else { RunKind::Manual };
            ask(store, number, kind, &Scope::Everything);
            if number % 2 == 0 {
                write(store, move |tx| runs::end(tx, &id(number), RunState::Failed, at(60), "The key was refused."));
            }
        }
        let list = |kind, state, before, limit| {
            let filter = Filter { kind, state };
            let runs = store.read_blocking(move |tx| runs::matching(tx, filter, before, limit)).unwrap();
            runs.iter().map(|run| run.number).collect::<Vec<_>>()
        };
        assert_eq!(list(None, None, None, 100), [9, 8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(list(Some(RunKind::Daily), None, None, 100), [9, 6, 3]);
        assert_eq!(list(None, Some(RunState::Failed), None, 2), [8, 6]);
        assert_eq!(list(None, Some(RunState::Failed), Some(6), 100), [4, 2]);
        assert_eq!(list(Some(RunKind::Daily), Some(RunState::Failed), None, 100), [6]);
        assert_eq!(list(Some(RunKind::Browser), None, None, 100), [0; 0]);
        assert_eq!(list(None, Some(RunState::Sealed), None, 100), [0; 0]);
    });
}

#[test]
fn a_sync_takes_as_long_as_the_last_five_of_its_kind_and_scope() {
    on_both(|store| {
        let median =
            |seconds, runs| Some(Expected { length: Duration::from_secs(seconds), basis: Basis::Median { runs } });
        assert_eq!(
            wait_for(store, RunKind::Manual, Scope::Everything, None),
            None,
            "nothing is known, nothing is told"
        );
        let paced = wait_for(store, RunKind::Initial, Scope::Everything, Some(400)).unwrap();
        assert_eq!(paced.length, Duration::from_secs(200));
        assert!(matches!(paced.basis, Basis::Pace { requests: 400, .. }));

        sealed(store, 1, RunKind::Initial, (&Scope::Everything, 900));
        let alike = wait_for(store, RunKind::Manual, Scope::Everything, Some(400));
        assert_eq!(alike, median(900, 1), "the same was read by another kind of run");
        for (number, seconds) in (2..).zip([5_000, 100, 110, 9_000, 120, 90]) {
            sealed(store, number, RunKind::Manual, (&Scope::Everything, seconds));
        }
        assert_eq!(
            wait_for(store, RunKind::Manual, Scope::Everything, None),
            median(110, 5),
            "the oldest is forgotten"
        );
        sealed(store, 8, RunKind::Manual, (&users(), 30));
        assert_eq!(wait_for(store, RunKind::Manual, users(), None), median(30, 1));
        assert_eq!(wait_for(store, RunKind::Manual, Scope::Everything, None), median(110, 5));
        let groups = WhichGroups::Members(vec![GroupId::new("g").unwrap()]);
        let members = Scope::Chosen(Chosen { users: None, last_active: false, groups });
        assert_eq!(wait_for(store, RunKind::Manual, members, None), None);

        ask(store, 9, RunKind::Manual, &users());
        write(store, |tx| runs::end(tx, &id(9), RunState::Failed, at(5_000), "No."));
        assert_eq!(wait_for(store, RunKind::Manual, users(), None), median(30, 1), "only what was sealed counts");
    });
}
