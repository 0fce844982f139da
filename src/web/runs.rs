//! Sync runs: all of them, newest first, and the button that starts one.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use directory::Counts;
use maud::{Markup, html};
use serde::Deserialize;

use crate::auth::token::Token;
use crate::nouns::run::{Run, RunKind, RunState};
use crate::nouns::scope::Scope;
use crate::nouns::scope_summary;
use crate::store::runs::{self, Filter};
use crate::sync::expected::{Expected, expected};
use crate::sync::request::{self, Asked};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::progress::{people_of, requests_of};
use crate::web::settings_sync;
use crate::web::ui::address::Address;
use crate::web::ui::amount::{counted, length};
use crate::web::ui::frame::{Frame, Motion, Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::empty;
use crate::web::ui::paging::paging;
use crate::web::ui::words;
use crate::web::visit::{Visit, run_address};

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    /// Of this kind.
    kind: String,
    /// In this state.
    state: String,
    /// Runs with a smaller number.
    before: String,
}

/// The form of *Run Sync*.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    /// Makes a form that is sent twice start one run.
    request_key: String,
}

/// What the list shows.
struct Listed<'a> {
    runs: &'a [Run],
    /// Whether there are older ones.
    more: bool,
    /// Whether these are not the newest.
    later: bool,
    /// Which runs are asked for.
    filter: Filter,
    /// How long a sync that is started here will take.
    expected: Option<Expected>,
    /// The run that is not over, wherever in the list it is.
    open: Option<&'a Run>,
}

const LIMIT: u32 = 50;

impl Ask {
    /// What the address asks for; a word that is none asks for everything.
    fn filter(&self) -> Filter {
        Filter { kind: RunKind::parse(&self.kind), state: RunState::parse(&self.state) }
    }
}

/// The list through a filter.
fn here(filter: Filter) -> Address {
    Address::new("/runs")
        .with("kind", filter.kind.map_or("", RunKind::as_str))
        .with("state", filter.state.map_or("", RunState::as_str))
}

/// GET /runs
pub(crate) async fn show(
    State(served): State<Served>,
    visit: Visit,
    Query(ask): Query<Ask>,
) -> Result<Response, Failure> {
    Ok(page(&served, &visit, &ask, html! {}).await?.into_response())
}

/// POST /runs: *Run Sync*
pub(crate) async fn start(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    // A first sync that never came to its end is begun again as what it is.
    let kind = if visit.snapshot.generation() == 0 { RunKind::Initial } else { RunKind::Manual };
    let key = Token::parse(&entry.request_key).map(|key| format!("form:{}", key.expose()));
    match request::start(&visit.entered.context, &visit.mirror, request::Ask::everything(kind), (key, &served.entropy))
        .await?
    {
        Asked::Queued(id) => Ok(see(Address::new("/runs").below(id.as_str()).as_str())),
        Asked::Held(run) => {
            let page = page(&served, &visit, &Ask::default(), settings_sync::held(&run)).await?;
            Ok(page.with_status(StatusCode::CONFLICT).into_response())
        }
    }
}

async fn page(served: &Served, visit: &Visit, ask: &Ask, notices: Markup) -> Result<Page, Failure> {
    let before: Option<u64> = ask.before.parse().ok();
    let filter = ask.filter();
    let (mut listed, open, expected) = visit
        .mirror
        .store()
        .read(move |tx| {
            let listed = runs::matching(tx, filter, before, LIMIT + 1)?;
            Ok((listed, runs::open(tx)?, expected(tx, (RunKind::Manual, &Scope::Everything), None)?))
        })
        .await?;
    let more = listed.len() > LIMIT as usize;
    listed.truncate(LIMIT as usize);
    let listed = Listed { runs: &listed, more, later: before.is_some(), filter, expected, open: open.as_ref() };
    let key = Token::new(&served.entropy);
    let content = content(&listed, key.expose(), &visit.reader, notices);
    // The list is watched also while nothing runs: a sync may start by itself.
    let motion = if open.is_some() { Motion::Moving } else { Motion::Watched };
    Ok(Page::framed(&Frame { motion, ..visit.frame("Sync Runs", Place::SyncRuns) }, content))
}

fn content(listed: &Listed<'_>, request_key: &str, reader: &Reader, notices: Markup) -> Markup {
    html! {
        div.headline {
            h1 { "Sync Runs" }
            span.sub id="runs-open" data-live="run" { @match listed.open {
                Some(run) => { (words::run_kind(run.kind)) " " a href=(run_address(run)) { (run.number) } " is under way" }
                None => { @match listed.runs.iter().find_map(|run| run.ended_at).filter(|_| !listed.later) {
                    Some(at) => { "the last one ended " (reader.relative(at)) }
                    None => {}
                } }
            } }
            span.grow {}
            div id="runs-start" data-live="run" { @if listed.open.is_none() {
                form.row method="post" action="/runs" {
                    @if let Some(expected) = &listed.expected { span.sub { (words::expected(expected)) } }
                    input type="hidden" name="request_key" value=(request_key);
                    button.primary type="submit" { "Run Sync" }
                }
            } }
        }
        (notices)
        (narrowing(listed.filter))
        div id="runs" data-live="run" {
            @if listed.runs.is_empty() { (none(listed)) } @else { (table(listed, reader)) }
        }
    }
}

