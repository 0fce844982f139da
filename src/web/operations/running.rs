//! An operation under way, and one that is over: counts, rate, what it waits for; then its result, what can be tried again
//! and what can be taken back.

use std::time::Duration;

use jiff::Timestamp;
use maud::{Markup, html};

use crate::nouns::operation::{Operation, OperationState, Wish};
use crate::nouns::operation_row::RowState;
use crate::web::operations::page::Shown;
use crate::web::operations::{address, terms};
use crate::web::ui::amount::{about, counted, length, number};
use crate::web::ui::notice::{Weight, notice};
use crate::web::visit::Visit;

/// Rows of an operation in any of these states.
fn of(operation: &Operation, states: &[RowState]) -> u64 {
    states.iter().map(|state| operation.tally.of(*state)).sum()
}

/// Counts, progress, and what a person may want of it.
pub(super) fn content(shown: &Shown, visit: &Visit) -> Markup {
    let operation = &shown.report.operation;
    let of = |states: &[RowState]| number(of(operation, states));
    html! {
        div id="operation-progress" data-live="operation" {
            div.sum {
                div { b { (of(&[RowState::Verified, RowState::Done])) } span { "done, " (of(&[RowState::Verified])) " of them verified" } }
                div { b { (of(&[RowState::Failed, RowState::Reverted])) } span { "failed" } }
                div { b { (of(&[RowState::Skipped])) } span { "skipped: changed meanwhile" } }
                div { b { (of(&[RowState::Begun, RowState::Unknown])) } span { (if operation.state.is_over() { "outcome unknown" } else { "on their way" }) } }
                div { b { (of(&[RowState::Planned])) } span { (if operation.state.is_over() { "not attempted" } else { "to do" }) } }
                div { b { (of(&[RowState::Already, RowState::Refused])) } span { "already so or refused" } }
            }
            @if operation.state.is_over() { (ended(operation)) } @else { (progress(shown, visit)) }
        }
        div id="operation-wants" data-live="operation" {
            @if operation.state.is_over() { (members(shown)) (offers(shown)) }
            @else if terms::asks(&shown.report) { (terms::go_on(operation)) }
            @else { (wants(operation)) }
        }
    }
}

fn progress(shown: &Shown, visit: &Visit) -> Markup {
    let operation = &shown.report.operation;
    let planned = operation.plan.rows;
    let open = operation.tally.open().min(planned);
    let settled = planned - open;
    html! {
        div.measure {
            div.row { span { "Changes" } span.num { (number(settled)) " of " (number(planned)) } }
            progress max=(planned.max(1)) value=(settled) aria-label="Changes" {}
        }
        p.hint {
            @match operation.state {
                OperationState::Approved => "Approved; a worker takes it up at once, and reads everybody concerned first.",
                OperationState::Paused if terms::asks(&shown.report) => { @if let Some(asked) = &operation.failure { b { (asked) } } }
                OperationState::Paused => { "Paused: nothing is sent until it goes on. " @if let Some(why) = &operation.failure { bdi { (why) } } }
                _ => {
                    @match &operation.waiting {
                        Some(waiting) => { "Waiting: " bdi { (waiting.reason) } " Goes on by itself " (visit.reader.clock(waiting.until)) "." }
                        None if operation.started_at.is_none() => "Reading everybody concerned before the first change.",
                        None => (rate(operation, (settled, open), visit.reader.now)),
                    }
                }
            }
            @match operation.wish {
                Some(Wish::Pause) => " It pauses before the next change.",
                Some(Wish::Cancel) => {
                    " Cancelled: nothing more is sent. What was sent is read back until it has settled, removals for up to "
                    "15 minutes; then it ends, and can be taken back."
                }
                None => {}
            }
        }
    }
}

