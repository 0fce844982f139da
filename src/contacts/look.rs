//! Everything about one record, for its page: its companies or contacts, its accounts, notes and history.

use contact::field::{Entity, Field};

use crate::contacts::keep;
use crate::contacts::trouble::NotDone;
use crate::mirror::Mirror;
use crate::nouns::contact::{Happened, Note, Record, ShownIdentity};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{contact_companies, contact_fields, contact_identities, contact_notes, contact_records};

/// How much of a history is shown.
const SHOWN: u32 = 200;
/// How many contacts of a company are shown.
pub const SHOWN_CONTACTS: u32 = 200;

/// A record with what belongs to it.
#[derive(Clone, Debug)]
pub struct Whole {
    /// The record.
    pub record: Record,
    /// The record that has taken it in.
    pub survivor: Option<Record>,
    /// The fields of its kind.
    pub fields: Vec<Field>,
    /// The companies of a contact, or the first contacts of a company, each with the role on the link.
    pub related: Vec<(Record, String)>,
    /// The accounts of a contact.
    pub identities: Vec<ShownIdentity>,
    /// Other contacts of the same address.
    pub alike: Vec<Record>,
    /// What people wrote.
    pub notes: Vec<Note>,
    /// What happened.
    pub history: Vec<Happened>,
}

/// A record by its id, with everything. One that was merged is told with the one that has taken it in.
pub async fn whole(mirror: &Mirror, (entity, id): (Entity, &str)) -> Result<Whole, NotDone> {
    let record = keep::find(mirror, id).await?;
    if record.entity != entity {
        return Err(NotDone::NoRecord);
    }
    let same: Vec<u32> = match &record.email {
        Some(email) => {
            let tables = mirror.contacts().await?;
            tables.contacts.with_address(email).iter().filter(|number| *number != record.number).take(20).collect()
        }
        None => Vec::new(),
    };
    let whole = mirror.store().read(move |tx| {
        let owner = (record.entity, record.number);
        let fields = contact_fields::list(tx)?.into_iter().filter(|field| field.entity == record.entity).collect();
        let mut alike = Vec::new();
        for number in same {
            alike.extend(contact_records::of_number(tx, Entity::Contact, number)?.filter(Record::is_live));
        }
        let survivor = match record.merged_into {
            Some(number) => contact_records::of_number(tx, record.entity, number)?,
            None => None,
        };
        Ok(Whole {
            survivor,
            fields,
            related: related(tx, &record)?,
            identities: match record.entity {
                Entity::Contact => contact_identities::of_contact(tx, record.number)?,
                Entity::Company => Vec::new(),
            },
            alike,
            notes: contact_notes::notes(tx, owner)?,
            history: contact_notes::history(tx, owner, SHOWN)?,
            record,
        })
    });
    Ok(whole.await?)
}

fn related(tx: &mut Tx, record: &Record) -> Result<Vec<(Record, String)>, StoreError> {
    let (links, other) = match record.entity {
        Entity::Contact => (contact_companies::of_contact(tx, record.number)?, Entity::Company),
        Entity::Company => (contact_companies::of_company(tx, record.number, (0, SHOWN_CONTACTS))?, Entity::Contact),
    };
    let mut related = Vec::new();
    for link in links {
        let number = if other == Entity::Company { link.company } else { link.contact };
        if let Some(found) = contact_records::of_number(tx, other, number)?.filter(Record::is_live) {
            related.push((found, link.role));
        }
    }
    related.sort_by_key(|(record, _)| directory::fold_text(&record.name));
    Ok(related)
}
