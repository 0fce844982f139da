//! *Personal data*: everything about one person as a file, and their erasure, with what goes and what stays said first and a
//! typed confirmation. It decides nothing; `crate::personal` does.

#[cfg(test)]
mod tests;

use axum::Form;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::nouns::refusal::Refusal;
use crate::personal::preview::{Preview, preview};
use crate::personal::who::{self, Known, NotFound};
use crate::personal::{erase, export};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::ui::address::Address;
use crate::web::ui::amount::number;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{self, Weight};
use crate::web::visit::Visit;

/// The page's address.
pub(crate) const HERE: &str = "/people/data";
/// Where the file is made.
pub(crate) const EXPORT: &str = "/people/data/export";
/// Where somebody is erased.
pub(crate) const ERASE: &str = "/people/data/erase";

/// Whom is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    who: String,
    /// What was typed to confirm an erasure.
    typed: String,
}

/// Where the page of somebody is.
pub(crate) fn address(who: &str) -> Address {
    Address::new(HERE).with("who", who)
}

/// GET /people/data
pub(crate) async fn show(
    State(served): State<Served>,
    visit: Visit,
    Query(ask): Query<Ask>,
) -> Result<Response, Failure> {
    if ask.who.trim().is_empty() {
        return Ok(page(&visit, &ask, html! {}));
    }
    match who::find(&visit.mirror, &served.control, &ask.who).await {
        Ok(known) => {
            let preview = preview(&visit.mirror, &known).await?;
            Ok(page(&visit, &ask, about(&known, &preview, html! {})))
        }
        Err(error) => refused(&visit, &ask, error),
    }
}

/// POST /people/data/export: *Download everything*
pub(crate) async fn download(
    State(served): State<Served>,
    visit: Visit,
    Form(ask): Form<Ask>,
) -> Result<Response, Failure> {
    let known = match who::find(&visit.mirror, &served.control, &ask.who).await {
        Ok(known) => known,
        Err(error) => return refused(&visit, &ask, error),
    };
    let stores = (&visit.mirror, &served.control);
    let document = export::export(&visit.entered.context, stores, &known, &served.entropy).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"person.json\""),
    ];
    Ok((headers, format!("{document:#}\n")).into_response())
}

/// POST /people/data/erase: *Erase*
pub(crate) async fn erase(
    State(served): State<Served>,
    visit: Visit,
    Form(ask): Form<Ask>,
) -> Result<Response, Failure> {
    let known = match who::find(&visit.mirror, &served.control, &ask.who).await {
        Ok(known) => known,
        Err(error) => return refused(&visit, &ask, error),
    };
    if ask.typed.trim() != ask.who.trim() {
        let preview = preview(&visit.mirror, &known).await?;
        let refusal = Refusal::new(
            "Nothing was erased.",
            "What was typed is not what they were asked for by.",
            format!("Type {} to confirm.", ask.who.trim()),
        );
        let content = about(&known, &preview, notice::refusal(&refusal));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&visit, &ask, content)).into_response());
    }
    let stores = (&visit.mirror, &served.control);
    let done = erase::erase(&visit.entered.context, stores, &known, &served.entropy).await?;
    Ok(page(&visit, &Ask::default(), erased(&done)))
}

fn refused(visit: &Visit, ask: &Ask, error: NotFound) -> Result<Response, Failure> {
    match error {
        NotFound::Refused(refusal) => {
            Ok((StatusCode::NOT_FOUND, page(visit, ask, notice::refusal(&refusal))).into_response())
        }
        NotFound::Store(error) => Err(error.into()),
    }
}

fn page(visit: &Visit, ask: &Ask, content: Markup) -> Response {
    let whole = html! {
        nav.trail aria-label="Breadcrumb" { a href="/people" { "User Browser" } }
        div.headline { h1 { "Personal data" } }
        p.lead { "Everything that is kept about one person, as a file; and its erasure." }
        form.fields method="get" action=(HERE) {
            label { "Account id, e-mail address, or username of a feed"
                input type="text" name="who" value=(ask.who) required maxlength="254" autocomplete="off" spellcheck="false";
            }
            button type="submit" { "Look" }
        }
        (content)
    };
    Page::framed(&visit.frame("Personal data", Place::UserBrowser), whole).into_response()
}

fn about(known: &Known, preview: &Preview, problem: Markup) -> Markup {
    html! {
        (problem)
        section aria-labelledby="who" {
            h2 id="who" { "Who is meant" }
            dl.facts {
                (fact("Accounts", known.account_ids.iter().map(String::as_str)))
                (fact("E-mail addresses", known.emails.iter().map(String::as_str)))
                (fact("Names", known.names.iter().map(String::as_str)))
                (fact("Usernames of feeds", known.in_feeds.iter().map(|person| person.username.as_str())))
            }
            @if known.account_ids.len() > 1 {
                p.hint { "More than one account has this address. Ask by account id to mean one of them alone." }
            }
            form method="post" action=(EXPORT) {
                input type="hidden" name="who" value=(known.asked);
                button type="submit" { "Download everything (JSON)" }
                p.hint { "Profile and history, sites, feeds with the records as they came, operations, events, texts that name them. The download is recorded." }
            }
        }
        section aria-labelledby="goes" {
            h2 id="goes" { "Erase" }
            (amounts(preview, "Nothing of this person can go."))
            (reasons(preview))
            @if !preview.goes.is_empty() {
                form.fields method="post" action=(ERASE) {
                    input type="hidden" name="who" value=(known.asked);
                    label { span { "Type " strong { bdi { (known.asked) } } " to confirm" }
                        input type="text" name="typed" required maxlength="254" autocomplete="off" spellcheck="false";
                    }
                    button.danger type="submit" { "Erase" }
                    p.hint { "It cannot be taken back. Ids of accounts stay, and the audit chain holds. Backups are not reached: let them expire." }
                }
            }
        }
    }
}

fn erased(done: &Preview) -> Markup {
    html! {
        (notice::notice(Weight::Info, "Erased.", html! { p { "It is recorded in Audit. Backups are not reached: let them expire." } }))
        section aria-labelledby="went" { h2 id="went" { "What went" } (amounts(done, "Nothing.")) (reasons(done)) }
    }
}

fn amounts(preview: &Preview, none: &str) -> Markup {
    html! {
        @if preview.goes.is_empty() { p { (none) } } @else {
            div.scroll tabindex="0" role="region" aria-label="What goes" {
                table {
                    thead { tr { th scope="col" { "What goes" } th.num scope="col" { "How much" } } }
                    tbody { @for (what, count) in &preview.goes { tr { td.long { (what) } td.num { (number(*count)) } } } }
                }
            }
        }
    }
}

fn reasons(preview: &Preview) -> Markup {
    html! {
        @if !preview.stays.is_empty() {
            h3 { "What stays" }
            ul { @for why in &preview.stays { li { bdi { (why) } } } }
        }
    }
}

fn fact<'a>(name: &str, texts: impl Iterator<Item = &'a str>) -> Markup {
    let texts: Vec<&str> = texts.collect();
    html! {
        div { dt { (name) } dd {
            @if texts.is_empty() { span.sub { "none" } }
            @for (place, text) in texts.iter().enumerate() {
                @if place > 0 { br; }
                bdi { (text) }
            }
        } }
    }
}
