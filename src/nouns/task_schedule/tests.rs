//! Starts in writing: changes of clocks, ends of months, leap days, anchors, and laws that hold for every schedule.

use proptest::prelude::*;

use super::*;

fn schedule(repeat: &str, starts: &str, window: &str, zone: &str) -> TaskSchedule {
    TaskSchedule {
        repeat: Repeat::parse(repeat).unwrap(),
        starts: starts.parse().unwrap(),
        window: Window::parse(window).unwrap(),
        zone: zone.to_owned(),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The next starts by the zone's clock.
fn told(schedule: &TaskSchedule, after: &str, count: usize) -> Vec<String> {
    let rules = schedule.rules().unwrap();
    let starts = schedule.following(&rules, at(after)).take(count);
    starts.map(|start| start.at.to_zoned(rules.clone()).strftime("%a %F %H:%M %:z").to_string()).collect()
}

#[test]
fn c14_a_time_that_does_not_exist_starts_at_the_first_instant_that_does() {
    let daily = schedule("every 1 days", "2026-01-01", "02:30-03:30", "Europe/Berlin");
    assert_eq!(
        told(&daily, "2026-03-27T12:00:00Z", 3),
        ["Sat 2026-03-28 02:30 +01:00", "Sun 2026-03-29 03:00 +02:00", "Mon 2026-03-30 02:30 +02:00"]
    );
    let rules = daily.rules().unwrap();
    let start = daily.next(&rules, at("2026-03-28T12:00:00Z")).unwrap();
    assert_eq!((start.clocks, start.day.to_string()), (Clocks::Gap, "2026-03-29".to_owned()));
    assert_eq!(start.until, at("2026-03-29T01:30:00Z"));
    // Both ends of the window in the gap: it starts all the same, at that instant.
    let within = schedule("every 1 days", "2026-01-01", "02:10-02:40", "Europe/Berlin");
    let start = within.next(&rules, at("2026-03-28T12:00:00Z")).unwrap();
    assert_eq!((start.at, start.until), (at("2026-03-29T01:00:00Z"), at("2026-03-29T01:00:00Z")));
}

#[test]
fn c14_a_time_that_comes_twice_starts_once_with_the_first() {
    let daily = schedule("every 1 days", "2026-01-01", "02:30-03:30", "Europe/Berlin");
    assert_eq!(told(&daily, "2026-10-24T12:00:00Z", 2), ["Sun 2026-10-25 02:30 +02:00", "Mon 2026-10-26 02:30 +01:00"]);
    let start = daily.next(&daily.rules().unwrap(), at("2026-10-24T12:00:00Z")).unwrap();
    assert_eq!(start.clocks, Clocks::Overlap);
    // The window, from 02:30 to 03:30 by the clock, is two hours long that night.
    assert_eq!(start.until.duration_since(start.at).as_hours(), 2);
}

#[test]
fn c14_half_an_hour_of_summer_time_and_a_day_that_was_left_out() {
    let howe = schedule("every 1 days", "2026-01-01", "02:10-03:00", "Australia/Lord_Howe");
    assert_eq!(told(&howe, "2026-10-03T12:00:00Z", 1), ["Sun 2026-10-04 02:30 +11:00"]);
    // Samoa went from the 29th to the 31st of December 2011.
    let apia = schedule("every 1 days", "2011-12-01", "02:00-03:00", "Pacific/Apia");
    assert_eq!(
        told(&apia, "2011-12-29T00:00:00Z", 4),
        [
            "Thu 2011-12-29 02:00 -10:00",
            "Sat 2011-12-31 00:00 +14:00",
            "Sat 2011-12-31 02:00 +14:00",
            "Sun 2012-01-01 02:00 +14:00"
        ]
    );
}

#[test]
fn c15_the_31st_is_the_last_day_of_a_shorter_month_and_comes_back() {
    let monthly = schedule("every 1 months", "2027-12-31", "02:00-03:00", "UTC");
    assert_eq!(
        told(&monthly, "2027-12-31T12:00:00Z", 5),
        [
            "Mon 2028-01-31 02:00 +00:00",
            "Tue 2028-02-29 02:00 +00:00",
            "Fri 2028-03-31 02:00 +00:00",
            "Sun 2028-04-30 02:00 +00:00",
            "Wed 2028-05-31 02:00 +00:00"
        ]
    );
    let quarterly = schedule("every 3 months", "2026-11-30", "02:00-03:00", "UTC");
    assert_eq!(
        told(&quarterly, "2026-11-01T00:00:00Z", 3),
        ["Mon 2026-11-30 02:00 +00:00", "Sun 2027-02-28 02:00 +00:00", "Sun 2027-05-30 02:00 +00:00"]
    );
}

#[test]
fn c15_a_leap_day_is_the_28th_in_other_years() {
    let yearly = schedule("every 12 months", "2028-02-29", "02:00-03:00", "UTC");
    assert_eq!(
        told(&yearly, "2028-01-01T00:00:00Z", 5),
        [
            "Tue 2028-02-29 02:00 +00:00",
            "Wed 2029-02-28 02:00 +00:00",
            "Thu 2030-02-28 02:00 +00:00",
            "Fri 2031-02-28 02:00 +00:00",
            "Sun 2032-02-29 02:00 +00:00"
        ]
    );
}

#[test]
fn c15_every_other_week_is_counted_from_the_start_date_across_years() {
    let weeks = schedule("every 2 weeks", "2026-11-09", "02:00-03:00", "Europe/Berlin");
    assert_eq!(
        told(&weeks, "2026-12-10T00:00:00Z", 4),
        [
            "Mon 2026-12-21 02:00 +01:00",
            "Mon 2027-01-04 02:00 +01:00",
            "Mon 2027-01-18 02:00 +01:00",
            "Mon 2027-02-01 02:00 +01:00"
        ]
    );
}

#[test]
fn c15_a_zone_that_was_removed_has_no_rules_and_new_rules_move_the_start() {
    let gone = schedule("every 1 days", "2026-01-01", "02:00-03:00", "Atlantis/Poseidonis");
    assert!(gone.rules().is_none());
    // The same schedule under two editions of the same zone's rules: by the clock it stays, as an instant it moves.
    let (before, after) = (TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap(), TimeZone::posix("CET-1").unwrap());
    let summer = at("2026-07-01T12:00:00Z");
    let start = |rules: &TimeZone| gone.next(rules, summer).unwrap();
    assert_eq!((start(&before).at, start(&after).at), (at("2026-07-02T00:00:00Z"), at("2026-07-02T01:00:00Z")));
    assert_eq!(start(&before).day, start(&after).day);
}

#[test]
fn w6_weekdays_begin_with_the_start_date_and_hold_over_both_changes_of_clocks() {
    let mondays = schedule("weekdays mon", "2026-03-20", "02:00-04:00", "America/New_York");
    assert_eq!(told(&mondays, "2026-01-01T00:00:00Z", 1), ["Mon 2026-03-23 02:00 -04:00"]);
    assert_eq!(
        told(&mondays, "2026-10-26T12:00:00Z", 2),
        ["Mon 2026-11-02 02:00 -05:00", "Mon 2026-11-09 02:00 -05:00"]
    );
    let never = schedule("weekdays ", "2026-03-20", "02:00-04:00", "UTC");
    assert_eq!(told(&never, "2026-01-01T00:00:00Z", 1), [""; 0]);
    assert_eq!(told(&schedule("manual", "2026-03-20", "02:00-04:00", "UTC"), "2026-01-01T00:00:00Z", 1), [""; 0]);
}

#[test]
fn a_window_over_midnight_ends_on_the_next_day() {
    let late = schedule("weekdays fri", "2026-11-01", "23:00-01:30", "UTC");
    let start = late.next(&TimeZone::UTC, at("2026-11-18T00:00:00Z")).unwrap();
    assert_eq!((start.at, start.until), (at("2026-11-20T23:00:00Z"), at("2026-11-21T01:30:00Z")));
    let latest = late.latest(&TimeZone::UTC, at("2026-11-21T00:30:00Z")).unwrap();
    assert_eq!(latest, start);
}

#[test]
fn schedules_read_back_and_nonsense_is_none() {
    for text in ["manual", "weekdays mon,wed,sun", "weekdays ", "every 1 days", "every 12 months"] {
        assert_eq!(Repeat::parse(text).unwrap().to_text(), text);
    }
    for text in ["", "every", "every 0 days", "every 1000 days", "every 1 years", "weekdays foo", "manual 1"] {
        assert_eq!(Repeat::parse(text), None, "{text}");
    }
    assert_eq!(Window::parse("02:00-03:15").unwrap().to_text(), "02:00-03:15");
    assert_eq!(Window::parse("24:00-03:15"), None);
}

fn any_repeat() -> impl Strategy<Value = Repeat> {
    let unit = prop_oneof![Just(Unit::Days), Just(Unit::Weeks), Just(Unit::Months)];
    prop_oneof![
        (1u8..128).prop_map(|days| Repeat::Weekdays(Weekdays(days))),
        (1u16..40, unit).prop_map(|(n, u)| Repeat::Every(n, u))
    ]
}

proptest! {
    #[test]
    fn starts_increase_belong_to_days_of_their_own_and_the_latest_is_the_one_before_the_next(
        repeat in any_repeat(), day in 0i32..4000, minute in 0i16..1440, second in 1_600_000_000i64..1_900_000_000,
        zone in prop_oneof![Just("Europe/Berlin"), Just("America/New_York"), Just("Australia/Lord_Howe"), Just("UTC")],
    ) {
        let starts = jiff::civil::date(2018, 1, 1).checked_add(day.days()).unwrap();
        let from = Time::new((minute / 60) as i8, (minute % 60) as i8, 0, 0).unwrap();
        let schedule = TaskSchedule { repeat, starts, window: Window { from, until: Time::midnight() }, zone: zone.to_owned() };
        let rules = schedule.rules().unwrap();
        let now = Timestamp::from_second(second).unwrap();
        let mut before = now;
        let mut last_day = None;
        for start in schedule.following(&rules, now).take(8) {
            prop_assert!(start.at > before && start.until >= start.at && start.day >= starts);
            prop_assert!(last_day.is_none_or(|last| last < start.day));
            prop_assert_eq!(schedule.latest(&rules, start.at), Some(start));
            let just_before = Timestamp::from_nanosecond(start.at.as_nanosecond() - 1).unwrap();
            prop_assert_eq!(schedule.next(&rules, just_before), Some(start));
            (before, last_day) = (start.at, Some(start.day));
        }
    }
}
