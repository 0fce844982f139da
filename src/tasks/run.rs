//! A task's run, step by step: whom the filter finds on the last generation, reading exactly those, who it finds again, a
//! plan for them, its approval by the task's guards, and how its operations end. Every step is kept before the next, so a
//! run goes on wherever a process ended.

use std::sync::Arc;

use directory::act::{Action, Apps};
use directory::{GroupId, Ordinal, Snapshot, Status};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use roaring::RoaringBitmap;

use crate::id::OperationId;
use crate::mirror::Mirror;
use crate::mirror::answer::answer;
use crate::nouns::context::{Actor, Context};
use crate::nouns::event::NewEvent;
use crate::nouns::operation::{Operation, OperationState, Wish};
use crate::nouns::run::{RunKind, RunState};
use crate::nouns::scope::{Scope, Targets};
use crate::nouns::task::{AtEnd, Author, Cause, Definition, TaskAction, TaskRun, TaskRunState};
use crate::nouns::warning::{Warned, WarningState};
use crate::operations::approve::{self, Approving};
use crate::operations::plan;
use crate::operations::{control, guard};
use crate::store::error::StoreError;
use crate::store::{events, filters, head, mail_server, operations, runs, task_runs, task_warnings, tasks};
use crate::sync::pass::Surroundings;
use crate::sync::request::{self, Ask, Asked};
use crate::tasks::due::Around;
use crate::tasks::scheduler::jumped;
use crate::tasks::stages::{Known, Staged, stages};
use crate::tasks::warn::{self, Mail};
use crate::tasks::{explain, rights, told};

/// On older data nobody is acted on (rulings, Everywhere).
const STALE_AFTER: SignedDuration = SignedDuration::from_hours(26);
/// Fields of the filter language that say how long ago something was.
const INACTIVITY: [&str; 3] = ["inactiveFor", "lastActive", "neverActive"];

/// What is kept with the step that comes to act.
struct Kept {
    staged: Staged,
    warnings: Vec<Warned>,
    mails: Vec<Mail>,
}

/// What a step needs.
struct Step<'a> {
    mirror: &'a Mirror,
    surroundings: &'a Surroundings,
    definition: Definition,
    author: Author,
    filter: String,
    now: Timestamp,
}

/// Takes a run one step further; whether it moved.
pub(super) async fn step(
    mirror: &Mirror,
    (run, around): (TaskRun, &Around),
    surroundings: &Surroundings,
) -> Result<bool, StoreError> {
    let (id, number) = (run.task.clone(), run.version);
    let read = mirror.store().read(move |tx| {
        let Some((definition, author)) = tasks::version(tx, &id, number)? else { return Ok(None) };
        let filter = filters::find(tx, &definition.filter)?.map(|filter| filter.kept.text);
        Ok(Some((definition, author, filter)))
    });
    let Some((definition, author, filter)) = read.await? else { return Ok(false) };
    let step = Step { mirror, surroundings, definition, author, filter: filter.unwrap_or_default(), now: around.now };
    match run.state {
        TaskRunState::Asked => step.evaluate(run).await,
        TaskRunState::Reading => step.evaluate_again(run).await,
        TaskRunState::Acting | TaskRunState::Held => step.follow(run, around).await,
        _ => Ok(false),
    }
}

