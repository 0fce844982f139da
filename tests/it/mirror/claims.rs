//! What a generation claims, how claims are earned, and what that costs: requests and bytes.

use std::collections::{BTreeMap, BTreeSet};

use directory::{ClaimState, Counts, Noun};
use rollcall::mirror::seal::Sealed;
use simulator::{Answers, Exchange, Fault, FaultKind, NewUser, Options, Population, Role, SuspendedGroups, Truth};

use crate::support::app::{Engine, TestApp, population};
use crate::support::truth::wrongly_left;

const USER_ROLES: &str = "/admin/v2/orgs/{o}/directories/{d}/users/{id}/role-assignments";
const GROUP_ROLES: &str = "/admin/v2/orgs/{o}/directories/{d}/groups/{g}/role-assignments";
const GROUPS: &str = "/admin/v2/orgs/{o}/directories/{d}/groups/search";
const USERS: &str = "/admin/v2/orgs/{o}/directories/{d}/users/search";

async fn mirrored(population: &Population) -> TestApp {
    let app = TestApp::start(Engine::Sqlite, population).await;
    app.work().await.unwrap();
    assert_eq!(app.differences(), Vec::<String>::new());
    app.simulator.clear_ledger();
    app.simulator.set_record(true);
    app
}

/// Searches whose body has this filter.
fn searches(app: &TestApp, filter: &str) -> Vec<Exchange> {
    let has = |exchange: &Exchange| exchange.request_body.as_deref().is_some_and(|body| body.contains(filter));
    app.simulator.ledger().into_iter().filter(has).collect()
}

/// People of the first directory who are gone for good when they leave it.
fn unmanaged(truth: &Truth) -> Vec<String> {
    let people = truth.users.iter().filter(|user| !user.managed && !user.directories.is_empty());
    people.filter(|user| user.account_type == "atlassian").map(|user| user.account_id.clone()).collect()
}

/// Resources that groups give each account.
fn through_groups(truth: &Truth) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut reached: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (group, account) in &truth.memberships {
        let granted = truth.grants.iter().filter(|grant| grant.group == *group).map(|grant| grant.resource.as_str());
        reached.entry(account).or_default().extend(granted);
    }
    reached
}

