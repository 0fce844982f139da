//! Near-real-time changes: the audit log's stream is read on from where it was left, whom it names is collected, and
//! those are read targeted soon after.
//!
//! The stream says only that something happened to somebody. Nobody is taken for gone because of it, and nothing waits
//! for it: whatever it does not tell is read by the daily sync.

use std::time::Duration;

use atlassian::call::Class;
use atlassian::client::Client;
use atlassian::cursor::Cursor;
use atlassian::error::Error;
use atlassian::events_stream::{self, Event, EventPage, From};
use directory::{AccountId, GroupId};
use jiff::{SignedDuration, Timestamp};

use crate::id::{Entropy, KeyId};
use crate::mirror::Mirror;
use crate::nouns::audit_stream::{AuditStream, StreamState, StreamSwitch};
use crate::nouns::context::{Actor, Context};
use crate::nouns::event::NewEvent;
use crate::nouns::run::RunKind;
use crate::nouns::scope::{Scope, Targets};
use crate::store::error::StoreError;
use crate::store::settings;
use crate::store::tx::Tx;
use crate::store::{audit_stream, events, organization_keys};
use crate::sync::connect::Connector;
use crate::sync::explain;
use crate::sync::pass::Surroundings;
use crate::sync::request::{self, Ask, Asked};
use crate::sync::setting;

const SWITCH: &str = "audit_stream";
/// How often a process looks whether there is anything to do.
const LOOK: Duration = Duration::from_secs(5);
/// A poll that somebody has made since is not made again; with the look it makes about one every 30 seconds.
const POLLED_LATELY: SignedDuration = SignedDuration::from_secs(25);
/// How far back the first reading goes: events come late.
const LOOK_BACK: SignedDuration = SignedDuration::from_mins(5);
/// When a refused stream is asked again: plans change, rarely.
const PROBE_AGAIN: SignedDuration = SignedDuration::from_hours(24);
/// When it is tried again after an outage.
const OUTAGE: SignedDuration = SignedDuration::from_secs(60);
/// Pages of one poll, 10,000 events; the next poll goes on there.
const MOST_PAGES: usize = 20;
/// While so many wait to be read, the stream waits: its cursor keeps the place.
const MOST_WAITING: u64 = 20_000;

/// What came of a poll.
#[derive(Clone, Debug, PartialEq)]
pub enum Polled {
    /// Somebody else polled lately, too many wait already, or the stream is refused or not known yet.
    NotDue,
    /// It was read on.
    Read {
        /// Events on its pages.
        events: usize,
        /// Whether the place in it was lost before, and it was begun anew.
        after_gap: bool,
    },
    /// It is refused from now on, with the reason.
    Refused(String),
}

