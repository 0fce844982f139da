//! Links people of the feeds to Atlassian accounts: once by a verified e-mail address, after each seal and each applied run,
//! and by hand. What a person has decided, and what was matched once, is never decided again by itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use directory::{AccountId, AccountType, Ordinal, Snapshot, email_key, username_key};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::feeds::accounts::matching::{self, Person, Verified};
use crate::feeds::tell;
use crate::feeds::trouble::NotDone;
use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::feed::Feed;
use crate::nouns::feed_account::{LinkCase, LinkHow, LinkNote};
use crate::nouns::feed_person::{FeedPerson, PersonNote};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{feed_agreed, feed_links, feed_mappings, feed_people, feeds};
use crate::sync::pass::Surroundings;

/// Generations that follow each other sooner than this are looked at together: reading back seals many.
pub(super) const PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// Who or what somebody is linked to by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// The account of this id or address.
    Account(String),
    /// No account: they are not matched by their address either.
    Nobody,
    /// What was decided is forgotten: they are matched by their address again.
    Anew,
}

/// Whether it is time to look at a generation: at once when people changed, and after a pause when accounts did.
pub(super) fn is_due(looked: Option<(u64, u64, Timestamp)>, (people, generation): (u64, u64), now: Timestamp) -> bool {
    match looked {
        None => true,
        Some((seen, _, _)) if seen != people => true,
        Some((_, seen, at)) => seen != generation && now.duration_since(at) >= PAUSE,
    }
}

/// Matches people and accounts when either has changed; whether anybody was linked.
pub(super) async fn once(mirror: &Mirror, all: &[Feed], surroundings: &Surroundings) -> Result<bool, StoreError> {
    let (now, entropy) = (surroundings.clock.now(), surroundings.entropy.clone());
    let people = all.iter().map(|feed| feed.version).max().unwrap_or_default();
    let generation = mirror.current().generation();
    let looked = mirror.store().read(feed_links::looked).await?;
    if generation == 0 || !is_due(looked, (people, generation), now) {
        return Ok(false);
    }
    let snapshot = mirror.newest().await?;
    let matched = mirror.store().read(move |tx| {
        if !feed_links::any_unmatched(tx)? {
            return Ok(matching::Matched::default());
        }
        let verified = verified(&snapshot);
        let mut concerned: Vec<Person> = Vec::new();
        let accounts: BTreeSet<&AccountId> = verified.values().flatten().collect();
        feed_links::each(tx, |number, email_key, linked, how| {
            let linked = linked.and_then(|id| AccountId::new(id).ok());
            if verified.contains_key(email_key) || linked.as_ref().is_some_and(|id| accounts.contains(id)) {
                concerned.push(Person { number, email_key: email_key.to_owned(), linked, how });
            }
        })?;
        Ok(matching::matched(&concerned, &verified))
    });
    let matched = matched.await?;
    let found = !matched.links.is_empty();
    let kept = mirror.store().write(move |tx| {
        // Somebody else was faster, or people have changed meanwhile: the next look has them.
        if feeds::list(tx)?.iter().map(|feed| feed.version).max() != Some(people) {
            return Ok(());
        }
        let note = LinkNote { how: LinkHow::Email, by: Actor::System.as_text(), at: now };
        let linked = feed_links::first(tx, &matched.links, &note)?;
        feed_links::replace_cases(tx, &matched.cases)?;
        feed_links::set_looked(tx, (people, generation), now)?;
        if linked > 0 {
            feed_mappings::look_again(tx)?;
            let context = Context { actor: Actor::System, now };
            let detail = json!({ "people": linked, "unclear": matched.cases.len() });
            tell::record(tx, &context, ("feed_people.matched", "feeds"), (detail, None), &entropy.bytes())?;
        }
        Ok(())
    });
    kept.await?;
    Ok(found)
}

/// Accounts of people by the address that they have verified, as far as they are in the organization.
fn verified(snapshot: &Snapshot) -> Verified {
    let mut verified = Verified::new();
    for account in snapshot.present() {
        let Some(row) = snapshot.account_row(account) else { continue };
        let person = row.account_type == Some(&AccountType::Atlassian) && row.email_verified == Some(true);
        let (Some(key), Some(id)) = (snapshot.email_key(account).filter(|_| person), snapshot.account_id(account))
        else {
            continue;
        };
        verified.entry(key.to_owned()).or_default().push(id);
    }
    verified
}

