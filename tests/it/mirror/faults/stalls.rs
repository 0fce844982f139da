//! An upstream that stalls or refuses as a whole: the run waits, keeps what it has, and goes on where it stood; or it
//! ends with the reason, and the generation before stays.

use std::collections::BTreeSet;
use std::net::TcpListener;

use directory::{ClaimState, Noun};
use rollcall::nouns::run::{NoteKind, RunState};
use rollcall::sync::ended::Ended;
use simulator::{Change, Fault, FaultKind, ScheduledChange};

use super::{Disturbed, GROUP_ROLES, GROUPS, USERS, disturbed};

fn throttled(retry_after: Option<&str>, reset: &str) -> FaultKind {
    FaultKind::RateLimited { retry_after: retry_after.map(str::to_owned), reset: Some(reset.to_owned()) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a1_a_429_is_waited_out_and_the_same_page_asked_again() {
    let it = disturbed(101, vec![Fault::on(USERS, throttled(Some("7"), "whenever")).page(1)]).await;
    let begun = it.app.clock.elapsed();
    it.app.sync().await.unwrap();
    let waited = it.app.clock.elapsed() - begun;
    assert!((7.0..60.0).contains(&waited.as_secs_f64()), "{waited:?}");
    assert!(it.app.run().await.progress.waited.as_secs() >= 7, "the run tells how long it waited");
    let pages: Vec<u32> = it.user_pages().iter().map(|(page, _)| *page).collect();
    let again = |page: u32| pages.iter().filter(|asked| **asked == page).count();
    assert_eq!((again(1), again(2), again(3)), (2, 1, 1), "{pages:?}");
    assert_eq!(it.notes(NoteKind::Gap).await, []);
    it.assert_overcome().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a2_the_reset_is_read_as_iso_8601_and_never_hangs_a_pass() {
    // Ten minutes ahead: waited out inside the pass, to the second.
    let it = disturbed(102, vec![]).await;
    let ahead = it.app.clock.now() + jiff::SignedDuration::from_mins(10);
    it.app.simulator.set_faults(vec![Fault::on(USERS, throttled(None, &ahead.to_string())).page(1)]);
    it.app.sync().await.unwrap();
    assert!(it.app.clock.now() >= ahead);
    assert!(it.app.clock.now() < ahead + jiff::SignedDuration::from_mins(1));
    it.assert_overcome().await;

    // In the past, or garbage: a short back-off.
    for reset in ["2020-01-01T00:00:00Z", "soon", "99999999999999999999", ""] {
        let it = disturbed(103, vec![Fault::on(USERS, throttled(None, reset)).page(1)]).await;
        let begun = it.app.clock.elapsed();
        it.app.sync().await.unwrap();
        let waited = (it.app.clock.elapsed() - begun).as_secs_f64();
        assert!(waited < 120.0, "{reset:?}: {waited} s");
        it.assert_overcome().await;
    }

    // A year ahead: the run pauses with its reason and looks again within the hour, and a little.
    let it = disturbed(104, vec![]).await;
    let year = it.app.clock.now() + jiff::SignedDuration::from_hours(24 * 365);
    it.app.simulator.set_faults(vec![Fault::on(USERS, throttled(None, &year.to_string())).page(2)]);
    let asked_at = it.app.clock.now();
    let ended = it.app.sync().await;
    assert!(matches!(ended, Err(Ended::Paused { .. })), "{ended:?}");
    let run = it.app.run().await;
    let waiting = run.waiting.unwrap();
    assert_eq!(run.state, RunState::Waiting);
    assert!(waiting.until <= asked_at + jiff::SignedDuration::from_mins(75), "{waiting:?}");
    assert!(waiting.reason.contains("limits requests"), "{waiting:?}");
    it.assert_nothing_lost();
    it.app.wait_out().await;
    it.app.work().await.unwrap();
    let pages = it.user_pages();
    assert_eq!(pages.iter().filter(|(page, _)| *page == 0).count(), 2, "page 0 is asked once, and by id: {pages:?}");
    it.assert_overcome().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a3_hours_of_429_pause_the_run_and_cost_it_nothing() {
    let storm = Fault::on("*", throttled(Some("3600"), "whenever")).attempts(9..=24);
    let it = disturbed(105, vec![storm]).await;
    let mut pauses = 0;
    let mut ended = it.app.sync().await;
    while let Err(Ended::Paused { .. }) = &ended {
        pauses += 1;
        assert_eq!(it.app.run().await.state, RunState::Waiting);
        it.assert_nothing_lost();
        assert!(it.app.wait_out().await && pauses < 20);
        ended = it.app.work().await;
    }
    ended.unwrap();
    assert!(pauses > 1, "it paused {pauses} times");
    let run = it.app.run().await;
    assert_eq!((run.number, run.generation), (2, Some(2)), "all of it was one run");
    it.assert_overcome().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a4_a_5xx_that_passes_is_seen_in_no_result() {
    for kind in [500, 502, 503, 504].map(FaultKind::status) {
        let faults = vec![Fault::on(USERS, kind.clone()).page(1), Fault::on(GROUP_ROLES, kind).attempts(2..=3)];
        let it = disturbed(106, faults).await;
        it.app.sync().await.unwrap();
        assert_eq!(it.app.notes().await, []);
        it.assert_overcome().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a6_a_refused_key_stops_the_run_and_a_new_one_goes_on_at_the_same_cursor() {
    let slow = Fault::on("*", FaultKind::Delay { milliseconds: 300 }).always();
    let it = disturbed(110, vec![slow]).await;
    let change = Change::ExpireKey;
    it.app.simulator.set_changes(vec![ScheduledChange { path: USERS.to_owned(), request: 4, change }]);
    let ended = it.app.sync().await;
    assert!(matches!(ended, Err(Ended::PausedFor { .. })), "{ended:?}");
    let run = it.app.run().await;
    assert_eq!(run.state, RunState::Waiting);
    assert!(run.waiting.unwrap().reason.contains("Replace the key"));
    let refused = it.app.simulator.ledger().iter().filter(|exchange| exchange.status == Some(401)).count();
    assert!((1..=8).contains(&refused), "no loop: {refused} requests were refused");
    it.assert_nothing_lost();
    assert!(it.is_present(&it.leaver));

    let answered = |it: &Disturbed| -> BTreeSet<u32> {
        let pages = it.user_pages().into_iter();
        pages.filter(|(_, status)| *status == Some(200)).map(|(page, _)| page).collect()
    };
    let read = answered(&it);
    assert!(!read.is_empty() && read.len() < 4, "it was cut in the middle: {read:?}");
    it.app.simulator.rotate_api_key();
    it.app.replace_key().await;
    it.app.simulator.clear_ledger();
    // It goes on at once, not when it would have looked by itself.
    it.app.work().await.unwrap();
    let run = it.app.run().await;
    assert_eq!((run.number, run.generation), (2, Some(2)));
    let first = it.user_pages()[0].0;
    assert!(first >= 1, "it goes on behind page 0, at page {first}");
    it.assert_overcome().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a9_an_unreachable_upstream_pauses_the_run_and_it_goes_on_where_it_stood() {
    let faults = vec![
        Fault::on("*", FaultKind::Delay { milliseconds: 300 }).attempts(1..=10),
        Fault::on("*", FaultKind::CloseBeforeEffect).attempts(11..=60),
    ];
    let it = disturbed(113, faults).await;
    let mut pauses = 0;
    let mut ended = it.app.sync().await;
    while let Err(ended_so) = &ended {
        let paused = matches!(ended_so, Ended::Paused { .. } | Ended::PausedFor { .. });
        assert!(paused, "{ended_so:?}");
        pauses += 1;
        let run = it.app.run().await;
        assert_eq!(run.state, RunState::Waiting);
        let reason = run.waiting.unwrap().reason;
        assert!(reason.contains("closed the connection") || reason.contains("left alone"), "{reason}");
        it.assert_nothing_lost();
        assert!(it.app.wait_out().await && pauses < 20);
        ended = it.app.work().await;
    }
    ended.unwrap();
    assert!(pauses > 0);
    assert_eq!(it.app.run().await.number, 2, "all of it was one run");
    it.assert_overcome().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a11_a_page_for_people_is_an_outage_and_no_empty_list() {
    // Upstream is down for maintenance from the fourth page on.
    let it = disturbed(115, vec![Fault::on("*", FaultKind::Html).attempts(13..=u32::MAX)]).await;
    let ended = it.app.sync().await;
    let paused = matches!(ended, Err(Ended::Paused { .. } | Ended::PausedFor { .. }));
    assert!(paused, "{ended:?}");
    let run = it.app.run().await;
    assert_eq!((run.state, run.generation), (RunState::Waiting, None));
    it.assert_nothing_lost();
    assert!(it.is_present(&it.leaver));
    it.app.simulator.set_faults(Vec::new());
    it.app.wait_out().await;
    it.app.work_through().await;
    assert_eq!(it.app.run().await.number, 2, "the same run went on");
    it.assert_overcome().await;

    // It is down when one list is all that is left to read: that is no gap in this list.
    for kind in [FaultKind::Html, FaultKind::status(503)] {
        let down = vec![
            Fault::on(USERS, kind.clone()).page(1).always(),
            Fault::on("/admin/v1/orgs/{o}", kind.clone()).attempts(2..=u32::MAX),
        ];
        let it = disturbed(135, down).await;
        let ended = it.app.sync().await;
        let paused = matches!(ended, Err(Ended::Paused { .. } | Ended::PausedFor { .. }));
        assert!(paused, "{kind:?}: {ended:?}");
        it.assert_nothing_lost();
        it.app.simulator.set_faults(Vec::new());
        it.app.wait_out().await;
        it.app.work_through().await;
        assert_eq!(it.app.run().await.number, 2, "the same run went on");
        it.assert_overcome().await;
    }

    // One page alone answers so for ever: that is a gap.
    let it = disturbed(116, vec![Fault::on(USERS, FaultKind::Html).page(1).always()]).await;
    it.app.sync().await.unwrap();
    let (state, reason) = it.claim(Noun::Presence).await;
    assert_eq!(state, ClaimState::Partial);
    assert!(reason.contains("page for people"), "{reason}");
    assert!(it.is_present(&it.leaver));
    it.assert_heals().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a26_a_redirect_is_refused_and_the_key_goes_nowhere() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let location = format!("http://{}/admin", elsewhere.local_addr().unwrap());
    let it = disturbed(128, vec![Fault::on(USERS, FaultKind::Redirect { location }).page(1)]).await;
    let ended = it.app.sync().await;
    assert!(matches!(ended, Err(Ended::Failed(_))), "{ended:?}");
    let run = it.app.run().await;
    assert!(run.failure.as_deref().is_some_and(|why| why.contains("does not send the key")), "{run:?}");
    assert!(elsewhere.accept().is_err(), "nobody was sent there");
    assert_eq!(it.app.now().generation(), 1);
    it.assert_heals().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a28_an_endpoint_that_was_switched_off_is_named_and_nothing_is_removed() {
    for path in [USERS, GROUPS, GROUP_ROLES] {
        let it = disturbed(129, vec![Fault::on(path, FaultKind::Gone).always()]).await;
        let ended = it.app.sync().await;
        assert!(matches!(ended, Err(Ended::Failed(_))), "{path}: {ended:?}");
        let run = it.app.run().await;
        assert_eq!(run.state, RunState::Failed);
        let why = run.failure.unwrap();
        assert!(why.contains("switched") && why.contains("update Rollcall"), "{why}");
        assert_eq!(it.app.now().generation(), 1);
        it.assert_heals().await;
    }
}
