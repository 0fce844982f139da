//! *Atlassian accounts* of a feed: how many of its people are linked, which managed groups fill which groups, whether plans
//! follow from what it says, and the plans that did.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::feeds::accounts::setting;
use crate::feeds::accounts::shown::{self, OfFeed};
use crate::feeds::trouble::NotDone;
use crate::nouns::feed::{Feed, Threshold};
use crate::nouns::feed_account::{AccessMode, AccessSettings, LeftAlone};
use crate::nouns::operation::OperationState;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::feeds::{address, existing, links, mapping, plans, told, trail};
use crate::web::guard::see;
use crate::web::ui::amount::number;
use crate::web::ui::frame::{Frame, Motion, Page, Place};
use crate::web::ui::notice::{self, Weight, empty, notice};
use crate::web::visit::Visit;

/// The part of the address below a feed.
pub(super) const PART: &str = "accounts";

/// The form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    /// `choose` or `again`.
    #[serde(rename = "do")]
    verb: String,
    mode: String,
    giving_people: String,
    giving_percent: String,
    taking_people: String,
    taking_percent: String,
}

/// GET /feeds/{code}/accounts
pub(crate) async fn show(visit: Visit, Path(code): Path<String>) -> Result<Page, Failure> {
    let feed = existing(&visit, &code).await?;
    let of = shown::of_feed(&visit.mirror, feed.number).await?;
    Ok(page(&visit, (&feed, &of), &Entry::of(&of.access.settings), html! {}))
}

