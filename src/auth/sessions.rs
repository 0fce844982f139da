//! Sessions: begun by a password or a set-up link, found by their token, ended by sign-out, 12 hours without use, or 7
//! days. A token is given out once; a new sign-in always makes a new one.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use crate::auth::attempts::{self, Admission, Subject};
use crate::auth::passwords::Passwords;
use crate::auth::token::Token;
use crate::auth::told::{STRANGER, refused};
use crate::auth::username::Username;
use crate::id::{AdministratorId, Entropy};
use crate::nouns::context::{Actor, Context};
use crate::nouns::event::NewEvent;
use crate::store::control::administrators;
use crate::store::control::sessions::{self, Session};
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::events;
use crate::store::tx::Tx;

/// How long a session holds without use.
pub const IDLE: SignedDuration = SignedDuration::from_hours(12);
/// How long a session holds at the most.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Use is noted this often, not with every request.
const NOTED: SignedDuration = SignedDuration::from_mins(1);

/// What somebody presents to sign in.
#[derive(Clone)]
pub struct Credentials {
    /// The name, as typed.
    pub username: String,
    /// The password.
    pub password: String,
    /// Where the request came from.
    pub source: IpAddr,
}

/// Why nobody was signed in.
#[derive(Debug, Error)]
pub enum SignInError {
    /// The name and the password do not belong together. Whether the name exists is not told.
    #[error("username and password do not match")]
    Wrong,
    /// Too many tries; the next one counts from here.
    #[error("too many tries, blocked until {until}")]
    Blocked {
        /// When the next try is possible.
        until: Timestamp,
    },
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub administrator: AdministratorId,
    /// Their username.
    pub username: String,
}

impl SignedIn {
    /// The context of a request that comes now, from there.
    pub fn context(&self, now: Timestamp, source: IpAddr) -> Context {
        let (id, username) = (self.administrator.clone(), self.username.clone());
        Context { actor: Actor::Administrator { id, username, source: Some(source) }, now }
    }
}

/// Checks name and password and begins a session. A session that was presented with the request ends.
pub async fn start(
    control: &Store,
    (passwords, entropy): (&Passwords, &Entropy),
    credentials: Credentials,
    before: Option<&Token>,
    now: Timestamp,
) -> Result<Token, SignInError> {
    let source = Subject::source(credentials.source);
    // What cannot be a username is still checked like one, so that it takes as long.
    let username = Username::parse(&credentials.username).ok();
    let subjects: Vec<Subject> = username.iter().map(Subject::username).chain([source]).collect();
    let counted = subjects.clone();
    let key = username.map(|username| username.key());
    let (admission, administrator) = control
        .write(move |tx| {
            let admission = attempts::admit(tx, &counted, now)?;
            let administrator = match key {
                Some(key) => administrators::find_by_key(tx, &key)?,
                None => None,
            };
            Ok((admission, administrator))
        })
        .await?;
    if let Admission::Blocked(until) = admission {
        return Err(SignInError::Blocked { until });
    }
    let hash = administrator.as_ref().map(|administrator| administrator.password_hash.clone());
    let fits = passwords.verify(credentials.password, hash).await;
    let Some(administrator) = administrator.clone().filter(|_| fits) else {
        let (salt, source) = (entropy.bytes::<16>(), credentials.source);
        let subject = administrator.as_ref().map_or_else(|| STRANGER.to_owned(), |known| known.id.to_string());
        let kind = "session.refused";
        control.write(move |tx| refused(tx, (kind, &subject), (now, source), &salt)).await?;
        return Err(SignInError::Wrong);
    };
    let token = Token::new(entropy);
    let (hash, old, salt) = (token.hash(), before.map(Token::hash), entropy.bytes::<16>());
    control
        .write(move |tx| {
            attempts::forgive(tx, &subjects, now)?;
            if let Some(old) = old {
                sessions::delete(tx, &old)?;
            }
            begin(tx, &hash, &administrator.id, now)?;
            let who = (&administrator.id, administrator.username.as_str());
            record(tx, "session.started", who, (now, credentials.source), &salt)
        })
        .await?;
    Ok(token)
}

/// Who is signed in by this token, if anybody. Notes the use.
pub async fn find(control: &Store, token: &Token, now: Timestamp) -> Result<Option<SignedIn>, StoreError> {
    let hash = token.hash();
    let Some(session) = current(control, hash, now).await? else { return Ok(None) };
    if now.duration_since(session.last_seen_at) >= NOTED {
        control.write_relaxed(move |tx| sessions::touch(tx, &hash, now)).await?;
    }
    Ok(Some(SignedIn { administrator: session.administrator, username: session.username }))
}

/// Whether a session still holds. Asking is no use of it: a page that is only open keeps nobody signed in.
pub async fn holds(control: &Store, token: &Token, now: Timestamp) -> Result<bool, StoreError> {
    Ok(current(control, token.hash(), now).await?.is_some())
}

async fn current(control: &Store, hash: [u8; 32], now: Timestamp) -> Result<Option<Session>, StoreError> {
    let session = control.read(move |tx| sessions::find(tx, &hash)).await?;
    Ok(session.filter(|session| session.expires_at > now && now.duration_since(session.last_seen_at) < IDLE))
}

/// Ends a session; `source` is where the request came from.
pub async fn end(
    control: &Store,
    entropy: &Entropy,
    token: &Token,
    (now, source): (Timestamp, IpAddr),
) -> Result<(), StoreError> {
    let (hash, salt) = (token.hash(), entropy.bytes::<16>());
    control
        .write(move |tx| {
            let session = sessions::find(tx, &hash)?;
            sessions::delete(tx, &hash)?;
            match session {
                Some(session) => {
                    record(tx, "session.ended", (&session.administrator, &session.username), (now, source), &salt)
                }
                None => Ok(()),
            }
        })
        .await
}

/// Stores a session that begins now, and removes those that are over.
pub(super) fn begin(
    tx: &mut Tx,
    token_hash: &[u8; 32],
    administrator: &AdministratorId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let idle_since = now.saturating_sub(IDLE).unwrap_or(Timestamp::MIN);
    sessions::delete_over(tx, now, idle_since)?;
    let expires_at = now.saturating_add(LONGEST).unwrap_or(Timestamp::MAX);
    sessions::insert(tx, token_hash, administrator, now, expires_at)?;
    administrators::note_sign_in(tx, administrator, now)
}

/// Records in the audit chain of the installation what an administrator did about their own entry.
pub(super) fn record(
    tx: &mut Tx,
    kind: &'static str,
    (administrator, username): (&AdministratorId, &str),
    (at, source): (Timestamp, IpAddr),
    salt: &[u8; 16],
) -> Result<(), StoreError> {
    let actor = Actor::Administrator { id: administrator.clone(), username: username.to_owned(), source: Some(source) };
    let event = NewEvent {
        at,
        actor: actor.as_subject(),
        kind,
        subject: administrator.to_string(),
        detail: "{}".to_owned(),
        personal: String::new(),
    };
    events::append(tx, &event, salt).map(drop)
}
