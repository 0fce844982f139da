//! The walk over what changes the organization: access suspended and ended, groups and their members, roles, and
//! invitations. Every change is made through the API; only what no request can bring about is arranged beforehand.

use serde_json::{Value, json};
use simulator::{TrueUser, Truth};

use super::{NOBODY, Walk};

const NOWHERE_RESOURCE: &str = "ari:cloud:confluence::site/00000000-0000-4000-8000-000000000000";

impl Walk<'_> {
    pub(super) async fn writes(&self) {
        self.access().await;
        self.groups_and_members().await;
        self.roles_of_groups().await;
        self.roles_of_users().await;
        self.roles_on_the_organization().await;
        self.invitations().await;
    }

    fn present(&self) -> Truth {
        self.simulator.read(|organization| organization.truth())
    }

    /// People who can be given anything, in the first directory.
    pub(super) fn able(&self) -> Vec<TrueUser> {
        let first = &self.truth.directories[0].id;
        let is_able = |user: &TrueUser| {
            user.status == "active"
                && user.account_type == "atlassian"
                && user.platform_roles.is_empty()
                && user.directories.iter().any(|(directory, suspended)| directory == first && !suspended)
        };
        self.present().users.into_iter().filter(is_able).collect()
    }

    async fn access(&self) {
        let directory = format!("{}/directories/{}", self.v2, self.truth.directories[0].id);
        let able = self.able();
        let (one, other) = (&able[0].account_id, &able[1].account_id);
        for verb in ["suspend", "suspend", "restore", "restore"] {
            for target in [format!("{directory}/users/{one}/{verb}"), self.users(&format!("/{other}/{verb}"))] {
                self.told(204, ("POST", &target), &json!({})).await;
            }
            self.told(404, ("POST", &format!("{directory}/users/{NOBODY}/{verb}")), &json!({})).await;
            let nowhere = format!("{}/directories/nowhere/users/{one}/{verb}", self.v2);
            self.told(404, ("POST", &nowhere), &json!({})).await;
        }
        self.told(204, ("DELETE", &format!("{directory}/users/{one}")), &Value::Null).await;
        self.told(204, ("DELETE", &self.users(&format!("/{other}"))), &Value::Null).await;
        self.told(404, ("DELETE", &format!("{directory}/users/{NOBODY}")), &Value::Null).await;
        self.told(404, ("DELETE", &format!("{}/directories/nowhere/users/{one}", self.v2)), &Value::Null).await;
    }

    async fn groups_and_members(&self) {
        let groups = format!("{}/directories/{}/groups", self.v2, self.truth.directories[0].id);
        let new = json!({ "name": "walked", "description": "made by the walk" });
        self.told(201, ("POST", &groups), &new).await;
        self.told(409, ("POST", &groups), &new).await;
        self.told(201, ("POST", &groups), &json!({ "name": "walked too" })).await;
        let longest = json!({ "name": "n".repeat(256) });
        for wrong in [json!({}), json!([]), json!({ "name": "" }), longest, json!({ "name": "a", "other": 1 })] {
            self.told(400, ("POST", &groups), &wrong).await;
        }
        self.told(400, ("POST", &self.groups("")), &json!({ "name": "nowhere" })).await;
        self.told(404, ("POST", &format!("{}/directories/nowhere/groups", self.v2)), &new).await;
        let truth = self.present();
        let made = &truth.groups.iter().find(|group| group.name == "walked").unwrap().id;
        let synced = &truth.groups.iter().find(|group| group.synced).unwrap().id;
        let account = &self.able()[2].account_id;
        let member = json!({ "accountId": account });
        let members = format!("{groups}/{made}/memberships");
        self.told(204, ("POST", &members), &member).await;
        self.told(409, ("POST", &members), &member).await;
        self.told(404, ("POST", &members), &json!({ "accountId": NOBODY })).await;
        self.told(400, ("POST", &members), &json!({})).await;
        self.told(403, ("POST", &self.groups(&format!("/{synced}/memberships"))), &member).await;
        self.told(404, ("POST", &format!("{groups}/{NOBODY}/memberships")), &member).await;
        self.told(204, ("DELETE", &format!("{members}/{account}")), &Value::Null).await;
        self.told(404, ("DELETE", &format!("{members}/{account}")), &Value::Null).await;
        self.told(404, ("DELETE", &format!("{groups}/{NOBODY}/memberships/{account}")), &Value::Null).await;
        self.told(403, ("DELETE", &self.groups(&format!("/{synced}/memberships/{account}"))), &Value::Null).await;
        self.told(204, ("DELETE", &format!("{groups}/{made}")), &Value::Null).await;
        self.told(404, ("DELETE", &format!("{groups}/{made}")), &Value::Null).await;
        let is_default = |group: &str| truth.grants.iter().any(|grant| grant.group == group && grant.default);
        let administers =
            |group: &str| truth.grants.iter().any(|grant| grant.group == group && grant.role.ends_with("admin"));
        let kept = [
            truth.groups.iter().find(|group| is_default(&group.id)),
            truth.groups.iter().find(|group| administers(&group.id) && !is_default(&group.id)),
            truth.groups.iter().find(|group| group.synced),
        ];
        for group in kept.map(|group| &group.unwrap().id) {
            self.told(403, ("DELETE", &self.groups(&format!("/{group}"))), &Value::Null).await;
        }
    }

    /// A resource on which the role is a seat.
    fn seated(&self) -> &str {
        &self.truth.grants.iter().find(|grant| grant.role == "atlassian/user").unwrap().resource
    }

    fn set_seats(&self, seats: Option<u32>) {
        self.simulator.change(|organization| organization.set_capacity(self.seated(), seats)).unwrap();
    }

    async fn roles_of_groups(&self) {
        let truth = self.present();
        let of_users = |group: &str| truth.grants.iter().any(|grant| grant.group == group);
        let plain = truth.groups.iter().find(|group| group.members > 0 && !of_users(&group.id)).unwrap();
        let roles = self.groups(&format!("/{}/role-assignments", plain.id));
        let access = json!({ "resourceId": self.seated(), "roleId": "atlassian/user" });
        self.set_seats(Some(0));
        self.told(409, ("POST", &format!("{roles}/assign")), &access).await;
        let granting =
            truth.grants.iter().find(|grant| grant.resource == self.seated() && grant.role == "atlassian/user");
        let granting = &granting.unwrap().group;
        let is_open = truth.groups.iter().any(|group| group.id == *granting && !group.synced);
        if is_open {
            let members = self.groups(&format!("/{granting}/memberships"));
            let is_member = |user: &TrueUser| truth.memberships.contains(&(granting.clone(), user.account_id.clone()));
            let newcomer = self.able().into_iter().find(|user| user.resources == 0 && !is_member(user));
            if let Some(newcomer) = newcomer {
                self.told(409, ("POST", &members), &json!({ "accountId": newcomer.account_id })).await;
            }
        }
        self.set_seats(None);
        for verb in ["assign", "assign", "revoke", "revoke"] {
            let status = if verb == "assign" { 200 } else { 204 };
            let target = format!("{roles}/{verb}");
            self.told(status, ("POST", &target), &access).await;
            let wrong = json!({ "resourceId": self.seated(), "roleId": "atlassian/king" });
            for wrong in [json!({}), json!({ "resourceId": self.seated() }), wrong] {
                self.told(400, ("POST", &target), &wrong).await;
            }
            let nowhere = json!({ "resourceId": NOWHERE_RESOURCE, "roleId": "atlassian/user" });
            self.told(404, ("POST", &target), &nowhere).await;
            self.told(404, ("POST", &self.groups(&format!("/{NOBODY}/role-assignments/{verb}"))), &access).await;
        }
    }

    async fn roles_of_users(&self) {
        let able = self.able();
        let roles = format!("{}/users/{}/roles", self.v1, able[0].account_id);
        let access = json!({ "resource": self.seated(), "role": "atlassian/user" });
        self.set_seats(Some(0));
        let newcomer = able.iter().find(|user| user.resources == 0);
        if let Some(newcomer) = newcomer {
            let target = format!("{}/users/{}/roles/assign", self.v1, newcomer.account_id);
            self.told(409, ("POST", &target), &access).await;
        }
        self.set_seats(None);
        for verb in ["assign", "revoke"] {
            let target = format!("{roles}/{verb}");
            for workspace in &self.truth.workspaces {
                for role in simulator::Role::ALL {
                    let body = json!({ "resource": workspace.ari, "role": role.id() });
                    let status = self.post(&target, &body).await.status;
                    assert!([204, 400].contains(&status), "{target} {body}: {status}");
                }
            }
            self.told(204, ("POST", &target), &access).await;
            for wrong in [json!({}), json!({ "role": "atlassian/king", "resource": self.seated() })] {
                self.told(400, ("POST", &target), &wrong).await;
            }
            let nowhere = json!({ "resource": NOWHERE_RESOURCE, "role": "atlassian/user" });
            self.told(404, ("POST", &target), &nowhere).await;
            self.told(404, ("POST", &format!("{}/users/{NOBODY}/roles/{verb}", self.v1)), &access).await;
        }
        let is_inactive = |user: &&TrueUser| user.account_status == "inactive" && !user.directories.is_empty();
        let inactive = &self.truth.users.iter().find(is_inactive).unwrap().account_id;
        self.told(400, ("POST", &format!("{}/users/{inactive}/roles/assign", self.v1)), &access).await;
    }

    async fn roles_on_the_organization(&self) {
        let role = json!({ "role": "atlassian/org-admin" });
        let able = self.able();
        let target = |account: &str, verb: &str| format!("{}/users/{account}/role-assignments/{verb}", self.v1);
        for verb in ["assign", "revoke"] {
            self.told(204, ("POST", &target(&able[0].account_id, verb)), &role).await;
            self.told(404, ("POST", &target(NOBODY, verb)), &role).await;
            for wrong in [json!({}), json!({ "role": "atlassian/user" })] {
                self.told(400, ("POST", &target(&able[0].account_id, verb)), &wrong).await;
            }
        }
        let last = self.only_administrator();
        self.told(403, ("POST", &target(&last, "revoke")), &role).await;
    }

    /// Leaves the organization with one administrator.
    pub(super) fn only_administrator(&self) -> String {
        let truth = self.present();
        let mut holders: Vec<&TrueUser> =
            truth.users.iter().filter(|user| user.platform_roles.contains(&"atlassian/org-admin")).collect();
        // An account that can be managed in every way but this one.
        holders.sort_by_key(|user| {
            let is_plain = user.managed && user.email_verified && user.management_source != Some("synced");
            (!is_plain, user.account_id.clone())
        });
        for other in &holders[1..] {
            let clear = |organization: &mut simulator::Organization| {
                organization.clear_platform_role(&other.account_id, simulator::Role::OrgAdmin)
            };
            self.simulator.change(clear).unwrap();
        }
        holders[0].account_id.clone()
    }

    async fn invitations(&self) {
        let target = format!("{}/users/invite", self.v2);
        let truth = self.present();
        let open = &truth.groups.iter().find(|group| !group.synced).unwrap().id;
        let synced = &truth.groups.iter().find(|group| group.synced).unwrap().id;
        let known = self.able()[3].email.clone().unwrap();
        let rule = json!({ "resource": self.seated(), "role": "atlassian/user" });
        self.told(200, ("POST", &target), &json!({ "emails": ["new-one@mail.test"] })).await;
        let whole = json!({
            "emails": ["new-two@mail.test", known], "permissionRules": [rule], "additionalGroups": [open],
            "sendNotification": false, "notificationText": "Welcome.",
        });
        self.told(200, ("POST", &target), &whole).await;
        let partly =
            json!({ "emails": ["new-three@mail.test"], "permissionRules": [rule], "additionalGroups": [synced] });
        self.told(206, ("POST", &target), &partly).await;
        let is_inactive = |user: &&TrueUser| user.account_status == "inactive" && user.account_type == "atlassian";
        if let Some(email) = truth.users.iter().filter(is_inactive).find_map(|user| user.email.clone()) {
            let body = json!({ "emails": [email], "permissionRules": [rule], "additionalGroups": [open] });
            self.told(206, ("POST", &target), &body).await;
        }
        let many: Vec<String> = (0..26).map(|number| format!("new-{number}@mail.test")).collect();
        let king = json!({ "resource": self.seated(), "role": "atlassian/king" });
        for wrong in [
            json!({}),
            json!({ "emails": [] }),
            json!({ "emails": many }),
            json!({ "emails": ["nobody"] }),
            json!({ "emails": ["twice@mail.test", "twice@mail.test"] }),
            json!({ "emails": ["new-four@mail.test"], "permissionRules": [king] }),
            json!({ "emails": ["new-four@mail.test"], "unknown": 1 }),
        ] {
            self.told(400, ("POST", &target), &wrong).await;
        }
        let nowhere = json!({ "resource": NOWHERE_RESOURCE, "role": "atlassian/user" });
        for missing in [json!({ "permissionRules": [nowhere] }), json!({ "additionalGroups": [NOBODY] })] {
            let mut body = missing;
            body["emails"] = json!(["new-four@mail.test"]);
            self.told(404, ("POST", &target), &body).await;
        }
        let billed = json!({ "emails": ["new-four@mail.test"], "permissionRules": [rule] });
        self.set_seats(Some(0));
        self.told(409, ("POST", &target), &billed).await;
        self.set_seats(None);
        self.simulator.change(|organization| organization.set_paid(false));
        self.told(402, ("POST", &target), &billed).await;
        self.simulator.change(|organization| organization.set_paid(true));
    }
}
