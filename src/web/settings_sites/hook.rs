//! The address at which a site tells of its users at once: made, shown once with its secret, made anew, removed.

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::notify::mail::public_address;
use crate::nouns::refusal::Refusal;
use crate::nouns::site::Site;
use crate::nouns::site_hook::SiteHook;
use crate::sync::site_hooks;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::{is_secure, see};
use crate::web::settings_sites::{HERE, SiteEntry, section};
use crate::web::ui::amount::counted;
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::{self, Weight};
use crate::web::visit::Visit;

/// Where an address is made.
pub(crate) const MAKE: &str = "/settings/sites/webhook";
/// Where it is removed.
pub(crate) const REMOVE: &str = "/settings/sites/webhook/remove";

/// POST /settings/sites/webhook: *Make an address*, *Make it anew*
pub(crate) async fn make(
    State(served): State<Served>,
    visit: Visit,
    headers: HeaderMap,
    Form(entry): Form<SiteEntry>,
) -> Result<Response, Failure> {
    let sites = Site::all(&visit.snapshot);
    let Some(site) = sites.iter().find(|site| site.cloud_id == entry.site && site.has_jira) else {
        let next = "Choose one of the sites that are listed.";
        let refusal = Refusal::new("No address was made.", "This is no site with Jira of the organization.", next);
        return Ok(section(&visit, notice::refusal(&refusal), None).await?.into_response());
    };
    let context = &visit.entered.context;
    let (hook, secret) = site_hooks::make(context, &served.connector, &visit.mirror, &site.cloud_id).await?;
    let told = once(site, &server(&visit, &headers).await?, (&hook, &secret));
    Ok(section(&visit, told, None).await?.into_response())
}

/// POST /settings/sites/webhook/remove
pub(crate) async fn remove(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<SiteEntry>,
) -> Result<Response, Failure> {
    site_hooks::remove(&visit.entered.context, &served.connector, &visit.mirror, &entry.site).await?;
    Ok(see(HERE))
}

/// Where a site finds this server: as Settings have it, else as the browser does.
async fn server(visit: &Visit, headers: &HeaderMap) -> Result<String, Failure> {
    if let Some(public) = visit.mirror.store().read(public_address).await? {
        return Ok(public.value.trim_end_matches('/').to_owned());
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    Ok(format!("{}://{host}", if is_secure(headers) { "https" } else { "http" }))
}

/// What is shown once.
fn once(site: &Site, server: &str, (hook, secret): (&SiteHook, &str)) -> Markup {
    notice::notice(
        Weight::Info,
        "The address is made.",
        html! {
            p { "For " bdi { (site.name) } ". In Jira: " strong { "Settings" } ", " strong { "System" } ", " strong { "WebHooks" } ", " strong { "Create a WebHook" } "; tick " strong { "created, updated, deleted" } " of User, and nothing else." }
            p { "URL: " code.secret { (server) "/hooks/jira/" (hook.id) } }
            p { "Secret: " code.secret { (secret) } }
            p { "The secret is shown this once. Messages without its signature are refused. Jira has to reach this server by HTTPS." }
        },
    )
}

/// The address of a site, beside its token.
pub(super) fn beside(site: &Site, hook: Option<&SiteHook>, reader: &Reader) -> Markup {
    let form = |at: &str, label: &str| {
        html! {
            form method="post" action=(at) {
                input type="hidden" name="site" value=(site.cloud_id);
                button type="submit" { (label) }
            }
        }
    };
    html! {
        details {
            summary { "Jira's user webhooks " @if hook.is_some() { span.tag.good { "set up" } } }
            @match hook {
                None => {
                    p.hint { "With them, who is created, changed or deleted on the site is read at once instead of with the next daily sync." }
                    (form(MAKE, "Make an address"))
                }
                Some(hook) => {
                    dl.facts {
                        div { dt { "Address" } dd { code { "/hooks/jira/" (hook.id) } } }
                        div { dt { "Made by" } dd { bdi { (hook.made_by) } " " span.sub { (reader.ago(hook.made_at)) } } }
                        div { dt { "Received" } dd {
                            (counted(hook.received, "message", "messages"))
                            @if let Some(at) = hook.received_at { ", the last " (reader.relative(at)) }
                        } }
                        @if hook.refused > 0 {
                            div { dt { "Refused" } dd { span.tag.warn { (counted(hook.refused, "message", "messages")) } " without the right signature: compare the secret in Jira, or make the address anew." } }
                        }
                    }
                    div.row { (form(MAKE, "Make it anew")) (form(REMOVE, "Remove")) }
                    p.hint { "Made anew, the address and its secret are others, and those before are refused." }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Entropy, HookId};
    use crate::web::acme::{now, reader};

    #[test]
    fn an_address_is_shown_without_its_secret_but_when_it_is_made() {
        let site = Site {
            cloud_id: "c-1".to_owned(),
            name: "north".to_owned(),
            address: None,
            apps: Vec::new(),
            has_jira: true,
            has_service_desks: true,
        };
        let hook = SiteHook {
            id: HookId::new(&Entropy::seeded(3), now()),
            site: "c-1".to_owned(),
            made_by: "administrator mira".to_owned(),
            made_at: now(),
            received: 3,
            refused: 2,
            received_at: Some(now()),
        };
        let told = once(&site, "https://rollcall.example", (&hook, "very-secret")).0;
        assert!(
            told.contains(&format!("https://rollcall.example/hooks/jira/{}", hook.id)) && told.contains("very-secret")
        );
        let later = beside(&site, Some(&hook), &reader()).0;
        assert!(
            later.contains("3 messages") && later.contains("2 messages") && later.contains("Make it anew"),
            "{later}"
        );
        assert!(beside(&site, None, &reader()).0.contains("Make an address"));
    }
}
