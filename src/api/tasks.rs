//! Automated tasks: listed, one with its definition, its runs by page, a run with what came of it; *Run now*, a dry run, and
//! the switch *Schedule Active*.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use directory::{GroupId, ResourceId, Snapshot};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::api::asked::{Asked, RequestKey};
use crate::api::page;
use crate::api::parameters::{Id, None as NoParameters, Parameters, Sent};
use crate::api::problem::{Kind, Problem};
use crate::id::{TaskId, TaskRunId};
use crate::nouns::task::{self, Cause, TaskAction};
use crate::nouns::task_schedule::Repeat;
use crate::store::task_runs;
use crate::tasks::keep::{self, NotKept};
use crate::tasks::outlook::{self, Outlook};
use crate::tasks::report::{self, Report};
use crate::tasks::{explain, owners};

/// Which runs of a task.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Listed {
    /// How many at the most; 100 when it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// From where on: `next` of the page before.
    cursor: Option<String>,
}

/// The automated tasks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Tasks {
    /// By name.
    tasks: Vec<Task>,
}

/// An automated task.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Task {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// The version in force, from 1.
    version: u64,
    /// Who wrote that version.
    updated_by: String,
    /// When.
    updated_at: String,
    /// The saved filter whose people it is about.
    filter: String,
    /// What it does, and when after somebody first matched.
    stages: Vec<TaskStage>,
    /// When it starts.
    schedule: TaskSchedule,
    /// *Schedule Active*.
    schedule_active: bool,
    /// A run that would concern more people is held: so many, or this share of the active ones where that is more.
    guard: TaskGuard,
    /// Its newest run.
    last_run: Option<TaskRun>,
    /// When it starts next.
    next_run: Option<String>,
    /// Why it has no next start.
    why: Option<String>,
    /// Why its next run is held for an approval.
    next_run_held: Option<String>,
}

/// A stage of a task.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TaskStage {
    /// Days since the first run that found somebody.
    after_days: u16,
    /// What is done.
    actions: Vec<ActionOfTask>,
}

/// What a task does with those whom it finds.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ActionOfTask {
    /// `removeAppAccess`, `suspendUser`, `addToGroups`, `removeFromGroups` or `warnByMail`.
    #[serde(rename = "type")]
    kind: String,
    /// In words, by the names of the last sync.
    text: String,
    /// The apps it is about; every app when there is none.
    apps: Vec<String>,
    /// The groups it is about.
    groups: Vec<String>,
}

/// When a task starts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TaskSchedule {
    /// In words.
    text: String,
    /// `manual`, `weekdays mon,fri`, `every 2 weeks`.
    repeat: String,
    /// The first day.
    starts: String,
    /// The window of the day: `02:00-03:00`.
    window: String,
    /// The time zone of days and window.
    time_zone: String,
    /// What becomes of a start that was missed: `catch_up` or `skip`.
    missed: String,
    /// What a run does at the end of its window: `go_on` or `stop`.
    at_end: String,
}

/// The guard of a task.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TaskGuard {
    /// People.
    people: u64,
    /// Percent.
    percent: u64,
}

/// A page of a task's runs, the newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TaskRuns {
    /// The runs.
    runs: Vec<TaskRun>,
    /// The cursor of the page after this one; null on the last.
    next: Option<String>,
}

/// A run of a task.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TaskRun {
    /// Its id.
    id: String,
    /// Of which task.
    task: String,
    /// Its number within the organization, from 1.
    number: u64,
    /// The version that it uses.
    version: u64,
    /// Why it runs: `schedule`, `caught_up`, `person` or `dry_run`.
    cause: String,
    /// The day of the schedule that it belongs to.
    day: Option<String>,
    /// `asked`, `reading`, `acting`, `held`, `succeeded`, `partial`, `failed` or `skipped`.
    state: String,
    /// Why it stands there, as a sentence.
    reason: Option<String>,
    /// Who asked for it.
    asked_by: String,
    /// When.
    asked_at: String,
    /// When it ended.
    ended_at: Option<String>,
    /// Whom the filter found first.
    found: u64,
    /// How many it found again after they were read.
    found_again: u64,
    /// The sync run that reads them.
    sync_run: Option<String>,
    /// Its operations, in the order of the stages.
    operations: Vec<String>,
}

