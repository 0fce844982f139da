//! Sites, the apps on them, and the roles people and groups hold there. A resource is one app on one site and is named
//! upstream by its ARI. There are at most 128 resources, so that "may open what" is one machine word pair; adding more
//! must never be allowed silently.

use base64::Engine;
use serde::{Deserialize, Serialize};

/// The most resources an organization may have; sets of them are 128-bit masks.
pub(crate) const MOST_RESOURCES: usize = 128;

/// One site: a name, its address, and the cloud id that its apps share.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Site {
    /// The first label of the host name, e.g. `meridian`.
    pub name: String,
    /// The site's address upstream, e.g. `https://meridian.atlassian.net`.
    pub url: String,
    /// The id of the site in ARIs, a UUID.
    pub cloud_id: String,
    /// The address of the administrator that the site's API token belongs to.
    pub user: String,
    /// The API token; it opens this site and no other.
    pub token: String,
    /// One with scopes: it opens the site behind the gateway, at `/ex/jira/{cloudId}`, and not at its own address.
    pub scoped_token: String,
}

impl Site {
    /// The text of `Authorization` that opens the site.
    pub fn authorization(&self) -> String {
        let pair = format!("{}:{}", self.user, self.token);
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
    }
}

/// The apps that the organization can have, by upstream's `resourceOwner`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum App {
    Jira,
    ServiceManagement,
    Confluence,
    Bitbucket,
    ProductDiscovery,
    Compass,
    JiraAdministration,
}

impl App {
    /// As in `resourceOwner` and in ARIs.
    pub(crate) fn owner(self) -> &'static str {
        match self {
            App::Jira => "jira-software",
            App::ServiceManagement => "jira-servicedesk",
            App::Confluence => "confluence",
            App::Bitbucket => "bitbucket",
            App::ProductDiscovery => "jira-product-discovery",
            App::Compass => "compass",
            App::JiraAdministration => "jira-admin",
        }
    }

    /// As in `productAccess[].key` of the v2 searches. It differs from the owner for Jira; ids are what clients compare.
    pub(crate) fn activity_key(self) -> &'static str {
        match self {
            App::Jira => "jira",
            other => other.owner(),
        }
    }

    /// As in the v1 endpoints, which spell service desks with one more hyphen and know no newer apps.
    pub(crate) fn legacy_key(self) -> Option<&'static str> {
        match self {
            App::Jira => Some("jira-software"),
            App::ServiceManagement => Some("jira-service-desk"),
            App::Confluence => Some("confluence"),
            App::Bitbucket => Some("bitbucket"),
            App::ProductDiscovery | App::Compass | App::JiraAdministration => None,
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            App::Jira => "Jira",
            App::ServiceManagement => "Jira Service Management",
            App::Confluence => "Confluence",
            App::Bitbucket => "Bitbucket",
            App::ProductDiscovery => "Jira Product Discovery",
            App::Compass => "Compass",
            App::JiraAdministration => "Jira Administration",
        }
    }

    /// Whether the role exists on the app.
    pub(crate) fn admits(self, role: Role) -> bool {
        match role {
            Role::User | Role::Basic => self != App::JiraAdministration,
            Role::Admin | Role::UserAccessAdmin => true,
            Role::Customer | Role::Stakeholder => self == App::ServiceManagement,
            Role::Guest => self == App::Confluence,
            Role::Contributor | Role::Viewer => self == App::ProductDiscovery,
            Role::SiteAdmin | Role::OrgAdmin | Role::AiAccess => false,
        }
    }

    /// The short word in the names of granting groups.
    pub(crate) fn short(self) -> &'static str {
        match self {
            App::Jira => "jira",
            App::ServiceManagement => "jira-servicemanagement",
            App::Confluence => "confluence",
            App::Bitbucket => "bitbucket",
            App::ProductDiscovery => "jira-product-discovery",
            App::Compass => "compass",
            App::JiraAdministration => "jira-administration",
        }
    }
}

/// One app on one site.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) ari: String,
    pub(crate) app: App,
    /// Index of the site.
    pub(crate) site: usize,
    /// Seats bought, when the licence is known.
    pub(crate) capacity: Option<u32>,
    /// Milliseconds since 1970.
    pub(crate) created: i64,
    pub(crate) status: &'static str,
}

/// Upstream's canonical roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Role {
    /// May use the app.
    User,
    /// May use and administer the app.
    Admin,
    /// May use one space.
    Guest,
    /// May raise requests.
    Customer,
    /// May view, comment and vote.
    Contributor,
    /// May use basic features.
    Basic,
    /// May receive updates on incidents.
    Stakeholder,
    /// May administer users of the app without using it.
    UserAccessAdmin,
    /// May administer a site.
    SiteAdmin,
    /// May administer the organization.
    OrgAdmin,
    /// May use AI features.
    AiAccess,
    /// May look; only by invitation or by a group.
    Viewer,
}

impl Role {
    /// Every role, in the order of upstream's description.
    pub const ALL: [Role; 12] = [
        Role::User,
        Role::Admin,
        Role::Guest,
        Role::Customer,
        Role::Contributor,
        Role::Basic,
        Role::Stakeholder,
        Role::UserAccessAdmin,
        Role::SiteAdmin,
        Role::OrgAdmin,
        Role::AiAccess,
        Role::Viewer,
    ];

    /// Upstream's id, e.g. `atlassian/user`.
    pub fn id(self) -> &'static str {
        match self {
            Role::User => "atlassian/user",
            Role::Admin => "atlassian/admin",
            Role::Guest => "atlassian/guest",
            Role::Customer => "atlassian/customer",
            Role::Contributor => "atlassian/contributor",
            Role::Basic => "atlassian/basic",
            Role::Stakeholder => "atlassian/stakeholder",
            Role::UserAccessAdmin => "atlassian/user-access-admin",
            Role::SiteAdmin => "atlassian/site-admin",
            Role::OrgAdmin => "atlassian/org-admin",
            Role::AiAccess => "atlassian/ai-access",
            Role::Viewer => "atlassian/viewer",
        }
    }

    /// The role with that id.
    pub fn from_id(id: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.id() == id)
    }

    /// True for the roles that `platformRoles` may hold.
    pub fn is_platform(self) -> bool {
        matches!(self, Role::UserAccessAdmin | Role::SiteAdmin | Role::OrgAdmin | Role::AiAccess)
    }
}

/// A set of roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Roles(u16);

impl Roles {
    pub(crate) fn of(roles: &[Role]) -> Roles {
        Roles(roles.iter().fold(0, |mask, role| mask | 1 << (*role as u8)))
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn contains(self, role: Role) -> bool {
        self.0 & (1 << (role as u8)) != 0
    }

    pub(crate) fn meets(self, other: Roles) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) fn union(self, other: Roles) -> Roles {
        Roles(self.0 | other.0)
    }

    pub(crate) fn insert(&mut self, role: Role) -> bool {
        let new = !self.contains(role);
        self.0 |= 1 << (role as u8);
        new
    }

    pub(crate) fn remove(&mut self, role: Role) -> bool {
        let held = self.contains(role);
        self.0 &= !(1 << (role as u8));
        held
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.contains(*role))
    }
}
