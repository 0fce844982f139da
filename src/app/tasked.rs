//! The automated tasks of the demo's past: made some weeks before it ends and run when they were due, by the same worker
//! as any other, so that their results are there to look at. Whom they found comes from the syncs. What they
//! changed is taken back outside afterwards, so that a kept demo goes on with the same people.

use std::time::Duration;

use directory::ResourceId;
use jiff::SignedDuration;

use crate::cli::open::Opened;
use crate::id::AdministratorId;
use crate::mirror::{Mirror, filters};
use crate::nouns::context::{Actor, Context};
use crate::nouns::refusal::Refusal;
use crate::nouns::saved_filter::{Audience, Name};
use crate::nouns::task::{AtEnd, Cause, Definition, Missed, Stage, TaskAction, TaskGuards};
use crate::nouns::task_schedule::{Repeat, TaskSchedule, Window};
use crate::operations;
use crate::sync::worker::{self, Worked};
use crate::tasks::{keep, scheduler};

/// So many mornings before the end of the past the tasks are made.
pub(super) const MORNINGS: usize = 15;
/// A day is lived through when so much of it is left.
pub(super) const DAY: SignedDuration = SignedDuration::from_hours(7);
/// After the daily slot and its sync.
const LATER: Duration = Duration::from_secs(5 * 3600);
/// How often everything is looked at before a day ends without the end of a run.
const MOST_STEPS: u32 = 60;

/// A task: its name, its filter's name and text, what it does, and when.
struct Made {
    name: &'static str,
    filter: (&'static str, &'static str),
    action: fn(&Mirror) -> TaskAction,
    repeat: &'static str,
    guards: TaskGuards,
}

const MADE: &[Made] = &[
    Made {
        name: "Jira seats nobody uses",
        filter: ("Jira, unused for half a year", "status = active AND seat = jira AND inactiveFor(jira) >= 180d"),
        action: |mirror| TaskAction::RemoveAppAccess(apps(mirror, "jira-software")),
        repeat: "weekdays mon,wed,fri",
        guards: TaskGuards { people: 40, percent: 5 },
    },
    Made {
        name: "Suspend partners who are gone",
        filter: ("Partners, nowhere for 120 days", "status = active AND claim = external AND inactiveFor >= 120d"),
        action: |_| TaskAction::Suspend,
        repeat: "every 1 weeks",
        guards: TaskGuards { people: 25, percent: 2 },
    },
    Made {
        name: "Everybody without two-step verification",
        filter: ("No second step", "status = active AND claim = managed AND mfa = no"),
        action: |_| TaskAction::Suspend,
        repeat: "every 2 weeks",
        guards: TaskGuards { people: 10, percent: 1 },
    },
    Made {
        name: "Confluence seats, looked at by hand",
        filter: (
            "Confluence, never used for months",
            "status = active AND seat = confluence AND neverActive(confluence) = yes AND added < -90d",
        ),
        action: |mirror| TaskAction::RemoveAppAccess(apps(mirror, "confluence")),
        repeat: "manual",
        guards: TaskGuards { people: 10, percent: 5 },
    },
];

/// Makes the tasks, and tries the one that is started by hand.
pub(super) async fn make(mirror: &Mirror, opened: &Opened) -> Result<(), Refusal> {
    let (now, entropy) = (opened.surroundings.clock.now(), &opened.surroundings.entropy);
    let id = AdministratorId::new(entropy, now);
    let owner = Context { actor: Actor::Administrator { id, username: "demo".to_owned(), source: None }, now };
    // Whoever makes them is the command line: the administrator of the past is none of the installation's.
    let context = Context { actor: Actor::CommandLine, now };
    let snapshot = mirror.current();
    for made in MADE {
        let (name, text) = made.filter;
        let kept = filters::kept(&snapshot, (name, "Of an automated task."), text, Audience::Everybody);
        let kept = filters::save(&owner, mirror, kept.map_err(unmade)?, entropy).await.map_err(unmade)?;
        let definition = Definition {
            name: Name::parse(made.name).map_err(unmade)?,
            filter: kept.id,
            stages: vec![Stage { after_days: 0, actions: vec![(made.action)(mirror)] }],
            schedule: TaskSchedule {
                repeat: Repeat::parse(made.repeat).unwrap_or(Repeat::Manual),
                starts: now.to_zoned(mirror.zone()).date(),
                window: Window::parse("08:00-12:00").ok_or_else(|| unmade("a window that is none"))?,
                zone: mirror.organization().time_zone.clone(),
            },
            missed: Missed::CatchUp,
            at_end: AtEnd::GoOn,
            guards: made.guards,
        };
        let is_manual = definition.schedule.repeat == Repeat::Manual;
        let id = keep::create(&context, mirror, (definition, true), entropy).await.map_err(unmade)?;
        if is_manual {
            keep::run_now(&context, mirror, (&id, Cause::DryRun), (None, entropy)).await.map_err(unmade)?;
        }
    }
    Ok(())
}

/// Lives through the rest of a day whose sync is over: what is due is run to its end, or to where a person is asked.
pub(super) async fn live(mirror: &Mirror, opened: &Opened) -> Result<(), Refusal> {
    let (surroundings, control) = (&opened.surroundings, opened.mirrors.control());
    surroundings.clock.advance(LATER);
    for _ in 0..MOST_STEPS {
        let moved = scheduler::work_once((mirror, control), surroundings).await.map_err(unmade)?;
        let read = worker::work_once(mirror, &opened.connector, surroundings).await.map_err(unmade)?;
        let acted = operations::worker::work_once(mirror, &opened.connector, surroundings).await.map_err(unmade)?;
        if !moved && !acted && matches!(read, Worked::Idle) {
            let waits = Duration::try_from(SignedDuration::from_mins(2)).unwrap_or_default();
            surroundings.clock.advance(waits);
            if !scheduler::work_once((mirror, control), surroundings).await.map_err(unmade)?
                && !operations::worker::work_once(mirror, &opened.connector, surroundings).await.map_err(unmade)?
            {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn apps(mirror: &Mirror, owner: &str) -> Vec<ResourceId> {
    let snapshot = mirror.current();
    let of = snapshot.resources().iter().filter(|resource| resource.id.owner() == owner);
    of.map(|resource| resource.id.clone()).collect()
}

fn unmade(error: impl std::fmt::Display) -> Refusal {
    let next = "Start it again, or with `--past 0` for one without a past.";
    Refusal::new("The demo was not started.", format!("Its automated tasks were not made: {error}."), next)
}
