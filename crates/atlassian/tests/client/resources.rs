//! Every resource: what is asked, on the wire, and what is read.

use atlassian::call::Class;
use atlassian::client::Client;
use atlassian::moment::Moment;
use atlassian::open::Role;
use atlassian::scope::Scope;
use atlassian::user::{ClaimStatus, MembershipStatus};
use atlassian::{
    api_keys, directories, groups, last_active_dates, organizations, role_assignments, tenant_info, users,
};

use crate::client;
use crate::server::{Request, Server, json, status};

fn scope() -> Scope {
    Scope::directory("o-1", "d-1")
}

fn asked(request: &Request) -> String {
    format!("{} {}", request.method, request.target)
}

#[tokio::test]
async fn organizations_and_directories() {
    let server = Server::start(|request| match request.target.as_str() {
        "/admin/v1/orgs" => {
            json(r#"{"data":[{"id":"o-1","type":"orgs","attributes":{"name":"Example"},"links":{}}],"links":{}}"#)
        }
        "/admin/v1/orgs/o-1" => json(r#"{"data":{"id":"o-1","type":"orgs","attributes":{"name":"Example"}}}"#),
        "/admin/v2/orgs/o-1/directories?limit=100" => {
            json(r#"{"data":[{"directoryId":"d-1","name":"Main","icon":"i"}],"links":{"next":"n x"}}"#)
        }
        "/admin/v2/orgs/o-1/directories?limit=100&cursor=n%20x" => json(r#"{"data":[{"directoryId":"d-2"}]}"#),
        other => status(404, other),
    })
    .await;
    let client = client(&server);
    let list = organizations::list(&client, Class::PreOperation).all().await.unwrap();
    assert_eq!(list.records[0].attributes.name.as_deref(), Some("Example"));
    assert_eq!(organizations::one(&client, Class::PreOperation, "o-1").await.unwrap().value.id, "o-1");
    let list = directories::list(&client, Class::Pass, "o-1").all().await.unwrap();
    let ids: Vec<_> = list.records.iter().map(|directory| directory.directory_id.as_str()).collect();
    assert_eq!(ids, ["d-1", "d-2"]);
}

#[tokio::test]
async fn a22_users_are_looked_up_by_odd_ids_and_addresses() {
    let server = Server::start(|request| match request.method.as_str() {
        "GET" => json(r#"{"data":{"accountId":"qm:9/…","deactivatedOn":"2026-10-01"}}"#),
        _ => json(r#"{"data":[{"accountId":"qm:9/…"}],"links":{}}"#),
    })
    .await;
    let client = client(&server);
    let odd = ["557058:0f", "qm:9/…", "5b10a2844c20165700ede21g"].map(str::to_owned);
    let found = users::by_account_ids(&client, &scope(), Class::ReadBack, &odd).await.unwrap();
    assert_eq!(found.records[0].account_id, odd[1]);
    users::by_emails(&client, &scope(), Class::PreOperation, &["a+b@example.test".to_owned()]).await.unwrap();
    users::by_group_ids(&client, &scope(), Class::Pass, &["g-1".to_owned()]).unwrap().all().await.unwrap();
    let one = users::one(&client, &scope(), Class::ReadBack, &odd[1]).await.unwrap();
    assert_eq!(one.value.deactivated_on, Some(Moment::Day("2026-10-01".parse().unwrap())));
    let requests = server.requests();
    assert_eq!(requests[0].json()["accountIds"], serde_json::json!(odd));
    assert_eq!(requests[1].json()["emails"], serde_json::json!(["a+b@example.test"]));
    assert_eq!(requests[2].json()["groupIds"], serde_json::json!(["g-1"]));
    assert_eq!(asked(&requests[3]), "GET /admin/v2/orgs/o-1/directories/d-1/users/qm:9%2F%E2%80%A6");
}

#[tokio::test]
async fn users_are_counted_by_the_filter_of_the_search() {
    let server = Server::start(|request| match request.target.contains("/users/stats") {
        true => {
            json(r#"{"accountStatus":[{"status":"active","count":7}],"roles":[{"roleId":"atlassian/user","count":5}]}"#)
        }
        false => json(r#"{"count":42}"#),
    })
    .await;
    let client = client(&server);
    let filter = users::UserFilter {
        claim_status: Some(ClaimStatus::Managed),
        membership_status: vec![MembershipStatus::Active, MembershipStatus::Suspended],
        role_ids: vec![Role::OrganizationAdmin],
        mfa_enabled: Some(false),
        search_term: Some("ä&b".to_owned()),
        ..users::UserFilter::default()
    };
    assert_eq!(users::count(&client, &scope(), Class::Pass, &filter).await.unwrap().value, 42);
    let stats = users::stats(&client, &Scope::every_directory("o-1"), Class::Pass).await.unwrap().value;
    assert_eq!((stats.account_status[0].count, stats.roles[0].role_id.clone()), (7, Role::User));
    let target = &server.requests()[0].target;
    let (path, query) = target.split_once('?').unwrap();
    assert_eq!(path, "/admin/v2/orgs/o-1/directories/d-1/users/count");
    let mut pairs: Vec<_> = query.split('&').collect();
    pairs.sort_unstable();
    assert_eq!(
        pairs,
        [
            "claimStatus=managed",
            "membershipStatus=active",
            "membershipStatus=suspended",
            "mfaEnabled=false",
            "roleIds=atlassian/org-admin",
            "searchTerm=%C3%A4%26b",
        ]
    );
    assert_eq!(server.requests()[1].target, "/admin/v2/orgs/o-1/directories/-/users/stats");
}

#[tokio::test]
async fn groups_are_searched_with_their_counts() {
    let server = Server::start(|request| match request.target.rsplit('/').next().unwrap() {
        "search" => json(r#"{"data":[{"id":"g-1","name":"team","counts":{"users":3,"resources":0}}],"links":{}}"#),
        "stats" => json(r#"{"totals":{"all":9,"managed":5,"synced":4},"types":[{"type":"TEAM","count":2}]}"#),
        "g-1" => json(r#"{"data":{"id":"g-1","counts":{"users":4}}}"#),
        _ => json(r#"{"count":9}"#),
    })
    .await;
    let client = client(&server);
    let all = groups::search(&client, &scope(), Class::Pass, &groups::GroupFilter::default()).all().await.unwrap();
    assert_eq!((all.records[0].users, all.records[0].resources), (Some(3), Some(0)));
    groups::by_ids(&client, &scope(), Class::ReadBack, &["g-1".to_owned()]).await.unwrap();
    groups::by_names(&client, &scope(), Class::ReadBack, &["Team".to_owned()]).await.unwrap();
    let filter = groups::GroupFilter { resource_owners: vec!["confluence".to_owned()], ..Default::default() };
    assert_eq!(groups::count(&client, &scope(), Class::Pass, &filter).await.unwrap().value, 9);
    let stats = groups::stats(&client, &scope(), Class::Pass).await.unwrap().value;
    assert_eq!((stats.totals.synced, stats.types[0].kind.as_str()), (Some(4), "TEAM"));
    assert_eq!(groups::one(&client, &scope(), Class::ReadBack, "g-1").await.unwrap().value.users, Some(4));
    let requests = server.requests();
    let expand = serde_json::json!(["counts.users", "counts.resources"]);
    assert_eq!(requests[0].json(), serde_json::json!({"limit": 100, "expand": expand}));
    assert_eq!(requests[1].json()["groupIds"], serde_json::json!(["g-1"]));
    assert_eq!(requests[2].json()["groupNames"], serde_json::json!(["Team"]));
    assert!(requests[3].target.ends_with("/groups/count?resourceOwners=confluence"));
}

#[tokio::test]
async fn role_assignments_of_users_and_groups() {
    let server = Server::start(|request| match request.target.contains("/groups/") {
        true => json(r#"{"data":[{"resourceId":"ari:1","roles":["atlassian/admin"],"defaultRole":"atlassian/user"}],"links":{}}"#),
        false => json(r#"{"data":[{"resourceId":"ari:1","roles":["atlassian/user"]}],"links":{}}"#),
    })
    .await;
    let client = client(&server);
    let of_user = role_assignments::of_user(&client, &scope(), Class::Pass, "a:1").all().await.unwrap();
    assert_eq!(of_user.records[0].origins(), [(&Role::User, [].as_slice())]);
    let of_group = role_assignments::of_group(&client, &scope(), Class::Pass, "g-1").all().await.unwrap();
    assert_eq!(of_group.records[0].default_role, Some(Role::User));
    let requests: Vec<_> = server.requests().iter().map(asked).collect();
    assert_eq!(
        requests,
        [
            "GET /admin/v2/orgs/o-1/directories/d-1/users/a:1/role-assignments?limit=100",
            "GET /admin/v2/orgs/o-1/directories/d-1/groups/g-1/role-assignments?limit=100",
        ]
    );
}

#[tokio::test]
async fn a23_last_active_dates_are_gathered_over_pages() {
    let server = Server::start(|request| match request.target.contains("cursor=") {
        false => json(
            r#"{"data":{"product_access":[{"id":"ari:1","key":"jira-software","last_active":"2026-11-19",
            "last_active_timestamp":"2026-11-19T10:00:00Z"}],"added_to_org":"2024-01-02"},"links":{"next":"n"}}"#,
        ),
        true => json(r#"{"data":{"product_access":[{"id":"ari:2","last_active":"2026-11-18"}]},"links":{}}"#),
    })
    .await;
    let dates = last_active_dates::of_user(&client(&server), Class::Pass, "o-1", "a").await.unwrap();
    assert_eq!(dates.added_to_org, Some(Moment::Day("2024-01-02".parse().unwrap())));
    let seen: Vec<_> =
        dates.product_access.iter().map(|access| (access.id.as_str(), access.last_active.clone())).collect();
    assert_eq!(
        seen,
        [
            ("ari:1", Some(Moment::At("2026-11-19T10:00:00Z".parse().unwrap()))),
            ("ari:2", Some(Moment::Day("2026-11-18".parse().unwrap()))),
        ]
    );
}

#[tokio::test]
async fn api_keys_with_their_expiry() {
    let server = Server::start(|request| match request.target.ends_with("/count") {
        true => json(r#"{"count":2}"#),
        false => json(
            r#"{"data":[{"id":"k-1","label":"sync","createdAt":"2026-01-01T00:00:00Z","expiresAt":1798761600000,
            "createdBy":{"id":"a","name":"Ines"},"scopes":[],"orgId":"o-1","resource":"r"}],"links":{}}"#,
        ),
    })
    .await;
    let client = client(&server);
    let keys = api_keys::list(&client, Class::PreOperation, "o-1").all().await.unwrap();
    assert_eq!(keys.records[0].expires_at, Some(Moment::At("2027-01-01T00:00:00Z".parse().unwrap())));
    assert_eq!((keys.records[0].label.as_deref(), keys.drift.len()), (Some("sync"), 0));
    assert_eq!(api_keys::count(&client, Class::PreOperation, "o-1").await.unwrap().value, 2);
    assert_eq!(asked(&server.requests()[0]), "GET /admin/api-access/v1/orgs/o-1/api-keys");
}

#[tokio::test]
async fn a_site_is_asked_without_the_key() {
    let server = Server::start(|request| match request.target.as_str() {
        "/site/north/_edge/tenant_info" => json(r#"{"cloudId":"5a5a"}"#),
        other => status(404, other),
    })
    .await;
    let site = format!("{}/site/north/", server.base);
    let info = tenant_info::of_site(&client(&server), Class::PreOperation, &site).await.unwrap();
    assert_eq!(info.value.cloud_id, "5a5a");
    assert_eq!(server.requests()[0].header("authorization"), None);
}

#[tokio::test]
async fn a_proxy_is_asked_for_everything() {
    let proxy = Server::script(vec![json(r#"{"data":[{"id":"o-1"}],"links":{}}"#)]).await;
    let mut config = crate::config(&proxy);
    config.base = "http://upstream.example.test".to_owned();
    config.proxy = Some(proxy.base.clone());
    let client = Client::new(config).unwrap();
    organizations::list(&client, Class::PreOperation).all().await.unwrap();
    assert_eq!(asked(&proxy.requests()[0]), "GET http://upstream.example.test/admin/v1/orgs");
}

#[test]
fn deprecated_lists_are_no_endpoint_here() {
    let called = [
        organizations::LIST,
        organizations::ONE,
        directories::LIST,
        users::SEARCH,
        users::COUNT,
        users::STATS,
        users::ONE,
        groups::SEARCH,
        groups::COUNT,
        groups::STATS,
        groups::ONE,
        role_assignments::OF_USER,
        role_assignments::OF_GROUP,
        atlassian::workspaces::LIST,
        atlassian::managed_accounts::LIST,
        last_active_dates::OF_USER,
        api_keys::LIST,
        api_keys::COUNT,
        tenant_info::OF_SITE,
    ];
    for endpoint in called {
        let template = endpoint.template;
        assert!(
            !template.ends_with("{directoryId}/users") && !template.ends_with("{directoryId}/groups"),
            "{endpoint}"
        );
    }
}
