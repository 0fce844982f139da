//! Contacts and companies, one row each, whatever became of them.

use contact::field::Entity;
use contact::sync::Mark;
use jiff::Timestamp;

use crate::id::RecordId;
use crate::nouns::contact::{Record, RecordState};
use crate::store::bulk::{Bulk, BulkUpdate, Column, Update};
use crate::store::contact_text::{list_text, read_list, read_values, values_text};
use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::{Row, Value};

const FIND: &str = "
    SELECT entity, number, id, state, merged_into, name, email, domains, tags, field_values, is_user, is_customer,
        status, created_at, created_by, changed_at
    FROM contact_records WHERE id = $1";
const OF_NUMBER: &str = "
    SELECT entity, number, id, state, merged_into, name, email, domains, tags, field_values, is_user, is_customer,
        status, created_at, created_by, changed_at
    FROM contact_records WHERE entity = $1 AND number = $2";
const SINCE: &str = "
    SELECT entity, number, id, state, merged_into, name, email, domains, tags, field_values, is_user, is_customer,
        status, created_at, created_by, changed_at
    FROM contact_records WHERE version > $1 ORDER BY entity, number";
const COMPANIES: &str = "
    SELECT number, name FROM contact_records WHERE entity = 'company' AND state = 'live' ORDER BY number";
const SYNCED: &str = "
    SELECT number, name, email, is_user, is_customer, status FROM contact_records
    WHERE entity = 'contact' AND state = 'live' ORDER BY number";
const LAST: &str = "SELECT max(number) FROM contact_records WHERE entity = $1";
const COUNT_SYNCED: &str = "
    SELECT count(*) FROM contact_records WHERE entity = 'contact' AND state = 'live' AND status IS NOT NULL";
const RELEASE_ALL: &str = "
    UPDATE contact_records SET is_user = 0, is_customer = 0, status = NULL, changed_at = $1, version = $2
    WHERE entity = 'contact' AND status IS NOT NULL";
const TOUCH: &str = "
    UPDATE contact_records SET changed_at = $3, version = $4 WHERE entity = $1 AND number = $2";
const GIVE_MERGED: &str = "
    UPDATE contact_records SET merged_into = $3 WHERE entity = $1 AND merged_into = $2";

const RECORDS: Bulk = Bulk {
    table: "contact_records",
    columns: &[
        Column::text("entity"),
        Column::integer("number"),
        Column::text("id"),
        Column::text("state"),
        Column::integer("merged_into"),
        Column::text("name"),
        Column::text("email"),
        Column::text("domains"),
        Column::text("tags"),
        Column::text("field_values"),
        Column::integer("is_user"),
        Column::integer("is_customer"),
        Column::text("status"),
        Column::integer("created_at"),
        Column::text("created_by"),
        Column::integer("changed_at"),
        Column::integer("version"),
    ],
    key: &["entity", "number"],
    update: Update::Columns(&[
        "state",
        "merged_into",
        "name",
        "email",
        "domains",
        "tags",
        "field_values",
        "is_user",
        "is_customer",
        "status",
        "changed_at",
        "version",
    ]),
};

const FOLLOW: BulkUpdate = BulkUpdate {
    table: "contact_records",
    set: &[
        Column::text("name"),
        Column::text("email"),
        Column::integer("is_user"),
        Column::integer("is_customer"),
        Column::text("status"),
        Column::integer("changed_at"),
        Column::integer("version"),
    ],
    matching: &[Column::text("entity"), Column::integer("number")],
    and: "",
};

/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&RECORDS];
/// The bulk updates of this file.
pub const BULK_UPDATES: &[&BulkUpdate] = &[&FOLLOW];

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("contact_records.FIND", FIND),
    ("contact_records.OF_NUMBER", OF_NUMBER),
    ("contact_records.SINCE", SINCE),
    ("contact_records.COMPANIES", COMPANIES),
    ("contact_records.SYNCED", SYNCED),
    ("contact_records.LAST", LAST),
    ("contact_records.COUNT_SYNCED", COUNT_SYNCED),
    ("contact_records.RELEASE_ALL", RELEASE_ALL),
    ("contact_records.TOUCH", TOUCH),
    ("contact_records.GIVE_MERGED", GIVE_MERGED),
];

/// A record by its id.
pub fn find(tx: &mut Tx, id: &RecordId) -> Result<Option<Record>, StoreError> {
    tx.optional(FIND, &[id.as_str().into()], record)
}

/// A record by its number.
pub fn of_number(tx: &mut Tx, entity: Entity, number: u32) -> Result<Option<Record>, StoreError> {
    tx.optional(OF_NUMBER, &[entity.as_str().into(), number.into()], record)
}

/// Shows every record that was written after a version, contacts before companies, by number.
pub fn since(
    tx: &mut Tx,
    version: i64,
    mut show: impl FnMut(Record) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    tx.for_each(SINCE, &[version.into()], |row| show(record(row)?))
}

/// The first company of a name, in any case and with or without accents.
pub fn company_named(tx: &mut Tx, name: &str) -> Result<Option<Record>, StoreError> {
    let wanted = directory::fold_text(name);
    let mut found = None;
    tx.for_each(COMPANIES, &[], |row| {
        if found.is_none() && directory::fold_text(row.text(1)?) == wanted {
            found = Some(number(row, 0)?);
        }
        Ok(())
    })?;
    match found {
        Some(number) => of_number(tx, Entity::Company, number),
        None => Ok(None),
    }
}

