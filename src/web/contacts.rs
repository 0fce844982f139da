//! *Contacts*: contacts and companies, and what keeps contacts in step with accounts. What the pages share stands here;
//! every page is that of contacts and of companies alike, by its address. Nothing here decides what may be changed.

mod bulk;
mod conflicts;
pub(crate) mod fields;
mod files;
mod form;
mod import;
mod list;
mod merge;
pub(crate) mod preview;
mod record;
pub(crate) mod run;
pub(crate) mod settings;
mod sources;
mod words;

use std::convert::Infallible;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts};
use axum::http::request::Parts;
use axum::routing::{get, post};
use contact::field::Entity;
use maud::{Markup, html};

use crate::contacts::trouble::NotDone;
use crate::nouns::contact::Record;
use crate::nouns::refusal::Refusal;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::ui::address::Address;

/// The page's address.
pub(crate) const HERE: &str = "/contacts";
/// Where companies are.
pub(crate) const COMPANIES: &str = "/companies";

/// The pages of contacts and companies.
pub(super) fn routes() -> Router<Served> {
    let mut router = Router::new();
    for here in [HERE, COMPANIES] {
        router = router
            .route(here, get(list::show))
            .route(&format!("{here}/complete"), get(list::complete))
            .route(&format!("{here}/new"), get(form::add).post(form::create))
            .route(&format!("{here}/{{id}}"), get(record::show).post(record::submit))
            .route(&format!("{here}/{{id}}/edit"), get(form::edit).post(form::change))
            .route(&format!("{here}/merge"), get(merge::show).post(merge::submit))
            .route(&format!("{here}/bulk"), get(bulk::show).post(bulk::submit))
            .route(&format!("{here}/export.csv"), get(files::csv))
            .route(&format!("{here}/export.json"), get(files::json));
    }
    router
        .route(run::HERE, get(run::list))
        .route(&format!("{}/{{id}}", run::HERE), get(run::show).post(run::cancel))
        .route(conflicts::HERE, get(conflicts::show).post(conflicts::decide))
        .route(merge::DUPLICATES, get(merge::duplicates))
        .route(import::HERE, get(import::show).post(import::upload).layer(DefaultBodyLimit::max(import::LARGEST_FORM)))
        .route(&format!("{}/{{id}}", import::HERE), get(import::look).post(import::submit))
        .route(sources::HERE, get(sources::show).post(sources::decide))
        .route(settings::POWER, post(settings::give))
        .route(settings::HERE, get(settings::show))
        .route(settings::SYNCING, post(settings::turn))
        .route(settings::SCOPE, post(settings::choose))
        .route(preview::HERE, get(preview::show))
        .route(fields::HERE, get(fields::show).post(fields::submit))
        .route(&format!("{}/{{number}}", fields::HERE), get(fields::edit).post(fields::change))
}

/// Whether an address is of contacts or of companies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Of(pub(crate) Entity);

impl FromRequestParts<Served> for Of {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Served) -> Result<Of, Infallible> {
        let companies = parts.uri.path().starts_with(COMPANIES);
        Ok(Of(if companies { Entity::Company } else { Entity::Contact }))
    }
}

/// Where the list of contacts, or of companies, is.
pub(crate) fn home(entity: Entity) -> Address {
    Address::new(match entity {
        Entity::Contact => HERE,
        Entity::Company => COMPANIES,
    })
}

/// Where a record is.
pub(crate) fn address(record: &Record) -> Address {
    home(record.entity).below(record.id.as_str())
}

/// What a verb refused, as a page of its own.
fn failed(what: &str, why: NotDone) -> Failure {
    match why {
        NotDone::Store(error) => error.into(),
        NotDone::NoRecord => Failure::NotFound("There is no contact or company at this address."),
        NotDone::NoRun => Failure::NotFound("There is no such run."),
        NotDone::NoConflict => Failure::NotFound("There is no such conflict."),
        NotDone::NoFile => Failure::NotFound("The file is not kept any more."),
        why => Failure::Refused(why.refusal(what)),
    }
}

/// What a verb refused, to stand on the page that asked for it; what nobody can correct there is a failure.
fn told(what: &str, why: NotDone) -> Result<Refusal, Failure> {
    match why {
        NotDone::Store(_) | NotDone::NoRecord | NotDone::NoRun | NotDone::NoConflict | NotDone::NoFile => {
            Err(failed(what, why))
        }
        why => Ok(why.refusal(what)),
    }
}

/// The pages of contacts as a strip.
fn strip(here: &str) -> Markup {
    let places = [
        ("Contacts", HERE),
        ("Companies", COMPANIES),
        ("Conflicts", conflicts::HERE),
        ("Duplicates", merge::DUPLICATES),
        ("Import", import::HERE),
        ("From what is known", sources::HERE),
        ("Runs", run::HERE),
        ("Jira User Syncing", settings::HERE),
    ];
    html! {
        nav.chips aria-label="Pages of contacts" {
            @for (name, address) in places {
                a href=(address) aria-current=[(address == here).then_some("true")] { (name) }
            }
        }
    }
}
