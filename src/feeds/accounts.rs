//! People of the feeds and Atlassian: linked to accounts, their managed groups mapped to groups there, and what feeds say of
//! them turned into plans that go the way of every operation.
//!
//! `link` matches people and accounts, `mapping` says which groups fill which, `setting` whether plans follow, `difference`
//! what is to be done, `propose` makes the plan and `follow` sees to what becomes of it. Nothing here sends.

mod difference;
mod follow;
mod gather;
pub mod link;
pub mod mapping;
mod matching;
mod propose;
pub mod setting;
pub mod shown;

use crate::mirror::Mirror;
use crate::store::error::StoreError;
use crate::store::feeds;
use crate::sync::pass::Surroundings;

/// Matches people and accounts, follows plans, and makes those that are due; whether there was anything to do.
///
/// # Errors
/// The database failed.
pub async fn once(mirror: &Mirror, surroundings: &Surroundings) -> Result<bool, StoreError> {
    let all = mirror.store().read(feeds::list).await?;
    if all.is_empty() {
        return Ok(false);
    }
    let linked = link::once(mirror, &all, surroundings).await?;
    let followed = follow::once(mirror, &all, surroundings).await?;
    let mut planned = false;
    for feed in &all {
        planned |= propose::once(mirror, feed, surroundings).await?;
    }
    Ok(linked || followed || planned)
}
