//! Credentials of sites: checking one against the site it is for, keeping it sealed, asking again what it may read,
//! removing it.
//!
//! A token goes nowhere but to a site that the organization's own workspaces name, or to Atlassian's gateway, and never
//! before the site has said by its cloud id that it is that one.

use atlassian::call::Class;
use atlassian::config::{Config, Limits};
use atlassian::error::Error;
use atlassian::site::{SiteClient, behind_gateway};
use atlassian::{customer_organizations, myself, service_desks, site_users, tenant_info};
use directory::Snapshot;
use jiff::Timestamp;

use crate::id::CredentialId;
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::event::NewEvent;
use crate::nouns::organization_key::Validity;
use crate::nouns::refusal::Refusal;
use crate::nouns::site::Site;
use crate::nouns::site_credential::{Door, Granted, Right, SiteCredential, Standing};
use crate::store::error::StoreError;
use crate::store::{events, site_credentials};
use crate::sync::connect::{Connector, patience};
use crate::sync::explain;

/// A credential as it was entered.
#[derive(Clone)]
pub struct EnteredToken {
    /// The site's cloud id.
    pub cloud_id: String,
    /// Whose token it is.
    pub email: String,
    /// The token.
    pub token: String,
    /// When it expires, as far as known.
    pub expires_at: Option<Timestamp>,
}

/// What a site said to a credential that was entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedToken {
    /// The site.
    pub site: Site,
    /// The site's address, as it was asked.
    pub address: String,
    /// The name of the account that the token is of.
    pub account: String,
    /// What it may read, and where it is taken.
    pub standing: Standing,
}

const NOT_ACCEPTED: &str = "The token was not accepted.";
const NOT_READ: &str = "The site was not read.";
const NOT_CHECKED: &str = "The token could not be checked.";
/// How organizations' keys begin; users' API tokens begin otherwise.
const ORGANIZATION_KEY: &str = "ATCTT3";

/// Asks the site whether it is the one, whose the token is, and what it may read, one right after the other. Stores
/// nothing.
pub async fn check(connector: &Connector, mirror: &Mirror, entered: &EnteredToken) -> Result<CheckedToken, Refusal> {
    let site = site(&mirror.current(), &entered.cloud_id)?;
    let base = &mirror.organization().base_url;
    let address = address_of(&site, base).map_err(|why| {
        let next = "Nothing was sent. Let a sync read the organization's sites, then try again.";
        Refusal::new(NOT_CHECKED, why, next)
    })?;
    let at = |address: &str| client(connector, (base, address), (&entered.email, &entered.token), patience());
    let asking = at(&address)?;
    prove(&asking, &site, &address).await?;
    let (asking, door, me) = match myself::read(&asking, Class::PreOperation).await {
        Ok(me) => (asking, Door::Address, me),
        // A token with scopes is refused at the site's own address, like a wrong one.
        Err(error) if error.is_unauthorized() => {
            let behind = at(&behind_gateway(base, &site.cloud_id))?;
            match myself::read(&behind, Class::PreOperation).await {
                Ok(me) => (behind, Door::Gateway, me),
                Err(other) if other.is_unauthorized() || other.is_not_found() => return Err(refused(&error, entered)),
                Err(other) => return Err(refused(&other, entered)),
            }
        }
        Err(error) => return Err(refused(&error, entered)),
    };
    if me.value.active == Some(false) {
        return Err(Refusal::new(
            NOT_ACCEPTED,
            format!("The account of {} is not active on {}.", entered.email, site.name),
            "Use the token of somebody who administers the site. Nothing was saved.",
        ));
    }
    let rights = rights(&asking, &site).await;
    if rights.iter().all(|(_, granted)| matches!(granted, Granted::No | Granted::NothingThere)) {
        return Err(Refusal::new(
            NOT_ACCEPTED,
            format!("{} may read nothing on {} that contacts need.", entered.email, site.name),
            "Use the token of somebody who may browse users, or who is an agent of the service desks. Nothing was saved.",
        ));
    }
    let account = me.value.display_name.unwrap_or(me.value.account_id);
    let standing = Standing { checked_at: connector.now(), door, rights, refused: None };
    Ok(CheckedToken { site, address, account, standing })
}

