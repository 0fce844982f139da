//! The walk over user management: what may be done to a managed account, its profile, its address, its life and its
//! tokens. Whom it may be done to is looked up; nobody is made up but the one who is not there.

use serde_json::{Value, json};
use simulator::TrueUser;

use super::{NOBODY, Walk};

const PRIVILEGES: [&str; 8] = [
    "profile",
    "profile.write",
    "profile.read",
    "email.set",
    "lifecycle.enablement",
    "lifecycle.delete",
    "apiToken.read",
    "apiToken.delete",
];

/// Every operation on the account itself, with a body that is right.
const OPERATIONS: [(&str, &str); 9] = [
    ("GET", ""),
    ("GET", "/profile"),
    ("GET", "/api-tokens"),
    ("DELETE", "/api-tokens/00000000-0000-4000-8000-000000000000"),
    ("PATCH", "/profile"),
    ("PUT", "/email"),
    ("POST", "/lifecycle/disable"),
    ("POST", "/lifecycle/enable"),
    ("POST", "/lifecycle/delete"),
];

fn manage(account: &str, rest: &str) -> String {
    format!("/users/{account}/manage{rest}")
}

fn right_body((method, rest): (&str, &str)) -> Value {
    match (method, rest) {
        ("PATCH", _) => json!({ "name": "Another Name" }),
        ("PUT", _) => json!({ "email": "somebody@elsewhere.test" }),
        (_, "/lifecycle/disable") => json!({ "message": "on leave" }),
        _ => Value::Null,
    }
}

fn is_manageable(user: &TrueUser) -> bool {
    user.managed && user.email_verified && user.account_type == "atlassian"
}

impl Walk<'_> {
    pub(super) async fn managed_accounts(&self) {
        let truth = self.simulator.read(|organization| organization.truth());
        let manageable: Vec<&TrueUser> = truth.users.iter().filter(|user| is_manageable(user)).collect();
        for user in manageable.iter().take(80) {
            for rest in ["", "/profile", "/api-tokens"] {
                self.found(&manage(&user.account_id, rest)).await;
            }
        }
        let is_plain = |user: &&&TrueUser| user.management_source != Some("synced") && user.account_status == "active";
        let plain: Vec<&TrueUser> =
            manageable.iter().filter(is_plain).filter(|user| user.platform_roles.is_empty()).copied().collect();
        for privilege in PRIVILEGES {
            self.found(&manage(&plain[0].account_id, &format!("?privileges={privilege}"))).await;
        }
        self.told(400, ("GET", &manage(&plain[0].account_id, "?privileges=king")), &Value::Null).await;
        self.profile(&plain[0].account_id).await;
        self.address(plain[0], plain[1]).await;
        self.life(plain[2], &self.only_administrator()).await;
        self.tokens(&plain).await;
        let refused = [
            truth.users.iter().find(|user| !user.managed && user.account_type == "atlassian"),
            truth.users.iter().find(|user| user.managed && !user.email_verified),
        ];
        for operation in OPERATIONS {
            let (method, rest) = operation;
            let body = right_body(operation);
            self.told(404, (method, &manage(NOBODY, rest)), &body).await;
            for user in refused.into_iter().flatten() {
                self.told(403, (method, &manage(&user.account_id, rest)), &body).await;
            }
        }
        let synced = manageable.iter().find(|user| user.management_source == Some("synced")).unwrap();
        for operation in [("PATCH", "/profile"), ("PUT", "/email"), ("POST", "/lifecycle/disable")] {
            let target = manage(&synced.account_id, operation.1);
            self.told(403, (operation.0, &target), &right_body(operation)).await;
        }
    }

    async fn profile(&self, account: &str) {
        let target = manage(account, "/profile");
        let whole = json!({
            "name": "Walked Name", "nickname": "walked", "locale": "de-DE", "zoneinfo": "Europe/Berlin",
            "extended_profile": {
                "job_title": "Walker", "organization": "Path", "department": "Way", "location": "Berlin",
            },
        });
        self.told(200, ("PATCH", &target), &whole).await;
        self.told(200, ("PATCH", &target), &json!({ "nickname": "walker" })).await;
        let long = json!({ "nickname": "n".repeat(31) });
        for wrong in [json!([]), json!({ "unknown": 1 }), json!({ "name": "" }), long] {
            self.told(400, ("PATCH", &target), &wrong).await;
        }
    }

    async fn address(&self, one: &TrueUser, other: &TrueUser) {
        let target = manage(&one.account_id, "/email");
        let (email, taken) = (one.email.as_deref().unwrap(), other.email.as_deref().unwrap());
        let (_, domain) = email.rsplit_once('@').unwrap();
        self.told(204, ("PUT", &target), &json!({ "email": format!("walked@{domain}") })).await;
        self.told(403, ("PUT", &target), &json!({ "email": "walked@elsewhere.test" })).await;
        for wrong in [json!({}), json!([]), json!({ "email": "none" }), json!({ "email": taken })] {
            self.told(400, ("PUT", &target), &wrong).await;
        }
    }

    async fn life(&self, plain: &TrueUser, last: &str) {
        let lifecycle = |account: &str, verb: &str| manage(account, &format!("/lifecycle/{verb}"));
        let account = plain.account_id.as_str();
        let message = json!({ "message": "on leave" });
        for body in [message.clone(), json!({})] {
            self.told(204, ("POST", &lifecycle(account, "disable")), &body).await;
        }
        self.told(204, ("POST", &lifecycle(account, "enable")), &Value::Null).await;
        self.told(404, ("POST", &lifecycle(account, "cancel-delete")), &Value::Null).await;
        self.told(200, ("POST", &lifecycle(account, "delete")), &Value::Null).await;
        self.told(409, ("POST", &lifecycle(account, "delete")), &Value::Null).await;
        self.told(409, ("POST", &lifecycle(account, "enable")), &Value::Null).await;
        self.told(200, ("POST", &lifecycle(account, "cancel-delete")), &Value::Null).await;
        self.told(204, ("POST", &lifecycle(account, "enable")), &Value::Null).await;
        self.told(409, ("POST", &lifecycle(last, "disable")), &message).await;
        self.told(409, ("POST", &lifecycle(last, "delete")), &Value::Null).await;
        self.told(404, ("POST", &lifecycle(NOBODY, "cancel-delete")), &Value::Null).await;
    }

    async fn tokens(&self, users: &[&TrueUser]) {
        for user in users {
            let target = manage(&user.account_id, "/api-tokens");
            let list = self.found(&target).await;
            if let Some(id) = list[0]["id"].as_str() {
                self.told(204, ("DELETE", &format!("{target}/{id}")), &Value::Null).await;
                self.told(404, ("DELETE", &format!("{target}/{id}")), &Value::Null).await;
                return;
            }
        }
        panic!("nobody has a token");
    }
}
