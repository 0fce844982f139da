//! Managed accounts through the user management API, with its own shape of errors.

use std::time::Duration;

use http_body_util::Full;
use serde_json::{Value, json};
use simulator::{Options, Simulator, TrueUser};

use crate::client::{Answer, clock, delete, get, options, request, send, small};

async fn ask(simulator: &Simulator, method: &str, path: &str, body: &Value) -> Answer {
    let request = request(simulator, method, path).header("content-type", "application/json");
    send(simulator, request.body(Full::from(body.to_string())).unwrap()).await.unwrap()
}

fn find(simulator: &Simulator, matches: impl Fn(&TrueUser) -> bool) -> TrueUser {
    let truth = simulator.known_truth();
    truth.users.into_iter().find(|user| user.account_type == "atlassian" && matches(user)).unwrap()
}

/// A managed account that nobody else keeps.
fn invited(simulator: &Simulator) -> TrueUser {
    find(simulator, |user| {
        user.management_source == Some("invited")
            && user.status == "active"
            && user.email_verified
            && user.platform_roles.is_empty()
    })
}

fn now(simulator: &Simulator, id: &str) -> TrueUser {
    find(simulator, |user| user.account_id == id)
}

#[tokio::test]
async fn privileges_say_what_the_calls_will_do() {
    let simulator = small(options()).await;
    let ada = invited(&simulator);
    let answer = get(&simulator, &format!("/users/{}/manage", ada.account_id)).await.json();
    assert_eq!(answer["email.set"], json!({"allowed": true}));
    assert_eq!(answer["profile.write"]["extended_profile.job_title"], json!({"allowed": true}));
    let synced = find(&simulator, |user| user.management_source == Some("synced") && user.status == "active");
    let path = format!("/users/{}/manage", synced.account_id);
    let only = get(&simulator, &format!("{path}?privileges=email.set&privileges=lifecycle.delete")).await.json();
    let refused = json!({"allowed": false, "reason": {"key": "externalDirectory.scim"}});
    assert_eq!(only, json!({"email.set": refused, "lifecycle.delete": {"allowed": true}}));
    let email = ask(&simulator, "PUT", &format!("{path}/email"), &json!({"email": "a@b.test"})).await;
    assert_eq!((email.status, email.json()), (403, json!({"key": "forbidden.action", "context": refused})));
    let name = ask(&simulator, "PATCH", &format!("{path}/profile"), &json!({"name": "Other"})).await;
    assert_eq!(name.json(), json!({"key": "forbidden.fieldMutation", "context": {"name": refused}}));
    simulator.stop().await;
}

#[tokio::test]
async fn errors_have_keys() {
    let simulator = small(options()).await;
    let ask_key = async |path: String| {
        let answer = get(&simulator, &path).await;
        (answer.status, answer.json()["key"].as_str().unwrap_or_default().to_owned())
    };
    let unmanaged = find(&simulator, |user| !user.managed);
    let unverified = find(&simulator, |user| user.managed && !user.email_verified);
    assert_eq!(ask_key("/users/712020:nobody/manage".into()).await, (404, "accountNotFound".into()));
    assert_eq!(ask_key(format!("/users/{}/manage", unmanaged.account_id)).await, (403, "forbidden".into()));
    let path = format!("/users/{}/manage/profile", unverified.account_id);
    assert_eq!(ask_key(path.clone()).await, (403, "forbidden.targetUnverified".into()));
    let with = async |key: &str| {
        let request = hyper::Request::builder().uri(&path).header("host", "simulator");
        let request = request.header("authorization", format!("Bearer {key}"));
        send(&simulator, request.body(Full::default()).unwrap()).await.unwrap()
    };
    assert_eq!(with("wrong").await.json(), json!({"key": "unauthorized"}));
    let scoped = with(&simulator.scoped_api_key()).await;
    assert_eq!(scoped.status, 403);
    assert!(scoped.json()["message"].as_str().unwrap().contains("manage:org"));
    let ada = invited(&simulator).account_id;
    let long = json!({"nickname": "n".repeat(31)});
    let answer = ask(&simulator, "PATCH", &format!("/users/{ada}/manage/profile"), &long).await;
    assert_eq!(answer.status, 400);
    let violations = json!([{"field": "nickname", "violations": [{"key": "maxLength"}]}]);
    assert_eq!(answer.json(), json!({"key": "fieldConstraintsViolated", "context": {"fieldViolations": violations}}));
    let unknown = ask(&simulator, "PATCH", &format!("/users/{ada}/manage/profile"), &json!({"shoe": 43})).await;
    assert_eq!((unknown.status, unknown.json()), (400, json!({"key": "bodyParseFailure"})));
    simulator.stop().await;
}

