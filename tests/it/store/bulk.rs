//! Bulk writes: one declaration, two texts, the same rows in the end.

use proptest::prelude::*;
use rollcall::store::bulk::{Bulk, BulkUpdate, Column, Update};
use rollcall::store::db::Store;
use rollcall::store::error::StoreError;
use rollcall::store::tx::Tx;
use rollcall::store::value::Value;

use super::{Place, count, on_both};

const OPEN: i64 = i64::MAX;

const COLUMNS: &[Column] = &[
    Column::integer("id"),
    Column::text("name"),
    Column::blob("content"),
    Column::real("weight"),
    Column::integer("good"),
];
static NEW_THINGS: Bulk = Bulk { table: "things", columns: COLUMNS, key: &["id"], update: Update::Nothing };
static MISSING_THINGS: Bulk = Bulk { table: "things", columns: COLUMNS, key: &["id"], update: Update::Ignore };
static THINGS: Bulk =
    Bulk { table: "things", columns: COLUMNS, key: &["id"], update: Update::Columns(&["name", "content", "weight"]) };
static STAYS: Bulk = Bulk {
    table: "stays",
    columns: &[Column::integer("thing"), Column::text("place"), Column::integer("since"), Column::integer("until")],
    key: &["place", "thing", "since"],
    update: Update::Columns(&["until"]),
};
static ENDED_STAYS: BulkUpdate = BulkUpdate {
    table: "stays",
    set: &[Column::integer("until")],
    matching: &[Column::integer("thing"), Column::text("place")],
    and: "until = 9223372036854775807",
};

fn thing(id: i64, name: &str) -> [Value<'_>; 5] {
    [id.into(), name.into(), name.as_bytes().into(), 0.25.into(), true.into()]
}

fn names(store: &Store) -> Vec<(i64, String)> {
    let names = "SELECT id, name FROM things ORDER BY id";
    store.read_blocking(move |tx| tx.list(names, &[], |row| Ok((row.integer(0)?, row.text(1)?.to_owned())))).unwrap()
}

