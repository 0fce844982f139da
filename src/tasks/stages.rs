//! Stages: whom each is about in a run, and how everybody's days stand after it. Pure. Days are civil days of the task's
//! zone, so a start that comes an hour or some seconds earlier than the one before is not a day short.

use std::collections::HashMap;

use directory::Ordinal;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use roaring::RoaringBitmap;

use crate::nouns::task::{Definition, Stage};
use crate::nouns::warning::{Warned, WarningState};
use crate::store::task_runs::Matched;

/// Who matches a task now, with what they were written last.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// Who, since when, and how far they are.
    pub matched: Vec<Matched>,
    /// The last warning of each, and the latest moment that a warning named.
    pub warned: HashMap<Ordinal, (WarningState, Timestamp)>,
}

/// Whom the stages of a run are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Staged {
    /// The people of each stage, in the order of the stages.
    pub groups: Vec<RoaringBitmap>,
    /// Who matches, with their days and what is planned for them.
    pub matched: Vec<Matched>,
    /// Who was found no more: they begin anew when they are found again.
    pub left: RoaringBitmap,
    /// Who is due, and held out because their warning has not reached them.
    pub held_out: RoaringBitmap,
}

impl Known {
    /// Takes in a warning; of one person the later ones come later.
    pub(super) fn add(&mut self, warned: &Warned) {
        let until = self.warned.get(&warned.account).map_or(warned.ends_at, |(_, until)| warned.ends_at.max(*until));
        self.warned.insert(warned.account, (warned.state, until));
    }
}

/// Whom each stage is about, and how everybody's days stand afterwards.
pub(super) fn stages(
    stages: &[Stage],
    known: &Known,
    (confirmed, found): (&RoaringBitmap, &RoaringBitmap),
    (now, zone): (Timestamp, &TimeZone),
) -> Staged {
    let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
    let before: HashMap<Ordinal, Matched> = known.matched.iter().map(|one| (one.account, *one)).collect();
    let mut staged = Staged { groups: vec![RoaringBitmap::new(); stages.len()], ..Staged::default() };
    staged.left = before.keys().copied().filter(|account| !found.contains(*account)).collect();
    for account in confirmed {
        let new = Matched { account, since: now, stages_done: 0, pending: None };
        let mut one = Matched { pending: None, ..before.get(&account).copied().unwrap_or(new) };
        let next = usize::try_from(one.stages_done).unwrap_or(usize::MAX);
        if let (Some(stage), Some(group)) = (stages.get(next), staged.groups.get_mut(next))
            && passed(day(one.since), day(now)) >= i64::from(stage.after_days)
        {
            let warns = stage.warning().is_some();
            match known.warned.get(&account).filter(|_| !warns) {
                Some((state, _)) if state.holds_out() => drop(staged.held_out.insert(account)),
                // Nothing comes before the day that the warning named.
                Some((_, until)) if day(now) < day(*until) => {}
                _ => {
                    group.insert(account);
                    one.pending = (!warns).then_some(one.stages_done);
                }
            }
        }
        staged.matched.push(one);
    }
    staged
}

/// The first moment at which the stage after one that warns may come, for somebody who has matched since a moment and is
/// warned now: never sooner than the days between the two stages, and at a start of the schedule.
pub(super) fn ends_at(
    definition: &Definition,
    place: usize,
    (since, now): (Timestamp, Timestamp),
    zone: &TimeZone,
) -> Timestamp {
    let after = |place: usize| definition.stages.get(place).map_or(0, |stage| i64::from(stage.after_days));
    let later = |from: Timestamp, days: i64| {
        let day = from.to_zoned(zone.clone()).date();
        day.checked_add(jiff::Span::new().days(days)).unwrap_or(day)
    };
    let gap = (after(place + 1) - after(place)).max(0);
    let day = later(since, after(place + 1)).max(later(now, gap));
    let start = day.to_zoned(zone.clone()).map_or(now, |start| start.timestamp());
    let before = start.checked_sub(jiff::SignedDuration::from_hours(48)).unwrap_or(start);
    definition.schedule.following(zone, before).find(|start| start.day >= day).map_or(start, |start| start.at)
}

