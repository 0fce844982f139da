//! A site's credential from its entry to its removal, and everything that a site may answer to it.

use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::refusal::Refusal;
use rollcall::nouns::site::Site;
use rollcall::nouns::site_credential::{Door, Granted, SiteCredential};
use rollcall::store::{events, site_credentials};
use rollcall::sync::sites::{self, EnteredToken};
use simulator::{Fault, FaultKind, Options};

use crate::support::app::{ENGINES, Engine, TestApp, population};

const MYSELF: &str = "/rest/api/3/myself";

/// An organization that was read once, whose sites are at the simulator.
async fn app(engine: Engine, seed: u64) -> TestApp {
    let options = Options { own_site_addresses: true, ..Options::default() };
    let app = TestApp::start_with(engine, &population(60, seed), options).await;
    app.work().await.unwrap();
    app.simulator.clear_ledger();
    app
}

fn entered(site: &simulator::Site) -> EnteredToken {
    EnteredToken {
        cloud_id: site.cloud_id.clone(),
        email: site.user.clone(),
        token: site.token.clone(),
        expires_at: None,
    }
}

fn context(app: &TestApp) -> Context {
    Context { actor: Actor::CommandLine, now: app.clock.now() }
}

async fn in_use(app: &TestApp) -> Vec<SiteCredential> {
    app.mirror.store().read(site_credentials::in_use).await.unwrap()
}

async fn refusal(app: &TestApp, entered: &EnteredToken) -> Refusal {
    let refusal = sites::check(&app.connector, &app.mirror, entered).await.unwrap_err();
    assert!(!refusal.to_string().contains(&entered.token), "the token is not repeated");
    assert_eq!(in_use(app).await, [], "nothing is stored by a check");
    refusal
}

