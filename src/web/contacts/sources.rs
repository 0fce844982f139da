//! Companies from what is known: the organizations of service desks' customers, and domains of addresses. Each shows whom it
//! would put where before anything is written.

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::contacts::sources::{self, Decision, SHOWN, ShownSource};
use crate::nouns::contact::Record;
use crate::nouns::site::Site;
use crate::web::Served;
use crate::web::contacts::{COMPANIES, address, strip, told};
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::settings_sites;
use crate::web::ui::amount::{counted, number};
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{self, empty};
use crate::web::visit::Visit;

/// The page's address.
pub(crate) const HERE: &str = "/companies/sources";

/// What is decided.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    #[serde(rename = "do")]
    verb: String,
    site: String,
    organization: String,
    company: String,
}

/// GET /companies/sources
pub(crate) async fn show(visit: Visit) -> Result<Page, Failure> {
    page(&visit, html! {}).await
}

/// POST /companies/sources
pub(crate) async fn decide(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let (context, mirror, entropy) = (&visit.entered.context, &visit.mirror, &served.entropy);
    let decision = match entry.verb.as_str() {
        "create" => Some(Decision::Create),
        "link" => Some(Decision::Link(entry.company.clone())),
        "ignore" => Some(Decision::Ignore),
        "undecide" => Some(Decision::Undecided),
        "domains" => None,
        _ => return Err(Failure::Unreadable(StatusCode::BAD_REQUEST)),
    };
    let done = match decision {
        Some(decision) => sources::decide(context, mirror, (&entry.site, &entry.organization, decision), entropy).await,
        None => sources::put_by_domain(context, mirror, entropy).await.map(drop),
    };
    match done {
        Ok(()) => Ok(see(HERE)),
        Err(why) => {
            let refusal = told("Nothing was decided.", why)?;
            let page = page(&visit, notice::refusal(&refusal)).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

async fn page(visit: &Visit, said: Markup) -> Result<Page, Failure> {
    let shown = sources::list(&visit.mirror).await?;
    let by_domain = sources::by_domain(&visit.mirror).await?;
    let sites = Site::all(&visit.snapshot);
    let name = |cloud_id: &str| {
        sites.iter().find(|site| site.cloud_id == cloud_id).map_or(cloud_id, |site| &site.name).to_owned()
    };
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(COMPANIES) { "Companies" } }
        div.headline { h1 { "Companies from what is known" } }
        (strip(HERE))
        (said)
        section aria-labelledby="organizations" {
            h2 id="organizations" { "Organizations of service desks" }
            p.hint { "Contacts are put into the company that their organization is, now and after each run of Jira User Syncing; none is taken out." }
            @if shown.is_empty() {
                (empty("No organization of customers is known.", html! { p { "They are read with the customers of a site, which takes a token." } p { a.button href=(settings_sites::HERE) { "Settings, Sites" } } }))
            } @else { (organizations(&shown, &name)) }
        }
        section aria-labelledby="domains" { h2 id="domains" { "Domains of addresses" } (domains(&by_domain)) }
    };
    Ok(Page::framed(&visit.frame("Companies from what is known", Place::Contacts), content))
}

fn organizations(shown: &[ShownSource], site: &dyn Fn(&str) -> String) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Organizations" { table {
            thead { tr { th scope="col" { "Organization" } th scope="col" { "Company" } } }
            tbody { @for one in shown { tr {
                th.breaks scope="row" {
                    bdi { (one.organization.name) } @if one.organization.gone_at.is_some() { " " span.tag { "gone" } }
                    div.sub { bdi { (site(&one.organization.site)) } ", " (counted(one.contacts, "contact", "contacts")) @if one.missing > 0 { ", " (number(one.missing)) " to put in" } }
                }
                td.ways.breaks { p { (standing(one)) } (choices(one)) }
            } } }
        } }
    }
}

fn standing(one: &ShownSource) -> Markup {
    html! {
        @match (&one.decided, &one.company) {
            (Some(decided), Some(company)) if decided.company.is_some() => { a href=(address(company)) { bdi { (company.name) } } }
            (Some(_), _) => { span.tag { "Ignored" } }
            (None, Some(company)) => { span.sub { "proposed: " a href=(address(company)) { bdi { (company.name) } } } }
            (None, None) => { span.sub { "none yet" } }
        }
    }
}

fn choices(one: &ShownSource) -> Markup {
    let named = html! {
        input type="hidden" name="site" value=(one.organization.site);
        input type="hidden" name="organization" value=(one.organization.id);
    };
    html! {
        form.row method="post" action=(HERE) {
            (named)
            @if one.decided.is_some() {
                button.quiet type="submit" name="do" value="undecide" { "Decide anew" span.hidden { " about " (one.organization.name) } }
            } @else {
                @if let Some(company) = &one.company {
                    input type="hidden" name="company" value=(company.id.as_str());
                    button type="submit" name="do" value="link" { "Link to " bdi { (company.name) } }
                }
                button type="submit" name="do" value="create" { "Create company" span.hidden { " " (one.organization.name) } }
                button.quiet type="submit" name="do" value="ignore" { "Ignore" span.hidden { " " (one.organization.name) } }
            }
        }
        @if one.decided.is_none() && one.company.is_none() {
            form.row method="post" action=(HERE) {
                (named)
                input type="text" name="company" aria-label=(format!("Company for {}", one.organization.name)) placeholder="Name of a company" required;
                button type="submit" name="do" value="link" { "Link" }
            }
        }
    }
}

fn domains(found: &[(Record, Record)]) -> Markup {
    html! {
        p.hint { "Contacts without a company whose address is of the domain of exactly one. Domains that give addresses to anybody do not count." }
        @if found.is_empty() {
            (empty("Nobody is to be put in.", html! { p { "A company's domains are given on its page." } }))
        } @else {
            form.row method="post" action=(HERE) {
                button type="submit" name="do" value="domains" { "Put in " (counted(found.len() as u64, "contact", "contacts")) @if found.len() == SHOWN { " (the first)" } }
            }
            div.scroll tabindex="0" role="region" aria-label="Contacts by domain" { table {
                thead { tr { th scope="col" { "Contact" } th scope="col" { "E-mail" } th scope="col" { "Company" } } }
                tbody { @for (contact, company) in found.iter().take(100) { tr {
                    th.breaks scope="row" { a href=(address(contact)) { bdi { (contact.name) } } }
                    td.breaks { @if let Some(email) = &contact.email { bdi { (email) } } }
                    td.breaks { a href=(address(company)) { bdi { (company.name) } } }
                } } }
            } }
        }
    }
}
