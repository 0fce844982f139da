//! A site as its own administrators see it: Jira's users and groups, and the help desks' customers.

use base64::Engine;
use http_body_util::Full;
use serde_json::{Value, json};
use simulator::{Role, Simulator};

use crate::client::{Answer, column, get as get_as_organization, options, post, send, serve, small};
use crate::writes::{plain_group, somebody};

/// Asks a site by its name, or the first one at the root.
pub(crate) async fn ask(simulator: &Simulator, site: Option<usize>, method: &str, rest: &str, body: &Value) -> Answer {
    let sites = simulator.sites();
    let chosen = &sites[site.unwrap_or(0)];
    let secret = base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", chosen.user, chosen.token));
    let path = site.map_or(rest.to_owned(), |_| format!("/site/{}{rest}", chosen.name));
    let mut request = hyper::Request::builder()
        .method(method)
        .uri(path)
        .header("host", "simulator")
        .header("authorization", format!("Basic {secret}"))
        .header("x-experimentalapi", "opt-in");
    let mut content = String::new();
    if !body.is_null() {
        request = request.header("content-type", "application/json");
        content = body.to_string();
    }
    send(simulator, request.body(Full::from(content)).unwrap()).await.unwrap()
}

pub(crate) async fn get(simulator: &Simulator, rest: &str) -> Answer {
    ask(simulator, Some(0), "GET", rest, &Value::Null).await
}

pub(crate) async fn read(simulator: &Simulator, rest: &str) -> Value {
    let answer = get(simulator, rest).await;
    assert_eq!(answer.status, 200, "{rest}: {}", String::from_utf8_lossy(&answer.bytes));
    answer.json()
}

#[tokio::test]
async fn only_the_sites_own_token_opens_it() {
    let simulator = small(options()).await;
    let sites = simulator.sites();
    assert_ne!(sites[0].token, sites[1].token);
    let with = async |authorization: String, path: String| {
        let request = hyper::Request::builder().uri(path).header("host", "simulator");
        let request = request.header("authorization", authorization);
        send(&simulator, request.body(Full::default()).unwrap()).await.unwrap()
    };
    let basic = |text: String| format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text));
    let myself = |site: usize| format!("/site/{}/rest/api/3/myself", sites[site].name);
    let first = basic(format!("{}:{}", sites[0].user, sites[0].token));
    assert_eq!(with(first.clone(), myself(0)).await.status, 200);
    for authorization in [basic(format!("{}:wrong", sites[0].user)), format!("Bearer {}", simulator.api_key())] {
        let answer = with(authorization, myself(0)).await;
        assert_eq!(answer.status, 401);
        assert!(answer.json()["errorMessages"][0].is_string() && answer.json()["errors"].is_object());
    }
    assert_eq!(with(first.clone(), myself(1)).await.status, 401);
    assert_eq!(with(first, "/site/nowhere/rest/api/3/myself".to_owned()).await.status, 404);
    let behind = format!("/ex/jira/{}/rest/api/3/myself", sites[0].cloud_id);
    let scoped = basic(format!("{}:{}", sites[0].user, sites[0].scoped_token));
    assert_eq!(with(scoped.clone(), behind.clone()).await.status, 200);
    assert_eq!(with(scoped, myself(0)).await.status, 401, "a token with scopes is for the gateway");
    assert_eq!(with(basic(format!("{}:{}", sites[0].user, sites[0].token)), behind).await.status, 401);
    let open = with(String::new(), format!("/site/{}/rest/api/3/serverInfo", sites[1].name)).await.json();
    assert_eq!((&open["deploymentType"], &open["baseUrl"]), (&json!("Cloud"), &json!(sites[1].url)));
    simulator.stop().await;
}

