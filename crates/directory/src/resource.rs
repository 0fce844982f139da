//! Directories, and resources: an app on a site, named by an ARI `ari:cloud:{owner}::site/{cloudId}`.

use crate::id::{DirectoryId, ResourceId};

/// Text of the part that holds managed accounts outside every directory. No directory of Atlassian's can have this id.
pub const OUTSIDE: &str = "outside";

/// A directory, or the part of managed accounts that are in none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// Its id; [`OUTSIDE`] for accounts in none.
    pub id: DirectoryId,
    /// Its name.
    pub name: Box<str>,
}

/// An app on a site, or another thing that roles are given on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its ARI.
    pub id: ResourceId,
    /// Display name of the workspace; `None` when only a role or an activity has named it so far.
    pub name: Option<Box<str>>,
    /// Address of the site, for instance `https://acme.atlassian.net`.
    pub host_url: Option<Box<str>>,
    /// online, offline or deprecated.
    pub status: Option<Box<str>>,
    /// Seats bought, when upstream tells.
    pub capacity: Option<i64>,
}

/// An app by name, with its seat rule's family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct App {
    /// `owner` of the ARI.
    pub key: &'static str,
    /// The name people know.
    pub name: &'static str,
    /// Whether a user or admin role on it takes a seat.
    pub sells_seats: bool,
}

/// The apps known by name (rulings, Mirror); any other owner is shown by its key and never dropped.
const APPS: &[App] = &[
    App { key: "jira-software", name: "Jira", sells_seats: true },
    App { key: "jira-servicedesk", name: "Jira Service Management", sells_seats: true },
    App { key: "confluence", name: "Confluence", sells_seats: true },
    App { key: "bitbucket", name: "Bitbucket", sells_seats: true },
    App { key: "jira-product-discovery", name: "Jira Product Discovery", sells_seats: true },
    App { key: "compass", name: "Compass", sells_seats: true },
    App { key: "jira-core", name: "Jira Work Management", sells_seats: true },
    App { key: "jira-admin", name: "Jira administration", sells_seats: false },
    App { key: "assets", name: "Assets", sells_seats: false },
    App { key: "cmdb", name: "Assets", sells_seats: false },
    App { key: "townsquare", name: "Goals and Projects", sells_seats: false },
    App { key: "goals", name: "Goals", sells_seats: false },
    App { key: "projects", name: "Projects", sells_seats: false },
    App { key: "rovo", name: "Rovo", sells_seats: false },
    App { key: "loom", name: "Loom", sells_seats: true },
    App { key: "trello", name: "Trello", sells_seats: true },
];

impl App {
    /// The app of an ARI's owner, when it is known by name.
    pub fn by_key(key: &str) -> Option<&'static App> {
        APPS.iter().find(|app| app.key == key)
    }
}

impl ResourceId {
    /// The owner in the ARI (`confluence`), or the whole id when it is not an ARI.
    pub fn owner(&self) -> &str {
        let mut parts = self.as_str().splitn(5, ':');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("ari"), Some(_), Some(owner)) if !owner.is_empty() => owner,
            _ => self.as_str(),
        }
    }

    /// The cloud id of the site, or the last part of the id.
    pub fn site(&self) -> &str {
        self.as_str().rsplit('/').next().unwrap_or(self.as_str())
    }

    /// The app's name, or its key when it is not known by name.
    pub fn app_name(&self) -> &str {
        App::by_key(self.owner()).map_or(self.owner(), |app| app.name)
    }
}

impl Resource {
    /// A resource of which only the id is known.
    pub fn unnamed(id: ResourceId) -> Resource {
        Resource { id, name: None, host_url: None, status: None, capacity: None }
    }

    /// The site's short name: the first label of its address, else the workspace's name, else the cloud id.
    pub fn site_name(&self) -> &str {
        if let Some(host) = self.host_url.as_deref() {
            let host = host.split_once("://").map_or(host, |(_, rest)| rest);
            let (host, path) = host.split_once('/').unwrap_or((host, ""));
            if host == "bitbucket.org" && !path.is_empty() {
                return path.trim_end_matches('/');
            }
            if let Some(label) = host.strip_suffix(".atlassian.net") {
                return label;
            }
        }
        self.name.as_deref().unwrap_or_else(|| self.id.site())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ari_names_app_and_site_and_anything_else_names_itself() {
        let known = ResourceId::new("ari:cloud:confluence::site/5a5a").unwrap();
        assert_eq!((known.owner(), known.site(), known.app_name()), ("confluence", "5a5a", "Confluence"));
        let new_app = ResourceId::new("ari:cloud:focus::site/5a5a").unwrap();
        assert_eq!(new_app.app_name(), "focus");
        let odd = ResourceId::new("something").unwrap();
        assert_eq!((odd.owner(), odd.site()), ("something", "something"));
    }
}
