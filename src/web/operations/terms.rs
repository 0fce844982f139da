//! What an operation was agreed on besides its plan, on its page: a trial on its first rows, access that ends by itself,
//! and what became different when its plan was made again.

use directory::Snapshot;
use maud::{Markup, html};

use crate::nouns::operation::{Operation, OperationState};
use crate::nouns::operation_row::{OperationRow, RowState};
use crate::nouns::operation_terms::{Difference, TrialStage, Until};
use crate::operations::report::{Report, named};
use crate::web::operations::{address, rows, words};
use crate::web::ui::amount::{counted, number};
use crate::web::ui::notice::{Weight, notice};
use crate::web::visit::Visit;

/// On so many rows a trial is proposed.
const PROPOSED: u64 = 5;

/// Whether the trial of an operation is over and asks whether the rest may go on.
pub(super) fn asks(report: &Report) -> bool {
    report.operation.state == OperationState::Paused
        && report.terms.trial.is_some_and(|trial| trial.stage == TrialStage::Over)
}

/// The part of the approval that tries a plan on its first rows; nothing where it has one row only.
pub(super) fn trial(operation: &Operation) -> Markup {
    let rows = operation.plan.rows;
    html! {
        @if rows > 1 {
            details {
                summary { "Try on the first rows" }
                label { "Try on the first N"
                    span.hint id="first-hint" { "So many rows of the plan are sent and verified. Then it waits for " i { "Go on" } " or " i { "Stop here" } "." }
                    input type="number" name="first" min="1" max=(rows) value=(PROPOSED.min(rows)) aria-describedby="first-hint";
                }
                button type="submit" name="do" value="try" { "Try on the first rows" }
            }
        }
    }
}

/// The two ways on from a trial.
pub(super) fn go_on(operation: &Operation) -> Markup {
    let here = || address(&operation.id);
    let left = operation.tally.of(RowState::Planned);
    html! {
        div.row {
            form method="post" action=(here().below("resume")) { button.primary type="submit" { "Go on" } }
            form method="post" action=(here().below("cancel")) { button type="submit" { "Stop here" } }
            p.hint { "Go on sends the other " (counted(left, "change", "changes")) " of the approved plan. Stop here ends it; what was done stays done, and can be taken back." }
        }
    }
}

/// What has to be known before a plan with a last day is approved.
pub(super) fn preview(report: &Report, visit: &Visit) -> Markup {
    html! {
        @if let Some(until) = &report.terms.until {
            (notice(Weight::Info, "The access it gives ends by itself.", html! {
                p { "It is taken back from " (visit.reader.moment(until.at)) " on, through an operation of its own that is approved together with this one. What somebody has changed by then is left alone." }
            }))
        }
    }
}

/// Trial and last day among the facts.
pub(super) fn facts(report: &Report, visit: &Visit) -> Markup {
    html! {
        @if let Some(trial) = &report.terms.trial {
            @if report.operation.started_at.is_some() || !report.operation.state.awaits_approval() {
                div { dt { "Tried first" } dd {
                    "on " (counted(trial.rows, "row", "rows"))
                    @match trial.stage {
                        TrialStage::UnderWay => " alone",
                        TrialStage::Over => "; it waits for Go on or Stop here",
                        TrialStage::Passed => "; then it went on",
                    }
                } }
            }
        }
        @if let Some(until) = &report.terms.until { div { dt { "Until" } dd { (ends(until, visit)) } } }
    }
}

fn ends(until: &Until, visit: &Visit) -> Markup {
    html! {
        (visit.reader.moment(until.at))
        @match (&until.taken_back, &until.settled) {
            (Some(by), settled) => {
                "; " a.name href=(address(by)) { "taken back by an operation of its own" }
                @if let Some(why) = settled { ". " (why) }
            }
            (None, Some(why)) => { ". " (why) }
            (None, None) => ", then taken back by itself",
        }
    }
}

/// What became different of the rows when the plan was made again.
pub(super) fn differences(report: &Report, visit: &Visit) -> Markup {
    let (listed, all) = &report.differences;
    let left = all.saturating_sub(listed.len() as u64);
    html! {
        @if !listed.is_empty() {
            section aria-labelledby="differences" {
                h2 id="differences" { "What changed since the plan before" }
                p.hint { "The plan was computed again on newer data. " (counted(*all, "row is", "rows are")) " different." }
                div.scroll tabindex="0" role="region" aria-label="What changed since the plan before" {
                    table {
                        thead { tr { th scope="col" { "Person" } th scope="col" { "Change" } th scope="col" { "Was" } th scope="col" { "Is" } } }
                        tbody { @for one in listed { (difference(one, &visit.snapshot, report.operation.state)) } }
                    }
                }
                @if left > 0 { p.hint { "And " (number(left)) " more." } }
            }
        }
    }
}

fn difference(one: &Difference, snapshot: &Snapshot, state: OperationState) -> Markup {
    let row = |standing: &Option<(RowState, Option<String>)>| {
        html! {
            @match standing {
                None => span.sub { "no such row" },
                Some((row, why)) => {
                    (words::row_tag(*row, state))
                    @if let Some(why) = why { " " (words::reason(why).unwrap_or(why)) }
                }
            }
        }
    };
    let named = named(blank(one), snapshot);
    html! { tr {
        td { (rows::who(&named)) }
        td.long { (rows::change(&named, snapshot)) }
        td.long { (row(&one.was)) }
        td.long { (row(&one.becomes)) }
    } }
}

/// A row of nothing but the change, for its names.
fn blank(one: &Difference) -> OperationRow {
    let verdict = &directory::act::Verdict::WillDo;
    OperationRow::planned(0, 0, one.change.clone(), verdict)
}
