//! A run of an automated task: how it stands and why, what it may need from a person, its operations, whom it warned, its
//! log, and all of it as files.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use crate::id::TaskRunId;
use crate::mirror::export::Form as FileForm;
use crate::mirror::export::events::Exported;
use crate::nouns::operation_row::RowState;
use crate::nouns::task::{TaskRun, TaskRunState};
use crate::nouns::warning::{Warned, WarningState};
use crate::store::error::StoreError;
use crate::tasks::report::{self, Report};
use crate::tasks::{explain, warn};
use crate::web::Served;
use crate::web::export::download;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::operations::{address as of, words};
use crate::web::tasks::{HERE, address, cause, identify, outcome};
use crate::web::ui::address::Address;
use crate::web::ui::amount::number;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{Weight, empty, notice};
use crate::web::visit::Visit;

/// So many warnings stand on the page; the file has all.
const WARNINGS: u32 = 100;

/// What is wanted of a held run.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    what: String,
}

/// GET /tasks/{id}/runs/{run}
pub(crate) async fn show(visit: Visit, Path(ids): Path<(String, String)>) -> Result<Page, Failure> {
    let report = existing(&visit, &ids).await?;
    let warned = report::warnings(&visit.mirror, &report.run.id, None, WARNINGS).await?;
    let (run, definition) = (&report.run, &report.definition);
    let (title, files) = (format!("Run {} of {}", run.number, definition.name.as_str()), to(run));
    Ok(Page::framed(
        &visit.frame(&title, Place::AutomatedTasks),
        html! {
            nav.trail aria-label="Breadcrumb" {
                a href=(HERE) { "Automated Tasks" } " › "
                a href=(address(&run.task)) { bdi { (definition.name.as_str()) } }
            }
            div.headline { h1 { "Run " (run.number) " of " bdi { (definition.name.as_str()) } } (outcome(run)) }
            (next_step(&report))
            dl.facts {
                dt { "Actions" } dd { (explain::stages(&definition.stages, &visit.snapshot)) }
                dt { "Why it ran" } dd { (cause(run)) }
                dt { "Began" } dd { (visit.reader.moment(run.asked_at)) }
                dt { "Ended" } dd { @match run.ended_at { Some(at) => (visit.reader.moment(at)), None => "It is not over." } }
                dt { "Version" } dd { (run.version) }
                dt { "Found, and found again after reading" }
                dd {
                    (number(run.first.len())) ", " (number(run.confirmed))
                    @if let Some(sync) = &run.sync { " · " a href={ "/runs/" (sync) } { "the read between" } }
                }
                dt { "Items" }
                dd {
                    (number(report.counts.total)) ": " (number(report.counts.succeeded)) " done, "
                    (number(report.counts.failed)) " failed, " (number(report.counts.skipped)) " left out or not attempted"
                }
            }
            p {
                "Results: " a href=(files.clone().below("result.csv")) { "CSV" } ", " a href=(files.clone().below("result.json")) { "JSON" }
                " · Log: " a href=(files.clone().below("log.csv")) { "CSV" } ", " a href=(files.below("log.json")) { "JSON" }
            }
            h2 { "Operations" }
            (operations(&report))
            @if !report.warnings.is_empty() { h2 { "Warnings by mail" } (warnings(&report, &warned, &visit)) }
            h2 { "Log" }
            (log(&report, &visit))
        },
    ))
}

/// POST /tasks/{id}/runs/{run}: the warnings of a held run are sent, or dropped.
pub(crate) async fn act(
    State(served): State<Served>,
    visit: Visit,
    Path(ids): Path<(String, String)>,
    Form(ask): Form<Ask>,
) -> Result<Response, Failure> {
    let run = existing(&visit, &ids).await?.run;
    let (context, mirror, entropy) = (&visit.entered.context, &visit.mirror, &served.entropy);
    let done = match ask.what.as_str() {
        "send" => warn::release(context, mirror, &run.id, entropy).await,
        "drop" => warn::dismiss(context, mirror, &run.id, entropy).await,
        _ => return Err(unknown()),
    };
    match done {
        Ok(()) => Ok(see(to(&run).as_str())),
        Err(warn::NotReleased::Store(error)) => Err(error.into()),
        Err(why) => Err(why.refusal().into()),
    }
}

