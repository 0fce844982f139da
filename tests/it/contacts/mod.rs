//! Contacts and companies over real organizations: kept by hand, and kept in step with accounts (faults.md, part E).

mod at_once;
mod by_hand;
mod following;
mod telling;

use std::collections::BTreeMap;

use contact::board::Tables;
use contact::field::Entity;
use rollcall::contacts::keep::{self, Edit};
use rollcall::contacts::look::{self, Whole};
use rollcall::contacts::{answer, syncing, worker};
use rollcall::nouns::contact::Record;
use rollcall::nouns::contact_run::{ContactRun, KeptConflict};
use rollcall::nouns::context::{Actor, Context};
use rollcall::store::contact_conflicts;
use rollcall::sync::sites::{self, EnteredToken};
use simulator::Options;

use crate::support::app::{Engine, TestApp, population};

/// An organization that was read once.
async fn app(engine: Engine, users: u32, seed: u64) -> TestApp {
    let options = Options { own_site_addresses: true, ..Options::default() };
    let app = TestApp::start_with(engine, &population(users, seed), options).await;
    app.work().await.unwrap();
    app
}

fn context(app: &TestApp) -> Context {
    Context { actor: Actor::CommandLine, now: app.clock.now() }
}

/// Lets the worker work until nothing is due and nothing has changed.
pub(crate) async fn settle(app: &TestApp) {
    for _ in 0..50 {
        let looked = worker::look(&app.mirror, &app.surroundings).await.unwrap();
        if !worker::work_once(&app.mirror, &app.connector, &app.surroundings).await.unwrap() && !looked {
            return;
        }
    }
    panic!("the worker never comes to rest");
}

async fn switch_on(app: &TestApp) {
    syncing::switch_on(&context(app), &app.mirror, &app.surroundings.entropy).await.unwrap();
    settle(app).await;
}

async fn switch_off(app: &TestApp) {
    syncing::switch_off(&context(app), &app.mirror, &app.surroundings.entropy).await.unwrap();
    settle(app).await;
}

async fn make(app: &TestApp, entity: Entity, name: &str, email: &str) -> Record {
    let edit = Edit { name: Some(name.to_owned()), email: Some(email.to_owned()), ..Edit::default() };
    keep::create(&context(app), &app.mirror, (entity, edit), &app.surroundings.entropy).await.unwrap()
}

/// The contacts, or companies, that a filter finds, by name.
async fn found(app: &TestApp, entity: Entity, filter: &str) -> Vec<Record> {
    let tables: std::sync::Arc<Tables> = app.mirror.contacts().await.unwrap();
    let answered = answer::answer(&tables, (entity, filter), (app.clock.now(), &app.mirror.zone()));
    assert!(answered.diagnostics.is_empty(), "{filter}: {:?}", answered.diagnostics);
    answer::records(&app.mirror, entity, &answered.all()).await.unwrap()
}

async fn whole(app: &TestApp, record: &Record) -> Whole {
    look::whole(&app.mirror, (record.entity, record.id.as_str())).await.unwrap()
}

/// The contact that an account keeps or kept.
async fn of_account(app: &TestApp, account: &str) -> Option<Whole> {
    for record in found(app, Entity::Contact, "").await {
        let whole = whole(app, &record).await;
        if whole.identities.iter().any(|identity| identity.account == account) {
            return Some(whole);
        }
    }
    None
}

async fn conflicts(app: &TestApp) -> Vec<KeptConflict> {
    let all = app.mirror.store().read(contact_conflicts::all).await.unwrap();
    all.into_iter().filter(|kept| kept.state == rollcall::nouns::contact_run::ConflictState::Open).collect()
}

async fn newest(app: &TestApp) -> ContactRun {
    rollcall::contacts::runs::list(&app.mirror, i64::MAX, 1).await.unwrap().remove(0)
}

/// Everybody with an address whom the mirror knows and who may become a contact, by account.
pub(crate) fn eligible(app: &TestApp) -> BTreeMap<String, String> {
    let sources = rollcall::contacts::people::Sources {
        snapshot: app.mirror.shown(),
        listed: Vec::new(),
        users_read: std::collections::BTreeSet::new(),
    };
    let people = sources.people(&rollcall::contacts::scope::Scope::default());
    let may = people.iter().filter(|person| !person.gone && person.barred.is_none());
    may.filter_map(|person| Some((person.account.to_owned(), person.email?.to_owned()))).collect()
}

/// Enters the token of a site, so that its customers can be read.
pub(crate) async fn enter_token(app: &TestApp, site: usize) -> String {
    let site = app.simulator.sites().remove(site);
    let (cloud_id, email, token) = (site.cloud_id, site.user, site.token);
    let entered = EnteredToken { cloud_id: cloud_id.clone(), email, token, expires_at: None };
    let checked = sites::check(&app.connector, &app.mirror, &entered).await.unwrap();
    sites::save(&app.connector, &context(app), &app.mirror, (&entered, &checked)).await.unwrap();
    cloud_id
}
