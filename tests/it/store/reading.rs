//! Arguments in, rows out: the same values and the same refusals on both engines.

use proptest::prelude::*;
use rollcall::store::bulk::Kind;
use rollcall::store::error::StoreError;
use rollcall::store::tx::{LIST_LIMIT, Tx};
use rollcall::store::value::{Row, Value};

use super::{INSERT, Place, insert, on_both};

const ALL: &str = "SELECT id, name, content, weight, good FROM things ORDER BY id";
const IDS: &str = "SELECT id FROM things ORDER BY id";
const INSERT_ALL: &str = "INSERT INTO things (id, name, content, weight, good) VALUES ($1, $2, $3, $4, $5)";

fn id(row: &Row<'_>) -> Result<i64, StoreError> {
    row.integer(0)
}

fn fill(tx: &mut Tx, count: i64) -> Result<(), StoreError> {
    (0..count).try_for_each(|id| tx.execute(INSERT, &[id.into(), Value::Null]).map(drop))
}

#[test]
fn one_optional_list_and_for_each_accept_what_they_say() {
    on_both(|place| {
        let store = place.migrated();
        store
            .write_blocking(|tx| {
                assert_eq!(tx.optional(IDS, &[], id)?, None);
                assert!(matches!(tx.one(IDS, &[], id), Err(StoreError::Missing { statement: IDS })));
                fill(tx, 1)?;
                assert_eq!((tx.one(IDS, &[], id)?, tx.optional(IDS, &[], id)?), (0, Some(0)));
                tx.execute(INSERT, &[1.into(), Value::Null])?;
                for outcome in [tx.one(IDS, &[], id).map(Some), tx.optional(IDS, &[], id)] {
                    assert!(matches!(outcome, Err(StoreError::TooMany { limit: 1, .. })), "{outcome:?}");
                }
                // None of these refusals is the engine's: the transaction goes on.
                assert_eq!(tx.list(IDS, &[], id)?, [0, 1]);
                Ok(())
            })
            .unwrap();
        assert_eq!(super::count(&store), 2);
    });
}

#[test]
fn lists_are_bounded_and_for_each_is_not() {
    on_both(|place| {
        let store = place.migrated();
        let limit = i64::try_from(LIST_LIMIT).unwrap();
        store.write_blocking(move |tx| fill(tx, limit)).unwrap();
        assert_eq!(store.read_blocking(|tx| tx.list(IDS, &[], id)).unwrap().len(), LIST_LIMIT);
        store.write_blocking(move |tx| tx.execute(INSERT, &[limit.into(), Value::Null])).unwrap();
        let refused = store.read_blocking(|tx| tx.list(IDS, &[], id));
        assert!(matches!(refused, Err(StoreError::TooMany { statement: IDS, limit: LIST_LIMIT })), "{refused:?}");
        let seen = store.read_blocking(|tx| {
            let mut seen = Vec::new();
            tx.for_each(IDS, &[], |row| {
                seen.push(row.integer(0)?);
                Ok(())
            })?;
            Ok(seen)
        });
        assert_eq!(seen.unwrap(), (0..=limit).collect::<Vec<_>>());
    });
}

#[test]
fn for_each_ends_at_the_closures_error() {
    on_both(|place| {
        let store = place.migrated();
        store.write_blocking(|tx| fill(tx, 50)).unwrap();
        let (seen, after) = store
            .read_blocking(|tx| {
                let mut seen = 0;
                let outcome = tx.for_each(IDS, &[], |row| {
                    seen += 1;
                    if row.integer(0)? == 9 { Err(row.corrupt(0)) } else { Ok(()) }
                });
                assert!(matches!(outcome, Err(StoreError::Corrupt { statement: IDS, column: 0 })), "{outcome:?}");
                Ok((seen, tx.list(IDS, &[], id)?.len()))
            })
            .unwrap();
        assert_eq!((seen, after), (10, 50));
    });
}