/// GET /tasks/{id}/runs/{run}/{file}
pub(crate) async fn file(
    visit: Visit,
    Path((id, run, file)): Path<(String, String, String)>,
) -> Result<Response, Failure> {
    let report = existing(&visit, &(id, run)).await?;
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    let mut keep = |piece: &str| {
        pieces.push(piece.as_bytes().to_vec());
        Ok::<(), StoreError>(())
    };
    let (what, form) = match file.as_str() {
        "result.csv" => {
            report::csv(&visit.mirror, &report, keep).await?;
            ("result", FileForm::Csv)
        }
        "result.json" => {
            report::json(&visit.mirror, &report, keep).await?;
            ("result", FileForm::Json)
        }
        "log.csv" => {
            keep(&report::log_csv(&report))?;
            ("log", FileForm::Csv)
        }
        "log.json" => {
            keep(&report::log_json(&report))?;
            ("log", FileForm::Json)
        }
        _ => return Err(Failure::NotFound("There is no such file.")),
    };
    let (name, here) = (format!("task-run-{}-{what}", report.run.number), to(&report.run).to_string());
    download(&visit, Exported { what: &name, rows: None, form, filter: &here }, pieces.into_iter()).await
}

/// The address of a run.
pub(crate) fn to(run: &TaskRun) -> Address {
    address(&run.task).below("runs").below(run.id.as_str())
}

async fn existing(visit: &Visit, (task, run): &(String, String)) -> Result<Report, Failure> {
    let (task, run) = (identify(task)?, TaskRunId::parse(run).ok_or_else(unknown)?);
    let found = report::report(&visit.mirror, &run).await?.filter(|report| report.run.task == task);
    found.ok_or_else(unknown)
}

fn unknown() -> Failure {
    Failure::NotFound("There is no such run of this task.")
}

/// How it stands as a sentence, and what a person can do.
fn next_step(report: &Report) -> Markup {
    let run = &report.run;
    let reason = run.reason.as_deref().unwrap_or_default();
    let waiting = report.operations.iter().filter(|operation| operation.state.awaits_approval());
    let waiting: Vec<_> = waiting.filter(|operation| operation.plan.rows > 0).collect();
    let warnings = report.warned(WarningState::Planned);
    match run.state {
        TaskRunState::Held => notice(
            Weight::Warning,
            "This run is held until somebody approves it.",
            html! {
                p { (reason) }
                @for operation in &waiting {
                    p { a.button href=(of(&operation.id)) { "Look at operation " (operation.number) ", approve or reject it" } }
                }
                @if warnings > 0 {
                    form method="post" action=(to(run)) {
                        p { (number(warnings)) (if warnings == 1 { " warning waits." } else { " warnings wait." }) " Not sent, whom they are for is warned by the next run that finds them." }
                        button.primary type="submit" name="what" value="send" { "Send the warnings" }
                        " " button type="submit" name="what" value="drop" { "Do not send them" }
                    }
                }
                p.hint { "Until it is over, no other run of this task begins." }
            },
        ),
        TaskRunState::Failed => notice(Weight::Failure, "Nothing was done.", html! { p { (reason) } }),
        TaskRunState::Partial => notice(
            Weight::Warning,
            "Some of it was done, some was not.",
            html! {
                @if !reason.is_empty() { p { (reason) } }
                p { "Each operation below has its rows with their reasons, and offers to try again what failed." }
            },
        ),
        _ => html! { @if !reason.is_empty() { p.lead { (reason) } } },
    }
}