#[tokio::test]
async fn everybody_of_the_site_is_listed_until_the_empty_page() {
    let simulator = small(options()).await;
    let mut users = Vec::new();
    loop {
        let page = read(&simulator, &format!("/rest/api/3/users/search?maxResults=100&startAt={}", users.len())).await;
        if page.as_array().unwrap().is_empty() {
            break;
        }
        users.extend(page.as_array().unwrap().clone());
    }
    let truth = simulator.known_truth();
    let customers = simulator.read(|organization| organization.customers().to_vec());
    let mut expected: Vec<String> = truth
        .users
        .iter()
        .filter(|user| !user.directories.is_empty())
        .map(|user| user.account_id.clone())
        .chain(customers.iter().filter(|customer| customer.site == 0).map(|customer| customer.account_id.clone()))
        .collect();
    expected.sort();
    assert_eq!(column(&users, "accountId"), expected);
    let types: Vec<&str> = users.iter().map(|user| user["accountType"].as_str().unwrap()).collect();
    assert!(types.contains(&"customer") && types.contains(&"atlassian"));
    assert!(users.iter().any(|user| user["active"] == false));
    let at_the_root = ask(&simulator, None, "GET", "/rest/api/2/users?maxResults=1", &Value::Null).await.json();
    assert_eq!(at_the_root[0]["accountId"], users[0]["accountId"]);
    simulator.stop().await;
}

#[tokio::test]
async fn users_are_found_by_words_ids_and_groups() {
    let simulator = small(options()).await;
    let ada = somebody(&simulator);
    let id = &ada.account_id;
    let found = read(&simulator, &format!("/rest/api/3/user/search?query={}", ada.email.clone().unwrap())).await;
    assert_eq!(found[0]["accountId"], *id);
    assert_eq!(get(&simulator, "/rest/api/3/user/search").await.status, 400);
    let one = read(&simulator, &format!("/rest/api/3/user?accountId={id}&expand=groups,applicationRoles")).await;
    assert_eq!((&one["displayName"], &one["emailAddress"]), (&json!(ada.name), &json!(ada.email)));
    let truth = simulator.known_truth();
    let groups: Vec<&String> = truth.memberships.iter().filter(|pair| pair.1 == *id).map(|pair| &pair.0).collect();
    assert_eq!(one["groups"]["size"], groups.len());
    let listed = read(&simulator, &format!("/rest/api/3/user/groups?accountId={id}")).await;
    assert_eq!(column(listed.as_array().unwrap(), "groupId"), groups.into_iter().cloned().collect::<Vec<_>>());
    let missing = get(&simulator, "/rest/api/3/user?accountId=712020:nobody").await;
    assert_eq!(missing.status, 404);
    let bulk = read(&simulator, &format!("/rest/api/3/user/bulk?accountId={id}&accountId=712020:nobody")).await;
    assert_eq!((&bulk["total"], &bulk["isLast"]), (&json!(1), &json!(true)));
    simulator.stop().await;
}

#[tokio::test]
async fn groups_and_members_agree_with_the_organization() {
    let simulator = small(options()).await;
    let truth = simulator.known_truth();
    let all = read(&simulator, "/rest/api/3/group/bulk?maxResults=20").await;
    let rest = read(&simulator, "/rest/api/3/group/bulk?maxResults=20&startAt=20").await;
    assert_eq!((&all["total"], &all["isLast"], &rest["isLast"]), (&json!(30), &json!(false), &json!(true)));
    assert!(all["nextPage"].as_str().unwrap().contains("startAt=20"));
    let large = truth.groups.iter().max_by_key(|group| group.members).unwrap();
    let path = format!("/rest/api/3/group/member?groupId={}&includeInactiveUsers=true", large.id);
    let page = read(&simulator, &format!("{path}&maxResults=500")).await;
    assert_eq!((&page["maxResults"], &page["total"]), (&json!(50), &json!(large.members)));
    let active = read(&simulator, &path.replace("=true", "=false")).await;
    assert!(active["total"].as_u64().unwrap() < u64::from(large.members));
    let whole = format!("/rest/api/3/group?groupId={}&expand=", large.id);
    let (first, next) =
        (read(&simulator, &format!("{whole}users")).await, read(&simulator, &format!("{whole}users[50:99]")).await);
    let places =
        |group: &Value| ["start-index", "end-index", "size"].map(|name| group["users"][name].as_u64().unwrap());
    let size = u64::from(large.members);
    assert_eq!((places(&first), places(&next)), ([0, 49, size], [50, size.min(100) - 1, size]));
    assert_ne!(first["users"]["items"][0], next["users"]["items"][0]);
    let users = read(&simulator, "/rest/api/3/group/bulk?accessType=user&applicationKey=jira-software").await;
    let named = column(users["values"].as_array().unwrap(), "groupId");
    assert!(!named.is_empty());
    assert!(named.iter().all(|id| truth.grants.iter().any(|g| g.group == *id && g.role == Role::User.id())));
    let picked = read(&simulator, "/rest/api/3/groups/picker?query=USERS&maxResults=2").await;
    assert_eq!(picked["groups"].as_array().unwrap().len(), 2);
    assert!(picked["groups"][0]["html"].as_str().unwrap().contains("<b>users</b>"));
    simulator.stop().await;
}

