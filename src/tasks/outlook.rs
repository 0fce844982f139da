//! What pages and commands say about tasks: each with its last run and its next start or why there is none; and the
//! circumstances under which the scheduler decides.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::id::{AdministratorId, TaskId};
use crate::mirror::Mirror;
use crate::mirror::answer::answer;
use crate::nouns::organization_key::Validity;
use crate::nouns::run::RunKind;
use crate::nouns::scope::Scope;
use crate::nouns::task::{Cause, Task, TaskRun, TaskRunState};
use crate::nouns::task_schedule::{Start, TaskSchedule};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{filters, organization_keys, runs, task_runs, tasks};
use crate::sync::{edition, expected, schedule};
use crate::tasks::clashes::Daily;
use crate::tasks::due::{self, Around, HeldBack, HeldBy, Why};

/// How long the daily slot is.
const SLOT: SignedDuration = SignedDuration::from_hours(1);
/// How long a sync is taken for that was never seen.
const UNKNOWN_LENGTH: SignedDuration = SignedDuration::from_hours(1);

/// A task with what a list says about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// The task.
    pub task: Task,
    /// Its newest run.
    pub last: Option<TaskRun>,
    /// When it starts next, or why it does not.
    pub next: Result<Start, Why>,
}

/// Every task, by name; `former` are authors who may act no longer.
pub fn list(tx: &mut Tx, at: (&TimeZone, Timestamp), former: &[AdministratorId]) -> Result<Vec<Outlook>, StoreError> {
    let around = around(tx, at, former)?;
    let mut listed = Vec::new();
    for task in tasks::list(tx)? {
        let last = task_runs::of_task(tx, &task.id, 1)?.pop();
        listed.push(Outlook { next: due::next(&task, &around), last, task });
    }
    Ok(listed)
}

/// One task.
pub fn find(
    tx: &mut Tx,
    id: &TaskId,
    at: (&TimeZone, Timestamp),
    former: &[AdministratorId],
) -> Result<Option<Outlook>, StoreError> {
    let Some(task) = tasks::find(tx, id)? else { return Ok(None) };
    let around = around(tx, at, former)?;
    let last = task_runs::of_task(tx, id, 1)?.pop();
    Ok(Some(Outlook { next: due::next(&task, &around), last, task }))
}

/// What matters for starting, at a moment; `zone` is the organization's.
pub fn around(
    tx: &mut Tx,
    (zone, now): (&TimeZone, Timestamp),
    former: &[AdministratorId],
) -> Result<Around, StoreError> {
    let key = organization_keys::shown(tx)?;
    let key_expired = key.is_none_or(|key| key.validity(now) == Validity::Expired);
    let grace_over = edition::may_act(tx, now)?.is_err();
    let open = task_runs::open(tx)?.into_iter().filter(|run| run.cause != Cause::DryRun);
    let open = open.map(|run| {
        let held = (run.state == TaskRunState::Held).then(|| run.reason.unwrap_or_default());
        (run.task, held)
    });
    let (open, former) = (open.collect(), former.to_vec());
    Ok(Around { now, held: held_back(tx, zone, now)?, key_expired, grace_over, open, former })
}

fn held_back(tx: &mut Tx, zone: &TimeZone, now: Timestamp) -> Result<Option<HeldBack>, StoreError> {
    let slot = schedule::read(tx)?.slot.began(zone, now).and_then(|since| {
        let until = since.checked_add(SLOT).ok()?;
        (now < until).then_some(HeldBack { by: HeldBy::Slot, since, until })
    });
    let sync = runs::open(tx)?.filter(|run| matches!(run.kind, RunKind::Daily | RunKind::Initial));
    let Some(run) = sync else { return Ok(slot) };
    let length = expected::expected_of(tx, &run)?.and_then(|usual| SignedDuration::try_from(usual.length).ok());
    let until = run.asked_at.checked_add(length.unwrap_or(UNKNOWN_LENGTH)).unwrap_or(now);
    let since = slot.map_or(run.asked_at, |slot| slot.since.min(run.asked_at));
    // A slot that began just before the sync is the same time of rest.
    let until = slot.map_or(until, |slot| slot.until.max(until)).max(now);
    Ok(Some(HeldBack { by: HeldBy::Sync, since, until }))
}

/// The daily sync as it bears on schedules.
pub fn daily(tx: &mut Tx, zone: &TimeZone) -> Result<Daily, StoreError> {
    let usual = expected::expected(tx, (RunKind::Daily, &Scope::Everything), None)?;
    let usual = usual.and_then(|usual| SignedDuration::try_from(usual.length).ok()).unwrap_or(UNKNOWN_LENGTH);
    Ok(Daily { slot: schedule::read(tx)?.slot, zone: zone.clone(), usual })
}

/// The schedules of other tasks over some of the same people, by name.
pub async fn over_the_same_people(
    mirror: &Mirror,
    (but, filter): (Option<&TaskId>, &str),
    now: Timestamp,
) -> Result<Vec<(String, TaskSchedule)>, StoreError> {
    let (snapshot, zone) = (mirror.shown(), mirror.zone());
    let ours = answer(&snapshot, filter, (now, &zone)).found.matching;
    let others = mirror.store().read(|tx| {
        let mut others = Vec::new();
        for task in tasks::list(tx)?.into_iter().filter(|task| task.active) {
            if let Some(filter) = filters::find(tx, &task.definition.filter)? {
                others.push((task, filter.kept.text));
            }
        }
        Ok(others)
    });
    let others = others
        .await?
        .into_iter()
        .filter(|(task, _)| Some(&task.id) != but)
        .filter(|(_, text)| !answer(&snapshot, text, (now, &zone)).found.matching.is_disjoint(&ours));
    Ok(others.map(|(task, _)| (task.definition.name.as_str().to_owned(), task.definition.schedule)).collect())
}
