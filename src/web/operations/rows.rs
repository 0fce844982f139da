//! The rows of an operation: every change with its verdict or what came of it, through a filter, page by page.

use directory::act::{Change, NOBODY};
use directory::{Ordinal, Snapshot};
use maud::{Markup, html};
use serde::Deserialize;

use crate::feeds::accounts::shown::OfOperation;
use crate::nouns::operation::Operation;
use crate::nouns::operation_row::RowState;
use crate::operations::report::NamedRow;
use crate::store::operation_rows::{Filter, Total};
use crate::web::feeds::plans;
use crate::web::operations::{address, words};
use crate::web::ui::address::Address;
use crate::web::ui::amount::{counted, number};
use crate::web::ui::notice::empty;
use crate::web::ui::person::initials;
use crate::web::visit::Visit;

/// Rows of one page.
pub(super) const LIMIT: u32 = 100;

/// Which rows an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    state: String,
    why: String,
    action: String,
    person: String,
    /// Rows behind this place.
    after: String,
}

impl Ask {
    /// What the store is asked; a word that is none asks for everything.
    pub(super) fn filter(&self, visit: &Visit) -> Filter {
        Filter {
            state: RowState::parse(&self.state),
            why: Some(self.why.clone()).filter(|why| !why.is_empty()),
            // Somebody who is not known has no row, and is not everybody.
            account: (!self.person.is_empty()).then(|| visit.snapshot.account(&self.person).unwrap_or(Ordinal::MAX)),
            action: self.action.parse().ok(),
        }
    }

    pub(super) fn after(&self) -> u64 {
        self.after.parse().unwrap_or(0)
    }

    /// An address with this filter, at its first row.
    pub(super) fn on(&self, address: Address) -> Address {
        let filtered = address.with("state", &self.state).with("why", &self.why);
        filtered.with("action", &self.action).with("person", &self.person)
    }
}

/// Rows in a state, for a reason.
pub(super) fn with_reason(operation: &Operation, state: RowState, why: &str) -> Address {
    address(&operation.id).with("state", state.as_str()).with("why", why)
}

/// The rows with their filter.
pub(super) fn section(
    (operation, whose): (&Operation, Option<&OfOperation>),
    totals: &[Total],
    (rows, more): (&[NamedRow], bool),
    (ask, visit): (&Ask, &Visit),
) -> Markup {
    let here = ask.on(address(&operation.id));
    html! {
        (narrowing(operation, totals, ask))
        @if !ask.person.is_empty() { p.hint { "Only rows of one person. " a href=(address(&operation.id)) { "Show all rows" } } }
        @if rows.is_empty() {
            (empty("No row is like this.", html! { p { a.button href=(address(&operation.id)) { "Show all rows" } } }))
        } @else {
            (table((operation, whose), rows, visit))
        }
        @if ask.after() > 0 || more {
            nav.paging aria-label="Pages of rows" {
                @if ask.after() > 0 { a.button href=(here) rel="first" { "First rows" } }
                @if let Some(last) = rows.last().filter(|_| more) {
                    a.button href=(here.clone().with("after", &last.row.seq.to_string())) rel="next" { "Next rows" }
                }
            }
        }
        p.export { "Export: "
            a href=(ask.on(address(&operation.id).below("rows.csv"))) download { "these rows as CSV" } " · "
            a href=(address(&operation.id).below("result.json")) download { "everything as JSON" }
        }
    }
}

