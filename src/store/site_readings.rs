//! Readings of sites: which there were, how far the one under way is, and what may be said of each site. Whoever carries
//! a reading out writes under its fence, and nothing once somebody else has raised it.

use jiff::Timestamp;

use crate::id::RunId;
use crate::nouns::site_reading::{PartState, Parts, ReadingCounts, ReadingState, SiteCoverage, SiteReading};
use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::Row;

const INSERT: &str = "
    INSERT INTO site_readings (site, number, fence, run, asked_by, state, users_state, desks_state, organizations_state,
        users, customers, organizations, gone, unreadable, requests, begun_at)
    SELECT $1, COALESCE(max(number), 0) + 1, 1, $2, $3, 'reading', 'unread', 'unread', 'unread', 0, 0, 0, 0, 0, 0, $4
    FROM site_readings WHERE site = $1
    RETURNING number";
const UNDER_WAY: &str = "
    SELECT number, begun_at FROM site_readings WHERE site = $1 AND state = 'reading' ORDER BY number DESC LIMIT 1";
const LAST_NUMBER: &str = "SELECT COALESCE(max(number), 0) FROM site_readings WHERE site = $1";
const TAKE_UP: &str = "
    UPDATE site_readings SET fence = fence + 1, run = COALESCE($3, run)
    WHERE site = $1 AND number = $2 AND state = 'reading'
    RETURNING fence";
const ABANDON: &str = "
    UPDATE site_readings SET state = 'abandoned', ended_at = $2 WHERE site = $1 AND state = 'reading'";
const HELD: &str = "
    SELECT number FROM site_readings WHERE site = $1 AND number = $2 AND fence = $3 AND state = 'reading'";
const COUNT_UP: &str = "
    UPDATE site_readings SET requests = requests + $3, unreadable = unreadable + $4 WHERE site = $1 AND number = $2";
const END: &str = "
    UPDATE site_readings SET state = $3, users_state = $4, desks_state = $5, organizations_state = $6, users = $7,
        customers = $8, organizations = $9, gone = $10, ended_at = $11, reason = $12
    WHERE site = $1 AND number = $2";
const LATEST: &str = "
    SELECT site, number, run, asked_by, state, users_state, desks_state, organizations_state, users, customers,
        organizations, gone, unreadable, requests, begun_at, ended_at, reason
    FROM site_readings r
    WHERE number = (SELECT max(o.number) FROM site_readings o WHERE o.site = r.site)
    ORDER BY site LIMIT 1000";
const OF_RUN: &str = "
    SELECT site, number, run, asked_by, state, users_state, desks_state, organizations_state, users, customers,
        organizations, gone, unreadable, requests, begun_at, ended_at, reason
    FROM site_readings WHERE run = $1 ORDER BY site, number LIMIT 1000";
const OF_SITE: &str = "
    SELECT site, number, run, asked_by, state, users_state, desks_state, organizations_state, users, customers,
        organizations, gone, unreadable, requests, begun_at, ended_at, reason
    FROM site_readings WHERE site = $1 ORDER BY number DESC LIMIT $2";
const COVERAGE: &str = "
    SELECT site,
        max(CASE WHEN users_state = 'complete' THEN ended_at END),
        max(CASE WHEN desks_state = 'complete' THEN ended_at END),
        max(CASE WHEN organizations_state = 'complete' THEN ended_at END)
    FROM site_readings GROUP BY site ORDER BY site LIMIT 1000";
const LISTS: &str = "
    SELECT list, state, next_start, found, reason FROM site_lists WHERE site = $1 ORDER BY list";
const PUT_LIST: &str = "
    INSERT INTO site_lists (site, list, state, next_start, found, reason) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (site, list) DO UPDATE SET state = excluded.state, next_start = excluded.next_start,
        found = excluded.found, reason = excluded.reason";
