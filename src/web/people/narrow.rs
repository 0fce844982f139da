//! Counts to narrow a filter by: each value is a link to the same filter with one test more, and says how many are left.

use directory::Snapshot;
use directory::find::{self, Breakdown, Facet};
use filter::{Expression, Query};
use maud::{Markup, html};
use roaring::RoaringBitmap;

use crate::mirror::answer::Answer;
use crate::web::people::{Ask, question};
use crate::web::ui::address::Address;
use crate::web::ui::amount::number;

/// Values shown of one field.
const SHOWN: usize = 5;

/// The counts, closed at first: they are for whoever looks further.
pub(super) fn facets(ask: &Ask, answer: &Answer, snapshot: &Snapshot, people: &RoaringBitmap) -> Markup {
    if people.is_empty() {
        return html! {};
    }
    let facets = find::facets(snapshot, people, SHOWN);
    let groups = [
        ("Apps", &facets.apps),
        ("Sites", &facets.sites),
        ("Roles", &facets.roles),
        ("Groups", &facets.groups),
        ("Domains", &facets.domains),
        ("Managed or external", &facets.claims),
    ];
    html! {
        details.facets {
            summary { "Narrow down" }
            div.columns {
                @for (title, breakdown) in groups {
                    @if breakdown.values.len() > 1 { (one(title, breakdown, (ask, answer))) }
                }
            }
        }
    }
}

fn one(title: &str, breakdown: &Breakdown, (ask, answer): (&Ask, &Answer)) -> Markup {
    html! {
        section aria-label=(title) {
            h2 { (title) }
            ul {
                @for facet in breakdown.values.iter().take(SHOWN) {
                    li { a href=(narrowed(ask, answer, breakdown.field, facet)) {
                        bdi { (facet.label) } " " span.num { (number(facet.count)) }
                    } }
                }
                @if breakdown.more || breakdown.values.len() > SHOWN { li.sub { "and others" } }
            }
        }
    }
}

/// The same filter with one test more.
fn narrowed(ask: &Ask, answer: &Answer, field: &str, facet: &Facet) -> Address {
    let test = question::test(field, &facet.value);
    let parts = answer.query.expression.iter().cloned().chain(test).collect();
    let query = Query { expression: Expression::all(parts), order: answer.query.order.clone() };
    Ask { q: filter::show(&query, find::catalogue()), ..ask.clone() }.address(&Address::new("/people"))
}
