//! Groups with the versions of their definitions, memberships, and what groups grant; directories and resources, which
//! they refer to.

use directory::{
    Builder, Delta, DirectRole, DirectoryId, Grant, Group, GroupCounts, GroupId, ManagedBy, Ordinal, Resource,
    ResourceId, Role, RoleMethod,
};

use crate::store::accounts::{IS_OPEN, OPEN};
use crate::store::bulk::{Bulk, BulkUpdate, Column, Update};
use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::{Row, Value};

const DIRECTORIES: Bulk = Bulk {
    table: "directories",
    columns: &[
        Column::integer("ordinal"),
        Column::text("directory_id"),
        Column::text("name"),
        Column::integer("since"),
    ],
    key: &["ordinal"],
    update: Update::Columns(&["name"]),
};
const RESOURCES: Bulk = Bulk {
    table: "resources",
    columns: &[
        Column::integer("ordinal"),
        Column::text("resource_id"),
        Column::text("name"),
        Column::text("host_url"),
        Column::text("status"),
        Column::integer("capacity"),
        Column::integer("since"),
    ],
    key: &["ordinal"],
    update: Update::Columns(&["name", "host_url", "status", "capacity"]),
};
const DIRECTORY_VERSIONS: Bulk = Bulk {
    table: "directory_versions",
    columns: &[Column::integer("directory"), Column::integer("since"), Column::integer("until"), Column::text("name")],
    key: &["directory", "since"],
    update: Update::Nothing,
};
const END_DIRECTORY_VERSIONS: BulkUpdate = BulkUpdate {
    table: "directory_versions",
    set: &[Column::integer("until")],
    matching: &[Column::integer("directory")],
    and: IS_OPEN,
};
const RESOURCE_VERSIONS: Bulk = Bulk {
    table: "resource_versions",
    columns: &[
        Column::integer("resource"),
        Column::integer("since"),
        Column::integer("until"),
        Column::text("name"),
        Column::text("host_url"),
        Column::text("status"),
        Column::integer("capacity"),
    ],
    key: &["resource", "since"],
    update: Update::Nothing,
};
const END_RESOURCE_VERSIONS: BulkUpdate = BulkUpdate {
    table: "resource_versions",
    set: &[Column::integer("until")],
    matching: &[Column::integer("resource")],
    and: IS_OPEN,
};
const GROUPS: Bulk = Bulk {
    table: "groups",
    columns: &[
        Column::integer("ordinal"),
        Column::text("group_id"),
        Column::integer("directory"),
        Column::integer("since"),
    ],
    key: &["ordinal"],
    update: Update::Nothing,
};
const COUNTS: BulkUpdate = BulkUpdate {
    table: "groups",
    set: &[Column::integer("counted_users"), Column::integer("counted_resources")],
    matching: &[Column::integer("ordinal")],
    and: "",
};
const VERSIONS: Bulk = Bulk {
    table: "group_versions",
    columns: &[
        Column::integer("grp"),
        Column::integer("since"),
        Column::integer("until"),
        Column::text("name"),
        Column::text("description"),
        Column::integer("synced"),
        Column::text("managed_by"),
        Column::integer("modifiable"),
        Column::integer("deletable"),
        Column::text("unknown"),
    ],
    key: &["grp", "since"],
    update: Update::Nothing,
};
const END_VERSIONS: BulkUpdate = BulkUpdate {
    table: "group_versions",
    set: &[Column::integer("until")],
    matching: &[Column::integer("grp")],
    and: IS_OPEN,
};
const MEMBERSHIPS: Bulk = Bulk {
    table: "memberships",
    columns: &[Column::integer("account"), Column::integer("grp"), Column::integer("since"), Column::integer("until")],
    key: &["account", "grp", "since"],
    update: Update::Nothing,
};
const END_MEMBERSHIPS: BulkUpdate = BulkUpdate {
    table: "memberships",
    set: &[Column::integer("until")],
    matching: &[Column::integer("account"), Column::integer("grp")],
    and: IS_OPEN,
};
const GRANTS: Bulk = Bulk {
    table: "grants",
    columns: &[
        Column::integer("grp"),
        Column::integer("resource"),
        Column::text("role"),
        Column::integer("is_default"),
        Column::integer("since"),
        Column::integer("until"),
    ],
    key: &["grp", "resource", "role", "is_default", "since"],
    update: Update::Nothing,
};
const END_GRANTS: BulkUpdate = BulkUpdate {
    table: "grants",
    set: &[Column::integer("until")],
    matching: &[
        Column::integer("grp"),
        Column::integer("resource"),
        Column::text("role"),
        Column::integer("is_default"),
    ],
    and: IS_OPEN,
};
const DIRECT_ROLES: Bulk = Bulk {
    table: "direct_roles",
    columns: &[
        Column::integer("account"),
        Column::integer("resource"),
        Column::text("role"),
        Column::text("method"),
        Column::integer("since"),
        Column::integer("until"),
    ],
    key: &["account", "resource", "role", "method", "since"],
    update: Update::Nothing,
};
const END_DIRECT_ROLES: BulkUpdate = BulkUpdate {
    table: "direct_roles",
    set: &[Column::integer("until")],
    matching: &[Column::integer("account"), Column::integer("resource"), Column::text("role"), Column::text("method")],
    and: IS_OPEN,
};
const KNOWN_OFFSET: BulkUpdate = BulkUpdate {
    table: "groups",
    set: &[Column::integer("known_offset")],
    matching: &[Column::integer("ordinal")],
    and: "",
};

