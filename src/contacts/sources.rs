//! Companies from what is known: the organizations of service desks' customers, each a company, another one's, or none on
//! purpose; and the domains of addresses. Everything is shown before; contacts are only ever put in, never taken out.

use std::collections::{BTreeMap, BTreeSet};

use contact::duplicates::is_public;
use contact::field::Entity;
use directory::{email_key, fold_text};
use serde_json::json;

use crate::contacts::keep::{Edit, create_within};
use crate::contacts::relate::link_within;
use crate::contacts::tell::Doing;
use crate::contacts::trouble::NotDone;
use crate::id::{Entropy, RecordId};
use crate::mirror::Mirror;
use crate::nouns::contact::Record;
use crate::nouns::context::Context;
use crate::nouns::site_account::CustomerOrganization;
use crate::store::company_sources::{self, CompanySource};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{contact_companies, contact_identities, contact_records, site_accounts};
use contact::sync::LinkState;

/// What is decided about an organization of customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A company is made of it.
    Create,
    /// It is this company, by id.
    Link(String),
    /// It is no company, on purpose.
    Ignore,
    /// Nothing is decided any more.
    Undecided,
}

/// An organization of customers with what it is to the companies.
#[derive(Clone, Debug)]
pub struct ShownSource {
    /// The organization.
    pub organization: CustomerOrganization,
    /// How many of its customers are contacts.
    pub contacts: u64,
    /// How many of these do not belong to the company yet.
    pub missing: u64,
    /// What was decided, by whom; `None` while nothing is.
    pub decided: Option<CompanySource>,
    /// The company that it is, or a company of the same name.
    pub company: Option<Record>,
}

/// Every organization of customers.
pub async fn list(mirror: &Mirror) -> Result<Vec<ShownSource>, StoreError> {
    mirror.store().read(read).await
}

fn read(tx: &mut Tx) -> Result<Vec<ShownSource>, StoreError> {
    let decided = company_sources::all(tx)?;
    let members = members(tx)?;
    let mut shown = Vec::new();
    for organization in site_accounts::organizations(tx)? {
        let of =
            decided.iter().find(|one| one.site == organization.site && one.organization == organization.id).cloned();
        if organization.gone_at.is_some() && of.is_none() {
            continue;
        }
        let company = match of.as_ref().and_then(|one| one.company) {
            Some(number) => contact_records::of_number(tx, Entity::Company, number)?,
            None => contact_records::company_named(tx, &organization.name)?,
        };
        let contacts = members.get(&(organization.site.clone(), organization.id.clone())).cloned().unwrap_or_default();
        let mut missing = 0;
        if let Some(company) = &company {
            for contact in &contacts {
                let links = contact_companies::of_contact(tx, *contact)?;
                missing += u64::from(!links.iter().any(|link| link.company == company.number));
            }
        }
        shown.push(ShownSource { organization, contacts: contacts.len() as u64, missing, decided: of, company });
    }
    shown.sort_by_key(|one| (fold_text(&one.organization.name), one.organization.site.clone()));
    Ok(shown)
}

/// The contacts of each organization of customers, by site and organization.
fn members(tx: &mut Tx) -> Result<BTreeMap<(String, String), BTreeSet<u32>>, StoreError> {
    let linked: BTreeMap<String, u32> = contact_identities::all(tx)?
        .into_iter()
        .filter(|identity| identity.state == LinkState::Linked)
        .map(|identity| (identity.account, identity.contact))
        .collect();
    let mut members: BTreeMap<(String, String), BTreeSet<u32>> = BTreeMap::new();
    for account in site_accounts::all(tx)?.into_iter().filter(|account| account.gone_at.is_none()) {
        let Some(contact) = linked.get(&account.account_id) else { continue };
        for organization in account.organizations {
            members.entry((account.site.clone(), organization)).or_default().insert(*contact);
        }
    }
    Ok(members)
}

