//! What has to be said about a text of the filter language, or a control file, as a program takes it: where, what, and how to
//! mend it.

use std::ops::Range;

use serde::Serialize;
use utoipa::ToSchema;

/// One thing that has to be said about a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Diagnostic {
    /// A word for the kind of diagnostic that stays.
    code: String,
    /// `error`: a part of the text is not in the query. `warning`: all of it is, and it may not be what was meant.
    severity: String,
    /// Where in the text.
    span: Span,
    /// What is wrong.
    message: String,
    /// How to mend it.
    hint: Option<String>,
    /// What could stand there instead.
    replacement: Option<String>,
    /// The text with a mark below the place, as a terminal shows it.
    drawn: String,
}

/// A stretch of a text in characters, not bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Span {
    /// Characters before it.
    start: usize,
    /// Characters before its end.
    end: usize,
}

impl Diagnostic {
    /// Everything that has to be said about a text.
    pub(crate) fn of_all(text: &str, diagnostics: &[filter::Diagnostic]) -> Vec<Diagnostic> {
        let one = |diagnostic: &filter::Diagnostic| Diagnostic {
            code: diagnostic.code.to_owned(),
            severity: diagnostic.severity.word().to_owned(),
            span: Span::of(text, diagnostic.span),
            message: diagnostic.message.clone(),
            hint: diagnostic.hint.clone(),
            replacement: diagnostic.replacement.clone(),
            drawn: diagnostic.draw(text),
        };
        diagnostics.iter().map(one).collect()
    }

    /// The same of a control file.
    pub(crate) fn of_control(text: &str, diagnostics: &[feed::control::Diagnostic]) -> Vec<Diagnostic> {
        let one = |diagnostic: &feed::control::Diagnostic| Diagnostic {
            code: diagnostic.code.to_owned(),
            severity: diagnostic.severity.word().to_owned(),
            span: Span::of_bytes(text, &diagnostic.span),
            message: diagnostic.message.clone(),
            hint: diagnostic.hint.clone(),
            replacement: None,
            drawn: format!("line {}, column {}", diagnostic.line, diagnostic.column),
        };
        diagnostics.iter().map(one).collect()
    }
}

impl Span {
    /// A stretch of bytes in characters.
    pub(crate) fn of(text: &str, span: filter::Span) -> Span {
        Span::of_bytes(text, &(span.start..span.end))
    }

    fn of_bytes(text: &str, span: &Range<usize>) -> Span {
        let characters = |byte: usize| text.get(..byte).unwrap_or(text).chars().count();
        Span { start: characters(span.start), end: characters(span.end) }
    }
}
