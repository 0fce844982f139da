//! What dates mean at a moment in a zone, across clock changes and at the ends of the calendar.

use filter::{Comparison, Condition, DateExpression, Expression, Length, Stretch, Unit, Value, parse};
use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use crate::support::catalogue;

/// A Tuesday noon in Berlin, two days after the clock was put forward.
const NOW: &str = "2026-03-31T10:00:00Z";

fn written(text: &str) -> DateExpression {
    let parsed = parse(&format!("added >= {text}"), &catalogue());
    match parsed.query.expression {
        Some(Expression::Test(test)) => match test.condition {
            Condition::Compare(_, Value::Date(date)) => date,
            other => panic!("{text}: {other:?}"),
        },
        other => panic!("{text}: {other:?} {:?}", parsed.diagnostics),
    }
}

fn means(text: &str) -> Stretch {
    written(text).resolve(NOW.parse().unwrap(), &TimeZone::get("Europe/Berlin").unwrap())
}

fn starts(text: &str) -> String {
    means(text).start.to_string()
}

#[test]
fn offsets_count_exact_days_and_calendar_months() {
    // 90 times 24 hours, not 90 midnights: the clock change in between does not count.
    assert_eq!(starts("-90d"), "2025-12-31T10:00:00Z");
    assert_eq!(starts("+1w"), "2026-04-07T10:00:00Z");
    assert_eq!(starts("-36h"), "2026-03-29T22:00:00Z");
    // 12:00 in Berlin is 11:00 UTC before the clock change; the last of February stands for its 31st.
    assert_eq!(starts("-1M"), "2026-02-28T11:00:00Z");
    assert_eq!(starts("-1y"), "2025-03-31T10:00:00Z");
    assert_eq!(starts("now()"), NOW);
}

#[test]
fn days_and_months_are_stretches_of_the_zone() {
    let day = means("2026-03-29");
    assert_eq!(
        (day.start.to_string().as_str(), day.end.to_string().as_str()),
        ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")
    );
    let month = means("2026-03");
    assert_eq!(
        (month.start.to_string().as_str(), month.end.to_string().as_str()),
        ("2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z")
    );
    assert_eq!(starts("2026-03-01T10:30"), "2026-03-01T09:30:00Z");
    assert_eq!(starts("2026-03-01T10:30:00Z"), "2026-03-01T10:30:00Z");
    assert_eq!(starts("\"2026-03-01 10:30:00+05:30\""), "2026-03-01T05:00:00Z");
    // An hour that the clock leaves out is taken as the moment after the jump.
    assert_eq!(starts("2026-03-29T02:30"), "2026-03-29T01:30:00Z");
}

#[test]
fn edges_of_periods_follow_the_calendar() {
    assert_eq!(starts("startOfDay()"), "2026-03-30T22:00:00Z");
    assert_eq!(starts("startOfDay(-2d)"), "2026-03-28T23:00:00Z");
    assert_eq!(starts("startOfWeek()"), "2026-03-29T22:00:00Z");
    assert_eq!(starts("startOfMonth()"), "2026-02-28T23:00:00Z");
    assert_eq!(starts("startOfMonth(-1M)"), "2026-01-31T23:00:00Z");
    assert_eq!(written("startOfMonth(-1)"), written("startOfMonth(-1M)"));
    assert_eq!(starts("startOfYear()"), "2025-12-31T23:00:00Z");
    assert_eq!(means("endOfMonth()").end.to_string(), "2026-03-31T22:00:00Z");
    assert_eq!(means("endOfMonth(-1M)").end.to_string(), "2026-02-28T23:00:00Z");
    assert_eq!(starts("endOfDay()"), "2026-03-31T21:59:59.999999999Z");
}

