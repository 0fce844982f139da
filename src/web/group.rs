//! A group: what it grants, who manages it, and its members, paged.

use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use directory::{GroupRow, Ordinal, Snapshot};
use maud::{Markup, html};

use crate::web::failure::Failure;
use crate::web::groups::{managed_by, name};
use crate::web::members;
use crate::web::people::Ask;
use crate::web::ui::address::Address;
use crate::web::ui::amount::number;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::{Weight, empty, notice};
use crate::web::ui::words;
use crate::web::visit::Visit;

/// GET /groups/{id}
pub(crate) async fn show(visit: Visit, Path(id): Path<String>, Query(ask): Query<Ask>) -> Result<Response, Failure> {
    let snapshot = &visit.snapshot;
    let group = snapshot.group(&id).and_then(|group| Some((group, snapshot.group_row(group)?)));
    let Some((group, row)) = group else {
        return Err(Failure::NotFound("Rollcall has not seen a group with this id."));
    };
    let state = visit.state().await?;
    let notices = state.notices(snapshot, &visit.reader);
    let content = content((group, row), &ask, snapshot, (&visit.reader, notices));
    Ok(Page::framed(&visit.frame(name(row), Place::Groups), content).into_response())
}

fn content(
    (group, row): (Ordinal, &GroupRow),
    ask: &Ask,
    snapshot: &Snapshot,
    (reader, notices): (&Reader, Markup),
) -> Markup {
    let members = snapshot.memberships().members(group);
    let counted = row.counts.users;
    html! {
        nav.trail aria-label="Breadcrumb" { a href="/groups" { "Groups" } }
        div.headline {
            h1 { bdi { (name(row)) } }
            @if row.group.is_none() { span.tag { "Gone or not described" } }
        }
        @if let Some(description) = row.group.as_ref().and_then(|known| known.description.as_deref()) {
            @if !description.trim().is_empty() { p.lead { bdi { (description) } } }
        }
        (notices)
        @if row.group.is_none() {
            (notice(Weight::Info, "Atlassian does not list this group.", html! {
                p { "It was removed, or only a membership has named it so far. What was last known is kept." }
            }))
        }
        div.sum {
            div { b { (number(members.len())) } span { "members read" } }
            div {
                b { @match counted { Some(counted) => { (number(counted.into())) } None => "–" } }
                span { "members by Atlassian's count" }
            }
            div { b { (number(snapshot.grants(group).len() as u64)) } span { "roles granted" } }
        }
        @if let Some(counted) = counted.filter(|counted| u64::from(*counted) != members.len()) {
            (notice(Weight::Warning, "The two counts differ.", html! {
                p { "Atlassian counts " (number(counted.into())) " members, " (number(members.len())) " could be read. \
                     Atlassian's count may lag behind, or some members are not shown to this key." }
            }))
        }
        section aria-labelledby="facts" { h2 id="facts" { "Facts" } (facts((group, row), snapshot, reader)) }
        section aria-labelledby="grants" { h2 id="grants" { "Grants" } (grants(group, snapshot)) }
        section aria-labelledby="members" {
            h2 id="members" { "Members " span.num { (number(members.len())) } }
            (members::table(ask, members, &Address::group(row.id.as_str()), (snapshot, reader)))
        }
    }
}

fn facts((group, row): (Ordinal, &GroupRow), snapshot: &Snapshot, reader: &Reader) -> Markup {
    let known = row.group.as_ref();
    let flag = |flag: Option<bool>, yes: &'static str, no: &'static str| match flag {
        Some(true) => html! { (yes) },
        Some(false) => html! { (no) },
        None => html! { span.sub { "not told" } },
    };
    let directory = row.directory.and_then(|place| snapshot.directories().get(place as usize));
    let modifiable = known.and_then(|known| known.modifiable);
    let deletable = known.and_then(|known| known.deletable);
    html! {
        dl.facts {
            div { dt { "Group id" } dd { code { bdi { (row.id.as_str()) } } } }
            div { dt { "Managed by" } dd { (managed_by(row)) } }
            div { dt { "Members can be changed" } dd { (flag(modifiable, "Yes", "No, Atlassian refuses it")) } }
            div { dt { "Can be deleted" } dd { (flag(deletable, "Yes", "No")) } }
            div { dt { "Read" } dd { @match snapshot.group_read_at(group) {
                Some(at) => { (reader.relative(at)) }
                None => span.sub { "not yet" }
            } } }
            div { dt { "Directory" } dd {
                @match directory {
                    Some(directory) => { bdi { (directory.name) } }
                    None => { span.sub { "not told" } }
                }
            } }
        }
    }
}

fn grants(group: Ordinal, snapshot: &Snapshot) -> Markup {
    let grants = snapshot.grants(group);
    if grants.is_empty() {
        return empty("It grants nothing.", html! { p { "Being a member gives no role on any app." } });
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label="Grants" {
            table {
                thead { tr { th scope="col" { "App" } th scope="col" { "Site" } th scope="col" { "Role" } th scope="col" { "Default group" } } }
                tbody { @for grant in grants { @if let Some(resource) = snapshot.resources().get(grant.resource as usize) {
                    tr {
                        td { bdi { (resource.id.app_name()) } }
                        td { bdi { (resource.site_name()) } }
                        td { bdi { (words::role(&grant.role)) } }
                        td { (if grant.default { "Yes, new users land here" } else { "No" }) }
                    }
                } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::acme::{acme, reader};

    #[test]
    fn a_group_shows_both_counts_its_grants_and_its_members() {
        let snapshot = acme();
        let group = snapshot.group("g-hostile").unwrap();
        let row = snapshot.group_row(group).unwrap();
        let page = content((group, row), &Ask::default(), &snapshot, (&reader(), html! {})).0;
        assert!(
            page.contains("The two counts differ.") && page.contains("Atlassian counts 9 members, 1 could be read")
        );
        assert!(page.contains("It grants nothing.") && !page.contains("<script>"));
        let group = snapshot.group("g-jira").unwrap();
        let page =
            content((group, snapshot.group_row(group).unwrap()), &Ask::default(), &snapshot, (&reader(), html! {})).0;
        assert!(page.contains("Yes, new users land here") && page.contains("/people/acc-ines"));
    }
}
