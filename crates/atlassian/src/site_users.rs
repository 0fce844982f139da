//! The users whom a site's Jira lists: people, apps and customers, active or not.

use serde::Deserialize;

use crate::call::{Class, Endpoint};
use crate::client::Read;
use crate::error::Error;
use crate::object;
use crate::open::open_enum;
use crate::site::SiteClient;

/// All of them.
pub const LIST: Endpoint = Endpoint::get("/rest/api/3/users/search");

/// Those whom a word or an id finds.
pub const SEARCH: Endpoint = Endpoint::get("/rest/api/3/user/search");

/// The most users of a page.
pub const FULL_PAGE: u32 = 1000;

/// A user as a site shows one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SiteUser {
    /// Account id.
    pub account_id: String,
    /// Person, app or customer.
    #[serde(default)]
    pub account_type: Option<SiteAccountType>,
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

/// Whom a site is searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sought<'a> {
    /// Names and e-mail addresses with a word that begins like this.
    Word(&'a str),
    /// One account.
    Account(&'a str),
}

open_enum! {
    /// What an account on a site is.
    SiteAccountType {
        /// A person of the organization's, or a guest.
        Atlassian = "atlassian",
        /// An app's own.
        App = "app",
        /// A customer who knows the portal only.
        Customer = "customer",
    }
}

/// The page of at most `size` users that begins at `start`. The list has no total and its pages may be short: only an
/// empty one is its end.
///
/// # Errors
/// Those of [`crate::client::Client::send`]; 403 without the right to browse users.
pub async fn page(site: &SiteClient, class: Class, start: u32, size: u32) -> Result<Read<Vec<SiteUser>>, Error> {
    let call = site.call(LIST, class, &[]).query("startAt", &start.to_string());
    site.client().read(&call.query("maxResults", &size.min(FULL_PAGE).to_string()), object::read).await
}

/// The first users whom a search finds, at most `size`.
///
/// # Errors
/// Those of [`crate::client::Client::send`]; 403 without the right to browse users.
pub async fn search(
    site: &SiteClient,
    class: Class,
    sought: Sought<'_>,
    size: u32,
) -> Result<Read<Vec<SiteUser>>, Error> {
    let call = site.call(SEARCH, class, &[]);
    let call = match sought {
        Sought::Word(word) => call.query("query", word),
        Sought::Account(id) => call.query("accountId", id),
    };
    site.client().read(&call.query("maxResults", &size.min(FULL_PAGE).to_string()), object::read).await
}
