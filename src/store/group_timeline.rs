//! What happened to one group, generation by generation: its definition and grants with when each began and ended, and how
//! many people joined and left. Look-ups go by the beginning of a primary key or of the index of members.

use std::collections::{BTreeMap, BTreeSet};

use directory::{Grant, Group, Ordinal, Role};

use crate::store::error::StoreError;
use crate::store::groups;
use crate::store::timeline::{Sealed, Span, sealed};
use crate::store::tx::Tx;

/// Everything that was ever known about one group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupTimeline {
    /// Definitions.
    pub versions: Vec<Span<Group>>,
    /// Grants.
    pub grants: Vec<Span<Grant>>,
    /// How many people joined and left with each generation that moved any, the oldest first.
    pub moves: BTreeMap<u64, Moves>,
    /// When each generation named here was sealed, and by which run.
    pub generations: BTreeMap<u64, Sealed>,
}

/// Members that came and went with one generation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moves {
    /// Who joined.
    pub joined: u64,
    /// Who left.
    pub left: u64,
}

const VERSIONS: &str = "
    SELECT since, until, name, description, synced, managed_by, modifiable, deletable, unknown
    FROM group_versions WHERE grp = $1 ORDER BY since LIMIT $2";
const GRANTS: &str = "
    SELECT since, until, resource, role, is_default FROM grants WHERE grp = $1 ORDER BY since, resource, role LIMIT $2";
const JOINED: &str = "
    SELECT since, CAST(count(*) AS BIGINT) FROM memberships WHERE grp = $1 AND since <= $3
    GROUP BY since ORDER BY since DESC LIMIT $2";
const LEFT: &str = "
    SELECT until, CAST(count(*) AS BIGINT) FROM memberships WHERE grp = $1 AND until <= $3
    GROUP BY until ORDER BY until DESC LIMIT $2";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("group_timeline.VERSIONS", VERSIONS),
    ("group_timeline.GRANTS", GRANTS),
    ("group_timeline.JOINED", JOINED),
    ("group_timeline.LEFT", LEFT),
];

/// The facts of one sort that are read at most: of moves the newest.
const MOST: u32 = 1_000;

/// Reads a group's timeline, bounded to the generation that is shown.
pub fn of(tx: &mut Tx, group: Ordinal, shown: u64) -> Result<GroupTimeline, StoreError> {
    let arguments = [group.into(), MOST.into()];
    let span = |since: i64, until: i64| {
        let until = until.unsigned_abs();
        (since.unsigned_abs(), (until <= shown).then_some(until))
    };
    let mut versions = tx.list(VERSIONS, &arguments, |row| {
        let (since, until) = span(row.integer(0)?, row.integer(1)?);
        Ok(Span { since, until, value: groups::definition(row, 2)? })
    })?;
    let mut grants = tx.list(GRANTS, &arguments, |row| {
        let (since, until) = span(row.integer(0)?, row.integer(1)?);
        let resource = row.integer(2)? as Ordinal;
        Ok(Span { since, until, value: Grant { resource, role: Role::parse(row.text(3)?), default: row.flag(4)? } })
    })?;
    versions.retain(|span| span.since <= shown);
    grants.retain(|span| span.since <= shown);
    let counted = [group.into(), MOST.into(), (shown as i64).into()];
    let mut moves: BTreeMap<u64, Moves> = BTreeMap::new();
    for (generation, joined) in tx.list(JOINED, &counted, |row| Ok((row.integer(0)?, row.integer(1)?)))? {
        moves.entry(generation.unsigned_abs()).or_default().joined = joined.unsigned_abs();
    }
    for (generation, left) in tx.list(LEFT, &counted, |row| Ok((row.integer(0)?, row.integer(1)?)))? {
        moves.entry(generation.unsigned_abs()).or_default().left = left.unsigned_abs();
    }
    let named = |since, until: Option<u64>| std::iter::once(since).chain(until);
    let mut generations: BTreeSet<u64> = moves.keys().copied().collect();
    generations.extend(versions.iter().flat_map(|span| named(span.since, span.until)));
    generations.extend(grants.iter().flat_map(|span| named(span.since, span.until)));
    let mut timeline = GroupTimeline { versions, grants, moves, generations: BTreeMap::new() };
    for generation in generations {
        timeline.generations.extend(sealed(tx, generation)?.map(|sealed| (generation, sealed)));
    }
    Ok(timeline)
}
