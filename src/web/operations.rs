//! Operations: all of them, newest first. Each has one page, from its preview to its result; nothing here decides what may
//! be changed.

pub(crate) mod control;
mod facts;
pub(crate) mod files;
mod form;
pub(crate) mod page;
pub(crate) mod picker;
mod preview;
mod rows;
mod running;
pub(crate) mod stop;
mod terms;
#[cfg(test)]
mod tests;
pub(crate) mod theirs;
pub(crate) mod words;

use axum::extract::Query;
use directory::AccountId;
use maud::{Markup, html};
use serde::Deserialize;

use crate::id::OperationId;
use crate::nouns::operation::{Operation, OperationKind, OperationState};
use crate::nouns::operation_row::RowState;
use crate::operations::report;
use crate::store::control::admissions;
use crate::store::operations::Filter;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::people::{self, administrators, invite};
use crate::web::selections::paste;
use crate::web::ui::address::Address;
use crate::web::ui::amount::{counted, number};
use crate::web::ui::frame::{Frame, Motion, Page, Place};
use crate::web::ui::notice::empty;
use crate::web::ui::paging::paging;
use crate::web::visit::Visit;

/// The account of whoever asks, where a role admitted them: nothing is done to it.
pub(crate) async fn own(served: &Served, visit: &Visit) -> Result<Option<AccountId>, Failure> {
    let administrator = visit.entered.who.administrator.clone();
    let organization = visit.mirror.organization().id.clone();
    let account = served.control.read(move |tx| admissions::account_of(tx, &administrator, &organization)).await?;
    Ok(account.and_then(|account| AccountId::new(&account).ok()))
}

/// The page's address.
pub(crate) const HERE: &str = "/operations";

const LIMIT: u32 = 50;

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    kind: String,
    state: String,
    /// Operations with a smaller number.
    before: String,
}

/// Where an operation is.
pub(crate) fn address(id: &OperationId) -> Address {
    Address::new(HERE).below(id.as_str())
}

fn here(filter: Filter) -> Address {
    Address::new(HERE)
        .with("kind", filter.kind.map_or("", OperationKind::as_str))
        .with("state", filter.state.map_or("", OperationState::as_str))
}

/// GET /operations
pub(crate) async fn list(visit: Visit, Query(ask): Query<Ask>) -> Result<Page, Failure> {
    let filter = Filter { kind: OperationKind::parse(&ask.kind), state: OperationState::parse(&ask.state) };
    let before: Option<u64> = ask.before.parse().ok();
    let mut listed = report::list(&visit.mirror, filter, (before, LIMIT + 1)).await?;
    let more = listed.len() > LIMIT as usize;
    listed.truncate(LIMIT as usize);
    let older = listed.last().filter(|_| more).map(|last| here(filter).with("before", &last.number.to_string()));
    let moves = listed.iter().any(|one| matches!(one.state, OperationState::Approved | OperationState::Running));
    let content = html! {
        div.headline {
            h1 { "Operations" } span.grow {}
            a.button href=(paste::HERE) { "Start from a list" }
            a.button href=(invite::HERE) { "Invite people" }
            @if !visit.stopped { a.button href=(stop::HERE) { "Stop everything" } }
        }
        p.lead { "What was planned, done and taken back at Atlassian. Nothing is sent before its plan was approved. "
            a href=(administrators::HERE) { "Who is admin of what" } }
        (narrowing(filter))
        div id="operations" data-live="operation" {
            @if listed.is_empty() { (none(filter, before.is_some())) } @else { (table(&listed, &visit)) }
        }
        (paging("Pages of operations", before.map(|_| here(filter)), older))
    };
    let motion = if moves { Motion::Moving } else { Motion::Watched };
    Ok(Page::framed(&Frame { motion, ..visit.frame("Operations", Place::Operations) }, content))
}

fn narrowing(filter: Filter) -> Markup {
    html! {
        form.filter method="get" action=(HERE) aria-label="Which operations" {
            select name="kind" aria-label="Kind" {
                option value="" { "All kinds" }
                @for kind in OperationKind::ALL {
                    option value=(kind.as_str()) selected[filter.kind == Some(*kind)] { (words::kind(*kind)) }
                }
            }
            select name="state" aria-label="State" {
                option value="" { "All states" }
                @for state in OperationState::ALL {
                    option value=(state.as_str()) selected[filter.state == Some(*state)] { (words::state(*state)) }
                }
            }
            button type="submit" { "Filter" }
            @if filter != Filter::default() { a.button.quiet href=(HERE) { "Clear" } }
        }
    }
}

fn none(filter: Filter, older: bool) -> Markup {
    if older || filter != Filter::default() {
        let what = if older { "There are no older operations." } else { "No operation is like this." };
        return empty(what, html! { p { a.button href=(HERE) { "Show all operations" } } });
    }
    empty(
        "No operation was planned yet.",
        html! {
            p { "Select people and choose Bulk Operations: first comes a preview of every single change. Nothing is sent before somebody approves it." }
            p { a.button href=(people::HERE) { "Select people in the User Browser" } }
        },
    )
}

fn table(listed: &[Operation], visit: &Visit) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Operations" {
            table {
                thead { tr {
                    th.num scope="col" { "No." } th scope="col" { "What" } th scope="col" { "State" }
                    th.num scope="col" { "People" } th scope="col" { "Changes" }
                    th.hide-s scope="col" { "Asked by" } th scope="col" { "When" }
                } }
                tbody { @for one in listed { tr {
                    td.num { (one.number) }
                    td.long { a.name href=(address(&one.id)) { (words::title(one)) } }
                    td { (words::state_tag(one.state)) }
                    td.num { (number(one.plan.people)) }
                    td { (came_of(one)) }
                    td.hide-s { bdi { (one.asked_by) } }
                    td { (visit.reader.relative(one.asked_at)) }
                } } }
            }
        }
    }
}

/// What came of an operation's rows so far, or what would.
pub(crate) fn came_of(operation: &Operation) -> String {
    let of = |states: &[RowState]| states.iter().map(|state| operation.tally.of(*state)).sum::<u64>();
    if operation.state.awaits_approval() {
        return counted(operation.plan.rows, "to do", "to do");
    }
    let counts = [
        (of(&[RowState::Done, RowState::Verified]), "done"),
        (of(&[RowState::Failed, RowState::Reverted]), "failed"),
        (of(&[RowState::Begun, RowState::Unknown]), "unknown"),
        (of(&[RowState::Skipped]), "skipped"),
        (of(&[RowState::Planned]), if operation.state.is_over() { "not attempted" } else { "to do" }),
    ];
    let told: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", number(*count)))
        .collect();
    if told.is_empty() { "nothing to do".to_owned() } else { told.join(", ") }
}
