//! What operations did to one person, on the person's page.

use directory::Ordinal;
use directory::act::{Change, Standing};
use maud::{Markup, html};

use crate::nouns::operation::Operation;
use crate::nouns::operation_row::RowState;
use crate::operations::report::{self, NamedRow};
use crate::store::error::StoreError;
use crate::store::operation_rows::{self, Filter};
use crate::store::operation_terms;
use crate::web::operations::rows::change;
use crate::web::operations::{address, picker, words};
use crate::web::ui::address::Address;
use crate::web::ui::notice::{Weight, notice};
use crate::web::visit::Visit;

/// Operations that are shown of one person, the newest.
const SHOWN: usize = 10;

/// Changes of one operation that are shown.
const ROWS: u32 = 8;

/// An operation and what it was to change of one person.
pub(crate) struct Theirs {
    operation: Operation,
    rows: Vec<NamedRow>,
}

/// Operations that changed something of a person, the newest first, and how many there are in all.
pub(crate) async fn of(visit: &Visit, account: Ordinal) -> Result<(Vec<Theirs>, usize), StoreError> {
    let changed = visit.mirror.store().read(move |tx| operation_rows::later(tx, account, 0)).await?;
    let mut numbers: Vec<u64> = changed.into_iter().map(|(number, _)| number).collect();
    numbers.dedup();
    let mut found = Vec::new();
    for number in numbers.iter().rev().take(SHOWN) {
        let listed = report::list(&visit.mirror, Default::default(), (Some(number + 1), 1)).await?;
        for operation in listed.into_iter().filter(|operation| operation.number == *number) {
            let of_person = Filter { account: Some(account), ..Filter::default() };
            let rows = report::rows(&visit.mirror, &operation, of_person, (0, ROWS)).await?;
            found.push(Theirs { operation, rows });
        }
    }
    Ok((found, numbers.len()))
}

/// Access that a person has until a moment, if any.
pub(crate) async fn lent(visit: &Visit, account: Ordinal) -> Result<Markup, StoreError> {
    let lent = visit.mirror.store().read(move |tx| operation_terms::lent(tx, account)).await?;
    let lent: Vec<_> = lent.into_iter().filter(|one| one.change.standing(&visit.snapshot) == Standing::So).collect();
    Ok(html! {
        @if !lent.is_empty() {
            (notice(Weight::Info, "Access that ends by itself.", html! {
                ul.reasons { @for one in &lent { li {
                    @match &one.change {
                        Change::AddToGroup { group, .. } => { "Member of " bdi { (words::group(*group, &visit.snapshot)) } }
                        Change::AssignRole { resource, .. } => { "A role on " bdi { (words::app(*resource, &visit.snapshot)) } }
                        _ => {}
                    }
                    ", until " (visit.reader.moment(one.until)) " by " a.name href=(address(&one.operation)) { "operation " (one.number) }
                } } }
            }))
        }
    })
}

/// The list.
pub(crate) fn list((operations, all): &(Vec<Theirs>, usize), person: &str, visit: &Visit) -> Markup {
    html! {
        @if operations.is_empty() { p.hint { "Rollcall has changed nothing of this person." } }
        @else {
            ul.reasons { @for Theirs { operation: one, rows } in operations { li {
                a.name href=(address(&one.id).with("person", person)) { (one.number) " " (words::title(one)) }
                " " (words::state_tag(one.state)) " " span.sub { (visit.reader.relative(one.asked_at)) " by " bdi { (one.asked_by) } }
                @for row in rows.iter().filter(|row| row.row.state != RowState::Already) {
                    div.sub { (change(row, &visit.snapshot)) ": " (words::row_state(row.row.state, one.state)) }
                }
            } } }
            @if *all > operations.len() { p.hint { "Older ones stand in the list of operations." } }
        }
    }
}

/// The way from a person to actions on them.
pub(crate) fn on_person(id: &str) -> Markup {
    html! { a.button href=(Address::new(picker::HERE).with("person", id)) { "Act on this person" } }
}

/// The way from a group to actions on its members.
pub(crate) fn on_members(id: &str) -> Markup {
    html! { a.button href=(Address::new(picker::HERE).with("group", id)) { "Act on the members" } }
}
