//! Settings, *Sites*: every site of the organization with its apps, and the credential with which its customers can be
//! read: entered, checked, saved, replaced, removed.
//!
//! A token is never written into a page. Between its check and its saving it waits in memory, like an organization key.

pub(crate) mod hook;
#[cfg(test)]
mod tests;

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::nouns::organization_key::Validity;
use crate::nouns::refusal::Refusal;
use crate::nouns::site::Site;
use crate::nouns::site_credential::{Door, Granted, Right, SiteCredential, Standing};
use crate::nouns::site_hook::SiteHook;
use crate::nouns::site_reading::SiteReading;
use crate::store::tx::Tx;
use crate::store::{site_credentials, site_hooks, site_readings};
use crate::sync::sites::{self, EnteredToken};
use crate::web::Served;
use crate::web::connect::{self, Ask};
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::pending::PendingToken;
use crate::web::settings_key::sections;
use crate::web::site_readings as site_readings_page;
use crate::web::ui::address::Address;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::{self, Weight};
use crate::web::visit::Visit;

/// The section's address.
pub(crate) const HERE: &str = "/settings/sites";
/// Where a checked token is saved.
pub(crate) const SAVE: &str = "/settings/sites/token";
/// Where a stored token is checked again.
pub(crate) const AGAIN: &str = "/settings/sites/check";
/// Where a token is removed.
pub(crate) const REMOVE: &str = "/settings/sites/remove";

/// The longest address there is (RFC 5321), and more than any token has.
const LONGEST_EMAIL: usize = 254;
const LONGEST_TOKEN: usize = 1024;

/// The form of a token.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TokenEntry {
    site: String,
    email: String,
    token: String,
    expires_on: String,
}

/// The form of a site.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SiteEntry {
    site: String,
}

/// GET /settings/sites
pub(crate) async fn show(
    State(served): State<Served>,
    visit: Visit,
    Query(ask): Query<Ask>,
) -> Result<Response, Failure> {
    if ask.checked.is_empty() {
        return Ok(section(&visit, html! {}, None).await?.into_response());
    }
    let administrator = &visit.entered.who.administrator;
    let Some(pending) = served.tokens().find(&ask.checked, administrator, visit.reader.now) else {
        return Ok(section(&visit, waited_too_long(), None).await?.into_response());
    };
    let known = visit.mirror.store().read(site_credentials::in_use).await?;
    let had = known.iter().find(|known| known.cloud_id == pending.entered.cloud_id);
    let content = checked(&ask.checked, &pending, had, &visit.reader);
    Ok(Page::framed(&visit.frame("Save the token", Place::Settings), content).into_response())
}

