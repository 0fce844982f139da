//! Conflicts about addresses: one row per address, however often it was in conflict.

use contact::sync::{Conflict, ConflictKind};
use jiff::Timestamp;

use crate::nouns::contact_run::{ConflictState, KeptConflict};
use crate::store::contact_text::{list_text, numbers_text, read_list, read_numbers};
use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::Row;

const ALL: &str = "
    SELECT number, email_key, kind, state, contacts, accounts, opened_at, changed_at, decided_by, reason
    FROM contact_conflicts ORDER BY number";
const LIST: &str = "
    SELECT number, email_key, kind, state, contacts, accounts, opened_at, changed_at, decided_by, reason
    FROM contact_conflicts WHERE state = $1 AND number > $2 ORDER BY number LIMIT $3";
const FIND: &str = "
    SELECT number, email_key, kind, state, contacts, accounts, opened_at, changed_at, decided_by, reason
    FROM contact_conflicts WHERE number = $1";
const COUNT_OPEN: &str = "SELECT count(*) FROM contact_conflicts WHERE state = 'open'";
const LAST: &str = "SELECT max(number) FROM contact_conflicts";
const PUT: &str = "
    INSERT INTO contact_conflicts (number, email_key, kind, state, contacts, accounts, opened_at, changed_at)
    VALUES ($1, $2, $3, 'open', $4, $5, $6, $6)
    ON CONFLICT (email_key) DO UPDATE
    SET kind = excluded.kind, state = 'open', contacts = excluded.contacts, accounts = excluded.accounts,
        opened_at = excluded.opened_at, changed_at = excluded.changed_at, decided_by = NULL, reason = NULL";
const KEEP: &str = "
    UPDATE contact_conflicts SET kind = $2, contacts = $3, accounts = $4, changed_at = $5 WHERE number = $1";
const DECIDE: &str = "
    UPDATE contact_conflicts SET state = $2, decided_by = $3, reason = $4, changed_at = $5 WHERE number = $1";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("contact_conflicts.ALL", ALL),
    ("contact_conflicts.LIST", LIST),
    ("contact_conflicts.FIND", FIND),
    ("contact_conflicts.COUNT_OPEN", COUNT_OPEN),
    ("contact_conflicts.LAST", LAST),
    ("contact_conflicts.PUT", PUT),
    ("contact_conflicts.KEEP", KEEP),
    ("contact_conflicts.DECIDE", DECIDE),
];

/// Every conflict that there is or was, the oldest first.
pub fn all(tx: &mut Tx) -> Result<Vec<KeptConflict>, StoreError> {
    let mut all = Vec::new();
    tx.for_each(ALL, &[], |row| {
        all.push(kept(row)?);
        Ok(())
    })?;
    Ok(all)
}

/// Conflicts in a state, after a number, the oldest first; at most 1,000.
pub fn list(tx: &mut Tx, state: ConflictState, (after, limit): (i64, u32)) -> Result<Vec<KeptConflict>, StoreError> {
    tx.list(LIST, &[state.as_str().into(), after.into(), limit.min(1_000).into()], kept)
}

/// A conflict by its number.
pub fn find(tx: &mut Tx, number: i64) -> Result<Option<KeptConflict>, StoreError> {
    tx.optional(FIND, &[number.into()], kept)
}

/// How many wait for a person.
pub fn count_open(tx: &mut Tx) -> Result<u64, StoreError> {
    tx.one(COUNT_OPEN, &[], |row| Ok(row.integer(0)?.unsigned_abs()))
}

/// Opens a conflict, also one that was over or dismissed.
pub fn open(tx: &mut Tx, conflict: &Conflict, now: Timestamp) -> Result<(), StoreError> {
    let next = tx.one(LAST, &[], |row| row.optional_integer(0))?.unwrap_or(0) + 1;
    let arguments = [
        next.into(),
        (&conflict.email_key).into(),
        conflict.kind.as_str().into(),
        numbers_text(&conflict.contacts).into(),
        list_text(&conflict.accounts).into(),
        now.as_microsecond().into(),
    ];
    tx.execute(PUT, &arguments).map(drop)
}

/// Writes whom a conflict is about, without opening it anew.
pub fn keep(tx: &mut Tx, number: i64, conflict: &Conflict, now: Timestamp) -> Result<(), StoreError> {
    let arguments = [
        number.into(),
        conflict.kind.as_str().into(),
        numbers_text(&conflict.contacts).into(),
        list_text(&conflict.accounts).into(),
        now.as_microsecond().into(),
    ];
    tx.execute(KEEP, &arguments).map(drop)
}

/// Dismisses a conflict, or says that it is none any more.
pub fn decide(
    tx: &mut Tx,
    number: i64,
    (state, by, reason): (ConflictState, Option<&str>, Option<&str>),
    now: Timestamp,
) -> Result<(), StoreError> {
    let arguments = [number.into(), state.as_str().into(), by.into(), reason.into(), now.as_microsecond().into()];
    tx.execute(DECIDE, &arguments).map(drop)
}

fn kept(row: &Row<'_>) -> Result<KeptConflict, StoreError> {
    let decided = match (row.optional_text(8)?, row.optional_text(9)?) {
        (Some(by), reason) => Some((by.to_owned(), reason.unwrap_or_default().to_owned())),
        _ => None,
    };
    Ok(KeptConflict {
        number: row.integer(0)?,
        conflict: Conflict {
            email_key: row.text(1)?.to_owned(),
            kind: ConflictKind::parse(row.text(2)?).ok_or_else(|| row.corrupt(2))?,
            contacts: read_numbers(row.text(4)?).ok_or_else(|| row.corrupt(4))?,
            accounts: read_list(row.text(5)?).ok_or_else(|| row.corrupt(5))?,
        },
        state: ConflictState::parse(row.text(3)?).ok_or_else(|| row.corrupt(3))?,
        opened_at: moment(row, 6)?,
        changed_at: moment(row, 7)?,
        decided,
    })
}
