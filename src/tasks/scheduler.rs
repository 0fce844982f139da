//! The worker of tasks: begins what is due, once for each start, and takes every run a step further. Several nodes may
//! look at once; the database lets one of them begin a start and one of them move a run.

use std::time::Duration;

use clock::Clock;
use jiff::{SignedDuration, Timestamp};

use crate::id::{Entropy, TaskRunId};
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::event::NewEvent;
use crate::nouns::task::{Cause, NewTaskRun, Task, TaskRunState};
use crate::nouns::task_schedule::{Clocks, Start};
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::settings::{self, Setting};
use crate::store::tx::Tx;
use crate::store::{events, head, task_runs, tasks};
use crate::sync::pass::Surroundings;
use crate::tasks::due::{self, Around, Decision};
use crate::tasks::{explain, outlook, owners, run, told};

/// How often the worker looks.
const LOOK: Duration = Duration::from_secs(1);
/// A clock that is set by more than this has jumped.
const JUMP: SignedDuration = SignedDuration::from_mins(5);
const JUMPED: &str = "clock_jumped";

/// Watches the clock of the machine against time that only goes forward.
#[derive(Debug)]
pub struct Watch {
    wall: Timestamp,
    passed: Duration,
}

impl Watch {
    /// Begins to watch.
    pub fn new(clock: &Clock) -> Watch {
        Watch { wall: clock.now(), passed: clock.elapsed() }
    }

    /// By how much the clock was set since the last look, when that is a jump.
    pub fn look(&mut self, now: Timestamp, passed: Duration) -> Option<SignedDuration> {
        let went = SignedDuration::try_from(passed.saturating_sub(self.passed)).unwrap_or(SignedDuration::MAX);
        let jumped = now.duration_since(self.wall).saturating_sub(went);
        *self = Watch { wall: now, passed };
        (jumped.abs() > JUMP).then_some(jumped)
    }
}

/// Works for one organization until the task is dropped.
pub async fn work(mirror: Mirror, control: Store, surroundings: Surroundings) {
    let mut watch = Watch::new(&surroundings.clock);
    loop {
        let jumped = watch.look(surroundings.clock.now(), surroundings.clock.elapsed());
        let noted = match jumped {
            Some(by) => note_jump(&mirror, by, &surroundings).await,
            None => Ok(()),
        };
        let worked = match noted {
            Ok(()) => work_once((&mirror, &control), &surroundings).await.map(drop),
            Err(error) => Err(error),
        };
        if let Err(error) = worked {
            tracing::error!(%error, organization = %mirror.organization().id, "task.worker");
        }
        surroundings.clock.sleep(LOOK).await;
    }
}

/// Begins what is due and takes every run one step; whether anything moved.
///
/// # Errors
/// The database failed.
pub async fn work_once((mirror, control): (&Mirror, &Store), surroundings: &Surroundings) -> Result<bool, StoreError> {
    let (now, zone, former) = (surroundings.clock.now(), mirror.zone(), owners::former(mirror, control).await?);
    let (around, listed, open) = mirror
        .store()
        .read(move |tx| Ok((outlook::around(tx, (&zone, now), &former)?, tasks::list(tx)?, task_runs::open(tx)?)))
        .await?;
    let mut moved = false;
    for task in &listed {
        moved |= begin(mirror, (task, &around), &surroundings.entropy).await?;
    }
    for open in open {
        moved |= run::step(mirror, (open, &around), surroundings).await?;
    }
    Ok(moved)
}

/// Keeps that the clock has jumped: until somebody confirms it, tasks that go by inactivity are held.
pub async fn note_jump(mirror: &Mirror, by: SignedDuration, surroundings: &Surroundings) -> Result<(), StoreError> {
    let (now, salt) = (surroundings.clock.now(), surroundings.entropy.bytes());
    let context = Context { actor: Actor::System, now };
    mirror.store().write(move |tx| set_jump(tx, (&context, "clock.jumped"), &by.as_secs().to_string(), &salt)).await
}

/// Confirms the clock: inactivity counts again.
pub async fn confirm_clock(context: &Context, mirror: &Mirror, entropy: &Entropy) -> Result<(), StoreError> {
    let (context, salt) = (context.clone(), entropy.bytes());
    mirror.store().write(move |tx| set_jump(tx, (&context, "clock.confirmed"), "", &salt)).await
}

