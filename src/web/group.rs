//! A group: what it grants, who manages it, and its members, paged.

mod growth;
mod history;

use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use directory::{GroupRow, Ordinal, ResourceId, Snapshot};
use maud::{Markup, html};
use roaring::RoaringBitmap;
use serde::Deserialize;

use crate::nouns::protection::{Protectee, Protection};
use crate::store::group_timeline::{self, GroupTimeline};
use crate::store::protected;
use crate::web::failure::Failure;
use crate::web::groups::{compare, make, managed_by, name};
use crate::web::members;
use crate::web::operations::theirs;
use crate::web::people::Ask;
use crate::web::settings_protected;
use crate::web::ui::address::Address;
use crate::web::ui::amount::{counted, number};
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::{Weight, empty, notice};
use crate::web::ui::{outside, words};
use crate::web::visit::Visit;

/// Which of the members are asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Which {
    /// A resource: only those for whom the group is the only path to it.
    only: String,
}

/// What the snapshot does not hold about a group.
#[derive(Default)]
struct About<'a> {
    /// The organization's id at Atlassian.
    organization: &'a str,
    timeline: GroupTimeline,
    protection: Option<Protection>,
}

/// GET /groups/{id}
pub(crate) async fn show(
    visit: Visit,
    Path(id): Path<String>,
    Query(ask): Query<Ask>,
    Query(which): Query<Which>,
) -> Result<Response, Failure> {
    let snapshot = &visit.snapshot;
    let group = snapshot.group(&id).and_then(|group| Some((group, snapshot.group_row(group)?)));
    let Some((group, row)) = group else {
        return Err(Failure::NotFound("Rollcall has not seen a group with this id."));
    };
    let state = visit.state().await?;
    let notices = state.notices(snapshot, &visit.reader);
    let (generation, of) = (snapshot.generation(), Protectee::Group(row.id.clone()));
    let read = visit
        .mirror
        .store()
        .read(move |tx| Ok((group_timeline::of(tx, group, generation)?, protected::all(tx)?.of(&of).cloned())));
    let (timeline, protection) = read.await?;
    let about = About { organization: &visit.mirror.organization().atlassian_id, timeline, protection };
    let content = content((group, row), (&ask, &which), (snapshot, &visit.reader), (&about, notices));
    Ok(Page::framed(&visit.frame(name(row), Place::Groups), content).into_response())
}

fn content(
    (group, row): (Ordinal, &GroupRow),
    (ask, which): (&Ask, &Which),
    (snapshot, reader): (&Snapshot, &Reader),
    (about, notices): (&About<'_>, Markup),
) -> Markup {
    let members = snapshot.memberships().members(group);
    let counted = row.counts.users;
    html! {
        nav.trail aria-label="Breadcrumb" { a href="/groups" { "Groups" } }
        div.headline {
            h1 { bdi { (name(row)) } }
            @if row.group.is_none() { span.tag { "Gone or not described" } }
            @if about.protection.is_some() { (settings_protected::mark()) }
            span.grow {}
            (theirs::on_members(row.id.as_str()))
            (compare::with(row.id.as_str()))
            @if row.group.is_some() { (make::ways(row.id.as_str())) }
            (outside::group_in_admin(about.organization, row.id.as_str()))
        }
        @if let Some(description) = row.group.as_ref().and_then(|known| known.description.as_deref()) {
            @if !description.trim().is_empty() { p.lead { bdi { (description) } } }
        }
        (notices)
        @if let Some(protection) = &about.protection { (settings_protected::told(protection, reader)) }
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
            div { b { (number(snapshot.grants(group).len() as u64)) } span { (if snapshot.grants(group).len() == 1 { "role granted" } else { "roles granted" }) } }
        }
        @if let Some(counted) = counted.filter(|counted| u64::from(*counted) != members.len()) {
            (notice(Weight::Warning, "The two counts differ.", html! {
                p { "Atlassian counts " (number(counted.into())) " members, " (number(members.len())) " could be read. \
                     Atlassian's count may lag behind, or some members are not shown to this key." }
            }))
        }
        section aria-labelledby="facts" { h2 id="facts" { "Facts" } (facts((group, row), snapshot, reader)) }
        section aria-labelledby="grants" { h2 id="grants" { "Grants" } (grants((group, row), snapshot)) }
        section aria-labelledby="growth" {
            h2 id="growth" { "Growth" }
            (growth::growth(&about.timeline, members.len(), reader))
        }
        section aria-labelledby="members" { (listed((group, row), (ask, which), (snapshot, reader))) }
        section aria-labelledby="history" {
            h2 id="history" { "History" }
            (history::history(&about.timeline, snapshot, reader))
        }
    }
}

