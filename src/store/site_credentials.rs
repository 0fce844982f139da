//! Credentials of sites, sealed like organization keys: with the place of the value as associated data. Of a credential
//! that was replaced or removed the token is not kept.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::id::{CredentialId, Entropy, OrganizationId};
use crate::nouns::site_credential::{Door, Granted, Right, SiteCredential, Standing};
use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::organization_keys::{CannotOpen, SealingKey};
use crate::store::tx::Tx;
use crate::store::value::Row;

/// A stored credential as it may be shown, and the token itself or why it cannot be opened.
pub type StoredCredential = (SiteCredential, Result<String, CannotOpen>);

const INSERT: &str = "
    INSERT INTO site_credentials
        (id, site, cloud_id, email, last_four, key_fingerprint, sealed, rights, entered_by, entered_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const DROP_TOKEN: &str = "
    UPDATE site_credentials SET replaced_at = $2, sealed = $3 WHERE cloud_id = $1 AND replaced_at IS NULL";
const SET_RIGHTS: &str = "UPDATE site_credentials SET rights = $2 WHERE id = $1 AND replaced_at IS NULL";
const IN_USE: &str = "
    SELECT id, site, cloud_id, email, last_four, rights, entered_by, entered_at, expires_at
    FROM site_credentials WHERE replaced_at IS NULL ORDER BY site, cloud_id LIMIT 1000";
const CURRENT: &str = "
    SELECT id, site, cloud_id, email, last_four, rights, entered_by, entered_at, expires_at, key_fingerprint, sealed
    FROM site_credentials WHERE cloud_id = $1 AND replaced_at IS NULL ORDER BY entered_at DESC LIMIT 1";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("site_credentials.INSERT", INSERT),
    ("site_credentials.DROP_TOKEN", DROP_TOKEN),
    ("site_credentials.SET_RIGHTS", SET_RIGHTS),
    ("site_credentials.IN_USE", IN_USE),
    ("site_credentials.CURRENT", CURRENT),
];

/// Stores a credential in place of the one that its site had.
pub fn replace(
    tx: &mut Tx,
    organization: &OrganizationId,
    credential: &SiteCredential,
    token: &str,
    (sealing, entropy): (&SealingKey, &Entropy),
) -> Result<(), StoreError> {
    remove(tx, &credential.cloud_id, credential.entered_at)?;
    let sealed = sealing.seal(&place(organization, &credential.id), token, entropy);
    let arguments = [
        credential.id.as_str().into(),
        (&credential.site).into(),
        (&credential.cloud_id).into(),
        (&credential.email).into(),
        (&credential.last_four).into(),
        sealing.fingerprint().into(),
        (&sealed).into(),
        text(&credential.standing).into(),
        (&credential.entered_by).into(),
        credential.entered_at.as_microsecond().into(),
        credential.expires_at.map(Timestamp::as_microsecond).into(),
    ];
    tx.execute(INSERT, &arguments).map(drop)
}

/// Removes a site's credential, and its token for good. Whether there was one.
pub fn remove(tx: &mut Tx, cloud_id: &str, now: Timestamp) -> Result<bool, StoreError> {
    let nothing: Vec<u8> = Vec::new();
    let removed = tx.execute(DROP_TOKEN, &[cloud_id.into(), now.as_microsecond().into(), (&nothing).into()])?;
    Ok(removed > 0)
}

/// Keeps what the site said to a credential; nothing when it was replaced meanwhile.
pub fn set_standing(tx: &mut Tx, id: &CredentialId, standing: &Standing) -> Result<(), StoreError> {
    tx.execute(SET_RIGHTS, &[id.as_str().into(), text(standing).into()]).map(drop)
}

/// The credentials in use, as they may be shown; of at most 1,000 sites.
pub fn in_use(tx: &mut Tx) -> Result<Vec<SiteCredential>, StoreError> {
    tx.list(IN_USE, &[], credential)
}

/// The credential of a site, as it may be shown, and the token itself or why it cannot be opened.
pub fn current(
    tx: &mut Tx,
    organization: &OrganizationId,
    cloud_id: &str,
    sealing: &SealingKey,
) -> Result<Option<StoredCredential>, StoreError> {
    tx.optional(CURRENT, &[cloud_id.into()], |row| {
        let credential = credential(row)?;
        let (sealed_with, at_hand) = (row.text(9)?.to_owned(), sealing.fingerprint());
        let token = if sealed_with != at_hand {
            Err(CannotOpen::OtherKey { sealed_with, at_hand })
        } else {
            sealing.open(&place(organization, &credential.id), row.blob(10)?).ok_or(CannotOpen::Damaged)
        };
        Ok((credential, token))
    })
}

fn credential(row: &Row<'_>) -> Result<SiteCredential, StoreError> {
    Ok(SiteCredential {
        id: CredentialId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
        site: row.text(1)?.to_owned(),
        cloud_id: row.text(2)?.to_owned(),
        email: row.text(3)?.to_owned(),
        last_four: row.text(4)?.to_owned(),
        standing: standing(row.text(5)?).ok_or_else(|| row.corrupt(5))?,
        entered_by: row.text(6)?.to_owned(),
        entered_at: moment(row, 7)?,
        expires_at: optional_moment(row, 8)?,
    })
}

fn place(organization: &OrganizationId, credential: &CredentialId) -> String {
    format!("{organization}/site_credentials/sealed/{credential}")
}

/// A standing as it is kept: one JSON object, never queried into.
fn text(standing: &Standing) -> String {
    let rights: Vec<Value> =
        standing.rights.iter().map(|(right, granted)| json!([right.as_str(), granted.as_str()])).collect();
    json!({
        "checked_at": standing.checked_at.as_microsecond(),
        "door": standing.door.as_str(),
        "rights": rights,
        "refused": standing.refused,
    })
    .to_string()
}

/// Reads what [`text`] wrote. A right that this version does not know is left out.
fn standing(text: &str) -> Option<Standing> {
    let value: Value = serde_json::from_str(text).ok()?;
    let pair = |pair: &Value| {
        let right = Right::ALL.into_iter().find(|right| pair[0].as_str() == Some(right.as_str()))?;
        let granted = Granted::ALL.into_iter().find(|granted| pair[1].as_str() == Some(granted.as_str()))?;
        Some((right, granted))
    };
    Some(Standing {
        checked_at: Timestamp::from_microsecond(value["checked_at"].as_i64()?).ok()?,
        door: Door::parse(value["door"].as_str()?)?,
        rights: value["rights"].as_array()?.iter().filter_map(pair).collect(),
        refused: value["refused"].as_str().map(str::to_owned),
    })
}
