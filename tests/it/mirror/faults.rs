//! What a mirror makes of an upstream that fails, lies and stalls (docs: faults, part A). Whatever happens, people who
//! are there stay there, and the run says what it could not read.

use std::collections::BTreeSet;
use std::net::TcpListener;

use directory::{ClaimState, Noun};
use rollcall::nouns::run::{NoteKind, RunState};
use rollcall::sync::pass::Ended;
use serde_json::json;
use simulator::{Change, Fault, FaultKind, Options, Population, Role, ScheduledChange, Truth};

use crate::support::app::{Engine, TestApp, population};
use crate::support::truth::wrongly_left;

const USERS: &str = "/admin/v2/orgs/{o}/directories/{d}/users/search";
const USERS_COUNT: &str = "/admin/v2/orgs/{o}/directories/{d}/users/count";
const GROUPS: &str = "/admin/v2/orgs/{o}/directories/{d}/groups/search";
const GROUP_ROLES: &str = "/admin/v2/orgs/{o}/directories/{d}/groups/{g}/role-assignments";

/// An organization of four pages of people, mirrored once, with a changed title on each page, so that a page that was
/// read can be told from one that was not. Somebody has left besides.
struct Disturbed {
    app: TestApp,
    before: std::sync::Arc<directory::Snapshot>,
    leaver: String,
}

async fn disturbed(seed: u64, faults: Vec<Fault>) -> Disturbed {
    disturbed_in(&population(320, seed), faults).await
}

async fn disturbed_in(population: &Population, faults: Vec<Fault>) -> Disturbed {
    let app = TestApp::start(Engine::Sqlite, population).await;
    app.work().await.unwrap();
    assert_eq!((app.gaps().await, app.notes().await), (vec![], vec![]));
    assert_eq!(app.differences(), Vec::<String>::new());
    let leaver = unmanaged(&app.truth(), &app.directory()).remove(0);
    app.simulator.change(|organization| {
        organization.remove_user(&leaver).unwrap();
        for nth in (0..population.users).step_by(10) {
            if let Some(id) = organization.account_id(nth).map(str::to_owned) {
                organization.set_job_title(&id, "Keeper of the Lighthouse").unwrap();
            }
        }
    });
    app.simulator.clear_ledger();
    app.simulator.set_faults(faults);
    let before = app.now();
    Disturbed { app, before, leaver }
}

/// People of a directory who are gone for good when they leave it.
fn unmanaged(truth: &Truth, directory: &str) -> Vec<String> {
    (truth.users.iter())
        .filter(|user| !user.managed && user.account_type == "atlassian" && user.directories.len() == 1)
        .filter(|user| user.directories[0].0 == directory)
        .map(|user| user.account_id.clone())
        .collect()
}

impl Disturbed {
    fn is_present(&self, id: &str) -> bool {
        let now = self.app.now();
        now.account(id).is_some_and(|account| now.present().contains(account))
    }

    /// Nobody and nothing that is there was lost.
    fn assert_nothing_lost(&self) {
        assert_eq!(self.app.wrongly_gone(&self.before), Vec::<String>::new());
        let left = wrongly_left(&self.before, &self.app.now(), &self.app.truth());
        assert_eq!(left, Vec::<(String, String)>::new());
    }

    /// The fault was overcome within the pass: it is as if nothing had happened.
    async fn assert_overcome(self) {
        assert_eq!(self.app.run().await.state, RunState::Sealed);
        self.assert_nothing_lost();
        assert_eq!(self.app.differences(), Vec::<String>::new());
        assert_eq!(self.app.gaps().await, Vec::<String>::new());
        self.app.stop().await;
    }

    /// The fault is over: the next pass makes up for everything.
    async fn assert_heals(self) {
        self.assert_nothing_lost();
        self.app.simulator.set_faults(Vec::new());
        self.app.ask().await;
        self.app.work_through().await;
        assert_eq!(self.app.differences(), Vec::<String>::new());
        assert_eq!(self.app.gaps().await, Vec::<String>::new());
        assert!(!self.is_present(&self.leaver), "who has left is gone, now that it can be told");
        self.app.assert_sound().await;
        self.app.stop().await;
    }

