//! Starts the newest run of a feed, with the answers of the reference: queued, not ready, switched off, too different. It
//! waits a while for the comparison, so that the answer can be the true one.

use std::time::Duration;

use clock::Clock;
use serde_json::json;

use crate::feeds::tell;
use crate::id::{Entropy, JobId};
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::feed::Feed;
use crate::nouns::feed_run::{FeedRun, FeedRunState, Stage};
use crate::store::error::StoreError;
use crate::store::{feed_runs, feeds, jobs};

/// How long an answer waits for the comparison.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(50);

/// What comes of starting a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Started {
    /// The newest run is not ready.
    NotReady,
    /// *Automatically apply uploaded sync files* is off.
    Disabled(FeedRun),
    /// A guard holds it.
    Held(FeedRun),
    /// It is applied, or will be when nothing holds it.
    Queued(FeedRun),
}

/// Starts the newest run of a feed and waits for its comparison.
pub async fn start(
    context: &Context,
    mirror: &Mirror,
    feed: &Feed,
    (clock, entropy): (&Clock, &Entropy),
) -> Result<Started, StoreError> {
    let run = match ask(context, mirror, feed, entropy).await? {
        Ok(run) => run,
        Err(answer) => return Ok(answer),
    };
    let until = clock.elapsed() + PATIENCE;
    loop {
        let id = run.id.clone();
        let Some(seen) = mirror.store().read(move |tx| feed_runs::find(tx, &id)).await? else {
            return Ok(Started::NotReady);
        };
        match seen.state {
            FeedRunState::Held => return Ok(Started::Held(seen)),
            FeedRunState::Ready if clock.elapsed() < until => clock.sleep(LOOK).await,
            _ => return Ok(Started::Queued(seen)),
        }
    }
}

/// Starts it without waiting.
async fn ask(
    context: &Context,
    mirror: &Mirror,
    feed: &Feed,
    entropy: &Entropy,
) -> Result<Result<FeedRun, Started>, StoreError> {
    let (context, salt, number, job) =
        (context.clone(), entropy.bytes(), feed.number, JobId::new(entropy, context.now));
    let asked = mirror.store().write(move |tx| {
        let (Some(feed), Some(mut run)) = (feeds::find(tx, number)?, feed_runs::newest_of(tx, number)?) else {
            return Ok(Err(Started::NotReady));
        };
        let automatic = feed.settings.auto_apply;
        match run.state {
            FeedRunState::Ready | FeedRunState::Held if !automatic => return Ok(Err(Started::Disabled(run))),
            FeedRunState::Held => return Ok(Err(Started::Held(run))),
            FeedRunState::Ready => {}
            _ => return Ok(Err(Started::NotReady)),
        }
        if run.started {
            return Ok(Ok(run));
        }
        run.started = true;
        // Compared already, and nothing held it: it is applied.
        if run.stage == Stage::Compared {
            run.state = FeedRunState::Running;
            run.heartbeat_at = Some(context.now);
            jobs::insert_feed(tx, &job, &run.id, context.now)?;
        }
        feed_runs::update(tx, &run)?;
        tell::of_run(tx, &context, ("feed_run.started", &run.id), json!({ "feed": feed.id.as_str() }), &salt)?;
        Ok(Ok(run))
    });
    asked.await
}
