//! What is due when: held back, missed, caught up, skipped, under clocks that jump.

use super::*;
use crate::id::{Entropy, FilterId, TaskId};
use crate::nouns::saved_filter::Name;
use crate::nouns::task::{AtEnd, Author, Definition, Stage, TaskAction, TaskGuards};
use crate::nouns::task_schedule::{TaskSchedule, Window};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn task(repeat: &str, window: &str) -> Task {
    let (entropy, settled_at) = (Entropy::seeded(1), at("2026-11-01T00:00:00Z"));
    Task {
        id: TaskId::new(&entropy, settled_at),
        version: 1,
        definition: Definition {
            name: Name::parse("Idle people").unwrap(),
            filter: FilterId::new(&entropy, settled_at),
            stages: vec![Stage { after_days: 0, actions: vec![TaskAction::Suspend] }],
            schedule: TaskSchedule {
                repeat: Repeat::parse(repeat).unwrap(),
                starts: jiff::civil::date(2026, 11, 1),
                window: Window::parse(window).unwrap(),
                zone: "UTC".to_owned(),
            },
            missed: Missed::CatchUp,
            at_end: AtEnd::GoOn,
            guards: TaskGuards::default(),
        },
        active: true,
        author: Author { name: "command line".to_owned(), administrator: None },
        changed_at: settled_at,
        settled_at,
        hold_next: None,
    }
}

fn around(now: &str) -> Around {
    Around { now: at(now), held: None, key_expired: false, grace_over: false, open: Vec::new(), former: Vec::new() }
}

fn held(now: &str, by: HeldBy) -> Around {
    let held = HeldBack { by, since: at("2026-11-10T03:00:00Z"), until: at("2026-11-10T04:00:00Z") };
    Around { held: Some(held), ..around(now) }
}

fn settled(mut task: Task, until: &str) -> Task {
    task.settled_at = at(until);
    task
}

#[test]
fn b7_a_task_due_in_the_slot_waits_starts_once_after_it_or_is_skipped_when_its_window_has_passed() {
    let long = settled(task("every 1 days", "03:30-06:00"), "2026-11-09T03:30:00Z");
    assert!(matches!(decide(&long, &held("2026-11-10T03:30:00Z", HeldBy::Slot)), Decision::Wait(..)));
    assert!(matches!(next(&long, &held("2026-11-10T03:30:00Z", HeldBy::Slot)), Err(Why::HeldBack(_))));
    assert!(matches!(decide(&long, &held("2026-11-10T04:10:00Z", HeldBy::Sync)), Decision::Wait(..)));
    let Decision::Begin(start, Cause::Schedule) = decide(&long, &around("2026-11-10T04:20:00Z")) else {
        panic!("slot and sync are over");
    };
    assert_eq!(start.at, at("2026-11-10T03:30:00Z"));
    let begun = settled(long, "2026-11-10T03:30:00Z");
    assert_eq!(decide(&begun, &around("2026-11-10T04:21:00Z")), Decision::Nothing);

    let short = settled(task("every 1 days", "03:30-03:45"), "2026-11-09T03:30:00Z");
    assert!(matches!(decide(&short, &held("2026-11-10T03:44:00Z", HeldBy::Slot)), Decision::Wait(..)));
    assert!(matches!(decide(&short, &held("2026-11-10T03:45:00Z", HeldBy::Slot)), Decision::Skip(_, Why::WindowOver)));
}

#[test]
fn c16_days_without_a_server_are_caught_up_once_or_left_out() {
    let daily = settled(task("every 1 days", "02:00-03:00"), "2026-11-05T02:00:00Z");
    let Decision::Begin(start, Cause::CaughtUp) = decide(&daily, &around("2026-11-10T12:00:00Z")) else {
        panic!("five starts were missed");
    };
    assert_eq!(start.at, at("2026-11-10T02:00:00Z"));
    let after = settled(daily.clone(), "2026-11-10T02:00:00Z");
    assert_eq!(decide(&after, &around("2026-11-10T12:00:01Z")), Decision::Nothing);
    let mut skipping = daily;
    skipping.definition.missed = Missed::Skip;
    assert!(matches!(decide(&skipping, &around("2026-11-10T12:00:00Z")), Decision::Skip(_, Why::Missed)));
    // A server that comes back while the sync runs catches up afterwards.
    let back = Around {
        held: Some(HeldBack { by: HeldBy::Sync, since: at("2026-11-10T11:59:00Z"), until: at("2026-11-10T12:10:00Z") }),
        ..around("2026-11-10T12:00:00Z")
    };
    assert!(matches!(decide(&skipping, &back), Decision::Wait(..)));
}

