//! The way to the previous and the next rows of a list.

use maud::{Markup, html};

use crate::web::ui::address::Address;

/// Links to the rows before and after; nothing when all rows are on the page.
pub(crate) fn paging(label: &str, previous: Option<Address>, next: Option<Address>) -> Markup {
    html! {
        @if previous.is_some() || next.is_some() {
            nav.paging aria-label=(label) {
                @match previous {
                    Some(address) => { a.button href=(address) rel="prev" { "Previous" } }
                    None => { span.button aria-disabled="true" { "Previous" } }
                }
                @match next {
                    Some(address) => { a.button href=(address) rel="next" { "Next" } }
                    None => { span.button aria-disabled="true" { "Next" } }
                }
            }
        }
    }
}
