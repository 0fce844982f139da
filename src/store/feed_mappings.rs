//! Which managed groups of feeds fill which groups at Atlassian, and whether plans follow from what a feed says.

use directory::GroupId;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::nouns::feed::Threshold;
use crate::nouns::feed_account::{Access, AccessMode, AccessSettings, LeftAlone, Mapping};
use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::Row;

const OF_FEED: &str = "
    SELECT feed, code, group_id, owned, mapped_by, mapped_at FROM feed_mappings
    WHERE feed = $1 OR feed = 0 ORDER BY code, feed, group_id LIMIT 5000";
const ALL: &str = "
    SELECT feed, code, group_id, owned, mapped_by, mapped_at FROM feed_mappings
    ORDER BY code, feed, group_id LIMIT 5000";
const PUT: &str = "
    INSERT INTO feed_mappings (feed, code, group_id, owned, mapped_by, mapped_at) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (feed, code, group_id) DO UPDATE SET owned = excluded.owned, mapped_by = excluded.mapped_by,
        mapped_at = excluded.mapped_at";
const REMOVE: &str = "DELETE FROM feed_mappings WHERE feed = $1 AND code = $2 AND group_id = $3";
const ACCESS: &str = "
    SELECT mode, giving_people, giving_percent, taking_people, taking_percent, chosen_by, chosen_as, chosen_at,
        people, generation, looked_at, left_alone, why
    FROM feed_access WHERE feed = $1";
const CHOOSE: &str = "
    INSERT INTO feed_access (feed, mode, giving_people, giving_percent, taking_people, taking_percent, chosen_by,
        chosen_as, chosen_at, people, generation, left_alone)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, '[]')
    ON CONFLICT (feed) DO UPDATE SET mode = excluded.mode, giving_people = excluded.giving_people,
        giving_percent = excluded.giving_percent, taking_people = excluded.taking_people,
        taking_percent = excluded.taking_percent, chosen_by = excluded.chosen_by, chosen_as = excluded.chosen_as,
        chosen_at = excluded.chosen_at, looked_at = NULL";
const SET_LOOKED: &str = "
    UPDATE feed_access SET people = $2, generation = $3, looked_at = $4, left_alone = $5, why = $6 WHERE feed = $1";
const LOOK_AGAIN: &str = "UPDATE feed_access SET looked_at = NULL";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("feed_mappings.OF_FEED", OF_FEED),
    ("feed_mappings.ALL", ALL),
    ("feed_mappings.PUT", PUT),
    ("feed_mappings.REMOVE", REMOVE),
    ("feed_mappings.ACCESS", ACCESS),
    ("feed_mappings.CHOOSE", CHOOSE),
    ("feed_mappings.SET_LOOKED", SET_LOOKED),
    ("feed_mappings.LOOK_AGAIN", LOOK_AGAIN),
];

/// The mappings of a feed and those of every feed, by code; at most 5,000.
pub fn of_feed(tx: &mut Tx, feed: i64) -> Result<Vec<Mapping>, StoreError> {
    let mut found = Vec::new();
    tx.for_each(OF_FEED, &[feed.into()], |row| {
        found.push(mapping(row)?);
        Ok(())
    })?;
    Ok(found)
}

/// All mappings, by code; at most 5,000.
pub fn all(tx: &mut Tx) -> Result<Vec<Mapping>, StoreError> {
    let mut found = Vec::new();
    tx.for_each(ALL, &[], |row| {
        found.push(mapping(row)?);
        Ok(())
    })?;
    Ok(found)
}

/// Keeps a mapping.
pub fn put(tx: &mut Tx, mapping: &Mapping) -> Result<(), StoreError> {
    let arguments = [
        mapping.feed.into(),
        (&mapping.code).into(),
        mapping.group.as_str().into(),
        mapping.owned.into(),
        (&mapping.by).into(),
        mapping.at.as_microsecond().into(),
    ];
    tx.execute(PUT, &arguments).map(drop)
}

/// Removes a mapping; whether there was one.
pub fn remove(tx: &mut Tx, feed: i64, (code, group): (&str, &str)) -> Result<bool, StoreError> {
    Ok(tx.execute(REMOVE, &[feed.into(), code.into(), group.into()])? > 0)
}

/// Whether plans follow from what a feed says, and what came of the last look.
pub fn access(tx: &mut Tx, feed: i64) -> Result<Access, StoreError> {
    Ok(tx.optional(ACCESS, &[feed.into()], access_of)?.unwrap_or_default())
}

/// Chooses whether plans follow from what a feed says.
pub fn choose(
    tx: &mut Tx,
    feed: i64,
    settings: &AccessSettings,
    (by, subject, at): (&str, &str, Timestamp),
) -> Result<(), StoreError> {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let arguments = [
        feed.into(),
        settings.mode.as_str().into(),
        number(settings.giving.people).into(),
        number(settings.giving.percent).into(),
        number(settings.taking.people).into(),
        number(settings.taking.percent).into(),
        by.into(),
        subject.into(),
        at.as_microsecond().into(),
    ];
    tx.execute(CHOOSE, &arguments).map(drop)
}

/// Notes what was looked at, whom it left alone, and why no plan could be made.
pub fn set_looked(
    tx: &mut Tx,
    feed: i64,
    (people, generation, at): (u64, u64, Timestamp),
    (left_alone, why): (&[(LeftAlone, u64)], Option<&str>),
) -> Result<(), StoreError> {
    let left: Vec<Json> = left_alone.iter().map(|(why, people)| json!([why.as_str(), people])).collect();
    let arguments = [
        feed.into(),
        (people as i64).into(),
        (generation as i64).into(),
        at.as_microsecond().into(),
        Json::Array(left).to_string().into(),
        why.into(),
    ];
    tx.execute(SET_LOOKED, &arguments).map(drop)
}

/// Has every feed looked at again, whatever was looked at last.
pub fn look_again(tx: &mut Tx) -> Result<(), StoreError> {
    tx.execute(LOOK_AGAIN, &[]).map(drop)
}

fn mapping(row: &Row<'_>) -> Result<Mapping, StoreError> {
    Ok(Mapping {
        feed: row.integer(0)?,
        code: row.text(1)?.to_owned(),
        group: GroupId::new(row.text(2)?).map_err(|_| row.corrupt(2))?,
        owned: row.flag(3)?,
        by: row.text(4)?.to_owned(),
        at: moment(row, 5)?,
    })
}

fn access_of(row: &Row<'_>) -> Result<Access, StoreError> {
    let number = |column| Ok::<_, StoreError>(row.integer(column)?.unsigned_abs());
    let left: Vec<Json> = serde_json::from_str(row.text(11)?).map_err(|_| row.corrupt(11))?;
    let left = left.iter().map(|one| Some((LeftAlone::parse(one[0].as_str()?)?, one[1].as_u64()?)));
    Ok(Access {
        settings: AccessSettings {
            mode: AccessMode::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
            giving: Threshold { people: number(1)?, percent: number(2)? },
            taking: Threshold { people: number(3)?, percent: number(4)? },
        },
        chosen: Some((row.text(5)?.to_owned(), row.text(6)?.to_owned(), moment(row, 7)?)),
        looked_at: match optional_moment(row, 10)? {
            Some(at) => Some((number(8)?, number(9)?, at)),
            None => None,
        },
        left_alone: left.collect::<Option<_>>().ok_or_else(|| row.corrupt(11))?,
        why: row.optional_text(12)?.map(str::to_owned),
    })
}
