//! The fields that people defined for contacts and companies.

use contact::field::{Entity, Field, FieldKind};

use crate::store::contact_records::number;
use crate::store::contact_text::{list_text, read_list};
use crate::store::error::StoreError;
use crate::store::tx::Tx;

const LIST: &str = "
    SELECT number, entity, code, label, kind, choices, required, default_value, section, place FROM contact_fields
    ORDER BY entity, place, number LIMIT 1000";
const LAST: &str = "SELECT max(number) FROM contact_fields";
const PUT: &str = "
    INSERT INTO contact_fields (number, entity, code, label, kind, choices, required, default_value, section, place)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (number) DO UPDATE
    SET code = excluded.code, label = excluded.label, choices = excluded.choices, required = excluded.required,
        default_value = excluded.default_value, section = excluded.section, place = excluded.place";
const REMOVE: &str = "DELETE FROM contact_fields WHERE number = $1";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("contact_fields.LIST", LIST),
    ("contact_fields.LAST", LAST),
    ("contact_fields.PUT", PUT),
    ("contact_fields.REMOVE", REMOVE),
];

/// All fields: those of companies, then those of contacts, each in their order.
pub fn list(tx: &mut Tx) -> Result<Vec<Field>, StoreError> {
    tx.list(LIST, &[], |row| {
        Ok(Field {
            number: number(row, 0)?,
            entity: Entity::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?,
            code: row.text(2)?.to_owned(),
            label: row.text(3)?.to_owned(),
            kind: FieldKind::parse(row.text(4)?).ok_or_else(|| row.corrupt(4))?,
            choices: read_list(row.text(5)?).ok_or_else(|| row.corrupt(5))?,
            required: row.flag(6)?,
            default: row.optional_text(7)?.map(str::to_owned),
            section: row.text(8)?.to_owned(),
            place: number(row, 9)?,
        })
    })
}

/// The number of a field that is about to be made.
pub fn next_number(tx: &mut Tx) -> Result<u32, StoreError> {
    let last = tx.one(LAST, &[], |row| row.optional_integer(0))?.unwrap_or(0);
    Ok(u32::try_from(last + 1).unwrap_or(u32::MAX))
}

/// Adds a field, or changes one; what it is of and what its values are stays.
pub fn put(tx: &mut Tx, field: &Field) -> Result<(), StoreError> {
    let arguments = [
        field.number.into(),
        field.entity.as_str().into(),
        (&field.code).into(),
        (&field.label).into(),
        field.kind.as_str().into(),
        list_text(&field.choices).into(),
        field.required.into(),
        field.default.as_deref().into(),
        (&field.section).into(),
        field.place.into(),
    ];
    tx.execute(PUT, &arguments).map(drop)
}

/// Takes a field away. Its values stay with their records, unseen, under a number that no other field gets while this was
/// not the last one.
pub fn remove(tx: &mut Tx, number: u32) -> Result<bool, StoreError> {
    Ok(tx.execute(REMOVE, &[number.into()])? > 0)
}
