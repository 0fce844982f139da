//! The dashboard: a tile for each app with its seats by when they were last used and what they cost, of all sites or of
//! one; trends of the same; what changed lately. Every number is a link to its people where a filter finds them. It shows
//! what `directory::tiles` and `mirror::trends` count, and counts nothing itself.

mod changed;
mod tile;
mod trend;

use axum::extract::{Query, RawQuery};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use directory::Snapshot;
use directory::tiles::{self, Asked, OnSite, Threshold, Tiles};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use maud::{Markup, html};
use serde::Deserialize;

use crate::mirror::trends::{self, Trend};
use crate::nouns::price::Prices;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{runs, seat_prices};
use crate::sync::{inactivity, schedule};
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::notices::activity_age;
use crate::web::people::question;
use crate::web::ui::address::Address;
use crate::web::ui::amount::{counted, number};
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::{Weight, empty, notice};
use crate::web::visit::{Visit, first_use};
use crate::web::{settings_dashboard, settings_notifications, site};

/// The page's address.
pub(crate) const HERE: &str = "/dashboard";
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What an address asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    site: String,
    /// The app whose trends are shown; empty for all.
    app: String,
    /// Over how many months they go.
    months: String,
}

impl Ask {
    /// The same page of another site.
    fn on_site(&self, site: &str) -> Address {
        Ask { site: site.to_owned(), ..self.clone() }.address()
    }

    /// The trends over so many months.
    fn over(&self, months: u8) -> String {
        format!("{}#trends", Ask { months: months.to_string(), ..self.clone() }.address())
    }

    /// The trends of an app, or of all.
    fn of_app(&self, app: &str) -> String {
        format!("{}#trends", Ask { app: app.to_owned(), ..self.clone() }.address())
    }

    fn address(&self) -> Address {
        let months = if self.months() == trend::USUAL_MONTHS { "" } else { &self.months };
        Address::new(HERE).with("site", &self.site).with("app", &self.app).with("months", months)
    }

    fn months(&self) -> u8 {
        self.months.parse().ok().filter(|months| trend::MONTHS.contains(months)).unwrap_or(trend::USUAL_MONTHS)
    }

    /// The app that is asked for, where it has a tile.
    fn app_of<'a>(&self, counted: &'a Counted<'_>) -> Option<&'a String> {
        counted.tiles.apps.iter().map(|tile| &tile.app).find(|app| **app == self.app)
    }
}

/// What the page is made of.
struct Counted<'a> {
    /// The site that is shown.
    site: Option<&'a str>,
    threshold: Threshold,
    tiles: Tiles,
    snapshot: &'a Snapshot,
    prices: &'a Prices,
}

/// What the page reads beside the snapshot.
#[derive(Clone, Debug)]
struct Read {
    threshold: Threshold,
    prices: Prices,
    trend: Trend,
    past: changed::Past,
}

/// Yesterday's seats may be those of a sync that was missed, but not of one long ago.
const MISSED_DAYS: i64 = 3;

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
        let zone = schedule::zone(&visit.mirror);
        let (snapshot, asked, moment) = (visit.snapshot.clone(), ask.clone(), (visit.reader.now, zone.clone()));
        let read = visit.mirror.store().read(move |tx| read(tx, &snapshot, &asked, &moment)).await?;
        content(&ask, &visit.snapshot, (&read, &visit.reader, &zone), state.notices(&visit.snapshot, &visit.reader))
    };
    let known = site.filter(|site| tiles::sites(&visit.snapshot).contains(site));
    let page = Page::framed(&visit.frame_of("Dashboard", Place::Dashboard, known), content);
    Ok(site::remembered(page.into_response(), &visit, site, &headers))
}

