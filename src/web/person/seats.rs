//! What would have to go to free each of a person's seats: which groups to leave and which roles to revoke, what stands in
//! the way of it, and what else would be lost.

use directory::{AccountRow, Freeing, Ordinal, Role, Snapshot};
use maud::{Markup, html};

use crate::web::groups::name;
use crate::web::ui::address::Address;
use crate::web::ui::words;

/// The section's content; nothing where no seat is taken.
pub(super) fn freeing(row: &AccountRow<'_>, snapshot: &Snapshot) -> Markup {
    let seats: Vec<(Ordinal, Freeing)> = (0..snapshot.resources().len() as Ordinal)
        .filter_map(|resource| Some((resource, snapshot.freeing(row.ordinal, resource)?)))
        .collect();
    if seats.is_empty() {
        return html! { p.hint { "No seat is taken." } };
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label="To free a seat" {
            table {
                thead { tr {
                    th scope="col" { "Seat" } th scope="col" { "All of this would have to go" } th scope="col" { "Lost beside it" }
                } }
                tbody { @for (resource, freeing) in &seats { tr {
                    th scope="row" { (place(*resource, snapshot)) }
                    td.long.ways { (going(freeing, snapshot)) }
                    td.long.ways { (lost(freeing, snapshot)) }
                } } }
            }
        }
        p.hint { "Suspending or removing the person frees every seat. Nothing is changed from here." }
    }
}

fn place(resource: Ordinal, snapshot: &Snapshot) -> Markup {
    match snapshot.resources().get(resource as usize) {
        Some(named) => html! { bdi { (named.id.app_name()) } " · " bdi { (named.site_name()) } },
        None => html! { "not known" },
    }
}

fn going(freeing: &Freeing, snapshot: &Snapshot) -> Markup {
    let role = |role: &Role| html! { bdi { (words::role(role)) } };
    html! {
        @for group in &freeing.groups { @if let Some(row) = snapshot.group_row(*group) {
            div {
                "Leave " a.name href=(Address::group(row.id.as_str())) { bdi { (name(row)) } }
                @if let Some(why) = obstacle(*group, snapshot) { " " span.tag.warn { (why) } }
            }
        } }
        @for direct in &freeing.direct { div { "Revoke the direct role " (role(&direct.role)) } }
        @for inferred in &freeing.inferred {
            div { "The role " (role(&inferred.role)) " " span.sub { "is inferred by Atlassian from another role, and goes with that" } }
        }
    }
}

/// Why a person cannot simply be taken out of a group.
fn obstacle(group: Ordinal, snapshot: &Snapshot) -> Option<&'static str> {
    let known = snapshot.group_row(group)?.group.as_ref()?;
    if snapshot.is_protected_group(group) {
        Some("protected")
    } else if known.is_synced() {
        Some("filled by an identity provider")
    } else if known.modifiable == Some(false) {
        Some("Atlassian refuses changes")
    } else {
        None
    }
}

fn lost(freeing: &Freeing, snapshot: &Snapshot) -> Markup {
    let elsewhere = freeing.groups.iter().any(|group| snapshot.grants_elsewhere(*group));
    html! {
        @for (resource, role) in &freeing.lost {
            div { (place(*resource, snapshot)) " " span.sub { (words::role(role)) } }
        }
        @if elsewhere { div { span.sub { "and what these groups grant on sites that are left out" } } }
        @if freeing.lost.is_empty() && !elsewhere { span.sub { "nothing" } }
    }
}
