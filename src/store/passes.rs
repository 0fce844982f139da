//! What a pass under way has kept: the base it started from, the chains it walks, what their pages left behind.

use jiff::Timestamp;

use crate::id::RunId;
use crate::nouns::residue::Residue;
use crate::store::bulk::{Bulk, Column, Update};
use crate::store::codec::{self, Packing};
use crate::store::coverage::optional_moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::Value;

/// From which state of the mirror a run started: references below these are ordinals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base {
    /// The generation.
    pub generation: u64,
    /// How many groups it had.
    pub groups: u32,
    /// How many resources it had.
    pub resources: u32,
}

/// A chain of pages, and how far it was walked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Which chain: `users:DIRECTORY`, `groups:DIRECTORY`.
    pub name: String,
    /// Where it stands.
    pub state: ChainState,
    /// The cursor of the next page; `None` before the first page and after the last.
    pub next_cursor: Option<String>,
    /// Pages read.
    pub pages: u64,
    /// Records on them.
    pub seen: u64,
    /// Upstream's count before the first page.
    pub expected_before: Option<u64>,
    /// Upstream's count after the last.
    pub expected_after: Option<u64>,
    /// When the first page was asked for.
    pub asked_from: Option<Timestamp>,
    /// When the last page was asked for.
    pub asked_to: Option<Timestamp>,
    /// Why it is not complete.
    pub reason: Option<String>,
}

/// Where a chain stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainState {
    /// There are pages left.
    Walking,
    /// Read from first to last page.
    Complete,
    /// It ended before its last page.
    Partial,
}

const BASE: &str = "SELECT base_generation, base_groups, base_resources FROM runs WHERE id = $1";
const HOLDERS_SINCE: &str = "
    SELECT CAST(count(*) AS BIGINT) FROM generations g JOIN runs r ON r.id = g.run_id
    WHERE g.generation > $1 AND r.holds_place = 1";
const BEGIN: &str = "
    UPDATE runs SET state = 'running', started_at = COALESCE(started_at, $2), base_generation = $3, base_groups = $4,
        base_resources = $5
    WHERE id = $1";
const CHAINS: &str = "
    SELECT chain, state, next_cursor, pages, seen, expected_before, expected_after, asked_from, asked_to, reason
    FROM chains WHERE run_id = $1 ORDER BY chain";
const LAST_SEQ: &str = "SELECT COALESCE(max(seq), 0) FROM residues WHERE run_id = $1";
const INSERT_RESIDUE: &str = "INSERT INTO residues (run_id, seq, entries) VALUES ($1, $2, $3)";
const RESIDUES: &str = "SELECT entries FROM residues WHERE run_id = $1 ORDER BY seq";
const DROP_RESIDUES: &str = "
    DELETE FROM residues WHERE run_id = $1 AND seq IN
        (SELECT r.seq FROM residues r WHERE r.run_id = $1 ORDER BY r.seq LIMIT $2)";
const DROP_CHAINS: &str = "DELETE FROM chains WHERE run_id = $1";
const STALE_RESIDUES: &str = "
    SELECT DISTINCT r.run_id FROM residues r JOIN runs u ON u.id = r.run_id
    WHERE u.state IN ('sealed', 'failed', 'cancelled') ORDER BY r.run_id LIMIT 100";
const CHAIN: Bulk = Bulk {
    table: "chains",
    columns: &[
        Column::text("run_id"),
        Column::text("chain"),
        Column::text("state"),
        Column::text("next_cursor"),
        Column::integer("pages"),
        Column::integer("seen"),
        Column::integer("expected_before"),
        Column::integer("expected_after"),
        Column::integer("asked_from"),
        Column::integer("asked_to"),
        Column::text("reason"),
    ],
    key: &["run_id", "chain"],
    update: Update::Columns(&[
        "state",
        "next_cursor",
        "pages",
        "seen",
        "expected_before",
        "expected_after",
        "asked_from",
        "asked_to",
        "reason",
    ]),
};
/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("passes.BASE", BASE),
    ("passes.HOLDERS_SINCE", HOLDERS_SINCE),
    ("passes.BEGIN", BEGIN),
    ("passes.CHAINS", CHAINS),
    ("passes.LAST_SEQ", LAST_SEQ),
    ("passes.INSERT_RESIDUE", INSERT_RESIDUE),
    ("passes.RESIDUES", RESIDUES),
    ("passes.DROP_RESIDUES", DROP_RESIDUES),
    ("passes.DROP_CHAINS", DROP_CHAINS),
    ("passes.STALE_RESIDUES", STALE_RESIDUES),
];
/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&CHAIN];

