//! Each open question, answered one way and the other.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use simulator::{
    Answers, BodyWithCursor, Combination, Limits, Options, OtherOrganization, Population, SuspendedGroups,
};

use crate::client::{EVERYTHING, clock, get, group_ids, options, post, serve, small, user_ids, v2, walk};

#[tokio::test]
async fn under_hiding_answers_a_walk_tells_what_the_truth_says_can_be_known() {
    let answers = Answers { suspended_groups: SuspendedGroups::HiddenAndUncounted, ..Answers::default() };
    let simulator = small(Options { answers: answers.clone(), ..options() }).await;
    let whole = simulator.read(|organization| organization.truth());
    let truth = simulator.known_truth();
    assert_eq!(truth, whole.clone().as_answered(&answers));
    assert!(truth.memberships.len() < whole.memberships.len(), "somebody suspended is in a group");
    let users = walk(&simulator, &v2(&simulator, "directories/-/users/search"), &json!({"expand": EVERYTHING})).await;
    let seen: usize = users.iter().map(|user| user["groups"].as_array().unwrap().len()).sum();
    assert_eq!(seen, truth.memberships.len());
    for user in &users {
        let known = truth.users.iter().find(|known| user["accountId"] == known.account_id).unwrap();
        assert_eq!(user["counts"]["resources"], known.resources);
    }
    let body = json!({"expand": ["counts.users"], "limit": 100});
    let groups = walk(&simulator, &v2(&simulator, "directories/-/groups/search"), &body).await;
    let counted: u64 = groups.iter().map(|group| group["counts"]["users"].as_u64().unwrap()).sum();
    assert_eq!(counted as usize, truth.memberships.len());
    let group = truth.groups.iter().max_by_key(|group| group.members).unwrap();
    assert_eq!(user_ids(&simulator, json!({"groupIds": [group.id]})).await.len() as u32, group.members);
    simulator.stop().await;
}

#[tokio::test]
async fn hidden_but_counted_groups_are_found_by_the_group_filter() {
    let answers = Answers { suspended_groups: SuspendedGroups::Hidden, ..Answers::default() };
    let simulator = small(Options { answers: answers.clone(), ..options() }).await;
    let truth = simulator.read(|organization| organization.truth()).as_answered(&answers);
    let users = walk(&simulator, &v2(&simulator, "directories/-/users/search"), &json!({"expand": ["groups"]})).await;
    let seen: usize = users.iter().map(|user| user["groups"].as_array().unwrap().len()).sum();
    assert!(seen < truth.memberships.len());
    let group = truth.groups.iter().max_by_key(|group| group.members).unwrap();
    assert_eq!(user_ids(&simulator, json!({"groupIds": [group.id]})).await.len() as u32, group.members);
    simulator.stop().await;
}

#[tokio::test]
async fn arrays_can_be_capped_without_a_word() {
    let answers = Answers { groups_capped_at: Some(3), product_access_capped_at: Some(1), ..Answers::default() };
    let simulator = small(Options { answers, ..options() }).await;
    let users = walk(&simulator, &v2(&simulator, "directories/-/users/search"), &json!({"expand": EVERYTHING})).await;
    let longest = |field: &str| users.iter().map(|user| user[field].as_array().unwrap().len()).max().unwrap();
    assert_eq!((longest("groups"), longest("productAccess")), (3, 1));
    simulator.stop().await;
}

#[tokio::test]
async fn apps_never_opened_can_have_entries_without_an_instant() {
    let ask = async |never: bool| {
        let answers = Answers { product_access_of_never_opened: never, ..Answers::default() };
        let simulator = small(Options { answers, ..options() }).await;
        let users = walk(
            &simulator,
            &v2(&simulator, "directories/-/users/search"),
            &json!({"expand": ["productAccess", "counts.resources"]}),
        )
        .await;
        simulator.stop().await;
        users
    };
    let without = |users: &[Value]| {
        let entries = users.iter().flat_map(|user| user["productAccess"].as_array().unwrap().clone());
        entries.filter(|entry| entry.get("lastActiveTimestamp").is_none()).count()
    };
    assert_eq!(without(&ask(false).await), 0);
    let users = ask(true).await;
    assert!(without(&users) > 0);
    for user in users.iter().filter(|user| user["accountType"] == "atlassian") {
        let entries = user["productAccess"].as_array().unwrap().len() as u64;
        assert!(entries >= user["counts"]["resources"].as_u64().unwrap(), "every app that is open has an entry");
    }
}

#[tokio::test]
async fn resources_and_roles_are_joined_or_each_for_itself() {
    let ask = async |combination: Combination| {
        let answers = Answers { resources_and_roles: combination, ..Answers::default() };
        let simulator = small(Options { answers, ..options() }).await;
        let truth = simulator.read(|organization| organization.truth());
        let customers = truth.grants.iter().find(|grant| grant.role == "atlassian/customer").unwrap();
        let jira = truth.workspaces.iter().find(|workspace| workspace.owner == "jira-software").unwrap();
        assert_ne!(customers.resource, jira.ari);
        let found = user_ids(&simulator, json!({"resourceIds": [jira.ari], "roleIds": ["atlassian/customer"]})).await;
        simulator.stop().await;
        found.len()
    };
    assert_eq!(ask(Combination::Joined).await, 0, "nobody is a customer of Jira");
    assert!(ask(Combination::Independent).await > 0, "some customers also use Jira");
}

