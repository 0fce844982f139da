//! *Support bundle*: says what is in it, and gives it as a file.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::html;

use crate::nouns::event::NewEvent;
use crate::store::events;
use crate::sync::bundle::{self, Surrounding};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::settings;
use crate::web::ui::frame::{Page, Place};
use crate::web::visit::Visit;

/// The page's address.
pub(crate) const HERE: &str = "/settings/support-bundle";
/// The file's address.
pub(crate) const FILE: &str = "/settings/support-bundle.zip";

/// GET /settings/support-bundle
pub(crate) async fn show(State(served): State<Served>, visit: Visit) -> Page {
    let faults = served.watch().faults();
    Page::framed(
        &visit.frame("Support bundle", Place::Settings),
        html! {
            (settings::strip(HERE))
            div.headline { h1 { "Support bundle" } }
            p.lead { "A file for somebody who helps. It changes nothing and is sent nowhere: you decide who gets it." }
            h2 { "What is in it" }
            ul {
                li { "versions, the size of the mirror, the key's expiry" }
                li { "settings with when they were changed, without secrets" }
                li { "the last 50 sync runs with what they noted" }
                li { "what the last sync could not read, and learned limits" }
                li { "the last faults of these pages since the server started (" (faults.len()) ")" }
            }
            p { "Names, addresses and account ids are left out; names of groups, sites and the organization too. Open it before you send it: it is a zip archive of short texts." }
            p { a.button.primary href=(FILE) download { "Download support bundle" } }
            p.hint { "The same on the command line: " code { "rollcall doctor --bundle FILE" } "; it knows no faults of the pages." }
            @if !faults.is_empty() {
                h2 { "Recent errors" }
                div.scroll tabindex="0" role="region" aria-label="Recent errors" {
                    table {
                        thead { tr { th scope="col" { "When" } th scope="col" { "Id" } th scope="col" { "Page" } } }
                        tbody { @for fault in faults.iter().rev() { tr {
                            td { (visit.reader.moment(fault.at)) } th scope="row" { code { (fault.id) } } td { code { (fault.route) } }
                        } } }
                    }
                }
            }
        },
    )
}

/// GET /settings/support-bundle.zip
pub(crate) async fn file(State(served): State<Served>, visit: Visit) -> Result<Response, Failure> {
    let surrounding = Surrounding { faults: served.watch().faults(), configured: Vec::new() };
    let packed = bundle::pack(&served.mirrors, &surrounding, visit.reader.now).await.map_err(Failure::fault)?;
    let (organization, context) = (visit.mirror.organization().id.clone(), &visit.entered.context);
    let made = NewEvent {
        at: context.now,
        actor: context.actor.as_subject(),
        kind: "bundle.made",
        subject: organization.to_string(),
        detail: "{}".to_owned(),
        personal: String::new(),
    };
    let salt = served.entropy.bytes();
    visit.mirror.store().write(move |tx| events::append(tx, &made, &salt)).await?;
    let name = visit.reader.now.strftime("rollcall-%Y%m%d-%H%M.zip").to_string();
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, packed).into_response())
}