#[test]
fn a_value_of_another_type_is_corrupt_and_names_its_column() {
    type Read = fn(&Row<'_>) -> Result<(), StoreError>;
    let wrong: [(usize, Read); 8] = [
        (1, |row| row.integer(1).map(drop)),
        (0, |row| row.text(0).map(drop)),
        (1, |row| row.blob(1).map(drop)),
        (2, |row| row.text(2).map(drop)),
        (2, |row| row.real(2).map(drop)),
        (3, |row| row.integer(3).map(drop)),
        (4, |row| row.blob(4).map(drop)),
        (9, |row| row.integer(9).map(drop)),
    ];
    on_both(|place| {
        let store = place.migrated();
        store
            .write_blocking(move |tx| {
                tx.execute(INSERT_ALL, &[1.into(), "Ada".into(), (&[0_u8, 255]).into(), 0.5.into(), true.into()])?;
                for (column, read) in wrong {
                    let outcome = tx.one(ALL, &[], read);
                    assert!(
                        matches!(outcome, Err(StoreError::Corrupt { column: c, .. }) if c == column),
                        "{outcome:?}"
                    );
                }
                tx.execute("UPDATE things SET name = NULL, content = NULL, weight = NULL", &[])?;
                for (column, read) in [
                    (1, (|row| row.text(1).map(drop)) as Read),
                    (2, |row| row.blob(2).map(drop)),
                    (3, |row| row.real(3).map(drop)),
                ] {
                    let outcome = tx.one(ALL, &[], read);
                    assert!(
                        matches!(outcome, Err(StoreError::Corrupt { column: c, .. }) if c == column),
                        "{outcome:?}"
                    );
                }
                tx.one(ALL, &[], |row| {
                    assert_eq!(
                        (row.optional_text(1)?, row.optional_blob(2)?, row.optional_real(3)?),
                        (None, None, None)
                    );
                    Ok(())
                })
            })
            .unwrap();
    });
}

#[test]
fn placeholders_are_numbers_not_positions() {
    on_both(|place| {
        let store = place.migrated();
        store
            .write_blocking(|tx| {
                tx.execute("INSERT INTO things (name, id) VALUES ($2, $1)", &[7.into(), "Ada".into()])?;
                const TWICE: &str = "SELECT id FROM things WHERE (CAST($2 AS TEXT) IS NULL OR name = $2) AND id = $1";
                assert_eq!(tx.one(TWICE, &[7.into(), "Ada".into()], id)?, 7);
                assert_eq!(tx.one(TWICE, &[7.into(), None::<&str>.into()], id)?, 7);
                assert_eq!(tx.optional(TWICE, &[7.into(), "Grace".into()], id)?, None);
                Ok(())
            })
            .unwrap();
    });
}

#[test]
fn a_misused_statement_is_a_misuse() {
    on_both(|place| {
        let store = place.migrated();
        let too_few = store.write_blocking(|tx| tx.execute(INSERT, &[1.into()]));
        let too_many = store.read_blocking(|tx| tx.list(IDS, &[1.into()], id));
        let unread = store.read_blocking(|tx| tx.execute(IDS, &[]));
        for outcome in [too_few.map(drop), too_many.map(drop), unread.map(drop)] {
            assert!(matches!(outcome, Err(StoreError::Misuse { .. })), "{outcome:?}");
        }
    });
}

#[test]
fn text_sorts_by_its_bytes() {
    on_both(|place| {
        let store = place.migrated();
        for (id, name) in [(1, "zebra"), (2, "Zebra"), (3, "émile"), (4, "emile"), (5, "_x"), (6, "10"), (7, "9")] {
            insert(&store, id, name);
        }
        let by_column = "SELECT name FROM things ORDER BY name";
        let by_word = "SELECT name FROM things ORDER BY CAST(name AS TEXT) COLLATE \"C\"";
        for statement in [by_column, by_word] {
            let sorted = store.read_blocking(move |tx| tx.list(statement, &[], |row| Ok(row.text(0)?.to_owned())));
            assert_eq!(sorted.unwrap(), ["10", "9", "Zebra", "_x", "emile", "zebra", "émile"]);
        }
    });
}

#[test]
fn what_expressions_give_is_read_alike() {
    const EXPRESSIONS: &str = "SELECT EXISTS (SELECT 1 FROM things WHERE id = $1), $1 + 1 = 2, 1 + 1, \
                               CAST(sum(id) AS BIGINT), count(*), max(weight), coalesce(max(name), 'none') FROM things";
    on_both(|place| {
        let store = place.migrated();
        insert(&store, 1, "Ada");
        insert(&store, 2, "Grace");
        store
            .read_blocking(|tx| {
                tx.one(EXPRESSIONS, &[1.into()], |row| {
                    assert!(row.flag(0)? && row.flag(1)?);
                    assert_eq!((row.integer(2)?, row.integer(3)?, row.integer(4)?), (2, 3, 2));
                    assert_eq!((row.optional_real(5)?, row.text(6)?), (None, "Grace"));
                    assert!(row.flag(2).is_err(), "2 is no flag");
                    Ok(())
                })
            })
            .unwrap();
    });
}

#[test]
fn returning_gives_rows_of_what_was_written() {
    const UPSERT: &str = "INSERT INTO things (id, name) VALUES ($1, $2) \
                          ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING id, name";
    on_both(|place| {
        let store = place.migrated();
        for name in ["Ada", "Grace"] {
            let written = store.write_blocking(move |tx| {
                tx.one(UPSERT, &[1.into(), name.into()], |row| Ok((row.integer(0)?, row.text(1)?.to_owned())))
            });
            assert_eq!(written.unwrap(), (1, name.to_owned()));
        }
        assert_eq!(super::count(&store), 1);
    });
}

#[test]
fn a_prepared_statement_tells_its_columns_alike() {
    const EVERY_TYPE: &str = "SELECT id, name AS title, content, weight FROM things WHERE name = $1 OR name = '$2'";
    const EXPRESSIONS: &str =
        "SELECT count(*), CAST(sum(weight) AS DOUBLE PRECISION) AS total FROM things WHERE id > $1";
    let known = |name: &str, kind| (name.to_owned(), Some(kind));
    on_both(|place| {
        let store = place.migrated();
        let columns = store.prepare_blocking(EVERY_TYPE).unwrap();
        let expected = [
            known("id", Kind::Integer),
            known("title", Kind::Text),
            known("content", Kind::Blob),
            known("weight", Kind::Real),
        ];
        assert_eq!(columns, expected);
        let kinds: Vec<_> = store.prepare_blocking(EXPRESSIONS).unwrap().into_iter().map(|(_, kind)| kind).collect();
        assert!(
            [Some(Kind::Integer), None].contains(&kinds[0]) && [Some(Kind::Real), None].contains(&kinds[1]),
            "{kinds:?}"
        );
        assert_eq!(store.prepare_blocking(INSERT).unwrap(), []);
        assert!(store.prepare_blocking("SELECT missing FROM things").is_err());
        for (_, statement) in rollcall::store::migrate::STATEMENTS {
            store.prepare_blocking(statement).unwrap();
        }
    });
    let place = Place::postgres();
    let numeric = place.migrated().prepare_blocking("SELECT sum(id) FROM things");
    assert!(matches!(numeric, Err(StoreError::Misuse { .. })), "{numeric:?}");
}

type Thing = (i64, Option<String>, Option<Vec<u8>>, Option<f64>);

fn things() -> impl Strategy<Value = Vec<Thing>> {
    let text = proptest::option::of("[^\0]{0,20}");
    let blob = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40));
    let real = proptest::option::of(any::<f64>().prop_filter("SQLite stores NaN as NULL", |real| !real.is_nan()));
    let content = proptest::collection::vec((text, blob, real), 0..20);
    (content, any::<i64>()).prop_map(|(content, start)| {
        let numbered = content.into_iter().zip(0..);
        numbered.map(|((text, blob, real), at)| (start.wrapping_add(at), text, blob, real)).collect()
    })
}