/// A run with what came of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OneTaskRun {
    /// The run.
    run: TaskRun,
    /// All its items.
    total: u64,
    /// Done.
    succeeded: u64,
    /// Tried, and not done.
    failed: u64,
    /// Left out, refused or not attempted.
    skipped: u64,
    /// Its warnings by mail, by what became of them.
    warnings: Vec<Warnings>,
    /// What happened, the oldest first.
    log: Vec<LogLine>,
}

/// How many warnings have come to the same.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Warnings {
    /// `planned`, `waiting`, `delivered`, `bounced`, `no_address` or `dropped`.
    state: String,
    /// How many people.
    people: u64,
}

/// A line of a run's log.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LogLine {
    /// When.
    at: String,
    /// The kind of the event, as the audit names it.
    kind: String,
    /// Who did it.
    by: String,
    /// What was done.
    what: String,
    /// The id of what it is about.
    subject: String,
}

/// Whether the schedule is active.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Switched {
    /// *Schedule Active*.
    active: bool,
}

/// List automated tasks
///
/// Each with its last run, and its next start or why there is none.
#[utoipa::path(get, path = "/tasks", tag = "tasks", operation_id = "list_tasks",
    responses((status = 200, description = "Every task, by name", body = Tasks)))]
pub(crate) async fn list(
    State(api): State<Api>,
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<Tasks>, Problem> {
    let (zone, now, former) = around(&api, &asked).await?;
    let listed = asked.mirror.store().read(move |tx| outlook::list(tx, (&zone, now), &former)).await?;
    Ok(Json(Tasks { tasks: listed.iter().map(|found| Task::of(found, &asked)).collect() }))
}

/// Show an automated task
#[utoipa::path(get, path = "/tasks/{id}", tag = "tasks", operation_id = "show_task",
    params(("id" = String, Path, description = "The task's id")),
    responses((status = 200, description = "The task", body = Task)))]
pub(crate) async fn show(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<Task>, Problem> {
    Ok(Json(Task::of(&find(&api, &asked, &id).await?, &asked)))
}

/// List the runs of an automated task
///
/// Those of dry runs and of starts that were left out included.
#[utoipa::path(get, path = "/tasks/{id}/runs", tag = "tasks", operation_id = "list_task_runs",
    params(("id" = String, Path, description = "The task's id"), Listed),
    responses((status = 200, description = "A page of its runs, the newest first", body = TaskRuns)))]
pub(crate) async fn runs(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(listed): Parameters<Listed>,
) -> Result<Json<TaskRuns>, Problem> {
    let task = find(&api, &asked, &id).await?.task.id;
    let question = format!("task runs: {task}");
    let before = match &listed.cursor {
        Some(cursor) => page::read(&question, cursor)?.parse::<u64>().ok(),
        None => None,
    };
    let limit = page::limit(listed.limit)?;
    let most = u32::try_from(limit).unwrap_or(u32::MAX);
    let found = asked.mirror.store().read(move |tx| task_runs::before(tx, &task, before, most)).await?;
    let next = found.last().filter(|_| found.len() == limit);
    let next = next.map(|last| page::write(&question, &last.number.to_string()));
    Ok(Json(TaskRuns { runs: found.iter().map(TaskRun::of).collect(), next }))
}

/// Show a run of an automated task
///
/// With its figures, its warnings and its log. The rows of its operations are those of its operations.
#[utoipa::path(get, path = "/task-runs/{id}", tag = "tasks", operation_id = "show_task_run",
    params(("id" = String, Path, description = "The run's id")),
    responses((status = 200, description = "The run", body = OneTaskRun)))]