#[tokio::test]
async fn profile_and_address_are_changed() {
    let simulator = small(options()).await;
    let ada = invited(&simulator);
    let path = format!("/users/{}/manage", ada.account_id);
    let change = json!({"name": "Ada New", "locale": "de-DE", "extended_profile": {"job_title": "Countess"}});
    let answer = ask(&simulator, "PATCH", &format!("{path}/profile"), &change).await.json();
    assert_eq!(answer["account"]["name"], "Ada New");
    let read = get(&simulator, &format!("{path}/profile")).await.json();
    assert_eq!(read, answer);
    assert_eq!(read["account"]["extended_profile"]["job_title"], "Countess");
    assert_eq!(read["account"]["locale"], "de-DE");
    let known = now(&simulator, &ada.account_id);
    assert_eq!((known.name.as_str(), known.job_title.as_deref()), ("Ada New", Some("Countess")));
    assert_eq!(known.nickname, ada.nickname, "what is not given stays");
    let elsewhere = ask(&simulator, "PUT", &format!("{path}/email"), &json!({"email": "ada@mail.test"})).await;
    assert_eq!(elsewhere.json(), json!({"key": "forbidden.unclaimedDomain", "context": {"domain": "mail.test"}}));
    let own = ada.email.unwrap().rsplit('@').next().unwrap().to_owned();
    let email = json!({"email": format!("brand.new@{own}")});
    assert_eq!(ask(&simulator, "PUT", &format!("{path}/email"), &email).await.status, 204);
    assert_eq!(json!({"email": now(&simulator, &ada.account_id).email}), email);
    simulator.stop().await;
}

#[tokio::test]
async fn accounts_are_disabled_enabled_and_deleted_after_two_weeks() {
    let clock = clock();
    let simulator = small(Options { clock: clock.clone(), ..options() }).await;
    let ada = invited(&simulator).account_id;
    let call =
        async |rest: &str| ask(&simulator, "POST", &format!("/users/{ada}/manage/lifecycle/{rest}"), &json!({})).await;
    assert_eq!(call("disable").await.status, 204);
    assert_eq!(now(&simulator, &ada).status, "deactivated");
    assert_eq!(call("disable").await.status, 204);
    assert_eq!(call("enable").await.status, 204);
    assert_eq!(now(&simulator, &ada).status, "active");
    assert_eq!(call("cancel-delete").await.status, 404);
    assert_eq!(call("delete").await.json(), json!({"message": "Success"}));
    assert_eq!(now(&simulator, &ada).status, "for_deletion");
    let twice = call("delete").await;
    assert_eq!((twice.status, twice.json()["key"].as_str()), (409, Some("conflict.lifecycleErrors")));
    clock.advance(Duration::from_secs(13 * 86_400));
    assert_eq!(call("cancel-delete").await.status, 200);
    assert_eq!(now(&simulator, &ada).status, "active");
    clock.advance(Duration::from_secs(13 * 86_400));
    assert_eq!(now(&simulator, &ada).status, "active", "the wish was cancelled");
    assert_eq!(call("delete").await.status, 200);
    clock.advance(Duration::from_secs(14 * 86_400));
    assert_eq!(call("enable").await.json(), json!({"key": "accountNotFound"}));
    assert!(simulator.known_truth().users.iter().all(|user| user.account_id != ada));
    let effects = simulator.ledger().into_iter().filter(|exchange| exchange.effect.is_some()).count();
    assert_eq!(effects, 5);
    simulator.stop().await;
}

#[tokio::test]
async fn tokens_are_listed_and_revoked() {
    let simulator = small(options()).await;
    let mut seen = 0;
    let managed = simulator.known_truth().users.into_iter().filter(|user| user.managed && user.email_verified);
    for user in managed.take(10) {
        let path = format!("/users/{}/manage/api-tokens", user.account_id);
        let tokens = get(&simulator, &path).await.json();
        for token in tokens.as_array().unwrap() {
            assert!(token["label"].is_string() && token["createdAt"].is_string());
            let one = format!("{path}/{}", token["id"].as_str().unwrap());
            assert_eq!(delete(&simulator, &one).await.status, 204);
            assert_eq!(delete(&simulator, &one).await.json(), json!({"key": "notFound"}));
            seen += 1;
        }
        assert_eq!(get(&simulator, &path).await.json(), json!([]));
    }
    assert!(seen > 3);
    simulator.stop().await;
}

#[tokio::test]
async fn a_fault_on_a_part_of_a_path_still_strikes_the_organizations_users() {
    let simulator = small(options()).await;
    let ada = invited(&simulator).account_id;
    let profile = format!("/users/{ada}/manage/profile");
    let user = crate::client::v2(&simulator, &format!("directories/-/users/{ada}"));
    simulator.set_faults(vec![simulator::Fault::on("/users/{id}", simulator::FaultKind::status(500)).always()]);
    assert_eq!(get(&simulator, &user).await.status, 500);
    let whole = simulator::Fault::on("/users/{x}/manage", simulator::FaultKind::status(503)).always();
    simulator.set_faults(vec![whole]);
    assert_eq!(get(&simulator, &format!("/users/{ada}/manage")).await.status, 503);
    assert_eq!((get(&simulator, &profile).await.status, get(&simulator, &user).await.status), (200, 200));
    simulator.stop().await;
}