/// By how many seconds the clock has jumped, while nobody has confirmed it.
pub fn jumped(tx: &mut Tx) -> Result<Option<i64>, StoreError> {
    Ok(settings::find(tx, JUMPED)?.and_then(|setting| setting.value.parse().ok()))
}

fn set_jump(
    tx: &mut Tx,
    (context, kind): (&Context, &'static str),
    seconds: &str,
    salt: &[u8; 16],
) -> Result<(), StoreError> {
    let made = Setting { value: seconds.to_owned(), changed_by: context.actor.as_text(), changed_at: context.now };
    settings::put(tx, JUMPED, &made)?;
    let event = NewEvent {
        at: context.now,
        actor: context.actor.as_subject(),
        kind,
        subject: "clock".to_owned(),
        detail: serde_json::json!({ "seconds": seconds }).to_string(),
        personal: String::new(),
    };
    events::append(tx, &event, salt)?;
    head::touch(tx)
}

/// Settles the start of a task that is due: it begins or is skipped, in one transaction.
async fn begin(mirror: &Mirror, (task, around): (&Task, &Around), entropy: &Entropy) -> Result<bool, StoreError> {
    let (start, cause, state, reason): (Start, Cause, TaskRunState, Option<String>) = match due::decide(task, around) {
        Decision::Nothing | Decision::Wait(..) => return Ok(false),
        Decision::Begin(start, cause) => (start, cause, TaskRunState::Asked, None),
        Decision::Skip(start, why) => {
            (start, Cause::Schedule, TaskRunState::Skipped, Some(explain::why(&why, &mirror.zone())))
        }
    };
    let (now, salt) = (around.now, entropy.bytes());
    let new = NewTaskRun {
        id: TaskRunId::new(entropy, now),
        task: task.id.clone(),
        version: task.version,
        cause,
        due: Some(start),
        state,
        reason,
        asked_by: Actor::System.as_text(),
        asked_at: now,
    };
    let (definition, chance) = (task.definition.clone(), entropy.clone());
    match start.clocks {
        Clocks::AsAsked => {}
        Clocks::Gap => tracing::info!(task = %task.id, day = %start.day, "task.start_after_gap"),
        Clocks::Overlap => tracing::info!(task = %task.id, day = %start.day, "task.start_first_of_two"),
    }
    mirror
        .store()
        .write(move |tx| {
            // Whoever was faster, or edited the task meanwhile, has settled this start.
            let current = tasks::find(tx, &new.task)?;
            if current.is_none_or(|task| task.settled_at >= start.at || task.version != new.version || !task.active) {
                return Ok(false);
            }
            let begun = task_runs::insert(tx, &new)?;
            tasks::settle(tx, &new.task, start.at)?;
            if begun {
                let kind = if state == TaskRunState::Skipped { "task.skipped" } else { "task.began" };
                let detail = serde_json::json!({
                    "task": new.task.as_str(),
                    "version": new.version,
                    "day": start.day.to_string(),
                    "cause": cause.as_str(),
                });
                let event = NewEvent {
                    at: now,
                    actor: Actor::System.as_subject(),
                    kind,
                    subject: new.id.to_string(),
                    detail: detail.to_string(),
                    personal: String::new(),
                };
                events::append(tx, &event, &salt)?;
                if state == TaskRunState::Skipped {
                    told::skipped(tx, (&new.task, &new.id, &definition), (now, &chance))?;
                }
                head::touch(tx)?;
            }
            Ok(begun)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c13_a_clock_that_is_set_by_more_than_five_minutes_has_jumped() {
        let clock = Clock::simulated("2026-11-10T00:00:00Z".parse().unwrap());
        let mut watch = Watch::new(&clock);
        let (at, passed) = (clock.now(), clock.elapsed());
        let later = |seconds: i64| at.checked_add(SignedDuration::from_secs(seconds)).unwrap();
        let second = |count: u64| passed + Duration::from_secs(count);
        assert_eq!(watch.look(later(1), second(1)), None);
        assert_eq!(watch.look(later(302), second(2)), None, "five minutes");
        assert_eq!(watch.look(later(302 + 302), second(3)), Some(SignedDuration::from_secs(301)));
        assert_eq!(watch.look(later(602 - 3600), second(4)), Some(SignedDuration::from_secs(-3603)));
        assert_eq!(watch.look(later(602 - 3599), second(5)), None);
    }
}
