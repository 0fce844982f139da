//! Who gets in: tokens in every state, sessions from our own pages and from elsewhere, and guesses.

use std::time::Duration;

use reqwest::Method;
use rollcall::auth::access_tokens;
use rollcall::nouns::context::{Actor, Context};
use rollcall::store::events;
use serde_json::{Value, json};

use super::{Served, operations};
use crate::support::app::{ENGINES, Engine};

async fn ask(served: &Served, secret: &str) -> super::Answer {
    served.send(served.request(Method::GET, "/people/count").bearer_auth(secret)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_opens_the_api_until_it_is_revoked_or_over() {
    for engine in ENGINES {
        let served = Served::start(engine, 30, 81).await;
        let expiring = served.make_token("ninety days", Some(90)).await;
        let revoked = served.make_token("mistaken", None).await;
        for secret in [&served.token, &expiring, &revoked] {
            assert!(secret.starts_with("rct_"), "found where it should not be");
            assert_eq!(ask(&served, secret).await.status, 200);
        }

        let control = served.app.mirrors.control();
        let context = Context { actor: Actor::CommandLine, now: served.app.clock.now() };
        access_tokens::revoke(&context, control, "mistaken", &served.app.surroundings.entropy).await.unwrap();
        let refused = ask(&served, &revoked).await;
        assert_eq!((refused.status, refused.problem()), (401, "unauthorized"));
        assert!(refused.body["detail"].as_str().unwrap().contains("revoked"));

        assert!(served.app.clock.advance(Duration::from_secs(90 * 86_400)));
        let refused = ask(&served, &expiring).await;
        assert!(refused.status == 401 && refused.text.contains("expired"), "{}", refused.text);
        assert!(refused.header("www-authenticate").starts_with("Bearer"));
        assert_eq!(ask(&served, &served.token).await.status, 200, "one without an end still holds");

        // What is kept tells when it was used, and nothing that opens anything.
        let kept = access_tokens::list(control).await.unwrap();
        // Tokens that were made at one moment come in any order.
        let last_used = kept.iter().filter_map(|token| token.last_used_at).max();
        assert_eq!(last_used, Some(served.app.clock.now()));
        assert!(!format!("{kept:?}").contains(&served.token[4..]));
        control.read(events::verify).await.unwrap().unwrap();
        served.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn use_of_a_token_is_noted_once_a_minute() {
    let served = Served::start(Engine::Sqlite, 30, 82).await;
    let used = || async { access_tokens::list(served.app.mirrors.control()).await.unwrap()[0].last_used_at };
    ask(&served, &served.token).await;
    let first = used().await;
    assert!(first.is_some() && served.app.clock.advance(Duration::from_secs(59)));
    ask(&served, &served.token).await;
    assert_eq!(used().await, first);
    assert!(served.app.clock.advance(Duration::from_secs(1)));
    ask(&served, &served.token).await;
    assert_eq!(used().await, Some(served.app.clock.now()));
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_token_every_address_but_the_two_documents_is_closed() {
    let served = Served::start(Engine::Sqlite, 30, 83).await;
    for (method, path, _) in operations() {
        let path = path.strip_prefix(rollcall::api::ROOT).unwrap().replace("{id}", "x");
        let answer = served.send(served.request(method.clone(), &path)).await;
        if path == "/openapi.json" {
            assert_eq!(answer.body, *super::document());
        } else if path == "/feeds/control-schema" {
            assert_eq!(answer.body["title"], serde_json::from_str::<Value>(&feed::control::schema()).unwrap()["title"]);
        } else {
            assert_eq!((answer.status, answer.problem()), (401, "unauthorized"), "{method} {path}");
        }
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.header("rollcall-request").starts_with("req_"));
    }
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_reads_from_anywhere_and_changes_something_only_from_our_own_pages() {
    let served = Served::start(Engine::Sqlite, 30, 84).await;
    let cookie = format!("rollcall_session={}", served.session.expose());
    let own = format!("http://{}", served.address);
    let send = |method: Method, path: &'static str, origin: Option<&str>| {
        let mut request = served.request(method.clone(), path).header("Cookie", &cookie);
        if let Some(origin) = origin {
            request = request.header("Origin", origin);
        }
        served.send(if method == Method::GET { request } else { request.json(&json!({})) })
    };
    assert_eq!(send(Method::GET, "/people/count", None).await.status, 200);
    for origin in [None, Some("https://elsewhere.example")] {
        let refused = send(Method::POST, "/sync", origin).await;
        assert_eq!((refused.status, refused.problem()), (403, "foreign"));
    }
    let started = send(Method::POST, "/sync", Some(&own)).await;
    assert_eq!((started.status, started.body["asked_by"].as_str()), (202, Some("administrator mira")));
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_are_slowed_down_and_signing_in_is_not() {
    let served = Served::start(Engine::Sqlite, 30, 85).await;
    let guess = format!("rct_{}", "0".repeat(52));
    let mut last = ask(&served, &guess).await;
    for _ in 0..20 {
        assert_eq!(last.status, 401);
        last = ask(&served, &guess).await;
    }
    let blocked = ask(&served, "not even a token").await;
    assert_eq!((blocked.status, blocked.problem()), (429, "too-many-tries"));
    let seconds: u64 = blocked.header("retry-after").parse().unwrap();
    assert!(seconds >= 1);
    assert_eq!(ask(&served, &served.token).await.status, 429, "whoever guesses is not told when they are right");
    let cookie = format!("rollcall_session={}", served.session.expose());
    let signed_in = served.send(served.request(Method::GET, "/people/count").header("Cookie", cookie)).await;
    assert_eq!(signed_in.status, 200);
    assert!(served.app.clock.advance(Duration::from_secs(seconds)));
    assert_eq!(ask(&served, &served.token).await.status, 200);
    served.end().await;
}
