//! Part D of the faults, as far as it is about runs; rows about reading a file stand in `crates/feed`.

use std::time::Duration;

use reqwest::Method;
use rollcall::feeds::trouble::NotDone;
use rollcall::feeds::{decide, keep, people as hands};
use rollcall::nouns::feed_person::PersonState::{Active, Blocked, Held};
use rollcall::nouns::feed_row::RowKind;
use rollcall::nouns::feed_run::{FeedRunState, Reason, RunAct};
use rollcall::store::jobs;
use serde_json::{Value, json};

use super::{World, bytes, control, json_control, people, record};
use crate::support::app::{ENGINES, Engine};

/// A feed whose first run of so many people was applied.
pub(super) async fn begun(engine: Engine, seed: u64, count: usize) -> (World, String) {
    let mut world = World::start(engine, seed).await;
    world.work();
    let (_, key) = world.feed("staff").await;
    world.uploaded(&key, "_control", &json_control()).await;
    world.uploaded(&key, "users", &bytes(&people(count))).await;
    let run = world.settled("staff").await;
    world.apply(&run, "the first", None).await.unwrap();
    assert_eq!(world.settled("staff").await.state, FeedRunState::Complete);
    (world, key)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d1_an_empty_file_is_held_and_never_offered_a_valid_empty_list_takes_a_typed_number() {
    for engine in ENGINES {
        let (world, key) = begun(engine, 71, 6).await;
        world.uploaded(&key, "users", b"").await;
        let run = world.settled("staff").await;
        assert!(run.reasons.iter().any(|reason| matches!(reason, Reason::Unreadable { .. })), "{run:?}");
        assert_eq!(run.acts(world.served.app.clock.now()), [RunAct::Cancel]);
        assert!(matches!(world.apply(&run, "all the same", None).await, Err(NotDone::Unusable)));
        world.cancel(&run).await.unwrap();
        world.uploaded(&key, "users", b"[]").await;
        let run = world.settled("staff").await;
        assert!(run.counts.removes_everybody() && run.reasons.contains(&Reason::Empty), "{run:?}");
        world.apply(&run, "the faculty is closed", Some(6)).await.unwrap();
        assert_eq!(world.settled("staff").await.state, FeedRunState::Complete);
        assert_eq!(world.state("s01").await, Some(Blocked));
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d2_an_upload_goes_on_where_it_broke_off_and_makes_no_run_before_it_is_whole() {
    let (world, key) = begun(Engine::Sqlite, 72, 6).await;
    let served = &world.served;
    let before = world.run("staff").await;
    let send = |method: Method, path: &str| served.request(method, path).basic_auth("haplo", Some(&key));
    let begin = send(Method::POST, "/feeds/staff/uploads").json(&json!({ "name": "users" }));
    let upload = served.send(begin).await.body["upload"].as_str().unwrap().to_owned();
    let content = bytes(&people(6));
    let (one, two) = content.split_at(100);
    let path = format!("/feeds/staff/uploads/{upload}");
    served.send(send(Method::PUT, &format!("{path}?offset=0")).body(one.to_vec())).await;
    let at = served.send(send(Method::GET, &path)).await;
    assert_eq!(at.body["received"], 100);
    assert_eq!(world.run("staff").await.id, before.id, "no run yet");
    let wrong = served.send(send(Method::PUT, &format!("{path}?offset=7")).body(two.to_vec())).await;
    assert_eq!((wrong.status, wrong.problem()), (409, "refused"));
    served.send(send(Method::PUT, &format!("{path}?offset=100")).body(two.to_vec())).await;
    let done = served.send(send(Method::POST, &format!("{path}/complete")).json(&json!({}))).await;
    assert_eq!(done.status, 200, "{}", done.text);
    assert_eq!(done.body["size"].as_u64(), Some(content.len() as u64));
    // A content that is not the announced one is refused, and nothing of it is kept.
    world.cancel(&world.settled("staff").await).await.unwrap();
    let wrong = send(Method::PUT, &format!("/feeds/staff/files/users?sha256={}", "0".repeat(64))).body(content);
    assert_eq!(served.send(wrong).await.status, 422);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d3_d4_what_was_promised_and_did_not_come_holds_the_run_with_both_numbers() {
    let (world, key) = begun(Engine::Sqlite, 73, 6).await;
    let mut promised = control(json!({ "read": "json" }));
    promised["expect"] = json!({ "users": { "rows": 9 } });
    world.uploaded(&key, "_control", promised.to_string().as_bytes()).await;
    world.uploaded(&key, "users", &bytes(&people(6))).await;
    let run = world.settled("staff").await;
    let why = run.reasons.iter().find_map(|reason| match reason {
        Reason::Unexpected { file, why } if file == "users" => Some(why.clone()),
        _ => None,
    });
    let why = why.unwrap_or_else(|| panic!("{:?}", run.reasons));
    assert!(why.contains('6') && why.contains('9'), "{why}");
    assert!(matches!(world.apply(&run, "all the same", None).await, Err(NotDone::Unusable)));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d11_nobody_is_changed_by_a_username_or_an_address_that_stands_twice() {
    for engine in ENGINES {
        let (world, key) = begun(engine, 74, 20).await;
        let mut second = people(20);
        second[3]["mail"] = json!("S05@UNI.example");
        second.push(record("S07", "Other", "s07b@uni.example", "office"));
        world.uploaded(&key, "users", &bytes(&second)).await;
        world.started(&key).await;
        let run = world.settled("staff").await;
        assert_eq!(run.state, FeedRunState::Complete, "{run:?}");
        let rows = world.rows(&run).await;
        let conflicts: Vec<&str> =
            rows.iter().filter(|(kind, _)| *kind == RowKind::Conflict).map(|(_, name)| name.as_str()).collect();
        assert_eq!(conflicts, ["s04", "s07", "s07"], "{rows:?}");
        assert_eq!(world.person("s04").await.unwrap().2, "s04@uni.example");
        assert_eq!(world.person("s07").await.unwrap().1, "Pat Number07");
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d12_a_field_that_would_be_empty_for_everybody_holds_the_run() {
    let (world, key) = begun(Engine::Sqlite, 75, 6).await;
    let mut titled = control(json!({ "read": "json" }));
    let title = json!({ "action": "field", "source": "title", "destination": "user", "name": "title" });
    titled["instructions"].as_array_mut().unwrap().push(title);
    let mut with = people(6);
    with.iter_mut().for_each(|person| person["title"] = json!("Dr"));
    world.uploaded(&key, "_control", titled.to_string().as_bytes()).await;
    world.uploaded(&key, "users", &bytes(&with)).await;
    let run = world.settled("staff").await;
    world.apply(&run, "with titles", None).await.unwrap();
    world.settled("staff").await;
    with.iter_mut().for_each(|person| person["titel"] = person.as_object_mut().unwrap().remove("title").unwrap());
    world.uploaded(&key, "users", &bytes(&with)).await;
    let run = world.settled("staff").await;
    assert!(run.reasons.iter().any(|reason| matches!(reason, Reason::Emptied { people: 6, .. })), "{:?}", run.reasons);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d13_a_file_made_before_the_one_applied_last_is_held() {
    let (world, key) = begun(Engine::Sqlite, 76, 6).await;
    let dated = |at: &str| {
        let mut dated = control(json!({ "read": "json" }));
        dated["expect"] = json!({ "users": { "generatedAt": at } });
        dated.to_string().into_bytes()
    };
    world.uploaded(&key, "_control", &dated("2026-11-19T00:00:00Z")).await;
    world.uploaded(&key, "users", &bytes(&people(6))).await;
    let run = world.settled("staff").await;
    world.apply(&run, "dated from today on", None).await.unwrap();
    world.settled("staff").await;
    world.uploaded(&key, "_control", &dated("2026-11-18T00:00:00Z")).await;
    world.uploaded(&key, "users", &bytes(&people(6))).await;
    let run = world.settled("staff").await;
    assert_eq!(run.reasons, [Reason::Older { file: "users".to_owned() }]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d17_a_changed_control_file_is_told_apart_and_unchanged_people_are_skipped_unless_forced() {
    let (world, key) = begun(Engine::Sqlite, 77, 6).await;
    let mut other = control(json!({ "read": "json" }));
    other["instructions"][4]["mapInputValue"]["teaching"] = json!("group:office");
    world.uploaded(&key, "_control", other.to_string().as_bytes()).await;
    let mut second = people(6);
    second[0]["last"] = json!("Newname");
    world.uploaded(&key, "users", &bytes(&second)).await;
    let run = world.settled("staff").await;
    assert_eq!((run.counts.changed, run.counts.by_control), (6, 5), "{:?}", run.counts);
    let rows = world.preview(&run).await;
    let of = |name: &str| rows.iter().find(|row| row.username == name).unwrap();
    assert!(of("s02").changes.iter().all(|change| change.by_control && change.field == "user: groups"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d19_a_waiting_run_refuses_the_next_delivery_unless_the_setting_lets_it_be_replaced() {
    for engine in ENGINES {
        let (world, key) = begun(engine, 78, 20).await;
        world.uploaded(&key, "users", &bytes(&people(10))).await;
        let waiting = world.settled("staff").await;
        assert_eq!(waiting.state, FeedRunState::Held);
        assert_eq!(world.upload(&key, "users", &bytes(&people(20))).await.status, 400);
        world.configure("staff", |settings| settings.replace_waiting = true).await;
        world.uploaded(&key, "users", &bytes(&people(20))).await;
        let newer = world.settled("staff").await;
        assert_eq!(newer.superseded, Some(waiting.id.clone()));
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d20_a_run_whose_worker_is_silent_can_be_ended_and_its_late_writes_are_fenced_off() {
    for engine in ENGINES {
        let world = World::start(engine, 79).await;
        let (_, key) = world.feed("staff").await;
        world.uploaded(&key, "_control", &json_control()).await;
        world.uploaded(&key, "users", &bytes(&people(6))).await;
        let run = world.settled("staff").await;
        let running = world.apply(&run, "the first", None).await.unwrap();
        let app = &world.served.app;
        // A worker takes the run and gives no sign of life.
        let now = app.clock.now();
        let lease = app.mirror.store().write(move |tx| jobs::lease_feed(tx, now)).await.unwrap().unwrap();
        let (mirror, entropy) = (&app.mirror, &app.surroundings.entropy);
        let early = decide::unsafe_cancel(&world.context(), mirror, (&running.id, ""), entropy).await;
        assert!(matches!(early, Err(NotDone::State(FeedRunState::Running))), "{early:?}");
        app.clock.advance(Duration::from_secs(61));
        let marked = decide::unsafe_cancel(&world.context(), mirror, (&running.id, "no sign"), entropy).await.unwrap();
        assert_eq!(marked.state, FeedRunState::Cancelled);
        assert!(!app.mirror.store().read(move |tx| jobs::holds(tx, &lease.fence)).await.unwrap());
        assert!(!world.work_once().await, "nobody goes on with it");
        assert_eq!(world.state("s01").await, None);
        // The feed is free again.
        world.uploaded(&key, "users", &bytes(&people(6))).await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d23_a_feed_key_uploads_and_reads_the_status_of_its_own_feed_and_nothing_else() {
    let (world, key) = begun(Engine::Sqlite, 80, 6).await;
    world.feed("students").await;
    let served = &world.served;
    let ask = |method: Method, path: &str| served.request(method, path).basic_auth("haplo", Some(&key));
    let status = served.send(ask(Method::GET, "/feeds/staff/status")).await;
    assert_eq!((status.status, &status.body["run"]["state"]), (200, &json!("complete")));
    assert!(!status.text.contains("s01"), "nobody is named");
    let run = world.run("staff").await.id;
    let refused = [
        "/feeds".to_owned(),
        "/feeds/students/status".to_owned(),
        "/feeds/staff/people".to_owned(),
        "/feeds/staff/errors".to_owned(),
        format!("/feeds/staff/runs/{run}/preview"),
        format!("/feeds/staff/runs/{run}/log"),
        "/people".to_owned(),
    ];
    for path in refused {
        let answer = served.send(ask(Method::GET, &path)).await;
        assert!([401, 403].contains(&answer.status), "{path}: {}", answer.status);
    }
    let apply = served.send(ask(Method::POST, &format!("/feeds/staff/runs/{run}/apply")).json(&json!({}))).await;
    assert_eq!(apply.status, 403);
    // A person's program sees it all.
    let people: Value = served.get("/feeds/staff/people", &[]).await.body;
    assert_eq!(people["people"].as_array().unwrap().len(), 6);
    assert_eq!(
        served.get(&format!("/feeds/staff/runs/{run}/preview"), &[]).await.body["rows"].as_array().unwrap().len(),
        6
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holds_survive_the_feed_leavers_have_their_grace_and_another_feed_decides_against_nobody() {
    for engine in ENGINES {
        let (world, key) = begun(engine, 81, 20).await;
        let (mirror, entropy) = (&world.served.app.mirror, &world.served.app.surroundings.entropy);
        hands::hold(&world.context(), mirror, ("s01", "an inquiry"), entropy).await.unwrap();
        world.configure("staff", |settings| settings.grace_days = 3).await;
        let mut second = people(20);
        second[0]["last"] = json!("Changed");
        second.remove(4);
        world.uploaded(&key, "users", &bytes(&second)).await;
        world.started(&key).await;
        assert_eq!(world.settled("staff").await.state, FeedRunState::Complete);
        assert_eq!(world.person("s01").await.unwrap(), (Held, "Pat Changed".to_owned(), "s01@uni.example".to_owned()));
        assert_eq!(world.state("s05").await, Some(Active), "within the grace");
        world.served.app.clock.advance(Duration::from_secs(3 * 86_400 + 60));
        for _ in 0..200 {
            if world.state("s05").await == Some(Blocked) {
                break;
            }
            world.served.app.clock.sleep(Duration::from_millis(500)).await;
        }
        assert_eq!(world.state("s05").await, Some(Blocked));
        hands::release(&world.context(), mirror, "s01", entropy).await.unwrap();
        assert_eq!(world.state("s01").await, Some(Active));
        // Another feed calls one of them otherwise.
        let (_, other) = world.feed("students").await;
        world.uploaded(&other, "_control", &json_control()).await;
        let rows =
            [record("s02", "Otherwise", "s02@uni.example", "office"), record("x1", "New", "x1@uni.example", "office")];
        world.uploaded(&other, "users", &bytes(&rows)).await;
        let run = world.settled("students").await;
        world.apply(&run, "the first", None).await.unwrap();
        let run = world.settled("students").await;
        let kinds = world.rows(&run).await;
        assert_eq!(kinds, [(RowKind::New, "x1".to_owned()), (RowKind::Conflict, "s02".to_owned())]);
        assert_eq!(world.person("s02").await.unwrap().1, "Pat Number02");
        assert_eq!(
            keep::groups(mirror, run.feed).await.unwrap().len(),
            2,
            "the first control file declares its groups"
        );
        world.end().await;
    }
}
