//! From an endpoint to its handler. Handlers read the organization and never change it; each returns an answer, with
//! the changes it stands for as data, or the data of a refusal.

mod access;
mod accounts;
mod desks;
mod domains;
mod events;
mod firms;
mod group_writes;
mod groups;
mod invite;
mod jira_accounts;
mod jira_audit;
mod jira_groups;
mod jira_members;
mod jira_permissions;
mod jira_pickers;
mod jira_site;
mod jira_users;
mod keys;
mod lifecycle;
mod organizations;
mod policies;
mod policy_writes;
mod privileges;
mod profiles;
mod role_writes;
mod roles;
mod scim;
mod tokens;
mod users;
mod workspaces;

use crate::call::Call;
use crate::effect::Decision;
use crate::endpoint::Action;
use crate::reply::Refusal;

/// Answers a request that has passed the gate.
pub(crate) fn answer(action: Action, call: &Call<'_>) -> Result<Decision, Refusal> {
    let reply = match action {
        Action::AddDeskCustomers => return desks::add_customers(call),
        Action::RemoveDeskCustomers => return desks::remove_customers(call),
        Action::CreateCustomer => return desks::create_customer(call),
        Action::RevokePortalAccess => return desks::revoke_portal_access(call),
        Action::AddOrganizationUsers => return firms::add_members(call),
        Action::RemoveOrganizationUsers => return firms::remove_members(call),
        Action::CreateCustomerOrganization => return firms::create(call),
        Action::DeleteCustomerOrganization => return firms::delete(call),
        Action::AddDeskOrganization => return firms::add_to_desk(call),
        Action::RemoveDeskOrganization => return firms::remove_from_desk(call),
        Action::JiraCreateUser => return jira_accounts::create(call),
        Action::JiraDeleteUser => return jira_accounts::delete(call),
        Action::JiraCreateGroup => return jira_groups::create(call),
        Action::JiraDeleteGroup => return jira_groups::delete(call),
        Action::JiraAddMember => return jira_members::add(call),
        Action::JiraRemoveMember => return jira_members::remove(call),
        Action::CreatePolicy => return policy_writes::create(call),
        Action::UpdatePolicy => return policy_writes::update(call),
        Action::DeletePolicy => return policy_writes::delete(call),
        Action::AddPolicyResource => return policy_writes::add_resource(call),
        Action::UpdatePolicyResource => return policy_writes::update_resource(call),
        Action::RemovePolicyResource => return policy_writes::remove_resource(call),
        Action::ChangeProfile => return profiles::change(call),
        Action::ChangeEmail => return profiles::change_email(call),
        Action::Disable => return lifecycle::disable(call),
        Action::Enable => return lifecycle::enable(call),
        Action::ScheduleDeletion => return lifecycle::delete(call),
        Action::CancelDeletion => return lifecycle::cancel_deletion(call),
        Action::RevokeApiToken => return tokens::revoke(call),
        Action::Suspend => return access::suspend(call),
        Action::Restore => return access::restore(call),
        Action::RemoveUser => return access::remove(call),
        Action::CreateGroup => return group_writes::create(call),
        Action::DeleteGroup => return group_writes::delete(call),
        Action::AddMember => return group_writes::add_member(call),
        Action::RemoveMember => return group_writes::remove_member(call),
        Action::AssignGroupRole => return role_writes::assign_to_group(call),
        Action::RevokeGroupRole => return role_writes::revoke_from_group(call),
        Action::AssignRole => return role_writes::assign(call),
        Action::RevokeRole => return role_writes::revoke(call),
        Action::AssignOrganizationRole => return role_writes::assign_on_organization(call),
        Action::RevokeOrganizationRole => return role_writes::revoke_on_organization(call),
        Action::Invite => return invite::invite(call),
        Action::Organizations => organizations::list(call),
        Action::Organization => organizations::one(call),
        Action::Directories => organizations::directories(call),
        Action::TenantInfo => organizations::first_tenant(call),
        Action::SiteTenantInfo => organizations::tenant(call),
        Action::ManagedAccounts => accounts::managed(call),
        Action::LastActiveDates => accounts::last_active_dates(call),
        Action::UserSearch => users::search(call),
        Action::UserList => users::list(call),
        Action::UserCount => users::count(call),
        Action::UserStatistics => users::statistics(call),
        Action::User => users::one(call),
        Action::UserRoles => roles::of_user(call),
        Action::GroupSearch => groups::search(call),
        Action::GroupList => groups::list(call),
        Action::GroupCount => groups::count(call),
        Action::GroupStatistics => groups::statistics(call),
        Action::Group => groups::one(call),
        Action::GroupRoles => roles::of_group(call),
        Action::Workspaces => workspaces::query(call),
        Action::ApiKeys => keys::list(call),
        Action::ApiKeyCount => keys::count(call),
        Action::Domains => domains::list(call),
        Action::Domain => domains::one(call),
        Action::Policies => policies::list(call),
        Action::Policy => policies::one(call),
        Action::ValidatePolicy => policies::validate(call),
        Action::Events => events::list(call),
        Action::EventStream => events::stream(call),
        Action::Event => events::one(call),
        Action::EventActions => Ok(events::actions()),
        Action::Privileges => privileges::list(call),
        Action::Profile => profiles::one(call),
        Action::ApiTokens => tokens::list(call),
        Action::JiraUsers => jira_users::all(call),
        Action::JiraUserSearch => jira_users::search(call),
        Action::JiraUsersByIds => jira_users::by_ids(call),
        Action::JiraUser => jira_users::one(call),
        Action::JiraUserGroups => jira_users::groups(call),
        Action::JiraMyself => jira_users::myself(call),
        Action::JiraGroups => jira_groups::list(call),
        Action::JiraGroupPicker => jira_groups::pick(call),
        Action::JiraGroup => jira_groups::one(call),
        Action::JiraMembers => jira_members::list(call),
        Action::JiraApplicationRoles => jira_site::application_roles(call),
        Action::JiraApplicationRole => jira_site::application_role(call),
        Action::JiraServer => jira_site::server(call),
        Action::JiraAuditRecords => jira_audit::records(call),
        Action::JiraUserPicker => jira_pickers::users(call),
        Action::JiraUserAndGroupPicker => jira_pickers::users_and_groups(call),
        Action::JiraPermissions => jira_permissions::own(call),
        Action::JiraLicense => jira_site::license(call),
        Action::JiraProductLicenseCount => jira_site::product_license_count(call),
        Action::JiraLicenseCount => jira_site::license_count(call),
        Action::DeskInformation => desks::information(call),
        Action::DeskOrganizations => firms::of_desk(call),
        Action::Desks => desks::desks(call),
        Action::Desk => desks::desk(call),
        Action::DeskCustomers => desks::customers(call),
        Action::CustomerOrganizations => firms::list(call),
        Action::CustomerOrganization => firms::one(call),
        Action::CustomerOrganizationUsers => firms::members(call),
        Action::ScimUsers => scim::users(call),
        Action::ScimUser => scim::user(call),
        Action::ScimGroups => scim::groups(call),
        Action::ScimGroup => scim::group(call),
        Action::Retired => Err(Refusal::new(
            410,
            "ADMIN-410-1",
            "Gone",
            "This endpoint was deprecated and stopped working after June 30, 2026. Use the v2 API instead.",
        )),
    };
    reply.map(Decision::from)
}
