//! Whether a task starts at a moment: pure. Each start is settled once: it begins, or is skipped with its reason.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::id::{AdministratorId, TaskId};
use crate::nouns::task::{Cause, Missed, Task};
use crate::nouns::task_schedule::{Repeat, Start};

/// A start that is seen this late is still on time: the worker looks every second, and a window may be empty.
const ON_TIME: SignedDuration = SignedDuration::from_mins(5);

/// What holds tasks back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldBack {
    /// What it is.
    pub by: HeldBy,
    /// Since when.
    pub since: Timestamp,
    /// Until when, as far as that is known.
    pub until: Timestamp,
}

/// What holds a task back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldBy {
    /// The hour of the daily sync.
    Slot,
    /// The daily or the first sync, which still runs.
    Sync,
}

/// What matters for starting, beside the task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Around {
    /// The moment.
    pub now: Timestamp,
    /// What holds tasks back.
    pub held: Option<HeldBack>,
    /// The organization API key has expired.
    pub key_expired: bool,
    /// The edition's grace period is over.
    pub grace_over: bool,
    /// The runs that are not over, but for dry runs: of which task, and why each is held, if it is.
    pub open: Vec<(TaskId, Option<String>)>,
    /// Authors of tasks who may act no longer.
    pub former: Vec<AdministratorId>,
}

impl Around {
    /// Why an earlier run is in the way of a task's next one.
    fn earlier(&self, task: &Task) -> Option<Why> {
        let (_, held) = self.open.iter().find(|(of, _)| *of == task.id)?;
        Some(held.clone().map_or(Why::UnderWay, Why::RunHeld))
    }

    /// Whether whoever wrote a task may act no longer.
    fn is_former(&self, task: &Task) -> bool {
        task.author.administrator.as_ref().is_some_and(|author| self.former.contains(author))
    }
}

/// Why a task has no next start, is not started, or was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is started by hand only.
    Manual,
    /// *Schedule Active* is off.
    Off,
    /// Its start date has not come.
    StartsOn(Date),
    /// Its window never meets the chosen days.
    NeverMeets,
    /// Its window was over before it could start.
    WindowOver,
    /// It was due while nothing ran, and missed starts are left out.
    Missed,
    /// Something holds it back.
    HeldBack(HeldBack),
    /// The key has expired.
    KeyExpired,
    /// The grace period is over.
    GraceOver,
    /// Nothing is known of its time zone (any more).
    UnknownZone(String),
    /// An earlier run is held, for this reason.
    RunHeld(String),
    /// An earlier run is not over.
    UnderWay,
    /// Whoever wrote it may act no longer.
    OwnerGone,
}

/// What is to be done with a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing is due.
    Nothing,
    /// A start is due and held back.
    Wait(Start, HeldBack),
    /// It starts.
    Begin(Start, Cause),
    /// It does not start, for good.
    Skip(Start, Why),
}

/// Decides about a task.
pub fn decide(task: &Task, around: &Around) -> Decision {
    let schedule = &task.definition.schedule;
    let Some(rules) = schedule.rules().filter(|_| task.active) else { return Decision::Nothing };
    let due = schedule.latest(&rules, around.now).filter(|start| start.at > task.settled_at);
    let Some(start) = due else { return Decision::Nothing };
    if around.grace_over {
        return Decision::Skip(start, Why::GraceOver);
    }
    if around.key_expired {
        return Decision::Skip(start, Why::KeyExpired);
    }
    if around.is_former(task) {
        return Decision::Skip(start, Why::OwnerGone);
    }
    let last = start.until.max(start.at.checked_add(ON_TIME).unwrap_or(start.at));
    let in_time = around.now < last;
    match around.held {
        // Held back until its window was over; what was missed otherwise is caught up when nothing holds it.
        Some(held) if !in_time && held.since < last => Decision::Skip(start, Why::WindowOver),
        Some(held) => Decision::Wait(start, held),
        None => match around.earlier(task) {
            Some(why) => Decision::Skip(start, why),
            None if in_time => Decision::Begin(start, Cause::Schedule),
            None if task.definition.missed == Missed::CatchUp => Decision::Begin(start, Cause::CaughtUp),
            None => Decision::Skip(start, Why::Missed),
        },
    }
}

/// When a task starts next, or why it does not.
///
/// # Errors
/// Why there is no next start.
pub fn next(task: &Task, around: &Around) -> Result<Start, Why> {
    let schedule = &task.definition.schedule;
    if schedule.repeat == Repeat::Manual {
        return Err(Why::Manual);
    }
    if !task.active {
        return Err(Why::Off);
    }
    let rules = schedule.rules().ok_or_else(|| Why::UnknownZone(schedule.zone.clone()))?;
    if around.grace_over {
        return Err(Why::GraceOver);
    }
    if around.key_expired {
        return Err(Why::KeyExpired);
    }
    if let Decision::Wait(_, held) = decide(task, around) {
        return Err(Why::HeldBack(held));
    }
    if around.is_former(task) {
        return Err(Why::OwnerGone);
    }
    if let Some(why @ Why::RunHeld(_)) = around.earlier(task) {
        return Err(why);
    }
    let start = schedule.next(&rules, around.now).ok_or(Why::NeverMeets)?;
    if today(&rules, around.now) < schedule.starts { Err(Why::StartsOn(schedule.starts)) } else { Ok(start) }
}

fn today(rules: &TimeZone, now: Timestamp) -> Date {
    now.to_zoned(rules.clone()).date()
}

#[cfg(test)]
mod tests;
