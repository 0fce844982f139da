//! The page of one operation: its preview, then how far it is, then what came of it, all at one address.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use directory::Ordinal;
use maud::{Markup, html};

use crate::auth::token::Token;
use crate::feeds::accounts::shown as fed;
use crate::id::OperationId;
use crate::nouns::operation::OperationState;
use crate::nouns::operation_row::RowState;
use crate::nouns::price::Prices;
use crate::operations::groups::{self, Following};
use crate::operations::guard::{self, Switch};
use crate::operations::plan::NotPlanned;
use crate::operations::report::{self, NamedRow, Report};
use crate::store::operation_rows::Filter;
use crate::store::seat_prices;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::feeds::plans;
use crate::web::operations::rows::{self, Ask};
use crate::web::operations::{self, facts, preview, running, words};
use crate::web::ui::frame::{Frame, Motion, Page, Place};
use crate::web::visit::Visit;

/// What an operation's page shows.
pub(super) struct Shown {
    pub(super) report: Report,
    pub(super) prices: Prices,
    pub(super) switch: Switch,
    /// Apps that refused rows would lose as well, with how many rows.
    pub(super) lost: BTreeMap<Ordinal, u64>,
    /// Groups that it has made after others, with the members that these had.
    pub(super) following: Vec<Following>,
    /// Makes a form that is sent twice start one thing.
    pub(super) request_key: String,
}

/// Rows that are read at once.
const PAGE: u32 = 1_000;
/// Reasons of a feed's plan that are read at once, for rows that a filter lets through.
const WHY: u32 = 20_000;
/// Pages of rows in which apps that would be lost as well are looked for.
const PAGES: usize = 20;

/// GET /operations/{id}
pub(crate) async fn show(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
    Query(ask): Query<Ask>,
) -> Result<Response, Failure> {
    Ok(page(&served, &visit, (&id, &ask), html! {}).await?.into_response())
}

/// An operation by its id.
pub(super) async fn existing(visit: &Visit, id: &str) -> Result<Report, Failure> {
    let found = match OperationId::parse(id) {
        Some(id) => report::report(&visit.mirror, &id).await?,
        None => None,
    };
    found.ok_or(Failure::NotFound("There is no operation with this id."))
}

/// The page, with something said on top.
pub(super) async fn page(
    served: &Served,
    visit: &Visit,
    (id, ask): (&str, &Ask),
    problem: Markup,
) -> Result<Page, Failure> {
    let report = existing(visit, id).await?;
    let (prices, switch) = visit.mirror.store().read(|tx| Ok((seat_prices::all(tx)?, guard::switch(tx)?))).await?;
    let lost = lost(visit, &report).await?;
    let following = following(visit, &report).await?;
    let request_key = Token::new(&served.entropy).expose().to_owned();
    let filter = ask.filter(visit);
    let mut rows: Vec<NamedRow> =
        report::rows(&visit.mirror, &report.operation, filter, (ask.after(), rows::LIMIT + 1)).await?;
    let more = rows.len() > rows::LIMIT as usize;
    rows.truncate(rows::LIMIT as usize);
    let whose = fed::of_operation(&visit.mirror, report.operation.number, (ask.after(), WHY)).await?;
    let shown = Shown { report, prices, switch, lost, following, request_key };
    let operation = &shown.report.operation;
    let title = format!("Operation {}", operation.number);
    let motion = match operation.state {
        OperationState::Approved | OperationState::Running => Motion::Moving,
        state if state.is_over() => Motion::Still,
        _ => Motion::Watched,
    };
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(operations::HERE) { "Operations" } }
        div.headline {
            h1 { (words::title(operation)) }
            span id="operation-state" data-live="operation" { (words::state_tag(operation.state)) }
            span.sub { (title) ", drawn up " (visit.reader.relative(operation.asked_at)) " by " bdi { (operation.asked_by) } }
        }
        (problem)
        @if let Some(whose) = &whose { (plans::whose(whose, visit)) }
        @if operation.state.awaits_approval() { (preview::content(&shown, visit)) }
        @else { (running::content(&shown, visit)) }
        section aria-labelledby="about" { h2 id="about" { "What it is about" } (facts::facts(&shown.report, visit)) }
        @if !operation.state.awaits_approval() { (facts::seats(operation, &shown.prices, visit)) }
        section aria-labelledby="rows" {
            h2 id="rows" { "Every change" }
            div id="operation-rows" data-live="operation" {
                (rows::section((operation, whose.as_ref()), &shown.report.totals, (&rows, more), (ask, visit)))
            }
        }
    };
    Ok(Page::framed(&Frame { motion, ..visit.frame(&title, Place::Operations) }, content))
}

/// Groups that an ended operation has made after others; only one without actions can have made any.
async fn following(visit: &Visit, report: &Report) -> Result<Vec<Following>, Failure> {
    let operation = &report.operation;
    let made = report.totals.iter().any(|total| total.kind == "create_group");
    if !operation.state.is_over() || !made {
        return Ok(Vec::new());
    }
    match groups::following(&visit.mirror, &operation.id).await {
        Ok(following) => Ok(following),
        Err(NotPlanned::Store(error)) => Err(error.into()),
        Err(_) => Ok(Vec::new()),
    }
}

/// Which apps rows of a preview would lose as well, as far as they are looked through.
async fn lost(visit: &Visit, report: &Report) -> Result<BTreeMap<Ordinal, u64>, Failure> {
    let (operation, code) = (&report.operation, "would_also_lose");
    let mut lost = BTreeMap::new();
    let any = report.totals.iter().any(|total| total.why.as_deref() == Some(code));
    if !any || !operation.state.awaits_approval() {
        return Ok(lost);
    }
    let mut after = 0;
    for _ in 0..PAGES {
        let filter = Filter { state: Some(RowState::Refused), why: Some(code.to_owned()), ..Filter::default() };
        let rows = report::rows(&visit.mirror, operation, filter, (after, PAGE)).await?;
        let Some(last) = rows.last() else { break };
        after = last.row.seq;
        preview::count_lost(&rows, &mut lost);
    }
    Ok(lost)
}