/// From where a run started, once it has.
pub fn base(tx: &mut Tx, id: &RunId) -> Result<Option<Base>, StoreError> {
    tx.one(BASE, &[id.as_str().into()], |row| {
        let (generation, groups, resources) =
            (row.optional_integer(0)?, row.optional_integer(1)?, row.optional_integer(2)?);
        Ok(generation.zip(groups).zip(resources).map(|((generation, groups), resources)| Base {
            generation: generation.unsigned_abs(),
            groups: groups as u32,
            resources: resources as u32,
        }))
    })
}

/// Whether nothing but targeted reads was sealed after a generation.
pub fn only_targeted_since(tx: &mut Tx, generation: u64) -> Result<bool, StoreError> {
    Ok(tx.one(HOLDERS_SINCE, &[(generation as i64).into()], |row| row.integer(0))? == 0)
}

/// Records that a worker began a run from this base.
pub fn begin(tx: &mut Tx, id: &RunId, now: Timestamp, base: Base) -> Result<(), StoreError> {
    let arguments = [
        id.as_str().into(),
        now.as_microsecond().into(),
        (base.generation as i64).into(),
        base.groups.into(),
        base.resources.into(),
    ];
    tx.execute(BEGIN, &arguments).map(drop)
}

/// The chains of a run.
pub fn chains(tx: &mut Tx, id: &RunId) -> Result<Vec<Chain>, StoreError> {
    tx.list(CHAINS, &[id.as_str().into()], |row| {
        Ok(Chain {
            name: row.text(0)?.to_owned(),
            state: ChainState::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?,
            next_cursor: row.optional_text(2)?.map(str::to_owned),
            pages: row.integer(3)?.unsigned_abs(),
            seen: row.integer(4)?.unsigned_abs(),
            expected_before: row.optional_integer(5)?.map(i64::unsigned_abs),
            expected_after: row.optional_integer(6)?.map(i64::unsigned_abs),
            asked_from: optional_moment(row, 7)?,
            asked_to: optional_moment(row, 8)?,
            reason: row.optional_text(9)?.map(str::to_owned),
        })
    })
}

/// Records where chains stand now.
pub fn set_chains<'a>(tx: &mut Tx, id: &RunId, chains: impl IntoIterator<Item = &'a Chain>) -> Result<(), StoreError> {
    let number = |number: u64| Value::from(number as i64);
    let instant = |at: Option<Timestamp>| Value::from(at.map(Timestamp::as_microsecond));
    tx.bulk(
        &CHAIN,
        chains.into_iter().map(|chain| {
            [
                id.as_str().into(),
                chain.name.as_str().into(),
                chain.state.as_str().into(),
                chain.next_cursor.as_deref().into(),
                number(chain.pages),
                number(chain.seen),
                chain.expected_before.map(number).unwrap_or(Value::Null),
                chain.expected_after.map(number).unwrap_or(Value::Null),
                instant(chain.asked_from),
                instant(chain.asked_to),
                chain.reason.as_deref().into(),
            ]
        }),
    )
    .map(drop)
}

/// Keeps what pages left behind.
pub fn add_residues(tx: &mut Tx, id: &RunId, residues: &Packing) -> Result<(), StoreError> {
    if residues.is_empty() {
        return Ok(());
    }
    let seq = tx.one(LAST_SEQ, &[id.as_str().into()], |row| row.integer(0))? + 1;
    tx.execute(INSERT_RESIDUE, &[id.as_str().into(), seq.into(), residues.packed().into()]).map(drop)
}

/// Streams what the pages of a run left behind, in the order in which it was kept.
pub fn for_each_residue(tx: &mut Tx, id: &RunId, mut take: impl FnMut(Residue)) -> Result<(), StoreError> {
    tx.for_each(RESIDUES, &[id.as_str().into()], |row| {
        codec::unpack(row.blob(0)?).map_err(|_| row.corrupt(0))?.into_iter().for_each(&mut take);
        Ok(())
    })
}

/// Drops some of what the pages of an ended run left behind; whether nothing is left.
pub fn drop_residues(tx: &mut Tx, id: &RunId, at_most: u32) -> Result<bool, StoreError> {
    let dropped = tx.execute(DROP_RESIDUES, &[id.as_str().into(), at_most.into()])?;
    if dropped < u64::from(at_most) {
        tx.execute(DROP_CHAINS, &[id.as_str().into()])?;
    }
    Ok(dropped < u64::from(at_most))
}

/// Runs that have ended and still hold residues: a process ended before it could drop them.
pub fn with_stale_residues(tx: &mut Tx) -> Result<Vec<RunId>, StoreError> {
    tx.list(STALE_RESIDUES, &[], |row| RunId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0)))
}

impl ChainState {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            ChainState::Walking => "walking",
            ChainState::Complete => "complete",
            ChainState::Partial => "partial",
        }
    }

    fn parse(text: &str) -> Option<ChainState> {
        [ChainState::Walking, ChainState::Complete, ChainState::Partial]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}