/// Stores a checked credential sealed, in place of the one that its site had.
pub async fn save(
    connector: &Connector,
    context: &Context,
    mirror: &Mirror,
    (entered, checked): (&EnteredToken, &CheckedToken),
) -> Result<(), StoreError> {
    let letters: Vec<char> = entered.token.chars().collect();
    let credential = SiteCredential {
        id: CredentialId::new(&connector.entropy, context.now),
        site: checked.address.clone(),
        cloud_id: checked.site.cloud_id.clone(),
        email: entered.email.clone(),
        last_four: letters.iter().skip(letters.len().saturating_sub(4)).collect(),
        standing: checked.standing.clone(),
        entered_by: context.actor.as_text(),
        entered_at: context.now,
        expires_at: entered.expires_at,
    };
    let detail = serde_json::json!({
        "site": credential.cloud_id,
        "expires_at": credential.expires_at.map(|at| at.to_string()),
    });
    let (actor, token) = (context.actor.as_subject(), entered.token.clone());
    let (organization, entropy, sealing) =
        (mirror.organization().id.clone(), connector.entropy.clone(), connector.sealing.clone());
    mirror
        .store()
        .write(move |tx| {
            let had = site_credentials::in_use(tx)?.iter().any(|known| known.cloud_id == credential.cloud_id);
            site_credentials::replace(tx, &organization, &credential, &token, (&sealing, &entropy))?;
            let event = NewEvent {
                at: credential.entered_at,
                actor,
                kind: if had { "site_credential.replaced" } else { "site_credential.saved" },
                subject: credential.id.to_string(),
                detail: detail.to_string(),
                personal: credential.email.clone(),
            };
            events::append(tx, &event, &entropy.bytes()).map(drop)
        })
        .await
}

/// Removes a site's credential, and its token for good. Whether there was one.
pub async fn remove(
    connector: &Connector,
    context: &Context,
    mirror: &Mirror,
    cloud_id: &str,
) -> Result<bool, StoreError> {
    let (cloud_id, now) = (cloud_id.to_owned(), context.now);
    let (actor, salt) = (context.actor.as_subject(), connector.entropy.bytes());
    mirror
        .store()
        .write(move |tx| {
            let known = site_credentials::in_use(tx)?.into_iter().find(|known| known.cloud_id == cloud_id);
            let Some(known) = known else { return Ok(false) };
            site_credentials::remove(tx, &cloud_id, now)?;
            let event = NewEvent {
                at: now,
                actor,
                kind: "site_credential.removed",
                subject: known.id.to_string(),
                detail: serde_json::json!({ "site": cloud_id }).to_string(),
                personal: known.email,
            };
            events::append(tx, &event, &salt)?;
            Ok(true)
        })
        .await
}

/// Asks a site what its stored credential may read now. Stores nothing. `None` when it has none.
pub async fn ask_again(
    connector: &Connector,
    mirror: &Mirror,
    cloud_id: &str,
) -> Result<Option<SiteCredential>, StoreError> {
    let (organization, sealing, id) =
        (mirror.organization().id.clone(), connector.sealing.clone(), cloud_id.to_owned());
    let stored = mirror.store().read(move |tx| site_credentials::current(tx, &organization, &id, &sealing)).await?;
    let Some((mut credential, token)) = stored else { return Ok(None) };
    let refused = match token {
        Ok(token) => {
            let entered = EnteredToken {
                cloud_id: cloud_id.to_owned(),
                email: credential.email.clone(),
                token,
                expires_at: credential.expires_at,
            };
            match check(connector, mirror, &entered).await {
                Ok(checked) => {
                    credential.standing = checked.standing;
                    return Ok(Some(credential));
                }
                Err(_) if credential.validity(connector.now()) == Validity::Expired => {
                    "The token has expired. Make another and replace it.".to_owned()
                }
                Err(refusal) => refusal.why,
            }
        }
        Err(_) => "The stored token cannot be opened with the key file at hand. Enter it again.".to_owned(),
    };
    credential.standing = Standing { checked_at: connector.now(), refused: Some(refused), ..credential.standing };
    Ok(Some(credential))
}

/// Asks a site what its stored credential may read now, and keeps what it said. Whether it has one.
pub async fn check_again(connector: &Connector, mirror: &Mirror, cloud_id: &str) -> Result<bool, StoreError> {
    let Some(credential) = ask_again(connector, mirror, cloud_id).await? else { return Ok(false) };
    let keep =
        move |tx: &mut crate::store::tx::Tx| site_credentials::set_standing(tx, &credential.id, &credential.standing);
    mirror.store().write(keep).await.map(|()| true)
}

/// A client with the stored credential of a site, for somebody who waits before a page. `None` where there is none, it is
/// refused, or it cannot be opened.
pub(super) async fn opened(
    connector: &Connector,
    mirror: &Mirror,
    credential: &SiteCredential,
) -> Result<Option<SiteClient>, StoreError> {
    Ok(open(connector, mirror, &credential.cloud_id, patience()).await?.ok())
}

