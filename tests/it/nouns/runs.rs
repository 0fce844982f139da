//! Runs with their chains, residues and notes: what a run did and saw comes back exactly, and is cleared in batches.

use std::time::Duration;

use directory::{AccountId, Amounts, Counts, Directory, DirectoryId, GroupId};
use rollcall::id::{Entropy, RunId};
use rollcall::nouns::residue::Residue;
use rollcall::nouns::run::{NewRun, NoteKind, Phase, Progress, Run, RunKind, RunNote, RunState, Totals, Waiting};
use rollcall::nouns::scope::Scope;
use rollcall::store::codec::Packing;
use rollcall::store::db::Store;
use rollcall::store::passes::{self, Base, Chain, ChainState};
use rollcall::store::runs::{self, Outcome};
use rollcall::store::schema;

use super::{Place, at, on_both, write};

fn id(number: u64) -> RunId {
    RunId::new(&Entropy::seeded(number), at(0))
}

fn ask(store: &Store, number: u64, kind: RunKind) {
    ask_for(store, number, kind, Scope::Everything);
}

fn ask_for(store: &Store, number: u64, kind: RunKind, scope: Scope) {
    let asked_by = "administrator zoë".to_owned();
    let new = NewRun { id: id(number), kind, scope, asked_by, asked_at: at(number as i64) };
    write(store, move |tx| runs::insert(tx, &new));
}

fn find(store: &Store, number: u64) -> Run {
    store.read_blocking(move |tx| runs::find(tx, &id(number))).unwrap().unwrap()
}

fn open(store: &Store) -> Option<u64> {
    store.read_blocking(runs::open).unwrap().map(|run| run.number)
}

fn queued(number: u64, kind: RunKind) -> Run {
    Run {
        id: id(number),
        number,
        kind,
        scope: Scope::Everything,
        state: RunState::Queued,
        asked_by: "administrator zoë".to_owned(),
        asked_at: at(number as i64),
        started_at: None,
        ended_at: None,
        generation: None,
        progress: Progress::NONE,
        waiting: None,
        failure: None,
        counts: None,
        totals: None,
        withheld_rows: 0,
        waiting_since: None,
    }
}

fn outcome(generation: u64, counts: Counts) -> Outcome {
    let amounts = |people| Amounts {
        people,
        groups: 2,
        memberships: 3,
        grants: 4,
        direct_roles: 5,
        platform_roles: 6,
        active_people: 7,
    };
    Outcome { generation, counts, totals: Totals { before: amounts(1), after: amounts(8) }, withheld_rows: 9 }
}

fn waiting(second: i64) -> Waiting {
    Waiting { until: at(second), reason: "Atlassian's limit („429“)".to_owned() }
}

/// A number of its own in every field, so that two exchanged fields are noticed.
fn counts() -> Counts {
    Counts {
        people_added: 1,
        people_changed: 2,
        people_gone: 3,
        presence_changed: 4,
        activity_changed: 5,
        roles_changed: 6,
        groups_added: 7,
        groups_changed: 8,
        groups_gone: 9,
        memberships_added: 10,
        memberships_removed: 11,
        grants_changed: 12,
        direct_changed: 1 << 40,
    }
}