/// Every contact as syncing knows it, by number.
pub fn synced(tx: &mut Tx) -> Result<Vec<contact::sync::Known>, StoreError> {
    let mut known = Vec::new();
    tx.for_each(SYNCED, &[], |row| {
        let mark = mark(row, (3, 4, 5))?;
        known.push(contact::sync::Known {
            number: number(row, 0)?,
            name: row.text(1)?.to_owned(),
            email: row.optional_text(2)?.map(str::to_owned),
            mark,
        });
        Ok(())
    })?;
    Ok(known)
}

/// How many contacts an account keeps.
pub fn count_synced(tx: &mut Tx) -> Result<u64, StoreError> {
    tx.one(COUNT_SYNCED, &[], |row| Ok(row.integer(0)?.unsigned_abs()))
}

/// The highest number of any contact, or company; 0 when there is none.
pub fn last(tx: &mut Tx, entity: Entity) -> Result<u32, StoreError> {
    let last = tx.one(LAST, &[entity.as_str().into()], |row| row.optional_integer(0))?.unwrap_or(0);
    Ok(u32::try_from(last).unwrap_or(u32::MAX))
}

/// Writes records, new ones and others, as of a version.
pub fn put(tx: &mut Tx, records: &[Record], version: i64) -> Result<(), StoreError> {
    let texts: Vec<[String; 3]> =
        records.iter().map(|of| [list_text(&of.domains), list_text(&of.tags), values_text(&of.values)]).collect();
    let rows = records.iter().zip(&texts).map(|(of, [domains, tags, values])| -> [Value<'_>; 17] {
        let mark = of.mark.as_ref();
        [
            of.entity.as_str().into(),
            of.number.into(),
            of.id.as_str().into(),
            of.state.as_str().into(),
            of.merged_into.into(),
            (&of.name).into(),
            of.email.as_deref().into(),
            domains.into(),
            tags.into(),
            values.into(),
            mark.is_some_and(|mark| mark.user).into(),
            mark.is_some_and(|mark| mark.customer).into(),
            mark.map(|mark| &mark.status).into(),
            of.created_at.as_microsecond().into(),
            (&of.created_by).into(),
            of.changed_at.as_microsecond().into(),
            version.into(),
        ]
    });
    tx.bulk(&RECORDS, rows).map(drop)
}

/// Lets contacts follow their accounts.
pub fn follow(
    tx: &mut Tx,
    changes: &[contact::sync::Change],
    (now, version): (Timestamp, i64),
) -> Result<(), StoreError> {
    let rows = changes.iter().map(|change| -> [Value<'_>; 9] {
        let mark = change.mark.as_ref();
        [
            (&change.name).into(),
            change.email.as_deref().into(),
            mark.is_some_and(|mark| mark.user).into(),
            mark.is_some_and(|mark| mark.customer).into(),
            mark.map(|mark| &mark.status).into(),
            now.as_microsecond().into(),
            version.into(),
            Entity::Contact.as_str().into(),
            change.contact.into(),
        ]
    });
    tx.bulk_update(&FOLLOW, rows).map(drop)
}

/// Makes every synced contact a regular one; how many they were.
pub fn release_all(tx: &mut Tx, (now, version): (Timestamp, i64)) -> Result<u64, StoreError> {
    tx.execute(RELEASE_ALL, &[now.as_microsecond().into(), version.into()])
}

/// Says that something beside a record's row changed.
pub fn touch(tx: &mut Tx, (entity, number): (Entity, u32), (now, version): (Timestamp, i64)) -> Result<(), StoreError> {
    let arguments = [entity.as_str().into(), number.into(), now.as_microsecond().into(), version.into()];
    tx.execute(TOUCH, &arguments).map(drop)
}

/// Lets whatever was merged into one record lead to another.
pub fn give_merged(tx: &mut Tx, entity: Entity, (from, to): (u32, u32)) -> Result<(), StoreError> {
    tx.execute(GIVE_MERGED, &[entity.as_str().into(), from.into(), to.into()]).map(drop)
}

pub(super) fn number(row: &Row<'_>, column: usize) -> Result<u32, StoreError> {
    u32::try_from(row.integer(column)?).map_err(|_| row.corrupt(column))
}

fn mark(row: &Row<'_>, (user, customer, status): (usize, usize, usize)) -> Result<Option<Mark>, StoreError> {
    let (user, customer) = (row.flag(user)?, row.flag(customer)?);
    Ok(row.optional_text(status)?.map(|status| Mark { user, customer, status: status.to_owned() }))
}

fn record(row: &Row<'_>) -> Result<Record, StoreError> {
    let merged_into = row.optional_integer(4)?.map(u32::try_from).transpose().map_err(|_| row.corrupt(4))?;
    Ok(Record {
        entity: Entity::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
        number: number(row, 1)?,
        id: RecordId::parse(row.text(2)?).ok_or_else(|| row.corrupt(2))?,
        state: RecordState::parse(row.text(3)?).ok_or_else(|| row.corrupt(3))?,
        merged_into,
        name: row.text(5)?.to_owned(),
        email: row.optional_text(6)?.map(str::to_owned),
        domains: read_list(row.text(7)?).ok_or_else(|| row.corrupt(7))?,
        tags: read_list(row.text(8)?).ok_or_else(|| row.corrupt(8))?,
        values: read_values(row.text(9)?).ok_or_else(|| row.corrupt(9))?,
        mark: mark(row, (10, 11, 12))?,
        created_at: moment(row, 13)?,
        created_by: row.text(14)?.to_owned(),
        changed_at: moment(row, 15)?,
    })
}
