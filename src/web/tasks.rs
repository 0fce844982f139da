//! *Automated Tasks*: every task with what it does, when, its last run with its outcome and its next start or why there is
//! none; *Run now*, *Dry run*, the switch *Schedule Active*, and *Show Results*.

pub(crate) mod form;
pub(crate) mod run;

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use crate::auth::token::Token;
use crate::id::{TaskId, TaskRunId};
use crate::nouns::task::{Cause, TaskRun, TaskRunState};
use crate::nouns::task_schedule::Repeat;
use crate::store::{operations, task_runs};
use crate::tasks::keep::{self, NotKept};
use crate::tasks::outlook::{self, Outlook};
use crate::tasks::{explain, owners, scheduler};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::ui::address::Address;
use crate::web::ui::amount::{counted, number};
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{Weight, empty, notice};
use crate::web::visit::Visit;

/// The page's address.
pub(crate) const HERE: &str = "/tasks";
/// Where the clock is confirmed.
pub(crate) const CLOCK: &str = "/tasks/clock";

/// So many runs stand under *Show Results*.
const RUNS: u32 = 100;

/// What a button of a task asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    what: String,
    /// Makes a form that is sent twice start one run.
    request_key: String,
}

/// GET /tasks
pub(crate) async fn show(State(served): State<Served>, visit: Visit) -> Result<Page, Failure> {
    let (zone, now) = (visit.mirror.zone(), visit.reader.now);
    let former = owners::former(&visit.mirror, &served.control).await?;
    let read =
        visit.mirror.store().read(move |tx| Ok((outlook::list(tx, (&zone, now), &former)?, scheduler::jumped(tx)?)));
    let (listed, jumped) = read.await?;
    Ok(Page::framed(
        &visit.frame("Automated Tasks", Place::AutomatedTasks),
        html! {
            div.headline {
                h1 { "Automated Tasks" }
                a.button.primary href=(form::NEW) { "Add New Task" }
            }
            p.lead { "A saved filter, actions and a schedule. Whom the filter finds is looked up afresh in each run, after exactly those people were read from Atlassian." }
            @if jumped.is_some() { (clock()) }
            @if listed.is_empty() {
                (empty("There is no task yet.", html! {
                    p { "Begin with one that is started by hand only, run it on a small group, look at its results, then give it a schedule." }
                    p { a.button href=(form::NEW) { "Add New Task" } }
                }))
            } @else {
                div.scroll tabindex="0" role="region" aria-label="Automated tasks" {
                    table.settings {
                        thead { tr {
                            th scope="col" { "Job Name" }
                            th scope="col" { "Updated By" }
                            th scope="col" { "Actions" }
                            th scope="col" { "Schedule" }
                            th scope="col" { "Schedule Active" }
                            th scope="col" { "Last Run" }
                            th scope="col" { "Next Run" }
                            th scope="col" { "Run" }
                        } }
                        tbody { @for outlook in &listed { (row(outlook, &visit, &served)) } }
                    }
                }
            }
        },
    ))
}

