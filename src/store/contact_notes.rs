//! What people wrote about contacts and companies, and what happened to them.

use contact::field::Entity;

use crate::nouns::contact::{Happened, Note};
use crate::store::bulk::{Bulk, Column, Update};
use crate::store::contact_records::number;
use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::Value;

const NOTES: &str = "
    SELECT number, at, author, text FROM contact_notes
    WHERE entity = $1 AND owner = $2 ORDER BY number DESC LIMIT 1000";
const ADD_NOTE: &str = "
    INSERT INTO contact_notes (number, entity, owner, at, author, text)
    SELECT COALESCE(max(number), 0) + 1, $1, $2, $3, $4, $5 FROM contact_notes
    RETURNING number";
const DROP_NOTE: &str = "DELETE FROM contact_notes WHERE number = $1 AND entity = $2 AND owner = $3";
const GIVE_NOTES: &str = "UPDATE contact_notes SET owner = $3 WHERE entity = $1 AND owner = $2";
const DROP_NOTES: &str = "DELETE FROM contact_notes WHERE entity = $1 AND owner = $2";
const HISTORY: &str = "
    SELECT entity, owner, at, kind, author, run, told FROM contact_history
    WHERE entity = $1 AND owner = $2 ORDER BY at DESC, number DESC LIMIT $3";
const LAST: &str = "SELECT max(number) FROM contact_history";
const GIVE_HISTORY: &str = "UPDATE contact_history SET owner = $3 WHERE entity = $1 AND owner = $2";
const DROP_HISTORY: &str = "DELETE FROM contact_history WHERE entity = $1 AND owner = $2";

const EVENTS: Bulk = Bulk {
    table: "contact_history",
    columns: &[
        Column::integer("number"),
        Column::text("entity"),
        Column::integer("owner"),
        Column::integer("at"),
        Column::text("kind"),
        Column::text("author"),
        Column::integer("run"),
        Column::text("told"),
    ],
    key: &["number"],
    update: Update::Nothing,
};

/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&EVENTS];

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("contact_notes.NOTES", NOTES),
    ("contact_notes.ADD_NOTE", ADD_NOTE),
    ("contact_notes.DROP_NOTE", DROP_NOTE),
    ("contact_notes.GIVE_NOTES", GIVE_NOTES),
    ("contact_notes.DROP_NOTES", DROP_NOTES),
    ("contact_notes.HISTORY", HISTORY),
    ("contact_notes.LAST", LAST),
    ("contact_notes.GIVE_HISTORY", GIVE_HISTORY),
    ("contact_notes.DROP_HISTORY", DROP_HISTORY),
];

/// What people wrote about a record, the newest first; at most 1,000.
pub fn notes(tx: &mut Tx, (entity, owner): (Entity, u32)) -> Result<Vec<Note>, StoreError> {
    tx.list(NOTES, &[entity.as_str().into(), owner.into()], |row| {
        Ok(Note {
            number: row.integer(0)?,
            at: moment(row, 1)?,
            author: row.text(2)?.to_owned(),
            text: row.text(3)?.to_owned(),
        })
    })
}

/// Adds a note; its number. The note's own number is not looked at.
pub fn add_note(tx: &mut Tx, (entity, owner): (Entity, u32), note: &Note) -> Result<i64, StoreError> {
    let arguments = [
        entity.as_str().into(),
        owner.into(),
        note.at.as_microsecond().into(),
        (&note.author).into(),
        (&note.text).into(),
    ];
    tx.one(ADD_NOTE, &arguments, |row| row.integer(0))
}

/// Takes a note away; whether there was one.
pub fn drop_note(tx: &mut Tx, (entity, owner): (Entity, u32), number: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(DROP_NOTE, &[number.into(), entity.as_str().into(), owner.into()])? > 0)
}

/// What happened to a record, the newest first; at most 1,000.
pub fn history(tx: &mut Tx, (entity, owner): (Entity, u32), limit: u32) -> Result<Vec<Happened>, StoreError> {
    tx.list(HISTORY, &[entity.as_str().into(), owner.into(), limit.min(1_000).into()], |row| {
        Ok(Happened {
            entity: Entity::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
            owner: number(row, 1)?,
            at: moment(row, 2)?,
            kind: row.text(3)?.to_owned(),
            author: row.text(4)?.to_owned(),
            run: row.optional_integer(5)?,
            told: row.text(6)?.to_owned(),
        })
    })
}

/// Adds what happened.
pub fn happened(tx: &mut Tx, events: &[Happened]) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let last = tx.one(LAST, &[], |row| row.optional_integer(0))?.unwrap_or(0);
    let rows = events.iter().zip(last + 1..).map(|(of, number)| -> [Value<'_>; 8] {
        [
            number.into(),
            of.entity.as_str().into(),
            of.owner.into(),
            of.at.as_microsecond().into(),
            (&of.kind).into(),
            (&of.author).into(),
            of.run.into(),
            (&of.told).into(),
        ]
    });
    tx.bulk(&EVENTS, rows).map(drop)
}

/// Gives notes and history of one record to another.
pub fn give(tx: &mut Tx, entity: Entity, (from, to): (u32, u32)) -> Result<(), StoreError> {
    tx.execute(GIVE_NOTES, &[entity.as_str().into(), from.into(), to.into()])?;
    tx.execute(GIVE_HISTORY, &[entity.as_str().into(), from.into(), to.into()]).map(drop)
}

/// Forgets notes and history of a record.
pub fn forget(tx: &mut Tx, (entity, owner): (Entity, u32)) -> Result<(), StoreError> {
    tx.execute(DROP_NOTES, &[entity.as_str().into(), owner.into()])?;
    tx.execute(DROP_HISTORY, &[entity.as_str().into(), owner.into()]).map(drop)
}
