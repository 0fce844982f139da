//! A tile: an app's seats by when they were last used, with what they cost. Every number is a link to its people.

use directory::tiles::{OnSite, Shares, Tile, Which};
use maud::{Markup, html};

use crate::web::dashboard::{Ask, Counted, found};
use crate::web::ui::amount::{counted, number};
use crate::web::ui::notice::{Weight, notice};

/// From so many seats of a hundred that were bought on, a notice says that the next tier is near: orders and approvals
/// take weeks, and a full site turns the next joiner away.
const NEARLY_FULL_PERCENT: u64 = 90;

/// A tile.
pub(super) fn one(tile: &Tile, ask: &Ask, counted: &Counted<'_>) -> Markup {
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
                        li.service { (share(Which::ServiceAccounts, if seats.service_accounts == 1 { "service account" } else { "service accounts" })) span.num { (percent(Which::ServiceAccounts)) } }
                    }
                }
            }
            (cost(tile, counted))
            @if let Some(capacity) = tile.capacity() { p.hint { (left(total, capacity)) } }
            @if tile.sites.len() > 1 {
                p.hint { "Of these on "
                    @for (place, on_site) in tile.sites.iter().enumerate() {
                        @if place > 0 { ", " }
                        a.name href=(ask.on_site(&on_site.site)) { bdi { (on_site.site) } }
                        " " span.num { (number(on_site.seats.total())) }
                        @if let (None, Some(capacity)) = (tile.capacity(), on_site.capacity) { " (" (left(on_site.seats.total(), capacity)) ")" }
                    }
                }
            }
        }
    }
}

/// What the seats cost a month, and the inactive of them.
fn cost(tile: &Tile, counted: &Counted<'_>) -> Markup {
    let (all, idle) = counted.prices.of_seats(counted.snapshot, &tile.sites);
    html! {
        @if !all.is_empty() {
            p.hint { span.num { (all) } " a month" @if tile.seats.not_active() > 0 { ", " b.num { (idle) } " of it for inactive seats" } " (estimate)" }
        }
    }
}

/// Where bought seats run out.
pub(super) fn nearly_full(counted: &Counted<'_>) -> Markup {
    let near = |site: &OnSite| {
        site.capacity.is_some_and(|capacity| {
            capacity > 0
                && u128::from(site.seats.total()) * 100 >= u128::from(capacity) * u128::from(NEARLY_FULL_PERCENT)
        })
    };
    let tiles = || counted.tiles.apps.iter().flat_map(|tile| tile.sites.iter().map(move |site| (tile, site)));
    let full: Vec<_> = tiles().filter(|(_, site)| near(site)).collect();
    html! {
        @if !full.is_empty() {
            (notice(Weight::Warning, "Seats are running out.", html! {
                ul { @for (tile, site) in full {
                    li { bdi { (tile.app) } " on " bdi { (site.site) } ": " (left(site.seats.total(), site.capacity.unwrap_or_default())) "." }
                } }
                p { "Free inactive seats below, or order the next tier in time." }
            }))
        }
    }
}

/// How many seats are left of those that were bought.
pub(super) fn left(taken: u64, capacity: u64) -> String {
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

pub(super) fn in_words(seats: Shares) -> String {
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
pub(super) fn percent(part: u64, total: u64, rounded: u64) -> String {
    match rounded {
        0 if part > 0 => "< 1 %".to_owned(),
        100 if part < total => "> 99 %".to_owned(),
        percent => format!("{percent} %"),
    }
}

/// Each of the disjoint shares in whole percent, rounded so that they sum to 100.
pub(super) fn percents(seats: Shares) -> Shares {
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
