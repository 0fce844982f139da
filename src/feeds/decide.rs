//! What people do with runs: *Apply*, *Cancel*, *Unsafe mark cancelled*, *Re-apply*. Who did it, when and why is kept; what
//! the state of a run does not allow is refused here, whatever a page offered.

use serde_json::json;

use crate::feeds::trouble::NotDone;
use crate::feeds::{deliver, stops, tell};
use crate::id::{Entropy, FeedRunId, JobId};
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::feed_run::{FeedRun, FeedRunState, RunAct, RunFile, Stage};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{feed_runs, feeds, jobs};

/// The longest reason or comment, in characters.
const LONGEST_REASON: usize = 2_000;

/// What somebody says who applies a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approval {
    /// Why; a run that is held needs it.
    pub reason: String,
    /// The number of people it takes out, typed where that is everybody.
    pub typed: Option<u64>,
}

/// *Apply*: applies a run that is ready or held, whatever holds it.
pub async fn apply(
    context: &Context,
    mirror: &Mirror,
    (run, approval): (&FeedRunId, Approval),
    entropy: &Entropy,
) -> Result<FeedRun, NotDone> {
    let reason = sound(&approval.reason)?;
    let (context, salt, run, job) = (context.clone(), entropy.bytes(), run.clone(), JobId::new(entropy, context.now));
    let applied = mirror.store().write(move |tx| {
        let mut run = match allowed(tx, (&run, RunAct::Apply), &context)? {
            Ok(run) => run,
            Err(why) => return Ok(Err(why)),
        };
        if run.stage != Stage::Compared {
            return Ok(Err(NotDone::Comparing));
        }
        if run.state == FeedRunState::Held && reason.is_empty() {
            return Ok(Err(NotDone::NoReason));
        }
        if run.counts.removes_everybody() && approval.typed != Some(run.counts.leaving) {
            return Ok(Err(NotDone::Typed(run.counts.leaving)));
        }
        let held: Vec<String> = run.reasons.iter().map(crate::store::feed_text::reason_word).collect();
        run.state = FeedRunState::Running;
        run.started = true;
        run.heartbeat_at = Some(context.now);
        run.decided = Some((context.actor.as_text(), context.now));
        run.decision = (!reason.is_empty()).then(|| reason.clone());
        feed_runs::update(tx, &run)?;
        jobs::cancel_feed(tx, &run.id)?;
        jobs::insert_feed(tx, &job, &run.id, context.now)?;
        let detail = json!({ "held": held, "leaving": run.counts.leaving });
        let personal = (!reason.is_empty()).then(|| json!({ "reason": reason }));
        tell::record(tx, &context, ("feed_run.approved", run.id.as_str()), (detail, personal), &salt)?;
        Ok(Ok(run))
    });
    applied.await?
}

/// *Cancel*: ends a run before it has written anything. One that is being written stops at once and is rolled back.
pub async fn cancel(
    context: &Context,
    mirror: &Mirror,
    (run, reason): (&FeedRunId, &str),
    entropy: &Entropy,
) -> Result<FeedRun, NotDone> {
    end(context, mirror, (run, reason, RunAct::Cancel), entropy).await
}

/// *Unsafe mark cancelled*: ends a run whose worker gives no sign of life. What it writes late is fenced off.
pub async fn unsafe_cancel(
    context: &Context,
    mirror: &Mirror,
    (run, reason): (&FeedRunId, &str),
    entropy: &Entropy,
) -> Result<FeedRun, NotDone> {
    end(context, mirror, (run, reason, RunAct::UnsafeCancel), entropy).await
}

async fn end(
    context: &Context,
    mirror: &Mirror,
    (run, reason, act): (&FeedRunId, &str, RunAct),
    entropy: &Entropy,
) -> Result<FeedRun, NotDone> {
    let reason = sound(reason)?;
    let (context, salt, id) = (context.clone(), entropy.bytes(), run.clone());
    stops::stop(run);
    let ended = mirror.store().write(move |tx| {
        let mut run = match allowed(tx, (&id, act), &context)? {
            Ok(run) => run,
            Err(why) => return Ok(Err(why)),
        };
        let was = run.state;
        run.state = FeedRunState::Cancelled;
        run.stage = Stage::Over;
        run.ended_at = Some(context.now);
        run.decided = Some((context.actor.as_text(), context.now));
        run.decision = (!reason.is_empty()).then(|| reason.clone());
        feed_runs::update(tx, &run)?;
        jobs::cancel_feed(tx, &run.id)?;
        let kind = match act {
            RunAct::UnsafeCancel => "feed_run.marked_cancelled",
            _ => "feed_run.cancelled",
        };
        let personal = (!reason.is_empty()).then(|| json!({ "reason": reason }));
        tell::record(tx, &context, (kind, run.id.as_str()), (json!({ "was": was.as_str() }), personal), &salt)?;
        Ok(Ok(run))
    });
    let ended = ended.await;
    if !matches!(&ended, Ok(Ok(_))) {
        stops::release(run);
    }
    ended?
}

