//! Plans that follow from what feeds say: which operation is whose, and why each of its rows is there.

use std::collections::BTreeMap;

use directory::GroupId;

use crate::id::OperationId;
use crate::nouns::feed_account::{FeedPlan, NewFeedPlan, Step, StepKind, StepWhy, Target, Who};
use crate::nouns::operation::OperationState;
use crate::store::actions;
use crate::store::bulk::{Bulk, Column, Update};
use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::{Row, Value};

const INSERT: &str = "
    INSERT INTO feed_plans (operation, feed, place, run, digest, by_itself, settled)
    VALUES ($1, $2, $3, $4, $5, $6, 0)";
const OF_FEED: &str = "
    SELECT p.feed, p.place, p.run, p.digest, p.by_itself, p.settled, p.waits, o.id, o.number, o.state, o.tally,
        o.plan_people, o.asked_at, o.failure
    FROM feed_plans p JOIN operations o ON o.number = p.operation
    WHERE p.feed = $1 ORDER BY p.place DESC LIMIT $2";
const OPEN: &str = "
    SELECT p.feed, p.place, p.run, p.digest, p.by_itself, p.settled, p.waits, o.id, o.number, o.state, o.tally,
        o.plan_people, o.asked_at, o.failure
    FROM feed_plans p JOIN operations o ON o.number = p.operation
    WHERE p.settled = 0 ORDER BY p.operation LIMIT 1000";
const OF_OPERATION: &str = "
    SELECT p.feed, p.place, p.run, p.digest, p.by_itself, p.settled, p.waits, o.id, o.number, o.state, o.tally,
        o.plan_people, o.asked_at, o.failure
    FROM feed_plans p JOIN operations o ON o.number = p.operation
    WHERE p.operation = $1";
const OF_RUN: &str = "
    SELECT p.feed, p.place, p.run, p.digest, p.by_itself, p.settled, p.waits, o.id, o.number, o.state, o.tally,
        o.plan_people, o.asked_at, o.failure
    FROM feed_plans p JOIN operations o ON o.number = p.operation
    WHERE p.run = $1 AND p.feed = $2 ORDER BY p.place DESC LIMIT 20";
const SETTLE: &str = "UPDATE feed_plans SET settled = 1, by_itself = 0, waits = NULL WHERE operation = $1";
const ASK: &str = "UPDATE feed_plans SET by_itself = 0, waits = NULL WHERE operation = $1";
const SET_WAITS: &str = "UPDATE feed_plans SET waits = $2 WHERE operation = $1";
const FORGET_DIGESTS: &str = "UPDATE feed_plans SET digest = $2 WHERE feed = $1 AND settled = 1";
const ROWS_OF: &str = "
    SELECT seq, who, targets, step, why, code, run FROM feed_plan_rows WHERE operation = $1 AND seq > $2
    ORDER BY seq LIMIT $3";

const ROWS: Bulk = Bulk {
    table: "feed_plan_rows",
    columns: &[
        Column::integer("operation"),
        Column::integer("seq"),
        Column::text("who"),
        Column::text("targets"),
        Column::text("step"),
        Column::text("why"),
        Column::text("code"),
        Column::integer("run"),
    ],
    key: &["operation", "seq"],
    update: Update::Nothing,
};

/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&ROWS];

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("feed_plans.INSERT", INSERT),
    ("feed_plans.OF_FEED", OF_FEED),
    ("feed_plans.OPEN", OPEN),
    ("feed_plans.OF_OPERATION", OF_OPERATION),
    ("feed_plans.OF_RUN", OF_RUN),
    ("feed_plans.SETTLE", SETTLE),
    ("feed_plans.ASK", ASK),
    ("feed_plans.SET_WAITS", SET_WAITS),
    ("feed_plans.FORGET_DIGESTS", FORGET_DIGESTS),
    ("feed_plans.ROWS_OF", ROWS_OF),
];

/// Keeps that an operation is a feed's plan, and why each of its rows is there: the first step is that of row 1.
pub fn insert(tx: &mut Tx, operation: u64, plan: &NewFeedPlan, steps: &[Step]) -> Result<(), StoreError> {
    let number = operation as i64;
    let arguments = [
        number.into(),
        plan.feed.into(),
        (plan.place as i64).into(),
        plan.run.into(),
        (&plan.digest).into(),
        plan.by_itself.into(),
    ];
    tx.execute(INSERT, &arguments)?;
    let texts: Vec<(String, String)> = steps
        .iter()
        .map(|step| {
            let targets: Vec<String> = step.targets().iter().map(Target::to_text).collect();
            (step.who.to_text(), targets.join("\n"))
        })
        .collect();
    let rows = steps.iter().zip(&texts).zip(1_i64..).map(|((step, (who, targets)), seq)| -> [Value<'_>; 8] {
        [
            number.into(),
            seq.into(),
            who.into(),
            targets.into(),
            step.kind.as_str().into(),
            step.why.as_str().into(),
            (&step.code).into(),
            step.run.into(),
        ]
    });
    tx.bulk(&ROWS, rows).map(drop)
}

