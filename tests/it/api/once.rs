//! What is asked once is done once.

use std::time::Duration;

use serde_json::json;

use super::Served;
use crate::support::app::{ENGINES, Engine};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_with_the_same_key_starts_one_run() {
    for engine in ENGINES {
        let served = Served::start(engine, 30, 95).await;
        let wanted = json!({ "last_active": true });
        let started = served.post_once("/sync", &wanted, "k-1").await;
        assert_eq!((started.status, started.header("idempotency-replayed")), (202, ""), "{}", started.text);
        let again = served.post_once("/sync", &wanted, "k-1").await;
        assert_eq!((again.status, again.header("idempotency-replayed")), (202, "true"));
        assert_eq!(again.body, started.body);

        // The key is this request's and this asker's alone.
        let other = served.post_once("/sync", &json!({ "groups": true }), "k-1").await;
        assert_eq!((other.status, other.problem()), (422, "key-reused"));
        let held = served.post_once("/sync", &wanted, "k-2").await;
        assert_eq!((held.status, held.problem()), (409, "refused"));
        assert!(held.text.contains(started.body["id"].as_str().unwrap()), "it names the run: {}", held.text);

        // A refusal is not kept: once the run has ended, the same request starts one.
        served.app.work().await.unwrap();
        assert_eq!(served.post_once("/sync", &wanted, "k-2").await.status, 202);
        served.app.work().await.unwrap();

        // After a day the key is forgotten.
        assert!(served.app.clock.advance(Duration::from_secs(86_400)));
        let later = served.post_once("/sync", &wanted, "k-1").await;
        assert!(later.status == 202 && later.body["id"] != started.body["id"]);
        served.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_with_one_key_start_one_run_and_save_one_filter() {
    let served = Served::start(Engine::Sqlite, 30, 96).await;
    let filter = json!({ "name": "Idle", "filter": "inactiveFor(jira) >= 90d" });
    let mut answers = Vec::new();
    let sent = (0..6).map(|_| served.post_once("/filters", &filter, "one"));
    for answer in futures(sent).await {
        assert!(matches!(answer.status, 201 | 409), "{}", answer.text);
        answers.push(answer);
    }
    let saved: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert!(!saved.is_empty() && saved.iter().all(|answer| answer.body == saved[0].body));
    assert!(answers.iter().filter(|answer| answer.status == 409).all(|answer| answer.problem() == "key-busy"));
    let listed = served.get("/filters", &[]).await;
    assert_eq!(listed.body["filters"].as_array().unwrap().len(), 1);
    served.end().await;
}

/// Waits for all of them, which run side by side.
async fn futures<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<_> = all.map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(move |context| {
        for (one, done) in &mut all {
            if done.is_none()
                && let std::task::Poll::Ready(output) = one.as_mut().poll(context)
            {
                *done = Some(output);
            }
        }
        match all.iter().all(|(_, done)| done.is_some()) {
            true => std::task::Poll::Ready(all.iter_mut().filter_map(|(_, done)| done.take()).collect()),
            false => std::task::Poll::Pending,
        }
    })
    .await
}
