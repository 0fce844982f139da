//! Reports that are mailed on a schedule. Who is told what is decided by the verbs, not here; that a report goes out once
//! is: only the first who settles a start goes on.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::id::{FilterId, ReportId};
use crate::nouns::report::{About, LastReport, Report, ReportDraft, Rhythm};
use crate::nouns::saved_filter::Name;
use crate::nouns::task_schedule::clock;
use crate::store::codec::{pack_bitmap, unpack_bitmap};
use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::{Row, Value};

const INSERT: &str = "
    INSERT INTO reports (id, name, name_key, filter, recipients, rhythm, at_time, zone, active, changed_by, changed_at,
        settled_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
const UPDATE: &str = "
    UPDATE reports SET name = $2, name_key = $3, filter = $4, recipients = $5, rhythm = $6, at_time = $7, zone = $8,
        active = $9, changed_by = $10, changed_at = $11, settled_at = $12
    WHERE id = $1";
const FORGET: &str = "UPDATE reports SET found = NULL, figures = NULL WHERE id = $1";
const DELETE: &str = "DELETE FROM reports WHERE id = $1";
const SETTLE: &str = "
    UPDATE reports SET settled_at = $2
    WHERE id = $1 AND settled_at < $2 AND changed_at = $3 AND active = 1";
const SENT: &str = "UPDATE reports SET sent_at = $2, found = $3, figures = $4 WHERE id = $1";
const FIND: &str = "
    SELECT id, name, filter, recipients, rhythm, at_time, zone, active, changed_by, changed_at, settled_at, sent_at,
        found, figures
    FROM reports WHERE id = $1";
const LIST: &str = "
    SELECT id, name, filter, recipients, rhythm, at_time, zone, active, changed_by, changed_at, settled_at, sent_at
    FROM reports ORDER BY name_key, id LIMIT 200";
const NAMED: &str = "SELECT id FROM reports WHERE name_key = $1";
const OF_FILTER: &str = "SELECT name FROM reports WHERE filter = $1 ORDER BY name_key LIMIT 200";
const COUNT: &str = "SELECT CAST(count(*) AS BIGINT) FROM reports";
const COUNT_ACTIVE: &str = "SELECT CAST(count(*) AS BIGINT) FROM reports WHERE active = 1";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("reports.INSERT", INSERT),
    ("reports.UPDATE", UPDATE),
    ("reports.FORGET", FORGET),
    ("reports.DELETE", DELETE),
    ("reports.SETTLE", SETTLE),
    ("reports.SENT", SENT),
    ("reports.FIND", FIND),
    ("reports.LIST", LIST),
    ("reports.NAMED", NAMED),
    ("reports.OF_FILTER", OF_FILTER),
    ("reports.COUNT", COUNT),
    ("reports.COUNT_ACTIVE", COUNT_ACTIVE),
];

/// The most reports of an organization: all of them stand in one list.
pub const MOST: u64 = 200;

/// Keeps a report.
pub fn insert(tx: &mut Tx, report: &Report) -> Result<(), StoreError> {
    tx.execute(INSERT, &arguments(report)).map(drop)
}

/// Writes a report over the one before; what was sent last stays. Whether there is such a report.
pub fn update(tx: &mut Tx, report: &Report) -> Result<bool, StoreError> {
    tx.execute(UPDATE, &arguments(report)).map(|changed| changed == 1)
}

/// Forgets what the last report counted: the next one is about something else.
pub fn forget(tx: &mut Tx, id: &ReportId) -> Result<(), StoreError> {
    tx.execute(FORGET, &[id.as_str().into()]).map(drop)
}

/// Takes a report away. Whether there was one.
pub fn delete(tx: &mut Tx, id: &ReportId) -> Result<bool, StoreError> {
    tx.execute(DELETE, &[id.as_str().into()]).map(|gone| gone == 1)
}

/// Settles what was due up to a moment. False when somebody else has, or the report was changed or switched off.
pub fn settle(tx: &mut Tx, report: &Report, until: Timestamp) -> Result<bool, StoreError> {
    let arguments =
        [report.id.as_str().into(), until.as_microsecond().into(), report.changed_at.as_microsecond().into()];
    tx.execute(SETTLE, &arguments).map(|settled| settled == 1)
}

