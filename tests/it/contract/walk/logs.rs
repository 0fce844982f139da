//! The walk over what an organization tells of itself besides its people: domains, policies, and the audit log, which
//! the walk over writes has filled.

use serde_json::{Value, json};
use simulator::{Answers, AuditAvailability};

use super::{NOBODY, Walk};

impl Walk<'_> {
    pub(super) async fn logs(&self) {
        self.domains_and_policies().await;
        self.event_list().await;
        self.event_stream().await;
        self.found(&format!("{}/event-actions", self.v1)).await;
        self.simulator.set_answers(Answers { audit_log: AuditAvailability::Forbidden, ..self.answers.clone() });
        for path in ["events", "events-stream"] {
            self.told(403, ("GET", &format!("{}/{path}", self.v1)), &Value::Null).await;
        }
        self.simulator.set_answers(self.answers.clone());
    }

    async fn domains_and_policies(&self) {
        for (path, unknown) in [("domains", NOBODY), ("policies", NOBODY)] {
            let target = format!("{}/{path}", self.v1);
            let list = self.found(&target).await;
            for one in list["data"].as_array().unwrap() {
                self.found(&format!("{target}/{}", one["id"].as_str().unwrap())).await;
            }
            self.told(404, ("GET", &format!("{target}/{unknown}")), &Value::Null).await;
            for wrong in ["?cursor=made-up", "?unknown=1"] {
                self.told(400, ("GET", &format!("{target}{wrong}")), &Value::Null).await;
            }
        }
        self.told(400, ("GET", &format!("{}/domains/short", self.v1)), &Value::Null).await;
        for kind in ["ip-allowlist", "data-residency", "other"] {
            self.found(&format!("{}/policies?type={kind}", self.v1)).await;
        }
    }

    async fn event_list(&self) {
        let events = format!("{}/events", self.v1);
        let list = self.found(&format!("{events}?limit=500")).await;
        let all = list["data"].as_array().unwrap();
        for event in all.iter().take(20) {
            self.found(&format!("{events}/{}", event["id"].as_str().unwrap())).await;
        }
        self.told(404, ("GET", &format!("{events}/{NOBODY}")), &Value::Null).await;
        let actor = all.first().map_or(json!(NOBODY), |event| event["attributes"]["actor"]["id"].clone());
        let actor = actor.as_str().unwrap();
        self.list(&format!("{events}?limit=20")).await;
        for filter in [
            "q=walk".to_owned(),
            "from=0".to_owned(),
            "to=4102444800000".to_owned(),
            "action=group_created".to_owned(),
            format!("actor={actor},{NOBODY}"),
            "ip=192.0.2.1,192.0.2.2".to_owned(),
            "location=Berlin".to_owned(),
        ] {
            self.list(&format!("{events}?{filter}")).await;
        }
        for product in ["bitbucket", "confluence", "guard_detect", "jira", "loom"] {
            self.list(&format!("{events}?product={product}")).await;
        }
        for wrong in
            ["limit=0", "limit=501", "limit=many", "from=today", "to=today", "q=a&q=b", "unknown=1", "cursor=made-up"]
        {
            self.told(400, ("GET", &format!("{events}?{wrong}")), &Value::Null).await;
        }
    }

    /// The stream has no end: it is read until a page is empty.
    async fn event_stream(&self) {
        let stream = format!("{}/events-stream", self.v1);
        self.list(&format!("{stream}?sortOrder=desc&limit=200")).await;
        for first in ["", "?limit=100", "?from=0&to=4102444800000", "?sortOrder=asc"] {
            let mut page = self.found(&format!("{stream}{first}")).await;
            while page["data"].as_array().is_some_and(|events| !events.is_empty()) {
                let cursor = page["meta"]["next"].as_str().unwrap();
                page = self.found(&format!("{stream}?cursor={cursor}")).await;
            }
        }
        for wrong in ["limit=0", "limit=501", "from=today", "sortOrder=other", "unknown=1", "cursor=made-up"] {
            self.told(400, ("GET", &format!("{stream}?{wrong}")), &Value::Null).await;
        }
    }
}