/// Checks and saves.
async fn save(app: &TestApp, entered: &EnteredToken) {
    let checked = sites::check(&app.connector, &app.mirror, entered).await.unwrap();
    sites::save(&app.connector, &context(app), &app.mirror, (entered, &checked)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_checked_saved_replaced_checked_again_and_removed() {
    for engine in ENGINES {
        let app = app(engine, 41).await;
        let site = app.simulator.sites().remove(0);
        let entered = entered(&site);
        let checked = sites::check(&app.connector, &app.mirror, &entered).await.unwrap();
        assert_eq!((checked.site.name.as_str(), checked.standing.door), (site.name.as_str(), Door::Address));
        assert!(checked.standing.rights.iter().all(|(_, granted)| *granted == Granted::Yes), "{checked:?}");
        assert_eq!(checked.standing.rights.len(), 4);
        assert_eq!(in_use(&app).await, []);
        save(&app, &entered).await;
        let first = in_use(&app).await.remove(0);
        assert_eq!((&first.cloud_id, &first.email), (&site.cloud_id, &site.user));
        assert!(site.token.ends_with(&first.last_four) && first.last_four.len() == 4);

        // One with scopes takes its place; it is taken behind the gateway alone.
        let scoped = EnteredToken { token: site.scoped_token.clone(), ..entered.clone() };
        save(&app, &scoped).await;
        let second = in_use(&app).await;
        assert_eq!(second.len(), 1);
        assert_eq!((second[0].standing.door, second[0].id != first.id), (Door::Gateway, true));

        // The site refuses it later: that is named, and what it could read before stays known.
        app.simulator.set_faults(vec![Fault::on(MYSELF, FaultKind::status(401)).always()]);
        assert!(sites::check_again(&app.connector, &app.mirror, &site.cloud_id).await.unwrap());
        let refused = in_use(&app).await.remove(0).standing;
        assert!(refused.refused.as_deref().unwrap().contains("revoked"), "{refused:?}");
        assert_eq!(refused.rights, second[0].standing.rights);
        app.simulator.set_faults(Vec::new());
        sites::check_again(&app.connector, &app.mirror, &site.cloud_id).await.unwrap();
        assert_eq!(in_use(&app).await[0].standing.refused, None);

        assert!(sites::remove(&app.connector, &context(&app), &app.mirror, &site.cloud_id).await.unwrap());
        assert!(!sites::remove(&app.connector, &context(&app), &app.mirror, &site.cloud_id).await.unwrap());
        assert!(!sites::check_again(&app.connector, &app.mirror, &site.cloud_id).await.unwrap());
        let told = app.mirror.store().read(|tx| events::newest(tx, i64::MAX, 3)).await.unwrap();
        let kinds: Vec<&str> = told.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["site_credential.removed", "site_credential.replaced", "site_credential.saved"]);
        assert!(told.iter().all(|event| !event.detail.contains('@') && event.actor == "command line"), "{told:?}");
        app.assert_sound().await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_token_may_not_read_is_named_right_by_right() {
    let app = app(Engine::Sqlite, 42).await;
    let entered = entered(&app.simulator.sites()[0]);
    let forbidden = |path: &str| Fault::on(path, FaultKind::status(403)).always();
    let desks = "/rest/servicedeskapi/servicedesk";
    let customers = "/rest/servicedeskapi/servicedesk/{n}/customer";
    let organizations = "/rest/servicedeskapi/organization";
    let users = "/rest/api/3/users/search";
    let (yes, no) = (Granted::Yes, Granted::No);
    for (faults, expected) in [
        (vec![forbidden(customers)], [yes, yes, no, yes]),
        (vec![forbidden(users)], [no, yes, yes, yes]),
        (
            vec![forbidden(desks), Fault::on(organizations, FaultKind::status(404)).always()],
            [yes, no, no, Granted::NothingThere],
        ),
        (vec![Fault::on(users, FaultKind::Garbage).always()], [Granted::Unknown, yes, yes, yes]),
    ] {
        app.simulator.set_faults(faults);
        let checked = sites::check(&app.connector, &app.mirror, &entered).await.unwrap();
        let granted: Vec<Granted> = checked.standing.rights.iter().map(|(_, granted)| *granted).collect();
        assert_eq!(granted, expected);
    }
    app.simulator.set_faults([users, desks, organizations].map(forbidden).into());
    let nothing = refusal(&app, &entered).await;
    assert!(nothing.why.contains("may read nothing"), "{nothing}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_refusal_of_a_site_has_its_own_sentence_and_the_token_goes_nowhere_else() {
    let app = app(Engine::Sqlite, 43).await;
    let all = app.simulator.sites();
    let good = entered(&all[0]);
    let with = |token: &str| EnteredToken { token: token.to_owned(), ..good.clone() };

    let wrong = refusal(&app, &with("ATATT3xFfGF0-wrong")).await;
    assert!(wrong.why.contains("one of both is wrong") && wrong.next.contains("whole token"), "{wrong}");
    let key = refusal(&app, &with(&app.simulator.api_key())).await;
    assert!(key.why.contains("organization API key") && key.next.contains("id.atlassian.com"), "{key}");
    let neighbour = refusal(&app, &with(&all[1].token)).await;
    assert_eq!(neighbour.why, wrong.why, "the token of another site");
    let spaced = refusal(&app, &with("two words")).await;
    assert!(spaced.why.contains("such as a space"), "{spaced}");
    let nobody = refusal(&app, &EnteredToken { email: "a:b@x".to_owned(), ..good.clone() }).await;
    assert!(nobody.why.contains("e-mail address"), "{nobody}");

    // A site that is none of the organization's is not even asked.
    app.simulator.clear_ledger();
    let foreign = refusal(&app, &EnteredToken { cloud_id: "c-of-somebody-else".to_owned(), ..good.clone() }).await;
    assert!(foreign.why.contains("no site of the organization"), "{foreign}");
    assert_eq!(app.simulator.ledger().len(), 0);

    let elsewhere = FaultKind::Redirect { location: "http://127.0.0.1:9/rest/api/3/myself".to_owned() };
    for (kind, says) in [
        (FaultKind::status(403), "may not use Jira"),
        (elsewhere, "leads to 127.0.0.1:9"),
        (FaultKind::Html, "page for people"),
        (FaultKind::Garbage, "could not be read"),
        (FaultKind::status(503), "503"),
        (FaultKind::Truncate { bytes: 9 }, "broke off"),
        (FaultKind::CloseBeforeEffect, "closed the connection"),
        (FaultKind::RateLimited { retry_after: Some("600".to_owned()), reset: None }, "no more requests until"),
    ] {
        app.simulator.set_faults(vec![Fault::on(MYSELF, kind.clone()).always()]);
        let said = refusal(&app, &good).await;
        assert!(said.why.contains(says), "{kind:?}: {said}");
    }
    app.simulator.set_faults(Vec::new());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_waits_until_the_site_has_said_that_it_is_the_one() {
    let app = app(Engine::Sqlite, 44).await;
    let all = app.simulator.sites();
    let good = entered(&all[0]);
    let known = Site::all(&app.now()).into_iter().find(|site| site.cloud_id == all[0].cloud_id).unwrap();
    assert_eq!(known.address.as_deref(), Some(all[0].url.as_str()), "its workspaces name it");
    let value = serde_json::json!(all[1].cloud_id);
    let tenant = "/site/{s}/_edge/tenant_info";
    for kind in [
        FaultKind::UnknownValue { field: "cloudId".to_owned(), value },
        FaultKind::Html,
        FaultKind::status(404),
        FaultKind::Redirect { location: "http://127.0.0.1:9/".to_owned() },
    ] {
        app.simulator.clear_ledger();
        app.simulator.set_faults(vec![Fault::on(tenant, kind.clone()).always()]);
        let said = refusal(&app, &good).await;
        assert!(said.what.contains("could not be checked"), "{kind:?}: {said}");
        let asked = app.simulator.ledger();
        assert!(asked.iter().all(|exchange| exchange.template == tenant), "{kind:?}: {asked:?}");
    }
    app.stop().await;
}
