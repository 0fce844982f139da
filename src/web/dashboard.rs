//! The dashboard: a tile for each app with its seats by when they were last used, of all sites or of one. Every number is
//! a link to its people in the user browser; below them, what syncs have changed lately. It shows what `directory::tiles` counts and counts nothing itself.

use axum::extract::{Query, RawQuery};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use directory::tiles::{self, Asked, Shares, Threshold, Tile, Tiles, Which};
use directory::{Counts, Noun, Part, Snapshot};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use serde::Deserialize;

use crate::store::runs;
use crate::sync::{inactivity, schedule};
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::people::question;
use crate::web::ui::address::Address;
use crate::web::ui::amount::{counted, number};
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::{Weight, empty, notice};
use crate::web::visit::{Visit, first_use};
use crate::web::{settings_dashboard, settings_sync, site};

/// The page's address.
pub(crate) const HERE: &str = "/dashboard";
/// Older activity is offered to be read again (rulings, Find).
const ACTIVITY_IS_OLD_AFTER: SignedDuration = DAY;
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What an address asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    site: String,
}

/// What the page is made of.
struct Counted<'a> {
    /// The site that is shown.
    site: Option<&'a str>,
    threshold: Threshold,
    tiles: Tiles,
}

/// What the runs changed that were sealed at a moment.
type Changes = [(Timestamp, Counts)];

/// One of the numbers of what a run changed.
type Amount = fn(&Counts) -> u64;

/// GET /dashboard
pub(crate) async fn show(
    visit: Visit,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    Query(ask): Query<Ask>,
) -> Result<Response, Failure> {
    if let (true, Some(site)) = (query.is_none_or(|query| query.is_empty()), &visit.site) {
        return Ok(see(Address::new(HERE).with("site", site).as_str()));
    }
    let site = Some(ask.site.as_str()).filter(|site| !site.is_empty());
    let state = visit.state().await?;
    let content = if visit.snapshot.generation() == 0 {
        html! { div.headline { h1 { "Dashboard" } } (first_use(state.newest.as_ref())) }
    } else {
        let week_ago = visit.reader.now - 7 * DAY;
        let read = visit
            .mirror
            .store()
            .read(move |tx| Ok((inactivity::read(tx)?.threshold, runs::changes_since(tx, week_ago)?)));
        let (threshold, changes) = read.await?;
        let zone = schedule::zone(&visit.mirror);
        let asked = Asked { threshold, now: visit.reader.now, zone: &zone };
        let notices = state.notices(&visit.snapshot, &visit.reader);
        html! {
            (content(&ask, &visit.snapshot, (asked, &visit.reader), notices))
            (changed(&changes, visit.reader.now))
        }
    };
    let known = site.filter(|site| tiles::sites(&visit.snapshot).contains(site));
    let page = Page::framed(&visit.frame_of("Dashboard", Place::Dashboard, known), content);
    Ok(site::remembered(page.into_response(), &visit, site, &headers))
}

