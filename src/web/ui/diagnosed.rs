//! What has to be said about a filter's text, each with its place, and with one click where it can be put right.

use filter::{Diagnostic, Severity};
use maud::{Markup, html};

use crate::mirror::answer::Answer;
use crate::web::ui::address::Address;

/// What was understood of a text, as far as it has to be told.
pub(crate) struct Understood<'a> {
    /// What has to be said, in the order of the text.
    pub(crate) diagnostics: &'a [Diagnostic],
    /// Whether a part of the text is not in what was understood.
    pub(crate) has_errors: bool,
    /// The canonical form of what was understood; `None` where nothing was.
    pub(crate) canonical: Option<String>,
}

/// Everything that has to be said; `mended` is the page with another text.
pub(crate) fn diagnosed(text: &str, answer: &Answer, mended: impl Fn(&str) -> Address) -> Markup {
    let canonical = answer.query.expression.is_some().then(|| answer.canonical());
    let understood = Understood { diagnostics: &answer.diagnostics, has_errors: answer.has_errors, canonical };
    said(text, &understood, mended)
}

/// The same of what was understood of any text.
pub(crate) fn said(text: &str, understood: &Understood<'_>, mended: impl Fn(&str) -> Address) -> Markup {
    if understood.diagnostics.is_empty() {
        return html! {};
    }
    html! {
        div class=(if understood.has_errors { "note bad" } else { "note warn" }) role="status" {
            p { strong {
                @if understood.has_errors { "Not all of the filter was understood." } @else { "The filter was understood; please look." }
            } }
            @for diagnostic in understood.diagnostics { (one(text, diagnostic, &mended)) }
            @if let Some(canonical) = understood.canonical.as_ref().filter(|_| understood.has_errors) {
                p { "What follows is found by what was understood: " code { (canonical) } "." }
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