/// Ways to narrow: by state, by reason, by action, each with its count.
fn narrowing(operation: &Operation, totals: &[Total], ask: &Ask) -> Markup {
    let here = || address(&operation.id);
    let count = |holds: &dyn Fn(&Total) -> bool| {
        totals.iter().filter(|total| holds(total)).map(|total| total.rows).sum::<u64>()
    };
    let mut reasons: Vec<(RowState, &str)> =
        totals.iter().filter_map(|total| Some((total.state, total.why.as_deref()?))).collect();
    reasons.sort_unstable();
    reasons.dedup();
    let chip = |address: Address, current: bool, words: &str, rows: u64| {
        html! {
            a href=(address) aria-current=[current.then_some("true")] { (words) " " span.num { (number(rows)) } }
        }
    };
    let all = ask.state.is_empty() && ask.why.is_empty() && ask.action.is_empty() && ask.person.is_empty();
    html! {
        nav.chips aria-label="Which rows" {
            (chip(here(), all, "All", count(&|_| true)))
            @for state in RowState::ALL {
                @let rows = count(&|total| total.state == *state);
                @if rows > 0 {
                    @let current = ask.state == state.as_str() && ask.why.is_empty();
                    (chip(here().with("state", state.as_str()), current, words::row_state(*state, operation.state), rows))
                }
            }
        }
        @if !reasons.is_empty() {
            nav.chips aria-label="Rows by reason" {
                @for (state, why) in &reasons {
                    @let current = ask.state == state.as_str() && ask.why == *why;
                    @let rows = count(&|total| total.state == *state && total.why.as_deref() == Some(why));
                    (chip(with_reason(operation, *state, why), current, words::reason(why).unwrap_or(why), rows))
                }
            }
        }
        @if operation.actions.len() > 1 {
            nav.chips aria-label="Rows by action" {
                @for (place, action) in operation.actions.iter().enumerate() {
                    @let text = place.to_string();
                    @let rows = count(&|total| usize::from(total.action) == place);
                    (chip(here().with("action", &text), ask.action == text, words::action_kind(action.kind()), rows))
                }
            }
        }
    }
}

fn table((operation, whose): (&Operation, Option<&OfOperation>), rows: &[NamedRow], visit: &Visit) -> Markup {
    let verdict = if operation.state.awaits_approval() { "Verdict" } else { "Result" };
    html! {
        div.scroll tabindex="0" role="region" aria-label="Changes" {
            table {
                thead { tr {
                    th scope="col" { "Person" } th scope="col" { "Change" } th.hide-s scope="col" { "Before and after" }
                    th scope="col" { (verdict) } th scope="col" { "Why" }
                } }
                tbody { @for row in rows { tr {
                    td { (who(row)) }
                    td.long { (change(row, &visit.snapshot)) }
                    td.hide-s { (row.before) @if row.before != row.after { " " span.arrow { "→" } " " (row.after) } }
                    td { (words::row_tag(row.row.state, operation.state)) }
                    td.long {
                        @if let Some(why) = &row.row.why { div { (words::why(why, &visit.snapshot)) } }
                        (plans::reason(whose, row.row.seq))
                    }
                } } }
            }
        }
    }
}

pub(super) fn who(row: &NamedRow) -> Markup {
    if row.row.change.account() == NOBODY {
        return html! { span.sub { "nobody in the directory" } };
    }
    let name = if row.name.trim().is_empty() { &row.account_id } else { &row.name };
    html! {
        div.who {
            span.av aria-hidden="true" { (initials(name)) }
            div {
                a href=(Address::person(&row.account_id)) { bdi { (name) } }
                span.sub { @match &row.email { Some(email) => { bdi { (email) } } None => "e-mail not shown by Atlassian" } }
            }
        }
    }
}

/// What a row changes, in words.
pub(super) fn change(row: &NamedRow, snapshot: &Snapshot) -> Markup {
    let target = || html! { bdi { (row.target) } };
    html! {
        @match &row.row.change {
            Change::AddToGroup { .. } => { "Joins " (target()) }
            Change::RemoveFromGroup { .. } => { "Leaves " (target()) }
            Change::AssignRole { .. } => { "Gets a role on " (target()) }
            Change::RevokeRole { .. } => { "Loses the role on " (target()) }
            Change::Suspend { .. } => { "Suspended in " (target()) }
            Change::Restore { .. } => { "Restored in " (target()) }
            Change::RemoveFromDirectory { .. } => { "Removed from " (target()) }
            Change::Deactivate { .. } => "Account deactivated",
            Change::Activate { .. } => "Account reactivated",
            Change::CreateGroup { group, .. } => {
                "Group made: "
                @if row.target_id.is_empty() { (target()) } @else { a href=(Address::group(&row.target_id)) { (target()) } }
                @if !group.description.is_empty() { " " span.sub { bdi { (group.description) } } }
            }
            Change::Invite { invitation, .. } => {
                "Invited: "
                @if row.target_id.is_empty() { (target()) } @else { a href=(Address::person(&row.target_id)) { (target()) } }
                " into "
                @for (place, group) in invitation.groups.iter().enumerate() { @if place > 0 { ", " } bdi { (words::group(*group, snapshot)) } }
            }
            Change::DeleteGroup { members, .. } => {
                "Group deleted: " a href=(Address::group(&row.target_id)) { (target()) }
                " " span.sub { "with " (counted(*members, "member", "members")) }
            }
        }
    }
}