/// Links somebody by hand, or decides that no account is theirs.
///
/// # Errors
/// Nobody has that username, no account is meant, or it is somebody else's.
pub async fn by_hand(
    context: &Context,
    mirror: &Mirror,
    (username, to): (&str, To),
    entropy: &Entropy,
) -> Result<(), NotDone> {
    let account = match &to {
        To::Account(text) => Some(meant(&mirror.newest().await?, text)?),
        To::Nobody | To::Anew => None,
    };
    let (context, salt, key) = (context.clone(), entropy.bytes(), username_key(username.trim()));
    let done = mirror.store().write(move |tx| {
        let Some(person) = feed_people::by_key(tx, &key)? else { return Ok(Err(NotDone::NoPerson)) };
        let by = context.actor.as_text();
        let note = |how| LinkNote { how, by: by.clone(), at: context.now };
        let (kind, text) = match (&to, &account) {
            (_, Some(account)) => {
                if let Some(other) = feed_links::of_account(tx, account.as_str())?
                    && other.account != person.account
                {
                    let why = format!("this account is linked to {}: unlink that person first", other.username);
                    return Ok(Err(NotDone::Invalid(why)));
                }
                feed_links::link(tx, person.account, (Some(account.as_str()), &note(LinkHow::Hand)))?;
                ("feed_person.linked", format!("to {account}"))
            }
            (To::Nobody, None) => {
                feed_links::link(tx, person.account, (None, &note(LinkHow::Apart)))?;
                ("feed_person.unlinked", "No account is theirs.".to_owned())
            }
            (_, None) => {
                feed_links::forget(tx, person.account)?;
                ("feed_person.unlinked", "To be matched by their address again.".to_owned())
            }
        };
        if person.linked.is_some() && person.linked.as_deref() != account.as_ref().map(AccountId::as_str) {
            // What was agreed on was of another account.
            feed_agreed::forget(tx, person.account)?;
        }
        noted(tx, &context, (&person, kind, &text), &salt)?;
        Ok(Ok(()))
    });
    done.await?
}

fn noted(
    tx: &mut Tx,
    context: &Context,
    (person, kind, text): (&FeedPerson, &'static str, &str),
    salt: &[u8; 16],
) -> Result<(), StoreError> {
    let word = kind.strip_prefix("feed_person.").unwrap_or(kind).to_owned();
    let note = PersonNote { at: context.now, kind: word, author: context.actor.as_text(), text: Some(text.to_owned()) };
    feed_people::note(tx, person.account, &note)?;
    feed_mappings::look_again(tx)?;
    // Others may be clear, or unclear, since.
    feeds::bump(tx)?;
    let personal = json!({ "username": person.username, "text": text });
    tell::record(tx, context, (kind, &format!("feed person {}", person.account)), (json!({}), Some(personal)), salt)
}

/// The account that a text means: an id, or the address of one account.
fn meant(snapshot: &Arc<Snapshot>, text: &str) -> Result<AccountId, NotDone> {
    let typed = text.trim();
    let invalid = |why: &str| Err(NotDone::Invalid(why.to_owned()));
    let found: Vec<Ordinal> = match snapshot.account(typed) {
        Some(account) => vec![account],
        None if typed.contains('@') => {
            let key = email_key(typed);
            snapshot.present().iter().filter(|account| snapshot.email_key(*account) == Some(key.as_str())).collect()
        }
        None => Vec::new(),
    };
    match found.as_slice() {
        [] => invalid("no account of the organization has this id or address"),
        [account] => {
            let row = snapshot.account_row(*account);
            match row.and_then(|row| row.account_type.cloned()) {
                Some(AccountType::App | AccountType::Customer) => invalid("this account is no person's"),
                _ => snapshot.account_id(*account).map_or_else(|| invalid("the account has no id"), Ok),
            }
        }
        _ => invalid("several accounts have this address: name one by its id"),
    }
}

/// People whose account is not clear, by username, behind one.
pub async fn cases(mirror: &Mirror, after: &str, limit: u32) -> Result<Vec<(FeedPerson, LinkCase)>, StoreError> {
    let after = after.to_owned();
    mirror.store().read(move |tx| feed_links::cases(tx, &after, limit)).await
}
