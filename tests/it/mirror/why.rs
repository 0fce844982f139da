//! *Why don't I see someone?*: each answer, found in the mirror, its history, or at Atlassian.

use directory::AccountId;
use rollcall::mirror::why::{Sought, Standing};
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::run::RunKind;
use rollcall::nouns::scope::{Scope, Targets};
use rollcall::sync::customers::{CustomersRead, read_customers};
use rollcall::sync::request::{self, Ask};
use rollcall::sync::schedule;
use rollcall::sync::sites::{self, EnteredToken};
use rollcall::sync::why::{Answer, why};
use simulator::{Fault, FaultKind, NewUser, Options, Population};

use crate::support::app::{ENGINES, Engine, TestApp, population};

const EVERY_DIRECTORY: &str = "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/search";

async fn ask(app: &TestApp, who: &str, filter: &str, status: &str) -> Answer {
    let sought = Sought { who: who.to_owned(), filter: filter.to_owned(), status: status.to_owned() };
    let zone = schedule::zone(&app.mirror);
    why(&app.mirror, Some(&app.connector), &sought, (app.clock.now(), &zone)).await.unwrap()
}

fn standing(answer: Answer) -> Standing {
    match answer {
        Answer::Known { standing, .. } => standing,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_is_shown_hidden_not_yet_synced_and_removed() {
    for engine in ENGINES {
        let app = TestApp::start(engine, &population(40, 61)).await;
        app.work().await.unwrap();
        let new = NewUser { name: "Ravi Late".into(), email: "ravi.late@acme.example".into(), directory: None };
        let id = app.simulator.change(|organization| organization.add_user(&new)).unwrap();

        // Atlassian has them, the mirror does not: by address and by id.
        for who in ["Ravi.Late@acme.example", id.as_str()] {
            let answer = ask(&app, who, "", "").await;
            assert!(
                matches!(&answer, Answer::NotYetSynced { account_id, removed: None, .. } if account_id.as_str() == id),
                "{answer:?}"
            );
        }
        assert_eq!(ask(&app, "nobody@acme.example", "", "").await, Answer::NotInOrganization);
        assert!(matches!(ask(&app, "Ravi Late", "", "").await, Answer::NotAsked { .. }), "a name is no address");

        // Reading that one person shows them.
        let context = Context { actor: Actor::CommandLine, now: app.clock.now() };
        let targets = Targets { people: vec![AccountId::new(&id).unwrap()], groups: Vec::new() };
        let scoped = Ask::scoped(RunKind::Browser, Scope::Targeted(targets));
        request::start(&context, &app.mirror, scoped, (None, &app.surroundings.entropy)).await.unwrap();
        app.work().await.unwrap();
        app.simulator.clear_ledger();
        let of = app.now().present().len();
        assert!(
            matches!(standing(ask(&app, &id, "", "").await), Standing::Shown { row, of: all } if row <= of && all == of)
        );
        assert_eq!(
            standing(ask(&app, "ravi late", "name = \"Ravi Late\"", "active").await),
            Standing::Shown { row: 1, of: 1 }
        );

        // Two terms of three hide them, and the status; each list without one still lacks the other.
        let filter = "status = active AND name ~ zzz AND NOT email ~ ravi ORDER BY email";
        let Standing::Hidden(terms) = standing(ask(&app, &id, filter, "suspended").await) else { panic!("shown") };
        let said: Vec<&str> = terms.iter().map(|hiding| hiding.term.as_str()).collect();
        assert_eq!(said, ["name ~ zzz", "NOT email ~ ravi", "Status: suspended"]);
        assert_eq!(terms[0].without.filter, "status = active AND NOT email ~ ravi ORDER BY email");
        assert_eq!((terms[0].without.status.as_str(), terms[2].without.status.as_str()), ("suspended", ""));
        let Standing::Hidden(terms) = standing(ask(&app, &id, "mfa = true OR jobTitle = x", "").await) else {
            panic!("shown")
        };
        assert_eq!(terms.len(), 1, "an OR is one term: {terms:?}");
        assert_eq!(app.requests(), 0, "whom the mirror shows nobody is asked for");

        // Gone, with the day and the run; back again, and not read yet.
        app.simulator.change(|organization| organization.remove_user(&id)).unwrap();
        app.sync().await.unwrap();
        let run = app.run().await;
        let Standing::Removed { seen: Some(seen) } = standing(ask(&app, &id, "", "").await) else { panic!("there") };
        assert_eq!((seen.number, &seen.run, Some(seen.at)), (run.number, &run.id, run.ended_at));
        app.simulator.change(|organization| organization.add_account(&id, &new)).unwrap();
        let back = ask(&app, "ravi.late@acme.example", "", "").await;
        assert!(matches!(&back, Answer::NotYetSynced { removed: Some(removed), .. } if *removed == seen), "{back:?}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_key_may_not_read_and_what_does_not_answer_is_said() {
    let population = Population { directories: 2, ..population(60, 62) };
    let app = TestApp::start(Engine::Sqlite, &population).await;
    app.work().await.unwrap();
    // The question to all directories at once comes first, then one to each.
    app.simulator.set_faults(vec![Fault::on(EVERY_DIRECTORY, FaultKind::status(403)).attempts(3..=3)]);
    let Answer::Unreadable(unread) = ask(&app, "nobody@acme.example", "", "").await else { panic!("read") };
    assert!(
        unread.len() == 1 && !unread[0].directory.is_empty() && unread[0].reason.contains("does not let this key read"),
        "{unread:?}"
    );
    app.simulator.set_faults(vec![Fault::on(EVERY_DIRECTORY, FaultKind::status(500)).always()]);
    let Answer::NotAsked { reason } = ask(&app, "nobody@acme.example", "", "").await else { panic!("asked") };
    assert!(reason.contains("failed to answer"), "{reason}");
    app.simulator.set_faults(Vec::new());
    app.simulator.expire_api_key();
    let Answer::NotAsked { reason } = ask(&app, "nobody@acme.example", "", "").await else { panic!("asked") };
    assert!(reason.contains("Replace the key"), "{reason}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_of_a_portal_is_found_with_the_token_of_the_site() {
    let options = Options { own_site_addresses: true, ..Options::default() };
    let app = TestApp::start_with(Engine::Sqlite, &population(60, 63), options).await;
    app.work().await.unwrap();
    let customer = app.simulator.read(|organization| {
        organization
            .customers()
            .iter()
            .find(|customer| customer.active && !customer.hidden && customer.email.contains(".0."))
            .cloned()
    });
    let customer = customer.unwrap();
    assert_eq!(ask(&app, &customer.email, "", "").await, Answer::NotInOrganization, "no token, no look");
    let site = app.simulator.sites().remove(customer.site);
    let entered = EnteredToken {
        cloud_id: site.cloud_id.clone(),
        email: site.user.clone(),
        token: site.token.clone(),
        expires_at: None,
    };
    let context = Context { actor: Actor::CommandLine, now: app.clock.now() };
    let checked = sites::check(&app.connector, &app.mirror, &entered).await.unwrap();
    sites::save(&app.connector, &context, &app.mirror, (&entered, &checked)).await.unwrap();
    for who in [&customer.email, &customer.account_id] {
        assert_eq!(ask(&app, who, "", "").await, Answer::PortalCustomer { site: site.name.clone() }, "{who}");
    }
    // Once the site was read, they are known without asking it.
    let read = read_customers(&context, &app.connector, &app.mirror, &site.cloud_id).await.unwrap();
    assert!(matches!(&read, CustomersRead::Read(reading) if reading.parts.are_complete()), "{read:?}");
    app.simulator.expire_api_key();
    let read = ask(&app, &customer.email.to_ascii_uppercase(), "", "").await;
    assert_eq!(read, Answer::PortalCustomer { site: site.name.clone() });
    app.stop().await;
}