/// Decides what an organization of customers is, and puts its contacts into the company.
pub async fn decide(
    context: &Context,
    mirror: &Mirror,
    (site, organization, decision): (&str, &str, Decision),
    entropy: &Entropy,
) -> Result<(), NotDone> {
    let doing = Doing::by_hand(context, entropy);
    let (site, organization) = (site.to_owned(), organization.to_owned());
    let decided = mirror.store().write(move |tx| {
        let known = site_accounts::organizations(tx)?;
        let Some(known) = known.into_iter().find(|one| one.site == site && one.id == organization) else {
            return Ok(Err(NotDone::Invalid("there is no such organization of customers".to_owned())));
        };
        let company = match &decision {
            Decision::Undecided => {
                company_sources::remove(tx, &site, &organization)?;
                doing.record(
                    tx,
                    ("company_source.decided", &organization),
                    (json!({ "decision": "undecided" }), None),
                )?;
                return Ok(Ok(()));
            }
            Decision::Ignore => None,
            Decision::Create => {
                let edit = Edit { name: Some(known.name.clone()), ..Edit::default() };
                match create_within(tx, &doing, (Entity::Company, &edit))? {
                    Ok(company) => Some(company),
                    Err(why) => return Ok(Err(why)),
                }
            }
            Decision::Link(id) => {
                let found = match RecordId::parse(id) {
                    Some(id) => contact_records::find(tx, &id)?,
                    None => contact_records::company_named(tx, id)?,
                };
                match found.filter(|record| record.is_live() && record.entity == Entity::Company) {
                    Some(company) => Some(company),
                    None => return Ok(Err(NotDone::Invalid("there is no such company".to_owned()))),
                }
            }
        };
        let source = CompanySource {
            site,
            organization: organization.clone(),
            company: company.as_ref().map(|company| company.number),
            name: known.name,
            decided_by: doing.context.actor.as_text(),
            decided_at: doing.context.now,
        };
        company_sources::put(tx, &source)?;
        let detail = json!({ "company": company.as_ref().map(|company| company.id.to_string()) });
        doing.record(tx, ("company_source.decided", &organization), (detail, None))?;
        put_in(tx, &doing)?;
        Ok(Ok(()))
    });
    decided.await?
}

/// Puts the contacts of organizations into the companies that these are; how many.
pub(super) fn put_in(tx: &mut Tx, doing: &Doing) -> Result<u64, StoreError> {
    let sources = company_sources::all(tx)?;
    if sources.iter().all(|source| source.company.is_none()) {
        return Ok(0);
    }
    let members = members(tx)?;
    let mut put = 0;
    for source in &sources {
        let Some(number) = source.company else { continue };
        let Some(company) = contact_records::of_number(tx, Entity::Company, number)?.filter(Record::is_live) else {
            continue;
        };
        for contact in members.get(&(source.site.clone(), source.organization.clone())).into_iter().flatten() {
            let links = contact_companies::of_contact(tx, *contact)?;
            if links.iter().any(|link| link.company == number) {
                continue;
            }
            if let Some(contact) = contact_records::of_number(tx, Entity::Contact, *contact)?.filter(Record::is_live) {
                link_within(tx, doing, (&contact, &company), "")?;
                put += 1;
            }
        }
    }
    Ok(put)
}

/// Contacts without a company whose address is of the domain of exactly one, each with that company.
pub async fn by_domain(mirror: &Mirror) -> Result<Vec<(Record, Record)>, StoreError> {
    mirror.store().read(|tx| of_domains(tx, SHOWN)).await
}

/// How many of them are shown, or put in at once.
pub const SHOWN: usize = 1_000;

fn of_domains(tx: &mut Tx, most: usize) -> Result<Vec<(Record, Record)>, StoreError> {
    let mut owners: BTreeMap<String, Vec<Record>> = BTreeMap::new();
    let mut contacts = Vec::new();
    let linked: BTreeSet<u32> = contact_companies::all(tx)?.into_iter().map(|link| link.contact).collect();
    contact_records::since(tx, 0, |record| {
        match record.entity {
            _ if !record.is_live() => {}
            Entity::Company => {
                for domain in record.domains.iter().filter(|domain| !is_public(domain)) {
                    owners.entry(domain.clone()).or_default().push(record.clone());
                }
            }
            Entity::Contact if linked.contains(&record.number) => {}
            Entity::Contact => contacts.push(record),
        }
        Ok(())
    })?;
    let mut found = Vec::new();
    for contact in contacts {
        let key = contact.email.as_deref().map(email_key).unwrap_or_default();
        let domain = key.rsplit_once('@').map_or("", |(_, domain)| domain);
        if let Some([one]) = owners.get(domain).map(Vec::as_slice) {
            found.push((contact, one.clone()));
            if found.len() == most {
                break;
            }
        }
    }
    Ok(found)
}

/// Puts contacts into the company of their domain, as they are shown; how many.
pub async fn put_by_domain(context: &Context, mirror: &Mirror, entropy: &Entropy) -> Result<u64, NotDone> {
    let doing = Doing::by_hand(context, entropy);
    let put = mirror.store().write(move |tx| {
        let found = of_domains(tx, SHOWN)?;
        for (contact, company) in &found {
            link_within(tx, &doing, (contact, company), "")?;
        }
        Ok(found.len() as u64)
    });
    Ok(put.await?)
}