/// POST /feeds/{code}/accounts
pub(crate) async fn save(
    State(served): State<Served>,
    visit: Visit,
    Path(code): Path<String>,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let feed = existing(&visit, &code).await?;
    let (context, mirror) = (&visit.entered.context, &visit.mirror);
    if entry.verb == "again" {
        setting::propose_again(context, mirror, &feed, &served.entropy).await?;
        return Ok(see(address(&feed).below(PART).as_str()));
    }
    let chosen = match entry.settings() {
        Ok(settings) => setting::choose(context, mirror, (&feed, settings), &served.entropy).await,
        Err(why) => Err(why),
    };
    match chosen {
        Ok(()) => Ok(see(address(&feed).below(PART).as_str())),
        Err(why) => {
            let refusal = told("Nothing was saved.", why)?;
            let of = shown::of_feed(mirror, feed.number).await?;
            let page = page(&visit, (&feed, &of), &entry, notice::refusal(&refusal));
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

impl Entry {
    fn of(settings: &AccessSettings) -> Entry {
        let of = |threshold: Threshold| (threshold.people.to_string(), threshold.percent.to_string());
        let ((giving_people, giving_percent), (taking_people, taking_percent)) =
            (of(settings.giving), of(settings.taking));
        let mode = settings.mode.as_str().to_owned();
        Entry { verb: String::new(), mode, giving_people, giving_percent, taking_people, taking_percent }
    }

    fn settings(&self) -> Result<AccessSettings, NotDone> {
        let whole = |text: &str| {
            text.trim().parse().map_err(|_| NotDone::Invalid(format!("“{}” is no whole number", text.trim())))
        };
        let threshold = |people: &str, percent: &str| {
            Ok::<_, NotDone>(Threshold { people: whole(people)?, percent: whole(percent)? })
        };
        Ok(AccessSettings {
            mode: AccessMode::parse(&self.mode).ok_or_else(|| NotDone::Invalid("no such choice".to_owned()))?,
            giving: threshold(&self.giving_people, &self.giving_percent)?,
            taking: threshold(&self.taking_people, &self.taking_percent)?,
        })
    }
}

fn page(visit: &Visit, (feed, of): (&Feed, &OfFeed), entry: &Entry, said: Markup) -> Page {
    let newest = of.plans.first().map(|(plan, _)| plan);
    let content = html! {
        (trail(feed))
        div.headline { h1 { "Atlassian accounts" } span.sub { bdi { (feed.name) } } }
        p.lead { "The people of this feed are linked to their Atlassian accounts, and its managed groups fill groups there. What the feed changes becomes a plan with the same preview, guards, approval, journal and undo as any operation." }
        (said)
        div id="feed-accounts" data-live="operation" {
            (plans::waiting(newest))
            @if let Some(why) = &of.access.why { (notice(Weight::Warning, "No plan could be made at the last look.", html! { p { (why) } })) }
            (figures(feed, of))
        }
        section aria-labelledby="mapped" { h2 id="mapped" { "Groups" } (mapping::table(feed, of, visit)) }
        section aria-labelledby="plans" {
            h2 id="plans" { "Plans" }
            div id="feed-plans" data-live="operation" { (made(of, visit)) }
        }
        section aria-labelledby="follows" { h2 id="follows" { "What follows from this feed" } (form(feed, entry, (of, visit))) }
    };
    let motion = if newest.is_some_and(|plan| plan.state.is_under_way()) { Motion::Moving } else { Motion::Watched };
    Page::framed(&Frame { motion, ..visit.frame("Atlassian accounts", Place::Feeds) }, content)
}

fn figures(feed: &Feed, of: &OfFeed) -> Markup {
    let linked = &of.linked;
    let people = |link: &str| address(feed).below("people").with("link", link);
    let unlinked = linked.people.saturating_sub(linked.linked);
    html! {
        div.sum {
            div { b { a.figure href=(people("linked")) { (number(linked.linked)) } } span { "of " (number(linked.people)) " in the feed are linked" } }
            div { b { a.figure href=(people("none")) { (number(unlinked)) } } span { "are not" } }
            @if linked.unclear > 0 { div { b { a.figure href=(links::HERE) { (number(linked.unclear)) } } span { "whose account is not clear" } } }
        }
        p.hint { "Linked once by a verified e-mail address that is one person’s and one account’s, after each sync and each run, or by hand. Another address later changes nothing." }
    }
}

fn made(of: &OfFeed, visit: &Visit) -> Markup {
    let listed: Vec<_> =
        of.plans.iter().map(|(plan, run)| (plan, run.as_ref().map(|run| run.number.unsigned_abs()))).collect();
    let left: Vec<&(LeftAlone, u64)> = of.access.left_alone.iter().filter(|(_, count)| *count > 0).collect();
    html! {
        @if listed.is_empty() {
            (empty("No plan was made yet.", html! {
                p { @if of.access.settings.mode == AccessMode::Off { "Choose below whether plans follow from what this feed says." }
                    @else if of.mappings.is_empty() { "Map a managed group above: then whom the feed puts into it is put into the group at Atlassian." }
                    @else { "Everybody is at Atlassian as this feed says." } }
            }))
        } @else { (plans::table(&listed, visit)) }
        @if !left.is_empty() && of.access.settings.mode != AccessMode::Off {
            h3 { "Left alone" @if let Some((_, _, at)) = of.access.looked_at { " " span.sub { "at the last look, " (visit.reader.relative(at)) } } }
            ul.reasons { @for (why, count) in left { li { b.num { (number(*count)) } " " (plans::left_alone(*why)) } } }
        }
    }
}

fn form(feed: &Feed, entry: &Entry, (of, visit): (&OfFeed, &Visit)) -> Markup {
    let last = of.plans.first().map(|(plan, _)| plan.state);
    let failed = last.is_some_and(|state| matches!(state, OperationState::Partial | OperationState::Failed));
    html! {
        form.fields method="post" action=(address(feed).below(PART)) {
            fieldset {
                legend { "Plans for Atlassian" }
                @for one in AccessMode::ALL {
                    @let (name, does) = plans::mode(*one);
                    label.choice {
                        input type="radio" name="mode" value=(one.as_str()) checked[entry.mode == one.as_str()];
                        span { (name) span.sub { (does) } }
                    }
                }
            }
            fieldset {
                legend { "By itself only up to" }
                (threshold("giving", "Invited, added or restored", (&entry.giving_people, &entry.giving_percent)))
                (threshold("taking", "Taken out or suspended", (&entry.taking_people, &entry.taking_percent)))
                p.hint { "A plan over both numbers of a line waits for a person. The limits of operations in Settings hold besides." }
            }
            p.hint { "Who chooses " em { "Automatic within thresholds" } " approves with it whatever goes by itself, for as long as they may." }
            @if let Some((by, _, at)) = &of.access.chosen { p.hint { "Chosen by " bdi { (by) } ", " (visit.reader.relative(*at)) "." } }
            div.row { button.primary type="submit" name="do" value="choose" { "Save" } }
        }
        @if of.declined > 0 || failed {
            form.row method="post" action=(address(feed).below(PART)) {
                button type="submit" name="do" value="again" { "Propose again" }
                span.hint {
                    @if of.declined > 0 { "Somebody has rejected " (number(of.declined)) " of what the feed wants; it is not proposed until the feed says something else." }
                    @else { "Not all of the last plan was done. The same is not planned twice by itself." }
                }
            }
        }
    }
}

fn threshold(name: &str, label: &str, (people, percent): (&str, &str)) -> Markup {
    html! {
        div.row role="group" aria-label=(label) {
            span { (label) ":" }
            label.inline { span.hidden { (label) ", people" } input type="number" name={ (name) "_people" } value=(people) min="1" required; } span { "people and" }
            label.inline { span.hidden { (label) ", percent" } input type="number" name={ (name) "_percent" } value=(percent) min="0" max="100" required; } span { "%" }
        }
    }
}
