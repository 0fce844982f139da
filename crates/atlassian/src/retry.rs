//! Whether and when to try again. Pure decisions; chance is given.

use std::time::Duration;

use crate::call::Class;
use crate::error::{Error, ThrottleReason};
use crate::rate_headers::{RateHeaders, Reset};

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const FIRST_THROTTLE: Duration = Duration::from_secs(1);
const LONGEST_THROTTLE: Duration = Duration::from_secs(60);

/// The pause before another attempt after `failures` failed ones, or `None` to give up. An effect is never repeated:
/// it may have happened.
pub(crate) fn pause(
    error: &Error,
    class: Class,
    failures: u32,
    attempts: u32,
    random: &mut fastrand::Rng,
) -> Option<Duration> {
    let repeatable = class != Class::Effect && error.is_transient() && failures < attempts;
    repeatable.then(|| full_jitter(FIRST_PAUSE, LONGEST_PAUSE, failures, random))
}

/// How long to wait after the `throttles`-th 429 in a row, and on whose word. Never longer than `longest`.
pub(crate) fn throttle(
    headers: &RateHeaders,
    throttles: u32,
    longest: Duration,
    random: &mut fastrand::Rng,
) -> (Duration, ThrottleReason) {
    let back_off = full_jitter(FIRST_THROTTLE, LONGEST_THROTTLE, throttles, random);
    let reset = match headers.reset {
        Some(Reset::In(wait)) => Some(wait),
        Some(Reset::Past | Reset::Unreadable) | None => None,
    };
    let (stated, reason) = match (headers.retry_after, reset) {
        (Some(after), Some(reset)) if reset > after => (reset, ThrottleReason::WindowReset),
        (Some(after), _) => (after, ThrottleReason::RetryAfter),
        (None, Some(reset)) => (reset, ThrottleReason::WindowReset),
        (None, None) => return (back_off, ThrottleReason::Unstated),
    };
    // The first wait is what was asked for; when that did not help, the back-off comes on top.
    let on_top = if throttles > 1 { back_off } else { Duration::from_secs_f64(random.f64() * 0.25) };
    (stated.saturating_add(on_top).min(longest), reason)
}

/// A random time up to `first` doubled `times - 1` times, but no less than a quarter of `first`.
fn full_jitter(first: Duration, longest: Duration, times: u32, random: &mut fastrand::Rng) -> Duration {
    let doubled = first.saturating_mul(1 << times.saturating_sub(1).min(16)).min(longest);
    doubled.mul_f64(random.f64()).max(first / 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Endpoint;

    const ENDPOINT: Endpoint = Endpoint::get("/a");
    const LONGEST: Duration = Duration::from_secs(3600);

    #[test]
    fn a4_reads_are_repeated_five_times_and_effects_never() {
        let mut random = fastrand::Rng::with_seed(1);
        let fault = Error::ServerFault { endpoint: ENDPOINT, status: 503 };
        let mut asked = |class, failures| pause(&fault, class, failures, 5, &mut random).is_some();
        assert!((1..5).all(|failures| asked(Class::Pass, failures)));
        assert!(!asked(Class::Pass, 5));
        assert!(!asked(Class::Effect, 1));
    }

    #[test]
    fn a6_refusals_are_final() {
        let mut random = fastrand::Rng::with_seed(1);
        for status in [400, 401, 403, 404, 409] {
            let refused = Error::Refused { endpoint: ENDPOINT, status, code: None, title: None, detail: None };
            assert_eq!(pause(&refused, Class::Pass, 1, 5, &mut random), None);
        }
    }

    #[test]
    fn a1_the_longer_of_two_stated_waits_counts() {
        let mut random = fastrand::Rng::with_seed(1);
        let headers = RateHeaders {
            retry_after: Some(Duration::from_secs(7)),
            reset: Some(Reset::In(Duration::from_secs(20))),
            ..RateHeaders::default()
        };
        let (wait, reason) = throttle(&headers, 1, LONGEST, &mut random);
        assert!((20.0..20.3).contains(&wait.as_secs_f64()), "{wait:?}");
        assert_eq!(reason, ThrottleReason::WindowReset);
    }

    #[test]
    fn a2_past_and_garbage_resets_give_a_short_back_off_and_a_far_one_is_capped() {
        let mut random = fastrand::Rng::with_seed(1);
        for reset in [Reset::Past, Reset::Unreadable] {
            let headers = RateHeaders { reset: Some(reset), ..RateHeaders::default() };
            for times in 1..20 {
                let (wait, reason) = throttle(&headers, times, LONGEST, &mut random);
                assert!(wait >= Duration::from_millis(250) && wait <= LONGEST_THROTTLE, "{wait:?}");
                assert_eq!(reason, ThrottleReason::Unstated);
            }
        }
        let year = Reset::In(Duration::from_secs(365 * 86_400));
        let headers = RateHeaders { reset: Some(year), ..RateHeaders::default() };
        assert_eq!(throttle(&headers, 1, LONGEST, &mut random).0, LONGEST);
    }
}
