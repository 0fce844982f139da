//! An organization API key as it may be shown: everything but the key.

use jiff::{SignedDuration, Timestamp};

use crate::id::KeyId;

/// A stored organization API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationKey {
    /// Our id of it.
    pub id: KeyId,
    /// The label it has at Atlassian.
    pub label: String,
    /// Its last four characters.
    pub last_four: String,
    /// Who entered it.
    pub entered_by: String,
    /// When.
    pub entered_at: Timestamp,
    /// When it expires, as far as known.
    pub expires_at: Option<Timestamp>,
}

/// How a key stands against its expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// It holds for longer than anybody has to think of.
    Good,
    /// Nobody told when it expires.
    Unknown,
    /// It expires within 30 days; how many are left, and whether that is a matter of days (14, 7) rather than weeks.
    Expiring {
        /// Whole days left.
        days: i64,
        /// The nearest of the announced marks it has passed: 30, 14 or 7.
        mark: i64,
    },
    /// It has expired.
    Expired,
}

/// The days before a key's expiry at which it is announced (rulings, Act).
const MARKS: [i64; 3] = [7, 14, 30];

impl OrganizationKey {
    /// How it stands at a moment.
    pub fn validity(&self, now: Timestamp) -> Validity {
        Validity::of(self.expires_at, now)
    }
}

impl Validity {
    /// How an expiry, as far as it is known, stands at a moment.
    pub fn of(expires_at: Option<Timestamp>, now: Timestamp) -> Validity {
        let Some(expires_at) = expires_at else { return Validity::Unknown };
        let left: SignedDuration = expires_at.duration_since(now);
        if left <= SignedDuration::ZERO {
            return Validity::Expired;
        }
        let days = left.as_hours() / 24;
        match MARKS.into_iter().find(|mark| left <= SignedDuration::from_hours(24 * mark)) {
            Some(mark) => Validity::Expiring { days, mark },
            None => Validity::Good,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Entropy;

    #[test]
    fn a_key_is_announced_thirty_fourteen_and_seven_days_ahead() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let expiring_in = |hours: i64| OrganizationKey {
            id: KeyId::new(&Entropy::seeded(1), now),
            label: "a".to_owned(),
            last_four: "b".to_owned(),
            entered_by: "c".to_owned(),
            entered_at: now,
            expires_at: Some(now + SignedDuration::from_hours(hours)),
        };
        for (hours, validity) in [
            (31 * 24, Validity::Good),
            (30 * 24 + 1, Validity::Good),
            (30 * 24, Validity::Expiring { days: 30, mark: 30 }),
            (14 * 24 + 1, Validity::Expiring { days: 14, mark: 30 }),
            (14 * 24, Validity::Expiring { days: 14, mark: 14 }),
            (7 * 24, Validity::Expiring { days: 7, mark: 7 }),
            (1, Validity::Expiring { days: 0, mark: 7 }),
            (0, Validity::Expired),
            (-5, Validity::Expired),
        ] {
            assert_eq!(expiring_in(hours).validity(now), validity, "{hours} hours before");
        }
        assert_eq!(OrganizationKey { expires_at: None, ..expiring_in(1) }.validity(now), Validity::Unknown);
    }
}