/// GET /tasks/{id}: its results.
pub(crate) async fn results(
    visit: Visit,
    State(served): State<Served>,
    Path(id): Path<String>,
) -> Result<Page, Failure> {
    let id = identify(&id)?;
    let (zone, now, wanted) = (visit.mirror.zone(), visit.reader.now, id.clone());
    let former = owners::former(&visit.mirror, &served.control).await?;
    let read = visit.mirror.store().read(move |tx| {
        let runs = task_runs::of_task(tx, &wanted, RUNS)?;
        let mut figures = Vec::new();
        for run in runs {
            let mut of_run = Vec::new();
            for operation in &run.operations {
                of_run.extend(operations::find(tx, operation)?.map(|(operation, _)| operation));
            }
            figures.push((run, of_run));
        }
        Ok((outlook::find(tx, &wanted, (&zone, now), &former)?, figures))
    });
    let (found, runs) = read.await?;
    let Some(outlook) = found else { return Err(unknown()) };
    let definition = &outlook.task.definition;
    Ok(Page::framed(
        &visit.frame(definition.name.as_str(), Place::AutomatedTasks),
        html! {
            nav.trail aria-label="Breadcrumb" { a href=(HERE) { "Automated Tasks" } }
            div.headline { h1 { bdi { (definition.name.as_str()) } } a.button href=(address(&id).below("edit")) { "Edit" } " " a.button href=(Address::new(form::NEW).with("copy", id.as_str())) { "Copy" } }
            dl.facts {
                dt { "Actions" } dd { (explain::stages(&definition.stages, &visit.snapshot)) }
                dt { "Schedule" } dd { (explain::schedule(&definition.schedule)) }
                dt { "Next Run" } dd { (next(&outlook, &visit)) }
                dt { "Guard" } dd { "The larger of " (number(definition.guards.people)) " people and " (definition.guards.percent) " % of the active ones" }
                dt { "Version" } dd { (outlook.task.version) ", by " bdi { (outlook.task.author.name) } " " (visit.reader.relative(outlook.task.changed_at)) }
            }
            (buttons(&outlook, &served))
            h2 { "Results" }
            @if runs.is_empty() {
                (empty("It has not run yet.", html! { p { "A dry run shows what it would do, and sends nothing." } }))
            } @else {
                div.scroll tabindex="0" role="region" aria-label="Results" {
                    table {
                        thead { tr {
                            th scope="col" { "Run" } th scope="col" { "Began" } th scope="col" { "Why" }
                            th scope="col" { "Outcome" } th.num scope="col" { "Found" } th.num scope="col" { "Found again" }
                            th.num scope="col" { "Changes" } th scope="col" { "Version" }
                        } }
                        tbody {
                            @for (run, operations) in &runs {
                                tr {
                                    th scope="row" { a href=(run::to(run)) { (run.number) } }
                                    td { (visit.reader.moment(run.asked_at)) }
                                    td { (cause(run)) }
                                    td { (outcome(run)) @if let Some(reason) = &run.reason { " " span.sub { (reason) } } }
                                    td.num { (number(run.first.len())) }
                                    td.num { (number(run.confirmed)) }
                                    td.num { (number(operations.iter().map(|operation| operation.plan.rows).sum())) }
                                    td { (run.version) }
                                }
                            }
                        }
                    }
                }
            }
            form.fields method="post" action=(address(&id)) {
                details {
                    summary { "Delete this task" }
                    p.hint { "Its schedule ends; a run that is under way goes on." }
                    button type="submit" name="what" value="delete" { "Delete" }
                }
            }
        },
    ))
}

/// POST /tasks/{id}
pub(crate) async fn act(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
    Form(ask): Form<Ask>,
) -> Result<Response, Failure> {
    let (id, context, entropy) = (identify(&id)?, &visit.entered.context, &served.entropy);
    let key = (!ask.request_key.is_empty()).then(|| ask.request_key.clone());
    let mirror = &visit.mirror;
    let here = || HERE.to_owned();
    let to_run = |run: TaskRunId| address(&id).below("runs").below(run.as_str()).as_str().to_owned();
    let done = match ask.what.as_str() {
        "run" => keep::run_now(context, mirror, (&id, Cause::Person), (key, entropy)).await.map(to_run),
        "dry" => keep::run_now(context, mirror, (&id, Cause::DryRun), (key, entropy)).await.map(to_run),
        "on" => keep::switch_on(context, mirror, &id, entropy).await.map(|()| here()),
        "off" => keep::switch_off(context, mirror, &id, entropy).await.map(|()| here()),
        "delete" => keep::delete(context, mirror, &id, entropy).await.map(|()| here()),
        _ => return Err(unknown()),
    };
    let goes_to = done.map_err(failed)?;
    Ok(see(&goes_to))
}

/// POST /tasks/clock
pub(crate) async fn confirm_clock(State(served): State<Served>, visit: Visit) -> Result<Response, Failure> {
    scheduler::confirm_clock(&visit.entered.context, &visit.mirror, &served.entropy).await?;
    Ok(see(HERE))
}

/// The address of a task.
pub(crate) fn address(id: &TaskId) -> Address {
    Address::new(HERE).below(id.as_str())
}

fn identify(id: &str) -> Result<TaskId, Failure> {
    TaskId::parse(id).ok_or_else(unknown)
}

fn unknown() -> Failure {
    Failure::NotFound("There is no such task.")
}

