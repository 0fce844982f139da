//! The walk over Jira's part of a site: its users and groups, what may be read of them and changed, and what is refused.

use serde_json::{Value, json};
use simulator::{Fault, FaultKind, Limits, Organization, Role, Shape};

use super::{NOBODY, Walk};
use crate::contract::plain_client::Ask;

const ROOT: &str = "/rest/api/3";

/// Every operation that is served, with a body where one is wanted, and whether only an administrator may.
const OPERATIONS: [(&str, &str, Option<&str>, bool); 25] = [
    ("GET", "/users", None, false),
    ("GET", "/users/search", None, false),
    ("GET", "/user?accountId=", None, false),
    ("GET", "/user/search?query=a", None, false),
    ("GET", "/user/bulk?accountId=", None, false),
    ("GET", "/user/groups?accountId=", None, false),
    ("GET", "/myself", None, false),
    ("GET", "/group/bulk", None, false),
    ("GET", "/groups/picker", None, false),
    ("GET", "/group?groupId=", None, true),
    ("GET", "/group/member?groupId=", None, true),
    ("GET", "/applicationrole", None, true),
    ("GET", "/applicationrole/jira-software", None, true),
    ("GET", "/license/approximateLicenseCount", None, true),
    ("GET", "/license/approximateLicenseCount/product/jira-software", None, true),
    ("GET", "/auditing/record", None, true),
    ("GET", "/instance/license", None, false),
    ("GET", "/mypermissions?permissions=ADMINISTER", None, false),
    ("GET", "/user/picker?query=a", None, false),
    ("GET", "/groupuserpicker?query=a", None, false),
    ("POST", "/user", Some("{\"emailAddress\": \"never.made@mail.test\"}"), true),
    ("DELETE", "/user?accountId=", None, true),
    ("POST", "/group", Some("{\"name\": \"never made\"}"), true),
    ("POST", "/group/user?groupId=", Some("{\"accountId\": \"\"}"), true),
    ("DELETE", "/group/user?accountId=&groupId=", None, true),
];

