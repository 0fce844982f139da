//! The preview of a feed's run: one row per person to whom something would happen. People who stay as they are have none.

use crate::nouns::feed_row::{FeedRow, RowKind};
use crate::store::bulk::{Bulk, Column, Update};
use crate::store::error::StoreError;
use crate::store::feed_text::{changes_text, read_changes};
use crate::store::tx::Tx;
use crate::store::value::{Row, Value};

const PAGE: &str = "
    SELECT place, kind, username_key, username, account, record, file_line, is_error, raw_digest, digest,
        person, raw, changes, why
    FROM feed_rows WHERE run = $1 AND place > $2 ORDER BY place LIMIT $3";
const MATCHING: &str = "
    SELECT place, kind, username_key, username, account, record, file_line, is_error, raw_digest, digest,
        person, raw, changes, why
    FROM feed_rows
    WHERE run = $1 AND place > $2
        AND (CAST($3 AS TEXT) IS NULL OR kind = $3)
        AND (CAST($4 AS TEXT) IS NULL OR username_key = $4)
        AND (kind <> 'refreshed' OR $3 = 'refreshed')
        AND (CAST($6 AS TEXT) IS NULL OR changes LIKE $6)
    ORDER BY place LIMIT $5";
const OF_USERNAME: &str = "
    SELECT r.place, r.kind, r.username_key, r.username, r.account, r.record, r.file_line, r.is_error,
        r.raw_digest, r.digest, r.person, r.raw, r.changes, r.why, r.run
    FROM feed_runs u CROSS JOIN feed_rows r
    WHERE r.run = u.number AND r.username_key = $1 AND u.number < $2 AND u.state = 'complete' AND r.kind <> 'refreshed'
    ORDER BY u.number DESC, r.place LIMIT $3";
const TO_CONFLICT: &str = "
    UPDATE feed_rows SET kind = 'conflict', why = $3 WHERE run = $1 AND username_key = $2 AND kind <> 'failing'";
const PLACE_TO_CONFLICT: &str = "
    UPDATE feed_rows SET kind = 'conflict', why = $3 WHERE run = $1 AND place = $2";
const COUNT: &str = "SELECT kind, count(*) FROM feed_rows WHERE run = $1 GROUP BY kind ORDER BY kind";
const CLEAR: &str = "DELETE FROM feed_rows WHERE run = $1";

const ROWS: Bulk = Bulk {
    table: "feed_rows",
    columns: &[
        Column::integer("run"),
        Column::integer("place"),
        Column::text("kind"),
        Column::text("username_key"),
        Column::text("username"),
        Column::integer("account"),
        Column::integer("record"),
        Column::integer("file_line"),
        Column::integer("is_error"),
        Column::blob("raw_digest"),
        Column::blob("digest"),
        Column::text("person"),
        Column::text("raw"),
        Column::text("changes"),
        Column::text("why"),
    ],
    key: &["run", "place"],
    update: Update::Nothing,
};

/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&ROWS];

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("feed_rows.PAGE", PAGE),
    ("feed_rows.MATCHING", MATCHING),
    ("feed_rows.OF_USERNAME", OF_USERNAME),
    ("feed_rows.TO_CONFLICT", TO_CONFLICT),
    ("feed_rows.PLACE_TO_CONFLICT", PLACE_TO_CONFLICT),
    ("feed_rows.COUNT", COUNT),
    ("feed_rows.CLEAR", CLEAR),
];

/// Which rows. Everything that is said has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowsWanted {
    /// After this place.
    pub after: i64,
    /// Of this kind; people who are only refreshed come when they are asked for.
    pub kind: Option<RowKind>,
    /// Of this username, by its key.
    pub username_key: Option<String>,
    /// Of people who change by the control file alone.
    pub by_control: bool,
}

