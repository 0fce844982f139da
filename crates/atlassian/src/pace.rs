//! The pace of one endpoint: how many requests its window still allows, learned from the headers of answers, and how
//! far apart requests go while nothing is known. A pure state machine: time is given, nobody waits here.
//!
//! All times are the clock's elapsed time, so that a step of the wall clock changes nothing.

use std::time::Duration;

use jiff::Timestamp;

use crate::call::Class;
use crate::error::ThrottleReason;
use crate::rate_headers::{RateHeaders, Reset};
use crate::waits::WaitReason;

/// What has been learned about an endpoint, to be persisted and given to the next client.
#[derive(Clone, Debug, PartialEq)]
pub struct LearnedLimit {
    /// The endpoint as text, `METHOD template`.
    pub endpoint: String,
    /// Requests per window, where headers named it.
    pub limit: Option<u32>,
    /// The longest time seen until a reset: the window's length, near enough.
    pub window: Option<Duration>,
    /// Requests left in the present window.
    pub remaining: Option<u32>,
    /// When the present window ends.
    pub resets_at: Option<Timestamp>,
    /// The pace in requests per second while no window is known.
    pub requests_per_second: f64,
    /// When this was so.
    pub learned_at: Timestamp,
}

#[derive(Clone, Debug)]
pub(crate) struct Pace {
    window: Option<Window>,
    length: Option<Duration>,
    rate: f64,
    next_at: Duration,
    blocked: Option<(Duration, ThrottleReason)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Window {
    limit: u32,
    remaining: u32,
    resets_at: Option<Duration>,
}

/// When a request may go, and what it waits for until then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ready {
    pub(crate) at: Duration,
    pub(crate) reason: WaitReason,
    pub(crate) throttle: Option<ThrottleReason>,
}

/// The pace before anything is learned, in requests per second.
pub const FIRST_RATE: f64 = 2.0;
const LOWEST_RATE: f64 = 0.1;
const HIGHEST_RATE: f64 = 50.0;
/// A reset farther away is believed to be this far: nobody is kept waiting by one odd header.
const LONGEST_WINDOW: Duration = Duration::from_secs(3600);
/// Two resets closer than this are the same one: texts without fractions move by up to a second.
const SAME_RESET: Duration = Duration::from_millis(1500);

impl Pace {
    pub(crate) fn new() -> Pace {
        Pace { window: None, length: None, rate: FIRST_RATE, next_at: Duration::ZERO, blocked: None }
    }

    /// Continues from what was learned earlier; `resets_in` is the time left of its window, if any is left.
    pub(crate) fn resume(learned: &LearnedLimit, resets_in: Option<Duration>, now: Duration) -> Pace {
        let window = learned.limit.filter(|limit| *limit > 0).map(|limit| match resets_in {
            Some(left) => {
                Window { limit, remaining: learned.remaining.unwrap_or(limit).min(limit), resets_at: Some(now + left) }
            }
            None => Window { limit, remaining: limit, resets_at: None },
        });
        let rate = learned.requests_per_second;
        let rate = if rate.is_finite() { rate.clamp(LOWEST_RATE, HIGHEST_RATE) } else { FIRST_RATE };
        Pace { window, length: learned.window, rate, ..Pace::new() }
    }

    /// What to persist. `instant` turns elapsed time into an instant.
    pub(crate) fn learned(
        &self,
        endpoint: String,
        learned_at: Timestamp,
        instant: impl Fn(Duration) -> Timestamp,
    ) -> LearnedLimit {
        LearnedLimit {
            endpoint,
            limit: self.window.map(|window| window.limit),
            window: self.length,
            remaining: self.window.map(|window| window.remaining),
            resets_at: self.window.and_then(|window| window.resets_at).map(instant),
            requests_per_second: self.rate,
            learned_at,
        }
    }

    /// When a request of `class` may go at the earliest; at `now` or before means at once.
    pub(crate) fn ready(&mut self, class: Class, now: Duration) -> Ready {
        self.roll(now);
        let spaced = Ready { at: self.next_at, reason: WaitReason::Pacing, throttle: None };
        let ready = match self.window {
            Some(window) if window.remaining > reserve(class, window.limit) => Ready { at: now, ..spaced },
            Some(Window { resets_at: Some(at), .. }) => {
                Ready { at, reason: WaitReason::QuotaUsed, throttle: Some(ThrottleReason::WindowReset) }
            }
            _ => spaced,
        };
        match self.blocked {
            Some((at, reason)) if at > ready.at => Ready { at, reason: WaitReason::Throttled, throttle: Some(reason) },
            _ => ready,
        }
    }