const DROP_LISTS: &str = "DELETE FROM site_lists WHERE site = $1";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("site_readings.INSERT", INSERT),
    ("site_readings.UNDER_WAY", UNDER_WAY),
    ("site_readings.LAST_NUMBER", LAST_NUMBER),
    ("site_readings.TAKE_UP", TAKE_UP),
    ("site_readings.ABANDON", ABANDON),
    ("site_readings.HELD", HELD),
    ("site_readings.COUNT_UP", COUNT_UP),
    ("site_readings.END", END),
    ("site_readings.LATEST", LATEST),
    ("site_readings.OF_RUN", OF_RUN),
    ("site_readings.OF_SITE", OF_SITE),
    ("site_readings.COVERAGE", COVERAGE),
    ("site_readings.LISTS", LISTS),
    ("site_readings.PUT_LIST", PUT_LIST),
    ("site_readings.DROP_LISTS", DROP_LISTS),
];

/// A reading as whoever carries it out holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The site's cloud id.
    pub site: String,
    /// The reading's number.
    pub number: u64,
    /// The fence.
    pub fence: i64,
    /// When the reading began.
    pub begun_at: Timestamp,
}

/// Where one list of a reading stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteList {
    /// Its name: `users`, `desks`, `organizations`, `desk:ID`, `organization:ID`.
    pub name: String,
    /// How it stands.
    pub state: ListState,
    /// Where its next page begins.
    pub next_start: u32,
    /// How many records it gave.
    pub found: u64,
    /// Why it failed, as a sentence.
    pub reason: Option<String>,
}

/// How a list stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListState {
    /// Its next page is read.
    Walking,
    /// It was read to its end.
    Complete,
    /// It could not be read to its end.
    Failed,
}

/// How a reading came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How each part stands.
    pub parts: Parts,
    /// What there is on the site; records that could not be read are counted as they come.
    pub counts: ReadingCounts,
    /// Why it is not complete.
    pub reason: Option<String>,
}

/// Takes up the reading of a site that was cut off, if it began after a moment; begins another otherwise.
pub fn take_up(
    tx: &mut Tx,
    site: &str,
    (run, asked_by): (Option<&RunId>, &str),
    (now, since): (Timestamp, Timestamp),
) -> Result<Held, StoreError> {
    let run = run.map(RunId::as_str);
    let under_way = tx.optional(UNDER_WAY, &[site.into()], |row| Ok((row.integer(0)?, moment(row, 1)?)))?;
    if let Some((number, begun_at)) = under_way
        && begun_at >= since
    {
        let fence = tx.one(TAKE_UP, &[site.into(), number.into(), run.into()], |row| row.integer(0))?;
        return Ok(Held { site: site.to_owned(), number: number.unsigned_abs(), fence, begun_at });
    }
    tx.execute(ABANDON, &[site.into(), now.as_microsecond().into()])?;
    tx.execute(DROP_LISTS, &[site.into()])?;
    let arguments = [site.into(), run.into(), asked_by.into(), now.as_microsecond().into()];
    let number = tx.one(INSERT, &arguments, |row| row.integer(0))?;
    Ok(Held { site: site.to_owned(), number: number.unsigned_abs(), fence: 1, begun_at: now })
}

/// The number of the newest reading of a site; 0 before the first.
pub fn last_number(tx: &mut Tx, site: &str) -> Result<u64, StoreError> {
    tx.one(LAST_NUMBER, &[site.into()], |row| Ok(row.integer(0)?.unsigned_abs()))
}

/// Whether a reading is still in the hands of whoever took it up with this fence.
pub fn is_held(tx: &mut Tx, held: &Held) -> Result<bool, StoreError> {
    let arguments = [(&held.site).into(), (held.number as i64).into(), held.fence.into()];
    Ok(tx.optional(HELD, &arguments, |_| Ok(()))?.is_some())
}

/// The lists of the reading of a site that is under way.
pub fn lists(tx: &mut Tx, site: &str) -> Result<Vec<SiteList>, StoreError> {
    let mut lists = Vec::new();
    tx.for_each(LISTS, &[site.into()], |row| {
        lists.push(SiteList {
            name: row.text(0)?.to_owned(),
            state: ListState::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?,
            next_start: u32::try_from(row.integer(2)?).map_err(|_| row.corrupt(2))?,
            found: row.integer(3)?.unsigned_abs(),
            reason: row.optional_text(4)?.map(str::to_owned),
        });
        Ok(())
    })?;
    Ok(lists)
}