pub(crate) async fn show_run(
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<OneTaskRun>, Problem> {
    let unknown = || Problem::not_found("run of a task with this id");
    let id = TaskRunId::parse(&id).ok_or_else(unknown)?;
    let found = report::report(&asked.mirror, &id).await?;
    Ok(Json(OneTaskRun::of(&found.ok_or_else(unknown)?)))
}

/// Run an automated task now
///
/// Whatever its schedule, whose next start stays. While a run of the task is not over, that one is answered.
#[utoipa::path(post, path = "/tasks/{id}/run", tag = "tasks", operation_id = "run_task",
    params(("id" = String, Path, description = "The task's id")),
    responses((status = 202, description = "The run, which goes on by itself", body = TaskRun)))]
pub(crate) async fn run_now(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    key: RequestKey,
    Parameters(_): Parameters<NoParameters>,
) -> Result<(StatusCode, Json<TaskRun>), Problem> {
    begin(&api, &asked, (&id, Cause::Person), key).await
}

/// Try an automated task
///
/// Finds, reads and plans as a run does, and sends nothing.
#[utoipa::path(post, path = "/tasks/{id}/dry-run", tag = "tasks", operation_id = "dry_run_task",
    params(("id" = String, Path, description = "The task's id")),
    responses((status = 202, description = "The run, which goes on by itself", body = TaskRun)))]
pub(crate) async fn dry_run(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    key: RequestKey,
    Parameters(_): Parameters<NoParameters>,
) -> Result<(StatusCode, Json<TaskRun>), Problem> {
    begin(&api, &asked, (&id, Cause::DryRun), key).await
}

/// Switch the schedule of an automated task
///
/// *Schedule Active*: what was due while it was off is not made up for.
#[utoipa::path(put, path = "/tasks/{id}/schedule", tag = "tasks", operation_id = "switch_task",
    params(("id" = String, Path, description = "The task's id")), request_body = Switched,
    responses((status = 200, description = "The task", body = Task)))]
pub(crate) async fn switch(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<Switched>,
) -> Result<Json<Task>, Problem> {
    let task = identify(&id)?;
    let switched = if wanted.active {
        keep::switch_on(&asked.context, &asked.mirror, &task, &api.entropy).await
    } else {
        keep::switch_off(&asked.context, &asked.mirror, &task, &api.entropy).await
    };
    switched.map_err(refused)?;
    Ok(Json(Task::of(&find(&api, &asked, &id).await?, &asked)))
}

async fn begin(
    api: &Api,
    asked: &Asked,
    (id, cause): (&str, Cause),
    RequestKey(key): RequestKey,
) -> Result<(StatusCode, Json<TaskRun>), Problem> {
    let task = identify(id)?;
    let begun = keep::run_now(&asked.context, &asked.mirror, (&task, cause), (key, &api.entropy)).await;
    let run = begun.map_err(refused)?;
    let found = asked.mirror.store().read(move |tx| task_runs::find(tx, &run)).await?;
    let found = found.ok_or_else(|| Problem::not_found("run of a task with this id"))?;
    Ok((StatusCode::ACCEPTED, Json(TaskRun::of(&found))))
}

async fn around(
    api: &Api,
    asked: &Asked,
) -> Result<(jiff::tz::TimeZone, jiff::Timestamp, Vec<crate::id::AdministratorId>), Problem> {
    let former = owners::former(&asked.mirror, &api.control).await?;
    Ok((asked.mirror.zone(), asked.context.now, former))
}

async fn find(api: &Api, asked: &Asked, id: &str) -> Result<Outlook, Problem> {
    let id = identify(id)?;
    let (zone, now, former) = around(api, asked).await?;
    let found = asked.mirror.store().read(move |tx| outlook::find(tx, &id, (&zone, now), &former)).await?;
    found.ok_or_else(unknown)
}

fn identify(id: &str) -> Result<TaskId, Problem> {
    TaskId::parse(id).ok_or_else(unknown)
}

fn unknown() -> Problem {
    Problem::not_found("automated task with this id")
}

