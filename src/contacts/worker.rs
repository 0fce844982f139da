//! The worker of contacts: leases the run that is due and carries it out, and looks whether the accounts have changed since
//! they were followed last. A lease that was taken over commits nothing.

use std::sync::Arc;
use std::time::Duration;

use contact::sync::plan;
use jiff::SignedDuration;
use serde_json::json;
use thiserror::Error;

use crate::contacts::people::Sources;
use crate::contacts::tell::Doing;
use crate::contacts::{bulk, follow, import, release, runs, scope, settle, sites, sources, syncing};
use crate::mirror::Mirror;
use crate::nouns::contact_run::{ContactRun, ContactRunKind, ContactRunState};
use crate::nouns::context::{Actor, Context};
use crate::nouns::job::ContactLease;
use crate::store::error::StoreError;
use crate::store::{contact_head, contact_runs, head, jobs};
use crate::sync::connect::Connector;
use crate::sync::pass::Surroundings;

/// How often the worker looks for work that nobody told it of.
const LOOK: Duration = Duration::from_millis(500);
/// After a failure of the database.
const STORE_RETRY: SignedDuration = SignedDuration::from_secs(5);

/// Why the work on a run ended early.
#[derive(Debug, Error)]
pub(super) enum Halt {
    /// Somebody else has the run, or has ended it.
    #[error("the lease is lost")]
    LeaseLost,
    /// The run cannot be carried out.
    #[error("{0}")]
    Failed(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A run in the worker's hands.
pub(super) struct Turn<'m> {
    pub(super) mirror: &'m Mirror,
    pub(super) lease: ContactLease,
    pub(super) run: ContactRun,
    pub(super) doing: Doing,
    pub(super) connector: &'m Connector,
    pub(super) surroundings: &'m Surroundings,
}

impl Turn<'_> {
    /// Who does it, at this moment.
    pub(super) fn doing_now(&self) -> Doing {
        let context = Context { now: self.surroundings.clock.now(), ..self.doing.context.clone() };
        Doing { context, ..self.doing.clone() }
    }
}

/// Works for one organization until the task is dropped.
pub async fn work(mirror: Mirror, connector: Connector, surroundings: Surroundings) {
    loop {
        let worked = async {
            let looked = look(&mirror, &surroundings).await?;
            Ok::<_, StoreError>(work_once(&mirror, &connector, &surroundings).await? || looked)
        };
        match worked.await {
            Ok(true) => {}
            Ok(false) => surroundings.clock.sleep(LOOK).await,
            Err(error) => {
                tracing::error!(%error, organization = %mirror.organization().id, "contacts.worker");
                surroundings.clock.sleep(LOOK).await;
            }
        }
    }
}

/// Asks for a run when the accounts, or the contacts, have changed since they were followed last, and something follows from
/// it; whether it did.
///
/// # Errors
/// The database failed.
pub async fn look(mirror: &Mirror, surroundings: &Surroundings) -> Result<bool, StoreError> {
    let snapshot = mirror.shown();
    if snapshot.generation() == 0 {
        return Ok(false);
    }
    let read = mirror.store().read(move |tx| {
        if !syncing::is_on(tx)? {
            return Ok(None);
        }
        let word = follow::word(tx, snapshot.generation())?;
        if word == contact_head::read(tx)?.followed || contact_runs::open(tx)?.iter().any(follows) {
            return Ok(None);
        }
        let (sources, scope) = (Sources::read(tx, snapshot)?, scope::read(tx)?.scope);
        let known = follow::Known::read(tx)?;
        let people = sources.people(&scope);
        let plan = plan(&known.contacts, &known.identities, &people);
        let quiet = plan.is_empty() && !settle::differ(tx, &plan.conflicts)?;
        Ok(Some((word, quiet)))
    });
    let Some((word, quiet)) = read.await? else { return Ok(false) };
    let context = Context { actor: Actor::System, now: surroundings.clock.now() };
    let doing = Doing::by_hand(&context, &surroundings.entropy);
    let asked = mirror.store().write(move |tx| {
        if quiet {
            contact_head::set_followed(tx, &word)?;
            return Ok(false);
        }
        if !syncing::is_on(tx)? || contact_runs::open(tx)?.iter().any(follows) {
            return Ok(false);
        }
        runs::ask_within(tx, &doing, (ContactRunKind::Follow, "")).map(|_| true)
    });
    asked.await
}

