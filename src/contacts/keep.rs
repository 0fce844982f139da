//! Contacts and companies made, changed and deleted by hand. What follows an account is the account's: it is refused here.

use contact::board::{domain_key, is_system_tag};
use contact::field::{self, Entity, Field, LONGEST_NAME, Values, is_email, one_line};
use jiff::Timestamp;
use serde_json::json;

use crate::contacts::tell::{Doing, difference};
use crate::contacts::trouble::NotDone;
use crate::id::{Entropy, RecordId};
use crate::mirror::Mirror;
use crate::nouns::contact::{Record, RecordState};
use crate::nouns::context::Context;
use crate::nouns::notice::EventKind;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{
    company_sources, contact_companies, contact_fields, contact_head, contact_identities, contact_notes,
    contact_records,
};

/// The most tags or domains of a record.
pub const MOST_TAGS: usize = 50;

/// What is to be changed; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// Name.
    pub name: Option<String>,
    /// E-mail address of a contact; empty for none.
    pub email: Option<String>,
    /// Domains of a company.
    pub domains: Option<Vec<String>>,
    /// Tags that people give; tags of syncing are no one's to give.
    pub tags: Option<Vec<String>>,
    /// Values by field; an empty one takes the value away. Fields that are not named stay.
    pub values: Values,
    /// The record as it was seen, in microseconds of its last change; a change since then refuses the edit.
    pub seen: Option<i64>,
}

/// A record by its id, also one that is gone.
pub async fn find(mirror: &Mirror, id: &str) -> Result<Record, NotDone> {
    let id = RecordId::parse(id).ok_or(NotDone::NoRecord)?;
    mirror.store().read(move |tx| contact_records::find(tx, &id)).await?.ok_or(NotDone::NoRecord)
}

/// Makes a contact or a company.
pub async fn create(
    context: &Context,
    mirror: &Mirror,
    (entity, edit): (Entity, Edit),
    entropy: &Entropy,
) -> Result<Record, NotDone> {
    let doing = Doing::by_hand(context, entropy);
    mirror.store().write(move |tx| create_within(tx, &doing, (entity, &edit))).await?
}

/// Changes a contact or a company.
pub async fn change(
    context: &Context,
    mirror: &Mirror,
    (id, edit): (&str, Edit),
    entropy: &Entropy,
) -> Result<Record, NotDone> {
    let id = RecordId::parse(id).ok_or(NotDone::NoRecord)?;
    let doing = Doing::by_hand(context, entropy);
    let changed = mirror.store().write(move |tx| {
        let Some(before) = contact_records::find(tx, &id)?.filter(Record::is_live) else {
            return Ok(Err(NotDone::NoRecord));
        };
        change_within(tx, &doing, (before, &edit))
    });
    changed.await?
}

/// Deletes a contact or a company. One that an account keeps is refused.
pub async fn delete(context: &Context, mirror: &Mirror, id: &str, entropy: &Entropy) -> Result<Record, NotDone> {
    let id = RecordId::parse(id).ok_or(NotDone::NoRecord)?;
    let doing = Doing::by_hand(context, entropy);
    let deleted = mirror.store().write(move |tx| {
        let Some(record) = contact_records::find(tx, &id)?.filter(Record::is_live) else {
            return Ok(Err(NotDone::NoRecord));
        };
        if record.mark.is_some() {
            return Ok(Err(NotDone::Kept));
        }
        delete_within(tx, &doing, &record)?;
        Ok(Ok(record))
    });
    deleted.await?
}

/// Makes a record in the transaction of something larger.
pub(super) fn create_within(
    tx: &mut Tx,
    doing: &Doing,
    (entity, edit): (Entity, &Edit),
) -> Result<Result<Record, NotDone>, StoreError> {
    let fields = contact_fields::list(tx)?;
    let now = doing.context.now;
    let blank = Record {
        entity,
        number: contact_records::last(tx, entity)? + 1,
        id: RecordId::new(&doing.entropy, now),
        state: RecordState::Live,
        merged_into: None,
        name: String::new(),
        email: None,
        domains: Vec::new(),
        tags: Vec::new(),
        values: Values::new(),
        mark: None,
        created_at: now,
        created_by: doing.context.actor.as_text(),
        changed_at: now,
    };
    let record = match edited(&blank, edit, (&fields, true)) {
        Ok(record) => record,
        Err(why) => return Ok(Err(why)),
    };
    write(tx, doing, (None, &record), &fields)?;
    Ok(Ok(record))
}

