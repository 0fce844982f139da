//! The whole life of inactive people under a task with stages: warned by mail, then without the app, then suspended; over
//! a season of virtual time, with whoever comes back, cannot be reached, or is excluded.

use std::time::Duration;

use directory::ResourceId;
use jiff::Timestamp;
use rollcall::id::TaskId;
use rollcall::notify::address::{Allowed, Lookup};
use rollcall::notify::mail::{self, Entered};
use rollcall::notify::worker::deliver_once;
use rollcall::notify::{Notifier, endpoints};
use rollcall::nouns::endpoint::{Draft, Style};
use rollcall::nouns::mail::Security;
use rollcall::nouns::notice::EventKind;
use rollcall::nouns::schedule::DailySlot;
use rollcall::nouns::task::{Cause, Definition, Stage, TaskAction, TaskGuards, TaskRun, TaskRunState};
use rollcall::nouns::task_schedule::{Repeat, Window};
use rollcall::nouns::warning::{Warned, Warning, WarningState};
use rollcall::store::organization_keys::SealingKey;
use rollcall::store::{task_runs, task_warnings};
use rollcall::sync::schedule;
use rollcall::tasks::keep::{self, NotKept};
use rollcall::tasks::{outlook, warn};
use simulator::{NewUser, Role};

use super::definition;
use crate::support::app::{ENGINES, Engine, TestApp};
use crate::support::receiver::Receiver;
use crate::support::smtp::MailServer;

