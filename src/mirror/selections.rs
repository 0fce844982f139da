//! Selecting people: made and changed by their owner, seen by everybody who has the address, kept under a name or ended by
//! themselves.

use directory::Snapshot;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use roaring::RoaringBitmap;
use thiserror::Error;

use crate::id::{AdministratorId, Entropy, SelectionId};
use crate::mirror::Mirror;
use crate::mirror::answer::answer;
use crate::nouns::context::{Actor, Context};
use crate::nouns::event::NewEvent;
use crate::nouns::saved_filter::{Name, NotWords};
use crate::nouns::selection::{Picked, Selected, Selection};
use crate::store::error::StoreError;
use crate::store::{events, selections};

/// How long a selection that nobody has kept is there after its last change: a working week, and the days around it.
pub const LASTS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Why a selection was not made, changed or kept.
#[derive(Debug, Error)]
pub enum NotSelected {
    /// Only who signs in selects people.
    #[error("selections belong to administrators")]
    NoOwner,
    /// There is no such selection any more.
    #[error("there is no such selection")]
    Unknown,
    /// It is somebody else's.
    #[error("it belongs to {0}")]
    NotYours(String),
    /// Its name.
    #[error(transparent)]
    Words(#[from] NotWords),
    /// One administrator has as many as can be.
    #[error("there are {} selections already", selections::MOST)]
    TooMany,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who is selected, in one snapshot: of a filter whom it finds there, of a list those whom the snapshot knows.
pub fn people(snapshot: &Snapshot, selected: &Selected, (now, zone): (Timestamp, &TimeZone)) -> RoaringBitmap {
    match selected {
        Selected::Matching(filter) => answer(snapshot, filter, (now, zone)).found.matching,
        Selected::Listed { people, .. } => {
            let mut people = people.clone();
            people.remove_range(u32::try_from(snapshot.accounts_len()).unwrap_or(u32::MAX)..);
            people
        }
    }
}

/// Makes a selection of whoever asks, of so many people in one generation.
pub async fn make(
    context: &Context,
    mirror: &Mirror,
    selected: Selected,
    (generation, count): (u64, u64),
    entropy: &Entropy,
) -> Result<Selection, NotSelected> {
    let (owner, owner_name) = asker(context)?;
    let now = context.now;
    let made = Selection {
        id: SelectionId::new(entropy, now),
        owner,
        owner_name,
        name: None,
        selected,
        generation,
        count,
        made_at: now,
        changed_at: now,
        ends_at: Some(now + LASTS),
    };
    let kept = made.clone();
    let inserted = mirror.store().write(move |tx| {
        selections::delete_ended(tx, now)?;
        if selections::count(tx, &kept.owner)? >= selections::MOST {
            return Ok(Err(NotSelected::TooMany));
        }
        selections::insert(tx, &kept)?;
        Ok(Ok(()))
    });
    inserted.await??;
    Ok(made)
}

/// Changes who is in a selection of whoever asks.
pub async fn change(
    context: &Context,
    mirror: &Mirror,
    (id, selected): (&SelectionId, Selected),
    (generation, count): (u64, u64),
) -> Result<Selection, NotSelected> {
    let (asker, owner_name) = asker(context)?;
    let (id, now) = (id.clone(), context.now);
    let changed = mirror.store().write(move |tx| {
        let found = match own(selections::find(tx, &id, now)?, &asker) {
            Ok(found) => found,
            Err(why) => return Ok(Err(why)),
        };
        let ends_at = found.ends_at.map(|_| now + LASTS);
        let changed = Selection { selected, generation, count, owner_name, changed_at: now, ends_at, ..found };
        selections::update(tx, &changed)?;
        Ok(Ok(changed))
    });
    changed.await?
}

/// Keeps a selection under a name, as the list of these people: it does not change by itself, and does not end.
pub async fn keep(
    context: &Context,
    mirror: &Mirror,
    (id, name, people): (&SelectionId, &str, RoaringBitmap),
    (generation, entropy): (u64, &Entropy),
) -> Result<Selection, NotSelected> {
    let (asker, owner_name) = asker(context)?;
    let name = Name::parse(name)?;
    let (id, context, salt) = (id.clone(), context.clone(), entropy.bytes());
    let kept = mirror.store().write(move |tx| {
        let found = match own(selections::find(tx, &id, context.now)?, &asker) {
            Ok(found) => found,
            Err(why) => return Ok(Err(why)),
        };
        let count = people.len();
        let from = match &found.selected {
            Selected::Matching(filter) => Picked::Rows(filter.clone()),
            Selected::Listed { from, .. } => from.clone(),
        };
        let selected = Selected::Listed { people, from };
        let changed_at = context.now;
        let kept =
            Selection { name: Some(name), selected, generation, count, owner_name, changed_at, ends_at: None, ..found };
        selections::update(tx, &kept)?;
        events::append(tx, &event(&context, "selection.kept", &kept), &salt)?;
        Ok(Ok(kept))
    });
    kept.await?
}

/// Deletes a selection of whoever asks.
pub async fn delete(
    context: &Context,
    mirror: &Mirror,
    id: &SelectionId,
    entropy: &Entropy,
) -> Result<(), NotSelected> {
    let (asker, _) = asker(context)?;
    let (id, context, salt) = (id.clone(), context.clone(), entropy.bytes());
    let deleted = mirror.store().write(move |tx| {
        let found = match own(selections::find(tx, &id, context.now)?, &asker) {
            Ok(found) => found,
            Err(why) => return Ok(Err(why)),
        };
        selections::delete(tx, &id)?;
        if found.name.is_some() {
            events::append(tx, &event(&context, "selection.deleted", &found), &salt)?;
        }
        Ok(Ok(()))
    });
    deleted.await?
}

/// A selection that somebody may change.
fn own(found: Option<Selection>, asker: &AdministratorId) -> Result<Selection, NotSelected> {
    match found {
        None => Err(NotSelected::Unknown),
        Some(found) if found.owner != *asker => Err(NotSelected::NotYours(found.owner_name)),
        Some(found) => Ok(found),
    }
}

fn asker(context: &Context) -> Result<(AdministratorId, String), NotSelected> {
    match &context.actor {
        Actor::Administrator { id, username, .. } | Actor::AccessToken { administrator: id, username, .. } => {
            Ok((id.clone(), username.clone()))
        }
        Actor::FeedKey { .. } | Actor::CommandLine | Actor::System => Err(NotSelected::NoOwner),
    }
}

/// A name may tell of people, so it stands in the part that can be erased.
fn event(context: &Context, kind: &'static str, selection: &Selection) -> NewEvent {
    NewEvent {
        at: context.now,
        actor: context.actor.as_subject(),
        kind,
        subject: selection.id.to_string(),
        detail: serde_json::json!({ "people": selection.count }).to_string(),
        personal: serde_json::json!({ "name": selection.name.as_ref().map(Name::as_str) }).to_string(),
    }
}
