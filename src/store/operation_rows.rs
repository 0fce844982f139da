//! The rows of operations: each change with its verdict and what came of it. The journal of everything sent.

use std::borrow::Cow;

use directory::Ordinal;
use directory::act::Change;
use jiff::Timestamp;

use crate::nouns::operation_row::{OperationRow, RowState, Why};
use crate::store::bulk::{Bulk, BulkUpdate, Column, Update};
use crate::store::coverage::optional_moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::{Row, Value};

/// Which rows a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// In this state.
    pub state: Option<RowState>,
    /// For this reason, by its code.
    pub why: Option<String>,
    /// Of this person.
    pub account: Option<Ordinal>,
    /// Of the action at this place.
    pub action: Option<u16>,
}

/// How many rows there are of one kind of change, in one state, for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// The place of the action.
    pub action: u16,
    /// The kind of change.
    pub kind: String,
    /// Where they stand.
    pub state: RowState,
    /// The code of the reason.
    pub why: Option<String>,
    /// How many.
    pub rows: u64,
}

const PAGE: &str = "
    SELECT seq, action, kind, account, target, role, state, why, detail, attempts, begun_at, ended_at, generation
    FROM operation_rows
    WHERE operation = $1 AND seq > $2 AND (CAST($4 AS TEXT) IS NULL OR state = $4)
        AND (CAST($5 AS TEXT) IS NULL OR why = $5) AND (CAST($6 AS BIGINT) IS NULL OR account = $6)
        AND (CAST($7 AS BIGINT) IS NULL OR action = $7)
    ORDER BY seq LIMIT $3";
const ALL: &str = "
    SELECT seq, action, kind, account, target, role, state, why, detail, attempts, begun_at, ended_at, generation
    FROM operation_rows WHERE operation = $1 ORDER BY seq";
const TOTALS: &str = "
    SELECT action, kind, state, why, CAST(count(*) AS BIGINT)
    FROM operation_rows WHERE operation = $1
    GROUP BY action, kind, state, why ORDER BY action, kind, state, why";
const DROP: &str = "DELETE FROM operation_rows WHERE operation = $1";
const OTHERS_OPEN: &str = "
    SELECT r.account, o.number
    FROM operations o JOIN operation_rows r ON r.operation = o.number
    WHERE o.state = 'running' AND o.number <> $1 AND r.state IN ('planned', 'begun', 'unknown')
    ORDER BY r.account, o.number";
const LATER: &str = "
    SELECT r.operation, r.kind, r.account, r.target, r.role
    FROM operation_rows r
    WHERE r.account = $1 AND r.operation > $2 AND r.state IN ('done', 'verified', 'begun', 'unknown')
    ORDER BY r.operation, r.seq";

const SENT: &str = "
    SELECT r.kind, r.account, r.target, r.role
    FROM operations o JOIN operation_rows r ON r.operation = o.number
    WHERE (o.state IN ('running', 'paused') OR o.ended_at > $1) AND r.state IN ('begun', 'done', 'unknown')
    ORDER BY r.operation, r.seq";

const ROWS: Bulk = Bulk {
    table: "operation_rows",
    columns: &[
        Column::integer("operation"),
        Column::integer("seq"),
        Column::integer("action"),
        Column::text("kind"),
        Column::integer("account"),
        Column::integer("target"),
        Column::text("role"),
        Column::text("state"),
        Column::text("why"),
        Column::text("detail"),
        Column::integer("attempts"),
    ],
    key: &["operation", "seq"],
    update: Update::Nothing,
};

const JOURNAL: BulkUpdate = BulkUpdate {
    table: "operation_rows",
    set: &[
        Column::text("state"),
        Column::text("why"),
        Column::text("detail"),
        Column::integer("attempts"),
        Column::integer("begun_at"),
        Column::integer("ended_at"),
        Column::integer("generation"),
    ],
    matching: &[Column::integer("operation"), Column::integer("seq")],
    and: "",
};

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("operation_rows.PAGE", PAGE),
    ("operation_rows.ALL", ALL),
    ("operation_rows.TOTALS", TOTALS),
    ("operation_rows.DROP", DROP),
    ("operation_rows.OTHERS_OPEN", OTHERS_OPEN),
    ("operation_rows.LATER", LATER),
    ("operation_rows.SENT", SENT),
];
/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&ROWS];
/// The bulk updates of this file.
pub const BULK_UPDATES: &[&BulkUpdate] = &[&JOURNAL];

/// Keeps the rows of a plan.
pub fn insert(tx: &mut Tx, operation: u64, rows: &[OperationRow]) -> Result<(), StoreError> {
    let words: Vec<Option<Cow<'_, str>>> = rows.iter().map(|row| row.change.word()).collect();
    let values = rows.iter().enumerate().map(|(place, row)| {
        [
            (operation as i64).into(),
            (row.seq as i64).into(),
            i64::from(row.action).into(),
            row.change.kind().into(),
            row.change.account().into(),
            row.change.target().into(),
            words.get(place).and_then(|word| word.as_deref()).into(),
            row.state.as_str().into(),
            row.why.as_ref().map(|why| why.code.as_str()).into(),
            row.why.as_ref().map(|why| why.detail.as_str()).into(),
            row.attempts.into(),
        ]
    });
    tx.bulk(&ROWS, values).map(drop)
}

