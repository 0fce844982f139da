//! Users: the search with its filters, exact look-ups, counts and statistics. The deprecated list is never called.

use serde::{Deserialize, Serialize};

use crate::call::{Call, Class, Endpoint};
use crate::chain::{self, Chain};
use crate::client::{Client, Read};
use crate::error::Error;
use crate::filter;
use crate::object;
use crate::open::Role;
use crate::page::Page;
use crate::scope::Scope;
use crate::user::{AccountStatus, ClaimStatus, MembershipStatus, User, UserStatus};

/// The search.
pub const SEARCH: Endpoint = Endpoint::post("/admin/v2/orgs/{orgId}/directories/{directoryId}/users/search");
/// How many users a filter matches.
pub const COUNT: Endpoint = Endpoint::get("/admin/v2/orgs/{orgId}/directories/{directoryId}/users/count");
/// How many users there are of each status and role.
pub const STATS: Endpoint = Endpoint::get("/admin/v2/orgs/{orgId}/directories/{directoryId}/users/stats");
/// One user.
pub const ONE: Endpoint = Endpoint::get("/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{userId}");

/// Account ids that one search takes.
pub const ACCOUNT_IDS_AT_ONCE: usize = 10;
/// E-mail addresses that one search takes.
pub const EMAILS_AT_ONCE: usize = 100;
/// Group ids that one search takes.
pub const GROUP_IDS_AT_ONCE: usize = 10;

/// Which users; the default is everybody. Search and count take the same filter, except `emails`, which only the search
/// knows. Upstream refuses `emails` together with `search_term`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserFilter {
    /// At most 10.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub account_ids: Vec<String>,
    /// At most 100, matched exactly.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<String>,
    /// At most 10.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub email_domains: Vec<String>,
    /// At most 10.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub group_ids: Vec<String>,
    /// At most 20 ARIs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_ids: Vec<String>,
    /// At most 10.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub role_ids: Vec<Role>,
    /// At most 10.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub directory_ids: Vec<String>,
    /// Managed or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim_status: Option<ClaimStatus>,
    /// Any of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<UserStatus>,
    /// Any of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub account_status: Vec<AccountStatus>,
    /// Any of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub membership_status: Vec<MembershipStatus>,
    /// With a second factor or without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mfa_enabled: Option<bool>,
    /// Part of a name or address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_term: Option<String>,
}

/// What a search adds to each user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum UserExpansion {
    /// `groups`
    #[serde(rename = "groups")]
    Groups,
    /// `product_access`
    #[serde(rename = "productAccess")]
    ProductAccess,
    /// `platform_roles`
    #[serde(rename = "platformRoles")]
    PlatformRoles,
    /// `resources`
    #[serde(rename = "counts.resources")]
    Resources,
}

impl UserExpansion {
    /// Everything that can be added.
    pub const ALL: [UserExpansion; 4] =
        [UserExpansion::Groups, UserExpansion::ProductAccess, UserExpansion::PlatformRoles, UserExpansion::Resources];
}

/// Users by status and role.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserStats {
    /// Accounts of each status.
    #[serde(default)]
    pub account_status: Vec<StatusCount>,
    /// Users with each role.
    #[serde(default)]
    pub roles: Vec<RoleCount>,
}

/// Accounts of one status.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct StatusCount {
    /// The status.
    pub status: AccountStatus,
    /// How many.
    pub count: u64,
}

/// Users with one role.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleCount {
    /// The role.
    pub role_id: Role,
    /// How many.
    pub count: u64,
}

/// All users that `filter` matches, each with what `expand` adds, 100 a page.
pub fn search(
    client: &Client,
    scope: &Scope,
    class: Class,
    filter: &UserFilter,
    expand: &[UserExpansion],
) -> Chain<User> {
    let mut body = filter::fields(filter);
    if !expand.is_empty() {
        body.insert("expand".to_owned(), filter::names(expand));
    }
    chain::searched(client, SEARCH, class, &scope.segments(), body)
}

/// Users by account id, at most [`ACCOUNT_IDS_AT_ONCE`], with everything. Those not found are left out of the answer.
///
/// # Errors
/// `TooMany`, and those of [`Client::send`].
pub async fn by_account_ids(
    client: &Client,
    scope: &Scope,
    class: Class,
    account_ids: &[String],
) -> Result<Page<User>, Error> {
    filter::at_most(SEARCH, account_ids.len(), ACCOUNT_IDS_AT_ONCE)?;
    let filter = UserFilter { account_ids: account_ids.to_vec(), ..UserFilter::default() };
    search(client, scope, class, &filter, &UserExpansion::ALL).all().await
}

/// Users by exact e-mail address, at most [`EMAILS_AT_ONCE`], with everything.
///
/// # Errors
/// `TooMany`, and those of [`Client::send`].
pub async fn by_emails(client: &Client, scope: &Scope, class: Class, emails: &[String]) -> Result<Page<User>, Error> {
    filter::at_most(SEARCH, emails.len(), EMAILS_AT_ONCE)?;
    let filter = UserFilter { emails: emails.to_vec(), ..UserFilter::default() };
    search(client, scope, class, &filter, &UserExpansion::ALL).all().await
}

/// The members of groups, at most [`GROUP_IDS_AT_ONCE`] groups at once, with everything.
///
/// # Errors
/// `TooMany`.
pub fn by_group_ids(client: &Client, scope: &Scope, class: Class, group_ids: &[String]) -> Result<Chain<User>, Error> {
    filter::at_most(SEARCH, group_ids.len(), GROUP_IDS_AT_ONCE)?;
    let filter = UserFilter { group_ids: group_ids.to_vec(), ..UserFilter::default() };
    Ok(search(client, scope, class, &filter, &UserExpansion::ALL))
}

/// How many users `filter` matches. Unfiltered, upstream counts managed accounts outside every directory too.
///
/// # Errors
/// Those of [`Client::send`].
pub async fn count(client: &Client, scope: &Scope, class: Class, filter: &UserFilter) -> Result<Read<u64>, Error> {
    let call = filter::query(Call::new(COUNT, class, &scope.segments()), filter::fields(filter));
    object::counted(client, &call).await
}

/// Users by status and role: a cheap sign of change.
///
/// # Errors
/// Those of [`Client::send`].
pub async fn stats(client: &Client, scope: &Scope, class: Class) -> Result<Read<UserStats>, Error> {
    client.read(&Call::new(STATS, class, &scope.segments()), object::read).await
}

/// One user, with `deactivated_on` and without groups and activity.
///
/// # Errors
/// Those of [`Client::send`]; 404 when the directory does not have the user.
pub async fn one(client: &Client, scope: &Scope, class: Class, account_id: &str) -> Result<Read<User>, Error> {
    object::data(client, &Call::new(ONE, class, &scope.segments_and(account_id))).await
}
