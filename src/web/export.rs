//! Exactly whom a filter finds, as a file: sent while it is made, so that it needs no memory of its size. A filter with
//! errors gives no file, because it would be one of other people than were asked for.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Query;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use directory::find::Ranking;
use directory::{Ordinal, fold_text};
use maud::{Markup, html};
use serde::Deserialize;
use tokio::sync::mpsc::Receiver;

use crate::http::{Arriving, Pieces};
use crate::mirror::answer::answer;
use crate::mirror::export::events::{Exported, record};
use crate::mirror::export::{Export, Form, in_order};
use crate::nouns::refusal::Refusal;
use crate::store::error::StoreError;
use crate::sync::schedule;
use crate::web::failure::Failure;
use crate::web::filters;
use crate::web::people::past;
use crate::web::ui::address::{Address, encode};
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{Weight, notice};
use crate::web::visit::Visit;

/// Where the people are as comma-separated values.
pub(crate) const CSV: &str = "/people.csv";
/// Where the people are as JSON.
pub(crate) const JSON: &str = "/people.json";

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    q: String,
    /// A past day, as `2026-03-01`; empty for the present.
    as_of: String,
}

/// GET /people.csv
pub(crate) async fn csv(visit: Visit, Query(ask): Query<Ask>) -> Result<Response, Failure> {
    file(&past::at(visit, &ask.as_of).await?, &ask, Form::Csv).await
}

/// GET /people.json
pub(crate) async fn json(visit: Visit, Query(ask): Query<Ask>) -> Result<Response, Failure> {
    file(&past::at(visit, &ask.as_of).await?, &ask, Form::Json).await
}

/// Links to the files of whom a filter finds, as of a past day or, without one, of the present.
pub(crate) fn links(q: &str, as_of: &str) -> Markup {
    let file = |path| Address::new(path).with("q", q).with("as_of", as_of);
    html! {
        span.export {
            a href=(file(CSV)) download { "CSV" } " · "
            a href=(file(JSON)) download { "JSON" }
        }
    }
}

async fn file(visit: &Visit, ask: &Ask, form: Form) -> Result<Response, Failure> {
    let q = ask.q.as_str();
    if visit.snapshot.generation() == 0 {
        let why = "The organization was not read yet.";
        return Err(Refusal::new("Nothing was exported.", why, "Wait for the first sync to end.").into());
    }
    let zone = schedule::zone(&visit.mirror);
    let answer = answer(&visit.snapshot, q, (visit.reader.now, &zone));
    if answer.has_errors {
        let content = html! {
            div.headline { h1 { "Nothing was exported" } }
            (notice(Weight::Failure, "The filter has errors, so a file would hold other people than you ask for.", html! {
                (filters::problems(q, &answer.diagnostics))
                p { a href=(Address::new("/people").with("q", q).with("as_of", &ask.as_of)) { "Correct it in the User Browser" } }
            }))
            (filters::bar(&filters::visible(visit).await?, "", &ask.as_of))
        };
        let page = Page::framed(&visit.frame("Nothing was exported", Place::UserBrowser), content);
        return Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response());
    }
    let order = Ranking::of(&visit.snapshot, &answer.query.order);
    people(visit, in_order(&answer.found.matching, &order), form, q).await
}

/// These people, whom a filter or a selection names, as a file, sent while it is made.
pub(crate) async fn people(visit: &Visit, people: Vec<Ordinal>, form: Form, filter: &str) -> Result<Response, Failure> {
    let exported = Exported { what: "people", rows: Some(people.len() as u64), form, filter };
    download(visit, exported, Export::new(Arc::clone(&visit.snapshot), people, form)).await
}

/// Pieces as a file that is called for what it holds, and for the day it is of. That it was asked for is on the audit
/// chain before anything of it is sent.
pub(crate) async fn download(
    visit: &Visit,
    exported: Exported<'_>,
    pieces: impl Iterator<Item = Vec<u8>> + Send + Unpin + 'static,
) -> Result<Response, Failure> {
    file_of(visit, exported, Body::from_stream(Pieces(pieces))).await
}

/// The same of pieces that are made while it is sent.
pub(crate) async fn download_arriving(
    visit: &Visit,
    exported: Exported<'_>,
    pieces: Receiver<Result<Vec<u8>, StoreError>>,
) -> Result<Response, Failure> {
    file_of(visit, exported, Body::from_stream(Arriving(pieces))).await
}

async fn file_of(visit: &Visit, exported: Exported<'_>, body: Body) -> Result<Response, Failure> {
    let Exported { what, form, .. } = exported;
    record(&visit.entered.context, visit.mirror.store(), exported, &visit.entropy).await?;
    let day = visit.reader.now.to_zoned(visit.reader.zone.clone()).strftime("%Y-%m-%d").to_string();
    let (kind, ending) = match form {
        Form::Csv => ("text/csv; charset=utf-8; header=present", "csv"),
        Form::Json | Form::JsonLines => ("application/json", "json"),
    };
    let name = disposition(&visit.mirror.organization().name, &format!("{what}-{day}.{ending}"));
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)], body).into_response())
}

/// A file's name, in ASCII for old programs and whole for all others (RFC 6266).
fn disposition(organization: &str, rest: &str) -> String {
    let simple: String =
        fold_text(organization).chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let simple = match simple.trim_matches('-') {
        "" => "organization",
        simple => simple,
    };
    let fit = |c: char| if c.is_control() || "/\\:*?\"<>|".contains(c) { '-' } else { c };
    let mut whole = String::new();
    encode(&organization.chars().map(fit).collect::<String>(), &mut whole);
    format!("attachment; filename=\"{simple}-{rest}\"; filename*=UTF-8''{whole}-{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_is_whole_for_new_programs_and_plain_for_old_ones() {
        assert_eq!(
            disposition("Café / \"Nord\"", "people-2026-11-21.csv"),
            "attachment; filename=\"cafe----nord-people-2026-11-21.csv\"; \
             filename*=UTF-8''Caf%C3%A9%20-%20-Nord--people-2026-11-21.csv"
        );
        assert!(disposition("王\r\nX: y", "p.csv").is_ascii());
        assert!(disposition("王", "p.csv").starts_with("attachment; filename=\"organization-p.csv\""));
    }
}
