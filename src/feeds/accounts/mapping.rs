//! Which managed group fills which groups at Atlassian, for one feed or for every feed. A group that an identity provider
//! keeps, or that an administrator has protected, is refused when it is mapped and not only when a plan is made.

use directory::{GroupId, Snapshot};
use serde_json::json;

use crate::feeds::tell;
use crate::feeds::trouble::NotDone;
use crate::id::Entropy;
use crate::mirror::{Mirror, marks};
use crate::nouns::context::Context;
use crate::nouns::feed::Feed;
use crate::nouns::feed_account::{EVERY_FEED, Mapping, Target};
use crate::store::error::StoreError;
use crate::store::{feed_agreed, feed_mappings, feeds};

/// The most mappings there may be.
const MOST: usize = 2_000;

/// What is mapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The code of the managed group.
    pub code: String,
    /// The group at Atlassian.
    pub group: GroupId,
    /// For which feeds.
    pub scope: Scope,
    /// Whether whoever the feed does not have is taken out of the group.
    pub owned: bool,
}

/// For which feeds something is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// For one.
    ThisFeed,
    /// For every feed that manages a group of this code.
    EveryFeed,
}

impl Scope {
    fn number(self, feed: &Feed) -> i64 {
        match self {
            Scope::ThisFeed => feed.number,
            Scope::EveryFeed => EVERY_FEED,
        }
    }
}

/// Why a group cannot be filled by a feed; none when it can.
pub fn against(snapshot: &Snapshot, group: &GroupId, is_protected: bool) -> Option<&'static str> {
    let ordinal = snapshot.group(group.as_str());
    let Some(named) = ordinal.and_then(|group| snapshot.group_row(group)).and_then(|row| row.group.as_ref()) else {
        return Some("the group is not there");
    };
    if named.is_synced() {
        Some("an identity provider keeps the members of this group: map the group there")
    } else if named.modifiable == Some(false) {
        Some("Atlassian says that the members of this group cannot be changed")
    } else if is_protected {
        Some("an administrator has protected this group: nothing of Rollcall may touch it")
    } else {
        None
    }
}

/// Maps a managed group to a group, or says anew whether it belongs to the feed.
///
/// # Errors
/// The feed declares no such group, or the group cannot be filled.
pub async fn map(
    context: &Context,
    mirror: &Mirror,
    (feed, wanted): (&Feed, Wanted),
    entropy: &Entropy,
) -> Result<(), NotDone> {
    let snapshot = mirror.newest().await?;
    let (context, salt, feed) = (context.clone(), entropy.bytes(), feed.clone());
    let kept = mirror.store().write(move |tx| {
        let declared = feeds::groups(tx, feed.number)?.iter().any(|group| group.code == wanted.code);
        if !declared {
            return Ok(Err(NotDone::Invalid(format!("the feed declares no group {}", wanted.code))));
        }
        let protected = marks::read(tx)?.protected_groups.contains(&wanted.group);
        if let Some(why) = against(&snapshot, &wanted.group, protected) {
            return Ok(Err(NotDone::Invalid(why.to_owned())));
        }
        if feed_mappings::all(tx)?.len() >= MOST {
            return Ok(Err(NotDone::Invalid(format!("there are {MOST} mappings already"))));
        }
        let mapping = Mapping {
            feed: wanted.scope.number(&feed),
            code: wanted.code,
            group: wanted.group,
            owned: wanted.owned,
            by: context.actor.as_text(),
            at: context.now,
        };
        feed_mappings::put(tx, &mapping)?;
        feed_mappings::look_again(tx)?;
        let detail = detail(&mapping);
        tell::record(tx, &context, ("feed.group_mapped", feed.id.as_str()), (detail, None), &salt)?;
        Ok(Ok(()))
    });
    kept.await?
}

/// Takes a mapping back. Who is in the group stays in it.
///
/// # Errors
/// There is no such mapping.
pub async fn unmap(
    context: &Context,
    mirror: &Mirror,
    (feed, code, group, scope): (&Feed, &str, &GroupId, Scope),
    entropy: &Entropy,
) -> Result<(), NotDone> {
    let (context, salt, feed) = (context.clone(), entropy.bytes(), feed.clone());
    let (code, group) = (code.to_owned(), group.clone());
    let removed = mirror.store().write(move |tx| {
        let of = scope.number(&feed);
        if !feed_mappings::remove(tx, of, (&code, group.as_str()))? {
            return Ok(Err(NotDone::Invalid("there is no such mapping".to_owned())));
        }
        forget(tx, &group)?;
        feed_mappings::look_again(tx)?;
        let detail = json!({ "code": code, "group": group.as_str(), "every_feed": of == EVERY_FEED });
        tell::record(tx, &context, ("feed.group_unmapped", feed.id.as_str()), (detail, None), &salt)?;
        Ok(Ok(()))
    });
    removed.await?
}

/// Forgets what was agreed on of a group by feeds that do not fill it any more.
fn forget(tx: &mut crate::store::tx::Tx, group: &GroupId) -> Result<(), StoreError> {
    let all = feed_mappings::all(tx)?;
    for feed in feeds::list(tx)? {
        let fills = |mapping: &&Mapping| mapping.feed == feed.number || mapping.feed == EVERY_FEED;
        if !all.iter().filter(fills).any(|mapping| mapping.group == *group) {
            feed_agreed::drop_target(tx, feed.number, &Target::Group(group.clone()))?;
        }
    }
    Ok(())
}

fn detail(mapping: &Mapping) -> serde_json::Value {
    json!({
        "code": mapping.code,
        "group": mapping.group.as_str(),
        "owned": mapping.owned,
        "every_feed": mapping.feed == EVERY_FEED,
    })
}
