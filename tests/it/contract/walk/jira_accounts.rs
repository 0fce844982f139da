//! The walk over users made and deleted through Jira, its pickers, its log, its licences, and what the asker may do.

use serde_json::{Value, json};

use super::{NOBODY, Walk};

const ROOT: &str = "/rest/api/3";

impl Walk<'_> {
    pub(super) async fn jira_accounts(&self) {
        self.jira_pickers().await;
        self.jira_user_writes().await;
        self.jira_log().await;
        for product in ["jira-software", "jira-servicedesk", "jira-product-discovery"] {
            self.jira_get(&format!("/license/approximateLicenseCount/product/{product}")).await;
        }
        self.jira_get("/instance/license").await;
        let keys = "ADMINISTER,USER_PICKER,CREATE_SHARED_OBJECTS,BULK_CHANGE";
        self.jira_get(&format!("/mypermissions?permissions={keys}")).await;
        for wrong in ["", "?permissions=FLY"] {
            self.jira_refused(400, &format!("/mypermissions{wrong}")).await;
        }
        for context in ["projectKey=A", "issueKey=A-1", "projectId=1", "issueId=1", "commentId=1"] {
            self.jira_refused(404, &format!("/mypermissions?permissions=ADMINISTER&{context}")).await;
        }
    }

    async fn jira_pickers(&self) {
        let found = self.jira_get("/user/picker?query=a&maxResults=4&showAvatar=true&avatarSize=small").await;
        let id = found["users"][0]["accountId"].as_str().unwrap();
        let excluded = format!("exclude={id}&exclude=x&excludeAccountIds={id}&excludeAccountIds=x");
        self.jira_get(&format!("/user/picker?query=a&{excluded}&excludeConnectUsers=true")).await;
        let sizes = ["xsmall", "small", "medium", "large", "xlarge", "xxlarge", "xxxlarge"];
        for size in sizes.iter().flat_map(|size| ["", "@2x", "@3x"].map(|more| format!("{size}{more}"))) {
            self.jira_get(&format!("/groupuserpicker?query=a&maxResults=4&showAvatar=true&avatarSize={size}")).await;
        }
        // Projects, types of issues and fields are not simulated: nobody is left out because of them.
        let narrow = "fieldId=customfield_1&projectId=1&projectId=2&issueTypeId=1&issueTypeId=2";
        self.jira_get(&format!("/groupuserpicker?query=a&{narrow}")).await;
        self.jira_get("/groupuserpicker?query=a&caseInsensitive=true&excludeConnectAddons=true").await;
        for wrong in ["/user/picker", "/groupuserpicker"] {
            self.jira_refused(400, wrong).await;
        }
    }

    async fn jira_user_writes(&self) {
        let user = format!("{ROOT}/user");
        let all = ["jira-software", "jira-servicedesk", "jira-product-discovery"];
        // Older fields may be sent and change nothing.
        let new = json!({
            "emailAddress": "walked.in.jira@mail.test", "products": all, "displayName": "Walked", "name": "walked",
            "key": "walked", "password": "walked", "applicationKeys": ["jira-software"],
        });
        let made = self.site(201, ("POST", &user), &new).await;
        self.site(201, ("POST", &user), &new).await;
        self.site(201, ("POST", &user), &json!({ "emailAddress": "walked.there@mail.test" })).await;
        for wrong in [
            json!({}),
            json!({ "emailAddress": "nobody" }),
            json!({ "emailAddress": "walked.once@mail.test", "products": ["jira-core"] }),
        ] {
            self.site(400, ("POST", &user), &wrong).await;
        }
        let one = format!("{user}?accountId={}", made["accountId"].as_str().unwrap());
        self.site(204, ("DELETE", &one), &Value::Null).await;
        self.site(400, ("DELETE", &user), &Value::Null).await;
        self.site(404, ("DELETE", &format!("{user}?accountId={NOBODY}")), &Value::Null).await;
    }

    async fn jira_log(&self) {
        self.jira_get("/auditing/record").await;
        self.jira_get("/auditing/record?offset=1&limit=2&filter=user&from=2020-01-01&to=2100-01-01T00:00:00Z").await;
        self.jira_refused(400, "/auditing/record?from=yesterday").await;
        self.simulator.change(|organization| organization.set_paid(false));
        self.jira_refused(403, "/auditing/record").await;
        self.jira_get("/instance/license").await;
        self.simulator.change(|organization| organization.set_paid(true));
    }
}
