//! What became different of an operation's rows when its plan was last made again.

use std::borrow::Cow;

use directory::Ordinal;
use directory::act::Change;

use crate::nouns::operation_row::RowState;
use crate::nouns::operation_terms::Difference;
use crate::store::bulk::{Bulk, Column, Update};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::Row;

const LIST: &str = "
    SELECT kind, account, target, role, was, was_why, becomes, becomes_why
    FROM operation_differences WHERE operation = $1 ORDER BY seq LIMIT $2";
const COUNT: &str = "SELECT CAST(count(*) AS BIGINT) FROM operation_differences WHERE operation = $1";
const DROP: &str = "DELETE FROM operation_differences WHERE operation = $1";

const DIFFERENCES: Bulk = Bulk {
    table: "operation_differences",
    columns: &[
        Column::integer("operation"),
        Column::integer("seq"),
        Column::text("kind"),
        Column::integer("account"),
        Column::integer("target"),
        Column::text("role"),
        Column::text("was"),
        Column::text("was_why"),
        Column::text("becomes"),
        Column::text("becomes_why"),
    ],
    key: &["operation", "seq"],
    update: Update::Nothing,
};

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("operation_differences.LIST", LIST),
    ("operation_differences.COUNT", COUNT),
    ("operation_differences.DROP", DROP),
];
/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&DIFFERENCES];

/// Puts differences in the place of those kept before.
pub fn replace(tx: &mut Tx, operation: u64, differences: &[Difference]) -> Result<(), StoreError> {
    tx.execute(DROP, &[(operation as i64).into()])?;
    let state = |of: &Option<(RowState, Option<String>)>| of.as_ref().map(|(state, _)| state.as_str());
    let words: Vec<Option<Cow<'_, str>>> = differences.iter().map(|one| one.change.word()).collect();
    let values = differences.iter().enumerate().map(|(place, one)| {
        [
            (operation as i64).into(),
            (place as i64 + 1).into(),
            one.change.kind().into(),
            one.change.account().into(),
            one.change.target().into(),
            words.get(place).and_then(|word| word.as_deref()).into(),
            state(&one.was).into(),
            one.was.as_ref().and_then(|(_, why)| why.as_deref()).into(),
            state(&one.becomes).into(),
            one.becomes.as_ref().and_then(|(_, why)| why.as_deref()).into(),
        ]
    });
    tx.bulk(&DIFFERENCES, values).map(drop)
}

/// The first differences, in the order of the rows, and how many there are in all.
pub fn list(tx: &mut Tx, operation: u64, limit: u32) -> Result<(Vec<Difference>, u64), StoreError> {
    let all = tx.one(COUNT, &[(operation as i64).into()], |row| Ok(row.integer(0)?.unsigned_abs()))?;
    let listed = tx.list(LIST, &[(operation as i64).into(), limit.min(1000).into()], |row| {
        let ordinal = |column| Ordinal::try_from(row.integer(column)?).map_err(|_| row.corrupt(column));
        let target = row.optional_integer(2)?.map(|_| ordinal(2)).transpose()?;
        let change = Change::from_parts(row.text(0)?, ordinal(1)?, target, row.optional_text(3)?);
        Ok(Difference {
            change: change.ok_or_else(|| row.corrupt(0))?,
            was: standing(row, 4)?,
            becomes: standing(row, 6)?,
        })
    })?;
    Ok((listed, all))
}

fn standing(row: &Row<'_>, column: usize) -> Result<Option<(RowState, Option<String>)>, StoreError> {
    let Some(state) = row.optional_text(column)? else { return Ok(None) };
    let state = RowState::parse(state).ok_or_else(|| row.corrupt(column))?;
    Ok(Some((state, row.optional_text(column + 1)?.map(str::to_owned))))
}
