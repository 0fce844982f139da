//! Whether the next starts of a schedule fall where they had better not: in the daily slot, in the usual length of the
//! daily sync after it, or on another task over the same people; and the next hour of the day at which none does. Pure.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::nouns::schedule::DailySlot;
use crate::nouns::task_schedule::{Start, TaskSchedule, Window};

/// So many starts are looked at.
pub const LOOKED_AT: usize = 30;
/// How long the daily slot is, and how near two tasks over the same people may not start.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// The daily sync.
#[derive(Clone, Debug)]
pub struct Daily {
    /// Its slot.
    pub slot: DailySlot,
    /// The zone of the slot.
    pub zone: TimeZone,
    /// How long it usually takes.
    pub usual: SignedDuration,
}

/// What a start falls on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clash {
    /// The daily slot.
    Slot(Start),
    /// The usual length of the daily sync after its slot began.
    Sync(Start),
    /// Another task over the same people.
    Task(Start, String),
}

/// The first clash of each kind among the next starts.
pub fn clashes(
    schedule: &TaskSchedule,
    daily: &Daily,
    others: &[(String, TaskSchedule)],
    now: Timestamp,
) -> Vec<Clash> {
    let Some(rules) = schedule.rules() else { return Vec::new() };
    let starts: Vec<Start> = schedule.following(&rules, now).take(LOOKED_AT).collect();
    let since = |start: &Start| daily.slot.began(&daily.zone, start.at).map(|began| start.at.duration_since(began));
    let within = |start: &&Start, from: SignedDuration, to: SignedDuration| {
        since(start).is_some_and(|passed| passed >= from && passed < to)
    };
    let mut clashes = Vec::new();
    clashes.extend(starts.iter().find(|start| within(start, SignedDuration::ZERO, HOUR)).copied().map(Clash::Slot));
    clashes.extend(starts.iter().find(|start| within(start, HOUR, daily.usual)).copied().map(Clash::Sync));
    for (name, other) in others {
        let Some(their_rules) = other.rules() else { continue };
        let near = |start: &&Start| {
            let before = start.at.checked_sub(HOUR).unwrap_or(start.at);
            other.next(&their_rules, before).is_some_and(|theirs| theirs.at.duration_since(start.at) < HOUR)
        };
        clashes.extend(starts.iter().find(near).map(|start| Clash::Task(*start, name.clone())));
    }
    clashes
}

/// The next free hour: the same schedule so many whole hours later that nothing clashes; `None` when no hour is free.
pub fn next_free(
    schedule: &TaskSchedule,
    daily: &Daily,
    others: &[(String, TaskSchedule)],
    now: Timestamp,
) -> Option<Window> {
    (1..24).find_map(|hours| {
        let later = SignedDuration::from_hours(hours);
        let Window { from, until } = schedule.window;
        let window = Window { from: from.wrapping_add(later), until: until.wrapping_add(later) };
        let moved = TaskSchedule { window, ..schedule.clone() };
        clashes(&moved, daily, others, now).is_empty().then_some(window)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nouns::task_schedule::Repeat;

    fn schedule(repeat: &str, window: &str) -> TaskSchedule {
        TaskSchedule {
            repeat: Repeat::parse(repeat).unwrap(),
            starts: jiff::civil::date(2026, 11, 2),
            window: Window::parse(window).unwrap(),
            zone: "Europe/Berlin".to_owned(),
        }
    }

    fn daily() -> Daily {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        Daily { slot: DailySlot::Hour(3), zone, usual: SignedDuration::from_mins(150) }
    }

    #[test]
    fn starts_in_the_slot_in_the_sync_after_it_and_on_other_tasks_are_told_with_the_next_free_hour() {
        let now: Timestamp = "2026-11-10T12:00:00Z".parse().unwrap();
        let none = |window: &str| clashes(&schedule("every 1 days", window), &daily(), &[], now);
        assert!(matches!(none("03:30-04:00").as_slice(), [Clash::Slot(_)]));
        assert!(matches!(none("05:29-06:00").as_slice(), [Clash::Sync(_)]));
        assert_eq!(none("05:30-06:00"), []);
        assert_eq!(none("02:59-04:00"), []);
        let other = [("Suspend".to_owned(), schedule("weekdays tue", "06:15-07:00"))];
        let on = clashes(&schedule("every 1 days", "05:30-06:00"), &daily(), &other, now);
        assert!(matches!(on.as_slice(), [Clash::Task(start, _)] if start.day.to_string() == "2026-11-17"), "{on:?}");
        let free = next_free(&schedule("every 1 days", "03:30-04:00"), &daily(), &other, now).unwrap();
        assert_eq!(free.to_text(), "07:30-08:00");
        let mondays = clashes(&schedule("weekdays mon", "06:00-07:00"), &daily(), &other, now);
        assert_eq!(mondays, []);
    }
}
