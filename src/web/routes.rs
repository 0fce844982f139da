//! The addresses of pages, by area. Lists of routes take much of a thread's stack while they are made, so that none may
//! hold them all.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::Redirect;
use axum::routing::{get, post};

use crate::web::settings_notifications::{deliveries, mail, reports, webhook};
use crate::web::{
    Served, about, assets, attention, audit, bundle, connect, dashboard, export, feeds, filters, finish, group, groups,
    help, invitation, live, manual_sync, operations, people, people_sync, performance, person, personal, progress, run,
    runs, selections, settings, settings_access, settings_actions, settings_dashboard, settings_edition,
    settings_guards, settings_key, settings_left_out, settings_notifications, settings_prices, settings_protected,
    settings_sites, settings_statistics, settings_stream, settings_sync, settings_tokens, settings_yours, setup,
    sign_in, site, tasks, why, withheld,
};

/// The way in, the dashboard, runs, what needs attention, audit and help.
pub(super) fn of_the_house() -> Router<Served> {
    Router::new()
        .route("/", get(|| async { Redirect::to(dashboard::HERE) }))
        .route(dashboard::HERE, get(dashboard::show))
        .route("/assets/{name}", get(assets::show))
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/sign-out", post(sign_in::end))
        .route("/setup/{token}", get(setup::show).post(setup::submit))
        .route("/setup/organization", get(connect::show).post(connect::check))
        .route("/setup/organization/key", post(connect::save))
        .route("/setup/progress", get(progress::show).post(progress::try_again))
        .route(finish::HERE, get(finish::show).post(finish::finish))
        .route("/runs", get(runs::show).post(runs::start))
        .route("/runs/{id}", get(run::show))
        .route("/runs/{id}/cancel", post(run::cancel))
        .route("/runs/{id}/again", post(run::again))
        .route(manual_sync::HERE, post(manual_sync::start))
        .route("/attention", get(attention::show))
        .route("/withheld/{id}", get(withheld::show).post(withheld::decide))
        .route(audit::HERE, get(audit::show))
        .route(audit::VERIFY, post(audit::verify))
        .route(audit::CSV, get(audit::csv))
        .route(audit::JSON, get(audit::json))
        .route("/audit/{seq}", get(audit::event::show))
        .route("/runs/{id}/changes", get(run::changes::list))
        .route(live::HERE, get(live::listen))
        .route(help::HERE, get(help::index))
        .route("/help/{page}", get(help::show))
        .route(about::HERE, get(about::show))
        .route("/invitation/{token}", get(invitation::show).post(invitation::submit))
}

/// People and groups, their lists, files and filters.
pub(super) fn of_people() -> Router<Served> {
    Router::new()
        .route("/people", get(people::show))
        .route(people::administrators::HERE, get(people::administrators::show))
        .route(people::invite::HERE, get(people::invite::show).post(people::invite::submit))
        .route(people::compare::HERE, get(people::compare::show))
        .route(groups::compare::HERE, get(groups::compare::show))
        .route(groups::make::HERE, get(groups::make::show).post(groups::make::create))
        .route(groups::make::DELETE, post(groups::make::delete))
        .route(personal::HERE, get(personal::show))
        .route(personal::EXPORT, post(personal::download))
        .route(personal::ERASE, post(personal::erase))
        .route("/people/{id}", get(person::show))
        .route("/people/{id}/raw", post(person::raw::read))
        .route(export::CSV, get(export::csv))
        .route(export::JSON, get(export::json))
        .route(filters::HERE, get(filters::show).post(filters::save))
        .route("/filters/{id}", get(filters::open).post(filters::change))
        .route("/filters/{id}/edit", get(filters::edit))
        .route("/filters/{id}/delete", post(filters::delete))
        .route(groups::HERE, get(groups::show))
        .route(groups::COMPLETE, get(groups::complete))
        .route(groups::files::CSV, get(groups::files::csv))
        .route(groups::files::JSON, get(groups::files::json))
        .route("/groups/{id}", get(group::show))
        .route(why::HERE, get(why::show).post(why::sync))
        .route("/people/sync", post(people_sync::start))
        .route(people::ticks::HERE, post(people::ticks::take))
        .route(people::columns::CHOOSE, post(people::columns::choose))
        .route(site::CHOOSE, post(site::choose))
        .route("/people/build", get(people::builder::build))
        .route("/people/complete", get(people::complete::complete))
}