#[tokio::test]
async fn a_429_says_when_to_retry_or_not() {
    let answers = Answers { retry_after: true, ..Answers::default() };
    let simulator = small(Options { answers, limits: Limits::all(0), ..options() }).await;
    let answer = get(&simulator, &v2(&simulator, "directories")).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "60"));
    simulator.stop().await;
}

#[tokio::test]
async fn cursors_can_grow_old_and_bodies_can_differ() {
    let clock = clock();
    let answers = Answers {
        cursor_life: Some(30),
        expired_cursor_status: 410,
        body_with_cursor: BodyWithCursor::Free,
        ..Answers::default()
    };
    let simulator = small(Options { clock: clock.clone(), answers, ..options() }).await;
    let path = v2(&simulator, "directories/-/users/search");
    let next = post(&simulator, &path, &json!({"limit": 10})).await.json()["links"]["next"].clone();
    let other = post(&simulator, &path, &json!({"cursor": next, "claimStatus": "unmanaged"})).await;
    assert!(other.json()["data"].as_array().unwrap().iter().all(|user| user["claimStatus"] == "unmanaged"));
    clock.advance(Duration::from_secs(31));
    let expired = post(&simulator, &path, &json!({"cursor": next, "limit": 10})).await;
    assert_eq!((expired.status, expired.code().as_str()), (410, "ADMIN-400-1"));
    simulator.stop().await;
}

#[tokio::test]
async fn people_outside_every_directory_are_counted_and_searched_or_not() {
    let population = Population { users: 2_000, seed: 2, ..Population::default() };
    let simulator = serve(&population, options()).await;
    let truth = simulator.read(|organization| organization.truth());
    let outside: BTreeSet<&str> =
        truth.users.iter().filter(|user| user.directories.is_empty()).map(|user| user.account_id.as_str()).collect();
    assert!(!outside.is_empty());
    let count = async || {
        get(&simulator, &v2(&simulator, "directories/-/users/count")).await.json()["count"].as_u64().unwrap() as usize
    };
    let inside = truth.users.len() - outside.len();
    assert_eq!(count().await, truth.users.len());
    assert_eq!(user_ids(&simulator, json!({})).await.len(), inside);
    simulator.set_answers(Answers::opposite());
    assert_eq!(count().await, inside);
    assert_eq!(user_ids(&simulator, json!({})).await.len(), truth.users.len());
    let id = truth.directories[0].id.clone();
    assert_eq!(user_ids(&simulator, json!({"directoryIds": [id]})).await.len(), inside);
    simulator.stop().await;
}

#[tokio::test]
async fn refusals_and_empty_fields_follow_the_answers() {
    let answers = Answers {
        other_organization: OtherOrganization::Forbidden,
        empty_fields_are_null: false,
        scoped_key_reaches_searches: true,
        ..Answers::default()
    };
    let simulator = small(Options { answers, ..options() }).await;
    let other = get(&simulator, "/admin/v2/orgs/00000000-0000-4000-8000-000000000000/directories").await;
    assert_eq!((other.status, other.code().as_str()), (403, "ADMIN-403-3"));
    let users = walk(&simulator, &v2(&simulator, "directories/-/users/search"), &json!({})).await;
    assert!(users.iter().all(|user| {
        user.as_object().unwrap().iter().all(|(key, value)| key == "managementSource" || !value.is_null())
    }));
    assert!(users.iter().any(|user| user.get("jobTitle").is_none()));
    assert!(!group_ids(&simulator, json!({})).await.is_empty());
    simulator.stop().await;
}

#[tokio::test]
async fn with_two_directories_the_dash_can_show_the_groups_of_one_only() {
    let population = Population { users: 2_000, seed: 2, directories: 2, ..Population::default() };
    let simulator = serve(&population, options()).await;
    let truth = simulator.read(|organization| organization.truth());
    let shown = async |path: &str| -> usize {
        let users = walk(&simulator, &v2(&simulator, path), &json!({"limit": 100, "expand": ["groups"]})).await;
        users.iter().map(|user| user["groups"].as_array().unwrap().len()).sum()
    };
    assert_eq!(shown("directories/-/users/search").await, truth.memberships.len());
    simulator.set_answers(Answers { groups_span_directories: false, ..Answers::default() });
    assert!(shown("directories/-/users/search").await < truth.memberships.len());
    let mut parts = 0;
    for directory in &truth.directories {
        parts += shown(&format!("directories/{}/users/search", directory.id)).await;
    }
    assert_eq!(parts, truth.memberships.len(), "the directories one by one show all");
    simulator.stop().await;
}

#[test]
fn the_opposite_answers_read_back_from_json() {
    let text = serde_json::to_string(&Answers::opposite()).unwrap();
    assert_eq!(serde_json::from_str::<Answers>(&text).unwrap(), Answers::opposite());
    assert_eq!(serde_json::from_str::<Answers>("{}").unwrap(), Answers::default());
}
