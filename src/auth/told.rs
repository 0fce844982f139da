//! What those who may enter, and those who may not, leave in the audit chain. Nothing that somebody typed or sent to get in
//! comes here.

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::nouns::context::Context;
use crate::nouns::event::NewEvent;
use crate::store::error::StoreError;
use crate::store::events;
use crate::store::tx::Tx;

/// How the chain names whoever could not show who they are.
pub(super) const STRANGER: &str = "somebody";

/// Records what was done with a key or a token. Personal values go into the sealed part.
pub(super) fn record(
    tx: &mut Tx,
    context: &Context,
    (kind, subject): (&'static str, &str),
    (detail, personal): (Value, Value),
    salt: &[u8; 16],
) -> Result<(), StoreError> {
    let event = NewEvent {
        at: context.now,
        actor: context.actor.as_subject(),
        kind,
        subject: subject.to_owned(),
        detail: detail.to_string(),
        personal: personal.to_string(),
    };
    events::append(tx, &event, salt).map(drop)
}

/// Records a try that failed, and where it came from. What was typed is not kept: people type passwords into the wrong
/// field.
pub(super) fn refused(
    tx: &mut Tx,
    (kind, subject): (&'static str, &str),
    (at, source): (Timestamp, IpAddr),
    salt: &[u8; 16],
) -> Result<(), StoreError> {
    let event = NewEvent {
        at,
        actor: STRANGER.into(),
        kind,
        subject: subject.to_owned(),
        detail: "{}".to_owned(),
        personal: json!({ "source": source }).to_string(),
    };
    events::append(tx, &event, salt).map(drop)
}
