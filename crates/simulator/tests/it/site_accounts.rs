//! Users made and deleted through Jira, what is offered while somebody types, and Jira's own log of it.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::Options;

use crate::client::{clock, options, small};
use crate::site::{ask, get, read};

#[tokio::test]
async fn a_user_made_in_jira_is_in_the_organization_and_takes_a_seat() {
    let clock = clock();
    let simulator = small(Options { clock: clock.clone(), ..options() }).await;
    let call = async |method: &str, rest: &str, body: Value| ask(&simulator, Some(0), method, rest, &body).await;
    let seats = async || read(&simulator, "/rest/api/3/applicationrole/jira-software").await["userCount"].clone();
    let before = seats().await.as_u64().unwrap();
    let new = json!({ "emailAddress": "new.one@mail.test", "products": ["jira-software"] });
    let made = call("POST", "/rest/api/3/user", new.clone()).await;
    assert_eq!(made.status, 201);
    let id = made.json()["accountId"].as_str().unwrap().to_owned();
    assert_eq!(seats().await, before + 1);
    let known = simulator.known_truth().users.into_iter().find(|user| user.account_id == id).unwrap();
    assert_eq!((known.email.as_deref(), known.resources), (Some("new.one@mail.test"), 1));
    assert_eq!(call("POST", "/rest/api/3/user", new).await.json()["accountId"], id);
    let without = json!({ "emailAddress": "new.two@mail.test", "products": [] });
    assert_eq!(call("POST", "/rest/api/3/user", without.clone()).await.status, 201);
    assert_eq!(call("POST", "/rest/api/3/user", without).await.status, 400, "there, and without access to Jira");
    for wrong in [
        json!({}),
        json!({ "emailAddress": "nobody" }),
        json!({ "emailAddress": "new.three@mail.test", "products": ["confluence"] }),
    ] {
        assert_eq!(call("POST", "/rest/api/3/user", wrong).await.status, 400);
    }
    let one = format!("/rest/api/3/user?accountId={id}");
    assert_eq!(call("DELETE", &one, Value::Null).await.status, 204);
    clock.advance(Duration::from_secs(20));
    assert_eq!(call("DELETE", &one, Value::Null).await.status, 404);
    assert_eq!(seats().await, before);
    simulator.stop().await;
}

#[tokio::test]
async fn a_licence_without_seats_lets_nobody_in_through_jira() {
    let simulator = small(options()).await;
    let workspaces = simulator.known_truth().workspaces;
    let jira = workspaces.iter().find(|one| one.owner == "jira-software" && one.site == simulator.sites()[0].name);
    simulator.change(|organization| organization.set_capacity(&jira.unwrap().ari, Some(0))).unwrap();
    let new = json!({ "emailAddress": "new.one@mail.test" });
    let answer = ask(&simulator, Some(0), "POST", "/rest/api/3/user", &new).await;
    assert_eq!(answer.status, 400);
    assert!(answer.json()["errorMessages"][0].as_str().unwrap().contains("licensed users"));
    simulator.stop().await;
}

#[tokio::test]
async fn pickers_mark_what_was_typed_and_leave_out_who_is_excluded() {
    let simulator = small(options()).await;
    let own = read(&simulator, "/rest/api/3/myself").await;
    let (id, name) = (own["accountId"].as_str().unwrap(), own["displayName"].as_str().unwrap());
    let word = name.split(' ').next().unwrap();
    let found = read(&simulator, &format!("/rest/api/3/user/picker?query={word}&showAvatar=true")).await;
    let shown = found["users"].as_array().unwrap().iter().find(|user| user["accountId"] == id).unwrap();
    assert!(shown["html"].as_str().unwrap().starts_with(&format!("<b>{word}</b>")));
    assert!(shown["avatarUrl"].is_string());
    let rest = format!("/rest/api/3/user/picker?query={word}&excludeAccountIds={id}");
    assert_eq!(read(&simulator, &rest).await["total"], found["total"].as_u64().unwrap() - 1);
    let both = read(&simulator, "/rest/api/3/groupuserpicker?query=a&maxResults=3").await;
    let sizes = ["users", "groups"].map(|kind| both[kind][kind].as_array().unwrap().len());
    assert_eq!(sizes, [3, 3]);
    assert_eq!(get(&simulator, "/rest/api/3/user/picker").await.status, 400);
    simulator.stop().await;
}

#[tokio::test]
async fn jiras_log_tells_of_groups_and_their_members_newest_first() {
    let simulator = small(options()).await;
    let own = read(&simulator, "/rest/api/3/myself").await["accountId"].as_str().unwrap().to_owned();
    let made = ask(&simulator, Some(0), "POST", "/rest/api/3/group", &json!({ "name": "logged" })).await.json();
    let users = format!("/rest/api/3/group/user?groupId={}", made["groupId"].as_str().unwrap());
    ask(&simulator, Some(0), "POST", &users, &json!({ "accountId": own })).await;
    let log = read(&simulator, "/rest/api/3/auditing/record").await;
    let summaries: Vec<&Value> = log["records"].as_array().unwrap().iter().map(|record| &record["summary"]).collect();
    assert_eq!(summaries, ["Added user to group", "Created group"]);
    let found = read(&simulator, "/rest/api/3/auditing/record?filter=CREA%20logged&limit=1").await;
    assert_eq!((&found["total"], &found["records"][0]["objectItem"]["name"]), (&json!(1), &json!("logged")));
    assert_eq!(read(&simulator, "/rest/api/3/auditing/record?to=2026-11-19").await["total"], 0);
    assert_eq!(read(&simulator, "/rest/api/3/auditing/record?from=2026-11-20T00:00:00").await["total"], 2);
    simulator.change(|organization| organization.set_paid(false));
    assert_eq!(get(&simulator, "/rest/api/3/auditing/record").await.status, 403);
    simulator.stop().await;
}

#[tokio::test]
async fn what_the_administrator_may_do_is_told_by_key() {
    let simulator = small(options()).await;
    let own = read(&simulator, "/rest/api/3/mypermissions?permissions=ADMINISTER,USER_PICKER").await;
    let held = ["ADMINISTER", "USER_PICKER"].map(|key| own["permissions"][key]["havePermission"] == true);
    assert_eq!(held, [true, true]);
    for (status, rest) in [(400, ""), (400, "?permissions=FLY"), (404, "?permissions=ADMINISTER&projectKey=NONE")] {
        assert_eq!(get(&simulator, &format!("/rest/api/3/mypermissions{rest}")).await.status, status, "{rest}");
    }
    simulator.stop().await;
}
