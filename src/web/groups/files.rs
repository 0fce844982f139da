//! Exactly the groups that a filter finds, as a file. A filter with errors gives none, because it would be one of other
//! groups than were asked for.

use std::sync::Arc;

use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use directory::find::groups::Ranking;
use maud::{Markup, html};
use serde::Deserialize;

use crate::mirror::answer::answer_groups;
use crate::mirror::export::Form;
use crate::mirror::export::events::Exported;
use crate::mirror::export::groups::GroupExport;
use crate::nouns::refusal::Refusal;
use crate::web::export::download;
use crate::web::failure::Failure;
use crate::web::filters;
use crate::web::groups::HERE;
use crate::web::ui::address::Address;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{Weight, notice};
use crate::web::visit::Visit;

/// Where the groups are as comma-separated values.
pub(crate) const CSV: &str = "/groups.csv";
/// Where the groups are as JSON.
pub(crate) const JSON: &str = "/groups.json";

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    q: String,
}

/// GET /groups.csv
pub(crate) async fn csv(visit: Visit, Query(ask): Query<Ask>) -> Result<Response, Failure> {
    file(&visit, &ask.q, Form::Csv).await
}

/// GET /groups.json
pub(crate) async fn json(visit: Visit, Query(ask): Query<Ask>) -> Result<Response, Failure> {
    file(&visit, &ask.q, Form::Json).await
}

/// Links to the files of what a filter finds.
pub(super) fn links(q: &str) -> Markup {
    html! {
        span.export {
            a href=(Address::new(CSV).with("q", q.trim())) download { "CSV" } " · "
            a href=(Address::new(JSON).with("q", q.trim())) download { "JSON" }
        }
    }
}

async fn file(visit: &Visit, q: &str, form: Form) -> Result<Response, Failure> {
    let snapshot = &visit.snapshot;
    if snapshot.generation() == 0 {
        let why = "The organization was not read yet.";
        return Err(Refusal::new("Nothing was exported.", why, "Wait for the first sync to end.").into());
    }
    let answer = answer_groups(snapshot, q, (visit.reader.now, &visit.reader.zone));
    if answer.has_errors {
        let content = html! {
            div.headline { h1 { "Nothing was exported" } }
            (notice(Weight::Failure, "The filter has errors, so a file would hold other groups than you ask for.", html! {
                (filters::problems(q, &answer.diagnostics))
                p { a href=(Address::new(HERE).with("q", q)) { "Correct it in the list of groups" } }
            }))
        };
        let page = Page::framed(&visit.frame("Nothing was exported", Place::Groups), content);
        return Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response());
    }
    let ranking = Ranking::of(snapshot, &answer.query.order);
    let matching = |group: &u32| answer.found.matching.contains(*group);
    let mut groups: Vec<u32> = ranking.order().iter().filter(matching).collect();
    if ranking.descending() {
        groups.reverse();
    }
    let exported = Exported { what: "groups", rows: Some(groups.len() as u64), form, filter: q };
    download(visit, exported, GroupExport::new(Arc::clone(snapshot), groups, form)).await
}
