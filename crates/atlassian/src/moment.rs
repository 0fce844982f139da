//! Instants as upstream writes them. Reading one never fails: what is odd is kept and named, so that a strange date
//! costs nobody their record.

use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// An instant on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// ISO 8601 with time, or the epoch in milliseconds (or seconds).
    At(Timestamp),
    /// A date alone, in UTC.
    Day(Date),
    /// Something else, as it came.
    Unreadable(Box<str>),
}

/// A moment that cannot be taken at face value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// Later than the request that brought it, by more than clocks differ.
    Future(Timestamp),
    /// From before the year 2000: an epoch of zero and the like.
    Ancient(Timestamp),
    /// No instant at all.
    Unreadable(Box<str>),
}

/// How far ahead a moment may be before it counts as in the future.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(10);
/// 2000-01-01T00:00:00Z, before anything could have happened in Atlassian Cloud.
const BEGINNING: i64 = 946_684_800;

impl Moment {
    /// Reads a text: ISO 8601 with or without offset, a date alone, or epoch digits.
    pub fn from_text(text: &str) -> Moment {
        if let Ok(at) = text.parse::<Timestamp>() {
            return Moment::At(at);
        }
        if text.len() == 10
            && let Ok(day) = text.parse::<Date>()
        {
            return Moment::Day(day);
        }
        if let Ok(number) = text.parse::<i64>() {
            return Moment::from_epoch(number);
        }
        // Without an offset; "10:15:00.000+0000" is cut where the parser for offsets gives up.
        let bare = text.strip_suffix("+0000").unwrap_or(text);
        if text.contains(':')
            && let Ok(at) = bare.parse::<DateTime>()
            && let Ok(zoned) = at.to_zoned(TimeZone::UTC)
        {
            return Moment::At(zoned.timestamp());
        }
        Moment::Unreadable(text.into())
    }

    /// Reads an epoch number: milliseconds, or seconds when it is too small for them.
    pub fn from_epoch(number: i64) -> Moment {
        const SMALLEST_MILLISECONDS: i64 = 100_000_000_000;
        const SMALLEST_SECONDS: i64 = 100_000_000;
        let at = match number {
            0 => Timestamp::from_second(0),
            SMALLEST_MILLISECONDS.. => Timestamp::from_millisecond(number),
            SMALLEST_SECONDS.. => Timestamp::from_second(number),
            _ => return Moment::Unreadable(number.to_string().into()),
        };
        at.map_or_else(|_| Moment::Unreadable(number.to_string().into()), Moment::At)
    }

    /// The instant, if there is one; a day stands for its first instant in UTC. Not judged: see [`Moment::judge`].
    pub fn instant(&self) -> Option<Timestamp> {
        match self {
            Moment::At(at) => Some(*at),
            Moment::Day(day) => day.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp()),
            Moment::Unreadable(_) => None,
        }
    }

    /// The instant as something that happened before `asked_at`, or what is odd about it.
    pub fn judge(&self, asked_at: Timestamp) -> Result<Timestamp, Oddity> {
        let at = match self {
            Moment::Unreadable(text) => return Err(Oddity::Unreadable(text.clone())),
            Moment::Day(day) => self.instant().ok_or_else(|| Oddity::Unreadable(day.to_string().into()))?,
            Moment::At(at) => *at,
        };
        if at.duration_since(asked_at) > CLOCKS_DIFFER {
            Err(Oddity::Future(at))
        } else if at.as_second() < BEGINNING {
            Err(Oddity::Ancient(at))
        } else {
            Ok(at)
        }
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
        struct Reading;
        impl Visitor<'_> for Reading {
            type Value = Moment;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an instant")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Moment, E> {
                Ok(Moment::from_text(text))
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Moment, E> {
                Ok(Moment::from_epoch(number))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Moment, E> {
                Ok(i64::try_from(number)
                    .map_or_else(|_| Moment::Unreadable(number.to_string().into()), Moment::from_epoch))
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Moment, E> {
                Ok(Moment::Unreadable(number.to_string().into()))
            }
            fn visit_bool<E: Error>(self, flag: bool) -> Result<Moment, E> {
                Ok(Moment::Unreadable(flag.to_string().into()))
            }
        }
        deserializer.deserialize_any(Reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        Moment::At(text.parse().unwrap())
    }

    #[test]
    fn a23_every_form_is_read_or_kept() {
        let read = |json: &str| serde_json::from_str::<Moment>(json).unwrap();
        assert_eq!(read(r#""2026-11-19T10:11:12.123Z""#), at("2026-11-19T10:11:12.123Z"));
        assert_eq!(read(r#""2026-11-19T10:11:12.123+0000""#), at("2026-11-19T10:11:12.123Z"));
        assert_eq!(read(r#""2026-11-19T10:11:12""#), at("2026-11-19T10:11:12Z"));
        assert_eq!(read(r#""2026-11-19""#), Moment::Day("2026-11-19".parse().unwrap()));
        assert_eq!(read("1795169472123"), at("2026-11-20T10:11:12.123Z"));
        assert_eq!(read(r#""1795169472123""#), at("2026-11-20T10:11:12.123Z"));
        assert_eq!(read(r#""yesterday""#), Moment::Unreadable("yesterday".into()));
        assert_eq!(read("-7"), Moment::Unreadable("-7".into()));
        assert_eq!(read("18446744073709551615"), Moment::Unreadable("18446744073709551615".into()));
    }

    #[test]
    fn a23_future_and_ancient_moments_are_named() {
        let asked_at: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        let judge = |text: &str| Moment::from_text(text).judge(asked_at);
        assert_eq!(judge("2026-11-20T10:05:00Z"), Ok("2026-11-20T10:05:00Z".parse().unwrap()));
        assert_eq!(judge("2026-11-20"), Ok("2026-11-20T00:00:00Z".parse().unwrap()));
        assert_eq!(judge("2027-01-01"), Err(Oddity::Future("2027-01-01T00:00:00Z".parse().unwrap())));
        assert_eq!(judge("1970-01-01T00:00:00Z"), Err(Oddity::Ancient(Timestamp::UNIX_EPOCH)));
        assert_eq!(judge("soon"), Err(Oddity::Unreadable("soon".into())));
    }
}
