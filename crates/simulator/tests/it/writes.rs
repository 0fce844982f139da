//! What changes the organization, as whoever asks for it sees it: statuses, refusals, what shows afterwards and when,
//! and the ledger's account of it.

use std::time::Duration;

use http_body_util::Full;
use serde_json::{Value, json};
use simulator::{Answers, ConflictTexts, Fault, FaultKind, NewUser, Options, Role, Simulator, TrueGroup, TrueUser};

use crate::client::{clock, delete, get, options, post, request, send, small, try_post, v2};

pub(crate) fn v1(simulator: &Simulator, rest: &str) -> String {
    format!("/admin/v1/orgs/{}/{rest}", simulator.organization_id())
}

/// An active, managed person who is no administrator.
pub(crate) fn somebody(simulator: &Simulator) -> TrueUser {
    let truth = simulator.known_truth();
    let ordinary = |user: &&TrueUser| user.status == "active" && user.managed && user.platform_roles.is_empty();
    truth.users.iter().find(ordinary).cloned().unwrap()
}

/// A group that grants nothing and can be changed.
pub(crate) fn plain_group(simulator: &Simulator) -> TrueGroup {
    let truth = simulator.known_truth();
    let grants = |group: &TrueGroup| truth.grants.iter().any(|grant| grant.group == group.id);
    truth.groups.iter().find(|group| !group.synced && !grants(group)).cloned().unwrap()
}

fn user(simulator: &Simulator, id: &str) -> Option<TrueUser> {
    simulator.known_truth().users.into_iter().find(|user| user.account_id == id)
}

fn in_group(simulator: &Simulator, group: &str, account: &str) -> bool {
    simulator.known_truth().memberships.contains(&(group.to_owned(), account.to_owned()))
}

fn effects(simulator: &Simulator) -> Vec<String> {
    simulator.ledger().into_iter().filter_map(|exchange| exchange.effect).collect()
}

/// A person with no groups, so that what the group opens is new.
fn newcomer(simulator: &Simulator) -> String {
    let email = "newcomer@mail.test".to_owned();
    simulator
        .change(|organization| organization.add_user(&NewUser { name: "New Comer".into(), email, directory: None }))
        .unwrap()
}

#[tokio::test]
async fn suspending_and_restoring_want_a_body_and_count_once() {
    let simulator = small(options()).await;
    let ada = somebody(&simulator);
    let path = v2(&simulator, &format!("directories/-/users/{}/suspend", ada.account_id));
    let bare = request(&simulator, "POST", &path).header("content-type", "application/json");
    assert_eq!(send(&simulator, bare.body(Full::default()).unwrap()).await.unwrap().status, 415);
    let untyped = request(&simulator, "POST", &path).body(Full::from("{}")).unwrap();
    assert_eq!(send(&simulator, untyped).await.unwrap().status, 415);
    assert_eq!(user(&simulator, &ada.account_id).unwrap().status, "active");
    for _ in 0..2 {
        let answer = post(&simulator, &path, &json!({})).await;
        assert_eq!((answer.status, answer.bytes.len()), (204, 0));
    }
    assert_eq!(user(&simulator, &ada.account_id).unwrap().status, "suspended");
    assert_eq!(effects(&simulator), [format!("suspend {}", ada.account_id)], "the second changed nothing");
    assert_eq!(post(&simulator, &path.replace("suspend", "restore"), &json!({})).await.status, 204);
    assert_eq!(user(&simulator, &ada.account_id), Some(ada));
    let nobody = v2(&simulator, "directories/-/users/712020:nobody/suspend");
    assert_eq!(post(&simulator, &nobody, &json!({})).await.code(), "ADMIN-404-8");
    simulator.stop().await;
}

