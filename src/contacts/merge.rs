//! Two records that are one: what is kept takes in links, accounts, notes, history and what it lacks of the other, which
//! stays as its number and leads to it.

use std::sync::Arc;

use contact::duplicates::{Compared, Group, groups};
use contact::field::{Entity, Field, FieldKind};
use contact::sync::led;
use serde_json::json;

use crate::contacts::keep::{MOST_TAGS, emptied};
use crate::contacts::tell::{Doing, difference};
use crate::contacts::trouble::NotDone;
use crate::id::{Entropy, RecordId};
use crate::mirror::Mirror;
use crate::nouns::contact::{CompanyLink, Record, RecordState};
use crate::nouns::context::Context;
use crate::nouns::notice::EventKind;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{
    company_sources, contact_companies, contact_fields, contact_head, contact_identities, contact_notes,
    contact_records,
};

/// The most groups of duplicates that are told.
pub const MOST_GROUPS: usize = 200;

/// Merges a record into another one, which stays.
pub async fn merge(
    context: &Context,
    mirror: &Mirror,
    (kept, other): (&str, &str),
    entropy: &Entropy,
) -> Result<Record, NotDone> {
    let ids = RecordId::parse(kept).zip(RecordId::parse(other)).ok_or(NotDone::NoRecord)?;
    let doing = Doing::by_hand(context, entropy);
    let merged = mirror.store().write(move |tx| {
        let live = |record: &Record| record.is_live();
        let kept = contact_records::find(tx, &ids.0)?.filter(live);
        let other = contact_records::find(tx, &ids.1)?.filter(live);
        let Some((kept, other)) = kept.zip(other) else { return Ok(Err(NotDone::NoRecord)) };
        if kept.number == other.number || kept.entity != other.entity {
            return Ok(Err(NotDone::Invalid("choose two contacts, or two companies".to_owned())));
        }
        merge_within(tx, &doing, (&kept, &other)).map(Ok)
    });
    merged.await?
}

/// Merges in the transaction of something larger; the record that stays.
pub(super) fn merge_within(
    tx: &mut Tx,
    doing: &Doing,
    (kept, other): (&Record, &Record),
) -> Result<Record, StoreError> {
    let (entity, now) = (kept.entity, doing.context.now);
    let fields = contact_fields::list(tx)?;
    let version = contact_head::next(tx)?;
    let mut after = joined(kept, other);
    after.changed_at = now;
    match entity {
        Entity::Contact => {
            contact_identities::give(tx, (other.number, kept.number), now)?;
            if let Some((name, email, mark)) = led(&contact_identities::keeping(tx, kept.number)?) {
                after.name = name;
                after.email = email.or(after.email);
                after.mark = Some(mark);
            }
            let known = contact_companies::of_contact(tx, kept.number)?;
            let given = contact_companies::of_contact(tx, other.number)?;
            let new: Vec<CompanyLink> = given
                .into_iter()
                .filter(|link| !known.iter().any(|known| known.company == link.company && !known.role.is_empty()))
                .map(|link| CompanyLink { contact: kept.number, ..link })
                .collect();
            contact_companies::put(tx, &new)?;
            contact_companies::remove_contact(tx, other.number)?;
        }
        Entity::Company => {
            give_contacts(tx, (other.number, kept.number), (doing, version))?;
            company_sources::give(tx, other.number, kept.number)?;
        }
    }
    contact_notes::give(tx, entity, (other.number, kept.number))?;
    contact_records::give_merged(tx, entity, (other.number, kept.number))?;
    let gone = emptied(other, (RecordState::Merged, Some(kept.number)), doing.context.now);
    contact_records::put(tx, &[after.clone(), gone], version)?;
    let mut told = difference(Some(kept), &after, &fields);
    if let Some(told) = told.as_object_mut() {
        told.insert("name".to_owned(), json!(other.name));
        told.insert("was".to_owned(), difference(None, other, &fields));
    }
    doing.happened(tx, (entity, kept.number), ("merged", &told))?;
    let event = if entity == Entity::Contact { "contact.merged" } else { "company.merged" };
    doing.record(
        tx,
        (event, kept.id.as_str()),
        (json!({ "other": other.id.as_str() }), Some(json!({ "name": other.name }))),
    )?;
    if entity == Entity::Contact {
        doing.tell(tx, EventKind::ContactChanged, (&[kept.id.to_string()], None))?;
    }
    Ok(after)
}

