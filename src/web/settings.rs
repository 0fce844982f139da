//! *Settings*: one page with every section in its order, each with one line on what it affects and who last changed it;
//! the sections themselves stand at their own addresses, each with its own Save.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::contacts::syncing;
use crate::mirror::app_access;
use crate::store::{organization_keys, protected, seat_prices, site_credentials};
use crate::sync::{edition, guards, inactivity, left_out, schedule};
use crate::web::failure::Failure;
use crate::web::ui::frame::{Page, Place};
use crate::web::visit::Visit;
use crate::web::{
    bundle, contacts, performance, settings_access, settings_actions, settings_dashboard, settings_edition,
    settings_guards, settings_key, settings_left_out, settings_notifications, settings_prices, settings_protected,
    settings_sites, settings_statistics, settings_sync, settings_tokens, settings_yours,
};

/// The page's address.
pub(crate) const HERE: &str = "/settings";

/// A section of Settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its address.
    pub(crate) address: &'static str,
    /// What it affects.
    pub(crate) affects: &'static str,
    /// The section that it is a part of.
    pub(crate) part_of: Option<&'static str>,
}

const fn section(name: &'static str, address: &'static str, affects: &'static str) -> Section {
    Section { name, address, affects, part_of: None }
}

/// Every section, in the order of the page.
pub(crate) const SECTIONS: &[Section] = &[
    section(
        "Organization API Key",
        settings_key::HERE,
        "With this key Rollcall reads the organization. Without one that holds, no sync can start.",
    ),
    section(
        "Dashboard",
        settings_dashboard::HERE,
        "User Inactivity Threshold: what the dashboard counts as inactive. It changes the dashboard only.",
    ),
    section("App Access Control", settings_access::HERE, "Who may enter Rollcall, and who can be invited."),
    section(
        "User Data Synchronization",
        settings_sync::HERE,
        "When and what Rollcall reads by itself, and what it reads now: Daily Sync Schedule, Manual Sync.",
    ),
    Section {
        part_of: Some("User Data Synchronization"),
        ..section(
            "Statistics",
            settings_statistics::HERE,
            "How much is known, beside what Atlassian counts. It changes nothing.",
        )
    },
    section("Guards and protected people", settings_guards::HERE, "From how many rows on a change waits for a person."),
    Section {
        part_of: Some("Guards and protected people"),
        ..section(
            "Protected people and groups",
            settings_protected::HERE,
            "Whom nothing of Rollcall may touch, who said so, and why.",
        )
    },
    section(
        "Actions",
        settings_actions::HERE,
        "Whether anything may be changed at Atlassian, whose the key is, and how much one operation may change.",
    ),
    section(
        "Seat prices",
        settings_prices::HERE,
        "What the dashboard shows as cost, as an estimate. They change nothing else.",
    ),
    section(
        "Notifications",
        settings_notifications::HERE,
        "What is told by mail and webhooks, to whom; Atlassian Automation Integration.",
    ),
    section(
        "Sites to leave out",
        settings_left_out::HERE,
        "Access, seats and activity there are neither counted nor shown. Their people stay.",
    ),
    section(
        "Contacts",
        contacts::settings::HERE,
        "Jira User Syncing: whether Jira users and customers are contacts, and which. Fields of contacts and companies.",
    ),
    section("Sites", settings_sites::HERE, "Tokens with which the customers of a site's service desks are read."),
    section(
        "Access tokens",
        settings_tokens::HERE,
        "With these programs ask Rollcall's API, each for one administrator.",
    ),
    section(
        "Edition",
        settings_edition::HERE,
        "How many people Rollcall may manage. Above that, after a grace period, operations and tasks are refused.",
    ),
    section("Performance", performance::HERE, "How long syncs and pages take, and why. It changes nothing."),
    section(
        "Support bundle",
        bundle::HERE,
        "A file for somebody who helps, without names and secrets. It changes nothing.",
    ),
    section("Your settings", settings_yours::HERE, "Your time zone and date format. It changes only what you see."),
];

/// Sections with who last changed each, and when; `None` for nobody yet. Of the others nobody keeps it, or there is
/// nothing to change.
type Changed = Vec<(&'static str, Option<(String, Timestamp)>)>;

/// GET /settings
pub(crate) async fn show(visit: Visit) -> Result<Page, Failure> {
    let changed = visit.mirror.store().read(|tx| {
        let key = organization_keys::shown(tx)?.map(|key| (key.entered_by, key.entered_at));
        let last = |rows: Vec<(String, Timestamp)>| rows.into_iter().max_by_key(|(_, at)| *at);
        let priced = seat_prices::all(tx)?.0.into_iter().map(|price| (price.changed_by, price.changed_at));
        let protected = protected::all(tx)?.0.into_iter().map(|one| (one.added_by, one.added_at));
        let sites = site_credentials::in_use(tx)?.into_iter().map(|one| (one.entered_by, one.entered_at));
        let chosen = vec![
            (settings_key::HERE, key),
            (settings_dashboard::HERE, inactivity::read(tx)?.chosen),
            (settings_access::HERE, app_access::read(tx)?.chosen),
            (settings_sync::HERE, schedule::read(tx)?.chosen),
            (settings_guards::HERE, guards::read(tx)?.chosen),
            (settings_prices::HERE, last(priced.collect())),
            (settings_protected::HERE, last(protected.collect())),
            (settings_left_out::HERE, left_out::read(tx)?.chosen),
            (settings_sites::HERE, last(sites.collect())),
            (settings_edition::HERE, edition::read(tx)?.chosen),
            (contacts::settings::HERE, syncing::chosen(tx)?),
        ];
        Ok(chosen)
    });
    let changed: Changed = changed.await?;
    Ok(Page::framed(
        &visit.frame("Settings", Place::Settings),
        html! {
            div.headline { h1 { "Settings" } }
            p.lead { "Everything here is about " bdi { (visit.mirror.organization().name) } ". Each section saves on its own." }
            div.scroll tabindex="0" role="region" aria-label="Sections" {
                table.settings {
                    thead { tr { th scope="col" { "Section" } th scope="col" { "What it affects" } th scope="col" { "Last changed" } } }
                    tbody { @for section in SECTIONS { (row(section, &changed, &visit)) } }
                }
            }
        },
    ))
}

fn row(section: &Section, changed: &Changed, visit: &Visit) -> Markup {
    let last = changed.iter().find(|(place, _)| *place == section.address);
    html! {
        tr {
            th scope="row" {
                a.name href=(section.address) { (section.name) }
                @if let Some(whole) = section.part_of { " " span.sub { "in " (whole) } }
            }
            td { (section.affects) }
            td { @match last {
                Some((_, Some((who, at)))) => { (visit.reader.relative(*at)) " by " bdi { (who) } }
                Some((_, None)) => { span.sub { "by nobody yet" } }
                None => {}
            } }
        }
    }
}

/// The sections as a strip above each of them.
pub(crate) fn strip(here: &str) -> Markup {
    html! {
        nav.trail aria-label="Breadcrumb" { a href=(HERE) { "Settings" } }
        nav.chips aria-label="Sections of Settings" {
            @for section in SECTIONS {
                a href=(section.address) aria-current=[(section.address == here).then_some("true")] { (section.name) }
            }
        }
    }
}