/// Changes a record in the transaction of something larger. A change of nothing leaves no trace.
pub(super) fn change_within(
    tx: &mut Tx,
    doing: &Doing,
    (before, edit): (Record, &Edit),
) -> Result<Result<Record, NotDone>, StoreError> {
    let fields = contact_fields::list(tx)?;
    if edit.seen.is_some_and(|seen| seen != before.changed_at.as_microsecond()) {
        return Ok(Err(NotDone::Stale));
    }
    let after = match edited(&before, edit, (&fields, false)) {
        Ok(after) => after,
        Err(why) => return Ok(Err(why)),
    };
    if after == before {
        return Ok(Ok(before));
    }
    if before.mark.is_some() && (after.name != before.name || after.email != before.email) {
        return Ok(Err(NotDone::Follows));
    }
    let after = Record { changed_at: doing.context.now, ..after };
    write(tx, doing, (Some(&before), &after), &fields)?;
    Ok(Ok(after))
}

/// Writes a record with its history, its event and its notice.
pub(super) fn write(
    tx: &mut Tx,
    doing: &Doing,
    (before, after): (Option<&Record>, &Record),
    fields: &[Field],
) -> Result<(), StoreError> {
    let version = contact_head::next(tx)?;
    contact_records::put(tx, std::slice::from_ref(after), version)?;
    let told = difference(before, after, fields);
    let (kind, event) = match (after.entity, before.is_some()) {
        (Entity::Contact, false) => ("created", "contact.created"),
        (Entity::Contact, true) => ("changed", "contact.changed"),
        (Entity::Company, false) => ("created", "company.created"),
        (Entity::Company, true) => ("changed", "company.changed"),
    };
    doing.happened(tx, (after.entity, after.number), (kind, &told))?;
    let names: Vec<&String> = told.as_object().map(|told| told.keys().collect()).unwrap_or_default();
    doing.record(tx, (event, after.id.as_str()), (json!({ "fields": names }), Some(told.clone())))?;
    if after.entity == Entity::Contact {
        let notice = if before.is_some() { EventKind::ContactChanged } else { EventKind::ContactCreated };
        doing.tell(tx, notice, (&[after.id.to_string()], None))?;
    }
    Ok(())
}

/// Takes everything of a record away but its number, and tells it.
pub(super) fn delete_within(tx: &mut Tx, doing: &Doing, record: &Record) -> Result<(), StoreError> {
    let owner = (record.entity, record.number);
    let version = contact_head::next(tx)?;
    contact_records::put(tx, &[emptied(record, (RecordState::Deleted, None), doing.context.now)], version)?;
    contact_notes::forget(tx, owner)?;
    let event = match record.entity {
        Entity::Contact => {
            contact_companies::remove_contact(tx, record.number)?;
            contact_identities::forget(tx, record.number)?;
            "contact.deleted"
        }
        Entity::Company => {
            unlink_all(tx, record.number, (doing, version))?;
            company_sources::forget(tx, record.number)?;
            "company.deleted"
        }
    };
    let personal = json!({ "name": record.name, "email": record.email });
    doing.record(tx, (event, record.id.as_str()), (json!({}), Some(personal)))
}

/// What stays of a record that is gone.
pub(super) fn emptied(record: &Record, (state, merged_into): (RecordState, Option<u32>), now: Timestamp) -> Record {
    Record {
        state,
        merged_into,
        name: String::new(),
        email: None,
        domains: Vec::new(),
        tags: Vec::new(),
        values: Values::new(),
        mark: None,
        changed_at: now,
        ..record.clone()
    }
}