impl Walk<'_> {
    pub(super) async fn jira(&self) {
        self.jira_users().await;
        self.jira_groups().await;
        self.jira_members().await;
        self.jira_site().await;
        self.jira_accounts().await;
        self.jira_refusals().await;
    }

    pub(super) async fn jira_get(&self, rest: &str) -> Value {
        self.site(200, ("GET", &format!("{ROOT}{rest}")), &Value::Null).await
    }

    pub(super) async fn jira_refused(&self, status: u16, rest: &str) {
        self.site(status, ("GET", &format!("{ROOT}{rest}")), &Value::Null).await;
    }

    /// A list with a total, to its end.
    async fn jira_pages(&self, rest: &str) {
        let mut start = 0;
        loop {
            let page = self.jira_get(&format!("{rest}&startAt={start}")).await;
            start += page["values"].as_array().unwrap().len();
            assert_eq!(page["isLast"] == true, page["nextPage"].is_null(), "{rest}");
            if page["isLast"] == true {
                assert_eq!(page["total"], start, "{rest}");
                return;
            }
        }
    }

    async fn jira_users(&self) {
        let mut all = Vec::new();
        for list in ["users", "users/search"] {
            all.clear();
            loop {
                let page = self.jira_get(&format!("/{list}?startAt={}&maxResults=130", all.len())).await;
                if page.as_array().unwrap().is_empty() {
                    break;
                }
                all.extend(page.as_array().unwrap().clone());
            }
            self.jira_refused(400, &format!("/{list}?startAt=first")).await;
        }
        let ids: Vec<&str> = all.iter().map(|user| user["accountId"].as_str().unwrap()).collect();
        for kind in ["atlassian", "app", "customer"] {
            let user = all.iter().find(|user| user["accountType"] == kind).unwrap();
            let id = user["accountId"].as_str().unwrap();
            self.jira_get(&format!("/user?accountId={id}")).await;
            self.jira_get(&format!("/user?accountId={id}&expand=groups,applicationRoles")).await;
            self.jira_get(&format!("/user/groups?accountId={id}")).await;
        }
        let own = self.jira_get("/myself").await;
        self.jira_get("/myself?expand=groups,applicationRoles").await;
        let own = own["accountId"].as_str().unwrap();
        self.jira_get("/user/search?query=a&startAt=2&maxResults=7").await;
        self.jira_get(&format!("/user/search?accountId={own}")).await;
        let many = ids.iter().take(25).map(|id| format!("accountId={id}")).collect::<Vec<_>>().join("&");
        self.jira_pages(&format!("/user/bulk?{many}&maxResults=10")).await;
        for wrong in
            ["/user/search", "/user/bulk", "/user/bulk?accountId=a&startAt=x", "/user/search?query=a&startAt=x"]
        {
            self.jira_refused(400, wrong).await;
        }
        for missing in [format!("/user?accountId={NOBODY}"), format!("/user/groups?accountId={NOBODY}")] {
            self.jira_refused(404, &missing).await;
        }
    }

    async fn jira_groups(&self) {
        self.jira_pages("/group/bulk?maxResults=9").await;
        let list = self.jira_get("/group/bulk?maxResults=2").await;
        let field = |place: usize, name: &str| list["values"][place][name].as_str().unwrap().replace(' ', "%20");
        let (first, second) = (field(0, "groupId"), field(1, "groupId"));
        self.jira_get(&format!("/group/bulk?groupId={first}&groupId={second}")).await;
        self.jira_get(&format!("/group/bulk?groupName={}&groupName={}", field(0, "name"), field(1, "name"))).await;
        for access in ["site-admin", "admin", "user"] {
            self.jira_get(&format!("/group/bulk?accessType={access}&applicationKey=jira-software")).await;
        }
        self.jira_refused(400, "/group/bulk?accessType=everybody").await;
        self.jira_get(&format!("/group?groupId={first}")).await;
        self.jira_get(&format!("/group?groupname={}&expand=users", field(0, "name"))).await;
        let own = self.jira_get("/myself").await["accountId"].as_str().unwrap().to_owned();
        let excluded = format!("exclude={}&exclude=x&excludeId={second}&excludeId=x", field(0, "name"));
        self.jira_get(&format!("/groups/picker?query=a&maxResults=5&caseInsensitive=true&{excluded}")).await;
        // These two have no effect, says the description.
        self.jira_get(&format!("/groups/picker?accountId={own}&userName=somebody")).await;
        for path in ["/group", "/group/member"] {
            self.jira_refused(400, path).await;
            self.jira_refused(404, &format!("{path}?groupId={NOBODY}")).await;
        }
        let large = self.truth.groups.iter().filter(|group| group.directory_id == self.site_directory());
        let large = large.max_by_key(|group| group.members).unwrap();
        self.jira_pages(&format!("/group/member?groupId={}&includeInactiveUsers=true&maxResults=20", large.id)).await;
        let name = large.name.replace(' ', "%20");
        self.jira_pages(&format!("/group/member?groupname={name}&includeInactiveUsers=false")).await;
        self.jira_refused(400, &format!("/group/member?groupId={}&startAt=x", large.id)).await;
    }

    /// The directory that the first site draws on.
    fn site_directory(&self) -> String {
        self.simulator.read(Organization::directory_ids)[0].clone()
    }

    async fn jira_members(&self) {
        let group = format!("{ROOT}/group");
        let made = self.site(201, ("POST", &group), &json!({ "name": "walked in Jira" })).await;
        let by_id = format!("groupId={}", made["groupId"].as_str().unwrap());
        let first = self.site_directory();
        let able = self.able().into_iter().find(|user| user.directories.iter().any(|(id, out)| *id == first && !out));
        let member = able.unwrap().account_id;
        for name in [by_id.as_str(), "groupname=walked%20in%20Jira"] {
            let users = format!("{group}/user?{name}");
            let body = json!({ "accountId": member });
            self.site(201, ("POST", &users), &body).await;
            self.site(400, ("POST", &users), &body).await;
            self.site(404, ("POST", &users), &json!({ "accountId": NOBODY })).await;
            self.site(400, ("POST", &users), &json!({})).await;
            let one = format!("{users}&accountId={member}");
            self.site(200, ("DELETE", &one), &Value::Null).await;
            self.site(400, ("DELETE", &one), &Value::Null).await;
            self.site(404, ("DELETE", &format!("{users}&accountId={NOBODY}")), &Value::Null).await;
            self.site(400, ("DELETE", &users), &Value::Null).await;
        }
        let users = format!("{group}/user?groupId={NOBODY}");
        self.site(404, ("POST", &users), &json!({ "accountId": member })).await;
        self.site(404, ("DELETE", &format!("{users}&accountId={member}")), &Value::Null).await;
        for wrong in [json!({ "name": "walked in Jira" }), json!({}), json!({ "name": "" })] {
            self.site(400, ("POST", &group), &wrong).await;
        }
        let other = self.site(201, ("POST", &group), &json!({ "name": "walked there too" })).await;
        let synced = self.truth.groups.iter().find(|group| group.synced && group.directory_id == first).unwrap();
        self.site(403, ("DELETE", &format!("{group}?groupId={}", synced.id)), &Value::Null).await;
        self.site(400, ("DELETE", &group), &Value::Null).await;
        let to = other["groupId"].as_str().unwrap();
        self.site(200, ("DELETE", &format!("{group}?{by_id}&swapGroupId={to}")), &Value::Null).await;
        self.site(404, ("DELETE", &format!("{group}?{by_id}")), &Value::Null).await;
        let named = format!("{group}?groupname=walked%20there%20too&swapGroup=none");
        self.site(200, ("DELETE", &named), &Value::Null).await;
    }

    async fn jira_site(&self) {
        for role in self.jira_get("/applicationrole").await.as_array().unwrap() {
            self.jira_get(&format!("/applicationrole/{}", role["key"].as_str().unwrap())).await;
        }
        self.jira_refused(404, "/applicationrole/none").await;
        self.jira_get("/serverInfo").await;
        self.jira_get("/license/approximateLicenseCount").await;
    }

    async fn jira_refusals(&self) {
        let group = &self.truth.groups.iter().find(|group| group.directory_id == self.site_directory()).unwrap().id;
        let own = self.jira_get("/myself").await["accountId"].as_str().unwrap().to_owned();
        let (account, group) = (format!("accountId={own}"), format!("groupId={group}"));
        let whole = |rest: &str| format!("{ROOT}{rest}").replace("accountId=", &account).replace("groupId=", &group);
        let authorization = &self.site_authorization;
        for (method, rest, body, _) in OPERATIONS {
            let target = whole(rest);
            let body = body.map(|text| (super::JSON, text));
            let api = &self.authorization;
            for authorization in ["", "Basic YTpi", api] {
                assert_eq!(
                    self.send(Ask { method, target: &target, authorization, body }).await.status,
                    401,
                    "{target}"
                );
            }
            if let Some((_, text)) = body {
                let body = Some(("text/plain", text));
                let answer = self.send(Ask { method, target: &target, authorization, body }).await;
                assert_eq!(answer.status, 415, "{target}");
            }
            self.simulator.set_limits(Limits::all(0));
            assert_eq!(self.send(Ask { method, target: &target, authorization, body }).await.status, 429, "{target}");
            self.simulator.set_limits(Limits::default());
            let kind = FaultKind::Status { code: 500, shape: Shape::Jira, headers: Vec::new() };
            self.simulator.set_faults(vec![Fault::on("*", kind).always()]);
            assert_eq!(self.send(Ask { method, target: &target, authorization, body }).await.status, 500, "{target}");
            self.simulator.set_faults(Vec::new());
        }
        let held = [Role::OrgAdmin, Role::SiteAdmin];
        let held: Vec<Role> = self.simulator.change(|organization| {
            let clear = |role: &Role| organization.clear_platform_role(&own, *role).unwrap();
            held.into_iter().filter(clear).collect()
        });
        for (method, rest, body, _) in OPERATIONS.into_iter().filter(|operation| operation.3) {
            let body = body.map(|text| (super::JSON, text));
            let answer = self.send(Ask { method, target: &whole(rest), authorization, body }).await;
            assert_eq!(answer.status, 403, "{method} {rest}");
        }
        self.simulator.change(|organization| {
            for role in held {
                organization.set_platform_role(&own, role).unwrap();
            }
        });
    }
}
