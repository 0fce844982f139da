//! The worker of feeds: leases the run that is due, compares its files when its preview is missing or out of date, holds
//! it or applies it, and settles how that ended. A lease that was taken over commits nothing.

use std::time::Duration;

use feed::control::{ControlFile, check};
use jiff::SignedDuration;
use serde_json::json;
use thiserror::Error;

use crate::feeds::apply::{Applied, apply};
use crate::feeds::compare::{self, Compared};
use crate::feeds::pages::Pages;
use crate::feeds::{accounts, bodies, guard, stops, tell, upkeep};
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::feed::{Feed, Force};
use crate::nouns::feed_run::{CONTROL, FeedRun, FeedRunState, Reason, RunFile, Stage};
use crate::nouns::job::FeedLease;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{feed_runs, feeds, jobs};
use crate::sync::pass::Surroundings;

/// How often the worker looks for work that nobody told it of.
const LOOK: Duration = Duration::from_millis(500);
/// After a failure of the database.
const STORE_RETRY: SignedDuration = SignedDuration::from_secs(5);
/// How often the people of a feed may change while a run is compared, before a person is asked.
const ATTEMPTS: u32 = 3;

/// Why the work on a run ended early.
#[derive(Debug, Error)]
pub(super) enum Halt {
    /// Somebody else has the run, or has ended it.
    #[error("the lease is lost")]
    LeaseLost,
    /// The run cannot be worked on.
    #[error("{0}")]
    Failed(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Works for one organization until the task is dropped.
pub async fn work(mirror: Mirror, surroundings: Surroundings) {
    loop {
        let worked = async {
            let worked = work_once(&mirror, &surroundings).await?;
            let kept = upkeep::once(&mirror, &surroundings).await?;
            Ok::<_, StoreError>(accounts::once(&mirror, &surroundings).await? || kept || worked)
        };
        match worked.await {
            Ok(true) => {}
            Ok(false) => surroundings.clock.sleep(LOOK).await,
            Err(error) => {
                tracing::error!(%error, organization = %mirror.organization().id, "feed.worker");
                surroundings.clock.sleep(LOOK).await;
            }
        }
    }
}

/// Carries out one run that is due, if any; whether there was one.
///
/// # Errors
/// The database failed before or after it.
pub async fn work_once(mirror: &Mirror, surroundings: &Surroundings) -> Result<bool, StoreError> {
    let now = surroundings.clock.now();
    if !mirror.store().read(move |tx| jobs::feed_is_due(tx, now)).await? {
        return Ok(false);
    }
    let Some(lease) = mirror.store().write(move |tx| jobs::lease_feed(tx, now)).await? else { return Ok(false) };
    let _work = stops::begin(&lease.run);
    let carried = carry_out(mirror, &lease, surroundings).await;
    match carried {
        Ok(()) => tracing::info!(organization = %mirror.organization().id, run = %lease.run, "feed.worked"),
        Err(Halt::LeaseLost) => {
            tracing::info!(organization = %mirror.organization().id, run = %lease.run, "feed.lease_lost");
        }
        Err(Halt::Failed(why)) => fail(mirror, &lease, why, surroundings).await?,
        Err(Halt::Store(error)) => {
            tracing::error!(%error, organization = %mirror.organization().id, run = %lease.run, "feed.store");
            let passing = matches!(
                error,
                StoreError::Busy { .. } | StoreError::Unreachable { .. } | StoreError::ConnectionLost { .. }
            );
            if passing {
                let until = surroundings.clock.now().saturating_add(STORE_RETRY).unwrap_or(now);
                let (lease, why) = (lease.clone(), format!("The database failed: {error}."));
                mirror
                    .store()
                    .write(move |tx| match jobs::holds(tx, &lease.fence)? {
                        true => jobs::put_back(tx, &lease.fence, until, &why),
                        false => Ok(()),
                    })
                    .await?;
            } else {
                fail(mirror, &lease, format!("The database failed: {error}."), surroundings).await?;
            }
        }
    }
    Ok(true)
}

async fn carry_out(mirror: &Mirror, lease: &FeedLease, surroundings: &Surroundings) -> Result<(), Halt> {
    for _ in 0..ATTEMPTS {
        let (run, feed) = read(mirror, lease).await?;
        let running = run.state == FeedRunState::Running;
        let compared = run.stage == Stage::Compared || run.stage == Stage::Applying;
        if !compared || run.feed_version != Some(feed.version) {
            let outcome = compare_run(mirror, lease, (&run, &feed), surroundings).await?;
            if !settle(mirror, lease, (outcome, surroundings)).await? {
                return Ok(());
            }
            continue;
        }
        if !running {
            let lease = lease.clone();
            mirror.store().write(move |tx| jobs::finish_operation(tx, &lease.fence)).await?;
            return Ok(());
        }
        let (now, entropy, taken) = (surroundings.clock.now(), surroundings.entropy.clone(), lease.clone());
        let beat = lease.clone();
        mirror
            .store()
            .write(move |tx| {
                if !jobs::holds(tx, &beat.fence)? {
                    return Ok(());
                }
                if let Some(mut run) = feed_runs::find(tx, &beat.run)? {
                    run.stage = Stage::Applying;
                    run.heartbeat_at = Some(now);
                    feed_runs::update(tx, &run)?;
                }
                jobs::extend_operation(tx, &beat.fence, now)
            })
            .await?;
        let pages = Pages::of(mirror.store(), run.number)?;
        match mirror.store().write(move |tx| apply(tx, &taken, &pages, (now, &entropy))).await {
            Ok(Applied::Done) => return Ok(()),
            Ok(Applied::Lost) => return Err(Halt::LeaseLost),
            Ok(Applied::Stale) => continue,
            Err(StoreError::Abandoned { .. }) if stops::is_stopped(&lease.run) => return Err(Halt::LeaseLost),
            Err(error) => return Err(error.into()),
        }
    }
    Err(Halt::Failed("The people of this feed changed again and again while it was compared.".to_owned()))
}

async fn read(mirror: &Mirror, lease: &FeedLease) -> Result<(FeedRun, Feed), Halt> {
    let lease = lease.clone();
    let read = mirror.store().read(move |tx| {
        if !jobs::holds(tx, &lease.fence)? {
            return Ok(None);
        }
        let Some(run) = feed_runs::find(tx, &lease.run)? else { return Ok(None) };
        Ok(feeds::find(tx, run.feed)?.map(|feed| (run, feed)))
    });
    read.await?.ok_or(Halt::LeaseLost)
}

async fn compare_run(
    mirror: &Mirror,
    lease: &FeedLease,
    (run, feed): (&FeedRun, &Feed),
    surroundings: &Surroundings,
) -> Result<Compared, Halt> {
    let (now, taken, forced) = (surroundings.clock.now(), lease.clone(), feed.settings.force != Force::Never);
    let begun = mirror.store().write(move |tx| {
        if !jobs::holds(tx, &taken.fence)? {
            return Ok(None);
        }
        let Some(mut run) = feed_runs::find(tx, &taken.run)? else { return Ok(None) };
        run.stage = Stage::Comparing;
        run.forced |= forced;
        run.heartbeat_at = Some(now);
        feed_runs::update(tx, &run)?;
        jobs::extend_operation(tx, &taken.fence, now)?;
        let files = feed_runs::files(tx, run.number)?;
        Ok(Some((run, files)))
    });
    let (begun, files) = begun.await?.ok_or(Halt::LeaseLost)?;
    let store = mirror.store().clone();
    let control = match control_of(mirror, &files).await? {
        Ok(control) => control,
        Err(why) => {
            let reasons = vec![Reason::Unreadable { file: CONTROL.to_owned(), why }];
            let version = feed.version;
            return Ok(Compared { counts: run.counts, reasons, errors: 1, lines: 0, version });
        }
    };
    let control = guard::expecting(control, &files);
    let mut reasons = guard::of_files(&store, feed, &control, &files).await?;
    if run.copy_of.is_some() {
        // What is applied again is as large and as old as it was: a person looks at it anyway.
        reasons.retain(|reason| !matches!(reason, Reason::Older { .. } | Reason::NewFile { .. } | Reason::Size { .. }));
        reasons.push(Reason::Again);
    }
    let task = compare::Task {
        store,
        clock: surroundings.clock.clone(),
        lease: lease.clone(),
        feed: feed.clone(),
        run: begun,
        control,
        files,
        reasons,
    };
    match tokio::task::spawn_blocking(move || compare::compare(task)).await {
        Ok(compared) => compared,
        Err(error) => Err(Halt::Failed(format!("The comparison ended early: {error}."))),
    }
}

/// The control file of a run, or why it cannot be used.
async fn control_of(mirror: &Mirror, files: &[RunFile]) -> Result<Result<ControlFile, String>, StoreError> {
    let Some(file) = files.iter().find(|file| file.name == CONTROL) else {
        return Ok(Err("There is no control file.".to_owned()));
    };
    let text = bodies::whole(mirror.store(), &file.body, guard::LONGEST_CONTROL).await?.unwrap_or_default();
    let checked = check(&String::from_utf8_lossy(&text));
    let refused = || checked.refusal().unwrap_or_else(|| "It is refused.".to_owned());
    Ok(checked.control.clone().ok_or_else(refused))
}

/// Writes what a comparison came to. True when the run goes on: it is to be applied.
async fn settle(
    mirror: &Mirror,
    lease: &FeedLease,
    (compared, surroundings): (Compared, &Surroundings),
) -> Result<bool, Halt> {
    let (now, entropy, lease) = (surroundings.clock.now(), surroundings.entropy.clone(), lease.clone());
    let settled = mirror.store().write(move |tx| {
        if !jobs::holds(tx, &lease.fence)? {
            return Ok(None);
        }
        let Some(mut run) = feed_runs::find(tx, &lease.run)? else { return Ok(None) };
        let Some(feed) = feeds::find(tx, run.feed)? else { return Ok(None) };
        let approved = run.state == FeedRunState::Running && run.decided.is_some();
        let same = run.counts == compared.counts;
        let mut reasons = compared.reasons;
        let stays = approved && same && !reasons.iter().any(Reason::is_final);
        if approved && !same {
            reasons.push(Reason::Changed);
        }
        run.stage = Stage::Compared;
        run.counts = compared.counts;
        run.errors = compared.errors;
        run.lines = compared.lines;
        run.feed_version = Some(compared.version);
        run.heartbeat_at = Some(now);
        run.reasons = reasons;
        run.state = match run.state {
            FeedRunState::Running if stays => FeedRunState::Running,
            _ if !run.reasons.is_empty() => FeedRunState::Held,
            _ if run.started && feed.settings.auto_apply => FeedRunState::Running,
            FeedRunState::Running => FeedRunState::Running,
            _ => FeedRunState::Ready,
        };
        feed_runs::update(tx, &run)?;
        let goes_on = run.state == FeedRunState::Running;
        if goes_on {
            jobs::extend_operation(tx, &lease.fence, now)?;
        } else {
            jobs::finish_operation(tx, &lease.fence)?;
        }
        if run.state == FeedRunState::Held {
            let context = Context { actor: Actor::System, now };
            let words: Vec<String> = run.reasons.iter().map(crate::store::feed_text::reason_word).collect();
            let detail = json!({ "feed": feed.id.as_str(), "reasons": words });
            tell::of_run(tx, &context, ("feed_run.held", &run.id), detail, &entropy.bytes())?;
            tell::report(tx, (&feed, &run), now, &entropy)?;
        }
        Ok(Some(goes_on))
    });
    settled.await?.ok_or(Halt::LeaseLost)
}

/// Gives a run up. Nothing of it was applied.
async fn fail(mirror: &Mirror, lease: &FeedLease, why: String, surroundings: &Surroundings) -> Result<(), StoreError> {
    let (now, entropy, lease) = (surroundings.clock.now(), surroundings.entropy.clone(), lease.clone());
    let failed = move |tx: &mut Tx| {
        if !jobs::holds(tx, &lease.fence)? {
            return Ok(());
        }
        let Some(mut run) = feed_runs::find(tx, &lease.run)? else { return Ok(()) };
        let Some(feed) = feeds::find(tx, run.feed)? else { return Ok(()) };
        run.state = FeedRunState::Failure;
        run.stage = Stage::Over;
        run.ended_at = Some(now);
        run.errors += 1;
        run.failure = Some(why);
        feed_runs::update(tx, &run)?;
        jobs::finish_operation(tx, &lease.fence)?;
        let context = Context { actor: Actor::System, now };
        tell::of_run(
            tx,
            &context,
            ("feed_run.failed", &run.id),
            json!({ "feed": feed.id.as_str() }),
            &entropy.bytes(),
        )?;
        tell::report(tx, (&feed, &run), now, &entropy)
    };
    mirror.store().write(failed).await
}
