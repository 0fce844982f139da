//! Walks over pages, with every filter, against the truth.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use simulator::{NewUser, Population, Role, TrueUser, Truth};

use crate::client::{EVERYTHING, column, get, group_ids, options, post, serve, small, user_ids, v2, walk, walk_list};

fn ids(truth: &Truth, matches: impl Fn(&TrueUser) -> bool) -> Vec<String> {
    truth.users.iter().filter(|user| matches(user)).map(|user| user.account_id.clone()).collect()
}

fn in_directory(user: &TrueUser) -> bool {
    !user.directories.is_empty()
}

#[tokio::test]
async fn a_full_walk_tells_everything_that_is_true_of_people_and_groups() {
    let simulator = small(options()).await;
    let truth = simulator.read(|organization| organization.truth());
    let users =
        walk(&simulator, &v2(&simulator, "directories/-/users/search"), &json!({"limit": 50, "expand": EVERYTHING}))
            .await;
    assert_eq!(column(&users, "accountId"), ids(&truth, in_directory));
    let mut memberships = Vec::new();
    for user in &users {
        let id = user["accountId"].as_str().unwrap();
        let known = truth.users.iter().find(|known| known.account_id == id).unwrap();
        assert_eq!(user["name"], known.name);
        assert_eq!(user["nickname"], known.nickname);
        assert_eq!(user["email"].as_str(), known.email.as_deref());
        assert_eq!(user["status"], known.status);
        assert_eq!(user["claimStatus"] == "managed", known.managed);
        assert_eq!(user["jobTitle"].as_str(), known.job_title.as_deref());
        assert_eq!(user["addedToOrg"], json!(known.added_to_org.to_string()).as_str().map(padded).unwrap());
        assert_eq!(user["counts"]["resources"], known.resources);
        assert_eq!(user["platformRoles"], json!(known.platform_roles));
        let mut activity: Vec<(String, String)> = user["productAccess"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| {
                (entry["id"].as_str().unwrap().to_owned(), entry["lastActiveTimestamp"].as_str().unwrap().to_owned())
            })
            .collect();
        activity.sort();
        let true_activity: Vec<(String, String)> =
            known.last_active.iter().map(|(id, at)| (id.clone(), padded(&at.to_string()))).collect();
        assert_eq!(activity, true_activity);
        for group in user["groups"].as_array().unwrap() {
            let ari = group["id"].as_str().unwrap();
            let bare = ari.strip_prefix("ari:cloud:identity::group/").expect("groups inside people are ARIs");
            memberships.push((bare.to_owned(), id.to_owned()));
        }
    }
    memberships.sort();
    assert_eq!(memberships, truth.memberships);
    let groups = walk(
        &simulator,
        &v2(&simulator, "directories/-/groups/search"),
        &json!({"limit": 7, "expand": ["counts.users", "counts.resources"]}),
    )
    .await;
    assert_eq!(groups.len(), truth.groups.len());
    for group in &groups {
        let known = truth.groups.iter().find(|known| group["id"] == known.id).expect("ids of groups are bare");
        assert_eq!(group["name"], known.name);
        assert_eq!(group["externalSynced"], known.synced);
        assert_eq!(group["managementAccess"]["modifiable"], !known.synced);
        assert_eq!(group["counts"]["users"], known.members);
    }
    simulator.stop().await;
}

/// With exactly three decimals, as upstream writes instants.
fn padded(instant: &str) -> String {
    let (seconds, decimals) = match instant.trim_end_matches('Z').split_once('.') {
        Some((seconds, decimals)) => (seconds, decimals),
        None => (instant.trim_end_matches('Z'), ""),
    };
    format!("{seconds}.{decimals:0<3}Z")
}

