//! The preview of an operation: what would be done, what would not and why, what it frees, and what approving it takes.

use std::collections::BTreeMap;

use directory::Ordinal;
use directory::act::Action;
use maud::{Markup, html};

use crate::nouns::operation::{Operation, OperationKind};
use crate::nouns::operation_row::RowState;
use crate::operations::guard::Switch;
use crate::operations::plan::hexadecimal;
use crate::operations::report::{NamedRow, Report};
use crate::web::operations::page::Shown;
use crate::web::operations::{address, facts, rows, terms, words};
use crate::web::settings_actions;
use crate::web::ui::amount::{counted, number};
use crate::web::ui::notice::{Weight, notice};
use crate::web::visit::Visit;

/// Totals, what has to be known before approving, reasons, seats.
pub(super) fn content(shown: &Shown, visit: &Visit) -> Markup {
    let Shown { report, prices, switch, .. } = shown;
    let operation = &report.operation;
    let (freed, taken) = facts::costs(operation, prices, visit);
    let of = |state| number(operation.tally.of(state));
    html! {
        div.sum {
            div { b { (number(operation.plan.people)) } span { "people" } }
            div { b { (number(operation.plan.rows)) } span { "changes will be made" } }
            div { b { (of(RowState::Already)) } span { "already so" } }
            div { b { (of(RowState::Refused)) } span { "refused, with reasons" } }
            @if !freed.is_empty() { div { b { (freed) } span { "a month freed, estimate" } } }
            @if !taken.is_empty() { div { b { (taken) } span { "a month more, estimate" } } }
            div { b { (number(operation.plan.left_without)) } span { "would lose their last access" } }
        }
        (warnings(report, switch, visit))
        (terms::differences(report, visit))
        (refusals(report))
        (also_lose(shown, visit))
        (facts::seats(operation, prices, visit))
        section aria-labelledby="decide" { h2 id="decide" { "Approve or reject" } (decide(report, switch, visit)) }
    }
}

fn warnings(report: &Report, switch: &Switch, visit: &Visit) -> Markup {
    let operation = &report.operation;
    let newest = visit.mirror.current().generation();
    html! {
        @if let Some(why) = operation.failure.as_ref().filter(|_| operation.kind != OperationKind::Feed) {
            (notice(Weight::Warning, "It stopped before its first change and asks again.", html! { p { bdi { (why) } } }))
        }
        (terms::preview(report, visit))
        @if !switch.on { (settings_actions::look_only()) }
        @if let Some(limit) = report.demands.over_limit {
            (notice(Weight::Warning, "Over the limit of one operation.", html! {
                p { "It concerns " (counted(operation.plan.people, "person", "people")) "; the limit is " (number(limit)) ". "
                    @if report.demands.second_person { "A second administrator has to approve this plan." }
                    @else { "The number of changes has to be typed to approve it." }
                }
            }))
        }
        @if operation.plan.generation != newest {
            (notice(Weight::Info, "Newer data has been read since.", html! {
                p { "The plan was drawn up from generation " (number(operation.plan.generation)) ", and " (number(newest)) " is in force. \
                     When it is approved it is computed again; if anything is different then, nothing is sent, and the new plan stands here." }
            }))
        }
    }
}

/// Reasons for which rows are refused, with how many there are of each.
fn refusals(report: &Report) -> Markup {
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for total in report.totals.iter().filter(|total| total.state == RowState::Refused) {
        *reasons.entry(total.why.as_deref().unwrap_or_default()).or_default() += total.rows;
    }
    let mut reasons: Vec<(&str, u64)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    html! {
        @if !reasons.is_empty() {
            section aria-labelledby="refused" {
                h2 id="refused" { "Refused, by reason" }
                ul.reasons { @for (why, rows) in &reasons { li {
                    a.figure href=(rows::with_reason(&report.operation, RowState::Refused, why)) { span.num { (number(*rows)) } }
                    " " (words::reason(why).unwrap_or(why))
                    @if *why == "synced_group" {
                        " · " a href=(address(&report.operation.id).below("hand-off.csv")) download { "hand-off list for the identity provider (CSV)" }
                    }
                } } }
            }
        }
    }
}

