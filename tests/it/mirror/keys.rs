//! What is said to an organization key that opens nothing: each reason by itself, at the check and in a run that waits.

use jiff::Timestamp;
use rollcall::id::{Entropy, KeyId, OrganizationId};
use rollcall::nouns::organization_key::OrganizationKey;
use rollcall::nouns::refusal::Refusal;
use rollcall::nouns::run::RunState;
use rollcall::store::organization_keys::{self, SealingKey};
use rollcall::store::{jobs, tx::Tx};
use simulator::{Fault, FaultKind};

use crate::support::app::{Engine, TestApp, population};

async fn app(seed: u64) -> TestApp {
    TestApp::start(Engine::Sqlite, &population(30, seed)).await
}

/// What the check says to a key, at the address of the organization or another one.
async fn said(app: &TestApp, base: &str, key: &str) -> Refusal {
    let refusal = app.connector.check(base, key).await.unwrap_err();
    assert!(!refusal.to_string().contains(key), "the key is not repeated");
    refusal
}

#[tokio::test(flavor = "multi_thread")]
async fn a7_each_reason_to_refuse_a_key_has_its_own_sentence_and_next_step() {
    let app = app(31).await;
    let (simulator, base) = (&app.simulator, app.simulator.base_url());
    let key = simulator.api_key();
    assert!(app.connector.check(&base, &key).await.is_ok());

    let wrong = said(&app, &base, "ATCTT3xFfGN0-wrong").await;
    assert!(wrong.why.contains("not known there") && wrong.next.contains("Copy the whole key"), "{wrong}");
    let token = said(&app, &base, &simulator.sites()[0].token).await;
    assert!(token.why.contains("API token of a user") && token.next.contains("Settings, Sites"), "{token}");
    let scoped = said(&app, &base, &simulator.scoped_api_key()).await;
    assert!(scoped.why.contains("with scopes") && scoped.why.contains("manage:org"), "{scoped}");
    assert!(scoped.next.contains("without scopes"), "{scoped}");
    let spaced = said(&app, &base, "two words").await;
    assert!(spaced.why.contains("such as a space"), "{spaced}");

    simulator.demote_api_key();
    let demoted = said(&app, &base, &key).await;
    assert!(demoted.why.contains("not an organization admin") && demoted.next.contains("role"), "{demoted}");

    let html = Fault::on("/admin/v1/orgs", FaultKind::Html).always();
    simulator.set_faults(vec![html]);
    let proxy = said(&app, &base, &key).await;
    assert!(proxy.what.contains("could not be checked") && proxy.why.contains("page for people"), "{proxy}");
    simulator.set_faults(vec![Fault::on("/admin/v1/orgs", FaultKind::status(503)).always()]);
    let broken = said(&app, &base, &key).await;
    assert!(broken.what.contains("could not be checked") && broken.why.contains("503"), "{broken}");
    simulator.set_faults(Vec::new());

    let reset = app.clock.now() + jiff::SignedDuration::from_mins(9);
    let limited = FaultKind::RateLimited { retry_after: Some("540".to_owned()), reset: Some(reset.to_string()) };
    simulator.set_faults(vec![Fault::on("/admin/v1/orgs", limited).always()]);
    let throttled = said(&app, &base, &key).await;
    assert!(throttled.why.contains("no more requests until 09:09"), "{throttled}");
    assert!(throttled.next.contains("Check it again"), "{throttled}");
    assert!(app.clock.now() < reset, "whoever waits before a page does not wait nine minutes");

    let nowhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let unreachable = said(&app, &format!("http://{nowhere}"), &key).await;
    assert!(unreachable.why.contains("could not be reached: no connection"), "{unreachable}");
    assert!(unreachable.next.contains("network"), "{unreachable}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_another_organization_takes_no_others_place() {
    let app = app(32).await;
    // Another organization at the same address, as at Atlassian, where there is one address for all of them.
    let other = rollcall::nouns::organization::Organization {
        id: OrganizationId::new(&app.surroundings.entropy, app.clock.now()),
        atlassian_id: "another".to_owned(),
        name: "Another organization".to_owned(),
        ..app.mirror.organization().clone()
    };
    let other = app.mirrors.create(other).await.unwrap();
    let refusal = app.connector.check_successor(&other, &app.simulator.api_key()).await.unwrap_err();
    assert!(refusal.what.contains("not replaced"), "{refusal}");
    assert!(refusal.why.contains(&format!("another organization, {}", app.simulator.organization_name())), "{refusal}");
    assert!(refusal.next.contains("settings of Another organization"), "{refusal}");
    assert!(app.connector.check_successor(&app.mirror, &app.simulator.api_key()).await.is_ok());
    app.stop().await;
}

/// Lets a run meet a key and tells why it waits; it goes on when the key is good again.
async fn waits_because(app: &TestApp) -> String {
    app.ask().await;
    let ended = app.work().await.unwrap_err();
    let run = app.run().await;
    assert_eq!(run.state, RunState::Waiting, "{ended}");
    run.waiting.unwrap().reason
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_meets_a_refused_key_says_which_refusal_and_waits_for_another_key() {
    let app = app(33).await;
    app.work().await.unwrap();
    app.simulator.demote_api_key();
    let demoted = waits_because(&app).await;
    assert!(demoted.contains("not an organization admin any more"), "{demoted}");
    let over = app.clock.now() - jiff::SignedDuration::from_hours(1);
    let expired = stored(&app, app.simulator.api_key(), Some(over)).await;
    assert!(expired.contains("expired on 20 Nov 2026") && expired.contains("Replace the key"), "{expired}");
    let wrong = stored(&app, "ATCTT3xFfGN0-wrong".to_owned(), None).await;
    assert!(wrong.contains("wrong, expired or revoked"), "{wrong}");
    // With scopes some of it may be read: the run ends, and each gap says why nothing was believed there.
    store(&app, app.simulator.scoped_api_key(), None).await;
    app.ask().await;
    app.work().await.unwrap();
    let gaps = app.gaps().await;
    assert!(gaps.iter().any(|gap| gap.starts_with("accounts") && gap.contains("made with scopes")), "{gaps:?}");
    let good = app.simulator.rotate_api_key();
    assert_ne!(good, "");
    app.replace_key().await;
    app.sync().await.unwrap();
    assert_eq!(app.gaps().await, Vec::<String>::new());
    app.stop().await;
}

/// Puts a key in place and tells why the run waits for another.
async fn stored(app: &TestApp, secret: String, expires_at: Option<Timestamp>) -> String {
    store(app, secret, expires_at).await;
    waits_because(app).await
}

/// Puts a key in place unchecked, as one that was good once.
async fn store(app: &TestApp, secret: String, expires_at: Option<Timestamp>) {
    let now = app.clock.now();
    let key = OrganizationKey {
        id: KeyId::new(&app.surroundings.entropy, now),
        label: "once good".to_owned(),
        last_four: "good".to_owned(),
        entered_by: "test".to_owned(),
        entered_at: now,
        expires_at,
    };
    let organization = app.mirror.organization().id.clone();
    let put = move |tx: &mut Tx| {
        let how = (&SealingKey::new([7; 32]), &Entropy::seeded(5));
        organization_keys::replace(tx, &organization, &key, &secret, how)?;
        jobs::make_due(tx, now)
    };
    app.mirror.store().write(put).await.unwrap();
}
