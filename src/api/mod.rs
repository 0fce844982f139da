//! The API, `/api/v1`: a router over thin handlers, and the document that describes every one of them. Parse, ask a verb
//! or the snapshot, answer JSON.
//!
//! It decides nothing about an organization and knows no page. Every handler is registered together with its
//! description, every answer names the generation it was made from, and every refusal is a problem (RFC 9457).

mod asked;
mod attention;
mod audit;
mod contacts;
mod dashboard;
mod diagnostic;
mod entry;
mod export;
mod feed_entry;
mod feeds;
mod filter;
mod filters;
mod groups;
mod guard;
mod history;
mod once;
mod openapi;
mod operation_rows;
mod operations;
mod organization;
mod page;
mod parameters;
mod people;
mod person;
mod personal_data;
mod plans;
mod prices;
mod problem;
mod reach;
mod reports;
mod runs;
mod site_hooks;
mod sync;
mod tasks;
mod trends;
mod user_sync;
mod webhooks;
mod wishes;
mod withheld;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use clock::Clock;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::id::Entropy;
use crate::mirror::mirrors::Mirrors;
use crate::notify::Notifier;
use crate::store::db::Store;
use crate::sync::connect::Connector;

pub use openapi::document;

/// What the API answers from.
#[derive(Clone, Debug)]
pub struct Api {
    /// The control database.
    pub control: Store,
    /// The source of time.
    pub clock: Clock,
    /// The source of chance.
    pub entropy: Entropy,
    /// The organizations that are open.
    pub mirrors: Mirrors,
    /// What webhooks are saved with.
    pub notifier: Notifier,
    /// What opens the secrets of sites.
    pub connector: Connector,
}

/// Where the API begins.
pub const ROOT: &str = "/api/v1";

/// The largest body that is read, in bytes.
const LARGEST_BODY: usize = 64 << 10;

/// The API, to be merged with the pages. Serve it with the peers' addresses, so that wrong tokens are counted per
/// source.
pub fn router(api: Api) -> Router {
    // Not one inside the other: lists of routes take much of a thread's stack while they are made.
    let (described, acting, of_contacts) = (routes(), acting_routes(), contact_routes());
    let (around_contacts, personal) = (contact_upkeep_routes(), personal_routes());
    let described = described.merge(acting).merge(of_contacts).merge(around_contacts).merge(personal);
    let (described, _) = described.split_for_parts();
    // From the inside out: what was asked once is answered once; who asks, of which snapshot; and around all of it what
    // holds for every answer.
    let described = described
        .route_layer(from_fn_with_state(api.clone(), once::once))
        .route_layer(from_fn_with_state(api.clone(), asked::enter));
    let (open, _) = open_routes().split_for_parts();
    // Uploads are as long as files are; they are read piece by piece.
    let (keyed, _) = keyed_routes().split_for_parts();
    let keyed =
        keyed.route_layer(from_fn_with_state(api.clone(), feed_entry::enter)).layer(DefaultBodyLimit::disable());
    let (of_feeds, _) = feed_routes().split_for_parts();
    let of_feeds = of_feeds.route_layer(from_fn_with_state(api.clone(), feed_entry::enter_person));
    let all = described
        .merge(of_feeds)
        .merge(open)
        .fallback(guard::nothing_here)
        .method_not_allowed_fallback(guard::no_such_method)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .merge(keyed)
        .layer(from_fn_with_state(api.clone(), guard::guard))
        .with_state(api.clone());
    Router::new().nest(ROOT, all).merge(user_sync::router(api.clone())).merge(site_hooks::router(api))
}

/// What everybody may read.
fn open_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(openapi::show)).routes(routes!(feeds::schema))
}

/// What a feed key may do too, with its own feed.
fn keyed_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(feeds::status))
        .routes(routes!(feeds::start))
        .routes(routes!(feeds::uploads::put))
        .routes(routes!(feeds::uploads::begin))
        .routes(routes!(feeds::uploads::show, feeds::uploads::send))
        .routes(routes!(feeds::uploads::complete))
}

/// What only a person or their program may do with feeds.
fn feed_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(feeds::list, feeds::create))
        .routes(routes!(feeds::show_control, feeds::change_control))
        .routes(routes!(feeds::runs::list))
        .routes(routes!(feeds::runs::show))
        .routes(routes!(feeds::runs::preview))
        .routes(routes!(feeds::runs::log))
        .routes(routes!(feeds::runs::apply))
        .routes(routes!(feeds::runs::cancel))
        .routes(routes!(feeds::runs::unsafe_cancel))
        .routes(routes!(feeds::runs::reapply))
        .routes(routes!(feeds::accounts::unclear))
        .routes(routes!(feeds::accounts::show, feeds::accounts::choose))
        .routes(routes!(feeds::accounts::map, feeds::accounts::unmap))
        .routes(routes!(feeds::accounts::link))
        .routes(routes!(feeds::people::list))
        .routes(routes!(feeds::people::errors))
        .routes(routes!(feeds::downloads::people))
        .routes(routes!(feeds::downloads::errors))
        .routes(routes!(feeds::downloads::preview))
        .routes(routes!(feeds::downloads::log))
}