fn read(tx: &mut Tx, snapshot: &Snapshot, ask: &Ask, (now, zone): &(Timestamp, TimeZone)) -> Result<Read, StoreError> {
    let threshold = inactivity::read(tx)?.threshold;
    let prices = seat_prices::all(tx)?;
    let site = tiles::sites(snapshot).into_iter().find(|site| *site == ask.site);
    let app = snapshot.resources().iter().map(|resource| resource.id.app_name()).find(|app| *app == ask.app);
    let today = trends::day_of(*now, zone);
    let asked = trends::Asked { app, site, threshold };
    let trend = trends::read(tx, (snapshot, &prices), asked, (today, ask.months()))?;
    let mut seats_then = |days: i64| {
        let day = today.saturating_sub(days.days());
        let then = trends::by_app(tx, snapshot, trends::Asked { app: None, ..asked }, day)?;
        Ok::<_, StoreError>(then.filter(|(found, _)| day.duration_since(*found).as_hours() <= 24 * MISSED_DAYS))
    };
    let (yesterday, last_week) = (seats_then(1)?, seats_then(7)?);
    let past = changed::Past { runs: runs::changes_since(tx, *now - 7 * DAY)?, yesterday, last_week };
    Ok(Read { threshold, prices, trend, past })
}

fn content(
    ask: &Ask,
    snapshot: &Snapshot,
    (read, reader, zone): (&Read, &Reader, &TimeZone),
    notices: Markup,
) -> Markup {
    let sites = tiles::sites(snapshot);
    let site = sites.iter().copied().find(|site| *site == ask.site);
    let tiles = tiles::tiles(snapshot, site, Asked { threshold: read.threshold, now: reader.now, zone });
    let counted = Counted { site, threshold: read.threshold, tiles, snapshot, prices: &read.prices };
    html! {
        div.headline {
            h1 { "Dashboard" }
            span.sub {
                "Inactive means not used for " (read.threshold.words()) " · "
                a.figure href=(settings_dashboard::HERE) { "Change" }
                " · " (settings_notifications::reports::of_dashboard())
            }
        }
        (notices)
        (activity_age(snapshot, reader))
        (unknown_site(ask, &counted))
        @if counted.tiles.apps.is_empty() {
            (nothing(&counted))
        } @else {
            (tile::nearly_full(&counted))
            (sums(&counted, snapshot.present().len()))
            @if counted.tiles.apps.iter().any(|tile| tile.sites.len() > 1) {
                p.hint { "A seat is counted on each site, as it is billed; behind a number stands each person once." }
            }
            div.tiles { @for tile in &counted.tiles.apps { (tile::one(tile, ask, &counted)) } }
            (trend::trends(&read.trend, ask, &counted, reader))
        }
        (without_seats(&counted.tiles))
        (changed::changed(&read.past, &counted, reader))
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
    let all: Vec<OnSite> = counted.tiles.apps.iter().flat_map(|tile| tile.sites.clone()).collect();
    let (cost, idle) = counted.prices.of_seats(counted.snapshot, &all);
    let priced = |site: &OnSite| {
        counted
            .snapshot
            .resources()
            .get(site.resource as usize)
            .is_some_and(|named| counted.prices.of(&named.id).is_some())
    };
    let unpriced: u64 = all.iter().filter(|site| !priced(site)).map(|site| site.seats.total()).sum();
    html! {
        div.sum {
            div { b { (number(seats.total())) } span { "seats, held by " (self::counted(people, "person", "people")) } }
            div { b { (number(seats.not_active())) } span { "seats inactive for " (words) ", with those never used" } }
            div { b { (number(seats.never_active)) } span { "seats never used" } }
            @if !cost.is_empty() {
                div { b { (cost) } span { "a month for all seats, estimate" @if unpriced > 0 { "; " (self::counted(unpriced, "seat has", "seats have")) " no price" } } }
                div { b { (idle) } span { "a month for inactive seats, estimate" } }
            }
            div { b { (number(present)) } span { @if present == 1 { "person" } @else { "people" } " in the organization" } }
        }
    }
}

/// The people whom a filter finds; on one site, the filter says so, and the user browser stays with it.
fn found(filter: &str, site: Option<&str>) -> Address {
    let filter = site.map_or_else(|| filter.to_owned(), |site| question::with_site(filter, Some(site)));
    Address::new("/people").with("q", &filter)
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
