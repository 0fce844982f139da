//! Mentions of somebody in what feeds have said of other people: records, and rows of runs. A row of a run that is open or was
//! applied last is told apart, and never written.

use crate::store::error::StoreError;
use crate::store::personal_texts::pattern;
use crate::store::tx::Tx;
use crate::store::value::Row;

const RECORDS: &str = "
    SELECT r.feed, f.name, r.account, r.in_feed, r.person, r.raw, r.received, r.failure
    FROM feed_records r JOIN feeds f ON f.number = r.feed
    WHERE lower(r.person) LIKE $1 OR lower(r.raw) LIKE $1 OR lower(r.received) LIKE $1 OR lower(r.failure) LIKE $1
    ORDER BY r.feed, r.account";
const PUT_RECORD: &str = "
    UPDATE feed_records SET person = $3, raw = $4, received = $5, failure = $6,
        try_again = CASE WHEN in_feed = 0 THEN 1 ELSE try_again END
    WHERE feed = $1 AND account = $2";
const ROWS: &str = "
    SELECT r.run, r.place, r.username_key,
        CASE WHEN u.state IN ('complete', 'cancelled', 'failure')
            AND (f.applied_run IS NULL OR f.applied_run <> u.id) THEN 1 ELSE 0 END,
        r.person, r.raw, r.changes, r.why
    FROM feed_rows r JOIN feed_runs u ON u.number = r.run JOIN feeds f ON f.number = u.feed
    WHERE lower(r.person) LIKE $1 OR lower(r.raw) LIKE $1 OR lower(r.changes) LIKE $1 OR lower(r.why) LIKE $1
    ORDER BY r.run, r.place";
const PUT_ROW: &str = "
    UPDATE feed_rows SET person = $3, raw = $4, changes = $5, why = $6 WHERE run = $1 AND place = $2";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("personal_mentions.RECORDS", RECORDS),
    ("personal_mentions.PUT_RECORD", PUT_RECORD),
    ("personal_mentions.ROWS", ROWS),
    ("personal_mentions.PUT_ROW", PUT_ROW),
];

/// What a feed has said of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaidRecord {
    /// The number of the feed.
    pub feed: i64,
    /// Its name.
    pub feed_name: String,
    /// The number of the person.
    pub account: i64,
    /// Whether they are in the delivery applied last.
    pub in_feed: bool,
    /// Person, record applied last, record received last, failure.
    pub texts: [Option<String>; 4],
}

/// A row of a run about somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaidRow {
    /// The number of the run.
    pub run: i64,
    /// Its place there.
    pub place: i64,
    /// Whom it is about.
    pub username_key: String,
    /// Whether the run is over and is not the one applied last.
    pub is_past: bool,
    /// Person, record, changes, why.
    pub texts: [Option<String>; 4],
}

/// The records in which a part may occur, given in small letters; more may come than do hold it.
pub fn records(tx: &mut Tx, part: &str) -> Result<Vec<SaidRecord>, StoreError> {
    tx.list(RECORDS, &[pattern(part).into()], |row| {
        Ok(SaidRecord {
            feed: row.integer(0)?,
            feed_name: row.text(1)?.to_owned(),
            account: row.integer(2)?,
            in_feed: row.flag(3)?,
            texts: texts(row)?,
        })
    })
}

/// Writes the texts of a record. A delivery that has somebody again who is not in the one applied last reads their record anew.
pub fn put_record(tx: &mut Tx, record: &SaidRecord) -> Result<u64, StoreError> {
    let [person, raw, received, failure] = &record.texts;
    let both = [person.as_deref().unwrap_or_default(), raw.as_deref().unwrap_or_default()];
    let arguments = [
        record.feed.into(),
        record.account.into(),
        both[0].into(),
        both[1].into(),
        received.as_deref().into(),
        failure.as_deref().into(),
    ];
    tx.execute(PUT_RECORD, &arguments)
}

/// The rows of runs in which a part may occur, as for [`records`].
pub fn rows(tx: &mut Tx, part: &str) -> Result<Vec<SaidRow>, StoreError> {
    tx.list(ROWS, &[pattern(part).into()], |row| {
        Ok(SaidRow {
            run: row.integer(0)?,
            place: row.integer(1)?,
            username_key: row.text(2)?.to_owned(),
            is_past: row.flag(3)?,
            texts: texts(row)?,
        })
    })
}

/// Writes the texts of a row.
pub fn put_row(tx: &mut Tx, row: &SaidRow) -> Result<u64, StoreError> {
    let [person, raw, changes, why] = row.texts.each_ref().map(Option::as_deref);
    tx.execute(PUT_ROW, &[row.run.into(), row.place.into(), person.into(), raw.into(), changes.into(), why.into()])
}

fn texts(row: &Row<'_>) -> Result<[Option<String>; 4], StoreError> {
    let text = |column| Ok::<_, StoreError>(row.optional_text(column)?.map(str::to_owned));
    Ok([text(4)?, text(5)?, text(6)?, text(7)?])
}
