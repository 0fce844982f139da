//! Whether plans follow from what a feed says, and from how many people on a plan waits for a person. Who chose *automatic*
//! is who approves what goes by itself, for as long as they may.

use serde_json::json;

use crate::feeds::tell;
use crate::feeds::trouble::NotDone;
use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::feed::{Feed, Threshold};
use crate::nouns::feed_account::{Access, AccessMode, AccessSettings};
use crate::store::error::StoreError;
use crate::store::{feed_agreed, feed_mappings, feed_plans, operations};

/// What is chosen for a feed, and what came of the last look.
pub async fn read(mirror: &Mirror, feed: i64) -> Result<Access, StoreError> {
    mirror.store().read(move |tx| feed_mappings::access(tx, feed)).await
}

/// Chooses whether plans follow. Switched off, a plan that waits is withdrawn.
///
/// # Errors
/// A threshold is none.
pub async fn choose(
    context: &Context,
    mirror: &Mirror,
    (feed, settings): (&Feed, AccessSettings),
    entropy: &Entropy,
) -> Result<(), NotDone> {
    let fits = |threshold: Threshold| (1..=1_000_000).contains(&threshold.people) && threshold.percent <= 100;
    if !fits(settings.giving) || !fits(settings.taking) {
        return Err(NotDone::Invalid("a threshold is at least 1 person and at most 100 %".to_owned()));
    }
    let (context, entropy, feed) = (context.clone(), entropy.clone(), feed.clone());
    let chosen = mirror.store().write(move |tx| {
        let by = (context.actor.as_text(), context.actor.as_person());
        feed_mappings::choose(tx, feed.number, &settings, (&by.0, &by.1, context.now))?;
        if let Some(plan) = feed_plans::newest(tx, feed.number)?.filter(|plan| plan.state.awaits_approval()) {
            match settings.mode {
                AccessMode::Off => {
                    let why = "Plans of this feed were switched off before it was approved.";
                    let ended = (crate::nouns::operation::OperationState::Cancelled, Some(why));
                    operations::end(tx, &plan.operation, ended, context.now)?;
                    feed_plans::settle(tx, plan.number)?;
                }
                // What waits already waits for a person.
                AccessMode::Propose => feed_plans::ask(tx, plan.number)?,
                AccessMode::Automatic => {}
            }
        }
        let threshold = |of: Threshold| json!({ "people": of.people, "percent": of.percent });
        let detail = json!({
            "mode": settings.mode.as_str(),
            "giving": threshold(settings.giving),
            "taking": threshold(settings.taking),
        });
        tell::record(tx, &context, ("feed.access_chosen", feed.id.as_str()), (detail, None), &entropy.bytes())
    });
    Ok(chosen.await?)
}

/// Lets what a person has said no to, and what failed, be proposed again; to how much somebody had said no.
pub async fn propose_again(
    context: &Context,
    mirror: &Mirror,
    feed: &Feed,
    entropy: &Entropy,
) -> Result<u64, StoreError> {
    let (context, salt, feed) = (context.clone(), entropy.bytes(), feed.clone());
    let forgotten = mirror.store().write(move |tx| {
        let forgotten = feed_agreed::forget_declined(tx, feed.number)?;
        feed_plans::forget_digests(tx, feed.number)?;
        feed_mappings::look_again(tx)?;
        let detail = json!({ "forgotten": forgotten });
        tell::record(tx, &context, ("feed.proposed_again", feed.id.as_str()), (detail, None), &salt)?;
        Ok(forgotten)
    });
    forgotten.await
}
