//! Rows that guards kept as they were, and the leave that runs were given to take some of them out.

use std::collections::BTreeMap;

use directory::{Part, Permitted, Rule, Thresholds, Withheld};
use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::id::{RunId, WithheldId};
use crate::nouns::withheld::{Closed, Permit, WithheldRows, WithheldState};
use crate::store::codec::{pack_bitmap, unpack_bitmap};
use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::Row;

const INSERT: &str = "
    INSERT INTO withheld (id, run_id, at, rule, part, present, share_percent, least, rows_kept, rows_open, state)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 'open')";
const FIND: &str = "
    SELECT id, run_id, at, rule, part, present, share_percent, least, rows_kept, rows_open, state, closed_by,
        closed_at, reason
    FROM withheld WHERE id = $1";
const OPEN: &str = "
    SELECT id, run_id, at, rule, part, present, share_percent, least, rows_kept, rows_open, state, closed_by,
        closed_at, reason
    FROM withheld WHERE state = 'open' ORDER BY at DESC, rule, part LIMIT $1";
const OF_RUN: &str = "
    SELECT id, run_id, at, rule, part, present, share_percent, least, rows_kept, rows_open, state, closed_by,
        closed_at, reason
    FROM withheld WHERE run_id = $1 ORDER BY rule, part LIMIT $2";
const COUNT_OPEN: &str = "SELECT CAST(count(*) AS BIGINT) FROM withheld WHERE state = 'open'";
const SET_OPEN: &str = "UPDATE withheld SET rows_open = $2 WHERE id = $1";
const CLOSE: &str = "
    UPDATE withheld SET state = $2, closed_by = $3, closed_at = $4, reason = $5 WHERE id = $1 AND state = 'open'";
const PERMIT: &str = "INSERT INTO permits (run_id, withheld_id, permitted) VALUES ($1, $2, $3)";
const PERMITS: &str = "
    SELECT w.rule, w.part, p.permitted FROM permits p JOIN withheld w ON w.id = p.withheld_id WHERE p.run_id = $1";
const PERMITTED_BY: &str = "SELECT withheld_id, permitted FROM permits WHERE run_id = $1 ORDER BY withheld_id";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("withheld.INSERT", INSERT),
    ("withheld.FIND", FIND),
    ("withheld.OPEN", OPEN),
    ("withheld.OF_RUN", OF_RUN),
    ("withheld.COUNT_OPEN", COUNT_OPEN),
    ("withheld.SET_OPEN", SET_OPEN),
    ("withheld.CLOSE", CLOSE),
    ("withheld.PERMIT", PERMIT),
    ("withheld.PERMITS", PERMITS),
    ("withheld.PERMITTED_BY", PERMITTED_BY),
];

/// Most rules and parts that a list of withheld rows holds.
const MOST: u32 = 1000;

/// Keeps rows that a run did not change.
pub fn insert(
    tx: &mut Tx,
    (id, run): (&WithheldId, &RunId),
    at: Timestamp,
    withheld: &Withheld,
) -> Result<(), StoreError> {
    let arguments = [
        id.as_str().into(),
        run.as_str().into(),
        at.as_microsecond().into(),
        withheld.rule.as_str().into(),
        withheld.part.to_text().into(),
        (withheld.present as i64).into(),
        (withheld.thresholds.share_percent as i64).into(),
        (withheld.thresholds.least as i64).into(),
        pack_bitmap(&withheld.rows).into(),
    ];
    tx.execute(INSERT, &arguments).map(drop)
}

/// Withheld rows by id.
pub fn find(tx: &mut Tx, id: &WithheldId) -> Result<Option<WithheldRows>, StoreError> {
    tx.optional(FIND, &[id.as_str().into()], withheld)
}

/// Everything that waits for a person, newest first.
pub fn open(tx: &mut Tx) -> Result<Vec<WithheldRows>, StoreError> {
    tx.list(OPEN, &[MOST.into()], withheld)
}