#[tokio::test]
async fn a_removal_is_accepted_at_once_and_shows_later() {
    let clock = clock();
    let simulator = small(Options { clock: clock.clone(), ..options() }).await;
    let ada = somebody(&simulator);
    let path = v2(&simulator, &format!("directories/-/users/{}", ada.account_id));
    assert_eq!(delete(&simulator, &path).await.status, 204);
    assert_eq!(delete(&simulator, &path).await.status, 204);
    assert_eq!(user(&simulator, &ada.account_id).unwrap(), ada, "still in the queue");
    assert!(clock.advance(Duration::from_secs(21)));
    let removed = user(&simulator, &ada.account_id).unwrap();
    assert_eq!((removed.status, removed.directories.len(), removed.resources), ("not_invited", 0, 0));
    assert_eq!(effects(&simulator), [format!("remove {}", ada.account_id)]);
    simulator.set_answers(Answers { removal_delay: 0, ..Answers::default() });
    let eve = somebody(&simulator);
    assert_eq!(delete(&simulator, &path.replace(&ada.account_id, &eve.account_id)).await.status, 204);
    assert!(user(&simulator, &eve.account_id).unwrap().directories.is_empty());
    simulator.stop().await;
}

#[tokio::test]
async fn groups_are_made_once_and_deleted_unless_somebody_needs_them() {
    let simulator = small(options()).await;
    let path = v2(&simulator, "directories/-/groups");
    let new = json!({"name": "chess \"club\"", "description": "Tuesdays"});
    let made = post(&simulator, &path, &new).await;
    assert_eq!((made.status, made.bytes.len()), (201, 0));
    let again = post(&simulator, &path, &json!({"name": "Chess \"Club\""})).await;
    assert_eq!((again.status, again.code().as_str()), (409, "ADMIN-409-28"));
    assert_eq!(post(&simulator, &path, &json!({"description": "nameless"})).await.status, 400);
    let search = json!({"groupNames": ["chess \"club\""]});
    let found = post(&simulator, &format!("{path}/search"), &search).await.json();
    assert_eq!(found["data"][0]["description"], "Tuesdays");
    let id = found["data"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(delete(&simulator, &format!("{path}/{id}")).await.status, 204);
    assert_eq!(delete(&simulator, &format!("{path}/{id}")).await.code(), "ADMIN-404-10");
    let truth = simulator.known_truth();
    let refused = [
        (truth.grants.iter().find(|grant| grant.default).unwrap().group.clone(), "ADMIN-403-6"),
        (truth.grants.iter().find(|grant| grant.role == Role::Admin.id()).unwrap().group.clone(), "ADMIN-403-7"),
        (truth.groups.iter().find(|group| group.synced).unwrap().id.clone(), "ADMIN-403-5"),
    ];
    for (group, code) in refused {
        let answer = delete(&simulator, &format!("{path}/{group}")).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, code));
    }
    assert_eq!(simulator.known_truth().groups, truth.groups);
    simulator.stop().await;
}

#[tokio::test]
async fn memberships_come_and_go_and_each_refusal_has_its_reason() {
    let simulator = small(options()).await;
    let group = plain_group(&simulator);
    let path = v2(&simulator, &format!("directories/-/groups/{}/memberships", group.id));
    let new = newcomer(&simulator);
    assert_eq!(post(&simulator, &path, &json!({"accountId": new})).await.status, 204);
    assert!(in_group(&simulator, &group.id, &new));
    let again = post(&simulator, &path, &json!({"accountId": new})).await;
    assert_eq!((again.status, again.code().as_str()), (409, "ADMIN-409-28"));
    assert!(again.json()["errors"][0]["detail"].as_str().unwrap().contains("already a member"));
    assert_eq!(post(&simulator, &path, &json!({"accountId": "712020:nobody"})).await.code(), "ADMIN-404-8");
    assert_eq!(post(&simulator, &path, &json!({})).await.status, 400);
    assert_eq!(delete(&simulator, &format!("{path}/{new}")).await.status, 204);
    assert!(!in_group(&simulator, &group.id, &new));
    assert_eq!(delete(&simulator, &format!("{path}/{new}")).await.status, 404);
    let outside = somebody(&simulator);
    simulator.change(|organization| organization.remove_user(&outside.account_id)).unwrap();
    assert_eq!(post(&simulator, &path, &json!({"accountId": outside.account_id})).await.status, 404);
    let truth = simulator.known_truth();
    let synced = truth.groups.iter().find(|group| group.synced && group.members > 0).unwrap();
    let member = truth.memberships.iter().find(|pair| pair.0 == synced.id).unwrap().1.clone();
    let kept = v2(&simulator, &format!("directories/-/groups/{}/memberships", synced.id));
    assert_eq!(post(&simulator, &kept, &json!({"accountId": new})).await.code(), "ADMIN-403-5");
    assert_eq!(delete(&simulator, &format!("{kept}/{member}")).await.code(), "ADMIN-403-5");
    assert_eq!(simulator.known_truth(), truth);
    simulator.stop().await;
}