/// A client with the stored credential of a site, once the site has said that it is the one; or why there is none.
pub(super) async fn open(
    connector: &Connector,
    mirror: &Mirror,
    cloud_id: &str,
    limits: Limits,
) -> Result<Result<SiteClient, Refusal>, StoreError> {
    let (organization, sealing, id) =
        (mirror.organization().id.clone(), connector.sealing.clone(), cloud_id.to_owned());
    let stored = mirror.store().read(move |tx| site_credentials::current(tx, &organization, &id, &sealing)).await?;
    let not_read = |why: &str, next: &str| Ok(Err(Refusal::new(NOT_READ, why, next)));
    let Some((stored, token)) = stored else {
        return not_read("No token is entered for it.", "Enter one under Settings, Sites.");
    };
    let Ok(token) = token else {
        return not_read(
            "Its token cannot be opened with the key file at hand.",
            "Enter it again under Settings, Sites.",
        );
    };
    if let Some(why) = &stored.standing.refused {
        return not_read(why, "Check the token again, or replace it, under Settings, Sites.");
    }
    let site = match site(&mirror.current(), cloud_id) {
        Ok(site) => site,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let base = &mirror.organization().base_url;
    let at = |address: &str| client(connector, (base, address), (&stored.email, &token), limits.clone());
    let address = match address_of(&site, base) {
        Ok(address) => address,
        Err(why) => return not_read(&why, "Let a sync read the organization's sites."),
    };
    let asking = match at(&address) {
        Ok(asking) => asking,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if let Err(refusal) = prove(&asking, &site, &address).await {
        return Ok(Err(refusal));
    }
    Ok(match stored.standing.door {
        Door::Address => Ok(asking),
        Door::Gateway => at(&behind_gateway(base, &site.cloud_id)),
    })
}

/// The site of the organization with this cloud id, if a credential has anything to open there.
fn site(snapshot: &Snapshot, cloud_id: &str) -> Result<Site, Refusal> {
    let next = "Choose one of the sites that are listed.";
    let found = Site::all(snapshot).into_iter().find(|site| site.cloud_id == cloud_id);
    match found {
        Some(site) if site.has_jira => Ok(site),
        Some(site) => Err(Refusal::new(NOT_CHECKED, format!("{} has no Jira: no token is needed.", site.name), next)),
        None => Err(Refusal::new(NOT_CHECKED, "This is no site of the organization.", next)),
    }
}

/// Where a site is asked: by HTTPS at a public name, as its workspaces name it; or on this machine, if the
/// organization's API is there too.
fn address_of(site: &Site, base_url: &str) -> Result<String, String> {
    let named = site.address.as_deref().unwrap_or_default().trim_end_matches('/');
    let refused = || format!("{} is named with an address that is no site's: “{named}”.", site.name);
    let (scheme, rest) = named.split_once("://").unwrap_or(("https", named));
    let (authority, path) = rest.split_once('/').map_or((rest, ""), |(authority, path)| (authority, path));
    let is_here = |scheme: &str, authority: &str| {
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        scheme == "http" && matches!(host, "127.0.0.1" | "localhost" | "[::1]")
    };
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte));
    if is_here(scheme, authority) {
        let base_is_here = base_url.split_once("://").is_some_and(|(scheme, rest)| {
            is_here(scheme, rest.split_once('/').map_or(rest, |(authority, _)| authority))
        });
        return if base_is_here && plain(path) { Ok(named.to_owned()) } else { Err(refused()) };
    }
    let labels: Vec<&str> = authority.split('.').collect();
    let is_label =
        |label: &&str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    // A last label of letters tells a name from the address of a machine.
    let last = labels.last().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_alphabetic()));
    if scheme == "https" && path.is_empty() && labels.len() >= 2 && labels.iter().all(is_label) && last {
        return Ok(format!("https://{authority}"));
    }
    Err(refused())
}

fn client(
    connector: &Connector,
    (base, address): (&str, &str),
    (email, token): (&str, &str),
    limits: Limits,
) -> Result<SiteClient, Refusal> {
    let config = Config { limits, ..connector.config(base, token) };
    SiteClient::new(config, email, address).map_err(|error| match error {
        Error::InvalidKey => Refusal::new(
            NOT_ACCEPTED,
            "It holds characters that no token has, such as a space.",
            "Copy it again. Nothing was saved.",
        ),
        Error::Configuration { what: "user", .. } => Refusal::new(
            NOT_ACCEPTED,
            "The e-mail address holds characters that none has.",
            "Enter the address that its owner signs in with. Nothing was saved.",
        ),
        error => explain::unchecked(NOT_CHECKED, &error),
    })
}

