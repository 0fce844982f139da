//! The page of one feed: what waits, whom it holds, its runs, its configuration, its control file, the groups it manages,
//! and the box that looks somebody up.

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::auth::feed_keys;
use crate::feeds::accounts::shown::{self, OfFeed};
use crate::feeds::listing::{self, Listed};
use crate::feeds::{attention, control, keep};
use crate::nouns::access_token::Standing;
use crate::nouns::feed::{ControlVersion, Feed, ManagedGroup};
use crate::nouns::feed_person::PersonState;
use crate::nouns::feed_run::{FeedRun, FeedRunState};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::feeds::{
    self, access, address, author, configure, existing, links, lookup, plans, run_address, standing, told, upload,
    words,
};
use crate::web::guard::see;
use crate::web::ui::amount::{counted, number};
use crate::web::ui::frame::{Frame, Motion, Page, Place};
use crate::web::ui::notice::{self, Weight, empty, notice};
use crate::web::ui::paging::paging;
use crate::web::visit::Visit;

/// So many runs stand on a page.
const RUNS: u32 = 20;

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    /// Runs with a smaller number.
    before: String,
}

/// The form of a managed group.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    code: String,
    name: String,
    /// `declare` or `drop`.
    #[serde(rename = "do")]
    verb: String,
}

/// GET /feeds/{code}
pub(crate) async fn show(visit: Visit, Path(code): Path<String>, Query(ask): Query<Ask>) -> Result<Page, Failure> {
    page(&visit, &code, &ask, html! {}).await
}

