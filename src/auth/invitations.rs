//! Invitations: a one-time link for a mirrored person whom their role admits, and coming in by it with a username and a
//! password of their own. The link is tied to the account; the role is looked at again when it is used.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use crate::auth::passwords::{HashFailed, NewPassword, Passwords};
use crate::auth::sessions;
use crate::auth::token::Token;
use crate::auth::username::Username;
use crate::id::{AdministratorId, Entropy, OrganizationId};
use crate::mirror::Mirror;
use crate::mirror::app_access::{self, Admits, By};
use crate::mirror::mirrors::Mirrors;
use crate::nouns::context::Context;
use crate::nouns::event::NewEvent;
use crate::store::control::administrators::{self, Administrator};
use crate::store::control::invitations::{self, Invitation};
use crate::store::control::{admissions, sessions as stored_sessions};
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::events;
use crate::store::tx::Tx;

/// How long a link is good.
pub const GOOD_FOR: SignedDuration = SignedDuration::from_hours(72);

/// Why somebody was not invited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotInvited {
    /// The mirror does not know the account.
    NotMirrored,
    /// No role of theirs admits them.
    NoRole,
    /// Their roles were not read.
    RolesNotRead,
}

/// Why a link lets nobody in.
#[derive(Debug, Error)]
pub enum NotAdmitted {
    /// It was used, has expired, or never was.
    #[error("the link cannot be used")]
    Link,
    /// The person's roles do not admit them any more, or were not read.
    #[error("no role admits them")]
    Role,
    /// Another administrator has this username.
    #[error("the username is taken")]
    UsernameTaken,
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashFailed),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Invites a mirrored person: the path of the link. Links made for them earlier are worth nothing from now on.
pub async fn invite(
    control: &Store,
    context: &Context,
    (mirror, account_id): (&Mirror, &str),
    entropy: &Entropy,
) -> Result<Result<String, NotInvited>, StoreError> {
    match admitted(mirror, account_id).await? {
        Ok(_) => {}
        Err(why) => return Ok(Err(why)),
    }
    let token = Token::new(entropy);
    let (hash, now, salt) = (token.hash(), context.now, entropy.bytes());
    let (organization, account_id, actor) =
        (mirror.organization().id.clone(), account_id.to_owned(), context.actor.as_subject());
    let expires_at = now.saturating_add(GOOD_FOR).unwrap_or(Timestamp::MAX);
    let made = control.write(move |tx| {
        invitations::insert(tx, &hash, (&organization, &account_id), (now, expires_at))?;
        let event = NewEvent {
            at: now,
            actor,
            kind: "entry.invited",
            subject: account_id,
            detail: "{}".to_owned(),
            personal: String::new(),
        };
        events::append(tx, &event, &salt).map(drop)
    });
    made.await?;
    Ok(Ok(format!("/invitation/{}", token.expose())))
}

/// Whether the mirror admits an account, and by what.
async fn admitted(mirror: &Mirror, account_id: &str) -> Result<Result<By, NotInvited>, StoreError> {
    let switches = mirror.store().read(app_access::read).await?.switches;
    let snapshot = mirror.current();
    let Some(account) = snapshot.account(account_id) else { return Ok(Err(NotInvited::NotMirrored)) };
    Ok(match app_access::admits(&snapshot, switches, account) {
        Admits::Yes(by) => Ok(by),
        Admits::No => Err(NotInvited::NoRole),
        Admits::Unknown => Err(NotInvited::RolesNotRead),
    })
}

/// The invitation of a link that can be used now.
pub async fn good(control: &Store, token: &Token, now: Timestamp) -> Result<Option<Invitation>, StoreError> {
    let hash = token.hash();
    let found = control.read(move |tx| invitations::find(tx, &hash)).await?;
    Ok(found.filter(|invitation| invitation.used_at.is_none() && invitation.expires_at > now))
}

/// Comes in by a link: makes the administrator, or gives one of this account another username and password, and begins a
/// session. Sessions of before end.
pub async fn accept(
    mirrors: &Mirrors,
    (passwords, entropy): (&Passwords, &Entropy),
    link: &Token,
    (username, password): (Username, NewPassword),
    (now, source): (Timestamp, IpAddr),
) -> Result<Token, NotAdmitted> {
    let control = mirrors.control();
    let Some(invitation) = good(control, link, now).await? else { return Err(NotAdmitted::Link) };
    let Some(mirror) = mirrors.get(&invitation.organization) else { return Err(NotAdmitted::Link) };
    if admitted(&mirror, &invitation.account_id).await?.is_err() {
        return Err(NotAdmitted::Role);
    }
    let password_hash = passwords.hash(password).await?;
    let session = Token::new(entropy);
    let (link, session_hash, salts) = (link.hash(), session.hash(), [entropy.bytes::<16>(), entropy.bytes::<16>()]);
    let fresh = AdministratorId::new(entropy, now);
    let Invitation { organization, account_id, .. } = invitation;
    let made = control
        .write(move |tx| {
            if !invitations::take(tx, &link, now)? {
                return Ok(false);
            }
            let entering = Entering { fresh, username: &username, password_hash };
            let administrator = enter(tx, entering, (&organization, &account_id), now)?;
            let Administrator { id, username, .. } = &administrator;
            sessions::record(tx, "administrator.admitted", (id, username), (now, source), &salts[0])?;
            sessions::begin(tx, &session_hash, id, now)?;
            sessions::record(tx, "session.started", (id, username), (now, source), &salts[1])?;
            Ok(true)
        })
        .await;
    match made {
        Ok(true) => Ok(session),
        Ok(false) => Err(NotAdmitted::Link),
        Err(StoreError::Conflict { .. }) => Err(NotAdmitted::UsernameTaken),
        Err(error) => Err(error.into()),
    }
}

/// Who comes in.
struct Entering<'a> {
    /// The id of somebody who has none yet.
    fresh: AdministratorId,
    username: &'a Username,
    password_hash: String,
}

fn enter(
    tx: &mut Tx,
    Entering { fresh, username, password_hash }: Entering<'_>,
    (organization, account_id): (&OrganizationId, &str),
    now: Timestamp,
) -> Result<Administrator, StoreError> {
    let known = admissions::find(tx, organization, account_id)?;
    let id = known.as_ref().map_or(fresh, |known| known.administrator.clone());
    let administrator =
        Administrator { id, username: username.as_str().to_owned(), password_hash, last_sign_in_at: None };
    match known {
        Some(_) => {
            administrators::replace(tx, &administrator, &username.key())?;
            stored_sessions::delete_of(tx, &administrator.id)?;
        }
        None => administrators::insert(tx, &administrator, &username.key(), now)?,
    }
    admissions::admit(tx, &administrator.id, (organization, account_id), now)?;
    Ok(administrator)
}