fn operations(report: &Report) -> Markup {
    html! {
        @if report.operations.is_empty() {
            (empty("It has no operation.", html! { p { "Nobody was to be changed, or it has not come that far." } }))
        } @else {
            div.scroll tabindex="0" role="region" aria-label="Operations" {
                table {
                    thead { tr {
                        th scope="col" { "Operation" } th scope="col" { "Stands" } th.num scope="col" { "People" }
                        th.num scope="col" { "Changes" } th.num scope="col" { "Done" } th.num scope="col" { "Failed" }
                        th.num scope="col" { "Refused" } th scope="col" { "Results" }
                    } }
                    tbody {
                        @for operation in &report.operations {
                            @let count = |states: &[RowState]| states.iter().map(|state| operation.tally.of(*state)).sum::<u64>();
                            tr {
                                th scope="row" { a href=(of(&operation.id)) { (operation.number) ": " (words::title(operation)) } }
                                td { (words::state_tag(operation.state)) @if let Some(failure) = &operation.failure { " " span.sub { (failure) } } }
                                td.num { (number(operation.plan.people)) }
                                td.num { (number(operation.plan.rows)) }
                                td.num { (number(count(&[RowState::Done, RowState::Verified]))) }
                                td.num { (number(count(&[RowState::Failed, RowState::Reverted, RowState::Unknown]))) }
                                td.num { (number(count(&[RowState::Refused, RowState::Skipped]))) }
                                td { a href=(of(&operation.id).below("rows.csv")) aria-label={ "Rows of operation " (operation.number) " as CSV" } { "CSV" } ", " a href=(of(&operation.id).below("result.json")) aria-label={ "Result of operation " (operation.number) " as JSON" } { "JSON" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn warnings(report: &Report, warned: &[Warned], visit: &Visit) -> Markup {
    let all: u64 = report.warnings.iter().map(|(_, people)| people).sum();
    html! {
        p {
            @for (place, (state, people)) in report.warnings.iter().enumerate() {
                @if place > 0 { " · " } (number(*people)) " " (state.in_words())
            }
        }
        p.hint { "Whom no mail has reached is held out of later stages, until a mail reaches them or they leave the filter." }
        div.scroll tabindex="0" role="region" aria-label="Warnings by mail" {
            table {
                thead { tr { th scope="col" { "Person" } th scope="col" { "Mail" } th scope="col" { "Next stage from" } } }
                tbody {
                    @for one in warned {
                        @let row = visit.snapshot.account_row(one.account);
                        tr {
                            th scope="row" {
                                @match &row {
                                    Some(row) => a href=(Address::person(row.id)) { bdi { (row.name) } },
                                    None => span.sub { "somebody who is gone" },
                                }
                            }
                            td { span class=(class(one.state)) { (one.state.in_words()) } }
                            td { (visit.reader.day(one.ends_at)) }
                        }
                    }
                }
            }
        }
        @if all > warned.len() as u64 { p.hint { "The first " (warned.len()) " of " (number(all)) "; the files have all." } }
    }
}

fn class(state: WarningState) -> &'static str {
    match state {
        WarningState::Delivered => "tag good",
        WarningState::Bounced | WarningState::NoAddress => "tag warn",
        WarningState::Planned | WarningState::Waiting | WarningState::Dropped => "tag",
    }
}

fn log(report: &Report, visit: &Visit) -> Markup {
    html! {
        @if report.log.is_empty() { p.hint { "Nothing is recorded of it." } } @else {
            div.scroll tabindex="0" role="region" aria-label="Log" {
                table {
                    thead { tr { th scope="col" { "When" } th scope="col" { "Who" } th scope="col" { "What" } } }
                    tbody {
                        @for entry in &report.log {
                            tr { td { (visit.reader.moment(entry.at)) } td { bdi { (entry.by) } } td { (entry.what) } }
                        }
                    }
                }
            }
        }
    }
}
