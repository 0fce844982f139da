//! The portable subset, enforced: every statement is prepared on both engines, and its columns compared.

use rollcall::store::bulk::Kind;
use rollcall::store::db::Store;
use rollcall::store::migrate::{self, Migration};

use super::{Place, SCHEMA};

/// A statement and the name its constant has.
pub(crate) type Named = (&'static str, &'static str);

/// What keeps these statements from meaning the same on both engines, one line each; none if all is well. The
/// migrations make the tables that the statements use.
pub(crate) fn differences(migrations: &'static [Migration], statements: &[Named]) -> Vec<String> {
    let places = [Place::sqlite(), Place::postgres()];
    let [sqlite, postgres] = places.each_ref().map(Place::open);
    for store in [&sqlite, &postgres] {
        store.migrate_blocking(migrations).unwrap();
    }
    let mut found = Vec::new();
    for (name, statement) in statements {
        match (columns(&sqlite, statement), columns(&postgres, statement)) {
            (Ok(left), Ok(right)) if agree(&left, &right) => {}
            (left, right) => found.push(format!("{name}: SQLite {left:?}, PostgreSQL {right:?}")),
        }
    }
    found
}

type Columns = Vec<(String, Option<Kind>)>;

fn columns(store: &Store, statement: &'static str) -> Result<Columns, String> {
    store.prepare_blocking(statement).map_err(|error| error.to_string())
}

/// The same number of columns, and the same type where both engines know it. Names of expressions differ and are not
/// used.
fn agree(left: &Columns, right: &Columns) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).all(|((_, left), (_, right))| left.is_none() || right.is_none() || left == right)
}

#[test]
fn the_engine_rooms_own_statements_are_portable() {
    assert_eq!(differences(SCHEMA, migrate::STATEMENTS), Vec::<String>::new());
}

#[test]
fn portable_statements_pass() {
    let fine: &[Named] = &[
        ("columns", "SELECT id, name, content, weight, good FROM things WHERE id = $1"),
        (
            "renamed",
            "SELECT t.name AS title FROM things t JOIN stays s ON s.thing = t.id ORDER BY t.name, t.id LIMIT $1",
        ),
        ("aggregates", "SELECT count(*), CAST(sum(id) AS BIGINT), max(name), coalesce(max(id), 0) FROM things"),
        ("texts", "SELECT coalesce(name, ''), CASE WHEN good = 1 THEN 'yes' ELSE 'no' END, name || $1 FROM things"),
        ("truths", "SELECT EXISTS (SELECT 1 FROM things WHERE id = $1), good = 1, name IS NULL FROM things"),
        ("optional", "SELECT id FROM things WHERE CAST($1 AS TEXT) IS NULL OR name = $1"),
        ("keyset", "SELECT id FROM things WHERE (name, id) > ($1, $2) ORDER BY name, id LIMIT 50"),
        (
            "with",
            "WITH open AS (SELECT thing FROM stays WHERE until = $1) SELECT id FROM things JOIN open ON thing = id",
        ),
        ("upsert", "INSERT INTO things (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = excluded.name"),
        ("returning", "UPDATE head SET generation = generation + 1 WHERE id = 1 RETURNING generation"),
        ("distinct", "SELECT id FROM things WHERE name IS DISTINCT FROM $1"),
        ("halves", "SELECT id, weight / 2, CAST(id AS DOUBLE PRECISION) / 2 FROM things"),
    ];
    assert_eq!(differences(SCHEMA, fine), Vec::<String>::new());
}

#[test]
fn what_only_one_engine_takes_is_found() {
    let wrong: &[Named] = &[
        ("numeric", "SELECT sum(id) FROM things"),
        ("postgres_only", "SELECT id::text FROM things"),
        ("sqlite_only", "SELECT id FROM things WHERE name GLOB 'a*'"),
        ("missing", "SELECT colour FROM things"),
    ];
    let found = differences(SCHEMA, wrong);
    let names: Vec<&str> = found.iter().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(names, ["numeric", "postgres_only", "sqlite_only", "missing"]);
}
