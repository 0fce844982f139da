//! What the headers of an answer say about quota and time. Pure reading: nothing is waited for or remembered here, and
//! no text in a header, however odd, is an error.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};

use crate::moment::Moment;

/// The headers that matter, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RateHeaders {
    /// `X-RateLimit-Limit`
    pub(crate) limit: Option<u32>,
    /// `X-RateLimit-Remaining`
    pub(crate) remaining: Option<u32>,
    /// `X-RateLimit-Reset`
    pub(crate) reset: Option<Reset>,
    /// `Retry-After`, from now.
    pub(crate) retry_after: Option<Duration>,
    /// How far the server's `Date` is ahead of our clock.
    pub(crate) skew: Option<SignedDuration>,
}

/// When the window ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reset {
    /// From now, the margin for a text without fractions of a second included.
    In(Duration),
    /// The instant has passed.
    Past,
    /// The text is no instant.
    Unreadable,
}

/// Clocks that differ by less than this are taken as equal; `Date` itself has whole seconds only.
const SAME: SignedDuration = SignedDuration::from_secs(3);
/// No window is believed to be longer than this when two clocks disagree about when it ends.
const LONGEST_WINDOW: SignedDuration = SignedDuration::from_hours(1);

impl RateHeaders {
    /// Reads them with `header`, which gives a header's text by its lower-case name. `now` is our clock's.
    pub(crate) fn read<'a>(header: impl Fn(&str) -> Option<&'a str>, now: Timestamp) -> RateHeaders {
        let number = |name: &str| header(name).and_then(|text| text.trim().parse::<u32>().ok());
        let date = header("date").and_then(http_date);
        RateHeaders {
            limit: number("x-ratelimit-limit"),
            remaining: number("x-ratelimit-remaining"),
            reset: header("x-ratelimit-reset").map(|text| reset(text, now, date)),
            retry_after: header("retry-after").and_then(|text| retry_after(text, now, date)),
            skew: date.map(|date| date.duration_since(now)),
        }
    }
}

fn reset(text: &str, now: Timestamp, date: Option<Timestamp>) -> Reset {
    let Some(at) = Moment::from_text(text.trim()).instant() else { return Reset::Unreadable };
    // A text of whole seconds may have been cut down by most of a second.
    let margin =
        if at.subsec_nanosecond() == 0 { SignedDuration::from_secs(1) } else { SignedDuration::from_millis(50) };
    let left = until(at, now, date);
    if left.is_negative() { Reset::Past } else { Reset::In((left + margin).unsigned_abs()) }
}

fn retry_after(text: &str, now: Timestamp, date: Option<Timestamp>) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    if let Some(seconds) = text.parse::<f64>().ok().filter(|seconds| (0.0..1e9).contains(seconds)) {
        return Some(Duration::from_secs_f64(seconds));
    }
    let left = until(http_date(text)?, now, date);
    (!left.is_negative()).then(|| left.unsigned_abs())
}

/// Time left until an instant that the server named. The server means its own clock; but a proxy or a test server may
/// write a `Date` that has nothing to do with it, so our clock is believed where only it makes sense.
fn until(at: Timestamp, now: Timestamp, date: Option<Timestamp>) -> SignedDuration {
    let by_us = at.duration_since(now);
    let Some(date) = date else { return by_us };
    if date.duration_since(now).abs() <= SAME {
        return by_us;
    }
    let by_them = at.duration_since(date);
    let plausible = |left: SignedDuration| !left.is_negative() && left <= LONGEST_WINDOW;
    if !plausible(by_them) && plausible(by_us) { by_us } else { by_them }
}

fn http_date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&str, &str)]) -> RateHeaders {
        let now = "2026-11-20T10:00:00Z".parse().unwrap();
        RateHeaders::read(|name| headers.iter().find(|(known, _)| *known == name).map(|(_, text)| *text), now)
    }

    #[test]
    fn a2_every_form_of_reset_is_read() {
        let reset = |text: &str| read(&[("x-ratelimit-reset", text)]).reset.unwrap();
        assert_eq!(reset("2026-11-20T10:00:30.500Z"), Reset::In(Duration::from_millis(30_550)));
        assert_eq!(reset("2026-11-20T10:00:30Z"), Reset::In(Duration::from_secs(31)));
        assert_eq!(reset("2026-11-20T10:01Z"), Reset::In(Duration::from_secs(61)));
        assert_eq!(reset("2026-11-20T12:00:30+02:00"), Reset::In(Duration::from_secs(31)));
        assert_eq!(reset("1795168830"), Reset::In(Duration::from_secs(31)));
        assert_eq!(reset("2026-11-20T09:00:00Z"), Reset::Past);
        assert_eq!(reset("2027-11-20T10:00:00Z"), Reset::In(Duration::from_secs(365 * 86_400 + 1)));
        for garbage in ["", "soon", "2026-13-45T99:00Z", "-5", "NaN"] {
            assert_eq!(reset(garbage), Reset::Unreadable, "{garbage:?}");
        }
    }

    #[test]
    fn a1_retry_after_is_seconds_or_a_date() {
        let wait = |text: &str| read(&[("retry-after", text)]).retry_after;
        assert_eq!(wait("17"), Some(Duration::from_secs(17)));
        assert_eq!(wait("1.5"), Some(Duration::from_millis(1500)));
        assert_eq!(wait("Fri, 20 Nov 2026 10:00:09 GMT"), Some(Duration::from_secs(9)));
        assert_eq!(wait("Fri, 20 Nov 2026 09:00:00 GMT"), None);
        assert_eq!(wait("-3"), None);
        assert_eq!(wait("later"), None);
    }

    #[test]
    fn a29_the_servers_clock_counts_where_it_makes_sense() {
        let two_hours_ahead = ("date", "Fri, 20 Nov 2026 12:00:00 GMT");
        let seen = read(&[two_hours_ahead, ("x-ratelimit-reset", "2026-11-20T12:00:30.5Z")]);
        assert_eq!(seen.reset, Some(Reset::In(Duration::from_millis(30_550))));
        assert_eq!(seen.skew, Some(SignedDuration::from_hours(2)));
        let unrelated = read(&[two_hours_ahead, ("x-ratelimit-reset", "2026-11-20T10:00:30.5Z")]);
        assert_eq!(unrelated.reset, Some(Reset::In(Duration::from_millis(30_550))));
    }
}
