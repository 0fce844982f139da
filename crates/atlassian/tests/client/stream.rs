//! The audit log's stream and catalogue.

use atlassian::call::Class;
use atlassian::cursor::Cursor;
use atlassian::error::Error;
use atlassian::event_actions;
use atlassian::events_stream::{From, read};

use crate::client;
use crate::server::{Server, json, status};

#[tokio::test]
async fn the_stream_is_read_from_an_instant_and_on_from_the_cursor_it_gave() {
    let first = r#"{"data":[
        {"id":"e1","type":"events","attributes":{"time":"2026-11-20T09:00:00.000Z","action":"user_added_to_group",
            "actor":{"id":"admin","name":"A"},
            "context":[{"id":"a-1","type":"users"},{"id":"g-1","type":"groups"},{"id":"a-1","type":"USER"}],
            "container":[{"id":"o-1","type":"orgs"},{"id":"g-2","type":"group"}],"location":{}}},
        {"id":"e2","attributes":{"action":"never_heard_of","context":[{"id":7,"type":"users"},{"type":"users"},"x"],"container":null}},
        {"id":"","attributes":{}}, {"attributes":{}}, 7, {"id":"e3"}],
        "links":{"next":"https://evil.example/x"},"meta":{"next":"c1","page_size":500}}"#;
    let server = Server::script(vec![json(first), json(r#"{"data":[],"meta":{"next":"c1"}}"#), json(r#"{"data":[]}"#)]);
    let server = server.await;
    let client = client(&server);
    let from = From::Instant("2026-11-20T08:00:00Z".parse().unwrap());
    let page = read(&client, Class::Pass, "o-1", &from, 9000).await.unwrap();
    assert_eq!((page.events.len(), page.unreadable), (3, 3));
    assert_eq!(page.events[0].accounts, ["a-1"], "who did it is not touched by it");
    assert_eq!(page.events[0].groups, ["g-1", "g-2"]);
    assert!(page.events[1].accounts.is_empty() && page.events[1].action.as_deref() == Some("never_heard_of"));
    let from = From::Cursor(page.next.unwrap());
    let page = read(&client, Class::Pass, "o-1", &from, 500).await.unwrap();
    assert_eq!(page.next, Some(Cursor::new("c1")), "the same cursor is good for what comes later");
    assert_eq!(read(&client, Class::Pass, "o-1", &from, 500).await.unwrap().next, None);
    let targets: Vec<String> = server.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(targets[0], "/admin/v1/orgs/o-1/events-stream?limit=500&from=1795161600000&sortOrder=asc");
    assert_eq!(targets[1], "/admin/v1/orgs/o-1/events-stream?limit=500&cursor=c1");
}

#[tokio::test]
async fn a_cursor_that_is_no_longer_taken_is_told_apart_from_a_plan_without_the_log() {
    let expired =
        r#"{"errors":[{"status":"400","code":"ADMIN-400-1","title":"Bad","detail":"The page cursor is invalid."}]}"#;
    let no_plan = r#"{"errors":[{"status":"403","code":"ADMIN-403-3","title":"Forbidden","detail":"no plan"}]}"#;
    let replies = vec![status(400, expired), status(410, "{}"), status(400, expired), status(403, no_plan)];
    let server = Server::script(replies).await;
    let client = client(&server);
    let cursor = From::Cursor(Cursor::new("c1"));
    let now = From::Instant("2026-11-20T08:00:00Z".parse().unwrap());
    for _ in 0..2 {
        let error = read(&client, Class::Pass, "o-1", &cursor, 500).await.unwrap_err();
        assert!(matches!(error, Error::CursorExpired { .. }), "{error:?}");
    }
    let error = read(&client, Class::Pass, "o-1", &now, 500).await.unwrap_err();
    assert!(matches!(error, Error::Refused { status: 400, .. }), "{error:?}");
    assert!(read(&client, Class::Pass, "o-1", &cursor, 500).await.unwrap_err().is_forbidden());
}

#[tokio::test]
async fn the_catalogue_of_actions_is_read_with_what_is_new_in_it() {
    let body = r#"{"data":[{"id":"user_created","type":"event-actions",
        "attributes":{"displayName":"Created user","groupDisplayName":"Users","moon":1}},{"id":"bare"}]}"#;
    let server = Server::script(vec![json(body)]).await;
    let page = event_actions::list(&client(&server), Class::Pass, "o-1").all().await.unwrap();
    assert_eq!(page.records[0].attributes.display_name.as_deref(), Some("Created user"));
    assert_eq!((page.records[1].id.as_str(), page.drift.as_slice()), ("bare", &["event_action.moon".to_owned()][..]));
}