/// How many rules and parts wait for a person.
pub fn count_open(tx: &mut Tx) -> Result<u64, StoreError> {
    tx.one(COUNT_OPEN, &[], |row| Ok(row.integer(0)?.unsigned_abs()))
}

/// What a run withheld.
pub fn of_run(tx: &mut Tx, run: &RunId) -> Result<Vec<WithheldRows>, StoreError> {
    tx.list(OF_RUN, &[run.as_str().into(), MOST.into()], withheld)
}

/// Records which rows still wait.
pub fn set_open(tx: &mut Tx, id: &WithheldId, rows: &RoaringBitmap) -> Result<(), StoreError> {
    tx.execute(SET_OPEN, &[id.as_str().into(), pack_bitmap(rows).into()]).map(drop)
}

/// Closes withheld rows that were open.
pub fn close(tx: &mut Tx, id: &WithheldId, state: WithheldState, closed: &Closed) -> Result<(), StoreError> {
    let arguments = [
        id.as_str().into(),
        state.as_str().into(),
        (&closed.by).into(),
        closed.at.as_microsecond().into(),
        (&closed.reason).into(),
    ];
    tx.execute(CLOSE, &arguments).map(drop)
}

/// Gives a run leave.
pub fn permit(tx: &mut Tx, run: &RunId, permits: &[Permit]) -> Result<(), StoreError> {
    for permit in permits {
        let rows = pack_bitmap(&permit.rows);
        tx.execute(PERMIT, &[run.as_str().into(), permit.withheld.as_str().into(), rows.into()])?;
    }
    Ok(())
}

/// What a run may take out whatever its number.
pub fn permitted(tx: &mut Tx, run: &RunId) -> Result<Permitted, StoreError> {
    let mut permitted: BTreeMap<(Rule, Part), RoaringBitmap> = BTreeMap::new();
    tx.for_each(PERMITS, &[run.as_str().into()], |row| {
        let rule = Rule::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?;
        let part = Part::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?;
        *permitted.entry((rule, part)).or_default() |= unpack_bitmap(row.blob(2)?).map_err(|_| row.corrupt(2))?;
        Ok(())
    })?;
    Ok(Permitted(permitted))
}

/// The leave that a run was given, by withheld rows.
pub fn permits(tx: &mut Tx, run: &RunId) -> Result<Vec<Permit>, StoreError> {
    tx.list(PERMITTED_BY, &[run.as_str().into()], |row| {
        Ok(Permit {
            withheld: WithheldId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
            rows: unpack_bitmap(row.blob(1)?).map_err(|_| row.corrupt(1))?,
        })
    })
}

fn withheld(row: &Row<'_>) -> Result<WithheldRows, StoreError> {
    let bitmap = |column| unpack_bitmap(row.blob(column)?).map_err(|_| row.corrupt(column));
    let number = |column| Ok::<_, StoreError>(row.integer(column)?.unsigned_abs());
    let closed = match (row.optional_text(11)?, optional_moment(row, 12)?) {
        (Some(by), Some(at)) => {
            Some(Closed { by: by.to_owned(), at, reason: row.optional_text(13)?.unwrap_or("").to_owned() })
        }
        _ => None,
    };
    Ok(WithheldRows {
        id: WithheldId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
        run: RunId::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?,
        at: moment(row, 2)?,
        withheld: Withheld {
            rule: Rule::parse(row.text(3)?).ok_or_else(|| row.corrupt(3))?,
            part: Part::parse(row.text(4)?).ok_or_else(|| row.corrupt(4))?,
            present: number(5)?,
            thresholds: Thresholds { share_percent: number(6)?, least: number(7)?, ..Thresholds::default() },
            rows: bitmap(8)?,
        },
        open: bitmap(9)?,
        state: WithheldState::parse(row.text(10)?).ok_or_else(|| row.corrupt(10))?,
        closed,
    })
}
