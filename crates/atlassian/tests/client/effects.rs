//! Effects: what goes out for each, once, and what is concluded from every kind of answer.

use atlassian::effects::{Effect, Outcome, Refusal, send};
use atlassian::open::Role;

use crate::client;
use crate::server::{Reply, Server, status, with_headers};

const ADD: Effect<'static> = Effect::AddMember { directory: "d-1", group: "g-1", account: "qm:1" };
const REMOVE: Effect<'static> = Effect::RemoveMember { directory: "d-1", group: "g-1", account: "qm:1" };

#[tokio::test]
async fn each_effect_is_one_request_with_its_body() {
    let server = Server::start(|_| Reply::Answer(204, String::new(), Vec::new())).await;
    let client = client(&server);
    let (account, group, directory, resource) = ("a/1", "g-1", "d-1", "ari:cloud:confluence::site/1");
    let role = &Role::User;
    let effects = [
        (Effect::Suspend { directory, account }, "POST /admin/v2/orgs/o/directories/d-1/users/a%2F1/suspend {}"),
        (Effect::Restore { directory, account }, "POST /admin/v2/orgs/o/directories/d-1/users/a%2F1/restore {}"),
        (Effect::RemoveUser { directory, account }, "DELETE /admin/v2/orgs/o/directories/d-1/users/a%2F1 "),
        (
            Effect::CreateGroup { directory, name: "n", description: None },
            r#"POST /admin/v2/orgs/o/directories/d-1/groups {"description":"","name":"n"}"#,
        ),
        (Effect::DeleteGroup { directory, group }, "DELETE /admin/v2/orgs/o/directories/d-1/groups/g-1 "),
        (ADD, r#"POST /admin/v2/orgs/o/directories/d-1/groups/g-1/memberships {"accountId":"qm:1"}"#),
        (REMOVE, "DELETE /admin/v2/orgs/o/directories/d-1/groups/g-1/memberships/qm:1 "),
        (
            Effect::GrantToGroup { directory, group, resource, role },
            r#"POST /admin/v2/orgs/o/directories/d-1/groups/g-1/role-assignments/assign {"resourceId":"ari:cloud:confluence::site/1","roleId":"atlassian/user"}"#,
        ),
        (
            Effect::RevokeFromGroup { directory, group, resource, role },
            r#"POST /admin/v2/orgs/o/directories/d-1/groups/g-1/role-assignments/revoke {"resourceId":"ari:cloud:confluence::site/1","roleId":"atlassian/user"}"#,
        ),
        (
            Effect::AssignRole { account, resource, role },
            r#"POST /admin/v1/orgs/o/users/a%2F1/roles/assign {"resource":"ari:cloud:confluence::site/1","role":"atlassian/user"}"#,
        ),
        (
            Effect::RevokeRole { account, resource, role },
            r#"POST /admin/v1/orgs/o/users/a%2F1/roles/revoke {"resource":"ari:cloud:confluence::site/1","role":"atlassian/user"}"#,
        ),
        (
            Effect::AssignPlatformRole { account, role: &Role::OrganizationAdmin },
            r#"POST /admin/v1/orgs/o/users/a%2F1/role-assignments/assign {"role":"atlassian/org-admin"}"#,
        ),
        (
            Effect::RevokePlatformRole { account, role: &Role::OrganizationAdmin },
            r#"POST /admin/v1/orgs/o/users/a%2F1/role-assignments/revoke {"role":"atlassian/org-admin"}"#,
        ),
        (Effect::Deactivate { account }, "POST /users/a%2F1/manage/lifecycle/disable {}"),
        (Effect::Activate { account }, "POST /users/a%2F1/manage/lifecycle/enable {}"),
    ];
    for (effect, expected) in effects {
        assert_eq!(send(&client, "o", &effect).await.outcome, Outcome::Done, "{effect:?}");
        let request = server.requests().pop().unwrap();
        assert_eq!(format!("{} {} {}", request.method, request.target, request.body), expected);
        // Without a body type upstream answers 415.
        assert_eq!(request.header("content-type").is_some(), !request.body.is_empty(), "{effect:?}");
    }
    assert_eq!(server.requests().len(), 15);
}

fn error(code: &str, title: &str, detail: &str) -> String {
    serde_json::json!({"errors": [{"id": "1", "code": code, "title": title, "detail": detail}]}).to_string()
}

async fn outcome(effect: &Effect<'_>, replies: Vec<Reply>) -> (Outcome, usize) {
    let server = Server::script(replies).await;
    let sent = send(&client(&server), "o", effect).await;
    (sent.outcome, server.requests().len())
}

fn refusal(outcome: &Outcome) -> Option<Refusal> {
    match outcome {
        Outcome::Refused(refusal, _) => Some(*refusal),
        _ => None,
    }
}

#[tokio::test]
async fn an_answer_that_says_already_so_is_success() {
    let already = error("ADMIN-409-28", "Conflict", "The user is already a member of the group.");
    assert_eq!(outcome(&ADD, vec![status(409, &already)]).await.0, Outcome::AlreadySo);
    let gone = error("ADMIN-404-8", "User not found", "No user was found.");
    assert_eq!(outcome(&REMOVE, vec![status(404, &gone)]).await.0, Outcome::AlreadySo);
    // Who is not found cannot be put anywhere.
    assert_eq!(refusal(&outcome(&ADD, vec![status(404, &gone)]).await.0), Some(Refusal::NotFound));
    // An organization that is not found says nothing about its groups.
    let organization = error("ADMIN-404-2", "Organization not found", "");
    assert_eq!(refusal(&outcome(&REMOVE, vec![status(404, &organization)]).await.0), Some(Refusal::NotFound));
}

#[tokio::test]
async fn a_full_licence_is_told_from_a_membership_by_code_or_text() {
    for body in [
        error("ADMIN-409-3", "License limit exceeded", ""),
        error(
            "ADMIN-409-28",
            "Conflict",
            "You have exceeded the user limit of jira. Increase it, or suspend another user.",
        ),
    ] {
        assert_eq!(refusal(&outcome(&ADD, vec![status(409, &body)]).await.0), Some(Refusal::NoSeat), "{body}");
    }
    assert_eq!(refusal(&outcome(&ADD, vec![status(402, "{}")]).await.0), Some(Refusal::NoSeat));
    // A conflict that says nothing is not guessed at.
    let mute = outcome(&ADD, vec![status(409, &error("ADMIN-409-28", "Conflict", ""))]).await.0;
    assert!(matches!(mute, Outcome::Unknown(_)), "{mute:?}");
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let synced = error("ADMIN-403-5", "Forbidden", "Not allowed to manage the group.");
    assert_eq!(refusal(&outcome(&ADD, vec![status(403, &synced)]).await.0), Some(Refusal::NotManageable));
    assert_eq!(refusal(&outcome(&ADD, vec![status(403, "{}")]).await.0), Some(Refusal::KeyNotAllowed));
    assert_eq!(refusal(&outcome(&ADD, vec![status(401, "{}")]).await.0), Some(Refusal::KeyNotAllowed));
    assert_eq!(refusal(&outcome(&ADD, vec![status(400, "{}")]).await.0), Some(Refusal::Other));
}

#[tokio::test]
async fn b1_what_may_have_happened_is_unknown_and_never_sent_again() {
    for reply in [Reply::Close, status(500, "{}"), status(503, "{}"), status(200, "{\"cut")] {
        let (outcome, requests) = outcome(&ADD, vec![reply]).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
        assert_eq!(requests, 1);
    }
}

#[tokio::test]
async fn b2_a_429_is_waited_out_and_the_effect_sent_once_more() {
    let throttled = with_headers(429, "retry-after: 7", r#"{"code":429,"message":"m"}"#);
    let (outcome, requests) = outcome(&ADD, vec![throttled, Reply::Answer(204, String::new(), Vec::new())]).await;
    assert_eq!((outcome, requests), (Outcome::Done, 2));
}

#[tokio::test]
async fn what_never_left_may_be_sent_again() {
    let server = Server::script(vec![Reply::Close]).await;
    let unreachable = client(&server);
    drop(server);
    let outcome = send(&unreachable, "o", &ADD).await.outcome;
    assert!(matches!(outcome, Outcome::NotSent(_)), "{outcome:?}");
}
