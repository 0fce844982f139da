//! *Why don't I see someone?*: looks in the mirror, in its history, and, where they do not settle it, at Atlassian itself.
//! It reads only, and takes nobody's silence for an answer: what could not be asked is said.

use atlassian::call::Class;
use atlassian::error::Error;
use atlassian::site_users::{self, SiteAccountType};
use atlassian::user::{ClaimStatus, MembershipStatus, User};
use atlassian::users::{self, UserExpansion, UserFilter};
use atlassian::{client::Client, directories, scope::Scope};
use directory::{AccountId, Ordinal, Snapshot};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::mirror::Mirror;
use crate::mirror::why::{self, Sought, Standing};
use crate::nouns::site::Site;
use crate::store::error::StoreError;
use crate::store::timeline::Sealed;
use crate::store::{site_accounts, site_credentials};
use crate::sync::connect::Connector;
use crate::sync::{explain, sites};

/// Where somebody is who was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// In the mirror, and how they stand to the list.
    Known {
        /// Who.
        account: Ordinal,
        /// How.
        standing: Standing,
    },
    /// Several people of the mirror are named so.
    Several(Vec<Ordinal>),
    /// At Atlassian, and not in the mirror yet.
    NotYetSynced {
        /// Whom a targeted sync reads.
        account_id: AccountId,
        /// The name that Atlassian tells.
        name: Option<String>,
        /// When they were seen to be gone before, by which run.
        removed: Option<Sealed>,
    },
    /// Known to the portal of a site alone.
    PortalCustomer {
        /// The site's name.
        site: String,
    },
    /// In no directory that could be read, and not every directory could.
    Unreadable(Vec<Unread>),
    /// In no directory, by the word of Atlassian.
    NotInOrganization,
    /// Not in the mirror, and Atlassian could not be asked.
    NotAsked {
        /// Why, as a sentence.
        reason: String,
    },
}

/// A directory that could not be read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Its name, or its id where it has none.
    pub directory: String,
    /// Why, as a sentence.
    pub reason: String,
}

/// So many users of a site are looked at for one who is a customer.
const LOOKED_AT: u32 = 20;
/// More people of one name are not listed.
const SEVERAL: usize = 50;

/// Looks for somebody. Without a connector Atlassian is not asked.
pub async fn why(
    mirror: &Mirror,
    connector: Option<&Connector>,
    sought: &Sought,
    (now, zone): (Timestamp, &TimeZone),
) -> Result<Answer, StoreError> {
    let snapshot = mirror.current();
    let known = why::named(&snapshot, &sought.who);
    let [account] = known.as_slice() else {
        if !known.is_empty() {
            return Ok(Answer::Several(known.into_iter().take(SEVERAL).collect()));
        }
        return match ask(mirror, connector, &sought.who).await? {
            // The mirror may have somebody of whom it was not told the address.
            Answer::NotYetSynced { account_id, .. } if snapshot.account(account_id.as_str()).is_some() => {
                let found = Sought { who: account_id.to_string(), ..sought.clone() };
                let account = snapshot.account(account_id.as_str()).unwrap_or_default();
                stand(mirror, connector, (account, &found), (now, zone)).await
            }
            answer => Ok(answer),
        };
    };
    stand(mirror, connector, (*account, sought), (now, zone)).await
}

/// How somebody stands whom the mirror knows. Whoever is not there any more may have come back since.
async fn stand(
    mirror: &Mirror,
    connector: Option<&Connector>,
    (account, sought): (Ordinal, &Sought),
    (now, zone): (Timestamp, &TimeZone),
) -> Result<Answer, StoreError> {
    let snapshot = mirror.current();
    let (asked, whole, zone) = (sought.clone(), snapshot.clone(), zone.clone());
    // The list is one of what is shown; a sync may be sealed between taking the one and the other.
    let shown = Some(mirror.shown()).filter(|shown| shown.generation() == whole.generation());
    let shown = shown.unwrap_or_else(|| whole.clone());
    let read = mirror.store().read(move |tx| why::standing(tx, (&shown, &whole), account, (&asked, now, &zone)));
    let standing = read.await?;
    let removed = match &standing {
        Standing::Shown { .. } | Standing::Hidden(_) | Standing::LeftOut { .. } => {
            return Ok(Answer::Known { account, standing });
        }
        Standing::Removed { seen } => seen.clone(),
        Standing::OnlyNamed => None,
    };
    let id = snapshot.account_id(account).map(|id| id.to_string()).unwrap_or_default();
    Ok(match ask(mirror, connector, &id).await? {
        Answer::NotYetSynced { account_id, name, .. } => Answer::NotYetSynced { account_id, name, removed },
        answer @ (Answer::PortalCustomer { .. } | Answer::Unreadable(_)) => answer,
        answer if standing == Standing::OnlyNamed => answer,
        _ => Answer::Known { account, standing },
    })
}

