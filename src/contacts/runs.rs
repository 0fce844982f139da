//! Runs over contacts, asked for, looked at and cancelled. A run is carried out by the worker, never by a request.

use serde_json::json;

use crate::contacts::tell::Doing;
use crate::contacts::trouble::NotDone;
use crate::id::{ContactRunId, Entropy, JobId};
use crate::mirror::Mirror;
use crate::nouns::contact_run::{ContactLogLine, ContactRun, ContactRunKind, ContactRunState};
use crate::nouns::context::Context;
use crate::store::contact_runs::NewRun;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{contact_runs, jobs};

/// A run by its id.
pub async fn find(mirror: &Mirror, id: &str) -> Result<ContactRun, NotDone> {
    let id = ContactRunId::parse(id).ok_or(NotDone::NoRun)?;
    mirror.store().read(move |tx| contact_runs::find(tx, &id)).await?.ok_or(NotDone::NoRun)
}

/// Runs before a number, the newest first.
pub async fn list(mirror: &Mirror, before: i64, limit: u32) -> Result<Vec<ContactRun>, StoreError> {
    mirror.store().read(move |tx| contact_runs::list(tx, before, limit)).await
}

/// Lines of a run's log after one, of a kind or of all.
pub async fn lines(
    mirror: &Mirror,
    run: i64,
    (after, kind): (u64, Option<String>),
    limit: u32,
) -> Result<Vec<ContactLogLine>, StoreError> {
    mirror.store().read(move |tx| contact_runs::lines(tx, run, (after, kind.as_deref()), limit)).await
}

/// Ends a run that is not over. What it has done stays.
pub async fn cancel(context: &Context, mirror: &Mirror, id: &str, entropy: &Entropy) -> Result<(), NotDone> {
    let id = ContactRunId::parse(id).ok_or(NotDone::NoRun)?;
    let doing = Doing::by_hand(context, entropy);
    let cancelled = mirror.store().write(move |tx| {
        let Some(run) = contact_runs::find(tx, &id)? else { return Ok(Err(NotDone::NoRun)) };
        if run.is_over() {
            return Ok(Err(NotDone::Invalid("the run is over".to_owned())));
        }
        cancel_within(tx, &doing, run)?;
        Ok(Ok(()))
    });
    cancelled.await?
}

/// Ends a run in the transaction of something larger. Whoever carries it out commits nothing from then on.
pub(super) fn cancel_within(tx: &mut Tx, doing: &Doing, run: ContactRun) -> Result<(), StoreError> {
    jobs::cancel_contacts(tx, &run.id)?;
    let run = ContactRun { state: ContactRunState::Cancelled, ended_at: Some(doing.context.now), ..run };
    contact_runs::update(tx, &run)?;
    doing.record(tx, ("contact_run.cancelled", run.id.as_str()), (json!({ "kind": run.kind.as_str() }), None))
}

/// Queues a run in the transaction of something larger.
pub(super) fn ask_within(
    tx: &mut Tx,
    doing: &Doing,
    (kind, task): (ContactRunKind, &str),
) -> Result<ContactRunId, StoreError> {
    let now = doing.context.now;
    let id = ContactRunId::new(&doing.entropy, now);
    let asked_by = doing.context.actor.as_text();
    contact_runs::insert(tx, &NewRun { id: &id, kind, asked_by: &asked_by, at: now, generation: None, task })?;
    jobs::insert_contacts(tx, &JobId::new(&doing.entropy, now), &id, now)?;
    doing.record(tx, ("contact_run.asked", id.as_str()), (json!({ "kind": kind.as_str() }), None))?;
    Ok(id)
}
