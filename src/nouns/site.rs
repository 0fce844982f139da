//! The sites of an organization, as its workspaces name them: one cloud id, one address, several apps.

use std::collections::BTreeMap;

use directory::{Resource, Snapshot};

/// The apps that stand on a site's Jira, by owner of their ARI.
const ON_JIRA: [&str; 5] = ["jira-software", "jira-servicedesk", "jira-product-discovery", "jira-core", "jira-admin"];
/// The app that has customers.
const SERVICE_DESK: &str = "jira-servicedesk";

/// A site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The cloud id; of a Bitbucket workspace its own id.
    pub cloud_id: String,
    /// Its short name.
    pub name: String,
    /// Its address, where a workspace names one.
    pub address: Option<String>,
    /// Its apps by name, in order, each once.
    pub apps: Vec<String>,
    /// Whether it has Jira, which is what a credential of a site is for.
    pub has_jira: bool,
    /// Whether it has service desks, and so may have customers.
    pub has_service_desks: bool,
}

impl Site {
    /// Every site that a snapshot knows, by name.
    pub fn all(snapshot: &Snapshot) -> Vec<Site> {
        Site::of(snapshot.resources())
    }

    fn of(resources: &[Resource]) -> Vec<Site> {
        let mut sites: BTreeMap<&str, Vec<&Resource>> = BTreeMap::new();
        for resource in resources {
            sites.entry(resource.id.site()).or_default().push(resource);
        }
        let mut sites: Vec<Site> = sites.into_iter().map(|(cloud_id, on)| Site::made(cloud_id, &on)).collect();
        sites.sort_by(|a, b| (&a.name, &a.cloud_id).cmp(&(&b.name, &b.cloud_id)));
        sites
    }

    fn made(cloud_id: &str, on: &[&Resource]) -> Site {
        // A resource that only a role has named yet knows no address.
        let named = on.iter().find(|resource| resource.host_url.is_some()).or(on.first());
        let mut apps: Vec<String> = on.iter().map(|resource| resource.id.app_name().to_owned()).collect();
        apps.sort();
        apps.dedup();
        Site {
            cloud_id: cloud_id.to_owned(),
            name: named.map_or(cloud_id, |resource| resource.site_name()).to_owned(),
            address: named.and_then(|resource| resource.host_url.as_deref()).map(str::to_owned),
            apps,
            has_jira: on.iter().any(|resource| ON_JIRA.contains(&resource.id.owner())),
            has_service_desks: on.iter().any(|resource| resource.id.owner() == SERVICE_DESK),
        }
    }
}

#[cfg(test)]
mod tests {
    use directory::ResourceId;

    use super::*;

    fn resource(id: &str, host_url: Option<&str>) -> Resource {
        Resource { host_url: host_url.map(Into::into), ..Resource::unnamed(ResourceId::new(id).unwrap()) }
    }

    #[test]
    fn the_apps_of_one_cloud_id_are_one_site() {
        let north = Some("https://north.atlassian.net");
        let sites = Site::of(&[
            resource("ari:cloud:jira-software::site/c-2", north),
            resource("ari:cloud:bitbucket::site/b-1", Some("https://bitbucket.org/acme/")),
            resource("ari:cloud:confluence::site/c-2", None),
            resource("ari:cloud:jira-servicedesk::site/c-2", north),
        ]);
        let names: Vec<&str> = sites.iter().map(|site| site.name.as_str()).collect();
        assert_eq!(names, ["acme", "north"]);
        assert!(!sites[0].has_jira && !sites[0].has_service_desks);
        assert_eq!(sites[1].address.as_deref(), north);
        assert_eq!(sites[1].apps, ["Confluence", "Jira", "Jira Service Management"]);
        assert!(sites[1].has_jira && sites[1].has_service_desks);
    }
}