/// Takes the rows of a plan away that another one takes the place of.
pub fn drop_all(tx: &mut Tx, operation: u64) -> Result<(), StoreError> {
    tx.execute(DROP, &[(operation as i64).into()]).map(drop)
}

/// Keeps what became of rows.
pub fn write(tx: &mut Tx, operation: u64, rows: &[OperationRow]) -> Result<(), StoreError> {
    let values = rows.iter().map(|row| -> [Value<'_>; 9] {
        [
            row.state.as_str().into(),
            row.why.as_ref().map(|why| why.code.as_str()).into(),
            row.why.as_ref().map(|why| why.detail.as_str()).into(),
            row.attempts.into(),
            row.begun_at.map(|at| at.as_microsecond()).into(),
            row.ended_at.map(|at| at.as_microsecond()).into(),
            row.generation.map(|generation| generation as i64).into(),
            (operation as i64).into(),
            (row.seq as i64).into(),
        ]
    });
    tx.bulk_update(&JOURNAL, values).map(drop)
}

/// Rows after a place, in order, that a filter lets through; at most 1,000.
pub fn page(
    tx: &mut Tx,
    operation: u64,
    filter: &Filter,
    (after, limit): (u64, u32),
) -> Result<Vec<OperationRow>, StoreError> {
    let arguments = [
        (operation as i64).into(),
        (after as i64).into(),
        limit.min(1000).into(),
        filter.state.map(RowState::as_str).into(),
        filter.why.as_deref().into(),
        filter.account.into(),
        filter.action.map(i64::from).into(),
    ];
    tx.list(PAGE, &arguments, row)
}

/// Every row, in order.
pub fn for_each(
    tx: &mut Tx,
    operation: u64,
    mut take: impl FnMut(OperationRow) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    tx.for_each(ALL, &[(operation as i64).into()], |read| take(row(read)?))
}

/// How many rows there are, by action, kind, state and reason; the groups are few.
pub fn totals(tx: &mut Tx, operation: u64) -> Result<Vec<Total>, StoreError> {
    tx.list(TOTALS, &[(operation as i64).into()], |row| {
        Ok(Total {
            action: u16::try_from(row.integer(0)?).map_err(|_| row.corrupt(0))?,
            kind: row.text(1)?.to_owned(),
            state: RowState::parse(row.text(2)?).ok_or_else(|| row.corrupt(2))?,
            why: row.optional_text(3)?.map(str::to_owned),
            rows: row.integer(4)?.unsigned_abs(),
        })
    })
}

/// People of whom other operations that are being carried out have rows left, with those operations' numbers.
pub fn for_each_open_elsewhere(
    tx: &mut Tx,
    operation: u64,
    mut take: impl FnMut(Ordinal, u64),
) -> Result<(), StoreError> {
    tx.for_each(OTHERS_OPEN, &[(operation as i64).into()], |row| {
        take(ordinal(row, 0)?, row.integer(1)?.unsigned_abs());
        Ok(())
    })
}

/// What later operations have done to somebody, with their numbers.
pub fn later(tx: &mut Tx, account: Ordinal, after: u64) -> Result<Vec<(u64, Change)>, StoreError> {
    let mut later = Vec::new();
    tx.for_each(LATER, &[account.into(), (after as i64).into()], |row| {
        later.push((row.integer(0)?.unsigned_abs(), change(row, 1)?));
        Ok(())
    })?;
    Ok(later)
}

/// What running operations, and those that ended after a moment, have sent and nobody has read back.
pub fn for_each_sent(tx: &mut Tx, since: Timestamp, mut take: impl FnMut(Change)) -> Result<(), StoreError> {
    tx.for_each(SENT, &[since.as_microsecond().into()], |row| {
        take(change(row, 0)?);
        Ok(())
    })
}

fn row(row: &Row<'_>) -> Result<OperationRow, StoreError> {
    let why =
        row.optional_text(7)?.map(|code| Ok::<_, StoreError>(Why::new(code, row.optional_text(8)?.unwrap_or(""))));
    Ok(OperationRow {
        seq: row.integer(0)?.unsigned_abs(),
        action: u16::try_from(row.integer(1)?).map_err(|_| row.corrupt(1))?,
        change: change(row, 2)?,
        state: RowState::parse(row.text(6)?).ok_or_else(|| row.corrupt(6))?,
        why: why.transpose()?,
        attempts: u32::try_from(row.integer(9)?).map_err(|_| row.corrupt(9))?,
        begun_at: optional_moment(row, 10)?,
        ended_at: optional_moment(row, 11)?,
        generation: row.optional_integer(12)?.map(i64::unsigned_abs),
    })
}

/// A change whose kind stands in a column, its account, target and role in those behind it.
fn change(row: &Row<'_>, kind: usize) -> Result<Change, StoreError> {
    let target = row.optional_integer(kind + 2)?.map(|_| ordinal(row, kind + 2)).transpose()?;
    let change = Change::from_parts(row.text(kind)?, ordinal(row, kind + 1)?, target, row.optional_text(kind + 3)?);
    change.ok_or_else(|| row.corrupt(kind))
}

fn ordinal(row: &Row<'_>, column: usize) -> Result<Ordinal, StoreError> {
    Ordinal::try_from(row.integer(column)?).map_err(|_| row.corrupt(column))
}
