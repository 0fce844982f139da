//! What happened to one person, generation by generation: every fact of theirs with when it began and when it ended, and
//! the run that saw it. Look-ups go by the beginning of a primary key.

use std::collections::BTreeMap;

use directory::{MembershipStatus, Ordinal, PlatformRole, Presence, Profile, Status};
use jiff::Timestamp;

use crate::id::RunId;
use crate::store::accounts;
use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;

/// A fact with the generation that first saw it and, when it is over, the one that no longer did.
#[derive(Clone, Debug, PartialEq)]
pub struct Span<T> {
    /// The first generation.
    pub since: u64,
    /// The first generation without it; `None` while it holds.
    pub until: Option<u64>,
    /// What held.
    pub value: T,
}

/// Everything that was ever known about one person's standing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// Groups, by ordinal.
    pub memberships: Vec<Span<Ordinal>>,
    /// Presence, by directory's ordinal.
    pub presence: Vec<Span<(Ordinal, Presence)>>,
    /// Profiles.
    pub profiles: Vec<Span<Profile>>,
    /// Administrative roles.
    pub roles: Vec<Span<PlatformRole>>,
    /// When each generation named here was sealed, and by which run.
    pub generations: BTreeMap<u64, Sealed>,
}

/// A generation's moment and run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// When.
    pub at: Timestamp,
    /// By which run.
    pub run: RunId,
    /// The run's number.
    pub number: u64,
}

const MEMBERSHIPS: &str = "SELECT since, until, grp FROM memberships WHERE account = $1 ORDER BY since, grp LIMIT $2";
const PRESENCE: &str = "
    SELECT since, until, directory, membership, status
    FROM presence WHERE account = $1 ORDER BY since, directory LIMIT $2";
const PROFILES: &str = "
    SELECT account, since, until, account_type, account_status, claimed, management, name, nickname, email,
        email_verified, mfa_enabled, added_at, deactivated_at, job_title, department, organization, location, time_zone,
        picture, unknown
    FROM profiles WHERE account = $1 ORDER BY since LIMIT $2";
const ROLES: &str = "SELECT since, until, role FROM platform_roles WHERE account = $1 ORDER BY since, role LIMIT $2";
const GENERATION: &str = "
    SELECT g.sealed_at, r.id, r.number FROM generations g JOIN runs r ON r.id = g.run_id WHERE g.generation = $1";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("timeline.MEMBERSHIPS", MEMBERSHIPS),
    ("timeline.PRESENCE", PRESENCE),
    ("timeline.PROFILES", PROFILES),
    ("timeline.ROLES", ROLES),
    ("timeline.GENERATION", GENERATION),
];

/// The facts of one sort that are read at most.
const MOST: u32 = 1_000;

/// Reads somebody's timeline, bounded to the generation that is shown.
pub fn of(tx: &mut Tx, account: Ordinal, shown: u64) -> Result<Timeline, StoreError> {
    let arguments = [account.into(), MOST.into()];
    let span = |since: i64, until: i64| {
        let until = until.unsigned_abs();
        (since.unsigned_abs(), (until <= shown).then_some(until))
    };
    let memberships = tx.list(MEMBERSHIPS, &arguments, |row| {
        let (since, until) = span(row.integer(0)?, row.integer(1)?);
        Ok(Span { since, until, value: row.integer(2)? as Ordinal })
    })?;
    let presence = tx.list(PRESENCE, &arguments, |row| {
        let (since, until) = span(row.integer(0)?, row.integer(1)?);
        let presence = Presence {
            membership: row.optional_text(3)?.map(MembershipStatus::parse),
            status: row.optional_text(4)?.map(Status::parse),
        };
        Ok(Span { since, until, value: (row.integer(2)? as Ordinal, presence) })
    })?;
    let profiles = tx.list(PROFILES, &arguments, |row| {
        let (since, until) = span(row.integer(1)?, row.integer(2)?);
        Ok(accounts::profile(row)?.map(|value| Span { since, until, value }))
    })?;
    let roles = tx.list(ROLES, &arguments, |row| {
        let (since, until) = span(row.integer(0)?, row.integer(1)?);
        Ok(Span { since, until, value: PlatformRole::parse(row.text(2)?) })
    })?;
    let profiles: Vec<_> = profiles.into_iter().flatten().collect();
    let mut timeline = Timeline {
        memberships: up_to(memberships, shown),
        presence: up_to(presence, shown),
        profiles: up_to(profiles, shown),
        roles: up_to(roles, shown),
        generations: BTreeMap::new(),
    };
    for generation in timeline.named() {
        timeline.generations.extend(sealed(tx, generation)?.map(|sealed| (generation, sealed)));
    }
    Ok(timeline)
}

/// When a generation was sealed, and by which run.
pub(super) fn sealed(tx: &mut Tx, generation: u64) -> Result<Option<Sealed>, StoreError> {
    tx.optional(GENERATION, &[(generation as i64).into()], |row| {
        Ok(Sealed {
            at: moment(row, 0)?,
            run: RunId::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?,
            number: row.integer(2)?.unsigned_abs(),
        })
    })
}

fn up_to<T>(spans: Vec<Span<T>>, shown: u64) -> Vec<Span<T>> {
    spans.into_iter().filter(|span| span.since <= shown).collect()
}

impl Timeline {
    /// Every generation in which something began or ended.
    fn named(&self) -> std::collections::BTreeSet<u64> {
        fn of<T>(spans: &[Span<T>]) -> impl Iterator<Item = u64> + '_ {
            spans.iter().flat_map(|span| std::iter::once(span.since).chain(span.until))
        }
        of(&self.memberships).chain(of(&self.presence)).chain(of(&self.profiles)).chain(of(&self.roles)).collect()
    }
}
