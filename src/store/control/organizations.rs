//! The organizations of this installation, each with a database of its own.

use crate::id::OrganizationId;
use crate::nouns::organization::Organization;
use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::Row;

/// Adds an organization.
pub const INSERT: &str = "
    INSERT INTO organizations (id, atlassian_id, name, base_url, time_zone, created_at)
    VALUES ($1, $2, $3, $4, $5, $6)";

/// All organizations, the first connected first.
pub const LIST: &str = "
    SELECT id, atlassian_id, name, base_url, time_zone, created_at
    FROM organizations
    ORDER BY created_at, id";

/// One organization by our id.
pub const FIND: &str = "
    SELECT id, atlassian_id, name, base_url, time_zone, created_at
    FROM organizations
    WHERE id = $1";

/// One organization by Atlassian's id.
pub const FIND_BY_ATLASSIAN_ID: &str = "
    SELECT id, atlassian_id, name, base_url, time_zone, created_at
    FROM organizations
    WHERE atlassian_id = $1";

/// Takes over a new name and address.
pub const RENAME: &str = "UPDATE organizations SET name = $2, base_url = $3 WHERE id = $1";

/// Adds an organization; [`StoreError::Conflict`] when Atlassian's id is there already.
pub fn insert(tx: &mut Tx, organization: &Organization) -> Result<(), StoreError> {
    let Organization { id, atlassian_id, name, base_url, time_zone, created_at } = organization;
    let arguments = [
        id.as_str().into(),
        atlassian_id.into(),
        name.into(),
        base_url.into(),
        time_zone.into(),
        created_at.as_microsecond().into(),
    ];
    tx.execute(INSERT, &arguments).map(drop)
}

/// All organizations, the first connected first.
pub fn list(tx: &mut Tx) -> Result<Vec<Organization>, StoreError> {
    tx.list(LIST, &[], read)
}

/// The organization of this id.
pub fn find(tx: &mut Tx, id: &OrganizationId) -> Result<Option<Organization>, StoreError> {
    tx.optional(FIND, &[id.as_str().into()], read)
}

/// The organization that Atlassian knows by this id.
pub fn find_by_atlassian_id(tx: &mut Tx, atlassian_id: &str) -> Result<Option<Organization>, StoreError> {
    tx.optional(FIND_BY_ATLASSIAN_ID, &[atlassian_id.into()], read)
}

/// Takes over the name and the address of the APIs as they are now.
pub fn rename(tx: &mut Tx, id: &OrganizationId, name: &str, base_url: &str) -> Result<(), StoreError> {
    tx.execute(RENAME, &[id.as_str().into(), name.into(), base_url.into()]).map(drop)
}

fn read(row: &Row<'_>) -> Result<Organization, StoreError> {
    Ok(Organization {
        id: OrganizationId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
        atlassian_id: row.text(1)?.to_owned(),
        name: row.text(2)?.to_owned(),
        base_url: row.text(3)?.to_owned(),
        time_zone: row.text(4)?.to_owned(),
        created_at: moment(row, 5)?,
    })
}
