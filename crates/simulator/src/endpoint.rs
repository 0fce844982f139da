//! Endpoints: method, path template, and what a scoped key needs; and finding the one that a request means. Rate
//! limits, faults, scheduled changes and the ledger all speak of an endpoint by its template.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::endpoints::ENDPOINTS;
use crate::reply::{Refusal, Shape};

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
    Suspend,
    Restore,
    RemoveUser,
    CreateGroup,
    DeleteGroup,
    AddMember,
    RemoveMember,
    AssignGroupRole,
    RevokeGroupRole,
    AssignRole,
    RevokeRole,
    AssignOrganizationRole,
    RevokeOrganizationRole,
    Invite,
    Domains,
    Domain,
    Events,
    EventStream,
    Event,
    EventActions,
    Policies,
    Policy,
    CreatePolicy,
    UpdatePolicy,
    DeletePolicy,
    AddPolicyResource,
    UpdatePolicyResource,
    RemovePolicyResource,
    ValidatePolicy,
    Privileges,
    Profile,
    ChangeProfile,
    ChangeEmail,
    Disable,
    Enable,
    ScheduleDeletion,
    CancelDeletion,
    ApiTokens,
    RevokeApiToken,
    JiraUsers,
    JiraUserSearch,
    JiraUsersByIds,
    JiraUser,
    JiraUserGroups,
    JiraMyself,
    JiraGroups,
    JiraGroupPicker,
    JiraGroup,
    JiraMembers,
    JiraApplicationRoles,
    JiraApplicationRole,
    JiraServer,
    JiraLicenseCount,
    JiraProductLicenseCount,
    JiraLicense,
    JiraAuditRecords,
    JiraUserPicker,
    JiraUserAndGroupPicker,
    JiraPermissions,
    JiraCreateUser,
    JiraDeleteUser,
    JiraCreateGroup,
    JiraDeleteGroup,
    JiraAddMember,
    JiraRemoveMember,
    Desks,
    Desk,
    DeskCustomers,
    AddDeskCustomers,
    RemoveDeskCustomers,
    CreateCustomer,
    RevokePortalAccess,
    CustomerOrganizations,
    CreateCustomerOrganization,
    DeleteCustomerOrganization,
    DeskInformation,
    DeskOrganizations,
    AddDeskOrganization,
    RemoveDeskOrganization,
    CustomerOrganization,
    CustomerOrganizationUsers,
    AddOrganizationUsers,
    RemoveOrganizationUsers,
    ScimUsers,
    ScimUser,
    ScimGroups,
    ScimGroup,
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
                | Action::Events
                | Action::EventStream
                | Action::JiraUsers
                | Action::JiraUserSearch
                | Action::JiraUsersByIds
                | Action::JiraGroups
                | Action::JiraAuditRecords
                | Action::JiraMembers
                | Action::Desks
                | Action::DeskCustomers
                | Action::CustomerOrganizations
                | Action::DeskOrganizations
                | Action::CustomerOrganizationUsers
        )
    }

    /// True for endpoints that change the organization.
    pub(crate) fn writes(self) -> bool {
        matches!(
            self,
            Action::Suspend
                | Action::Restore
                | Action::RemoveUser
                | Action::CreateGroup
                | Action::DeleteGroup
                | Action::AddMember
                | Action::RemoveMember
                | Action::AssignGroupRole
                | Action::RevokeGroupRole
                | Action::AssignRole
                | Action::RevokeRole
                | Action::AssignOrganizationRole
                | Action::RevokeOrganizationRole
                | Action::Invite
                | Action::CreatePolicy
                | Action::UpdatePolicy
                | Action::DeletePolicy
                | Action::AddPolicyResource
                | Action::UpdatePolicyResource
                | Action::RemovePolicyResource
                | Action::ChangeProfile
                | Action::ChangeEmail
                | Action::Disable
                | Action::Enable
                | Action::ScheduleDeletion
                | Action::CancelDeletion
                | Action::RevokeApiToken
                | Action::JiraCreateUser
                | Action::JiraDeleteUser
                | Action::JiraCreateGroup
                | Action::JiraDeleteGroup
                | Action::JiraAddMember
                | Action::JiraRemoveMember
                | Action::AddDeskCustomers
                | Action::RemoveDeskCustomers
                | Action::CreateCustomer
                | Action::RevokePortalAccess
                | Action::AddOrganizationUsers
                | Action::RemoveOrganizationUsers
                | Action::CreateCustomerOrganization
                | Action::DeleteCustomerOrganization
                | Action::AddDeskOrganization
                | Action::RemoveDeskOrganization
        )
    }
}