/// Selections, operations and automated tasks.
pub(super) fn of_acts() -> Router<Served> {
    Router::new()
        .route("/operations/{id}/members", post(groups::make::members))
        .route(selections::HERE, get(selections::list))
        .route(
            selections::paste::HERE,
            get(selections::paste::show)
                .post(selections::paste::read)
                .layer(DefaultBodyLimit::max(selections::paste::LARGEST_FORM)),
        )
        .route("/selections/{id}", get(selections::show))
        .route("/selections/{id}/{file}", get(selections::file))
        .route("/selections/{id}/remove", post(selections::remove))
        .route("/selections/{id}/keep", post(selections::keep))
        .route("/selections/{id}/delete", post(selections::delete))
        .route("/selections/{id}/sync", post(selections::sync))
        .route(operations::HERE, get(operations::list))
        .route(operations::picker::HERE, get(operations::picker::show).post(operations::picker::submit))
        .route(operations::stop::HERE, get(operations::stop::show).post(operations::stop::stop))
        .route(operations::stop::RELEASE, post(operations::stop::release))
        .route("/operations/{id}", get(operations::page::show))
        .route("/operations/{id}/approve", post(operations::control::approve))
        .route("/operations/{id}/reject", post(operations::control::reject))
        .route("/operations/{id}/again", post(operations::control::again))
        .route("/operations/{id}/undo", post(operations::control::undo))
        .route("/operations/{id}/retry", post(operations::control::retry))
        .route("/operations/{id}/{part}", get(operations::files::file).post(operations::control::want))
        .route(tasks::HERE, get(tasks::show))
        .route(tasks::CLOCK, post(tasks::confirm_clock))
        .route(tasks::form::NEW, get(tasks::form::add).post(tasks::form::create))
        .route("/tasks/{id}", get(tasks::results).post(tasks::act))
        .route("/tasks/{id}/edit", get(tasks::form::edit).post(tasks::form::change))
        .route("/tasks/{id}/runs/{run}", get(tasks::run::show).post(tasks::run::act))
        .route("/tasks/{id}/runs/{run}/{file}", get(tasks::run::file))
}

/// Feeds.
pub(super) fn of_feeds() -> Router<Served> {
    Router::new()
        .route(feeds::HERE, get(feeds::list).post(feeds::create))
        .route("/feeds/{code}", get(feeds::feed::show))
        .route("/feeds/{code}/groups", post(feeds::feed::groups))
        .route("/feeds/{code}/configuration", get(feeds::configure::show).post(feeds::configure::save))
        .route("/feeds/{code}/accounts", get(feeds::access::show).post(feeds::access::save))
        .route("/feeds/{code}/accounts/map", get(feeds::mapping::show).post(feeds::mapping::submit))
        .route("/feeds/{code}/keys", get(feeds::keys::show).post(feeds::keys::submit))
        .route("/feeds/{code}/people", get(feeds::lists::people))
        .route("/feeds/{code}/errors", get(feeds::lists::errors))
        .route("/feeds/{code}/errors.csv", get(feeds::files::errors))
        .route(
            "/feeds/{code}/control",
            get(feeds::control::show)
                .post(feeds::control::submit)
                .layer(DefaultBodyLimit::max(feeds::control::LARGEST_FORM)),
        )
        .route(
            "/feeds/{code}/upload",
            get(feeds::upload::show).post(feeds::upload::submit).layer(DefaultBodyLimit::disable()),
        )
        .route("/feeds/{code}/runs/{run}", get(feeds::run::show).post(feeds::act::submit))
        .route("/feeds/{code}/runs/{run}/{file}", get(feeds::files::of_run))
        .route("/feeds/{code}/runs/{run}/files/{name}", get(feeds::files::data))
        .route(feeds::lookup::HERE, get(feeds::lookup::show))
        .route(feeds::links::HERE, get(feeds::links::show))
        .route("/feed-people/{number}", get(feeds::person::show).post(feeds::person::submit))
        .route(feeds::author::HERE, get(feeds::author::show))
        .route(feeds::author::SCHEMA, get(feeds::author::schema))
        .route(
            feeds::sample::GENERATE,
            get(feeds::sample::ask)
                .post(feeds::sample::generate)
                .layer(DefaultBodyLimit::max(feeds::sample::LARGEST_FORM)),
        )
        .route(
            feeds::sample::TRY,
            get(feeds::sample::show)
                .post(feeds::sample::try_out)
                .layer(DefaultBodyLimit::max(feeds::sample::LARGEST_FORM)),
        )
}