/// What is kept, with what it lacks of the other.
fn joined(kept: &Record, other: &Record) -> Record {
    let mut after = kept.clone();
    after.email = kept.email.clone().or_else(|| other.email.clone());
    for tag in &other.tags {
        let folded = directory::fold_text(tag);
        if !after.tags.iter().any(|known| directory::fold_text(known) == folded) && after.tags.len() < MOST_TAGS {
            after.tags.push(tag.clone());
        }
    }
    after.tags.sort_by_key(|tag| directory::fold_text(tag));
    for domain in &other.domains {
        if !after.domains.contains(domain) && after.domains.len() < MOST_TAGS {
            after.domains.push(domain.clone());
        }
    }
    after.domains.sort();
    for (field, value) in &other.values {
        after.values.entry(*field).or_insert_with(|| value.clone());
    }
    after
}

fn give_contacts(tx: &mut Tx, (from, to): (u32, u32), (doing, version): (&Doing, i64)) -> Result<(), StoreError> {
    loop {
        let links = contact_companies::of_company(tx, from, (0, 500))?;
        if links.is_empty() {
            return Ok(());
        }
        for link in &links {
            let known = contact_companies::of_contact(tx, link.contact)?;
            if !known.iter().any(|known| known.company == to && !known.role.is_empty()) {
                contact_companies::put(tx, &[CompanyLink { company: to, ..link.clone() }])?;
            }
            contact_companies::remove(tx, link.contact, from)?;
            contact_records::touch(tx, (Entity::Contact, link.contact), (doing.context.now, version))?;
        }
    }
}

/// Groups of contacts that may be the same person, with the contacts.
pub async fn duplicates(mirror: &Mirror) -> Result<Vec<(Group, Vec<Record>)>, StoreError> {
    let tables = mirror.contacts().await?;
    let read = mirror.store().read(move |tx| {
        let fields: Vec<Field> = tables.contacts.fields().to_vec();
        let mut compared = Vec::new();
        contact_records::since(tx, 0, |record| {
            if record.entity == Entity::Contact && record.is_live() {
                compared.push(comparable(record, &fields, &tables.contacts));
            }
            Ok(())
        })?;
        let mut found = Vec::new();
        for group in groups(&compared, MOST_GROUPS) {
            let mut records = Vec::new();
            for number in group.contacts.iter().take(20) {
                records.extend(contact_records::of_number(tx, Entity::Contact, *number)?.filter(Record::is_live));
            }
            found.push((group, records));
        }
        Ok(found)
    });
    read.await
}

fn comparable(record: Record, fields: &[Field], board: &contact::board::Board) -> Compared {
    let telephones = fields.iter().filter(|field| field.kind == FieldKind::Telephone);
    Compared {
        number: record.number,
        telephones: telephones.filter_map(|field| record.values.get(&field.number).cloned()).collect(),
        companies: board.companies_of(record.number).to_vec(),
        name: record.name,
        email: record.email,
    }
}

/// Two records side by side, for somebody who is about to merge them.
pub async fn both(mirror: &Mirror, (entity, ids): (Entity, [&str; 2])) -> Result<Arc<[Record; 2]>, NotDone> {
    let ids = RecordId::parse(ids[0]).zip(RecordId::parse(ids[1])).ok_or(NotDone::NoRecord)?;
    let read = mirror.store().read(move |tx| {
        let live = |record: &Record| record.is_live() && record.entity == entity;
        let first = contact_records::find(tx, &ids.0)?.filter(live);
        let second = contact_records::find(tx, &ids.1)?.filter(live);
        Ok(first.zip(second))
    });
    let (first, second) = read.await?.ok_or(NotDone::NoRecord)?;
    Ok(Arc::new([first, second]))
}
