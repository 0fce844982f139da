//! Operations: who asked for what, how far each is, what was decided about its plan.

use directory::AccountId;
use directory::act::Action;
use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::id::OperationId;
use crate::nouns::operation::{
    Approval, Decision, Operation, OperationKind, OperationState, PlanFigures, Selection, Wish,
};
use crate::nouns::operation_row::Tally;
use crate::nouns::run::Waiting;
use crate::store::actions;
use crate::store::codec::{pack_bitmap, unpack_bitmap};
use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::Row;

/// Which operations a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this kind.
    pub kind: Option<OperationKind>,
    /// In this state.
    pub state: Option<OperationState>,
}

/// An operation as it is asked for, with its plan.
#[derive(Clone, Debug)]
pub struct NewOperation {
    /// Its id.
    pub id: OperationId,
    /// Why it is there.
    pub kind: OperationKind,
    /// Who asks, as pages show it, and the person who answers for it.
    pub asked: (String, String),
    /// The account of whoever asks, where they are tied to one.
    pub own: Option<AccountId>,
    /// When.
    pub asked_at: Timestamp,
    /// Whom it is about.
    pub selection: Selection,
    /// What is to be done with them.
    pub actions: Vec<Action>,
    /// The operation that it takes back or tries again.
    pub of: Option<OperationId>,
    /// Until when the access that it gives is given.
    pub until: Option<Timestamp>,
    /// The number of the operation whose access it takes back because its time is over.
    pub ends: Option<u64>,
}

const INSERT: &str = "
    INSERT INTO operations (number, id, kind, state, asked_by, asked_as, asked_at, selection, selected, actions,
        plan_generation, plan_hash, plan_people, plan_rows, plan_seats, plan_left_without, tally, origin)
    SELECT COALESCE(max(number), 0) + 1, $1, $2, 'planned', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16
    FROM operations";
const NUMBER: &str = "SELECT number FROM operations WHERE id = $1";
const FIND: &str = "
    SELECT number, id, kind, state, asked_by, asked_as, asked_at, started_at, ended_at, selection, actions,
        plan_generation, plan_hash, plan_people, plan_rows, plan_seats, plan_left_without, tally, wish, waiting_until,
        waiting_for, failure, origin, selected
    FROM operations WHERE id = $1";
const MATCHING: &str = "
    SELECT number, id, kind, state, asked_by, asked_as, asked_at, started_at, ended_at, selection, actions,
        plan_generation, plan_hash, plan_people, plan_rows, plan_seats, plan_left_without, tally, wish, waiting_until,
        waiting_for, failure, origin, selected
    FROM operations
    WHERE number < $1 AND (CAST($3 AS TEXT) IS NULL OR kind = $3) AND (CAST($4 AS TEXT) IS NULL OR state = $4)
    ORDER BY number DESC LIMIT $2";
const COUNT_IN_STATE: &str = "SELECT CAST(count(*) AS BIGINT) FROM operations WHERE state = $1";
const REPLAN: &str = "
    UPDATE operations SET state = $2, selected = $3, plan_generation = $4, plan_hash = $5, plan_people = $6,
        plan_rows = $7, plan_seats = $8, plan_left_without = $9, tally = $10, failure = $11, wish = NULL,
        waiting_until = NULL, waiting_for = NULL
    WHERE id = $1";
const SET_STATE: &str = "
    UPDATE operations SET state = $2, failure = $3, wish = NULL, waiting_until = NULL, waiting_for = NULL
    WHERE id = $1";
const START: &str = "UPDATE operations SET started_at = COALESCE(started_at, $2) WHERE id = $1";
const END: &str = "
    UPDATE operations SET state = $2, failure = $3, ended_at = $4, wish = NULL, waiting_until = NULL, waiting_for = NULL
    WHERE id = $1";
const STANDING: &str = "SELECT state, wish, tally FROM operations WHERE id = $1";
const SET_TALLY: &str = "UPDATE operations SET tally = $2 WHERE id = $1";
const SET_WISH: &str = "UPDATE operations SET wish = $2 WHERE id = $1";
const SET_WAITING: &str = "UPDATE operations SET waiting_until = $2, waiting_for = $3 WHERE id = $1";
const DECIDE: &str = "
    INSERT INTO decisions (operation, seq, at, decided_by, subject, plan_hash, verdict, reason, typed)
    SELECT $1, COALESCE(max(seq), 0) + 1, $2, $3, $4, $5, $6, $7, $8 FROM decisions WHERE operation = $1";