/// POST /feeds/{code}/groups
pub(crate) async fn groups(
    State(served): State<Served>,
    visit: Visit,
    Path(code): Path<String>,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let feed = existing(&visit, &code).await?;
    let (context, mirror) = (&visit.entered.context, &visit.mirror);
    let done = match entry.verb.as_str() {
        "drop" => keep::drop_group(context, mirror, (&feed, &entry.code), &served.entropy).await,
        _ => keep::declare_group(context, mirror, (&feed, &entry.code, &entry.name), &served.entropy).await,
    };
    match done {
        Ok(()) => Ok(see(&format!("{}#groups", address(&feed)))),
        Err(why) => {
            let refusal = told("The managed groups were not changed.", why)?;
            let page = page(&visit, &code, &Ask::default(), notice::refusal(&refusal)).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

async fn page(visit: &Visit, code: &str, ask: &Ask, said: Markup) -> Result<Page, Failure> {
    let listed = listing::list(&visit.mirror).await?;
    let Some(one) = listed.into_iter().find(|one| one.feed.code.as_str() == code) else {
        return Err(Failure::NotFound("There is no feed at this address."));
    };
    let feed = &one.feed;
    let before = ask.before.parse().unwrap_or(i64::MAX);
    let mut runs = listing::runs(&visit.mirror, Some(feed.number), (before, RUNS + 1)).await?;
    let more = runs.len() > RUNS as usize;
    runs.truncate(RUNS as usize);
    let groups = keep::groups(&visit.mirror, feed.number).await?;
    let of = shown::of_feed(&visit.mirror, feed.number).await?;
    let versions = control::history(&visit.mirror, feed.number).await?;
    let now = visit.reader.now;
    let keys = feed_keys::list(&visit.mirror, feed.number).await?;
    let keys = keys.iter().filter(|key| key.standing(now) == Standing::Good).count() as u64;
    let older = runs.last().filter(|_| more).map(|last| address(feed).with("before", &last.number.to_string()));
    let newer = (!ask.before.is_empty()).then(|| address(feed));
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(feeds::HERE) { "Feeds" } }
        div.headline {
            h1 { bdi { (feed.name) } } span.sub { (feed.code.as_str()) } span.grow {}
            a.button href=(address(feed).below(upload::PART)) { "Upload files..." }
            a.button href=(address(feed).below("keys")) { "Create API key..." }
        }
        (said)
        div id="feed-waiting" data-live="operation" { (waiting(&one, visit)) }
        div id="feed-people" data-live="operation" { (people(&one)) }
        (lookup::search_box(""))
        section aria-labelledby="runs" {
            h2 id="runs" { "Sync runs" }
            div id="feed-runs" data-live="operation" {
                @if runs.is_empty() { (empty("There is no run yet.", html! { p { (first_steps(feed, keys)) } })) }
                @else { (table(feed, &runs, visit)) }
            }
            (paging("Pages of runs", newer, older))
        }
        section aria-labelledby="configuration" {
            h2 id="configuration" { "Configuration" }
            (configure::facts(feed, visit))
            p.row.below { a.button href=(address(feed).below(configure::PART)) { "Edit configuration..." }
                a.button.quiet href=(address(feed).below("keys")) { (counted(keys, "API key", "API keys")) } }
        }
        section aria-labelledby="accounts" { h2 id="accounts" { "Atlassian accounts" } (accounts(feed, &of)) }
        section aria-labelledby="control" { h2 id="control" { "Control file" } (control_file(feed, &versions, visit)) }
        section aria-labelledby="groups" { h2 id="groups" { "Managed groups" } (managed(feed, &groups, visit)) }
    };
    let motion = if runs.first().is_some_and(words::moves) { Motion::Moving } else { Motion::Watched };
    Ok(Page::framed(&Frame { motion, ..visit.frame(&feed.name, Place::Feeds) }, content))
}

fn first_steps(feed: &Feed, keys: u64) -> Markup {
    html! {
        @if feed.control.is_none() { "Begin with a control file, which says what the files hold: upload it below, or let the script send it as " code { "_control" } ". " }
        @if keys == 0 { "The script needs a key: Create API key. " }
        "The first run is compared and then waits for you."
    }
}

/// What waits for a person in this feed.
fn waiting(one: &Listed, visit: &Visit) -> Markup {
    let (feed, now, zone) = (&one.feed, visit.reader.now, visit.mirror.zone());
    html! {
        @if let Some(since) = attention::late_since(feed, now, &zone) {
            (notice(Weight::Warning, "The delivery of the day is late.", html! {
                p { "It was expected by " (visit.reader.moment(since)) ". Look at the upload script in the originating system; the people stay as they are until it comes." }
            }))
        }
        @if let Some(run) = one.newest.as_ref().filter(|run| run.state == FeedRunState::Held) {
            (notice(Weight::Warning, &format!("Run {} waits for a person.", run.number), html! {
                ul { @for reason in &run.reasons { li { (reason.sentence()) } } }
                @if !feed.settings.replace_waiting { p { "Until it is applied or cancelled, further deliveries are refused." } }
                p { a.button href=(run_address(feed, run)) { "Look at its preview" } }
            }))
        }
    }
}

fn people(one: &Listed) -> Markup {
    let feed = &one.feed;
    let figure = |state: PersonState, words: &str| {
        html! {
            div { a href=(address(feed).below("people").with("state", state.as_str())) { b { (number(standing(one, state))) } span { (words) } } }
        }
    };
    html! {
        div.sum {
            (figure(PersonState::Active, "active"))
            (figure(PersonState::Blocked, "blocked"))
            (figure(PersonState::Held, "on hold"))
            div { a href=(address(feed).below("errors")) { b { (number(one.failing)) } span { "last record not applied in whole" } } }
        }
    }
}

fn table(feed: &Feed, runs: &[FeedRun], visit: &Visit) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Sync runs" {
            table {
                thead { tr {
                    th.num scope="col" { "Run" } th scope="col" { "Created" } th scope="col" { "Status" }
                    th scope="col" { "People" } th.num scope="col" { "Errors" } th.hide-s scope="col" { "By" } th scope="col" { span.hidden { "Open" } }
                } }
                tbody { @for run in runs { tr {
                    td.num { a.figure href=(run_address(feed, run)) { (run.number) } }
                    td { (visit.reader.moment(run.created_at)) }
                    td { (words::state_tag(run.state)) }
                    td.long { (came_of(run)) }
                    td.num { (number(run.errors)) }
                    td.hide-s { bdi { (run.created_by) } }
                    td { a.name href=(run_address(feed, run)) aria-label={ "View run " (run.number) } { "View..." } }
                } } }
            }
        }
    }
}

