//! The organizations into which a site's service desks put their customers. They are no organizations of accounts.

use serde::Deserialize;

use crate::call::{Class, Endpoint};
use crate::client::Read;
use crate::error::Error;
use crate::offset_page::{self, OffsetPage};
use crate::service_desks::Customer;
use crate::site::SiteClient;

/// All of them.
pub const LIST: Endpoint = Endpoint::get("/rest/servicedeskapi/organization");
/// The customers of one.
pub const CUSTOMERS: Endpoint = Endpoint::get("/rest/servicedeskapi/organization/{organizationId}/user");

/// An organization of customers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CustomerOrganization {
    /// Its id.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
}

/// The page of organizations that begins at `start`.
///
/// # Errors
/// Those of [`crate::client::Client::send`].
pub async fn page(
    site: &SiteClient,
    class: Class,
    start: u32,
) -> Result<Read<OffsetPage<CustomerOrganization>>, Error> {
    offset_page::read(site, site.call(LIST, class, &[]), start).await
}

/// The page of an organization's customers that begins at `start`.
///
/// # Errors
/// Those of [`crate::client::Client::send`].
pub async fn customers(
    site: &SiteClient,
    class: Class,
    organization: &str,
    start: u32,
) -> Result<Read<OffsetPage<Customer>>, Error> {
    offset_page::read(site, site.call(CUSTOMERS, class, &[organization]), start).await
}