const DECISIONS: &str = "
    SELECT at, decided_by, subject, plan_hash, verdict, reason, typed FROM decisions WHERE operation = $1 ORDER BY seq";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("operations.INSERT", INSERT),
    ("operations.NUMBER", NUMBER),
    ("operations.FIND", FIND),
    ("operations.MATCHING", MATCHING),
    ("operations.COUNT_IN_STATE", COUNT_IN_STATE),
    ("operations.REPLAN", REPLAN),
    ("operations.SET_STATE", SET_STATE),
    ("operations.START", START),
    ("operations.END", END),
    ("operations.STANDING", STANDING),
    ("operations.SET_TALLY", SET_TALLY),
    ("operations.SET_WISH", SET_WISH),
    ("operations.SET_WAITING", SET_WAITING),
    ("operations.DECIDE", DECIDE),
    ("operations.DECISIONS", DECISIONS),
];

/// Records an operation with its plan's figures, and gives its number.
pub fn insert(
    tx: &mut Tx,
    new: &NewOperation,
    (plan, tally): (&PlanFigures, &Tally),
    selected: &RoaringBitmap,
) -> Result<u64, StoreError> {
    let arguments = [
        new.id.as_str().into(),
        new.kind.as_str().into(),
        (&new.asked.0).into(),
        (&new.asked.1).into(),
        new.asked_at.as_microsecond().into(),
        actions::selection_text(&new.selection, new.own.as_ref()).into(),
        pack_bitmap(selected).into(),
        actions::actions_text(&new.actions).into(),
        (plan.generation as i64).into(),
        (&plan.hash).into(),
        (plan.people as i64).into(),
        (plan.rows as i64).into(),
        actions::seats_text(&plan.seats).into(),
        (plan.left_without as i64).into(),
        actions::tally_text(tally).into(),
        new.of.as_ref().map(OperationId::as_str).into(),
    ];
    tx.execute(INSERT, &arguments)?;
    tx.one(NUMBER, &[new.id.as_str().into()], |row| Ok(row.integer(0)?.unsigned_abs()))
}

/// An operation by id, with whom it selected.
pub fn find(tx: &mut Tx, id: &OperationId) -> Result<Option<(Operation, RoaringBitmap)>, StoreError> {
    tx.optional(FIND, &[id.as_str().into()], |row| {
        Ok((operation(row)?, unpack_bitmap(row.blob(23)?).map_err(|_| row.corrupt(23))?))
    })
}

/// The newest operations that a filter lets through, newest first, before a number; at most 1,000.
pub fn matching(tx: &mut Tx, filter: Filter, before: Option<u64>, limit: u32) -> Result<Vec<Operation>, StoreError> {
    let before = before.map_or(i64::MAX, |number| number as i64);
    let (kind, state) = (filter.kind.map(OperationKind::as_str), filter.state.map(OperationState::as_str));
    tx.list(MATCHING, &[before.into(), limit.min(1000).into(), kind.into(), state.into()], operation)
}

/// How many operations are in a state.
pub fn count(tx: &mut Tx, state: OperationState) -> Result<u64, StoreError> {
    tx.one(COUNT_IN_STATE, &[state.as_str().into()], |row| Ok(row.integer(0)?.unsigned_abs()))
}

/// Puts another plan in the place of an operation's, which then stands in a state, with a reason if it has one.
pub fn replan(
    tx: &mut Tx,
    id: &OperationId,
    (plan, tally, selected): (&PlanFigures, &Tally, &RoaringBitmap),
    (state, reason): (OperationState, Option<&str>),
) -> Result<(), StoreError> {
    let arguments = [
        id.as_str().into(),
        state.as_str().into(),
        pack_bitmap(selected).into(),
        (plan.generation as i64).into(),
        (&plan.hash).into(),
        (plan.people as i64).into(),
        (plan.rows as i64).into(),
        actions::seats_text(&plan.seats).into(),
        (plan.left_without as i64).into(),
        actions::tally_text(tally).into(),
        reason.into(),
    ];
    tx.execute(REPLAN, &arguments).map(drop)
}

/// Puts an operation into a state that it does not end in.
pub fn set_state(tx: &mut Tx, id: &OperationId, state: OperationState, why: Option<&str>) -> Result<(), StoreError> {
    tx.execute(SET_STATE, &[id.as_str().into(), state.as_str().into(), why.into()]).map(drop)
}

/// Notes when its first change is sent, once.
pub fn start(tx: &mut Tx, id: &OperationId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(START, &[id.as_str().into(), now.as_microsecond().into()]).map(drop)
}

/// Ends an operation.
pub fn end(
    tx: &mut Tx,
    id: &OperationId,
    (state, why): (OperationState, Option<&str>),
    now: Timestamp,
) -> Result<(), StoreError> {
    let arguments = [id.as_str().into(), state.as_str().into(), why.into(), now.as_microsecond().into()];
    tx.execute(END, &arguments).map(drop)
}

/// Where an operation stands, what somebody wants of it, and its rows by state: what every commit of its worker asks.
pub fn standing(tx: &mut Tx, id: &OperationId) -> Result<Option<(OperationState, Option<Wish>, Tally)>, StoreError> {
    tx.optional(STANDING, &[id.as_str().into()], |row| {
        let wish = match row.optional_text(1)? {
            Some(text) => Some(Wish::parse(text).ok_or_else(|| row.corrupt(1))?),
            None => None,
        };
        let state = OperationState::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?;
        Ok((state, wish, actions::read_tally(row.text(2)?).ok_or_else(|| row.corrupt(2))?))
    })
}

