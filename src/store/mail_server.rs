//! The mail server: one row, its password sealed with the place of the value as associated data.

use serde_json::{Map, Value, json};

use crate::id::{Entropy, OrganizationId};
use crate::nouns::mail::{MailKind, MailServer, Security};
use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::organization_keys::{CannotOpen, SealingKey};
use crate::store::tx::Tx;

const PUT: &str = "
    INSERT INTO mail_server
        (id, host, port, security, username, key_fingerprint, sealed, sender, recipients, changed_by, changed_at)
    VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (id) DO UPDATE
    SET host = excluded.host, port = excluded.port, security = excluded.security, username = excluded.username,
        key_fingerprint = excluded.key_fingerprint, sealed = excluded.sealed, sender = excluded.sender,
        recipients = excluded.recipients, changed_by = excluded.changed_by, changed_at = excluded.changed_at";
const FIND: &str = "
    SELECT host, port, security, username, sender, recipients, changed_by, changed_at FROM mail_server WHERE id = 1";
const PASSWORD: &str = "SELECT key_fingerprint, sealed FROM mail_server WHERE id = 1";
const REMOVE: &str = "DELETE FROM mail_server WHERE id = 1";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("mail_server.PUT", PUT),
    ("mail_server.FIND", FIND),
    ("mail_server.PASSWORD", PASSWORD),
    ("mail_server.REMOVE", REMOVE),
];

/// Stores the mail server in place of the one before.
pub fn put(
    tx: &mut Tx,
    organization: &OrganizationId,
    server: &MailServer,
    password: &str,
    (sealing, entropy): (&SealingKey, &Entropy),
) -> Result<(), StoreError> {
    let sealed = sealing.seal(&place(organization), password, entropy);
    let recipients: Map<String, Value> =
        server.recipients.iter().map(|(kind, addresses)| (kind.as_str().to_owned(), json!(addresses))).collect();
    let arguments = [
        (&server.host).into(),
        i64::from(server.port).into(),
        server.security.as_str().into(),
        (&server.username).into(),
        sealing.fingerprint().into(),
        (&sealed).into(),
        (&server.sender).into(),
        Value::Object(recipients).to_string().into(),
        (&server.changed_by).into(),
        server.changed_at.as_microsecond().into(),
    ];
    tx.execute(PUT, &arguments).map(drop)
}

/// The mail server, if one is set up.
pub fn find(tx: &mut Tx) -> Result<Option<MailServer>, StoreError> {
    tx.optional(FIND, &[], |row| {
        let recipients: Value = serde_json::from_str(row.text(5)?).map_err(|_| row.corrupt(5))?;
        let of = |kind: MailKind| {
            let addresses = recipients[kind.as_str()].as_array().map(Vec::as_slice).unwrap_or_default();
            (kind, addresses.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        };
        Ok(MailServer {
            host: row.text(0)?.to_owned(),
            port: u16::try_from(row.integer(1)?).map_err(|_| row.corrupt(1))?,
            security: Security::parse(row.text(2)?).ok_or_else(|| row.corrupt(2))?,
            username: row.text(3)?.to_owned(),
            sender: row.text(4)?.to_owned(),
            recipients: MailKind::ALL.into_iter().map(of).collect(),
            changed_by: row.text(6)?.to_owned(),
            changed_at: moment(row, 7)?,
        })
    })
}

/// The password for the mail server, or why it cannot be opened; empty when nobody signs in.
pub fn password(
    tx: &mut Tx,
    organization: &OrganizationId,
    sealing: &SealingKey,
) -> Result<Option<Result<String, CannotOpen>>, StoreError> {
    tx.optional(PASSWORD, &[], |row| {
        let (sealed_with, at_hand) = (row.text(0)?.to_owned(), sealing.fingerprint());
        if sealed_with != at_hand {
            return Ok(Err(CannotOpen::OtherKey { sealed_with, at_hand }));
        }
        Ok(sealing.open(&place(organization), row.blob(1)?).ok_or(CannotOpen::Damaged))
    })
}

/// Removes the mail server and its password. Whether there was one.
pub fn remove(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(tx.execute(REMOVE, &[])? > 0)
}

fn place(organization: &OrganizationId) -> String {
    format!("{organization}/mail_server/sealed")
}
