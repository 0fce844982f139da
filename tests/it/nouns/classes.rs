//! The classes of text: what every TEXT and BYTEA column of both kinds of database may hold is said in one list beside
//! the migrations, and the list is complete.

use std::collections::BTreeMap;

use rollcall::store::dialect::Engine;
use rollcall::store::migrate::Migration;
use rollcall::store::personal_actors::ACTORS;
use rollcall::store::personal_places::{Handling, PLACES};
use rollcall::store::personal_texts::{SETTINGS, TEXTS};
use rollcall::store::schema;

use super::Place;

const CLASSES: [&str; 5] = ["personal", "outside", "own", "secret", "sealed"];

const SQLITE: &str = "
    SELECT t.name, c.name, c.type FROM sqlite_schema t JOIN pragma_table_info(t.name) c
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.name";
const POSTGRES: &str = "
    SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), CAST(data_type AS TEXT)
    FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY 1, 2";

/// The columns of a kind of database that hold text or bytes, as the engine's own catalogue lists them.
fn columns(place: &Place, kind: &str, migrations: &'static [Migration]) -> Vec<String> {
    let store = place.open(migrations);
    let rows = store.read_blocking(|tx| {
        let catalogue = match tx.engine() {
            Engine::Sqlite => SQLITE,
            Engine::Postgres => POSTGRES,
        };
        let texts = |index| move |row: &rollcall::store::value::Row<'_>| Ok(row.text(index)?.to_lowercase());
        tx.list(catalogue, &[], |row| Ok([texts(0)(row)?, texts(1)(row)?, texts(2)(row)?]))
    });
    let holds = |declared: &str| declared.starts_with("text") || declared == "bytea";
    let mut names: Vec<String> = (rows.unwrap().into_iter())
        .filter(|[.., declared]| holds(declared))
        .map(|[table, column, _]| format!("{kind} {table}.{column}"))
        .collect();
    names.sort();
    names
}

/// Both kinds of database, as one engine has them.
fn all_columns(place: fn() -> Place) -> Vec<String> {
    let mut names = columns(&place(), "control", schema::CONTROL);
    names.extend(columns(&place(), "organization", schema::ORGANIZATION));
    names
}

/// The list: column to class.
fn classes() -> BTreeMap<String, String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/classes.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let mut classes = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (column, class) = line.rsplit_once(' ').unwrap();
        assert!(CLASSES.contains(&class), "{line}");
        assert_eq!(classes.insert(column.to_owned(), class.to_owned()), None, "{column} is listed twice");
    }
    classes
}

#[test]
fn every_column_of_text_or_bytes_has_a_class_and_every_class_its_column() {
    let listed: Vec<String> = classes().into_keys().collect();
    for place in [Place::sqlite as fn() -> Place, Place::postgres] {
        let there = all_columns(place);
        assert!(there.len() > 100, "the catalogue was not read: {there:?}");
        let unclassed: Vec<_> = there.iter().filter(|column| !listed.contains(column)).collect();
        assert_eq!(unclassed, Vec::<&String>::new(), "say in migrations/classes.txt what these hold");
        let gone: Vec<_> = listed.iter().filter(|column| !there.contains(column)).collect();
        assert_eq!(gone, Vec::<&String>::new(), "these columns of migrations/classes.txt are gone");
    }
}

#[test]
fn what_must_not_be_taken_for_harmless_is_not() {
    let classes = classes();
    let of = |column: &str| classes[column].as_str();
    for column in ["profiles.name", "profiles.email", "profiles.unknown", "event_details.personal", "residues.entries"]
    {
        assert_eq!(of(&format!("organization {column}")), "personal", "{column}");
    }
    for column in ["administrators.username", "event_details.personal", "event_details.salt"] {
        assert_eq!(of(&format!("control {column}")), "personal", "{column}");
    }
    for column in ["administrators.password_hash", "sessions.token_hash", "setup_links.token_hash"] {
        assert_eq!(of(&format!("control {column}")), "secret", "{column}");
    }
    assert_eq!(of("organization organization_keys.sealed"), "sealed");
    assert_eq!(of("organization site_credentials.sealed"), "sealed");
    assert_eq!(of("organization site_credentials.email"), "personal");
}

#[test]
fn an_erasure_reaches_every_column_of_personal_text() {
    let personal: BTreeMap<String, String> = classes().into_iter().filter(|(_, class)| class == "personal").collect();
    let reached: BTreeMap<&str, Handling> = PLACES.iter().copied().collect();
    assert_eq!(reached.len(), PLACES.len(), "a column is listed twice");
    let missing: Vec<&String> = personal.keys().filter(|column| !reached.contains_key(column.as_str())).collect();
    assert_eq!(missing, Vec::<&String>::new(), "say in src/store/personal_places.rs how an erasure reaches these");
    let gone: Vec<&&str> = reached.keys().filter(|column| !personal.contains_key(**column)).collect();
    assert_eq!(gone, Vec::<&&str>::new(), "these columns of src/store/personal_places.rs hold nothing personal");
    // What is reached by its words is searched, and nothing else is.
    let of = |handling| -> Vec<&str> {
        let listed = PLACES.iter().filter(|(_, of)| *of == handling);
        listed.map(|(column, _)| column.trim_start_matches("organization ")).collect()
    };
    let sorted = |mut names: Vec<&'static str>| {
        names.sort_unstable();
        names
    };
    assert_eq!(sorted(TEXTS.iter().map(|place| place.name).collect()), of(Handling::Text));
    assert_eq!(sorted(ACTORS.iter().map(|place| place.name).collect()), of(Handling::Actor));
    assert_eq!(sorted(SETTINGS.iter().map(|place| place.name).collect()), of(Handling::Setting));
}
