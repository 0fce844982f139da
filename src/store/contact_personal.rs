//! What an export and an erasure of one person ask of contacts, by number and by address.

use crate::store::error::StoreError;
use crate::store::tx::Tx;

const WITH_EMAIL: &str = "
    SELECT number FROM contact_records
    WHERE entity = 'contact' AND state = 'live' AND lower(email) = $1 ORDER BY number LIMIT 1000";
const BLANK_ROLES: &str = "UPDATE contact_companies SET role = '' WHERE contact = $1";
const BLANK_LOG: &str = "
    UPDATE contact_log SET text = '' WHERE contact = $1 AND run IN (
        SELECT number FROM contact_runs WHERE state IN ('complete', 'cancelled', 'failed'))";
const DROP_CONFLICTS: &str = "DELETE FROM contact_conflicts WHERE email_key = $1 AND state <> 'open'";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("contact_personal.WITH_EMAIL", WITH_EMAIL),
    ("contact_personal.BLANK_ROLES", BLANK_ROLES),
    ("contact_personal.BLANK_LOG", BLANK_LOG),
    ("contact_personal.DROP_CONFLICTS", DROP_CONFLICTS),
];

/// The numbers of the contacts that have an address, which is given in small letters; at most 1,000.
pub fn with_email(tx: &mut Tx, email: &str) -> Result<Vec<u32>, StoreError> {
    tx.list(WITH_EMAIL, &[email.into()], |row| u32::try_from(row.integer(0)?).map_err(|_| row.corrupt(0)))
}

/// Empties what a contact is said to be in companies.
pub fn blank_roles(tx: &mut Tx, contact: u32) -> Result<(), StoreError> {
    tx.execute(BLANK_ROLES, &[i64::from(contact).into()]).map(drop)
}

/// Empties what runs that are over have said of a contact.
pub fn blank_log(tx: &mut Tx, contact: u32) -> Result<(), StoreError> {
    tx.execute(BLANK_LOG, &[i64::from(contact).into()]).map(drop)
}

/// Drops conflicts of an address that nobody waits for.
pub fn drop_conflicts(tx: &mut Tx, email_key: &str) -> Result<u64, StoreError> {
    tx.execute(DROP_CONFLICTS, &[email_key.into()])
}