    /// How many requests of `class` may go at once, or in about a second while no window is known.
    pub(crate) fn allowance(&mut self, class: Class, now: Duration) -> u32 {
        self.roll(now);
        match self.window {
            _ if self.blocked.is_some() => 0,
            Some(Window { limit, remaining, .. }) if remaining > 0 => remaining.saturating_sub(reserve(class, limit)),
            Some(Window { resets_at: Some(_), .. }) => 0,
            // Below a thousand by the bounds of the rate.
            _ => self.rate.ceil() as u32,
        }
    }

    /// A request goes now.
    pub(crate) fn take(&mut self, now: Duration) {
        match &mut self.window {
            Some(window) if window.remaining > 0 => window.remaining -= 1,
            _ => self.next_at = self.next_at.max(now) + Duration::from_secs_f64(1.0 / self.rate),
        }
    }

    /// A request that was to go did not.
    pub(crate) fn refund(&mut self) {
        if let Some(window) = &mut self.window {
            window.remaining = window.limit.min(window.remaining + 1);
        }
    }

    /// Learns from the headers of an answer while `others` further requests are in flight.
    pub(crate) fn observe(&mut self, headers: &RateHeaders, others: u32, now: Duration) {
        let (Some(limit), Some(left)) = (headers.limit.filter(|limit| *limit > 0), headers.remaining) else { return };
        let left = left.min(limit);
        let resets_at = match headers.reset {
            // The window this answer belongs to is over; a new one may have been opened since.
            Some(Reset::Past) => return,
            Some(Reset::In(wait)) => {
                let wait = wait.min(LONGEST_WINDOW);
                self.length = self.length.max(Some(wait));
                Some(now + wait)
            }
            Some(Reset::Unreadable) | None => None,
        };
        // Answers overtake each other: within one window what remains only falls, and what was sent meanwhile counts.
        let same = self.window.filter(|window| match (window.resets_at, resets_at) {
            (Some(ours), Some(theirs)) => ours.abs_diff(theirs) < SAME_RESET && window.limit == limit,
            _ => false,
        });
        self.window = Some(match same {
            Some(window) => Window { remaining: window.remaining.min(left), ..window },
            None => Window { limit, remaining: left.saturating_sub(others), resets_at },
        });
    }

    /// An answer came that was no refusal for quota: spaced requests may go a little closer.
    pub(crate) fn succeeded(&mut self) {
        self.rate = (self.rate * 1.1).min(HIGHEST_RATE);
    }

    /// Upstream said 429: nothing goes before `until`, and spaced requests go half as often.
    pub(crate) fn throttled(&mut self, until: Duration, reason: ThrottleReason) {
        self.rate = (self.rate / 2.0).max(LOWEST_RATE);
        self.blocked = Some((self.blocked.map_or(until, |(at, _)| at.max(until)), reason));
        if let Some(window) = &mut self.window {
            // Whatever was believed to remain was used by somebody else.
            window.remaining = 0;
            window.resets_at = Some(until);
        }
    }

    /// Another key has another quota: blocks and counts end, what the limits are stays.
    pub(crate) fn forget_use(&mut self) {
        self.blocked = None;
        if let Some(window) = &mut self.window {
            *window = Window { remaining: window.limit, resets_at: None, ..*window };
        }
    }

    fn roll(&mut self, now: Duration) {
        if let Some(window) = &mut self.window
            && window.resets_at.is_some_and(|at| at <= now)
        {
            *window = Window { remaining: window.limit, resets_at: None, ..*window };
        }
        self.blocked = self.blocked.filter(|(at, _)| *at > now);
    }
}

