//! The users and customers of a site as the site itself lists them: read whole they are what the site has, read in parts
//! they take nobody away.

use std::collections::BTreeSet;

use atlassian::config::Limits;
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::run::{NoteKind, RunKind};
use rollcall::nouns::site_account::{SiteAccount, SiteAccountKind};
use rollcall::nouns::site_reading::{PartState, ReadingState, SiteReading};
use rollcall::store::{site_accounts, site_readings};
use rollcall::sync::customers::{AccountsRead, CustomersRead, read_accounts, read_customers};
use rollcall::sync::request::{self, Ask};
use rollcall::sync::sites::{self, EnteredToken};
use simulator::{Customer, Fault, FaultKind, Options};

use crate::support::app::{ENGINES, Engine, TestApp, population};

const USERS: &str = "/rest/api/3/users/search";
const BY_IDS: &str = "/rest/api/3/user/bulk";
const MYSELF: &str = "/rest/api/3/myself";
const DESKS: &str = "/rest/servicedeskapi/servicedesk";
const DESK_CUSTOMERS: &str = "/rest/servicedeskapi/servicedesk/{n}/customer";
const ORGANIZATIONS: &str = "/rest/servicedeskapi/organization";
const MEMBERS: &str = "/rest/servicedeskapi/organization/{n}/user";

/// An organization that was read once, with more customers than a page holds, and the token of its first site entered.
pub(super) async fn app(engine: Engine, seed: u64) -> TestApp {
    let options = Options { own_site_addresses: true, ..Options::default() };
    let app = TestApp::start_with(engine, &population(120, seed), options).await;
    app.simulator.change(|organization| {
        let firm = organization.add_customer_organization(0, "Large & Co");
        for number in 0..70 {
            let account = organization.add_customer(0, &format!("Customer {number}"), &format!("c{number}@mail.test"));
            organization.join_customer_organization(firm, &account.unwrap());
        }
    });
    app.work().await.unwrap();
    enter_token(&app, 0).await;
    app.simulator.clear_ledger();
    app
}

pub(super) fn context(app: &TestApp) -> Context {
    Context { actor: Actor::CommandLine, now: app.clock.now() }
}

async fn enter_token(app: &TestApp, site: usize) {
    let site = app.simulator.sites().remove(site);
    let (cloud_id, email, token) = (site.cloud_id, site.user, site.token);
    let entered = EnteredToken { cloud_id, email, token, expires_at: None };
    let checked = sites::check(&app.connector, &app.mirror, &entered).await.unwrap();
    sites::save(&app.connector, &context(app), &app.mirror, (&entered, &checked)).await.unwrap();
}

pub(super) fn site(app: &TestApp) -> String {
    app.simulator.sites()[0].cloud_id.clone()
}

async fn read(app: &TestApp) -> SiteReading {
    match read_customers(&context(app), &app.connector, &app.mirror, &site(app)).await.unwrap() {
        CustomersRead::Read(reading) => reading,
        other => panic!("{other:?}"),
    }
}

async fn all(app: &TestApp) -> Vec<SiteAccount> {
    app.mirror.store().read(site_accounts::all).await.unwrap()
}

/// Somebody of the site, as far as it is kept.
type Shown = (String, String, Option<String>, bool, Vec<String>);

/// The customers whom the site has.
fn customers_there(app: &TestApp) -> BTreeSet<Shown> {
    app.simulator.read(|organization| {
        let firms = organization.customer_organizations();
        let of = |customer: &Customer| {
            let mut firms: Vec<String> = (firms.iter())
                .filter(|(id, site, _)| {
                    *site == 0 && organization.customers_of_organization(*id).contains(&customer.account_id)
                })
                .map(|(id, ..)| id.to_string())
                .collect();
            firms.sort();
            let email = (!customer.hidden).then(|| customer.email.clone());
            (customer.account_id.clone(), customer.name.clone(), email, customer.active, firms)
        };
        let is_there = |customer: &&Customer| customer.site == 0 && customer.name != "Former user";
        organization.customers().iter().filter(is_there).map(of).collect()
    })
}

/// The customers whom the readings know.
async fn customers_known(app: &TestApp) -> BTreeSet<Shown> {
    let there = all(app).await.into_iter().filter(|on| on.gone_at.is_none() && on.kind == SiteAccountKind::Customer);
    there.map(|on| (on.account_id, on.name, on.email, on.active, on.organizations)).collect()
}

/// Who is gone, by the name they had.
async fn gone(app: &TestApp) -> Vec<String> {
    all(app).await.into_iter().filter(|on| on.gone_at.is_some()).map(|on| on.name).collect()
}

