//! A walk over everything that the simulator serves: every documented filter, expansion, order and page, and every
//! refusal. It only asks; what was said is judged from the simulator's ledger. It must never ask what no client could.

mod accounts;
mod desks;
mod jira;
mod jira_accounts;
mod logs;
mod policies;
mod refusals;
mod scim;
mod writes;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use simulator::{Answers, Limits, Role, Simulator, Truth};

use super::plain_client::{Answer, Ask, send};

const JSON: &str = "application/json";
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

/// The simulator with the key that opens it.
pub(super) struct Walk<'a> {
    simulator: &'a Simulator,
    answers: Answers,
    authorization: String,
    /// What opens the first site, which stands at the root.
    site_authorization: String,
    v1: String,
    v2: String,
    truth: Truth,
}

impl<'a> Walk<'a> {
    pub(super) fn new(simulator: &'a Simulator, answers: Answers) -> Walk<'a> {
        let organization = simulator.organization_id();
        Walk {
            simulator,
            answers,
            authorization: format!("Bearer {}", simulator.api_key()),
            site_authorization: simulator.sites()[0].authorization(),
            v1: format!("/admin/v1/orgs/{organization}"),
            v2: format!("/admin/v2/orgs/{organization}"),
            truth: simulator.read(|organization| organization.truth()),
        }
    }

    pub(super) async fn everything(&self) {
        self.searches().await;
        self.lists().await;
        self.single_records().await;
        self.workspaces().await;
        self.wrong_requests().await;
        self.wrong_names().await;
        self.refusals_of_every_endpoint().await;
        self.jira().await;
        self.desks().await;
        self.scim().await;
        self.writes().await;
        self.simulator.set_limits(Limits { endpoints: BTreeMap::new(), ..Limits::default() });
        self.logs().await;
        self.policies().await;
        self.managed_accounts().await;
        self.simulator.set_limits(Limits::default());
    }

    /// Asks an operation that should not be served; the refusal's detail, or what was answered instead.
    pub(super) async fn refusal(&self, method: &str, target: &str) -> Result<(), String> {
        let body = (method != "GET").then_some((JSON, "{}"));
        let answer = self.send(Ask { method, target, authorization: &self.authorization, body }).await;
        let told = [&answer.body["errors"][0]["detail"], &answer.body["errorMessages"][0]];
        let is_unknown = told.into_iter().filter_map(Value::as_str).any(|detail| detail.ends_with("does not exist."));
        if is_unknown || answer.status == 405 { Ok(()) } else { Err(format!("{} {}", answer.status, answer.body)) }
    }

    async fn send(&self, ask: Ask<'_>) -> Answer {
        let target = format!("{} {}", ask.method, ask.target);
        let is_limited = ask.target.starts_with("/admin/");
        let answer = send(self.simulator, ask).await;
        let kind = (!answer.body.is_null()).then_some(JSON);
        assert_eq!(answer.header("content-type"), kind, "{target}");
        if is_limited && (answer.status == 200 || answer.status == 429) {
            let number = |name: &str| answer.header(name).and_then(|text| text.parse::<u32>().ok());
            assert!(number("x-ratelimit-limit").is_some(), "{target}: X-RateLimit-Limit");
            assert!(number("x-ratelimit-remaining").is_some(), "{target}: X-RateLimit-Remaining");
            let reset = answer.header("x-ratelimit-reset").and_then(|text| text.parse::<jiff::Timestamp>().ok());
            assert!(reset.is_some(), "{target}: X-RateLimit-Reset is an instant in ISO 8601");
        }
        answer
    }

    async fn get(&self, target: &str) -> Answer {
        self.send(Ask { method: "GET", target, authorization: &self.authorization, body: None }).await
    }

    async fn post(&self, target: &str, body: &Value) -> Answer {
        let body = body.to_string();
        self.send(Ask { method: "POST", target, authorization: &self.authorization, body: Some((JSON, &body)) }).await
    }

    /// As [`Walk::told`], from the first site.
    async fn site(&self, status: u16, (method, target): (&str, &str), body: &Value) -> Value {
        let text = body.to_string();
        let given = (!body.is_null()).then_some((JSON, text.as_str()));
        let answer = self.send(Ask { method, target, authorization: &self.site_authorization, body: given }).await;
        assert_eq!(answer.status, status, "{method} {target} {body}: {}", answer.body);
        answer.body
    }

    /// The body of an answer with this status; no body is sent when it is null.
    async fn told(&self, status: u16, (method, target): (&str, &str), body: &Value) -> Value {
        let text = body.to_string();
        let given = (!body.is_null()).then_some((JSON, text.as_str()));
        let answer = self.send(Ask { method, target, authorization: &self.authorization, body: given }).await;
        assert_eq!(answer.status, status, "{method} {target} {body}: {}", answer.body);
        answer.body
    }

    async fn found(&self, target: &str) -> Value {
        let answer = self.get(target).await;
        assert_eq!(answer.status, 200, "GET {target}: {}", answer.body);
        answer.body
    }

    /// A search to its end; the cursor goes beside the rest of the body.
    async fn search(&self, target: &str, body: &Value) {
        let mut body = body.clone();
        loop {
            let answer = self.post(target, &body).await;
            assert_eq!(answer.status, 200, "POST {target} {body}: {}", answer.body);
            match answer.body["links"]["next"].as_str() {
                Some(next) => body["cursor"] = json!(next),
                None => return,
            }
        }
    }

    /// A list to its end: the cursor is a bare token on v2 and comes in a whole address on v1.
    async fn list(&self, target: &str) {
        let path = target.split('?').next().unwrap_or_default();
        let mut page = self.found(target).await;
        while let Some(next) = page["links"]["next"].as_str() {
            let cursor = next.rsplit_once("cursor=").map_or(next, |(_, cursor)| cursor);
            page = self.found(&format!("{path}?cursor={cursor}")).await;
        }
    }

    fn busy_user(&self) -> &str {
        let user = self.truth.users.iter().max_by_key(|user| (user.platform_roles.len(), user.last_active.len()));
        &user.unwrap().account_id
    }

    fn granting_group(&self) -> &str {
        &self.truth.grants[0].group
    }

    fn user_filters(&self) -> Vec<(&'static str, Value)> {
        let users = &self.truth.users;
        let email = users.iter().find_map(|user| user.email.as_deref()).unwrap();
        let mut filters = vec![
            ("accountIds", json!([users[0].account_id, users[1].account_id])),
            ("directoryIds", json!([self.truth.directories[0].id])),
            ("resourceIds", json!([self.truth.workspaces[0].ari, self.truth.workspaces[1].ari])),
            ("groupIds", json!([self.truth.groups[0].id, self.granting_group()])),
            ("emailDomains", json!([email.rsplit_once('@').unwrap().1])),
            ("searchTerm", json!(email.get(..3))),
            ("mfaEnabled", json!(true)),
            ("mfaEnabled", json!(false)),
            ("claimStatus", json!("managed")),
            ("claimStatus", json!("unmanaged")),
            ("accountStatus", json!(["active", "inactive", "closed"])),
            ("membershipStatus", json!(["active", "suspended", "no_membership"])),
        ];
        let statuses = ["active", "suspended", "not_invited", "deactivated", "for_deletion"];
        filters.extend(statuses.map(|status| ("status", json!([status]))));
        filters.extend(filtering_roles());
        filters
    }

    fn group_filters(&self) -> Vec<(&'static str, Value)> {
        let mut filters = vec![
            ("directoryIds", json!([self.truth.directories[0].id])),
            ("accountIds", json!([self.busy_user()])),
            ("groupIds", json!([self.truth.groups[0].id, self.truth.groups[1].id])),
            ("resourceOwners", json!(["confluence", "jira-software"])),
            ("resourceIds", json!([self.truth.workspaces[0].ari])),
            ("searchTerm", json!("a")),
        ];
        filters.extend(filtering_roles());
        filters
    }

    fn users(&self, rest: &str) -> String {
        format!("{}/directories/-/users{rest}", self.v2)
    }

    fn groups(&self, rest: &str) -> String {
        format!("{}/directories/-/groups{rest}", self.v2)
    }

    async fn searches(&self) {
        let expansions = ["groups", "productAccess", "platformRoles", "counts.resources"];
        let emails: Vec<_> = self.truth.users.iter().filter_map(|user| user.email.as_ref()).take(100).collect();
        let mut bodies = vec![json!({}), json!({ "limit": 100, "expand": expansions }), json!({ "emails": emails })];
        bodies.extend(expansions.map(|expansion| json!({ "limit": 90, "expand": [expansion] })));
        bodies.extend(
            ["asc", "desc"]
                .map(|direction| json!({ "limit": 90, "sortBy": [{ "field": "nick_name", "direction": direction }] })),
        );
        bodies
            .extend(self.user_filters().into_iter().map(|(name, value)| json!({ name: value, "expand": expansions })));
        for body in bodies {
            self.search(&self.users("/search"), &body).await;
        }
        let names: Vec<_> = self.truth.groups.iter().map(|group| &group.name).take(100).collect();
        let mut bodies = vec![
            json!({}),
            json!({ "limit": 9, "expand": ["counts.users", "counts.resources"] }),
            json!({ "groupNames": names }),
        ];
        bodies.extend(
            ["asc", "desc"].map(|direction| json!({ "sortBy": [{ "field": "name", "direction": direction }] })),
        );
        bodies.extend(self.group_filters().into_iter().map(|(name, value)| json!({ name: value })));
        for body in bodies {
            self.search(&self.groups("/search"), &body).await;
        }
        for directory in &self.truth.directories {
            for kind in ["users", "groups"] {
                self.search(&format!("{}/directories/{}/{kind}/search", self.v2, directory.id), &json!({})).await;
            }
        }
    }

    async fn lists(&self) {
        for (name, value) in self.user_filters() {
            self.list(&self.users(&query(name, &value))).await;
            self.found(&self.users(&format!("/count{}", query(name, &value)))).await;
        }
        for (name, value) in self.group_filters() {
            self.list(&self.groups(&query(name, &value))).await;
            self.found(&self.groups(&format!("/count{}", query(name, &value)))).await;
        }
        self.list(&self.users("?limit=60")).await;
        self.list(&self.groups("?limit=9&includeUsers=true&includeResources=true")).await;
        for target in [self.users("/count"), self.users("/stats"), self.groups("/count"), self.groups("/stats")] {
            self.found(&target).await;
        }
        let user = self.busy_user();
        let directory = &self.truth.directories[0];
        let directories = format!("{}/directories", self.v2);
        let term = directory.name.get(..2).unwrap_or_default();
        for query in [
            String::new(),
            "?limit=1".to_owned(),
            format!("?accountId={user}"),
            format!("?directoryIds={}", directory.id),
            format!("?searchTerm={term}"),
        ] {
            self.list(&format!("{directories}{query}")).await;
        }
        self.list("/admin/v1/orgs").await;
        self.list(&format!("{}/users", self.v1)).await;
    }

    async fn single_records(&self) {
        self.found(&self.v1).await;
        for user in &self.truth.users {
            self.found(&self.users(&format!("/{}", user.account_id))).await;
        }
        // There are 200 of these a minute, and no minute passes here.
        for user in self.truth.users.iter().take(150) {
            self.list(&format!("{}/directory/users/{}/last-active-dates", self.v1, user.account_id)).await;
        }
        for group in &self.truth.groups {
            self.found(&self.groups(&format!("/{}", group.id))).await;
            self.list(&self.groups(&format!("/{}/role-assignments?limit=1", group.id))).await;
        }
        for user in self.truth.users.iter().filter(|user| !user.directories.is_empty()).take(60) {
            self.list(&self.users(&format!("/{}/role-assignments?limit=2", user.account_id))).await;
        }
        let of_user = self.users(&format!("/{}/role-assignments", self.busy_user()));
        let of_group = self.groups(&format!("/{}/role-assignments", self.granting_group()));
        let filters = self.group_filters().into_iter();
        for (name, value) in filters.filter(|(name, _)| !["accountIds", "groupIds", "searchTerm"].contains(name)) {
            for target in [&of_user, &of_group] {
                self.list(&format!("{target}{}", query(name, &value))).await;
            }
        }
        let organization = self.simulator.organization_id();
        for rest in ["?limit=1", "/count"] {
            self.list(&format!("/admin/api-access/v1/orgs/{organization}/api-keys{rest}")).await;
        }
    }

    async fn workspaces(&self) {
        let target = format!("{}/workspaces", self.v2);
        let field = json!({ "field": { "name": "attributes.type", "values": ["confluence"] } });
        for query in [
            field.clone(),
            json!({ "and": [field, { "searchWorkspaces": "a" }, { "features": [] }, { "policies": [] }] }),
            json!({ "nor": [field] }),
            json!({ "searchWorkspaces": "a" }),
            json!({ "features": ["some-feature"] }),
            json!({ "policies": ["some-policy"] }),
        ] {
            assert_eq!(self.post(&target, &json!({ "query": query })).await.status, 200, "{query}");
        }
        for order in ["asc", "desc"] {
            let body = json!({ "sort": [{ "field": "attributes.type", "order": order }] });
            assert_eq!(self.post(&target, &body).await.status, 200, "{body}");
        }
        let mut page = self.post(&target, &json!({ "limit": 1 })).await;
        while let Some(next) = page.body["links"]["next"].as_str() {
            page = self.post(&target, &json!({ "cursor": next })).await;
            assert_eq!(page.status, 200, "{}", page.body);
        }
        let first = self.post(&target, &json!({ "limit": 1 })).await.body;
        let with_more = json!({ "cursor": first["links"]["next"], "limit": 1 });
        let made_up = json!({ "cursor": "made-up" });
        for wrong in [json!([]), json!({ "limit": 0 }), json!({ "limit": 1001 }), made_up, with_more] {
            assert_eq!(self.post(&target, &wrong).await.status, 400, "{wrong}");
        }
    }
}

/// A filter for each role that filters know: the viewer's can only be given.
fn filtering_roles() -> impl Iterator<Item = (&'static str, Value)> {
    let known = Role::ALL.into_iter().filter(|role| *role != Role::Viewer);
    known.map(|role| ("roleIds", json!([role.id()])))
}

/// A filter as a query, lists by repetition.
fn query(name: &str, value: &Value) -> String {
    let one = |value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{name}={}", text.replace('%', "%25").replace('&', "%26").replace('+', "%2B").replace(' ', "%20"))
    };
    let pairs = match value {
        Value::Array(values) => values.iter().map(one).collect::<Vec<_>>().join("&"),
        value => one(value),
    };
    format!("?{pairs}")
}
