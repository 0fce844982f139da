//! Settings, *Contacts*: *Jira User Syncing* with its preview and its scope, the fields, and who may delete many at once.
//! Each has its own Save; switching shows beforehand what follows.

use std::collections::{BTreeMap, BTreeSet};

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use directory::Snapshot;
use maud::{Markup, html};
use serde::Deserialize;

use crate::contacts::bulk;
use crate::contacts::scope::{Scope, WantedScope};
use crate::contacts::syncing::{self, Standing, Switch};
use crate::contacts::trouble::NotDone;
use crate::id::AdministratorId;
use crate::nouns::contact_run::{ContactRun, ContactRunState};
use crate::nouns::site::Site;
use crate::nouns::site_reading::SiteCoverage;
use crate::store::control::administrators;
use crate::store::{site_credentials, site_readings};
use crate::web::Served;
use crate::web::contacts::{fields, preview, run, told};
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::settings_key::sections;
use crate::web::settings_sites;
use crate::web::ui::amount::{counted, number};
use crate::web::ui::chosen::chosen;
use crate::web::ui::frame::{Frame, Motion, Page, Place};
use crate::web::ui::notice;
use crate::web::visit::Visit;

/// The section's address.
pub(crate) const HERE: &str = "/settings/contacts";
/// Where the switch is thrown.
pub(crate) const SYNCING: &str = "/settings/contacts/syncing";
/// Where the scope is chosen.
pub(crate) const SCOPE: &str = "/settings/contacts/scope";

/// Where it is chosen who may delete many at once.
pub(crate) const POWER: &str = "/settings/contacts/power";

/// The form of the switch.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Turn {
    #[serde(rename = "do")]
    verb: String,
}

/// GET /settings/contacts
pub(crate) async fn show(State(served): State<Served>, visit: Visit) -> Result<Page, Failure> {
    page(&served, &visit, None, html! {}).await
}

