//! User look-up: somebody by username, e-mail address or part of a name, with the sentence that explains how they stand,
//! what each feed says of them, and what has happened to them.

use directory::{email_key, fold_text, username_key};
use jiff::Timestamp;

use crate::feeds::trouble::NotDone;
use crate::mirror::Mirror;
use crate::nouns::feed::Feed;
use crate::nouns::feed_account::{LinkCase, Unclear};
use crate::nouns::feed_person::{FeedPerson, FeedRecord, PersonNote, PersonState};
use crate::nouns::feed_row::FeedRow;
use crate::nouns::feed_run::FeedRun;
use crate::store::error::StoreError;
use crate::store::{feed_links, feed_people, feed_records, feed_rows, feed_runs, feeds};

/// How many people a search shows.
const FOUND: u32 = 50;
/// How much of somebody's history is shown.
const HISTORY: u32 = 200;

/// Everything about somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct Looked {
    /// The person.
    pub person: FeedPerson,
    /// Why they can or cannot sign in, as a sentence.
    pub sentence: String,
    /// The Atlassian account that is theirs, as the last sync has it.
    pub account: Option<TheirAccount>,
    /// Why it is not clear which account is theirs, if it is not.
    pub case: Option<LinkCase>,
    /// What each feed says of them.
    pub told: Vec<Told>,
    /// Their managed groups, each with the code of the feed that says so.
    pub groups: Vec<(String, String)>,
    /// What runs did with them, the newest first, each with its run.
    pub history: Vec<(FeedRun, FeedRow)>,
    /// What somebody did by hand, the newest first.
    pub notes: Vec<PersonNote>,
}

/// The Atlassian account of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TheirAccount {
    /// Its id.
    pub id: String,
    /// Its name; empty when it is not known.
    pub name: String,
    /// Its address.
    pub email: Option<String>,
    /// How it stands; none when it is not in the organization any more.
    pub status: Option<String>,
}

/// What one feed says of somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The feed.
    pub feed: Feed,
    /// What it says.
    pub record: FeedRecord,
    /// The last run that had them: the one applied last, or the one before they left.
    pub last_run: Option<FeedRun>,
    /// The run that brought the record that was not applied.
    pub received_run: Option<FeedRun>,
}

/// People whom a text finds: of that username, of that e-mail address, or with that part in either or in their name.
pub async fn search(mirror: &Mirror, text: &str, after: &str) -> Result<Vec<FeedPerson>, StoreError> {
    let typed = text.trim().to_owned();
    if typed.is_empty() {
        return Ok(Vec::new());
    }
    let after = after.to_owned();
    let read = mirror.store().read(move |tx| {
        if after.is_empty() {
            if let Some(person) = feed_people::by_key(tx, &username_key(&typed))? {
                return Ok(vec![person]);
            }
            if typed.contains('@') {
                let found = feed_people::by_email(tx, &email_key(&typed))?;
                if !found.is_empty() {
                    return Ok(found);
                }
            }
        }
        feed_people::containing(tx, &fold_text(&typed), &after, FOUND)
    });
    read.await
}

/// Everything about the person of a username.
pub async fn look_up(mirror: &Mirror, username: &str, now: Timestamp) -> Result<Looked, NotDone> {
    let key = username_key(username.trim());
    let read = mirror.store().read(move |tx| {
        let Some(person) = feed_people::by_key(tx, &key)? else { return Ok(None) };
        let mut told = Vec::new();
        for record in feed_records::of_account(tx, person.account)? {
            let Some(feed) = feeds::find(tx, record.feed)? else { continue };
            let last_run = match (&feed.applied_run, record.in_feed) {
                (Some(run), true) => feed_runs::find(tx, run)?,
                _ => feed_runs::by_number(tx, record.applied_run)?,
            };
            let received_run = match record.received_run {
                Some(run) => feed_runs::by_number(tx, run)?,
                None => None,
            };
            told.push(Told { feed, record, last_run, received_run });
        }
        let mut groups = Vec::new();
        for (feed, code) in feed_records::memberships(tx, person.account)? {
            let of = told.iter().find(|told| told.feed.number == feed);
            groups.push((code, of.map_or_else(String::new, |told| told.feed.code.as_str().to_owned())));
        }
        let mut history = Vec::new();
        for (number, row) in feed_rows::of_username(tx, &key, i64::MAX, HISTORY)? {
            if let Some(run) = feed_runs::by_number(tx, number)? {
                history.push((run, row));
            }
        }
        let notes = feed_people::notes(tx, person.account)?;
        let case = feed_links::case(tx, person.account)?;
        Ok(Some((person, told, groups, history, (notes, case))))
    });
    let (person, told, groups, history, (notes, case)) = read.await?.ok_or(NotDone::NoPerson)?;
    let account = account(mirror, &person);
    let sentence = format!("{} {}", of_feeds(&person, &told, now), of_atlassian(&person, (&account, &case)));
    Ok(Looked { person, sentence, account, case, told, groups, history, notes })
}

