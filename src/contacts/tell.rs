//! What people's hands and runs leave behind: in the audit chain, in the history of a record, and outside.

use contact::field::{Entity, Field};
use serde_json::{Map, Value, json};

use crate::id::Entropy;
use crate::nouns::contact::{Happened, Record};
use crate::nouns::context::Context;
use crate::nouns::event::NewEvent;
use crate::nouns::notice::{ContactsTold, EventKind, Notice, What};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{contact_notes, contact_records, events, head, outbox};

/// So many ids a notice names at the most.
const NAMED: usize = 100;

/// Who does something, and where its chance comes from.
#[derive(Clone, Debug)]
pub(super) struct Doing {
    pub(super) context: Context,
    pub(super) entropy: Entropy,
    /// The number of the run that does it.
    pub(super) run: Option<i64>,
}

impl Doing {
    /// By hand.
    pub(super) fn by_hand(context: &Context, entropy: &Entropy) -> Doing {
        Doing { context: context.clone(), entropy: entropy.clone(), run: None }
    }

    /// Records an event. Personal values go into the sealed part.
    pub(super) fn record(
        &self,
        tx: &mut Tx,
        (kind, subject): (&'static str, &str),
        (detail, personal): (Value, Option<Value>),
    ) -> Result<(), StoreError> {
        let event = NewEvent {
            at: self.context.now,
            actor: self.context.actor.as_subject(),
            kind,
            subject: subject.to_owned(),
            detail: detail.to_string(),
            personal: personal.map(|personal| personal.to_string()).unwrap_or_default(),
        };
        events::append(tx, &event, &self.entropy.bytes())?;
        head::touch(tx)
    }

    /// Adds to the history of a record.
    pub(super) fn happened(
        &self,
        tx: &mut Tx,
        (entity, owner): (Entity, u32),
        (kind, told): (&str, &Value),
    ) -> Result<(), StoreError> {
        contact_notes::happened(tx, &[self.event((entity, owner), (kind, told))])
    }

    /// What happened to a record, to be added with others.
    pub(super) fn event(&self, (entity, owner): (Entity, u32), (kind, told): (&str, &Value)) -> Happened {
        Happened {
            entity,
            owner,
            at: self.context.now,
            kind: kind.to_owned(),
            author: self.context.actor.as_text(),
            run: self.run,
            told: told.to_string(),
        }
    }

    /// Tells outside what became of contacts; nothing where there are none.
    pub(super) fn tell(
        &self,
        tx: &mut Tx,
        event: EventKind,
        (ids, run): (&[String], Option<&str>),
    ) -> Result<(), StoreError> {
        self.put(tx, event, (ids.iter().take(NAMED).cloned().collect(), ids.len() as u64), run)
    }

    /// The same by the numbers of contacts.
    pub(super) fn tell_numbers(
        &self,
        tx: &mut Tx,
        event: EventKind,
        (numbers, run): (&[u32], Option<&str>),
    ) -> Result<(), StoreError> {
        let mut ids = Vec::new();
        for number in numbers.iter().take(NAMED) {
            ids.extend(contact_records::of_number(tx, Entity::Contact, *number)?.map(|record| record.id.to_string()));
        }
        self.put(tx, event, (ids, numbers.len() as u64), run)
    }

    fn put(
        &self,
        tx: &mut Tx,
        event: EventKind,
        (ids, count): (Vec<String>, u64),
        run: Option<&str>,
    ) -> Result<(), StoreError> {
        if count == 0 {
            return Ok(());
        }
        let told = ContactsTold { event, ids, count, run: run.map(str::to_owned) };
        outbox::put(tx, &Notice { at: self.context.now, what: What::Contacts(told) }, &self.entropy)
    }
}

/// What differs between a record before and after: each thing by its name, with both values.
pub(super) fn difference(before: Option<&Record>, after: &Record, fields: &[Field]) -> Value {
    let mut told = Map::new();
    let mut add = |name: &str, old: Value, new: Value| {
        if old != new {
            told.insert(name.to_owned(), json!([old, new]));
        }
    };
    let of = |record: &Record| {
        [
            ("name", json!(record.name)),
            ("email", json!(record.email)),
            ("domains", if record.domains.is_empty() { Value::Null } else { json!(record.domains.join(", ")) }),
            ("tags", if record.tags.is_empty() { Value::Null } else { json!(record.tags.join(", ")) }),
        ]
    };
    let nothing = || ["name", "email", "domains", "tags"].map(|name| (name, Value::Null));
    for ((name, old), (_, new)) in before.map_or_else(nothing, of).into_iter().zip(of(after)) {
        add(name, old, new);
    }
    for field in fields.iter().filter(|field| field.entity == after.entity) {
        let value = |record: &Record| record.values.get(&field.number).map_or(Value::Null, |value| json!(value));
        add(&field.label, before.map_or(Value::Null, value), value(after));
    }
    Value::Object(told)
}
