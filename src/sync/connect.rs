//! Connecting an organization: checking a key against what it answers for, storing it sealed, starting the first sync;
//! and making the client that a pass reads with.

use std::time::Duration;

use atlassian::api_keys;
use atlassian::call::Class;
use atlassian::client::Client;
use atlassian::config::{Config, Limits};
use atlassian::organizations;
use atlassian::pace::LearnedLimit;
use atlassian::scope::Scope;
use atlassian::secret::Secret;
use atlassian::users::{self, UserFilter};
use clock::Clock;
use jiff::{SignedDuration, Timestamp};

use crate::id::{Entropy, KeyId, OrganizationId};
use crate::mirror::Mirror;
use crate::mirror::mirrors::Mirrors;
use crate::nouns::context::Context;
use crate::nouns::event::NewEvent;
use crate::nouns::organization::Organization;
use crate::nouns::organization_key::OrganizationKey;
use crate::nouns::refusal::Refusal;
use crate::nouns::run::RunKind;
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::organization_keys::{self, CannotOpen, SealingKey};
use crate::store::settings::{self, Setting};
use crate::store::{events, jobs, quota};
use crate::sync::explain;
use crate::sync::request::{self, Ask};

/// The setting of whose the organization API key is: an account id, `elsewhere`, or empty while nobody has said.
pub const KEY_OWNER: &str = "key_owner";
/// The setting that says what the key is limited to, as far as Atlassian lists it.
pub const KEY_SCOPES: &str = "key_scopes";

/// How the network is reached.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// Address of an HTTP proxy.
    pub proxy: Option<String>,
    /// Further trusted certificate authorities, PEM.
    pub certificate_authority: Option<Vec<u8>>,
}

/// Connects organizations. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Connector {
    mirrors: Mirrors,
    clock: Clock,
    pub(super) entropy: Entropy,
    pub(super) sealing: SealingKey,
    network: Network,
    time_zone: String,
}

/// What a key answers for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundOrganization {
    /// Atlassian's id.
    pub atlassian_id: String,
    /// Its name.
    pub name: String,
    /// The organization's keys, where the key may read them.
    pub keys: Option<Vec<KnownKey>>,
}

/// A key that Atlassian lists. Nothing there marks the one that asked: the administrator picks it by label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownKey {
    /// Atlassian's id of the key.
    pub id: String,
    /// Its label.
    pub label: String,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// The account id of whoever made it.
    pub made_by: Option<String>,
    /// What it is limited to; nothing for a key without scopes.
    pub scopes: Vec<String>,
}

/// A key as it was entered.
#[derive(Clone, Debug)]
pub struct EnteredKey {
    /// Where the APIs are.
    pub base_url: String,
    /// The key.
    pub secret: String,
    /// The label it has at Atlassian.
    pub label: String,
    /// When it expires, as far as known.
    pub expires_at: Option<Timestamp>,
}

impl Connector {
    /// A connector for an installation.
    pub fn new(
        mirrors: Mirrors,
        (clock, entropy): (Clock, Entropy),
        sealing: SealingKey,
        network: Network,
        time_zone: String,
    ) -> Connector {
        Connector { mirrors, clock, entropy, sealing, network, time_zone }
    }

    /// Asks Atlassian what a key answers for, and whether it may read what a sync reads. Stores nothing.
    pub async fn check(&self, base_url: &str, key: &str) -> Result<FoundOrganization, Refusal> {
        let found = self.ask(base_url, key).await?;
        let (client, scope) = (self.asking(base_url, key)?, Scope::every_directory(&found.atlassian_id));
        let counted = users::count(&client, &scope, Class::PreOperation, &UserFilter::default()).await;
        counted.map(|_| found).map_err(|error| explain::key(&error, key))
    }

    /// Asks Atlassian what a key answers for.
    async fn ask(&self, base_url: &str, key: &str) -> Result<FoundOrganization, Refusal> {
        ask(&self.asking(base_url, key)?, key).await
    }

    /// The control database: who signs in, and so may approve.
    pub fn control(&self) -> &Store {
        self.mirrors.control()
    }

    /// The moment, for what is kept about checks.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A client for somebody who waits before a page.
    fn asking(&self, base_url: &str, key: &str) -> Result<Client, Refusal> {
        let config = Config { limits: patience(), ..self.config(base_url, key) };
        Client::new(config).map_err(|error| explain::key(&error, key))
    }

    /// Asks once more what a key answers for, stores it sealed with its organization, and starts the first sync.
    pub async fn save(&self, context: &Context, entered: EnteredKey) -> Result<Mirror, Refusal> {
        let found = self.ask(&entered.base_url, &entered.secret).await?;
        let listed = listed(&found, &entered.label);
        let organization = Organization {
            id: OrganizationId::new(&self.entropy, context.now),
            atlassian_id: found.atlassian_id,
            name: found.name,
            base_url: entered.base_url.clone(),
            time_zone: self.time_zone.clone(),
            created_at: context.now,
        };
        let mirror = self.mirrors.create(organization).await.map_err(failed)?;
        self.store_key(context, &mirror, (entered, listed)).await.map_err(failed)?;
        if mirror.current().generation() == 0 {
            request::start(context, &mirror, Ask::everything(RunKind::Initial), (None, &self.entropy))
                .await
                .map_err(failed)?;
        }
        Ok(mirror)
    }

