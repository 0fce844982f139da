//! The one-time link that creates the administrator: printed at start, good for 24 hours, used once, and worth nothing
//! as soon as there is an administrator. Showing the page uses nothing up; only the form does.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use crate::auth::passwords::{HashFailed, NewPassword, Passwords};
use crate::auth::sessions;
use crate::auth::token::Token;
use crate::auth::username::Username;
use crate::id::{AdministratorId, Entropy};
use crate::store::control::administrators::{self, Administrator};
use crate::store::control::setup_links;
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::tx::Tx;

/// How long a link is good.
pub const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Whether a link can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// It can.
    Good,
    /// It was used, or an administrator was created in another way.
    Used,
    /// Its time is over.
    Expired,
    /// There never was such a link.
    Unknown,
}

/// Why a link created nobody.
#[derive(Debug, Error)]
pub enum UseLinkError {
    /// It cannot be used.
    #[error("the set-up link cannot be used: {0:?}")]
    Link(LinkState),
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashFailed),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a link while there is no administrator: the path `/setup/TOKEN`, to be printed behind the server's address.
/// `None` when there is one already. Links made earlier stay good, so that several nodes can each print one.
pub async fn create_link(control: &Store, entropy: &Entropy, now: Timestamp) -> Result<Option<String>, StoreError> {
    let token = Token::new(entropy);
    let hash = token.hash();
    let made = control
        .write(move |tx| {
            if administrators::count(tx)? > 0 {
                return Ok(false);
            }
            setup_links::insert(tx, &hash, now, now.saturating_add(GOOD_FOR).unwrap_or(Timestamp::MAX))?;
            Ok(true)
        })
        .await?;
    Ok(made.then(|| format!("/setup/{}", token.expose())))
}

/// Whether a link can be used.
pub async fn link_state(control: &Store, token: &Token, now: Timestamp) -> Result<LinkState, StoreError> {
    let hash = token.hash();
    control.read(move |tx| state(tx, &hash, now)).await
}

/// Whether anybody can sign in yet.
pub async fn has_administrator(control: &Store) -> Result<bool, StoreError> {
    control.read(|tx| Ok(administrators::count(tx)? > 0)).await
}

/// Uses the link: creates the administrator, signs them in, and makes every other link worthless.
pub async fn use_link(
    control: &Store,
    (passwords, entropy): (&Passwords, &Entropy),
    link: &Token,
    (username, password): (Username, NewPassword),
    (now, source): (Timestamp, IpAddr),
) -> Result<Token, UseLinkError> {
    let link = link.hash();
    // Looked at before the hashing, which is work that a stranger should not be able to cause.
    match control.read(move |tx| state(tx, &link, now)).await? {
        LinkState::Good => {}
        state => return Err(UseLinkError::Link(state)),
    }
    let administrator = Administrator {
        id: AdministratorId::new(entropy, now),
        username: username.as_str().to_owned(),
        password_hash: passwords.hash(password).await?,
        last_sign_in_at: None,
    };
    let session = Token::new(entropy);
    let (session_hash, salts) = (session.hash(), [entropy.bytes::<16>(), entropy.bytes::<16>()]);
    let used = control
        .write(move |tx| {
            let state = state(tx, &link, now)?;
            if state != LinkState::Good || !setup_links::take(tx, &link, now)? {
                return Ok(Err(state));
            }
            administrators::insert(tx, &administrator, &username.key(), now)?;
            setup_links::expire_others(tx, now)?;
            let Administrator { id, username, .. } = &administrator;
            sessions::record(tx, "administrator.created", (id, username), (now, source), &salts[0])?;
            sessions::begin(tx, &session_hash, id, now)?;
            sessions::record(tx, "session.started", (id, username), (now, source), &salts[1])?;
            Ok(Ok(()))
        })
        .await?;
    used.map(|()| session).map_err(UseLinkError::Link)
}

fn state(tx: &mut Tx, token_hash: &[u8; 32], now: Timestamp) -> Result<LinkState, StoreError> {
    let Some(link) = setup_links::find(tx, token_hash)? else { return Ok(LinkState::Unknown) };
    Ok(if link.used_at.is_some() || administrators::count(tx)? > 0 {
        LinkState::Used
    } else if link.expires_at <= now {
        LinkState::Expired
    } else {
        LinkState::Good
    })
}
