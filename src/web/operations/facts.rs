//! What an operation is about, whatever its state: actions, whom, who asked and approved, seats and money.

use maud::{Markup, html};

use crate::nouns::operation::{Approval, Operation, OperationKind, Selection};
use crate::nouns::price::{Cost, Prices};
use crate::operations::report::Report;
use crate::web::operations::{address, terms, words};
use crate::web::people;
use crate::web::ui::address::Address;
use crate::web::ui::amount::{counted, number};
use crate::web::visit::Visit;

/// What seats that are freed cost a month, and what seats that are taken.
pub(super) fn costs(operation: &Operation, prices: &Prices, visit: &Visit) -> (Cost, Cost) {
    let (mut freed, mut taken) = (Cost::default(), Cost::default());
    for (resource, seats) in &operation.plan.seats {
        let cost = prices.cost(visit.snapshot.resources().get(*resource as usize), seats.unsigned_abs());
        if *seats > 0 { freed.add_all(&cost) } else { taken.add_all(&cost) }
    }
    (freed, taken)
}

/// Seats by app; nothing when none is freed or taken.
pub(super) fn seats(operation: &Operation, prices: &Prices, visit: &Visit) -> Markup {
    html! {
        @if !operation.plan.seats.is_empty() {
            section aria-labelledby="seats" {
                h2 id="seats" { "Seats" }
                div.scroll tabindex="0" role="region" aria-label="Seats" {
                    table {
                        thead { tr { th scope="col" { "App" } th.num scope="col" { "Freed" } th.num scope="col" { "Taken" } th.num scope="col" { "A month, estimate" } } }
                        tbody { @for (resource, seats) in &operation.plan.seats {
                            @let cost = prices.cost(visit.snapshot.resources().get(*resource as usize), seats.unsigned_abs());
                            tr {
                                th scope="row" { bdi { (words::app(*resource, &visit.snapshot)) } }
                                td.num { @if *seats > 0 { (number(seats.unsigned_abs())) } }
                                td.num { @if *seats < 0 { (number(seats.unsigned_abs())) } }
                                td.num { @if cost.is_empty() { span.sub { "no price entered" } } @else { @if *seats < 0 { "+" } (cost) } }
                            }
                        } }
                    }
                }
            }
        }
    }
}

/// Actions, whom, who and when.
pub(super) fn facts(report: &Report, visit: &Visit) -> Markup {
    let (operation, reader) = (&report.operation, &visit.reader);
    html! {
        dl.facts {
            @if !operation.actions.is_empty() {
                div.whole { dt { "Actions" } dd {
                    @for (place, action) in operation.actions.iter().enumerate() {
                        @if place > 0 { br; }
                        (words::action(action, &visit.snapshot))
                    }
                } }
            }
            div.whole { dt { "On" } dd { (whom(operation)) } }
            @if let Some(of) = &operation.of {
                div { dt { "Belongs to" } dd { a.name href=(address(of)) { "the operation before" } } }
            }
            div { dt { "Asked by" } dd { bdi { (operation.asked_by) } ", " (reader.moment(operation.asked_at)) } }
            @for decision in &report.decisions {
                div {
                    dt { @match decision.verdict { Approval::Approved => "Approved by", Approval::Rejected => "Rejected by" } }
                    dd { bdi { (decision.by) } ", " (reader.moment(decision.at)) @if !decision.reason.is_empty() { ": " bdi { (decision.reason) } } }
                }
            }
            (terms::facts(report, visit))
            @if let Some(at) = operation.started_at { div { dt { "Started" } dd { (reader.moment(at)) } } }
            @if let Some(at) = operation.ended_at { div { dt { "Ended" } dd { (reader.moment(at)) } } }
            div { dt { "Planned from" } dd { "generation " (number(operation.plan.generation)) } }
            div { dt { "State before" } dd {
                a.name href=(address(&operation.id).below("before.csv")) download { "everybody concerned, CSV" } " · "
                a.name href=(address(&operation.id).below("before.json")) download { "JSON" }
            } }
            div { dt { "Operation id" } dd { code { (operation.id) } } }
        }
    }
}

/// Whom an operation is about.
fn whom(operation: &Operation) -> Markup {
    let people = counted(operation.plan.selected, "person", "people");
    html! {
        @match &operation.selection {
            Selection::Filter(filter) if filter.is_empty() => { "everybody: " (people) }
            Selection::Filter(filter) => {
                (people) " whom " a.name href=(Address::new(people::HERE).with("q", filter)) { code { bdi { (filter) } } } " finds"
            }
            Selection::People(_) if operation.kind == OperationKind::Feed => { "what a feed says of " (people) " with an account" }
            Selection::People(named) if named.is_empty() => "groups as such, or people who are to be invited",
            Selection::People(_) => { (people) ", picked one by one" }
            Selection::Operation(_) => { (people) " of the operation before" }
        }
    }
}