#[tokio::test]
async fn groups_are_made_filled_emptied_and_deleted() {
    let simulator = small(options()).await;
    let ada = somebody(&simulator).account_id;
    let call = async |method: &str, rest: &str, body: Value| ask(&simulator, Some(0), method, rest, &body).await;
    let made = call("POST", "/rest/api/3/group", json!({"name": "book club"})).await;
    assert_eq!(made.status, 201);
    let id = made.json()["groupId"].as_str().unwrap().to_owned();
    assert_eq!(call("POST", "/rest/api/3/group", json!({"name": "Book club"})).await.status, 400);
    let users = format!("/rest/api/3/group/user?groupId={id}");
    let added = call("POST", &users, json!({"accountId": ada})).await;
    assert_eq!((added.status, &added.json()["groupId"]), (201, &json!(id)));
    let again = call("POST", &users, json!({"accountId": ada})).await;
    assert_eq!(again.status, 400);
    assert!(again.json()["errorMessages"][0].as_str().unwrap().contains("already a member"));
    assert_eq!(call("POST", &users, json!({"accountId": "712020:nobody"})).await.status, 404);
    let shown = read(&simulator, "/rest/api/3/group?groupname=book%20club&expand=users").await;
    assert_eq!(shown["users"]["items"][0]["accountId"], ada);
    assert_eq!(call("DELETE", &format!("{users}&accountId={ada}"), Value::Null).await.status, 200);
    assert_eq!(call("DELETE", &format!("{users}&accountId={ada}"), Value::Null).await.status, 400);
    assert_eq!(call("DELETE", &format!("/rest/api/3/group?groupId={id}"), Value::Null).await.status, 200);
    assert_eq!(get(&simulator, &format!("/rest/api/3/group?groupId={id}")).await.status, 404);
    let synced = simulator.known_truth().groups.into_iter().find(|group| group.synced).unwrap().id;
    let kept = call("POST", &format!("/rest/api/3/group/user?groupId={synced}"), json!({"accountId": ada})).await;
    assert_eq!(kept.status, 403);
    let effects = simulator.ledger().into_iter().filter(|exchange| exchange.effect.is_some()).count();
    assert_eq!(effects, 4);
    simulator.stop().await;
}

