//! A sync run: how far it is or how it ended, what it changed, what it may say about which part, and what it noted.

mod change_rows;
mod changed;
pub(crate) mod changes;

use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use directory::{Claim, ClaimState, Snapshot};
use maud::{Markup, html};

use crate::id::RunId;
use crate::nouns::change_list::ChangeList;
use crate::nouns::run::{NoteKind, Run, RunNote, RunState};
use crate::nouns::scope_summary;
use crate::nouns::site::Site;
use crate::nouns::site_reading::SiteReading;
use crate::nouns::withheld::WithheldRows;
use crate::store::{self, coverage, runs, site_readings, withheld};
use crate::sync::expected::{Expected, expected_of};
use crate::sync::request;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::progress::{live, people_of, progress, requests_of};
use crate::web::runs::state_tag;
use crate::web::site_readings as web_site_readings;
use crate::web::ui::address::Address;
use crate::web::ui::amount::{counted, length, number};
use crate::web::ui::frame::{Frame, Motion, Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::empty;
use crate::web::ui::words;
use crate::web::visit::{Visit, run_address};
use crate::web::withheld as web_withheld;

/// So many notes are shown; the page says when there are more.
const NOTES_SHOWN: u32 = 200;

/// Less time spent waiting is the space between requests.
const NOTABLE: Duration = Duration::from_millis(100);

/// What is known about a run.
struct Told {
    run: Run,
    claims: Vec<Claim>,
    notes: Vec<RunNote>,
    withheld: Vec<WithheldRows>,
    changes: Option<ChangeList>,
    /// What was read of the sites beside it.
    sites: Vec<SiteReading>,
    /// How long it will take, while it is on its way.
    expected: Option<Expected>,
}

/// GET /runs/{id}
pub(crate) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    let unknown = Failure::NotFound("There is no sync run with this id.");
    let Some(id) = RunId::parse(&id) else { return Err(unknown) };
    let told = visit
        .mirror
        .store()
        .read(move |tx| {
            let Some(run) = runs::find(tx, &id)? else { return Ok(None) };
            let (claims, changes) = match run.generation {
                Some(generation) => {
                    (coverage::of_generation(tx, generation)?, store::changes::of_generation(tx, generation)?)
                }
                None => (Vec::new(), None),
            };
            let expected = expected_of(tx, &run)?;
            let notes = runs::notes(tx, &id, NOTES_SHOWN + 1)?;
            let withheld = withheld::of_run(tx, &id)?;
            let sites = site_readings::of_run(tx, &id)?;
            Ok(Some(Told { run, claims, notes, withheld, changes, sites, expected }))
        })
        .await?;
    let Some(told) = told else { return Err(unknown) };
    let title = format!("{} {}", words::run_kind(told.run.kind), told.run.number);
    let motion = if told.run.state.is_over() { Motion::Still } else { Motion::Moving };
    let frame = Frame { motion, ..visit.frame(&title, Place::SyncRuns) };
    Ok(Page::framed(&frame, content(&told, &visit.snapshot, &visit.reader)).into_response())
}

/// POST /runs/{id}/cancel
pub(crate) async fn cancel(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let Some(id) = RunId::parse(&id) else { return Err(Failure::NotFound("There is no sync run with this id.")) };
    request::cancel(&visit.entered.context, &visit.mirror, &id, &served.entropy).await?;
    Ok(see(Address::new("/runs").below(id.as_str()).as_str()))
}

/// POST /runs/{id}/again: *Try again now*, of a run that waits for upstream.
pub(crate) async fn again(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let Some(id) = RunId::parse(&id) else { return Err(Failure::NotFound("There is no sync run with this id.")) };
    request::try_now(&visit.entered.context, &visit.mirror, &served.entropy).await?;
    Ok(see(Address::new("/runs").below(id.as_str()).as_str()))
}