#[test]
fn runs_are_numbered_as_they_come_and_listed_newest_first() {
    on_both(|store| {
        let kinds = [
            RunKind::Initial,
            RunKind::Daily,
            RunKind::Manual,
            RunKind::Browser,
            RunKind::Approval,
            RunKind::Stream,
            RunKind::Webhook,
            RunKind::Operation,
        ];
        for (number, kind) in (1..).zip(kinds) {
            ask(store, number, kind);
            assert_eq!(find(store, number), queued(number, kind));
        }
        assert_eq!(store.read_blocking(|tx| runs::find(tx, &id(9))).unwrap(), None);
        let list = |before, limit| {
            let runs = store.read_blocking(move |tx| runs::list(tx, before, limit)).unwrap();
            runs.iter().map(|run| run.number).collect::<Vec<_>>()
        };
        assert_eq!(list(None, 10), [8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(list(None, 2), [8, 7]);
        assert_eq!(list(Some(3), u32::MAX), [2, 1]);
        assert_eq!(list(Some(1), 10), [0; 0]);
    });
}

#[test]
fn runs_from_before_there_were_user_webhooks_stay_as_they_were() {
    for place in Place::both() {
        let before = schema::ORGANIZATION.iter().position(|migration| migration.name == "webhook_runs").unwrap();
        let store = place.open(&schema::ORGANIZATION[..before]);
        ask(&store, 1, RunKind::Stream);
        let waiting = Waiting { until: at(90), reason: "Atlassian asked for a pause.".to_owned() };
        write(&store, move |tx| runs::wait(tx, &id(1), &waiting, at(60)));
        let known = find(&store, 1);
        assert_eq!(known.waiting_since, Some(at(60)));
        store.close_blocking();
        let store = place.open(schema::ORGANIZATION);
        assert_eq!(find(&store, 1), known);
        ask(&store, 2, RunKind::Webhook);
        assert_eq!(find(&store, 2), queued(2, RunKind::Webhook));
        store.close_blocking();
    }
}

#[test]
fn a_run_goes_from_asked_to_sealed_and_tells_what_changed() {
    on_both(|store| {
        ask(store, 1, RunKind::Manual);
        assert_eq!(store.read_blocking(|tx| passes::base(tx, &id(1))).unwrap(), None);
        let base = Base { generation: 3, groups: 40, resources: 5 };
        write(store, move |tx| passes::begin(tx, &id(1), at(10), base));
        assert_eq!(store.read_blocking(|tx| passes::base(tx, &id(1))).unwrap(), Some(base));
        let mut expected = Run { state: RunState::Running, started_at: Some(at(10)), ..queued(1, RunKind::Manual) };
        assert_eq!(find(store, 1), expected);

        let progress = Progress {
            phase: Phase::Reading,
            people_seen: 1,
            people_expected: Some(2),
            people_left_out: 21,
            groups_seen: 3,
            groups_expected: None,
            requests: 5,
            requests_floor: Some(6),
            waited: Duration::from_micros(7_000_001),
        };
        write(store, move |tx| runs::set_progress(tx, &id(1), &progress, Some(&waiting(20))));
        expected = Run { progress, waiting: Some(waiting(20)), ..expected };
        assert_eq!(find(store, 1), expected);
        write(store, move |tx| runs::set_progress(tx, &id(1), &progress, None));
        expected.waiting = None;
        assert_eq!(find(store, 1), expected);

        let since = |moment| Some(at(moment));
        write(store, |tx| runs::wait(tx, &id(1), &waiting(30), at(25)));
        expected = Run { state: RunState::Waiting, waiting: Some(waiting(30)), waiting_since: since(25), ..expected };
        assert_eq!(find(store, 1), expected);
        // It tries, reads nothing and waits again: it waits since the first time.
        write(store, |tx| runs::go_on(tx, &id(1)));
        write(store, move |tx| runs::set_progress(tx, &id(1), &progress, None));
        write(store, |tx| runs::wait(tx, &id(1), &waiting(30), at(28)));
        assert_eq!(find(store, 1), expected);
        assert_eq!(open(store), Some(1), "a run that waits holds its place");
        write(store, |tx| runs::go_on(tx, &id(1)));
        expected = Run { state: RunState::Running, waiting: None, ..expected };
        assert_eq!(find(store, 1), expected);
        let progress = Progress { people_seen: progress.people_seen + 1, ..progress };
        write(store, move |tx| runs::set_progress(tx, &id(1), &progress, None));
        expected = Run { progress, waiting_since: None, ..expected };
        assert_eq!(find(store, 1), expected, "something was read");

        // A run that begins anew after its base has moved keeps the moment of its first beginning.
        let moved = Base { generation: 4, ..base };
        write(store, move |tx| passes::begin(tx, &id(1), at(40), moved));
        assert_eq!(store.read_blocking(|tx| passes::base(tx, &id(1))).unwrap(), Some(moved));
        assert_eq!(find(store, 1), expected);

        write(store, |tx| {
            runs::wait(tx, &id(1), &waiting(45), at(44))?;
            runs::seal(tx, &id(1), at(50), &outcome(5, counts()))
        });
        let progress = Progress { phase: Phase::Ended, ..progress };
        let sealed = Run {
            state: RunState::Sealed,
            ended_at: Some(at(50)),
            generation: Some(5),
            counts: Some(counts()),
            totals: Some(outcome(5, counts()).totals),
            withheld_rows: 9,
            progress,
            ..expected
        };
        assert_eq!(find(store, 1), sealed);
        assert_eq!(open(store), None);
    });
}

#[test]
fn a_run_that_ends_otherwise_says_why_and_gives_its_place_to_the_next() {
    on_both(|store| {
        for number in 1..=3 {
            ask(store, number, RunKind::Daily);
        }
        assert_eq!(open(store), Some(1), "the first that was asked for");
        for (number, state, why) in [(1, RunState::Failed, "The key was refused."), (2, RunState::Cancelled, "By zoë.")]
        {
            write(store, move |tx| {
                runs::wait(tx, &id(number), &waiting(5), at(4))?;
                runs::end(tx, &id(number), state, at(60), why)
            });
            let run = find(store, number);
            assert_eq!((run.state, run.failure.as_deref(), run.ended_at), (state, Some(why), Some(at(60))));
            assert_eq!((run.waiting, run.progress.phase, run.generation), (None, Phase::Ended, None));
            assert_eq!(open(store), Some(number + 1));
        }
    });
}

#[test]
fn counts_are_kept_as_an_object_of_their_names() {
    let names = [
        "people_added",
        "people_changed",
        "people_gone",
        "presence_changed",
        "activity_changed",
        "roles_changed",
        "groups_added",
        "groups_changed",
        "groups_gone",
        "memberships_added",
        "memberships_removed",
        "grants_changed",
        "direct_changed",
    ];
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&runs::counts_text(&counts())).unwrap();
    let numbers = (1..=12).chain([1_u64 << 40]);
    let expected = names.iter().zip(numbers).map(|(name, number)| ((*name).to_owned(), number.into())).collect();
    assert_eq!(object, expected);
    on_both(|store| {
        ask(store, 1, RunKind::Initial);
        write(store, |tx| runs::seal(tx, &id(1), at(50), &outcome(1, Counts::default())));
        assert_eq!(find(store, 1).counts, Some(Counts::default()));
        // What an older or a newer version counted besides is neither missed nor minded.
        let other = r#"UPDATE runs SET counts = '{"people_gone":3,"robots_added":1}'"#;
        write(store, move |tx| tx.execute(other, &[]));
        assert_eq!(find(store, 1).counts, Some(Counts { people_gone: 3, ..Counts::default() }));
    });
}

fn chain(name: &str, state: ChainState) -> Chain {
    Chain {
        name: name.to_owned(),
        state,
        next_cursor: (state == ChainState::Walking).then(|| "eyJ2IjoiWm/DqyJ9==".to_owned()),
        pages: 3,
        seen: 250,
        expected_before: Some(1 << 33),
        expected_after: (state == ChainState::Complete).then_some(0),
        asked_from: Some(at(1)),
        asked_to: (state != ChainState::Walking).then(|| at(2)),
        reason: (state == ChainState::Partial).then(|| "Page 4 never came.".to_owned()),
    }
}

#[test]
fn chains_stand_where_they_were_last_put() {
    on_both(|store| {
        let chains = |number| store.read_blocking(move |tx| passes::chains(tx, &id(number))).unwrap();
        let empty = Chain {
            next_cursor: None,
            expected_before: None,
            asked_from: None,
            ..chain("groups:é", ChainState::Walking)
        };
        let first = [chain("users:b", ChainState::Walking), empty, chain("users:a", ChainState::Partial)];
        let second = [chain("users:b", ChainState::Complete)];
        let (walked, ended) = (first.clone(), second.clone());
        write(store, move |tx| {
            passes::set_chains(tx, &id(1), &walked)?;
            passes::set_chains(tx, &id(2), &ended)
        });
        let [b, groups, a] = first;
        assert_eq!(chains(1), [groups.clone(), a.clone(), b], "in the order of their names");
        let now = second.clone();
        write(store, move |tx| passes::set_chains(tx, &id(1), &now));
        assert_eq!(chains(1), [groups, a, second[0].clone()]);
        assert_eq!(chains(2), second);
        assert_eq!(chains(3), []);
    });
}

fn residues(number: u32) -> Vec<Residue> {
    let directory = DirectoryId::new("directory-é").unwrap();
    vec![
        Residue::Directories(vec![Directory { id: directory.clone(), name: format!("Zoë's {number}").into() }]),
        Residue::Gone { directory: directory.clone(), accounts: (number..number + 70_000).step_by(7).collect() },
        Residue::Names { groups: vec![GroupId::new(&format!("group-{number}")).unwrap()], resources: vec![] },
        Residue::Members { group: number, accounts: vec![AccountId::new("712020:æ").unwrap()] },
        Residue::RestartedAccounts { directory },
    ]
}

fn add(store: &Store, run: u64, number: u32) {
    let mut packing = Packing::default();
    residues(number).iter().for_each(|residue| packing.push(residue));
    write(store, move |tx| passes::add_residues(tx, &id(run), &packing));
}

fn kept(store: &Store, run: u64) -> Vec<Residue> {
    let read = store.read_blocking(move |tx| {
        let mut kept = Vec::new();
        passes::for_each_residue(tx, &id(run), |residue| kept.push(residue))?;
        Ok(kept)
    });
    read.unwrap()
}

#[test]
fn residues_come_back_in_the_order_in_which_they_were_kept() {
    on_both(|store| {
        for number in 0..12 {
            add(store, 1, number);
        }
        add(store, 2, 99);
        write(store, |tx| passes::add_residues(tx, &id(1), &Packing::default()));
        assert_eq!(kept(store, 1), (0..12).flat_map(residues).collect::<Vec<_>>());
        assert_eq!(kept(store, 2), residues(99));
        assert_eq!(kept(store, 3), []);
        const ROWS: &str = "SELECT count(*) FROM residues";
        let rows = store.read_blocking(|tx| tx.one(ROWS, &[], |row| row.integer(0))).unwrap();
        assert_eq!(rows, 13, "nothing is kept of a page that left nothing");
        write(store, |tx| tx.execute("UPDATE residues SET entries = $1", &[(&[1, 2, 3]).into()]));
        let damaged = store.read_blocking(|tx| passes::for_each_residue(tx, &id(1), drop));
        assert!(matches!(damaged, Err(rollcall::store::error::StoreError::Corrupt { .. })), "{damaged:?}");
    });
}

#[test]
fn residues_of_an_ended_run_are_dropped_in_batches_with_its_chains() {
    on_both(|store| {
        ask(store, 1, RunKind::Daily);
        ask(store, 2, RunKind::Daily);
        for number in 0..5 {
            add(store, 1, number);
            add(store, 2, number);
        }
        write(store, |tx| {
            passes::set_chains(tx, &id(1), &[chain("users:a", ChainState::Complete)])?;
            passes::set_chains(tx, &id(2), &[chain("users:a", ChainState::Walking)])
        });
        let stale = || store.read_blocking(passes::with_stale_residues).unwrap();
        assert_eq!(stale(), [], "both are still going");
        write(store, |tx| runs::end(tx, &id(1), RunState::Failed, at(60), "The key was refused."));
        assert_eq!(stale(), [id(1)]);
        let dropped = || write(store, |tx| passes::drop_residues(tx, &id(1), 2));
        assert!(!dropped());
        assert_eq!(kept(store, 1), (2..5).flat_map(residues).collect::<Vec<_>>(), "the oldest go first");
        assert!(!dropped());
        assert_eq!(stale(), [id(1)], "a process that ends here leaves it to the next");
        assert!(dropped());
        assert_eq!((kept(store, 1), stale()), (vec![], vec![]));
        let chains = |number| store.read_blocking(move |tx| passes::chains(tx, &id(number))).unwrap();
        assert_eq!(chains(1), []);
        assert_eq!((kept(store, 2).len(), chains(2).len()), (5 * residues(0).len(), 1), "the other run is not touched");
        write(store, |tx| runs::seal(tx, &id(2), at(61), &outcome(1, Counts::default())));
        assert_eq!(stale(), [id(2)]);
        assert!(!write(store, |tx| passes::drop_residues(tx, &id(2), 5)), "whether there are more is not known yet");
        assert!(write(store, |tx| passes::drop_residues(tx, &id(2), 5)));
    });
}

#[test]
fn notes_are_read_in_the_order_in_which_they_were_made() {
    let note = |second: i64| RunNote {
        at: at(second),
        kind: [NoteKind::Gap, NoteKind::Quarantined, NoteKind::Drift, NoteKind::Warning][second as usize % 4],
        subject: format!("/v2/users?é={second}"),
        detail: "Es fehlt „etwas“.".to_owned(),
    };
    on_both(|store| {
        write(store, move |tx| {
            runs::add_notes(tx, &id(1), &(0..3).map(note).collect::<Vec<_>>())?;
            runs::add_notes(tx, &id(1), &[])?;
            runs::add_notes(tx, &id(2), &[note(9)])?;
            runs::add_notes(tx, &id(1), &(3..12).map(note).collect::<Vec<_>>())
        });
        let notes = |number, limit| store.read_blocking(move |tx| runs::notes(tx, &id(number), limit)).unwrap();
        assert_eq!(notes(1, u32::MAX), (0..12).map(note).collect::<Vec<_>>());
        assert_eq!(notes(1, 2), [note(0), note(1)]);
        assert_eq!(notes(2, 1000), [note(9)]);
    });
}
