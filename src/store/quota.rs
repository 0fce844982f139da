//! Limits learned from upstream's headers, per endpoint, kept so that a restart need not learn them again.

use jiff::Timestamp;

use crate::store::bulk::{Bulk, Column, Update};
use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;

/// A learned limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLimit {
    /// The endpoint's template.
    pub endpoint: String,
    /// Requests per window.
    pub limit: u32,
    /// The window's length in microseconds.
    pub window_microseconds: i64,
    /// When it was learned.
    pub learned_at: Timestamp,
}

const ALL: &str = "
    SELECT endpoint, limit_per_window, window_microseconds, learned_at FROM quota ORDER BY endpoint LIMIT 1000";
const QUOTA: Bulk = Bulk {
    table: "quota",
    columns: &[
        Column::text("endpoint"),
        Column::integer("limit_per_window"),
        Column::integer("window_microseconds"),
        Column::integer("learned_at"),
    ],
    key: &["endpoint"],
    update: Update::Columns(&["limit_per_window", "window_microseconds", "learned_at"]),
};

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[("quota.ALL", ALL)];
/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&QUOTA];

/// Every learned limit.
pub fn all(tx: &mut Tx) -> Result<Vec<StoredLimit>, StoreError> {
    tx.list(ALL, &[], |row| {
        Ok(StoredLimit {
            endpoint: row.text(0)?.to_owned(),
            limit: row.integer(1)? as u32,
            window_microseconds: row.integer(2)?,
            learned_at: moment(row, 3)?,
        })
    })
}

/// Keeps learned limits.
pub fn write(tx: &mut Tx, limits: &[StoredLimit]) -> Result<(), StoreError> {
    tx.bulk(
        &QUOTA,
        limits.iter().map(|limit| {
            [
                limit.endpoint.as_str().into(),
                limit.limit.into(),
                limit.window_microseconds.into(),
                limit.learned_at.as_microsecond().into(),
            ]
        }),
    )
    .map(drop)
}