/// Keeps what was sent, for the next one to compare with. Whether there is such a report.
pub fn sent(tx: &mut Tx, id: &ReportId, last: &LastReport) -> Result<bool, StoreError> {
    let figures = (!last.figures.is_empty()).then(|| serde_json::json!(last.figures).to_string());
    let arguments = [
        id.as_str().into(),
        last.at.as_microsecond().into(),
        last.found.as_ref().map(pack_bitmap).into(),
        figures.into(),
    ];
    tx.execute(SENT, &arguments).map(|kept| kept == 1)
}

/// A report, with what the last one counted.
pub fn find(tx: &mut Tx, id: &ReportId) -> Result<Option<Report>, StoreError> {
    tx.optional(FIND, &[id.as_str().into()], |row| Ok(Report { last: last(row)?, ..report(row)? }))
}

/// Every report, by name; of what was sent last only when that was.
pub fn list(tx: &mut Tx) -> Result<Vec<Report>, StoreError> {
    tx.list(LIST, &[], report)
}

/// The report of a name.
pub fn named(tx: &mut Tx, name_key: &str) -> Result<Option<ReportId>, StoreError> {
    tx.optional(NAMED, &[name_key.into()], |row| ReportId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0)))
}

/// The names of the reports of a filter.
pub fn of_filter(tx: &mut Tx, filter: &FilterId) -> Result<Vec<String>, StoreError> {
    tx.list(OF_FILTER, &[filter.as_str().into()], |row| Ok(row.text(0)?.to_owned()))
}

/// How many there are.
pub fn count(tx: &mut Tx) -> Result<u64, StoreError> {
    tx.one(COUNT, &[], |row| row.integer(0)).map(i64::unsigned_abs)
}

/// How many are to be sent.
pub fn count_active(tx: &mut Tx) -> Result<u64, StoreError> {
    tx.one(COUNT_ACTIVE, &[], |row| row.integer(0)).map(i64::unsigned_abs)
}

fn arguments(report: &Report) -> [Value<'_>; 12] {
    let draft = &report.draft;
    let filter = match &draft.about {
        About::Filter(id) => id.as_str(),
        About::Dashboard => "",
    };
    [
        report.id.as_str().into(),
        draft.name.as_str().into(),
        draft.name.key().into(),
        filter.into(),
        draft.recipients.join(", ").into(),
        draft.rhythm.to_text().into(),
        draft.time.strftime("%H:%M").to_string().into(),
        (&draft.zone).into(),
        draft.active.into(),
        (&report.changed_by).into(),
        report.changed_at.as_microsecond().into(),
        report.settled_at.as_microsecond().into(),
    ]
}

fn report(row: &Row<'_>) -> Result<Report, StoreError> {
    let about = match row.text(2)? {
        "" => About::Dashboard,
        id => About::Filter(FilterId::parse(id).ok_or_else(|| row.corrupt(2))?),
    };
    let draft = ReportDraft {
        name: Name::parse(row.text(1)?).map_err(|_| row.corrupt(1))?,
        about,
        recipients: row.text(3)?.split(", ").filter(|address| !address.is_empty()).map(str::to_owned).collect(),
        rhythm: Rhythm::parse(row.text(4)?).ok_or_else(|| row.corrupt(4))?,
        time: clock(row.text(5)?).ok_or_else(|| row.corrupt(5))?,
        zone: row.text(6)?.to_owned(),
        active: row.flag(7)?,
    };
    Ok(Report {
        id: ReportId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
        draft,
        changed_by: row.text(8)?.to_owned(),
        changed_at: moment(row, 9)?,
        settled_at: moment(row, 10)?,
        last: optional_moment(row, 11)?.map(|at| LastReport { at, ..LastReport::default() }),
    })
}

fn last(row: &Row<'_>) -> Result<Option<LastReport>, StoreError> {
    let Some(at) = optional_moment(row, 11)? else { return Ok(None) };
    let found = match row.optional_blob(12)? {
        Some(packed) => Some(unpack_bitmap(packed).map_err(|_| row.corrupt(12))?),
        None => None,
    };
    let mut figures = BTreeMap::new();
    if let Some(text) = row.optional_text(13)? {
        let written: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(text).map_err(|_| row.corrupt(13))?;
        figures.extend(written.into_iter().filter_map(|(name, figure)| Some((name, figure.as_u64()?))));
    }
    Ok(Some(LastReport { at, found, figures }))
}