struct Life {
    app: TestApp,
    server: MailServer,
    notifier: Notifier,
    confluence: String,
    group: String,
    task: Option<TaskId>,
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl Life {
    async fn begin(engine: Engine) -> Life {
        let app = TestApp::ready(engine, 60, 41).await;
        schedule::choose(&app.context(), &app.mirror, DailySlot::Off, &app.surroundings.entropy).await.unwrap();
        let server = MailServer::start().await;
        let chance = (app.clock.clone(), app.surroundings.entropy.clone());
        let reach = (Allowed::parse("127.0.0.1").unwrap(), Lookup::Machine);
        let notifier = Notifier::new(chance, SealingKey::new([7; 32]), reach, (None, &[])).unwrap();
        let snapshot = app.now();
        let is_it = |resource: &&directory::Resource| resource.id.as_str().starts_with("ari:cloud:confluence::");
        let confluence = snapshot.resources().iter().find(is_it).unwrap().id.to_string();
        let group = app.simulator.change(|organization| {
            let group = organization.create_group("Wiki readers");
            organization.grant(&group, &confluence, Role::User).unwrap();
            group
        });
        Life { app, server, notifier, confluence, group, task: None }
    }

    async fn set_up_mail(&self) {
        let entered = Entered {
            host: "127.0.0.1".to_owned(),
            port: self.server.port,
            security: Security::Plain,
            username: String::new(),
            password: String::new(),
            sender: "Rollcall <rollcall@example.com>".to_owned(),
            recipients: Vec::new(),
        };
        mail::save(&self.app.context(), &self.app.mirror, &self.notifier, entered).await.unwrap();
    }

    /// Somebody with Confluence alone, who used it last at a moment.
    fn hire(&self, name: &str, email: &str, last: &str) -> String {
        self.app.simulator.change(|organization| {
            let user = NewUser { name: name.to_owned(), email: email.to_owned(), directory: None };
            let id = organization.add_user(&user).unwrap();
            organization.add_member(&self.group, &id).unwrap();
            organization.set_last_active(&id, &self.confluence, at(last)).unwrap();
            id
        })
    }

    fn uses_it(&self, id: &str) {
        let now = self.app.clock.now();
        self.app.simulator.change(|organization| organization.set_last_active(id, &self.confluence, now)).unwrap();
    }

    fn has_access(&self, id: &str) -> bool {
        self.app.truth().memberships.iter().any(|(group, account)| *group == self.group && account == id)
    }

    fn account(&self, id: &str) -> u32 {
        self.app.now().account(id).unwrap()
    }

    fn stages(&self) -> Vec<Stage> {
        let apps = vec![ResourceId::new(self.confluence.as_str()).unwrap()];
        let stage = |after_days, action| Stage { after_days, actions: vec![action] };
        vec![
            stage(0, TaskAction::Warn(Warning::default())),
            stage(14, TaskAction::RemoveAppAccess(apps)),
            stage(60, TaskAction::Suspend),
        ]
    }

    /// Mondays at 02:00 in Berlin, at most five people or 5 %.
    fn definition(&self, filter: &rollcall::id::FilterId) -> Definition {
        let mut definition = definition("Idle in Confluence", filter);
        definition.stages = self.stages();
        definition.schedule.repeat = Repeat::parse("weekdays mon").unwrap();
        definition.schedule.window = Window::parse("02:00-03:00").unwrap();
        definition.guards = TaskGuards { people: 3, percent: 5 };
        definition
    }

    fn task(&self) -> &TaskId {
        self.task.as_ref().unwrap()
    }

    async fn runs(&self) -> Vec<TaskRun> {
        self.app.task_runs(self.task()).await
    }

    fn go_to(&self, moment: &str) {
        let ahead = at(moment).duration_since(self.app.clock.now());
        assert!(self.app.clock.advance(Duration::try_from(ahead).unwrap()));
    }

    /// An hour before a moment everything is read; at the moment the tasks, then the mails, go as far as they go.
    async fn live_to(&self, moment: &str) -> TaskRun {
        let before = at(moment).checked_sub(jiff::SignedDuration::from_mins(30)).unwrap();
        self.go_to(&before.to_string());
        self.app.ask().await;
        self.app.work().await.unwrap();
        self.go_to(moment);
        self.app.settle_tasks().await;
        self.deliver().await;
        self.runs().await.remove(0)
    }

    async fn deliver(&self) {
        for _ in 0..100 {
            if !deliver_once(&self.app.mirror, &self.notifier).await.unwrap() {
                return;
            }
        }
        panic!("mails without end");
    }

    async fn warned(&self, run: &TaskRun) -> Vec<Warned> {
        let id = run.id.clone();
        self.app.mirror.store().read(move |tx| task_warnings::of_run(tx, &id, (None, 100))).await.unwrap()
    }

    async fn state_of(&self, run: &TaskRun, id: &str) -> Option<WarningState> {
        let account = self.account(id);
        self.warned(run).await.into_iter().find(|one| one.account == account).map(|one| one.state)
    }

    async fn next(&self) -> String {
        let (task, now) = (self.task().clone(), self.app.clock.now());
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        let read = self.app.mirror.store().read(move |tx| outlook::find(tx, &task, (&zone, now), &[]));
        let next = read.await.unwrap().unwrap().next;
        next.map_or_else(|why| format!("{why:?}"), |start| start.at.to_string())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w6_idle_people_are_warned_once_then_lose_the_app_then_are_suspended() {
    for engine in ENGINES {
        let mut life = Life::begin(engine).await;
        let day = "2026-09-20T12:00:00Z";
        let idle = life.hire("Ana Idle", "ana@idlers.example", day);
        let returning = life.hire("Ben Back", "ben@idlers.example", day);
        let bounced = life.hire("Cai Bounced", "cai@idlers.example", day);
        let nameless = life.hire("Dee Without", "", day);
        let keeper = life.hire("Eva Keeper", "eva@idlers.example", day);
        life.app.simulator.change(|organization| {
            let keepers = organization.create_group("Keepers");
            organization.add_member(&keepers, &keeper).unwrap();
        });
        life.app.ask().await;
        life.app.work().await.unwrap();
        let text =
            "status = active AND group = \"Wiki readers\" AND inactiveFor(confluence) >= 60d AND NOT group = Keepers";
        // Who loses the app leaves the group; the second half keeps them in sight for the last stage.
        let text = format!(
            "({text}) OR (status = active AND NOT group = Keepers AND email ~ \"@idlers.example\" AND inactiveFor(confluence) >= 60d)"
        );
        let filter = life.app.save_filter("Idle in Confluence", &text).await;
        let (context, entropy) = (life.app.context(), life.app.surroundings.entropy.clone());
        let unsent = keep::create(&context, &life.app.mirror, (life.definition(&filter), true), &entropy).await;
        assert!(matches!(unsent, Err(NotKept::NoMail)), "{engine:?}: nobody could be warned");
        life.set_up_mail().await;
        life.task = Some(life.app.create_task(life.definition(&filter)).await);
        life.app.simulator.clear_ledger();

        // The first Monday: who can be reached is written to, once.
        let mut people = [
            (life.account(&idle), "250 OK"),
            (life.account(&returning), "250 OK"),
            (life.account(&bounced), "550 5.1.1 no such user"),
        ];
        people.sort_unstable();
        life.server.answer_recipients(&people.map(|(_, answer)| answer));
        let first = life.live_to("2026-11-23T01:00:05Z").await;
        assert_eq!(first.state, TaskRunState::Succeeded, "{first:?}");
        assert_eq!(
            first.reason.as_deref(),
            Some("3 people were warned by mail. 1 person is held out: no warning reaches them.")
        );
        for (who, state) in [
            (&idle, Some(WarningState::Delivered)),
            (&returning, Some(WarningState::Delivered)),
            (&bounced, Some(WarningState::Bounced)),
            (&nameless, Some(WarningState::NoAddress)),
            (&keeper, None),
        ] {
            assert_eq!(life.state_of(&first, who).await, state, "{engine:?}");
        }
        let messages = life.server.messages();
        assert_eq!(messages.len(), 2, "{engine:?}");
        assert!(
            messages[0].contains("ends on 7 December 2026") && messages[0].contains("Open it before"),
            "{}",
            messages[0]
        );
        assert_eq!(life.app.effects().len(), 0);

        // One comes back to work; nobody is written to twice, and nothing happens early.
        life.uses_it(&returning);
        let second = life.live_to("2026-11-30T01:00:01Z").await;
        assert_eq!((second.state, life.server.messages().len()), (TaskRunState::Succeeded, 2), "{second:?}");
        assert_eq!(life.app.effects().len(), 0);

        // Two weeks after the first: earlier in the second than the run before, and no day short.
        let third = life.live_to("2026-12-07T01:00:01Z").await;
        assert_eq!(third.state, TaskRunState::Succeeded, "{third:?}");
        assert!(!life.has_access(&idle) && life.has_access(&returning), "{engine:?}");
        assert!(life.has_access(&bounced) && life.has_access(&nameless) && life.has_access(&keeper), "{engine:?}");

        // Switched off, nothing starts; switched on, what was due meanwhile is not made up for.
        keep::switch_off(&context, &life.app.mirror, life.task(), &entropy).await.unwrap();
        let before = life.runs().await.len();
        life.live_to("2026-12-14T01:00:00Z").await;
        assert_eq!(life.runs().await.len(), before);
        let now = rollcall::nouns::context::Context { now: life.app.clock.now(), ..context.clone() };
        keep::switch_on(&now, &life.app.mirror, life.task(), &entropy).await.unwrap();
        life.app.settle_tasks().await;
        assert_eq!(life.runs().await.len(), before);

        // Nothing ran on two Mondays: caught up once.
        let caught_up = life.live_to("2026-12-30T09:00:00Z").await;
        assert_eq!((caught_up.cause, life.runs().await.len()), (Cause::CaughtUp, before + 1), "{engine:?}");

        life.uses_it(&returning);
        // Sixty days after the warning: suspended.
        let suspended = |life: &Life| life.app.effects().iter().filter(|one| one.path.contains("suspend")).count();
        life.live_to("2027-01-18T01:00:00Z").await;
        assert_eq!(suspended(&life), 0);
        let last = life.live_to("2027-01-25T01:00:00Z").await;
        assert_eq!((last.state, suspended(&life)), (TaskRunState::Succeeded, 1), "{engine:?} {last:?}");
        assert_eq!(life.server.messages().len(), 2, "{engine:?}: warned once");

        // Over the change of clocks the start stays at 02:00 by the clock on the wall.
        life.go_to("2027-03-22T12:00:00Z");
        assert_eq!(life.next().await, "2027-03-29T00:00:00Z");
        life.app.assert_sound().await;
        life.app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w6_too_many_warnings_hold_the_run_which_is_told_and_goes_on_when_somebody_lets_it() {
    for engine in ENGINES {
        let mut life = Life::begin(engine).await;
        for nth in 0..6 {
            life.hire(&format!("Idle {nth}"), &format!("idle{nth}@example.com"), "2026-09-01T12:00:00Z");
        }
        let receiver = Receiver::start().await;
        let draft = Draft {
            name: "Automation".to_owned(),
            address: receiver.address(),
            style: Style::Automation,
            events: EventKind::ALL.to_vec(),
            key_days: vec![7],
            notes: String::new(),
            active: true,
        };
        let (context, entropy) = (life.app.context(), life.app.surroundings.entropy.clone());
        endpoints::save(&context, &life.app.mirror, &life.notifier, (None, draft), "a-secret-of-ours").await.unwrap();
        life.set_up_mail().await;
        let filter = life.app.save_filter("Idle", "group = \"Wiki readers\" AND inactiveFor(confluence) >= 60d").await;
        life.task = Some(life.app.create_task(life.definition(&filter)).await);
        let run = life.live_to("2026-11-23T01:00:00Z").await;
        assert_eq!(run.state, TaskRunState::Held, "{engine:?} {run:?}");
        assert_eq!(run.reason.as_deref(), Some("Stopped by its guard: it would warn 6 people, and 3 are allowed."));
        assert!(life.server.messages().is_empty());
        let told: Vec<serde_json::Value> =
            receiver.got().iter().map(|got| serde_json::from_str(&got.body).unwrap()).collect();
        let told: Vec<&serde_json::Value> = told.iter().filter(|told| told["trigger"] == "taskFailure").collect();
        assert_eq!((told.len(), &told[0]["outcome"]), (1, &"held".into()), "{engine:?}");
        assert_eq!(told[0]["deepLink"], format!("/tasks/{}/runs/{}", life.task(), run.id));
        assert_eq!(told[0]["counts"]["total"], 6);

        // While it is held no other start begins, and the list says why.
        assert!(life.next().await.contains("Stopped by its guard"), "{}", life.next().await);
        let skipped = life.live_to("2026-11-30T01:00:00Z").await;
        assert_eq!(skipped.state, TaskRunState::Skipped, "{engine:?} {skipped:?}");
        let again = keep::run_now(&context, &life.app.mirror, (life.task(), Cause::Person), (None, &entropy)).await;
        assert_eq!(again.unwrap(), run.id);

        let now = rollcall::nouns::context::Context { now: life.app.clock.now(), ..context.clone() };
        warn::release(&now, &life.app.mirror, &run.id, &entropy).await.unwrap();
        assert!(warn::release(&now, &life.app.mirror, &run.id, &entropy).await.is_err(), "once");
        life.app.settle_tasks().await;
        life.deliver().await;
        let messages = life.server.messages();
        assert_eq!(messages.len(), 6, "{engine:?}");
        assert!(
            messages[0].contains("14 December 2026"),
            "the day is reckoned from when it was let go: {}",
            messages[0]
        );
        let id = run.id.clone();
        let run = life.app.mirror.store().read(move |tx| task_runs::find(tx, &id)).await.unwrap().unwrap();
        assert_eq!(run.state, TaskRunState::Succeeded, "{engine:?}");
        life.app.stop().await;
    }
}