impl Step<'_> {
    /// Whom the filter finds on the last generation; they are read.
    async fn evaluate(&self, mut run: TaskRun) -> Result<bool, StoreError> {
        let was = run.state;
        self.mirror.newest().await?;
        if let Some(why) = self.mirror.store().read(rights::lacking).await? {
            return self.end(run, TaskRunState::Failed, &why).await;
        }
        let snapshot = self.mirror.shown();
        let age = snapshot.people_read_at().map(|at| self.now.duration_since(at));
        if age.is_none_or(|age| age > STALE_AFTER) {
            return self
                .end(run, TaskRunState::Failed, "The last sync of people is older than 26 hours. Run Sync first.")
                .await;
        }
        run.first = match self.found(&snapshot) {
            Ok(found) => found,
            Err(why) => return self.end(run, TaskRunState::Failed, &why).await,
        };
        if self.definition.warns() && self.mirror.store().read(mail_server::find).await?.is_none() {
            let why = "No mail server is set up, so nobody can be warned. Enter one in Settings, Notifications.";
            return self.end(run, TaskRunState::Failed, why).await;
        }
        if run.first.is_empty() && self.definition.is_simple() {
            return self.end(run, TaskRunState::Succeeded, "The filter found nobody.").await;
        }
        let people = run.first.iter().filter_map(|account| snapshot.account_id(account)).collect();
        let scope = Scope::Targeted(Targets { people, groups: self.groups() });
        let (context, key) = (self.system(), format!("task run {} read", run.id));
        let ask = Ask::scoped(RunKind::Operation, scope);
        let asked = request::start(&context, self.mirror, ask, (Some(key), &self.surroundings.entropy)).await?;
        run.sync = match asked {
            Asked::Queued(id) => Some(id),
            // A targeted read needs no place; whoever holds one is not in its way.
            Asked::Held(_) => return Ok(false),
        };
        run.state = TaskRunState::Reading;
        self.write(was, run).await
    }

    /// Who still matches once they were read: a plan for them, approved where no guard trips.
    async fn evaluate_again(&self, mut run: TaskRun) -> Result<bool, StoreError> {
        let Some(id) = run.sync.clone() else { return Ok(false) };
        let read = self.mirror.store().read(move |tx| runs::find(tx, &id)).await?;
        let Some(read) = read.filter(|read| read.state.is_over()) else { return Ok(false) };
        if read.state != RunState::Sealed {
            let why = read.failure.unwrap_or_else(|| "The read before it was stopped.".to_owned());
            return self.end(run, TaskRunState::Failed, &why).await;
        }
        self.mirror.newest().await?;
        let snapshot = self.mirror.shown();
        let found = match self.found(&snapshot) {
            Ok(found) => found,
            Err(why) => return self.end(run, TaskRunState::Failed, &why).await,
        };
        // Who newly matches was not read before, and waits for the next run.
        let confirmed = &found & &run.first;
        run.confirmed = confirmed.len();
        let staged = self.staged(&run, &confirmed, &found).await?;
        let warnings = warn::plan(&self.definition, &staged, &snapshot, (self.now, &self.zone()));
        let mut held: Option<String> = self.held_beforehand(&run).await?;
        let mut planned = Vec::new();
        let acts = |place: usize| self.definition.stages.get(place).is_some_and(|stage| stage.warning().is_none());
        for (place, people) in staged.groups.iter().enumerate().filter(|(_, people)| !people.is_empty()) {
            if !acts(place) {
                continue;
            }
            match self.plan(&run, (place, people), &snapshot).await? {
                Ok(operation) => planned.push(operation),
                Err(why) => return self.end(run, TaskRunState::Failed, &why).await,
            }
        }
        run.operations = planned.iter().map(|operation| operation.id.clone()).collect();
        if run.cause == Cause::DryRun {
            let rows: u64 = planned.iter().map(|operation| operation.plan.rows).sum();
            let people: u64 = planned.iter().map(|operation| operation.plan.people).sum();
            let warned = match warn::reachable(&warnings) {
                0 => String::new(),
                warned => format!(", and {warned} would be warned by mail"),
            };
            let told = format!("Dry run: {rows} changes to {people} people{warned}. Nothing was sent.");
            return self.end(run, TaskRunState::Succeeded, &told).await;
        }
        let acting: Vec<&Operation> = planned.iter().filter(|operation| operation.plan.rows > 0).collect();
        let changed: u64 = acting.iter().map(|operation| operation.plan.people).sum();
        let people = changed + warn::reachable(&warnings);
        let limit = self.definition.guards.limit(snapshot.with_status(&Status::Active).len());
        if people > limit {
            let does = if changed == 0 { "warn" } else { "change" };
            held = Some(format!("Stopped by its guard: it would {does} {people} people, and {limit} are allowed."));
        }
        for operation in &planned {
            if operation.plan.rows == 0 {
                let reason = "Nothing had to be done.".to_owned();
                let _ =
                    approve::reject(&self.system(), self.mirror, (&operation.id, reason), &self.surroundings.entropy)
                        .await;
            } else if held.is_none() {
                held = self.approve(operation, &snapshot).await?;
            }
        }
        let was = run.state;
        match held {
            Some(why) => (run.state, run.reason) = (TaskRunState::Held, Some(why)),
            None if acting.is_empty() => {
                (run.state, run.ended_at) = (TaskRunState::Succeeded, Some(self.now));
                run.reason = Some(explain::nothing_to_change(&warnings, staged.held_out.len()));
            }
            None => run.state = TaskRunState::Acting,
        }
        let mails = match run.state {
            TaskRunState::Held => Vec::new(),
            _ => warn::mails((&run, &self.definition), &warnings, &snapshot, (self.now, &self.zone())),
        };
        self.write_with(was, run, Some(Kept { staged, warnings, mails })).await
    }

    /// How its operations stand: they rest in the daily slot, stop at the end of the window if they shall, and end.
    async fn follow(&self, mut run: TaskRun, around: &Around) -> Result<bool, StoreError> {
        let was = (run.state, run.reason.clone(), run.resting);
        let (ids, wanted) = (run.operations.clone(), run.id.clone());
        let read = self.mirror.store().read(move |tx| {
            let mut found = Vec::new();
            for id in &ids {
                found.extend(operations::find(tx, id)?.map(|(operation, _)| operation));
            }
            Ok((found, task_warnings::counts(tx, &wanted)?))
        });
        let (under_way, warned) = read.await?;
        let acting: Vec<&Operation> = under_way.iter().filter(|operation| operation.plan.rows > 0).collect();
        let any = |states: &[OperationState]| acting.iter().any(|operation| states.contains(&operation.state));
        let over = run.due.is_some_and(|(_, until)| around.now >= until);
        let stops = over && self.definition.at_end == AtEnd::Stop;
        let warnings_wait = warned.iter().any(|(state, people)| *state == WarningState::Planned && *people > 0);
        if acting.iter().all(|operation| operation.state.is_over()) && !warnings_wait {
            let (state, mut reason) = if acting.is_empty() { ended_by_warnings(&warned) } else { ending(&acting) };
            if stops && any(&[OperationState::Cancelled]) {
                reason = "Stopped at the end of its time window.".to_owned();
            }
            return self.end(run, state, &reason).await;
        }
        let (context, entropy) = (self.system(), &self.surroundings.entropy);
        let runs = |operation: &&&Operation| operation.state.is_under_way() && operation.wish.is_none();
        if stops {
            let goes_on = |operation: &&&Operation| {
                let under_way = operation.state.is_under_way() || operation.state == OperationState::Paused;
                under_way && operation.wish != Some(Wish::Cancel)
            };
            for operation in acting.iter().filter(goes_on) {
                control::cancel(&context, self.mirror, &operation.id, entropy).await?;
            }
        } else if around.held.is_some() {
            for operation in acting.iter().filter(runs) {
                control::pause(&context, self.mirror, &operation.id, entropy).await?;
                run.resting = true;
            }
        } else if run.resting {
            for operation in acting.iter().filter(|operation| operation.state == OperationState::Paused) {
                control::resume(&context, self.mirror, &operation.id, entropy).await?;
            }
            run.resting = false;
        }
        if warnings_wait || any(&[OperationState::Planned, OperationState::Waiting]) {
            let asked = acting.iter().find_map(|operation| operation.failure.clone());
            run.reason = run.reason.or(asked).or(Some("It waits for an approval.".to_owned()));
            run.state = TaskRunState::Held;
        } else {
            (run.state, run.reason) = (TaskRunState::Acting, None);
        }
        if (run.state, &run.reason, run.resting) == (was.0, &was.1, was.2) {
            return Ok(false);
        }
        self.write(was.0, run).await
    }

    fn found(&self, snapshot: &Snapshot) -> Result<RoaringBitmap, String> {
        if self.filter.trim().is_empty() {
            return Err("Its filter is not there, or would find everybody.".to_owned());
        }
        let answer = answer(snapshot, &self.filter, (self.now, &self.mirror.zone()));
        match answer.diagnostics.first().filter(|_| answer.has_errors) {
            Some(first) => Err(format!("Its filter has an error: {}", first.message)),
            None => Ok(answer.found.matching),
        }
    }

    fn groups(&self) -> Vec<GroupId> {
        let mut named: Vec<GroupId> = Vec::new();
        for action in self.definition.stages.iter().flat_map(|stage| &stage.actions) {
            if let TaskAction::AddToGroups(groups) | TaskAction::RemoveFromGroups(groups) = action {
                named.extend(groups.iter().cloned());
            }
        }
        named.sort();
        named.dedup();
        named
    }

    /// Whom each stage is about in this run, and how the clocks of people stand after it. Who is not found any more is
    /// dropped, and begins anew.
    async fn staged(
        &self,
        run: &TaskRun,
        confirmed: &RoaringBitmap,
        found: &RoaringBitmap,
    ) -> Result<Staged, StoreError> {
        if self.definition.is_simple() {
            return Ok(Staged { groups: vec![confirmed.clone()], ..Staged::default() });
        }
        let task = run.task.clone();
        let read = self.mirror.store().read(move |tx| {
            let mut known = Known { matched: task_runs::people(tx, &task)?, ..Known::default() };
            task_warnings::for_each_of_task(tx, &task, |warned| known.add(&warned))?;
            Ok(known)
        });
        Ok(stages(&self.definition.stages, &read.await?, (confirmed, found), (self.now, &self.zone())))
    }

    /// The zone in which days are counted; the organization's when nothing is known of the task's (any more).
    fn zone(&self) -> TimeZone {
        self.definition.schedule.rules().unwrap_or_else(|| self.mirror.zone())
    }

    /// Why this run is held whatever its plan; a filter that was edited holds one run.
    async fn held_beforehand(&self, run: &TaskRun) -> Result<Option<String>, StoreError> {
        if run.cause == Cause::DryRun {
            return Ok(None);
        }
        let task = run.task.clone();
        let held = self
            .mirror
            .store()
            .read(move |tx| Ok((tasks::find(tx, &task)?.and_then(|task| task.hold_next), jumped(tx)?)));
        let (held, jumped) = held.await?;
        let by_inactivity = INACTIVITY.iter().any(|field| self.filter.contains(field));
        Ok(jumped.filter(|_| by_inactivity).map_or(held, |_| {
            Some(
                "The machine's clock has jumped, and the filter goes by inactivity. Confirm the clock first."
                    .to_owned(),
            )
        }))
    }

    async fn plan(
        &self,
        run: &TaskRun,
        (place, people): (usize, &RoaringBitmap),
        snapshot: &Snapshot,
    ) -> Result<Result<Operation, String>, StoreError> {
        let actions = self.definition.stages.get(place).map_or(&[][..], |stage| &stage.actions);
        let actions: Result<Vec<Action>, String> = actions.iter().map(|named| action(named, snapshot)).collect();
        let actions = match actions {
            Ok(actions) => actions,
            Err(why) => return Ok(Err(why)),
        };
        let people = people.iter().filter_map(|account| snapshot.account_id(account)).collect();
        let key = format!("task run {} stage {place}", run.id);
        let context = self.by_author();
        let planned =
            plan::plan_task(&context, self.mirror, (people, actions), (Some(key), &self.surroundings.entropy));
        let id: OperationId = match planned.await {
            Ok(id) => id,
            Err(plan::NotPlanned::Store(error)) => return Err(error),
            Err(why) => return Ok(Err(why.refusal().why)),
        };
        let found = self.mirror.store().read(move |tx| operations::find(tx, &id)).await?;
        Ok(found.map(|(operation, _)| operation).ok_or_else(|| "Its plan is gone.".to_owned()))
    }

    /// Approves a plan in the name of whoever wrote the task; why it has to be held instead, if it has.
    async fn approve(&self, operation: &Operation, snapshot: &Arc<Snapshot>) -> Result<Option<String>, StoreError> {
        let bounds = self.mirror.store().read(guard::read).await?.bounds;
        if let Some(limit) = bounds.demands(&operation.plan, snapshot).over_limit {
            let people = operation.plan.people;
            return Ok(Some(format!("It concerns {people} people, and one operation may concern {limit}.")));
        }
        let reason = format!("By the automated task {}.", self.definition.name.as_str());
        let approving = Approving { hash: operation.plan.hash, typed: Some(operation.plan.rows), reason };
        let context = self.by_author();
        let approved = approve::approve(&context, self.mirror, (&operation.id, approving), &self.surroundings.entropy);
        match approved.await {
            Ok(()) => Ok(None),
            Err(approve::NotApproved::Store(error)) => Err(error),
            Err(why) => Ok(Some(why.refusal().why)),
        }
    }

    fn system(&self) -> Context {
        Context { actor: Actor::System, now: self.now }
    }

    fn by_author(&self) -> Context {
        let actor = match &self.author.administrator {
            Some(id) => Actor::Administrator { id: id.clone(), username: self.author.name.clone(), source: None },
            None => Actor::CommandLine,
        };
        Context { actor, now: self.now }
    }

    async fn end(&self, mut run: TaskRun, state: TaskRunState, why: &str) -> Result<bool, StoreError> {
        let was = run.state;
        (run.state, run.ended_at) = (state, Some(self.now));
        run.reason = Some(why.to_owned()).filter(|why| !why.is_empty());
        self.write(was, run).await
    }

    async fn write(&self, was: TaskRunState, run: TaskRun) -> Result<bool, StoreError> {
        self.write_with(was, run, None).await
    }

    /// Writes how a run stands and tells of it; with people, when it has come to act: their days move, warnings go out,
    /// and a hold is used up with it.
    async fn write_with(&self, was: TaskRunState, run: TaskRun, kept: Option<Kept>) -> Result<bool, StoreError> {
        let (now, entropy, system) = (self.now, self.surroundings.entropy.clone(), self.system());
        let salt = entropy.bytes();
        let told = match run.state {
            TaskRunState::Held if was != TaskRunState::Held => Some("task.held"),
            TaskRunState::Succeeded => Some("task.succeeded"),
            TaskRunState::Partial => Some("task.partial"),
            TaskRunState::Failed => Some("task.failed"),
            _ => None,
        };
        let write = self.mirror.store().write(move |tx| {
            if !task_runs::update(tx, was, &run)? {
                return Ok(false);
            }
            if let Some(Kept { staged, warnings, mails }) = &kept {
                task_runs::put_people(tx, &run.task, (&staged.matched, &staged.left))?;
                task_warnings::put(tx, (&run.id, &run.task), warnings)?;
                warn::send(tx, (&system, &run), mails, &entropy)?;
                tasks::hold_next(tx, &run.task, None)?;
            }
            if run.state.is_over() && run.cause != Cause::DryRun {
                task_runs::advance(tx, &run)?;
            }
            if run.cause != Cause::DryRun && run.state != was {
                told::run(tx, &run, now, &entropy)?;
            }
            if let Some(kind) = told {
                let detail = serde_json::json!({
                    "task": run.task.as_str(),
                    "version": run.version,
                    "number": run.number,
                    "cause": run.cause.as_str(),
                    "matched": run.first.len(),
                    "confirmed": run.confirmed,
                    "operations": run.operations.iter().map(OperationId::as_str).collect::<Vec<_>>(),
                });
                let event = NewEvent {
                    at: now,
                    actor: Actor::System.as_subject(),
                    kind,
                    subject: run.id.to_string(),
                    detail: detail.to_string(),
                    personal: String::new(),
                };
                events::append(tx, &event, &salt)?;
            }
            head::touch(tx)?;
            Ok(true)
        });
        write.await
    }
}