/// The API that an endpoint belongs to; each has credentials and errors of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Organization,
    UserManagement,
    Jira,
    ServiceDesk,
    Scim,
}

impl Door {
    /// Gives a plain refusal the shape that errors have behind this door.
    pub(crate) fn shape(self, refusal: Refusal) -> Refusal {
        let shape = match (self, refusal.shape) {
            (Door::Organization, shape) => shape,
            (_, Shape::NewGateway) => Shape::NewGateway,
            (_, Shape::Gateway) if refusal.status == 429 => Shape::Gateway,
            (Door::UserManagement, _) => Shape::Key,
            (Door::Jira, _) => Shape::Jira,
            (Door::ServiceDesk, _) => Shape::ServiceDesk,
            (Door::Scim, _) => Shape::Scim,
        };
        Refusal { shape, ..refusal }
    }
}

impl Door {
    /// True for what a site answers, and not the organization.
    pub(crate) fn is_on_site(self) -> bool {
        matches!(self, Door::Jira | Door::ServiceDesk)
    }

    /// The door of a template, or of a path on a site.
    pub(crate) fn of(path: &str) -> Door {
        let begins = |start: &str| path.starts_with(start);
        if begins("/users/") {
            Door::UserManagement
        } else if begins("/rest/api/") {
            Door::Jira
        } else if begins("/rest/servicedeskapi/") {
            Door::ServiceDesk
        } else if begins("/scim/") {
            Door::Scim
        } else {
            Door::Organization
        }
    }
}

impl Endpoint {
    pub(crate) fn door(&self) -> Door {
        Door::of(self.template)
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
    /// Nothing with scopes is let in.
    Unscoped,
    /// The key of a directory's provisioning.
    ScimKey,
    /// The user and token of a site.
    SiteUser,
    /// The same, of an administrator.
    SiteAdministrator,
}

#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) method: &'static str,
    pub(crate) template: &'static str,
    pub(crate) action: Action,
    pub(crate) need: Need,
}

/// The site that the path names at its beginning (behind the gateway by its cloud id), and the path on that site. Older
/// versions of Jira's API are the same as the present one, as far as they are served.
pub(crate) fn on_site(path: &str) -> (Option<&str>, Cow<'_, str>) {
    let named = path.strip_prefix("/site/").or_else(|| path.strip_prefix(GATEWAY)).and_then(|rest| {
        let place = rest.find("/rest/")?;
        Some((rest.get(..place)?, rest.get(place..)?))
    });
    let (site, rest) = match named {
        Some((site, rest)) if !site.contains('/') => (Some(site), rest),
        _ => (None, path),
    };
    let older = ["/rest/api/2/", "/rest/api/latest/"].iter().find_map(|root| rest.strip_prefix(root));
    match older {
        Some(end) => (site, Cow::Owned(format!("/rest/api/3/{end}"))),
        None => (site, Cow::Borrowed(rest)),
    }
}

/// True for a path to a site behind the gateway, where tokens with scopes are taken.
pub(crate) fn is_behind_gateway(path: &str) -> bool {
    path.starts_with(GATEWAY)
}

const GATEWAY: &str = "/ex/jira/";

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
        let is_whole = ["/admin", "/site", "/_edge", "/rest/", "/scim/"].iter().any(|root| pattern.starts_with(root))
            || (pattern.starts_with("/users/{") && pattern.contains("/manage"));
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
