//! Rows of a list: records with the companies that their contacts belong to.

use contact::field::Entity;

use crate::mirror::Mirror;
use crate::nouns::contact::Record;
use crate::store::error::StoreError;
use crate::store::{contact_companies, contact_records};

/// A record in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The record.
    pub record: Record,
    /// The companies of a contact, each with the role on the link.
    pub companies: Vec<(Record, String)>,
}

/// Records by their numbers, in that order, as a list shows them; those that are gone by now are left out.
pub async fn listed(mirror: &Mirror, entity: Entity, numbers: &[u32]) -> Result<Vec<Listed>, StoreError> {
    let numbers = numbers.to_vec();
    let read = mirror.store().read(move |tx| {
        let mut rows = Vec::with_capacity(numbers.len());
        for number in numbers {
            let Some(record) = contact_records::of_number(tx, entity, number)?.filter(Record::is_live) else {
                continue;
            };
            let mut companies = Vec::new();
            if entity == Entity::Contact {
                for link in contact_companies::of_contact(tx, number)? {
                    let company = contact_records::of_number(tx, Entity::Company, link.company)?;
                    companies.extend(company.filter(Record::is_live).map(|company| (company, link.role)));
                }
            }
            rows.push(Listed { record, companies });
        }
        Ok(rows)
    });
    read.await
}
