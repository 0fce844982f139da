//! Laws: whatever arrives, it is read or named, and nobody falls over.

use atlassian::call::{Call, Class, Endpoint};
use atlassian::client::Client;
use atlassian::moment::Moment;
use proptest::prelude::*;

use crate::server::{Server, json, with_headers};
use crate::{client, config, everybody};

fn run<T>(task: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(task)
}

/// A record and whether it can be read.
fn record() -> impl Strategy<Value = (String, bool)> {
    prop_oneof![
        3 => "[a-z0-9:-]{1,40}".prop_map(|id| (serde_json::json!({"accountId": id}).to_string(), true)),
        1 => any::<String>().prop_filter("an id", |id| !id.is_empty())
            .prop_map(|id| (serde_json::json!({"accountId": id, "x": id}).to_string(), true)),
        1 => any::<String>().prop_map(|name| (serde_json::json!({"name": name}).to_string(), false)),
        1 => any::<i64>().prop_map(|id| (serde_json::json!({"accountId": id}).to_string(), false)),
        1 => Just(("null".to_owned(), false)),
        1 => Just((r#"{"accountId":"a","groups":7}"#.to_owned(), false)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Good records are all there in their order, bad ones are all in quarantine, and the two do not touch each other.
    #[test]
    fn a21_every_record_is_read_or_quarantined(records in prop::collection::vec(record(), 0..30)) {
        let all: Vec<_> = records.iter().map(|(json, _)| json.as_str()).collect();
        let body = format!(r#"{{"data":[{}],"links":{{}}}}"#, all.join(","));
        let page = run(async {
            let server = Server::script(vec![json(&body)]).await;
            everybody(&client(&server)).next().await.unwrap().unwrap()
        });
        let good: Vec<_> = records.iter().filter(|(_, good)| *good).map(|(json, _)| {
            serde_json::from_str::<serde_json::Value>(json).unwrap()["accountId"].as_str().unwrap().to_owned()
        }).collect();
        let read: Vec<_> = page.records.iter().map(|user| user.account_id.clone()).collect();
        prop_assert_eq!(read, good);
        prop_assert_eq!(page.records.len() + page.quarantined.len(), records.len());
    }

    /// Any bytes give a page or an error that says what is wrong; never an empty page by accident.
    #[test]
    fn a10_any_body_is_a_page_or_an_error(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let outcome = run(async {
            let server = Server::start(move |_| crate::server::Reply::Answer(200, String::new(), body.clone())).await;
            everybody(&client(&server)).next().await.unwrap()
        });
        prop_assert!(outcome.is_err());
    }

    /// Any texts in the headers of a 429 are survived, within the longest wait.
    #[test]
    fn a2_any_headers_are_survived(reset in "[ -~]{0,40}", after in "[ -~]{0,20}", limit in "[0-9a-]{0,12}") {
        let headers = format!("x-ratelimit-reset: {reset}\nretry-after: {after}\nx-ratelimit-limit: {limit}\nx-ratelimit-remaining: {limit}\ndate: {after}");
        run(async {
            let server = Server::script(vec![with_headers(429, &headers, "{}"), json(r#"{"data":[],"links":{}}"#)]).await;
            let client = client(&server);
            let outcome = everybody(&client).next().await.unwrap();
            prop_assert!(client.clock().elapsed() <= std::time::Duration::from_secs(3600));
            prop_assert!(outcome.is_ok() || outcome.unwrap_err().retry_at().is_some());
            Ok(())
        })?;
    }

    /// A moment is read or kept, and what is read is the instant that was written.
    #[test]
    fn a23_moments_are_read_or_kept(text in any::<String>(), seconds in 946_684_800_i64..4_102_444_800) {
        let _survives = Moment::from_text(&text);
        let at = jiff::Timestamp::from_second(seconds).unwrap();
        prop_assert_eq!(Moment::from_text(&at.to_string()), Moment::At(at));
        prop_assert_eq!(Moment::from_epoch(seconds * 1000), Moment::At(at));
        prop_assert_eq!(Moment::from_epoch(seconds), Moment::At(at));
    }

    /// Any id comes back from the path as it was.
    #[test]
    fn a22_ids_survive_the_path(id in any::<String>().prop_filter("an id", |id| !matches!(id.as_str(), "" | "." | ".."))) {
        const ONE: Endpoint = Endpoint::get("/things/{id}/parts");
        let target = run(async {
            let server = Server::script(vec![json("{}")]).await;
            let client = Client::new(config(&server)).unwrap();
            client.send(Call::new(ONE, Class::ReadBack, &[&id])).await.unwrap();
            server.requests()[0].target.clone()
        });
        let segment = target.strip_prefix("/things/").unwrap().strip_suffix("/parts").unwrap();
        prop_assert_eq!(decode(segment), id);
    }
}

fn decode(segment: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        let digits = [rest.clone().next(), rest.clone().nth(1)];
        match (byte, digits) {
            (b'%', [Some(high), Some(low)]) => {
                let text = [high, low];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&text).unwrap(), 16).unwrap());
                rest.nth(1);
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap()
}
