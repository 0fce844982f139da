//! What the identity provider pushed, read with the directory's own key.

use http_body_util::Full;
use serde_json::{Value, json};
use simulator::{Answers, Population, Simulator};

use crate::client::{Answer, column, options, send, serve};

async fn ask(simulator: &Simulator, key: &str, path: &str) -> Answer {
    let request = hyper::Request::builder().uri(path).header("host", "simulator");
    let request = request.header("authorization", format!("Bearer {key}"));
    send(simulator, request.body(Full::default()).unwrap()).await.unwrap()
}

async fn two_directories() -> (Simulator, Vec<(String, String)>) {
    let population = Population { users: 400, directories: 2, groups: Some(40), ..Population::default() };
    let simulator = serve(&population, options()).await;
    let keys = simulator.read(|organization| {
        let with_key = |id: String| (organization.scim_key(&id).unwrap().to_owned(), id);
        organization.directory_ids().into_iter().map(with_key).map(|(key, id)| (id, key)).collect()
    });
    (simulator, keys)
}

#[tokio::test]
async fn synced_people_and_groups_are_listed_and_nobody_else() {
    let (simulator, keys) = two_directories().await;
    let truth = simulator.known_truth();
    for (directory, key) in &keys {
        let mut users: Vec<Value> = Vec::new();
        loop {
            let path = format!("/scim/directory/{directory}/Users?count=500&startIndex={}", users.len() + 1);
            let page = ask(&simulator, key, &path).await.json();
            let resources = page["Resources"].as_array().unwrap();
            assert!(resources.len() <= 100);
            users.extend(resources.iter().cloned());
            if users.len() as u64 >= page["totalResults"].as_u64().unwrap() {
                break;
            }
        }
        let extension = "urn:scim:schemas:extension:atlassian-external:1.0";
        let accounts: Vec<Value> = users.iter().map(|user| user[extension].clone()).collect();
        let mut expected: Vec<String> = truth
            .users
            .iter()
            .filter(|user| user.management_source == Some("synced"))
            .filter(|user| user.directories.iter().any(|pair| pair.0 == *directory))
            .map(|user| user.account_id.clone())
            .collect();
        expected.sort();
        assert_eq!(column(&accounts, "atlassianAccountId"), expected);
        let groups = ask(&simulator, key, &format!("/scim/directory/{directory}/Groups")).await.json();
        let mut names: Vec<String> = truth
            .groups
            .iter()
            .filter(|group| group.synced && group.directory_id == *directory)
            .map(|group| group.name.clone())
            .collect();
        names.sort();
        assert_eq!(column(groups["Resources"].as_array().unwrap(), "displayName"), names);
        let one = &users[0];
        let path = format!("/scim/directory/{directory}/Users/{}", one["id"].as_str().unwrap());
        assert_eq!(ask(&simulator, key, &path).await.json(), *one);
    }
    simulator.stop().await;
}

#[tokio::test]
async fn filters_know_equality_alone() {
    let (simulator, keys) = two_directories().await;
    let (directory, key) = &keys[0];
    let list = format!("/scim/directory/{directory}/Users");
    let all = ask(&simulator, key, &list).await.json();
    let wanted = &all["Resources"][3];
    for attribute in ["userName", "externalId"] {
        let value = wanted[attribute].as_str().unwrap().replace('+', "%2B");
        let found = ask(&simulator, key, &format!("{list}?filter={attribute}%20eq%20%22{value}%22")).await.json();
        assert_eq!(found["Resources"], json!([wanted]), "{attribute}");
    }
    let refused = ask(&simulator, key, &format!("{list}?filter=userName%20co%20%22a%22")).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    simulator.stop().await;
}

#[tokio::test]
async fn only_the_directorys_own_key_opens_it() {
    let (simulator, keys) = two_directories().await;
    let list = format!("/scim/directory/{}/Groups", keys[0].0);
    assert_eq!(ask(&simulator, &keys[0].1, &list).await.status, 200);
    assert_eq!(ask(&simulator, &keys[1].1, &list).await.status, 403);
    assert_eq!(ask(&simulator, &simulator.api_key(), &list).await.status, 401);
    assert_eq!(ask(&simulator, &keys[0].1, "/admin/v1/orgs").await.status, 401);
    assert_eq!(ask(&simulator, &keys[0].1, &format!("{list}/none")).await.status, 404);
    simulator.set_answers(Answers { provisioning: false, ..Answers::default() });
    assert_eq!(ask(&simulator, &keys[0].1, &list).await.status, 403);
    simulator.stop().await;
}
