//! Migrations: all or nothing, each once, never backwards.

use rollcall::store::dialect::Engine;
use rollcall::store::error::StoreError;
use rollcall::store::migrate::{Migrated, Migration};

use super::{INSERT, Place, SCHEMA, count, insert, on_both};

const SECOND: Migration = Migration {
    number: 2,
    name: "colours",
    sql: "ALTER TABLE things ADD COLUMN colour TEXT COLLATE \"C\";\nUPDATE things SET colour = 'red; or\n so';\n",
};

const GROWN: &[Migration] = &[SCHEMA[0], SECOND];

#[test]
fn a_database_gets_what_it_lacks_and_each_migration_once() {
    on_both(|place| {
        let store = place.open();
        assert_eq!(store.migrate_blocking(SCHEMA).unwrap(), Migrated { from: 0, to: 1 });
        insert(&store, 1, "Ada");
        assert_eq!(store.migrate_blocking(SCHEMA).unwrap(), Migrated { from: 1, to: 1 });
        store.close_blocking();
        let store = place.open();
        assert_eq!(store.migrate_blocking(GROWN).unwrap(), Migrated { from: 1, to: 2 });
        let colour = store.read_blocking(|tx| {
            tx.one("SELECT colour FROM things WHERE id = $1", &[1.into()], |row| Ok(row.text(0)?.to_owned()))
        });
        assert_eq!(colour.unwrap(), "red; or\n so");
        let number = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert_eq!(number.block_on(store.schema_number()).unwrap(), 2);
    });
}

#[test]
fn a_newer_database_is_left_alone() {
    on_both(|place| {
        let store = place.open();
        store.migrate_blocking(GROWN).unwrap();
        let outcome = store.migrate_blocking(SCHEMA);
        assert!(matches!(outcome, Err(StoreError::NewerSchema { found: 2, known: 1 })), "{outcome:?}");
        assert_eq!(count(&store), 0);
    });
}

#[test]
fn a_migration_that_fails_leaves_nothing_of_any() {
    const BROKEN: &[Migration] =
        &[SCHEMA[0], Migration { number: 2, name: "broken", sql: "CREATE TABLE fine (id BIGINT);\nCREATE TABLE;\n" }];
    on_both(|place| {
        let store = place.open();
        let outcome = store.migrate_blocking(BROKEN);
        let Err(StoreError::Migration { number: 2, name: "broken", message }) = outcome else { panic!("{outcome:?}") };
        assert!(message.contains("CREATE TABLE"), "{message}");
        assert!(store.read_blocking(|tx| tx.one("SELECT count(*) FROM things", &[], |row| row.integer(0))).is_err());
        assert_eq!(store.migrate_blocking(GROWN).unwrap(), Migrated { from: 0, to: 2 });
    });
}

#[test]
fn a_history_that_does_not_fit_is_refused() {
    const RENAMED: &[Migration] = &[Migration { number: 1, name: "begin", sql: "" }];
    const UNORDERED: &[Migration] = &[SECOND, SCHEMA[0]];
    const UNENDED: &[Migration] = &[Migration { number: 1, name: "unended", sql: "CREATE TABLE a (id BIGINT)" }];
    const MISMARKED: &[Migration] = &[Migration { number: 1, name: "mismarked", sql: "-- clustered\nSELECT 1;\n" }];
    on_both(|place| {
        let store = place.open();
        for migrations in [UNORDERED, UNENDED, MISMARKED] {
            let outcome = store.migrate_blocking(migrations);
            assert!(matches!(outcome, Err(StoreError::Migration { .. })), "{outcome:?}");
        }
        store.migrate_blocking(SCHEMA).unwrap();
        let outcome = store.migrate_blocking(RENAMED);
        assert!(matches!(outcome, Err(StoreError::Migration { number: 1, .. })), "{outcome:?}");
    });
}

#[test]
fn nodes_that_migrate_at_once_do_it_once() {
    on_both(|place| {
        let mut options = place.options();
        options.waits.lock = std::time::Duration::from_secs(30);
        let done: Vec<Migrated> = std::thread::scope(|scope| {
            let nodes: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| place.open_with(options.clone()).migrate_blocking(GROWN).unwrap()))
                .collect();
            nodes.into_iter().map(|node| node.join().unwrap()).collect()
        });
        assert_eq!(done.iter().filter(|migrated| migrated.from == 0).count(), 1, "{done:?}");
    });
}

#[test]
fn sqlite_clusters_what_is_marked_and_any_tool_can_read_the_file() {
    let place = Place::sqlite();
    place.migrated().close_blocking();
    let rollcall::store::db::Location::Sqlite { path } = &place.location else { panic!("a file") };
    let plain = rusqlite::Connection::open(path).unwrap();
    let clustered: Vec<String> = plain
        .prepare("SELECT name FROM pragma_table_list WHERE schema = 'main' AND wr = 1")
        .unwrap()
        .query_map((), |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(clustered, ["stays"]);
    // A connection that does not know a collation named C can sort and look up all the same.
    plain.execute("INSERT INTO things (id, name) VALUES (1, 'Ada')", ()).unwrap();
    let found: i64 =
        plain.query_row("SELECT id FROM things WHERE name >= 'A' ORDER BY name", (), |row| row.get(0)).unwrap();
    assert_eq!(found, 1);
}

#[test]
fn writes_on_postgres_are_noted_once_the_table_is_there() {
    let place = Place::postgres();
    let store = place.migrated();
    let noted = || store.read_blocking(|tx| tx.one("SELECT count(*) FROM writes", &[], |row| row.integer(0))).unwrap();
    let before = noted();
    store.write_blocking(|tx| tx.execute(INSERT, &[1.into(), "Ada".into()])).unwrap();
    assert_eq!((noted(), place.engine), (before + 1, Engine::Postgres));
}