/// Keeps how many of its rows are in each state.
pub fn set_tally(tx: &mut Tx, id: &OperationId, tally: &Tally) -> Result<(), StoreError> {
    tx.execute(SET_TALLY, &[id.as_str().into(), actions::tally_text(tally).into()]).map(drop)
}

/// Keeps what somebody wants of it.
pub fn set_wish(tx: &mut Tx, id: &OperationId, wish: Option<Wish>) -> Result<(), StoreError> {
    tx.execute(SET_WISH, &[id.as_str().into(), wish.map(Wish::as_str).into()]).map(drop)
}

/// Keeps what it waits for while it goes on by itself.
pub fn set_waiting(tx: &mut Tx, id: &OperationId, waiting: Option<&Waiting>) -> Result<(), StoreError> {
    let until = waiting.map(|waiting| waiting.until.as_microsecond());
    let reason = waiting.map(|waiting| waiting.reason.as_str());
    tx.execute(SET_WAITING, &[id.as_str().into(), until.into(), reason.into()]).map(drop)
}

/// Records what somebody decided about a plan.
pub fn decide(tx: &mut Tx, number: u64, decision: &Decision) -> Result<(), StoreError> {
    let arguments = [
        (number as i64).into(),
        decision.at.as_microsecond().into(),
        (&decision.by).into(),
        (&decision.subject).into(),
        (&decision.hash).into(),
        decision.verdict.as_str().into(),
        (&decision.reason).into(),
        decision.typed.map(|typed| typed as i64).into(),
    ];
    tx.execute(DECIDE, &arguments).map(drop)
}

/// What was decided about an operation's plans, in order.
pub fn decisions(tx: &mut Tx, number: u64) -> Result<Vec<Decision>, StoreError> {
    tx.list(DECISIONS, &[(number as i64).into()], |row| {
        Ok(Decision {
            at: moment(row, 0)?,
            by: row.text(1)?.to_owned(),
            subject: row.text(2)?.to_owned(),
            hash: hash(row, 3)?,
            verdict: Approval::parse(row.text(4)?).ok_or_else(|| row.corrupt(4))?,
            reason: row.text(5)?.to_owned(),
            typed: row.optional_integer(6)?.map(i64::unsigned_abs),
        })
    })
}

fn hash(row: &Row<'_>, column: usize) -> Result<[u8; 32], StoreError> {
    row.blob(column)?.try_into().map_err(|_| row.corrupt(column))
}

fn operation(row: &Row<'_>) -> Result<Operation, StoreError> {
    let number = |column| Ok::<_, StoreError>(row.integer(column)?.unsigned_abs());
    let tally = actions::read_tally(row.text(17)?).ok_or_else(|| row.corrupt(17))?;
    let waiting = match (optional_moment(row, 19)?, row.optional_text(20)?) {
        (Some(until), Some(reason)) => Some(Waiting { until, reason: reason.to_owned() }),
        _ => None,
    };
    let wish = match row.optional_text(18)? {
        Some(text) => Some(Wish::parse(text).ok_or_else(|| row.corrupt(18))?),
        None => None,
    };
    let of = match row.optional_text(22)? {
        Some(text) => Some(OperationId::parse(text).ok_or_else(|| row.corrupt(22))?),
        None => None,
    };
    let (selection, own) = actions::read_selection(row.text(9)?).ok_or_else(|| row.corrupt(9))?;
    Ok(Operation {
        own,
        number: number(0)?,
        id: OperationId::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?,
        kind: OperationKind::parse(row.text(2)?).ok_or_else(|| row.corrupt(2))?,
        state: OperationState::parse(row.text(3)?).ok_or_else(|| row.corrupt(3))?,
        asked_by: row.text(4)?.to_owned(),
        asked_as: row.text(5)?.to_owned(),
        asked_at: moment(row, 6)?,
        started_at: optional_moment(row, 7)?,
        ended_at: optional_moment(row, 8)?,
        selection,
        actions: actions::read_actions(row.text(10)?).ok_or_else(|| row.corrupt(10))?,
        plan: PlanFigures {
            generation: number(11)?,
            hash: hash(row, 12)?,
            selected: unpack_bitmap(row.blob(23)?).map_err(|_| row.corrupt(23))?.len(),
            people: number(13)?,
            rows: number(14)?,
            seats: actions::read_seats(row.text(15)?).ok_or_else(|| row.corrupt(15))?,
            left_without: number(16)?,
        },
        tally,
        wish,
        waiting,
        failure: row.optional_text(21)?.map(str::to_owned),
        of,
    })
}