/// What a class leaves for the classes before it: a pass keeps a fiftieth of the window for effects and their reads.
fn reserve(class: Class, limit: u32) -> u32 {
    match class {
        Class::Pass => limit / 50,
        Class::Effect | Class::PreOperation | Class::ReadBack => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn headers(limit: u32, remaining: u32, reset: Duration) -> RateHeaders {
        RateHeaders {
            limit: Some(limit),
            remaining: Some(remaining),
            reset: Some(Reset::In(reset)),
            ..RateHeaders::default()
        }
    }

    #[test]
    fn unknown_limits_start_at_two_a_second_speed_up_and_halve() {
        let mut pace = Pace::new();
        assert!(pace.ready(Class::Pass, Duration::ZERO).at <= Duration::ZERO);
        pace.take(Duration::ZERO);
        assert_eq!(pace.ready(Class::Pass, Duration::ZERO).at, Duration::from_millis(500));
        for _ in 0..10 {
            pace.succeeded();
        }
        assert!((5.0..6.0).contains(&pace.rate), "{}", pace.rate);
        pace.throttled(seconds(3), ThrottleReason::Unstated);
        assert!((2.5..3.0).contains(&pace.rate), "{}", pace.rate);
        let ready = pace.ready(Class::Effect, seconds(1));
        assert_eq!((ready.at, ready.reason), (seconds(3), WaitReason::Throttled));
    }

    #[test]
    fn a_window_is_used_at_full_speed_down_to_the_reserve_and_then_waited_out() {
        let mut pace = Pace::new();
        pace.observe(&headers(100, 50, seconds(30)), 0, Duration::ZERO);
        let mut sent = 0;
        while pace.ready(Class::Pass, seconds(1)).at <= seconds(1) {
            pace.take(seconds(1));
            sent += 1;
        }
        assert_eq!(sent, 48, "a fiftieth of 100 is left");
        assert_eq!(pace.ready(Class::Pass, seconds(1)).at, seconds(30));
        assert!(pace.ready(Class::Effect, seconds(1)).at <= seconds(1), "the reserve is for effects");
        assert!(pace.ready(Class::Pass, seconds(30)).at <= seconds(30), "the next window is fresh");
    }

    #[test]
    fn an_allowance_is_what_may_leave_at_once() {
        let mut pace = Pace::new();
        assert_eq!(pace.allowance(Class::Effect, Duration::ZERO), 2);
        pace.observe(&headers(100, 50, seconds(30)), 0, Duration::ZERO);
        assert_eq!(pace.allowance(Class::Effect, seconds(1)), 50);
        assert_eq!(pace.allowance(Class::Pass, seconds(1)), 48, "a fiftieth of 100 is left");
        (0..50).for_each(|_| pace.take(seconds(1)));
        assert_eq!(pace.allowance(Class::Effect, seconds(1)), 0);
        assert_eq!(pace.allowance(Class::Effect, seconds(30)), 100, "the next window is fresh");
        pace.throttled(seconds(40), ThrottleReason::RetryAfter);
        assert_eq!(pace.allowance(Class::Effect, seconds(31)), 0);
    }

    #[test]
    fn answers_that_overtake_each_other_never_raise_what_remains() {
        let mut pace = Pace::new();
        pace.observe(&headers(10, 9, seconds(60)), 3, Duration::ZERO);
        assert_eq!(pace.window.unwrap().remaining, 6, "three more are under way");
        pace.observe(&headers(10, 6, seconds(59)), 0, seconds(1));
        pace.observe(&headers(10, 8, seconds(59)), 1, seconds(1));
        assert_eq!(pace.window.unwrap().remaining, 6);
        pace.observe(&headers(10, 9, seconds(60)), 0, seconds(61));
        assert_eq!(pace.window.unwrap().remaining, 9, "a later reset is another window");
    }

    #[test]
    fn a2_a_reset_that_is_past_or_garbage_stops_nobody_for_ever() {
        let mut pace = Pace::new();
        pace.observe(&RateHeaders { reset: Some(Reset::Past), ..headers(10, 0, seconds(0)) }, 0, Duration::ZERO);
        assert_eq!(pace.window, None);
        pace.observe(&RateHeaders { reset: Some(Reset::Unreadable), ..headers(10, 0, seconds(0)) }, 0, Duration::ZERO);
        pace.take(Duration::ZERO);
        assert_eq!(pace.ready(Class::Pass, Duration::ZERO).at, Duration::from_millis(500));
    }

    #[test]
    fn what_was_learned_is_resumed() {
        let mut pace = Pace::new();
        pace.observe(&headers(200, 120, seconds(40)), 0, seconds(5));
        let start = Timestamp::UNIX_EPOCH;
        let learned =
            pace.learned("GET /a".to_owned(), start, |at| start + jiff::SignedDuration::try_from(at).unwrap());
        assert_eq!((learned.limit, learned.remaining, learned.window), (Some(200), Some(120), Some(seconds(40))));
        assert_eq!(learned.resets_at, Some(Timestamp::from_second(45).unwrap()));
        let mut resumed = Pace::resume(&learned, Some(seconds(10)), seconds(0));
        for _ in 0..116 {
            assert!(resumed.ready(Class::Pass, seconds(0)).at <= seconds(0));
            resumed.take(seconds(0));
        }
        assert_eq!(resumed.ready(Class::Pass, seconds(0)).at, seconds(10));
    }
}