    /// How often the ledger has each page of the first directory's people.
    fn user_pages(&self) -> Vec<(u32, Option<u16>)> {
        let directory = format!("/directories/{}/", self.app.directory());
        (self.app.simulator.ledger().iter())
            .filter(|exchange| exchange.template == USERS && exchange.path.contains(&directory))
            .map(|exchange| (exchange.page.unwrap_or_default(), exchange.status))
            .collect()
    }

    /// The first directory's claim on a noun: its state, and its reason.
    async fn claim(&self, noun: Noun) -> (ClaimState, String) {
        let claim = self.app.claim(noun, &self.app.directory()).await;
        (claim.state, claim.reason.as_deref().unwrap_or_default().to_owned())
    }

    async fn notes(&self, kind: NoteKind) -> Vec<(String, String)> {
        let notes = self.app.notes().await.into_iter().filter(|note| note.kind == kind);
        notes.map(|note| (note.subject, note.detail)).collect()
    }
}

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
async fn a5_a_page_that_never_loads_leaves_a_gap_and_nobody_gone() {
    let it = disturbed(107, vec![]).await;
    let truth = it.app.truth();
    let listed: Vec<String> = it
        .app
        .simulator
        .read(|organization| (0..320).filter_map(|nth| organization.account_id(nth).map(str::to_owned)).collect());
    let broken = (listed.iter().skip(150))
        .find(|id| truth.users.iter().any(|user| user.account_id == **id && !user.directories.is_empty()))
        .unwrap();
    it.app.simulator.set_faults(vec![Fault::on(USERS, FaultKind::status(500)).subject(broken).always()]);
    it.app.sync().await.unwrap();
    let run = it.app.run().await;
    assert_eq!((run.state, run.generation), (RunState::Sealed, Some(2)), "the rest completes");
    it.assert_nothing_lost();
    assert!(it.is_present(&it.leaver), "a gap counts as nobody's absence");
    for noun in [Noun::Accounts, Noun::Presence, Noun::Memberships, Noun::Activity] {
        let (state, reason) = it.claim(noun).await;
        assert_eq!(state, ClaimState::Partial, "{noun:?}");
        assert!(reason.contains("500"), "{noun:?}: {reason}");
    }
    assert_eq!(it.claim(Noun::Groups).await.0, ClaimState::Complete);
    assert!(!it.notes(NoteKind::Gap).await.is_empty());
    let now = it.app.now();
    let titled = |id: &String| {
        now.account(id).and_then(|account| now.account_row(account)?.job_title) == Some("Keeper of the Lighthouse")
    };
    let read = listed.iter().take(150).step_by(10).filter(|id| titled(id)).count();
    assert!(read >= 12, "what came before the broken record was read: {read}");
    it.assert_heals().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a5_a_record_that_cannot_be_read_is_put_aside_with_its_cause() {
    let it = disturbed(108, vec![]).await;
    let directory = it.app.directory();
    let broken = unmanaged(&it.app.truth(), &directory).remove(0);
    let field = "accountId".to_owned();
    it.app.simulator.set_faults(vec![Fault::on(USERS, FaultKind::NullField { field }).subject(&broken).always()]);
    it.app.sync().await.unwrap();
    it.assert_nothing_lost();
    assert!(it.is_present(&broken));
    assert!(it.is_present(&it.leaver), "one record is not known, so nobody's absence is");
    let quarantined = it.notes(NoteKind::Quarantined).await;
    assert_eq!(quarantined.len(), 1, "{quarantined:?}");
    assert!(quarantined[0].1.contains("accountId"), "{quarantined:?}");
    let (state, reason) = it.claim(Noun::Presence).await;
    assert_eq!((state, reason.as_str()), (ClaimState::Partial, "1 records could not be read"));
    let now = it.app.now();
    let people = now.present();
    let titled = people
        .iter()
        .filter(|account| now.account_row(*account).unwrap().job_title == Some("Keeper of the Lighthouse"));
    assert!(titled.count() >= 25, "everybody else was read");
    it.assert_heals().await;
}

/// Who is missing from the list and cannot be asked for by id either is not gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a5_who_cannot_be_asked_for_by_id_stays() {
    let it = disturbed(109, vec![]).await;
    it.app.simulator.set_faults(vec![Fault::on(USERS, FaultKind::status(500)).subject(&it.leaver).always()]);
    it.app.sync().await.unwrap();
    assert_eq!(it.app.run().await.state, RunState::Sealed, "the rest completes");
    it.assert_nothing_lost();
    assert!(it.is_present(&it.leaver));
    let (state, reason) = it.claim(Noun::Presence).await;
    assert_eq!(state, ClaimState::Partial);
    assert!(reason.contains("could not be asked for"), "{reason}");
    assert_eq!(it.claim(Noun::Accounts).await.0, ClaimState::Complete);
    it.assert_heals().await;
}

