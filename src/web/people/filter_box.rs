//! The filter box of the user browser: the text, what has to be said about it, and what was understood.

use directory::find;
use filter::{Diagnostic, Query, Severity};
use maud::{Markup, html};

use crate::mirror::answer::Answer;
use crate::web::people::Ask;
use crate::web::ui::address::Address;

/// The box.
pub(super) fn search(ask: &Ask) -> Markup {
    html! {
        form.filter.find method="get" action="/people" role="search" {
            input type="search" name="q" value=(ask.q) placeholder="Name, e-mail, or a filter: status = active AND inactiveFor(jira) >= 90d"
                aria-label="Filter" aria-describedby="filter-help" maxlength=(filter::MAX_CHARACTERS) autocomplete="off" spellcheck="false"
                data-complete="/people/complete";
            @for (name, value) in [("status", &ask.status), ("sort", &ask.sort), ("order", &ask.order), ("limit", &ask.limit)] {
                @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
            }
            button.primary type="submit" { "Search" }
            @if !ask.q.trim().is_empty() {
                a.button.quiet href=(Ask { q: String::new(), ..ask.clone() }.address(&Address::new("/people"))) { "Clear" }
            }
        }
    }
}

/// What has to be said about the text, each with its place, and with one click where it can be put right.
pub(super) fn diagnostics(ask: &Ask, answer: &Answer) -> Markup {
    if answer.diagnostics.is_empty() {
        return html! {};
    }
    html! {
        div class=(if answer.has_errors { "note bad" } else { "note warn" }) role="status" {
            p { strong {
                @if answer.has_errors { "Not all of the filter was understood." } @else { "The filter was understood; please look." }
            } }
            @for diagnostic in &answer.diagnostics { (one(ask, diagnostic)) }
            @if answer.has_errors && answer.query.expression.is_some() {
                p { "What follows is found by what was understood: " code { (answer.canonical()) } "." }
            }
        }
    }
}

fn one(ask: &Ask, diagnostic: &Diagnostic) -> Markup {
    let text = ask.q.as_str();
    let mended = diagnostic.replacement.as_ref().and_then(|replacement| {
        let (start, end) = (diagnostic.span.start, diagnostic.span.end);
        Some(format!("{}{replacement}{}", text.get(..start)?, text.get(end..)?))
    });
    html! {
        pre.drawn { span class=(if diagnostic.severity == Severity::Error { "bad" } else { "warn" }) { (diagnostic.draw(text)) } }
        @if let Some(mended) = mended {
            p { a.button href=(Ask { q: mended.clone(), ..ask.clone() }.address(&Address::new("/people"))) { "Use " code { (mended) } } }
        }
    }
}

/// The text of a filter without its order, for links that bring their own.
pub(super) fn unordered(answer: &Answer) -> Option<String> {
    if answer.query.order.is_empty() {
        return None;
    }
    let query = Query { expression: answer.query.expression.clone(), order: Vec::new() };
    Some(filter::show(&query, find::catalogue()))
}