fn follows(run: &ContactRun) -> bool {
    run.kind == ContactRunKind::Follow
}

/// Carries out one run that is due, if any; whether there was one.
///
/// # Errors
/// The database failed before or after it.
pub async fn work_once(
    mirror: &Mirror,
    connector: &Connector,
    surroundings: &Surroundings,
) -> Result<bool, StoreError> {
    let now = surroundings.clock.now();
    if !mirror.store().read(move |tx| jobs::contacts_are_due(tx, now)).await? {
        return Ok(false);
    }
    let Some(lease) = mirror.store().write(move |tx| jobs::lease_contacts(tx, now)).await? else { return Ok(false) };
    let carried = carry_out(mirror, &lease, (connector, surroundings)).await;
    let (organization, run) = (&mirror.organization().id, &lease.run);
    match carried {
        Ok(()) => tracing::info!(%organization, %run, "contacts.worked"),
        Err(Halt::LeaseLost) => tracing::info!(%organization, %run, "contacts.lease_lost"),
        Err(Halt::Failed(why)) => fail(mirror, &lease, why, surroundings).await?,
        Err(Halt::Store(error)) => {
            tracing::error!(%error, %organization, %run, "contacts.store");
            let passing = matches!(
                error,
                StoreError::Busy { .. } | StoreError::Unreachable { .. } | StoreError::ConnectionLost { .. }
            );
            let why = format!("The database failed: {error}.");
            if !passing {
                fail(mirror, &lease, why, surroundings).await?;
                return Ok(true);
            }
            let until = surroundings.clock.now().saturating_add(STORE_RETRY).unwrap_or(now);
            let put_back = mirror.store().write(move |tx| match jobs::holds(tx, &lease.fence)? {
                true => jobs::put_back(tx, &lease.fence, until, &why),
                false => Ok(()),
            });
            put_back.await?;
        }
    }
    Ok(true)
}

async fn carry_out(
    mirror: &Mirror,
    lease: &ContactLease,
    (connector, surroundings): (&Connector, &Surroundings),
) -> Result<(), Halt> {
    let (taken, now) = (lease.clone(), surroundings.clock.now());
    let begun = mirror.store().write(move |tx| {
        let Some(mut run) = follow::turn_of(tx, &taken)? else { return Ok(None) };
        run.state = ContactRunState::Running;
        run.heartbeat_at = Some(now);
        contact_runs::update(tx, &run)?;
        head::touch(tx)?;
        Ok(Some(run))
    });
    let run = begun.await?.ok_or(Halt::LeaseLost)?;
    let context = Context { actor: Actor::System, now };
    let doing = Doing { context, entropy: surroundings.entropy.clone(), run: Some(run.number) };
    let follows = run.kind == ContactRunKind::Follow;
    let turn = Turn { mirror, lease: lease.clone(), run, doing, connector, surroundings };
    let carried = match turn.run.kind {
        ContactRunKind::Follow => {
            if turn.run.task == syncing::READ_FIRST {
                sites::read(&turn).await?;
            }
            follow::follow(&turn).await
        }
        ContactRunKind::Release => release::release(&turn).await,
        ContactRunKind::Import => import::carry_out(&turn).await,
        ContactRunKind::Change | ContactRunKind::Delete => bulk::carry_out(&turn).await,
    };
    if follows && carried.is_ok() {
        // Whoever became a contact may be a customer of an organization that is a company.
        let doing = turn.doing_now();
        mirror.store().write(move |tx| sources::put_in(tx, &doing)).await?;
    }
    carried
}

/// Gives a run up. What it has done stays.
async fn fail(
    mirror: &Mirror,
    lease: &ContactLease,
    why: String,
    surroundings: &Surroundings,
) -> Result<(), StoreError> {
    let context = Context { actor: Actor::System, now: surroundings.clock.now() };
    let (doing, lease) = (Doing::by_hand(&context, &surroundings.entropy), Arc::new(lease.clone()));
    let failed = mirror.store().write(move |tx| {
        let Some(mut run) = follow::turn_of(tx, &lease)? else { return Ok(()) };
        run.state = ContactRunState::Failed;
        run.ended_at = Some(doing.context.now);
        run.failure = Some(why);
        contact_runs::update(tx, &run)?;
        jobs::finish_operation(tx, &lease.fence)?;
        doing.record(tx, ("contact_run.failed", run.id.as_str()), (json!({ "kind": run.kind.as_str() }), None))
    });
    failed.await
}
