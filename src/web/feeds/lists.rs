//! Whom a feed holds, and whose last record was not applied in whole: lists, page by page, each person with the way to
//! everything about them.

use axum::extract::{Path, Query};
use maud::{Markup, html};
use serde::Deserialize;

use crate::feeds::listing;
use crate::nouns::feed_person::{FeedPerson, PersonState};
use crate::store::feed_people::PeopleWanted;
use crate::web::failure::Failure;
use crate::web::feeds::{address, existing, lookup, trail, words};
use crate::web::ui::address::Address;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::empty;
use crate::web::ui::paging::paging;
use crate::web::ui::person::status_tag;
use crate::web::visit::Visit;

/// People of one page.
const LIMIT: u32 = 100;

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    state: String,
    /// `linked` or `none`.
    link: String,
    /// Behind this username, or this number.
    after: String,
}

/// GET /feeds/{code}/people
pub(crate) async fn people(visit: Visit, Path(code): Path<String>, Query(ask): Query<Ask>) -> Result<Page, Failure> {
    let feed = existing(&visit, &code).await?;
    let state = PersonState::parse(&ask.state);
    let linked = match ask.link.as_str() {
        "linked" => Some(true),
        "none" => Some(false),
        _ => None,
    };
    let wanted = PeopleWanted { after: ask.after.clone(), state, linked };
    let mut found = listing::people(&visit.mirror, feed.number, (wanted, LIMIT + 1)).await?;
    let more = found.len() > LIMIT as usize;
    found.truncate(LIMIT as usize);
    let here = || address(&feed).below("people");
    let narrowed = here().with("state", state.map_or("", PersonState::as_str)).with("link", &ask.link);
    let next = found.last().filter(|_| more).map(|last| narrowed.clone().with("after", &last.username_key));
    let content = html! {
        (trail(&feed))
        div.headline { h1 { "People of " bdi { (feed.name) } } }
        (lookup::search_box(""))
        nav.chips aria-label="Which people" {
            a href=(here()) aria-current=[(state.is_none() && linked.is_none()).then_some("true")] { "All" }
            @for one in PersonState::ALL {
                a href=(here().with("state", one.as_str())) aria-current=[(state == Some(*one)).then_some("true")] { (one.as_str()) }
            }
            @for (link, words) in [("linked", "linked to an account"), ("none", "in the feed, not linked")] {
                a href=(here().with("link", link)) aria-current=[(ask.link == link).then_some("true")] { (words) }
            }
        }
        @if found.is_empty() {
            (empty("Nobody is like this.", html! { p { "People appear here once a run of this feed is applied." } }))
        } @else { (table(&found, &visit)) }
        (paging("Pages of people", (!ask.after.is_empty()).then_some(narrowed), next))
    };
    Ok(Page::framed(&visit.frame("People of a feed", Place::Feeds), content))
}

/// People, each with the way to everything about them.
pub(super) fn table(people: &[FeedPerson], visit: &Visit) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="People" {
            table {
                thead { tr { th scope="col" { "Username" } th scope="col" { "Name" } th.hide-s scope="col" { "E-mail" } th scope="col" { "State" } th scope="col" { "Atlassian account" } th.hide-s scope="col" { "Known" } } }
                tbody { @for person in people { tr {
                    th scope="row" { a.name href=(lookup::address(person.account)) { bdi { (person.username) } } }
                    td.long { bdi { (person.name) } }
                    td.hide-s { bdi { (person.email) } }
                    td { (words::person_tag(person.state)) @if let Some(at) = person.block_at { " " span.sub { "blocked " (visit.reader.relative(at)) } } }
                    td { (account(person, visit)) }
                    td.hide-s { (visit.reader.relative(person.since)) }
                } } }
            }
        }
    }
}

/// The account of somebody, with how it stands.
fn account(person: &FeedPerson, visit: &Visit) -> Markup {
    let Some(id) = &person.linked else { return html! { span.sub { "none linked" } } };
    let row = visit.snapshot.account(id).and_then(|account| visit.snapshot.account_row(account));
    html! {
        @match &row {
            Some(row) => { a.name href=(Address::person(id)) aria-label={ "Atlassian account of " (person.username) } { (status_tag(row)) } }
            None => { a.name href=(Address::person(id)) { "not in the organization" } }
        }
    }
}

/// GET /feeds/{code}/errors
pub(crate) async fn errors(visit: Visit, Path(code): Path<String>, Query(ask): Query<Ask>) -> Result<Page, Failure> {
    let feed = existing(&visit, &code).await?;
    let after = ask.after.parse().unwrap_or(0);
    let mut found = listing::errors(&visit.mirror, feed.number, (after, LIMIT + 1)).await?;
    let more = found.len() > LIMIT as usize;
    found.truncate(LIMIT as usize);
    let here = || address(&feed).below("errors");
    let next = found.last().filter(|_| more).map(|(person, _)| here().with("after", &person.account.to_string()));
    let content = html! {
        (trail(&feed))
        div.headline { h1 { "Not applied in whole" } span.sub { bdi { (feed.name) } } }
        p.lead { "People whose last record failed or is in conflict: they stay as they were, and are looked at again when their record changes." }
        @if found.is_empty() {
            (empty("Every record was applied in whole.", html! { p { "Records that fail in a later run appear here." } }))
        } @else {
            div.scroll.roomy tabindex="0" role="region" aria-label="Errors" {
                table {
                    thead { tr { th scope="col" { "Username" } th.hide-s scope="col" { "Name" } th scope="col" { "What is wrong" } } }
                    tbody { @for (person, record) in &found { tr {
                        th scope="row" { a.name href=(lookup::address(person.account)) { bdi { (person.username) } } }
                        td.long.hide-s { bdi { (person.name) } }
                        td.long { (record.failure.as_deref().unwrap_or_default()) }
                    } } }
                }
            }
            p.export { "Export: " a href=(address(&feed).below("errors.csv")) download { "with the records as CSV" } }
        }
        (paging("Pages of errors", (!ask.after.is_empty()).then(here), next))
    };
    Ok(Page::framed(&visit.frame("Errors of a feed", Place::Feeds), content))
}
