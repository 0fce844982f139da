//! Contacts put into companies, with a role on the link, and taken out again.

use contact::field::{Entity, LONGEST_NAME, one_line};
use serde_json::json;

use crate::contacts::answer;
use crate::contacts::tell::Doing;
use crate::contacts::trouble::NotDone;
use crate::id::{Entropy, RecordId};
use crate::mirror::Mirror;
use crate::nouns::contact::{CompanyLink, Record};
use crate::nouns::context::Context;
use crate::nouns::notice::EventKind;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{contact_companies, contact_head, contact_records};

/// The most companies of a contact.
const MOST: usize = 200;

/// Puts a contact into a company, or gives it another role there.
pub async fn link(
    context: &Context,
    mirror: &Mirror,
    (contact, company, role): (&str, &str, &str),
    entropy: &Entropy,
) -> Result<(), NotDone> {
    let role = one_line(role);
    if role.chars().count() > LONGEST_NAME {
        return Err(NotDone::Invalid(format!("the role has more than {LONGEST_NAME} characters")));
    }
    let doing = Doing::by_hand(context, entropy);
    let ids = ids(contact, company)?;
    let linked = mirror.store().write(move |tx| {
        let Some((contact, company)) = both(tx, &ids)? else { return Ok(Err(NotDone::NoRecord)) };
        let known = contact_companies::of_contact(tx, contact.number)?;
        let before = known.iter().find(|link| link.company == company.number);
        if before.is_some_and(|link| link.role == role) {
            return Ok(Ok(()));
        }
        if before.is_none() && known.len() >= MOST {
            return Ok(Err(NotDone::Invalid(format!("a contact belongs to at most {MOST} companies"))));
        }
        link_within(tx, &doing, (&contact, &company), &role)?;
        Ok(Ok(()))
    });
    linked.await?
}

/// Takes a contact out of a company.
pub async fn unlink(
    context: &Context,
    mirror: &Mirror,
    (contact, company): (&str, &str),
    entropy: &Entropy,
) -> Result<(), NotDone> {
    let doing = Doing::by_hand(context, entropy);
    let ids = ids(contact, company)?;
    let unlinked = mirror.store().write(move |tx| {
        let Some((contact, company)) = both(tx, &ids)? else { return Ok(Err(NotDone::NoRecord)) };
        if !contact_companies::remove(tx, contact.number, company.number)? {
            return Ok(Err(NotDone::Invalid("the contact does not belong to this company".to_owned())));
        }
        told(tx, &doing, (&contact, &company), ("left_company", ""))?;
        Ok(Ok(()))
    });
    unlinked.await?
}

/// The company that a text means: by its id, or by its name where exactly one is called so.
pub async fn company(mirror: &Mirror, text: &str) -> Result<Record, NotDone> {
    let text = text.trim();
    let tables = mirror.contacts().await?;
    let is_company = |record: &Record| record.is_live() && record.entity == Entity::Company;
    let by_id = match RecordId::parse(text) {
        Some(id) => mirror.store().read(move |tx| contact_records::find(tx, &id)).await?.filter(is_company),
        None => None,
    };
    if let Some(company) = by_id {
        return Ok(company);
    }
    let named: Vec<u32> = tables.companies.named(text).iter().take(2).collect();
    let mut records = answer::records(mirror, Entity::Company, &named).await?;
    match (records.pop(), records.is_empty()) {
        (Some(one), true) => Ok(one),
        _ => Err(NotDone::Invalid(format!("no company is called “{text}”, or several are"))),
    }
}

/// Puts a contact into a company in the transaction of something larger.
pub(super) fn link_within(
    tx: &mut Tx,
    doing: &Doing,
    (contact, company): (&Record, &Record),
    role: &str,
) -> Result<(), StoreError> {
    let link = CompanyLink { contact: contact.number, company: company.number, role: role.to_owned() };
    contact_companies::put(tx, &[link])?;
    told(tx, doing, (contact, company), ("joined_company", role))
}

fn told(
    tx: &mut Tx,
    doing: &Doing,
    (contact, company): (&Record, &Record),
    (kind, role): (&str, &str),
) -> Result<(), StoreError> {
    let version = contact_head::next(tx)?;
    contact_records::touch(tx, (Entity::Contact, contact.number), (doing.context.now, version))?;
    let told = json!({ "company": company.name, "company_id": company.id.as_str(), "role": role });
    doing.happened(tx, (Entity::Contact, contact.number), (kind, &told))?;
    let detail = json!({ "fields": ["company"], "company": company.id.as_str() });
    doing.record(tx, ("contact.changed", contact.id.as_str()), (detail, Some(json!({ "role": role }))))?;
    doing.tell(tx, EventKind::ContactChanged, (&[contact.id.to_string()], None))
}

fn ids(contact: &str, company: &str) -> Result<(RecordId, RecordId), NotDone> {
    RecordId::parse(contact).zip(RecordId::parse(company)).ok_or(NotDone::NoRecord)
}

fn both(tx: &mut Tx, (contact, company): &(RecordId, RecordId)) -> Result<Option<(Record, Record)>, StoreError> {
    let of = |entity: Entity| move |record: &Record| record.is_live() && record.entity == entity;
    let contact = contact_records::find(tx, contact)?.filter(of(Entity::Contact));
    let company = contact_records::find(tx, company)?.filter(of(Entity::Company));
    Ok(contact.zip(company))
}
