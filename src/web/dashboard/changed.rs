//! What changed since yesterday and last week: what syncs have found, and how many seats each app has more or less. A number
//! leads to the sync that found it where there was one alone.

use directory::Counts;
use directory::tiles::Which;
use jiff::SignedDuration;
use maud::{Markup, html};

use crate::mirror::answer::answer;
use crate::mirror::trends::ByApp;
use crate::store::runs::Changed;
use crate::web::dashboard::Counted;
use crate::web::ui::address::Address;
use crate::web::ui::amount::{counted as some, number};
use crate::web::ui::moment::Reader;

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Syncs that are named below the numbers.
const MOST_SYNCS: usize = 10;

/// One of the numbers of what a run changed.
type Amount = fn(&Counts) -> u64;

/// Seats by app on an earlier day, with that day.
pub(super) type Then = Option<ByApp>;

/// What is compared with now.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    /// What syncs of the last week changed, newest first.
    pub(super) runs: Vec<Changed>,
    /// The seats of yesterday.
    pub(super) yesterday: Then,
    /// The seats of a week ago.
    pub(super) last_week: Then,
}

const ROWS: [(&str, Amount); 8] = [
    ("People joined", |counts| counts.people_added),
    ("People left", |counts| counts.people_gone),
    ("Statuses changed", |counts| counts.presence_changed),
    ("Memberships begun", |counts| counts.memberships_added),
    ("Memberships ended", |counts| counts.memberships_removed),
    ("Groups added", |counts| counts.groups_added),
    ("Groups gone", |counts| counts.groups_gone),
    ("Grants begun or ended", |counts| counts.grants_changed),
];

/// The section.
pub(super) fn changed(past: &Past, counted: &Counted<'_>, reader: &Reader) -> Markup {
    let Past { runs, yesterday, last_week } = past;
    html! {
        h2 id="changed" { "What changed" }
        @if runs.is_empty() && yesterday.is_none() {
            p.hint { "No sync has ended in the last 7 days but the first one. What each has changed is under " a href="/runs" { "Sync Runs" } "." }
        } @else {
            div.scroll.changed tabindex="0" role="region" aria-label="What changed" {
                table {
                    thead { tr { th scope="col" { "Found by syncs" } th.num scope="col" { "Since yesterday" } th.num scope="col" { "Since last week" } } }
                    tbody {
                        tr {
                            th scope="row" { "People with any change" }
                            td.num { (people_changed(1, counted, reader)) }
                            td.num { (people_changed(7, counted, reader)) }
                        }
                        @for (name, of) in ROWS { tr {
                            th scope="row" { (name) }
                            td.num { (found(runs, of, 1, reader)) }
                            td.num { (found(runs, of, 7, reader)) }
                        } }
                        @for tile in &counted.tiles.apps { tr {
                            th scope="row" {
                                "Seats of "
                                @match tile.filter(Which::All, counted.threshold) {
                                    Some(filter) => a.name href=(Address::new("/people").with("q", &filter)) { bdi { (tile.app) } },
                                    None => bdi { (tile.app) },
                                }
                            }
                            td.num { (seats(&tile.app, tile.seats.total(), (yesterday, reader))) }
                            td.num { (seats(&tile.app, tile.seats.total(), (last_week, reader))) }
                        } }
                    }
                }
            }
            @if !runs.is_empty() { (syncs(runs, reader)) }
        }
    }
}

/// How many people have changed within so many days, as the filter that the number leads to counts them.
fn people_changed(days: i32, counted: &Counted<'_>, reader: &Reader) -> Markup {
    let filter = format!("changed >= -{days}d");
    let found = answer(counted.snapshot, &filter, (reader.now, &reader.zone)).found.matching.len();
    html! { a.figure href=(Address::new("/people").with("q", &filter)) { (number(found)) } }
}

/// What the syncs of so many days found; a link where one sync found all of it.
fn found(runs: &[Changed], of: Amount, days: i32, reader: &Reader) -> Markup {
    let since = reader.now - days * DAY;
    let mut finders = runs.iter().filter(|run| run.at >= since && of(&run.counts) > 0);
    let sum: u64 = finders.clone().map(|run| of(&run.counts)).sum();
    html! {
        @match (finders.next(), finders.next()) {
            (Some(only), None) => a.figure href=(Address::new("/runs").below(only.run.as_str()).below("changes")) { (number(sum)) },
            _ => (number(sum)),
        }
    }
}

/// How many seats there are more or less; a dash where no day of then is known.
fn seats(app: &str, now: u64, (then, reader): (&Then, &Reader)) -> Markup {
    let Some((day, apps)) = then else {
        return html! { span title="No sync of that day is kept." { "–" } };
    };
    let before = apps.get(app).copied().unwrap_or_default().total();
    let text = match now.cmp(&before) {
        std::cmp::Ordering::Greater => format!("+{}", number(now - before)),
        std::cmp::Ordering::Less => format!("−{}", number(before - now)),
        std::cmp::Ordering::Equal => "0".to_owned(),
    };
    html! { span title=(format!("{} on {}", some(before, "seat", "seats"), reader.date(*day))) { (text) } }
}

fn syncs(runs: &[Changed], reader: &Reader) -> Markup {
    html! {
        details {
            summary { (some(runs.len() as u64, "sync", "syncs")) " of the last 7 days" }
            ul { @for run in runs.iter().take(MOST_SYNCS) {
                li {
                    a href=(Address::new("/runs").below(run.run.as_str()).below("changes")) { "Sync " (run.number) }
                    ", " (reader.relative(run.at)) ": "
                    @let told: Vec<String> = ROWS.iter().filter(|(_, of)| of(&run.counts) > 0)
                        .map(|(name, of)| format!("{} {}", name.to_lowercase(), number(of(&run.counts)))).collect();
                    @if told.is_empty() { "nothing of these" } @else { (told.join(", ")) }
                }
            } }
            p.hint { a href="/runs" { "All syncs" } }
        }
    }
}
