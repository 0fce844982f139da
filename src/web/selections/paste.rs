//! A pasted list of addresses and ids: who is found, who is not, who twice. Whoever is found becomes a selection.

use axum::Form;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use directory::Ordinal;
use maud::{Markup, html};
use serde::Deserialize;

use crate::mirror::pasted::{self, MOST_LINES, Named, TooMuch};
use crate::mirror::selections;
use crate::nouns::saved_filter::LONGEST_NAME;
use crate::nouns::selection::{Picked, Selected, Selection};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::operations::picker;
use crate::web::people::ticks::refused;
use crate::web::selections as page_of;
use crate::web::ui::address::Address;
use crate::web::ui::amount::{counted, number};
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{Weight, notice};
use crate::web::ui::person::display_name;
use crate::web::visit::{Visit, first_use};

/// The page's address.
pub(crate) const HERE: &str = "/selections/paste";
/// The largest form, in bytes: three for each byte of the longest list, as browsers write what is not plain.
pub(crate) const LARGEST_FORM: usize = 3 * pasted::LONGEST + (64 << 10);
/// So many entries of a kind are shown.
const SHOWN: usize = 200;

/// The form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    list: String,
}

/// GET /selections/paste
pub(crate) async fn show(visit: Visit) -> Result<Page, Failure> {
    if visit.snapshot.generation() == 0 {
        let state = visit.state().await?;
        let content = html! { div.headline { h1 { "Paste a list" } } (first_use(state.newest.as_ref())) };
        return Ok(Page::framed(&visit.frame("Paste a list", Place::UserBrowser), content));
    }
    Ok(page(&visit, "", html! {}))
}

/// POST /selections/paste
pub(crate) async fn read(State(served): State<Served>, visit: Visit, request: Request) -> Result<Response, Failure> {
    let entry = entry(request).await?;
    let entries = match pasted::entries(&entry.list) {
        Ok(entries) => entries,
        Err(why) => {
            let body = html! { p { "It was not read: " (why.to_string()) "." } p { "Paste it in parts." } };
            let kept = if why == TooMuch::Bytes { "" } else { &entry.list };
            let page = page(&visit, kept, notice(Weight::Failure, "The list is too long.", body));
            return Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response());
        }
    };
    let named = pasted::named(&visit.snapshot, &entries);
    let selection = if named.found.is_empty() {
        None
    } else {
        let selected = Selected::Listed { people: named.found.clone(), from: Picked::Pasted };
        let seen = (visit.snapshot.generation(), named.found.len());
        let made = selections::make(&visit.entered.context, &visit.mirror, selected, seen, &served.entropy);
        Some(made.await.map_err(refused)?)
    };
    Ok(page(&visit, &entry.list, result(&visit, &named, selection.as_ref())).into_response())
}

/// What was pasted and what was uploaded, one behind the other.
async fn entry(request: Request) -> Result<Entry, Failure> {
    let unreadable = || Failure::Unreadable(StatusCode::BAD_REQUEST);
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("multipart/form-data") {
        let Form(entry) = Form::<Entry>::from_request(request, &()).await.map_err(|_| unreadable())?;
        return Ok(entry);
    }
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| unreadable())?;
    let mut list = String::new();
    while let Some(part) = parts.next_field().await.map_err(|error| Failure::Unreadable(error.status()))? {
        let taken = matches!(part.name(), Some("list" | "file"));
        let bytes = part.bytes().await.map_err(|error| Failure::Unreadable(error.status()))?;
        if taken {
            if !list.is_empty() {
                list.push('\n');
            }
            list.push_str(&pasted::text(&bytes));
        }
    }
    Ok(Entry { list })
}

fn page(visit: &Visit, list: &str, above: Markup) -> Page {
    let content = html! {
        p.trail { a href=(page_of::HERE) { "Lists of people" } }
        div.headline { h1 { "Paste a list" } }
        (above)
        form.fields method="post" action=(HERE) enctype="multipart/form-data" {
            label { "E-mail addresses or account ids"
                span.hint { "One per line, or with commas or semicolons between; “Name <address>” is understood. At most " (number(MOST_LINES as u64)) "." }
                textarea name="list" rows="10" spellcheck="false" autocomplete="off" { (list) }
            }
            label { "Or a file"
                span.hint id="file-hint" { "Text or CSV, UTF-8 or as spreadsheets write it. Its entries are read as those above." }
                input type="file" name="file" accept=".csv,.txt,text/csv,text/plain" aria-describedby="file-hint";
            }
            button.primary type="submit" { "Find them" }
        }
    };
    Page::framed(&visit.frame("Paste a list", Place::UserBrowser), content)
}

fn result(visit: &Visit, named: &Named, selection: Option<&Selection>) -> Markup {
    let person = |account: &Ordinal| {
        let row = visit.snapshot.account_row(*account);
        html! { @if let Some(row) = &row { a href=(Address::person(row.id)) { bdi { (display_name(row)) } } " " span.sub { (row.id) } } }
    };
    html! {
        div.sum {
            div { b { (number(named.found.len())) } span { "found" } }
            div { b { (number(named.nobody.len() as u64)) } span { "not found" } }
            div { b { (number(named.left.len() as u64)) } span { "not in the organization any more" } }
            div { b { (number(named.again.len() as u64)) } span { "named again" } }
        }
        @match selection {
            Some(selection) => {
                div.row {
                    a.button.primary href=(Address::new(picker::HERE).with("selection", selection.id.as_str())) { "Bulk Operations" }
                    a.button href=(page_of::address(&selection.id)) { "See the " (counted(named.found.len(), "person", "people")) }
                    form.row method="post" action=(page_of::address(&selection.id).below("keep")) {
                        input type="text" name="name" aria-label="Name" placeholder="Name" required maxlength=(LONGEST_NAME) autocomplete="off";
                        button type="submit" { "Keep as a list" }
                    }
                }
            }
            None => (notice(Weight::Warning, "Nobody of this list is in the organization.", html! {
                p { "Addresses that Atlassian hides cannot be found; account ids always can." }
            })),
        }
        (told("Not found", &named.nobody, |entry| html! { code { bdi { (entry) } } }))
        (told("Not in the organization any more, and not selected", &named.left, |(entry, account)| html! { code { bdi { (entry) } } " " (person(account)) }))
        (told("Named again, and selected once", &named.again, |(entry, account)| html! { code { bdi { (entry) } } " " (person(account)) }))
        (told("More than one account, all of them selected", &named.several, |(entry, accounts)| html! {
            code { bdi { (entry) } } ": " @for (place, account) in accounts.iter().enumerate() { @if place > 0 { ", " } (person(account)) }
        }))
    }
}

fn told<T>(title: &str, entries: &[T], line: impl Fn(&T) -> Markup) -> Markup {
    html! {
        @if !entries.is_empty() {
            section aria-label=(title) {
                h2 { (title) }
                ul {
                    @for entry in entries.iter().take(SHOWN) { li { (line(entry)) } }
                    @if entries.len() > SHOWN { li.sub { "and " (number((entries.len() - SHOWN) as u64)) " more" } }
                }
            }
        }
    }
}