/// The members, or those of them for whom the group is the only path to one app.
fn listed(
    (group, row): (Ordinal, &GroupRow),
    (ask, which): (&Ask, &Which),
    (snapshot, reader): (&Snapshot, &Reader),
) -> Markup {
    let members = snapshot.memberships().members(group);
    let here = Address::group(row.id.as_str());
    let resource = ResourceId::new(&which.only).ok().and_then(|id| snapshot.resource(&id));
    let only = resource.and_then(|resource| {
        let alone = snapshot.only_path(group).into_iter().find(|(other, _)| *other == resource)?.1;
        Some((snapshot.resources().get(resource as usize)?, alone))
    });
    html! {
        @match only {
            Some((named, alone)) => {
                h2 id="members" { "Members without another way to " bdi { (named.id.app_name()) } " on " bdi { (named.site_name()) } " " span.num { (number(alone.len())) } }
                p { a href=(here) { "Show all " (number(members.len())) " members" } }
                (members::table(ask, &alone, &here.clone().with("only", &which.only), (snapshot, reader)))
            }
            None => {
                h2 id="members" { "Members " span.num { (number(members.len())) } }
                (members::table(ask, members, &here, (snapshot, reader)))
            }
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
            div { dt { "First seen" } dd { @match snapshot.group_first_seen(group) {
                Some(at) => { (reader.day_and_age(at)) }
                None => span.sub { "not kept" }
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

fn grants((group, row): (Ordinal, &GroupRow), snapshot: &Snapshot) -> Markup {
    let grants = snapshot.grants(group);
    let elsewhere = snapshot.grants_elsewhere(group);
    if grants.is_empty() {
        return match (elsewhere, row.counts.resources) {
            (true, _) => empty(
                "It grants roles on sites that are left out.",
                html! { p { "Leaving or deleting the group would take them away all the same." } },
            ),
            (false, Some(told)) if told > 0 => empty(
                "What it grants is not known.",
                html! { p { "Atlassian counts " (counted(told.into(), "app", "apps")) " that it grants a role on, but told none of them." } },
            ),
            _ => empty("It grants nothing.", html! { p { "Being a member gives no role on any app." } }),
        };
    }
    let alone = snapshot.only_path(group);
    html! {
        div.scroll tabindex="0" role="region" aria-label="Grants" {
            table {
                thead { tr {
                    th scope="col" { "App" } th scope="col" { "Site" } th scope="col" { "Role" }
                    th.hide-s scope="col" { "Default group" } th.num scope="col" { "Only path for" }
                } }
                tbody { @for grant in grants { @if let Some(resource) = snapshot.resources().get(grant.resource as usize) {
                    @let only = alone.iter().find(|(other, _)| *other == grant.resource).map(|(_, people)| people.clone());
                    tr {
                        td { bdi { (resource.id.app_name()) } }
                        td { bdi { (resource.site_name()) } }
                        td { bdi { (words::role(&grant.role)) } }
                        td.hide-s { (if grant.default { "Yes, new users land here" } else { "No" }) }
                        td.num { (only_path(only.unwrap_or_default(), row, resource.id.as_str())) }
                    }
                } } }
            }
        }
        @if elsewhere { p.hint { "It grants more on sites that are left out." } }
        p.hint { "Only path: members who have no other group and no direct role for that app on that site. They would lose it with the group." }
    }
}

fn only_path(people: RoaringBitmap, row: &GroupRow, resource: &str) -> Markup {
    html! {
        @if people.is_empty() { span.sub { "nobody" } } @else {
            a.figure href=(Address::group(row.id.as_str()).with("only", resource)) { (counted(people.len(), "member", "members")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::acme::{acme, reader};

    fn page(id: &str, which: &Which) -> String {
        let snapshot = acme();
        let group = snapshot.group(id).unwrap();
        let row = snapshot.group_row(group).unwrap();
        let about = About { organization: "org/1", ..About::default() };
        content((group, row), (&Ask::default(), which), (&snapshot, &reader()), (&about, html! {})).0
    }

    #[test]
    fn a_group_shows_both_counts_its_grants_and_its_members() {
        let hostile = page("g-hostile", &Which::default());
        assert!(
            hostile.contains("The two counts differ.")
                && hostile.contains("Atlassian counts 9 members, 1 could be read")
        );
        assert!(hostile.contains("What it grants is not known.") && !hostile.contains("<script>"));
        let jira = page("g-jira", &Which::default());
        assert!(jira.contains("Yes, new users land here") && jira.contains("/people/acc-ines"));
        assert!(jira.contains("https://admin.atlassian.com/o/org%2F1/groups/g-jira"), "{jira}");
    }

    #[test]
    fn for_whom_it_is_the_only_path_is_counted_and_listed() {
        let jira = page("g-jira", &Which::default());
        assert!(jira.contains("only=ari%3Acloud%3Ajira-software%3A%3Asite%2Facme-cloud\">3 members"), "{jira}");
        let only = Which { only: "ari:cloud:jira-software::site/acme-cloud".to_owned() };
        let listed = page("g-jira", &only);
        assert!(listed.contains("Members without another way to <bdi>Jira</bdi> on <bdi>acme</bdi>"), "{listed}");
        assert!(page("g-jira", &Which { only: "nonsense".to_owned() }).contains("id=\"members\">Members <"));
    }
}
