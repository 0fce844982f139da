//! Feed keys: a secret that uploads to one feed and reads that feed's status. It is shown once, kept as a hash, and can be
//! replaced while the one before still holds.

use core::net::IpAddr;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use thiserror::Error;

use crate::auth::attempts::Subject;
use crate::auth::token::Token;
use crate::auth::told::{self, STRANGER};
use crate::id::{Entropy, FeedKeyId};
use crate::mirror::Mirror;
use crate::nouns::access_token::{LONGEST_LIFE, NotAName, Standing, TokenName};
use crate::nouns::context::{Actor, Context};
use crate::nouns::feed::Feed;
use crate::nouns::feed_key::FeedKey;
use crate::store::control::sign_in_attempts::{self, Attempts};
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{feed_keys, feeds};

/// What every secret begins with, so that it is recognized where it should not be.
pub const PREFIX: &str = "rcf_";
/// So many wrong keys from one address are answered as such (reference, 1.1).
const TRIES: i64 = 50;
/// After so long without a wrong key, counting begins anew (reference, 1.1).
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_secs(300);
/// Use is noted this often, not with every request.
const NOTED: SignedDuration = SignedDuration::from_mins(1);

/// The text that opens a feed.
#[derive(Clone, PartialEq, Eq)]
pub struct FeedSecret(Token);

/// What somebody asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WantedKey {
    /// What it is for.
    pub label: String,
    /// How many days it holds; without an end when nobody says.
    pub days: Option<u32>,
}

/// Why no key was made or revoked.
#[derive(Debug, Error)]
pub enum KeyNotMade {
    /// The label.
    #[error(transparent)]
    Label(#[from] NotAName),
    /// It would end at once, or too late.
    #[error("a key holds from 1 to {LONGEST_LIFE} days")]
    Days,
    /// No key of the feed has this id.
    #[error("the feed has no key of this id that still opens it")]
    Unknown,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What came of a secret.
#[derive(Clone, Debug, PartialEq)]
pub enum FoundKey {
    /// It opens this feed.
    Key(Box<(FeedKey, Feed)>),
    /// It opens nothing. The try was counted.
    Unknown,
    /// Too many wrong ones came from there.
    Throttled(Timestamp),
}

impl FeedSecret {
    /// Reads a secret as a program sends it; `None` when it cannot be one.
    pub fn parse(text: &str) -> Option<FeedSecret> {
        text.strip_prefix(PREFIX).and_then(Token::parse).map(FeedSecret)
    }

    /// The text, for the one who is to hold it.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", self.0.expose())
    }
}

impl fmt::Debug for FeedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FeedSecret(..)")
    }
}