fn content(ask: &Ask, snapshot: &Snapshot, (asked, reader): (Asked<'_>, &Reader), notices: Markup) -> Markup {
    let sites = tiles::sites(snapshot);
    let site = sites.iter().copied().find(|site| *site == ask.site);
    let tiles = tiles::tiles(snapshot, site, asked);
    let counted = Counted { site, threshold: asked.threshold, tiles };
    html! {
        div.headline {
            h1 { "Dashboard" }
            span.sub {
                "Inactive means not used for " (asked.threshold.words()) " · "
                a.figure href=(settings_dashboard::HERE) { "Change" }
            }
        }
        (notices)
        (activity_age(activity_read_at(snapshot), reader))
        (unknown_site(ask, &counted))
        @if counted.tiles.apps.is_empty() {
            (nothing(&counted))
        } @else {
            (sums(&counted, snapshot.present().len()))
            @if counted.tiles.apps.iter().any(|tile| tile.sites.len() > 1) {
                p.hint { "A seat is counted on each site, as it is billed; behind a number stands each person once." }
            }
            div.tiles { @for tile in &counted.tiles.apps { (one(tile, &counted)) } }
        }
        (without_seats(&counted.tiles))
    }
}

/// When last active dates were last read; the oldest directory counts.
fn activity_read_at(snapshot: &Snapshot) -> Option<Timestamp> {
    let of_a_part = |part: &Part| matches!(part, Part::Directory(_) | Part::Whole);
    let ages = snapshot.ages().iter().filter(|age| age.noun == Noun::Activity && of_a_part(&age.part));
    ages.map(|age| age.read_at).min()
}

fn activity_age(read_at: Option<Timestamp>, reader: &Reader) -> Markup {
    let again = Address::new(settings_sync::HERE).with("last_active", "on");
    html! {
        @match read_at {
            Some(at) if reader.now.duration_since(at) > ACTIVITY_IS_OLD_AFTER => {
                (notice(Weight::Info, "Last active dates are more than 24 hours old.", html! {
                    p { "They were last read " (reader.relative(at)) ". " a href=(again) { "Read User Last Active Dates again" } }
                }))
            }
            Some(at) => { p.hint { "Last active dates were read " (reader.relative(at)) "." } }
            None => {
                (notice(Weight::Info, "Last active dates were not read completely yet.", html! {
                    p { "Seats whose use is not known are shown as unknown, never as inactive. " a href=(again) { "Read User Last Active Dates" } }
                }))
            }
        }
    }
}

fn unknown_site(ask: &Ask, counted: &Counted<'_>) -> Markup {
    html! {
        @if !ask.site.is_empty() && counted.site.is_none() {
            (notice(Weight::Warning, "There is no such site.", html! {
                p { "Nothing is known of a site called “" bdi { (ask.site) } "”. All sites are shown." }
            }))
        }
    }
}

fn nothing(counted: &Counted<'_>) -> Markup {
    let headline = match counted.site {
        Some(_) => "No app on this site sells seats.",
        None => "No app that sells seats was found.",
    };
    empty(
        headline,
        html! {
            @if counted.site.is_some() {
                p { a.button href="/dashboard?site=" { "All sites" } }
            } @else {
                p { "See what the last sync could read under " a href="/runs" { "Sync Runs" } ". What groups grant tells which apps there are." }
            }
        },
    )
}

fn sums(counted: &Counted<'_>, present: u64) -> Markup {
    let Tiles { seats, people, .. } = counted.tiles;
    let words = counted.threshold.words();
    html! {
        div.sum {
            div { b { (number(seats.total())) } span { "seats, held by " (self::counted(people, "person", "people")) } }
            div { b { (number(seats.not_active())) } span { "seats inactive for " (words) ", with those never used" } }
            div { b { (number(seats.never_active)) } span { "seats never used" } }
            div { b { (number(present)) } span { @if present == 1 { "person" } @else { "people" } " in the organization" } }
        }
    }
}

/// The people whom a filter finds; on one site, the filter says so, and the user browser stays with it.
fn found(filter: &str, site: Option<&str>) -> Address {
    let filter = site.map_or_else(|| filter.to_owned(), |site| question::with_site(filter, Some(site)));
    Address::new("/people").with("q", &filter)
}

/// A tile.
fn one(tile: &Tile, counted: &Counted<'_>) -> Markup {
    let seats = tile.seats;
    let link = |which| tile.filter(which, counted.threshold).map(|filter| found(&filter, counted.site));
    let share = |which, words: &str| {
        let count = seats.of(which);
        html! {
            @match link(which) {
                Some(address) if count > 0 => a href=(address) { span.num { (number(count)) } " " (words) },
                _ => span { span.num { (number(count)) } " " (words) },
            }
        }
    };
    let (total, rounded) = (seats.total(), percents(seats));
    let percent = |which| percent(seats.of(which), total, rounded.of(which));
    html! {
        section.tile aria-label=(tile.app) {
            h2 {
                @match link(Which::All) {
                    Some(address) => a href=(address) { bdi { (tile.app) } },
                    None => bdi { (tile.app) },
                }
                @if let [only] = &*tile.sites { " " span.sub { "on " bdi { (only.site) } } }
            }
            p.total { b.num { (number(total)) } " " (if total == 1 { "seat" } else { "seats" }) ", " (self::counted(tile.people, "person", "people")) }
            @if total == 0 {
                p.hint { "Nobody takes a seat." }
            } @else {
                (meter(&tile.app, seats))
                ul.shares {
                    li.active { (share(Which::Active, "active")) span.num { (percent(Which::Active)) } }
                    li.inactive { (share(Which::NotActive, "inactive")) span.num { (percent(Which::NotActive)) } }
                    @if seats.not_active() > 0 {
                        li.part { (share(Which::Inactive, "used before that")) span.num { (percent(Which::Inactive)) } }
                        li.part.never { (share(Which::NeverActive, "never active")) span.num { (percent(Which::NeverActive)) } }
                    }
                    @if seats.unknown > 0 {
                        li.unknown { (share(Which::Unknown, "unknown")) span.num { (percent(Which::Unknown)) } }
                    }
                    @if seats.service_accounts > 0 {
                        li.service { (share(Which::ServiceAccounts, "service accounts")) span.num { (percent(Which::ServiceAccounts)) } }
                    }
                }
            }
            @if let Some(capacity) = tile.capacity() { p.hint { (left(total, capacity)) } }
            @if tile.sites.len() > 1 {
                p.hint { "Of these on "
                    @for (place, on_site) in tile.sites.iter().enumerate() {
                        @if place > 0 { ", " }
                        a.name href=(Address::new(HERE).with("site", &on_site.site)) { bdi { (on_site.site) } }
                        " " span.num { (number(on_site.seats.total())) }
                        @if let (None, Some(capacity)) = (tile.capacity(), on_site.capacity) { " (" (left(on_site.seats.total(), capacity)) ")" }
                    }
                }
            }
        }
    }
}

/// How many seats are left of those that were bought.
fn left(taken: u64, capacity: u64) -> String {
    match capacity.checked_sub(taken) {
        Some(left) => format!("{} of {} left", number(left), number(capacity)),
        None => format!("{} more than the {} that were bought", number(taken - capacity), number(capacity)),
    }
}

/// The shares as a bar; the same numbers stand in words beside it.
fn meter(app: &str, seats: Shares) -> Markup {
    const WIDTH: f64 = 1_000.0;
    let total = seats.total().max(1) as f64;
    let mut before = 0;
    let parts = Which::DISJOINT.map(|which| {
        let (start, length) = (before, seats.of(which));
        before += length;
        (which, start as f64 * WIDTH / total, length as f64 * WIDTH / total)
    });
    html! {
        svg.meter viewBox="0 0 1000 6" preserveAspectRatio="none" role="img" aria-label=(format!("{app}: {}", in_words(seats))) {
            @for (which, start, length) in parts.into_iter().filter(|(_, _, length)| *length > 0.0) {
                rect class=(class(which)) x=(format!("{start:.1}")) y="0" width=(format!("{:.1}", length.max(2.0))) height="6" {}
            }
        }
    }
}

fn in_words(seats: Shares) -> String {
    let words = [
        (Which::Active, "active"),
        (Which::Inactive, "inactive"),
        (Which::NeverActive, "never active"),
        (Which::Unknown, "unknown"),
        (Which::ServiceAccounts, "service accounts"),
    ];
    let told = words.into_iter().filter(|(which, _)| seats.of(*which) > 0);
    told.map(|(which, words)| format!("{} {words}", number(seats.of(which)))).collect::<Vec<_>>().join(", ")
}

fn class(which: Which) -> &'static str {
    match which {
        Which::All | Which::Active => "active",
        Which::NotActive | Which::Inactive => "inactive",
        Which::NeverActive => "never",
        Which::Unknown => "unknown",
        Which::ServiceAccounts => "service",
    }
}

