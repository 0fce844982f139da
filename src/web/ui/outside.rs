//! Links out of Rollcall, to Atlassian's own pages of a person, a group or a site. They open beside, and tell the other
//! side nothing of where they come from.

use directory::{Ordinal, Snapshot};
use maud::{Markup, html};

use crate::web::ui::address::encode;

const ADMINISTRATION: &str = "https://admin.atlassian.com";

fn link(address: &str, words: Markup) -> Markup {
    html! { a.button href=(address) rel="noreferrer" target="_blank" { (words) } }
}

fn joined(parts: &[&str]) -> String {
    let mut address = ADMINISTRATION.to_owned();
    for part in parts {
        address.push('/');
        encode(part, &mut address);
    }
    address
}

/// The person's page in Atlassian's administration.
pub(crate) fn person_in_admin(organization: &str, account: &str) -> Markup {
    link(&joined(&["o", organization, "users", account]), html! { "Open in Atlassian admin" })
}

/// The group's page in Atlassian's administration.
pub(crate) fn group_in_admin(organization: &str, group: &str) -> Markup {
    link(&joined(&["o", organization, "groups", group]), html! { "Open in Atlassian admin" })
}

/// The site's page in Atlassian's administration.
pub(crate) fn site_in_admin(site: &str) -> Markup {
    link(&joined(&["s", site]), html! { "Open in Atlassian admin" })
}

/// The site itself, where it tells its address and has Jira on it.
pub(crate) fn site_in_jira(host_url: Option<&str>) -> Markup {
    match host_url.and_then(safe) {
        Some(address) => link(&format!("{address}/jira"), html! { "Open in Jira" }),
        None => html! {},
    }
}

/// The person's page on each of these Jira sites, the first few.
pub(crate) fn person_in_jira(snapshot: &Snapshot, account: &str, resources: &[Ordinal]) -> Markup {
    const SHOWN: usize = 3;
    let is_jira = |owner: &str| owner.starts_with("jira-") && owner != "jira-admin";
    let named = resources.iter().filter_map(|resource| snapshot.resources().get(*resource as usize));
    let mut sites: Vec<(&str, &str)> = named
        .filter(|resource| is_jira(resource.id.owner()))
        .filter_map(|resource| Some((resource.site_name(), resource.host_url.as_deref().and_then(safe)?)))
        .collect();
    sites.sort_unstable();
    sites.dedup();
    let several = sites.len() > 1;
    html! {
        @for (site, host) in sites.into_iter().take(SHOWN) {
            @let address = { let mut address = format!("{host}/jira/people/"); encode(account, &mut address); address };
            (link(&address, html! { "Open in Jira" @if several { " (" bdi { (site) } ")" } }))
        }
    }
}

/// The address of a site, when it is one that may be linked to.
fn safe(host_url: &str) -> Option<&str> {
    host_url.starts_with("https://").then(|| host_url.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::acme::acme;

    #[test]
    fn links_carry_any_id_and_lead_to_https_alone() {
        assert!(person_in_admin("org/1", "a b").0.contains("https://admin.atlassian.com/o/org%2F1/users/a%20b"));
        assert!(site_in_jira(Some("javascript:alert(1)")).0.is_empty());
        assert!(site_in_jira(Some("https://acme.atlassian.net/")).0.contains("https://acme.atlassian.net/jira\""));
        let links = person_in_jira(&acme(), "557058:x", &[0, 1]).0;
        assert!(links.contains("https://acme.atlassian.net/jira/people/557058%3Ax"), "{links}");
        assert_eq!(links.matches("Open in Jira").count(), 1, "Confluence has no such page: {links}");
    }
}
