//! The table of endpoints: method, path template, and what a scoped key needs. Rate limits, faults, scheduled changes
//! and the ledger all speak of an endpoint by its template. Paths that are not in the table do not exist.

use percent_encoding::percent_decode_str;

/// What an endpoint does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Organizations,
    Organization,
    ManagedAccounts,
    LastActiveDates,
    Directories,
    UserSearch,
    UserList,
    UserCount,
    UserStatistics,
    User,
    UserRoles,
    GroupSearch,
    GroupList,
    GroupCount,
    GroupStatistics,
    Group,
    GroupRoles,
    Workspaces,
    ApiKeys,
    ApiKeyCount,
    TenantInfo,
    SiteTenantInfo,
    Retired,
}

impl Action {
    /// True for endpoints that answer in pages.
    pub(crate) fn is_paged(self) -> bool {
        matches!(
            self,
            Action::ManagedAccounts
                | Action::LastActiveDates
                | Action::Directories
                | Action::UserSearch
                | Action::UserList
                | Action::UserRoles
                | Action::GroupSearch
                | Action::GroupList
                | Action::GroupRoles
                | Action::Workspaces
                | Action::ApiKeys
        )
    }
}

/// What a key with scopes needs for an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// No key at all.
    Nothing,
    /// A key of any kind.
    AnyKey,
    Scope(&'static str),
    /// No scope is documented.
    Undocumented,
}

#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) method: &'static str,
    pub(crate) template: &'static str,
    pub(crate) action: Action,
    pub(crate) need: Need,
}

const fn endpoint(method: &'static str, template: &'static str, action: Action, need: Need) -> Endpoint {
    Endpoint { method, template, action, need }
}

const DIRECTORIES: Need = Need::Scope("read:directories:admin");
const GROUPS: Need = Need::Scope("read:groups:admin");

pub(crate) static ENDPOINTS: &[Endpoint] = &[
    endpoint("GET", "/admin/v1/orgs", Action::Organizations, Need::AnyKey),
    endpoint("GET", "/admin/v1/orgs/{o}", Action::Organization, Need::Scope("read:orgs:admin")),
    endpoint("GET", "/admin/v1/orgs/{o}/users", Action::ManagedAccounts, Need::Scope("read:accounts:admin")),
    endpoint(
        "GET",
        "/admin/v1/orgs/{o}/directory/users/{id}/last-active-dates",
        Action::LastActiveDates,
        Need::Undocumented,
    ),
    endpoint("GET", "/admin/v2/orgs/{o}/directories", Action::Directories, DIRECTORIES),
    endpoint("POST", "/admin/v2/orgs/{o}/directories/{d}/users/search", Action::UserSearch, Need::Undocumented),
    endpoint("GET", "/admin/v2/orgs/{o}/directories/{d}/users", Action::UserList, DIRECTORIES),
    endpoint("GET", "/admin/v2/orgs/{o}/directories/{d}/users/count", Action::UserCount, Need::Undocumented),
    endpoint("GET", "/admin/v2/orgs/{o}/directories/{d}/users/stats", Action::UserStatistics, DIRECTORIES),
    endpoint("GET", "/admin/v2/orgs/{o}/directories/{d}/users/{id}", Action::User, DIRECTORIES),
    endpoint("GET", "/admin/v2/orgs/{o}/directories/{d}/users/{id}/role-assignments", Action::UserRoles, DIRECTORIES),
    endpoint("POST", "/admin/v2/orgs/{o}/directories/{d}/groups/search", Action::GroupSearch, Need::Undocumented),
    endpoint("GET", "/admin/v2/orgs/{o}/directories/{d}/groups", Action::GroupList, GROUPS),
    endpoint("GET", "/admin/v2/orgs/{o}/directories/{d}/groups/count", Action::GroupCount, Need::Undocumented),
    endpoint("GET", "/admin/v2/orgs/{o}/directories/{d}/groups/stats", Action::GroupStatistics, Need::Undocumented),
    endpoint("GET", "/admin/v2/orgs/{o}/directories/{d}/groups/{g}", Action::Group, GROUPS),
    endpoint("GET", "/admin/v2/orgs/{o}/directories/{d}/groups/{g}/role-assignments", Action::GroupRoles, GROUPS),
    endpoint("POST", "/admin/v2/orgs/{o}/workspaces", Action::Workspaces, Need::Scope("read:workspaces:admin")),
    endpoint("GET", "/admin/api-access/v1/orgs/{o}/api-keys", Action::ApiKeys, Need::Scope("read:tokens:admin")),
    endpoint(
        "GET",
        "/admin/api-access/v1/orgs/{o}/api-keys/count",
        Action::ApiKeyCount,
        Need::Scope("read:tokens:admin"),
    ),
    endpoint("GET", "/_edge/tenant_info", Action::TenantInfo, Need::Nothing),
    endpoint("GET", "/site/{s}/_edge/tenant_info", Action::SiteTenantInfo, Need::Nothing),
    // Switched off after 2026-06-30.
    endpoint("POST", "/admin/v1/orgs/{o}/users/search", Action::Retired, Need::AnyKey),
    endpoint("POST", "/admin/v1/orgs/{o}/groups/search", Action::Retired, Need::AnyKey),
    endpoint("POST", "/admin/v1/orgs/{o}/users/invite", Action::Retired, Need::AnyKey),
    endpoint("POST", "/admin/v1/orgs/{o}/directory/users/{id}/suspend-access", Action::Retired, Need::AnyKey),
    endpoint("POST", "/admin/v1/orgs/{o}/directory/users/{id}/restore-access", Action::Retired, Need::AnyKey),
    endpoint("DELETE", "/admin/v1/orgs/{o}/directory/users/{id}", Action::Retired, Need::AnyKey),
    endpoint("GET", "/admin/v1/orgs/{o}/directory/groups", Action::Retired, Need::AnyKey),
    endpoint("POST", "/admin/v1/orgs/{o}/directory/groups", Action::Retired, Need::AnyKey),
    endpoint("DELETE", "/admin/v1/orgs/{o}/directory/groups/{g}", Action::Retired, Need::AnyKey),
    endpoint("POST", "/admin/v1/orgs/{o}/directory/groups/{g}/memberships", Action::Retired, Need::AnyKey),
    endpoint("DELETE", "/admin/v1/orgs/{o}/directory/groups/{g}/memberships/{id}", Action::Retired, Need::AnyKey),
    endpoint("POST", "/admin/v1/orgs/{o}/directory/groups/{g}/roles/assign", Action::Retired, Need::AnyKey),
    endpoint("POST", "/admin/v1/orgs/{o}/directory/groups/{g}/roles/revoke", Action::Retired, Need::AnyKey),
    endpoint("GET", "/admin/v2/orgs/{o}/app-access-settings", Action::Retired, Need::AnyKey),
];

