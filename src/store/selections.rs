//! Selections of people. Who may change which is decided by the verbs, not here.

use jiff::Timestamp;

use crate::id::{AdministratorId, SelectionId};
use crate::nouns::saved_filter::Name;
use crate::nouns::selection::{Picked, Selected, Selection};
use crate::store::codec::{pack_bitmap, unpack_bitmap};
use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::{Row, Value};

const INSERT: &str = "
    INSERT INTO selections
        (id, owner, owner_name, name, kind, filter, people, generation, people_count, made_at, changed_at, ends_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
const UPDATE: &str = "
    UPDATE selections
    SET owner_name = $3, name = $4, kind = $5, filter = $6, people = $7, generation = $8, people_count = $9,
        changed_at = $11, ends_at = $12
    WHERE id = $1 AND owner = $2 AND made_at = $10";
const DELETE: &str = "DELETE FROM selections WHERE id = $1";
const DELETE_ENDED: &str = "DELETE FROM selections WHERE ends_at <= $1";
const FIND: &str = "
    SELECT id, owner, owner_name, name, kind, filter, people, generation, people_count, made_at, changed_at, ends_at
    FROM selections WHERE id = $1 AND (ends_at IS NULL OR ends_at > $2)";
const KEPT: &str = "
    SELECT id, owner, owner_name, name, kind, filter, people, generation, people_count, made_at, changed_at, ends_at
    FROM selections WHERE name IS NOT NULL ORDER BY made_at DESC, id LIMIT 1000";
const COUNT: &str = "SELECT CAST(count(*) AS BIGINT) FROM selections WHERE owner = $1";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("selections.INSERT", INSERT),
    ("selections.UPDATE", UPDATE),
    ("selections.DELETE", DELETE),
    ("selections.DELETE_ENDED", DELETE_ENDED),
    ("selections.FIND", FIND),
    ("selections.KEPT", KEPT),
    ("selections.COUNT", COUNT),
];

/// The most selections of one administrator, kept or under way: one is a few hundred bytes, or the ordinals of everybody.
pub const MOST: u64 = 1_000;

/// Keeps a selection.
pub fn insert(tx: &mut Tx, selection: &Selection) -> Result<(), StoreError> {
    tx.execute(INSERT, &arguments(selection)).map(drop)
}

/// Writes a selection over the one of its id, whose owner and beginning stay; whether there was one.
pub fn update(tx: &mut Tx, selection: &Selection) -> Result<bool, StoreError> {
    tx.execute(UPDATE, &arguments(selection)).map(|changed| changed == 1)
}

/// Removes a selection; whether there was one.
pub fn delete(tx: &mut Tx, id: &SelectionId) -> Result<bool, StoreError> {
    tx.execute(DELETE, &[id.as_str().into()]).map(|deleted| deleted == 1)
}

/// Removes those that have ended.
pub fn delete_ended(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    tx.execute(DELETE_ENDED, &[now.as_microsecond().into()])
}

/// A selection that has not ended.
pub fn find(tx: &mut Tx, id: &SelectionId, now: Timestamp) -> Result<Option<Selection>, StoreError> {
    tx.optional(FIND, &[id.as_str().into(), now.as_microsecond().into()], selection)
}

/// The selections that are kept under a name, the newest first.
pub fn kept(tx: &mut Tx) -> Result<Vec<Selection>, StoreError> {
    tx.list(KEPT, &[], selection)
}

/// How many somebody has.
pub fn count(tx: &mut Tx, owner: &AdministratorId) -> Result<u64, StoreError> {
    tx.one(COUNT, &[owner.as_str().into()], |row| row.integer(0)).map(i64::unsigned_abs)
}

fn arguments(selection: &Selection) -> [Value<'_>; 12] {
    let (kind, filter, people) = match &selection.selected {
        Selected::Matching(filter) => ("matching", filter.as_str(), None),
        Selected::Listed { people, from: Picked::Rows(filter) } => {
            ("ticked", filter.as_str(), Some(pack_bitmap(people)))
        }
        Selected::Listed { people, from: Picked::Pasted } => ("pasted", "", Some(pack_bitmap(people))),
    };
    [
        selection.id.as_str().into(),
        selection.owner.as_str().into(),
        (&selection.owner_name).into(),
        selection.name.as_ref().map(Name::as_str).into(),
        kind.into(),
        filter.into(),
        people.into(),
        (selection.generation as i64).into(),
        (selection.count as i64).into(),
        selection.made_at.as_microsecond().into(),
        selection.changed_at.as_microsecond().into(),
        selection.ends_at.map(Timestamp::as_microsecond).into(),
    ]
}

fn selection(row: &Row<'_>) -> Result<Selection, StoreError> {
    let filter = row.text(5)?.to_owned();
    let people = row.optional_blob(6)?.map(unpack_bitmap).transpose().map_err(|_| row.corrupt(6))?;
    let selected = match (row.text(4)?, people) {
        ("matching", None) => Selected::Matching(filter),
        ("ticked", Some(people)) => Selected::Listed { people, from: Picked::Rows(filter) },
        ("pasted", Some(people)) => Selected::Listed { people, from: Picked::Pasted },
        _ => return Err(row.corrupt(4)),
    };
    let ends_at = row.optional_integer(11)?.map(Timestamp::from_microsecond).transpose();
    Ok(Selection {
        id: SelectionId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
        owner: AdministratorId::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?,
        owner_name: row.text(2)?.to_owned(),
        name: row.optional_text(3)?.map(Name::parse).transpose().map_err(|_| row.corrupt(3))?,
        selected,
        generation: row.integer(7)?.unsigned_abs(),
        count: row.integer(8)?.unsigned_abs(),
        made_at: moment(row, 9)?,
        changed_at: moment(row, 10)?,
        ends_at: ends_at.map_err(|_| row.corrupt(11))?,
    })
}