#[test]
fn lengths_reach_back_the_way_they_are_written() {
    let (now, zone) = (NOW.parse().unwrap(), TimeZone::get("Europe/Berlin").unwrap());
    let before = |amount, unit| Length { amount, unit }.before(now, &zone).to_string();
    assert_eq!(before(3, Unit::Week), "2026-03-10T10:00:00Z");
    assert_eq!(before(6, Unit::Month), "2025-09-30T10:00:00Z");
    assert_eq!(before(0, Unit::Day), NOW);
}

#[test]
fn a_day_is_compared_as_a_whole() {
    let day = means("2026-03-31");
    let holds = |comparison: Comparison, moment: &str| comparison.accepts(day.order(moment.parse().unwrap()));
    let (eve, first, last, next) =
        ("2026-03-30T21:59:59Z", "2026-03-30T22:00:00Z", "2026-03-31T21:59:59Z", "2026-03-31T22:00:00Z");
    for (comparison, moments) in [
        (Comparison::Equal, [false, true, true, false]),
        (Comparison::NotEqual, [true, false, false, true]),
        (Comparison::Less, [true, false, false, false]),
        (Comparison::AtMost, [true, true, true, false]),
        (Comparison::Greater, [false, false, false, true]),
        (Comparison::AtLeast, [false, true, true, true]),
    ] {
        assert_eq!([eve, first, last, next].map(|moment| holds(comparison, moment)), moments, "{comparison:?}");
    }
}

#[test]
fn bounds_in_whole_units_agree_with_the_stretch() {
    let stretch =
        Stretch { start: "1970-01-01T00:00:01.5Z".parse().unwrap(), end: "1970-01-01T00:00:03Z".parse().unwrap() };
    assert_eq!(stretch.bounds(1_000_000_000), (2, 3));
    assert_eq!(stretch.bounds(1_000_000), (1_500, 3_000));
    let before =
        Stretch { start: "1969-12-31T23:59:58.5Z".parse().unwrap(), end: "1970-01-01T00:00:00Z".parse().unwrap() };
    assert_eq!(before.bounds(1_000_000_000), (-1, 0));
}

proptest! {
    #[test]
    fn bounds_say_of_every_second_whether_it_is_inside(start in -5_000_i64..5_000, length in 1_i64..5_000, second in -8_i64..8) {
        let at = |milliseconds| Timestamp::from_millisecond(milliseconds).unwrap();
        let stretch = Stretch { start: at(start), end: at(start + length) };
        let (from, to) = stretch.bounds(1_000_000_000);
        let moment = Timestamp::from_second(second).unwrap();
        prop_assert_eq!(from <= second && second < to, stretch.start <= moment && moment < stretch.end);
        prop_assert_eq!(second < from, moment < stretch.start);
        prop_assert_eq!(second >= to, moment >= stretch.end);
    }

    #[test]
    fn every_date_means_something_at_any_moment_anywhere(
        seconds in -62_135_596_800_i64..253_402_200_000,
        zone in proptest::sample::select(vec!["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Asia/Kathmandu"]),
        text in proptest::sample::select(vec![
            "now()", "-90d", "-100y", "+100y", "+1200M", "+876600h", "2026-03-01", "9998-12-31", "0001-01-01", "2026-03", "9998-12",
            "0001-01-01T00:00", "9998-12-31T23:59:59", "startOfDay()", "endOfDay(+100y)", "startOfWeek(-36525d)", "endOfYear(-100y)",
        ]),
    ) {
        let zone = TimeZone::get(zone).unwrap();
        let stretch = written(text).resolve(Timestamp::from_second(seconds).unwrap(), &zone);
        prop_assert!(stretch.start <= stretch.end);
    }

    #[test]
    fn days_follow_each_other_without_gap(year in 1900_i16..2200, month in 1_i8..=12, day in 1_i8..=28) {
        let zone = TimeZone::get("America/St_Johns").unwrap();
        let today = date(year, month, day);
        let resolve = |day| DateExpression::Day(day).resolve(Timestamp::UNIX_EPOCH, &zone);
        prop_assert_eq!(resolve(today).end, resolve(today.tomorrow().unwrap()).start);
    }
}
