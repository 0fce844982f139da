//! What the organizations of service desks' customers are to the companies: one of them, or none on purpose.

use jiff::Timestamp;

use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;

const ALL: &str = "
    SELECT site, organization, company, name, decided_by, decided_at FROM company_sources ORDER BY site, organization";
const PUT: &str = "
    INSERT INTO company_sources (site, organization, company, name, decided_by, decided_at)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (site, organization) DO UPDATE
    SET company = excluded.company, name = excluded.name, decided_by = excluded.decided_by,
        decided_at = excluded.decided_at";
const GIVE: &str = "UPDATE company_sources SET company = $2 WHERE company = $1";
const FORGET: &str = "DELETE FROM company_sources WHERE company = $1";
const REMOVE: &str = "DELETE FROM company_sources WHERE site = $1 AND organization = $2";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("company_sources.ALL", ALL),
    ("company_sources.PUT", PUT),
    ("company_sources.GIVE", GIVE),
    ("company_sources.FORGET", FORGET),
    ("company_sources.REMOVE", REMOVE),
];

/// What one organization is to the companies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompanySource {
    /// The site's cloud id.
    pub site: String,
    /// The organization's id on that site.
    pub organization: String,
    /// The number of the company; none where it is left out on purpose.
    pub company: Option<u32>,
    /// The organization's name when this was decided.
    pub name: String,
    /// Who decided it.
    pub decided_by: String,
    /// When.
    pub decided_at: Timestamp,
}

/// Every decision, by site and organization.
pub fn all(tx: &mut Tx) -> Result<Vec<CompanySource>, StoreError> {
    let mut all = Vec::new();
    tx.for_each(ALL, &[], |row| {
        all.push(CompanySource {
            site: row.text(0)?.to_owned(),
            organization: row.text(1)?.to_owned(),
            company: row.optional_integer(2)?.map(u32::try_from).transpose().map_err(|_| row.corrupt(2))?,
            name: row.text(3)?.to_owned(),
            decided_by: row.text(4)?.to_owned(),
            decided_at: moment(row, 5)?,
        });
        Ok(())
    })?;
    Ok(all)
}

/// Writes a decision.
pub fn put(tx: &mut Tx, source: &CompanySource) -> Result<(), StoreError> {
    let arguments = [
        (&source.site).into(),
        (&source.organization).into(),
        source.company.into(),
        (&source.name).into(),
        (&source.decided_by).into(),
        source.decided_at.as_microsecond().into(),
    ];
    tx.execute(PUT, &arguments).map(drop)
}

/// Gives the organizations of one company to another.
pub fn give(tx: &mut Tx, from: u32, to: u32) -> Result<(), StoreError> {
    tx.execute(GIVE, &[from.into(), to.into()]).map(drop)
}

/// Forgets the decisions about a company that is gone.
pub fn forget(tx: &mut Tx, company: u32) -> Result<(), StoreError> {
    tx.execute(FORGET, &[company.into()]).map(drop)
}

/// Takes a decision back.
pub fn remove(tx: &mut Tx, site: &str, organization: &str) -> Result<(), StoreError> {
    tx.execute(REMOVE, &[site.into(), organization.into()]).map(drop)
}
