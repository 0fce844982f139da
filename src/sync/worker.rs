//! The worker: takes the organization's job when it is due, carries it out under a lease, and settles how it ended.

use std::time::Duration;

use jiff::SignedDuration;

use crate::mirror::Mirror;
use crate::mirror::seal::Sealed;
use crate::nouns::context::Actor;
use crate::nouns::event::NewEvent;
use crate::nouns::job::{JobKind, Lease, Retry};
use crate::nouns::notice::{Notice, What};
use crate::nouns::run::{RunState, Waiting};
use crate::nouns::scope::Scope;
use crate::store::error::StoreError;
use crate::store::{events, head, jobs, organization_keys, outbox, passes, runs};
use crate::sync::app_access;
use crate::sync::connect::Connector;
use crate::sync::edition;
use crate::sync::ended::Ended;
use crate::sync::pass::{self, Surroundings};
use crate::sync::schedule;
use crate::sync::taken::drop_residues;

/// How often the worker looks for work that nobody told it of.
const LOOK: Duration = Duration::from_secs(1);
/// After a failure of the database.
const STORE_RETRY: SignedDuration = SignedDuration::from_secs(5);

/// What the worker found to do.
#[derive(Debug)]
pub enum Worked {
    /// Nothing was due.
    Idle,
    /// A run was carried out, to its seal or until it ended otherwise.
    Carried {
        /// Under which lease.
        lease: Lease,
        /// How it ended.
        ended: Result<Sealed, Ended>,
    },
}

/// Works for one organization until the task is dropped.
pub async fn work(mirror: Mirror, connector: Connector, surroundings: Surroundings) {
    if let Err(error) = drop_stale(&mirror).await {
        tracing::warn!(%error, organization = %mirror.organization().id, "sync.stale_residues");
    }
    tokio::join!(
        work_on(JobKind::Sync, &mirror, &connector, &surroundings),
        work_on(JobKind::Targeted, &mirror, &connector, &surroundings),
    );
}

/// Works on one kind of job: targeted reads do not wait for a pass.
async fn work_on(kind: JobKind, mirror: &Mirror, connector: &Connector, surroundings: &Surroundings) {
    loop {
        match work_once_on(kind, mirror, connector, surroundings).await {
            Ok(Worked::Carried { lease, ended }) => report(mirror, &lease, &ended),
            Ok(Worked::Idle) => {
                let now = surroundings.clock.now();
                if kind == JobKind::Sync
                    && let Err(error) = schedule::start_when_due(mirror, now, &surroundings.entropy).await
                {
                    tracing::error!(%error, organization = %mirror.organization().id, "sync.schedule");
                }
                surroundings.clock.sleep(LOOK).await;
            }
            Err(error) => {
                tracing::error!(%error, organization = %mirror.organization().id, "sync.worker");
                surroundings.clock.sleep(LOOK).await;
            }
        }
    }
}

/// Carries out one job that is due, if any: a targeted read before a pass.
///
/// # Errors
/// The database failed before or after the run; the run itself is in [`Worked::Carried`].
pub async fn work_once(
    mirror: &Mirror,
    connector: &Connector,
    surroundings: &Surroundings,
) -> Result<Worked, StoreError> {
    match work_once_on(JobKind::Targeted, mirror, connector, surroundings).await? {
        Worked::Idle => work_once_on(JobKind::Sync, mirror, connector, surroundings).await,
        carried => Ok(carried),
    }
}