/// Takes all contacts out of a company.
fn unlink_all(tx: &mut Tx, company: u32, (doing, version): (&Doing, i64)) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let links = contact_companies::of_company(tx, company, (after, 500))?;
        let Some(last) = links.last() else { return Ok(()) };
        after = last.contact;
        for link in &links {
            contact_companies::remove(tx, link.contact, company)?;
            contact_records::touch(tx, (Entity::Contact, link.contact), (doing.context.now, version))?;
        }
    }
}

/// A record as an edit makes it.
pub(super) fn edited(record: &Record, edit: &Edit, (fields, new): (&[Field], bool)) -> Result<Record, NotDone> {
    let mut after = record.clone();
    if let Some(name) = &edit.name {
        after.name = one_line(name);
    }
    if after.name.is_empty() {
        return Err(NotDone::Invalid("the name is missing".to_owned()));
    }
    if after.name.chars().count() > LONGEST_NAME {
        return Err(NotDone::Invalid(format!("the name has more than {LONGEST_NAME} characters")));
    }
    if let Some(email) = edit.email.as_deref().map(one_line).filter(|_| record.entity == Entity::Contact) {
        if !email.is_empty() && !is_email(&email) && after.email.as_ref() != Some(&email) {
            return Err(NotDone::Invalid(format!("“{email}” is no e-mail address")));
        }
        after.email = Some(email).filter(|email| !email.is_empty());
    }
    if let Some(domains) = edit.domains.as_ref().filter(|_| record.entity == Entity::Company) {
        after.domains = sound_domains(domains)?;
    }
    if let Some(tags) = &edit.tags {
        after.tags = sound_tags(tags)?;
    }
    let own: Vec<Field> = fields.iter().filter(|field| field.entity == record.entity).cloned().collect();
    let mut given = record.values.clone();
    given.extend(edit.values.clone());
    // Values of fields that are gone stay, unseen, so that a field that is defined anew has nothing of another's.
    let unseen: Values = record
        .values
        .iter()
        .filter(|(number, _)| !own.iter().any(|field| field.number == **number))
        .map(copied)
        .collect();
    after.values = field::values(&own, &given, new)?;
    after.values.extend(unseen);
    Ok(after)
}

fn copied((number, value): (&u32, &String)) -> (u32, String) {
    (*number, value.clone())
}

/// Tags as they are kept: trimmed, each once whatever its case.
pub(super) fn sound_tags(tags: &[String]) -> Result<Vec<String>, NotDone> {
    let mut kept: Vec<String> = Vec::new();
    for tag in tags.iter().map(|tag| one_line(tag)).filter(|tag| !tag.is_empty()) {
        if is_system_tag(&tag) {
            return Err(NotDone::Invalid(format!("the tag “{tag}” comes from Jira User Syncing and cannot be given")));
        }
        if tag.chars().count() > LONGEST_NAME || tag.contains(',') {
            return Err(NotDone::Invalid(format!("a tag has at most {LONGEST_NAME} characters, and no comma")));
        }
        let folded = directory::fold_text(&tag);
        if !kept.iter().any(|known| directory::fold_text(known) == folded) {
            kept.push(tag);
        }
    }
    if kept.len() > MOST_TAGS {
        return Err(NotDone::Invalid(format!("a record has at most {MOST_TAGS} tags")));
    }
    kept.sort_by_key(|tag| directory::fold_text(tag));
    Ok(kept)
}

fn sound_domains(domains: &[String]) -> Result<Vec<String>, NotDone> {
    let mut kept: Vec<String> = Vec::new();
    for domain in domains.iter().map(|domain| domain_key(domain)).filter(|domain| !domain.is_empty()) {
        if !is_email(&format!("a@{domain}")) {
            return Err(NotDone::Invalid(format!("“{domain}” is no domain, such as acme.example")));
        }
        if !kept.contains(&domain) {
            kept.push(domain);
        }
    }
    if kept.len() > MOST_TAGS {
        return Err(NotDone::Invalid(format!("a company has at most {MOST_TAGS} domains")));
    }
    kept.sort();
    Ok(kept)
}
