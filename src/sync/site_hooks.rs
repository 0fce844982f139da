//! Jira's user webhooks: an address per site, which takes signed messages about users that were created, updated or deleted,
//! each once, and lets those users be read again.
//!
//! A message says only that something happened to somebody. What it says of them is not believed: the site is asked.

use atlassian::config::Limits;
use directory::AccountId;
use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::id::HookId;
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::event::NewEvent;
use crate::nouns::run::RunKind;
use crate::nouns::scope::{Scope, Targets};
use crate::nouns::site_hook::SiteHook;
use crate::store::error::StoreError;
use crate::store::events;
use crate::store::site_hooks::{self, Due, Kept};
use crate::sync::connect::Connector;
use crate::sync::customers::{AccountsRead, read_accounts};
use crate::sync::pass::Surroundings;
use crate::sync::request::{self, Ask};

/// The longest message that is read, in bytes: one user.
pub const LARGEST: usize = 256 << 10;
/// Somebody who is changed several times in a row is read once, afterwards.
const SETTLES: SignedDuration = SignedDuration::from_secs(2);
/// How often a process looks whether anybody is due.
const LOOK: std::time::Duration = std::time::Duration::from_secs(2);
/// After an attempt that came to nothing; longer after each.
const LATER: SignedDuration = SignedDuration::from_secs(60);
/// Then the next daily reading finds them.
const ATTEMPTS: i64 = 5;
/// No account id and no identifier is longer.
const LONGEST: usize = 255;
/// What Jira calls the events that are taken.
const EVENTS: [&str; 3] = ["user_created", "user_updated", "user_deleted"];

/// A message as it came.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// `X-Hub-Signature`: `sha256=` and the HMAC of the body in hexadecimal digits.
    pub signature: Option<&'a str>,
    /// `X-Atlassian-Webhook-Identifier`, which stays the same when a message is repeated.
    pub identifier: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// Whom it names is read soon.
    Kept,
    /// It came before: nothing more happens.
    Known,
    /// It is signed, and about nothing that is taken.
    Ignored,
    /// It is not signed with the address's secret. Nothing of it was looked at.
    Unsigned,
    /// Nobody has this address.
    NoSuchAddress,
    /// Too many wait: it may come again later.
    Full,
}

/// Makes an address for a site, in place of the one it had. Gives its secret, which is shown once.
///
/// # Errors
/// The database failed.
pub async fn make(
    context: &Context,
    connector: &Connector,
    mirror: &Mirror,
    site: &str,
) -> Result<(SiteHook, String), StoreError> {
    let hook = SiteHook {
        id: HookId::new(&connector.entropy, context.now),
        site: site.to_owned(),
        made_by: context.actor.as_text(),
        made_at: context.now,
        received: 0,
        refused: 0,
        received_at: None,
    };
    let secret = connector.entropy.secret();
    let event = event(context, "site_hook.made", &hook.id, site);
    let (organization, sealing, entropy) =
        (mirror.organization().id.clone(), connector.sealing.clone(), connector.entropy.clone());
    let (kept, sealed) = (hook.clone(), secret.clone());
    mirror
        .store()
        .write(move |tx| {
            site_hooks::replace(tx, &organization, &kept, &sealed, (&sealing, &entropy))?;
            events::append(tx, &event, &entropy.bytes()).map(drop)
        })
        .await?;
    Ok((hook, secret))
}

/// Removes a site's address. Whether there was one.
///
/// # Errors
/// The database failed.
pub async fn remove(context: &Context, connector: &Connector, mirror: &Mirror, site: &str) -> Result<bool, StoreError> {
    let (context, site, salt) = (context.clone(), site.to_owned(), connector.entropy.bytes());
    mirror
        .store()
        .write(move |tx| {
            let known = site_hooks::list(tx)?.into_iter().find(|hook| hook.site == site);
            let Some(hook) = known.filter(|_| site_hooks::remove(tx, &site).unwrap_or_default()) else {
                return Ok(false);
            };
            events::append(tx, &event(&context, "site_hook.removed", &hook.id, &site), &salt)?;
            Ok(true)
        })
        .await
}

/// Takes a message that came to an address.
///
/// # Errors
/// The database failed: it may come again.
pub async fn receive(
    connector: &Connector,
    mirror: &Mirror,
    id: &HookId,
    message: Message<'_>,
) -> Result<Received, StoreError> {
    let (organization, sealing, asked) = (mirror.organization().id.clone(), connector.sealing.clone(), id.clone());
    let found = mirror.store().read(move |tx| site_hooks::secret(tx, &organization, &asked, &sealing)).await?;
    let Some((site, secret)) = found else { return Ok(Received::NoSuchAddress) };
    let id = id.clone();
    if !is_signed(&secret, message.signature, message.body) {
        mirror.store().write_relaxed(move |tx| site_hooks::refuse(tx, &id)).await?;
        return Ok(Received::Unsigned);
    }
    let account = account_of(message.body);
    let identifier = match message.identifier {
        Some(identifier) if !identifier.is_empty() && identifier.len() <= LONGEST => identifier.to_owned(),
        // Without one, the same body is the same message.
        _ => hexadecimal(&Sha256::digest(message.body)),
    };
    let now = connector.now();
    let due_at = now.checked_add(SETTLES).unwrap_or(now);
    let (named, is_about) = (account.clone(), account.is_some());
    let kept = mirror
        .store()
        .write(move |tx| site_hooks::keep(tx, (&id, &site), (&identifier, named.as_deref()), (now, due_at)))
        .await?;
    Ok(match kept {
        Kept::New if is_about => Received::Kept,
        Kept::New => Received::Ignored,
        Kept::Known => Received::Known,
        Kept::Full => Received::Full,
    })
}