/// Makes sure, without the token, that at this address there is this site.
async fn prove(asking: &SiteClient, site: &Site, address: &str) -> Result<(), Refusal> {
    let tenant = tenant_info::of_site(asking.client(), Class::PreOperation, address).await;
    match tenant {
        Ok(tenant) if tenant.value.cloud_id == site.cloud_id => Ok(()),
        Ok(_) => Err(Refusal::new(
            NOT_CHECKED,
            format!("At {address} there is another site than {}.", site.name),
            "The token was not sent. Let a sync read the organization's sites, then try again.",
        )),
        Err(error) => Err(explain::unchecked(NOT_CHECKED, &error)),
    }
}

fn refused(error: &Error, entered: &EnteredToken) -> Refusal {
    let refused = |why: String, next: &str| Refusal::new(NOT_ACCEPTED, why, next);
    match error {
        error if error.is_unauthorized() && entered.token.starts_with(ORGANIZATION_KEY) => refused(
            "This is an organization API key; the API token of a user is asked for.".to_owned(),
            "Make a token at id.atlassian.com under Security, API tokens. Nothing was saved.",
        ),
        error if error.is_unauthorized() => refused(
            format!(
                "The site does not take this token for {}: one of both is wrong, or the token has expired or was \
                     revoked.",
                entered.email
            ),
            "Enter the address that its owner signs in with, and copy the whole token again. Nothing was saved.",
        ),
        error if error.is_forbidden() => refused(
            format!("{} may not use Jira on this site.", entered.email),
            "Use the token of somebody who administers the site. Nothing was saved.",
        ),
        error => explain::unchecked(NOT_CHECKED, error),
    }
}

/// What a credential may read, found out by reading a little of it.
async fn rights(asking: &SiteClient, site: &Site) -> Vec<(Right, Granted)> {
    const CLASS: Class = Class::PreOperation;
    let users = granted(site_users::page(asking, CLASS, 0, 1).await.map(|_| ()));
    if !site.has_service_desks {
        return vec![(Right::Users, users)];
    }
    let desks = service_desks::page(asking, CLASS, 0).await;
    let customers = match desks.as_ref().map(|page| page.value.values.records.first()) {
        Ok(Some(desk)) => granted(service_desks::customers(asking, CLASS, &desk.id, 0).await.map(|_| ())),
        Ok(None) => Granted::NothingThere,
        Err(_) => Granted::Unknown,
    };
    let organizations = granted(customer_organizations::page(asking, CLASS, 0).await.map(|_| ()));
    let desks = granted(desks.map(|_| ()));
    let customers = if desks == Granted::Yes { customers } else { desks };
    let answers = [users, desks, customers, organizations];
    Right::ALL.into_iter().zip(answers).collect()
}

fn granted(answer: Result<(), Error>) -> Granted {
    match answer {
        Ok(()) => Granted::Yes,
        Err(error) if error.is_forbidden() || error.is_unauthorized() => Granted::No,
        Err(error) if error.is_not_found() => Granted::NothingThere,
        Err(_) => Granted::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_to_a_public_name_by_https_or_stays_on_this_machine() {
        let at = |address: &str, base: &str| {
            let site = Site {
                cloud_id: "c-1".to_owned(),
                name: "north".to_owned(),
                address: (!address.is_empty()).then(|| address.to_owned()),
                apps: Vec::new(),
                has_jira: true,
                has_service_desks: false,
            };
            address_of(&site, base).ok()
        };
        let (atlassian, here) = ("https://api.atlassian.com", "http://127.0.0.1:8100");
        for (named, asked) in [
            ("https://north.atlassian.net", "https://north.atlassian.net"),
            ("https://north.atlassian.net/", "https://north.atlassian.net"),
            ("north.atlassian.net", "https://north.atlassian.net"),
            ("https://jira.acme.example", "https://jira.acme.example"),
        ] {
            assert_eq!(at(named, atlassian).as_deref(), Some(asked), "{named}");
        }
        assert_eq!(at("http://127.0.0.1:8100/site/a", here).as_deref(), Some("http://127.0.0.1:8100/site/a"));
        for named in [
            "",
            "http://north.atlassian.net",
            "https://127.0.0.1",
            "https://10.0.0.7",
            "https://[::1]",
            "https://localhost",
            "https://intranet",
            "https://north.atlassian.net:8443",
            "https://north.atlassian.net@evil.example",
            "https://north.atlassian.net/admin",
            "https://north..net",
            "file:///etc/passwd",
            "http://127.0.0.1:22/",
            "http://localhost:8100/site/a",
        ] {
            assert_eq!(at(named, atlassian), None, "{named}");
        }
        assert_eq!(at("http://127.0.0.1:8100/site/a?x=1", here), None);
        assert_eq!(at("http://169.254.169.254/latest", here), None);
        assert_eq!(at("http://127.0.0.1:8100/site/a", "https://127.0.0.1.evil.example"), None);
    }
}
