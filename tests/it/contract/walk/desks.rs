//! The walk over what a site serves without a description at hand: service desks with their customers and organizations,
//! and which site it is. Answers are held against what is said of them in prose.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{JSON, Walk};
use crate::contract::plain_client::Ask;

const ROOT: &str = "/rest/servicedeskapi";

/// What every page of service desks has.
const PAGE: [&str; 7] = ["_expands", "_links", "isLastPage", "limit", "size", "start", "values"];

impl Walk<'_> {
    pub(super) async fn desks(&self) {
        self.tenants().await;
        self.desk_site(200, ("GET", "/info"), &Value::Null).await;
        let desks = self.desk_pages("/servicedesk", 1).await;
        let desk = format!("/servicedesk/{}", desks[0]["id"].as_str().unwrap());
        self.desk_site(200, ("GET", &desk), &Value::Null).await;
        self.desk_site(404, ("GET", "/servicedesk/999999"), &Value::Null).await;
        let account = self.customers(&desk).await;
        self.customer_organizations(&desk, &account).await;
        let revoke = format!("/customer/user/{account}/revoke-portal-only-access");
        self.desk_site(204, ("PUT", &revoke), &Value::Null).await;
        self.desk_site(404, ("PUT", "/customer/user/qm:nobody/revoke-portal-only-access"), &Value::Null).await;
        self.desk_refusals(&desk).await;
    }

    async fn tenants(&self) {
        let sites = self.simulator.sites();
        let at_the_root = self.told(200, ("GET", "/_edge/tenant_info"), &Value::Null).await;
        assert_eq!(at_the_root["cloudId"], sites[0].cloud_id);
        for site in sites {
            let answer = self.found(&format!("/site/{}/_edge/tenant_info", site.name)).await;
            assert_eq!(answer["cloudId"], site.cloud_id);
        }
        self.told(404, ("GET", "/site/nowhere/_edge/tenant_info"), &Value::Null).await;
    }

    async fn desk_site(&self, status: u16, (method, rest): (&str, &str), body: &Value) -> Value {
        let text = body.to_string();
        let body = (!body.is_null()).then_some((JSON, text.as_str()));
        let target = format!("{ROOT}{rest}");
        let answer = self.send(Ask { method, target: &target, authorization: &self.site_authorization, body }).await;
        assert_eq!(answer.status, status, "{method} {rest} {text}: {}", answer.body);
        if status >= 400 {
            assert!(answer.body["errorMessage"].is_string(), "{method} {rest}: {}", answer.body);
        }
        answer.body
    }

    /// A list to its last page: a page says how many it has and whether another follows, and not how many there are.
    async fn desk_pages(&self, rest: &str, limit: usize) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let target = format!("{rest}?start={}&limit={limit}", all.len());
            let page = self.desk_site(200, ("GET", &target), &Value::Null).await;
            let names: BTreeSet<&str> = page.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(names, BTreeSet::from(PAGE), "{target}");
            let values = page["values"].as_array().unwrap();
            assert_eq!((&page["size"], &page["start"]), (&json!(values.len()), &json!(all.len())), "{target}");
            assert_eq!(page["isLastPage"] == true, page["_links"]["next"].is_null(), "{target}");
            all.extend(values.clone());
            if page["isLastPage"] == true {
                return all;
            }
        }
    }

    /// A new customer, put on the desk.
    async fn customers(&self, desk: &str) -> String {
        let new = json!({ "email": "walked@mail.test", "displayName": "Walked" });
        let made = self.desk_site(201, ("POST", "/customer"), &new).await;
        let account = made["accountId"].as_str().unwrap().to_owned();
        self.desk_site(400, ("POST", "/customer"), &new).await;
        self.desk_site(409, ("POST", "/customer?strictConflictStatusCode=true"), &new).await;
        self.desk_site(400, ("POST", "/customer"), &json!({ "email": "nobody" })).await;
        let customers = format!("{desk}/customer");
        let one = json!({ "accountIds": [account] });
        for method in ["POST", "POST", "DELETE", "DELETE", "POST"] {
            self.desk_site(204, (method, &customers), &one).await;
        }
        self.desk_site(404, ("POST", &customers), &json!({ "accountIds": ["qm:nobody"] })).await;
        self.desk_site(400, ("POST", &customers), &json!({})).await;
        // Without the header that opts in, which the plain client does not send.
        self.desk_site(412, ("GET", &customers), &Value::Null).await;
        account
    }

    async fn customer_organizations(&self, desk: &str, account: &str) {
        let made = self.desk_site(201, ("POST", "/organization"), &json!({ "name": "Walked" })).await;
        let id = made["id"].as_str().unwrap();
        let one = format!("/organization/{id}");
        self.desk_site(400, ("POST", "/organization"), &json!({ "name": "" })).await;
        let all = self.desk_pages("/organization", 2).await;
        assert!(all.iter().any(|organization| organization["id"] == id));
        assert_eq!(self.desk_site(200, ("GET", &one), &Value::Null).await["name"], "Walked");
        let (members, people) = (format!("{one}/user"), json!({ "accountIds": [account] }));
        for method in ["POST", "POST"] {
            self.desk_site(204, (method, &members), &people).await;
        }
        assert_eq!(self.desk_pages(&members, 50).await[0]["accountId"], account);
        let of_account =
            self.desk_site(200, ("GET", &format!("/organization?accountId={account}")), &Value::Null).await;
        assert_eq!(of_account["values"][0]["id"], id);
        self.desk_site(204, ("DELETE", &members), &people).await;
        let (on_desk, number) =
            (format!("{desk}/organization"), json!({ "organizationId": id.parse::<u32>().unwrap() }));
        for method in ["POST", "POST"] {
            self.desk_site(204, (method, &on_desk), &number).await;
        }
        assert!(self.desk_pages(&on_desk, 50).await.iter().any(|organization| organization["id"] == id));
        self.desk_site(204, ("DELETE", &on_desk), &number).await;
        self.desk_site(400, ("POST", &on_desk), &json!({})).await;
        self.desk_site(404, ("POST", &on_desk), &json!({ "organizationId": 999_999 })).await;
        self.desk_site(204, ("DELETE", &one), &Value::Null).await;
        for method in ["GET", "DELETE"] {
            self.desk_site(404, (method, &one), &Value::Null).await;
        }
    }

    async fn desk_refusals(&self, desk: &str) {
        for (method, rest) in [
            ("GET", "/servicedesk"),
            ("GET", desk),
            ("GET", "/organization"),
            ("POST", "/customer"),
            ("POST", "/organization"),
            ("DELETE", "/organization/1"),
        ] {
            let target = format!("{ROOT}{rest}");
            for authorization in ["", "Basic YTpi", &self.authorization] {
                let answer = self.send(Ask { method, target: &target, authorization, body: None }).await;
                assert_eq!((answer.status, answer.body["errorMessage"].is_string()), (401, true), "{method} {rest}");
            }
        }
        let (target, text) = (format!("{ROOT}/customer"), Some(("text/plain", "{}")));
        let ask = Ask { method: "POST", target: &target, authorization: &self.site_authorization, body: text };
        assert_eq!(self.send(ask).await.status, 415);
    }
}