/// Why a poll or probe came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum NotPolled {
    /// Atlassian gave no usable answer.
    #[error(transparent)]
    Upstream(#[from] Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether the stream is used, and who decided that.
pub fn switch(tx: &mut Tx) -> Result<StreamSwitch, StoreError> {
    Ok(match settings::find(tx, SWITCH)? {
        None => StreamSwitch { on: false, chosen: None },
        Some(setting) => {
            StreamSwitch { on: setting.value == "on", chosen: Some((setting.changed_by, setting.changed_at)) }
        }
    })
}

/// Switches the use of the stream on or off. It begins anew each time: nobody wants what happened long ago.
pub async fn choose(context: &Context, mirror: &Mirror, on: bool, entropy: &Entropy) -> Result<(), StoreError> {
    let (context, salt) = (context.clone(), entropy.bytes());
    let value = if on { "on" } else { "off" };
    mirror
        .store()
        .write(move |tx| {
            if switch(tx)?.on != on {
                audit_stream::forget(tx)?;
                if let Some(stream) = audit_stream::find(tx)? {
                    let state = match stream.state {
                        StreamState::Available(_) => StreamState::Available(String::new()),
                        refused @ StreamState::Refused(_) => refused,
                    };
                    audit_stream::put(tx, &AuditStream { state, polled_at: None, next_cursor: None, ..stream })?;
                }
            }
            setting::choose_within(tx, &context, (SWITCH, value.to_owned()), &salt)
        })
        .await
}

/// Asks whether the organization's stream may be read, and keeps the answer. An answer that tells nothing about it is
/// an error and kept nowhere.
pub async fn probe(mirror: &Mirror, client: &Client, now: Timestamp) -> Result<StreamState, NotPolled> {
    let organization = &mirror.organization().atlassian_id;
    let state = match events_stream::read(client, Class::Pass, organization, &From::Instant(now), 1).await {
        Ok(_) => StreamState::Available(String::new()),
        Err(error) => StreamState::Refused(why_refused(&error).ok_or(error)?),
    };
    let kept = state.clone();
    mirror
        .store()
        .write(move |tx| {
            let before = audit_stream::find(tx)?;
            let (polled_at, next_cursor) = before.map_or((None, None), |old| (old.polled_at, old.next_cursor));
            audit_stream::put(tx, &AuditStream { state: kept, probed_at: now, polled_at, next_cursor })
        })
        .await?;
    Ok(state)
}

/// Reads the stream on, unless somebody did so in the last 25 seconds. What a page names is kept in one transaction with
/// the cursor behind it.
pub async fn poll_once(mirror: &Mirror, client: &Client, now: Timestamp) -> Result<Polled, NotPolled> {
    let before = now.saturating_sub(POLLED_LATELY).unwrap_or(now);
    let claimed = move |tx: &mut Tx| {
        let is_due = audit_stream::waiting(tx)? < MOST_WAITING && audit_stream::claim(tx, now, before)?;
        Ok(if is_due { audit_stream::find(tx)? } else { None })
    };
    let Some(stream) = mirror.store().write(claimed).await? else { return Ok(Polled::NotDue) };
    let beginning = From::Instant(now.saturating_sub(LOOK_BACK).unwrap_or(now));
    let mut from = stream.next_cursor.clone().map_or(beginning.clone(), |cursor| From::Cursor(Cursor::new(cursor)));
    let (mut events, mut after_gap) = (0, false);
    for _ in 0..MOST_PAGES {
        let organization = &mirror.organization().atlassian_id;
        let page = events_stream::read(client, Class::Pass, organization, &from, events_stream::FULL_PAGE).await;
        let page = match page {
            Ok(page) => page,
            Err(Error::CursorExpired { .. }) if !after_gap => {
                after_gap = true;
                begin_anew(mirror, &stream, now).await?;
                from = beginning.clone();
                continue;
            }
            Err(error) => return give_up(mirror, stream, error, now).await,
        };
        events += page.events.len();
        let is_last = page.events.len() + page.unreadable < events_stream::FULL_PAGE as usize;
        let next = page.next.clone();
        keep(mirror, page, now).await?;
        match next {
            Some(next) if !is_last && From::Cursor(next.clone()) != from => from = From::Cursor(next),
            _ => break,
        }
    }
    Ok(Polled::Read { events, after_gap })
}

/// Queues a targeted read of those who were named and are quiet since, in the transaction that takes them off the list.
/// One read at a time: what is named meanwhile is collected for the next.
pub async fn start_reads(mirror: &Mirror, now: Timestamp, entropy: &Entropy) -> Result<Option<Asked>, StoreError> {
    let entropy = entropy.clone();
    mirror
        .store()
        .write(move |tx| {
            if !switch(tx)?.on || audit_stream::is_reading(tx)? {
                return Ok(None);
            }
            let Some(targets) = take_touched(tx, now)? else { return Ok(None) };
            let context = Context { actor: Actor::System, now };
            let ask = Ask::scoped(RunKind::Stream, Scope::Targeted(targets));
            request::start_within(tx, &context, ask, (None, &entropy)).map(Some)
        })
        .await
}

/// Takes those whom the stream named and not again for five seconds: at most 1,000 people and 50 groups.
pub fn take_touched(tx: &mut Tx, now: Timestamp) -> Result<Option<Targets>, StoreError> {
    audit_stream::take(tx, now)
}

/// Watches one organization's stream until the task is dropped. Any number of processes may: one of them polls.
pub async fn watch(mirror: Mirror, connector: Connector, surroundings: Surroundings) {
    let mut client: Option<(KeyId, Client)> = None;
    let mut not_before = Timestamp::MIN;
    loop {
        let now = surroundings.clock.now();
        if now >= not_before
            && let Err(error) = look(&mirror, (&connector, &surroundings), &mut client).await
        {
            // The next look goes with a fresh client: the key may be another one by then.
            client = None;
            not_before = error.retry_at(now);
            tracing::warn!(%error, organization = %mirror.organization().id, "stream.look");
        }
        surroundings.clock.sleep(LOOK).await;
    }
}

/// Why a look came to nothing.
#[derive(Debug, thiserror::Error)]
enum Unseen {
    #[error(transparent)]
    NotPolled(#[from] NotPolled),
    #[error("{0}")]
    NoClient(crate::nouns::refusal::Refusal),
}

impl Unseen {
    fn retry_at(&self, now: Timestamp) -> Timestamp {
        let stated = match self {
            Unseen::NotPolled(NotPolled::Upstream(error)) => error.retry_at(),
            _ => None,
        };
        stated.unwrap_or(now).max(now.saturating_add(OUTAGE).unwrap_or(now))
    }
}

impl std::convert::From<StoreError> for Unseen {
    fn from(error: StoreError) -> Unseen {
        Unseen::NotPolled(NotPolled::Store(error))
    }
}

async fn look(
    mirror: &Mirror,
    (connector, surroundings): (&Connector, &Surroundings),
    client: &mut Option<(KeyId, Client)>,
) -> Result<(), Unseen> {
    let now = surroundings.clock.now();
    let (switch, stream, key, waiting) = (mirror.store())
        .read(|tx| {
            let key = organization_keys::shown(tx)?.map(|key| key.id);
            Ok((switch(tx)?, audit_stream::find(tx)?, key, audit_stream::waiting(tx)?))
        })
        .await?;
    let Some(key) = key else { return Ok(()) };
    let wants_probe = match &stream {
        None => true,
        Some(AuditStream { state: StreamState::Refused(_), probed_at, .. }) => {
            switch.on && now.duration_since(*probed_at) >= PROBE_AGAIN
        }
        Some(_) => false,
    };
    let is_due = |stream: &AuditStream| {
        let lately = stream.polled_at.is_some_and(|at| now.duration_since(at) < POLLED_LATELY);
        matches!(stream.state, StreamState::Available(_)) && !lately
    };
    let wants_poll = switch.on && stream.as_ref().is_some_and(is_due);
    if wants_probe || wants_poll {
        if client.as_ref().is_none_or(|(known, _)| *known != key) {
            *client = Some((key, connector.client_of(mirror).await.map_err(Unseen::NoClient)?));
        }
        if let Some((_, client)) = client {
            if wants_probe {
                probe(mirror, client, now).await?;
            }
            if wants_poll && let Polled::Refused(reason) = poll_once(mirror, client, now).await? {
                tracing::warn!(%reason, organization = %mirror.organization().id, "stream.refused");
            }
        }
    }
    if switch.on && (waiting > 0 || wants_poll) {
        start_reads(mirror, surroundings.clock.now(), &surroundings.entropy).await?;
    }
    Ok(())
}

/// Keeps whom a page named, each once, with the cursor behind it.
async fn keep(mirror: &Mirror, page: EventPage, now: Timestamp) -> Result<(), StoreError> {
    let next = page.next.as_ref().map(|next| next.as_str().to_owned());
    let named = named(&page.events);
    mirror.store().write(move |tx| audit_stream::advance(tx, next.as_deref(), &named, now)).await
}

/// Whom events are about, whatever was done: an action that nobody knows is a reason to look as well.
fn named(events: &[Event]) -> Targets {
    let mut people: Vec<AccountId> =
        events.iter().flat_map(|event| &event.accounts).filter_map(|id| AccountId::new(id).ok()).collect();
    let mut groups: Vec<GroupId> =
        events.iter().flat_map(|event| &event.groups).filter_map(|id| GroupId::new(id).ok()).collect();
    people.sort();
    people.dedup();
    groups.sort();
    groups.dedup();
    Targets { people, groups }
}

/// Forgets a place in the stream that Atlassian no longer knows, and says so.
async fn begin_anew(mirror: &Mirror, stream: &AuditStream, now: Timestamp) -> Result<(), StoreError> {
    let since = stream.polled_at.unwrap_or(stream.probed_at);
    let detail = format!(
        "Atlassian no longer knew the place in the stream. What happened between {} and {} is read by the next daily \
         sync.",
        since.strftime("%-d %b %Y, %H:%M UTC"),
        now.strftime("%-d %b %Y, %H:%M UTC"),
    );
    let state = StreamState::Available(detail);
    let anew = AuditStream { state, polled_at: Some(now), next_cursor: None, probed_at: stream.probed_at };
    let event = NewEvent {
        at: now,
        actor: Actor::System.as_subject(),
        kind: "audit_stream.gap",
        subject: SWITCH.to_owned(),
        detail: serde_json::json!({ "from": since.to_string(), "to": now.to_string() }).to_string(),
        personal: String::new(),
    };
    mirror
        .store()
        .write(move |tx| {
            audit_stream::put(tx, &anew)?;
            // No personal part, so nothing that a salt would protect.
            events::append(tx, &event, &[0; 16]).map(drop)
        })
        .await
}

/// What an error of a poll means: the stream is refused, or it is tried again, not before Atlassian said.
async fn give_up(mirror: &Mirror, stream: AuditStream, error: Error, now: Timestamp) -> Result<Polled, NotPolled> {
    if let Some(reason) = why_refused(&error) {
        let refused =
            AuditStream { state: StreamState::Refused(reason.clone()), probed_at: now, next_cursor: None, ..stream };
        mirror.store().write(move |tx| audit_stream::put(tx, &refused)).await?;
        return Ok(Polled::Refused(reason));
    }
    if let Some(until) = error.retry_at() {
        // Other processes wait as well: for them it is as if it had been polled just before.
        let polled_at = until.saturating_sub(POLLED_LATELY).unwrap_or(until).max(now);
        let hold = move |tx: &mut Tx| match audit_stream::find(tx)? {
            Some(stream) => audit_stream::put(tx, &AuditStream { polled_at: Some(polled_at), ..stream }),
            None => Ok(()),
        };
        mirror.store().write(hold).await?;
    }
    Err(error.into())
}

/// Why the stream cannot be read at all; `None` when an error does not tell that.
fn why_refused(error: &Error) -> Option<String> {
    match error {
        error if error.is_forbidden_by_scope() => Some(explain::sentence(error)),
        error if error.is_forbidden() || error.is_not_found() => Some(
            "Atlassian does not let this organization read its audit log as a stream. It comes with Atlassian Guard, or \
             with an Enterprise plan."
                .to_owned(),
        ),
        Error::Retired { .. } => Some(explain::sentence(error)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_named_is_named_once_whatever_was_done_to_them() {
        let event = |accounts: &[&str], groups: &[&str]| Event {
            id: "e".to_owned(),
            action: Some("never_heard_of".to_owned()),
            time: None,
            accounts: accounts.iter().map(|id| (*id).to_owned()).collect(),
            groups: groups.iter().map(|id| (*id).to_owned()).collect(),
        };
        let named = named(&[event(&["b", "a\u{0}"], &["g"]), event(&["a", "b"], &["g"]), event(&[], &[])]);
        let people: Vec<&str> = named.people.iter().map(AccountId::as_str).collect();
        assert_eq!(people, ["a", "b"], "and what cannot be an id is left out");
        assert_eq!(named.groups.len(), 1);
    }
}
