//! Records that are strange in themselves: addresses that move, ids of every form, dates that are none or two.

use directory::{AccountType, ClaimState, Noun, Snapshot};
use rollcall::nouns::run::{NoteKind, RunState};
use serde_json::{Value, json};
use simulator::{Fault, FaultKind, NewUser};

use super::{Disturbed, USERS, disturbed, unmanaged};
use crate::support::app::{Engine, TestApp, population};

/// The address that the mirror shows for an account.
fn address(now: &Snapshot, id: &str) -> String {
    now.account_row(now.account(id).unwrap()).unwrap().email.unwrap().to_owned()
}

/// Who is found by an address, among those who are there.
fn found(now: &Snapshot, address: &str) -> Vec<String> {
    let found = now.search(address) & now.present();
    found.iter().map(|account| now.account_id(account).unwrap().to_string()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a19_an_address_that_goes_to_another_person_takes_nobody_along() {
    let it = disturbed(140, vec![]).await;
    let people = unmanaged(&it.app.truth(), &it.app.directory());
    let (first, second) = (&people[2], &people[5]);
    let before = it.app.now();
    let address_of_first = address(&before, first);
    it.app.simulator.change(|organization| {
        organization.change_email(first, "moved.on@elsewhere.example").unwrap();
        organization.change_email(second, &address_of_first).unwrap();
    });
    it.app.sync().await.unwrap();
    let now = it.app.now();
    for id in [first, second] {
        assert_eq!(now.account(id), before.account(id), "who somebody is, is not told by an address");
        let account = now.account(id).unwrap();
        assert_eq!(now.memberships().of(account), before.memberships().of(account), "everybody keeps their own groups");
    }
    assert_eq!(address(&now, first), "moved.on@elsewhere.example");
    assert_eq!(
        found(&now, &address_of_first),
        std::slice::from_ref(second),
        "the address is found with its new holder alone"
    );
    it.assert_overcome().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a20_two_accounts_with_one_address_are_two_people() {
    let it = disturbed(141, vec![]).await;
    let truth = it.app.truth();
    let outsider = unmanaged(&truth, &it.app.directory()).remove(4);
    let managed = truth.users.iter().find(|user| user.managed && !user.directories.is_empty() && user.email.is_some());
    let managed = managed.unwrap();
    let shared = managed.email.clone().unwrap();
    it.app.simulator.change(|organization| organization.change_email(&outsider, &shared.to_uppercase()).unwrap());
    it.app.sync().await.unwrap();
    let now = it.app.now();
    let mut both = found(&now, &shared);
    both.sort();
    let mut expected = [managed.account_id.clone(), outsider.clone()];
    expected.sort();
    assert_eq!(both, expected, "both are kept, and both are found");
    assert_ne!(now.account(&outsider), now.account(&managed.account_id));
    it.assert_overcome().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a22_ids_of_every_form_are_kept_and_asked_for_exactly_as_they_are() {
    let mut it = disturbed(142, vec![]).await;
    let long = format!("712020:{}", "a1-".repeat(80));
    let odd = [
        "557058:0f0f-1",
        "qm:6e9d:-:Q",
        "5b10a2844c20165700ede21g",
        "70121:Ä+ä%2F..//x",
        "a b&c=d;e#f?g",
        long.as_str(),
    ];
    it.app.simulator.change(|organization| {
        for (place, id) in odd.iter().enumerate() {
            let email = format!("odd.{place}@odd.example");
            organization.add_account(id, &NewUser { name: format!("Odd {place}"), email, directory: None }).unwrap();
        }
    });
    it.app.sync().await.unwrap();
    assert_eq!(it.app.differences(), Vec::<String>::new());
    it.app.restart().await;
    for id in odd {
        assert!(it.is_present(id), "{id:?} is the same after a restart");
    }
    // One of them leaves: to be sure, it is asked for by its id.
    it.app.simulator.set_record(true);
    it.app.simulator.change(|organization| organization.remove_user(odd[3]).unwrap());
    it.app.sync().await.unwrap();
    let quoted = serde_json::to_string(odd[3]).unwrap();
    let bodies = it.app.simulator.ledger().into_iter().filter_map(|exchange| exchange.request_body);
    assert!(bodies.into_iter().any(|body| body.contains(&quoted)), "asked for as {quoted}");
    assert!(!it.is_present(odd[3]) && it.is_present(odd[4]));
    it.assert_overcome().await;
}

fn activity(it: &Disturbed, id: &str) -> Vec<i64> {
    let now = it.app.now();
    now.activity().of(now.account(id).unwrap()).iter().map(|entry| entry.at).collect()
}

fn is_read(it: &Disturbed, id: &str) -> bool {
    let now = it.app.now();
    now.activity().read().contains(now.account(id).unwrap())
}

/// An account of the first directory that has used something and that no earlier change has touched.
fn somebody_active(it: &Disturbed) -> String {
    let truth = it.app.truth();
    let inside = unmanaged(&truth, &it.app.directory());
    let active = |id: &&String| truth.users.iter().any(|user| user.account_id == **id && !user.last_active.is_empty());
    inside.iter().rev().find(active).unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a23_an_activity_that_was_not_told_is_unknown_and_never_none() {
    let it = disturbed(143, vec![]).await;
    let who = somebody_active(&it);
    let known = activity(&it, &who);
    assert!(!known.is_empty());
    let told = |value: Value| FaultKind::UnknownValue { field: "productAccess".to_owned(), value };
    let dated =
        |date: &str| told(json!([{ "key": "jira", "id": "ari:cloud:jira::site/odd", "lastActiveTimestamp": date }]));
    // Not told, or told so that it cannot be understood: what was known stays, and the claim says that it was not read.
    for kind in [
        FaultKind::DropField { field: "productAccess".to_owned() },
        FaultKind::NullField { field: "productAccess".to_owned() },
        dated("1970-01-01T00:00:00Z"),
        dated("last Tuesday"),
        dated(""),
    ] {
        it.app.simulator.set_faults(vec![Fault::on(USERS, kind.clone()).subject(&who).always()]);
        it.app.sync().await.unwrap();
        assert_eq!(activity(&it, &who), known, "{kind:?}");
        let (state, reason) = it.claim(Noun::Activity).await;
        assert_eq!(state, ClaimState::Partial, "{kind:?}");
        assert!(reason.contains("activity of 1 people"), "{kind:?}: {reason}");
    }
    let microseconds = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
    // A day without a time is that day; an instant ahead is cut to today, and said.
    for (date, at) in [("2026-11-03", "2026-11-03T00:00:00Z"), ("2031-01-01T12:00:00Z", "2026-11-20T00:00:00Z")] {
        it.app.simulator.set_faults(vec![Fault::on(USERS, dated(date)).subject(&who).always()]);
        it.app.sync().await.unwrap();
        assert_eq!(activity(&it, &who), [microseconds(at)], "{date}");
    }
    let warned = it.notes(NoteKind::Warning).await;
    assert!(warned.iter().any(|(subject, detail)| *subject == who && detail.contains("future")), "{warned:?}");
    // An empty list is read: never used since then.
    it.app.simulator.set_faults(vec![Fault::on(USERS, told(json!([]))).subject(&who).always()]);
    it.app.sync().await.unwrap();
    assert!(activity(&it, &who).is_empty() && is_read(&it, &who));
    assert_eq!(it.claim(Noun::Activity).await.0, ClaimState::Complete);
    it.assert_heals().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a23_apps_are_a_class_of_their_own() {
    let app = TestApp::start(Engine::Sqlite, &population(1_200, 146)).await;
    app.work().await.unwrap();
    let now = app.now();
    let (apps, people): (Vec<_>, Vec<_>) = app.truth().users.into_iter().partition(|user| user.account_type == "app");
    assert!(!apps.is_empty() && !people.is_empty());
    let kind = |id: &str| now.account_row(now.account(id).unwrap()).unwrap().account_type.cloned();
    assert!(apps.iter().all(|user| kind(&user.account_id) == Some(AccountType::App)));
    assert!(people.iter().all(|user| kind(&user.account_id) == Some(AccountType::Atlassian)));
    app.stop().await;
}

/// Somebody new whose activity has never been told is unknown, not never active.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a23_who_comes_without_an_activity_is_unknown() {
    let it = disturbed(144, vec![]).await;
    let user = NewUser { name: "New Here".to_owned(), email: "new.here@n.example".to_owned(), directory: None };
    let id = it.app.simulator.change(|organization| organization.add_user(&user).unwrap());
    let untold = FaultKind::DropField { field: "productAccess".to_owned() };
    it.app.simulator.set_faults(vec![Fault::on(USERS, untold).subject(&id).always()]);
    it.app.sync().await.unwrap();
    assert!(it.is_present(&id) && !is_read(&it, &id));
    it.app.simulator.set_faults(Vec::new());
    it.app.sync().await.unwrap();
    assert!(is_read(&it, &id), "read, and nothing used: never active");
    it.assert_heals().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a32_of_two_dates_for_one_app_the_newest_holds_and_the_difference_is_said() {
    let it = disturbed(145, vec![]).await;
    let who = somebody_active(&it);
    let app = "ari:cloud:jira::site/told-twice";
    let twice = |one: &str, other: &str| {
        let value = json!([
            { "key": "jira-software", "id": app, "lastActiveTimestamp": one },
            { "key": "jira", "id": app, "lastActiveTimestamp": other },
        ]);
        let kind = FaultKind::UnknownValue { field: "productAccess".to_owned(), value };
        vec![Fault::on(USERS, kind).subject(&who).always()]
    };
    let microseconds = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
    // The same day, once with a time and once without, under two names of the app: one app, and nothing to say.
    it.app.simulator.set_faults(twice("2026-11-10T15:00:00Z", "2026-11-10"));
    it.app.sync().await.unwrap();
    assert_eq!(activity(&it, &who), [microseconds("2026-11-10T15:00:00Z")]);
    assert_eq!(it.notes(NoteKind::Warning).await, []);
    // Days apart: the newest holds, in whatever order they come, and both are named.
    for (one, other) in [("2026-11-14T08:00:00Z", "2026-11-10"), ("2026-11-10", "2026-11-14T08:00:00Z")] {
        it.app.simulator.set_faults(twice(one, other));
        it.app.sync().await.unwrap();
        assert_eq!(it.app.run().await.state, RunState::Sealed);
        assert_eq!(activity(&it, &who), [microseconds("2026-11-14T08:00:00Z")]);
        let warned = it.notes(NoteKind::Warning).await;
        let said = warned.iter().find(|(subject, _)| *subject == who).map(|(_, detail)| detail.as_str());
        let said = said.unwrap_or_else(|| panic!("nothing was said: {warned:?}"));
        assert!(said.contains("2026-11-14T08:00:00Z") && said.contains("2026-11-10T00:00:00Z"), "{said}");
    }
    it.assert_heals().await;
}
