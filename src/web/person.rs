//! A person: everything that is known, and by which way each access came about.

mod history;
pub(crate) mod raw;
mod seats;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use directory::{Access, AccountRow, Claimed, Management, Ordinal, PlatformRole, Snapshot};
use jiff::Timestamp;
use maud::{Markup, html};

use crate::mirror::answer::answer;
use crate::nouns::protection::{Protectee, Protection};
use crate::store::protected;
use crate::store::timeline::{self, Timeline};
use crate::web::Served;
use crate::web::audit;
use crate::web::failure::Failure;
use crate::web::groups::granted;
use crate::web::operations::theirs;
use crate::web::people::compare;
use crate::web::personal;
use crate::web::settings_protected;
use crate::web::ui::address::Address;
use crate::web::ui::amount::counted;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::{Weight, empty, notice};
use crate::web::ui::{outside, person, words};
use crate::web::visit::Visit;

/// More groups than this are counted, not listed.
const GROUPS_LISTED: usize = 500;

/// What the snapshot does not hold about a person.
struct About<'a> {
    /// The organization's id at Atlassian.
    organization: &'a str,
    timeline: &'a Timeline,
    /// Who protected the person, when and why.
    protection: Option<&'a Protection>,
    /// What operations did to the person.
    operations: Markup,
}

/// GET /people/{id}
pub(crate) async fn show(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let snapshot = &visit.snapshot;
    let Some(row) = snapshot.account(&id).and_then(|account| snapshot.account_row(account)) else {
        return Err(Failure::NotFound("Rollcall has not seen a person with this account id."));
    };
    let state = visit.state().await?;
    let notices = state.notices(snapshot, &visit.reader);
    let (account, generation) = (row.ordinal, snapshot.generation());
    let read = visit.mirror.store().read(move |tx| Ok((timeline::of(tx, account, generation)?, protected::all(tx)?)));
    let (timeline, protections) = read.await?;
    let operations = theirs::list(&theirs::of(&visit, account).await?, row.id, &visit);
    let notices = html! { (notices) (theirs::lent(&visit, account).await?) };
    let about = About {
        operations,
        organization: &visit.mirror.organization().atlassian_id,
        timeline: &timeline,
        protection: Protectee::parse("person", row.id).and_then(|of| protections.of(&of)),
    };
    let content = html! {
        (content(&row, snapshot, &visit.reader, (&about, notices)))
        (audit::event::of_person(&served, &visit, row.id).await?)
    };
    let frame = visit.frame(person::display_name(&row), Place::UserBrowser);
    Ok(Page::framed(&frame, content).into_response())
}

