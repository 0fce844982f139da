//! Two groups side by side: the members and the grants that both or only one of them has.

use axum::extract::Query;
use directory::{Grant, GroupRow, Ordinal, Snapshot};
use maud::{Markup, html};
use roaring::RoaringBitmap;
use serde::Deserialize;

use crate::web::failure::Failure;
use crate::web::groups::{managed_by, name};
use crate::web::operations::words;
use crate::web::people;
use crate::web::ui::address::Address;
use crate::web::ui::amount::number;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::empty;
use crate::web::ui::person::display_name;
use crate::web::ui::words as names;
use crate::web::visit::Visit;

/// The page's address.
pub(crate) const HERE: &str = "/groups/compare";

/// Groups that are offered to compare with.
const OFFERED: usize = 20;
/// Members of a column that are named.
const NAMED: usize = 20;

/// Which group is compared with which.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    /// A group's id.
    a: String,
    /// The other one's.
    b: String,
    /// What is looked for as the other one.
    find: String,
}

/// The way from a group to this page.
pub(crate) fn with(id: &str) -> Markup {
    html! { a.button href=(Address::new(HERE).with("a", id)) { "Compare" } }
}

/// GET /groups/compare
pub(crate) async fn show(visit: Visit, Query(ask): Query<Ask>) -> Result<Page, Failure> {
    let snapshot = &visit.snapshot;
    let known = |id: &str| snapshot.group(id).and_then(|group| Some((group, snapshot.group_row(group)?)));
    let Some(one) = known(&ask.a) else {
        return Err(Failure::NotFound("Rollcall has not seen a group with this id."));
    };
    let other = known(&ask.b).filter(|(other, _)| *other != one.0);
    let title = "Compare two groups";
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(Address::group(one.1.id.as_str())) { bdi { (name(one.1)) } } }
        div.headline { h1 { (title) } }
        p.lead { "Who is in which of two groups, and what they grant." }
        (choose(one, &ask, snapshot))
        @if let Some(other) = other { (compared(one, other, snapshot)) }
    };
    Ok(Page::framed(&visit.frame(title, Place::Groups), content))
}

/// Looks for the second group.
fn choose((one, row): (Ordinal, &GroupRow), ask: &Ask, snapshot: &Snapshot) -> Markup {
    let wanted = directory::fold_text(ask.find.trim());
    let matches = |group: &Ordinal| {
        let found = snapshot.group_row(*group);
        *group != one
            && found.is_some_and(|found| found.folded_name.contains(&*wanted) || found.id.as_str() == ask.find)
    };
    let found: Vec<Ordinal> = if wanted.is_empty() {
        Vec::new()
    } else {
        snapshot.groups_by_name().iter().filter(matches).take(OFFERED + 1).collect()
    };
    html! {
        form.filter method="get" action=(HERE) role="search" {
            input type="hidden" name="a" value=(row.id);
            input type="search" name="find" value=(ask.find) placeholder="Name or id of a group" aria-label="Compare with" maxlength="200" autocomplete="off";
            button type="submit" { "Find" }
        }
        @if !wanted.is_empty() && found.is_empty() {
            (empty("No other group is found.", html! { p { "Search for a part of its name." } }))
        }
        @if !found.is_empty() {
            ul.reasons aria-label="Compare with" {
                @for other in found.iter().take(OFFERED).filter_map(|other| snapshot.group_row(*other)) { li {
                    a.name href=(Address::new(HERE).with("a", row.id.as_str()).with("b", other.id.as_str())) { bdi { (name(other)) } }
                } }
            }
            @if found.len() > OFFERED { p.hint { "More are found: say more of the name." } }
        }
    }
}

fn compared(one: (Ordinal, &GroupRow), other: (Ordinal, &GroupRow), snapshot: &Snapshot) -> Markup {
    let members = |(group, _): (Ordinal, &GroupRow)| snapshot.memberships().members(group).clone();
    let (left, right) = (members(one), members(other));
    let grants = |(group, _): (Ordinal, &GroupRow)| snapshot.grants(group).to_vec();
    let (gives, also) = (grants(one), grants(other));
    let same = |grant: &&Grant, of: &[Grant]| {
        of.iter().any(|known| known.resource == grant.resource && known.role == grant.role)
    };
    let is = |(_, row): (Ordinal, &GroupRow)| format!("group = {}", filter::quote(row.id.as_str()));
    let isnt = |(_, row): (Ordinal, &GroupRow)| format!("NOT group = {}", filter::quote(row.id.as_str()));
    let grant = |grant: &Grant| html! { li { bdi { (words::app(grant.resource, snapshot)) } " " span.sub { bdi { (names::role(&grant.role)) } } } };
    let listed = |of: Vec<&Grant>| html! { @if of.is_empty() { span.sub { "nothing" } } @else { ul.reasons { @for one in of { (grant(one)) } } } };
    let title = |(_, row): (Ordinal, &GroupRow)| html! { "Only " a href=(Address::group(row.id.as_str())) { bdi { (name(row)) } } };
    html! {
        div.scroll tabindex="0" role="region" aria-label="Side by side" {
            table {
                thead { tr { th scope="col" { span.hidden { "What" } } th scope="col" { (title(one)) } th scope="col" { "Both" } th scope="col" { (title(other)) } } }
                tbody {
                    tr {
                        th scope="row" { "Members" }
                        td.long { (people(&(&left - &right), &[is(one), isnt(other)], snapshot)) }
                        td.long { (people(&(&left & &right), &[is(one), is(other)], snapshot)) }
                        td.long { (people(&(&right - &left), &[is(other), isnt(one)], snapshot)) }
                    }
                    tr {
                        th scope="row" { "Grants" }
                        td.long { (listed(gives.iter().filter(|grant| !same(grant, &also)).collect())) }
                        td.long { (listed(gives.iter().filter(|grant| same(grant, &also)).collect())) }
                        td.long { (listed(also.iter().filter(|grant| !same(grant, &gives)).collect())) }
                    }
                    tr {
                        th scope="row" { "Managed by" }
                        td { (managed_by(one.1)) } td {} td { (managed_by(other.1)) }
                    }
                }
            }
        }
    }
}

/// Some of the people, with the way to all of them.
fn people(found: &RoaringBitmap, terms: &[String; 2], snapshot: &Snapshot) -> Markup {
    let filter = terms.join(" AND ");
    html! {
        @if found.is_empty() { span.sub { "nobody" } } @else {
            p { a.name href=(Address::new(people::HERE).with("q", &filter)) { (number(found.len())) (if found.len() == 1 { " person" } else { " people" }) } }
            ul.reasons {
                @for row in found.iter().take(NAMED).filter_map(|account| snapshot.account_row(account)) {
                    li { a href=(Address::person(row.id)) { bdi { (display_name(&row)) } } }
                }
                @if found.len() as usize > NAMED { li.sub { "and " (number(found.len() - NAMED as u64)) " more" } }
            }
        }
    }
}