/// Reads those again whom messages have named, one site at a time; whether there was anybody. Accounts of people are read
/// from the organization too.
///
/// # Errors
/// The database failed.
pub async fn read_due(mirror: &Mirror, connector: &Connector, surroundings: &Surroundings) -> Result<bool, StoreError> {
    let now = surroundings.clock.now();
    let Some(due) = mirror.store().read(move |tx| site_hooks::due(tx, now)).await? else { return Ok(false) };
    let ids: Vec<String> = due.accounts.iter().map(|(id, _)| id.clone()).collect();
    let read = read_accounts(connector, mirror, (&due.site, &ids), Limits::default()).await?;
    let (done, later): (Vec<_>, Vec<_>) = match read {
        AccountsRead::Read { .. } => (due.accounts, Vec::new()),
        AccountsRead::NotRead(_) => due.accounts.into_iter().partition(|(_, attempts)| *attempts + 1 >= ATTEMPTS),
    };
    let people: Vec<AccountId> =
        (done.iter()).filter(|(id, _)| !id.starts_with("qm:")).filter_map(|(id, _)| AccountId::new(id).ok()).collect();
    let attempt = later.iter().map(|(_, attempts)| attempts + 1).max().unwrap_or(1);
    let until = now.checked_add(LATER * attempt as i32).unwrap_or(now);
    let (done, later) = (Due { site: due.site.clone(), accounts: done }, Due { site: due.site, accounts: later });
    let entropy = surroundings.entropy.clone();
    mirror
        .store()
        .write(move |tx| {
            site_hooks::take(tx, &done)?;
            site_hooks::delay(tx, &later, until)?;
            if !people.is_empty() {
                let targets = Targets { people, groups: Vec::new() };
                let ask = Ask::scoped(RunKind::Webhook, Scope::Targeted(targets));
                request::start_within(tx, &Context { actor: Actor::System, now }, ask, (None, &entropy))?;
            }
            Ok(())
        })
        .await?;
    Ok(true)
}

/// Reads whoever is due, until the task is dropped.
pub async fn watch(mirror: Mirror, connector: Connector, surroundings: Surroundings) {
    loop {
        match read_due(&mirror, &connector, &surroundings).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, organization = %mirror.organization().id, "site_hooks.read"),
        }
        surroundings.clock.sleep(LOOK).await;
    }
}

fn event(context: &Context, kind: &'static str, id: &HookId, site: &str) -> NewEvent {
    NewEvent {
        at: context.now,
        actor: context.actor.as_subject(),
        kind,
        subject: id.to_string(),
        detail: serde_json::json!({ "site": site }).to_string(),
        personal: String::new(),
    }
}

/// Whether a body was signed with a secret. It takes as long whatever is wrong.
fn is_signed(secret: &str, signature: Option<&str>, body: &[u8]) -> bool {
    let told = signature.and_then(|signature| signature.trim().strip_prefix("sha256=")).and_then(bytes);
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    told.is_some_and(|told| mac.verify_slice(&told).is_ok())
}

/// Whom a message is about, if it is about a user.
fn account_of(body: &[u8]) -> Option<String> {
    let message: Value = serde_json::from_slice(body).ok()?;
    let event = message["webhookEvent"].as_str()?;
    let id = message["user"]["accountId"].as_str()?;
    let is_taken = EVENTS.contains(&event) && !id.is_empty() && id.len() <= LONGEST && !id.contains(char::is_control);
    is_taken.then(|| id.to_owned())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hexadecimal: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = hexadecimal.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() == 64)?;
    Some(digits.chunks_exact(2).filter_map(|pair| u8::try_from(pair.first()? * 16 + pair.last()?).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_believed_only_with_the_mac_of_its_secret() {
        // From Jira's description of its webhooks.
        let (secret, body) = ("It's a Secret to Everybody", b"Hello World!");
        let good = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";
        assert!(is_signed(secret, Some(good), body));
        assert!(is_signed(secret, Some(&good.to_uppercase().replace("SHA256", "sha256")), body));
        for wrong in [None, Some(""), Some("sha256="), Some(&good[..70]), Some(&good[7..]), Some("sha256=zz")] {
            assert!(!is_signed(secret, wrong, body), "{wrong:?}");
        }
        assert!(!is_signed(secret, Some(good), b"Hello World?") && !is_signed("another", Some(good), body));
    }

    #[test]
    fn only_what_is_about_a_user_names_somebody() {
        let of =
            |event: &str, user: &str| account_of(format!(r#"{{"webhookEvent":"{event}","user":{user}}}"#).as_bytes());
        assert_eq!(of("user_created", r#"{"accountId":"qm:1"}"#).as_deref(), Some("qm:1"));
        for (event, user) in [
            ("jira:issue_created", r#"{"accountId":"a-1"}"#),
            ("user_updated", "{}"),
            ("user_deleted", r#"{"accountId":""}"#),
            ("user_deleted", r#"{"accountId":7}"#),
            ("user_deleted", r#"{"accountId":"a\n"}"#),
        ] {
            assert_eq!(of(event, user), None, "{event} {user}");
        }
        assert_eq!(account_of(b"no json"), None);
    }
}
