//! Runs over contacts: their list, and one run with how far it is, what came of it, and its log.

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use crate::contacts::syncing::READ_FIRST;
use crate::contacts::{answer, runs};
use crate::nouns::contact::Record;
use crate::nouns::contact_run::{ContactRun, ContactRunState};
use crate::web::Served;
use crate::web::contacts::conflicts::account_words;
use crate::web::contacts::{address as address_of, failed, strip};
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::ui::address::Address;
use crate::web::ui::amount::number;
use crate::web::ui::frame::{Frame, Motion, Page, Place};
use crate::web::ui::notice::{Weight, empty, notice};
use crate::web::ui::paging::paging;
use crate::web::visit::Visit;

/// Where the list is.
pub(crate) const HERE: &str = "/contacts/runs";
/// How many runs, or lines, a page shows.
const SHOWN: u32 = 100;

/// Which runs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Listed {
    before: String,
}

/// Which lines of the log.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    kind: String,
    after: String,
}

/// What is done with a run.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Entry {}

/// Where a run is.
pub(super) fn address(run: &ContactRun) -> Address {
    Address::new(HERE).below(run.id.as_str())
}

/// GET /contacts/runs
pub(crate) async fn list(visit: Visit, Query(listed): Query<Listed>) -> Result<Page, Failure> {
    let before = listed.before.parse().unwrap_or(i64::MAX);
    let runs = runs::list(&visit.mirror, before, SHOWN).await?;
    let next = (runs.len() as u32 == SHOWN).then(|| runs.last()).flatten();
    let next = next.map(|run| Address::new(HERE).with("before", &run.number.to_string()));
    let moves = runs.iter().any(|run| !run.is_over());
    let content = html! {
        div.headline { h1 { "Runs" } }
        (strip(HERE))
        @if runs.is_empty() {
            (empty("There is no run yet.", html! { p { "Jira User Syncing, imports and what is done to many contacts at once leave a run each." } }))
        } @else {
            div id="contact-runs" data-live="operation" {
                div.scroll tabindex="0" role="region" aria-label="Runs" { table {
                    thead { tr { th scope="col" { "Run" } th scope="col" { "What" } th scope="col" { "State" } th.num.hide-s scope="col" { "Made" } th.num.hide-s scope="col" { "Linked" } th.num.hide-s scope="col" { "Changed" } th.num.hide-s scope="col" { "Conflicts" } th.hide-m scope="col" { "Asked by" } th scope="col" { "When" } } }
                    tbody { @for run in &runs { tr {
                        th scope="row" { a.name href=(address(run)) { "Run " (run.number) } }
                        td.breaks { (run.kind.in_words()) }
                        td { (state(run)) }
                        td.num.hide-s { (number(run.counts.created)) }
                        td.num.hide-s { (number(run.counts.linked)) }
                        td.num.hide-s { (number(run.counts.changed + run.counts.deleted + run.counts.released)) }
                        td.num.hide-s { (number(run.counts.conflicts)) }
                        td.hide-m { bdi { (run.asked_by) } }
                        td { (visit.reader.relative(run.created_at)) }
                    } } }
                } }
            }
            (paging("Pages", None, next))
        }
    };
    let motion = if moves { Motion::Moving } else { Motion::Watched };
    Ok(Page::framed(&Frame { motion, ..visit.frame("Runs of contacts", Place::Contacts) }, content))
}

