//! Which cloud a site is. Asked of the site itself, without the key.

use serde::Deserialize;

use crate::call::{Call, Class, Endpoint};
use crate::client::{Client, Read};
use crate::error::Error;
use crate::object;

/// Of one site.
pub const OF_SITE: Endpoint = Endpoint::get("/_edge/tenant_info");

/// What a site tells about itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantInfo {
    /// The cloud id, the part after the last `/` in the ARIs of the site's apps.
    pub cloud_id: String,
}

/// Asks the site at `site`, such as `https://north.atlassian.net`.
///
/// # Errors
/// Those of [`Client::send`]; `UnexpectedContent` with status 404 when no site has this name.
pub async fn of_site(client: &Client, class: Class, site: &str) -> Result<Read<TenantInfo>, Error> {
    client.read(&Call::to_site(OF_SITE, class, site), object::read).await
}
