//! Which account keeps which contact, or did. An account has one row, so it never keeps two.

use contact::sync::{Identity, LinkState};
use jiff::Timestamp;

use crate::nouns::contact::ShownIdentity;
use crate::store::bulk::{Bulk, BulkUpdate, Column, Update};
use crate::store::contact_records::number;
use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::{Row, Value};

const ALL: &str = "
    SELECT account_id, contact, state, is_user, is_customer, name, email, status, since FROM contact_identities
    ORDER BY account_id";
const OF_CONTACT: &str = "
    SELECT account_id, state, is_user, is_customer, name, email, status, since, changed_at FROM contact_identities
    WHERE contact = $1 ORDER BY since, account_id LIMIT 1000";
const KEEPING: &str = "
    SELECT account_id, contact, state, is_user, is_customer, name, email, status, since FROM contact_identities
    WHERE contact = $1 ORDER BY since, account_id LIMIT 1000";
const OF_ACCOUNT: &str = "SELECT contact, state FROM contact_identities WHERE account_id = $1";
const COUNT: &str = "SELECT count(*) FROM contact_identities WHERE state = 'linked'";
const END_ALL: &str = "UPDATE contact_identities SET state = 'former', changed_at = $1 WHERE state = 'linked'";
const MOVE: &str = "UPDATE contact_identities SET contact = $2, changed_at = $3 WHERE contact = $1";
const FORGET: &str = "DELETE FROM contact_identities WHERE contact = $1";

const IDENTITIES: Bulk = Bulk {
    table: "contact_identities",
    columns: &[
        Column::text("account_id"),
        Column::integer("contact"),
        Column::text("state"),
        Column::integer("is_user"),
        Column::integer("is_customer"),
        Column::text("name"),
        Column::text("email"),
        Column::text("status"),
        Column::integer("since"),
        Column::integer("changed_at"),
    ],
    key: &["account_id"],
    update: Update::Columns(&[
        "contact",
        "state",
        "is_user",
        "is_customer",
        "name",
        "email",
        "status",
        "since",
        "changed_at",
    ]),
};

const END: BulkUpdate = BulkUpdate {
    table: "contact_identities",
    set: &[Column::text("state"), Column::integer("changed_at")],
    matching: &[Column::text("account_id")],
    and: "",
};

/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&IDENTITIES];
/// The bulk updates of this file.
pub const BULK_UPDATES: &[&BulkUpdate] = &[&END];

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("contact_identities.ALL", ALL),
    ("contact_identities.OF_CONTACT", OF_CONTACT),
    ("contact_identities.KEEPING", KEEPING),
    ("contact_identities.OF_ACCOUNT", OF_ACCOUNT),
    ("contact_identities.COUNT", COUNT),
    ("contact_identities.END_ALL", END_ALL),
    ("contact_identities.MOVE", MOVE),
    ("contact_identities.FORGET", FORGET),
];

/// Every account that keeps a contact or did, by account id.
pub fn all(tx: &mut Tx) -> Result<Vec<Identity>, StoreError> {
    let mut identities = Vec::new();
    tx.for_each(ALL, &[], |row| {
        identities.push(identity(row)?);
        Ok(())
    })?;
    Ok(identities)
}

/// The accounts of a contact as syncing knows them; at most 1,000.
pub fn keeping(tx: &mut Tx, contact: u32) -> Result<Vec<Identity>, StoreError> {
    tx.list(KEEPING, &[contact.into()], identity)
}

/// The accounts of a contact, whoever came first; at most 1,000.
pub fn of_contact(tx: &mut Tx, contact: u32) -> Result<Vec<ShownIdentity>, StoreError> {
    tx.list(OF_CONTACT, &[contact.into()], |row| {
        Ok(ShownIdentity {
            account: row.text(0)?.to_owned(),
            state: LinkState::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?,
            user: row.flag(2)?,
            customer: row.flag(3)?,
            name: row.text(4)?.to_owned(),
            email: row.optional_text(5)?.map(str::to_owned),
            status: row.text(6)?.to_owned(),
            since: moment(row, 7)?,
            changed_at: moment(row, 8)?,
        })
    })
}

/// The number of the contact that an account keeps or kept, and how it belongs to it.
pub fn of_account(tx: &mut Tx, account: &str) -> Result<Option<(u32, LinkState)>, StoreError> {
    tx.optional(OF_ACCOUNT, &[account.into()], |row| {
        Ok((number(row, 0)?, LinkState::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?))
    })
}

/// How many accounts keep a contact.
pub fn count(tx: &mut Tx) -> Result<u64, StoreError> {
    tx.one(COUNT, &[], |row| Ok(row.integer(0)?.unsigned_abs()))
}

/// Writes accounts with their contacts.
pub fn put(tx: &mut Tx, identities: &[Identity], now: Timestamp) -> Result<(), StoreError> {
    let rows = identities.iter().map(|of| -> [Value<'_>; 10] {
        [
            (&of.account).into(),
            of.contact.into(),
            of.state.as_str().into(),
            of.user.into(),
            of.customer.into(),
            (&of.name).into(),
            of.email.as_deref().into(),
            (&of.status).into(),
            of.since.into(),
            now.as_microsecond().into(),
        ]
    });
    tx.bulk(&IDENTITIES, rows).map(drop)
}

/// Ends links: each account with how it stands from now on.
pub fn end(tx: &mut Tx, ended: &[(&str, LinkState)], now: Timestamp) -> Result<(), StoreError> {
    let rows = ended.iter().map(|(account, state)| -> [Value<'_>; 3] {
        [state.as_str().into(), now.as_microsecond().into(), (*account).into()]
    });
    tx.bulk_update(&END, rows).map(drop)
}

/// Ends every link; how many they were. Who kept which contact stays known.
pub fn end_all(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    tx.execute(END_ALL, &[now.as_microsecond().into()])
}

/// Gives the accounts of one contact to another.
pub fn give(tx: &mut Tx, (from, to): (u32, u32), now: Timestamp) -> Result<(), StoreError> {
    tx.execute(MOVE, &[from.into(), to.into(), now.as_microsecond().into()]).map(drop)
}

/// Forgets who kept a contact.
pub fn forget(tx: &mut Tx, contact: u32) -> Result<(), StoreError> {
    tx.execute(FORGET, &[contact.into()]).map(drop)
}

fn identity(row: &Row<'_>) -> Result<Identity, StoreError> {
    Ok(Identity {
        account: row.text(0)?.to_owned(),
        contact: number(row, 1)?,
        state: LinkState::parse(row.text(2)?).ok_or_else(|| row.corrupt(2))?,
        user: row.flag(3)?,
        customer: row.flag(4)?,
        name: row.text(5)?.to_owned(),
        email: row.optional_text(6)?.map(str::to_owned),
        status: row.text(7)?.to_owned(),
        since: row.integer(8)?,
    })
}
