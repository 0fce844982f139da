//! The table of endpoints that exist. Paths that are not in it are not found, as upstream.

use crate::endpoint::{Action, Endpoint, Need};

const fn endpoint(method: &'static str, template: &'static str, action: Action, need: Need) -> Endpoint {
    Endpoint { method, template, action, need }
}

const DIRECTORIES: Need = Need::Scope("read:directories:admin");
const DOMAINS: Need = Need::Scope("read:domains:admin");
const EVENTS: Need = Need::Scope("read:events:admin");
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
    endpoint("POST", "/admin/v2/orgs/{o}/directories/{d}/users/{id}/suspend", Action::Suspend, Need::Undocumented),
    endpoint("POST", "/admin/v2/orgs/{o}/directories/{d}/users/{id}/restore", Action::Restore, Need::Undocumented),
    endpoint("DELETE", "/admin/v2/orgs/{o}/directories/{d}/users/{id}", Action::RemoveUser, Need::Undocumented),
    endpoint("POST", "/admin/v2/orgs/{o}/directories/{d}/groups", Action::CreateGroup, Need::Undocumented),
    endpoint("DELETE", "/admin/v2/orgs/{o}/directories/{d}/groups/{g}", Action::DeleteGroup, Need::Undocumented),
    endpoint(
        "POST",
        "/admin/v2/orgs/{o}/directories/{d}/groups/{g}/memberships",
        Action::AddMember,
        Need::Undocumented,
    ),
    endpoint(
        "DELETE",
        "/admin/v2/orgs/{o}/directories/{d}/groups/{g}/memberships/{id}",
        Action::RemoveMember,
        Need::Undocumented,
    ),
    endpoint(
        "POST",
        "/admin/v2/orgs/{o}/directories/{d}/groups/{g}/role-assignments/assign",
        Action::AssignGroupRole,
        Need::Undocumented,
    ),
    endpoint(
        "POST",
        "/admin/v2/orgs/{o}/directories/{d}/groups/{g}/role-assignments/revoke",
        Action::RevokeGroupRole,
        Need::Undocumented,
    ),
    endpoint("POST", "/admin/v1/orgs/{o}/users/{id}/roles/assign", Action::AssignRole, Need::Undocumented),
    endpoint("POST", "/admin/v1/orgs/{o}/users/{id}/roles/revoke", Action::RevokeRole, Need::Undocumented),
    endpoint(
        "POST",
        "/admin/v1/orgs/{o}/users/{id}/role-assignments/assign",
        Action::AssignOrganizationRole,
        Need::Undocumented,
    ),
    endpoint(
        "POST",
        "/admin/v1/orgs/{o}/users/{id}/role-assignments/revoke",
        Action::RevokeOrganizationRole,
        Need::Undocumented,
    ),
    endpoint("POST", "/admin/v2/orgs/{o}/users/invite", Action::Invite, Need::Undocumented),
    endpoint("GET", "/admin/v1/orgs/{o}/domains", Action::Domains, DOMAINS),
    endpoint("GET", "/admin/v1/orgs/{o}/domains/{n}", Action::Domain, DOMAINS),
    endpoint("GET", "/admin/v1/orgs/{o}/events", Action::Events, EVENTS),
    endpoint("GET", "/admin/v1/orgs/{o}/events-stream", Action::EventStream, EVENTS),
    endpoint("GET", "/admin/v1/orgs/{o}/events/{e}", Action::Event, EVENTS),
    endpoint("GET", "/admin/v1/orgs/{o}/event-actions", Action::EventActions, EVENTS),
    endpoint("GET", "/admin/v1/orgs/{o}/policies", Action::Policies, Need::Undocumented),
    endpoint("GET", "/admin/v1/orgs/{o}/policies/{p}", Action::Policy, Need::Undocumented),
    endpoint("GET", "/users/{id}/manage", Action::Privileges, Need::Unscoped),
    endpoint("GET", "/users/{id}/manage/profile", Action::Profile, Need::Unscoped),
    endpoint("PATCH", "/users/{id}/manage/profile", Action::ChangeProfile, Need::Unscoped),
    endpoint("PUT", "/users/{id}/manage/email", Action::ChangeEmail, Need::Unscoped),
    endpoint("POST", "/users/{id}/manage/lifecycle/disable", Action::Disable, Need::Unscoped),
    endpoint("POST", "/users/{id}/manage/lifecycle/enable", Action::Enable, Need::Unscoped),
    endpoint("POST", "/users/{id}/manage/lifecycle/delete", Action::ScheduleDeletion, Need::Unscoped),
    endpoint("POST", "/users/{id}/manage/lifecycle/cancel-delete", Action::CancelDeletion, Need::Unscoped),
    endpoint("GET", "/users/{id}/manage/api-tokens", Action::ApiTokens, Need::Unscoped),
    endpoint("DELETE", "/users/{id}/manage/api-tokens/{t}", Action::RevokeApiToken, Need::Unscoped),
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
