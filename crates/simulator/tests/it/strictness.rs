//! What is refused, and in which shape.

use http_body_util::Full;
use jiff::ToSpan;
use serde_json::{Value, json};

use crate::client::{get, now, options, post, request, send, small, v2};

const USERS: &str = "directories/-/users/search";
const GROUPS: &str = "directories/-/groups/search";

#[tokio::test]
async fn wrong_bodies_are_refused() {
    let simulator = small(options()).await;
    let eleven: Vec<String> = (0..11).map(|number| number.to_string()).collect();
    let many: Vec<String> = (0..101).map(|number| format!("{number}@mail.test")).collect();
    let cases: Vec<(&str, Value)> = vec![
        (USERS, json!([])),
        (USERS, json!({"unknown": 1})),
        (USERS, json!({"limit": 0})),
        (USERS, json!({"limit": 101})),
        (USERS, json!({"limit": "10"})),
        (USERS, json!({"accountIds": []})),
        (USERS, json!({"accountIds": eleven})),
        (USERS, json!({"emails": many})),
        (USERS, json!({"emails": ["a@mail.test", "a@mail.test"]})),
        (USERS, json!({"emails": ["a@mail.test"], "searchTerm": "a"})),
        (USERS, json!({"groupIds": eleven})),
        (USERS, json!({"emailDomains": eleven})),
        (USERS, json!({"roleIds": ["atlassian/king"]})),
        (USERS, json!({"status": ["happy"]})),
        (USERS, json!({"claimStatus": "claimed"})),
        (USERS, json!({"expand": ["everything"]})),
        (USERS, json!({"expand": ["groups", "groups"]})),
        (USERS, json!({"sortBy": [{"field": "email", "direction": "asc"}]})),
        (USERS, json!({"sortBy": [{"field": "nick_name", "direction": "up"}]})),
        (GROUPS, json!({"groupNames": ["a"], "searchTerm": "a"})),
        (GROUPS, json!({"groupNames": ["a"], "groupIds": ["b"]})),
        (GROUPS, json!({"groupIds": eleven})),
        (GROUPS, json!({"expand": ["counts.groups"]})),
        (GROUPS, json!({"limit": 101})),
        (GROUPS, json!({"emails": ["a@mail.test"]})),
    ];
    for (path, body) in cases {
        let answer = post(&simulator, &v2(&simulator, path), &body).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "ADMIN-400-24"), "{body}");
        assert_eq!(answer.json()["errors"][0]["status"], "400");
    }
    let empty = request(&simulator, "POST", &v2(&simulator, GROUPS)).header("content-type", "application/json");
    assert_eq!(send(&simulator, empty.body(Full::default()).unwrap()).await.unwrap().status, 200);
    let untyped = request(&simulator, "POST", &v2(&simulator, GROUPS));
    assert_eq!(send(&simulator, untyped.body(Full::default()).unwrap()).await.unwrap().status, 415);
    simulator.stop().await;
}

#[tokio::test]
async fn wrong_queries_paths_and_methods_are_refused() {
    let simulator = small(options()).await;
    let organization = simulator.organization_id();
    let other = "/admin/v2/orgs/00000000-0000-4000-8000-000000000000/directories".to_owned();
    let cases = [
        (v2(&simulator, "directories?limit=0"), 400, "ADMIN-400-24"),
        (v2(&simulator, "directories?limit=many"), 400, "ADMIN-400-4"),
        (v2(&simulator, "directories/-/users/count?emails=a@mail.test"), 400, "ADMIN-400-4"),
        (v2(&simulator, "directories/-/users/count?mfaEnabled=maybe"), 400, "ADMIN-400-4"),
        (v2(&simulator, "directories/nowhere/users/count"), 404, "ADMIN-404-1"),
        (v2(&simulator, "directories/-/users/712020:nobody"), 404, "ADMIN-404-8"),
        (v2(&simulator, "directories/-/groups/nothing"), 404, "ADMIN-404-10"),
        (v2(&simulator, "directories/-/groups/nothing/role-assignments"), 404, "ADMIN-404-10"),
        (v2(&simulator, "nothing"), 404, "ADMIN-404-1"),
        (other, 404, "ADMIN-404-2"),
        ("/admin/v3/orgs".to_owned(), 404, "ADMIN-404-1"),
        ("/".to_owned(), 404, "ADMIN-404-1"),
        (v2(&simulator, "workspaces"), 405, "ADMIN-405-1"),
        (format!("/admin/v1/orgs/{organization}/users?cursor=bad"), 400, "ADMIN-400-1"),
    ];
    for (path, status, code) in cases {
        let answer = get(&simulator, &path).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{path}");
    }
    let gone = [
        ("POST", "users/search"),
        ("POST", "groups/search"),
        ("POST", "users/invite"),
        ("POST", "directory/users/712020:a/suspend-access"),
        ("POST", "directory/users/712020:a/restore-access"),
        ("DELETE", "directory/users/712020:a"),
        ("GET", "directory/groups"),
    ];
    for (method, rest) in gone {
        let path = format!("/admin/v1/orgs/{organization}/{rest}");
        let answer = send(&simulator, request(&simulator, method, &path).body(Full::default()).unwrap()).await.unwrap();
        assert_eq!(answer.status, 410, "{path}");
        assert!(answer.json()["errors"][0]["detail"].as_str().unwrap().contains("deprecated"));
    }
    simulator.stop().await;
}