/// *Re-apply*: a copy of a run that is over, with its control file. It is compared like any delivery and waits for a
/// person, who sees its differences first.
pub async fn reapply(
    context: &Context,
    mirror: &Mirror,
    (run, reason): (&FeedRunId, &str),
    entropy: &Entropy,
) -> Result<FeedRun, NotDone> {
    let reason = sound(reason)?;
    if reason.is_empty() {
        return Err(NotDone::NoReason);
    }
    let (context, salt, id) = (context.clone(), entropy.bytes(), run.clone());
    let (copy, job) = (FeedRunId::new(entropy, context.now), JobId::new(entropy, context.now));
    let copied = mirror.store().write(move |tx| {
        let run = match allowed(tx, (&id, RunAct::Reapply), &context)? {
            Ok(run) => run,
            Err(why) => return Ok(Err(why)),
        };
        let Some(feed) = feeds::find(tx, run.feed)? else { return Ok(Err(NotDone::NoFeed)) };
        if let Some(open) = feed_runs::newest_of(tx, feed.number)?.filter(|newest| !newest.is_over()) {
            return Ok(Err(NotDone::Open(open.number)));
        }
        let mut again = deliver::new_run((copy, &feed), &context);
        again.state = FeedRunState::Ready;
        again.control = run.control;
        again.copy_of = Some(run.id.clone());
        again.number = feed_runs::insert(tx, &again)?;
        again.comment = Some(reason.clone());
        feed_runs::update(tx, &again)?;
        for file in feed_runs::files(tx, run.number)? {
            let file = RunFile { given: false, records: None, ..file };
            feed_runs::put_file(tx, again.number, &file)?;
        }
        jobs::insert_feed(tx, &job, &again.id, context.now)?;
        let (detail, personal) = (json!({ "of": run.id.as_str() }), Some(json!({ "reason": reason })));
        tell::record(tx, &context, ("feed_run.reapply_asked", again.id.as_str()), (detail, personal), &salt)?;
        Ok(Ok(again))
    });
    copied.await?
}

/// Writes a comment on a run.
pub async fn comment(
    context: &Context,
    mirror: &Mirror,
    (run, text): (&FeedRunId, &str),
    entropy: &Entropy,
) -> Result<(), NotDone> {
    let (run, text, context, salt) = (run.clone(), sound(text)?, context.clone(), entropy.bytes());
    let kept = mirror.store().write(move |tx| {
        let Some(mut run) = feed_runs::find(tx, &run)? else { return Ok(Err(NotDone::NoRun)) };
        let personal = json!({ "comment": text });
        run.comment = (!text.is_empty()).then_some(text);
        feed_runs::update(tx, &run)?;
        tell::record(tx, &context, ("feed_run.commented", run.id.as_str()), (json!({}), Some(personal)), &salt)?;
        Ok(Ok(()))
    });
    kept.await?
}

fn allowed(
    tx: &mut Tx,
    (run, act): (&FeedRunId, RunAct),
    context: &Context,
) -> Result<Result<FeedRun, NotDone>, StoreError> {
    let Some(run) = feed_runs::find(tx, run)? else { return Ok(Err(NotDone::NoRun)) };
    if run.acts(context.now).contains(&act) {
        return Ok(Ok(run));
    }
    Ok(Err(match (act, run.state) {
        (RunAct::Apply, FeedRunState::Held) => NotDone::Unusable,
        (_, state) => NotDone::State(state),
    }))
}

fn sound(reason: &str) -> Result<String, NotDone> {
    let reason: String = reason.trim().chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
    if reason.chars().count() > LONGEST_REASON {
        return Err(NotDone::Invalid(format!("a reason has at most {LONGEST_REASON} characters")));
    }
    Ok(reason)
}