#[tokio::test]
async fn seats_are_counted_and_an_administrator_no_more_is_refused() {
    let simulator = small(options()).await;
    let role = read(&simulator, "/rest/api/3/applicationrole/jira-software").await;
    let seats = role["numberOfSeats"].as_i64().unwrap();
    assert_eq!(seats, role["userCount"].as_i64().unwrap() + role["remainingSeats"].as_i64().unwrap());
    let all = read(&simulator, "/rest/api/3/applicationrole").await;
    assert!(all.as_array().unwrap().contains(&role));
    let ari = simulator
        .known_truth()
        .workspaces
        .into_iter()
        .find(|workspace| workspace.owner == "jira-software" && workspace.site == simulator.sites()[0].name);
    simulator.change(|organization| organization.set_capacity(&ari.unwrap().ari, None)).unwrap();
    let role = read(&simulator, "/rest/api/3/applicationrole/jira-software").await;
    assert_eq!((&role["hasUnlimitedSeats"], &role["numberOfSeats"]), (&json!(true), &json!(-1)));
    let own = read(&simulator, "/rest/api/3/myself").await["accountId"].as_str().unwrap().to_owned();
    simulator.change(|organization| {
        organization.clear_platform_role(&own, Role::OrgAdmin).unwrap();
        organization.clear_platform_role(&own, Role::SiteAdmin).unwrap();
    });
    assert_eq!(get(&simulator, "/rest/api/3/applicationrole").await.status, 403);
    assert_eq!(get(&simulator, "/rest/api/3/users/search").await.status, 200);
    simulator.change(|organization| organization.suspend(&own)).unwrap();
    assert_eq!(get(&simulator, "/rest/api/3/users/search").await.status, 401);
    simulator.stop().await;
}

#[tokio::test]
async fn customers_are_read_made_and_sorted_into_organizations() {
    let simulator = small(options()).await;
    let call = async |method: &str, rest: &str, body: Value| {
        ask(&simulator, Some(0), method, &format!("/rest/servicedeskapi/{rest}"), &body).await
    };
    let desks = read(&simulator, "/rest/servicedeskapi/servicedesk").await;
    assert_eq!((&desks["isLastPage"], &desks["size"]), (&json!(true), &json!(2)));
    let desk = desks["values"][0]["id"].as_str().unwrap();
    let new = json!({"email": "visitor@mail.test", "displayName": "Visitor"});
    let made = call("POST", "customer", new.clone()).await;
    assert_eq!(made.status, 201);
    let id = made.json()["accountId"].as_str().unwrap().to_owned();
    assert!(id.starts_with("qm:"));
    assert_eq!(call("POST", "customer", new.clone()).await.status, 400);
    assert_eq!(call("POST", "customer?strictConflictStatusCode=true", new).await.status, 409);
    let customers = format!("servicedesk/{desk}/customer");
    assert_eq!(call("POST", &customers, json!({"accountIds": [id]})).await.status, 204);
    let found = call("GET", &format!("{customers}?query=visitor"), Value::Null).await.json();
    assert_eq!(column(found["values"].as_array().unwrap(), "accountId"), std::slice::from_ref(&id));
    let firms = call("GET", "organization", Value::Null).await.json();
    let firm = firms["values"][0]["id"].as_str().unwrap();
    let members = format!("organization/{firm}/user");
    assert_eq!(call("POST", &members, json!({"accountIds": [id]})).await.status, 204);
    let of_visitor = call("GET", &format!("organization?accountId={id}"), Value::Null).await.json();
    assert_eq!(column(of_visitor["values"].as_array().unwrap(), "id"), [firm]);
    assert_eq!(call("DELETE", &members, json!({"accountIds": [id]})).await.status, 204);
    let listed = call("GET", &members, Value::Null).await.json();
    assert!(!column(listed["values"].as_array().unwrap(), "accountId").contains(&id));
    assert_eq!(call("POST", &members, json!({"accountIds": ["qm:nobody"]})).await.status, 404);
    let on_desk = format!("servicedesk/{desk}/organization");
    let named = json!({"name": "Walkers"});
    let walkers = call("POST", "organization", named).await;
    assert_eq!(walkers.status, 201);
    let walkers = walkers.json()["id"].as_str().unwrap().to_owned();
    let number = json!({"organizationId": walkers.parse::<u32>().unwrap()});
    let desks_own =
        async || column(call("GET", &on_desk, Value::Null).await.json()["values"].as_array().unwrap(), "id");
    assert_eq!(call("POST", &on_desk, number.clone()).await.status, 204);
    assert!(desks_own().await.contains(&walkers));
    assert_eq!(call("DELETE", &on_desk, number.clone()).await.status, 204);
    assert!(!desks_own().await.contains(&walkers));
    assert_eq!(call("DELETE", &format!("organization/{walkers}"), Value::Null).await.status, 204);
    assert_eq!(call("POST", &on_desk, number).await.status, 404);
    let revoke = format!("customer/user/{id}/revoke-portal-only-access");
    assert_eq!(call("PUT", &revoke, Value::Null).await.status, 204);
    let gone = read(&simulator, &format!("/rest/api/3/user?accountId={id}")).await;
    assert_eq!((&gone["active"], &gone["accountType"]), (&json!(false), &json!("customer")));
    let outside = simulator.known_truth().users.iter().all(|user| !user.account_id.starts_with("qm:"));
    assert!(outside, "customers are not in the organization's directory");
    simulator.stop().await;
}

