//! Generations and what each may say: one row per generation, one per claim.

use std::collections::BTreeMap;

use directory::{Age, Claim, ClaimState, Claims, Noun, Part};
use jiff::Timestamp;

use crate::id::RunId;
use crate::store::bulk::{Bulk, Column, Update};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::{Row, Value};

const INSERT_GENERATION: &str = "
    INSERT INTO generations (generation, sealed_at, run_id, counts) VALUES ($1, $2, $3, $4)";
const SEALED_AT: &str = "SELECT sealed_at FROM generations WHERE generation = $1";
const ALL_SEALED: &str = "SELECT generation, sealed_at FROM generations WHERE generation <= $1 ORDER BY generation";
const OF_GENERATION: &str = "
    SELECT noun, part, state, asked_from, asked_to, expected, seen, reason
    FROM coverage WHERE generation = $1 ORDER BY part, noun";
const AGES: &str = "
    SELECT noun, part, max(asked_to) FROM coverage
    WHERE generation <= $1 AND state = 'complete' AND part <> 'named' GROUP BY noun, part ORDER BY noun, part";
const UPSTREAM_COUNTS: &str = "
    SELECT part, asked_to, expected FROM coverage
    WHERE noun = $1 AND expected IS NOT NULL AND generation = (
        SELECT max(newest.generation) FROM coverage AS newest
        WHERE newest.noun = coverage.noun AND newest.part = coverage.part AND newest.expected IS NOT NULL)
    ORDER BY part";

const COVERAGE: Bulk = Bulk {
    table: "coverage",
    columns: &[
        Column::integer("generation"),
        Column::text("noun"),
        Column::text("part"),
        Column::text("state"),
        Column::integer("asked_from"),
        Column::integer("asked_to"),
        Column::integer("expected"),
        Column::integer("seen"),
        Column::text("reason"),
    ],
    key: &["generation", "noun", "part"],
    update: Update::Nothing,
};

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("coverage.INSERT_GENERATION", INSERT_GENERATION),
    ("coverage.SEALED_AT", SEALED_AT),
    ("coverage.ALL_SEALED", ALL_SEALED),
    ("coverage.OF_GENERATION", OF_GENERATION),
    ("coverage.AGES", AGES),
    ("coverage.UPSTREAM_COUNTS", UPSTREAM_COUNTS),
];
/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&COVERAGE];

/// Records a generation with its claims. `counts` is what changed, as JSON.
pub fn seal(
    tx: &mut Tx,
    generation: u64,
    sealed_at: Timestamp,
    run: &RunId,
    (claims, counts): (&Claims, &str),
) -> Result<(), StoreError> {
    let number = Value::from(generation as i64);
    tx.execute(
        INSERT_GENERATION,
        &[number.clone(), sealed_at.as_microsecond().into(), run.as_str().into(), counts.into()],
    )?;
    let parts: Vec<String> = claims.0.iter().map(|claim| claim.part.to_text()).collect();
    tx.bulk(
        &COVERAGE,
        claims.0.iter().zip(&parts).map(|(claim, part)| {
            [
                number.clone(),
                claim.noun.as_str().into(),
                part.into(),
                claim.state.as_str().into(),
                claim.asked_from.as_microsecond().into(),
                claim.asked_to.as_microsecond().into(),
                claim.expected.map(|expected| expected as i64).into(),
                (claim.seen as i64).into(),
                claim.reason.as_deref().into(),
            ]
        }),
    )?;
    Ok(())
}

/// When a generation was sealed.
pub fn sealed_at(tx: &mut Tx, generation: u64) -> Result<Option<Timestamp>, StoreError> {
    tx.optional(SEALED_AT, &[(generation as i64).into()], |row| moment(row, 0))
}

/// When every generation up to this one was sealed.
pub fn all_sealed(tx: &mut Tx, generation: u64) -> Result<BTreeMap<u64, Timestamp>, StoreError> {
    let mut sealed = BTreeMap::new();
    tx.for_each(ALL_SEALED, &[(generation as i64).into()], |row| {
        sealed.insert(row.integer(0)?.unsigned_abs(), moment(row, 1)?);
        Ok(())
    })?;
    Ok(sealed)
}

/// The claims of one generation.
pub fn of_generation(tx: &mut Tx, generation: u64) -> Result<Vec<Claim>, StoreError> {
    tx.list(OF_GENERATION, &[(generation as i64).into()], |row| {
        Ok(Claim {
            noun: Noun::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
            part: Part::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?,
            state: ClaimState::parse(row.text(2)?).ok_or_else(|| row.corrupt(2))?,
            asked_from: moment(row, 3)?,
            asked_to: moment(row, 4)?,
            expected: row.optional_integer(5)?.map(i64::unsigned_abs),
            seen: row.integer(6)?.unsigned_abs(),
            reason: row.optional_text(7)?.map(Into::into),
        })
    })
}

/// What upstream itself counted of a noun in each part when it last told, and when that was.
pub fn upstream_counts(tx: &mut Tx, noun: Noun) -> Result<Vec<(Part, u64, Timestamp)>, StoreError> {
    tx.list(UPSTREAM_COUNTS, &[noun.as_str().into()], |row| {
        let part = Part::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?;
        Ok((part, row.integer(2)?.unsigned_abs(), moment(row, 1)?))
    })
}

/// When each noun of each part was last read completely, as of a generation. A targeted read makes no part young.
pub fn ages(tx: &mut Tx, generation: u64) -> Result<Vec<Age>, StoreError> {
    tx.list(AGES, &[(generation as i64).into()], |row| {
        Ok(Age {
            noun: Noun::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
            part: Part::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?,
            read_at: moment(row, 2)?,
        })
    })
}

/// An instant column.
pub(crate) fn moment(row: &Row<'_>, column: usize) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(row.integer(column)?).map_err(|_| row.corrupt(column))
}

/// An instant column that may be empty.
pub(crate) fn optional_moment(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>, StoreError> {
    row.optional_integer(column)?.map(|at| Timestamp::from_microsecond(at).map_err(|_| row.corrupt(column))).transpose()
}
