//! Withheld rows, leave to take them out, and what targeted reads have observed: kept as they were given, on both engines.

use directory::{DirectoryId, GroupId, Part, Permitted, ReadAgain, Rule, Thresholds, Withheld};
use roaring::RoaringBitmap;
use rollcall::id::{Entropy, RunId, WithheldId};
use rollcall::nouns::run::{NewRun, RunKind};
use rollcall::nouns::scope::{Scope, Targets};
use rollcall::nouns::withheld::{Closed, Permit, WithheldRows, WithheldState};
use rollcall::store::db::Store;
use rollcall::store::error::StoreError;
use rollcall::store::observed::{self, Observed};
use rollcall::store::{coverage, passes, runs, withheld};

use super::{at, on_both, write};

fn run(number: u64) -> RunId {
    RunId::new(&Entropy::seeded(number), at(0))
}

fn id(number: u64) -> WithheldId {
    WithheldId::new(&Entropy::seeded(number), at(0))
}

fn rows(ordinals: &[u32]) -> RoaringBitmap {
    ordinals.iter().copied().collect()
}

fn directory(name: &str) -> Part {
    Part::Directory(DirectoryId::new(name).unwrap())
}

fn some(rule: Rule, part: Part, rows: RoaringBitmap) -> Withheld {
    Withheld {
        rule,
        part,
        present: 1 << 40,
        thresholds: Thresholds { share_percent: 7, least: 3, ..Thresholds::default() },
        rows,
    }
}

fn keep(store: &Store, (number, of_run): (u64, u64), second: i64, withheld: Withheld) {
    write(store, move |tx| withheld::insert(tx, (&id(number), &run(of_run)), at(second), &withheld));
}

fn find(store: &Store, number: u64) -> WithheldRows {
    store.read_blocking(move |tx| withheld::find(tx, &id(number))).unwrap().unwrap()
}

fn ids(kept: &[WithheldRows]) -> Vec<WithheldId> {
    kept.iter().map(|kept| kept.id.clone()).collect()
}

#[test]
fn withheld_rows_come_back_as_they_were_kept() {
    on_both(|store| {
        let group = Part::Group(GroupId::new("g:1").unwrap());
        let parts = [Part::Whole, directory("ari:cloud:dir/Zoë"), group];
        let mut all = Vec::new();
        for (number, rule) in (1..).zip(Rule::ALL) {
            let part = parts[number as usize % parts.len()].clone();
            let withheld = some(rule, part, rows(&[0, number as u32, 70_000, u32::MAX]));
            keep(store, (number, number % 2), number as i64, withheld.clone());
            all.push(WithheldRows {
                id: id(number),
                run: run(number % 2),
                at: at(number as i64),
                open: withheld.rows.clone(),
                withheld,
                state: WithheldState::Open,
                closed: None,
            });
        }
        for (number, kept) in (1..).zip(&all) {
            assert_eq!(find(store, number), *kept);
        }
        let (open, count, of_run, unknown) = store
            .read_blocking(|tx| {
                let of_run = withheld::of_run(tx, &run(1))?;
                Ok((withheld::open(tx)?, withheld::count_open(tx)?, of_run, withheld::find(tx, &id(99))?))
            })
            .unwrap();
        let newest_first: Vec<WithheldRows> = all.iter().rev().cloned().collect();
        assert_eq!((open, count, unknown), (newest_first, 8, None));
        let mut odd: Vec<WithheldId> = ids(&of_run);
        odd.sort();
        let mut expected: Vec<WithheldId> = [1, 3, 5, 7].map(id).to_vec();
        expected.sort();
        assert_eq!(odd, expected, "what one run withheld");
    });
}

#[test]
fn rows_are_closed_once_and_with_their_reason() {
    on_both(|store| {
        keep(store, (1, 1), 1, some(Rule::PeopleMissing, directory("d"), rows(&[1, 2, 3])));
        keep(store, (2, 1), 2, some(Rule::EmailsChanged, Part::Whole, rows(&[4])));
        write(store, |tx| withheld::set_open(tx, &id(1), &rows(&[2])));
        let kept = find(store, 1);
        assert_eq!(
            (kept.open, kept.withheld.rows),
            (rows(&[2]), rows(&[1, 2, 3])),
            "what was withheld stays on record"
        );
        let closed = Closed { by: "zoë".to_owned(), at: at(9), reason: "On leave: \u{1F3D6} ‘quoted’".to_owned() };
        let first = closed.clone();
        write(store, move |tx| withheld::close(tx, &id(1), WithheldState::Dismissed, &first));
        let late = Closed { by: "somebody".to_owned(), at: at(10), reason: String::new() };
        write(store, move |tx| withheld::close(tx, &id(1), WithheldState::Replaced, &late));
        let kept = find(store, 1);
        assert_eq!((kept.state, kept.closed), (WithheldState::Dismissed, Some(closed)), "the first to close it has");
        let (open, count) = store.read_blocking(|tx| Ok((withheld::open(tx)?, withheld::count_open(tx)?))).unwrap();
        assert_eq!((ids(&open), count), (vec![id(2)], 1));
    });
}

