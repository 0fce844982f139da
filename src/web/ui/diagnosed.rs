//! What has to be said about a filter's text, each with its place, and with one click where it can be put right.

use filter::{Diagnostic, Severity};
use maud::{Markup, html};

use crate::mirror::answer::Answer;
use crate::web::ui::address::Address;

/// Everything that has to be said; `mended` is the page with another text.
pub(crate) fn diagnosed(text: &str, answer: &Answer, mended: impl Fn(&str) -> Address) -> Markup {
    if answer.diagnostics.is_empty() {
        return html! {};
    }
    html! {
        div class=(if answer.has_errors { "note bad" } else { "note warn" }) role="status" {
            p { strong {
                @if answer.has_errors { "Not all of the filter was understood." } @else { "The filter was understood; please look." }
            } }
            @for diagnostic in &answer.diagnostics { (one(text, diagnostic, &mended)) }
            @if answer.has_errors && answer.query.expression.is_some() {
                p { "What follows is found by what was understood: " code { (answer.canonical()) } "." }
            }
        }
    }
}

fn one(text: &str, diagnostic: &Diagnostic, mended: &impl Fn(&str) -> Address) -> Markup {
    let better = diagnostic.replacement.as_ref().and_then(|replacement| {
        let (start, end) = (diagnostic.span.start, diagnostic.span.end);
        Some(format!("{}{replacement}{}", text.get(..start)?, text.get(end..)?))
    });
    html! {
        pre.drawn { span class=(if diagnostic.severity == Severity::Error { "bad" } else { "warn" }) { (diagnostic.draw(text)) } }
        @if let Some(better) = better {
            p { a.button href=(mended(&better)) { "Use " code { (better) } } }
        }
    }
}