/// Apps that rows would take as well, to be allowed by planning again.
fn also_lose(shown: &Shown, visit: &Visit) -> Markup {
    let operation = &shown.report.operation;
    let mut apps: BTreeMap<Ordinal, u64> = allowed(operation).into_iter().map(|app| (app, 0)).collect();
    shown.lost.iter().for_each(|(app, rows)| *apps.entry(*app).or_default() += rows);
    let can = operation.kind == OperationKind::Operation && !apps.is_empty();
    html! {
        @if can {
            section aria-labelledby="also" {
                h2 id="also" { "Groups that grant more than the chosen apps" }
                form.fields method="post" action=(address(&operation.id).below("again")) {
                    input type="hidden" name="request_key" value=(shown.request_key);
                    fieldset {
                        legend { "Leave those groups all the same" }
                        @for (app, rows) in &apps {
                            label.choice {
                                input type="checkbox" name="also" value=(app) checked[allowed(operation).contains(app)];
                                span { "also lose " bdi { (words::app(*app, &visit.snapshot)) }
                                    @if *rows > 0 { span.sub { (counted(*rows, "change is", "changes are")) " refused because of it" } } }
                            }
                        }
                    }
                    button type="submit" { "Plan again" }
                }
            }
        }
    }
}

/// What may be lost as well in an operation.
fn allowed(operation: &Operation) -> Vec<Ordinal> {
    let lists = operation.actions.iter().filter_map(|action| match action {
        Action::RemoveAppAccess { also_lose, .. } => Some(also_lose),
        _ => None,
    });
    lists.flatten().copied().collect()
}

/// How many of these rows would lose which app as well.
pub(super) fn count_lost(rows: &[NamedRow], lost: &mut BTreeMap<Ordinal, u64>) {
    for why in rows.iter().filter_map(|row| row.row.why.as_ref()).filter(|why| why.code == "would_also_lose") {
        for app in why.detail.split(',').filter_map(|app| app.parse().ok()) {
            *lost.entry(app).or_default() += 1;
        }
    }
}

/// The forms of approval and rejection, or why there is none.
fn decide(report: &Report, switch: &Switch, visit: &Visit) -> Markup {
    let operation = &report.operation;
    let here = || address(&operation.id);
    let own = visit.entered.context.actor.as_person() == operation.asked_as;
    let reason = html! {
        label { "Reason" span.hint { "Kept with the decision; may be left empty." }
            input type="text" name="reason" maxlength="500" autocomplete="off"; }
    };
    html! {
        @if operation.plan.rows == 0 {
            p { "Nothing would be done, so there is nothing to approve." }
        } @else if !switch.on {
            p { "It can be approved once actions are on: " a href=(settings_actions::HERE) { "Settings, Actions" } "." }
        } @else if visit.stopped {
            p { "It can be approved once what is stopped is released." }
        } @else if report.demands.second_person && own {
            p { "You asked for it, so somebody else has to approve it. Send a colleague the address of this page." }
        } @else {
            form.fields method="post" action=(here().below("approve")) {
                input type="hidden" name="hash" value=(hexadecimal(&operation.plan.hash));
                @if let Some(rows) = report.demands.number {
                    label { "Type " (rows) " to confirm"
                        input type="text" name="typed" inputmode="numeric" required autocomplete="off" pattern="[0-9,. ]+";
                    }
                }
                (reason)
                div.row {
                    button.danger type="submit" { "Make " (counted(operation.plan.rows, "change", "changes")) }
                    a href=(here().below("before.csv")) download { "State before, CSV" }
                    a href=(here().below("before.json")) download { "JSON" }
                }
                (terms::trial(operation))
            }
        }
        form.fields method="post" action=(here().below("reject")) {
            details {
                summary { "Reject this plan" }
                (reason)
                button type="submit" { "Reject" }
            }
        }
        p.hint { "Nothing has been changed yet. Every change is journalled, and can be taken back from the result where Atlassian allows it." }
    }
}
