//! Rollcall's own edition: how many people it may manage, and what happens above that. Pure; reading and pages are never
//! refused, and a self-hosted installation has no limit until somebody chooses one.

use jiff::{SignedDuration, Timestamp};

/// An edition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edition {
    /// Twice the billable people of the home site.
    Standard,
    /// Five times the billable people of the home site.
    Advanced,
    /// So many people.
    Custom(u64),
    /// Without limit.
    #[default]
    Unlimited,
}

/// What an edition is measured against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Distinct people with at least one billable seat anywhere.
    pub managed: u64,
    /// Distinct billable people of the home site; `None` while there is no such site.
    pub home: Option<u64>,
}

/// Where an organization stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Within the limit.
    Within,
    /// Over it, and everything works until the grace period is over.
    Grace {
        /// Since when.
        since: Timestamp,
        /// Until when.
        until: Timestamp,
    },
    /// Over it for longer than the grace period: operations and tasks are refused.
    Ended {
        /// Since when it is over the limit.
        since: Timestamp,
        /// When the grace period ended.
        at: Timestamp,
    },
}

const DAY: i64 = 24;
/// From this share of its capacity on, an edition's limit is near: nine of ten.
const NEAR: (u64, u64) = (9, 10);

impl Edition {
    /// Reads what [`Edition::to_text`] wrote.
    pub fn parse(text: &str) -> Option<Edition> {
        match text {
            "standard" => Some(Edition::Standard),
            "advanced" => Some(Edition::Advanced),
            "unlimited" => Some(Edition::Unlimited),
            text => text.strip_prefix("custom ")?.parse().ok().filter(|people| *people > 0).map(Edition::Custom),
        }
    }

    /// The edition as it is stored.
    pub fn to_text(self) -> String {
        match self {
            Edition::Custom(people) => format!("custom {people}"),
            other => other.name().to_lowercase(),
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Edition::Standard => "Standard",
            Edition::Advanced => "Advanced",
            Edition::Custom(_) => "Custom",
            Edition::Unlimited => "Unlimited",
        }
    }

    /// What the billable people of the home site are multiplied with.
    pub fn multiplier(self) -> Option<u64> {
        match self {
            Edition::Standard => Some(2),
            Edition::Advanced => Some(5),
            Edition::Custom(_) | Edition::Unlimited => None,
        }
    }

    /// How many people it may manage; `None` without a limit, or while its home site is not known.
    pub fn capacity(self, home: Option<u64>) -> Option<u64> {
        match self {
            Edition::Custom(people) => Some(people),
            Edition::Unlimited => None,
            Edition::Standard | Edition::Advanced => Some(self.multiplier()? * home?),
        }
    }

    /// How long everything works above the limit (product-user-manager 1.9).
    pub fn grace(self) -> SignedDuration {
        match self {
            Edition::Standard => SignedDuration::from_hours(30 * DAY),
            Edition::Advanced | Edition::Custom(_) | Edition::Unlimited => SignedDuration::from_hours(60 * DAY),
        }
    }

    /// The smallest edition that suffices.
    pub fn sufficient(usage: Usage) -> Edition {
        let suffices = |edition: &Edition| edition.capacity(usage.home).is_some_and(|most| usage.managed <= most);
        [Edition::Standard, Edition::Advanced].into_iter().find(suffices).unwrap_or(Edition::Custom(usage.managed))
    }
}

impl Usage {
    /// Whether the limit is near, or exceeded.
    pub fn is_near(self, edition: Edition) -> bool {
        let (share, of) = NEAR;
        edition.capacity(self.home).is_some_and(|most| self.managed.saturating_mul(of) >= most.saturating_mul(share))
    }

    /// Since when the limit is exceeded, judged anew: going below ends it, going over again begins a new time.
    pub fn over_since(self, edition: Edition, before: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let over = edition.capacity(self.home).is_some_and(|most| self.managed > most);
        over.then(|| before.unwrap_or(now))
    }
}

impl Standing {
    /// Where an organization stands that is over the limit since a moment.
    pub fn of(edition: Edition, over_since: Option<Timestamp>, now: Timestamp) -> Standing {
        let Some(since) = over_since else { return Standing::Within };
        let until = since.checked_add(edition.grace()).unwrap_or(Timestamp::MAX);
        if now < until { Standing::Grace { since, until } } else { Standing::Ended { since, at: until } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn capacity_is_a_multiple_of_the_home_sites_people_or_a_number_or_none() {
        assert_eq!(Edition::Standard.capacity(Some(100)), Some(200));
        assert_eq!(Edition::Advanced.capacity(Some(100)), Some(500));
        assert_eq!(Edition::Custom(7).capacity(None), Some(7));
        assert_eq!(Edition::Unlimited.capacity(Some(100)), None);
        assert_eq!(Edition::Standard.capacity(None), None);
        assert_eq!(Edition::default(), Edition::Unlimited);
    }

    #[test]
    fn grace_begins_once_ends_below_the_limit_and_begins_anew() {
        let (first, later) = (at("2026-01-01T00:00:00Z"), at("2026-01-20T00:00:00Z"));
        let over = Usage { managed: 201, home: Some(100) };
        let within = Usage { managed: 200, home: Some(100) };
        assert_eq!(over.over_since(Edition::Standard, None, first), Some(first));
        assert_eq!(over.over_since(Edition::Standard, Some(first), later), Some(first));
        assert_eq!(within.over_since(Edition::Standard, Some(first), later), None);
        assert_eq!(over.over_since(Edition::Advanced, Some(first), later), None);
        assert_eq!(Usage { managed: 1, home: None }.over_since(Edition::Standard, None, first), None);
        let standing = |edition, now| Standing::of(edition, Some(first), at(now));
        let until = at("2026-01-31T00:00:00Z");
        assert_eq!(standing(Edition::Standard, "2026-01-30T23:59:59Z"), Standing::Grace { since: first, until });
        assert_eq!(standing(Edition::Standard, "2026-01-31T00:00:00Z"), Standing::Ended { since: first, at: until });
        assert!(matches!(standing(Edition::Advanced, "2026-03-01T23:59:59Z"), Standing::Grace { .. }));
        assert!(matches!(standing(Edition::Custom(9), "2026-03-02T00:00:00Z"), Standing::Ended { .. }));
        assert_eq!(Standing::of(Edition::Standard, None, first), Standing::Within);
    }

    #[test]
    fn a_limit_is_near_from_nine_of_ten_on_and_none_is_never() {
        let near = |managed, edition| Usage { managed, home: Some(100) }.is_near(edition);
        assert!(!near(179, Edition::Standard) && near(180, Edition::Standard) && near(999, Edition::Standard));
        assert!(!near(999, Edition::Unlimited) && !Usage { managed: 999, home: None }.is_near(Edition::Standard));
    }

    #[test]
    fn the_smallest_edition_that_suffices_is_named_and_editions_read_back() {
        let sufficient = |managed| Edition::sufficient(Usage { managed, home: Some(100) });
        assert_eq!(sufficient(200), Edition::Standard);
        assert_eq!(sufficient(201), Edition::Advanced);
        assert_eq!(sufficient(501), Edition::Custom(501));
        for edition in [Edition::Standard, Edition::Advanced, Edition::Custom(12), Edition::Unlimited] {
            assert_eq!(Edition::parse(&edition.to_text()), Some(edition));
        }
        assert_eq!(Edition::parse("custom 0"), None);
    }
}