    /// Asks Atlassian whether a key may take the place of an organization's: it has to answer for the same one. Stores
    /// nothing.
    pub async fn check_successor(&self, mirror: &Mirror, key: &str) -> Result<FoundOrganization, Refusal> {
        let found = self.check(&mirror.organization().base_url, key).await?;
        if found.atlassian_id == mirror.organization().atlassian_id {
            return Ok(found);
        }
        Err(Refusal::new(
            "The key was not replaced.",
            format!("The new key answers for another organization, {}.", found.name),
            format!("Make a key in the settings of {}.", mirror.organization().name),
        ))
    }

    /// Puts a new key in the place of an organization's, after checking it against the same organization. A run that
    /// waits for a key that works, or whose key is refused from now on, goes on with the new one where it stood.
    pub async fn replace(&self, context: &Context, mirror: &Mirror, entered: EnteredKey) -> Result<(), Refusal> {
        let found = self.check_successor(mirror, &entered.secret).await?;
        let listed = listed(&found, &entered.label);
        self.store_key(context, mirror, (entered, listed)).await.map_err(failed)
    }

    /// The client of an organization, with its stored key and what was learned about limits.
    ///
    /// # Errors
    /// There is no key, it cannot be opened, or the network is configured wrongly.
    pub async fn client_of(&self, mirror: &Mirror) -> Result<Client, Refusal> {
        self.client_within(mirror, Limits::default()).await
    }

    /// The same for somebody who waits before a page: it gives up after seconds.
    ///
    /// # Errors
    /// Likewise.
    pub async fn client_for_look_up(&self, mirror: &Mirror) -> Result<Client, Refusal> {
        self.client_within(mirror, patience()).await
    }

    async fn client_within(&self, mirror: &Mirror, patience: Limits) -> Result<Client, Refusal> {
        let (id, sealing) = (mirror.organization().id.clone(), self.sealing.clone());
        let (key, limits) = mirror
            .store()
            .read(move |tx| Ok((organization_keys::current(tx, &id, &sealing)?, quota::all(tx)?)))
            .await
            .map_err(failed)?;
        let secret = match key {
            Some((stored, Ok(_))) if is_over(stored.expires_at, self.clock.now()) => {
                let on = stored.expires_at.map(|at| at.strftime("%-d %b %Y").to_string()).unwrap_or_default();
                return Err(Refusal::new(
                    "Nothing can be read from Atlassian.",
                    format!("The organization API key …{} expired on {on}.", stored.last_four),
                    "Replace the key: what waits goes on by itself then.",
                ));
            }
            Some((_, Ok(secret))) => secret,
            Some((_, Err(CannotOpen::OtherKey { sealed_with, at_hand }))) => {
                return Err(Refusal::new(
                    "The organization API key cannot be opened.",
                    format!("It was sealed with the key file {sealed_with}; the one at hand is {at_hand}."),
                    "Start Rollcall with that key file, or replace the organization API key.",
                ));
            }
            Some((_, Err(CannotOpen::Damaged))) => {
                return Err(Refusal::new(
                    "The organization API key cannot be opened.",
                    "Its stored form is damaged.",
                    "Replace the organization API key.",
                ));
            }
            None => {
                return Err(Refusal::new(
                    "Nothing can be read from Atlassian.",
                    "No organization API key is stored.",
                    "Enter a key.",
                ));
            }
        };
        let limits = limits
            .into_iter()
            .map(|limit| LearnedLimit {
                endpoint: limit.endpoint,
                limit: Some(limit.limit),
                window: Some(Duration::from_micros(limit.window_microseconds.unsigned_abs())),
                remaining: None,
                resets_at: None,
                requests_per_second: 2.0,
                learned_at: limit.learned_at,
            })
            .collect();
        let config =
            Config { quota: limits, limits: patience, ..self.config(&mirror.organization().base_url, &secret) };
        Client::new(config).map_err(|error| explain::key(&error, &secret))
    }

    /// The configuration of a client, as this installation reaches the network.
    pub(super) fn config(&self, base_url: &str, key: &str) -> Config {
        let mut config = Config::new(base_url.trim_end_matches('/'), Secret::new(key), self.clock.clone());
        config.agent = concat!("rollcall/", env!("CARGO_PKG_VERSION")).to_owned();
        config.seed = u64::from_le_bytes(self.entropy.bytes());
        config.proxy = self.network.proxy.clone();
        config.certificate_authority_pem = self.network.certificate_authority.clone();
        config
    }

