//! Asking for a sync: one run holds the organization's place; who asks while it is held is told which.

use crate::id::{Entropy, JobId, RunId};
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::event::NewEvent;
use crate::nouns::run::{Run, RunKind};
use crate::store::error::StoreError;
use crate::store::{events, jobs, request_keys, runs};

/// What came of asking.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// The run is queued; a worker takes it at once.
    Queued(RunId),
    /// Another run holds the place.
    Held(Box<Run>),
}

/// Queues a sync. The same request key within 24 hours gives the first one's answer.
pub async fn start(
    context: &Context,
    mirror: &Mirror,
    kind: RunKind,
    (request_key, entropy): (Option<String>, &Entropy),
) -> Result<Asked, StoreError> {
    let (now, entropy) = (context.now, entropy.clone());
    let (asked_by, actor) = (context.actor.as_text(), context.actor.as_subject());
    mirror
        .store()
        .write(move |tx| {
            if let Some(key) = &request_key
                && let Some(answer) = request_keys::find(tx, key, now)?
                && let Some(run) = RunId::parse(&answer)
            {
                return Ok(Asked::Queued(run));
            }
            if let Some(run) = runs::open(tx)? {
                return Ok(Asked::Held(Box::new(run)));
            }
            let run = RunId::new(&entropy, now);
            runs::insert(tx, &run, kind, &asked_by, now)?;
            jobs::insert(tx, &JobId::new(&entropy, now), &run, now)?;
            let event = NewEvent {
                at: now,
                actor,
                kind: "sync.asked",
                subject: run.to_string(),
                detail: format!(r#"{{"kind":"{}"}}"#, kind.as_str()),
                personal: String::new(),
            };
            events::append(tx, &event, &entropy.bytes())?;
            if let Some(key) = &request_key {
                request_keys::remember(tx, key, run.as_str(), now)?;
            }
            Ok(Asked::Queued(run))
        })
        .await
}
