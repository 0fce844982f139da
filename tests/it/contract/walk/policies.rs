//! The walk over policies that are made, changed, validated and taken away, with everything that one can say.

use serde_json::{Value, json};

use super::{NOBODY, Walk};
use crate::contract::plain_client::Ask;

fn policy(attributes: Value) -> Value {
    json!({ "data": { "type": "policy", "attributes": attributes } })
}

impl Walk<'_> {
    pub(super) async fn policies(&self) {
        let policies = format!("{}/policies", self.v1);
        let (first, second) = (&self.truth.workspaces[0].ari, &self.truth.workspaces[1].ari);
        let meta = json!({
            "scheduledDate": "2030-01-01T00:00:00Z", "migrationStartDateTime": "2030-01-01T00:00:00Z",
            "migrationEndDataTime": "2030-01-02T00:00:00Z", "atlassianAccountId": self.busy_user(),
        });
        let whole = json!({ "id": first, "links": { "ticket": "https://support.example/1" }, "meta": meta });
        let mut made = Vec::new();
        for (kind, within, status) in
            [("ip-allowlist", "192.0.2.0/24", "enabled"), ("data-residency", "EU", "disabled")]
        {
            let attributes = json!({
                "type": kind, "name": format!("walked {kind}"), "status": status, "rule": { "in": [within] },
                "resources": [whole, { "id": second }],
            });
            let answer = self.told(202, ("POST", &policies), &policy(attributes.clone())).await;
            let id = answer["data"]["id"].as_str().unwrap().to_owned();
            let mut changed = policy(attributes);
            changed["data"]["id"] = json!(id);
            for status in ["enabled", "disabled"] {
                changed["data"]["attributes"]["status"] = json!(status);
                self.told(202, ("PUT", &format!("{policies}/{id}")), &changed).await;
            }
            made.push(id);
        }
        self.resources_of(&format!("{policies}/{}", made[0]), &whole).await;
        self.told(202, ("GET", &format!("{policies}/{}/validate", made[0])), &Value::Null).await;
        let empty = self.told(202, ("POST", &policies), &policy(json!({ "type": "ip-allowlist" }))).await;
        let empty = empty["data"]["id"].as_str().unwrap();
        self.told(400, ("GET", &format!("{policies}/{empty}/validate")), &Value::Null).await;
        self.found(&policies).await;
        self.wrong_policies(&policies, &made[0]).await;
        for id in made.iter().map(String::as_str).chain([empty]) {
            self.told(202, ("DELETE", &format!("{policies}/{id}")), &Value::Null).await;
        }
    }

    async fn resources_of(&self, one: &str, whole: &Value) {
        let target = format!("{one}/resources");
        self.told(202, ("POST", &target), whole).await;
        let resource = format!("{target}/{}", whole["id"].as_str().unwrap().replace('/', "%2F"));
        let change = json!({ "links": whole["links"], "meta": whole["meta"] });
        self.told(202, ("PUT", &resource), &change).await;
        self.told(204, ("DELETE", &resource), &Value::Null).await;
        self.told(400, ("POST", &target), &json!({ "id": "ari:cloud:jira::site/none" })).await;
        self.told(404, ("PUT", &format!("{target}/none")), &change).await;
        self.told(404, ("DELETE", &format!("{target}/none")), &Value::Null).await;
        let nobody = one.rsplit_once('/').unwrap().0;
        self.told(404, ("POST", &format!("{nobody}/{NOBODY}/resources")), whole).await;
        self.told(404, ("PUT", &format!("{nobody}/{NOBODY}/resources/none")), &change).await;
        self.told(404, ("DELETE", &format!("{nobody}/{NOBODY}/resources/none")), &Value::Null).await;
    }

    async fn wrong_policies(&self, policies: &str, id: &str) {
        let one = format!("{policies}/{id}");
        let wrong = [
            json!({}),
            json!([]),
            json!({ "data": { "type": "policy" } }),
            policy(json!({ "name": "of no type" })),
            policy(json!({ "type": "data-security" })),
            policy(json!({ "type": "ip-allowlist", "unknown": 1 })),
            policy(json!({ "type": "ip-allowlist", "status": "asleep" })),
            policy(json!({ "type": "ip-allowlist", "rule": { "in": ["everywhere"] } })),
            policy(json!({ "type": "ip-allowlist", "resources": [{ "id": "ari:cloud:jira::site/none" }] })),
        ];
        for wrong in &wrong {
            self.told(400, ("POST", policies), wrong).await;
            self.told(400, ("PUT", &one), wrong).await;
        }
        let right = policy(json!({ "type": "ip-allowlist" }));
        self.told(404, ("PUT", &format!("{policies}/{NOBODY}")), &right).await;
        self.told(404, ("DELETE", &format!("{policies}/{NOBODY}")), &Value::Null).await;
        self.told(404, ("GET", &format!("{policies}/{NOBODY}/validate")), &Value::Null).await;
        for (method, target) in [
            ("POST", policies),
            ("PUT", &one),
            ("DELETE", &one),
            ("POST", &format!("{one}/resources")),
            ("PUT", &format!("{one}/resources/none")),
            ("DELETE", &format!("{one}/resources/none")),
            ("GET", &format!("{one}/validate")),
        ] {
            let ask = Ask { method, target, authorization: "Bearer wrong", body: None };
            assert_eq!(self.send(ask).await.status, 401, "{method} {target}");
            if ["POST", "PUT"].contains(&method) {
                let text = Some(("text/plain", "{}"));
                let ask = Ask { method, target, authorization: &self.authorization, body: text };
                assert_eq!(self.send(ask).await.status, 415, "{method} {target}");
            }
        }
    }
}
