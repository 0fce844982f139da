//! What began and what ended with one generation, row by row: the values before and after a change.
//!
//! Every look-up is by the beginning of a primary key, which a page does for its few rows; none walks a table.

use directory::{
    DirectRole, Grant, Group, MembershipStatus, Ordinal, PlatformRole, Presence, Profile, Role, RoleMethod, Status,
};

use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::{Row, Value};
use crate::store::{accounts, groups};

/// What one generation changed about one subject.
#[derive(Clone, Debug, PartialEq)]
pub struct Turned<T> {
    /// What held before.
    pub ended: Vec<T>,
    /// What holds since.
    pub begun: Vec<T>,
}

const PROFILES: &str = "
    SELECT account, since, until, account_type, account_status, claimed, management, name, nickname, email,
        email_verified, mfa_enabled, added_at, deactivated_at, job_title, department, organization, location, time_zone,
        picture, unknown
    FROM profiles WHERE account = $1 AND (since = $2 OR until = $2) ORDER BY since";
const PRESENCE: &str = "
    SELECT account, since, until, membership, status
    FROM presence WHERE account = $1 AND directory = $3 AND (since = $2 OR until = $2) ORDER BY since";
const ADMINISTRATIVE_ROLES: &str = "
    SELECT account, since, until, role
    FROM platform_roles WHERE account = $1 AND (since = $2 OR until = $2) ORDER BY role";
const GROUPS: &str = "
    SELECT grp, since, until, name, description, synced, managed_by, modifiable, deletable, unknown
    FROM group_versions WHERE grp = $1 AND (since = $2 OR until = $2) ORDER BY since";
const GRANTS: &str = "
    SELECT grp, since, until, role, is_default
    FROM grants WHERE grp = $1 AND resource = $3 AND (since = $2 OR until = $2) ORDER BY role";
const DIRECT_ROLES: &str = "
    SELECT account, since, until, role, method
    FROM direct_roles WHERE account = $1 AND resource = $3 AND (since = $2 OR until = $2) ORDER BY role, method";

const MEMBERSHIPS_SINCE: &str = "
    SELECT grp FROM memberships
    WHERE account = $1 AND (since > $2 OR (until > $2 AND until <> 9223372036854775807)) ORDER BY grp";
const PRESENCE_SINCE: &str = "
    SELECT directory FROM presence
    WHERE account = $1 AND (since > $2 OR (until > $2 AND until <> 9223372036854775807)) ORDER BY directory";
const DIRECT_ROLES_SINCE: &str = "
    SELECT resource FROM direct_roles
    WHERE account = $1 AND (since > $2 OR (until > $2 AND until <> 9223372036854775807)) ORDER BY resource";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("history.PROFILES", PROFILES),
    ("history.PRESENCE", PRESENCE),
    ("history.ADMINISTRATIVE_ROLES", ADMINISTRATIVE_ROLES),
    ("history.GROUPS", GROUPS),
    ("history.GRANTS", GRANTS),
    ("history.DIRECT_ROLES", DIRECT_ROLES),
    ("history.MEMBERSHIPS_SINCE", MEMBERSHIPS_SINCE),
    ("history.PRESENCE_SINCE", PRESENCE_SINCE),
    ("history.DIRECT_ROLES_SINCE", DIRECT_ROLES_SINCE),
];

/// What of one person began or ended after a generation, by the ordinals of groups, directories and resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TurnedSince {
    /// Groups joined or left.
    pub groups: Vec<Ordinal>,
    /// Directories in which the presence changed.
    pub directories: Vec<Ordinal>,
    /// Resources on which a direct role was given or taken.
    pub resources: Vec<Ordinal>,
}

/// What of one person began or ended after a generation.
pub fn turned_since(tx: &mut Tx, account: Ordinal, generation: u64) -> Result<TurnedSince, StoreError> {
    let arguments = [account.into(), (generation as i64).into()];
    let mut read = |statement| {
        let mut found = Vec::new();
        tx.for_each(statement, &arguments, |row| {
            found.push(Ordinal::try_from(row.integer(0)?).map_err(|_| row.corrupt(0))?);
            Ok(())
        })?;
        Ok::<_, StoreError>(found)
    };
    Ok(TurnedSince {
        groups: read(MEMBERSHIPS_SINCE)?,
        directories: read(PRESENCE_SINCE)?,
        resources: read(DIRECT_ROLES_SINCE)?,
    })
}

impl<T> Default for Turned<T> {
    fn default() -> Self {
        Turned { ended: Vec::new(), begun: Vec::new() }
    }
}

/// A profile before and after.
pub fn profile(tx: &mut Tx, account: Ordinal, generation: u64) -> Result<Turned<Profile>, StoreError> {
    let turned = turned(tx, PROFILES, (account, None), generation, accounts::profile)?;
    let flat = |profiles: Vec<Option<Profile>>| profiles.into_iter().flatten().collect();
    Ok(Turned { ended: flat(turned.ended), begun: flat(turned.begun) })
}

/// Somebody's presence in a directory before and after.
pub fn presence(
    tx: &mut Tx,
    (account, directory): (Ordinal, Ordinal),
    generation: u64,
) -> Result<Turned<Presence>, StoreError> {
    turned(tx, PRESENCE, (account, Some(directory)), generation, |row| {
        Ok(Presence {
            membership: row.optional_text(3)?.map(MembershipStatus::parse),
            status: row.optional_text(4)?.map(Status::parse),
        })
    })
}

/// Administrative roles that somebody lost and was given.
pub fn administrative_roles(
    tx: &mut Tx,
    account: Ordinal,
    generation: u64,
) -> Result<Turned<PlatformRole>, StoreError> {
    turned(tx, ADMINISTRATIVE_ROLES, (account, None), generation, |row| Ok(PlatformRole::parse(row.text(3)?)))
}

/// A group's definition before and after.
pub fn group(tx: &mut Tx, group: Ordinal, generation: u64) -> Result<Turned<Group>, StoreError> {
    turned(tx, GROUPS, (group, None), generation, |row| groups::definition(row, 3))
}

/// Roles that a group ceased and began to grant on a resource.
pub fn grants(
    tx: &mut Tx,
    (group, resource): (Ordinal, Ordinal),
    generation: u64,
) -> Result<Turned<Grant>, StoreError> {
    turned(tx, GRANTS, (group, Some(resource)), generation, |row| {
        Ok(Grant { resource, role: Role::parse(row.text(3)?), default: row.flag(4)? })
    })
}

/// Direct roles that somebody lost and was given on a resource.
pub fn direct_roles(
    tx: &mut Tx,
    (account, resource): (Ordinal, Ordinal),
    generation: u64,
) -> Result<Turned<DirectRole>, StoreError> {
    turned(tx, DIRECT_ROLES, (account, Some(resource)), generation, |row| {
        Ok(DirectRole { resource, role: Role::parse(row.text(3)?), method: RoleMethod::parse(row.text(4)?) })
    })
}

/// Reads rows whose second and third column are `since` and `until`.
fn turned<T>(
    tx: &mut Tx,
    statement: &'static str,
    (subject, object): (Ordinal, Option<Ordinal>),
    generation: u64,
    read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Turned<T>, StoreError> {
    let mut arguments = vec![Value::from(subject), Value::from(generation as i64)];
    arguments.extend(object.map(Value::from));
    let rows = tx.list(statement, &arguments, |row| Ok((row.integer(2)?.unsigned_abs() == generation, read(row)?)))?;
    let mut turned = Turned::default();
    for (is_over, value) in rows {
        if is_over { turned.ended.push(value) } else { turned.begun.push(value) }
    }
    Ok(turned)
}
