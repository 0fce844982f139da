//! Contacts and companies in memory: read once, and read on from the version that is there. Whoever asks gets tables of one
//! version; nobody sees half a write.

use std::sync::{Arc, PoisonError, RwLock};

use contact::board::{Row, Tables};
use contact::field::Entity;
use jiff::tz::TimeZone;

use crate::mirror::Mirror;
use crate::nouns::contact::{CompanyLink, Record};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{contact_companies, contact_fields, contact_head, contact_records};

/// So many changed contacts are asked for their companies one by one.
const FEW: usize = 200;

/// What is held.
#[derive(Debug, Default)]
pub(super) struct Held {
    tables: RwLock<Option<Standing>>,
    moving: tokio::sync::Mutex<()>,
}

#[derive(Clone, Debug)]
struct Standing {
    fields_version: i64,
    tables: Arc<Tables>,
}

impl Mirror {
    /// The contacts and companies as they stand.
    pub async fn contacts(&self) -> Result<Arc<Tables>, StoreError> {
        let held = &self.0.contacts;
        let known = || held.tables.read().unwrap_or_else(PoisonError::into_inner).clone();
        let is_newest = |known: &Option<Standing>, head: &contact_head::ContactHead| {
            known.as_ref().is_some_and(|known| {
                known.fields_version == head.fields_version && known.tables.version == head.version
            })
        };
        let (before, head) = (known(), self.store().read(contact_head::read).await?);
        if let Some(before) = before.clone().filter(|_| is_newest(&before, &head)) {
            return Ok(before.tables);
        }
        let _moving = held.moving.lock().await;
        let (before, zone) = (known(), self.zone());
        let standing = self.store().read(move |tx| catch_up(tx, before, &zone)).await?;
        *held.tables.write().unwrap_or_else(PoisonError::into_inner) = Some(standing.clone());
        Ok(standing.tables)
    }
}

fn catch_up(tx: &mut Tx, known: Option<Standing>, zone: &TimeZone) -> Result<Standing, StoreError> {
    let head = contact_head::read(tx)?;
    let known = known.filter(|known| known.fields_version == head.fields_version);
    if let Some(known) = known.clone().filter(|known| known.tables.version == head.version) {
        return Ok(known);
    }
    let before = match known {
        Some(known) => known.tables,
        None => Arc::new(Tables::new(&contact_fields::list(tx)?, zone)),
    };
    let mut records = Vec::new();
    contact_records::since(tx, before.version, |record| {
        records.push(record);
        Ok(())
    })?;
    let contacts = records.iter().filter(|record| record.entity == Entity::Contact).count();
    let mut links = Vec::new();
    if contacts > FEW {
        links = contact_companies::all(tx)?;
    } else {
        for record in records.iter().filter(|record| record.entity == Entity::Contact) {
            links.extend(contact_companies::of_contact(tx, record.number)?);
        }
    }
    let (contacts, companies): (Vec<Record>, Vec<Record>) =
        records.into_iter().partition(|record| record.entity == Entity::Contact);
    let contacts = contacts.into_iter().map(|record| row(record, &links)).collect();
    let companies = companies.into_iter().map(|record| row(record, &[])).collect();
    let tables = Arc::new(before.apply(head.version, contacts, companies));
    Ok(Standing { fields_version: head.fields_version, tables })
}

/// A record as a row; `links` are sorted by contact.
fn row(record: Record, links: &[CompanyLink]) -> Row {
    let first = links.partition_point(|link| link.contact < record.number);
    let of = links[first..].iter().take_while(|link| link.contact == record.number);
    let companies = of.map(|link| (link.company, link.role.clone())).collect();
    Row {
        ordinal: record.number,
        live: record.is_live(),
        addresses: record.addresses(),
        name: record.name,
        tags: record.tags,
        companies,
        values: record.values,
        mark: record.mark,
        created: record.created_at.as_microsecond(),
        changed: record.changed_at.as_microsecond(),
    }
}
