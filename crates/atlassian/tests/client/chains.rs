//! Chains of pages: cursors that end, repeat, expire, or lead elsewhere.

use atlassian::call::Class;
use atlassian::cursor::Cursor;
use atlassian::error::Error;
use atlassian::{managed_accounts, users, workspaces};

use crate::server::{Server, json, status};
use crate::{client, everybody, ids, page};

#[tokio::test]
async fn the_cursor_goes_back_in_the_unchanged_body() {
    let server = Server::start(|request| match request.json()["cursor"].as_str() {
        None => json(&page(&["a", "b"], Some("c/1=="))),
        Some("c/1==") => json(&page(&["c"], Some("c2"))),
        Some(_) => json(&page(&["d"], None)),
    })
    .await;
    let client = client(&server);
    let mut chain = everybody(&client);
    let mut numbers = Vec::new();
    while let Some(page) = chain.next().await {
        let page = page.unwrap();
        numbers.push((page.number, page.cursor.map(|cursor| cursor.as_str().to_owned()), page.next.is_some()));
    }
    assert_eq!(numbers, [(0, None, true), (1, Some("c/1==".to_owned()), true), (2, Some("c2".to_owned()), false)]);
    let requests = server.requests();
    let expand = serde_json::json!(["groups", "productAccess", "platformRoles", "counts.resources"]);
    assert_eq!(requests[0].json(), serde_json::json!({"limit": 100, "expand": expand}));
    assert_eq!(requests[1].json(), serde_json::json!({"limit": 100, "expand": expand, "cursor": "c/1=="}));
    assert_eq!(requests[0].target, "/admin/v2/orgs/o-1/directories/d-1/users/search");
    assert_eq!(requests[0].header("authorization"), Some("Bearer ATCTT3xFfGN0-first"));
    assert_eq!(requests[0].header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn a_chain_is_resumed_at_its_cursor() {
    let server = Server::start(|request| match request.json()["cursor"].as_str() {
        Some("c7") => json(&page(&["h"], None)),
        _ => status(500, ""),
    })
    .await;
    let client = client(&server);
    let mut chain = everybody(&client).resume(Cursor::new("c7"), 7);
    let page = chain.next().await.unwrap().unwrap();
    assert_eq!((page.number, page.records.len(), page.cursor), (7, 1, Some(Cursor::new("c7"))));
    assert!(chain.next().await.is_none());
}

#[tokio::test]
async fn a13_an_empty_page_with_a_next_cursor_continues() {
    let replies = vec![json(&page(&["a"], Some("1"))), json(&page(&[], Some("2"))), json(&page(&["b"], Some("")))];
    let server = Server::script(replies).await;
    assert_eq!(ids(everybody(&client(&server))).await, Ok(vec!["a".to_owned(), "b".to_owned()]));
}

#[tokio::test]
async fn a15_cursor_cycle_is_detected() {
    let server = Server::start(|request| {
        let next = match request.json()["cursor"].as_str() {
            None => "A",
            Some("A") => "B",
            Some(_) => "A",
        };
        json(&page(&["x"], Some(next)))
    })
    .await;
    let client = client(&server);
    assert_eq!(ids(everybody(&client)).await, Err(Error::CursorCycle { endpoint: users::SEARCH, page: 2 }));
    assert_eq!(server.requests().len(), 3);

    let resumed = everybody(&client).resume(Cursor::new("B"), 40);
    assert_eq!(ids(resumed).await, Err(Error::CursorCycle { endpoint: users::SEARCH, page: 41 }));
}

#[tokio::test]
async fn a15_a_cursor_that_repeats_itself_is_a_cycle() {
    let server = Server::start(|_| json(&page(&["x"], Some("A")))).await;
    let outcome = ids(everybody(&client(&server))).await;
    assert_eq!(outcome, Err(Error::CursorCycle { endpoint: users::SEARCH, page: 1 }));
}

#[tokio::test]
async fn a16_an_expired_cursor_is_an_error_of_its_own() {
    let bodies = [
        (400, r#"{"errors":[{"status":"400","code":"ADMIN-400-1","title":"Bad request"}]}"#),
        (400, r#"{"code":400,"message":"The cursor is no longer valid"}"#),
        (410, r#"{"errors":[{"status":"410","title":"Gone"}]}"#),
    ];
    for (code, body) in bodies {
        let server = Server::script(vec![json(&page(&["a"], Some("old"))), status(code, body)]).await;
        let outcome = ids(everybody(&client(&server))).await;
        assert_eq!(outcome, Err(Error::CursorExpired { endpoint: users::SEARCH, page: 1 }), "{body}");
    }
    let server = Server::script(vec![status(400, bodies[0].1)]).await;
    let error = everybody(&client(&server)).next().await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Refused { status: 400, .. }), "without a cursor none can have expired: {error:?}");
    let other = r#"{"errors":[{"status":"400","code":"ADMIN-400-24"}]}"#;
    let server = Server::script(vec![json(&page(&["a"], Some("c"))), status(400, other)]).await;
    assert!(matches!(ids(everybody(&client(&server))).await, Err(Error::Refused { status: 400, .. })));
}

#[tokio::test]
async fn a_workspace_cursor_is_sent_alone() {
    let server = Server::start(|request| match request.json().get("cursor") {
        None => json(r#"{"data":[{"id":"ari:1","attributes":{"name":"n"}}],"links":{"next":"c1"},"meta":{"total":2}}"#),
        Some(_) => json(r#"{"data":[{"id":"ari:2"}],"links":{"next":null},"meta":{"total":2}}"#),
    })
    .await;
    let client = client(&server);
    let page = workspaces::list(&client, Class::Pass, "o-1").all().await.unwrap();
    assert_eq!((page.records.len(), page.total), (2, Some(2)));
    let requests = server.requests();
    assert_eq!(requests[0].json(), serde_json::json!({"limit": 1000}));
    assert_eq!(requests[1].json(), serde_json::json!({"cursor": "c1"}));
}

#[tokio::test]
async fn a_v1_list_is_walked_by_whole_addresses() {
    let server = Server::start(|request| {
        let host = request.header("host").unwrap();
        match request.target.as_str() {
            "/admin/v1/orgs/o-1/users" => json(&format!(
                r#"{{"data":[{{"account_id":"a","account_type":"app","last_active":"2026-11-19"}}],
                "links":{{"next":"http://{host}/admin/v1/orgs/o-1/users?cursor=x%2F1"}},"meta":{{"total":2}}}}"#
            )),
            "/admin/v1/orgs/o-1/users?cursor=x%2F1" => {
                json(r#"{"data":[{"account_id":"b","shoe_size":43}],"links":{"self":"x"},"meta":{"total":2}}"#)
            }
            other => status(404, other),
        }
    })
    .await;
    let client = client(&server);
    let page = managed_accounts::list(&client, Class::Pass, "o-1").all().await.unwrap();
    let ids: Vec<_> = page.records.iter().map(|account| account.account_id.as_str()).collect();
    assert_eq!((ids, page.total), (vec!["a", "b"], Some(2)));
    assert_eq!(page.drift, ["managed_account.shoe_size"]);
}

#[tokio::test]
async fn a26_neither_a_redirect_nor_a_link_leads_to_another_host() {
    let elsewhere = Server::script(vec![json(&page(&[], None))]).await;
    let location = format!("location: {}/steal", elsewhere.base);
    let server = Server::start({
        let next = format!("{}/admin/v1/orgs/o-1/users?cursor=1", elsewhere.base);
        move |request| {
            if request.method == "POST" {
                crate::server::with_headers(302, &location, "")
            } else {
                json(&format!(r#"{{"data":[{{"account_id":"a"}}],"links":{{"next":"{next}"}}}}"#))
            }
        }
    })
    .await;
    let client = client(&server);
    let host = elsewhere.base.trim_start_matches("http://").to_owned();
    let error = everybody(&client).next().await.unwrap().unwrap_err();
    assert_eq!(error, Error::Redirected { endpoint: users::SEARCH, host: host.clone() });
    let error = managed_accounts::list(&client, Class::Pass, "o-1").next().await.unwrap().unwrap_err();
    assert_eq!(error, Error::Redirected { endpoint: managed_accounts::LIST, host: host.clone() });
    let kept = Cursor::new(format!("{}/admin/v1/orgs/o-1/users?cursor=1", elsewhere.base));
    let error = managed_accounts::list(&client, Class::Pass, "o-1").resume(kept, 1).next().await.unwrap().unwrap_err();
    assert_eq!(error, Error::Redirected { endpoint: managed_accounts::LIST, host });
    assert_eq!(elsewhere.requests().len(), 0);
    assert_eq!(server.requests().len(), 2, "a redirect is final");
}
