//! Exactly the contacts, or companies, that a filter finds, as a file. A filter with errors gives none, because it would be
//! one of others than were asked for.

use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contact::field::Entity;
use maud::{Markup, html};
use serde::Deserialize;

use crate::contacts::answer::answer;
use crate::contacts::export;
use crate::mirror::export::Form;
use crate::mirror::export::events::Exported;
use crate::web::contacts::{Of, home};
use crate::web::export::download_arriving;
use crate::web::failure::Failure;
use crate::web::ui::address::Address;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{Weight, notice};
use crate::web::visit::Visit;

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    q: String,
}

/// GET /contacts/export.csv, GET /companies/export.csv
pub(crate) async fn csv(of: Of, visit: Visit, Query(ask): Query<Ask>) -> Result<Response, Failure> {
    file(of, &visit, &ask.q, Form::Csv).await
}

/// GET /contacts/export.json, GET /companies/export.json
pub(crate) async fn json(of: Of, visit: Visit, Query(ask): Query<Ask>) -> Result<Response, Failure> {
    file(of, &visit, &ask.q, Form::Json).await
}

/// Links to the files of what a filter finds.
pub(super) fn links(entity: Entity, q: &str) -> Markup {
    let file = |name: &str| home(entity).below(name).with("q", q.trim());
    html! {
        span.export {
            a href=(file("export.csv")) download { "CSV" } " · "
            a href=(file("export.json")) download { "JSON" }
        }
    }
}

async fn file(Of(entity): Of, visit: &Visit, q: &str, form: Form) -> Result<Response, Failure> {
    let tables = visit.mirror.contacts().await?;
    let answered = answer(&tables, (entity, q.trim()), (visit.reader.now, &visit.reader.zone));
    if answered.has_errors {
        let back: Address = home(entity).with("q", q);
        let content = html! {
            div.headline { h1 { "Nothing was exported" } }
            (notice(Weight::Failure, "The filter has errors, so a file would hold others than you ask for.", html! {
                p { a href=(back) { "Correct it in the list" } }
            }))
        };
        let page = Page::framed(&visit.frame("Nothing was exported", Place::Contacts), content);
        return Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response());
    }
    let what = if entity == Entity::Contact { "contacts" } else { "companies" };
    let exported = Exported { what, rows: Some(answered.found.matching.len()), form, filter: q };
    download_arriving(visit, exported, export::begin(&visit.mirror, &answered, form)).await
}