#[tokio::test]
async fn every_user_filter_finds_exactly_those_it_names() {
    let population = Population { users: 600, groups: Some(30), seed: 4, directories: 2, ..Population::default() };
    let simulator = serve(&population, options()).await;
    let truth = simulator.read(|organization| organization.truth());
    let first = &truth.users[0];
    let group = truth.groups.iter().max_by_key(|group| group.members).unwrap();
    let directory = &truth.directories[0];
    let has = |user: &TrueUser, grant: &simulator::TrueGrant| {
        truth.memberships.binary_search(&(grant.group.clone(), user.account_id.clone())).is_ok()
    };
    let resource = &truth.grants[0].resource;
    let on_resource = |user: &TrueUser| {
        truth.grants.iter().any(|grant| grant.resource == *resource && has(user, grant))
            || truth.direct_roles.iter().any(|role| role.0 == user.account_id && role.1 == *resource)
    };
    let admin_on_resource = |user: &TrueUser| {
        let wanted = "atlassian/user";
        truth.grants.iter().any(|grant| grant.resource == *resource && grant.role == wanted && has(user, grant))
            || truth
                .direct_roles
                .iter()
                .any(|role| role.0 == user.account_id && role.1 == *resource && role.2 == wanted)
    };
    let domain = first.email.as_ref().unwrap().rsplit_once('@').unwrap().1.to_owned();
    type Matches<'a> = Box<dyn Fn(&TrueUser) -> bool + 'a>;
    let cases: Vec<(Value, Matches<'_>)> = vec![
        (json!({}), Box::new(in_directory)),
        (json!({"accountIds": [first.account_id, "nobody"]}), Box::new(|user| user.account_id == first.account_id)),
        (json!({"emails": [first.email.as_ref().unwrap().to_uppercase()]}), Box::new(|user| user.email == first.email)),
        (
            json!({"emailDomains": [domain]}),
            Box::new(|user| {
                in_directory(user) && user.email.as_ref().is_some_and(|email| email.ends_with(&format!("@{domain}")))
            }),
        ),
        (
            json!({"groupIds": [group.id]}),
            Box::new(|user| truth.memberships.binary_search(&(group.id.clone(), user.account_id.clone())).is_ok()),
        ),
        (
            json!({"directoryIds": [directory.id]}),
            Box::new(|user| user.directories.iter().any(|(id, _)| *id == directory.id)),
        ),
        (json!({"claimStatus": "managed"}), Box::new(|user| user.managed)),
        (json!({"claimStatus": "unmanaged"}), Box::new(|user| !user.managed)),
        (
            json!({"claimStatus": "managed", "membershipStatus": ["no_membership"]}),
            Box::new(|user| user.directories.is_empty()),
        ),
        (
            json!({"status": ["suspended", "deactivated"]}),
            Box::new(|user| in_directory(user) && ["suspended", "deactivated"].contains(&user.status)),
        ),
        (json!({"status": ["not_invited"]}), Box::new(|user| user.status == "not_invited")),
        (
            json!({"accountStatus": ["inactive"]}),
            Box::new(|user| in_directory(user) && user.account_status == "inactive"),
        ),
        (json!({"membershipStatus": ["suspended"]}), Box::new(|user| user.membership_status == "suspended")),
        (json!({"mfaEnabled": true}), Box::new(|user| in_directory(user) && user.managed && user.mfa_enabled)),
        (
            json!({"searchTerm": "ANN"}),
            Box::new(|user| {
                in_directory(user)
                    && [Some(&user.name), Some(&user.nickname), user.email.as_ref()]
                        .iter()
                        .flatten()
                        .any(|text| text.to_lowercase().contains("ann"))
            }),
        ),
        (json!({"resourceIds": [resource]}), Box::new(on_resource)),
        (json!({"resourceIds": [resource], "roleIds": ["atlassian/user"]}), Box::new(admin_on_resource)),
        (
            json!({"roleIds": ["atlassian/org-admin"]}),
            Box::new(|user| user.platform_roles.contains(&"atlassian/org-admin")),
        ),
        (
            json!({"roleIds": ["atlassian/customer"]}),
            Box::new(|user| truth.grants.iter().any(|grant| grant.role == "atlassian/customer" && has(user, grant))),
        ),
    ];
    for (filter, matches) in cases {
        let expected = ids(&truth, |user| matches(user));
        assert_eq!(user_ids(&simulator, filter.clone()).await, expected, "{filter}");
        assert_eq!(counted(&simulator, "users", &filter, expected.len()).await, expected.len() as u64, "{filter}");
    }
    simulator.stop().await;
}