/// The account that is theirs, as the last sync has it.
fn account(mirror: &Mirror, person: &FeedPerson) -> Option<TheirAccount> {
    let id = person.linked.as_deref()?;
    let snapshot = mirror.shown();
    let row = snapshot.account(id).and_then(|account| snapshot.account_row(account));
    let status = |presence: &directory::Presence| presence.status.as_ref().map(|status| status.as_str().to_owned());
    Some(TheirAccount {
        id: id.to_owned(),
        name: row.as_ref().map_or_else(String::new, |row| row.name.to_owned()),
        email: row.as_ref().and_then(|row| row.email.map(str::to_owned)),
        status: row.and_then(|row| row.presence.and_then(status)),
    })
}

/// What Atlassian makes of it, as a sentence.
fn of_atlassian(person: &FeedPerson, (account, case): (&Option<TheirAccount>, &Option<LinkCase>)) -> String {
    if let Some(account) = account {
        return match account.status.as_deref() {
            Some("active") => "The linked Atlassian account is active.".to_owned(),
            Some("suspended") => "The linked Atlassian account is suspended, so that it opens nothing.".to_owned(),
            Some("not_invited") => "The linked Atlassian account is in no directory.".to_owned(),
            Some("for_deletion") => "The linked Atlassian account is to be deleted.".to_owned(),
            Some(status) => format!("The linked Atlassian account is {status}."),
            None => "The linked Atlassian account is not in the organization.".to_owned(),
        };
    }
    match (case.as_ref().map(|case| case.unclear), &person.link) {
        (Some(unclear), _) => format!("Which Atlassian account is theirs is not clear: {}.", unclear_words(unclear)),
        (None, Some(note)) => format!("No Atlassian account is linked: {} has said that none is theirs.", note.by),
        (None, None) if person.email.is_empty() => {
            "No Atlassian account is linked: without an e-mail address none can be found.".to_owned()
        }
        (None, None) => {
            "No Atlassian account is linked: none in the organization has verified this address.".to_owned()
        }
    }
}

/// Why it is not clear whose account one is.
pub fn unclear_words(unclear: Unclear) -> &'static str {
    match unclear {
        Unclear::TwoAccounts => "several accounts have verified this address",
        Unclear::TwoPeople => "several people of the feeds have this address",
        Unclear::Taken => "the account with this address is linked to somebody else",
    }
}

/// How the feeds have them, as a sentence.
fn of_feeds(person: &FeedPerson, told: &[Told], now: Timestamp) -> String {
    let feeds: Vec<&str> = told.iter().filter(|told| told.record.in_feed).map(|told| told.feed.name.as_str()).collect();
    match person.state {
        PersonState::Held => {
            let (by, why) = person.held.as_ref().map_or(("", ""), |(by, _, why)| (by, why));
            format!("On hold by {by}: {why}. No feed changes that until somebody releases it.")
        }
        PersonState::Blocked => {
            "Blocked: no feed's latest delivery has this person. They come back with the next delivery that has them."
                .to_owned()
        }
        PersonState::Active if feeds.is_empty() => match person.block_at {
            Some(at) if at > now => {
                format!("Active, but in no feed any more: blocked on {at} unless a delivery has them by then.")
            }
            _ => "Active, but in no feed any more: about to be blocked.".to_owned(),
        },
        PersonState::Active => format!("Active: in the latest delivery of {}.", feeds.join(", ")),
    }
}
