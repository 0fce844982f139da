//! Refusals that are final, and keys.

use atlassian::call::Class;
use atlassian::client::Client;
use atlassian::error::Error;
use atlassian::scope::Scope;
use atlassian::secret::Secret;
use atlassian::{groups, users};

use crate::server::{Server, json, status};
use crate::{client, config, everybody, ids, page};

#[tokio::test]
async fn a6_a_refused_key_stops_at_once_and_a_new_one_goes_on_at_the_same_page() {
    let server = Server::start(|request| {
        let second = request.header("authorization") == Some("Bearer ATCTT3xFfGN0-second");
        match (request.json()["cursor"].as_str(), second) {
            (None, _) => json(&page(&["a"], Some("c1"))),
            (Some(_), false) => status(401, r#"{"code":401,"message":"Unauthorized"}"#),
            (Some(_), true) => json(&page(&["b"], None)),
        }
    })
    .await;
    let client = client(&server);
    let mut chain = everybody(&client);
    assert!(chain.next().await.unwrap().is_ok());
    let error = chain.next().await.unwrap().unwrap_err();
    assert!(error.is_unauthorized() && !error.is_transient(), "{error:?}");
    assert_eq!(server.requests().len(), 2, "it is not tried again");
    client.replace_key(&Secret::new("ATCTT3xFfGN0-second")).unwrap();
    assert_eq!(ids(chain).await, Ok(vec!["b".to_owned()]));
    let asked: Vec<_> = server.requests().iter().map(|request| request.json()["cursor"].clone()).collect();
    assert_eq!(asked, [serde_json::Value::Null, "c1".into(), "c1".into()]);
}

#[tokio::test]
async fn a7_a_forbidden_call_says_whether_scopes_are_the_reason() {
    let scoped = r#"{"timestamp":"t","path":"/p","status":403,"error":"Forbidden","message":"scope does not match","requestId":"r"}"#;
    let not_admin = r#"{"errors":[{"status":"403","code":"ADMIN-403-3","title":"Forbidden","detail":"not an admin"}]}"#;
    let server = Server::script(vec![status(403, scoped), status(403, not_admin)]).await;
    let client = client(&server);
    let error = everybody(&client).next().await.unwrap().unwrap_err();
    assert!(error.is_forbidden() && error.is_forbidden_by_scope(), "{error:?}");
    let error = everybody(&client).next().await.unwrap().unwrap_err();
    assert!(error.is_forbidden() && !error.is_forbidden_by_scope(), "{error:?}");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a8_a_missing_user_is_not_found() {
    let body =
        r#"{"errors":[{"id":"1","status":"404","code":"ADMIN-404-8","title":"Not found","detail":"No such user"}]}"#;
    let server = Server::script(vec![status(404, body)]).await;
    let error = users::one(&client(&server), &Scope::every_directory("o"), Class::PreOperation, "a").await.unwrap_err();
    assert!(error.is_not_found());
    let Error::Refused { code, title, detail, endpoint, .. } = error else { panic!("{error:?}") };
    assert_eq!((code.as_deref(), title.as_deref()), (Some("ADMIN-404-8"), Some("Not found")));
    assert_eq!((detail.as_deref(), endpoint), (Some("No such user"), users::ONE));
}

#[tokio::test]
async fn a28_a_switched_off_endpoint_is_named() {
    let body = r#"{"errors":[{"status":"410","code":"GONE","title":"Gone","detail":"Ended on 2026-06-30"}]}"#;
    let server = Server::script(vec![status(410, body)]).await;
    let error = everybody(&client(&server)).next().await.unwrap().unwrap_err();
    assert_eq!(error, Error::Retired { endpoint: users::SEARCH, detail: Some("Ended on 2026-06-30".to_owned()) });
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_key_that_no_header_can_hold_is_refused_and_no_key_is_ever_shown() {
    let server = Server::script(vec![status(401, "{}")]).await;
    for key in ["", "line\nbreak", "späce", "two words"] {
        let refused = Client::new(atlassian::config::Config { key: Secret::new(key), ..config(&server) });
        assert_eq!(refused.err(), Some(Error::InvalidKey), "{key:?}");
    }
    let config = config(&server);
    assert!(!format!("{config:?}").contains("ATCTT3x"));
    let client = Client::new(config).unwrap();
    assert_eq!(client.replace_key(&Secret::new("a b")), Err(Error::InvalidKey));
    let error = everybody(&client).next().await.unwrap().unwrap_err();
    assert!(!format!("{client:?} {error:?} {error}").contains("ATCTT3x"));
}

#[tokio::test]
async fn addresses_that_cannot_be_used_are_refused_before_anything_is_sent() {
    let server = Server::script(vec![json("{}")]).await;
    for base in ["", "api.atlassian.com", "ftp://host", "http://host/path"] {
        let refused = Client::new(atlassian::config::Config { base: base.to_owned(), ..config(&server) });
        assert!(matches!(refused, Err(Error::Configuration { what: "base", .. })), "{base:?}");
    }
    let authority = Some(b"not a certificate".to_vec());
    let refused = Client::new(atlassian::config::Config { certificate_authority_pem: authority, ..config(&server) });
    assert!(matches!(refused, Err(Error::Configuration { what: "certificate authority", .. })));
    let client = client(&server);
    for id in ["..", ".", ""] {
        let error = groups::one(&client, &Scope::directory("o", "d"), Class::PreOperation, id).await.unwrap_err();
        assert!(matches!(error, Error::Configuration { what: "path", .. }), "{id:?}: {error:?}");
    }
    let given = vec!["a".to_owned(); 11];
    let error = users::by_account_ids(&client, &Scope::directory("o", "d"), Class::ReadBack, &given).await.unwrap_err();
    assert_eq!(error, Error::TooMany { endpoint: users::SEARCH, given: 11, at_most: 10 });
    assert_eq!(server.requests().len(), 0);
}
