//! The walk over what is read of a directory's provisioning. No description of it is at hand: the form of a list is that
//! of RFC 7644, and is asserted here.

use serde_json::{Value, json};

use super::Walk;
use crate::contract::plain_client::{Answer, Ask};

impl Walk<'_> {
    pub(super) async fn scim(&self) {
        for (directory, key) in self.simulator.read(simulator::Organization::scim_keys) {
            let root = format!("/scim/directory/{directory}");
            let authorization = format!("Bearer {key}");
            if !self.answers.provisioning {
                assert_eq!(self.provisioned(&format!("{root}/Users"), &authorization).await.status, 403);
                continue;
            }
            for (kind, name) in [("Users", "userName"), ("Groups", "displayName")] {
                let all = self.resources(&format!("{root}/{kind}"), &authorization).await;
                if let Some(one) = all.first() {
                    let (id, named) = (one["id"].as_str().unwrap(), one[name].as_str().unwrap());
                    let single = self.provisioned(&format!("{root}/{kind}/{id}"), &authorization).await;
                    assert_eq!((single.status, &single.body["id"]), (200, &one["id"]));
                    let filter = format!("{name}%20eq%20%22{}%22", named.replace(' ', "%20").replace('&', "%26"));
                    let found = self.provisioned(&format!("{root}/{kind}?filter={filter}"), &authorization).await;
                    assert_eq!(found.body["totalResults"], json!(1), "{named}");
                }
                let missing = self.provisioned(&format!("{root}/{kind}/none"), &authorization).await;
                assert_eq!((missing.status, &missing.body["status"]), (404, &json!("404")));
                let wrong = self.provisioned(&format!("{root}/{kind}?filter=nonsense"), &authorization).await;
                assert_eq!(wrong.status, 400);
                for other in ["", "Bearer wrong", &self.authorization] {
                    assert_eq!(self.provisioned(&format!("{root}/{kind}"), other).await.status, 401);
                }
            }
        }
    }

    async fn provisioned(&self, target: &str, authorization: &str) -> Answer {
        self.send(Ask { method: "GET", target, authorization, body: None }).await
    }

    /// Everything of a kind: pages begin at 1 and have a hundred at most.
    async fn resources(&self, target: &str, authorization: &str) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let asked = format!("{target}?startIndex={}&count=1000", all.len() + 1);
            let page = self.provisioned(&asked, authorization).await;
            assert_eq!(page.status, 200, "{asked}: {}", page.body);
            let found = page.body["Resources"].as_array().unwrap();
            assert!(found.len() <= 100, "{asked}");
            assert_eq!(page.body["startIndex"], json!(all.len() + 1), "{asked}");
            assert_eq!(page.body["itemsPerPage"], json!(found.len()), "{asked}");
            all.extend(found.clone());
            if found.is_empty() || page.body["totalResults"] == json!(all.len()) {
                return all;
            }
        }
    }
}
