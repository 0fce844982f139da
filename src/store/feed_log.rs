//! The log of a feed's run, line by line, as it is written while the run is under way.

use crate::nouns::feed_run::{LogLine, Severity};
use crate::store::bulk::{Bulk, Column, Update};
use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::Value;

const MATCHING: &str = "
    SELECT line, at, severity, record, file_line, username, text, told FROM feed_log
    WHERE run = $1 AND line > $2
        AND (CAST($3 AS TEXT) IS NULL OR severity = $3)
        AND (CAST($4 AS TEXT) IS NULL OR username = $4)
        AND (CAST($5 AS BIGINT) IS NULL OR record = $5)
    ORDER BY line LIMIT $6";
const CLEAR: &str = "DELETE FROM feed_log WHERE run = $1";

const LINES: Bulk = Bulk {
    table: "feed_log",
    columns: &[
        Column::integer("run"),
        Column::integer("line"),
        Column::integer("at"),
        Column::text("severity"),
        Column::integer("record"),
        Column::integer("file_line"),
        Column::text("username"),
        Column::text("text"),
        Column::text("told"),
    ],
    key: &["run", "line"],
    update: Update::Nothing,
};

/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&LINES];

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[("feed_log.MATCHING", MATCHING), ("feed_log.CLEAR", CLEAR)];

/// Which lines. Everything that is said has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinesWanted {
    /// After this line.
    pub after: u64,
    /// Of this severity.
    pub severity: Option<Severity>,
    /// About the record of this username.
    pub username: Option<String>,
    /// About the record of this number.
    pub record: Option<u64>,
}

/// Appends lines.
pub fn append(tx: &mut Tx, run: i64, lines: &[LogLine]) -> Result<(), StoreError> {
    let rows = lines.iter().map(|line| -> [Value<'_>; 9] {
        [
            run.into(),
            (line.line as i64).into(),
            line.at.as_microsecond().into(),
            line.severity.as_str().into(),
            line.record.map(|record| record as i64).into(),
            line.file_line.map(|line| line as i64).into(),
            line.username.as_deref().into(),
            (&line.text).into(),
            line.told.as_deref().into(),
        ]
    });
    tx.bulk(&LINES, rows).map(drop)
}

/// The first lines that are wanted, in order; at most 1,000.
pub fn matching(tx: &mut Tx, run: i64, wanted: &LinesWanted, limit: u32) -> Result<Vec<LogLine>, StoreError> {
    let arguments = [
        run.into(),
        (wanted.after as i64).into(),
        wanted.severity.map(Severity::as_str).into(),
        wanted.username.as_deref().into(),
        wanted.record.map(|record| record as i64).into(),
        limit.into(),
    ];
    tx.list(MATCHING, &arguments, |row| {
        Ok(LogLine {
            line: row.integer(0)?.unsigned_abs(),
            at: moment(row, 1)?,
            severity: Severity::parse(row.text(2)?).ok_or_else(|| row.corrupt(2))?,
            record: row.optional_integer(3)?.map(i64::unsigned_abs),
            file_line: row.optional_integer(4)?.map(i64::unsigned_abs),
            username: row.optional_text(5)?.map(str::to_owned),
            text: row.text(6)?.to_owned(),
            told: row.optional_text(7)?.map(str::to_owned),
        })
    })
}

/// Empties the log: the run is compared anew.
pub fn clear(tx: &mut Tx, run: i64) -> Result<(), StoreError> {
    tx.execute(CLEAR, &[run.into()]).map(drop)
}
