//! Which managed group fills which groups at Atlassian: the list, and the page that maps one, by search. Groups that cannot be
//! filled are shown with the reason instead of a box.

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use directory::{GroupId, GroupRow, Ordinal, fold_text};
use maud::{Markup, html};
use serde::Deserialize;

use crate::feeds::accounts::mapping::{self, Scope, Wanted};
use crate::feeds::accounts::shown::OfFeed;
use crate::feeds::keep;
use crate::feeds::trouble::NotDone;
use crate::nouns::feed::{Feed, ManagedGroup};
use crate::nouns::feed_account::{EVERY_FEED, Mapping};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::feeds::{access, address, existing, told};
use crate::web::groups::{granted, name};
use crate::web::guard::see;
use crate::web::ui::address::Address;
use crate::web::ui::amount::{counted, number};
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{self, empty};
use crate::web::visit::Visit;

/// The part of the address below *Atlassian accounts*.
const PART: &str = "map";
/// Groups that a search shows.
const SHOWN: usize = 25;

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    group: String,
    find: String,
}

/// The form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    /// `map` or `unmap`.
    #[serde(rename = "do")]
    verb: String,
    /// The code of the managed group.
    group: String,
    /// The id of the group at Atlassian.
    to: String,
    /// `this` or `every`.
    scope: String,
    owned: String,
    find: String,
}

fn here(feed: &Feed) -> Address {
    address(feed).below(access::PART).below(PART)
}

/// GET /feeds/{code}/accounts/map
pub(crate) async fn show(visit: Visit, Path(code): Path<String>, Query(ask): Query<Ask>) -> Result<Page, Failure> {
    page(&visit, &code, &ask, html! {}).await
}

