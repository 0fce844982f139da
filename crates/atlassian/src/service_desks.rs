//! The service desks of a site, and the customers of each.

use serde::Deserialize;

use crate::call::{Class, Endpoint};
use crate::client::Read;
use crate::error::Error;
use crate::offset_page::{self, OffsetPage};
use crate::site::SiteClient;
use crate::site_users;

/// All of them.
pub const LIST: Endpoint = Endpoint::get("/rest/servicedeskapi/servicedesk");
/// The customers of one.
pub const CUSTOMERS: Endpoint = Endpoint::get("/rest/servicedeskapi/servicedesk/{serviceDeskId}/customer");

/// A service desk.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceDesk {
    /// Its id.
    pub id: String,
    /// The name of its project.
    #[serde(default)]
    pub project_name: Option<String>,
    /// The key of its project.
    #[serde(default)]
    pub project_key: Option<String>,
}

/// A customer of a service desk, or of an organization of customers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Customer {
    /// Account id; `qm:…` for somebody who knows the portal only.
    pub account_id: String,
    /// Name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// E-mail address, where it is not hidden.
    #[serde(default)]
    pub email_address: Option<String>,
    /// Whether the account may sign in.
    #[serde(default)]
    pub active: Option<bool>,
}

impl Customer {
    /// Whether the account was deleted.
    pub fn is_former(&self) -> bool {
        site_users::is_former(self.active, self.email_address.as_deref(), self.display_name.as_deref())
    }
}

/// The page of service desks that begins at `start`.
///
/// # Errors
/// Those of [`crate::client::Client::send`].
pub async fn page(site: &SiteClient, class: Class, start: u32) -> Result<Read<OffsetPage<ServiceDesk>>, Error> {
    offset_page::read(site, site.call(LIST, class, &[]), start).await
}

/// The page of a service desk's customers that begins at `start`. The site calls this API experimental.
///
/// # Errors
/// Those of [`crate::client::Client::send`]; 403 without the right to see the desk's customers.
pub async fn customers(
    site: &SiteClient,
    class: Class,
    service_desk: &str,
    start: u32,
) -> Result<Read<OffsetPage<Customer>>, Error> {
    offset_page::read(site, site.call(CUSTOMERS, class, &[service_desk]).experimental(), start).await
}