const ALL_DIRECTORIES: &str = "
    SELECT d.directory_id, v.name
    FROM directories d
    JOIN directory_versions v ON v.directory = d.ordinal AND v.since <= $1 AND v.until > $1
    WHERE d.since <= $1
    ORDER BY d.ordinal";
const ALL_RESOURCES: &str = "
    SELECT r.resource_id, v.name, v.host_url, v.status, v.capacity
    FROM resources r
    JOIN resource_versions v ON v.resource = r.ordinal AND v.since <= $1 AND v.until > $1
    WHERE r.since <= $1
    ORDER BY r.ordinal";
/// Upstream's own counts are kept as the newest generation has them, and as of an earlier one they are not known.
const ALL_GROUPS: &str = "
    SELECT g.group_id, g.directory,
        CASE WHEN $1 = (SELECT generation FROM head) THEN g.counted_users END,
        CASE WHEN $1 = (SELECT generation FROM head) THEN g.counted_resources END,
        v.name, v.description, v.synced, v.managed_by, v.modifiable, v.deletable, v.unknown, n.sealed_at
    FROM groups g
    LEFT JOIN generations n ON n.generation = g.since
    LEFT JOIN group_versions v ON v.grp = g.ordinal AND v.since <= $1 AND v.until > $1
    WHERE g.since <= $1
    ORDER BY g.ordinal";
const ALL_MEMBERSHIPS: &str = "
    SELECT account, grp FROM memberships WHERE since <= $1 AND until > $1 ORDER BY account, grp";
const ALL_GRANTS: &str = "
    SELECT grp, resource, role, is_default FROM grants
    WHERE since <= $1 AND until > $1 ORDER BY grp, resource, role, is_default";
const ALL_DIRECT_ROLES: &str = "
    SELECT account, resource, role, method FROM direct_roles
    WHERE since <= $1 AND until > $1 ORDER BY account, resource, role, method";
const KNOWN_OFFSETS: &str = "SELECT ordinal, known_offset FROM groups WHERE known_offset IS NOT NULL ORDER BY ordinal";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("groups.ALL_DIRECTORIES", ALL_DIRECTORIES),
    ("groups.ALL_RESOURCES", ALL_RESOURCES),
    ("groups.ALL_GROUPS", ALL_GROUPS),
    ("groups.ALL_MEMBERSHIPS", ALL_MEMBERSHIPS),
    ("groups.ALL_GRANTS", ALL_GRANTS),
    ("groups.ALL_DIRECT_ROLES", ALL_DIRECT_ROLES),
    ("groups.KNOWN_OFFSETS", KNOWN_OFFSETS),
];
/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[
    &DIRECTORIES,
    &DIRECTORY_VERSIONS,
    &RESOURCES,
    &RESOURCE_VERSIONS,
    &GROUPS,
    &VERSIONS,
    &MEMBERSHIPS,
    &GRANTS,
    &DIRECT_ROLES,
];
/// The bulk updates of this file.
pub const BULK_UPDATES: &[&BulkUpdate] = &[
    &COUNTS,
    &END_DIRECTORY_VERSIONS,
    &END_RESOURCE_VERSIONS,
    &END_VERSIONS,
    &END_MEMBERSHIPS,
    &END_GRANTS,
    &END_DIRECT_ROLES,
    &KNOWN_OFFSET,
];