/// One person's roles cannot be read, one count never comes: each leaves its own gap, and no run waits for it for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a5_one_subject_that_always_fails_holds_nothing_up() {
    let it = disturbed(133, vec![]).await;
    let truth = it.app.truth();
    let holder = unmanaged(&truth, &it.app.directory()).remove(2);
    let resource = &truth.workspaces[1].ari;
    it.app.simulator.change(|organization| {
        truth.memberships.iter().filter(|(_, member)| *member == holder).for_each(|(group, member)| {
            organization.remove_member(group, member).unwrap();
        });
        organization.set_direct_role(&holder, resource, Role::User).unwrap();
    });
    it.app.sync().await.unwrap();
    let now = it.app.now();
    let account = now.account(&holder).unwrap();
    let roles = now.direct_roles(account).to_vec();
    it.app.simulator.set_faults(vec![
        Fault::on("users/{id}/role-assignments", FaultKind::status(500)).subject(&holder).always(),
        Fault::on("groups/count", FaultKind::status(500)).always(),
    ]);
    it.app.sync().await.unwrap();
    assert_eq!(it.app.run().await.state, RunState::Sealed);
    assert_eq!(roles.len(), 1);
    assert_eq!(it.app.now().direct_roles(account), roles, "what was not read stays");
    let (state, reason) = it.claim(Noun::DirectAccess).await;
    assert_eq!((state, reason.as_str()), (ClaimState::Partial, "The direct roles of 1 people could not be read."));
    let (state, reason) = it.claim(Noun::Groups).await;
    assert_eq!(state, ClaimState::Partial);
    assert!(reason.contains("no count"), "{reason}");
    assert_eq!(it.claim(Noun::Presence).await.0, ClaimState::Complete);
    it.assert_heals().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a8_who_was_listed_and_is_not_found_a_moment_later_hinders_nobody() {
    let it = disturbed(134, vec![]).await;
    let truth = it.app.truth();
    let grant = truth.grants.iter().find(|grant| grant.group != truth.grants[0].group).unwrap();
    it.app.simulator.set_faults(vec![
        Fault::on("users/{id}/role-assignments", FaultKind::status(404)).always(),
        Fault::on(GROUP_ROLES, FaultKind::status(404)).subject(&grant.group).always(),
    ]);
    it.app.sync().await.unwrap();
    it.assert_nothing_lost();
    let gaps = it.notes(NoteKind::Gap).await;
    assert!(gaps.iter().any(|(subject, why)| *subject == grant.group && why.contains("vanished")), "{gaps:?}");
    assert_eq!(it.claim(Noun::Presence).await.0, ClaimState::Complete);
    it.assert_heals().await;
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
    it.app.wait_out().await;
    it.app.work().await.unwrap();
    let run = it.app.run().await;
    assert_eq!((run.number, run.generation), (2, Some(2)));
    let first = it.user_pages()[0].0;
    assert!(first >= 1, "it goes on behind page 0, at page {first}");
    it.assert_overcome().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a7_a_group_that_may_not_be_read_keeps_what_it_grants() {
    let it = disturbed(111, vec![]).await;
    let truth = it.app.truth();
    let grant = &truth.grants[0];
    let closed = it.app.now().group(&grant.group).unwrap();
    let granted = it.app.now().grants(closed).to_vec();
    assert!(!granted.is_empty());
    it.app.simulator.set_faults(vec![Fault::on(GROUP_ROLES, FaultKind::status(403)).subject(&grant.group).always()]);
    it.app.sync().await.unwrap();
    it.assert_nothing_lost();
    assert_eq!(it.app.now().grants(closed), granted);
    let (state, reason) = it.claim(Noun::Grants).await;
    assert_eq!(state, ClaimState::Partial, "what it grants is not known to be so any more");
    assert!(reason.contains("1 group"), "{reason}");
    let gaps = it.notes(NoteKind::Gap).await;
    assert!(gaps.iter().any(|(subject, why)| *subject == grant.group && why.contains("does not let")), "{gaps:?}");
    assert_eq!(it.claim(Noun::Groups).await.0, ClaimState::Complete);
    it.assert_heals().await;
}

/// The second directory refuses every page of its people.
async fn one_directory_unreadable(seed: u64, kind: FaultKind) -> (Disturbed, String, String) {
    let it = disturbed_in(&Population { directories: 2, ..population(320, seed) }, vec![]).await;
    let second = it.app.simulator.read(|organization| organization.directory_ids()[1].clone());
    let truth = it.app.truth();
    let leaver = unmanaged(&truth, &second).remove(1);
    it.app.simulator.change(|organization| organization.remove_user(&leaver).unwrap());
    // Whoever is listed first stands on the page that fails.
    let listed = it.app.simulator.read(|organization| {
        (0..320).filter_map(|nth| organization.account_id(nth).map(str::to_owned)).collect::<Vec<_>>()
    });
    let in_second = |id: &&String| {
        let user = truth.users.iter().find(|user| user.account_id == **id);
        user.is_some_and(|user| user.directories.len() == 1 && user.directories[0].0 == second)
    };
    let first = listed.iter().filter(|id| **id != leaver).find(in_second).unwrap();
    it.app.simulator.set_faults(vec![Fault::on(USERS, kind).subject(first).always()]);
    (it, second, leaver)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a30_of_two_directories_the_readable_one_is_sealed() {
    for kind in [FaultKind::status(403), FaultKind::status(500)] {
        let (it, second, leaver) = one_directory_unreadable(112, kind.clone()).await;
        it.app.sync().await.unwrap();
        it.assert_nothing_lost();
        let unread = it.app.claim(Noun::Presence, &second).await;
        assert_eq!(unread.state, ClaimState::Unread, "{kind:?}: {unread:?}");
        assert_eq!(it.claim(Noun::Presence).await.0, ClaimState::Complete, "{kind:?}");
        assert!(it.is_present(&leaver), "{kind:?}: nothing is concluded about the directory that was not read");
        assert!(!it.is_present(&it.leaver), "{kind:?}: absence is told in the directory that was");
        let before = it.before.directory(&second).unwrap();
        let kept = &it.before.present_in(before) - &it.app.now().present_in(before);
        assert!(kept.is_empty(), "{kind:?}: everybody in the unread directory is kept");
        it.assert_heals().await;
    }
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
async fn a10_a_page_that_is_cut_is_rejected_whole_and_asked_again() {
    for kind in [
        FaultKind::Truncate { bytes: 30_000 },
        FaultKind::CutChunks { bytes: 30_000 },
        FaultKind::WrongContentLength,
        FaultKind::CloseAfterEffect,
        FaultKind::Garbage,
    ] {
        let it = disturbed(114, vec![Fault::on(USERS, kind.clone()).page(1), Fault::on(GROUPS, kind)]).await;
        it.app.sync().await.unwrap();
        assert_eq!(it.user_pages().iter().filter(|(page, _)| *page == 1).count(), 2, "it is asked once more");
        it.assert_overcome().await;
    }
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
async fn a12_an_empty_list_is_not_believed() {
    // The lists are empty, the counts are not.
    for path in [USERS, GROUPS] {
        let it = disturbed(117, vec![Fault::on(path, FaultKind::EmptyList).always()]).await;
        it.app.sync().await.unwrap();
        it.assert_nothing_lost();
        assert!(it.app.now().present().len() > 300);
        let noun = if path == USERS { Noun::Presence } else { Noun::Groups };
        let (state, reason) = it.claim(noun).await;
        assert_eq!(state, ClaimState::Partial);
        assert!(reason.contains("showed 0"), "{reason}");
        it.assert_heals().await;
    }
    // The counts agree that there is nobody.
    let it = disturbed(
        118,
        vec![
            Fault::on(USERS, FaultKind::EmptyList).always(),
            Fault::on(USERS_COUNT, FaultKind::CountOffBy { n: -100_000 }).always(),
            Fault::on(GROUPS, FaultKind::EmptyList).always(),
            Fault::on("groups/count", FaultKind::CountOffBy { n: -100_000 }).always(),
        ],
    )
    .await;
    it.app.sync().await.unwrap();
    it.assert_nothing_lost();
    assert!(it.is_present(&it.leaver));
    for noun in [Noun::Presence, Noun::Groups] {
        let (state, reason) = it.claim(noun).await;
        assert_eq!(state, ClaimState::Partial);
        assert!(reason.contains("more than a tenth"), "{noun:?}: {reason}");
    }
    it.assert_heals().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a13_an_empty_page_with_a_next_one_is_no_end() {
    let it = disturbed(119, vec![Fault::on(USERS, FaultKind::EmptyPageWithNext).page(1).attempts(1..=2)]).await;
    it.app.sync().await.unwrap();
    it.assert_overcome().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a14_a_page_served_twice_counts_once() {
    for path in [USERS, GROUPS] {
        let it = disturbed(120, vec![Fault::on(path, FaultKind::RepeatPage)]).await;
        it.app.sync().await.unwrap();
        let run = it.app.run().await;
        assert!(run.progress.people_seen <= 320, "{} people seen", run.progress.people_seen);
        it.assert_overcome().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a15_a_list_that_leads_in_a_circle_fails_the_run_and_changes_nothing() {
    let it = disturbed_in(&population(520, 121), vec![Fault::on(USERS, FaultKind::CycleCursor).always()]).await;
    let ended = it.app.sync().await;
    assert!(matches!(ended, Err(Ended::Failed(_))), "{ended:?}");
    let run = it.app.run().await;
    assert_eq!((run.state, run.generation), (RunState::Failed, None));
    assert!(run.failure.as_deref().is_some_and(|why| why.contains("circle")), "{run:?}");
    assert_eq!(it.app.now().generation(), 1, "the previous generation stays");
    assert!(it.app.requests() < 100, "it is noticed soon");
    it.assert_heals().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a16_an_expired_cursor_starts_its_list_anew() {
    let it = disturbed(122, vec![Fault::on(USERS, FaultKind::ExpireCursor).page(2)]).await;
    it.app.sync().await.unwrap();
    let pages: Vec<u32> = it.user_pages().iter().map(|(page, _)| *page).collect();
    assert_eq!(pages.iter().filter(|page| **page == 1).count(), 2, "{pages:?}");
    it.assert_overcome().await;

    // It expires again and again: that list is left with a gap, and nobody is gone.
    let it = disturbed(123, vec![Fault::on(USERS, FaultKind::ExpireCursor).page(2).always()]).await;
    it.app.sync().await.unwrap();
    let (state, reason) = it.claim(Noun::Presence).await;
    assert_eq!(state, ClaimState::Partial);
    assert!(reason.contains("cursor"), "{reason}");
    assert!(it.is_present(&it.leaver));
    it.assert_heals().await;
}

/// Who was seen only before the cursor expired was not seen: a broken walk's marks are void.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a16_what_a_broken_walk_has_seen_proves_no_presence() {
    let it = disturbed(124, vec![Fault::on(USERS, FaultKind::ExpireCursor).page(2)]).await;
    let seen_first = unmanaged(&it.app.truth(), &it.app.directory()).remove(0);
    let leaving = seen_first.clone();
    it.app.simulator.set_changes(vec![ScheduledChange {
        path: USERS.to_owned(),
        request: 4,
        change: Change::custom(move |organization| organization.remove_user(&leaving).unwrap()),
    }]);
    it.app.sync().await.unwrap();
    assert!(!it.is_present(&seen_first), "the walk that counts did not list this person");
    it.assert_heals().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a21_unknown_fields_words_and_nulls_are_taken_as_they_come() {
    let it = disturbed(
        125,
        vec![Fault::on(GROUPS, FaultKind::UnknownFields).always(), Fault::on(USERS, FaultKind::UnknownFields).always()],
    )
    .await;
    it.app.sync().await.unwrap();
    it.assert_nothing_lost();
    assert_eq!(it.app.gaps().await, Vec::<String>::new());
    assert_eq!(it.app.differences(), Vec::<String>::new(), "what is known is read as ever");
    let drift = it.notes(NoteKind::Drift).await;
    assert!(drift.iter().any(|(subject, _)| subject.contains("futureField")), "{drift:?}");
    it.assert_heals().await;

    let it = disturbed(126, vec![]).await;
    let odd = unmanaged(&it.app.truth(), &it.app.directory()).remove(3);
    let unknown = |field: &str| {
        let kind = FaultKind::UnknownValue { field: field.to_owned(), value: json!("dormant") };
        Fault::on(USERS, kind).subject(&odd).always()
    };
    for fault in [
        unknown("status"),
        unknown("membershipStatus"),
        unknown("accountStatus"),
        Fault::on(USERS, FaultKind::NullField { field: "name".to_owned() }).subject(&odd).always(),
        Fault::on(USERS, FaultKind::NullField { field: "groups".to_owned() }).subject(&odd).always(),
        Fault::on(USERS, FaultKind::DropField { field: "productAccess".to_owned() }).subject(&odd).always(),
    ] {
        it.app.simulator.set_faults(vec![fault.clone()]);
        it.app.sync().await.unwrap();
        it.assert_nothing_lost();
        assert!(it.is_present(&odd), "{fault:?}");
        assert!(!it.is_present(&it.leaver), "{fault:?}: a strange record hinders no other");
        assert_eq!(it.claim(Noun::Presence).await.0, ClaimState::Complete, "{fault:?}");
    }
    it.assert_heals().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a24_a_count_that_is_off_proves_no_absence() {
    for off in [5, -7] {
        let it = disturbed(127, vec![Fault::on(USERS_COUNT, FaultKind::CountOffBy { n: off }).always()]).await;
        it.app.sync().await.unwrap();
        it.assert_nothing_lost();
        assert!(it.is_present(&it.leaver), "{off}: nobody is taken for gone");
        let (state, reason) = it.claim(Noun::Presence).await;
        assert_eq!(state, ClaimState::Partial, "{off}");
        assert!(reason.contains("showed") && reason.contains("counted"), "{off}: {reason}");
        it.assert_heals().await;
    }
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a31_capped_lists_of_groups_remove_nobody_from_a_group() {
    let it = disturbed(130, vec![Fault::on(USERS, FaultKind::CapGroups { n: 3 }).always()]).await;
    let truth = it.app.truth();
    let (group, member) = truth.memberships[truth.memberships.len() / 2].clone();
    it.app.simulator.change(|organization| organization.remove_member(&group, &member).unwrap());
    it.app.simulator.set_record(true);
    it.app.sync().await.unwrap();
    it.assert_nothing_lost();
    let now = it.app.now();
    let (group, member) = (now.group(&group).unwrap(), now.account(&member).unwrap());
    assert!(!now.memberships().contains(member, group), "who did leave a group is told by reading the group");
    let listed = it
        .app
        .simulator
        .ledger()
        .iter()
        .any(|exchange| exchange.request_body.as_deref().is_some_and(|body| body.contains("groupIds")));
    assert!(listed, "groups whose count does not agree are read one by one");
    it.assert_overcome().await;

    // More groups than a pass may read on their own: the rest keeps every member, and says so.
    let population = Population { groups: Some(90), ..population(320, 131) };
    let it = disturbed_in(&population, vec![Fault::on(USERS, FaultKind::CapGroups { n: 1 }).always()]).await;
    it.app.sync().await.unwrap();
    it.assert_nothing_lost();
    let (state, reason) = it.claim(Noun::Memberships).await;
    assert_eq!(state, ClaimState::Partial);
    assert!(reason.contains("do not agree"), "{reason}");
    it.assert_heals().await;

    // The very first pass finds the members that the capped lists hide.
    let answers = simulator::Answers { groups_capped_at: Some(2), ..simulator::Answers::default() };
    let options = Options { answers, ..Options::default() };
    let app = TestApp::start_with(Engine::Sqlite, &crate::support::app::population(200, 132), options).await;
    app.work().await.unwrap();
    assert_eq!(app.differences(), Vec::<String>::new());
    app.stop().await;
}
