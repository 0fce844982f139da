//! Every statement and every bulk write of the store, on both engines: none is left out, and each means the same.

use rollcall::store::bulk::{Bulk, BulkUpdate, Column, Kind, Update};
use rollcall::store::error::StoreError;
use rollcall::store::value::Value;
use rollcall::store::{control, schema};

use super::on_both;
use crate::store::portable::{Named, differences};

fn organization_statements() -> Vec<Named> {
    schema::ORGANIZATION_STATEMENTS.iter().copied().flatten().copied().collect()
}

fn bulks() -> impl Iterator<Item = &'static Bulk> {
    schema::ORGANIZATION_BULKS.iter().copied().flatten().copied()
}

fn bulk_updates() -> impl Iterator<Item = &'static BulkUpdate> {
    schema::ORGANIZATION_BULK_UPDATES.iter().copied().flatten().copied()
}

#[test]
fn every_statement_on_an_organization_means_the_same_on_both_engines() {
    assert_eq!(differences(schema::ORGANIZATION, &organization_statements()), Vec::<String>::new());
}

/// The names of constants of a type in a file.
fn constants(source: &str, kind: &str) -> Vec<String> {
    (source.lines())
        .filter_map(|line| line.strip_prefix("pub ").unwrap_or(line).strip_prefix("const "))
        .filter_map(|declaration| declaration.split_once(": "))
        .filter(|(_, rest)| rest.starts_with(kind))
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[test]
fn no_statement_is_left_out_of_the_lists() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let listed: Vec<&str> =
        organization_statements().iter().chain(control::STATEMENTS).map(|(name, _)| *name).collect();
    let (mut missing, mut declared, mut declared_bulks, mut declared_updates) = (Vec::new(), 0, 0, 0);
    for (part, prefix) in [("", ""), ("control", "control.")] {
        for entry in std::fs::read_dir(folder.join(part)).unwrap() {
            let path = entry.unwrap().path();
            let Some(file) = path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned) else { continue };
            // These are the engine room, whose statements have a test of their own.
            if !path.is_file() || ["dialect", "migrate"].contains(&file.as_str()) {
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            let names = constants(&source, "&str").into_iter().map(|name| format!("{prefix}{file}.{name}"));
            for name in names {
                declared += 1;
                if !listed.contains(&name.as_str()) {
                    missing.push(name);
                }
            }
            declared_bulks += constants(&source, "Bulk =").len();
            declared_updates += constants(&source, "BulkUpdate =").len();
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    assert_eq!(listed.len(), declared, "a name is listed twice, or for nothing");
    assert_eq!((bulks().count(), bulk_updates().count()), (declared_bulks, declared_updates));
}

/// A value that the column's table takes.
fn value(table: &str, column: &Column) -> Value<'static> {
    match (table, column.name) {
        ("coverage", "noun") => "accounts".into(),
        ("coverage", "state") => "complete".into(),
        ("chains", "state") => "walking".into(),
        ("run_notes", "kind") => "gap".into(),
        ("operation_rows", "state") => "planned".into(),
        ("task_warnings", "state") => "planned".into(),
        ("contact_records" | "contact_history", "entity") => "contact".into(),
        ("contact_records", "state") => "live".into(),
        ("contact_identities", "state") => "linked".into(),
        ("feed_log", "severity") => "error".into(),
        ("feed_rows", "kind") => "new".into(),
        ("feed_people", "state") => "active".into(),
        ("feed_people", "link_how") => "hand".into(),
        ("feed_agreed", "state") => "given".into(),
        ("feed_link_cases", "kind") => "taken".into(),
        ("feed_plan_rows", "step") => "add".into(),
        ("feed_plan_rows", "why") => "gone".into(),
        ("touched", "subject") => "accounts".into(),
        ("site_accounts", "kind") => "customer".into(),
        // Somebody on a list of customers alone, whose address is hidden.
        ("site_accounts", "in_users") => 0.into(),
        ("site_accounts", "email" | "gone_at") => Value::Null,
        (_, "until") => i64::MAX.into(),
        _ => match column.kind {
            Kind::Integer => 1.into(),
            Kind::Real => 0.5.into(),
            Kind::Text => "Zoë".into(),
            Kind::Blob => vec![0, 1, 255].into(),
        },
    }
}

fn row(table: &str, columns: &[Column]) -> Vec<Value<'static>> {
    columns.iter().map(|column| value(table, column)).collect()
}

#[test]
fn every_bulk_write_is_taken_and_its_key_is_one() {
    on_both(|store| {
        for bulk in bulks() {
            let insert = move || store.write_blocking(move |tx| tx.bulk(bulk, [row(bulk.table, bulk.columns)]));
            assert_eq!(insert().unwrap(), 1, "{}", bulk.table);
            let again = insert();
            match bulk.update {
                Update::Nothing => assert!(matches!(again, Err(StoreError::Conflict { .. })), "{bulk:?} {again:?}"),
                Update::Ignore => assert_eq!(again.unwrap(), 0, "{}", bulk.table),
                Update::Columns(_) => assert_eq!(again.unwrap(), 1, "{}", bulk.table),
            }
        }
    });
}

#[test]
fn every_bulk_update_finds_the_row_that_its_key_names() {
    on_both(|store| {
        for bulk in bulks() {
            super::write(store, move |tx| tx.bulk(bulk, [row(bulk.table, bulk.columns)]));
        }
        // Ends come last: they take away the rows that hold.
        let (ends, others): (Vec<_>, Vec<_>) = bulk_updates().partition(|update| update.set[0].name == "until");
        for update in others.into_iter().chain(ends) {
            let number = |column: &Column| column.kind == Kind::Integer;
            let set = update.set.iter();
            let set = set.map(|column| if number(column) { Value::from(0) } else { value(update.table, column) });
            let mut values: Vec<Value<'static>> = set.collect();
            values.extend(row(update.table, update.matching));
            let changed = super::write(store, move |tx| tx.bulk_update(update, [values]));
            assert_eq!(changed, 1, "{update:?}");
        }
    });
}
