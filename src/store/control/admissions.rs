//! Who of the mirrored people may enter: an administrator tied to an account, until the entry ends.

use jiff::Timestamp;

use crate::id::{AdministratorId, OrganizationId};
use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::Row;

/// Admits an account, again where its entry had ended.
pub const ADMIT: &str = "
    INSERT INTO admissions (administrator, organization, account_id, admitted_at, ended_at, ended_for)
    VALUES ($1, $2, $3, $4, NULL, NULL)
    ON CONFLICT (administrator) DO UPDATE SET admitted_at = excluded.admitted_at, ended_at = NULL, ended_for = NULL";

/// Ends an entry, once.
pub const END: &str = "
    UPDATE admissions SET ended_at = $2, ended_for = $3 WHERE administrator = $1 AND ended_at IS NULL";

/// The admission of an account.
pub const FIND: &str = "
    SELECT admissions.administrator, account_id, admitted_at, ended_at, ended_for, username, last_sign_in_at
    FROM admissions
    JOIN administrators ON administrators.id = admissions.administrator
    WHERE organization = $1 AND account_id = $2";

/// The account that an administrator is tied to, while they may enter.
pub const ACCOUNT_OF: &str = "
    SELECT account_id FROM admissions WHERE administrator = $1 AND organization = $2 AND ended_at IS NULL";

/// Everybody who was admitted to an organization, the newest first.
pub const LIST: &str = "
    SELECT admissions.administrator, account_id, admitted_at, ended_at, ended_for, username, last_sign_in_at
    FROM admissions
    JOIN administrators ON administrators.id = admissions.administrator
    WHERE organization = $1
    ORDER BY admitted_at DESC, admissions.administrator
    LIMIT 10000";

/// Somebody who was admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// As whom they sign in.
    pub administrator: AdministratorId,
    /// Their username.
    pub username: String,
    /// Atlassian's id of them.
    pub account_id: String,
    /// When they came in, the last time.
    pub admitted_at: Timestamp,
    /// When they last signed in.
    pub last_sign_in_at: Option<Timestamp>,
    /// When the entry ended and why, as a sentence.
    pub ended: Option<(Timestamp, String)>,
}

/// The account that an administrator is tied to; none of whoever was made at set-up.
pub fn account_of(
    tx: &mut Tx,
    administrator: &AdministratorId,
    organization: &OrganizationId,
) -> Result<Option<String>, StoreError> {
    let arguments = [administrator.as_str().into(), organization.as_str().into()];
    tx.optional(ACCOUNT_OF, &arguments, |row| Ok(row.text(0)?.to_owned()))
}

/// Admits an account, as this administrator.
pub fn admit(
    tx: &mut Tx,
    administrator: &AdministratorId,
    (organization, account_id): (&OrganizationId, &str),
    at: Timestamp,
) -> Result<(), StoreError> {
    let arguments =
        [administrator.as_str().into(), organization.as_str().into(), account_id.into(), at.as_microsecond().into()];
    tx.execute(ADMIT, &arguments).map(drop)
}

/// Ends an entry; false when there is none or it has ended already.
pub fn end(tx: &mut Tx, administrator: &AdministratorId, at: Timestamp, why: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(END, &[administrator.as_str().into(), at.as_microsecond().into(), why.into()])? == 1)
}

/// The admission of an account.
pub fn find(tx: &mut Tx, organization: &OrganizationId, account_id: &str) -> Result<Option<Admission>, StoreError> {
    tx.optional(FIND, &[organization.as_str().into(), account_id.into()], read)
}

/// Everybody who was admitted, the newest first.
pub fn list(tx: &mut Tx, organization: &OrganizationId) -> Result<Vec<Admission>, StoreError> {
    tx.list(LIST, &[organization.as_str().into()], read)
}

fn read(row: &Row<'_>) -> Result<Admission, StoreError> {
    let ended = optional_moment(row, 3)?;
    let why = row.optional_text(4)?.unwrap_or_default().to_owned();
    Ok(Admission {
        administrator: AdministratorId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
        account_id: row.text(1)?.to_owned(),
        admitted_at: moment(row, 2)?,
        ended: ended.map(|at| (at, why)),
        username: row.text(5)?.to_owned(),
        last_sign_in_at: optional_moment(row, 6)?,
    })
}