/// GET /contacts/runs/{id}
pub(crate) async fn show(visit: Visit, Path(id): Path<String>, Query(ask): Query<Ask>) -> Result<Page, Failure> {
    let run = runs::find(&visit.mirror, &id).await.map_err(|why| failed("The run was not found.", why))?;
    let kind = Some(ask.kind.clone()).filter(|kind| !kind.is_empty());
    let after = ask.after.parse().unwrap_or(0);
    let lines = runs::lines(&visit.mirror, run.number, (after, kind), SHOWN).await?;
    let numbers: Vec<u32> = lines.iter().filter_map(|line| line.contact).collect();
    let records = answer::records(&visit.mirror, contact::field::Entity::Contact, &numbers).await?;
    let next = (lines.len() as u32 == SHOWN).then(|| lines.last()).flatten();
    let next = next.map(|line| address(&run).with("kind", &ask.kind).with("after", &line.line.to_string()));
    let title = format!("Run {} of contacts", run.number);
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(HERE) { "Runs" } }
        div.headline {
            h1 { "Run " (run.number) }
            span id="contact-run-state" data-live="operation" { (state(&run)) }
            span.sub { (run.kind.in_words()) ", asked for by " bdi { (run.asked_by) } " " (visit.reader.relative(run.created_at)) }
        }
        div id="contact-run-standing" data-live="operation" { (standing(&run)) (sums(&run)) }
        section aria-labelledby="log" {
            h2 id="log" { "Log" }
            nav.chips aria-label="Kinds of lines" {
                @for (kind, title) in [("", "All"), ("created", "Made"), ("linked", "Linked"), ("changed", "Changed"), ("unlinked", "Unlinked"), ("released", "Regular"), ("deleted", "Deleted"), ("skipped", "Skipped"), ("refused", "Refused"), ("read", "Sites read"), ("unread", "Sites not read")] {
                    a href=(address(&run).with("kind", kind)) aria-current=[(ask.kind == kind).then_some("true")] { (title) }
                }
            }
            div id="contact-run-log" data-live="operation" {
                @if lines.is_empty() { (empty("No line is like this.", html! {})) } @else {
                    div.scroll tabindex="0" role="region" aria-label="Log" { table {
                        thead { tr { th.num scope="col" { "Line" } th scope="col" { "What" } th scope="col" { "Contact" } th.hide-s scope="col" { "Account" } } }
                        tbody { @for line in &lines { tr {
                            td.num { (line.line) }
                            td.long { (line.text) }
                            @let record = line.contact.and_then(|number| record_of(&records, number));
                            td.breaks {
                                @if let Some(record) = record { a href=(address_of(record)) { bdi { (record.name) } } }
                                @else if let Some(account) = &line.account { span.only-s { (account_words(account, &visit)) } }
                            }
                            td.hide-s.breaks { @if let Some(account) = &line.account { (account_words(account, &visit)) } }
                        } } }
                    } }
                }
            }
            (paging("Pages", None, next))
        }
    };
    let motion = if run.is_over() { Motion::Still } else { Motion::Moving };
    Ok(Page::framed(&Frame { motion, ..visit.frame(&title, Place::Contacts) }, content))
}

/// POST /contacts/runs/{id}
pub(crate) async fn cancel(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
    Form(Entry {}): Form<Entry>,
) -> Result<Response, Failure> {
    let done = runs::cancel(&visit.entered.context, &visit.mirror, &id, &served.entropy).await;
    done.map_err(|why| failed("The run was not cancelled.", why))?;
    Ok(see(Address::new(HERE).below(&id).as_str()))
}

fn record_of(records: &[Record], number: u32) -> Option<&Record> {
    records.iter().find(|record| record.number == number)
}

fn state(run: &ContactRun) -> Markup {
    let (class, word) = match run.state {
        ContactRunState::Queued => ("tag", "Queued"),
        ContactRunState::Running => ("tag key", "Running"),
        ContactRunState::Complete => ("tag good", "Complete"),
        ContactRunState::Cancelled => ("tag", "Cancelled"),
        ContactRunState::Failed => ("tag bad", "Failed"),
    };
    html! { span class=(class) { (word) } }
}

fn standing(run: &ContactRun) -> Markup {
    match run.state {
        ContactRunState::Queued => notice(Weight::Info, "It begins in a moment.", html! { (cancel_form(run)) }),
        ContactRunState::Running => html! {
            @if run.total > 0 {
                div.progress { progress max=(run.total) value=(run.done) { (run.done) " of " (run.total) } }
                p.hint { (number(run.done)) " of " (number(run.total)) }
            }
            @if run.total == 0 && run.task == READ_FIRST { p.hint { "First the sites that have a token are read." } }
            (notice(Weight::Info, "It is under way.", html! { p { "What it has done stays, whatever happens: it goes on where it stood." } (cancel_form(run)) }))
        },
        ContactRunState::Failed => notice(
            Weight::Failure,
            "It was given up. What it has done stays.",
            html! { @if let Some(failure) = &run.failure { p { (failure) } } },
        ),
        ContactRunState::Cancelled => notice(Weight::Warning, "It was cancelled. What it has done stays.", html! {}),
        ContactRunState::Complete => html! {},
    }
}

fn cancel_form(run: &ContactRun) -> Markup {
    html! { form method="post" action=(address(run)) { button type="submit" { "Cancel the run" } } }
}

fn sums(run: &ContactRun) -> Markup {
    let words =
        ["made", "linked", "changed", "unlinked", "became regular", "deleted", "conflicts", "skipped", "unchanged"];
    html! {
        div.sum { @for ((_, count), word) in run.counts.named().into_iter().zip(words) {
            @if count > 0 || matches!(word, "made" | "linked" | "changed") { div { b { (number(count)) } span { (word) } } }
        } }
    }
}