#[test]
fn c13_a_clock_that_goes_back_starts_nothing_again() {
    let begun = settled(task("every 1 days", "02:00-03:00"), "2026-11-10T02:00:00Z");
    for now in ["2026-11-10T01:10:00Z", "2026-11-10T02:10:00Z", "1970-01-01T00:00:00Z"] {
        assert_eq!(decide(&begun, &around(now)), Decision::Nothing, "{now}");
    }
    assert!(matches!(decide(&begun, &around("2038-01-20T02:10:00Z")), Decision::Begin(_, Cause::Schedule)));
}

#[test]
fn c13_a_clock_that_leaps_ahead_by_years_starts_one_run_for_all_of_them() {
    let daily = settled(task("every 1 days", "02:00-03:00"), "2026-11-10T02:00:00Z");
    let Decision::Begin(start, Cause::CaughtUp) = decide(&daily, &around("2038-01-20T12:00:00Z")) else {
        panic!("thousands of starts were missed");
    };
    assert_eq!(start.day, jiff::civil::date(2038, 1, 20));
    let begun = settled(daily, &start.at.to_string());
    for now in ["2038-01-20T12:00:01Z", "2026-11-11T02:00:00Z", "1970-01-01T00:00:00Z"] {
        assert_eq!(decide(&begun, &around(now)), Decision::Nothing, "{now}");
    }
}

#[test]
fn a_start_is_left_out_while_an_earlier_run_is_open_and_when_its_author_may_act_no_longer() {
    let author = AdministratorId::new(&Entropy::seeded(2), at("2026-11-01T00:00:00Z"));
    let mut due = settled(task("every 1 days", "02:00-03:00"), "2026-11-09T02:00:00Z");
    due.author.administrator = Some(author.clone());
    let now = around("2026-11-10T02:00:00Z");
    let held = Around { open: vec![(due.id.clone(), Some("Stopped by its guard.".to_owned()))], ..now.clone() };
    let why = Why::RunHeld("Stopped by its guard.".to_owned());
    assert!(matches!(decide(&due, &held), Decision::Skip(_, said) if said == why));
    assert_eq!(next(&due, &held), Err(why));
    let under_way = Around { open: vec![(due.id.clone(), None)], ..now.clone() };
    assert!(matches!(decide(&due, &under_way), Decision::Skip(_, Why::UnderWay)));
    assert_eq!(next(&due, &under_way).unwrap().day, jiff::civil::date(2026, 11, 11));
    let demoted = Around { former: vec![author], ..now };
    assert!(matches!(decide(&due, &demoted), Decision::Skip(_, Why::OwnerGone)));
    assert_eq!(next(&due, &demoted), Err(Why::OwnerGone));
}

#[test]
fn w6_a_paused_toggle_starts_nothing_and_each_reason_is_told() {
    let now = around("2026-11-10T02:10:00Z");
    let mut off = settled(task("every 1 days", "02:00-03:00"), "2026-11-09T02:00:00Z");
    off.active = false;
    assert_eq!((decide(&off, &now), next(&off, &now)), (Decision::Nothing, Err(Why::Off)));
    assert_eq!(next(&task("manual", "02:00-03:00"), &now), Err(Why::Manual));
    assert_eq!(next(&task("weekdays ", "02:00-03:00"), &now), Err(Why::NeverMeets));
    let mut later = task("every 1 days", "02:00-03:00");
    later.definition.schedule.starts = jiff::civil::date(2026, 12, 1);
    assert_eq!(next(&later, &now), Err(Why::StartsOn(jiff::civil::date(2026, 12, 1))));
    let due = settled(task("every 1 days", "02:00-03:00"), "2026-11-09T02:00:00Z");
    let expired = Around { key_expired: true, ..now.clone() };
    assert!(matches!(decide(&due, &expired), Decision::Skip(_, Why::KeyExpired)));
    assert_eq!(next(&due, &Around { grace_over: true, ..now.clone() }), Err(Why::GraceOver));
    let mut gone = due;
    gone.definition.schedule.zone = "Atlantis/Poseidonis".to_owned();
    assert!(matches!(next(&gone, &now), Err(Why::UnknownZone(_))));
}
