//! Asking for a sync, and stopping one: one run holds the organization's place; who asks while it is held is told which.

use crate::id::{Entropy, JobId, RunId};
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::event::NewEvent;
use crate::nouns::run::{Run, RunKind, RunState};
use crate::store::error::StoreError;
use crate::store::{events, head, jobs, request_keys, runs};
use crate::sync::pass;

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

/// Stops a run at once: what it has read is dropped, nothing of it is sealed, and another may start. The worker that
/// carries it out finds its lease gone with its next commit. Whether there was anything to stop.
pub async fn cancel(context: &Context, mirror: &Mirror, run: &RunId, entropy: &Entropy) -> Result<bool, StoreError> {
    let (now, actor, salt) = (context.now, context.actor.as_subject(), entropy.bytes());
    let (why, id) = (format!("Cancelled by {}.", context.actor.as_text()), run.clone());
    let cancelled = mirror
        .store()
        .write(move |tx| {
            if runs::find(tx, &id)?.is_none_or(|run| run.state.is_over()) {
                return Ok(false);
            }
            runs::end(tx, &id, RunState::Cancelled, now, &why)?;
            jobs::cancel(tx, &id)?;
            head::touch(tx)?;
            let event = NewEvent {
                at: now,
                actor,
                kind: "sync.cancelled",
                subject: id.to_string(),
                detail: "{}".to_owned(),
                personal: String::new(),
            };
            events::append(tx, &event, &salt)?;
            Ok(true)
        })
        .await?;
    if cancelled {
        pass::drop_residues(mirror, run).await?;
    }
    Ok(cancelled)
}