#[test]
fn existing_rows_are_a_conflict_ignored_or_updated_as_declared() {
    on_both(|place| {
        let store = place.migrated();
        let bulk = |bulk: &'static Bulk, rows: &'static [(i64, &'static str)]| {
            store.write_blocking(move |tx| tx.bulk(bulk, rows.iter().map(|(id, name)| thing(*id, name))))
        };
        assert_eq!(bulk(&NEW_THINGS, &[(1, "Ada"), (2, "Grace")]).unwrap(), 2);
        let taken = bulk(&NEW_THINGS, &[(3, "Barbara"), (2, "Other")]);
        assert!(matches!(taken, Err(StoreError::Conflict { statement: "things", .. })), "{taken:?}");
        assert_eq!(count(&store), 2);
        assert_eq!(bulk(&MISSING_THINGS, &[(2, "Other"), (3, "Barbara")]).unwrap(), 1);
        assert_eq!(bulk(&THINGS, &[(3, "Liskov"), (4, "Radia")]).unwrap(), 2);
        let expected = [(1, "Ada"), (2, "Grace"), (3, "Liskov"), (4, "Radia")];
        assert_eq!(names(&store), expected.map(|(id, name)| (id, name.to_owned())));
        assert_eq!(bulk(&THINGS, &[]).unwrap(), 0);
    });
}

#[test]
fn more_rows_than_a_block_holds_are_all_written() {
    on_both(|place| {
        let store = place.migrated();
        let written = store.write_blocking(|tx| {
            let names: Vec<String> = (0..25_001).map(|id| format!("name {id}")).collect();
            tx.bulk(&THINGS, names.iter().zip(0..).map(|(name, id)| thing(id, name)))
        });
        assert_eq!((written.unwrap(), count(&store)), (25_001, 25_001));
        let last = store.read_blocking(|tx| {
            tx.one("SELECT name, content FROM things WHERE id = $1", &[25_000.into()], |row| {
                Ok((row.text(0)?.to_owned(), row.blob(1)?.to_vec()))
            })
        });
        assert_eq!(last.unwrap(), ("name 25000".to_owned(), b"name 25000".to_vec()));
    });
}

#[test]
fn long_values_and_null_pass() {
    on_both(|place| {
        let store = place.migrated();
        let sum = store.write_blocking(|tx| {
            let long = vec![7_u8; 3 << 20];
            let rows = (0..12_u32).map(|id| vec![id.into(), Value::Null, (&long).into(), Value::Null, false.into()]);
            tx.bulk(&THINGS, rows)?;
            tx.one("SELECT CAST(sum(length(content)) AS BIGINT) FROM things WHERE name IS NULL", &[], |row| {
                row.integer(0)
            })
        });
        assert_eq!(sum.unwrap(), 12 * (3 << 20));
    });
}

#[test]
fn rows_that_do_not_fit_their_declaration_are_refused() {
    on_both(|place| {
        let store = place.migrated();
        let bulk = |rows: Vec<Vec<Value<'static>>>| store.write_blocking(move |tx| tx.bulk(&THINGS, rows)).unwrap_err();
        let right = thing(1, "Ada").to_vec();
        let mut mistyped = thing(2, "Grace").to_vec();
        mistyped[0] = "2".into();
        assert!(matches!(bulk(vec![right.clone(), mistyped]), StoreError::Misuse { statement: "things", .. }));
        assert!(matches!(bulk(vec![right[..4].to_vec()]), StoreError::Misuse { .. }));
        assert!(matches!(bulk(vec![right.clone(), right.clone()]), StoreError::Misuse { .. }));
        assert_eq!(count(&store), 0);
    });
}

#[test]
fn intervals_are_ended_where_they_are_open() {
    on_both(|place| {
        let store = place.migrated();
        let ended = store.write_blocking(|tx| {
            let stays = [(1, "here", 1, 5), (1, "here", 7, OPEN), (2, "here", 3, OPEN), (2, "there", 3, OPEN)];
            tx.bulk(
                &STAYS,
                stays.map(|(thing, place, since, until)| [thing.into(), place.into(), since.into(), until.into()]),
            )?;
            let ends: [[Value<'_>; 3]; 3] = [
                [9.into(), 1.into(), "here".into()],
                [9.into(), 2.into(), "there".into()],
                [9.into(), 3.into(), "nowhere".into()],
            ];
            tx.bulk_update(&ENDED_STAYS, ends)
        });
        assert_eq!(ended.unwrap(), 2);
        assert_eq!(
            stays(&store),
            [(1, "here", 1, 5), (1, "here", 7, 9), (2, "here", 3, OPEN), (2, "there", 3, 9)]
                .map(|(thing, place, since, until)| (thing, place.to_owned(), since, until))
        );
    });
}

/// Thing, place, since, until.
type Stay = (i64, String, i64, i64);

fn stays(store: &Store) -> Vec<Stay> {
    const ALL: &str = "SELECT thing, place, since, until FROM stays ORDER BY thing, place, since";
    let stays = store.read_blocking(|tx| {
        tx.list(ALL, &[], |row| Ok((row.integer(0)?, row.text(1)?.to_owned(), row.integer(2)?, row.integer(3)?)))
    });
    stays.unwrap()
}

/// What a program of bulk writes leaves in the table, and what each write counted.
fn run(place: &Place, program: Vec<Vec<(i64, u8, i64)>>) -> (Vec<u64>, Vec<Stay>) {
    let store = place.migrated();
    let counted = store.write_blocking(move |tx: &mut Tx| {
        let mut counted = Vec::new();
        for rows in &program {
            let rows: std::collections::BTreeMap<_, _> =
                rows.iter().map(|(thing, place, at)| ((*thing, *place), *at)).collect();
            let place = |number: u8| ["a", "B", "ä", ""][usize::from(number % 4)];
            let ends =
                rows.iter().map(|((thing, at_place), at)| [Value::from(*at), (*thing).into(), place(*at_place).into()]);
            counted.push(tx.bulk_update(&ENDED_STAYS, ends)?);
            let begins = rows.iter().map(|((thing, at_place), at)| {
                [Value::from(*thing), place(*at_place).into(), (*at).into(), OPEN.into()]
            });
            counted.push(tx.bulk(&STAYS, begins)?);
        }
        Ok(counted)
    });
    let left = stays(&store);
    store.close_blocking();
    (counted.unwrap(), left)
}

#[test]
fn both_engines_end_with_the_same_rows() {
    let row = (0..5_i64, 0..4_u8, 0..4_i64);
    let programs = proptest::collection::vec(proptest::collection::vec(row, 0..12), 0..6);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(12));
    let outcome = runner.run(&programs, |program| {
        prop_assert_eq!(run(&Place::sqlite(), program.clone()), run(&Place::postgres(), program));
        Ok(())
    });
    outcome.unwrap();
}