#[test]
fn every_value_comes_back_as_it_went_in() {
    on_both(|place| {
        let store = place.migrated();
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(40));
        let outcome = runner.run(&things(), |mut given| {
            let written = given.clone();
            let read = store
                .write_blocking(move |tx| {
                    tx.execute("DELETE FROM things", &[])?;
                    for (index, (id, text, blob, real)) in written.iter().enumerate() {
                        // The column is unique.
                        let name = text.as_ref().map(|text| format!("{index}{text}"));
                        tx.execute(
                            INSERT_ALL,
                            &[(*id).into(), name.into(), blob.as_ref().into(), (*real).into(), false.into()],
                        )?;
                    }
                    tx.list(ALL, &[], |row| -> Result<Thing, StoreError> {
                        let text =
                            row.optional_text(1)?.map(|text| text.trim_start_matches(|c: char| c.is_ascii_digit()));
                        let blob = row.optional_blob(2)?.map(<[u8]>::to_vec);
                        Ok((row.integer(0)?, text.map(str::to_owned), blob, row.optional_real(3)?))
                    })
                })
                .unwrap();
            given.sort_by_key(|thing| thing.0);
            for thing in &mut given {
                thing.1 = thing.1.take().map(|text| text.trim_start_matches(|c: char| c.is_ascii_digit()).to_owned());
            }
            prop_assert_eq!(read, given);
            Ok(())
        });
        outcome.unwrap();
    });
}
