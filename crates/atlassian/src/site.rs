//! The client of one site: its APIs take the e-mail address of a user and an API token that this user has made. It sends
//! through [`Client::send`] like everything else, with a quota and a breaker of its own.
//!
//! It must never be given an address that did not come from the organization's own list of workspaces.

use crate::call::{Call, Class, Endpoint};
use crate::client::Client;
use crate::config::Config;
use crate::error::Error;
use crate::transport;

/// A client of a site's APIs; cheap to clone.
#[derive(Clone, Debug)]
pub struct SiteClient {
    client: Client,
    /// What the paths of the site's APIs begin after.
    address: String,
}

impl SiteClient {
    /// A client as `user`, whose API token is the configuration's key. `address` is the site's own, such as
    /// `https://north.atlassian.net`, or the one of [`behind_gateway`]; it stands for the configuration's base.
    ///
    /// # Errors
    /// Address, user or token cannot be used. Reaches nobody.
    pub fn new(config: Config, user: &str, address: &str) -> Result<SiteClient, Error> {
        let base = transport::address("site", address)?.origin().ascii_serialization();
        let client = Client::new(Config { base, user: Some(user.to_owned()), ..config })?;
        Ok(SiteClient { client, address: address.trim_end_matches('/').to_owned() })
    }

    /// What everything is sent through.
    pub fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn call(&self, endpoint: Endpoint, class: Class, segments: &[&str]) -> Call {
        Call::to_site_api(endpoint, class, segments, &self.address)
    }
}

/// Where the APIs of a site are for tokens with scopes, which its own address refuses: behind the gateway at `base`, by
/// cloud id.
pub fn behind_gateway(base: &str, cloud_id: &str) -> String {
    const BEHIND: Endpoint = Endpoint::get("/ex/jira/{cloudId}");
    format!("{}{}", base.trim_end_matches('/'), BEHIND.fill(&[cloud_id]))
}
