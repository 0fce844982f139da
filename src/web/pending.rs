//! Keys that were checked and wait to be saved: kept in this process for a quarter of an hour, for the administrator who
//! entered them, under a token. A key never goes back into a page.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::auth::token::Token;
use crate::id::{AdministratorId, Entropy};
use crate::sync::connect::FoundOrganization;

/// A checked key.
#[derive(Clone)]
pub(crate) struct PendingKey {
    /// Who entered it.
    pub(crate) administrator: AdministratorId,
    /// Where the APIs are.
    pub(crate) base_url: String,
    /// The key.
    pub(crate) key: String,
    /// What it opens.
    pub(crate) found: FoundOrganization,
}

/// The keys that wait.
#[derive(Default)]
pub(crate) struct PendingKeys(Mutex<BTreeMap<[u8; 32], (Timestamp, PendingKey)>>);

const KEPT: SignedDuration = SignedDuration::from_mins(15);
/// More than anybody enters in that time; the oldest gives way.
const MOST: usize = 16;

impl PendingKeys {
    /// Keeps a key and returns the token under which it waits.
    pub(crate) fn keep(&self, entropy: &Entropy, pending: PendingKey, now: Timestamp) -> Token {
        let token = Token::new(entropy);
        let mut kept = self.kept(now);
        if kept.len() >= MOST
            && let Some(oldest) = kept.iter().min_by_key(|(_, (since, _))| *since).map(|(hash, _)| *hash)
        {
            kept.remove(&oldest);
        }
        kept.insert(token.hash(), (now, pending));
        token
    }

    /// The key under a token, for the one who entered it.
    pub(crate) fn find(&self, token: &str, administrator: &AdministratorId, now: Timestamp) -> Option<PendingKey> {
        let hash = Token::parse(token)?.hash();
        let kept = self.kept(now);
        kept.get(&hash).map(|(_, pending)| pending).filter(|pending| pending.administrator == *administrator).cloned()
    }

    /// Forgets a key.
    pub(crate) fn forget(&self, token: &str, now: Timestamp) {
        if let Some(token) = Token::parse(token) {
            self.kept(now).remove(&token.hash());
        }
    }

    /// What is still good. A poisoned lock means that another thread panicked between whole entries.
    fn kept(&self, now: Timestamp) -> MutexGuard<'_, BTreeMap<[u8; 32], (Timestamp, PendingKey)>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, (since, _)| now.duration_since(*since) < KEPT);
        kept
    }
}

impl fmt::Debug for PendingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingKeys(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(administrator: &AdministratorId) -> PendingKey {
        let found = FoundOrganization { atlassian_id: "o-1".to_owned(), name: "Acme".to_owned(), keys: None };
        PendingKey {
            administrator: administrator.clone(),
            base_url: "https://api.atlassian.com".to_owned(),
            key: "secret".to_owned(),
            found,
        }
    }

    #[test]
    fn a_key_waits_a_quarter_of_an_hour_for_the_one_who_entered_it() {
        let (entropy, now) = (Entropy::seeded(1), Timestamp::UNIX_EPOCH);
        let (mira, noor) = (AdministratorId::new(&entropy, now), AdministratorId::new(&entropy, now));
        let keys = PendingKeys::default();
        let token = keys.keep(&entropy, pending(&mira), now);
        let later = now + SignedDuration::from_mins(14);
        assert_eq!(keys.find(token.expose(), &mira, later).unwrap().key, "secret");
        assert!(keys.find(token.expose(), &noor, later).is_none());
        assert!(keys.find("nonsense", &mira, later).is_none());
        assert!(keys.find(token.expose(), &mira, now + SignedDuration::from_mins(15)).is_none());
        let again = keys.keep(&entropy, pending(&mira), now);
        keys.forget(again.expose(), now);
        assert!(keys.find(again.expose(), &mira, now).is_none());
    }

    #[test]
    fn many_keys_push_out_the_oldest_only() {
        let (entropy, now) = (Entropy::seeded(2), Timestamp::UNIX_EPOCH);
        let mira = AdministratorId::new(&entropy, now);
        let keys = PendingKeys::default();
        let tokens: Vec<Token> = (0..=MOST as i64)
            .map(|second| keys.keep(&entropy, pending(&mira), now + SignedDuration::from_secs(second)))
            .collect();
        let found = |token: &Token| keys.find(token.expose(), &mira, now + SignedDuration::from_secs(60)).is_some();
        assert!(!found(&tokens[0]));
        assert!(tokens[1..].iter().all(found));
    }
}
