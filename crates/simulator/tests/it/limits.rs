//! Rate limits on virtual time.

use std::time::Duration;

use serde_json::json;
use simulator::{Limits, Options};

use crate::client::{clock, get, options, post, small, v2};
use crate::site;

#[tokio::test]
async fn each_endpoint_has_its_own_window_and_headers_that_tell() {
    let clock = clock();
    let simulator = small(Options { clock: clock.clone(), limits: Limits::all(3), ..options() }).await;
    let users = v2(&simulator, "directories/-/users/search");
    for remaining in ["2", "1", "0"] {
        let answer = post(&simulator, &users, &json!({})).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-ratelimit-limit"), "3");
        assert_eq!(answer.header("x-ratelimit-remaining"), remaining);
        assert_eq!(answer.header("x-ratelimit-reset"), "2026-11-20T09:31:00Z");
    }
    let over = post(&simulator, &users, &json!({})).await;
    assert_eq!(over.status, 429);
    assert_eq!(over.json()["code"], 429);
    assert_eq!(over.header("retry-after"), "", "upstream does not promise it");
    assert_eq!(post(&simulator, &v2(&simulator, "directories/-/groups/search"), &json!({})).await.status, 200);
    clock.advance(Duration::from_secs(59));
    assert_eq!(post(&simulator, &users, &json!({})).await.status, 429);
    clock.advance(Duration::from_secs(1));
    let answer = post(&simulator, &users, &json!({})).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("date"), "Fri, 20 Nov 2026 09:31:00 GMT");
    simulator.stop().await;
}

#[tokio::test]
async fn a_site_says_when_little_is_left_and_why_it_refuses() {
    let limits = Limits::default().endpoint("/rest/api/3/myself", 5);
    let simulator = small(Options { limits, ..options() }).await;
    let myself = async || site::get(&simulator, "/rest/api/3/myself").await;
    let near = async || myself().await.header("x-ratelimit-nearlimit").to_owned();
    assert_eq!([near().await, near().await, near().await, near().await, near().await], ["", "", "", "", "true"]);
    let over = myself().await;
    assert_eq!((over.status, over.header("ratelimit-reason")), (429, "jira-burst-based"));
    assert_eq!(over.header("retry-after"), "60");
    simulator.stop().await;
}

#[tokio::test]
async fn one_endpoint_can_be_limited_alone_and_last_active_dates_always_are() {
    let simulator = small(Options { limits: Limits::default().endpoint("groups/search", 1), ..options() }).await;
    let groups = v2(&simulator, "directories/-/groups/search");
    assert_eq!(post(&simulator, &groups, &json!({})).await.status, 200);
    assert_eq!(post(&simulator, &groups, &json!({})).await.status, 429);
    let account = simulator.read(|organization| organization.account_id(0).unwrap().to_owned());
    let path = format!("/admin/v1/orgs/{}/directory/users/{account}/last-active-dates", simulator.organization_id());
    assert_eq!(get(&simulator, &path).await.header("x-ratelimit-limit"), "200");
    simulator.set_limits(Limits::default());
    assert_eq!(post(&simulator, &groups, &json!({})).await.status, 200);
    simulator.stop().await;
}
