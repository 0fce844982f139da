//! What Atlassian itself says of a person at this moment: read when somebody asks for it, shown once, never kept.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::sync::raw::{self, RawAnswer, Said};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::settings_key;
use crate::web::ui::address::Address;
use crate::web::ui::amount::number;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::{self, Weight, notice};
use crate::web::ui::person;
use crate::web::visit::Visit;

/// POST /people/{id}/raw. It changes nothing here, but it asks Atlassian, so no link and no robot may do it.
pub(crate) async fn read(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let snapshot = &visit.snapshot;
    let Some(row) = snapshot.account(&id).and_then(|account| snapshot.account_row(account)) else {
        return Err(Failure::NotFound("Rollcall has not seen a person with this account id."));
    };
    let read = raw::person(&served.connector, &visit.mirror, &id).await;
    let (status, answers) = match &read {
        Ok(answers) => (StatusCode::OK, shown(answers, &visit.reader)),
        Err(refusal) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            html! { (notice::refusal(refusal)) p { a href=(settings_key::HERE) { "Organization API Key" } } },
        ),
    };
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(Address::person(row.id)) { bdi { (person::display_name(&row)) } } }
        div.headline { h1 { "Raw data" } span.sub { "as Atlassian tells it at this moment" } }
        p.lead { "It may be newer than what the last sync kept. Nothing of it is stored." }
        (again(row.id, "Read it again"))
        (answers)
    };
    let page = Page::framed(&visit.frame("Raw data", Place::UserBrowser), content).with_status(status);
    Ok(([(header::CACHE_CONTROL, "no-store")], page).into_response())
}

/// The button that reads.
pub(super) fn again(account: &str, words: &str) -> Markup {
    html! { form method="post" action=(Address::person(account).below("raw")) { button type="submit" { (words) } } }
}

fn shown(answers: &[RawAnswer], reader: &Reader) -> Markup {
    html! {
        @for answer in answers {
            section {
                h2 { code { bdi { (answer.asked) } } }
                p.hint { "Asked at " (reader.clock(answer.at)) ", " (reader.day(answer.at)) "." }
                @match &answer.said {
                    Said::Body { text, beyond } => {
                        div.scroll tabindex="0" role="region" aria-label=(answer.asked) { pre.raw { (text) } }
                        @if *beyond > 0 { p.hint { "Cut here: " (number(*beyond as u64)) " more characters came." } }
                    }
                    Said::Nothing(why) => {
                        (notice(Weight::Warning, "Atlassian did not answer this.", html! { p { (why) } }))
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::acme::{now, reader};

    #[test]
    fn an_answer_is_shown_as_text_with_what_was_asked_and_when() {
        let said = Said::Body { text: "{ \"name\": \"<script>alert(1)</script>\" }".to_owned(), beyond: 7 };
        let page = shown(&[RawAnswer { asked: "GET /x/<y>".to_owned(), at: now(), said }], &reader()).0;
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"), "{page}");
        assert!(
            page.contains("GET /x/&lt;y&gt;") && page.contains("12:00:00 UTC") && page.contains("7 more characters")
        );
        let refused = RawAnswer { asked: "GET /x".to_owned(), at: now(), said: Said::Nothing("Because.".to_owned()) };
        assert!(shown(&[refused], &reader()).0.contains("Because."));
    }
}
