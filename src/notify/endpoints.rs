//! Webhooks: made, changed, tried out and removed; and deliveries sent again by hand. Every change is an event, in the
//! same transaction.

use crate::id::{DeliveryId, EndpointId, Entropy};
use crate::mirror::Mirror;
use crate::notify::{Notifier, address, message};
use crate::nouns::context::Context;
use crate::nouns::endpoint::{Draft, Endpoint, Style};
use crate::nouns::event::NewEvent;
use crate::nouns::notice::{EventKind, Notice, What};
use crate::nouns::refusal::Refusal;
use crate::store::error::StoreError;
use crate::store::outbox::{self, Receiver};
use crate::store::tx::Tx;
use crate::store::{endpoints, events};

/// Bounds of what is entered.
pub const LONGEST_NAME: usize = 100;
/// Of notes.
pub const LONGEST_NOTES: usize = 2_000;
const LONGEST_SECRET: usize = 500;
/// The most days ahead of a key's expiry: keys live for a year.
pub const MOST_DAYS: u16 = 365;
/// So many webhooks are a mistake.
const MOST: usize = 100;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// Something is wrong with what was asked for.
    #[error("{0}")]
    Refused(Refusal),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a webhook, or changes one. An empty secret leaves the stored one; for a new webhook of the generic style it
/// makes one, which comes back this once.
///
/// # Errors
/// Something in the draft cannot be.
pub async fn save(
    context: &Context,
    mirror: &Mirror,
    notifier: &Notifier,
    (id, draft): (Option<EndpointId>, Draft),
    secret: &str,
) -> Result<(EndpointId, Option<String>), NotDone> {
    let draft = checked(notifier, draft)?;
    let mut secret = secret.trim().to_owned();
    if secret.len() > LONGEST_SECRET || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(refused(
            "The secret is too long, or holds characters that no header can.",
            "Copy the secret alone.",
        ));
    }
    let mut made = None;
    if id.is_none() && secret.is_empty() {
        if draft.style == Style::Automation {
            return Err(refused("The secret is missing.", "Copy it from the rule's incoming webhook trigger."));
        }
        secret = message::new_secret(&notifier.entropy);
        made = Some(secret.clone());
    }
    let is_new = id.is_none();
    let id = id.unwrap_or_else(|| EndpointId::new(&notifier.entropy, context.now));
    let (context, organization) = (context.clone(), mirror.organization().id.clone());
    let (given, sealing, entropy) = (id.clone(), notifier.sealing.clone(), notifier.entropy.clone());
    let stored = mirror.store().write(move |tx| {
        let (by, keys) = (context.actor.as_text(), (&sealing, &entropy));
        if is_new {
            if endpoints::list(tx)?.len() >= MOST {
                return Ok(Stored::TooMany);
            }
            let endpoint = Endpoint {
                id: given.clone(),
                draft: draft.clone(),
                version: 1,
                changed_by: by,
                changed_at: context.now,
                switched_off: None,
            };
            endpoints::insert(tx, &organization, &endpoint, &secret, keys)?;
        } else {
            if !endpoints::change(tx, &given, &draft, (&by, context.now))? {
                return Ok(Stored::Unknown);
            }
            if !secret.is_empty() {
                let keys = (context.now, &sealing, &entropy);
                endpoints::set_secret(tx, &organization, &given, &secret, keys)?;
            }
        }
        let kind = if is_new { "webhook.made" } else { "webhook.changed" };
        let detail = serde_json::json!({
            "style": draft.style.as_str(), "active": draft.active, "secret": !secret.is_empty(),
        });
        append(tx, &context, (kind, given.as_str()), (&detail.to_string(), &entropy))?;
        Ok(Stored::Done)
    });
    match stored.await? {
        Stored::Done => Ok((id, made)),
        Stored::Unknown => Err(unknown()),
        Stored::TooMany => Err(refused("There are a hundred webhooks already.", "Remove those that nobody needs.")),
    }
}

enum Stored {
    Done,
    Unknown,
    TooMany,
}