/// The count with the same filter; filters that the count does not have give what is expected. Without filters it also
/// counts the managed accounts outside every directory.
async fn counted(simulator: &simulator::Simulator, noun: &str, filter: &Value, expected: usize) -> u64 {
    let filter = filter.as_object().unwrap();
    if filter.is_empty() || filter.contains_key("emails") || filter.contains_key("groupNames") {
        return expected as u64;
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (key, value) in filter {
        match value {
            Value::Array(items) => {
                for item in items {
                    query.append_pair(key, item.as_str().unwrap());
                }
            }
            Value::String(text) => {
                query.append_pair(key, text);
            }
            other => {
                query.append_pair(key, &other.to_string());
            }
        }
    }
    let answer =
        get(simulator, &format!("{}?{}", v2(simulator, &format!("directories/-/{noun}/count")), query.finish())).await;
    answer.json()["count"].as_u64().unwrap()
}

#[tokio::test]
async fn every_group_filter_finds_exactly_those_it_names() {
    let population = Population { users: 600, groups: Some(30), seed: 4, directories: 2, ..Population::default() };
    let simulator = serve(&population, options()).await;
    let accented = simulator.change(|organization| organization.create_group("CRÈME BRÛLÉE"));
    let truth = simulator.read(|organization| organization.truth());
    let group = &truth.groups[3];
    let account = &truth.memberships[0].1;
    let grant = &truth.grants[0];
    let owner = "confluence";
    let pick = |matches: &dyn Fn(&str) -> bool| -> Vec<String> {
        truth.groups.iter().map(|group| group.id.clone()).filter(|id| matches(id)).collect()
    };
    let granting = |id: &str, matches: &dyn Fn(&simulator::TrueGrant) -> bool| {
        truth.grants.iter().any(|grant| grant.group == id && matches(grant))
    };
    let owned = |grant: &simulator::TrueGrant| grant.resource.starts_with(&format!("ari:cloud:{owner}::"));
    let cases: Vec<(Value, Vec<String>)> = vec![
        (json!({}), pick(&|_| true)),
        (json!({"groupIds": [group.id, "none"]}), vec![group.id.clone()]),
        (json!({"groupNames": [group.name.to_uppercase()]}), vec![group.id.clone()]),
        (
            json!({"searchTerm": "JIRA"}),
            truth.groups.iter().filter(|group| group.name.contains("jira")).map(|group| group.id.clone()).collect(),
        ),
        (json!({"searchTerm": "brûlée"}), vec![accented.clone()]),
        (
            json!({"accountIds": [account]}),
            truth.memberships.iter().filter(|pair| pair.1 == *account).map(|pair| pair.0.clone()).collect(),
        ),
        (
            json!({"directoryIds": [truth.directories[1].id]}),
            truth
                .groups
                .iter()
                .filter(|group| group.directory_id == truth.directories[1].id)
                .map(|group| group.id.clone())
                .collect(),
        ),
        (json!({"resourceIds": [grant.resource]}), pick(&|id| granting(id, &|other| other.resource == grant.resource))),
        (json!({"resourceOwners": [owner]}), pick(&|id| granting(id, &owned))),
        (json!({"roleIds": ["atlassian/admin"]}), pick(&|id| granting(id, &|other| other.role == "atlassian/admin"))),
        (
            json!({"resourceOwners": [owner], "roleIds": ["atlassian/guest"]}),
            pick(&|id| granting(id, &|other| owned(other) && other.role == "atlassian/guest")),
        ),
    ];
    for (filter, expected) in cases {
        assert_eq!(group_ids(&simulator, filter.clone()).await, expected, "{filter}");
        assert_eq!(counted(&simulator, "groups", &filter, expected.len()).await, expected.len() as u64, "{filter}");
    }
    simulator.stop().await;
}

#[tokio::test]
async fn sorted_walks_are_in_order_and_complete() {
    let simulator = small(options()).await;
    let path = v2(&simulator, "directories/-/users/search");
    for direction in ["asc", "desc"] {
        let body = json!({"limit": 23, "sortBy": [{"field": "nick_name", "direction": direction}]});
        let users = walk(&simulator, &path, &body).await;
        let names: Vec<String> = users.iter().map(|user| user["nickname"].as_str().unwrap().to_lowercase()).collect();
        let mut sorted = names.clone();
        sorted.sort();
        if direction == "desc" {
            sorted.reverse();
        }
        assert_eq!(names, sorted);
        let truth = simulator.read(|organization| organization.truth());
        assert_eq!(column(&users, "accountId"), ids(&truth, in_directory));
    }
    simulator.stop().await;
}

#[tokio::test]
async fn people_added_or_removed_during_a_walk_shift_nobody() {
    let simulator = small(options()).await;
    let before: BTreeSet<String> = user_ids(&simulator, json!({})).await.into_iter().collect();
    let path = v2(&simulator, "directories/-/users/search");
    let page = post(&simulator, &path, &json!({"limit": 100})).await.json();
    let seen = column(page["data"].as_array().unwrap(), "accountId");
    let added = simulator.change(|organization| {
        organization.remove_user(&seen[0]).unwrap();
        let user = NewUser { name: "Late Comer".into(), email: "late@meridian.example".into(), directory: None };
        organization.add_user(&user).unwrap()
    });
    let rest = walk(&simulator, &path, &json!({"limit": 100, "cursor": page["links"]["next"]})).await;
    assert_eq!(rest.last().unwrap()["accountId"], added);
    let all: BTreeSet<String> = seen.into_iter().chain(column(&rest, "accountId")).collect();
    assert!(before.is_subset(&all));
    assert_eq!(all.len(), before.len() + 1);
    simulator.stop().await;
}

#[tokio::test]
async fn role_assignments_say_what_groups_grant_and_how_people_came_to_their_access() {
    let simulator = small(options()).await;
    let truth = simulator.change(|organization| {
        let account = organization.holders_of(Role::OrgAdmin).remove(0);
        let resource = organization.truth().workspaces[0].ari.clone();
        organization.set_direct_role(&account, &resource, Role::Admin).unwrap();
        organization.truth()
    });
    for group in &truth.groups {
        let path = v2(&simulator, &format!("directories/-/groups/{}/role-assignments?limit=1", group.id));
        let mut granted: Vec<(String, String)> = walk_list(&simulator, &path)
            .await
            .iter()
            .flat_map(|entry| {
                let resource = entry["resourceId"].as_str().unwrap().to_owned();
                entry["roles"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(move |role| (resource.clone(), role.as_str().unwrap().to_owned()))
                    .collect::<Vec<_>>()
            })
            .collect();
        granted.sort();
        let mut known: Vec<(String, String)> = truth
            .grants
            .iter()
            .filter(|grant| grant.group == group.id)
            .map(|grant| (grant.resource.clone(), grant.role.to_owned()))
            .collect();
        known.sort();
        assert_eq!(granted, known);
    }
    let (account, resource, role) = truth.direct_roles.iter().find(|direct| direct.2 == "atlassian/admin").unwrap();
    let path = v2(&simulator, &format!("directories/-/users/{}/role-assignments", account.replace(':', "%3A")));
    let entries = walk_list(&simulator, &path).await;
    let entry = entries.iter().find(|entry| entry["resourceId"] == *resource).unwrap();
    let assigned = entry["roleAssignments"].as_array().unwrap().iter().find(|entry| entry["role"] == *role).unwrap();
    assert!(assigned["roleAssignmentMethods"].as_array().unwrap().contains(&json!("direct")));
    let user = truth.users.iter().find(|user| user.account_id == *account).unwrap();
    let on_apps = entries.iter().filter(|entry| !entry["directoryId"].is_null()).count();
    assert_eq!(on_apps as u32, user.resources);
    let platform = entries.iter().find(|entry| entry["directoryId"].is_null()).unwrap();
    assert!(platform["roles"].as_array().unwrap().contains(&json!("atlassian/org-admin")));
    simulator.stop().await;
}

#[tokio::test]
async fn the_v1_list_of_managed_accounts_leads_on_by_whole_addresses() {
    let simulator = small(options()).await;
    let truth = simulator.read(|organization| organization.truth());
    let mut path = format!("/admin/v1/orgs/{}/users", simulator.organization_id());
    let mut found = Vec::new();
    loop {
        let page = get(&simulator, &path).await.json();
        found.extend(column(page["data"].as_array().unwrap(), "account_id"));
        assert_eq!(page["meta"]["total"], ids(&truth, |user| user.managed).len());
        match page["links"]["next"].as_str() {
            Some(next) => path = next.strip_prefix(&simulator.base_url()).expect("a whole address").to_owned(),
            None => break,
        }
    }
    found.sort();
    assert_eq!(found, ids(&truth, |user| user.managed));
    simulator.stop().await;
}

#[tokio::test]
async fn the_smaller_endpoints_agree_with_the_truth() {
    let simulator = small(options()).await;
    let truth = simulator.read(|organization| organization.truth());
    let organization = simulator.organization_id();
    let organizations = get(&simulator, "/admin/v1/orgs").await.json();
    assert_eq!(organizations["data"][0]["id"], organization);
    assert_eq!(organizations["data"][0]["attributes"]["name"], simulator.organization_name());
    let directories = walk_list(&simulator, &v2(&simulator, "directories")).await;
    assert_eq!(column(&directories, "directoryId"), [truth.directories[0].id.clone()]);
    let count = get(&simulator, &v2(&simulator, "directories/-/users/count")).await.json();
    assert_eq!(count["count"], truth.users.len(), "the count has managed accounts outside the directories");
    let stats = get(&simulator, &v2(&simulator, "directories/-/groups/stats")).await.json();
    assert_eq!(stats["totals"]["all"], truth.groups.len());
    assert_eq!(stats["totals"]["synced"], truth.groups.iter().filter(|group| group.synced).count());
    let stats = get(&simulator, &v2(&simulator, "directories/-/users/stats")).await.json();
    let total: u64 =
        stats["accountStatus"].as_array().unwrap().iter().map(|entry| entry["count"].as_u64().unwrap()).sum();
    assert_eq!(total as usize, truth.users.len());
    let user = truth.users.iter().find(|user| user.deactivated_on.is_some() && in_directory(user)).unwrap();
    let one = get(&simulator, &v2(&simulator, &format!("directories/-/users/{}", user.account_id))).await.json();
    assert_eq!(one["data"]["deactivatedOn"], padded(&user.deactivated_on.unwrap().to_string()));
    assert!(one["data"].get("groups").is_none());
    let listed = walk_list(&simulator, &v2(&simulator, "directories/-/users?limit=60&claimStatus=unmanaged")).await;
    assert_eq!(column(&listed, "accountId"), ids(&truth, |user| !user.managed));
    let active = truth.users.iter().find(|user| !user.last_active.is_empty()).unwrap();
    let path = format!("/admin/v1/orgs/{organization}/directory/users/{}/last-active-dates", active.account_id);
    let dates = get(&simulator, &path).await.json();
    // v1 knows no newer apps.
    let newer = |id: &String| id.contains("jira-product-discovery") || id.contains("compass");
    let known: Vec<String> = active.last_active.iter().map(|(id, _)| id.clone()).filter(|id| !newer(id)).collect();
    assert_eq!(column(dates["data"]["product_access"].as_array().unwrap(), "id"), known);
    simulator.stop().await;
}

#[tokio::test]
async fn workspaces_are_the_apps_of_the_sites_and_sites_know_their_cloud_id() {
    let simulator = small(options()).await;
    let truth = simulator.read(|organization| organization.truth());
    let path = v2(&simulator, "workspaces");
    let mut found = Vec::new();
    let mut body = json!({"limit": 3});
    loop {
        let page = post(&simulator, &path, &body).await.json();
        assert_eq!(page["meta"]["total"], truth.workspaces.len());
        found.extend(column(page["data"].as_array().unwrap(), "id"));
        match page["links"]["next"].as_str() {
            Some(next) => body = json!({"cursor": next}),
            None => break,
        }
    }
    found.sort();
    assert_eq!(found, truth.workspaces.iter().map(|workspace| workspace.ari.clone()).collect::<Vec<_>>());
    let query = json!({"query": {"and": [{"field": {"name": "attributes.type", "values": ["confluence"]}}]}});
    let confluences = post(&simulator, &path, &query).await.json();
    assert!(confluences["data"].as_array().unwrap().iter().all(|entry| entry["attributes"]["owner"] == "confluence"));
    let refused = post(&simulator, &path, &json!({"cursor": "x", "limit": 3})).await;
    assert_eq!((refused.status, refused.json()["code"].as_str().unwrap()), (400, "ADMIN-400-4"));
    for (index, site) in simulator.sites().iter().enumerate() {
        let path = format!("/site/{}/_edge/tenant_info", site.name);
        assert_eq!(get(&simulator, &path).await.json()["cloudId"], site.cloud_id);
        if index == 0 {
            assert_eq!(get(&simulator, "/_edge/tenant_info").await.json()["cloudId"], site.cloud_id);
        }
    }
    simulator.stop().await;
}