/// Writes what a delta says about directories, resources, groups, memberships and grants. `directories` and `resources`
/// are how many were known before.
pub fn write(tx: &mut Tx, delta: &Delta, directories: usize, resources: usize) -> Result<(), StoreError> {
    let generation = Value::from(delta.generation as i64);
    let open = Value::from(OPEN);
    write_places(tx, delta, (directories as Ordinal, resources as Ordinal))?;
    tx.bulk(
        &GROUPS,
        (delta.known_groups..).zip(&delta.new_groups).map(|(ordinal, (id, directory))| {
            [ordinal.into(), id.as_str().into(), (*directory).into(), generation.clone()]
        }),
    )?;
    tx.bulk_update(
        &COUNTS,
        delta
            .group_counts
            .iter()
            .map(|(group, counts)| [counts.users.into(), counts.resources.into(), (*group).into()]),
    )?;
    tx.bulk_update(&END_VERSIONS, delta.groups.iter().map(|(group, _)| [generation.clone(), (*group).into()]))?;
    tx.bulk(
        &VERSIONS,
        delta.groups.iter().filter_map(|(ordinal, group)| {
            let group = group.as_ref()?;
            Some([
                (*ordinal).into(),
                generation.clone(),
                open.clone(),
                (&*group.name).into(),
                group.description.as_deref().into(),
                group.synced.into(),
                group.managed_by.as_ref().map(ManagedBy::as_str).into(),
                group.modifiable.into(),
                group.deletable.into(),
                group.unknown.as_deref().into(),
            ])
        }),
    )?;
    tx.bulk_update(
        &END_MEMBERSHIPS,
        delta
            .memberships_removed
            .iter()
            .map(|(account, group)| [generation.clone(), (*account).into(), (*group).into()]),
    )?;
    tx.bulk(
        &MEMBERSHIPS,
        delta
            .memberships_added
            .iter()
            .map(|(account, group)| [(*account).into(), (*group).into(), generation.clone(), open.clone()]),
    )?;
    write_access(tx, delta)
}

/// Writes new and changed directories and resources, and the versions of what describes them.
fn write_places(tx: &mut Tx, delta: &Delta, (directories, resources): (Ordinal, Ordinal)) -> Result<(), StoreError> {
    let generation = Value::from(delta.generation as i64);
    let open = Value::from(OPEN);
    let changed = delta.directories.iter().map(|(ordinal, directory)| (*ordinal, directory));
    let described = (directories..).zip(&delta.new_directories).chain(changed);
    tx.bulk(
        &DIRECTORIES,
        described.clone().map(|(ordinal, directory)| {
            [ordinal.into(), directory.id.as_str().into(), (&*directory.name).into(), generation.clone()]
        }),
    )?;
    let ended = delta.directories.iter().map(|(ordinal, _)| [generation.clone(), (*ordinal).into()]);
    tx.bulk_update(&END_DIRECTORY_VERSIONS, ended)?;
    tx.bulk(
        &DIRECTORY_VERSIONS,
        described
            .map(|(ordinal, directory)| [ordinal.into(), generation.clone(), open.clone(), (&*directory.name).into()]),
    )?;
    let changed = delta.resources.iter().map(|(ordinal, resource)| (*ordinal, resource));
    let described = (resources..).zip(&delta.new_resources).chain(changed);
    tx.bulk(
        &RESOURCES,
        described.clone().map(|(ordinal, resource)| {
            [
                ordinal.into(),
                resource.id.as_str().into(),
                resource.name.as_deref().into(),
                resource.host_url.as_deref().into(),
                resource.status.as_deref().into(),
                resource.capacity.into(),
                generation.clone(),
            ]
        }),
    )?;
    let ended = delta.resources.iter().map(|(ordinal, _)| [generation.clone(), (*ordinal).into()]);
    tx.bulk_update(&END_RESOURCE_VERSIONS, ended)?;
    tx.bulk(
        &RESOURCE_VERSIONS,
        described.map(|(ordinal, resource)| {
            [
                ordinal.into(),
                generation.clone(),
                open.clone(),
                resource.name.as_deref().into(),
                resource.host_url.as_deref().into(),
                resource.status.as_deref().into(),
                resource.capacity.into(),
            ]
        }),
    )?;
    Ok(())
}

fn write_access(tx: &mut Tx, delta: &Delta) -> Result<(), StoreError> {
    let generation = Value::from(delta.generation as i64);
    let open = Value::from(OPEN);
    fn grant_key<'a>((group, grant): &'a (Ordinal, Grant)) -> [Value<'a>; 4] {
        [(*group).into(), grant.resource.into(), grant.role.as_str().into(), grant.default.into()]
    }
    fn direct_key<'a>((account, role): &'a (Ordinal, DirectRole)) -> [Value<'a>; 4] {
        [(*account).into(), role.resource.into(), role.role.as_str().into(), role.method.as_str().into()]
    }
    tx.bulk_update(
        &END_GRANTS,
        delta.grants_removed.iter().map(|grant| {
            let [group, resource, role, default] = grant_key(grant);
            [generation.clone(), group, resource, role, default]
        }),
    )?;
    tx.bulk(
        &GRANTS,
        delta.grants_added.iter().map(|grant| {
            let [group, resource, role, default] = grant_key(grant);
            [group, resource, role, default, generation.clone(), open.clone()]
        }),
    )?;
    tx.bulk_update(
        &END_DIRECT_ROLES,
        delta.direct_removed.iter().map(|role| {
            let [account, resource, role, method] = direct_key(role);
            [generation.clone(), account, resource, role, method]
        }),
    )?;
    tx.bulk(
        &DIRECT_ROLES,
        delta.direct_added.iter().map(|role| {
            let [account, resource, role, method] = direct_key(role);
            [account, resource, role, method, generation.clone(), open.clone()]
        }),
    )?;
    Ok(())
}