/// A share in whole percent; neither some nor almost all is rounded to none or all.
fn percent(part: u64, total: u64, rounded: u64) -> String {
    match rounded {
        0 if part > 0 => "< 1 %".to_owned(),
        100 if part < total => "> 99 %".to_owned(),
        percent => format!("{percent} %"),
    }
}

/// Each of the disjoint shares in whole percent, rounded so that they sum to 100.
fn percents(seats: Shares) -> Shares {
    let total = seats.total().max(1);
    let mut rounded = Which::DISJOINT.map(|which| (seats.of(which) * 100 / total, seats.of(which) * 100 % total));
    let mut largest: Vec<usize> = (0..rounded.len()).collect();
    largest.sort_by_key(|place| std::cmp::Reverse(rounded[*place].1));
    let rest: u64 = rounded.iter().map(|(_, rest)| rest).sum::<u64>() / total;
    for place in largest.into_iter().take(rest as usize) {
        rounded[place].0 += 1;
    }
    let [active, inactive, never_active, unknown, service_accounts] = rounded.map(|(percent, _)| percent);
    Shares { active, inactive, never_active, unknown, service_accounts }
}

/// What syncs have changed in the last day and the last week.
fn changed(changes: &Changes, now: Timestamp) -> Markup {
    const ROWS: [(&str, Amount); 7] = [
        ("People added", |counts| counts.people_added),
        ("People gone", |counts| counts.people_gone),
        ("Memberships begun", |counts| counts.memberships_added),
        ("Memberships ended", |counts| counts.memberships_removed),
        ("Groups added", |counts| counts.groups_added),
        ("Groups gone", |counts| counts.groups_gone),
        ("Grants begun or ended", |counts| counts.grants_changed),
    ];
    let sum = |of: Amount, days: i32| {
        let since = now - days * DAY;
        changes.iter().filter(|(at, _)| *at >= since).map(|(_, counts)| of(counts)).sum::<u64>()
    };
    html! {
        h2 { "What changed" }
        @if changes.is_empty() {
            p.hint { "No sync has ended in the last 7 days but the first one. What each has changed is under " a href="/runs" { "Sync Runs" } "." }
        } @else {
            div.scroll.changed tabindex="0" role="region" aria-label="What changed" {
                table {
                    thead { tr { th scope="col" { "Found by syncs" } th.num scope="col" { "Last 24 hours" } th.num scope="col" { "Last 7 days" } } }
                    tbody { @for (name, of) in ROWS { tr {
                        th scope="row" { (name) }
                        td.num { (number(sum(of, 1))) }
                        td.num { (number(sum(of, 7))) }
                    } } }
                }
            }
            p.hint { "Who and what it was stands with each sync under " a href="/runs" { "Sync Runs" } "." }
        }
    }
}

fn without_seats(tiles: &Tiles) -> Markup {
    html! {
        @if !tiles.without_seats.is_empty() {
            h2 { "Apps without seats" }
            p { @for (place, app) in tiles.without_seats.iter().enumerate() {
                @if place > 0 { " · " }
                a.name href=(Address::new("/people").with("q", &app.filter)) { bdi { (app.app) } }
                " " (counted(app.people, "person", "people"))
            } }
        }
    }
}

#[cfg(test)]
mod tests;
