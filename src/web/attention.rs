//! *Needs attention*: everything that waits for a person, each with its next step.

use maud::{Markup, html};

use crate::sync::attention::{self, Waiting};
use crate::web::failure::Failure;
use crate::web::ui::amount::number;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{Weight, empty, notice};
use crate::web::visit::{Visit, run_address};
use crate::web::withheld;
use crate::web::{settings_key, settings_notifications};

/// GET /attention
pub(crate) async fn show(visit: Visit) -> Result<Page, Failure> {
    let now = visit.reader.now;
    let waiting = visit.mirror.store().read(move |tx| attention::list(tx, now)).await?;
    Ok(Page::framed(
        &visit.frame("Needs attention", Place::NeedsAttention),
        html! {
            div.headline {
                h1 { "Needs attention" }
                span.sub { (number(waiting.len() as u64)) (if waiting.len() == 1 { " thing waits" } else { " things wait" }) " for somebody" }
            }
            @if waiting.is_empty() {
                (empty("Nothing waits for you.", html! {
                    p { "Rows that a sync withheld, a key that expires, a sync that failed and a webhook that was switched off appear here." }
                }))
            }
            @for item in &waiting { (one(item, &visit)) }
        },
    ))
}

fn one(item: &Waiting, visit: &Visit) -> Markup {
    match item {
        Waiting::Key(key) => settings_key::validity_notice(key, &visit.reader, true),
        Waiting::Failed(run) => notice(
            Weight::Failure,
            "The last sync did not end well.",
            html! {
                @if let Some(failure) = &run.failure { p { (failure) } }
                p { a.button href=(run_address(run)) { "Look at sync run " (run.number) } " " a.button href="/runs" { "Run Sync" } }
            },
        ),
        Waiting::SwitchedOff(endpoint) => settings_notifications::switched_off(endpoint, &visit.reader),
        Waiting::Withheld(rows) => notice(
            Weight::Warning,
            &withheld::headline(rows, &visit.snapshot),
            html! {
                p { (withheld::explanation(rows)) " Withheld " (visit.reader.relative(rows.at)) "." }
                p { a.button href=(withheld::address(&rows.id)) { "Look at the rows" } }
            },
        ),
    }
}