fn content(told: &Told, snapshot: &Snapshot, reader: &Reader) -> Markup {
    let run = &told.run;
    let live = live(run);
    html! {
        nav.trail aria-label="Breadcrumb" { a href="/runs" { "Sync Runs" } }
        div.headline {
            h1 { (words::run_kind(run.kind)) " " span.num { (run.number) } }
            span id="run-state" data-live=[&live] { (state_tag(run)) }
            span.sub { "reads " (scope_summary::summary(&run.scope)) }
        }
        div id="run-progress" data-live=[&live] {
            (progress(run, reader))
            @if let Some(expected) = &told.expected { p.hint { (words::expected(expected)) } }
        }
        div id="run-cancel" data-live=[&live] { @if !run.state.is_over() {
            form method="post" action=(run_address(run).below("cancel")) {
                button type="submit" { "Cancel" }
                p.hint { "Stops at once. What was read so far is dropped; what is shown stays as it is." }
            }
        } }
        div id="run-told" data-live=[&live] { (all_about(told, snapshot, reader)) }
    }
}

fn all_about(told: &Told, snapshot: &Snapshot, reader: &Reader) -> Markup {
    let run = &told.run;
    html! {
        @if run.state.is_over() { (figures(run, reader)) }
        section aria-labelledby="facts" { h2 id="facts" { "Run" } (facts(run, snapshot, reader)) }
        @if !told.withheld.is_empty() {
            section aria-labelledby="withheld" { h2 id="withheld" { "Withheld" } (kept_back(&told.withheld, snapshot)) }
        }
        @if run.state == RunState::Sealed {
            section aria-labelledby="changes" {
                h2 id="changes" { "What changed" }
                (changed::table(run, told.changes.as_ref()))
            }
            section aria-labelledby="coverage" { h2 id="coverage" { "Coverage" } (coverage_of(&told.claims, snapshot)) }
        }
        @if !told.sites.is_empty() {
            section aria-labelledby="sites" { h2 id="sites" { "Users and customers of the sites" } (web_site_readings::of_run(&told.sites, &Site::all(snapshot), reader)) }
        }
        @if run.state.is_over() || !told.notes.is_empty() {
            section aria-labelledby="notes" { h2 id="notes" { "Notes" } (notes(&told.notes, reader)) }
        }
    }
}

fn figures(run: &Run, reader: &Reader) -> Markup {
    html! {
        div.sum {
            div { b { (people_of(run)) } span { "people read" } }
            div { b { (number(run.progress.groups_seen)) } span { "groups read" } }
            div {
                b { (number(run.progress.requests)) }
                span { @match run.progress.requests_floor {
                    Some(floor) => { "requests, at least " (number(floor)) " were needed" }
                    None => "requests"
                } }
            }
            div {
                b { @match run.length(reader.now) { Some(time) => { (length(time)) } None => "–" } }
                span { (length(run.progress.waited)) " of it waiting for Atlassian" }
            }
        }
    }
}

fn facts(run: &Run, snapshot: &Snapshot, reader: &Reader) -> Markup {
    let progress = &run.progress;
    html! {
        dl.facts {
            div { dt { "Reads" } dd { (words::scope(&run.scope, snapshot)) } }
            div { dt { "Asked by" } dd { bdi { (run.asked_by) } } }
            div { dt { "Asked" } dd { (reader.moment(run.asked_at)) } }
            div { dt { "Started" } dd { @match run.started_at { Some(at) => { (reader.moment(at)) } None => "not yet" } } }
            div { dt { "Ended" } dd { @match run.ended_at { Some(at) => { (reader.moment(at)) } None => "not yet" } } }
            @if run.state.is_over() { div { dt { "How it ended" } dd { (ending(run)) } } }
            div { dt { "Requests" } dd { (requests_of(run)) @if let Some(ratio) = ratio(run) { " " span.sub { "· " (ratio) } } } }
            div { dt { "Waiting" } dd {
                @match &run.waiting {
                    Some(waiting) if !run.state.is_over() && progress.waited < NOTABLE => { "now: " (waiting.reason) }
                    Some(waiting) if !run.state.is_over() => { (length(progress.waited)) ", now: " (waiting.reason) }
                    _ if progress.waited < NOTABLE => "none"
                    _ => { (length(progress.waited)) " for Atlassian's limits" }
                }
            } }
            @if progress.people_left_out > 0 {
                div { dt { "Left as they were" } dd {
                    (counted(progress.people_left_out, "person", "people")) " without a last active date"
                } }
            }
            @if run.withheld_rows > 0 {
                div { dt { "Withheld" } dd { (counted(run.withheld_rows, "row", "rows")) ", kept as they were" } }
            }
            div { dt { "Generation" } dd { @match run.generation { Some(generation) => { (number(generation)) } None => "none" } } }
            div { dt { "Run id" } dd { code { (run.id) } } }
        }
    }
}