/// POST /settings/contacts/syncing
pub(crate) async fn turn(
    State(served): State<Served>,
    visit: Visit,
    Form(turn): Form<Turn>,
) -> Result<Response, Failure> {
    let (context, mirror, entropy) = (&visit.entered.context, &visit.mirror, &served.entropy);
    let done = match turn.verb.as_str() {
        "on" => syncing::switch_on(context, mirror, entropy).await,
        "off" => syncing::switch_off(context, mirror, entropy).await,
        "run" => syncing::run_now(context, mirror, entropy).await.map(drop),
        _ => return Err(Failure::Unreadable(StatusCode::BAD_REQUEST)),
    };
    match done {
        Ok(()) => Ok(see(HERE)),
        Err(why) => {
            let refusal = told("Nothing was done.", why)?;
            let page = page(&served, &visit, None, notice::refusal(&refusal)).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

/// POST /settings/contacts/scope
pub(crate) async fn choose(
    State(served): State<Served>,
    visit: Visit,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let entry = ScopeEntry::of(&pairs);
    let chosen = match entry.scope(&visit.snapshot) {
        Ok(scope) => syncing::choose_scope(&visit.entered.context, &visit.mirror, scope, &served.entropy).await,
        Err(why) => Err(why),
    };
    match chosen {
        Ok(()) => Ok(see(&format!("{HERE}#scope"))),
        Err(why) => {
            let refusal = told("The scope was not saved.", why)?;
            let page = page(&served, &visit, Some(entry), notice::refusal(&refusal)).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

/// POST /settings/contacts/power
pub(crate) async fn give(
    State(served): State<Served>,
    visit: Visit,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let ids = pairs.iter().filter(|(name, _)| name == "administrator").map(|(_, id)| AdministratorId::parse(id));
    let to: BTreeSet<AdministratorId> = ids.flatten().collect();
    bulk::give_power(&visit.entered.context, &visit.mirror, &to, &served.entropy).await?;
    Ok(see(&format!("{HERE}#power")))
}

/// The form of the scope.
#[derive(Clone, Debug, Default)]
struct ScopeEntry {
    sites: BTreeSet<String>,
    groups_only: String,
    groups_without: String,
    domains_only: String,
    domains_without: String,
}

impl ScopeEntry {
    fn of(pairs: &[(String, String)]) -> ScopeEntry {
        let mut entry = ScopeEntry::default();
        for (name, value) in pairs {
            match name.as_str() {
                "site" => drop(entry.sites.insert(value.clone())),
                "groups_only" => entry.groups_only.clone_from(value),
                "groups_without" => entry.groups_without.clone_from(value),
                "domains_only" => entry.domains_only.clone_from(value),
                "domains_without" => entry.domains_without.clone_from(value),
                _ => {}
            }
        }
        entry
    }

    fn from(scope: &Scope, snapshot: &Snapshot) -> ScopeEntry {
        let groups = |ids: &BTreeSet<String>| {
            let name = |id: &String| {
                let row = snapshot.group(id).and_then(|group| snapshot.group_row(group));
                row.map_or_else(|| id.clone(), |row| crate::web::groups::name(row).to_owned())
            };
            ids.iter().map(name).collect::<Vec<_>>().join("\n")
        };
        let domains = |domains: &BTreeSet<String>| domains.iter().cloned().collect::<Vec<_>>().join("\n");
        ScopeEntry {
            sites: scope.sites_without.clone(),
            groups_only: groups(&scope.groups_only),
            groups_without: groups(&scope.groups_without),
            domains_only: domains(&scope.domains_only),
            domains_without: domains(&scope.domains_without),
        }
    }

    fn scope(&self, snapshot: &Snapshot) -> Result<Scope, NotDone> {
        let lines = |text: &str| text.lines().map(str::to_owned).collect();
        let wanted = WantedScope {
            sites_without: self.sites.iter().cloned().collect(),
            groups_only: lines(&self.groups_only),
            groups_without: lines(&self.groups_without),
            domains_only: lines(&self.domains_only),
            domains_without: lines(&self.domains_without),
        };
        wanted.scope(snapshot)
    }
}

async fn page(served: &Served, visit: &Visit, entry: Option<ScopeEntry>, said: Markup) -> Result<Page, Failure> {
    let standing = syncing::standing(&visit.mirror).await?;
    let (coverage, credentials) =
        visit.mirror.store().read(|tx| Ok((site_readings::coverage(tx)?, site_credentials::in_use(tx)?))).await?;
    let tokens: BTreeSet<String> = credentials.into_iter().map(|one| one.cloud_id).collect();
    let power = visit.mirror.store().read(bulk::power).await?;
    let administrators = served.control.read(administrators::list).await?;
    let entry = entry.unwrap_or_else(|| ScopeEntry::from(&standing.scope.scope, &visit.snapshot));
    let content = html! {
        (sections(HERE))
        div.headline { h1 { "Contacts" } }
        (said)
        section aria-labelledby="syncing" {
            h2 id="syncing" { "Jira User Syncing" }
            p.lead { "A contact for each Jira user and each customer of a service desk, matched by e-mail address and kept true from then on. One way: nothing is changed at Atlassian." }
            div id="switch" data-live="operation" { (switch(&standing, visit)) }
            (sites(&coverage, &tokens, (&standing, visit)))
        }
        section aria-labelledby="scope" { h2 id="scope" { "Whom it takes in" } (scope_form(&entry, &standing, visit)) }
        section aria-labelledby="fields" {
            h2 id="fields" { "Fields" }
            p { "What is kept about contacts and companies beside name, address and tags." }
            p { a.button href=(fields::HERE) { "Look at the fields" } }
        }
        section aria-labelledby="power" {
            h2 id="power" { "Who may delete many at once" }
            p.hint { "Deleting one contact or company is open to every administrator; deleting all that a filter finds is a power of its own." }
            form.fields method="post" action=(POWER) {
                @for one in &administrators {
                    label.choice { input type="checkbox" name="administrator" value=(one.id.as_str()) checked[power.contains(one.id.as_str())]; span { bdi { (one.username) } } }
                }
                button type="submit" { "Save" }
            }
        }
    };
    let moves = standing.newest.as_ref().is_some_and(|run| !run.is_over());
    let motion = if moves { Motion::Moving } else { Motion::Watched };
    Ok(Page::framed(&Frame { motion, ..visit.frame("Contacts", Place::Settings) }, content))
}

/// The toggle, how it stands, and the last run.
fn switch(standing: &Standing, visit: &Visit) -> Markup {
    let on = matches!(standing.switch, Switch::On | Switch::TurningOn(..));
    let state = match standing.switch {
        Switch::Off => "off".to_owned(),
        Switch::TurningOn(done, total) => format!("turning on ({} of {})", number(done), number(total)),
        Switch::On => "on".to_owned(),
        Switch::TurningOff => "turning off".to_owned(),
    };
    html! {
        dl.facts {
            div { dt { "Jira User Syncing" } dd { b { (state) } } }
            div { dt { "Synced contacts" } dd { (number(standing.synced)) " of " (counted(standing.accounts, "account", "accounts")) } }
            div.whole { dt { "Last run" } dd { @match &standing.newest { Some(run) => (last_run(run, visit)), None => { span.sub { "none yet" } } } } }
        }
        @if on {
            form.row method="post" action=(SYNCING) {
                button type="submit" name="do" value="run" { "Run now" }
                button type="submit" name="do" value="off" role="switch" aria-checked="true" aria-describedby="switch-off" { "Switch Jira User Syncing off" }
            }
            p.hint id="switch-off" { "Off, " (counted(standing.synced, "contact becomes a regular one", "contacts become regular ones")) ": editable and deletable, with the last name and e-mail address. None is removed, and switching on again makes no duplicates." }
        } @else {
            form.row method="get" action=(preview::HERE) {
                button.primary type="submit" role="switch" aria-checked="false" { "Switch Jira User Syncing on..." }
                span.hint { "First shows what it would do." }
            }
        }
        p.hint { (chosen(standing.chosen.as_ref(), "Nobody has switched it on.", &visit.reader)) }
    }
}

fn last_run(one: &ContactRun, visit: &Visit) -> Markup {
    html! {
        a href=(run::address(one)) { "Run " (one.number) } " "
        @match one.state {
            ContactRunState::Complete => { span.tag.good { "Complete" } }
            ContactRunState::Failed => { span.tag.bad { "Failed" } }
            ContactRunState::Cancelled => { span.tag { "Cancelled" } }
            ContactRunState::Queued | ContactRunState::Running => { span.tag.key { "Running" } }
        }
        " " (visit.reader.relative(one.ended_at.unwrap_or(one.created_at)))
    }
}

/// Which sites' customers are read.
fn sites(coverage: &[SiteCoverage], tokens: &BTreeSet<String>, (standing, visit): (&Standing, &Visit)) -> Markup {
    let on = matches!(standing.switch, Switch::On | Switch::TurningOn(..));
    let read: BTreeMap<&str, &SiteCoverage> = coverage.iter().map(|site| (site.site.as_str(), site)).collect();
    let sites: Vec<Site> = Site::all(&visit.snapshot).into_iter().filter(|site| site.has_jira).collect();
    html! {
        @if !sites.is_empty() {
            h3 { "Sites" }
            div.scroll tabindex="0" role="region" aria-label="Sites" {
                table {
                    thead { tr { th scope="col" { "Site" } th scope="col" { "Jira users" } th scope="col" { "Customers" } } }
                    tbody { @for site in &sites { tr {
                        @let coverage = read.get(site.cloud_id.as_str());
                        th scope="row" { bdi { (site.name) } }
                        td.breaks { @match coverage.and_then(|site| site.users) {
                            Some(at) => { "listed " (visit.reader.relative(at)) }
                            None => "by their roles on its Jira apps",
                        } }
                        td.wide.breaks { @match coverage.and_then(|site| site.customers()) {
                            Some(at) => { "read " (visit.reader.relative(at)) }
                            None if !site.has_service_desks => { span.sub { "no service desk" } }
                            None => {
                                span.tag.warn { "customers not read" } " "
                                @if tokens.contains(&site.cloud_id) { span.sub { (if on { "Run now and the next daily sync read them" } else { "the next daily sync reads them" }) } }
                                @else { a href=(settings_sites::HERE) { "Enter a token" } }
                            }
                        } }
                    } } }
                }
            }
        }
    }
}

fn scope_form(entry: &ScopeEntry, standing: &Standing, visit: &Visit) -> Markup {
    let sites: Vec<Site> = Site::all(&visit.snapshot).into_iter().filter(|site| site.has_jira).collect();
    html! {
        p.hint { "Nothing chosen is everybody. Whoever is left out later becomes a regular contact, and is linked again by account id when the scope takes them in." }
        form.fields method="post" action=(SCOPE) {
            @if !sites.is_empty() {
                fieldset {
                    legend { "Leave out these sites" }
                    @for site in &sites {
                        label.choice {
                            input type="checkbox" name="site" value=(site.cloud_id) checked[entry.sites.contains(&site.cloud_id)];
                            span { bdi { (site.name) } span.sub { (site.apps.join(", ")) } }
                        }
                    }
                }
            }
            (lines("domains_without", "Leave out these domains", "Of e-mail addresses, one a line: your own company, say.", &entry.domains_without))
            (lines("domains_only", "Only these domains", "Empty for all.", &entry.domains_only))
            (lines("groups_without", "Leave out members of these groups", "By name, one a line. It concerns Jira users alone.", &entry.groups_without))
            (lines("groups_only", "Only members of these groups", "Empty for all. It concerns Jira users alone.", &entry.groups_only))
            div.row { button.primary type="submit" { "Save" } }
            p.hint { (chosen(standing.scope.chosen.as_ref(), "Nobody has narrowed it.", &visit.reader)) }
        }
    }
}

fn lines(name: &str, label: &str, hint: &str, text: &str) -> Markup {
    let id = format!("{name}-hint");
    html! {
        label { (label)
            span.hint id=(id) { (hint) }
            textarea name=(name) rows="2" aria-describedby=(id) spellcheck="false" { (text) }
        }
    }
}