#[tokio::test]
async fn what_is_experimental_must_be_asked_for() {
    let simulator = small(options()).await;
    let desks = read(&simulator, "/rest/servicedeskapi/servicedesk").await;
    let site = &simulator.sites()[0];
    let secret = base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", site.user, site.token));
    let path = format!("/rest/servicedeskapi/servicedesk/{}/customer", desks["values"][0]["id"].as_str().unwrap());
    let request = hyper::Request::builder().uri(path).header("host", "simulator");
    let request = request.header("authorization", format!("Basic {secret}"));
    let answer = send(&simulator, request.body(Full::default()).unwrap()).await.unwrap();
    assert_eq!(answer.status, 412);
    assert!(answer.json()["errorMessage"].as_str().unwrap().contains("X-ExperimentalApi"));
    simulator.stop().await;
}

#[tokio::test]
async fn each_site_shows_the_directory_it_draws_on() {
    let population = simulator::Population { users: 200, directories: 2, sites: Some(2), ..Default::default() };
    let simulator = serve(&population, options()).await;
    let directories = simulator.read(|organization| organization.directory_ids());
    let truth = simulator.known_truth();
    let administrator = simulator.sites()[0].user.clone();
    for (site, directory) in directories.iter().enumerate() {
        let answer = ask(&simulator, Some(site), "GET", "/rest/api/3/users?maxResults=1000", &Value::Null).await;
        let shown = answer.json();
        let people: Vec<&Value> =
            shown.as_array().unwrap().iter().filter(|user| user["accountType"] != "customer").collect();
        let expected = truth.users.iter().filter(|user| user.directories.iter().any(|pair| pair.0 == *directory));
        assert_eq!(people.len(), expected.count(), "{administrator}");
    }
    let foreign = plain_group(&simulator);
    let other = directories.iter().position(|id| *id != foreign.directory_id).unwrap();
    let path = format!("/rest/api/3/group?groupId={}", foreign.id);
    assert_eq!(ask(&simulator, Some(other), "GET", &path, &Value::Null).await.status, 404);
    simulator.stop().await;
}

#[tokio::test]
async fn workspaces_name_this_server_when_they_are_told_to() {
    for (own, beginning) in [(false, "https://"), (true, "http://127.0.0.1:")] {
        let simulator = small(simulator::Options { own_site_addresses: own, ..options() }).await;
        let path = format!("/admin/v2/orgs/{}/workspaces", simulator.organization_id());
        let workspaces = post(&simulator, &path, &json!({})).await.json();
        let named = workspaces["data"][0]["attributes"]["hostUrl"].as_str().unwrap().to_owned();
        assert!(named.starts_with(beginning), "{named}");
        assert_eq!(simulator.sites().iter().any(|site| site.url == named), own);
        simulator.stop().await;
    }
}

#[tokio::test]
async fn a_key_whose_maker_administers_no_longer_is_known_and_refused() {
    let simulator = small(options()).await;
    simulator.demote_api_key();
    assert_eq!(get_as_organization(&simulator, "/admin/v1/orgs").await.status, 200);
    let path = format!("/admin/v2/orgs/{}/directories", simulator.organization_id());
    let refused = get_as_organization(&simulator, &path).await;
    assert_eq!((refused.status, &refused.json()["errors"][0]["code"]), (403, &json!("ADMIN-403-3")));
    simulator.stop().await;
}