/// How a run ended, in words.
fn ending(run: &Run) -> Markup {
    html! {
        @match (run.state, run.generation) {
            (RunState::Sealed, Some(generation)) => {
                "Sealed as generation " (number(generation))
                @if run.withheld_rows > 0 { ", " (counted(run.withheld_rows, "row", "rows")) " withheld" }
            }
            (RunState::Sealed, None) => "Sealed"
            (RunState::Failed, _) => { "Failed" @if let Some(why) = &run.failure { ": " bdi { (why) } } }
            (RunState::Cancelled, _) => { "Stopped" @if let Some(who) = &run.failure { ": " bdi { (who) } } }
            (RunState::Queued | RunState::Running | RunState::Waiting, _) => {}
        }
    }
}

fn kept_back(withheld: &[WithheldRows], snapshot: &Snapshot) -> Markup {
    html! {
        p { "So much at once is not taken on sight. These rows stayed as they were; everything else was taken." }
        ul { @for rows in withheld {
            li {
                a href=(web_withheld::address(&rows.id)) { (web_withheld::headline(rows, snapshot)) }
                " " (web_withheld::state_tag(rows.state))
                span.sub { " " (web_withheld::explanation(rows)) }
            }
        } }
    }
}

/// Requests as a multiple of the fewest that would have done.
fn ratio(run: &Run) -> Option<String> {
    let floor = run.progress.requests_floor.filter(|floor| *floor > 0 && run.state == RunState::Sealed)?;
    Some(format!("{:.2} times the floor", run.progress.requests as f64 / floor as f64))
}

fn coverage_of(claims: &[Claim], snapshot: &Snapshot) -> Markup {
    if claims.is_empty() {
        return empty(
            "This run claims nothing.",
            html! { p { "It read no part completely, so nothing was taken for gone." } },
        );
    }
    html! {
        p.hint { "Only what was read completely may show that somebody or something is gone." }
        div.scroll tabindex="0" role="region" aria-label="Coverage" {
            table {
                thead { tr {
                    th scope="col" { "What" } th scope="col" { "Part" } th scope="col" { "Read" }
                    th.num scope="col" { "Seen" } th.num scope="col" { "Expected" } th.hide-s scope="col" { "Reason" }
                } }
                tbody { @for claim in claims { tr {
                    td { (words::noun(claim.noun)) }
                    td { bdi { (words::part(&claim.part, snapshot)) } }
                    td { (claim_tag(claim.state)) }
                    td.num { (number(claim.seen)) }
                    td.num { @match claim.expected { Some(expected) => { (number(expected)) } None => { span.sub { "not told" } } } }
                    td.hide-s.long { @if let Some(reason) = &claim.reason { (reason) } }
                } } }
            }
        }
    }
}

fn claim_tag(state: ClaimState) -> Markup {
    let class = match state {
        ClaimState::Complete => "tag good",
        ClaimState::Partial => "tag warn",
        ClaimState::Unread => "tag bad",
    };
    html! { span class=(class) { (words::claim_state(state)) } }
}

fn notes(notes: &[RunNote], reader: &Reader) -> Markup {
    if notes.is_empty() {
        return html! { p.hint { "None: nothing was left out, nothing was new, nothing was odd." } };
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label="Notes" {
            table {
                thead { tr { th scope="col" { "Kind" } th scope="col" { "About" } th scope="col" { "Note" } th.hide-s scope="col" { "When" } } }
                tbody { @for note in notes.iter().take(NOTES_SHOWN as usize) { tr {
                    td { span class=(if note.kind == NoteKind::Drift { "tag" } else { "tag warn" }) { (words::note_kind(note.kind)) } }
                    td.long { bdi { (note.subject) } }
                    td.long { bdi { (note.detail) } }
                    td.hide-s { (reader.moment(note.at)) }
                } } }
            }
        }
        @if notes.len() > NOTES_SHOWN as usize { p.hint { "Only the first " (NOTES_SHOWN) " notes are shown." } }
    }
}

#[cfg(test)]
mod tests;
