//! Keys and tokens that were checked and wait to be saved: kept in this process for a quarter of an hour, for the
//! administrator who entered them, under a token of ours. None of them ever goes back into a page.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::auth::token::Token;
use crate::id::{AdministratorId, Entropy};
use crate::sync::connect::FoundOrganization;
use crate::sync::sites::{CheckedToken, EnteredToken};

/// A checked organization key.
#[derive(Clone)]
pub(crate) struct PendingKey {
    /// Where the APIs are.
    pub(crate) base_url: String,
    /// The key.
    pub(crate) key: String,
    /// What it opens.
    pub(crate) found: FoundOrganization,
}

/// A checked credential of a site.
#[derive(Clone)]
pub(crate) struct PendingToken {
    /// What was entered.
    pub(crate) entered: EnteredToken,
    /// What the site said to it.
    pub(crate) checked: CheckedToken,
}

/// What waits, by the hash of the token under which it does.
pub(crate) struct Pending<T>(Mutex<BTreeMap<[u8; 32], Waiting<T>>>);

struct Waiting<T> {
    since: Timestamp,
    /// Who entered it.
    administrator: AdministratorId,
    what: T,
}

const KEPT: SignedDuration = SignedDuration::from_mins(15);
/// More than anybody enters in that time; the oldest gives way.
const MOST: usize = 16;

impl<T: Clone> Pending<T> {
    /// Keeps what an administrator has entered and returns the token under which it waits.
    pub(crate) fn keep(
        &self,
        entropy: &Entropy,
        (administrator, what): (&AdministratorId, T),
        now: Timestamp,
    ) -> Token {
        let token = Token::new(entropy);
        let mut kept = self.kept(now);
        if kept.len() >= MOST
            && let Some(oldest) = kept.iter().min_by_key(|(_, waiting)| waiting.since).map(|(hash, _)| *hash)
        {
            kept.remove(&oldest);
        }
        kept.insert(token.hash(), Waiting { since: now, administrator: administrator.clone(), what });
        token
    }

    /// What waits under a token, for the one who entered it.
    pub(crate) fn find(&self, token: &str, administrator: &AdministratorId, now: Timestamp) -> Option<T> {
        let hash = Token::parse(token)?.hash();
        let kept = self.kept(now);
        kept.get(&hash).filter(|waiting| waiting.administrator == *administrator).map(|waiting| waiting.what.clone())
    }

    /// Forgets what waits under a token.
    pub(crate) fn forget(&self, token: &str, now: Timestamp) {
        if let Some(token) = Token::parse(token) {
            self.kept(now).remove(&token.hash());
        }
    }

    /// What is still good. A poisoned lock means that another thread panicked between whole entries.
    fn kept(&self, now: Timestamp) -> MutexGuard<'_, BTreeMap<[u8; 32], Waiting<T>>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, waiting| now.duration_since(waiting.since) < KEPT);
        kept
    }
}

impl<T> Default for Pending<T> {
    fn default() -> Pending<T> {
        Pending(Mutex::default())
    }
}

impl<T> fmt::Debug for Pending<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pending(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending() -> PendingKey {
        let found = FoundOrganization { atlassian_id: "o-1".to_owned(), name: "Acme".to_owned(), keys: None };
        PendingKey { base_url: "https://api.atlassian.com".to_owned(), key: "secret".to_owned(), found }
    }

    #[test]
    fn a_key_waits_a_quarter_of_an_hour_for_the_one_who_entered_it() {
        let (entropy, now) = (Entropy::seeded(1), Timestamp::UNIX_EPOCH);
        let (mira, noor) = (AdministratorId::new(&entropy, now), AdministratorId::new(&entropy, now));
        let keys = Pending::default();
        let token = keys.keep(&entropy, (&mira, pending()), now);
        let later = now + SignedDuration::from_mins(14);
        assert_eq!(keys.find(token.expose(), &mira, later).unwrap().key, "secret");
        assert!(keys.find(token.expose(), &noor, later).is_none());
        assert!(keys.find("nonsense", &mira, later).is_none());
        assert!(keys.find(token.expose(), &mira, now + SignedDuration::from_mins(15)).is_none());
        let again = keys.keep(&entropy, (&mira, pending()), now);
        keys.forget(again.expose(), now);
        assert!(keys.find(again.expose(), &mira, now).is_none());
    }

    #[test]
    fn many_keys_push_out_the_oldest_only() {
        let (entropy, now) = (Entropy::seeded(2), Timestamp::UNIX_EPOCH);
        let mira = AdministratorId::new(&entropy, now);
        let keys = Pending::default();
        let tokens: Vec<Token> = (0..=MOST as i64)
            .map(|second| keys.keep(&entropy, (&mira, pending()), now + SignedDuration::from_secs(second)))
            .collect();
        let found = |token: &Token| keys.find(token.expose(), &mira, now + SignedDuration::from_secs(60)).is_some();
        assert!(!found(&tokens[0]));
        assert!(tokens[1..].iter().all(found));
    }
}
