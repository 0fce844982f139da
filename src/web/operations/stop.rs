//! *Stop everything*: one switch per organization that is read before each effect, and its release with a reason.

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::nouns::refusal::Refusal;
use crate::operations::control::{self, StoppedBy};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::operations;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::{self, Weight};
use crate::web::visit::Visit;

/// The page's address.
pub(crate) const HERE: &str = "/operations/stop";
/// Where what was stopped is released.
pub(crate) const RELEASE: &str = "/operations/release";

/// The longest reason, in characters.
const LONGEST: usize = 500;

/// Why.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    reason: String,
}

/// What every page says while everything is stopped.
pub(crate) fn told(by: Option<&StoppedBy>, reader: &Reader) -> Markup {
    notice::notice(
        Weight::Failure,
        "Everything is stopped.",
        html! {
        @if let Some(by) = by {
            p { "By " bdi { (by.by) } ", " (reader.moment(by.at)) @if !by.reason.is_empty() { ": “" bdi { (by.reason) } "”" } "." }
        }
        p { "No change is sent to Atlassian until it is released. Syncs go on. " a href=(HERE) { "Release it" } } },
    )
}

/// GET /operations/stop
pub(crate) async fn show(visit: Visit) -> Page {
    page(&visit, html! {})
}

/// POST /operations/stop
pub(crate) async fn stop(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let Some(reason) = reason(&entry) else { return Ok(refused(&visit, "Nothing was stopped.")) };
    control::stop(&visit.entered.context, &visit.mirror, reason, &served.entropy).await?;
    Ok(see(operations::HERE))
}

/// POST /operations/release
pub(crate) async fn release(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let Some(reason) = reason(&entry) else { return Ok(refused(&visit, "Everything stays stopped.")) };
    control::release(&visit.entered.context, &visit.mirror, reason, &served.entropy).await?;
    Ok(see(operations::HERE))
}

fn reason(entry: &Entry) -> Option<&str> {
    Some(entry.reason.trim()).filter(|reason| !reason.is_empty() && reason.chars().count() <= LONGEST)
}

fn refused(visit: &Visit, what: &str) -> Response {
    let why = format!("A reason is needed, of at most {LONGEST} characters.");
    let refusal = Refusal::new(what, why, "Say why, for whoever looks at it later.");
    page(visit, notice::refusal(&refusal)).with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response()
}

fn page(visit: &Visit, problem: Markup) -> Page {
    let (title, action, leads, button) = if visit.stopped {
        (
            "Release",
            RELEASE,
            "Operations that were under way go on, each after reading again whom it is about.",
            "Release",
        )
    } else {
        (
            "Stop everything",
            HERE,
            "From that moment no change is sent to Atlassian, by nobody and by no operation, until it is released with a reason. A change that is on its way is still answered. Syncs go on.",
            "Stop everything",
        )
    };
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(operations::HERE) { "Operations" } }
        div.headline { h1 { (title) } }
        p.lead { (leads) }
        (problem)
        form.fields method="post" action=(action) {
            label { "Why"
                span.hint id="why" { "Kept with who and when." }
                input type="text" name="reason" required maxlength=(LONGEST) autocomplete="off" aria-describedby="why";
            }
            button.danger[!visit.stopped].primary[visit.stopped] type="submit" { (button) }
        }
    };
    Page::framed(&visit.frame(title, Place::Operations), content)
}
