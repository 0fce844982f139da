//! Settings, *Sites to leave out*: which sites are neither counted nor shown.

use std::collections::{BTreeMap, BTreeSet};

use axum::Form;
use axum::extract::State;
use axum::response::Response;
use directory::Snapshot;
use maud::{Markup, html};

use crate::sync::left_out::{self, LeftOut};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::settings_key::sections;
use crate::web::ui::amount::counted;
use crate::web::ui::chosen::chosen;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::empty;
use crate::web::ui::outside;
use crate::web::visit::Visit;

/// The section's address.
pub(crate) const HERE: &str = "/settings/sites-to-leave-out";

/// GET /settings/sites-to-leave-out
pub(crate) async fn show(visit: Visit) -> Result<Page, Failure> {
    let held = visit.mirror.store().read(left_out::read).await?;
    // The whole snapshot, because what is left out has to be there to be taken in again.
    let content = form(&held, &visit.mirror.current(), &visit.reader);
    Ok(Page::framed(
        &visit.frame("Sites to leave out", Place::Settings),
        html! {
            (sections(HERE))
            div.headline { h1 { "Sites to leave out" } }
            p.lead { "Access, seats and activity on these sites are neither counted nor shown: not on the dashboard, not in filters and lists, not in statistics and exports." }
            (content)
        },
    ))
}

/// POST /settings/sites-to-leave-out
pub(crate) async fn choose(
    State(served): State<Served>,
    visit: Visit,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let sites: BTreeSet<String> = pairs.into_iter().filter(|(name, _)| name == "site").map(|(_, id)| id).collect();
    left_out::choose(&visit.entered.context, &visit.mirror, &sites, &served.entropy).await?;
    Ok(see(HERE))
}

/// What is known of a site by its resources.
#[derive(Default)]
struct Known<'s> {
    name: &'s str,
    host_url: Option<&'s str>,
    apps: BTreeSet<&'s str>,
    has_jira: bool,
}

fn form(held: &LeftOut, snapshot: &Snapshot, reader: &Reader) -> Markup {
    let mut sites: BTreeMap<&str, Known<'_>> = BTreeMap::new();
    for resource in snapshot.resources() {
        let site = sites.entry(resource.id.site()).or_default();
        site.name = resource.site_name();
        site.host_url = site.host_url.or(resource.host_url.as_deref());
        site.apps.insert(resource.id.app_name());
        site.has_jira |= resource.id.owner().starts_with("jira-");
    }
    if sites.is_empty() {
        return empty("No site is known yet.", html! { p { "The first sync reads them." } });
    }
    let mut sites: Vec<(&str, Known<'_>)> = sites.into_iter().collect();
    sites.sort_by_key(|(id, site)| (site.name, *id));
    html! {
        form.fields method="post" action=(HERE) {
            fieldset {
                legend { "Leave out" }
                @for (id, site) in &sites {
                    label.choice {
                        input type="checkbox" name="site" value=(id) checked[held.sites.contains(*id)];
                        span { bdi { (site.name) } span.sub { (site.apps.iter().copied().collect::<Vec<_>>().join(", ")) } }
                    }
                }
            }
            p.hint { "People whose only access is on a site that is left out stay people of the organization, with no apps. Syncs read these sites all the same, so that nothing is missing once a site is taken in again." }
            button.primary type="submit" { "Save" }
            p.hint { (chosen(held.chosen.as_ref(), "Nobody has left a site out.", reader)) }
        }
        h2 { "At Atlassian" }
        div.scroll tabindex="0" role="region" aria-label="Sites" {
            table {
                thead { tr { th scope="col" { "Site" } th scope="col" { "Shown" } th scope="col" { "At Atlassian" } } }
                tbody { @for (id, site) in &sites { tr {
                    th scope="row" { bdi { (site.name) } }
                    td { @if held.sites.contains(*id) { span.tag.warn { "Left out" } } @else { "Yes" } }
                    td { (outside::site_in_admin(id)) " " @if site.has_jira { (outside::site_in_jira(site.host_url)) } }
                } } }
            }
        }
    }
}

/// That sites are left out, where it matters; nothing where none are.
pub(crate) fn hint(snapshot: &Snapshot) -> Markup {
    const NAMED: usize = 5;
    let sites = snapshot.left_out_sites();
    html! {
        @if !sites.is_empty() {
            p.hint {
                (counted(sites.len() as u64, "site is", "sites are")) " left out: "
                @for (place, site) in sites.iter().take(NAMED).enumerate() { @if place > 0 { ", " } bdi { (site) } }
                @if sites.len() > NAMED { " and " (sites.len() - NAMED) " more" }
                ". Access, seats and activity there are not counted. " a href=(HERE) { "Sites to leave out" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use directory::Marks;

    use super::*;
    use crate::web::acme::{acme, now, reader};

    #[test]
    fn every_site_can_be_left_out_and_what_is_says_so() {
        let sites: BTreeSet<Box<str>> = ["acme-emea-cloud".into()].into();
        let held = LeftOut { sites: sites.clone(), chosen: Some(("administrator <mira>".to_owned(), now())) };
        let page = form(&held, &acme(), &reader()).0;
        assert!(
            page.contains(r#"value="acme-emea-cloud" checked"#) && page.contains(r#"value="acme-cloud">"#),
            "{page}"
        );
        assert!(page.contains("&lt;mira&gt;") && page.contains("https://admin.atlassian.com/s/acme-cloud"));
        let view = acme().shown(&Marks { left_out: sites, ..Marks::default() });
        assert!(hint(&view).0.contains("1 site is left out: <bdi>acme-emea</bdi>."), "{}", hint(&view).0);
        assert!(hint(&acme()).0.is_empty());
    }
}
