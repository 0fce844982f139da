//! `rollcall stats`: what the dashboard shows, as a table or as JSON: seats by app and site, what they cost, people and
//! groups. It counts as the page does, by the same verbs.

use clap::Args;
use clock::Clock;
use directory::Snapshot;
use directory::tiles::{self, Asked, OnSite, Shares, Threshold, Tiles};
use jiff::Timestamp;

use crate::cli::open::to_read;
use crate::cli::table::table;
use crate::cli::{Exit, Place};
use crate::nouns::price::{Cost, Prices};
use crate::nouns::refusal::Refusal;
use crate::store::error::StoreError;
use crate::store::seat_prices;
use crate::sync::{inactivity, schedule};

/// `rollcall stats`
#[derive(Args, Debug)]
pub struct Stats {
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
    /// Only this site, by its short name
    #[arg(long, value_name = "SITE")]
    pub site: Option<String>,
    /// Since when a seat has to be used to be active, as 30d, 3w or 6M [default: as set for the dashboard]
    #[arg(long, value_name = "LENGTH", value_parser = Threshold::parse)]
    pub threshold: Option<Threshold>,
    /// As one JSON object
    #[arg(long)]
    pub json: bool,
}

/// What is shown.
struct Shown<'a> {
    snapshot: &'a Snapshot,
    prices: &'a Prices,
    tiles: &'a Tiles,
    threshold: Threshold,
    now: Timestamp,
}

/// Runs the command.
pub async fn run(stats: &Stats) -> Result<Exit, Refusal> {
    let mirrors = to_read(&stats.place).await?;
    let refused = |why: String, next: &str| Refusal::new("There is nothing to count.", why, next);
    let Some(mirror) = mirrors.only() else {
        let next = "Start `rollcall serve` and enter its API key on the page it prints.";
        return Err(refused("No organization is connected.".to_owned(), next));
    };
    let snapshot = mirror.shown();
    if snapshot.generation() == 0 {
        return Err(refused("The organization was not read yet.".to_owned(), "Run `rollcall sync`."));
    }
    let sites = tiles::sites(&snapshot);
    if let Some(site) = stats.site.as_deref().filter(|site| !sites.contains(site)) {
        return Err(refused(format!("There is no site {site}."), &format!("Name one of {}.", sites.join(", "))));
    }
    let read = mirror.store().read(|tx| Ok((inactivity::read(tx)?.threshold, seat_prices::all(tx)?)));
    let (set, prices) = read.await.map_err(|error: StoreError| {
        refused(
            format!("The database failed: {error}."),
            "Run `rollcall migrate` after an update, or `rollcall doctor`.",
        )
    })?;
    let (threshold, now) = (stats.threshold.unwrap_or(set), Clock::system().now());
    let tiles =
        tiles::tiles(&snapshot, stats.site.as_deref(), Asked { threshold, now, zone: &schedule::zone(&mirror) });
    let shown = Shown { snapshot: &snapshot, prices: &prices, tiles: &tiles, threshold, now };
    if stats.json {
        println!("{}", json(&shown));
    } else {
        print(&shown);
    }
    Ok(Exit::Done)
}

impl Shown<'_> {
    fn costs(&self, sites: &[OnSite]) -> (Cost, Cost) {
        self.prices.of_seats(self.snapshot, sites)
    }
}

fn print(shown: &Shown<'_>) {
    let mut rows = Vec::new();
    for tile in &shown.tiles.apps {
        for site in &tile.sites {
            let left = site.capacity.map_or_else(String::new, |capacity| capacity.to_string());
            let mut row = vec![tile.app.clone(), site.site.clone()];
            row.extend(numbers(site.seats));
            row.push(left);
            row.extend(words(shown.costs(std::slice::from_ref(site))));
            rows.push(row);
        }
    }
    let all: Vec<OnSite> = shown.tiles.apps.iter().flat_map(|tile| tile.sites.clone()).collect();
    let mut sum = vec!["all".to_owned(), String::new()];
    sum.extend(numbers(shown.tiles.seats));
    sum.push(String::new());
    sum.extend(words(shown.costs(&all)));
    rows.push(sum);
    let headings = [
        "app",
        "site",
        "seats",
        "active",
        "inactive",
        "never",
        "unknown",
        "service",
        "bought",
        "cost a month",
        "of it inactive",
    ];
    print!("{}", table(&headings, &rows));
    let amounts = shown.snapshot.amounts();
    eprintln!(
        "Inactive means not used for {}; never is part of inactive. Cost is an estimate.\n{} people hold them; {} people \
         and {} groups in the organization, as of {}",
        shown.threshold.words(),
        shown.tiles.people,
        amounts.people,
        amounts.groups,
        shown.snapshot.sealed_at(),
    );
}

fn numbers(seats: Shares) -> [String; 6] {
    [seats.total(), seats.active, seats.not_active(), seats.never_active, seats.unknown, seats.service_accounts]
        .map(|number| number.to_string())
}

fn words((all, idle): (Cost, Cost)) -> [String; 2] {
    [all, idle].map(|cost| cost.to_string())
}

fn json(shown: &Shown<'_>) -> serde_json::Value {
    let all: Vec<OnSite> = shown.tiles.apps.iter().flat_map(|tile| tile.sites.clone()).collect();
    let amounts = shown.snapshot.amounts();
    let apps = shown.tiles.apps.iter().map(|tile| {
        let sites = tile.sites.iter().map(|site| {
            let mut object = seats(shown, site.seats, std::slice::from_ref(site));
            object["site"] = site.site.clone().into();
            object["bought"] = site.capacity.into();
            object
        });
        let mut object = seats(shown, tile.seats, &tile.sites);
        object["app"] = tile.app.clone().into();
        object["people"] = tile.people.into();
        object["sites"] = sites.collect();
        object
    });
    let mut object = seats(shown, shown.tiles.seats, &all);
    object["apps"] = apps.collect();
    object["people_with_seats"] = shown.tiles.people.into();
    object["people"] = amounts.people.into();
    object["groups"] = amounts.groups.into();
    object["threshold"] = shown.threshold.to_text().into();
    object["generation"] = shown.snapshot.generation().into();
    object["as_of"] = shown.snapshot.sealed_at().to_string().into();
    object["counted_at"] = shown.now.to_string().into();
    object
}

/// Seats with their estimated cost; amounts are decimal texts, so that none is rounded on its way.
fn seats(shown: &Shown<'_>, seats: Shares, sites: &[OnSite]) -> serde_json::Value {
    let (all, idle) = shown.costs(sites);
    serde_json::json!({
        "seats": seats.total(),
        "active": seats.active,
        "inactive": seats.not_active(),
        "never_active": seats.never_active,
        "unknown": seats.unknown,
        "service_accounts": seats.service_accounts,
        "cost_a_month": all.decimals(),
        "inactive_cost_a_month": idle.decimals(),
    })
}
