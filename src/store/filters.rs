//! Filters that administrators keep, by name. Who may change which is decided by the verbs, not here.

use crate::id::{AdministratorId, FilterId};
use crate::nouns::saved_filter::{Audience, Description, Kept, Name, SavedFilter};
use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::Row;

const INSERT: &str = "
    INSERT INTO filters
        (id, place, name, name_key, description, filter, owner, owner_name, shared, created_at, changed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const UPDATE: &str = "
    UPDATE filters
    SET place = $2, name = $3, name_key = $4, description = $5, filter = $6, owner_name = $7, shared = $8,
        changed_at = $9
    WHERE id = $1";
const DELETE: &str = "DELETE FROM filters WHERE id = $1";
const FIND: &str = "
    SELECT id, name, description, filter, owner, owner_name, shared, created_at, changed_at
    FROM filters WHERE id = $1";
const NAMED: &str = "SELECT id FROM filters WHERE place = $1 AND name_key = $2";
const VISIBLE: &str = "
    SELECT id, name, description, filter, owner, owner_name, shared, created_at, changed_at
    FROM filters WHERE owner = $1 OR shared = 1 ORDER BY name_key, id LIMIT 1000";
const ALL: &str = "
    SELECT id, name, description, filter, owner, owner_name, shared, created_at, changed_at
    FROM filters ORDER BY name_key, id LIMIT 1000";
const COUNT: &str = "SELECT CAST(count(*) AS BIGINT) FROM filters";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("filters.INSERT", INSERT),
    ("filters.UPDATE", UPDATE),
    ("filters.DELETE", DELETE),
    ("filters.FIND", FIND),
    ("filters.NAMED", NAMED),
    ("filters.VISIBLE", VISIBLE),
    ("filters.ALL", ALL),
    ("filters.COUNT", COUNT),
];

/// The most filters that an organization has: all of them stand in one list.
pub const MOST: u64 = 1000;

/// Among which filters a name is there once. No id is written like the place of those that everybody finds.
fn place(owner: &AdministratorId, audience: Audience) -> &str {
    match audience {
        Audience::Owner => owner.as_str(),
        Audience::Everybody => "everybody",
    }
}

/// Keeps a filter; [`StoreError::Conflict`] when its place has another of this name.
pub fn insert(tx: &mut Tx, filter: &SavedFilter) -> Result<(), StoreError> {
    let kept = &filter.kept;
    let arguments = [
        filter.id.as_str().into(),
        place(&filter.owner, kept.audience).into(),
        kept.name.as_str().into(),
        kept.name.key().into(),
        kept.description.as_str().into(),
        (&kept.text).into(),
        filter.owner.as_str().into(),
        (&filter.owner_name).into(),
        kept.audience.is_everybody().into(),
        filter.created_at.as_microsecond().into(),
        filter.changed_at.as_microsecond().into(),
    ];
    tx.execute(INSERT, &arguments).map(drop)
}

/// Writes a filter over the one of its id, whose owner stays; whether there was one.
pub fn update(tx: &mut Tx, filter: &SavedFilter) -> Result<bool, StoreError> {
    let kept = &filter.kept;
    let arguments = [
        filter.id.as_str().into(),
        place(&filter.owner, kept.audience).into(),
        kept.name.as_str().into(),
        kept.name.key().into(),
        kept.description.as_str().into(),
        (&kept.text).into(),
        (&filter.owner_name).into(),
        kept.audience.is_everybody().into(),
        filter.changed_at.as_microsecond().into(),
    ];
    tx.execute(UPDATE, &arguments).map(|changed| changed == 1)
}

/// Removes a filter; whether there was one.
pub fn delete(tx: &mut Tx, id: &FilterId) -> Result<bool, StoreError> {
    tx.execute(DELETE, &[id.as_str().into()]).map(|deleted| deleted == 1)
}

/// A filter by id, whoever asks.
pub fn find(tx: &mut Tx, id: &FilterId) -> Result<Option<SavedFilter>, StoreError> {
    tx.optional(FIND, &[id.as_str().into()], filter)
}

/// The filter that has a name already, where one of this owner and audience would stand.
pub fn named(
    tx: &mut Tx,
    name: &Name,
    (owner, audience): (&AdministratorId, Audience),
) -> Result<Option<FilterId>, StoreError> {
    tx.optional(NAMED, &[place(owner, audience).into(), name.key().into()], |row| {
        FilterId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))
    })
}

/// The filters that somebody finds, by name: their own and those for everybody.
pub fn visible(tx: &mut Tx, administrator: &AdministratorId) -> Result<Vec<SavedFilter>, StoreError> {
    tx.list(VISIBLE, &[administrator.as_str().into()], filter)
}

/// Every filter, by name; for whoever may read the database itself.
pub fn all(tx: &mut Tx) -> Result<Vec<SavedFilter>, StoreError> {
    tx.list(ALL, &[], filter)
}

/// How many there are.
pub fn count(tx: &mut Tx) -> Result<u64, StoreError> {
    tx.one(COUNT, &[], |row| row.integer(0)).map(i64::unsigned_abs)
}

fn filter(row: &Row<'_>) -> Result<SavedFilter, StoreError> {
    Ok(SavedFilter {
        id: FilterId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
        kept: Kept {
            name: Name::parse(row.text(1)?).map_err(|_| row.corrupt(1))?,
            description: Description::parse(row.text(2)?).map_err(|_| row.corrupt(2))?,
            text: row.text(3)?.to_owned(),
            audience: if row.flag(6)? { Audience::Everybody } else { Audience::Owner },
        },
        owner: AdministratorId::parse(row.text(4)?).ok_or_else(|| row.corrupt(4))?,
        owner_name: row.text(5)?.to_owned(),
        created_at: moment(row, 7)?,
        changed_at: moment(row, 8)?,
    })
}
