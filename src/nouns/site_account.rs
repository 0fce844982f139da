//! An account as one site lists it: a user of its Jira, or a customer of its service desks. The mirror of the organization
//! does not have customers; only their site shows them.

use jiff::Timestamp;

/// An account as one site lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteAccount {
    /// The site's cloud id.
    pub site: String,
    /// Account id; `qm:…` for somebody who knows the portal only.
    pub account_id: String,
    /// What kind of account the site says it is.
    pub kind: SiteAccountKind,
    /// Its name.
    pub name: String,
    /// Its e-mail address as the site writes it; `None` where it is hidden.
    pub email: Option<String>,
    /// Whether it may sign in to the site.
    pub active: bool,
    /// On which lists it stands.
    pub listed: Listed,
    /// Ids of the organizations of customers it belongs to on this site, in order.
    pub organizations: Vec<String>,
    /// When a reading first found it.
    pub first_seen_at: Timestamp,
    /// When it was proven to be gone for good: on no list that was read to its end, and unknown to the site by id, or
    /// shown by it as a former user. Name and address stay as they were last seen.
    pub gone_at: Option<Timestamp>,
}

/// What kind of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SiteAccountKind {
    /// A person's Atlassian account.
    Atlassian,
    /// An app's own.
    App,
    /// A customer who knows the portal only.
    Customer,
    /// The site did not say.
    Unknown,
}

/// On which lists of a site an account stands, as of the last complete reading of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Jira's users.
    pub users: bool,
    /// The customers of a service desk.
    pub desks: bool,
    /// The members of an organization of customers.
    pub organizations: bool,
}

/// An organization of customers, as the service desks of one site know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerOrganization {
    /// The site's cloud id.
    pub site: String,
    /// Its id on that site.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When a reading first found it.
    pub first_seen_at: Timestamp,
    /// When a complete list did not name it any more.
    pub gone_at: Option<Timestamp>,
}

impl SiteAccount {
    /// Whether the account is a customer of the site: portal-only, or on a list of customers.
    pub fn is_customer(&self) -> bool {
        self.kind == SiteAccountKind::Customer || self.listed.desks || self.listed.organizations
    }

    /// Whether the account is a Jira user of the site: a person whom Jira lists.
    pub fn is_jira_user(&self) -> bool {
        self.kind == SiteAccountKind::Atlassian && self.listed.users
    }
}

impl SiteAccountKind {
    /// All of them.
    pub const ALL: [SiteAccountKind; 4] =
        [SiteAccountKind::Atlassian, SiteAccountKind::App, SiteAccountKind::Customer, SiteAccountKind::Unknown];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            SiteAccountKind::Atlassian => "atlassian",
            SiteAccountKind::App => "app",
            SiteAccountKind::Customer => "customer",
            SiteAccountKind::Unknown => "unknown",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<SiteAccountKind> {
        SiteAccountKind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The kind that an id alone tells, where a list does not say it.
    pub fn of_id(account_id: &str) -> SiteAccountKind {
        if account_id.starts_with("qm:") { SiteAccountKind::Customer } else { SiteAccountKind::Unknown }
    }
}