/// How fast it goes, and how long it will take.
fn rate(operation: &Operation, (settled, open): (u64, u64), now: Timestamp) -> Markup {
    let elapsed =
        operation.started_at.and_then(|at| Duration::try_from(now.duration_since(at)).ok()).unwrap_or_default();
    let seconds = elapsed.as_secs_f64();
    html! {
        @if settled > 0 && seconds >= 1.0 {
            @let rate = settled as f64 / seconds;
            (format!("{rate:.1}")) " changes a second"
            @if open > 0 { ", about " (about(Duration::from_secs_f64((open as f64 / rate).min(1e9)))) " to go" }
            "."
        } @else { "Under way." }
    }
}

fn wants(operation: &Operation) -> Markup {
    let here = || address(&operation.id);
    if operation.wish == Some(Wish::Cancel) {
        return html! {};
    }
    let resumes = operation.state == OperationState::Paused || operation.wish == Some(Wish::Pause);
    html! {
        div.row {
            @if resumes {
                form method="post" action=(here().below("resume")) { button.primary type="submit" { "Resume" } }
            } @else {
                form method="post" action=(here().below("pause")) { button type="submit" { "Pause" } }
            }
            form method="post" action=(here().below("cancel")) { button type="submit" { "Cancel" } }
            p.hint { "Both take effect before the next change. What was done stays done, and can be taken back." }
        }
    }
}

fn ended(operation: &Operation) -> Markup {
    let done = of(operation, &[RowState::Done, RowState::Verified]);
    let why = html! { @if let Some(why) = &operation.failure { p { bdi { (why) } } } };
    let took = operation
        .started_at
        .zip(operation.ended_at)
        .and_then(|(from, to)| Duration::try_from(to.duration_since(from)).ok());
    let took = html! { @if let Some(took) = took { p { "It took " (length(took)) "." } } };
    let body = html! { (why) (took) };
    match operation.state {
        OperationState::Succeeded => notice(Weight::Info, "Succeeded: every change was made, or was so already.", body),
        OperationState::Partial => {
            let said = format!(
                "Partial: {} of {} were made.",
                number(done),
                counted(operation.plan.rows, "change", "changes")
            );
            notice(Weight::Warning, &said, body)
        }
        OperationState::Cancelled if done > 0 => {
            notice(Weight::Warning, &format!("Cancelled after {}.", counted(done, "change", "changes")), body)
        }
        OperationState::Cancelled => notice(Weight::Info, "Cancelled before anything was changed.", body),
        _ => notice(Weight::Failure, "Failed: nothing was changed.", body),
    }
}

/// The way to give groups that were made the members of those they were made after.
fn members(shown: &Shown) -> Markup {
    let people = shown.following.first().map_or(0, |first| first.members.len() as u64);
    html! {
        @if people > 0 {
            form.row method="post" action=(address(&shown.report.operation.id).below("members")) {
                button.primary type="submit" { "Add the " (counted(people, "member", "members")) }
                span.hint { "Those of the group it was made after. You see the plan first. What that group granted has to be granted again." }
            }
        }
    }
}

/// *Retry failed* and *Undo*, each by a plan of its own.
fn offers(shown: &Shown) -> Markup {
    let operation = &shown.report.operation;
    let again = of(operation, &[RowState::Failed, RowState::Planned, RowState::Unknown, RowState::Reverted]);
    // What was rejected was never begun.
    let began = operation.started_at.is_some();
    let done = of(operation, &[RowState::Done, RowState::Verified]);
    let form = |verb: &str, words: &str, tells: &str| {
        html! {
            form.row method="post" action=(address(&operation.id).below(verb)) {
                input type="hidden" name="request_key" value=(shown.request_key);
                button type="submit" { (words) }
                span.hint { (tells) }
            }
        }
    };
    html! {
        @if began && again > 0 { (form("retry", "Retry failed", "Plans again what did not come to its end. You see the plan first.")) }
        @if done > 0 { (form("undo", "Undo", "Plans the opposite of what was done. What was changed since is left alone, and what cannot be undone is named; you see the plan first.")) }
    }
}