/// The action on the apps and groups of the last sync.
fn action(named: &TaskAction, snapshot: &Snapshot) -> Result<Action, String> {
    let groups = |named: &[GroupId]| -> Result<Vec<Ordinal>, String> {
        let known =
            |id: &GroupId| snapshot.group(id.as_str()).ok_or_else(|| format!("The group {} is gone.", id.as_str()));
        named.iter().map(known).collect()
    };
    Ok(match named {
        TaskAction::RemoveAppAccess(apps) if apps.is_empty() => {
            Action::RemoveAppAccess { apps: Apps::All, also_lose: Vec::new() }
        }
        TaskAction::RemoveAppAccess(apps) => {
            let known =
                apps.iter().map(|id| snapshot.resource(id).ok_or_else(|| format!("The app {} is gone.", id.as_str())));
            Action::RemoveAppAccess { apps: Apps::Chosen(known.collect::<Result<_, _>>()?), also_lose: Vec::new() }
        }
        TaskAction::Suspend => Action::Suspend,
        TaskAction::AddToGroups(named) => Action::AddToGroups(groups(named)?),
        TaskAction::RemoveFromGroups(named) => Action::RemoveFromGroups(groups(named)?),
        TaskAction::Warn(_) => return Err("A warning stands alone in its stage.".to_owned()),
    })
}

/// How a run ended that only warned.
fn ended_by_warnings(warned: &[(WarningState, u64)]) -> (TaskRunState, String) {
    let of = |wanted: WarningState| warned.iter().find(|(state, _)| *state == wanted).map_or(0, |(_, people)| *people);
    match of(WarningState::Dropped) {
        0 => (TaskRunState::Succeeded, String::new()),
        dropped => (TaskRunState::Failed, format!("The warnings to {dropped} people were not sent.")),
    }
}

/// How a run ended whose operations are over: some failures among many successes are no success.
fn ending(operations: &[&Operation]) -> (TaskRunState, String) {
    let all = |state: OperationState| operations.iter().all(|operation| operation.state == state);
    let done = |operation: &&&Operation| matches!(operation.state, OperationState::Succeeded | OperationState::Partial);
    let reason = operations.iter().find_map(|operation| operation.failure.clone());
    let state = if all(OperationState::Succeeded) {
        TaskRunState::Succeeded
    } else if operations.iter().any(|operation| done(&operation)) {
        TaskRunState::Partial
    } else {
        TaskRunState::Failed
    };
    (state, reason.unwrap_or_default())
}
