//! Whose the API token of a site is.

use serde::Deserialize;

use crate::call::{Class, Endpoint};
use crate::client::Read;
use crate::error::Error;
use crate::object;
use crate::site::SiteClient;

/// The user that asks.
pub const ONE: Endpoint = Endpoint::get("/rest/api/3/myself");

/// A user as a site tells of the one that asks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Myself {
    /// Account id.
    pub account_id: String,
    /// Name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// E-mail address, where it is not hidden.
    #[serde(default)]
    pub email_address: Option<String>,
    /// Whether the account may sign in to the site.
    #[serde(default)]
    pub active: Option<bool>,
}

/// The user that asks.
///
/// # Errors
/// Those of [`crate::client::Client::send`]; a token that is wrong, or that has scopes and was sent to the site's own
/// address, is refused with 401.
pub async fn read(site: &SiteClient, class: Class) -> Result<Read<Myself>, Error> {
    site.client().read(&site.call(ONE, class, &[]), object::read).await
}