/// POST /settings/sites: *Check token*
pub(crate) async fn check(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<TokenEntry>,
) -> Result<Response, Failure> {
    let checked = match entered(&entry, &visit.reader) {
        Ok(entered) => sites::check(&served.connector, &visit.mirror, &entered).await.map(|checked| (entered, checked)),
        Err(refusal) => Err(refusal),
    };
    match checked {
        Ok((entered, checked)) => {
            let kept = (&visit.entered.who.administrator, PendingToken { entered, checked });
            let token = served.tokens().keep(&served.entropy, kept, visit.reader.now);
            Ok(see(Address::new(HERE).with("checked", token.expose()).as_str()))
        }
        Err(refusal) => {
            let page = section(&visit, notice::refusal(&refusal), Some(&entry)).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

/// POST /settings/sites/token: *Save token*, *Replace*
pub(crate) async fn save(
    State(served): State<Served>,
    visit: Visit,
    Form(ask): Form<Ask>,
) -> Result<Response, Failure> {
    let now = visit.reader.now;
    let Some(pending) = served.tokens().find(&ask.checked, &visit.entered.who.administrator, now) else {
        let page = section(&visit, waited_too_long(), None).await?;
        return Ok(page.with_status(StatusCode::GONE).into_response());
    };
    let what = (&pending.entered, &pending.checked);
    sites::save(&served.connector, &visit.entered.context, &visit.mirror, what).await?;
    served.tokens().forget(&ask.checked, now);
    Ok(see(HERE))
}

/// POST /settings/sites/check: *Check now*
pub(crate) async fn check_again(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<SiteEntry>,
) -> Result<Response, Failure> {
    sites::check_again(&served.connector, &visit.mirror, &entry.site).await?;
    Ok(see(HERE))
}

/// POST /settings/sites/remove: *Remove*
pub(crate) async fn remove(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<SiteEntry>,
) -> Result<Response, Failure> {
    sites::remove(&served.connector, &visit.entered.context, &visit.mirror, &entry.site).await?;
    Ok(see(HERE))
}

/// A form as it is to be checked, or what is wrong with it.
fn entered(entry: &TokenEntry, reader: &Reader) -> Result<EnteredToken, Refusal> {
    let refused = |why: &str, next: &str| Refusal::new("No token was checked.", why, next);
    let (email, token) = (entry.email.trim(), entry.token.trim());
    if email.len() > LONGEST_EMAIL || !email.contains('@') {
        return Err(refused("This is no e-mail address.", "Enter the address that the token's owner signs in with."));
    }
    if token.is_empty() {
        return Err(refused("The field for the token was empty.", "Paste the token and check it again."));
    }
    if token.len() > LONGEST_TOKEN {
        return Err(refused("This is too long for a token.", "Copy the token alone and check it again."));
    }
    let expires_at = match entry.expires_on.trim() {
        "" => None,
        day => Some(connect::day_of_expiry(day, reader.now).map_err(|(why, next)| refused(why, next))?),
    };
    Ok(EnteredToken { cloud_id: entry.site.clone(), email: email.to_owned(), token: token.to_owned(), expires_at })
}

fn waited_too_long() -> Markup {
    notice::notice(
        Weight::Warning,
        "The checked token is no longer held.",
        html! { p { "A token waits 15 minutes between its check and its saving, and is never stored in between. Enter it again." } },
    )
}

async fn section(visit: &Visit, problem: Markup, entry: Option<&TokenEntry>) -> Result<Page, Failure> {
    let read = |tx: &mut Tx| Ok((site_credentials::in_use(tx)?, site_readings::latest(tx)?, site_hooks::list(tx)?));
    let known = visit.mirror.store().read(read).await?;
    let content = content(&Site::all(&visit.snapshot), (&known.0, &known.1, &known.2), (problem, entry), &visit.reader);
    Ok(Page::framed(&visit.frame("Sites", Place::Settings), content))
}

fn content(
    sites: &[Site],
    (known, readings, hooks): (&[SiteCredential], &[SiteReading], &[SiteHook]),
    (problem, entry): (Markup, Option<&TokenEntry>),
    reader: &Reader,
) -> Markup {
    let of = |site: &Site| known.iter().find(|known| known.cloud_id == site.cloud_id);
    let read = |cloud_id: &str| readings.iter().find(|reading| reading.site == cloud_id);
    let hook = |cloud_id: &str| hooks.iter().find(|hook| hook.site == cloud_id);
    let left = known.iter().filter(|known| !sites.iter().any(|site| site.cloud_id == known.cloud_id));
    html! {
        (sections(HERE))
        div.headline { h1 { "Sites" } }
        p.lead { "The users and customers of a site are read from the site itself, with the API token of somebody who administers it." }
        (problem)
        @if sites.is_empty() {
            (notice::empty("No site is known yet.", html! { p { "Sites appear here when the first sync is sealed." } }))
        } @else {
            details {
                summary { "How to make an API token" }
                ol.steps {
                    li { "Sign in to " a href="https://id.atlassian.com/manage-profile/security/api-tokens" rel="noreferrer" target="_blank" { "id.atlassian.com" } " as somebody who administers the site and is an agent of its service desks." }
                    li { "Under " strong { "Security" } ", " strong { "API tokens" } ", choose " strong { "Create API token" } "." }
                    li { "Copy the token. Atlassian shows it once." }
                    li { "Note when it expires." }
                }
            }
        }
        @for site in sites {
            (one(site, (of(site), read(&site.cloud_id), hook(&site.cloud_id)), entry.filter(|entry| entry.site == site.cloud_id), reader))
        }
        @for credential in left {
            section.site {
                h2.site { bdi { (credential.site) } }
                p.hint { "This site is no longer among the organization's. Its token is used for nothing." }
                (facts(credential, html! {}, reader))
                (removal(&credential.cloud_id))
            }
        }
    }
}

fn one(
    site: &Site,
    (known, reading, hook): (Option<&SiteCredential>, Option<&SiteReading>, Option<&SiteHook>),
    entry: Option<&TokenEntry>,
    reader: &Reader,
) -> Markup {
    html! {
        section.site {
            h2.site { bdi { (site.name) } " " @if let Some(address) = &site.address { span.sub { bdi { (address) } } } }
            p { @for app in &site.apps { span.tag { bdi { (app) } } } }
            @match known {
                Some(credential) => {
                    (standing_notice(credential, reader))
                    (facts(credential, site_readings_page::newest(reading, reader), reader))
                    div.row {
                        form method="post" action=(AGAIN) {
                            input type="hidden" name="site" value=(site.cloud_id);
                            button type="submit" { "Check now" }
                        }
                    }
                    (hook::beside(site, hook, reader))
                    (form(site, "Replace", entry, Some(credential)))
                    (removal(&site.cloud_id))
                }
                None if site.has_jira => {
                    p { span.tag.warn { "customers not read" } " No token is entered for this site." }
                    (form(site, "Enter a token", entry, None))
                }
                None => p.hint { "This site has no Jira: no token is needed." }
            }
        }
    }
}

fn form(site: &Site, summary: &str, entry: Option<&TokenEntry>, known: Option<&SiteCredential>) -> Markup {
    // What was typed stays, but for the token; a new token is most often of the same person.
    let email = entry.map(|entry| entry.email.as_str()).or(known.map(|known| known.email.as_str())).unwrap_or_default();
    html! {
        details open[entry.is_some()] {
            summary { (summary) }
            form.fields method="post" action=(HERE) {
                input type="hidden" name="site" value=(site.cloud_id);
                label { "E-mail address of its owner"
                    input type="email" name="email" value=(email) required maxlength=(LONGEST_EMAIL) autocomplete="off";
                }
                label { "API token"
                    input type="password" name="token" autocomplete="off" required maxlength=(LONGEST_TOKEN) spellcheck="false";
                }
                label { "Expires on (optional)"
                    input type="date" name="expires_on" value=(entry.map_or("", |entry| &entry.expires_on));
                }
                button.primary type="submit" { "Check token" }
                p.hint { "The check asks " bdi { (site.name) } " whose token it is and what it may read. Nothing is stored before you save it." }
            }
        }
    }
}

fn removal(cloud_id: &str) -> Markup {
    html! {
        details {
            summary { "Remove" }
            form.fields method="post" action=(REMOVE) {
                input type="hidden" name="site" value=(cloud_id);
                p.hint { "The token is deleted here; at Atlassian its owner revokes it. What was read with it stays." }
                button type="submit" { "Remove" }
            }
        }
    }
}

fn standing_notice(credential: &SiteCredential, reader: &Reader) -> Markup {
    let on = || credential.expires_at.map(|at| reader.day(at)).unwrap_or_default();
    html! {
        @match credential.validity(reader.now) {
            Validity::Expired => (notice::notice(Weight::Failure, "The token has expired.", html! {
                p { "It expired on " (on()) ". Make another and replace it; customers are not read until then." }
            })),
            Validity::Expiring { days, .. } => (notice::notice(Weight::Warning, "The token expires soon.", html! {
                p { "It expires on " (on()) ", in " (days) (if days == 1 { " day" } else { " days" }) ". Make another and replace it before." }
            })),
            Validity::Good | Validity::Unknown => {}
        }
        @if let Some(refused) = &credential.standing.refused {
            (notice::notice(Weight::Failure, "The token was refused.", html! { p { (refused) } p { "Replace it, or check it again when the reason has passed." } }))
        }
    }
}

fn facts(credential: &SiteCredential, read: Markup, reader: &Reader) -> Markup {
    html! {
        dl.facts {
            div { dt { "E-mail" } dd { bdi { (credential.email) } } }
            div { dt { "Token" } dd { code { "…" bdi { (credential.last_four) } } } }
            div { dt { "Entered by" } dd { bdi { (credential.entered_by) } " " span.sub { (reader.ago(credential.entered_at)) } } }
            div { dt { "Expires" } dd {
                @match credential.expires_at {
                    Some(at) => { (reader.day(at)) " " span.sub { (reader.ago(at)) } }
                    None => span.sub { "not known" }
                }
            } }
            (rights(&credential.standing))
            div { dt { "Checked" } dd { (reader.relative(credential.standing.checked_at)) } }
            (read)
        }
    }
}

fn rights(standing: &Standing) -> Markup {
    html! {
        @for (right, granted) in &standing.rights {
            div { dt { (name(*right)) } dd {
                @match granted {
                    Granted::Yes => span.tag.good { "may be read" },
                    Granted::No => span.tag.bad { "refused" },
                    Granted::NothingThere => span.tag { "nothing there" },
                    Granted::Unknown => span.tag.warn { "no answer" },
                }
            } }
        }
        div { dt { "Kind" } dd {
            @match standing.door {
                Door::Address => "token without scopes",
                Door::Gateway => "token with scopes",
            }
        } }
    }
}

fn name(right: Right) -> &'static str {
    match right {
        Right::Users => "Users of Jira",
        Right::ServiceDesks => "Service desks",
        Right::Customers => "Customers",
        Right::CustomerOrganizations => "Their organizations",
    }
}

/// What a checked token opens, before it is saved.
fn checked(token: &str, pending: &PendingToken, had: Option<&SiteCredential>, reader: &Reader) -> Markup {
    let PendingToken { entered, checked } = pending;
    let lacks = checked.standing.rights.iter().any(|(_, granted)| *granted == Granted::No);
    html! {
        div.headline { h1 { "The token opens " bdi { (checked.site.name) } } }
        @if lacks {
            (notice::notice(Weight::Warning, "It may not read everything.", html! {
                p { "What is refused stays unread on this site. An agent of the service desks who may browse users can read all of it." }
            }))
        }
        dl.facts {
            div { dt { "Account" } dd { bdi { (checked.account) } } }
            div { dt { "E-mail" } dd { bdi { (entered.email) } } }
            div { dt { "Expires" } dd {
                @match entered.expires_at {
                    Some(at) => { (reader.day(at)) " " span.sub { (reader.ago(at)) } }
                    None => span.sub { "not known" }
                }
            } }
            (rights(&checked.standing))
        }
        form.fields method="post" action=(SAVE) {
            input type="hidden" name="checked" value=(token);
            div.row {
                button.primary type="submit" { @if had.is_some() { "Replace" } @else { "Save token" } }
                a.button href=(HERE) { @if had.is_some() { "Keep the old one" } @else { "Use another" } }
            }
            p.hint {
                "The token is stored encrypted."
                @if let Some(had) = had { " It takes the place of …" bdi { (had.last_four) } ", which is deleted." }
            }
        }
    }
}
