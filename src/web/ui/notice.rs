//! Notices and empty states: what is the matter, why, and what to do next.

use maud::{Markup, html};

use crate::nouns::refusal::Refusal;

/// How much a notice matters. The word stands in the text; colour only repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Something to know.
    Info,
    /// Something to look at.
    Warning,
    /// Something failed.
    Failure,
}

/// A notice with a headline and what belongs to it.
pub(crate) fn notice(weight: Weight, headline: &str, body: Markup) -> Markup {
    let class = match weight {
        Weight::Info => "note info",
        Weight::Warning => "note warn",
        Weight::Failure => "note bad",
    };
    let role = if weight == Weight::Failure { "alert" } else { "status" };
    html! { div class=(class) role=(role) { p { strong { (headline) } } (body) } }
}

/// A refusal in its three sentences.
pub(crate) fn refusal(refusal: &Refusal) -> Markup {
    notice(Weight::Failure, &refusal.what, html! { p { (refusal.why) } p { (refusal.next) } })
}

/// What stands where rows would be.
pub(crate) fn empty(headline: &str, body: Markup) -> Markup {
    html! { div.empty { p.lead { (headline) } (body) } }
}