fn content(
    row: &AccountRow<'_>,
    snapshot: &Snapshot,
    reader: &Reader,
    (about, notices): (&About<'_>, Markup),
) -> Markup {
    html! {
        nav.trail aria-label="Breadcrumb" { a href="/people" { "User Browser" } }
        div.headline.person {
            span.av.large aria-hidden="true" { (person::initials(person::display_name(row))) }
            div {
                h1 { bdi { (person::display_name(row)) } }
                span.sub { @match row.email {
                    Some(email) => { bdi { (email) } }
                    None => "e-mail not shown by Atlassian"
                } }
            }
            (person::status_tag(row))
            span.grow {}
            (theirs::on_person(row.id))
            (compare::with(row.id))
            @if about.protection.is_some() { (settings_protected::mark()) }
            (outside::person_in_jira(snapshot, row.id, &resources(row.ordinal, snapshot)))
            (outside::person_in_admin(about.organization, row.id))
        }
        (notices)
        @if let Some(protection) = about.protection { (settings_protected::told(protection, reader)) }
        @if row.presence.is_none() {
            (notice(Weight::Info, "A former person.", html! {
                p { "This account is in no directory of the organization any more. What was last known is kept." }
            }))
        }
        section aria-labelledby="profile" {
            h2 id="profile" { "Profile" }
            (facts(row, snapshot, reader))
        }
        section aria-labelledby="access" {
            h2 id="access" { "Apps" }
            (access(row, snapshot, reader))
        }
        section aria-labelledby="freeing" {
            h2 id="freeing" { "To free a seat" }
            (seats::freeing(row, snapshot))
        }
        section aria-labelledby="groups" {
            h2 id="groups" { "Groups " span.num { (snapshot.memberships().of(row.ordinal).len()) } }
            (groups(row.ordinal, snapshot))
        }
        section aria-labelledby="operations" {
            h2 id="operations" { "Operations" }
            (about.operations)
        }
        section aria-labelledby="history" {
            h2 id="history" { "History" }
            (history::history(about.timeline, snapshot, reader))
        }
        section aria-labelledby="raw" {
            h2 id="raw" { "Raw data" }
            p.hint { "What Atlassian itself says of this person, read at the moment you ask. Nothing of it is stored." }
            (raw::again(row.id, "Read from Atlassian"))
        }
        section aria-labelledby="personal-data" {
            h2 id="personal-data" { "Personal data" }
            p.hint { "Everything that is kept about this person as a file, and its erasure." }
            p { a.button href=(personal::address(row.id)) { "Personal data" } }
        }
    }
}

fn facts(row: &AccountRow<'_>, snapshot: &Snapshot, reader: &Reader) -> Markup {
    let unknown = || html! { span.sub { "not told" } };
    let text = |text: Option<&str>| text.map_or_else(unknown, |text| html! { bdi { (text) } });
    let flag = |flag: Option<bool>| flag.map_or_else(unknown, |yes| html! { (if yes { "Yes" } else { "No" }) });
    let roles = snapshot.roles_of(row.ordinal);
    let status = row.presence.map(|presence| presence.status.as_ref());
    let facts = [
        ("Account id", html! { code { bdi { (row.id) } } }),
        (
            "Status",
            match status {
                None => html! { "Former" },
                Some(None) => unknown(),
                Some(Some(status)) => {
                    html! { bdi { (person::status_word(status)) } " " span.sub { "the best over all directories" } }
                }
            },
        ),
        ("Membership status", text(row.presence.and_then(|best| best.membership.as_ref()).map(|word| word.as_str()))),
        ("Account status", text(row.account_status.map(|status| status.as_str()))),
        ("Kind of account", text(row.account_type.map(|kind| kind.as_str()))),
        ("Managed by the organization", managed(row)),
        ("E-mail verified", flag(row.email_verified)),
        ("Two-step verification", flag(row.mfa_enabled)),
        ("Job title", text(row.job_title)),
        ("Department", text(row.department)),
        ("Added", row.added_at.map_or_else(unknown, |at| reader.day_and_age(at))),
        ("Never signed in", never_signed_in(row.ordinal, snapshot, reader)),
        ("Service account", service_account(row.ordinal, snapshot, reader)),
        ("Last active in any app", person::last_active(snapshot, row.ordinal, reader)),
        ("Administrative roles", administrative(&roles)),
        ("Read", snapshot.account_read_at(row.ordinal).map_or_else(unknown, |at| reader.relative(at))),
    ];
    html! {
        dl.facts {
            @for (name, value) in facts { div { dt { (name) } dd { (value) } } }
            @for (place, directory) in snapshot.directories().iter().enumerate() {
                @if let Some(presence) = snapshot.presence(place as Ordinal, row.ordinal) {
                    div {
                        dt {
                            @if directory.id.as_str() == directory::OUTSIDE { "Outside all directories" }
                            @else { "Directory " bdi { (directory.name) } }
                        }
                        dd {
                            @match &presence.status {
                                Some(status) => { bdi { (person::status_word(status)) } }
                                None => { "status not told" }
                            }
                            @if let Some(membership) = &presence.membership {
                                " " span.sub { "membership status " bdi { (membership.as_str()) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What the filter language derives of one person: yes, no, or that it cannot be told.
fn derived(question: &str, account: Ordinal, snapshot: &Snapshot, reader: &Reader) -> Option<bool> {
    let found = answer(snapshot, question, (reader.now, &reader.zone)).found;
    let known = found.asked.contains(account) && !found.unknown.contains(account);
    known.then(|| found.matching.contains(account))
}

fn never_signed_in(account: Ordinal, snapshot: &Snapshot, reader: &Reader) -> Markup {
    match derived("neverSignedIn = yes", account, snapshot, reader) {
        Some(true) => html! { "Yes " span.sub { "derived: in a directory, address not verified, no activity" } },
        Some(false) => html! { "No " span.sub { "derived" } },
        None => html! { span.sub { "cannot be told" } },
    }
}

fn service_account(account: Ordinal, snapshot: &Snapshot, reader: &Reader) -> Markup {
    match derived("serviceAccount = yes", account, snapshot, reader) {
        Some(true) => html! { "Yes " span.sub { "derived: by the kind of account or its address" } },
        Some(false) => html! { "No " span.sub { "derived" } },
        None => html! { span.sub { "cannot be told" } },
    }
}

/// The resources on which somebody has any role.
fn resources(account: Ordinal, snapshot: &Snapshot) -> Vec<Ordinal> {
    snapshot.access(account).iter().map(|way| way.resource).collect()
}

fn managed(row: &AccountRow<'_>) -> Markup {
    html! {
        @match row.claimed {
            Some(Claimed::Managed) => "Yes",
            Some(Claimed::Unmanaged) => "No, an external account",
            Some(Claimed::Other(word)) => { bdi { (word) } }
            None => { span.sub { "not told" } }
        }
        @match row.management {
            Some(Management::Invited) => ", invited",
            Some(Management::Synced) => ", synced from an identity provider",
            Some(Management::Other(word)) => { ", " bdi { (word) } }
            None => {}
        }
    }
}

fn administrative(roles: &[PlatformRole]) -> Markup {
    html! {
        @if roles.is_empty() { span.sub { "none" } }
        @for role in roles { span.tag.key { bdi { (words::platform_role(role)) } } }
    }
}

fn access(row: &AccountRow<'_>, snapshot: &Snapshot, reader: &Reader) -> Markup {
    let ways = snapshot.access(row.ordinal);
    // Activity tells of apps that were used, also of some to which there is no way any more.
    let used = snapshot.activity().of(row.ordinal).iter().map(|activity| activity.resource);
    let mut resources: Vec<Ordinal> = ways.iter().map(|way| way.resource).chain(used).collect();
    resources.sort_unstable();
    resources.dedup();
    resources.sort_by_key(|resource| {
        snapshot.resources().get(*resource as usize).map(|named| (named.id.app_name(), named.site_name()))
    });
    if resources.is_empty() {
        return empty(
            "No access to any app.",
            html! { p { "No group of this person grants a role, none was given directly, and no activity was seen." } },
        );
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label="Apps" {
            table {
                thead { tr {
                    th scope="col" { "App" } th scope="col" { "Site" } th scope="col" { "Role and way" }
                    th scope="col" { "Seat" } th.num scope="col" { "Last active" }
                } }
                tbody { @for resource in resources { (access_row(row, resource, &ways, (snapshot, reader))) } }
            }
        }
    }
}

fn access_row(
    row: &AccountRow<'_>,
    resource: Ordinal,
    ways: &[Access],
    (snapshot, reader): (&Snapshot, &Reader),
) -> Markup {
    let Some(named) = snapshot.resources().get(resource as usize) else { return html! {} };
    let site = named.host_url.as_deref().filter(|url| url.starts_with("https://"));
    html! {
        tr {
            td { bdi { (named.id.app_name()) } }
            td { @match site {
                Some(url) => { a href=(url) rel="noreferrer" target="_blank" { bdi { (named.site_name()) } } }
                None => { bdi { (named.site_name()) } }
            } }
            td.ways {
                @let here: Vec<&Access> = ways.iter().filter(|way| way.resource == resource).collect();
                @if here.is_empty() { span.sub { "no role any more" } }
                @for way in here { div {
                    bdi { (words::role(&way.role)) } " "
                    span.sub {
                        @match way.group.and_then(|group| snapshot.group_row(group)) {
                            Some(group) => {
                                "as a member of " a href=(Address::group(group.id.as_str())) {
                                    bdi { (group.group.as_ref().map_or(group.id.as_str(), |known| &*known.name)) }
                                }
                                ", which grants it"
                            }
                            None => { bdi { (words::method(&way.method).to_lowercase()) } }
                        }
                    }
                } }
            }
            td { @match snapshot.seat(row.ordinal, resource) {
                Some(seat) => {
                    @if seat.is_billable() { span.tag.key { "Yes" } } @else { span.tag { "No" } }
                    " " span.sub { (words::seat(seat)) }
                }
                None => { span.tag { "No" } " " span.sub { "No role here." } }
            } }
            td.num { (active_here(row, resource, snapshot, reader)) }
        }
    }
}

fn active_here(row: &AccountRow<'_>, resource: Ordinal, snapshot: &Snapshot, reader: &Reader) -> Markup {
    let activity = snapshot.activity();
    let here = activity.of(row.ordinal).iter().find(|activity| activity.resource == resource);
    match here.and_then(|activity| Timestamp::from_microsecond(activity.at).ok()) {
        Some(at) => reader.day_and_age(at),
        None if activity.read().contains(row.ordinal) => person::never(row.added_at, reader),
        None => html! { span.tag title="Activity of this person has not been read yet" { "unknown" } },
    }
}

fn groups(account: Ordinal, snapshot: &Snapshot) -> Markup {
    let members = snapshot.memberships().of(account);
    let mut rows: Vec<_> = members.iter().filter_map(|group| Some((*group, snapshot.group_row(*group)?))).collect();
    rows.sort_by(|a, b| a.1.folded_name.cmp(&b.1.folded_name));
    if rows.is_empty() {
        return empty(
            "In no group.",
            html! { p { "Groups grant roles on apps; without one only direct roles give access." } },
        );
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label="Groups" {
            table {
                thead { tr { th scope="col" { "Group" } th scope="col" { "Grants" } th.hide-s scope="col" { "Managed by" } } }
                tbody { @for (group, row) in rows.iter().take(GROUPS_LISTED) { tr {
                    td { a href=(Address::group(row.id.as_str())) {
                        bdi { (row.group.as_ref().map_or(row.id.as_str(), |known| &*known.name)) }
                    } }
                    td.wide { (granted(*group, snapshot)) }
                    td.hide-s { (crate::web::groups::managed_by(row)) }
                } } }
            }
        }
        @if rows.len() > GROUPS_LISTED {
            p.hint { "and " (counted((rows.len() - GROUPS_LISTED) as u64, "more group", "more groups")) }
        }
    }
}

#[cfg(test)]
mod tests;
