//! Access tokens of the API: made, listed, revoked, and found by their secret. A secret is given out once, stands for an
//! administrator, and is stored as a hash only. Wrong ones are counted per source, as wrong passwords are.

use std::fmt;
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use thiserror::Error;

use crate::auth::attempts::{self, Admission, Subject};
use crate::auth::token::Token;
use crate::auth::told::{self, STRANGER};
use crate::auth::username::Username;
use crate::id::{AccessTokenId, Entropy};
use crate::nouns::access_token::{AccessToken, LONGEST_LIFE, NotAName, Reach, Standing, TokenName};
use crate::nouns::context::{Actor, Context};
use crate::store::control::administrators::Administrator;
use crate::store::control::{access_tokens, administrators};
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::tx::Tx;

/// What every secret begins with, so that it is recognized where it should not be.
pub const PREFIX: &str = "rct_";
/// Use is noted this often, not with every request.
const NOTED: SignedDuration = SignedDuration::from_mins(1);

/// The text that opens the API.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Token);

/// What somebody asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What it is called.
    pub name: String,
    /// How many days it holds; without an end when nobody says.
    pub days: Option<u32>,
    /// For which administrator, by username; for the only one when nobody says.
    pub username: Option<String>,
    /// What it may do.
    pub reach: Reach,
}

/// Why no token was made or revoked.
#[derive(Debug, Error)]
pub enum NotDone {
    /// The name.
    #[error(transparent)]
    Name(#[from] NotAName),
    /// There is a token of this name that still opens the API.
    #[error("there is an access token of this name already")]
    NameTaken,
    /// It would end at once, or too late.
    #[error("a token holds from 1 to {LONGEST_LIFE} days")]
    Days,
    /// Nobody signs in yet.
    #[error("there is no administrator yet")]
    NoAdministrator,
    /// Several administrators sign in, and none of them was named.
    #[error("there are several administrators, and none was named")]
    WhichAdministrator,
    /// Nobody has this username.
    #[error("nobody has this username")]
    UnknownAdministrator,
    /// No token has this id or name.
    #[error("there is no access token of this id or name")]
    UnknownToken,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What came of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It opens the API.
    Token(Box<AccessToken>),
    /// It was good once.
    Over(Standing, Box<AccessToken>),
    /// It is no token's. The try was counted.
    Unknown,
    /// Too many wrong ones came from there; the next one counts from this moment.
    Blocked(Timestamp),
}

impl Secret {
    /// A new secret.
    fn new(entropy: &Entropy) -> Secret {
        Secret(Token::new(entropy))
    }

    /// Reads a secret as a program sends it; `None` when it cannot be one.
    pub fn parse(text: &str) -> Option<Secret> {
        text.strip_prefix(PREFIX).and_then(Token::parse).map(Secret)
    }

