//! The users whom a site's Jira lists: people, apps and customers, active or not.

use serde::Deserialize;

use crate::call::{Class, Endpoint};
use crate::client::Read;
use crate::error::Error;
use crate::object::{self, Records};
use crate::offset_page::OffsetPage;
use crate::open::open_enum;
use crate::site::SiteClient;

/// All of them.
pub const LIST: Endpoint = Endpoint::get("/rest/api/3/users/search");

/// Those whom a word or an id finds.
pub const SEARCH: Endpoint = Endpoint::get("/rest/api/3/user/search");

/// Those of some ids.
pub const BY_IDS: Endpoint = Endpoint::get("/rest/api/3/user/bulk");

/// The most ids that are asked for at once: Jira takes 200, but ids of customers make long addresses.
pub const MOST_IDS: usize = 40;

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

/// What Jira calls somebody whose account was deleted.
const FORMER_USER: &str = "Former user";

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
pub async fn page(site: &SiteClient, class: Class, start: u32, size: u32) -> Result<Read<Records<SiteUser>>, Error> {
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
) -> Result<Read<Records<SiteUser>>, Error> {
    let call = site.call(SEARCH, class, &[]);
    let call = match sought {
        Sought::Word(word) => call.query("query", word),
        Sought::Account(id) => call.query("accountId", id),
    };
    site.client().read(&call.query("maxResults", &size.min(FULL_PAGE).to_string()), object::read).await
}

/// Those users of at most [`MOST_IDS`] ids whom the site knows; ids that nobody has are left out.
///
/// # Errors
/// Those of [`crate::client::Client::send`].
pub async fn by_ids(site: &SiteClient, class: Class, account_ids: &[&str]) -> Result<Read<Records<SiteUser>>, Error> {
    let account_ids = account_ids.iter().take(MOST_IDS).copied();
    let call = site.call(BY_IDS, class, &[]).query("maxResults", &MOST_IDS.to_string());
    let call = call.query_each("accountId", account_ids);
    let read: Read<OffsetPage<SiteUser>> = site.client().read(&call, object::read).await?;
    Ok(Read { value: read.value.values, asked_at: read.asked_at })
}

impl SiteUser {
    /// Whether the account was deleted.
    pub fn is_former(&self) -> bool {
        is_former(self.active, self.email_address.as_deref(), self.display_name.as_deref())
    }
}

/// Whether a site speaks of an account that was deleted: it has neither an address nor a name of its own then.
pub(crate) fn is_former(active: Option<bool>, email: Option<&str>, name: Option<&str>) -> bool {
    active == Some(false)
        && email.is_none_or(str::is_empty)
        && name.is_some_and(|name| name.eq_ignore_ascii_case(FORMER_USER))
}
