//! Making a setting: its value, who made it and when, and the event that tells it, in one transaction.

use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::event::NewEvent;
use crate::store::error::StoreError;
use crate::store::events;
use crate::store::settings::{self, Setting};
use crate::store::tx::Tx;

/// Makes a setting.
pub async fn choose(
    context: &Context,
    mirror: &Mirror,
    (name, value): (&'static str, String),
    entropy: &Entropy,
) -> Result<(), StoreError> {
    let (context, salt) = (context.clone(), entropy.bytes());
    mirror.store().write(move |tx| choose_within(tx, &context, (name, value), &salt)).await
}

/// Makes a setting that names a person: the event tells whom in the part that can be erased.
pub async fn choose_person(
    context: &Context,
    mirror: &Mirror,
    (name, value): (&'static str, String),
    entropy: &Entropy,
) -> Result<(), StoreError> {
    let (context, salt) = (context.clone(), entropy.bytes());
    let told = ("{}".to_owned(), serde_json::json!({ "value": value }).to_string());
    mirror.store().write(move |tx| put(tx, &context, (name, value), told, &salt)).await
}

/// Makes a setting in the transaction of what follows from it.
pub fn choose_within(
    tx: &mut Tx,
    context: &Context,
    (name, value): (&'static str, String),
    salt: &[u8; 16],
) -> Result<(), StoreError> {
    let told = (serde_json::json!({ "value": value }).to_string(), String::new());
    put(tx, context, (name, value), told, salt)
}

fn put(
    tx: &mut Tx,
    context: &Context,
    (name, value): (&'static str, String),
    (detail, personal): (String, String),
    salt: &[u8; 16],
) -> Result<(), StoreError> {
    let event = NewEvent {
        at: context.now,
        actor: context.actor.as_subject(),
        kind: "setting.changed",
        subject: name.to_owned(),
        detail,
        personal,
    };
    settings::put(tx, name, &Setting { value, changed_by: context.actor.as_text(), changed_at: context.now })?;
    events::append(tx, &event, salt).map(drop)
}
