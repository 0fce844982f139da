//! *Who is admin of what*: administrative roles over the organization, then administrators of each app, with the way in
//! which they are it. A report that changes nothing; organization admins are never acted on by anything.

use std::collections::BTreeMap;

use directory::{Ordinal, PlatformRole, Role, Snapshot};
use maud::{Markup, html};
use roaring::RoaringBitmap;

use crate::web::operations::words;
use crate::web::people;
use crate::web::ui::address::Address;
use crate::web::ui::amount::number;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::empty;
use crate::web::ui::person::{display_name, last_active, status_tag, who};
use crate::web::ui::words as names;
use crate::web::visit::Visit;

/// The page's address.
pub(crate) const HERE: &str = "/people/administrators";

/// People of one role who are shown; the rest stands behind the filter.
const SHOWN: usize = 100;

/// GET /people/administrators
pub(crate) async fn show(visit: Visit) -> Page {
    let snapshot = &visit.snapshot;
    let roles = by_role(snapshot);
    let apps = by_app(snapshot);
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(people::HERE) { "User Browser" } }
        div.headline { h1 { "Who is admin of what" } }
        p.lead { "Administrative roles over the organization, then the admins of each app. Organization admins are never acted on by Rollcall." }
        section aria-labelledby="roles" {
            h2 id="roles" { "Over the organization" }
            @if roles.is_empty() {
                (empty("Nobody has an administrative role.", html! { p { "Or the roles were not read: an organization API key without scopes is needed." } }))
            }
            @for (role, holders) in &roles { (holding(role, holders, &visit)) }
        }
        section aria-labelledby="apps" {
            h2 id="apps" { "Of apps" }
            @if apps.is_empty() { (empty("No app has an admin.", html! { p { "No group grants the role, and none was given directly." } })) }
            @else { (administered(&apps, snapshot)) }
        }
    };
    Page::framed(&visit.frame("Who is admin of what", Place::UserBrowser), content)
}

/// Whoever is there and holds each administrative role, the most powerful role first.
fn by_role(snapshot: &Snapshot) -> Vec<(PlatformRole, RoaringBitmap)> {
    let present = snapshot.present();
    let mut known: Vec<PlatformRole> = snapshot.platform_roles().cloned().collect();
    let rank = |role: &PlatformRole| match role {
        PlatformRole::OrganizationAdmin => 0,
        PlatformRole::SiteAdmin => 1,
        PlatformRole::UserAccessAdmin => 2,
        _ => 3,
    };
    known.sort_by_key(|role| (rank(role), role.as_str().to_owned()));
    let held = known.into_iter().map(|role| (role.clone(), snapshot.with_role(&role) & &present));
    held.filter(|(_, holders)| !holders.is_empty()).collect()
}

/// One administrator of an app, with the groups that make them one; nobody's group when the role is their own.
type Ways = BTreeMap<Ordinal, Vec<Option<Ordinal>>>;

/// The administrators of each app that is not left out, by the name of the app.
fn by_app(snapshot: &Snapshot) -> Vec<(Ordinal, Ways)> {
    let present = snapshot.present();
    let mut apps: BTreeMap<Ordinal, Ways> = BTreeMap::new();
    let mut add = |app: Ordinal, account: Ordinal, by: Option<Ordinal>| {
        if present.contains(account) && !snapshot.is_left_out(app) {
            apps.entry(app).or_default().entry(account).or_default().push(by);
        }
    };
    for group in snapshot.groups_by_name().iter() {
        for grant in snapshot.grants(group).iter().filter(|grant| grant.role == Role::Admin) {
            snapshot.memberships().members(group).iter().for_each(|account| add(grant.resource, account, Some(group)));
        }
    }
    for account in &present {
        for direct in snapshot.direct_roles(account).iter().filter(|direct| direct.role == Role::Admin) {
            add(direct.resource, account, None);
        }
    }
    let mut apps: Vec<(Ordinal, Ways)> = apps.into_iter().collect();
    apps.sort_by_cached_key(|(app, _)| words::app(*app, snapshot));
    apps
}

fn holding(role: &PlatformRole, holders: &RoaringBitmap, visit: &Visit) -> Markup {
    let snapshot = &visit.snapshot;
    let filter = format!("platformRole = {}", filter::quote(role.as_str()));
    let id = format!("role-{}", role.as_str());
    html! {
        h3 id=(id) { bdi { (names::platform_role(role)) } " "
            a.num href=(Address::new(people::HERE).with("q", &filter)) { (number(holders.len())) } }
        div.scroll tabindex="0" role="region" aria-labelledby=(id) {
            table {
                thead { tr { th scope="col" { "Person" } th scope="col" { "Status" } th.num scope="col" { "Last active" } } }
                tbody { @for row in holders.iter().take(SHOWN).filter_map(|account| snapshot.account_row(account)) { tr {
                    td { (who(&row)) } td { (status_tag(&row)) } td.num { (last_active(snapshot, row.ordinal, &visit.reader)) }
                } } }
            }
        }
        @if holders.len() as usize > SHOWN { p.hint { "And " (number(holders.len() - SHOWN as u64)) " more: follow the number." } }
    }
}

fn administered(apps: &[(Ordinal, Ways)], snapshot: &Snapshot) -> Markup {
    let way = |by: &Option<Ordinal>| match by.and_then(|group| snapshot.group_row(group)) {
        Some(row) => html! { a href=(Address::group(row.id.as_str())) { bdi { (crate::web::groups::name(row)) } } },
        None => html! { "a role of their own" },
    };
    html! {
        div.scroll tabindex="0" role="region" aria-label="Admins of apps" {
            table {
                thead { tr { th scope="col" { "App" } th scope="col" { "Admin" } th scope="col" { "By" } th scope="col" { "Status" } } }
                tbody {
                    @for (app, ways) in apps {
                        @for (row, by) in ways.iter().take(SHOWN).filter_map(|(account, by)| Some((snapshot.account_row(*account)?, by))) { tr {
                            td { bdi { (words::app(*app, snapshot)) } }
                            td.long { a href=(Address::person(row.id)) { bdi { (display_name(&row)) } } }
                            td.long { @for (place, one) in by.iter().enumerate() { @if place > 0 { ", " } (way(one)) } }
                            td { (status_tag(&row)) }
                        } }
                        @if ways.len() > SHOWN { tr { td colspan="4" { (words::app(*app, snapshot)) ": and " (number((ways.len() - SHOWN) as u64)) " more admins" } } }
                    }
                }
            }
        }
    }
}
