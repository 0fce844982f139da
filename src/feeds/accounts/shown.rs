//! What pages, commands and the API read of feeds and Atlassian accounts: how many are linked, the mappings, the plans, and
//! why the rows of a plan are there.

use std::collections::BTreeMap;

use crate::mirror::Mirror;
use crate::nouns::feed::{Feed, ManagedGroup};
use crate::nouns::feed_account::{Access, FeedPlan, LinkCase, Mapping, Step};
use crate::nouns::feed_run::FeedRun;
use crate::store::error::StoreError;
use crate::store::feed_links::Linked;
use crate::store::{feed_agreed, feed_links, feed_mappings, feed_plans, feed_runs, feeds};

/// So many plans of a feed are shown.
const PLANS: u32 = 20;

/// Everything about a feed and Atlassian.
#[derive(Clone, Debug)]
pub struct OfFeed {
    /// Whether plans follow, and what came of the last look.
    pub access: Access,
    /// How many are linked.
    pub linked: Linked,
    /// The managed groups that the feed declares.
    pub groups: Vec<ManagedGroup>,
    /// The mappings of the feed and of every feed, by code.
    pub mappings: Vec<Mapping>,
    /// The newest plans, the newest first, each with the run applied last when it was made.
    pub plans: Vec<(FeedPlan, Option<FeedRun>)>,
    /// To how much a person said no.
    pub declined: u64,
}

/// Whose plan an operation is.
#[derive(Clone, Debug)]
pub struct OfOperation {
    /// The plan.
    pub plan: FeedPlan,
    /// The feed.
    pub feed: Feed,
    /// The run applied last when it was made.
    pub run: Option<FeedRun>,
    /// Why rows are there, by their place.
    pub steps: BTreeMap<u64, Step>,
}

/// Everything about a feed and Atlassian.
pub async fn of_feed(mirror: &Mirror, feed: i64) -> Result<OfFeed, StoreError> {
    let linked = mirror.feed_figures(feed).await?.linked;
    let read = mirror.store().read(move |tx| {
        let mut plans = Vec::new();
        for plan in feed_plans::of_feed(tx, feed, PLANS)? {
            let run = run(tx, &plan)?;
            plans.push((plan, run));
        }
        Ok(OfFeed {
            access: feed_mappings::access(tx, feed)?,
            linked,
            groups: feeds::groups(tx, feed)?,
            mappings: feed_mappings::of_feed(tx, feed)?,
            plans,
            declined: feed_agreed::count_declined(tx, feed)?,
        })
    });
    read.await
}

/// Whose plan an operation is, with why its rows behind a place are there; none when no feed asked for it.
pub async fn of_operation(
    mirror: &Mirror,
    operation: u64,
    (after, limit): (u64, u32),
) -> Result<Option<OfOperation>, StoreError> {
    let read = mirror.store().read(move |tx| {
        let Some(plan) = feed_plans::of_operation(tx, operation)? else { return Ok(None) };
        let Some(feed) = feeds::find(tx, plan.feed)? else { return Ok(None) };
        let run = run(tx, &plan)?;
        let steps = feed_plans::steps(tx, operation, (after, limit))?;
        Ok(Some(OfOperation { plan, feed, run, steps }))
    });
    read.await
}

/// The plans that followed from a run, the newest first.
pub async fn of_run(mirror: &Mirror, feed: i64, run: i64) -> Result<Vec<FeedPlan>, StoreError> {
    mirror.store().read(move |tx| feed_plans::of_run(tx, feed, run)).await
}

/// Why somebody's account is not clear, if it is not.
pub async fn case(mirror: &Mirror, person: i64) -> Result<Option<LinkCase>, StoreError> {
    mirror.store().read(move |tx| feed_links::case(tx, person)).await
}

fn run(tx: &mut crate::store::tx::Tx, plan: &FeedPlan) -> Result<Option<FeedRun>, StoreError> {
    match plan.run {
        Some(run) => feed_runs::by_number(tx, run),
        None => Ok(None),
    }
}
