//! Who may do what where: the roles a user has, with how each came, and the roles a group grants.

use serde::Deserialize;

use crate::call::{Call, Class, Endpoint};
use crate::chain::{self, Chain};
use crate::client::Client;
use crate::open::{Role, open_enum};
use crate::record::{Drift, Record, UnknownFields};
use crate::scope::Scope;
use crate::user::MembershipStatus;

/// Roles of a user.
pub const OF_USER: Endpoint =
    Endpoint::get("/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/role-assignments");
/// Roles that a group grants.
pub const OF_GROUP: Endpoint =
    Endpoint::get("/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/role-assignments");

/// The roles of a user on one resource.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserRoleAssignment {
    /// The resource's ARI.
    pub resource_id: String,
    /// The app, such as `jira-software`.
    #[serde(default)]
    pub resource_owner: Option<String>,
    /// The directory; none for roles on the organization.
    #[serde(default)]
    pub directory_id: Option<String>,
    /// The user's state in that directory.
    #[serde(default)]
    pub user_directory_status: Option<MembershipStatus>,
    /// The roles; deprecated upstream in favour of `role_assignments`.
    #[serde(default)]
    pub roles: Option<Vec<Role>>,
    /// The roles with how each came.
    #[serde(default)]
    pub role_assignments: Option<Vec<RoleAssignment>>,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// A role and how it came.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleAssignment {
    /// The role.
    pub role: Role,
    /// How it came; more than one way is possible.
    #[serde(default)]
    pub role_assignment_methods: Option<Vec<RoleAssignmentMethod>>,
}

open_enum! {
    /// How a role came.
    RoleAssignmentMethod {
        /// Given to the user.
        Direct = "direct",
        /// Granted by a group of the user.
        GroupDirect = "group_direct",
        /// It follows from another role.
        Inferred = "inferred",
    }
}

/// The roles that a group grants on one resource.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupRoleAssignment {
    /// The resource's ARI.
    pub resource_id: String,
    /// The app, such as `jira-software`.
    #[serde(default)]
    pub resource_owner: Option<String>,
    /// The roles.
    #[serde(default)]
    pub roles: Option<Vec<Role>>,
    /// The role that new users of the app get through this group, if it is a default group.
    #[serde(default)]
    pub default_role: Option<Role>,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

impl UserRoleAssignment {
    /// Each role with the ways it came; without ways where upstream tells only the deprecated list.
    pub fn origins(&self) -> Vec<(&Role, &[RoleAssignmentMethod])> {
        match (&self.role_assignments, &self.roles) {
            (Some(assignments), _) => assignments
                .iter()
                .map(|assignment| (&assignment.role, assignment.role_assignment_methods.as_deref().unwrap_or_default()))
                .collect(),
            (None, Some(roles)) => roles.iter().map(|role| (role, [].as_slice())).collect(),
            (None, None) => Vec::new(),
        }
    }
}

/// The roles of a user, a record per resource, 100 a page.
pub fn of_user(client: &Client, scope: &Scope, class: Class, account_id: &str) -> Chain<UserRoleAssignment> {
    chain::listed(client, Call::new(OF_USER, class, &scope.segments_and(account_id)))
}

/// The roles that a group grants, a record per resource, 100 a page.
pub fn of_group(client: &Client, scope: &Scope, class: Class, group_id: &str) -> Chain<GroupRoleAssignment> {
    chain::listed(client, Call::new(OF_GROUP, class, &scope.segments_and(group_id)))
}

impl Record for UserRoleAssignment {
    const NAME: &'static str = "user_role_assignment";
    const ID: &'static str = "resourceId";

    fn id(&self) -> &str {
        &self.resource_id
    }

    fn drift(&self, drift: &mut Drift) {
        let status = self.user_directory_status.as_ref().and_then(MembershipStatus::unknown);
        drift.value(Self::NAME, "userDirectoryStatus", status);
        for (role, methods) in self.origins() {
            drift.value(Self::NAME, "role", role.unknown());
            methods.iter().for_each(|method| drift.value(Self::NAME, "roleAssignmentMethods", method.unknown()));
        }
        self.unknown.keys().for_each(|field| drift.field(Self::NAME, field));
    }
}

impl Record for GroupRoleAssignment {
    const NAME: &'static str = "group_role_assignment";
    const ID: &'static str = "resourceId";

    fn id(&self) -> &str {
        &self.resource_id
    }

    fn drift(&self, drift: &mut Drift) {
        for role in self.roles.iter().flatten().chain(&self.default_role) {
            drift.value(Self::NAME, "role", role.unknown());
        }
        self.unknown.keys().for_each(|field| drift.field(Self::NAME, field));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_documented_examples_are_read() {
        let user: UserRoleAssignment = serde_json::from_str(
            r#"{"resourceId":"ari:cloud:jira-software::site/5a5a","resourceOwner":"jira-software","directoryId":null,
            "userDirectoryStatus":"active","roles":["atlassian/user"],
            "roleAssignments":[{"role":"atlassian/user","roleAssignmentMethods":["group_direct","telepathy"]}]}"#,
        )
        .unwrap();
        let methods = [RoleAssignmentMethod::GroupDirect, RoleAssignmentMethod::Other("telepathy".into())];
        assert_eq!(user.origins(), [(&Role::User, methods.as_slice())]);
        let group: GroupRoleAssignment = serde_json::from_str(
            r#"{"resourceId":"ari:x","resourceOwner":"confluence","roles":["atlassian/user"],"defaultRole":null,"new":1}"#,
        )
        .unwrap();
        assert_eq!(group.default_role, None);
        let mut drift = Drift::default();
        user.drift(&mut drift);
        group.drift(&mut drift);
        assert_eq!(
            drift.into_notes(),
            ["group_role_assignment.new", "user_role_assignment.roleAssignmentMethods=telepathy"]
        );
    }
}