/// What a run did or would do, as far as it was compared.
fn came_of(run: &FeedRun) -> Markup {
    let compared = run.counts.records > 0 || run.counts.before > 0;
    html! {
        @if compared {
            (words::came_of(&run.counts))
            @if run.state == FeedRunState::Cancelled { " " span.sub { "nothing of it was applied" } }
        } @else { span.sub { "not compared" } }
        @if run.copy_of.is_some() { " " span.tag { "re-applied" } }
    }
}

/// What follows from the feed at Atlassian, in a line, with the way there.
fn accounts(feed: &Feed, of: &OfFeed) -> Markup {
    let (mode, does) = plans::mode(of.access.settings.mode);
    let linked = &of.linked;
    html! {
        (plans::waiting(of.plans.first().map(|(plan, _)| plan)))
        p { b { (mode) ": " } (does) " " (number(linked.linked)) " of " (number(linked.people)) " in the feed are linked to an account"
            @if linked.unclear > 0 { ", and " a.name href=(links::HERE) { (number(linked.unclear)) (if linked.unclear == 1 { " is not clear" } else { " are not clear" }) } }
            ". " (counted(of.mappings.len() as u64, "group is", "groups are")) " filled." }
        p.row { a.button href=(address(feed).below(access::PART)) { "Atlassian accounts and groups..." } }
    }
}

fn control_file(feed: &Feed, versions: &[ControlVersion], visit: &Visit) -> Markup {
    let here = || address(feed).below(super::control::PART);
    html! {
        @match versions.iter().find(|version| Some(version.version) == feed.control) {
            Some(version) => {
                p { "Version " (version.version) ", by " bdi { (version.author) } ", " (visit.reader.moment(version.at)) ". " code { (version.digest.get(..10).unwrap_or_default()) } }
                p.row { a.button href=(here()) { "View current control file..." }
                    a.button href=(format!("{}#history", here())) { "Control files history..." }
                    a.button href=(format!("{}#upload", here())) { "Upload new control file..." } }
            }
            None => {
                p { "There is none yet, so no data file is taken." }
                p.row { a.button href=(format!("{}#upload", here())) { "Upload new control file..." } a.button href=(author::HERE) { "How to write one" } }
            }
        }
    }
}

fn managed(feed: &Feed, groups: &[ManagedGroup], visit: &Visit) -> Markup {
    let here = || address(feed).below("groups");
    html! {
        @if groups.is_empty() {
            p { "None. The first control file declares those it can produce; memberships of all other groups are never touched." }
        } @else {
            div.scroll.narrow tabindex="0" role="region" aria-label="Managed groups" {
                table {
                    thead { tr { th scope="col" { "Code" } th scope="col" { "Name" } th scope="col" { "Declared" } th scope="col" { span.hidden { "Take back" } } } }
                    tbody { @for group in groups { tr {
                        td.long { code { bdi { (group.code) } } } td.long { bdi { (group.name) } }
                        td { (visit.reader.relative(group.declared_at)) }
                        td { form method="post" action=(here()) {
                            input type="hidden" name="code" value=(group.code);
                            button.quiet type="submit" name="do" value="drop" aria-label={ "Take back " (group.code) } { "Take back" }
                        } }
                    } } }
                }
            }
        }
        details {
            summary { "Declare a group" }
            form.fields method="post" action=(here()) {
                label { "Code" span.hint id="group-hint" { "As records and control files write it." }
                    input type="text" name="code" required maxlength="200" autocomplete="off" aria-describedby="group-hint"; }
                label { "Name" input type="text" name="name" maxlength="200" autocomplete="off"; }
                button type="submit" name="do" value="declare" { "Declare" }
            }
        }
    }
}