    /// The text, for the one who is to hold it.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", self.0.expose())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Makes a token and gives out its secret, once.
pub async fn create(
    context: &Context,
    control: &Store,
    wanted: Wanted,
    entropy: &Entropy,
) -> Result<(AccessToken, Secret), NotDone> {
    let name = TokenName::parse(&wanted.name)?;
    let now = context.now;
    let expires_at = match wanted.days {
        None => None,
        Some(days @ 1..=LONGEST_LIFE) => now.checked_add(SignedDuration::from_hours(24 * i64::from(days))).ok(),
        Some(_) => return Err(NotDone::Days),
    };
    let secret = Secret::new(entropy);
    let (id, hash, salt) = (AccessTokenId::new(entropy, now), secret.0.hash(), entropy.bytes::<16>());
    let context = context.clone();
    let made = control.write(move |tx| {
        let Administrator { id: administrator, username, .. } = match owner(tx, wanted.username.as_deref())? {
            Ok(administrator) => administrator,
            Err(why) => return Ok(Err(why)),
        };
        let good = |token: &AccessToken| token.standing(now) == Standing::Good;
        if access_tokens::list(tx)?.iter().any(|other| good(other) && other.name == name) {
            return Ok(Err(NotDone::NameTaken));
        }
        let token = AccessToken {
            id,
            name,
            reach: wanted.reach,
            administrator,
            username,
            created_by: context.actor.as_text(),
            created_at: now,
            expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        access_tokens::insert(tx, &token, &hash)?;
        record(tx, &context, ("token.created", &token), &salt)?;
        Ok(Ok(token))
    });
    Ok((made.await??, secret))
}

/// Every token there ever was, the oldest first.
pub async fn list(control: &Store) -> Result<Vec<AccessToken>, StoreError> {
    control.read(access_tokens::list).await
}

/// Revokes a token, by id or by name. From the next request on it opens nothing.
pub async fn revoke(
    context: &Context,
    control: &Store,
    which: &str,
    entropy: &Entropy,
) -> Result<AccessToken, NotDone> {
    let (context, which, salt) = (context.clone(), which.trim().to_owned(), entropy.bytes::<16>());
    let revoked = control.write(move |tx| {
        let named = |token: &AccessToken| token.id.as_str() == which || token.name.as_str() == which;
        let Some(token) = access_tokens::list(tx)?.into_iter().find(|t| t.revoked_at.is_none() && named(t)) else {
            return Ok(Err(NotDone::UnknownToken));
        };
        access_tokens::revoke(tx, &token.id, context.now)?;
        record(tx, &context, ("token.revoked", &token), &salt)?;
        Ok(Ok(AccessToken { revoked_at: Some(context.now), ..token }))
    });
    revoked.await?
}

/// What a secret opens. It is looked up by its hash, which tells nothing by how long it takes: a secret has 256 bits, and
/// no part of a hash can be aimed at. Use is noted at most once a minute.
pub async fn find(
    (control, entropy): (&Store, &Entropy),
    secret: Option<&Secret>,
    source: IpAddr,
    now: Timestamp,
) -> Result<Found, StoreError> {
    let (subject, hash) = (Subject::token_source(source), secret.map(|secret| secret.0.hash()));
    let asked = subject.clone();
    let (blocked, token) = control
        .read(move |tx| {
            let token = match hash {
                Some(hash) => access_tokens::find(tx, &hash)?,
                None => None,
            };
            Ok((attempts::blocked(tx, &asked, now)?, token))
        })
        .await?;
    if let Some(until) = blocked {
        return Ok(Found::Blocked(until));
    }
    let Some(token) = token else {
        let salt = entropy.bytes();
        control
            .write(move |tx| match attempts::admit(tx, &[subject], now)? {
                Admission::Admitted => told::refused(tx, ("token.refused", STRANGER), (now, source), &salt),
                Admission::Blocked(_) => Ok(()),
            })
            .await?;
        return Ok(Found::Unknown);
    };
    match token.standing(now) {
        Standing::Good => {}
        over => return Ok(Found::Over(over, Box::new(token))),
    }
    if token.last_used_at.is_none_or(|last| now.duration_since(last) >= NOTED) {
        let day = |at: Timestamp| at.as_second().div_euclid(86_400);
        if token.last_used_at.is_none_or(|last| day(last) != day(now)) {
            let (used, salt) = (token.clone(), entropy.bytes());
            control
                .write(move |tx| {
                    access_tokens::touch(tx, &used.id, now)?;
                    record(tx, &context(&used, now, source), ("token.used", &used), &salt)
                })
                .await?;
        } else {
            let id = token.id.clone();
            control.write_relaxed(move |tx| access_tokens::touch(tx, &id, now)).await?;
        }
    }
    Ok(Found::Token(Box::new(token)))
}

/// The context of a request that a token opens.
pub fn context(token: &AccessToken, now: Timestamp, source: IpAddr) -> Context {
    let actor = Actor::AccessToken {
        id: token.id.clone(),
        name: token.name.as_str().to_owned(),
        administrator: token.administrator.clone(),
        username: token.username.clone(),
        source: Some(source),
    };
    Context { actor, now }
}

fn owner(tx: &mut Tx, username: Option<&str>) -> Result<Result<Administrator, NotDone>, StoreError> {
    let Some(username) = username else {
        let mut all = administrators::list(tx)?;
        return Ok(match all.len() {
            0 => Err(NotDone::NoAdministrator),
            1 => Ok(all.remove(0)),
            _ => Err(NotDone::WhichAdministrator),
        });
    };
    let found = match Username::parse(username) {
        Ok(username) => administrators::find_by_key(tx, &username.key())?,
        Err(_) => None,
    };
    Ok(found.ok_or(NotDone::UnknownAdministrator))
}

fn record(
    tx: &mut Tx,
    context: &Context,
    (kind, token): (&'static str, &AccessToken),
    salt: &[u8; 16],
) -> Result<(), StoreError> {
    let detail = json!({ "administrator": token.administrator.as_str(), "reach": token.reach.as_str() });
    let personal = json!({ "name": token.name.as_str(), "username": token.username });
    told::record(tx, context, (kind, token.id.as_str()), (detail, personal), salt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_can_be_searched_for_reads_back_and_is_never_printed() {
        let secret = Secret::new(&Entropy::seeded(3));
        assert!(secret.expose().starts_with("rct_"));
        assert_eq!(Secret::parse(&secret.expose()), Some(secret.clone()));
        assert_eq!(Secret::parse(secret.0.expose()), None);
        assert!(!format!("{secret:?}").contains(secret.0.expose()));
    }
}