#[tokio::test]
async fn a_licence_without_seats_refuses_another_member_under_both_answers() {
    let simulator = small(options()).await;
    let truth = simulator.known_truth();
    let billed = |role: &str| role == Role::User.id();
    let grant = truth
        .grants
        .iter()
        .find(|grant| billed(grant.role) && truth.groups.iter().any(|group| group.id == grant.group && !group.synced));
    let grant = grant.unwrap().clone();
    let path = v2(&simulator, &format!("directories/-/groups/{}/memberships", grant.group));
    simulator.change(|organization| organization.set_capacity(&grant.resource, Some(1))).unwrap();
    let new = newcomer(&simulator);
    for (texts, code) in [(ConflictTexts::Codes, "ADMIN-409-3"), (ConflictTexts::DetailOnly, "ADMIN-409-28")] {
        simulator.set_answers(Answers { conflict_texts: texts, ..Answers::default() });
        let full = post(&simulator, &path, &json!({"accountId": new})).await;
        assert_eq!((full.status, full.code().as_str()), (409, code));
        assert!(full.json()["errors"][0]["detail"].as_str().unwrap().contains("user limit"));
    }
    let role = json!({"role": "atlassian/user", "resource": grant.resource});
    let direct = post(&simulator, &v1(&simulator, &format!("users/{new}/roles/assign")), &role).await;
    assert_eq!(direct.status, 409);
    let role = json!({"roleId": "atlassian/user", "resourceId": grant.resource});
    let crowd = plain_group(&simulator).id;
    simulator.change(|organization| organization.add_member(&crowd, &new)).unwrap();
    let crowd = v2(&simulator, &format!("directories/-/groups/{crowd}/role-assignments/assign"));
    assert_eq!(post(&simulator, &crowd, &role).await.status, 409);
    let invitation = json!({"emails": ["late@mail.test"], "permissionRules": [
        {"resource": grant.resource, "role": "atlassian/user"}]});
    assert_eq!(post(&simulator, &v2(&simulator, "users/invite"), &invitation).await.status, 409);
    simulator.change(|organization| organization.set_capacity(&grant.resource, None)).unwrap();
    assert_eq!(post(&simulator, &path, &json!({"accountId": new})).await.status, 204);
    simulator.stop().await;
}

