//! Tries to sign in, counted per username and per source before the password is looked at, so that many at once are
//! counted too. A block is short and ends by itself: nobody can be locked out for good by somebody else's tries.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::auth::username::Username;
use crate::store::control::sign_in_attempts::{self, Attempts};
use crate::store::error::StoreError;
use crate::store::tx::Tx;

/// What tries are counted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    text: String,
    rule: Rule,
}

/// How many tries are free, and how long the longest block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rule {
    free: i64,
    longest: SignedDuration,
}

/// Whether a try may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may, and was counted.
    Admitted,
    /// Not before this moment.
    Blocked(Timestamp),
}

/// A minute between tries makes guessing hopeless and keeps a stranger from locking somebody out.
const BY_USERNAME: Rule = Rule { free: 4, longest: SignedDuration::from_mins(1) };
/// Many people may share an address.
const BY_SOURCE: Rule = Rule { free: 20, longest: SignedDuration::from_mins(15) };
/// After so long without a try, counting begins anew.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(24);

impl Subject {
    /// A username, as a digest: people type passwords into the wrong field.
    pub fn username(username: &Username) -> Subject {
        let digest = Sha256::digest(username.key().as_bytes());
        let letters: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Subject { text: format!("username:{letters}"), rule: BY_USERNAME }
    }

    /// Where an access token came from, counted apart from passwords: a program whose token is wrong keeps nobody from
    /// signing in.
    pub fn token_source(address: IpAddr) -> Subject {
        let Subject { text, rule } = Subject::source(address);
        Subject { text: format!("token-{text}"), rule }
    }

    /// The text under which it is counted.
    pub(super) fn as_text(&self) -> &str {
        &self.text
    }

    /// Where the request came from; of IPv6 the network, since one machine owns all addresses of it.
    pub fn source(address: IpAddr) -> Subject {
        let text = match address.to_canonical() {
            IpAddr::V4(address) => format!("source:{address}"),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("source:{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        };
        Subject { text, rule: BY_SOURCE }
    }
}

/// Until when a subject must not try, if it must not; counts nothing.
pub fn blocked(tx: &mut Tx, subject: &Subject, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    Ok(judge(sign_in_attempts::find(tx, &subject.text)?, subject.rule, now).err())
}

/// Counts a try for every subject, unless one of them is blocked.
pub fn admit(tx: &mut Tx, subjects: &[Subject], now: Timestamp) -> Result<Admission, StoreError> {
    let mut counted = Vec::with_capacity(subjects.len());
    for subject in subjects {
        let before = sign_in_attempts::find(tx, &subject.text)?;
        match judge(before, subject.rule, now) {
            Ok(next) => counted.push((subject, next)),
            Err(until) => return Ok(Admission::Blocked(until)),
        }
    }
    for (subject, next) in counted {
        sign_in_attempts::record(tx, &subject.text, next)?;
    }
    Ok(Admission::Admitted)
}

/// Takes back what [`admit`] counted for a try that succeeded: the username starts afresh, the source loses one.
pub fn forgive(tx: &mut Tx, subjects: &[Subject], now: Timestamp) -> Result<(), StoreError> {
    for subject in subjects {
        match sign_in_attempts::find(tx, &subject.text)? {
            Some(before) if subject.rule == BY_SOURCE && before.failures > 1 => {
                let next = Attempts { failures: before.failures - 1, blocked_until: now };
                sign_in_attempts::record(tx, &subject.text, next)?;
            }
            _ => sign_in_attempts::clear(tx, &subject.text)?,
        }
    }
    let long_ago = now.saturating_sub(FORGOTTEN_AFTER).unwrap_or(Timestamp::MIN);
    sign_in_attempts::forget(tx, long_ago).map(drop)
}

/// What is counted after one more try, or until when there must be none.
fn judge(before: Option<Attempts>, rule: Rule, now: Timestamp) -> Result<Attempts, Timestamp> {
    let failures = match before {
        // A block in the far future comes from a clock that was wrong.
        Some(before) if before.blocked_until > now && before.blocked_until.duration_since(now) <= rule.longest => {
            return Err(before.blocked_until);
        }
        Some(before) if now.duration_since(before.blocked_until) < FORGOTTEN_AFTER => before.failures.saturating_add(1),
        _ => 1,
    };
    let pause = match u32::try_from(failures - rule.free) {
        Ok(over @ 1..) => SignedDuration::from_secs(1 << (over - 1).min(20)).min(rule.longest),
        _ => SignedDuration::ZERO,
    };
    Ok(Attempts { failures, blocked_until: now.saturating_add(pause).unwrap_or(Timestamp::MAX) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    #[test]
    fn four_tries_are_free_then_the_pause_doubles_up_to_a_minute() {
        let mut before = None;
        let mut now = at(0);
        let mut pauses = Vec::new();
        for _ in 0..13 {
            let next = judge(before, BY_USERNAME, now).unwrap();
            pauses.push(next.blocked_until.duration_since(now).as_secs());
            if next.blocked_until > now {
                let early = next.blocked_until - SignedDuration::from_millis(1);
                assert_eq!(judge(Some(next), BY_USERNAME, early), Err(next.blocked_until));
            }
            now = next.blocked_until;
            before = Some(next);
        }
        assert_eq!(pauses, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn a_day_without_a_try_is_a_fresh_start_and_a_wrong_clock_blocks_nobody() {
        let many = Attempts { failures: 50, blocked_until: at(60) };
        assert_eq!(judge(Some(many), BY_USERNAME, at(60 + 86_400)).unwrap().failures, 1);
        let absurd = Attempts { failures: 50, blocked_until: at(10_000_000) };
        assert!(judge(Some(absurd), BY_USERNAME, at(0)).is_ok());
    }

    #[test]
    fn a_subject_names_nobody_and_a_network_counts_as_one() {
        let mira = Subject::username(&Username::parse("Mira").unwrap());
        assert_eq!(mira, Subject::username(&Username::parse("MIRA").unwrap()));
        assert!(!mira.text.to_lowercase().contains("mira"));
        let one = Subject::source("2001:db8:1:2::1".parse().unwrap());
        assert_eq!(one, Subject::source("2001:db8:1:2:ffff::9".parse().unwrap()));
        assert_ne!(one, Subject::source("2001:db8:1:3::1".parse().unwrap()));
        let four = Subject::source("192.0.2.1".parse().unwrap());
        assert_eq!(four, Subject::source("::ffff:192.0.2.1".parse().unwrap()));
    }
}
