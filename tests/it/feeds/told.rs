//! What is told of feeds: reports and notices, needs attention, look-up, what is kept and for how long; and that a cancel
//! leaves all or nothing.

use std::time::Duration;

use rollcall::feeds::attention::{self, FeedWaiting};
use rollcall::feeds::gate::hold_until_stopped;
use rollcall::feeds::trouble::NotDone;
use rollcall::feeds::{listing, look_up, people as hands, upkeep, worker};
use rollcall::nouns::feed_person::PersonState::Blocked;
use rollcall::nouns::feed_run::{FeedRunState, Stage};
use rollcall::nouns::notice::EventKind;
use rollcall::store::outbox::{self, Leased, Receiver};
use rollcall::store::{endpoints, feed_bodies};
use serde_json::json;

use super::{World, bytes, json_control, people};
use crate::support::app::{ENGINES, Engine};

/// Everything that waits to be sent.
async fn told(world: &World) -> Vec<Leased> {
    let mut told = Vec::new();
    let now = world.served.app.clock.now();
    while let Some(leased) = world.served.app.mirror.store().write(move |tx| outbox::take(tx, now)).await.unwrap() {
        let settled = leased.clone();
        let settle = move |tx: &mut rollcall::store::tx::Tx| {
            outbox::settle(tx, &settled, (&outbox::Settled::Delivered, "taken"), now)
        };
        world.served.app.mirror.store().write(settle).await.unwrap();
        told.push(leased);
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_follows_each_run_and_says_values_only_where_the_feed_lets_it() {
    for engine in ENGINES {
        let mut world = World::start(engine, 91).await;
        world.work();
        let (_, key) = world.feed("staff").await;
        world.configure("staff", |settings| settings.emails = vec!["hr@uni.example".to_owned()]).await;
        world.uploaded(&key, "_control", &json_control()).await;
        world.uploaded(&key, "users", &bytes(&people(6))).await;
        let run = world.settled("staff").await;
        let held = told(&world).await;
        assert_eq!(held.len(), 1, "{held:?}");
        assert_eq!(held[0].receiver, Receiver::Mail("hr@uni.example".to_owned()));
        assert_eq!((held[0].event, &held[0].data["outcome"]), (EventKind::FeedReport, &json!("held")));
        // A delivery that is refused because that run waits.
        assert_eq!(world.upload(&key, "users", b"[]").await.status, 400);
        assert_eq!(told(&world).await[0].data["outcome"], "blocked");
        world.apply(&run, "the first", None).await.unwrap();
        world.settled("staff").await;
        told(&world).await;
        let mut second = people(6);
        second[2]["mail"] = json!("not-an-address-of-hers");
        world.uploaded(&key, "users", &bytes(&second)).await;
        world.started(&key).await;
        assert_eq!(world.settled("staff").await.state, FeedRunState::Complete);
        let report = told(&world).await.remove(0).data;
        assert_eq!(
            (&report["outcome"], &report["errors"], &report["errorChange"]),
            (&json!("applied"), &json!(1), &json!(1))
        );
        let lines = report["lines"].as_str().unwrap();
        assert!(lines.contains("START: ") && lines.contains("s03") && lines.contains("END: "), "{lines}");
        assert!(!report.to_string().contains("not-an-address"), "{report}");
        world.configure("staff", |settings| settings.mail_personal = true).await;
        world.uploaded(&key, "users", &bytes(&second)).await;
        world.started(&key).await;
        world.settled("staff").await;
        let report = told(&world).await.remove(0).data;
        assert!(report["lines"].as_str().unwrap().contains("not-an-address"), "{report}");
        assert_eq!(report["errorChange"], 0);
        let none = world.served.app.mirror.store().read(endpoints::list).await.unwrap();
        assert!(none.is_empty(), "reports went to those whom the feed names alone");
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_delivery_is_told_once_and_what_waits_is_counted() {
    let mut world = World::start(Engine::Sqlite, 92).await;
    world.work();
    let (_, key) = world.feed("staff").await;
    world
        .configure("staff", |settings| {
            settings.emails = vec!["hr@uni.example".to_owned()];
            settings.expected_by = Some(jiff::civil::time(6, 0, 0, 0));
        })
        .await;
    let (app, clock) = (&world.served.app, world.served.app.clock.clone());
    let waiting = || async {
        let (now, zone) = (clock.now(), app.mirror.zone());
        app.mirror.store().read(move |tx| attention::list(tx, (now, &zone))).await.unwrap()
    };
    assert_eq!(waiting().await, [], "the hour of today was over when the feed was made");
    clock.advance(Duration::from_secs(24 * 3600));
    let mut late = Vec::new();
    for _ in 0..100 {
        clock.sleep(Duration::from_secs(1)).await;
        late.extend(told(&world).await);
    }
    assert_eq!(late.iter().map(|told| told.data["outcome"].clone()).collect::<Vec<_>>(), [json!("late")]);
    assert!(matches!(waiting().await.as_slice(), [FeedWaiting::Late(..)]));
    world.uploaded(&key, "_control", &json_control()).await;
    world.uploaded(&key, "users", &bytes(&people(3))).await;
    world.settled("staff").await;
    assert!(matches!(waiting().await.as_slice(), [FeedWaiting::Held(..)]));
    assert_eq!(world.served.get("/attention", &[]).await.body["items"][0]["kind"], "feed_run");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn look_up_finds_by_username_address_and_part_and_says_why_somebody_is_blocked() {
    for engine in ENGINES {
        let mut world = World::start(engine, 93).await;
        world.work();
        let (_, key) = world.feed("staff").await;
        world.uploaded(&key, "_control", &json_control()).await;
        world.uploaded(&key, "users", &bytes(&people(20))).await;
        let run = world.settled("staff").await;
        world.apply(&run, "the first", None).await.unwrap();
        world.settled("staff").await;
        let mut second = people(20);
        second.remove(4);
        second[0]["mail"] = json!("broken");
        world.uploaded(&key, "users", &bytes(&second)).await;
        world.started(&key).await;
        world.settled("staff").await;
        let (mirror, now) = (&world.served.app.mirror, world.served.app.clock.now());
        let found = |text: &'static str| async move {
            let found = look_up::search(mirror, text, "").await.unwrap();
            found.into_iter().map(|person| person.username).collect::<Vec<_>>()
        };
        assert_eq!(found(" S05 ").await, ["s05"]);
        assert_eq!(found("S05@Uni.Example").await, ["s05"]);
        assert_eq!(found("number1").await.len(), 10);
        assert_eq!(found("nobody at all").await, [""; 0]);
        let gone = look_up::look_up(mirror, "s05", now).await.unwrap();
        assert_eq!(gone.person.state, Blocked);
        assert!(gone.sentence.starts_with("Blocked: no feed's latest delivery has this person."), "{}", gone.sentence);
        assert_eq!(gone.history.len(), 2, "made, and gone");
        let failing = look_up::look_up(mirror, "s01", now).await.unwrap();
        let record = &failing.told[0].record;
        assert!(record.failure.as_ref().is_some_and(|why| why.contains("broken")), "{record:?}");
        assert!(record.received.as_ref().is_some_and(|raw| raw.contains("broken")) && record.raw.contains("s01@uni"));
        let errors = world.served.get("/feeds/staff/errors", &[]).await.body;
        assert_eq!(errors["errors"][0]["username"], "s01");
        assert!(
            world.served.get("/feeds/staff/errors.csv", &[]).await.text.starts_with("username,error,received\r\ns01,")
        );
        // Two who are one, and another name.
        let (context, entropy) = (world.context(), &world.served.app.surroundings.entropy);
        hands::rename(&context, mirror, ("s05", "x05"), entropy).await.unwrap();
        assert!(look_up::look_up(mirror, "s05", now).await.is_err());
        hands::merge(&context, mirror, ("x05", "s06"), entropy).await.unwrap();
        assert!(look_up::look_up(mirror, "x05", now).await.is_err());
        assert_eq!(look_up::look_up(mirror, "s06", now).await.unwrap().told.len(), 1);
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_runs_go_by_the_setting_but_never_the_one_applied_last() {
    let mut world = World::start(Engine::Sqlite, 94).await;
    world.work();
    let (feed, key) = world.feed("staff").await;
    world.uploaded(&key, "_control", &json_control()).await;
    for count in [20, 19, 20] {
        world.uploaded(&key, "users", &bytes(&people(count))).await;
        let run = world.settled("staff").await;
        if run.state == FeedRunState::Held {
            world.apply(&run, "the first", None).await.unwrap();
        } else {
            world.started(&key).await;
        }
        assert_eq!(world.settled("staff").await.state, FeedRunState::Complete);
    }
    let (app, clock) = (&world.served.app, world.served.app.clock.clone());
    clock.advance(Duration::from_secs(40 * 86_400));
    let feed = rollcall::feeds::keep::find(&app.mirror, feed.code.as_str()).await.unwrap();
    let going = upkeep::removable(&app.mirror, &feed, clock.now()).await.unwrap();
    assert_eq!(going.len(), 2, "what will go is named first");
    world.configure("staff", |settings| settings.retention_days = Some(30)).await;
    for _ in 0..300 {
        clock.sleep(Duration::from_millis(700)).await;
    }
    let runs = listing::runs(&app.mirror, Some(feed.number), (i64::MAX, 10)).await.unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!(Some(&runs[0].id), feed.applied_run.as_ref());
    let files = listing::run(&app.mirror, &runs[0].id).await.unwrap().files;
    for file in files {
        assert!(app.mirror.store().read(move |tx| feed_bodies::find(tx, &file.body)).await.unwrap().is_some());
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d20_a_run_that_is_cancelled_while_it_is_written_leaves_nothing_and_a_written_one_is_not_cancelled() {
    for engine in ENGINES {
        let world = World::start(engine, 95).await;
        let (_, key) = world.feed("staff").await;
        world.uploaded(&key, "_control", &json_control()).await;
        let many: Vec<_> =
            (0..600).map(|n| super::record(&format!("p{n}"), "Name", &format!("p{n}@u.example"), "office")).collect();
        world.uploaded(&key, "users", &bytes(&many)).await;
        let run = world.settled("staff").await;
        world.apply(&run, "the first", None).await.unwrap();
        let counted = async || {
            let listed = listing::list(&world.served.app.mirror).await.unwrap();
            listed[0].people.iter().map(|(_, count)| count).sum::<u64>()
        };
        // Its first page is written, and the end of it is not.
        let gate = hold_until_stopped(&run.id);
        let app = &world.served.app;
        let working = tokio::spawn({
            let (mirror, surroundings) = (app.mirror.clone(), app.surroundings.clone());
            async move { worker::work_once(&mirror, &surroundings).await.unwrap() }
        });
        assert!(tokio::task::spawn_blocking(move || gate.reached()).await.unwrap());
        assert_eq!(counted().await, 0, "{engine:?}: nobody sees half of it");
        assert_eq!(world.run("staff").await.stage, Stage::Applying);
        assert_eq!(world.cancel(&run).await.unwrap().state, FeedRunState::Cancelled, "{engine:?}");
        assert!(working.await.unwrap());
        assert_eq!((counted().await, world.run("staff").await.state), (0, FeedRunState::Cancelled), "{engine:?}");
        assert!(!world.work_once().await, "nobody goes on with it");
        // The other way round: what is written stays, whoever cancels it then.
        world.uploaded(&key, "users", &bytes(&many)).await;
        let run = world.settled("staff").await;
        world.apply(&run, "the first", None).await.unwrap();
        assert_eq!(world.settled("staff").await.state, FeedRunState::Complete);
        let late = world.cancel(&run).await;
        assert!(matches!(late, Err(NotDone::State(FeedRunState::Complete))), "{engine:?}: {late:?}");
        assert_eq!(counted().await, 600, "{engine:?}");
        world.end().await;
    }
}
