//! Help for authors of control files: the model page with every destination, name, type, filter, reader and instruction
//! that exists, and the JSON Schema for editors. What is not listed there is refused at upload.

use ::feed::control::model::{Action, Destination, Filter, Format, Type};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::feeds::keep;
use crate::web::failure::Failure;
use crate::web::feeds::{self, sample};
use crate::web::ui::frame::{Page, Place};
use crate::web::visit::Visit;

/// The page's address.
pub(crate) const HERE: &str = "/feed-control";
/// Where the schema is.
pub(crate) const SCHEMA: &str = "/feed-control/schema.json";

/// GET /feed-control
pub(crate) async fn show(visit: Visit) -> Result<Page, Failure> {
    let mut managed = Vec::new();
    for feed in keep::list(&visit.mirror).await? {
        let groups = keep::groups(&visit.mirror, feed.number).await?;
        managed.push((feed, groups));
    }
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(feeds::HERE) { "Feeds" } }
        div.headline { h1 { "Control files" } span.grow {} a.button href=(sample::GENERATE) { "Make one from a sample" } a.button href=(sample::TRY) { "Try one on a sample" } a.button href="/help/control-files" { "How to begin" } a.button href=(SCHEMA) download { "JSON Schema" } }
        p.lead { "A control file says which files come, how they are read, and where each field goes. These are all the words it may use; any other is refused when it is uploaded, with its line and column." }
        section aria-labelledby="destinations" {
            h2 id="destinations" { "Destinations and their names" }
            @for destination in Destination::ALL { (self::destination(destination)) }
        }
        section aria-labelledby="managed" {
            h2 id="managed" { "Managed groups" }
            p { "The values of " code { "user: groups" } ". Each feed declares its own; memberships of all other groups are never touched." }
            ul.reasons { @for (feed, groups) in &managed { li {
                a href=(feeds::address(feed)) { bdi { (feed.name) } } ": "
                @if groups.is_empty() { span.sub.inline { "none" } }
                @for (place, group) in groups.iter().enumerate() { @if place > 0 { ", " } code { bdi { (group.code) } } @if group.name != group.code { " " bdi { (group.name) } } }
            } } }
        }
        (vocabulary("readers", "How files are read", Format::ALL.iter().map(|one| one.word())))
        (vocabulary("types", "Types of profile fields", Type::ALL.iter().map(|one| one.word())))
        (vocabulary("filters", "Value filters", Filter::ALL.iter().map(|one| one.word())))
        (vocabulary("instructions", "Instructions", Action::ALL.iter().filter(|one| !matches!(one, Action::New | Action::Load)).map(|one| one.word())))
    };
    Ok(Page::framed(&visit.frame("Control files", Place::Feeds), content))
}

/// GET /feed-control/schema.json
pub(crate) async fn schema(_: Visit) -> Response {
    ([(header::CONTENT_TYPE, "application/schema+json")], ::feed::control::schema()).into_response()
}

fn destination(destination: Destination) -> Markup {
    html! {
        h3 { code { (destination.word()) } " " span.sub.inline { (destination.title()) } }
        @if destination.names().is_empty() {
            p { @match destination {
                Destination::Profile => { "The names that the section " code { "profile" } " of the control file declares; without one, any code, taken as text." }
                _ => "Any name; the value is text.",
            } }
        } @else {
            div.scroll.narrow.roomy tabindex="0" role="region" aria-label=(destination.title()) {
                table {
                    thead { tr { th scope="col" { "Name" } th scope="col" { "Required" } th scope="col" { "Several" } th scope="col" { "What it holds" } } }
                    tbody { @for name in destination.names() { tr {
                        th scope="row" { code { (name.word) } } td { (feeds::words::yes_no(name.required)) } td { (feeds::words::yes_no(name.multiple)) }
                        td.long { (name.about) }
                    } } }
                }
            }
        }
    }
}

fn vocabulary(id: &str, heading: &str, words: impl Iterator<Item = &'static str>) -> Markup {
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (heading) }
            p { @for (place, word) in words.enumerate() { @if place > 0 { ", " } code { (word) } } }
        }
    }
}