#[tokio::test]
async fn roles_are_given_to_groups_and_people_and_taken_back() {
    let simulator = small(options()).await;
    let truth = simulator.known_truth();
    let bitbucket = truth.workspaces.iter().find(|workspace| workspace.owner == "bitbucket").unwrap().ari.clone();
    let group = plain_group(&simulator).id;
    let assignments = v2(&simulator, &format!("directories/-/groups/{group}/role-assignments"));
    let body = json!({"resourceId": bitbucket, "roleId": "atlassian/user"});
    assert_eq!(post(&simulator, &format!("{assignments}/assign"), &body).await.status, 200);
    assert_eq!(get(&simulator, &assignments).await.json()["data"][0]["resourceId"], bitbucket);
    assert_eq!(post(&simulator, &format!("{assignments}/revoke"), &body).await.status, 204);
    assert_eq!(get(&simulator, &assignments).await.json()["data"], json!([]));
    let wrong = json!({"resourceId": bitbucket, "roleId": "atlassian/customer"});
    assert_eq!(post(&simulator, &format!("{assignments}/assign"), &wrong).await.code(), "ADMIN-UAM-400-3");
    let nowhere = json!({"resourceId": "ari:cloud:bitbucket::site/none", "roleId": "atlassian/user"});
    assert_eq!(post(&simulator, &format!("{assignments}/assign"), &nowhere).await.status, 404);
    let new = newcomer(&simulator);
    let roles = v1(&simulator, &format!("users/{new}/roles"));
    let body = json!({"resource": bitbucket, "role": "atlassian/admin"});
    assert_eq!(post(&simulator, &format!("{roles}/assign"), &body).await.status, 204);
    let held = (new.clone(), bitbucket, "atlassian/admin".to_owned());
    assert!(simulator.known_truth().direct_roles.contains(&held));
    assert_eq!(post(&simulator, &format!("{roles}/revoke"), &body).await.status, 204);
    assert!(!simulator.known_truth().direct_roles.contains(&held));
    assert_eq!(effects(&simulator).len(), 4);
    simulator.stop().await;
}

#[tokio::test]
async fn administrators_of_the_organization_show_within_half_a_minute_and_the_last_stays() {
    let clock = clock();
    let simulator = small(Options { clock: clock.clone(), ..options() }).await;
    let ada = somebody(&simulator).account_id;
    let admins = |simulator: &Simulator| simulator.read(|organization| organization.holders_of(Role::OrgAdmin));
    let body = json!({"role": "atlassian/org-admin"});
    let assign = v1(&simulator, &format!("users/{ada}/role-assignments/assign"));
    assert_eq!(post(&simulator, &assign, &json!({"role": "atlassian/user"})).await.status, 400);
    assert_eq!(post(&simulator, &assign, &body).await.status, 204);
    assert!(!admins(&simulator).contains(&ada));
    clock.advance(Duration::from_secs(30));
    assert!(admins(&simulator).contains(&ada));
    simulator.set_answers(Answers { organization_role_delay: 0, ..Answers::default() });
    let mut statuses = Vec::new();
    for admin in admins(&simulator) {
        let path = v1(&simulator, &format!("users/{admin}/role-assignments/revoke"));
        statuses.push(post(&simulator, &path, &body).await.status);
    }
    assert_eq!(statuses.pop(), Some(403));
    assert!(statuses.iter().all(|status| *status == 204));
    assert_eq!(admins(&simulator).len(), 1);
    simulator.stop().await;
}

#[tokio::test]
async fn invitations_are_answered_line_by_line() {
    let simulator = small(options()).await;
    let truth = simulator.known_truth();
    let path = v2(&simulator, "users/invite");
    let ari = truth.workspaces.iter().find(|workspace| workspace.owner == "compass").unwrap().ari.clone();
    let group = plain_group(&simulator).id;
    let synced = truth.groups.iter().find(|group| group.synced).unwrap().id.clone();
    let rules = json!([{"resource": ari, "role": "atlassian/user"}]);
    let whole = json!({"emails": ["one@mail.test", "two@mail.test"], "permissionRules": rules,
        "additionalGroups": [group], "sendNotification": true, "notificationText": "Welcome"});
    let answer = post(&simulator, &path, &whole).await;
    assert_eq!(answer.status, 200);
    let data = answer.json()["data"].clone();
    assert_eq!(data[1]["email"], "two@mail.test");
    assert_eq!(data[0]["results"][0]["roleAssignmentResult"][0]["status"], "INVITED");
    let id = data[0]["id"].as_str().unwrap();
    let invited = user(&simulator, id).unwrap();
    assert_eq!((invited.email.as_deref(), invited.email_verified), (Some("one@mail.test"), false));
    assert!(in_group(&simulator, &group, id));
    let mixed = json!({"emails": ["three@mail.test"], "additionalGroups": [group, synced]});
    let answer = post(&simulator, &path, &mixed).await;
    assert_eq!(answer.status, 206);
    let lines = answer.json()["data"][0]["results"][0]["groupAssignmentResult"].clone();
    assert_eq!((&lines[0]["status"], &lines[1]["status"]), (&json!("INVITED"), &json!("ERROR")));
    assert!(lines[1]["statusReason"].is_string());
    let many: Vec<String> = (0..26).map(|number| format!("{number}@mail.test")).collect();
    let wrong: [Value; 5] = [
        json!({"emails": many}),
        json!({"emails": []}),
        json!({}),
        json!({"emails": ["nobody"]}),
        json!({"emails": ["a@mail.test"], "permissionRules": [{"resource": ari, "role": "atlassian/org-admin"}]}),
    ];
    for body in wrong {
        assert_eq!(post(&simulator, &path, &body).await.status, 400, "{body}");
    }
    simulator.change(|organization| organization.set_paid(false));
    assert_eq!(post(&simulator, &path, &mixed).await.status, 402);
    simulator.stop().await;
}

