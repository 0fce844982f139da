//! What comes due in feeds without anybody asking: people whose grace is over, deliveries that are late, runs and bytes
//! that are kept no longer. Never the files of the run applied last, nor anything of a run that is open.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::feeds::{attention, digests, tell};
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::feed::Feed;
use crate::nouns::feed_run::FeedRun;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{feed_bodies, feed_digests, feed_log, feed_people, feed_rows, feed_runs, feeds};
use crate::sync::pass::Surroundings;

/// How long an upload that broke off can be gone on with.
const RESUMABLE: SignedDuration = SignedDuration::from_hours(24);
/// How many runs are removed in one transaction.
const AT_ONCE: usize = 5;
/// How often old bytes are looked for: whatever the moment, in about one look of so many.
const SELDOM: Duration = Duration::from_secs(60);

/// Does what is due; whether there was anything.
pub async fn once(mirror: &Mirror, surroundings: &Surroundings) -> Result<bool, StoreError> {
    let (now, zone) = (surroundings.clock.now(), mirror.zone());
    let (all, packs) = mirror.store().read(|tx| Ok((feeds::list(tx)?, feed_digests::all(tx)?))).await?;
    if all.is_empty() {
        return Ok(false);
    }
    let mut did = false;
    if mirror.store().read(move |tx| feed_people::due(tx, now)).await? > 0 {
        let blocked = mirror.store().write(move |tx| {
            let blocked = feed_people::block_due(tx, now)?;
            if blocked > 0 {
                feeds::bump(tx)?;
            }
            Ok(blocked)
        });
        did |= blocked.await? > 0;
    }
    for feed in &all {
        if let Some(since) = attention::late_since(feed, now, &zone)
            && feed.late_told_at.is_none_or(|told| told < since)
        {
            late(mirror, (feed, since), surroundings).await?;
            did = true;
        }
    }
    // Whole minutes only: the rest can wait, and nothing is kept of when it was done last.
    let seldom = now.as_second() % SELDOM.as_secs() as i64 == 0;
    for feed in &all {
        if digests::is_due(feed, packs.get(&feed.number), seldom) {
            did |= packed(mirror, feed.number).await?;
        }
    }
    if seldom {
        for feed in &all {
            if let Some(days) = feed.settings.retention_days {
                let before = now.saturating_sub(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(now);
                did |= remove_runs(mirror, feed, before, surroundings).await?;
            }
        }
        remove_bodies(mirror, now).await?;
    }
    Ok(did)
}

async fn packed(mirror: &Mirror, feed: i64) -> Result<bool, StoreError> {
    let store = mirror.store().clone();
    // A comparison does without.
    tokio::task::spawn_blocking(move || digests::keep(&store, feed)).await.unwrap_or(Ok(false))
}

async fn late(
    mirror: &Mirror,
    (feed, since): (&Feed, Timestamp),
    surroundings: &Surroundings,
) -> Result<(), StoreError> {
    let (now, entropy, feed) = (surroundings.clock.now(), surroundings.entropy.clone(), feed.clone());
    let told = move |tx: &mut Tx| {
        let Some(known) = feeds::find(tx, feed.number)? else { return Ok(()) };
        if known.late_told_at.is_some_and(|told| told >= since) || known.delivered_at != feed.delivered_at {
            return Ok(());
        }
        feeds::set_late_told(tx, feed.number, now)?;
        let context = Context { actor: Actor::System, now };
        let detail = json!({ "expected": since.to_string() });
        tell::record(tx, &context, ("feed.late", feed.id.as_str()), (detail, None), &entropy.bytes())?;
        tell::late(tx, (&feed, since), now, &entropy)
    };
    mirror.store().write(told).await
}

/// The runs that a retention of so many days would remove now, the oldest first.
pub async fn removable(mirror: &Mirror, feed: &Feed, before: Timestamp) -> Result<Vec<FeedRun>, StoreError> {
    let (number, applied) = (feed.number, feed.applied_run.clone());
    let ended = mirror.store().read(move |tx| feed_runs::ended_before(tx, number, before)).await?;
    Ok(ended.into_iter().filter(|run| run.is_over() && Some(&run.id) != applied.as_ref()).collect())
}

async fn remove_runs(
    mirror: &Mirror,
    feed: &Feed,
    before: Timestamp,
    surroundings: &Surroundings,
) -> Result<bool, StoreError> {
    let mut runs = removable(mirror, feed, before).await?;
    runs.truncate(AT_ONCE);
    if runs.is_empty() {
        return Ok(false);
    }
    let (now, entropy, feed) = (surroundings.clock.now(), surroundings.entropy.clone(), feed.clone());
    let removed = move |tx: &mut Tx| {
        let context = Context { actor: Actor::System, now };
        for run in runs {
            feed_log::clear(tx, run.number)?;
            feed_rows::clear(tx, run.number)?;
            feed_runs::delete(tx, run.number)?;
            let detail = json!({ "feed": feed.id.as_str(), "number": run.number });
            tell::of_run(tx, &context, ("feed_run.removed", &run.id), detail, &entropy.bytes())?;
        }
        Ok(())
    };
    mirror.store().write(removed).await?;
    Ok(true)
}

async fn remove_bodies(mirror: &Mirror, now: Timestamp) -> Result<(), StoreError> {
    let before = now.saturating_sub(RESUMABLE).unwrap_or(now);
    let bodies = mirror.store().read(move |tx| feed_bodies::removable(tx, before)).await?;
    for body in bodies {
        // Somebody may have begun to use it since.
        mirror.store().write(move |tx| feed_bodies::remove_unused(tx, &body)).await?;
    }
    Ok(())
}