/// Removes a webhook, and its secret for good.
pub async fn remove(context: &Context, mirror: &Mirror, notifier: &Notifier, id: &EndpointId) -> Result<(), NotDone> {
    let (context, id, entropy) = (context.clone(), id.clone(), notifier.entropy.clone());
    let removed = mirror.store().write(move |tx| {
        let removed = endpoints::remove(tx, &id, (&context.actor.as_text(), context.now))?;
        if removed {
            append(tx, &context, ("webhook.removed", id.as_str()), ("{}", &entropy))?;
        }
        Ok(removed)
    });
    if removed.await? { Ok(()) } else { Err(unknown()) }
}

/// Puts a test out for one webhook, whether it is active or not.
///
/// # Errors
/// There is no such webhook.
pub async fn test(
    context: &Context,
    mirror: &Mirror,
    id: &EndpointId,
    entropy: &Entropy,
) -> Result<DeliveryId, NotDone> {
    let (now, id, entropy) = (context.now, id.clone(), entropy.clone());
    let sent = mirror.store().write(move |tx| {
        if endpoints::find(tx, &id)?.is_none() {
            return Ok(None);
        }
        let notice = Notice { at: now, what: What::Test };
        Ok(outbox::put_for(tx, &notice, &[Receiver::Endpoint(id)], &entropy)?.pop())
    });
    sent.await?.ok_or_else(unknown)
}

/// Sends a delivery that has ended again, under the same id, as the delivery that comes back.
///
/// # Errors
/// There is no such delivery, or it has not ended.
pub async fn send_again(
    context: &Context,
    mirror: &Mirror,
    notifier: &Notifier,
    id: &DeliveryId,
) -> Result<DeliveryId, NotDone> {
    let (now, id, entropy) = (context.now, id.clone(), notifier.entropy.clone());
    let sent = mirror.store().write(move |tx| outbox::send_again(tx, &id, now, &entropy)).await?;
    sent.ok_or_else(|| refused("There is no such delivery, or it is still on its way.", "Look at the log again."))
}

fn checked(notifier: &Notifier, draft: Draft) -> Result<Draft, NotDone> {
    let name = draft.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(refused("The name is missing, or too long.", "Give the webhook a name of at most 100 letters."));
    }
    if draft.notes.chars().count() > LONGEST_NOTES {
        return Err(refused("The notes are too long.", "Shorten them."));
    }
    let address = address::check(draft.address.trim(), draft.style, &notifier.allowed)
        .map_err(|why| refused(&why.to_string(), "Copy the address from the receiver, and save again."))?;
    let mut events: Vec<EventKind> = draft.events.clone();
    if draft.style == Style::Automation {
        events.retain(|event| event.trigger().is_some());
    }
    events.sort_unstable();
    events.dedup();
    if events.is_empty() {
        return Err(refused("No event is chosen.", "Choose at least one."));
    }
    let mut key_days = draft.key_days.clone();
    key_days.retain(|days| (1..=MOST_DAYS).contains(days));
    if key_days.is_empty() {
        key_days.push(7);
    }
    key_days.sort_unstable();
    key_days.dedup();
    Ok(Draft { name, address: address.to_string(), events, key_days, notes: draft.notes.trim().to_owned(), ..draft })
}

pub(super) fn append(
    tx: &mut Tx,
    context: &Context,
    (kind, subject): (&'static str, &str),
    (detail, entropy): (&str, &Entropy),
) -> Result<(), StoreError> {
    let event = NewEvent {
        at: context.now,
        actor: context.actor.as_subject(),
        kind,
        subject: subject.to_owned(),
        detail: detail.to_owned(),
        personal: String::new(),
    };
    events::append(tx, &event, &entropy.bytes()).map(drop)
}

fn unknown() -> NotDone {
    refused("There is no such webhook.", "Look at the list again.")
}

pub(super) fn refused(why: &str, next: &str) -> NotDone {
    NotDone::Refused(Refusal::new("Nothing was saved or sent.", why, next))
}
