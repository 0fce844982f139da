//! What people do with a person of the feeds: hold, release, *try again next run*, another username, two who are one.

use directory::username_key;
use serde_json::json;

use crate::feeds::tell;
use crate::feeds::trouble::NotDone;
use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::feed_person::{FeedPerson, PersonNote, PersonState};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{feed_agreed, feed_links, feed_people, feed_records, feeds};

/// The longest username, in characters.
const LONGEST_USERNAME: usize = 255;

/// Puts somebody on hold: no feed changes how they stand until somebody releases them.
pub async fn hold(
    context: &Context,
    mirror: &Mirror,
    (username, why): (&str, &str),
    entropy: &Entropy,
) -> Result<(), NotDone> {
    let why = why.trim().to_owned();
    if why.is_empty() {
        return Err(NotDone::NoReason);
    }
    by_hand(context, mirror, (username, "feed_person.held"), entropy, move |tx, context, person| {
        feed_people::hold(tx, person.account, (&context.actor.as_text(), context.now, &why))?;
        Ok(Ok(Some(why)))
    })
    .await
}

/// Ends a hold: somebody who is in no feed is blocked, everybody else active.
pub async fn release(context: &Context, mirror: &Mirror, username: &str, entropy: &Entropy) -> Result<(), NotDone> {
    by_hand(context, mirror, (username, "feed_person.released"), entropy, |tx, _, person| {
        if person.state != PersonState::Held {
            return Ok(Err(NotDone::Invalid("nobody has put them on hold".to_owned())));
        }
        let here = feed_records::of_account(tx, person.account)?.iter().any(|record| record.in_feed);
        let state = if here { PersonState::Active } else { PersonState::Blocked };
        feed_people::release(tx, person.account, state)?;
        Ok(Ok(None))
    })
    .await
}

/// Lets the next run look at somebody whose record is unchanged.
pub async fn try_again(context: &Context, mirror: &Mirror, username: &str, entropy: &Entropy) -> Result<(), NotDone> {
    by_hand(context, mirror, (username, "feed_person.try_again"), entropy, |tx, _, person| {
        feed_records::set_try_again(tx, person.account)?;
        Ok(Ok(None))
    })
    .await
}

/// Gives somebody the username under which the feeds will send them.
pub async fn rename(
    context: &Context,
    mirror: &Mirror,
    (username, new): (&str, &str),
    entropy: &Entropy,
) -> Result<(), NotDone> {
    let (new, key) = (new.trim().to_owned(), username_key(new.trim()));
    if key.is_empty() || new.chars().count() > LONGEST_USERNAME || new.chars().any(char::is_control) {
        return Err(NotDone::Invalid(format!("a username has 1 to {LONGEST_USERNAME} characters")));
    }
    by_hand(context, mirror, (username, "feed_person.renamed"), entropy, move |tx, _, person| {
        if feed_people::by_key(tx, &key)?.is_some_and(|other| other.account != person.account) {
            return Ok(Err(NotDone::Invalid("somebody else has this username: merge the two".to_owned())));
        }
        let before = person.username.clone();
        let renamed = FeedPerson { username: new.clone(), username_key: key, ..person.clone() };
        feed_people::rename(tx, &renamed)?;
        feed_records::set_try_again(tx, person.account)?;
        Ok(Ok(Some(format!("{before} is {new}"))))
    })
    .await
}

/// Makes two one: what the feeds said of `username` is `into`'s, and `username` is gone.
pub async fn merge(
    context: &Context,
    mirror: &Mirror,
    (username, into): (&str, &str),
    entropy: &Entropy,
) -> Result<(), NotDone> {
    let (gone, into) = (username.trim().to_owned(), into.trim().to_owned());
    by_hand(context, mirror, (&into, "feed_person.merged"), entropy, move |tx, _, person| {
        let Some(other) = feed_people::by_key(tx, &username_key(&gone))? else { return Ok(Err(NotDone::NoPerson)) };
        if other.account == person.account {
            return Ok(Err(NotDone::Invalid("these are one person already".to_owned())));
        }
        feed_records::merge_into(tx, other.account, person.account)?;
        feed_people::merge_into(tx, other.account, person.account)?;
        feed_agreed::merge_into(tx, other.account, person.account)?;
        // Who has no account gets the other's, as it was decided.
        if let (None, Some(note)) = (&person.link, &other.link) {
            feed_links::link(tx, person.account, (other.linked.as_deref(), note))?;
        }
        let here = feed_records::of_account(tx, person.account)?.iter().any(|record| record.in_feed);
        if here {
            feed_people::activate(tx, &[person.account])?;
        }
        Ok(Ok(Some(format!("{} was merged into {}", other.username, person.username))))
    })
    .await
}

/// Does something with a person, notes it with them, and records it. What it answers is the note's text.
async fn by_hand(
    context: &Context,
    mirror: &Mirror,
    (username, kind): (&str, &'static str),
    entropy: &Entropy,
    act: impl FnOnce(&mut Tx, &Context, &FeedPerson) -> Result<Result<Option<String>, NotDone>, StoreError> + Send + 'static,
) -> Result<(), NotDone> {
    let (context, salt, key) = (context.clone(), entropy.bytes(), username_key(username.trim()));
    let done = mirror.store().write(move |tx| {
        let Some(person) = feed_people::by_key(tx, &key)? else { return Ok(Err(NotDone::NoPerson)) };
        let text = match act(tx, &context, &person)? {
            Ok(text) => text,
            Err(why) => return Ok(Err(why)),
        };
        let word = kind.strip_prefix("feed_person.").unwrap_or(kind).to_owned();
        let author = context.actor.as_text();
        feed_people::note(tx, person.account, &PersonNote { at: context.now, kind: word, author, text: text.clone() })?;
        feeds::bump(tx)?;
        let subject = format!("feed person {}", person.account);
        let personal = json!({ "username": person.username, "text": text });
        tell::record(tx, &context, (kind, &subject), (json!({}), Some(personal)), &salt)?;
        Ok(Ok(()))
    });
    done.await?
}