#[tokio::test]
async fn an_invitation_that_runs_out_of_seats_fails_for_the_rest() {
    let simulator = small(options()).await;
    let truth = simulator.known_truth();
    let ari = truth.workspaces.iter().find(|workspace| workspace.owner == "compass").unwrap().ari.clone();
    let rules = json!([{"resource": ari, "role": "atlassian/user"}]);
    let invite = async |emails: &[&str]| {
        let body = json!({"emails": emails, "permissionRules": rules});
        post(&simulator, &v2(&simulator, "users/invite"), &body).await
    };
    let mut seats = 0;
    // The number of seats in use is not told anywhere: one more is bought until the first invitation is let in.
    loop {
        simulator.change(|organization| organization.set_capacity(&ari, Some(seats))).unwrap();
        let answer = invite(&["first@mail.test", "second@mail.test"]).await;
        if answer.status != 409 {
            assert_eq!(answer.status, 206);
            let data = answer.json()["data"].clone();
            assert_eq!(data[0]["results"][0]["roleAssignmentResult"][0]["status"], "INVITED");
            assert_eq!(data[1]["results"][0]["roleAssignmentResult"][0]["statusReason"], "User limit exceeded");
            break;
        }
        seats += 1;
    }
    assert_eq!(invite(&["third@mail.test"]).await.status, 409);
    simulator.stop().await;
}

#[tokio::test]
async fn a_connection_closed_after_the_effect_leaves_the_effect() {
    let simulator = small(options()).await;
    let ada = somebody(&simulator).account_id;
    let path = v2(&simulator, &format!("directories/-/users/{ada}/suspend"));
    simulator.set_faults(vec![Fault::on("suspend", FaultKind::CloseBeforeEffect)]);
    assert!(try_post(&simulator, &path, &json!({})).await.is_err());
    assert_eq!(user(&simulator, &ada).unwrap().status, "active");
    simulator.set_faults(vec![Fault::on("suspend", FaultKind::CloseAfterEffect).subject(&ada)]);
    assert!(try_post(&simulator, &path, &json!({})).await.is_err());
    assert_eq!(user(&simulator, &ada).unwrap().status, "suspended");
    let last = simulator.ledger().pop().unwrap();
    assert_eq!((last.status, last.effect), (None, Some(format!("suspend {ada}"))));
    simulator.stop().await;
}

#[tokio::test]
async fn a_scoped_key_changes_nothing() {
    let simulator = small(options()).await;
    let ada = somebody(&simulator).account_id;
    let path = v2(&simulator, &format!("directories/-/users/{ada}/suspend"));
    let scoped = hyper::Request::builder()
        .method("POST")
        .uri(path)
        .header("host", "simulator")
        .header("authorization", format!("Bearer {}", simulator.scoped_api_key()))
        .header("content-type", "application/json");
    assert_eq!(send(&simulator, scoped.body(Full::from("{}")).unwrap()).await.unwrap().status, 403);
    assert!(effects(&simulator).is_empty());
    simulator.stop().await;
}
