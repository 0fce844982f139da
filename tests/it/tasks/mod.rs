//! Automated tasks against the simulated organization: due when they should be, acting on whom they found twice, held by
//! their guards, resting for the daily sync.

#![expect(clippy::panic, reason = "a test may end at what cannot happen")]

mod faults;
mod lifecycle;
mod runs;
mod told;

use std::time::Duration;

use jiff::civil::Date;
use rollcall::id::{AdministratorId, FilterId, TaskId};
use rollcall::mirror::filters;
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::saved_filter::{Audience, Name};
use rollcall::nouns::task::{AtEnd, Definition, Missed, Stage, TaskAction, TaskGuards, TaskRun};
use rollcall::nouns::task_schedule::{Repeat, TaskSchedule, Window};
use rollcall::store::task_runs;
use rollcall::sync::worker;
use rollcall::tasks::{keep, scheduler};

use crate::support::app::TestApp;

pub(super) const HOUR: Duration = Duration::from_secs(3600);

impl TestApp {
    pub(super) fn admin(&self) -> Context {
        let entropy = rollcall::id::Entropy::seeded(77);
        let id = AdministratorId::new(&entropy, self.clock.now());
        Context { actor: Actor::Administrator { id, username: "zoe".to_owned(), source: None }, now: self.clock.now() }
    }

    pub(super) async fn save_filter(&self, name: &str, text: &str) -> FilterId {
        let kept = filters::kept(&self.now(), (name, ""), text, Audience::Everybody).unwrap();
        filters::save(&self.admin(), &self.mirror, kept, &self.surroundings.entropy).await.unwrap().id
    }

    pub(super) async fn create_task(&self, definition: Definition) -> TaskId {
        let entropy = &self.surroundings.entropy;
        keep::create(&self.context(), &self.mirror, (definition, true), entropy).await.unwrap()
    }

    pub(super) async fn task_runs(&self, id: &TaskId) -> Vec<TaskRun> {
        let id = id.clone();
        self.mirror.store().read(move |tx| task_runs::of_task(tx, &id, 100)).await.unwrap()
    }

    /// One look of the scheduler.
    pub(super) async fn look_at_tasks(&self) -> bool {
        scheduler::work_once((&self.mirror, self.mirrors.control()), &self.surroundings).await.unwrap()
    }

    /// Lets scheduler, reads and operations work until nothing moves, or everything waits.
    pub(super) async fn settle_tasks(&self) {
        for _ in 0..40 {
            let moved = self.look_at_tasks().await;
            let read = worker::work_once(&self.mirror, &self.connector, &self.surroundings).await.unwrap();
            let read = !matches!(read, worker::Worked::Idle);
            if !(self.act().await | moved | read) {
                if self.look_at_tasks().await {
                    continue;
                }
                let id = self.newest_task_operation().await;
                let Some(operation) = id else { return };
                let Some(waiting) = operation.waiting else { return };
                let ahead = Duration::try_from(waiting.until.duration_since(self.clock.now())).unwrap_or_default();
                self.clock.advance(ahead + Duration::from_millis(1));
            }
        }
        panic!("tasks never settle");
    }

    pub(super) async fn newest_task_operation(&self) -> Option<rollcall::nouns::operation::Operation> {
        let filter = rollcall::store::operations::Filter::default();
        let read = self.mirror.store().read(move |tx| rollcall::store::operations::matching(tx, filter, None, 1));
        read.await.unwrap().pop().filter(|operation| !operation.state.is_over())
    }
}

/// A task that suspends whom a filter finds, every day from 06:00 to 08:00 in Berlin.
pub(super) fn definition(name: &str, filter: &FilterId) -> Definition {
    Definition {
        name: Name::parse(name).unwrap(),
        filter: filter.clone(),
        stages: vec![Stage { after_days: 0, actions: vec![TaskAction::Suspend] }],
        schedule: TaskSchedule {
            repeat: Repeat::parse("every 1 days").unwrap(),
            starts: Date::constant(2020, 1, 1),
            window: Window::parse("06:00-08:00").unwrap(),
            zone: "Europe/Berlin".to_owned(),
        },
        missed: Missed::CatchUp,
        at_end: AtEnd::GoOn,
        guards: TaskGuards::default(),
    }
}