/// Streams everything about directories, resources, groups, memberships and grants into a builder.
pub fn read(tx: &mut Tx, generation: u64, builder: &mut Builder) -> Result<(), StoreError> {
    let generation = [Value::from(generation as i64)];
    tx.for_each(ALL_DIRECTORIES, &generation, |row| {
        builder.directory(DirectoryId::new(row.text(0)?).map_err(|_| row.corrupt(0))?, row.text(1)?);
        Ok(())
    })?;
    tx.for_each(ALL_RESOURCES, &generation, |row| {
        builder.resource(Resource {
            id: ResourceId::new(row.text(0)?).map_err(|_| row.corrupt(0))?,
            name: row.optional_text(1)?.map(Into::into),
            host_url: row.optional_text(2)?.map(Into::into),
            status: row.optional_text(3)?.map(Into::into),
            capacity: row.optional_integer(4)?,
        });
        Ok(())
    })?;
    tx.for_each(ALL_GROUPS, &generation, |row| {
        let group = match row.optional_text(4)? {
            None => None,
            Some(_) => Some(definition(row, 4)?),
        };
        let counts = GroupCounts {
            users: row.optional_integer(2)?.map(|users| users as u32),
            resources: row.optional_integer(3)?.map(|resources| resources as u32),
        };
        let directory = row.optional_integer(1)?.map(|directory| directory as Ordinal);
        builder.group(GroupId::new(row.text(0)?).map_err(|_| row.corrupt(0))?, directory, group, counts);
        if row.optional_integer(11)?.is_some() {
            builder.group_first_seen(moment(row, 11)?);
        }
        Ok(())
    })?;
    tx.for_each(ALL_MEMBERSHIPS, &generation, |row| {
        builder.membership(row.integer(0)? as Ordinal, row.integer(1)? as Ordinal);
        Ok(())
    })?;
    tx.for_each(ALL_GRANTS, &generation, |row| {
        let grant =
            Grant { resource: row.integer(1)? as Ordinal, role: Role::parse(row.text(2)?), default: row.flag(3)? };
        builder.grant(row.integer(0)? as Ordinal, grant);
        Ok(())
    })?;
    tx.for_each(ALL_DIRECT_ROLES, &generation, |row| {
        let role = DirectRole {
            resource: row.integer(1)? as Ordinal,
            role: Role::parse(row.text(2)?),
            method: RoleMethod::parse(row.text(3)?),
        };
        builder.direct_role(row.integer(0)? as Ordinal, role);
        Ok(())
    })
}

/// A group's definition from `first`, the column of its name, on.
pub(super) fn definition(row: &Row<'_>, first: usize) -> Result<Group, StoreError> {
    let flag = |column| Ok::<_, StoreError>(row.optional_integer(column)?.map(|flag| flag == 1));
    Ok(Group {
        name: row.text(first)?.into(),
        description: row.optional_text(first + 1)?.map(Into::into),
        synced: flag(first + 2)?,
        managed_by: row.optional_text(first + 3)?.map(ManagedBy::parse),
        modifiable: flag(first + 4)?,
        deletable: flag(first + 5)?,
        unknown: row.optional_text(first + 6)?.map(Into::into),
    })
}

/// By how much upstream's count of a group is known to differ from its members, where a reading of the group on its own
/// has explained it: positive when upstream counts more.
pub fn known_offsets(tx: &mut Tx) -> Result<Vec<(Ordinal, i64)>, StoreError> {
    let mut offsets = Vec::new();
    tx.for_each(KNOWN_OFFSETS, &[], |row| {
        offsets.push((row.integer(0)? as Ordinal, row.integer(1)?));
        Ok(())
    })?;
    Ok(offsets)
}

/// Keeps explained differences.
pub fn write_known_offsets(tx: &mut Tx, offsets: &[(Ordinal, i64)]) -> Result<(), StoreError> {
    tx.bulk_update(&KNOWN_OFFSET, offsets.iter().map(|(group, offset)| [(*offset).into(), (*group).into()])).map(drop)
}
