//! Notes about contacts and companies. Who wrote one and when stays with it.

use serde_json::json;

use crate::contacts::tell::Doing;
use crate::contacts::trouble::NotDone;
use crate::id::{Entropy, RecordId};
use crate::mirror::Mirror;
use crate::nouns::contact::{Note, Record};
use crate::nouns::context::Context;
use crate::store::{contact_notes, contact_records};

/// The longest note, in characters.
pub const LONGEST: usize = 10_000;
/// The most notes of a record.
const MOST: usize = 1_000;

/// Adds a note.
pub async fn add(
    context: &Context,
    mirror: &Mirror,
    (id, text): (&str, &str),
    entropy: &Entropy,
) -> Result<(), NotDone> {
    let id = RecordId::parse(id).ok_or(NotDone::NoRecord)?;
    let text: String = text.chars().filter(|c| !c.is_control() || *c == '\n' || *c == '\t').collect();
    let text = text.trim().to_owned();
    if text.is_empty() || text.chars().count() > LONGEST {
        return Err(NotDone::Invalid(format!("a note has 1 to {LONGEST} characters")));
    }
    let doing = Doing::by_hand(context, entropy);
    let added = mirror.store().write(move |tx| {
        let Some(record) = contact_records::find(tx, &id)?.filter(Record::is_live) else {
            return Ok(Err(NotDone::NoRecord));
        };
        let owner = (record.entity, record.number);
        if contact_notes::notes(tx, owner)?.len() >= MOST {
            return Ok(Err(NotDone::Invalid(format!("a record has at most {MOST} notes"))));
        }
        let note = Note { number: 0, at: doing.context.now, author: doing.context.actor.as_text(), text };
        contact_notes::add_note(tx, owner, &note)?;
        doing.happened(tx, owner, ("note_added", &json!({})))?;
        Ok(Ok(()))
    });
    added.await?
}

/// Takes a note away.
pub async fn remove(
    context: &Context,
    mirror: &Mirror,
    (id, number): (&str, i64),
    entropy: &Entropy,
) -> Result<(), NotDone> {
    let id = RecordId::parse(id).ok_or(NotDone::NoRecord)?;
    let doing = Doing::by_hand(context, entropy);
    let removed = mirror.store().write(move |tx| {
        let Some(record) = contact_records::find(tx, &id)?.filter(Record::is_live) else {
            return Ok(Err(NotDone::NoRecord));
        };
        let owner = (record.entity, record.number);
        if !contact_notes::drop_note(tx, owner, number)? {
            return Ok(Err(NotDone::Invalid("there is no such note".to_owned())));
        }
        doing.happened(tx, owner, ("note_removed", &json!({})))?;
        Ok(Ok(()))
    });
    removed.await?
}