fn refused(why: NotKept) -> Problem {
    match why {
        NotKept::Store(error) => error.into(),
        NotKept::Unknown => unknown(),
        why => {
            let refusal = why.refusal("Nothing was done.");
            Problem::new(Kind::Refused, refusal.why, refusal.next)
        }
    }
}

impl Task {
    fn of(found: &Outlook, asked: &Asked) -> Task {
        let (task, definition) = (&found.task, &found.task.definition);
        let schedule = &definition.schedule;
        let stage = |stage: &task::Stage| TaskStage {
            after_days: stage.after_days,
            actions: stage.actions.iter().map(|action| ActionOfTask::of(action, &asked.snapshot)).collect(),
        };
        Task {
            id: task.id.to_string(),
            name: definition.name.as_str().to_owned(),
            version: task.version,
            updated_by: task.author.name.clone(),
            updated_at: task.changed_at.to_string(),
            filter: definition.filter.to_string(),
            stages: definition.stages.iter().map(stage).collect(),
            schedule: TaskSchedule {
                text: explain::schedule(schedule),
                repeat: schedule.repeat.to_text(),
                starts: schedule.starts.to_string(),
                window: schedule.window.to_text(),
                time_zone: schedule.zone.clone(),
                missed: definition.missed.as_str().to_owned(),
                at_end: definition.at_end.as_str().to_owned(),
            },
            schedule_active: task.active && schedule.repeat != Repeat::Manual,
            guard: TaskGuard { people: definition.guards.people, percent: definition.guards.percent },
            last_run: found.last.as_ref().map(TaskRun::of),
            next_run: found.next.as_ref().ok().map(|start| start.at.to_string()),
            why: found.next.as_ref().err().map(|why| explain::why(why, &asked.mirror.zone())),
            next_run_held: task.hold_next.clone(),
        }
    }
}

impl ActionOfTask {
    fn of(action: &TaskAction, snapshot: &Snapshot) -> ActionOfTask {
        let (mut apps, mut groups) = (Vec::new(), Vec::new());
        match action {
            TaskAction::RemoveAppAccess(named) => apps.extend(named.iter().map(ResourceId::to_string)),
            TaskAction::AddToGroups(named) | TaskAction::RemoveFromGroups(named) => {
                groups.extend(named.iter().map(GroupId::to_string));
            }
            TaskAction::Suspend | TaskAction::Warn(_) => {}
        }
        ActionOfTask { kind: action.kind().to_owned(), text: explain::action(action, snapshot), apps, groups }
    }
}

impl TaskRun {
    /// A run as it is sent.
    pub(crate) fn of(run: &task::TaskRun) -> TaskRun {
        TaskRun {
            id: run.id.to_string(),
            task: run.task.to_string(),
            number: run.number,
            version: run.version,
            cause: run.cause.as_str().to_owned(),
            day: run.due.map(|(day, _)| day.to_string()),
            state: run.state.as_str().to_owned(),
            reason: run.reason.clone(),
            asked_by: run.asked_by.clone(),
            asked_at: run.asked_at.to_string(),
            ended_at: run.ended_at.map(|at| at.to_string()),
            found: run.first.len(),
            found_again: run.confirmed,
            sync_run: run.sync.as_ref().map(ToString::to_string),
            operations: run.operations.iter().map(ToString::to_string).collect(),
        }
    }
}

impl OneTaskRun {
    fn of(report: &Report) -> OneTaskRun {
        let counts = &report.counts;
        OneTaskRun {
            run: TaskRun::of(&report.run),
            total: counts.total,
            succeeded: counts.succeeded,
            failed: counts.failed,
            skipped: counts.skipped,
            warnings: (report.warnings.iter())
                .map(|(state, people)| Warnings { state: state.as_str().to_owned(), people: *people })
                .collect(),
            log: (report.log.iter())
                .map(|entry| LogLine {
                    at: entry.at.to_string(),
                    kind: entry.kind.clone(),
                    by: entry.by.clone(),
                    what: entry.what.to_owned(),
                    subject: entry.subject.clone(),
                })
                .collect(),
        }
    }
}
