//! Asking for a sync, and stopping one: one run holds the organization's place; who asks while it is held is told which.

use jiff::Timestamp;

use crate::id::{Entropy, JobId, RunId};
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::event::NewEvent;
use crate::nouns::job::JobKind;
use crate::nouns::run::{NewRun, Run, RunKind, RunState};
use crate::nouns::scope::Scope;
use crate::nouns::withheld::Permit;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{events, head, jobs, request_keys, runs, withheld};
use crate::sync::taken::drop_residues;

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// Why.
    pub kind: RunKind,
    /// What shall be read.
    pub scope: Scope,
    /// Withheld rows that this run may take out.
    pub permits: Vec<Permit>,
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// The run is queued; a worker takes it at once.
    Queued(RunId),
    /// Another run holds the place.
    Held(Box<Run>),
}

impl Ask {
    /// Asks for everything.
    pub fn everything(kind: RunKind) -> Ask {
        Ask::scoped(kind, Scope::Everything)
    }

    /// Asks for a part.
    pub fn scoped(kind: RunKind, scope: Scope) -> Ask {
        Ask { kind, scope, permits: Vec::new() }
    }
}

/// Queues a sync. The same request key within 24 hours gives the first one's answer. A targeted read needs no place.
pub async fn start(
    context: &Context,
    mirror: &Mirror,
    ask: Ask,
    (request_key, entropy): (Option<String>, &Entropy),
) -> Result<Asked, StoreError> {
    let (context, entropy) = (context.clone(), entropy.clone());
    mirror.store().write(move |tx| start_within(tx, &context, ask, (request_key.as_deref(), &entropy))).await
}

/// Queues a sync in the transaction of the fact that asks for it.
pub fn start_within(
    tx: &mut Tx,
    context: &Context,
    ask: Ask,
    (request_key, entropy): (Option<&str>, &Entropy),
) -> Result<Asked, StoreError> {
    let now = context.now;
    if let Some(run) = first_answer(tx, request_key, now)? {
        return Ok(Asked::Queued(run));
    }
    let holds_place = ask.scope.holds_place();
    if holds_place && let Some(run) = runs::open(tx)? {
        return Ok(Asked::Held(Box::new(run)));
    }
    let id = RunId::new(entropy, now);
    let job = if holds_place { JobKind::Sync } else { JobKind::Targeted };
    let event = NewEvent {
        at: now,
        actor: context.actor.as_subject(),
        kind: "sync.asked",
        subject: id.to_string(),
        detail: format!(r#"{{"kind":"{}"}}"#, ask.kind.as_str()),
        personal: String::new(),
    };
    let scope = ask.scope.distinct();
    let new = NewRun { id: id.clone(), kind: ask.kind, scope, asked_by: context.actor.as_text(), asked_at: now };
    runs::insert(tx, &new)?;
    withheld::permit(tx, &id, &ask.permits)?;
    jobs::insert(tx, &JobId::new(entropy, now), (job, &id), now)?;
    events::append(tx, &event, &entropy.bytes())?;
    if let Some(key) = request_key {
        request_keys::remember(tx, key, id.as_str(), now)?;
    }
    Ok(Asked::Queued(id))
}

/// The run that this request key was answered with before.
pub(super) fn first_answer(
    tx: &mut Tx,
    request_key: Option<&str>,
    now: Timestamp,
) -> Result<Option<RunId>, StoreError> {
    let Some(key) = request_key else { return Ok(None) };
    Ok(request_keys::find(tx, key, now)?.and_then(|answer| RunId::parse(&answer)))
}

/// Lets what waits for upstream try at once. Only when it tries is by a person; whether it may is still upstream's.
pub async fn try_now(context: &Context, mirror: &Mirror, entropy: &Entropy) -> Result<(), StoreError> {
    let (now, actor, salt) = (context.now, context.actor.as_subject(), entropy.bytes());
    mirror
        .store()
        .write(move |tx| {
            jobs::make_due(tx, now)?;
            head::touch(tx)?;
            let event = NewEvent {
                at: now,
                actor,
                kind: "sync.tried_again",
                subject: "sync".to_owned(),
                detail: "{}".to_owned(),
                personal: String::new(),
            };
            events::append(tx, &event, &salt).map(drop)
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
        drop_residues(mirror, run).await?;
    }
    Ok(cancelled)
}