/// The choice of kind and state.
fn narrowing(filter: Filter) -> Markup {
    html! {
        form.filter method="get" action="/runs" aria-label="Which runs" {
            select name="kind" aria-label="Kind" {
                option value="" { "All kinds" }
                @for kind in RunKind::ALL {
                    option value=(kind.as_str()) selected[filter.kind == Some(*kind)] { (words::run_kind(*kind)) }
                }
            }
            select name="state" aria-label="State" {
                option value="" { "All states" }
                @for state in RunState::ALL {
                    option value=(state.as_str()) selected[filter.state == Some(*state)] { (words::run_state(*state)) }
                }
            }
            button type="submit" { "Filter" }
            @if filter != Filter::default() { a.button.quiet href="/runs" { "Clear" } }
        }
    }
}

/// Why no run is shown.
fn none(listed: &Listed<'_>) -> Markup {
    if listed.later {
        return empty(
            "There are no older runs.",
            html! { p { a.button href=(here(listed.filter)) { "Newest runs" } } },
        );
    }
    let Filter { kind, state } = listed.filter;
    if kind.is_none() && state.is_none() {
        return empty(
            "No sync has run yet.",
            html! { p { "Run Sync reads all people and groups from Atlassian. It changes nothing there." } },
        );
    }
    let wanted = [kind.map(words::run_kind), state.map(words::run_state)];
    let wanted: Vec<String> = wanted.into_iter().flatten().map(|word| format!("“{word}”")).collect();
    empty(
        &format!("No run is {}.", wanted.join(" and ")),
        html! { p { "The filter leaves nothing over." } p { a.button href="/runs" { "Show all runs" } } },
    )
}

fn table(listed: &Listed<'_>, reader: &Reader) -> Markup {
    let last = listed.runs.last().filter(|_| listed.more).map(|run| run.number.to_string());
    html! {
        div.scroll tabindex="0" role="region" aria-label="Sync runs" {
            table {
                thead { tr {
                    th scope="col" { "Run" } th scope="col" { "State" } th.hide-s scope="col" { "Reads" }
                    th.hide-m scope="col" { "Asked by" }
                    th scope="col" { "Started" } th.num.hide-s scope="col" { "Length" }
                    th.num.hide-m scope="col" { "People" } th.num.hide-m scope="col" { "Requests" }
                    th.hide-s scope="col" { "What changed" }
                } }
                tbody { @for run in listed.runs { tr {
                    td { a href=(run_address(run)) { (words::run_kind(run.kind)) " " span.num { (run.number) } } }
                    td { (state_tag(run)) }
                    td.hide-s.long { (scope_summary::summary(&run.scope)) }
                    td.hide-m { bdi { (run.asked_by) } }
                    td { @match run.started_at { Some(at) => { (reader.moment(at)) } None => { span.sub { "not yet" } } } }
                    td.num.hide-s { @match run.length(reader.now) { Some(time) => { (length(time)) } None => { span.sub { "–" } } } }
                    td.num.hide-m { (people_of(run)) }
                    td.num.hide-m { (requests_of(run)) }
                    td.hide-s.long { (changed(run)) }
                } } }
            }
        }
        (paging(
            "Pages",
            listed.later.then(|| here(listed.filter)),
            last.map(|number| here(listed.filter).with("before", &number)),
        ))
    }
}

/// The state of a run as a tag, with the rows that were withheld.
pub(crate) fn state_tag(run: &Run) -> Markup {
    let class = match run.state {
        RunState::Sealed => "tag good",
        RunState::Failed => "tag bad",
        RunState::Waiting => "tag warn",
        RunState::Running => "tag key",
        RunState::Queued | RunState::Cancelled => "tag",
    };
    html! {
        span class=(class) { (words::run_state(run.state)) }
        @if run.withheld_rows > 0 { span.tag.warn { (counted(run.withheld_rows, "row", "rows")) " withheld" } }
    }
}

/// What a run changed, in one line.
fn changed(run: &Run) -> Markup {
    let Some(counts) = &run.counts else { return html! { span.sub { "–" } } };
    let lines = changes(counts);
    html! {
        @if lines.is_empty() { span.sub { "nothing" } }
        @for (place, line) in lines.iter().take(3).enumerate() { @if place > 0 { ", " } (line) }
        @if lines.len() > 3 { " " span.sub { "+" (counted((lines.len() - 3) as u64, "more", "more")) } }
    }
}

/// What changed, by noun; only what is not zero.
fn changes(counts: &Counts) -> Vec<String> {
    let lines = [
        ("person added", "people added", counts.people_added),
        ("person gone", "people gone", counts.people_gone),
        ("person changed", "people changed", counts.people_changed),
        ("status changed", "statuses changed", counts.presence_changed),
        ("group added", "groups added", counts.groups_added),
        ("group gone", "groups gone", counts.groups_gone),
        ("group changed", "groups changed", counts.groups_changed),
        ("membership begun", "memberships begun", counts.memberships_added),
        ("membership ended", "memberships ended", counts.memberships_removed),
        ("activity updated", "activities updated", counts.activity_changed),
        ("administrative role changed", "administrative roles changed", counts.roles_changed),
        ("grant changed", "grants changed", counts.grants_changed),
        ("direct role changed", "direct roles changed", counts.direct_changed),
    ];
    let lines = lines.into_iter().filter(|(_, _, count)| *count > 0);
    lines.map(|(one, many, count)| counted(count, one, many)).collect()
}

#[cfg(test)]
pub(crate) mod tests;
