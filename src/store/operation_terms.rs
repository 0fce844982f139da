//! What operations were agreed on besides their plans: trials on first rows, and access that ends at a moment.

use directory::Ordinal;
use directory::act::Change;
use jiff::Timestamp;

use crate::id::OperationId;
use crate::nouns::operation_terms::{Lent, Terms, Trial, TrialStage, Until};
use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::tx::Tx;

const FIND: &str = "
    SELECT trial, trial_stage, until, taken_back, settled FROM operation_terms WHERE operation = $1";
const SET_UNTIL: &str = "
    INSERT INTO operation_terms (operation, until) VALUES ($1, $2)
    ON CONFLICT (operation) DO UPDATE SET until = excluded.until";
const SET_TRIAL: &str = "
    INSERT INTO operation_terms (operation, trial, trial_stage) VALUES ($1, $2, $3)
    ON CONFLICT (operation) DO UPDATE SET trial = excluded.trial, trial_stage = excluded.trial_stage";
const SET_STAGE: &str = "UPDATE operation_terms SET trial_stage = $2 WHERE operation = $1 AND trial IS NOT NULL";
const DUE: &str = "
    SELECT o.id FROM operation_terms t JOIN operations o ON o.number = t.operation
    WHERE t.until <= $1 AND t.taken_back IS NULL AND t.settled IS NULL AND o.state NOT IN ('planned', 'waiting')
    ORDER BY t.until, t.operation LIMIT 100";
const UNAPPROVED: &str = "
    SELECT o.id, b.id
    FROM operation_terms t JOIN operations o ON o.number = t.operation JOIN operations b ON b.id = t.taken_back
    WHERE t.settled IS NULL AND b.state = 'planned'
    ORDER BY t.operation LIMIT 100";
const TAKEN_BACK: &str = "UPDATE operation_terms SET taken_back = $2 WHERE operation = $1";
const SETTLE: &str = "UPDATE operation_terms SET settled = $2 WHERE operation = $1";
const LENT: &str = "
    SELECT o.id, o.number, t.until, r.kind, r.target, r.role
    FROM operation_rows r JOIN operation_terms t ON t.operation = r.operation JOIN operations o ON o.number = r.operation
    WHERE r.account = $1 AND t.until IS NOT NULL AND t.taken_back IS NULL AND t.settled IS NULL
        AND r.kind IN ('add_to_group', 'assign_role') AND r.state IN ('done', 'verified')
    ORDER BY t.until, r.operation, r.seq LIMIT 100";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("operation_terms.FIND", FIND),
    ("operation_terms.SET_UNTIL", SET_UNTIL),
    ("operation_terms.SET_TRIAL", SET_TRIAL),
    ("operation_terms.SET_STAGE", SET_STAGE),
    ("operation_terms.DUE", DUE),
    ("operation_terms.UNAPPROVED", UNAPPROVED),
    ("operation_terms.TAKEN_BACK", TAKEN_BACK),
    ("operation_terms.SETTLE", SETTLE),
    ("operation_terms.LENT", LENT),
];

/// What an operation was agreed on.
pub fn find(tx: &mut Tx, operation: u64) -> Result<Terms, StoreError> {
    let found = tx.optional(FIND, &[(operation as i64).into()], |row| {
        let trial = match (row.optional_integer(0)?, row.optional_text(1)?) {
            (Some(rows), Some(stage)) => {
                let stage = TrialStage::parse(stage).ok_or_else(|| row.corrupt(1))?;
                Some(Trial { rows: rows.unsigned_abs(), stage })
            }
            _ => None,
        };
        let until = match optional_moment(row, 2)? {
            Some(at) => Some(Until {
                at,
                taken_back: row
                    .optional_text(3)?
                    .map(|text| OperationId::parse(text).ok_or_else(|| row.corrupt(3)))
                    .transpose()?,
                settled: row.optional_text(4)?.map(str::to_owned),
            }),
            None => None,
        };
        Ok(Terms { trial, until })
    });
    Ok(found?.unwrap_or_default())
}

/// Keeps until when what an operation gives is given.
pub fn set_until(tx: &mut Tx, operation: u64, until: Timestamp) -> Result<(), StoreError> {
    tx.execute(SET_UNTIL, &[(operation as i64).into(), until.as_microsecond().into()]).map(drop)
}

/// Keeps that an operation is tried on its first rows.
pub fn set_trial(tx: &mut Tx, operation: u64, trial: Trial) -> Result<(), StoreError> {
    let arguments = [(operation as i64).into(), (trial.rows as i64).into(), trial.stage.as_str().into()];
    tx.execute(SET_TRIAL, &arguments).map(drop)
}

/// Keeps where an operation's trial stands, if it has one.
pub fn set_stage(tx: &mut Tx, operation: u64, stage: TrialStage) -> Result<(), StoreError> {
    tx.execute(SET_STAGE, &[(operation as i64).into(), stage.as_str().into()]).map(drop)
}

/// Approved operations whose access ends by a moment, and of which nothing was taken back yet; at most 100.
pub fn due(tx: &mut Tx, now: Timestamp) -> Result<Vec<OperationId>, StoreError> {
    tx.list(DUE, &[now.as_microsecond().into()], |row| OperationId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0)))
}

/// Operations of which a plan that takes back what they gave waits for its approval, each with that plan; at most 100.
pub fn unapproved(tx: &mut Tx) -> Result<Vec<(OperationId, OperationId)>, StoreError> {
    tx.list(UNAPPROVED, &[], |row| {
        let id = |column| OperationId::parse(row.text(column)?).ok_or_else(|| row.corrupt(column));
        Ok((id(0)?, id(1)?))
    })
}

/// Keeps which operation takes back what another one gave.
pub fn taken_back(tx: &mut Tx, operation: u64, by: &OperationId) -> Result<(), StoreError> {
    tx.execute(TAKEN_BACK, &[(operation as i64).into(), by.as_str().into()]).map(drop)
}

/// Keeps that nothing more comes of the moment at which an operation's access ends, and why.
pub fn settle(tx: &mut Tx, operation: u64, why: &str) -> Result<(), StoreError> {
    tx.execute(SETTLE, &[(operation as i64).into(), why.into()]).map(drop)
}

/// What somebody was given until a moment that has not come, or not been acted on; the first to end first.
pub fn lent(tx: &mut Tx, account: Ordinal) -> Result<Vec<Lent>, StoreError> {
    tx.list(LENT, &[account.into()], |row| {
        let target = row.optional_integer(4)?.map(|target| Ordinal::try_from(target).map_err(|_| row.corrupt(4)));
        let change = Change::from_parts(row.text(3)?, account, target.transpose()?, row.optional_text(5)?);
        Ok(Lent {
            operation: OperationId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
            number: row.integer(1)?.unsigned_abs(),
            until: moment(row, 2)?,
            change: change.ok_or_else(|| row.corrupt(3))?,
        })
    })
}