/// Makes a key and gives out its secret, once.
pub async fn create(
    context: &Context,
    mirror: &Mirror,
    (feed, wanted): (&Feed, WantedKey),
    entropy: &Entropy,
) -> Result<(FeedKey, FeedSecret), KeyNotMade> {
    let label = TokenName::parse(&wanted.label)?;
    let expires_at = match wanted.days {
        None => None,
        Some(days @ 1..=LONGEST_LIFE) => context.now.checked_add(SignedDuration::from_hours(24 * i64::from(days))).ok(),
        Some(_) => return Err(KeyNotMade::Days),
    };
    let secret = FeedSecret(Token::new(entropy));
    let key = FeedKey {
        id: FeedKeyId::new(entropy, context.now),
        feed: feed.number,
        label: label.as_str().to_owned(),
        created_by: context.actor.as_text(),
        created_at: context.now,
        expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    let (context, salt, hash, made, feed) =
        (context.clone(), entropy.bytes(), secret.0.hash(), key.clone(), feed.id.to_string());
    let kept = mirror.store().write(move |tx| {
        feed_keys::insert(tx, &made, &hash)?;
        record(tx, &context, ("feed_key.created", &made, &feed), &salt)
    });
    kept.await?;
    Ok((key, secret))
}

/// The keys of a feed, the oldest first.
pub async fn list(mirror: &Mirror, feed: i64) -> Result<Vec<FeedKey>, StoreError> {
    mirror.store().read(move |tx| feed_keys::of_feed(tx, feed)).await
}

/// Revokes a key of a feed: at once, or after an overlap in which it and its successor both hold.
pub async fn revoke(
    context: &Context,
    mirror: &Mirror,
    (feed, key, overlap): (&Feed, &FeedKeyId, SignedDuration),
    entropy: &Entropy,
) -> Result<(), KeyNotMade> {
    let (context, salt, key, number, feed) =
        (context.clone(), entropy.bytes(), key.clone(), feed.number, feed.id.to_string());
    let revoked = mirror.store().write(move |tx| {
        let at = context.now.saturating_add(overlap).unwrap_or(Timestamp::MAX);
        let Some(known) = feed_keys::of_feed(tx, number)?.into_iter().find(|known| known.id == key) else {
            return Ok(false);
        };
        if known.standing(context.now) != Standing::Good || !feed_keys::revoke(tx, &key, at)? {
            return Ok(false);
        }
        record(tx, &context, ("feed_key.revoked", &known, &feed), &salt)?;
        Ok(true)
    });
    if revoked.await? { Ok(()) } else { Err(KeyNotMade::Unknown) }
}

/// Makes a successor of a key, which itself holds for an overlap still.
pub async fn rotate(
    context: &Context,
    mirror: &Mirror,
    (feed, key, overlap): (&Feed, &FeedKeyId, SignedDuration),
    entropy: &Entropy,
) -> Result<(FeedKey, FeedSecret), KeyNotMade> {
    let known = list(mirror, feed.number).await?.into_iter().find(|known| known.id == *key);
    let known = known.filter(|known| known.standing(context.now) == Standing::Good).ok_or(KeyNotMade::Unknown)?;
    let days = known.expires_at.map(|end| {
        let days = end.duration_since(known.created_at).as_hours() / 24;
        u32::try_from(days).unwrap_or(LONGEST_LIFE).clamp(1, LONGEST_LIFE)
    });
    let made = create(context, mirror, (feed, WantedKey { label: known.label, days }), entropy).await?;
    revoke(context, mirror, (feed, key, overlap), entropy).await?;
    Ok(made)
}

/// What a secret opens. It is looked up by its hash, which tells nothing by how long it takes. Wrong ones are counted by
/// where they come from; use is noted at most once a minute.
pub async fn find(
    (control, mirror, entropy): (&Store, &Mirror, &Entropy),
    secret: Option<&FeedSecret>,
    source: IpAddr,
    now: Timestamp,
) -> Result<FoundKey, StoreError> {
    let subject = format!("feed-{}", Subject::source(source).as_text());
    let asked = subject.clone();
    let counted = control.read(move |tx| sign_in_attempts::find(tx, &asked)).await?;
    let counted = counted.filter(|counted| now.duration_since(counted.blocked_until) < FORGOTTEN_AFTER);
    if let Some(counted) = counted.filter(|counted| counted.failures >= TRIES) {
        return Ok(FoundKey::Throttled(counted.blocked_until.saturating_add(FORGOTTEN_AFTER).unwrap_or(now)));
    }
    let found = match secret.map(|secret| secret.0.hash()) {
        Some(hash) => {
            let read = move |tx: &mut Tx| match feed_keys::find(tx, &hash)? {
                Some(key) => Ok(feeds::find(tx, key.feed)?.map(|feed| (key, feed))),
                None => Ok(None),
            };
            mirror.store().read(read).await?
        }
        None => None,
    };
    let Some((key, feed)) = found.filter(|(key, _)| key.standing(now) == Standing::Good) else {
        let failures = counted.map_or(0, |counted| counted.failures) + 1;
        let attempts = Attempts { failures, blocked_until: now };
        control.write(move |tx| sign_in_attempts::record(tx, &subject, attempts)).await?;
        if failures == 1 {
            let salt = entropy.bytes();
            mirror
                .store()
                .write(move |tx| told::refused(tx, ("feed_key.refused", STRANGER), (now, source), &salt))
                .await?;
        }
        return Ok(FoundKey::Unknown);
    };
    if key.last_used_at.is_none_or(|last| now.duration_since(last) >= NOTED) {
        let day = |at: Timestamp| at.as_second().div_euclid(86_400);
        let first = key.last_used_at.is_none_or(|last| day(last) != day(now));
        let (used, salt, feed) = (key.clone(), entropy.bytes(), feed.id.to_string());
        let note = move |tx: &mut Tx| {
            feed_keys::touch(tx, &used.id, now)?;
            if first {
                record(tx, &context(&used, now, source), ("feed_key.used", &used, &feed), &salt)?;
            }
            Ok(())
        };
        mirror.store().write(note).await?;
    }
    Ok(FoundKey::Key(Box::new((key, feed))))
}

/// The context of a request that a key opens.
pub fn context(key: &FeedKey, now: Timestamp, source: IpAddr) -> Context {
    Context { actor: Actor::FeedKey { id: key.id.clone(), label: key.label.clone(), source: Some(source) }, now }
}

fn record(
    tx: &mut Tx,
    context: &Context,
    (kind, key, feed): (&'static str, &FeedKey, &str),
    salt: &[u8; 16],
) -> Result<(), StoreError> {
    let told = (json!({ "feed": feed }), json!({ "label": key.label }));
    told::record(tx, context, (kind, key.id.as_str()), told, salt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_can_be_searched_for_reads_back_and_is_never_printed() {
        let secret = FeedSecret(Token::new(&Entropy::seeded(3)));
        assert!(secret.expose().starts_with("rcf_"));
        assert_eq!(FeedSecret::parse(&secret.expose()), Some(secret.clone()));
        assert!(!format!("{secret:?}").contains(secret.0.expose()));
    }
}