/// People whose count of resources no group explains.
fn unexplained(truth: &Truth) -> BTreeSet<String> {
    let reached = through_groups(truth);
    (truth.users.iter())
        .filter(|user| !user.directories.is_empty())
        .filter(|user| reached.get(user.account_id.as_str()).map_or(0, BTreeSet::len) != user.resources as usize)
        .map(|user| user.account_id.clone())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pass_without_news_claims_everything_and_writes_next_to_nothing() {
    let mut app = mirrored(&population(600, 201)).await;
    app.restart().await;
    let (before, first) = (app.bytes_on_disk(), app.now());
    for generation in 2..=4 {
        let sealed = app.sync().await.unwrap();
        let Sealed::Done { generation: sealed, counts, .. } = sealed else { panic!("nobody else works here") };
        assert_eq!((sealed, counts), (generation, Counts::default()));
        assert_eq!(app.gaps().await, Vec::<String>::new());
        let nouns: BTreeSet<Noun> = app.claims().await.iter().map(|claim| claim.noun).collect();
        assert_eq!(nouns.len(), 8, "every noun is claimed: {nouns:?}");
        for claim in app.claims().await {
            assert_eq!(claim.state, ClaimState::Complete, "{claim:?}");
            assert!(claim.expected.is_none_or(|expected| expected == claim.seen), "{claim:?}");
        }
    }
    assert!(first.ages().iter().zip(app.now().ages()).all(|(then, now)| then.noun == now.noun));
    app.restart().await;
    let grown = app.bytes_on_disk() - before;
    assert!(grown <= 3 * 24 * 1024, "three passes without news left {grown} bytes; the organization takes {before}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_a_tenth_missing_is_withheld_and_nobody_is_asked_for() {
    let app = mirrored(&population(200, 202)).await;
    let truth = app.truth();
    let leaving: Vec<String> = truth
        .users
        .iter()
        .filter(|user| !user.directories.is_empty() && user.account_type == "atlassian")
        .map(|user| user.account_id.clone())
        .take(30)
        .collect();
    let staying = unmanaged(&truth).into_iter().find(|id| !leaving.contains(id)).unwrap();
    app.simulator.change(|organization| {
        leaving.iter().for_each(|id| organization.delete_account(id).unwrap());
        organization.rename(&staying, "Renamed Meanwhile").unwrap();
    });
    app.sync().await.unwrap();
    let claim = app.claim(Noun::Presence, &app.directory()).await;
    assert_eq!(claim.state, ClaimState::Partial);
    let reason = claim.reason.unwrap();
    assert!(reason.starts_with("30 of ") && reason.contains("more than 10 %"), "{reason}");
    let now = app.now();
    for id in &leaving {
        assert!(now.present().contains(now.account(id).unwrap()), "{id} is kept as it was");
    }
    assert_eq!(
        now.account_row(now.account(&staying).unwrap()).unwrap().name,
        "Renamed Meanwhile",
        "all else is sealed"
    );
    assert_eq!(searches(&app, "accountIds"), [], "above the share nobody is asked for");
    assert_eq!(app.claim(Noun::Accounts, &app.directory()).await.state, ClaimState::Complete);
    assert!(app.notes().await.iter().any(|note| note.detail == *reason), "the run says so");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fewer_missing_are_asked_for_by_id_ten_at_a_time() {
    let app = mirrored(&population(300, 203)).await;
    let leaving: Vec<String> = unmanaged(&app.truth()).into_iter().take(12).collect();
    assert_eq!(leaving.len(), 12);
    app.simulator.change(|organization| leaving.iter().for_each(|id| organization.remove_user(id).unwrap()));
    app.sync().await.unwrap();
    assert_eq!(app.differences(), Vec::<String>::new());
    assert_eq!(app.gaps().await, Vec::<String>::new());
    let asked = searches(&app, "accountIds");
    assert_eq!(asked.len(), 4, "12 people: two requests where they were, two where they might have gone");
    let asked_for =
        |id: &String| asked.iter().any(|search| search.request_body.as_deref().unwrap().contains(id.as_str()));
    assert!(leaving.iter().all(asked_for));
    app.stop().await;
}

/// The list leaves somebody out, its count does not notice: who is found by id stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_missing_from_a_list_and_found_by_id_stays() {
    let app = mirrored(&population(120, 204)).await;
    let guest = |name: &str| NewUser { name: name.to_owned(), email: format!("{name}@guest.example"), directory: None };
    // They are in no group that would tell of them.
    let [skipped, other] =
        app.simulator.change(|organization| ["erin", "otto"].map(|name| organization.add_user(&guest(name)).unwrap()));
    app.sync().await.unwrap();
    // The record is a copy of somebody else's, and the counts agree with that.
    app.simulator.set_faults(vec![
        Fault::on(USERS, FaultKind::UnknownValue { field: "accountId".to_owned(), value: other.into() })
            .subject(&skipped)
            .attempts(1..=1),
        Fault::on("users/count", FaultKind::CountOffBy { n: -1 }).always(),
    ]);
    let before = app.now();
    app.sync().await.unwrap();
    assert_eq!(app.wrongly_gone(&before), Vec::<String>::new());
    let now = app.now();
    assert!(now.present().contains(now.account(&skipped).unwrap()));
    let asked = searches(&app, "accountIds");
    assert!(asked.iter().any(|search| search.request_body.as_deref().unwrap().contains(&skipped)), "it was asked for");
    app.simulator.set_faults(Vec::new());
    app.sync().await.unwrap();
    assert_eq!(app.differences(), Vec::<String>::new());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_counts_more_than_it_lists_is_read_once_and_the_difference_kept() {
    let app = mirrored(&population(200, 205)).await;
    let truth = app.truth();
    let group = truth.groups.iter().filter(|group| group.members > 3).min_by_key(|group| group.members).unwrap();
    let counting = |more: u32| {
        let kind = FaultKind::UnknownValue { field: "counts.users".to_owned(), value: (group.members + more).into() };
        vec![Fault::on(GROUPS, kind).subject(&group.id).always()]
    };
    for (more, reads) in [(2, 1), (2, 0), (3, 1), (3, 0)] {
        app.simulator.set_faults(counting(more));
        app.simulator.clear_ledger();
        let before = app.now();
        app.sync().await.unwrap();
        assert_eq!(searches(&app, &group.id).len(), reads, "{more} more than listed");
        assert_eq!(app.gaps().await, Vec::<String>::new());
        let left = wrongly_left(&before, &app.now(), &truth);
        assert_eq!(left, Vec::<(String, String)>::new());
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a16_a_group_whose_list_breaks_off_is_read_anew() {
    let app = mirrored(&population(400, 209)).await;
    let truth = app.truth();
    let group = truth.groups.iter().find(|group| group.members > 150).unwrap();
    let kind = FaultKind::UnknownValue { field: "counts.users".to_owned(), value: (group.members + 1).into() };
    app.simulator.set_faults(vec![
        Fault::on(GROUPS, kind).subject(&group.id).always(),
        Fault::on(USERS, FaultKind::ExpireCursor).subject(&group.id).page(1),
    ]);
    let before = app.now();
    app.sync().await.unwrap();
    let pages: Vec<u32> = searches(&app, &group.id).iter().filter_map(|search| search.page).collect();
    assert_eq!(pages.iter().filter(|page| **page == 0).count(), 2, "{pages:?}");
    assert_eq!(app.gaps().await, Vec::<String>::new());
    assert_eq!(wrongly_left(&before, &app.now(), &truth), Vec::<(String, String)>::new());
    app.stop().await;
}

/// Suspended people do not show their groups, but are found and counted in them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_that_only_the_group_tells_stay_members() {
    let answers = Answers { suspended_groups: SuspendedGroups::Hidden, ..Answers::default() };
    let app =
        TestApp::start_with(Engine::Sqlite, &population(200, 208), Options { answers, ..Options::default() }).await;
    app.simulator.set_record(true);
    for _ in 0..3 {
        app.ask().await;
        app.work().await.unwrap();
        assert_eq!(app.differences(), Vec::<String>::new());
        assert_eq!(app.gaps().await, Vec::<String>::new());
        assert!(!searches(&app, "groupIds").is_empty(), "their counts do not agree, so the groups are read");
        app.simulator.clear_ledger();
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn direct_roles_are_asked_of_people_whom_no_group_explains_and_of_nobody_else() {
    let app = mirrored(&population(400, 206)).await;
    let truth = app.truth();
    let plain: Vec<String> = (truth.users.iter())
        .filter(|user| !user.directories.is_empty() && user.resources == 0 && user.membership_status == "active")
        .filter(|user| user.managed && user.account_type == "atlassian")
        .map(|user| user.account_id.clone())
        .take(2)
        .collect();
    assert_eq!(plain.len(), 2);
    let resource = truth.workspaces[0].ari.clone();
    app.simulator.change(|organization| {
        plain.iter().for_each(|id| assert!(organization.set_direct_role(id, &resource, Role::User).unwrap()));
    });
    app.sync().await.unwrap();
    assert_eq!(app.differences(), Vec::<String>::new());
    let asked: BTreeSet<String> = (app.simulator.ledger().into_iter())
        .filter(|exchange| exchange.template == USER_ROLES)
        .filter_map(|exchange| exchange.subject)
        .collect();
    let truth = app.truth();
    assert_eq!(asked, unexplained(&truth));
    assert!(plain.iter().all(|id| asked.contains(id)));

    app.simulator.change(|organization| {
        organization.clear_direct_role(&plain[0], &resource, Role::User).unwrap();
        organization.remove_user(&plain[1]).unwrap();
    });
    app.sync().await.unwrap();
    assert_eq!(app.differences(), Vec::<String>::new(), "a role that was taken is taken, whoever was asked");
    let now = app.now();
    assert!(now.present().contains(now.account(&plain[1]).unwrap()), "who is managed lives on outside the directory");
    assert!(plain.iter().all(|id| now.direct_roles(now.account(id).unwrap()).is_empty()));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pass_needs_hardly_more_requests_than_its_floor() {
    let app = TestApp::start(Engine::Sqlite, &population(600, 207)).await;
    for pass in 1..=2 {
        app.simulator.clear_ledger();
        app.ask().await;
        app.work().await.unwrap();
        let truth = app.truth();
        let inside = truth.users.iter().filter(|user| !user.directories.is_empty()).count() as u64;
        let outside = truth.users.len() as u64 - inside;
        let pages = |records: u64| records.div_ceil(100).max(1);
        let granting: BTreeSet<&str> = truth.grants.iter().map(|grant| grant.group.as_str()).collect();
        let floor = 3
            + pages(inside)
            + pages(outside)
            + pages(truth.groups.len() as u64)
            + granting.len() as u64
            + unexplained(&truth).len() as u64;
        let sent = app.requests();
        // Counts before and after: of people inside and outside, and of groups.
        assert!(sent as f64 <= floor as f64 * 1.05 + 6.0, "pass {pass}: {sent} requests, floor {floor}");
        let run = app.run().await;
        assert_eq!(run.progress.requests_floor, Some(floor), "pass {pass}: the run knows its floor");
        assert_eq!(run.progress.requests, sent, "pass {pass}: and what it sent");
        let roles = app.simulator.requests_by_endpoint();
        assert_eq!(roles[&format!("GET {GROUP_ROLES}")], granting.len() as u64);
    }
    app.stop().await;
}
