//! Files on their way in and out: a connection that breaks, what a sender says of a file beside the file, and files that
//! are longer than what is held of them at once.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use rollcall::feeds::trouble::NotDone;
use rollcall::feeds::{control, listing};
use rollcall::nouns::feed_run::{FeedRunState, Reason};
use serde_json::{Value, json};

use super::{World, bytes, form, json_control, people, record};
use crate::support::app::{ENGINES, Engine};

/// Sends the beginning of a request whose body is announced as longer.
async fn begin(world: &World, (path, key): (&str, &str), (kind, body): (&str, Vec<u8>)) -> TcpStream {
    let (address, authorization) = (world.served.address, STANDARD.encode(format!("haplo:{key}")));
    let head = format!(
        "{path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Basic {authorization}\r\nContent-Type: {kind}\r\n\
         Content-Length: {}\r\n\r\n",
        body.len() + 1_000
    );
    let send = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
        stream.flush().unwrap();
        stream
    };
    tokio::task::spawn_blocking(send).await.unwrap()
}

/// Waits until so many bytes are kept of all feeds' files.
async fn kept(world: &World, what: &str, is: impl Fn(u64) -> bool) -> u64 {
    for _ in 0..2_000 {
        let kept = listing::kept_bytes(&world.served.app.mirror).await.unwrap();
        if is(kept) {
            return kept;
        }
        world.served.app.clock.sleep(Duration::from_millis(10)).await;
    }
    panic!("{what}: {} bytes are kept", listing::kept_bytes(&world.served.app.mirror).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d2_of_an_upload_whose_connection_breaks_nothing_is_kept_and_nothing_is_begun() {
    for engine in ENGINES {
        let world = World::start(engine, 101).await;
        let (feed, key) = world.feed("staff").await;
        world.uploaded(&key, "_control", &json_control()).await;
        let mirror = &world.served.app.mirror;
        let before = listing::kept_bytes(mirror).await.unwrap();
        // More than a piece, so that some of it has been kept when it breaks.
        let long = vec![b' '; 3 << 20];
        let form =
            b"--edge\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nusers\r\n--edge\r\nContent-Disposition: \
            form-data; name=\"file\"; filename=\"u.json\"\r\n\r\n";
        let part = [form.as_slice(), &long].concat();
        let ways = [
            ("PUT /api/v1/feeds/staff/files/users", "application/octet-stream", long.clone()),
            ("POST /api/haplo-user-sync/upload-file", "multipart/form-data; boundary=edge", part),
        ];
        for (path, kind, body) in ways {
            let stream = begin(&world, (path, &key), (kind, body)).await;
            kept(&world, path, |bytes| bytes > before).await;
            drop(stream);
            kept(&world, path, |bytes| bytes == before).await;
        }
        // What comes in several requests goes on where it broke off.
        let send = |method: Method, path: &str| world.served.request(method, path).basic_auth("haplo", Some(&key));
        let begun = send(Method::POST, "/feeds/staff/uploads").json(&json!({ "name": "users" }));
        let begun = world.served.send(begun).await.body["upload"].as_str().unwrap().to_owned();
        let path = format!("/feeds/staff/uploads/{begun}");
        let sent = format!("PUT /api/v1{path}?offset=0");
        let odd = [long.as_slice(), b"7 bytes"].concat();
        drop(begin(&world, (&sent, &key), ("application/octet-stream", odd)).await);
        kept(&world, &path, |bytes| bytes == before + (3 << 20) + 7).await;
        assert_eq!(world.served.send(send(Method::GET, &path)).await.body["received"], (3 << 20) + 7);

        let run = world.run("staff").await;
        assert_eq!(run.state, FeedRunState::Uploading);
        let files = listing::run(mirror, &run.id).await.unwrap().files;
        assert!(files.iter().all(|file| file.name == "_control"), "{files:?}");
        // The name is free, and the file is taken as a whole.
        world.uploaded(&key, "users", &bytes(&people(3))).await;
        assert_eq!(world.settled("staff").await.counts.new, 3, "{}", feed.code.as_str());
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d2_d3_of_a_file_that_is_refused_nothing_is_kept() {
    for engine in ENGINES {
        let world = World::start(engine, 105).await;
        let (feed, key) = world.feed("staff").await;
        let nothing = |what: &'static str| kept(&world, what, |bytes| bytes == 0);
        let put = async |name: &str, query: &str| {
            let path = format!("/feeds/staff/files/{name}{query}");
            let sent = world.served.request(Method::PUT, &path).basic_auth("haplo", Some(&key));
            world.served.send(sent.body(bytes(&people(4)))).await.status
        };
        assert_eq!(put("users", "").await, 422);
        nothing("there is no control file").await;
        assert_eq!(world.upload(&key, "_control", b"{").await.status, 400);
        nothing("a control file is refused").await;
        let app = &world.served.app;
        let entropy = &app.surroundings.entropy;
        let typed = control::change(&world.context(), &app.mirror, (&feed, "{}", "by the page"), entropy).await;
        assert!(typed.unwrap().is_err());
        nothing("a control file is refused on its page").await;
        let late = form(&[], Some(b"[1]"));
        assert_eq!(world.post("upload-file", Some(&key), Some(late)).await.status, 400);
        nothing("a form without a name").await;
        let twice = String::from_utf8(form(&[("name", "users")], Some(b"[1]")).1).unwrap();
        let twice = twice.replace("--edge--\r\n", "") + &String::from_utf8(form(&[], Some(b"[2]")).1).unwrap();
        let kind = "multipart/form-data; boundary=edge".to_owned();
        assert_eq!(world.post("upload-file", Some(&key), Some((kind, twice.into_bytes()))).await.status, 400);
        nothing("a form with two files").await;

        world.uploaded(&key, "_control", &json_control()).await;
        let control = kept(&world, "the control file", |bytes| bytes > 0).await;
        assert_eq!(put("cards", "").await, 422);
        kept(&world, "a name that is not listed", |bytes| bytes == control).await;
        assert_eq!(put("users", &format!("?sha256={}", "0".repeat(64))).await, 422);
        kept(&world, "another content than was announced", |bytes| bytes == control).await;
        assert_eq!(put("users", "").await, 200);
        let taken = kept(&world, "the file", |bytes| bytes > control).await;
        assert_eq!(world.upload(&key, "users", b"[1]").await.status, 400);
        kept(&world, "a run that waits", |bytes| bytes == taken).await;
        // The content of a run stays, however often it is sent again in vain.
        assert_eq!(put("users", "").await, 409);
        assert_eq!(listing::kept_bytes(&app.mirror).await.unwrap(), taken);
        assert_eq!(world.settled("staff").await.counts.new, 4);
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d4_d13_what_a_sender_says_of_a_file_counts_as_much_as_what_the_control_file_says() {
    for engine in ENGINES {
        let mut world = World::start(engine, 102).await;
        world.work();
        let (_, key) = world.feed("staff").await;
        world.uploaded(&key, "_control", &json_control()).await;
        let served = &world.served;
        let put = async |rows: u64, at: &str| {
            let path = format!("/feeds/staff/files/users?rows={rows}&generated_at={at}");
            let sent = served.request(Method::PUT, &path).basic_auth("haplo", Some(&key));
            served.send(sent.body(bytes(&people(20)))).await
        };
        assert_eq!(put(20, "yesterday").await.status, 400);
        assert_eq!(put(20, "2026-11-19T02:00:00Z").await.status, 200);
        let first = world.settled("staff").await;
        assert_eq!(first.reasons, [Reason::First]);
        world.apply(&first, "the first", None).await.unwrap();
        assert_eq!(world.settled("staff").await.state, FeedRunState::Complete);
        // Fewer records than were announced.
        assert_eq!(put(21, "2026-11-20T02:00:00Z").await.status, 200);
        let truncated = world.settled("staff").await;
        let [Reason::Unexpected { file, why }] = truncated.reasons.as_slice() else {
            panic!("{:?}", truncated.reasons)
        };
        assert!(file == "users" && why.contains("20") && why.contains("21"), "{why}");
        assert!(matches!(world.apply(&truncated, "all the same", None).await, Err(NotDone::Unusable)));
        world.cancel(&truncated).await.unwrap();
        // The file of the night before the one applied last; in pieces, as large ones come.
        let begin = served.request(Method::POST, "/feeds/staff/uploads").basic_auth("haplo", Some(&key));
        let begun = served.send(begin.json(&json!({ "name": "users" }))).await;
        let path = format!("/feeds/staff/uploads/{}", begun.body["upload"].as_str().unwrap());
        let send = |method: Method, path: &str| served.request(method, path).basic_auth("haplo", Some(&key));
        served.send(send(Method::PUT, &format!("{path}?offset=0")).body(bytes(&people(20)))).await;
        let said = json!({ "rows": 20, "generated_at": "2026-11-18T02:00:00Z" });
        let done = served.send(send(Method::POST, &format!("{path}/complete")).json(&said)).await;
        assert_eq!(done.status, 200, "{}", done.text);
        let older = world.settled("staff").await;
        assert_eq!(older.reasons, [Reason::Older { file: "users".to_owned() }]);
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_to_take_away_are_whole_however_many_pages_they_take() {
    for engine in ENGINES {
        let mut world = World::start(engine, 103).await;
        world.work();
        let (_, key) = world.feed("staff").await;
        world.uploaded(&key, "_control", &json_control()).await;
        let many: Vec<Value> =
            (0..2_100).map(|n| record(&format!("p{n:04}"), "=Name", &format!("p{n}@u.example"), "office")).collect();
        world.uploaded(&key, "users", &bytes(&many)).await;
        let run = world.settled("staff").await;
        world.apply(&run, "the first", None).await.unwrap();
        world.settled("staff").await;
        let run = format!("/feeds/staff/runs/{}", run.id);
        let lines = async |path: &str| {
            let answer = world.served.get(path, &[]).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
            answer.text.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        let preview = lines(&format!("{run}/preview.csv")).await;
        assert_eq!(preview.len(), 2_101);
        assert_eq!(preview[2_100], "new,p2099,2099,,,,");
        let people = lines("/feeds/staff/people.csv").await;
        assert_eq!((people.len(), people[1].as_str()), (2_101, "p0000,Pat =Name,p0@u.example,active,,"));
        let log = lines(&format!("{run}/log.csv")).await;
        assert!(log.len() > 1_000 && log[1].contains("START: "), "{} {}", log.len(), log[1]);
        assert!(log.last().unwrap().contains("END: "), "{:?}", log.last());
        assert_eq!(lines("/feeds/staff/errors.csv").await, ["username,error,received"]);
        world.end().await;
    }
    let world = World::start(Engine::Sqlite, 104).await;
    assert_eq!(world.served.get("/feeds/none/people.csv", &[]).await.status, 404);
    world.end().await;
}