/// Settings.
pub(super) fn of_settings() -> Router<Served> {
    Router::new()
        .route(settings_guards::HERE, get(settings_guards::show).post(settings_guards::choose))
        .route(settings_protected::HERE, get(settings_protected::show).post(settings_protected::add))
        .route(settings_protected::RELEASE, post(settings_protected::release))
        .route(settings_left_out::HERE, get(settings_left_out::show).post(settings_left_out::choose))
        .route(settings_access::HERE, get(settings_access::show).post(settings_access::choose))
        .route(settings_access::INVITE, post(settings_access::invite))
        .route(settings_access::REMOVE, post(settings_access::remove))
        .route(bundle::HERE, get(bundle::show))
        .route(bundle::FILE, get(bundle::file))
        .route(performance::HERE, get(performance::show))
        .route(settings::HERE, get(settings::show))
        .route(settings_key::HERE, get(settings_key::show).post(settings_key::check))
        .route("/settings/organization-api-key/key", post(settings_key::replace))
        .route(settings_dashboard::HERE, get(settings_dashboard::show).post(settings_dashboard::choose))
        .route(settings_edition::HERE, get(settings_edition::show).post(settings_edition::choose))
        .route(settings_actions::HERE, get(settings_actions::show).post(settings_actions::choose))
        .route(settings_actions::SWITCH, post(settings_actions::turn))
        .route(settings_actions::KEY_OWNER, post(settings_actions::own))
        .route(settings_prices::HERE, get(settings_prices::show).post(settings_prices::enter))
        .route(settings_prices::REMOVE, post(settings_prices::remove))
        .route(settings_statistics::HERE, get(settings_statistics::show))
        .route(settings_sync::HERE, get(settings_sync::show).post(settings_sync::choose))
        .route(settings_stream::HERE, post(settings_stream::choose))
        .route(settings_stream::PROBE, post(settings_stream::probe))
        .route(settings_sites::HERE, get(settings_sites::show).post(settings_sites::check))
        .route(settings_sites::SAVE, post(settings_sites::save))
        .route(settings_sites::hook::MAKE, post(settings_sites::hook::make))
        .route(settings_sites::hook::REMOVE, post(settings_sites::hook::remove))
        .route(settings_sites::AGAIN, post(settings_sites::check_again))
        .route(settings_sites::REMOVE, post(settings_sites::remove))
        .route(settings_yours::HERE, get(settings_yours::show).post(settings_yours::choose))
        .route(settings_tokens::HERE, get(settings_tokens::show).post(settings_tokens::create))
        .route(settings_tokens::REVOKE, post(settings_tokens::revoke))
        .route(settings_notifications::HERE, get(settings_notifications::show))
        .route(mail::SAVE, post(mail::save))
        .route(mail::REMOVE, post(mail::remove))
        .route(mail::TEST, post(mail::test))
        .route(mail::PUBLIC_ADDRESS, post(mail::public_address))
        .route(webhook::NEW, get(webhook::new))
        .route(webhook::SAVE, post(webhook::create))
        .route("/settings/notifications/webhooks/{id}", get(webhook::show).post(webhook::change))
        .route("/settings/notifications/webhooks/{id}/test", post(webhook::test))
        .route("/settings/notifications/webhooks/{id}/remove", post(webhook::remove))
        .route(deliveries::HERE, get(deliveries::show))
        .route(reports::HERE, get(reports::list))
        .route(reports::NEW, get(reports::new).post(reports::create))
        .route("/settings/notifications/reports/{id}", get(reports::show).post(reports::change))
        .route("/settings/notifications/reports/{id}/send", post(reports::send))
        .route("/settings/notifications/reports/{id}/delete", post(reports::delete))
        .route("/settings/notifications/deliveries/{id}/again", post(deliveries::again))
}