/// Everything that asks who is there.
fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(organization::show))
        .routes(routes!(people::list))
        .routes(routes!(people::count))
        .routes(routes!(people::facets))
        .routes(routes!(export::csv))
        .routes(routes!(export::json))
        .routes(routes!(export::lines))
        .routes(routes!(person::show))
        .routes(routes!(history::show))
        .routes(routes!(sync::people))
        .routes(routes!(filter::check))
        .routes(routes!(filter::complete))
        .routes(routes!(filter::catalogue))
        .routes(routes!(groups::list))
        .routes(routes!(groups::show))
        .routes(routes!(groups::members))
        .routes(routes!(filters::list, filters::save))
        .routes(routes!(filters::show, filters::change, filters::delete))
        .routes(routes!(dashboard::show))
        .routes(routes!(dashboard::statistics))
        .routes(routes!(trends::show))
        .routes(routes!(prices::list, prices::enter, prices::remove))
        .routes(routes!(runs::list))
        .routes(routes!(runs::show))
        .routes(routes!(runs::cancel))
        .routes(routes!(sync::start))
        .routes(routes!(withheld::list))
        .routes(routes!(withheld::show))
        .routes(routes!(withheld::approve))
        .routes(routes!(withheld::dismiss))
        .routes(routes!(attention::list))
        .routes(routes!(audit::list))
}

/// Operations, automated tasks and webhooks.
fn acting_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(operations::list, plans::create))
        .routes(routes!(operations::show))
        .routes(routes!(operation_rows::list))
        .routes(routes!(operation_rows::csv))
        .routes(routes!(operation_rows::json))
        .routes(routes!(wishes::approve))
        .routes(routes!(wishes::reject))
        .routes(routes!(wishes::pause))
        .routes(routes!(wishes::resume))
        .routes(routes!(wishes::cancel))
        .routes(routes!(wishes::undo))
        .routes(routes!(wishes::retry))
        .routes(routes!(wishes::stopped, wishes::stop))
        .routes(routes!(wishes::release))
        .routes(routes!(webhooks::list, webhooks::make))
        .routes(routes!(webhooks::show, webhooks::change, webhooks::remove))
        .routes(routes!(webhooks::test))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::again))
        .routes(routes!(reports::list, reports::make))
        .routes(routes!(reports::show, reports::change, reports::remove))
        .routes(routes!(reports::send))
        .routes(routes!(tasks::list))
        .routes(routes!(tasks::show))
        .routes(routes!(tasks::runs))
        .routes(routes!(tasks::show_run))
        .routes(routes!(tasks::run_now))
        .routes(routes!(tasks::dry_run))
        .routes(routes!(tasks::switch))
}

/// Contacts and companies.
fn contact_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(contacts::list, contacts::create))
        .routes(routes!(contacts::show, contacts::change, contacts::delete))
        .routes(routes!(contacts::link, contacts::unlink))
        .routes(routes!(contacts::merge_two))
        .routes(routes!(contacts::companies::list, contacts::companies::create))
        .routes(routes!(contacts::companies::show, contacts::companies::change, contacts::companies::delete))
        .routes(routes!(contacts::companies::merge_two))
        .routes(routes!(contacts::runs::list))
        .routes(routes!(contacts::runs::show))
        .routes(routes!(contacts::runs::cancel))
        .routes(routes!(contacts::syncing::show))
        .routes(routes!(contacts::syncing::preview))
        .routes(routes!(contacts::syncing::on))
        .routes(routes!(contacts::syncing::off))
        .routes(routes!(contacts::syncing::run))
}

/// What surrounds contacts: notes, files, many at once, conflicts, fields, scope, and companies from what is known.
fn contact_upkeep_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(contacts::notes::of_contact, contacts::notes::to_contact, contacts::notes::from_contact))
        .routes(routes!(contacts::notes::of_company, contacts::notes::to_company, contacts::notes::from_company))
        .routes(routes!(contacts::files::contacts_csv))
        .routes(routes!(contacts::files::contacts_json))
        .routes(routes!(contacts::files::companies_csv))
        .routes(routes!(contacts::files::companies_json))
        .routes(routes!(contacts::imports::send))
        .routes(routes!(contacts::imports::show, contacts::imports::mean))
        .routes(routes!(contacts::imports::preview))
        .routes(routes!(contacts::imports::start))
        .routes(routes!(contacts::bulk::look))
        .routes(routes!(contacts::bulk::change))
        .routes(routes!(contacts::bulk::delete))
        .routes(routes!(contacts::duplicates::list))
        .routes(routes!(contacts::runs::log))
        .routes(routes!(contacts::conflicts::list))
        .routes(routes!(contacts::conflicts::dismiss))
        .routes(routes!(contacts::conflicts::reopen))
        .routes(routes!(contacts::conflicts::link))
        .routes(routes!(contacts::fields::list, contacts::fields::create))
        .routes(routes!(contacts::fields::change, contacts::fields::remove))
        .routes(routes!(contacts::fields::shift))
        .routes(routes!(contacts::scope::show, contacts::scope::choose))
        .routes(routes!(contacts::sources::list, contacts::sources::decide))
        .routes(routes!(contacts::sources::domains, contacts::sources::put_in))
}

/// Personal data of one person.
fn personal_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(personal_data::show))
        .routes(routes!(personal_data::export))
        .routes(routes!(personal_data::erase))
}
