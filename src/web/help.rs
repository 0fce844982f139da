//! Help: the documents of docs/ as pages, searchable, and the place in them that each page of the navigation leads to.
//! The documents are compiled in; their raw HTML is text here.

mod render;
mod search;

use std::sync::LazyLock;

use axum::extract::{Path, Query};
use maud::{Markup, PreEscaped, html};
use serde::Deserialize;

use crate::web::failure::Failure;
use crate::web::help::render::Document;
use crate::web::ui::address::Address;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::empty;
use crate::web::visit::Visit;

/// The page's address.
pub(crate) const HERE: &str = "/help";

/// The documents, by their names in addresses, in the order of the list.
const PAGES: &[(&str, &str)] = &[
    ("faq", include_str!("../../docs/faq.md")),
    ("which-sync", include_str!("../../docs/which-sync.md")),
    ("filter", include_str!("../../docs/filter.md")),
    ("troubleshooting", include_str!("../../docs/troubleshooting.md")),
    ("glossary", include_str!("../../docs/glossary.md")),
    ("install", include_str!("../../docs/install.md")),
    ("act", include_str!("../../docs/act.md")),
    ("control-files", include_str!("../../docs/control-files.md")),
    ("operate", include_str!("../../docs/operate.md")),
    ("feeds", include_str!("../../docs/feeds.md")),
    ("contacts", include_str!("../../docs/contacts.md")),
    ("webhooks", include_str!("../../docs/webhooks.md")),
    ("audit", include_str!("../../docs/audit.md")),
    ("api", include_str!("../../docs/api.md")),
    ("security", include_str!("../../docs/security.md")),
    ("simulator", include_str!("../../docs/simulator.md")),
    ("benchmarks", include_str!("../../docs/benchmarks.md")),
];

static DOCUMENTS: LazyLock<Vec<Document>> =
    LazyLock::new(|| PAGES.iter().map(|(name, text)| Document::read(name, text)).collect());

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    q: String,
}

/// Where help about a place of the navigation is.
pub(crate) fn of_place(place: Place) -> &'static str {
    match place {
        Place::Dashboard => "/help/faq#the-dashboard",
        Place::UserBrowser => "/help/filter",
        Place::Groups => "/help/faq#groups",
        Place::Operations => "/help/act",
        Place::AutomatedTasks => "/help/operate#automated-tasks",
        Place::Feeds => "/help/feeds",
        Place::Contacts => "/help/contacts",
        Place::SyncRuns => "/help/operate#syncs",
        Place::NeedsAttention => "/help/operate#guards",
        Place::Audit => "/help/audit",
        Place::Settings => "/help/which-sync",
        Place::Help => HERE,
    }
}

/// A text of Markdown for a page that has its own first heading.
pub(crate) fn rendered(name: &'static str, text: &'static str) -> String {
    Document::read(name, text.split_once('\n').map_or(text, |(_, below)| below)).html
}

/// GET /help
pub(crate) async fn index(visit: Visit, Query(ask): Query<Ask>) -> Page {
    Page::framed(&visit.frame("Help", Place::Help), contents(ask.q.trim()))
}

/// GET /help/{page}
pub(crate) async fn show(visit: Visit, Path(name): Path<String>) -> Result<Page, Failure> {
    let Some(document) = DOCUMENTS.iter().find(|document| document.name == name) else {
        return Err(Failure::NotFound("There is no page of help of this name."));
    };
    Ok(Page::framed(&visit.frame(&document.title, Place::Help), shown(document)))
}

fn contents(q: &str) -> Markup {
    let found = search::search(&DOCUMENTS, q);
    html! {
        div.headline { h1 { "Help" } span.grow {} a href="/about" { "About Rollcall" } }
        (search_form(q))
        @if q.is_empty() {
            ul.help { @for document in DOCUMENTS.iter() {
                li { a.name href=(address(document)) { (document.title) } p.hint { (document.beginning()) } }
            } }
        } @else if found.is_empty() {
            (empty("Nothing is found in help.", html! {
                p { "Every word has to stand in one section. Try fewer words, or look through " a href=(HERE) { "all pages" } "." }
            }))
        } @else {
            ul.help { @for hit in &found {
                li {
                    a.name href=(format!("{}#{}", address(hit.document), hit.section.id)) { (hit.section.heading) }
                    " " span.sub { (hit.document.title) }
                    p.hint { (hit.words()) }
                }
            } }
        }
    }
}

fn shown(document: &Document) -> Markup {
    html! {
        nav.trail aria-label="Breadcrumb" { a href=(HERE) { "Help" } }
        (search_form(""))
        article.help { (PreEscaped(&document.html)) }
    }
}

fn search_form(q: &str) -> Markup {
    html! {
        form.filter role="search" method="get" action=(HERE) {
            input type="search" name="q" value=(q) aria-label="Search help" placeholder="Search help" maxlength="200";
            button type="submit" { "Search" }
        }
    }
}

fn address(document: &Document) -> Address {
    Address::new(HERE).below(document.name)
}

#[cfg(test)]
mod tests;
