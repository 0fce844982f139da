//! *Feeds*: people from originating systems. The list, and what the pages of feeds share. Nothing here decides who is
//! blocked or changed; that is the verbs' work, and a run's page asks for it.

pub(crate) mod access;
pub(crate) mod act;
pub(crate) mod author;
pub(crate) mod configure;
pub(crate) mod control;
mod differences;
pub(crate) mod feed;
pub(crate) mod files;
pub(crate) mod keys;
pub(crate) mod links;
pub(crate) mod lists;
mod log;
pub(crate) mod lookup;
pub(crate) mod mapping;
pub(crate) mod person;
pub(crate) mod plans;
mod preview;
pub(crate) mod run;
pub(crate) mod sample;
pub(crate) mod upload;
mod words;

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::feeds::listing::{self, Listed};
use crate::feeds::trouble::NotDone;
use crate::feeds::{attention, keep};
use crate::nouns::feed::{Feed, LONGEST_CODE, LONGEST_NAME};
use crate::nouns::feed_person::PersonState;
use crate::nouns::feed_run::FeedRun;
use crate::nouns::refusal::Refusal;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::ui::address::Address;
use crate::web::ui::amount::number;
use crate::web::ui::frame::{Frame, Motion, Page, Place};
use crate::web::ui::notice::{self, empty};
use crate::web::visit::Visit;

/// The page's address.
pub(crate) const HERE: &str = "/feeds";

/// The form of a new feed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    code: String,
    name: String,
}

/// Where a feed is.
pub(crate) fn address(feed: &Feed) -> Address {
    Address::new(HERE).below(feed.code.as_str())
}

/// Where a run of a feed is.
pub(crate) fn run_address(feed: &Feed, run: &FeedRun) -> Address {
    address(feed).below("runs").below(run.id.as_str())
}

/// A feed by its code.
async fn existing(visit: &Visit, code: &str) -> Result<Feed, Failure> {
    keep::find(&visit.mirror, code).await.map_err(|why| failed("The feed was not found.", why))
}

/// What a verb refused, as a page of its own.
fn failed(what: &str, why: NotDone) -> Failure {
    match why {
        NotDone::Store(error) => error.into(),
        NotDone::NoFeed => Failure::NotFound("There is no feed at this address."),
        NotDone::NoRun => Failure::NotFound("The feed has no such run."),
        NotDone::NoPerson => Failure::NotFound("The feeds know nobody like this."),
        why => Failure::Refused(why.refusal(what)),
    }
}

/// What a verb refused, to stand on the page that asked for it; what nobody can correct there is a failure.
fn told(what: &str, why: NotDone) -> Result<Refusal, Failure> {
    match why {
        NotDone::Store(_) | NotDone::NoFeed | NotDone::NoRun | NotDone::NoPerson => Err(failed(what, why)),
        why => Ok(why.refusal(what)),
    }
}

/// The way back to a feed.
fn trail(feed: &Feed) -> Markup {
    html! {
        nav.trail aria-label="Breadcrumb" { a href=(HERE) { "Feeds" } " " a href=(address(feed)) { bdi { (feed.name) } } }
    }
}

/// GET /feeds
pub(crate) async fn list(visit: Visit) -> Result<Page, Failure> {
    page(&visit, &Entry::default(), html! {}).await
}

/// POST /feeds
pub(crate) async fn create(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let (context, mirror) = (&visit.entered.context, &visit.mirror);
    match keep::create(context, mirror, (&entry.code, &entry.name), &served.entropy).await {
        Ok(feed) => Ok(see(address(&feed).as_str())),
        Err(why) => {
            let refusal = told("The feed was not made.", why)?;
            let page = page(&visit, &entry, notice::refusal(&refusal)).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

async fn page(visit: &Visit, entry: &Entry, said: Markup) -> Result<Page, Failure> {
    let listed = listing::list(&visit.mirror).await?;
    let content = html! {
        div.headline { h1 { "Feeds" } span.grow {} a.button href=(author::HERE) { "Write a control file" } }
        p.lead { "People from originating systems, such as an HR or a student system. Each delivery becomes a sync run that can be inspected, applied, applied again and cancelled." }
        (said)
        @if listed.is_empty() {
            (empty("There is no feed yet.", html! {
                p { "Make one for each system that knows who belongs to you. Its upload script gets a key of its own, and the first run always waits for you." }
            }))
        } @else {
            (lookup::search_box(""))
            div id="feeds" data-live="operation" { (table(&listed, visit)) }
        }
        details open[listed.is_empty() || !entry.code.is_empty()] {
            summary { "Make a feed" }
            form.fields method="post" action=(HERE) {
                label { "Name"
                    span.hint id="name-hint" { "What pages call it, such as Staff." }
                    input type="text" name="name" value=(entry.name) required maxlength=(LONGEST_NAME) autocomplete="off" aria-describedby="name-hint";
                }
                label { "Code"
                    span.hint id="code-hint" { "What scripts and commands call it: small letters, digits and hyphens. It stays." }
                    input type="text" name="code" value=(entry.code) required maxlength=(LONGEST_CODE) pattern="[a-z][a-z0-9\\-]*" autocomplete="off" aria-describedby="code-hint";
                }
                button.primary type="submit" { "Make feed" }
            }
        }
    };
    let moves = listed.iter().any(|one| one.newest.as_ref().is_some_and(words::moves));
    let motion = if moves { Motion::Moving } else { Motion::Watched };
    Ok(Page::framed(&Frame { motion, ..visit.frame("Feeds", Place::Feeds) }, content))
}

fn table(listed: &[Listed], visit: &Visit) -> Markup {
    let (now, zone) = (visit.reader.now, visit.mirror.zone());
    html! {
        div.scroll tabindex="0" role="region" aria-label="Feeds" {
            table {
                thead { tr {
                    th scope="col" { "Feed" } th scope="col" { "Newest run" } th.num scope="col" { "Active" }
                    th.num scope="col" { "Blocked" } th.num scope="col" { "Not applied" } th scope="col" { "Last applied" }
                    th scope="col" { "Last delivery" }
                } }
                tbody { @for one in listed { tr {
                    th scope="row" { a.name href=(address(&one.feed)) { bdi { (one.feed.name) } } " " span.sub { (one.feed.code.as_str()) } }
                    td {
                        @match &one.newest {
                            Some(run) => { a href=(run_address(&one.feed, run)) { "Run " (run.number) " " (words::state_tag(run.state)) } }
                            None => span.sub { "none yet" }
                        }
                    }
                    td.num { (number(standing(one, PersonState::Active))) }
                    td.num { (number(standing(one, PersonState::Blocked))) }
                    td.num { @if one.failing > 0 { a.figure href=(address(&one.feed).below("errors")) { (number(one.failing)) } } @else { "0" } }
                    td { @match one.applied.as_ref().and_then(|run| run.ended_at) { Some(at) => (visit.reader.relative(at)), None => { span.sub { "never" } } } }
                    td {
                        @match one.feed.delivered_at { Some(at) => (visit.reader.relative(at)), None => { span.sub { "never" } } }
                        @if attention::late_since(&one.feed, now, &zone).is_some() { " " span.tag.warn { "late" } }
                    }
                } } }
            }
        }
    }
}

/// How many people of a feed stand so.
fn standing(one: &Listed, state: PersonState) -> u64 {
    one.people.iter().filter(|(known, _)| *known == state).map(|(_, count)| count).sum()
}
