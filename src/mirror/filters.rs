//! Keeping filters: saved, changed and deleted by their owner, found by whom they are for. A text with errors is never
//! kept, because it would ask something else than was written.

use directory::Snapshot;
use directory::find::{self, Vocabulary};
use filter::Diagnostic;
use thiserror::Error;

use crate::id::{AdministratorId, Entropy, FilterId};
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::event::NewEvent;
use crate::nouns::saved_filter::{Audience, Description, Kept, Name, NotWords, SavedFilter};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{events, filters, reports, tasks};

/// Why a filter was not kept, changed or deleted.
#[derive(Debug, Error)]
pub enum NotKept {
    /// Only who signs in keeps filters.
    #[error("filters belong to administrators")]
    NoOwner,
    /// There is no such filter for whoever asks.
    #[error("there is no such filter")]
    Unknown,
    /// It is somebody else's.
    #[error("it belongs to {0}")]
    NotYours(String),
    /// Its name or description.
    #[error(transparent)]
    Words(#[from] NotWords),
    /// There is one of this name already.
    #[error("there is a filter of this name already")]
    NameTaken,
    /// There are as many as can be listed.
    #[error("there are {} filters already", filters::MOST)]
    TooMany,
    /// Automated tasks or scheduled reports use it.
    #[error("it is used by {0}")]
    InUse(String),
    /// The text has errors.
    #[error("the filter has errors")]
    Wrong(Vec<Diagnostic>),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads what somebody typed about a filter, and its text into the canonical form.
///
/// # Errors
/// Name, description or text are not to be kept.
pub fn kept(
    snapshot: &Snapshot,
    (name, description): (&str, &str),
    text: &str,
    audience: Audience,
) -> Result<Kept, NotKept> {
    let (name, description) = (Name::parse(name)?, Description::parse(description)?);
    let parsed = filter::parse_with(text, find::catalogue(), &Vocabulary::of(snapshot));
    if parsed.has_errors() {
        return Err(NotKept::Wrong(parsed.diagnostics));
    }
    Ok(Kept { name, description, text: filter::show(&parsed.query, find::catalogue()), audience })
}

/// Saves a filter of whoever asks.
pub async fn save(context: &Context, mirror: &Mirror, kept: Kept, entropy: &Entropy) -> Result<SavedFilter, NotKept> {
    let (owner, owner_name) = asker(context)?;
    let saved = SavedFilter {
        id: FilterId::new(entropy, context.now),
        kept,
        owner,
        owner_name,
        created_at: context.now,
        changed_at: context.now,
    };
    let (filter, event, salt) = (saved.clone(), event(context, "filter.saved", &saved), entropy.bytes());
    let kept = mirror.store().write(move |tx| {
        if filters::count(tx)? >= filters::MOST {
            return Ok(Err(NotKept::TooMany));
        }
        if is_taken(tx, &filter)? {
            return Ok(Err(NotKept::NameTaken));
        }
        filters::insert(tx, &filter)?;
        events::append(tx, &event, &salt)?;
        Ok(Ok(()))
    });
    kept.await??;
    Ok(saved)
}

/// Changes a filter of whoever asks: name, description, text and audience.
pub async fn change(
    context: &Context,
    mirror: &Mirror,
    (id, kept): (&FilterId, Kept),
    entropy: &Entropy,
) -> Result<(), NotKept> {
    let (asker, owner_name) = asker(context)?;
    let (id, context, salt) = (id.clone(), context.clone(), entropy.bytes());
    let changed = mirror.store().write(move |tx| {
        let found = match own(tx, &id, &asker)? {
            Ok(found) => found,
            Err(why) => return Ok(Err(why)),
        };
        let was = found.kept.text.clone();
        let changed = SavedFilter { kept, owner_name, changed_at: context.now, ..found };
        if is_taken(tx, &changed)? {
            return Ok(Err(NotKept::NameTaken));
        }
        let used_by = [users(tx, &id)?, reports::of_filter(tx, &id)?].concat();
        if !used_by.is_empty() && !changed.kept.audience.is_everybody() {
            return Ok(Err(NotKept::InUse(used_by.join(", "))));
        }
        if changed.kept.text != was {
            tasks::hold_next_of(tx, &id, "Its filter was edited since its last run.")?;
        }
        filters::update(tx, &changed)?;
        events::append(tx, &event(&context, "filter.changed", &changed), &salt)?;
        Ok(Ok(()))
    });
    changed.await?
}

/// Deletes a filter of whoever asks.
pub async fn delete(context: &Context, mirror: &Mirror, id: &FilterId, entropy: &Entropy) -> Result<(), NotKept> {
    let (asker, _) = asker(context)?;
    let (id, context, salt) = (id.clone(), context.clone(), entropy.bytes());
    let deleted = mirror.store().write(move |tx| {
        let found = match own(tx, &id, &asker)? {
            Ok(found) => found,
            Err(why) => return Ok(Err(why)),
        };
        let used_by = [users(tx, &id)?, reports::of_filter(tx, &id)?].concat();
        if !used_by.is_empty() {
            return Ok(Err(NotKept::InUse(used_by.join(", "))));
        }
        filters::delete(tx, &id)?;
        events::append(tx, &event(&context, "filter.deleted", &found), &salt)?;
        Ok(Ok(()))
    });
    deleted.await?
}

/// A filter that somebody finds: their own, or one for everybody.
pub fn find(tx: &mut Tx, id: &FilterId, asker: &AdministratorId) -> Result<Option<SavedFilter>, StoreError> {
    Ok(filters::find(tx, id)?.filter(|filter| filter.is_for(asker)))
}

/// The automated tasks that use a filter, by name.
pub fn users(tx: &mut Tx, id: &FilterId) -> Result<Vec<String>, StoreError> {
    let using = tasks::list(tx)?.into_iter().filter(|task| task.definition.filter == *id);
    Ok(using.map(|task| task.definition.name.as_str().to_owned()).collect())
}

/// Makes a filter that something uses one that everybody finds, where whoever asks owns it.
pub fn share(tx: &mut Tx, context: &Context, id: &FilterId) -> Result<Result<(), NotKept>, StoreError> {
    let Some(mut filter) = filters::find(tx, id)? else { return Ok(Err(NotKept::Unknown)) };
    if filter.kept.audience.is_everybody() {
        return Ok(Ok(()));
    }
    let is_theirs = |asker: &AdministratorId| *asker == filter.owner;
    if !asker(context).is_ok_and(|(asker, _)| is_theirs(&asker)) {
        return Ok(Err(NotKept::Unknown));
    }
    filter.kept.audience = Audience::Everybody;
    if is_taken(tx, &filter)? {
        return Ok(Err(NotKept::NameTaken));
    }
    filters::update(tx, &filter)?;
    Ok(Ok(()))
}

/// A filter that somebody may change.
fn own(tx: &mut Tx, id: &FilterId, asker: &AdministratorId) -> Result<Result<SavedFilter, NotKept>, StoreError> {
    Ok(match find(tx, id, asker)? {
        None => Err(NotKept::Unknown),
        Some(filter) if filter.owner != *asker => Err(NotKept::NotYours(filter.owner_name)),
        Some(filter) => Ok(filter),
    })
}

fn is_taken(tx: &mut Tx, filter: &SavedFilter) -> Result<bool, StoreError> {
    let named = filters::named(tx, &filter.kept.name, (&filter.owner, filter.kept.audience))?;
    Ok(named.is_some_and(|other| other != filter.id))
}

fn asker(context: &Context) -> Result<(AdministratorId, String), NotKept> {
    match &context.actor {
        Actor::Administrator { id, username, .. } | Actor::AccessToken { administrator: id, username, .. } => {
            Ok((id.clone(), username.clone()))
        }
        Actor::FeedKey { .. } | Actor::CommandLine | Actor::System => Err(NotKept::NoOwner),
    }
}

/// Names and texts may tell of people, so they stand in the part that can be erased.
fn event(context: &Context, kind: &'static str, filter: &SavedFilter) -> NewEvent {
    let kept = &filter.kept;
    NewEvent {
        at: context.now,
        actor: context.actor.as_subject(),
        kind,
        subject: filter.id.to_string(),
        detail: serde_json::json!({ "shared": kept.audience.is_everybody() }).to_string(),
        personal: serde_json::json!({ "name": kept.name.as_str(), "filter": kept.text }).to_string(),
    }
}