/// Keeps where a list stands.
pub fn put_list(tx: &mut Tx, site: &str, list: &SiteList) -> Result<(), StoreError> {
    let arguments = [
        site.into(),
        (&list.name).into(),
        list.state.as_str().into(),
        list.next_start.into(),
        (list.found as i64).into(),
        list.reason.as_deref().into(),
    ];
    tx.execute(PUT_LIST, &arguments).map(drop)
}

/// Counts requests, and records that could not be read.
pub fn count_up(tx: &mut Tx, held: &Held, (requests, unreadable): (u64, u64)) -> Result<(), StoreError> {
    let arguments =
        [(&held.site).into(), (held.number as i64).into(), (requests as i64).into(), (unreadable as i64).into()];
    tx.execute(COUNT_UP, &arguments).map(drop)
}

/// Ends a reading.
pub fn end(tx: &mut Tx, held: &Held, outcome: &Outcome, now: Timestamp) -> Result<(), StoreError> {
    let Outcome { parts, counts, reason } = outcome;
    let state = if parts.are_complete() { ReadingState::Complete } else { ReadingState::Partial };
    let arguments = [
        (&held.site).into(),
        (held.number as i64).into(),
        state.as_str().into(),
        parts.users.as_str().into(),
        parts.desks.as_str().into(),
        parts.organizations.as_str().into(),
        (counts.users as i64).into(),
        (counts.customers as i64).into(),
        (counts.organizations as i64).into(),
        (counts.gone as i64).into(),
        now.as_microsecond().into(),
        reason.as_deref().into(),
    ];
    tx.execute(END, &arguments)?;
    tx.execute(DROP_LISTS, &[(&held.site).into()]).map(drop)
}

/// The newest reading of each site.
pub fn latest(tx: &mut Tx) -> Result<Vec<SiteReading>, StoreError> {
    tx.list(LATEST, &[], reading)
}

/// The readings that belong to a sync run.
pub fn of_run(tx: &mut Tx, run: &RunId) -> Result<Vec<SiteReading>, StoreError> {
    tx.list(OF_RUN, &[run.as_str().into()], reading)
}

/// The newest readings of a site, newest first; at most 1,000.
pub fn of_site(tx: &mut Tx, site: &str, limit: u32) -> Result<Vec<SiteReading>, StoreError> {
    tx.list(OF_SITE, &[site.into(), limit.min(1000).into()], reading)
}

/// Up to when each part of each site was last read to its end.
pub fn coverage(tx: &mut Tx) -> Result<Vec<SiteCoverage>, StoreError> {
    tx.list(COVERAGE, &[], |row| {
        Ok(SiteCoverage {
            site: row.text(0)?.to_owned(),
            users: optional_moment(row, 1)?,
            desks: optional_moment(row, 2)?,
            organizations: optional_moment(row, 3)?,
        })
    })
}

impl ListState {
    /// The word that is stored.
    fn as_str(self) -> &'static str {
        match self {
            ListState::Walking => "walking",
            ListState::Complete => "complete",
            ListState::Failed => "failed",
        }
    }

    fn parse(text: &str) -> Option<ListState> {
        [ListState::Walking, ListState::Complete, ListState::Failed].into_iter().find(|state| state.as_str() == text)
    }
}

fn reading(row: &Row<'_>) -> Result<SiteReading, StoreError> {
    let part = |column| PartState::parse(row.text(column)?).ok_or_else(|| row.corrupt(column));
    let number = |column| row.integer(column).map(i64::unsigned_abs);
    let run = row.optional_text(2)?.map(|id| RunId::parse(id).ok_or_else(|| row.corrupt(2))).transpose()?;
    Ok(SiteReading {
        site: row.text(0)?.to_owned(),
        number: number(1)?,
        run,
        asked_by: row.text(3)?.to_owned(),
        state: ReadingState::parse(row.text(4)?).ok_or_else(|| row.corrupt(4))?,
        parts: Parts { users: part(5)?, desks: part(6)?, organizations: part(7)? },
        counts: ReadingCounts {
            users: number(8)?,
            customers: number(9)?,
            organizations: number(10)?,
            gone: number(11)?,
            unreadable: number(12)?,
        },
        requests: number(13)?,
        begun_at: moment(row, 14)?,
        ended_at: optional_moment(row, 15)?,
        reason: row.optional_text(16)?.map(str::to_owned),
    })
}