/// The newest plans of a feed, the newest first; at most 1,000.
pub fn of_feed(tx: &mut Tx, feed: i64, limit: u32) -> Result<Vec<FeedPlan>, StoreError> {
    tx.list(OF_FEED, &[feed.into(), limit.into()], plan)
}

/// The newest plan of a feed.
pub fn newest(tx: &mut Tx, feed: i64) -> Result<Option<FeedPlan>, StoreError> {
    Ok(of_feed(tx, feed, 1)?.pop())
}

/// Plans of which not all that came of them is kept with the people, the oldest first; at most 1,000.
pub fn open(tx: &mut Tx) -> Result<Vec<FeedPlan>, StoreError> {
    tx.list(OPEN, &[], plan)
}

/// The plan that an operation is; none when no feed asked for it.
pub fn of_operation(tx: &mut Tx, operation: u64) -> Result<Option<FeedPlan>, StoreError> {
    tx.optional(OF_OPERATION, &[(operation as i64).into()], plan)
}

/// The plans that followed from a run of a feed, the newest first; at most 20.
pub fn of_run(tx: &mut Tx, feed: i64, run: i64) -> Result<Vec<FeedPlan>, StoreError> {
    tx.list(OF_RUN, &[run.into(), feed.into()], plan)
}

/// Notes that what came of a plan is kept with the people.
pub fn settle(tx: &mut Tx, operation: u64) -> Result<(), StoreError> {
    tx.execute(SETTLE, &[(operation as i64).into()]).map(drop)
}

/// A plan is not approved by itself any more: a person decides.
pub fn ask(tx: &mut Tx, operation: u64) -> Result<(), StoreError> {
    tx.execute(ASK, &[(operation as i64).into()]).map(drop)
}

/// Notes what stands against approving a plan by itself for the time being.
pub fn set_waits(tx: &mut Tx, operation: u64, why: Option<&str>) -> Result<(), StoreError> {
    tx.execute(SET_WAITS, &[(operation as i64).into(), why.into()]).map(drop)
}

/// Forgets what plans that are over were to do, so that the same may be planned again.
pub fn forget_digests(tx: &mut Tx, feed: i64) -> Result<(), StoreError> {
    tx.execute(FORGET_DIGESTS, &[feed.into(), (&[0_u8; 32]).into()]).map(drop)
}

/// Why the rows of a plan are there, by their place, behind one.
pub fn steps(tx: &mut Tx, operation: u64, (after, limit): (u64, u32)) -> Result<BTreeMap<u64, Step>, StoreError> {
    let mut found = BTreeMap::new();
    let arguments = [(operation as i64).into(), (after as i64).into(), limit.into()];
    tx.for_each(ROWS_OF, &arguments, |row| {
        found.insert(row.integer(0)?.unsigned_abs(), step(row)?);
        Ok(())
    })?;
    Ok(found)
}

fn step(row: &Row<'_>) -> Result<Step, StoreError> {
    let mut groups: Vec<GroupId> = Vec::new();
    for target in row.text(2)?.lines() {
        match Target::parse(target) {
            Some(Target::Group(group)) => groups.push(group),
            Some(Target::Suspended) => {}
            None => return Err(row.corrupt(2)),
        }
    }
    Ok(Step {
        who: Who::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?,
        kind: StepKind::parse(row.text(3)?).ok_or_else(|| row.corrupt(3))?,
        groups,
        why: StepWhy::parse(row.text(4)?).ok_or_else(|| row.corrupt(4))?,
        code: row.text(5)?.to_owned(),
        run: row.optional_integer(6)?,
    })
}

fn plan(row: &Row<'_>) -> Result<FeedPlan, StoreError> {
    let number = |column| Ok::<_, StoreError>(row.integer(column)?.unsigned_abs());
    Ok(FeedPlan {
        feed: row.integer(0)?,
        place: number(1)?,
        run: row.optional_integer(2)?,
        digest: row.blob(3)?.try_into().map_err(|_| row.corrupt(3))?,
        by_itself: row.flag(4)?,
        settled: row.flag(5)?,
        waits: row.optional_text(6)?.map(str::to_owned),
        operation: OperationId::parse(row.text(7)?).ok_or_else(|| row.corrupt(7))?,
        number: number(8)?,
        state: OperationState::parse(row.text(9)?).ok_or_else(|| row.corrupt(9))?,
        tally: actions::read_tally(row.text(10)?).ok_or_else(|| row.corrupt(10))?,
        people: number(11)?,
        at: moment(row, 12)?,
        failure: row.optional_text(13)?.map(str::to_owned),
    })
}
