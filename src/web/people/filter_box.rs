//! The filter box of the user browser: the text, what has to be said about it, and what was understood.

use directory::find;
use filter::Query;
use maud::{Markup, html};

use crate::mirror::answer::Answer;
use crate::web::people::{Ask, question};
use crate::web::ui::address::Address;
use crate::web::ui::diagnosed::diagnosed;

/// The box.
pub(super) fn search(ask: &Ask) -> Markup {
    html! {
        form.filter.find method="get" action="/people" role="search" {
            input type="search" name="q" value=(ask.q) placeholder="Name, e-mail, or a filter: status = active AND inactiveFor(jira) >= 90d"
                aria-label="Filter" aria-describedby="filter-help" maxlength=(filter::MAX_CHARACTERS) autocomplete="off" spellcheck="false"
                data-complete="/people/complete";
            span id="carried" { (ask.hidden_beside_text()) }
            button.primary type="submit" { "Search" }
            @if !ask.q.trim().is_empty() {
                a.button.quiet href=(Ask { q: kept(ask), ..ask.clone() }.address(&Address::new("/people"))) { "Clear" }
            }
        }
    }
}

/// What has to be said about the text, each with its place, and with one click where it can be put right.
pub(super) fn diagnostics(ask: &Ask, answer: &Answer) -> Markup {
    diagnosed(&ask.q, answer, |better| Ask { q: better.to_owned(), ..ask.clone() }.address(&Address::new("/people")))
}

/// What is left of a filter that is cleared: the site, which is chosen for all pages.
fn kept(ask: &Ask) -> String {
    let query = filter::parse(&ask.q, find::catalogue()).query;
    question::with_site("", question::site(&query))
}

/// The text of a filter without its order, for links that bring their own.
pub(super) fn unordered(answer: &Answer) -> Option<String> {
    if answer.query.order.is_empty() {
        return None;
    }
    let query = Query { expression: answer.query.expression.clone(), order: Vec::new() };
    Some(filter::show(&query, find::catalogue()))
}
