//! User look-up: somebody by username, e-mail address or part of a name, with the sentence that explains how they stand,
//! what each feed says of them, and what has happened to them.

use directory::{email_key, fold_text, username_key};
use jiff::Timestamp;

use crate::feeds::trouble::NotDone;
use crate::mirror::Mirror;
use crate::nouns::feed::Feed;
use crate::nouns::feed_person::{FeedPerson, FeedRecord, PersonNote, PersonState};
use crate::nouns::feed_row::FeedRow;
use crate::nouns::feed_run::FeedRun;
use crate::store::error::StoreError;
use crate::store::{feed_people, feed_records, feed_rows, feed_runs, feeds};

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
    /// What each feed says of them.
    pub told: Vec<Told>,
    /// Their managed groups, each with the code of the feed that says so.
    pub groups: Vec<(String, String)>,
    /// What runs did with them, the newest first, each with its run.
    pub history: Vec<(FeedRun, FeedRow)>,
    /// What somebody did by hand, the newest first.
    pub notes: Vec<PersonNote>,
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
        Ok(Some((person, told, groups, history, notes)))
    });
    let (person, told, groups, history, notes) = read.await?.ok_or(NotDone::NoPerson)?;
    let sentence = sentence(&person, &told, &linked(mirror, &person), now);
    Ok(Looked { person, sentence, told, groups, history, notes })
}

/// How the linked Atlassian account stands, in words; none when nothing is linked.
fn linked(mirror: &Mirror, person: &FeedPerson) -> Option<String> {
    let snapshot = mirror.shown();
    let row = snapshot.account_row(snapshot.account(person.linked.as_deref()?)?)?;
    row.account_status.map(|status| status.as_str().to_owned())
}

/// Why somebody can or cannot sign in.
fn sentence(person: &FeedPerson, told: &[Told], linked: &Option<String>, now: Timestamp) -> String {
    let feeds: Vec<&str> = told.iter().filter(|told| told.record.in_feed).map(|told| told.feed.name.as_str()).collect();
    let state = match person.state {
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
    };
    let atlassian = match (&person.linked, linked) {
        (None, _) => "No Atlassian account is linked.".to_owned(),
        (Some(_), Some(status)) => format!("The linked Atlassian account is {status}."),
        (Some(_), None) => "The linked Atlassian account is not in the directory.".to_owned(),
    };
    format!("{state} {atlassian}")
}
