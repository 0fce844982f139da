//! What a token may do: W11's read-only program, over every route that there is.

use reqwest::Method;
use rollcall::nouns::access_token::Reach;
use serde_json::json;

use super::{Served, operations};
use crate::support::app::ENGINES;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w11_a_token_that_may_read_is_refused_every_change_and_one_that_manages_every_act() {
    for engine in ENGINES {
        let served = Served::start(engine, 30, 85).await;
        let reads = served.make_token_that_may("reads", None, Reach::Read).await;
        let manages = served.make_token_that_may("manages", None, Reach::Manage).await;
        let mut acts = 0;
        for (method, path, _) in operations() {
            let asked = path.strip_prefix(rollcall::api::ROOT).unwrap().replace("{id}", "x");
            let send = async |secret: &str| {
                let request = served.request(method.clone(), &asked).bearer_auth(secret);
                let request = if method == Method::GET { request } else { request.json(&json!({})) };
                served.send(request).await
            };
            let is_read = method == Method::GET || asked.starts_with("/filter/");
            let is_act = !is_read
                && ["/operations", "/webhooks", "/reports", "/tasks", "/feeds/{feed}/accounts"]
                    .iter()
                    .any(|acting| asked.starts_with(acting));
            acts += usize::from(is_act);
            let (reader, manager) = (send(&reads).await, send(&manages).await);
            assert_eq!((reader.status, reader.problem()) == (403, "reach"), !is_read, "{method} {asked}: {reader:?}");
            assert_eq!((manager.status, manager.problem()) == (403, "reach"), is_act, "{method} {asked}: {manager:?}");
        }
        assert!(acts >= 14, "{acts}");
        let refused = served.send(served.request(Method::POST, "/sync").bearer_auth(&reads).json(&json!({}))).await;
        assert!(refused.body["hint"].as_str().unwrap().contains("--may manage"), "{}", refused.text);
        served.end().await;
    }
}
