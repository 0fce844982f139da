//! The client of a site: whose it says it is, where it sends the token and where not, and what a site may answer.

use atlassian::call::Class;
use atlassian::config::{Config, Limits};
use atlassian::error::Error;
use atlassian::secret::Secret;
use atlassian::site::{SiteClient, behind_gateway};
use atlassian::{customer_organizations, myself, service_desks, site_users, tenant_info};

use crate::server::{Reply, Server, json, status};
use crate::virtual_clock;

const TOKEN: &str = "ATATT3xFfGF0-token";
/// `mira@north.example:ATATT3xFfGF0-token`
const BASIC: &str = "Basic bWlyYUBub3J0aC5leGFtcGxlOkFUQVRUM3hGZkdGMC10b2tlbg==";

fn configuration() -> Config {
    let limits = Limits { attempts: 2, body: 4096, ..Limits::default() };
    Config { limits, ..Config::new("http://nowhere.invalid", Secret::new(TOKEN), virtual_clock()) }
}

fn site(server: &Server) -> SiteClient {
    SiteClient::new(configuration(), "mira@north.example", &format!("{}/site/north/", server.base)).unwrap()
}

#[tokio::test]
async fn a_site_is_asked_below_its_own_address_as_the_user_whose_token_it_is() {
    let server = Server::start(|request| match request.target.split('?').next().unwrap() {
        "/site/north/_edge/tenant_info" => json(r#"{"cloudId":"c-1"}"#),
        "/site/north/rest/api/3/myself" => json(r#"{"accountId":"a-1","displayName":"Mira","active":true,"new":1}"#),
        "/site/north/rest/api/3/users/search" => json(
            r#"[{"accountId":"qm:1","accountType":"customer"},{"accountId":"a-2","accountType":"robot","active":false}]"#,
        ),
        "/site/north/rest/servicedeskapi/servicedesk" => {
            json(r#"{"size":1,"start":0,"limit":50,"isLastPage":true,"values":[{"id":"7","projectKey":"IT"}]}"#)
        }
        "/site/north/rest/servicedeskapi/servicedesk/7/customer" => {
            json(r#"{"isLastPage":false,"values":[{"accountId":"qm:1","displayName":"Ann"}]}"#)
        }
        "/site/north/rest/servicedeskapi/organization" => json(r#"{"isLastPage":true,"values":[]}"#),
        "/site/north/rest/servicedeskapi/organization/9/user" => json(r#"{"values":[]}"#),
        other => panic!("{other}"),
    })
    .await;
    let site = site(&server);
    let address = format!("{}/site/north", server.base);
    let tenant = tenant_info::of_site(site.client(), Class::PreOperation, &address).await.unwrap().value;
    assert_eq!(tenant.cloud_id, "c-1");
    let me = myself::read(&site, Class::PreOperation).await.unwrap().value;
    assert_eq!((me.account_id.as_str(), me.display_name.as_deref(), me.active), ("a-1", Some("Mira"), Some(true)));
    let users = site_users::page(&site, Class::Pass, 1000, 5000).await.unwrap().value.records;
    assert_eq!(users[0].account_type, Some(site_users::SiteAccountType::Customer));
    assert_eq!(users[1].account_type.as_ref().and_then(|kind| kind.unknown()), Some("robot"));
    let desks = service_desks::page(&site, Class::Pass, 0).await.unwrap().value;
    assert!(desks.is_last_page && desks.values.records[0].id == "7");
    let customers = service_desks::customers(&site, Class::Pass, "7", 50).await.unwrap().value;
    assert!(!customers.is_last_page && customers.values.records[0].account_id == "qm:1");
    assert!(customer_organizations::page(&site, Class::Pass, 0).await.unwrap().value.is_last_page);
    let last = customer_organizations::customers(&site, Class::Pass, "9", 0).await.unwrap().value;
    assert!(!last.is_last_page, "a page that does not say that it is the last is not taken for it");

    let requests = server.requests();
    assert_eq!(requests[0].header("authorization"), None, "tenant information is public");
    assert!(requests[1..].iter().all(|request| request.header("authorization") == Some(BASIC)));
    assert!(requests[2].target.ends_with("?startAt=1000&maxResults=1000"), "{}", requests[2].target);
    assert!(requests[4].target.ends_with("?start=50&limit=50"), "{}", requests[4].target);
    let experimental: Vec<usize> =
        requests.iter().filter(|r| r.header("x-experimentalapi") == Some("opt-in")).map(|r| r.number).collect();
    assert_eq!(experimental, [4], "only what is experimental is asked for as such");
}

#[tokio::test]
async fn a_scoped_token_goes_to_the_gateway_by_cloud_id() {
    let server = Server::script(vec![json(r#"{"accountId":"a-1"}"#)]).await;
    let address = behind_gateway(&format!("{}/", server.base), "c/1");
    let site = SiteClient::new(configuration(), "mira@north.example", &address).unwrap();
    assert!(myself::read(&site, Class::PreOperation).await.is_ok());
    assert_eq!(server.requests()[0].target, "/ex/jira/c%2F1/rest/api/3/myself");
    assert_eq!(server.requests()[0].header("authorization"), Some(BASIC));
}

#[tokio::test]
async fn what_is_no_answer_of_a_site_is_told_apart_and_a_token_follows_no_redirect() {
    let elsewhere = Server::script(vec![json(r#"{"accountId":"a-1"}"#)]).await;
    let refused = r#"{"errorMessages":["You do not have permission."],"errors":{}}"#;
    let redirect = format!("location: {}/rest/api/3/myself\r\n", elsewhere.base);
    let server = Server::script(vec![
        status(401, "Client must be authenticated to access this resource."),
        status(403, refused),
        Reply::Answer(302, redirect, Vec::new()),
        Reply::Answer(200, "content-type: text/html\r\n".to_owned(), b"<html>Log in</html>".to_vec()),
        Reply::Answer(200, "content-type: text/html\r\n".to_owned(), b"<html>Log in</html>".to_vec()),
        json(&format!(r#"{{"accountId":"{}"}}"#, "a".repeat(5000))),
        json("[]"),
    ])
    .await;
    let site = site(&server);
    let ask = async || myself::read(&site, Class::PreOperation).await.unwrap_err();
    assert!(ask().await.is_unauthorized());
    let forbidden = ask().await;
    let Error::Refused { status: 403, title, .. } = &forbidden else { panic!("{forbidden:?}") };
    assert_eq!(title.as_deref(), Some("You do not have permission."));
    assert!(matches!(ask().await, Error::Redirected { .. }));
    assert!(matches!(ask().await, Error::UnexpectedContent { status: 200, .. }));
    assert!(matches!(ask().await, Error::TooLarge { bound: 4096, .. }));
    assert!(matches!(ask().await, Error::Malformed { .. }));
    assert_eq!(elsewhere.requests().len(), 0, "the token stays where it belongs");
}

#[tokio::test]
async fn addresses_users_and_tokens_that_cannot_be_used_are_refused_before_anything_is_sent() {
    for address in ["", "north.atlassian.net", "ftp://north.atlassian.net", "https://"] {
        let refused = SiteClient::new(configuration(), "mira@north.example", address);
        assert!(matches!(refused, Err(Error::Configuration { what: "site", .. })), "{address}");
    }
    for user in ["", "mira:x", "mira\n@x"] {
        let refused = SiteClient::new(configuration(), user, "https://north.atlassian.net");
        assert!(matches!(refused, Err(Error::Configuration { what: "user", .. })), "{user:?}");
    }
    let spaced = Config { key: Secret::new("two words"), ..configuration() };
    let refused = SiteClient::new(spaced, "mira@north.example", "https://north.atlassian.net");
    assert_eq!(refused.err(), Some(Error::InvalidKey));
    let site = SiteClient::new(configuration(), "mira@north.example", "https://north.atlassian.net").unwrap();
    assert!(!format!("{site:?} {:?}", configuration()).contains(TOKEN));
    assert_eq!(site.client().replace_key(&Secret::new("")), Err(Error::InvalidKey));
}

#[tokio::test]
async fn a_record_of_a_site_that_cannot_be_read_costs_itself_and_not_its_page() {
    let server = Server::start(|request| match request.target.split('?').next().unwrap() {
        "/site/north/rest/api/3/users/search" => json(r#"[{"accountId":"a-1"},{"accountId":7},{"displayName":"Ann"}]"#),
        "/site/north/rest/servicedeskapi/servicedesk/7/customer" => {
            json(r#"{"isLastPage":false,"values":[{"accountId":"qm:1"},null]}"#)
        }
        other => panic!("{other}"),
    })
    .await;
    let site = site(&server);
    let users = site_users::page(&site, Class::Pass, 0, 1000).await.unwrap().value;
    assert_eq!((users.records.len(), users.unreadable, users.len()), (1, 2, 3));
    let customers = service_desks::customers(&site, Class::Pass, "7", 50).await.unwrap().value;
    assert_eq!((customers.values.records.len(), customers.values.unreadable), (1, 1));
    assert_eq!(customers.next(50), Some(52), "what could not be read counts for where the next page begins");
}

#[tokio::test]
async fn users_are_asked_for_by_ids_and_a_deleted_one_is_told_from_the_others() {
    let server = Server::script(vec![json(
        r#"{"isLast":true,"values":[{"accountId":"qm:1/2","displayName":"Ann","active":false},
            {"accountId":"a-1","displayName":"Former user","active":false,"emailAddress":""},
            {"accountId":"a-2","displayName":"Former user","active":true}]}"#,
    )])
    .await;
    let found = site_users::by_ids(&site(&server), Class::Pass, &["qm:1/2", "a-1", "a-2"]).await.unwrap().value;
    assert_eq!(found.records.iter().map(site_users::SiteUser::is_former).collect::<Vec<_>>(), [false, true, false]);
    let asked = &server.requests()[0].target;
    assert!(asked.ends_with("/user/bulk?maxResults=40&accountId=qm:1/2&accountId=a-1&accountId=a-2"), "{asked}");
}
