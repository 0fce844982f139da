//! What is large, and what is out of time: pages of many megabytes, a group of thousands, a clock that is hours off.

use std::collections::BTreeSet;
use std::time::Duration;

use directory::{ClaimState, GroupId, Noun, Part};
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::run::{NoteKind, RunKind, RunState};
use rollcall::nouns::scope::{Scope, Ticks};
use rollcall::sync::request::{self, Ask, Asked};
use rollcall::sync::worker::work_once;
use serde_json::json;
use simulator::{Fault, FaultKind, Options, Population, Shape};

use super::{USERS, disturbed, unmanaged};
use crate::support::app::{Engine, TestApp, population};

fn grown(megabytes: usize, subject: &str) -> Fault {
    let value = json!("x".repeat(megabytes << 20));
    let kind = FaultKind::UnknownValue { field: "jobTitle".to_owned(), value };
    Fault::on(USERS, kind).subject(subject).always()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a27_a_page_of_ten_megabytes_is_read_and_one_beyond_the_bound_is_refused() {
    let it = disturbed(150, vec![]).await;
    let large = unmanaged(&it.app.truth(), &it.app.directory()).remove(3);
    it.app.simulator.set_faults(vec![grown(10, &large)]);
    it.app.sync().await.unwrap();
    it.assert_nothing_lost();
    assert!(it.is_present(&large) && !it.is_present(&it.leaver), "the page was read, and proves who is gone");
    assert_eq!(it.claim(Noun::Presence).await.0, ClaimState::Complete);

    // Larger than any answer may be: neither read nor believed, and said.
    it.app.simulator.set_faults(vec![grown(65, &large)]);
    let next = unmanaged(&it.app.truth(), &it.app.directory()).pop().unwrap();
    it.app.simulator.change(|organization| organization.remove_user(&next).unwrap());
    it.app.sync().await.unwrap();
    it.assert_nothing_lost();
    assert!(it.is_present(&next), "a list that was not read whole proves nobody gone");
    let (state, reason) = it.claim(Noun::Presence).await;
    assert_eq!(state, ClaimState::Partial);
    assert!(reason.contains("larger than"), "{reason}");
    it.assert_heals().await;
}

/// An organization with one group of so many members, mirrored; and the group.
async fn with_a_large_group(members: u32) -> (TestApp, GroupId) {
    let few = Population { groups: Some(12), memberships_per_user: Some(1.0), ..population(members + 50, 151) };
    let slow = Fault::on("*", FaultKind::Delay { milliseconds: 200 }).always();
    let options = Options { faults: vec![slow], ..Options::default() };
    let app = TestApp::start_with(Engine::Sqlite, &few, options).await;
    let group = app.simulator.change(|organization| {
        let group = organization.create_group("everybody");
        for nth in 0..members + 50 {
            if let Some(account) = organization.account_id(nth).map(str::to_owned) {
                // Who is outside the directory cannot join.
                let _ = organization.add_member(&group, &account);
            }
        }
        group
    });
    app.work().await.unwrap();
    assert_eq!(app.differences(), Vec::<String>::new());
    (app, GroupId::new(&group).unwrap())
}

async fn ask_for_members(app: &TestApp, group: &GroupId) {
    let scope = Ticks { members_of: Some(vec![group.clone()]), ..Ticks::default() }.scope().unwrap();
    assert!(!matches!(scope, Scope::Everything));
    let context = Context { actor: Actor::CommandLine, now: app.clock.now() };
    let ask = Ask::scoped(RunKind::Manual, scope);
    let asked = request::start(&context, &app.mirror, ask, (None, &app.surroundings.entropy)).await.unwrap();
    assert!(matches!(asked, Asked::Queued(_)));
}

/// The pages of the group's members that were answered, in order.
fn pages(app: &TestApp) -> Vec<u32> {
    let ledger = app.simulator.ledger().into_iter().filter(|exchange| exchange.template == USERS);
    ledger.filter(|exchange| exchange.status == Some(200)).filter_map(|exchange| exchange.page).collect()
}

async fn read_a_large_group_in_two_goes(members: u32) {
    let (mut app, group) = with_a_large_group(members).await;
    let leaving = app.truth().memberships.into_iter().filter(|(of, _)| of == group.as_str()).step_by(20);
    let leaving: Vec<String> = leaving.map(|(_, account)| account).collect();
    app.simulator.change(|organization| {
        for account in &leaving {
            organization.remove_member(group.as_str(), account).unwrap();
        }
    });
    ask_for_members(&app, &group).await;
    app.simulator.clear_ledger();
    let whole = u64::from(members / 100);
    let (mirror, connector) = (app.mirror.clone(), app.connector.clone());
    let surroundings = app.surroundings.clone();
    let working = tokio::spawn(async move { work_once(&mirror, &connector, &surroundings).await });
    while app.requests() < whole / 2 && !working.is_finished() {
        tokio::task::yield_now().await;
    }
    working.abort();
    assert!(working.await.is_err(), "it was cut in the middle");
    let read: BTreeSet<u32> = pages(&app).into_iter().collect();
    assert!(read.len() as u64 > whole / 4, "{read:?}");
    app.restart().await;
    app.simulator.clear_ledger();
    app.work().await.unwrap();

    let again = pages(&app);
    let overlap = again.iter().filter(|page| read.contains(page)).count();
    // What one batch holds was read and not kept.
    assert!(overlap <= 12, "it goes on inside the group: {overlap} pages were read again of {}", read.len());
    assert!(again.iter().max() >= Some(&(members / 100 - 10)), "to the last page: {again:?}");
    let now = app.now();
    let known = now.group(group.as_str()).unwrap();
    let gone = leaving.iter().filter(|id| now.memberships().contains(now.account(id).unwrap(), known)).count();
    assert_eq!(gone, 0, "who has left the group is told, though it was read in two goes");
    // The group's own count is none of this run's business.
    let memberships = app.differences().into_iter().filter(|line| !line.starts_with("group "));
    assert_eq!(memberships.collect::<Vec<_>>(), Vec::<String>::new());
    let claims = app.claims().await;
    let claim = claims.iter().find(|claim| claim.part == Part::Group(group.clone())).unwrap();
    assert_eq!((claim.noun, claim.state), (Noun::Memberships, ClaimState::Complete));
    app.assert_sound().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a27_a_large_group_is_taken_up_inside_and_ends_whole() {
    read_a_large_group_in_two_goes(6_000).await;
}

/// Resident memory of this process, in bytes.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// By hand, alone, and in a release build: the simulated organization itself takes most of the time and memory.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn a27_the_largest_group_is_read_within_bounds() {
    let (app, group) = with_a_large_group(1_000_000).await;
    let before = resident();
    ask_for_members(&app, &group).await;
    app.work().await.unwrap();
    let grown = resident().saturating_sub(before);
    println!("{} MB more", grown >> 20);
    assert!(grown < 512 << 20, "{grown} bytes more");
    assert_eq!(app.run().await.state, RunState::Sealed);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a29_a_clock_that_is_hours_off_is_said_and_misleads_no_wait() {
    for (skew, which) in [(7_200, "120 minutes ahead of"), (-7_200, "120 minutes behind")] {
        let it = disturbed(152, vec![Fault::on("*", FaultKind::Date { skew }).always()]).await;
        it.app.sync().await.unwrap();
        let warned = it.notes(NoteKind::Warning).await;
        let said: Vec<&str> =
            warned.iter().filter(|(subject, _)| subject == "clock").map(|(_, detail)| detail.as_str()).collect();
        assert!(matches!(said.as_slice(), [said] if said.contains(which)), "said once: {warned:?}");
        it.assert_overcome().await;

        // By that clock the limit ends in ten minutes: that is how long is waited, not two hours more or less.
        let it = disturbed(153, vec![]).await;
        let theirs = it.app.clock.now() + jiff::SignedDuration::from_secs(skew);
        let ends = theirs + jiff::SignedDuration::from_mins(10);
        let headers = vec![
            (
                "Date".to_owned(),
                jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&theirs).unwrap(),
            ),
            ("X-RateLimit-Reset".to_owned(), ends.to_string()),
        ];
        let limited = FaultKind::Status { code: 429, shape: Shape::Errors, headers };
        it.app.simulator.set_faults(vec![Fault::on(USERS, limited).page(1)]);
        let begun = it.app.clock.elapsed();
        it.app.sync().await.unwrap();
        let waited = it.app.clock.elapsed() - begun;
        let ten = Duration::from_secs(600);
        assert!((ten..ten + Duration::from_secs(30)).contains(&waited), "{which}: waited {waited:?}");
        it.assert_overcome().await;
    }
    // A second or two is how clocks are.
    let it = disturbed(154, vec![Fault::on("*", FaultKind::Date { skew: 40 }).always()]).await;
    it.app.sync().await.unwrap();
    assert_eq!(it.notes(NoteKind::Warning).await, []);
    it.assert_overcome().await;
}
