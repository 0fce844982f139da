//! What an erasure of a person takes of their contact: everything that was written about it, and the record itself unless
//! accounts keep it. A record that they keep stays with the name and address that the accounts have, for the next run would
//! write them again.

use contact::field::{Entity, Values};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::contacts::keep::emptied;
use crate::nouns::contact::{Record, RecordState};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{
    contact_companies, contact_head, contact_identities, contact_notes, contact_personal, contact_records,
};

/// So much of a record's history is told.
const MOST_HISTORY: u32 = 1_000;

/// Whether accounts keep a contact.
pub fn is_kept(record: &Record) -> bool {
    record.mark.is_some()
}

/// The contacts that have an address, or that an account of these has or had, by number.
pub fn of_person<'a>(
    tx: &mut Tx,
    emails: impl IntoIterator<Item = &'a String>,
    accounts: impl IntoIterator<Item = &'a String>,
) -> Result<Vec<Record>, StoreError> {
    let mut numbers = Vec::new();
    for email in emails {
        numbers.extend(contact_personal::with_email(tx, &email.to_lowercase())?);
    }
    for account in accounts {
        numbers.extend(contact_identities::of_account(tx, account)?.map(|(contact, _)| contact));
    }
    numbers.sort_unstable();
    numbers.dedup();
    let mut found = Vec::new();
    for number in numbers {
        found.extend(contact_records::of_number(tx, Entity::Contact, number)?.filter(Record::is_live));
    }
    Ok(found)
}

/// Erases what is kept of a contact as far as can be.
pub fn erase_within(tx: &mut Tx, record: &Record, now: Timestamp) -> Result<(), StoreError> {
    let owner = (Entity::Contact, record.number);
    let version = contact_head::next(tx)?;
    let left = if is_kept(record) {
        contact_personal::blank_roles(tx, record.number)?;
        Record { tags: Vec::new(), values: Values::new(), changed_at: now, ..record.clone() }
    } else {
        contact_companies::remove_contact(tx, record.number)?;
        contact_identities::forget(tx, record.number)?;
        emptied(record, (RecordState::Deleted, None), now)
    };
    contact_records::put(tx, &[left], version)?;
    contact_notes::forget(tx, owner)?;
    contact_personal::blank_log(tx, record.number)
}

/// Everything that is kept of a contact, as JSON.
pub fn told(tx: &mut Tx, record: &Record) -> Result<Value, StoreError> {
    let owner = (Entity::Contact, record.number);
    let mut companies = Vec::new();
    for link in contact_companies::of_contact(tx, record.number)? {
        let company = contact_records::of_number(tx, Entity::Company, link.company)?;
        companies.push(json!({ "company": company.map(|company| company.name), "role": link.role }));
    }
    let notes: Vec<Value> = (contact_notes::notes(tx, owner)?.into_iter())
        .map(|note| json!({ "at": note.at.to_string(), "by": note.author, "text": note.text }))
        .collect();
    let history: Vec<Value> = (contact_notes::history(tx, owner, MOST_HISTORY)?.into_iter())
        .map(|event| {
            let told: Value = serde_json::from_str(&event.told).unwrap_or(Value::Null);
            json!({ "at": event.at.to_string(), "kind": event.kind, "by": event.author, "told": told })
        })
        .collect();
    let accounts: Vec<Value> = (contact_identities::of_contact(tx, record.number)?.into_iter())
        .map(|identity| json!({ "account": identity.account, "name": identity.name, "email": identity.email }))
        .collect();
    Ok(json!({
        "id": record.id.as_str(), "name": record.name, "email": record.email, "tags": record.tags,
        "values": record.values.iter().map(|(field, value)| (field.to_string(), json!(value))).collect::<serde_json::Map<_, _>>(),
        "created_at": record.created_at.to_string(), "companies": companies, "accounts": accounts,
        "notes": notes, "history": history,
    }))
}