#[test]
fn leave_is_given_to_one_run_and_adds_up_by_rule_and_part() {
    on_both(|store| {
        keep(store, (1, 1), 1, some(Rule::PeopleMissing, directory("d"), rows(&[1, 2, 3])));
        keep(store, (2, 2), 2, some(Rule::PeopleMissing, directory("d"), rows(&[3, 4])));
        keep(store, (3, 2), 2, some(Rule::PeopleMissing, directory("other"), rows(&[5])));
        let permit = |number, of: &[u32]| Permit { withheld: id(number), rows: rows(of) };
        let given = vec![permit(1, &[1, 2]), permit(2, &[4]), permit(3, &[5])];
        let (given_to, mut expected) = (given.clone(), given);
        write(store, move |tx| withheld::permit(tx, &run(7), &given_to));
        let (permitted, permits, others) = store
            .read_blocking(|tx| {
                let others = withheld::permitted(tx, &run(8))?;
                Ok((withheld::permitted(tx, &run(7))?, withheld::permits(tx, &run(7))?, others))
            })
            .unwrap();
        expected.sort_by(|one, other| one.withheld.cmp(&other.withheld));
        assert_eq!(permits, expected);
        let of = |name| (Rule::PeopleMissing, directory(name));
        let all = [(of("d"), rows(&[1, 2, 4])), (of("other"), rows(&[5]))];
        assert_eq!((permitted, others), (Permitted(all.into()), Permitted::default()));
        let twice = store.write_blocking(|tx| {
            let again = [Permit { withheld: id(1), rows: rows(&[3]) }];
            withheld::permit(tx, &run(7), &again)
        });
        assert!(matches!(twice, Err(StoreError::Conflict { .. })), "{twice:?}");
    });
}

#[test]
fn what_was_observed_after_a_generation_adds_up() {
    on_both(|store| {
        for (generation, accounts, groups) in
            [(2, rows(&[1, 2]), rows(&[])), (3, rows(&[]), rows(&[7])), (5, rows(&[2, 70_000]), rows(&[8]))]
        {
            let read = ReadAgain { at: at(generation as i64), accounts, groups, moved: rows(&[90]) };
            write(store, move |tx| observed::insert(tx, generation, &read));
        }
        let since = |generation| store.read_blocking(move |tx| observed::since(tx, generation)).unwrap();
        let both = |accounts: &[u32], groups: &[u32]| Observed { accounts: rows(accounts), groups: rows(groups) };
        assert_eq!(since(0), both(&[1, 2, 90, 70_000], &[7, 8]));
        assert_eq!(since(2), both(&[2, 90, 70_000], &[7, 8]));
        assert_eq!(since(4), both(&[2, 90, 70_000], &[8]));
        assert_eq!(since(5), Observed::default());
        // For ages, only what was read as such, and only what is younger than the whole.
        let after = |generation, second: Option<i64>| {
            let mut read = Vec::new();
            let after = second.map(at);
            let reading = store.read_blocking(move |tx| {
                observed::for_each_after(tx, (generation, after), |one| read.push((one.accounts, one.groups)))?;
                Ok(read)
            });
            reading.unwrap()
        };
        assert_eq!(after(4, None), [(rows(&[1, 2]), rows(&[])), (rows(&[]), rows(&[7]))]);
        assert_eq!(after(9, Some(3)), [(rows(&[2, 70_000]), rows(&[])), (rows(&[]), rows(&[8]))]);
    });
}

/// A pass goes on from what it kept as long as nothing but targeted reads was sealed since it began.
#[test]
fn it_is_known_whether_only_targeted_reads_were_sealed_since() {
    on_both(|store| {
        let targeted = Scope::Targeted(Targets::default());
        for (generation, scope) in
            [(1, Scope::Everything), (2, targeted.clone()), (3, targeted), (4, Scope::Everything)]
        {
            let new = NewRun {
                id: run(generation),
                kind: RunKind::Manual,
                scope,
                asked_by: "x".to_owned(),
                asked_at: at(generation as i64),
            };
            write(store, move |tx| {
                runs::insert(tx, &new)?;
                coverage::seal(tx, generation, at(0), &run(generation), (&directory::Claims::default(), "{}"))?;
                runs::end(tx, &run(generation), rollcall::nouns::run::RunState::Cancelled, at(9), "over")
            });
        }
        let only = |generation| store.read_blocking(move |tx| passes::only_targeted_since(tx, generation)).unwrap();
        assert_eq!([0, 1, 2, 3, 4].map(only), [false, false, false, false, true]);
        let until_three = store.read_blocking(|tx| passes::only_targeted_since(tx, 9)).unwrap();
        assert!(until_three);
    });
}
