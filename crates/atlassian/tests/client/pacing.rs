//! Rate limits on a virtual clock: waits are long, tests are not.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use atlassian::call::{Call, Class, Endpoint};
use atlassian::client::Client;
use atlassian::error::{Error, ThrottleReason};
use atlassian::waits::WaitReason;
use clock::Clock;
use jiff::{SignedDuration, Timestamp};

use crate::server::{Reply, Server, json, status, with_headers};
use crate::{client, config, everybody, ids, page};

/// An upstream with fixed windows of a minute per path.
struct Windows {
    clock: Clock,
    limit: u32,
    /// Path, start of its window, requests in it.
    used: Vec<(String, Timestamp, u32)>,
    refused: u32,
}

impl Windows {
    fn answer(&mut self, path: &str, body: &str) -> Reply {
        let now = self.clock.now();
        let minute = SignedDuration::from_mins(1);
        let window = match self.used.iter_mut().find(|(known, ..)| known == path) {
            Some(window) => window,
            None => {
                self.used.push((path.to_owned(), now, 0));
                self.used.last_mut().unwrap()
            }
        };
        if now.duration_since(window.1) >= minute {
            (window.1, window.2) = (now, 0);
        }
        window.2 += 1;
        let left = self.limit.saturating_sub(window.2);
        let headers = format!(
            "x-ratelimit-limit: {}\nx-ratelimit-remaining: {left}\nx-ratelimit-reset: {}",
            self.limit,
            window.1 + minute
        );
        if window.2 > self.limit {
            self.refused += 1;
            return with_headers(429, &headers, r#"{"code":429,"message":"Too many requests"}"#);
        }
        with_headers(200, &headers, body)
    }
}

async fn limited(clock: &Clock, limit: u32, pages: usize) -> (Server, Arc<Mutex<Windows>>) {
    let windows = Windows { clock: clock.clone(), limit, used: Vec::new(), refused: 0 };
    let windows = Arc::new(Mutex::new(windows));
    let server = Server::start({
        let windows = windows.clone();
        move |request| {
            let asked = request.body.split("\"cursor\":\"").nth(1).and_then(|rest| rest.split('"').next());
            let number: usize = asked.map_or(0, |text| text.parse().unwrap());
            let next = (number + 1 < pages).then(|| (number + 1).to_string());
            windows.lock().unwrap().answer(&request.target, &page(&["x"], next.as_deref()))
        }
    })
    .await;
    (server, windows)
}

/// The floor is n x 60 / limit: 300 seconds.
#[tokio::test]
async fn a_walk_of_a_thousand_pages_keeps_to_the_limit_and_near_its_floor() {
    let clock = crate::virtual_clock();
    let (server, windows) = limited(&clock, 200, 1000).await;
    let client = Client::new(atlassian::config::Config { clock: clock.clone(), ..config(&server) }).unwrap();
    assert_eq!(ids(everybody(&client)).await.unwrap().len(), 1000);
    assert_eq!(windows.lock().unwrap().refused, 0);
    assert!(clock.elapsed() <= Duration::from_secs(330), "{:?}", clock.elapsed());
    assert!(client.waited() > Duration::from_secs(200), "{:?}", client.waited());
    let learned = client.quota();
    assert_eq!(learned[0].limit, Some(200));
    assert!(learned[0].window.unwrap() <= Duration::from_secs(62));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_side_by_side_keep_to_the_limit_too_and_start_from_what_was_learned() {
    const ONE: Endpoint = Endpoint::get("/one/{id}");
    let clock = crate::virtual_clock();
    let (server, windows) = limited(&clock, 60, 1).await;
    let config = atlassian::config::Config { clock: clock.clone(), ..config(&server) };
    let mut quota = Vec::new();
    let mut sent = 0;
    for _run in 0..2 {
        let client = Client::new(atlassian::config::Config { quota, ..config.clone() }).unwrap();
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move {
                    for _ in 0..25 {
                        client.send(Call::new(ONE, Class::Pass, &["same"])).await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        sent += 200;
        quota = client.quota();
    }
    assert_eq!(server.requests().len(), sent);
    assert_eq!(windows.lock().unwrap().refused, 0);
    assert!(clock.elapsed() <= Duration::from_secs(440), "{:?}", clock.elapsed());
}

#[tokio::test]
async fn a_client_that_starts_in_a_used_window_waits_for_the_next() {
    const ONE: Endpoint = Endpoint::get("/one/{id}");
    let clock = crate::virtual_clock();
    let (server, windows) = limited(&clock, 60, 1).await;
    let config = atlassian::config::Config { clock: clock.clone(), ..config(&server) };
    let first = Client::new(config.clone()).unwrap();
    for _ in 0..59 {
        first.send(Call::new(ONE, Class::Pass, &["same"])).await.unwrap();
    }
    let start = clock.elapsed();
    let second = Client::new(atlassian::config::Config { quota: first.quota(), ..config }).unwrap();
    let call = || second.send(Call::new(ONE, Class::Pass, &["same"]));
    let (a, b, c, d) = tokio::join!(call(), call(), call(), call());
    assert!(a.is_ok() && b.is_ok() && c.is_ok() && d.is_ok());
    assert_eq!(windows.lock().unwrap().refused, 0);
    assert!(clock.elapsed() > start + Duration::from_secs(50));
}

#[tokio::test]
async fn a_new_key_does_not_wait_for_the_old_keys_quota() {
    let server = Server::script(vec![with_headers(429, "retry-after: 3000", "{}"), json(&page(&["a"], None))]).await;
    let client = client(&server);
    assert!(matches!(everybody(&client).next().await, Some(Err(Error::Throttled { .. }))));
    client.replace_key(&atlassian::secret::Secret::new("ATCTT3xFfGN0-second")).unwrap();
    assert_eq!(ids(everybody(&client)).await, Ok(vec!["a".to_owned()]));
    assert!(client.clock().elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn an_effect_overtakes_a_pass_that_waits_for_the_next_window() {
    const EFFECT: Endpoint = Endpoint::post("/admin/v2/orgs/{orgId}/directories/{directoryId}/users/search");
    let clock = crate::virtual_clock();
    let (server, _windows) = limited(&clock, 100, 500).await;
    let client = Client::new(atlassian::config::Config { clock: clock.clone(), ..config(&server) }).unwrap();
    let mut chain = everybody(&client);
    for _ in 0..98 {
        chain.next().await.unwrap().unwrap();
    }
    let before = clock.elapsed();
    client.send(Call::new(EFFECT, Class::Effect, &["o-1", "d-1"]).json(b"{}".to_vec())).await.unwrap();
    assert_eq!(clock.elapsed(), before, "the reserve of the window is for effects");
    chain.next().await.unwrap().unwrap();
    assert!(clock.elapsed() > before + Duration::from_secs(50), "the pass waits for the reset");
}

#[tokio::test]
async fn a1_retry_after_is_waited_out_and_the_same_page_resumed() {
    let replies = vec![
        json(&page(&["a"], Some("c1"))),
        with_headers(429, "retry-after: 17", r#"{"code":429,"message":"Too many requests"}"#),
        json(&page(&["b"], None)),
    ];
    let server = Server::script(replies).await;
    let client = client(&server);
    let mut chain = everybody(&client);
    chain.next().await.unwrap().unwrap();
    let before = client.clock().elapsed();
    let pace = client.quota()[0].requests_per_second;
    let second = chain.next().await.unwrap().unwrap();
    let waited = client.clock().elapsed() - before;
    assert!(waited >= Duration::from_secs(17) && waited < Duration::from_secs(19), "{waited:?}");
    assert_eq!((second.number, second.quarantined.len()), (1, 0));
    assert_eq!(server.requests()[1].body, server.requests()[2].body, "the same page");
    assert!(second.asked_at >= "2026-11-20T10:00:17Z".parse().unwrap(), "the request that was answered");
    let after = client.quota()[0].requests_per_second;
    assert!(after < pace && after > pace / 2.0, "the pace was halved and recovers: {pace} {after}");
    assert_eq!(client.requests()[0].1.throttled, 1);
}

#[tokio::test]
async fn a2_a_reset_is_waited_out_when_it_is_near_and_backed_off_from_when_it_is_no_time() {
    let cases = [("2026-11-20T10:00:40Z", 40.0, 43.0), ("2026-11-20T08:00:00Z", 0.25, 3.0), ("in a moment", 0.25, 3.0)];
    for (reset, at_least, at_most) in cases {
        let headers = format!("x-ratelimit-limit: 10\nx-ratelimit-remaining: 0\nx-ratelimit-reset: {reset}");
        let server = Server::script(vec![with_headers(429, &headers, "{}"), json(&page(&["a"], None))]).await;
        let client = client(&server);
        assert_eq!(ids(everybody(&client)).await, Ok(vec!["a".to_owned()]), "{reset}");
        let waited = client.clock().elapsed().as_secs_f64();
        assert!(waited >= at_least && waited <= at_most, "{reset}: {waited}");
    }
}

#[tokio::test]
async fn a2_a_reset_far_away_pauses_with_a_reason_instead_of_hanging() {
    let far = "x-ratelimit-limit: 10\nx-ratelimit-remaining: 0\nx-ratelimit-reset: 2027-11-20T10:00:00Z";
    let server = Server::script(vec![with_headers(429, far, "{}")]).await;
    let client = client(&server);
    let start = client.clock().now();
    for _ in 0..2 {
        let error = everybody(&client).next().await.unwrap().unwrap_err();
        let Error::Throttled { until, reason, .. } = error else { panic!("{error:?}") };
        assert_eq!(reason, ThrottleReason::WindowReset);
        let pause = until.duration_since(start);
        assert!(pause > SignedDuration::from_mins(15) && pause <= SignedDuration::from_hours(1), "{pause}");
    }
    assert_eq!(server.requests().len(), 1, "nothing more is sent before that");
    assert_eq!(client.clock().elapsed(), Duration::ZERO);

    let server = Server::script(vec![with_headers(200, far, &page(&["a"], Some("c1")))]).await;
    let client = crate::client(&server);
    let mut chain = everybody(&client);
    chain.next().await.unwrap().unwrap();
    let error = chain.next().await.unwrap().unwrap_err();
    let pause = error.retry_at().unwrap().duration_since(start);
    assert!(pause <= SignedDuration::from_hours(1), "an answer that leaves nothing is no other case: {pause}");
}

#[tokio::test]
async fn a3_a_storm_of_429_ends_in_a_pause_and_keeps_the_place() {
    let server = Server::start(|request| match request.number {
        0 => json(&page(&["a"], Some("c1"))),
        1..=8 => status(429, r#"{"code":429,"message":"Too many requests"}"#),
        _ => json(&page(&["b"], None)),
    })
    .await;
    let client = client(&server);
    let mut chain = everybody(&client);
    chain.next().await.unwrap().unwrap();
    let error = chain.next().await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Throttled { reason: ThrottleReason::Storm, .. }), "{error:?}");
    let pause = error.retry_at().unwrap().duration_since(client.clock().now());
    client.clock().advance(pause.unsigned_abs());
    assert_eq!(ids(chain).await, Ok(vec!["b".to_owned()]));
}

#[tokio::test]
async fn a_wait_is_shown_while_it_lasts() {
    let server = Server::script(vec![with_headers(429, "retry-after: 100", "{}"), json(&page(&["a"], None))]).await;
    let client = client(&server);
    assert_eq!(client.waiting(), None);
    let walk = tokio::spawn(ids(everybody(&client)));
    // Somebody looks every second of virtual time until the wait shows.
    let waiting = loop {
        client.clock().sleep(Duration::from_secs(1)).await;
        if let Some(waiting) = client.waiting() {
            break waiting;
        }
    };
    assert_eq!(waiting.reason, WaitReason::Throttled);
    assert!(waiting.until >= "2026-11-20T10:01:40Z".parse().unwrap(), "{waiting:?}");
    assert_eq!(walk.await.unwrap(), Ok(vec!["a".to_owned()]));
    assert_eq!(client.waiting(), None);
    assert!(client.waited() >= Duration::from_secs(100));
}

#[tokio::test]
async fn a29_the_difference_of_clocks_is_told() {
    let server =
        Server::script(vec![with_headers(200, "date: Fri, 20 Nov 2026 12:00:00 GMT", &page(&["a"], None))]).await;
    let client = client(&server);
    assert_eq!(client.clock_skew(), None);
    ids(everybody(&client)).await.unwrap();
    assert_eq!(client.clock_skew(), Some(SignedDuration::from_hours(2)));
}
