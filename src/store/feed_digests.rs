//! Everybody's digests, packed for the next comparison of a feed: what records and people say anyway, in few large parts.
//! They hold for one version of the feed's people; whoever reads them looks at the version first.

use std::collections::BTreeMap;

use crate::id::FeedRunId;
use crate::store::error::StoreError;
use crate::store::feed_text::{read_tally, tally_text};
use crate::store::tx::Tx;

const FIND: &str = "SELECT version, applied_run, parts, group_sizes FROM feed_digests WHERE feed = $1";
const ALL: &str = "SELECT feed, version, applied_run FROM feed_digests ORDER BY feed";
const KEEP: &str = "
    INSERT INTO feed_digests (feed, version, applied_run, parts, group_sizes) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (feed) DO UPDATE SET version = excluded.version, applied_run = excluded.applied_run,
        parts = excluded.parts, group_sizes = excluded.group_sizes";
const PARTS: &str = "
    SELECT packed FROM feed_digest_parts WHERE feed = $1 AND part >= $2 AND part < $3 ORDER BY part";
const PUT_PART: &str = "
    INSERT INTO feed_digest_parts (feed, part, packed) VALUES ($1, $2, $3)
    ON CONFLICT (feed, part) DO UPDATE SET packed = excluded.packed";
const DROP_PARTS: &str = "DELETE FROM feed_digest_parts WHERE feed = $1 AND part >= $2";
const CLEAR: &str = "DELETE FROM feed_digests";
const CLEAR_PARTS: &str = "DELETE FROM feed_digest_parts";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("feed_digests.FIND", FIND),
    ("feed_digests.ALL", ALL),
    ("feed_digests.KEEP", KEEP),
    ("feed_digests.PARTS", PARTS),
    ("feed_digests.PUT_PART", PUT_PART),
    ("feed_digests.DROP_PARTS", DROP_PARTS),
    ("feed_digests.CLEAR", CLEAR),
    ("feed_digests.CLEAR_PARTS", CLEAR_PARTS),
];

/// What is packed of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// The version of the feed's people that it says.
    pub version: u64,
    /// The run that had been applied last.
    pub applied_run: FeedRunId,
    /// In how many parts, numbered from 0.
    pub parts: i64,
    /// How many of the latest delivery are in which managed group, by code.
    pub group_sizes: BTreeMap<String, u64>,
}

/// What is packed of a feed, if anything is.
pub fn find(tx: &mut Tx, feed: i64) -> Result<Option<Packed>, StoreError> {
    tx.optional(FIND, &[feed.into()], |row| {
        Ok(Packed {
            version: row.integer(0)?.unsigned_abs(),
            applied_run: FeedRunId::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?,
            parts: row.integer(2)?,
            group_sizes: read_tally(row.text(3)?).ok_or_else(|| row.corrupt(3))?,
        })
    })
}

/// What is packed of each feed, by its number: the version that it says, and the run that had been applied last.
pub fn all(tx: &mut Tx) -> Result<BTreeMap<i64, (u64, FeedRunId)>, StoreError> {
    let packed = tx.list(ALL, &[], |row| {
        let applied = FeedRunId::parse(row.text(2)?).ok_or_else(|| row.corrupt(2))?;
        Ok((row.integer(0)?, (row.integer(1)?.unsigned_abs(), applied)))
    });
    Ok(packed?.into_iter().collect())
}

/// Shows parts from one up to another, in their order.
pub fn parts(
    tx: &mut Tx,
    feed: i64,
    (from, to): (i64, i64),
    mut show: impl FnMut(&[u8]) -> Option<()>,
) -> Result<(), StoreError> {
    tx.for_each(PARTS, &[feed.into(), from.into(), to.into()], |row| show(row.blob(0)?).ok_or_else(|| row.corrupt(0)))
}

/// Puts a part in the place of the one before.
pub fn put_part(tx: &mut Tx, feed: i64, (part, packed): (i64, &[u8])) -> Result<(), StoreError> {
    tx.execute(PUT_PART, &[feed.into(), part.into(), packed.into()]).map(drop)
}

/// Says what the parts are that have been put; those behind them are dropped.
pub fn keep(tx: &mut Tx, feed: i64, packed: &Packed) -> Result<(), StoreError> {
    let arguments = [
        feed.into(),
        (packed.version as i64).into(),
        packed.applied_run.as_str().into(),
        packed.parts.into(),
        tally_text(&packed.group_sizes).into(),
    ];
    tx.execute(KEEP, &arguments)?;
    tx.execute(DROP_PARTS, &[feed.into(), packed.parts.into()]).map(drop)
}

/// Forgets what is packed of all feeds: a digest of an address is still about a person.
pub fn clear(tx: &mut Tx) -> Result<(), StoreError> {
    tx.execute(CLEAR, &[])?;
    tx.execute(CLEAR_PARTS, &[]).map(drop)
}