async fn work_once_on(
    kind: JobKind,
    mirror: &Mirror,
    connector: &Connector,
    surroundings: &Surroundings,
) -> Result<Worked, StoreError> {
    let now = surroundings.clock.now();
    let Some(lease) = mirror.store().write(move |tx| jobs::lease(tx, kind, now)).await? else {
        return Ok(Worked::Idle);
    };
    let key = mirror.store().read(organization_keys::shown).await?.map(|key| key.id);
    let ended = match connector.client_of(mirror).await {
        Ok(client) => Box::pin(pass::carry_out_with_sites(mirror, &lease, (client, connector), surroundings)).await,
        Err(refusal) => Err(Ended::PausedFor { wait: Duration::from_secs(3600), reason: refusal.to_string() }),
    };
    if let Err(ended) = &ended {
        let replaced = mirror.store().read(organization_keys::shown).await?.map(|key| key.id) != key;
        settle(mirror, (&lease, ended), replaced, surroundings).await?;
    }
    if matches!(ended, Ok(Sealed::Done { .. })) {
        // The generation is in force whatever comes of this; a failure is made good by the next seal.
        let enforced =
            app_access::enforce(connector.control(), mirror, surroundings.clock.now(), &surroundings.entropy);
        if let Err(error) = enforced.await {
            tracing::error!(%error, organization = %mirror.organization().id, "app_access.enforce");
        }
        let run = lease.run.clone();
        let run = mirror.store().read(move |tx| runs::find(tx, &run)).await?;
        if run.is_some_and(|run| run.scope == Scope::Everything) {
            let judged = edition::judge(mirror, surroundings.clock.now(), &surroundings.entropy);
            if let Err(error) = judged.await {
                tracing::error!(%error, organization = %mirror.organization().id, "edition.judge");
            }
        }
    }
    Ok(Worked::Carried { lease, ended })
}

/// Records how a run ended that sealed nothing. One that paused under a key that was `replaced` meanwhile goes on at
/// once, with the new one.
async fn settle(
    mirror: &Mirror,
    (lease, ended): (&Lease, &Ended),
    replaced: bool,
    surroundings: &Surroundings,
) -> Result<(), StoreError> {
    let now = surroundings.clock.now();
    let reason = ended.reason();
    let (held, salt, entropy) = (lease.clone(), surroundings.entropy.bytes(), surroundings.entropy.clone());
    let retry = match ended {
        Ended::LeaseLost => return Ok(()),
        Ended::Store(_) => Some(now.checked_add(STORE_RETRY).unwrap_or(now)),
        _ => ended.resumes_at(now).map(|later| if replaced { now } else { later }),
    };
    let failed = retry.is_none();
    mirror
        .store()
        .write(move |tx| {
            if !jobs::is_held(tx, &held)? {
                return Ok(());
            }
            head::touch(tx)?;
            match retry {
                Some(until) => {
                    runs::wait(tx, &held.run, &Waiting { until, reason: reason.clone() }, now)?;
                    jobs::give_up(tx, &held, Retry::At(until), &reason)
                }
                None => {
                    runs::end(tx, &held.run, RunState::Failed, now, &reason)?;
                    let event = NewEvent {
                        at: now,
                        actor: Actor::System.as_subject(),
                        kind: "sync.failed",
                        subject: held.run.to_string(),
                        detail: serde_json::json!({ "reason": reason }).to_string(),
                        personal: String::new(),
                    };
                    events::append(tx, &event, &salt)?;
                    let what = What::SyncFailed { run: held.run.clone(), reason: reason.clone() };
                    outbox::put(tx, &Notice { at: now, what }, &entropy)?;
                    jobs::give_up(tx, &held, Retry::Never, &reason)
                }
            }
        })
        .await?;
    if failed {
        drop_residues(mirror, &lease.run).await?;
    }
    Ok(())
}

/// Drops what runs left behind that ended just before a process did.
async fn drop_stale(mirror: &Mirror) -> Result<(), StoreError> {
    for run in mirror.store().read(passes::with_stale_residues).await? {
        drop_residues(mirror, &run).await?;
    }
    Ok(())
}

fn report(mirror: &Mirror, lease: &Lease, ended: &Result<Sealed, Ended>) {
    let organization = &mirror.organization().id;
    match ended {
        Ok(Sealed::Done { generation, .. }) => {
            tracing::info!(%organization, run = %lease.run, generation, "sync.sealed");
        }
        Ok(Sealed::LeaseLost | Sealed::Overtaken(_)) | Err(Ended::LeaseLost) => {
            tracing::warn!(%organization, run = %lease.run, "sync.lease_lost");
        }
        Err(ended) => tracing::warn!(%organization, run = %lease.run, reason = %ended.reason(), "sync.ended"),
    }
}