/// Adds rows.
pub fn append(tx: &mut Tx, run: i64, rows: &[FeedRow]) -> Result<(), StoreError> {
    let rows = rows.iter().map(|row| -> [Value<'_>; 15] {
        [
            run.into(),
            row.place.into(),
            row.kind.as_str().into(),
            (&row.username_key).into(),
            (&row.username).into(),
            row.account.into(),
            row.record.map(|record| record as i64).into(),
            row.file_line.map(|line| line as i64).into(),
            row.is_error.into(),
            row.raw_digest.as_ref().into(),
            row.digest.as_ref().into(),
            row.person.as_deref().into(),
            row.raw.as_deref().into(),
            changes_text(&row.changes).into(),
            row.why.as_deref().into(),
        ]
    });
    tx.bulk(&ROWS, rows).map(drop)
}

/// The rows after a place, for whoever applies them; holds at most `limit` of them.
pub fn page(tx: &mut Tx, run: i64, after: i64, limit: u32) -> Result<Vec<FeedRow>, StoreError> {
    let mut rows = Vec::new();
    tx.for_each(PAGE, &[run.into(), after.into(), limit.into()], |found| {
        rows.push(row(found)?);
        Ok(())
    })?;
    Ok(rows)
}

/// The first rows that are wanted, in order; at most 1,000.
pub fn matching(tx: &mut Tx, run: i64, wanted: &RowsWanted, limit: u32) -> Result<Vec<FeedRow>, StoreError> {
    let arguments = [
        run.into(),
        wanted.after.into(),
        wanted.kind.map(RowKind::as_str).into(),
        wanted.username_key.as_deref().into(),
        limit.into(),
        // In a value the quotation marks would be escaped.
        wanted.by_control.then_some(r#"%"control":true%"#).into(),
    ];
    tx.list(MATCHING, &arguments, row)
}

/// What applied runs before one have done with a username, the newest first, each with the number of its run.
pub fn of_username(tx: &mut Tx, key: &str, before: i64, limit: u32) -> Result<Vec<(i64, FeedRow)>, StoreError> {
    tx.list(OF_USERNAME, &[key.into(), before.into(), limit.into()], |found| Ok((found.integer(14)?, row(found)?)))
}

/// Makes every row of a username a conflict; how many there were.
pub fn to_conflict(tx: &mut Tx, run: i64, (key, why): (&str, &str)) -> Result<u64, StoreError> {
    tx.execute(TO_CONFLICT, &[run.into(), key.into(), why.into()])
}

/// Makes the row at a place a conflict.
pub fn place_to_conflict(tx: &mut Tx, run: i64, (place, why): (i64, &str)) -> Result<(), StoreError> {
    tx.execute(PLACE_TO_CONFLICT, &[run.into(), place.into(), why.into()]).map(drop)
}

/// How many rows there are of which kind.
pub fn count(tx: &mut Tx, run: i64) -> Result<Vec<(RowKind, u64)>, StoreError> {
    tx.list(COUNT, &[run.into()], |row| {
        Ok((RowKind::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?, row.integer(1)?.unsigned_abs()))
    })
}

/// Drops the preview: the run is compared anew.
pub fn clear(tx: &mut Tx, run: i64) -> Result<(), StoreError> {
    tx.execute(CLEAR, &[run.into()]).map(drop)
}

fn row(row: &Row<'_>) -> Result<FeedRow, StoreError> {
    let digest = |column: usize| {
        let bytes = row.optional_blob(column)?;
        bytes.map(|bytes| bytes.try_into().map_err(|_| row.corrupt(column))).transpose()
    };
    let text = |column: usize| Ok::<_, StoreError>(row.optional_text(column)?.map(str::to_owned));
    let changes = match row.optional_text(12)? {
        Some(text) => read_changes(text).ok_or_else(|| row.corrupt(12))?,
        None => Vec::new(),
    };
    Ok(FeedRow {
        place: row.integer(0)?,
        kind: RowKind::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?,
        username_key: row.text(2)?.to_owned(),
        username: row.text(3)?.to_owned(),
        account: row.optional_integer(4)?,
        record: row.optional_integer(5)?.map(i64::unsigned_abs),
        file_line: row.optional_integer(6)?.map(i64::unsigned_abs),
        is_error: row.flag(7)?,
        raw_digest: digest(8)?,
        digest: digest(9)?,
        person: text(10)?,
        raw: text(11)?,
        changes,
        why: text(13)?,
    })
}
