//! The credential of a site as it may be shown: everything but the token.

use jiff::Timestamp;

use crate::id::CredentialId;
use crate::nouns::organization_key::Validity;

/// A stored credential of a site: the e-mail address of a user and an API token of theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteCredential {
    /// Our id of it.
    pub id: CredentialId,
    /// The site's address when it was entered.
    pub site: String,
    /// The site's cloud id.
    pub cloud_id: String,
    /// Whose token it is.
    pub email: String,
    /// The token's last four characters.
    pub last_four: String,
    /// What the site said to it when it was last asked.
    pub standing: Standing,
    /// Who entered it.
    pub entered_by: String,
    /// When.
    pub entered_at: Timestamp,
    /// When it expires, as far as known.
    pub expires_at: Option<Timestamp>,
}

/// What a site said to a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// When it was asked.
    pub checked_at: Timestamp,
    /// Where the token is taken.
    pub door: Door,
    /// What it may read, right by right.
    pub rights: Vec<(Right, Granted)>,
    /// Why the site did not take it at all, as a sentence; what it may read is then what was known before.
    pub refused: Option<String>,
}

/// Where the APIs of a site take a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// At its own address: a token without scopes.
    Address,
    /// Behind Atlassian's gateway: a token with scopes.
    Gateway,
}

/// What contacts need of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// The list of Jira's users.
    Users,
    /// The list of service desks.
    ServiceDesks,
    /// The customers of a service desk.
    Customers,
    /// The organizations of customers.
    CustomerOrganizations,
}

/// Whether a right is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granted {
    /// It was used.
    Yes,
    /// The site refused.
    No,
    /// The site has nothing to read there.
    NothingThere,
    /// No usable answer came.
    Unknown,
}

impl SiteCredential {
    /// How its expiry stands at a moment.
    pub fn validity(&self, now: Timestamp) -> Validity {
        Validity::of(self.expires_at, now)
    }
}

impl Right {
    /// All of them, in the order in which they are asked and shown.
    pub const ALL: [Right; 4] = [Right::Users, Right::ServiceDesks, Right::Customers, Right::CustomerOrganizations];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Right::Users => "users",
            Right::ServiceDesks => "service_desks",
            Right::Customers => "customers",
            Right::CustomerOrganizations => "customer_organizations",
        }
    }
}

impl Granted {
    /// All of them.
    pub const ALL: [Granted; 4] = [Granted::Yes, Granted::No, Granted::NothingThere, Granted::Unknown];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Granted::Yes => "yes",
            Granted::No => "no",
            Granted::NothingThere => "nothing_there",
            Granted::Unknown => "unknown",
        }
    }
}

impl Door {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Door::Address => "address",
            Door::Gateway => "gateway",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Door> {
        [Door::Address, Door::Gateway].into_iter().find(|door| door.as_str() == text)
    }
}