    async fn store_key(
        &self,
        context: &Context,
        mirror: &Mirror,
        (entered, listed): (EnteredKey, Option<KnownKey>),
    ) -> Result<(), StoreError> {
        let letters: Vec<char> = entered.secret.chars().collect();
        let key = OrganizationKey {
            id: KeyId::new(&self.entropy, context.now),
            label: entered.label,
            last_four: letters.iter().skip(letters.len().saturating_sub(4)).collect(),
            entered_by: context.actor.as_text(),
            entered_at: context.now,
            expires_at: entered.expires_at,
        };
        let (organization, entropy, sealing) =
            (mirror.organization().id.clone(), self.entropy.clone(), self.sealing.clone());
        let (secret, actor) = (entered.secret, context.actor.as_subject());
        let (by, at) = (context.actor.as_text(), context.now);
        let setting = |value: String| Setting { value, changed_by: by.clone(), changed_at: at };
        let scopes = setting(listed.as_ref().map_or_else(String::new, |key| key.scopes.join(" ")));
        let owner = setting(listed.and_then(|key| key.made_by).unwrap_or_default());
        mirror
            .store()
            .write(move |tx| {
                organization_keys::replace(tx, &organization, &key, &secret, (&sealing, &entropy))?;
                // A run that waits for a key that works goes on with this one.
                jobs::make_due(tx, key.entered_at)?;
                // Whose the key before was says nothing about this one.
                settings::put(tx, KEY_OWNER, &owner)?;
                settings::put(tx, KEY_SCOPES, &scopes)?;
                let expires = key.expires_at.map_or("null".to_owned(), |at| format!("\"{at}\""));
                let event = NewEvent {
                    at: key.entered_at,
                    actor,
                    kind: "organization_key.saved",
                    subject: key.id.to_string(),
                    detail: format!(r#"{{"expires_at":{expires}}}"#),
                    personal: String::new(),
                };
                events::append(tx, &event, &entropy.bytes())?;
                Ok(())
            })
            .await
    }
}

/// Bounds for a check that somebody waits for: seconds, not the quarter of an hour that a pass would wait.
pub(super) fn patience() -> Limits {
    Limits {
        connect: Duration::from_secs(10),
        read: Duration::from_secs(20),
        exchange: Duration::from_secs(30),
        body: 8 << 20,
        max_wait: Duration::from_secs(5),
        attempts: 2,
        ..Limits::default()
    }
}

/// Whether an expiry is over for certain. Of a key whose day alone is known it is not said when in that day it ends, so
/// the whole day counts as good, and Atlassian decides.
fn is_over(expires_at: Option<Timestamp>, now: Timestamp) -> bool {
    const DAY: i64 = 86_400;
    expires_at.is_some_and(|at| {
        let is_day = at.as_second().rem_euclid(DAY) == 0 && at.subsec_nanosecond() == 0;
        now.duration_since(at) > if is_day { SignedDuration::from_secs(DAY) } else { SignedDuration::ZERO }
    })
}

/// Asks Atlassian what the client's key answers for.
async fn ask(client: &Client, key: &str) -> Result<FoundOrganization, Refusal> {
    let listed = organizations::list(client, Class::PreOperation).all().await;
    let listed = listed.map_err(|error| explain::key(&error, key))?;
    let found = match listed.records.as_slice() {
        [] => {
            return Err(Refusal::new(
                "The key was not accepted.",
                "It answers for no organization.",
                "Make the key in the organization's own settings, as an organization admin.",
            ));
        }
        [one] => one,
        _ => {
            return Err(Refusal::new(
                "The key was not accepted.",
                "It answers for more than one organization.",
                "Make a key for one organization.",
            ));
        }
    };
    // Keys may be listed only by some keys: without the list the expiry is typed in.
    let keys = api_keys::list(client, Class::PreOperation, &found.id).all().await.ok().map(|keys| {
        (keys.records.iter())
            .map(|key| KnownKey {
                id: key.id.clone(),
                label: key.label.clone().unwrap_or_default(),
                expires_at: key.expires_at.as_ref().and_then(|moment| moment.instant()),
                made_by: key.created_by.as_ref().and_then(|maker| maker.id.clone()),
                scopes: key.scopes.clone().unwrap_or_default(),
            })
            .collect()
    });
    let name = found.attributes.name.clone().unwrap_or_else(|| found.id.clone());
    Ok(FoundOrganization { atlassian_id: found.id.clone(), name, keys })
}

/// The key of this label, when Atlassian lists exactly one of it.
fn listed(found: &FoundOrganization, label: &str) -> Option<KnownKey> {
    let mut named = found.keys.iter().flatten().filter(|key| key.label == label);
    let (first, second) = (named.next(), named.next());
    first.filter(|_| second.is_none()).cloned()
}

pub(super) fn failed(error: StoreError) -> Refusal {
    tracing::error!(%error, "connect.store");
    Refusal::new("Nothing was saved.", "The database failed.", "Look into the log, then try again.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_over_when_its_instant_is_past_or_its_whole_day_is() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert!(!is_over(None, Timestamp::MAX));
        assert!(is_over(Some(at("2026-12-01T10:30:00Z")), at("2026-12-01T10:30:01Z")));
        assert!(!is_over(Some(at("2026-12-01T10:30:00Z")), at("2026-12-01T10:30:00Z")));
        assert!(!is_over(Some(at("2026-12-01T00:00:00Z")), at("2026-12-01T23:00:00Z")));
        assert!(is_over(Some(at("2026-12-01T00:00:00Z")), at("2026-12-02T00:00:01Z")));
    }
}