/// What a method and path come to.
pub(crate) enum Found {
    Endpoint(&'static Endpoint, Vec<String>),
    /// The path exists, the method does not.
    OtherMethod,
    Nothing,
}

/// Looks a request up; literal segments win over captured ones. Captured segments come decoded.
pub(crate) fn find(method: &str, path: &str) -> Found {
    let segments: Vec<&str> = path.split('/').collect();
    let mut best: Option<(&'static Endpoint, Vec<String>)> = None;
    let mut other_method = false;
    for endpoint in ENDPOINTS {
        let Some(captures) = captures(endpoint.template, &segments) else { continue };
        if endpoint.method != method {
            other_method = true;
        } else if best.as_ref().is_none_or(|(_, fewest)| captures.len() < fewest.len()) {
            best = Some((endpoint, captures));
        }
    }
    match best {
        Some((endpoint, captures)) => Found::Endpoint(endpoint, captures),
        None if other_method => Found::OtherMethod,
        None => Found::Nothing,
    }
}

fn captures(template: &str, segments: &[&str]) -> Option<Vec<String>> {
    let mut captures = Vec::new();
    let mut given = segments.iter();
    for wanted in template.split('/') {
        let segment = given.next()?;
        if wanted.starts_with('{') {
            if segment.is_empty() {
                return None;
            }
            captures.push(percent_decode_str(segment).decode_utf8_lossy().into_owned());
        } else if wanted != *segment {
            return None;
        }
    }
    given.next().is_none().then_some(captures)
}

/// True when the pattern names the template: the template itself, a glob with `*`, or a part of the template.
pub(crate) fn pattern_matches(pattern: &str, template: &str) -> bool {
    if !pattern.contains('*') {
        let is_whole = ["/admin", "/site", "/_edge"].iter().any(|root| pattern.starts_with(root));
        return normal(pattern) == normal(template) || (!is_whole && template.contains(pattern));
    }
    let mut rest = template;
    let mut parts = pattern.split('*');
    let Some(first) = parts.next() else { return true };
    let Some(stripped) = rest.strip_prefix(first) else { return false };
    rest = stripped;
    let parts: Vec<&str> = parts.collect();
    for (index, part) in parts.iter().enumerate() {
        if index + 1 == parts.len() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(place) => rest = &rest[place + part.len()..],
            None => return false,
        }
    }
    rest.is_empty()
}

/// A template with the names of its captures left out, so that `{orgId}` and `{o}` are the same.
fn normal(template: &str) -> String {
    let segments: Vec<&str> = template.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect();
    segments.join("/")
}
