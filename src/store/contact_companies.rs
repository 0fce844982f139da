//! Which contact belongs to which company, and as what.

use crate::nouns::contact::CompanyLink;
use crate::store::bulk::{Bulk, Column, Update};
use crate::store::contact_records::number;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::{Row, Value};

const ALL: &str = "SELECT contact, company, role FROM contact_companies ORDER BY contact, company";
const OF_CONTACT: &str = "
    SELECT contact, company, role FROM contact_companies WHERE contact = $1 ORDER BY company LIMIT 1000";
const OF_COMPANY: &str = "
    SELECT contact, company, role FROM contact_companies WHERE company = $1 AND contact > $2 ORDER BY contact LIMIT $3";
const REMOVE: &str = "DELETE FROM contact_companies WHERE contact = $1 AND company = $2";
const REMOVE_CONTACT: &str = "DELETE FROM contact_companies WHERE contact = $1";

const LINKS: Bulk = Bulk {
    table: "contact_companies",
    columns: &[Column::integer("contact"), Column::integer("company"), Column::text("role")],
    key: &["contact", "company"],
    update: Update::Columns(&["role"]),
};

/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&LINKS];

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("contact_companies.ALL", ALL),
    ("contact_companies.OF_CONTACT", OF_CONTACT),
    ("contact_companies.OF_COMPANY", OF_COMPANY),
    ("contact_companies.REMOVE", REMOVE),
    ("contact_companies.REMOVE_CONTACT", REMOVE_CONTACT),
];

/// Every link, by contact.
pub fn all(tx: &mut Tx) -> Result<Vec<CompanyLink>, StoreError> {
    let mut links = Vec::new();
    tx.for_each(ALL, &[], |row| {
        links.push(link(row)?);
        Ok(())
    })?;
    Ok(links)
}

/// The companies of a contact; at most 1,000.
pub fn of_contact(tx: &mut Tx, contact: u32) -> Result<Vec<CompanyLink>, StoreError> {
    tx.list(OF_CONTACT, &[contact.into()], link)
}

/// Contacts of a company, by number, after one; at most 1,000.
pub fn of_company(tx: &mut Tx, company: u32, (after, limit): (u32, u32)) -> Result<Vec<CompanyLink>, StoreError> {
    tx.list(OF_COMPANY, &[company.into(), after.into(), limit.min(1_000).into()], link)
}

/// Adds links, or gives them another role.
pub fn put(tx: &mut Tx, links: &[CompanyLink]) -> Result<(), StoreError> {
    let rows = links.iter().map(|of| -> [Value<'_>; 3] { [of.contact.into(), of.company.into(), (&of.role).into()] });
    tx.bulk(&LINKS, rows).map(drop)
}

/// Takes a link away; whether there was one.
pub fn remove(tx: &mut Tx, contact: u32, company: u32) -> Result<bool, StoreError> {
    Ok(tx.execute(REMOVE, &[contact.into(), company.into()])? > 0)
}

/// Takes all links of a contact away.
pub fn remove_contact(tx: &mut Tx, contact: u32) -> Result<(), StoreError> {
    tx.execute(REMOVE_CONTACT, &[contact.into()]).map(drop)
}

fn link(row: &Row<'_>) -> Result<CompanyLink, StoreError> {
    Ok(CompanyLink { contact: number(row, 0)?, company: number(row, 1)?, role: row.text(2)?.to_owned() })
}