fn failed(why: NotKept) -> Failure {
    match why {
        NotKept::Store(error) => error.into(),
        NotKept::Unknown => unknown(),
        why => why.refusal("Nothing was done.").into(),
    }
}

/// What is said of a clock that has jumped, with the way to confirm it.
pub(crate) fn clock() -> Markup {
    notice(
        Weight::Warning,
        "The clock of this machine has jumped.",
        html! {
            p { "Until somebody confirms that it is right, tasks whose filter goes by inactivity are held." }
            form method="post" action=(CLOCK) { button type="submit" { "The clock is right" } }
        },
    )
}

fn row(outlook: &Outlook, visit: &Visit, served: &Served) -> Markup {
    let (task, reader) = (&outlook.task, &visit.reader);
    let definition = &task.definition;
    let name = definition.name.as_str();
    html! {
        tr {
            th scope="row" { a.name href=(address(&task.id)) { bdi { (name) } } }
            td { bdi { (task.author.name) } " " span.sub { (reader.relative(task.changed_at)) } }
            td { (explain::stages(&definition.stages, &visit.snapshot)) }
            td { (explain::schedule(&definition.schedule)) }
            td {
                @if definition.schedule.repeat == Repeat::Manual { span.sub { "Manual" } } @else {
                    form method="post" action=(address(&task.id)) {
                        button type="submit" name="what" value=(if task.active { "off" } else { "on" })
                            aria-label={ "Schedule Active of " (name) } aria-pressed=(task.active) { (if task.active { "On" } else { "Off" }) }
                    }
                }
            }
            td {
                @match &outlook.last {
                    Some(run) => { a href=(run::to(run)) aria-label={ "Last run of " (name) } { (outcome(run)) } " " span.sub { (reader.relative(run.asked_at)) } @if let Some(reason) = &run.reason { " " span.sub { (reason) } } }
                    None => span.sub { "never" }
                }
                " " a href=(address(&task.id)) aria-label={ "Show Results of " (name) } { "Show Results" }
            }
            td { (next(outlook, visit)) }
            td { (buttons(outlook, served)) }
        }
    }
}

fn buttons(outlook: &Outlook, served: &Served) -> Markup {
    let name = outlook.task.definition.name.as_str();
    let key = Token::new(&served.entropy);
    html! {
        form method="post" action=(address(&outlook.task.id)) {
            input type="hidden" name="request_key" value=(key.expose());
            button type="submit" name="what" value="run" aria-label={ "Run now: " (name) } { "Run now" }
            " " button.quiet type="submit" name="what" value="dry" aria-label={ "Dry run: " (name) } { "Dry run" }
        }
    }
}

fn next(outlook: &Outlook, visit: &Visit) -> Markup {
    html! {
        @match &outlook.next {
            Ok(start) => (visit.reader.moment(start.at)),
            Err(why) => span.sub { (explain::why(why, &visit.mirror.zone())) }
        }
        @if let Some(why) = &outlook.task.hold_next { " " span.sub { "The next run is held: " (why) } }
    }
}

fn cause(run: &TaskRun) -> Markup {
    html! {
        @match run.cause {
            Cause::Schedule => "Schedule",
            Cause::CaughtUp => "Caught up",
            Cause::Person => "Run now",
            Cause::DryRun => "Dry run",
        }
        @if let Some((day, _)) = run.due { " " span.sub { "of " (day) } }
        @else { " " span.sub { "by " bdi { (run.asked_by) } } }
    }
}

/// A run's outcome; a partial success is told apart from a success.
fn outcome(run: &TaskRun) -> Markup {
    let (word, class) = match run.state {
        TaskRunState::Asked | TaskRunState::Reading => ("reading", "tag"),
        TaskRunState::Acting => (if run.resting { "resting for the daily sync" } else { "acting" }, "tag"),
        TaskRunState::Held => ("held for approval", "tag warn"),
        TaskRunState::Succeeded => ("succeeded", "tag good"),
        TaskRunState::Partial => ("partial", "tag warn"),
        TaskRunState::Failed => ("failed", "tag bad"),
        TaskRunState::Skipped => ("skipped", "tag"),
    };
    html! {
        span class=(class) { (word) }
        @if run.confirmed > 0 { " " span.sub { (counted(run.confirmed, "person", "people")) } }
    }
}
