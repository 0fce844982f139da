//! The pages: a router over thin handlers. Parse, ask a verb or the snapshot, show.
//!
//! A page works without script and everything on it has an address. No SQL is written here, no rule about an organization
//! is decided here, and nothing from outside reaches a page except through maud's escaping.

mod about;
#[cfg(test)]
mod acme;
mod assets;
mod attention;
mod audit;
mod bundle;
mod connect;
mod contacts;
mod dashboard;
mod entry;
mod export;
mod failure;
mod feeds;
mod filters;
mod finish;
mod group;
mod group_choice;
mod groups;
mod guard;
mod help;
mod invitation;
pub mod live;
mod manual_sync;
mod members;
mod notices;
mod operations;
mod pending;
mod people;
mod people_sync;
mod performance;
mod person;
mod personal;
mod progress;
mod routes;
mod run;
mod runs;
mod selections;
mod settings;
mod settings_access;
mod settings_actions;
mod settings_dashboard;
mod settings_edition;
mod settings_guards;
mod settings_key;
mod settings_left_out;
mod settings_notifications;
mod settings_prices;
mod settings_protected;
mod settings_sites;
mod settings_statistics;
mod settings_stream;
mod settings_sync;
mod settings_tokens;
mod settings_yours;
mod setup;
mod sign_in;
mod site;
mod site_readings;
mod tasks;
#[cfg(test)]
mod tests;
mod ui;
mod visit;
pub mod watch;
mod why;
mod withheld;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use clock::Clock;

use crate::auth::passwords::Passwords;
use crate::id::Entropy;
use crate::mirror::listing;
use crate::mirror::mirrors::Mirrors;
use crate::notify::Notifier;
use crate::store::db::Store;
use crate::sync::connect::Connector;
use crate::web::live::Live;
use crate::web::pending::{Pending, PendingKey, PendingToken};
use crate::web::watch::Watch;

/// What the pages are shown from.
#[derive(Clone, Debug)]
pub struct Web {
    /// The control database.
    pub control: Store,
    /// The source of time.
    pub clock: Clock,
    /// The source of chance.
    pub entropy: Entropy,
    /// Checks and saves organization API keys.
    pub connector: Connector,
    /// The organizations that are open.
    pub mirrors: Mirrors,
    /// Sends notices.
    pub notifier: Notifier,
    /// Who listens to what moves.
    pub live: Live,
}

/// What handlers are given.
#[derive(Clone, Debug)]
pub(crate) struct Served(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    web: Web,
    passwords: Passwords,
    pending: Pending<PendingKey>,
    tokens: Pending<PendingToken>,
    watch: Watch,
}

impl std::ops::Deref for Served {
    type Target = Web;

    fn deref(&self) -> &Web {
        &self.0.web
    }
}

impl Served {
    /// Hashes and checks passwords.
    fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    /// Keys that were checked and wait to be saved.
    fn pending(&self) -> &Pending<PendingKey> {
        &self.0.pending
    }

    /// What the pages remember about themselves.
    fn watch(&self) -> &Watch {
        &self.0.watch
    }

    /// Tokens of sites that were checked and wait to be saved.
    fn tokens(&self) -> &Pending<PendingToken> {
        &self.0.tokens
    }
}

/// The largest form that is read, in bytes.
const LARGEST_FORM: usize = 64 << 10;

/// The pages. Serve it with the peers' addresses (`into_make_service_with_connect_info::<SocketAddr>`), so that tries to
/// sign in are counted per source.
pub fn router(web: Web) -> Router {
    let passwords = Passwords::new(web.entropy.clone());
    let served = Served(Arc::new(Inner {
        web,
        passwords,
        pending: Pending::default(),
        tokens: Pending::default(),
        watch: Watch::default(),
    }));
    Router::new()
        .merge(routes::of_the_house())
        .merge(routes::of_people())
        .merge(routes::of_acts())
        .merge(routes::of_feeds())
        .merge(routes::of_settings())
        .merge(contacts::routes())
        .fallback(guard::nothing_here)
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .layer(from_fn_with_state(served.clone(), guard::guard))
        .with_state(served)
}