#[tokio::test]
async fn only_a_known_valid_key_opens_and_a_scoped_one_not_everything() {
    let clock = crate::client::clock();
    let simulator = small(simulator::Options { clock: clock.clone(), ..options() }).await;
    let ask = async |secret: String, method: &str, path: String| {
        let request = hyper::Request::builder()
            .method(method)
            .uri(path)
            .header("host", "simulator")
            .header("authorization", secret)
            .header("content-type", "application/json");
        send(&simulator, request.body(Full::default()).unwrap()).await.unwrap()
    };
    for secret in ["", "Bearer wrong", "Basic YTpi", "Bearer "] {
        let answer = ask(secret.to_owned(), "GET", "/admin/v1/orgs".to_owned()).await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.json(), json!({"code": 401, "message": "Unauthorized"}));
    }
    let scoped = format!("Bearer {}", simulator.scoped_api_key());
    assert_eq!(ask(scoped.clone(), "GET", v2(&simulator, "directories")).await.status, 200);
    let refused = ask(scoped, "POST", v2(&simulator, USERS)).await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["error"], "Forbidden");
    assert_eq!(refused.json()["timestamp"], "2026-11-20T09:30:00.000Z");
    assert_eq!(refused.json()["path"], v2(&simulator, USERS));
    assert!(refused.json()["message"].as_str().unwrap().contains("manage:org"));
    let old = format!("Bearer {}", simulator.api_key());
    let new = format!("Bearer {}", simulator.rotate_api_key());
    assert_eq!(ask(old, "GET", "/admin/v1/orgs".to_owned()).await.status, 401);
    assert_eq!(ask(new.clone(), "GET", "/admin/v1/orgs".to_owned()).await.status, 200);
    simulator.expire_api_key();
    assert_eq!(ask(new, "GET", "/admin/v1/orgs".to_owned()).await.status, 401);
    simulator.stop().await;
}

#[tokio::test]
async fn keys_are_listed_with_their_expiry_and_never_with_their_secret() {
    let simulator = small(options()).await;
    let path = format!("/admin/api-access/v1/orgs/{}/api-keys", simulator.organization_id());
    let answer = get(&simulator, &path).await;
    let keys = answer.json()["data"].as_array().unwrap().clone();
    assert_eq!(get(&simulator, &format!("{path}/count")).await.json()["count"], keys.len());
    assert!(!String::from_utf8_lossy(&answer.bytes).contains(&simulator.api_key()));
    let instant = |key: &Value| key["expiresAt"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert!(keys.iter().any(|key| instant(key) > now() + 24.hours() && key["scopes"] == json!([])));
    assert!(keys.iter().any(|key| instant(key) < now()));
    assert!(keys.iter().all(|key| key["createdBy"]["id"].is_string()));
    simulator.stop().await;
}

#[tokio::test]
async fn cursors_are_refused_when_made_up_or_made_for_another_filter() {
    let simulator = small(options()).await;
    let path = v2(&simulator, USERS);
    let page = post(&simulator, &path, &json!({"limit": 10})).await.json();
    let next = page["links"]["next"].as_str().unwrap();
    assert!(!next.contains('/'), "a bare token");
    // The page number, further on in the token, made another one.
    let place = 22;
    let letter = if next.as_bytes()[place] == b'B' { "C" } else { "B" };
    let forged = format!("{}{letter}{}", &next[..place], &next[place + 1..]);
    for body in [
        json!({"cursor": "kloHX1ZQVasDAkx_P48NYQ"}),
        json!({"cursor": forged}),
        json!({"cursor": next, "claimStatus": "managed"}),
    ] {
        let answer = post(&simulator, &path, &body).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "ADMIN-400-1"), "{body}");
    }
    let elsewhere = post(&simulator, &v2(&simulator, GROUPS), &json!({"cursor": next})).await;
    assert_eq!(elsewhere.status, 400);
    let smaller = post(&simulator, &path, &json!({"cursor": next, "limit": 1, "expand": ["groups"]})).await;
    assert_eq!(smaller.json()["data"].as_array().unwrap().len(), 1, "limit and expansions may change");
    simulator.stop().await;
}

#[tokio::test]
async fn lists_asked_with_a_cursor_discard_the_rest_of_the_query() {
    let simulator = small(options()).await;
    let path = v2(&simulator, "directories/-/users");
    let first = get(&simulator, &format!("{path}?limit=2&claimStatus=unmanaged")).await;
    assert_eq!(first.header("deprecation"), "true");
    let next = first.json()["links"]["next"].as_str().unwrap().to_owned();
    let second = get(&simulator, &format!("{path}?cursor={next}&limit=50&claimStatus=managed")).await.json();
    let users = second["data"].as_array().unwrap();
    assert_eq!(users.len(), 2);
    assert!(users.iter().all(|user| user["claimStatus"] == "unmanaged"));
    simulator.stop().await;
}