/// The accounts of some customers, by name.
fn named(app: &TestApp, name: &str) -> String {
    let find = |organization: &simulator::Organization| {
        organization.customers().iter().find(|on| on.name == name).map(|on| on.account_id.clone())
    };
    app.simulator.read(find).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_read_of_a_site_is_what_the_site_has_day_after_day() {
    for engine in ENGINES {
        let app = app(engine, 141).await;
        let first = read(&app).await;
        assert_eq!((first.state, first.reason.as_deref(), first.number), (ReadingState::Complete, None, 1));
        assert!(first.parts.are_complete());
        let there = customers_there(&app);
        assert_eq!(customers_known(&app).await, there);
        assert_eq!(first.counts.customers, there.len() as u64);
        assert!(there.len() > 70 && there.iter().any(|(.., firms)| !firms.is_empty()));
        let truth = app.truth();
        let users: BTreeSet<&str> = (truth.users.iter())
            .filter(|user| !user.directories.is_empty())
            .map(|user| user.account_id.as_str())
            .collect();
        let known = all(&app).await;
        let listed: BTreeSet<&str> = (known.iter())
            .filter(|on| on.listed.users && on.kind != SiteAccountKind::Customer)
            .map(|on| on.account_id.as_str())
            .collect();
        assert_eq!(listed, users);
        assert!(known.iter().any(SiteAccount::is_jira_user) && !known.iter().any(|on| on.gone_at.is_some()));
        assert_eq!(first.requests, app.requests());
        assert!(first.requests < 20, "{}", first.requests);

        // What happens on the site over a day.
        app.clock.advance(std::time::Duration::from_secs(86_400));
        let firm = app.simulator.change(|organization| {
            let by = |name: &str| {
                organization.customers().iter().find(|on| on.name == name).map(|on| on.account_id.clone()).unwrap()
            };
            let ids: Vec<String> = (0..8).map(|number| by(&format!("Customer {number}"))).collect();
            organization.rename_customer(&ids[0], "Ada Renamed").unwrap();
            organization.change_customer_email(&ids[1], "moved@mail.test").unwrap();
            organization.hide_customer_email(&ids[2]).unwrap();
            organization.deactivate_customer(&ids[3]).unwrap();
            organization.delete_customer(&ids[4]).unwrap();
            organization.anonymize_customer(&ids[5]).unwrap();
            let firm = organization.customer_organizations().into_iter().find(|firm| firm.2 == "Large & Co").unwrap();
            organization.leave_customer_organization(firm.0, &ids[6]);
            organization.add_customer(0, "Newcomer", "new@mail.test").unwrap();
            let gone = organization.customer_organizations().into_iter().find(|firm| firm.2 == "Northwind").unwrap();
            organization.delete_customer_organization(gone.0);
            gone.0
        });
        let second = read(&app).await;
        assert_eq!((second.state, second.counts.gone, second.number), (ReadingState::Complete, 2, 2));
        assert_eq!(customers_known(&app).await, customers_there(&app));
        assert_eq!(
            gone(&app).await.into_iter().collect::<BTreeSet<_>>(),
            ["Customer 4", "Customer 5"].map(str::to_owned).into()
        );
        let organizations = app.mirror.store().read(site_accounts::organizations).await.unwrap();
        let ended: Vec<&str> =
            organizations.iter().filter(|of| of.gone_at.is_some()).map(|of| of.id.as_str()).collect();
        assert_eq!(ended, [firm.to_string()]);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a19_an_address_that_goes_to_another_customer_leaves_both_accounts_who_they_were() {
    let app = app(Engine::Sqlite, 142).await;
    read(&app).await;
    let (one, other) = (named(&app, "Customer 1"), named(&app, "Customer 2"));
    app.simulator.change(|organization| {
        organization.change_customer_email(&one, "elsewhere@mail.test").unwrap();
        organization.change_customer_email(&other, "c1@mail.test").unwrap();
    });
    read(&app).await;
    let known = all(&app).await;
    let of = |id: &str| {
        let found = known.iter().find(|on| on.account_id == id).unwrap();
        (found.name.clone(), found.email.clone().unwrap(), found.gone_at)
    };
    assert_eq!(of(&one), ("Customer 1".to_owned(), "elsewhere@mail.test".to_owned(), None));
    assert_eq!(of(&other), ("Customer 2".to_owned(), "c1@mail.test".to_owned(), None));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a20_a_customer_who_became_a_user_is_two_accounts_with_one_address() {
    let app = app(Engine::Sqlite, 143).await;
    let (id, email) = (named(&app, "Customer 3"), "c3@mail.test");
    let user = simulator::NewUser { name: "Customer 3".to_owned(), email: email.to_owned(), directory: None };
    let account = app.simulator.change(|organization| organization.add_user(&user)).unwrap();
    read(&app).await;
    let known = all(&app).await;
    let same: BTreeSet<&str> =
        known.iter().filter(|on| on.name == "Customer 3").map(|on| on.account_id.as_str()).collect();
    assert_eq!(same, BTreeSet::from([id.as_str(), account.as_str()]));
    let kinds = |id: &str| known.iter().find(|on| on.account_id == id).map(|on| (on.is_customer(), on.is_jira_user()));
    assert_eq!((kinds(&id), kinds(&account)), (Some((true, false)), Some((false, true))));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reading_in_parts_takes_nobody_off_what_it_did_not_read_and_says_why() {
    let always = |path: &str, kind: FaultKind| Fault::on(path, kind).always();
    let (complete, partial, unread) = (PartState::Complete, PartState::Partial, PartState::Unread);
    for (engine, fault, says, parts) in [
        (Engine::Postgres, always(USERS, FaultKind::status(403)), "may not read Jira's users", [unread, complete]),
        (Engine::Sqlite, always(USERS, FaultKind::Truncate { bytes: 40 }), "broke off", [unread, complete]),
        (
            Engine::Sqlite,
            always(DESK_CUSTOMERS, FaultKind::status(403)),
            "the customers of a service desk",
            [complete, partial],
        ),
        (Engine::Sqlite, always(DESK_CUSTOMERS, FaultKind::Html), "page for people", [complete, partial]),
        (Engine::Sqlite, always(DESK_CUSTOMERS, FaultKind::EmptyPageWithNext), "has no end", [complete, partial]),
        (
            Engine::Sqlite,
            always(ORGANIZATIONS, FaultKind::CloseBeforeEffect),
            "could not be reached",
            [complete, complete],
        ),
        (Engine::Sqlite, always(BY_IDS, FaultKind::status(403)), "could not be asked for by id", [partial, partial]),
        (Engine::Postgres, always(BY_IDS, FaultKind::EmptyList), "left out even the owner", [partial, partial]),
    ] {
        let app = app(engine, 144).await;
        read(&app).await;
        let before = all(&app).await;
        app.simulator.change(|organization| {
            for customer in organization.customers().to_vec() {
                organization.delete_customer(&customer.account_id).unwrap();
            }
        });
        app.simulator.set_faults(vec![fault.clone()]);
        let reading = read(&app).await;
        let reason = reading.reason.clone().unwrap_or_default();
        assert!(reading.state == ReadingState::Partial && reason.contains(says), "{fault:?} {reading:?}");
        assert_eq!([reading.parts.users, reading.parts.desks], parts, "{fault:?}");
        // Who was on the list that was not read is there; nobody but them can be.
        let there = customers_known(&app).await;
        let held = |on: &&SiteAccount| match fault.path.as_str() {
            DESK_CUSTOMERS => on.listed.desks,
            ORGANIZATIONS => on.listed.organizations,
            _ => true,
        };
        let held = before.iter().filter(|on| on.kind == SiteAccountKind::Customer).filter(held).count();
        assert_eq!(there.len(), held, "{fault:?}");

        app.simulator.set_faults(Vec::new());
        app.clock.advance(std::time::Duration::from_secs(3600));
        let last = read(&app).await;
        assert_eq!((last.state, last.counts.gone), (ReadingState::Complete, there.len() as u64), "{fault:?}");
        assert_eq!(customers_known(&app).await, BTreeSet::new());
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_lists_leave_out_is_asked_for_by_id_and_stays() {
    let app = app(Engine::Sqlite, 145).await;
    read(&app).await;
    let before = all(&app).await;
    let empty = |path: &str| Fault::on(path, FaultKind::EmptyList).always();
    app.simulator.set_faults([USERS, DESK_CUSTOMERS, MEMBERS].map(empty).into());
    let reading = read(&app).await;
    assert_eq!((reading.state, reading.counts.gone), (ReadingState::Complete, 0), "{reading:?}");
    let after = all(&app).await;
    assert_eq!(after.len(), before.len());
    assert!(after.iter().all(|on| on.gone_at.is_none()));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_refused_is_named_and_a_site_without_one_is_not_read() {
    let app = app(Engine::Sqlite, 146).await;
    let south = app.simulator.sites()[1].cloud_id.clone();
    let refused = read_customers(&context(&app), &app.connector, &app.mirror, &south).await.unwrap();
    let CustomersRead::NotRead(refusal) = refused else { panic!("{refused:?}") };
    assert!(refusal.why.contains("No token") && refusal.next.contains("Settings, Sites"), "{refusal}");
    let refusing = |path: &str| Fault::on(path, FaultKind::status(401)).always();
    app.simulator.set_faults([USERS, BY_IDS, DESKS, ORGANIZATIONS, MYSELF].map(refusing).into());
    let reading = read(&app).await;
    assert!(reading.reason.as_deref().unwrap().contains("does not take the token"), "{reading:?}");
    assert_eq!(reading.parts.users, PartState::Unread);
    // The page of the sites says it too, and nothing is sent with that token until it is checked again.
    app.simulator.clear_ledger();
    let again = read_customers(&context(&app), &app.connector, &app.mirror, &site(&app)).await.unwrap();
    assert!(matches!(&again, CustomersRead::NotRead(refusal) if refusal.why.contains("does not take")), "{again:?}");
    assert_eq!(app.requests(), 0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_daily_run_reads_the_sites_and_says_what_it_could_not_read() {
    let app = app(Engine::Sqlite, 147).await;
    app.sync().await.unwrap();
    let readings = async || app.mirror.store().read(site_readings::latest).await.unwrap();
    assert_eq!(readings().await, [], "a manual run does not read them");
    let daily = async || {
        let ask = Ask::everything(RunKind::Daily);
        request::start(&context(&app), &app.mirror, ask, (None, &app.surroundings.entropy)).await.unwrap();
        app.work().await.unwrap();
    };
    daily().await;
    let first = readings().await.remove(0);
    assert_eq!((first.state, first.run.as_ref()), (ReadingState::Complete, Some(&app.run().await.id)));
    assert_eq!(customers_known(&app).await, customers_there(&app));
    let run = app.run().await.id;
    let of_run = app.mirror.store().read(move |tx| site_readings::of_run(tx, &run)).await.unwrap();
    assert_eq!(of_run, [first]);

    app.simulator.set_faults(vec![Fault::on(MEMBERS, FaultKind::status(403)).always()]);
    daily().await;
    let told = app.notes().await.into_iter().find(|note| note.subject.starts_with("customers of")).unwrap();
    assert!(told.kind == NoteKind::Gap && told.detail.contains("the members of an organization"), "{told:?}");
    assert_eq!(readings().await[0].state, ReadingState::Partial);
    app.assert_sound().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reading_that_is_cut_anywhere_goes_on_where_it_stood() {
    for engine in ENGINES {
        let app = app(engine, 148).await;
        for after in 1..10 {
            app.simulator.clear_ledger();
            let (connector, mirror, context, site) =
                (app.connector.clone(), app.mirror.clone(), context(&app), site(&app));
            let cut = tokio::spawn(async move { read_customers(&context, &connector, &mirror, &site).await });
            while app.requests() < after && !cut.is_finished() {
                tokio::task::yield_now().await;
            }
            cut.abort();
            let _ = cut.await;
        }
        // Every attempt went on with the one before it, so that these few requests are enough, or more than enough.
        let last = read(&app).await;
        assert_eq!(last.state, ReadingState::Complete);
        assert_eq!(customers_known(&app).await, customers_there(&app));
        assert!(last.number <= 9, "{}", last.number);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_read_one_site_at_once_one_goes_on() {
    let app = app(Engine::Postgres, 149).await;
    let node = app.another_node().await;
    let (context, site) = (context(&app), site(&app));
    let (one, other) = tokio::join!(
        read_customers(&context, &app.connector, &app.mirror, &site),
        read_customers(&context, &node.connector, &node.mirror, &site),
    );
    let read =
        |came: &CustomersRead| matches!(came, CustomersRead::Read(reading) if reading.state == ReadingState::Complete);
    let (one, other) = (one.unwrap(), other.unwrap());
    assert!(read(&one) || read(&other), "{one:?} {other:?}");
    assert_eq!(customers_known(&app).await, customers_there(&app));
    node.mirrors.close().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_account_is_read_at_once_by_its_id() {
    let app = app(Engine::Sqlite, 150).await;
    read(&app).await;
    let new = app.simulator.change(|organization| organization.add_customer(0, "Newcomer", "new@mail.test").unwrap());
    let site = site(&app);
    let ask = async |id: &str| {
        let ids = [id.to_owned()];
        read_accounts(&app.connector, &app.mirror, (&site, &ids), Limits::default()).await.unwrap()
    };
    assert_eq!(ask(&new).await, AccountsRead::Read { known: 1, gone: 0 });
    assert_eq!(customers_known(&app).await.into_iter().filter(|shown| shown.1 == "Newcomer").count(), 1);
    app.simulator.change(|organization| organization.delete_customer(&new).unwrap());
    app.simulator.set_faults(vec![Fault::on(BY_IDS, FaultKind::status(500)).always()]);
    assert!(matches!(ask(&new).await, AccountsRead::NotRead(_)));
    assert_eq!(gone(&app).await, [] as [&str; 0]);
    app.simulator.set_faults(Vec::new());
    assert_eq!(ask(&new).await, AccountsRead::Read { known: 0, gone: 1 });
    assert_eq!(gone(&app).await, ["Newcomer"]);
    app.stop().await;
}
