//! The walk over what is refused: wrong bodies and queries, names that nobody has, and at every endpoint the wrong key,
//! the wrong organization, the wrong type of body, too many requests, and an error of the server.

use serde_json::json;
use simulator::{Fault, FaultKind, Limits, Shape};

use super::{JSON, NOBODY, Walk, query};
use crate::contract::plain_client::Ask;

/// A request that is answered when the key is right.
struct Right {
    method: &'static str,
    target: String,
}

impl Walk<'_> {
    /// Bodies and queries that are refused, each by what the description says.
    pub(super) async fn wrong_requests(&self) {
        let many = |most: usize| (0..=most).map(|number| format!("i{number}")).collect::<Vec<_>>();
        let wrong = [
            json!([]),
            json!({ "limit": 0 }),
            json!({ "limit": 101 }),
            json!({ "limit": "10" }),
            json!({ "unknown": 1 }),
            json!({ "cursor": "made-up" }),
            json!({ "accountIds": [] }),
            json!({ "accountIds": many(10) }),
            json!({ "groupIds": many(10) }),
            json!({ "directoryIds": many(10) }),
            json!({ "resourceIds": many(20) }),
            json!({ "expand": ["everything"] }),
            json!({ "sortBy": [{ "field": "email", "direction": "asc" }] }),
        ];
        let of_users = [
            json!({ "emails": many(100) }),
            json!({ "emails": ["a@mail.test", "a@mail.test"] }),
            json!({ "emails": ["a@mail.test"], "searchTerm": "a" }),
            json!({ "emailDomains": many(10) }),
            json!({ "roleIds": ["atlassian/king"] }),
            json!({ "roleIds": ["atlassian/viewer"] }),
            json!({ "status": ["happy"] }),
            json!({ "claimStatus": "claimed" }),
            json!({ "mfaEnabled": "yes" }),
        ];
        let of_groups = [
            json!({ "groupNames": many(100) }),
            json!({ "groupNames": ["a"], "searchTerm": "a" }),
            json!({ "groupNames": ["a"], "groupIds": ["b"] }),
            json!({ "resourceOwners": many(10) }),
            json!({ "expand": ["counts.users", "counts.users"] }),
        ];
        for (target, bodies) in [(self.users("/search"), &of_users[..]), (self.groups("/search"), &of_groups[..])] {
            for body in wrong.iter().chain(bodies) {
                assert_eq!(self.post(&target, body).await.status, 400, "{target} {body}");
            }
        }
        let eleven = query("directoryIds", &json!(many(10)));
        let roles = [
            self.users(&format!("/{}/role-assignments", self.busy_user())),
            self.groups(&format!("/{}/role-assignments", self.granting_group())),
        ];
        let paged = [self.users(""), self.groups(""), format!("{}/directories", self.v2)];
        for target in paged.iter().chain(&roles) {
            for query in ["?limit=0", "?limit=101", "?limit=many", "?cursor=made-up", "?unknown=1", &eleven] {
                assert_eq!(self.get(&format!("{target}{query}")).await.status, 400, "{target}{query}");
            }
        }
        for target in [self.users("/count"), self.groups("/count")] {
            for query in ["?unknown=1", "?roleIds=atlassian/king", "?roleIds=atlassian/viewer", &eleven] {
                assert_eq!(self.get(&format!("{target}{query}")).await.status, 400, "{target}{query}");
            }
        }
        assert_eq!(self.get(&self.users("?mfaEnabled=maybe")).await.status, 400);
        let user = self.busy_user();
        for target in [
            "/admin/v1/orgs?cursor=made-up".to_owned(),
            format!("{}/users?cursor=made-up", self.v1),
            format!("{}/users?limit=10", self.v1),
            format!("{}/directory/users/{user}/last-active-dates?cursor=made-up", self.v1),
        ] {
            assert_eq!(self.get(&target).await.status, 400, "{target}");
        }
    }

    /// Directories, people and groups that are not there.
    pub(super) async fn wrong_names(&self) {
        let nowhere = format!("{}/directories/nowhere", self.v2);
        for target in [
            self.users(&format!("/{NOBODY}")),
            self.users(&format!("/{NOBODY}/role-assignments")),
            self.groups(&format!("/{NOBODY}")),
            self.groups(&format!("/{NOBODY}/role-assignments")),
            format!("{}/directory/users/{NOBODY}/last-active-dates", self.v1),
            format!("{nowhere}/users"),
            format!("{nowhere}/users/count"),
            format!("{nowhere}/users/stats"),
            format!("{nowhere}/groups"),
            format!("{nowhere}/groups/count"),
            format!("{nowhere}/groups/stats"),
        ] {
            assert_eq!(self.get(&target).await.status, 404, "{target}");
        }
        for target in [format!("{nowhere}/users/search"), format!("{nowhere}/groups/search")] {
            assert_eq!(self.post(&target, &json!({})).await.status, 404, "{target}");
        }
    }

    fn endpoints(&self) -> Vec<Right> {
        let (user, group) = (self.busy_user(), self.granting_group());
        let get = [
            "/admin/v1/orgs".to_owned(),
            self.v1.clone(),
            format!("{}/users", self.v1),
            format!("{}/directory/users/{user}/last-active-dates", self.v1),
            format!("{}/directories", self.v2),
            self.users(""),
            self.users("/count"),
            self.users("/stats"),
            self.users(&format!("/{user}")),
            self.users(&format!("/{user}/role-assignments")),
            self.groups(""),
            self.groups("/count"),
            self.groups("/stats"),
            self.groups(&format!("/{group}")),
            self.groups(&format!("/{group}/role-assignments")),
            format!("/admin/api-access/v1/orgs/{}/api-keys", self.simulator.organization_id()),
            format!("/admin/api-access/v1/orgs/{}/api-keys/count", self.simulator.organization_id()),
        ];
        let logs = ["domains", "policies", "events", "events-stream", "event-actions"];
        let managed = ["", "/profile", "/api-tokens"].map(|rest| format!("/users/{user}/manage{rest}"));
        let get = get.into_iter().chain(logs.map(|path| format!("{}/{path}", self.v1))).chain(managed);
        let post = [self.users("/search"), self.groups("/search"), format!("{}/workspaces", self.v2)];
        let right = |method| move |target| Right { method, target };
        get.map(right("GET")).chain(post.into_iter().map(right("POST"))).collect()
    }

    /// Wrong keys, another organization, the wrong type of body, too many requests, and an error of the server itself.
    pub(super) async fn refusals_of_every_endpoint(&self) {
        let simulator = self.simulator;
        let ours = simulator.organization_id();
        let scoped = format!("Bearer {}", simulator.scoped_api_key());
        for Right { method, target } in self.endpoints() {
            let body = (method == "POST").then_some((JSON, "{}"));
            for authorization in ["", "Bearer wrong", "Basic YTpi"] {
                assert_eq!(self.send(Ask { method, target: &target, authorization, body }).await.status, 401);
            }
            // The gateway refuses such a key in its own form, where user management describes another.
            if !target.starts_with("/users/") {
                let answer = self.send(Ask { method, target: &target, authorization: &scoped, body }).await;
                assert!([200, 403].contains(&answer.status), "{target}");
            }
            let authorization = &self.authorization;
            if target.contains(&ours) {
                let target = target.replace(&ours, NOBODY);
                let answer = self.send(Ask { method, target: &target, authorization, body }).await;
                assert!([403, 404].contains(&answer.status), "{target}");
            }
            if method == "POST" {
                let body = Some(("text/plain", "{}"));
                assert_eq!(self.send(Ask { method, target: &target, authorization, body }).await.status, 415);
            }
            simulator.set_limits(Limits::all(0));
            assert_eq!(self.send(Ask { method, target: &target, authorization, body }).await.status, 429);
            simulator.set_limits(Limits::default());
            let shape = if target.ends_with("/workspaces") { Shape::SingleError } else { Shape::Errors };
            let kind = FaultKind::Status { code: 500, shape, headers: Vec::new() };
            simulator.set_faults(vec![Fault::on("*", kind).always()]);
            assert_eq!(self.send(Ask { method, target: &target, authorization, body }).await.status, 500);
            simulator.set_faults(Vec::new());
        }
    }
}