/// POST /feeds/{code}/accounts/map
pub(crate) async fn submit(
    State(served): State<Served>,
    visit: Visit,
    Path(code): Path<String>,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let feed = existing(&visit, &code).await?;
    let (context, mirror) = (&visit.entered.context, &visit.mirror);
    let scope = if entry.scope == "every" { Scope::EveryFeed } else { Scope::ThisFeed };
    let done = match (GroupId::new(&entry.to), entry.verb.as_str()) {
        (Err(_), _) => Err(NotDone::Invalid("no group is chosen".to_owned())),
        (Ok(group), "unmap") => {
            mapping::unmap(context, mirror, (&feed, &entry.group, &group, scope), &served.entropy).await
        }
        (Ok(group), _) => {
            let wanted = Wanted { code: entry.group.clone(), group, scope, owned: entry.owned == "yes" };
            mapping::map(context, mirror, (&feed, wanted), &served.entropy).await
        }
    };
    match done {
        Ok(()) => Ok(see(&format!("{}#mapped", address(&feed).below(access::PART)))),
        Err(why) => {
            let refusal = told("The mapping was not changed.", why)?;
            let ask = Ask { group: entry.group, find: entry.find };
            let page = page(&visit, &code, &ask, notice::refusal(&refusal)).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

async fn page(visit: &Visit, code: &str, ask: &Ask, said: Markup) -> Result<Page, Failure> {
    let feed = existing(visit, code).await?;
    let groups = keep::groups(&visit.mirror, feed.number).await?;
    let chosen = groups.iter().find(|group| group.code == ask.group);
    let content = html! {
        nav.trail aria-label="Breadcrumb" {
            a href=(super::HERE) { "Feeds" } " " a href=(address(&feed)) { bdi { (feed.name) } } " "
            a href=(address(&feed).below(access::PART)) { "Atlassian accounts" }
        }
        div.headline { h1 { "Map a managed group" } span.sub { bdi { (feed.name) } } }
        p.lead { "Whom the feed puts into its group is put into the group at Atlassian, by a plan." }
        (said)
        @match chosen {
            None if groups.is_empty() => (empty("This feed declares no group yet.", html! {
                p { "Its first control file declares those it can produce." }
                p { a.button href={ (address(&feed)) "#groups" } { "Managed groups" } }
            })),
            None => (choose(&feed, &groups)),
            Some(group) => (found(&feed, group, ask, visit)),
        }
    };
    Ok(Page::framed(&visit.frame("Map a managed group", Place::Feeds), content))
}

fn choose(feed: &Feed, groups: &[ManagedGroup]) -> Markup {
    html! {
        h2 { "Which managed group?" }
        ul.reasons { @for group in groups { li { a.name href=(here(feed).with("group", &group.code)) { bdi { (group.name) } } @if group.name != group.code { " " code { bdi { (group.code) } } } } } }
    }
}

/// Groups that a search finds, each with what it grants and why it cannot be filled.
fn found(feed: &Feed, group: &ManagedGroup, ask: &Ask, visit: &Visit) -> Markup {
    let snapshot = &visit.snapshot;
    let wanted = fold_text(&ask.find);
    let holds = |of: &Ordinal| snapshot.group_row(*of).is_some_and(|row| row.folded_name.contains(&wanted));
    let mut groups: Vec<Ordinal> = snapshot.groups_by_name().iter().filter(holds).take(SHOWN + 1).collect();
    let more = groups.len() > SHOWN;
    groups.truncate(SHOWN);
    html! {
        h2 { "Fill by " bdi { (group.name) } @if group.name != group.code { " " span.sub { code { bdi { (group.code) } } } } }
        p.hint { a href=(here(feed)) { "Another managed group" } }
        form.filter role="search" method="get" action=(here(feed)) aria-label="Find a group" {
            input type="hidden" name="group" value=(group.code);
            input type="search" name="find" value=(ask.find) maxlength="256" placeholder="A part of the group’s name" aria-label="A part of the group’s name" autocomplete="off" spellcheck="false";
            button type="submit" { "Find groups" }
        }
        @if groups.is_empty() {
            (empty("No group is named like this.", html! { p { (number(snapshot.groups_by_name().len() as u64)) " groups are known since the last sync." } }))
        } @else {
            form.fields method="post" action=(here(feed)) {
                input type="hidden" name="group" value=(group.code);
                input type="hidden" name="find" value=(ask.find);
                fieldset {
                    legend { "Group at Atlassian" }
                    div.options { @for of in &groups { @if let Some(row) = snapshot.group_row(*of) { (option(*of, row, visit)) } } }
                    @if more { p.hint { "There are more: find them by a part of their name." } }
                }
                label { "For"
                    span.hint id="scope" { "Every feed that manages a group of this code, or this one alone." }
                    select name="scope" aria-describedby="scope" { option value="this" { "This feed" } option value="every" { "Every feed" } }
                }
                label.choice {
                    input type="checkbox" name="owned" value="yes";
                    span { "The group belongs to the feed" span.sub { "Whoever the feed does not have in its group is taken out, whoever put them in. Otherwise only those whom a plan of the feed put in are taken out." } }
                }
                div.row { button.primary type="submit" name="do" value="map" { "Map" } a.button.quiet href=(address(feed).below(access::PART)) { "Leave it as it is" } }
            }
        }
    }
}

fn option(group: Ordinal, row: &GroupRow, visit: &Visit) -> Markup {
    let protected = visit.mirror.marks().protected_groups.contains(&row.id);
    let against = mapping::against(&visit.snapshot, &row.id, protected);
    let members = visit.snapshot.memberships().members(group).len();
    html! {
        label.choice {
            input type="radio" name="to" value=(row.id) required disabled[against.is_some()];
            span {
                bdi { (name(row)) } " " span.sub.inline { (counted(members, "member", "members")) }
                @match against {
                    Some(why) => { span.sub { "Not possible: " (why) "." } }
                    None if !visit.snapshot.grants(group).is_empty() => { span.sub { "Grants " (granted(group, &visit.snapshot)) } }
                    None => {}
                }
            }
        }
    }
}

/// The managed groups of a feed with what they fill.
pub(super) fn table(feed: &Feed, of: &OfFeed, visit: &Visit) -> Markup {
    html! {
        @if of.groups.is_empty() {
            (empty("This feed declares no managed group yet.", html! { p { "Its first control file declares those it can produce." } }))
        } @else {
            div.scroll.roomy tabindex="0" role="region" aria-label="Groups" {
                table {
                    thead { tr { th scope="col" { "Managed group" } th scope="col" { "Fills at Atlassian" } th scope="col" { span.hidden { "Map" } } } }
                    tbody { @for group in &of.groups { tr {
                        th scope="row" { bdi { (group.name) } @if group.name != group.code { " " span.sub { code { bdi { (group.code) } } } } }
                        td.long {
                            @let filled: Vec<&Mapping> = of.mappings.iter().filter(|mapping| mapping.code == group.code).collect();
                            @if filled.is_empty() { span.sub { "nothing" } }
                            @for mapping in filled { (fills(feed, mapping, visit)) }
                        }
                        td { a.button href=(here(feed).with("group", &group.code)) aria-label={ "Map " (group.code) "..." } { "Map..." } }
                    } } }
                }
            }
        }
    }
}

fn fills(feed: &Feed, mapping: &Mapping, visit: &Visit) -> Markup {
    let row = visit.snapshot.group(mapping.group.as_str()).and_then(|group| visit.snapshot.group_row(group));
    let protected = visit.mirror.marks().protected_groups.contains(&mapping.group);
    let against = mapping::against(&visit.snapshot, &mapping.group, protected);
    html! {
        form.row method="post" action=(here(feed)) {
            input type="hidden" name="group" value=(mapping.code);
            input type="hidden" name="to" value=(mapping.group);
            input type="hidden" name="scope" value=(if mapping.feed == EVERY_FEED { "every" } else { "this" });
            span {
                a.name href=(Address::group(mapping.group.as_str())) { bdi { (row.map_or(mapping.group.as_str(), name)) } }
                @if mapping.owned { " " span.tag { "belongs to the feed" } }
                @if mapping.feed == EVERY_FEED { " " span.tag { "every feed" } }
                @if let Some(why) = against { " " span.tag.warn { "not filled" } span.sub { (why) } }
                span.sub { "by " bdi { (mapping.by) } ", " (visit.reader.relative(mapping.at)) }
            }
            button.quiet type="submit" name="do" value="unmap" aria-label={ "Take back: " (row.map_or(mapping.group.as_str(), name)) } { "Take back" }
        }
    }
}
