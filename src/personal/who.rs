//! Who is meant, and by what they are known: accounts of the mirror and of sites, people of feeds, administrators of
//! Rollcall, with every address and name that was ever seen of them.

use std::collections::BTreeSet;

use directory::{Ordinal, email_key, username_key};

use crate::contacts::erase;
use crate::mirror::{Mirror, why};
use crate::nouns::contact::Record;
use crate::nouns::feed_person::FeedPerson;
use crate::nouns::refusal::Refusal;
use crate::nouns::site_account::SiteAccount;
use crate::store::control::admissions::{self, Admission};
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{feed_people, personal, site_accounts};

/// A person by everything that they are known by.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// How they were asked for.
    pub asked: String,
    /// Ids of their accounts, in order.
    pub account_ids: BTreeSet<String>,
    /// Their accounts in the mirror.
    pub ordinals: Vec<Ordinal>,
    /// Which of these Atlassian listed when it was last read.
    pub present: Vec<Ordinal>,
    /// What sites list of them.
    pub on_sites: Vec<SiteAccount>,
    /// Who they are in feeds.
    pub in_feeds: Vec<FeedPerson>,
    /// Which contacts they are.
    pub contacts: Vec<Record>,
    /// As whom they enter Rollcall, or have entered it.
    pub admissions: Vec<Admission>,
    /// Every address that was seen of them.
    pub emails: BTreeSet<String>,
    /// Every name that was seen of them.
    pub names: BTreeSet<String>,
}

/// Finds a person by account id, e-mail address or username of a feed. An address finds every account that has it now.
///
/// # Errors
/// Nobody is known by it, or several people of the mirror are called so; or the database failed.
pub async fn find(mirror: &Mirror, control: &Store, asked: &str) -> Result<Known, NotFound> {
    let asked = asked.trim().to_owned();
    if asked.is_empty() {
        let next = "Ask by account id, e-mail address, or username of a feed.";
        return Err(NotFound::Refused(Refusal::new("Nobody was chosen.", "Nothing was asked for.", next)));
    }
    let snapshot = mirror.newest().await?;
    let is_address = asked.contains('@');
    let ordinals = why::named(&snapshot, &asked);
    if ordinals.len() > 1 && !is_address {
        return Err(NotFound::Refused(Refusal::new(
            "Nobody was chosen.",
            format!("Several people are called “{asked}”."),
            "Ask by account id or e-mail address.",
        )));
    }
    let mut known = Known { asked: asked.clone(), ordinals, ..Known::default() };
    for ordinal in &known.ordinals {
        known.account_ids.extend(snapshot.account_id(*ordinal).map(|id| id.to_string()));
        if snapshot.present().contains(*ordinal) {
            known.present.push(*ordinal);
        }
    }
    if is_address {
        known.emails.insert(asked);
    } else if known.ordinals.is_empty() {
        known.account_ids.insert(asked);
    }
    let mut known = mirror.store().read(move |tx| collect(tx, known)).await?;
    // What was asked for may be the username of a feed, and no account's id.
    let by_username = known.in_feeds.iter().any(|person| person.username_key == username_key(&known.asked));
    let is_account =
        snapshot.account(&known.asked).is_some() || known.on_sites.iter().any(|on| on.account_id == known.asked);
    if by_username && !is_account {
        known.account_ids.remove(&known.asked);
    }
    // Somebody whom a site or a feed alone has named may be in the mirror too.
    for id in &known.account_ids {
        if let Some(ordinal) = snapshot.account(id).filter(|ordinal| !known.ordinals.contains(ordinal)) {
            known.ordinals.push(ordinal);
            known.present.extend(Some(ordinal).filter(|ordinal| snapshot.present().contains(*ordinal)));
        }
    }
    let (organization, ids) = (mirror.organization().id.clone(), known.account_ids.clone());
    known.admissions = control
        .read(move |tx| {
            let found = ids.iter().map(|id| admissions::find(tx, &organization, id)).collect::<Result<Vec<_>, _>>()?;
            Ok(found.into_iter().flatten().collect())
        })
        .await?;
    let nobody = known.ordinals.is_empty() && known.on_sites.is_empty() && known.in_feeds.is_empty();
    let nobody = nobody && known.contacts.is_empty();
    if nobody && !is_address {
        return Err(NotFound::Refused(Refusal::new(
            "Nobody was chosen.",
            format!("Nobody is known by “{}”.", known.asked),
            "Ask by account id, e-mail address, or username of a feed.",
        )));
    }
    Ok(known)
}

/// Why nobody was found.
#[derive(Debug, thiserror::Error)]
pub enum NotFound {
    /// A person can do something about it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds what the organization's database knows of somebody.
fn collect(tx: &mut Tx, mut known: Known) -> Result<Known, StoreError> {
    for email in known.emails.clone() {
        known.account_ids.extend(personal::site_ids(tx, &email.to_lowercase())?);
    }
    for ordinal in known.ordinals.clone() {
        for [name, nickname, email] in personal::names(tx, ordinal)? {
            known.names.extend(name.into_iter().chain(nickname).filter(|name| !name.is_empty()));
            known.emails.extend(email);
        }
    }
    for id in known.account_ids.clone() {
        for on in site_accounts::of_account(tx, &id)? {
            known.names.extend(Some(on.name.clone()).filter(|name| !name.is_empty()));
            known.emails.extend(on.email.clone());
            known.on_sites.push(on);
        }
        for account in personal::linked(tx, &id)? {
            known.in_feeds.extend(feed_people::find(tx, account)?);
        }
    }
    let key = username_key(&known.asked);
    known.in_feeds.extend(feed_people::by_key(tx, &key)?);
    for email in known.emails.clone() {
        known.in_feeds.extend(feed_people::by_email(tx, &email_key(&email))?);
    }
    known.in_feeds.sort_by_key(|person| person.account);
    known.in_feeds.dedup_by_key(|person| person.account);
    known.contacts = erase::of_person(tx, &known.emails, &known.account_ids)?;
    for contact in &known.contacts {
        known.names.extend(Some(contact.name.clone()).filter(|name| !name.is_empty()));
        known.emails.extend(contact.email.clone());
    }
    for person in &known.in_feeds {
        known.names.extend(Some(person.name.clone()).filter(|name| !name.is_empty()));
        known.emails.extend(Some(person.email.clone()).filter(|email| !email.is_empty()));
        known.account_ids.extend(person.linked.clone());
    }
    Ok(known)
}