/// Asks Atlassian for somebody by address or id; whom it does not tell of may be a customer whom a reading of a site knows.
async fn ask(mirror: &Mirror, connector: Option<&Connector>, who: &str) -> Result<Answer, StoreError> {
    let answer = ask_atlassian(mirror, connector, who).await?;
    if let Answer::NotYetSynced { .. } | Answer::PortalCustomer { .. } = answer {
        return Ok(answer);
    }
    let sought = who.trim().to_owned();
    let site = mirror.store().read(move |tx| site_accounts::site_of_customer(tx, &sought)).await?;
    Ok(site.map_or(answer, |site| Answer::PortalCustomer { site: site_name(&mirror.current(), &site) }))
}

async fn ask_atlassian(mirror: &Mirror, connector: Option<&Connector>, who: &str) -> Result<Answer, StoreError> {
    let who = who.trim();
    let not_asked = |reason: String| Ok(Answer::NotAsked { reason });
    if who.is_empty() || who.contains(char::is_whitespace) {
        return not_asked("Atlassian is asked by e-mail address or account id, and this is neither.".to_owned());
    }
    let Some(connector) = connector else {
        return not_asked("The key file is not at hand, so the organization API key cannot be opened.".to_owned());
    };
    let client = match connector.client_for_look_up(mirror).await {
        Ok(client) => client,
        Err(refusal) => return not_asked(format!("{} {}", refusal.why, refusal.next)),
    };
    let organization = &mirror.organization().atlassian_id;
    match find(&client, &Scope::every_directory(organization), who).await {
        Ok(Some(user)) => {
            return Ok(match AccountId::new(&user.account_id) {
                Ok(account_id) => Answer::NotYetSynced { account_id, name: user.name.map(Into::into), removed: None },
                Err(_) => Answer::NotAsked { reason: "Atlassian knows them by an id that cannot be read.".to_owned() },
            });
        }
        Ok(None) => {}
        Err(error) if error.is_forbidden() => {}
        Err(error) => return not_asked(explain::sentence(&error)),
    }
    if let Some(site) = customer_of(mirror, connector, who).await? {
        return Ok(Answer::PortalCustomer { site });
    }
    let listed = match directories::list(&client, Class::PreOperation, organization).all().await {
        Ok(listed) => listed.records,
        Err(error) => return not_asked(explain::sentence(&error)),
    };
    let mut unread = Vec::new();
    for directory in listed {
        let scope = Scope::directory(organization, &directory.directory_id);
        if let Err(error) = find(&client, &scope, who).await {
            let name = directory.name.filter(|name| !name.is_empty()).unwrap_or(directory.directory_id);
            unread.push(Unread { directory: name, reason: explain::sentence(&error) });
        }
    }
    Ok(if unread.is_empty() { Answer::NotInOrganization } else { Answer::Unreadable(unread) })
}

/// The one of a scope with this id or address, who belongs to the organization.
async fn find(client: &Client, scope: &Scope, who: &str) -> Result<Option<User>, Error> {
    let filter = match who.contains('@') {
        true => UserFilter { emails: vec![who.to_owned()], ..UserFilter::default() },
        false => UserFilter { account_ids: vec![who.to_owned()], ..UserFilter::default() },
    };
    let found = users::search(client, scope, Class::PreOperation, &filter, &[] as &[UserExpansion]).all().await?;
    let belongs = |user: &User| {
        user.membership_status != Some(MembershipStatus::NoMembership)
            || user.claim_status == Some(ClaimStatus::Managed)
    };
    Ok(found.records.into_iter().find(belongs))
}

/// The site whose portal knows somebody as a customer, as far as stored tokens of sites may look.
async fn customer_of(mirror: &Mirror, connector: &Connector, who: &str) -> Result<Option<String>, StoreError> {
    let snapshot = mirror.current();
    for credential in mirror.store().read(site_credentials::in_use).await? {
        let Some(site) = sites::opened(connector, mirror, &credential).await? else { continue };
        let sought = match who.contains('@') {
            true => site_users::Sought::Word(who),
            false => site_users::Sought::Account(who),
        };
        let Ok(found) = site_users::search(&site, Class::PreOperation, sought, LOOKED_AT).await else { continue };
        let is_customer = |user: &site_users::SiteUser| {
            let is_meant = user.account_id == who
                || user.email_address.as_deref().is_some_and(|email| email.eq_ignore_ascii_case(who));
            is_meant && user.account_type == Some(SiteAccountType::Customer)
        };
        if found.value.records.iter().any(is_customer) {
            return Ok(Some(site_name(&snapshot, &credential.cloud_id)));
        }
    }
    Ok(None)
}

fn site_name(snapshot: &Snapshot, cloud_id: &str) -> String {
    let named = Site::all(snapshot).into_iter().find(|site| site.cloud_id == cloud_id);
    named.map_or_else(|| cloud_id.to_owned(), |site| site.name)
}