fn passed(from: Date, to: Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::FilterId;
    use crate::nouns::saved_filter::Name;
    use crate::nouns::task::{AtEnd, Missed, TaskAction, TaskGuards};
    use crate::nouns::task_schedule::{Repeat, TaskSchedule, Window};
    use crate::nouns::warning::Warning;

    fn set(people: &[u32]) -> RoaringBitmap {
        people.iter().copied().collect()
    }

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    /// What is known after a run in which everything that was planned was done, and every mail had this end.
    fn after(known: &mut Known, staged: &Staged, (now, until, state): (Timestamp, Timestamp, WarningState)) {
        let warned = |account: Ordinal| staged.groups[0].contains(account);
        known.matched = staged.matched.clone();
        for one in &mut known.matched {
            let done = one.stages_done + u64::from(warned(one.account));
            one.stages_done = one.pending.take().map_or(done, |place| place + 1);
        }
        for account in &staged.groups[0] {
            known.add(&Warned { account, stage: 0, at: now, ends_at: until, state, notice: None });
        }
        known.warned.retain(|account, _| !staged.left.contains(*account));
    }

    fn plan() -> Vec<Stage> {
        let stage = |after_days, action| Stage { after_days, actions: vec![action] };
        vec![
            stage(0, TaskAction::Warn(Warning::default())),
            stage(14, TaskAction::RemoveAppAccess(Vec::new())),
            stage(60, TaskAction::Suspend),
        ]
    }

    #[test]
    fn w6_a_stage_comes_when_its_days_have_passed_and_whoever_leaves_the_filter_begins_anew() {
        let (plan, zone, mut known) = (plan(), berlin(), Known::default());
        // A Monday, 02:00 in Berlin, and some seconds: the next start comes less than whole days later.
        let start: Timestamp = "2026-01-05T01:00:09Z".parse().unwrap();
        let day = |days: i64| start.checked_add(jiff::SignedDuration::from_secs(86_400 * days - 9)).unwrap();
        let both = set(&[1, 2]);
        let at =
            |known: &Known, people: &RoaringBitmap, days| stages(&plan, known, (people, people), (day(days), &zone));
        let first = stages(&plan, &known, (&both, &both), (start, &zone));
        assert_eq!((first.groups[0].clone(), first.left.is_empty()), (both.clone(), true));
        after(&mut known, &first, (start, day(14), WarningState::Delivered));
        let second = at(&known, &both, 13);
        assert!(second.groups.iter().all(RoaringBitmap::is_empty), "nobody is warned twice");
        // The second comes back to work: out of the filter, and the days begin anew.
        let third = at(&known, &set(&[1]), 14);
        assert_eq!((third.groups[1].clone(), third.left.clone()), (set(&[1]), set(&[2])));
        after(&mut known, &third, (day(14), day(14), WarningState::Delivered));
        let fourth = at(&known, &both, 60);
        assert_eq!((fourth.groups[0].clone(), fourth.groups[2].clone()), (set(&[2]), set(&[1])));
        after(&mut known, &fourth, (day(60), day(74), WarningState::Delivered));
        // Who was not read in time keeps the days: found, and not confirmed.
        let unread = stages(&plan, &known, (&RoaringBitmap::new(), &both), (day(80), &zone));
        assert!(unread.left.is_empty() && unread.groups.iter().all(RoaringBitmap::is_empty));
    }

    #[test]
    fn w6_who_was_not_reached_is_held_out_and_nobody_is_acted_on_before_the_day_that_was_named() {
        let (plan, zone) = (plan(), berlin());
        let start: Timestamp = "2026-01-05T01:00:00Z".parse().unwrap();
        let day = |days: i64| start.checked_add(jiff::SignedDuration::from_hours(24 * days)).unwrap();
        let both = set(&[1, 2]);
        for (state, named, comes, out) in [
            (WarningState::Delivered, 14, true, false),
            (WarningState::Delivered, 21, false, false),
            (WarningState::Bounced, 14, false, true),
            (WarningState::Waiting, 14, false, true),
        ] {
            let mut known = Known::default();
            let first = stages(&plan, &known, (&both, &both), (start, &zone));
            after(&mut known, &first, (start, day(named), state));
            let later = stages(&plan, &known, (&both, &both), (day(15), &zone));
            assert_eq!((later.groups[1] == both, later.held_out == both), (comes, out), "{state:?}, {named}");
        }
    }

    #[test]
    fn w6_the_day_in_a_warning_is_a_start_of_the_schedule_and_as_many_days_away_as_the_stages_are() {
        let definition = Definition {
            name: Name::parse("Idle").unwrap(),
            filter: FilterId::parse("flt_0000000000000000000000000a").unwrap(),
            stages: plan(),
            schedule: TaskSchedule {
                repeat: Repeat::parse("weekdays mon").unwrap(),
                starts: jiff::civil::date(2026, 1, 1),
                window: Window::parse("02:00-03:00").unwrap(),
                zone: "Europe/Berlin".to_owned(),
            },
            missed: Missed::CatchUp,
            at_end: AtEnd::GoOn,
            guards: TaskGuards::default(),
        };
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let told = |since: &str, now: &str| ends_at(&definition, 0, (at(since), at(now)), &berlin());
        // Over the change of clocks: 01:00 UTC before, 00:00 UTC after; on the day of the change itself at 03:00 local.
        assert_eq!(told("2026-03-16T01:00:05Z", "2026-03-16T01:00:05Z"), at("2026-03-30T00:00:00Z"));
        // Warned by hand on a Wednesday: fourteen days later is a Wednesday, and the next start a Monday.
        assert_eq!(told("2026-01-07T10:00:00Z", "2026-01-07T10:00:00Z"), at("2026-01-26T01:00:00Z"));
        // Warned three weeks after the first match, because there was no address: still fourteen days.
        assert_eq!(told("2026-01-05T01:00:00Z", "2026-01-26T01:00:00Z"), at("2026-02-09T01:00:00Z"));
    }
}
