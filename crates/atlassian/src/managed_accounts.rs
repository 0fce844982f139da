//! Managed accounts: those on the organization's verified domains, also outside every directory. A v1 list: pages are
//! linked by whole addresses, fields are in snake case, and the page size cannot be chosen.

use serde::Deserialize;

use crate::call::{Call, Class, Endpoint};
use crate::chain::{Chain, Paging};
use crate::client::Client;
use crate::moment::Moment;
use crate::record::{Drift, Record, UnknownFields};
use crate::user::{AccountStatus, AccountType};

/// All of them.
pub const LIST: Endpoint = Endpoint::get("/admin/v1/orgs/{orgId}/users");

/// A managed account.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ManagedAccount {
    /// The account id.
    pub account_id: String,
    /// Person, app or portal customer.
    #[serde(default)]
    pub account_type: Option<AccountType>,
    /// State of the account.
    #[serde(default)]
    pub account_status: Option<AccountStatus>,
    /// Full name.
    #[serde(default)]
    pub name: Option<String>,
    /// E-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// Address of the picture.
    #[serde(default)]
    pub picture: Option<String>,
    /// Whether the account costs money.
    #[serde(default)]
    pub access_billable: Option<bool>,
    /// Last activity anywhere.
    #[serde(default)]
    pub last_active: Option<Moment>,
    /// Last activity per app.
    #[serde(default)]
    pub product_access: Option<Vec<ManagedProductAccess>>,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// Last activity in one app.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ManagedProductAccess {
    /// The app's key; not always the same word as in v2.
    pub key: Option<String>,
    /// The app's name.
    pub name: Option<String>,
    /// The site's address.
    pub url: Option<String>,
    /// When it was last used.
    pub last_active: Option<Moment>,
}

/// All managed accounts of an organization; the pages' `total` says how many.
pub fn list(client: &Client, class: Class, organization: &str) -> Chain<ManagedAccount> {
    Chain::new(client, Call::new(LIST, class, &[organization]), Paging::QueryWithoutLimit)
}

impl Record for ManagedAccount {
    const NAME: &'static str = "managed_account";
    const ID: &'static str = "account_id";

    fn id(&self) -> &str {
        &self.account_id
    }

    fn drift(&self, drift: &mut Drift) {
        drift.value(Self::NAME, "account_type", self.account_type.as_ref().and_then(AccountType::unknown));
        drift.value(Self::NAME, "account_status", self.account_status.as_ref().and_then(AccountStatus::unknown));
        let unknown = self.unknown.keys().filter(|field| *field != "links");
        unknown.for_each(|field| drift.field(Self::NAME, field));
    }
}
