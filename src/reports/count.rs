//! What a report counts, on one snapshot: whom a filter finds, or the dashboard's tiles with their seats and money. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use directory::Snapshot;
use directory::tiles::{self, Asked, OnSite, Shares, Threshold, Tiles};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use roaring::RoaringBitmap;

use crate::mirror::answer::answer;
use crate::mirror::export::{csv_of, harmless};
use crate::nouns::price::{Cost, Prices};

/// The largest table that is mailed, in bytes: encoded for mail it becomes a good third longer, and mail servers
/// commonly take 10 MB.
pub(super) const LARGEST_TABLE: usize = 7_000_000;

/// The headings of the dashboard's table.
const COLUMNS: [&str; 11] = [
    "app",
    "site",
    "seats",
    "active",
    "inactive",
    "never active",
    "unknown",
    "service accounts",
    "capacity",
    "cost a month",
    "inactive cost a month",
];

/// Whom a filter finds.
#[derive(Clone, Debug)]
pub(super) struct People {
    /// Who.
    pub(super) found: RoaringBitmap,
    /// Whether their table is small enough for a mail.
    pub(super) fits: bool,
}

/// What the dashboard shows of all sites.
#[derive(Clone, Debug)]
pub(super) struct Seats {
    /// What counts as inactive.
    pub(super) threshold: Threshold,
    /// The tiles.
    pub(super) tiles: Tiles,
    /// What all seats cost a month, and the inactive ones; empty where nobody has entered a price.
    pub(super) cost: (Cost, Cost),
    /// The same of each tile.
    pub(super) costs: Vec<(Cost, Cost)>,
    /// People in the organization.
    pub(super) present: u64,
    table: String,
}

/// Whom a filter finds; `None` for a filter with errors.
pub(super) fn people(snapshot: &Arc<Snapshot>, filter: &str, moment: (Timestamp, &TimeZone)) -> Option<People> {
    let answer = answer(snapshot, filter, moment);
    if answer.has_errors {
        return None;
    }
    let mut length = 0;
    let mut pieces = csv_of(snapshot, filter, moment)?;
    let fits = pieces.all(|piece| {
        length += piece.len();
        length <= LARGEST_TABLE
    });
    Some(People { found: answer.found.matching, fits })
}

/// The dashboard of all sites.
pub(super) fn seats(
    snapshot: &Snapshot,
    (threshold, prices): (Threshold, &Prices),
    (now, zone): (Timestamp, &TimeZone),
) -> Seats {
    let tiles = tiles::tiles(snapshot, None, Asked { threshold, now, zone });
    let all: Vec<OnSite> = tiles.apps.iter().flat_map(|tile| tile.sites.clone()).collect();
    Seats {
        threshold,
        cost: prices.of_seats(snapshot, &all),
        costs: tiles.apps.iter().map(|tile| prices.of_seats(snapshot, &tile.sites)).collect(),
        present: snapshot.present().len(),
        table: table(snapshot, prices, &tiles),
        tiles,
    }
}

impl Seats {
    /// Every row of the table: an app on a site.
    pub(super) fn table(&self) -> &str {
        &self.table
    }

    /// What the next report compares with, by name.
    pub(super) fn figures(&self) -> BTreeMap<String, u64> {
        let Shares { never_active, .. } = self.tiles.seats;
        let sums = [
            ("seats", self.tiles.seats.total()),
            ("not active", self.tiles.seats.not_active()),
            ("never active", never_active),
            ("people", self.present),
        ];
        let sums = sums.map(|(name, figure)| (name.to_owned(), figure));
        let apps = self.tiles.apps.iter().map(|tile| (of_app(&tile.app), tile.seats.total()));
        sums.into_iter().chain(apps).collect()
    }
}

/// What an app's seats are called among the figures.
pub(super) fn of_app(app: &str) -> String {
    format!("app {app}")
}

fn table(snapshot: &Snapshot, prices: &Prices, tiles: &Tiles) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let write = "memory takes every write, and all rows are arrays of one length";
    writer.write_record(COLUMNS).expect(write);
    for tile in &tiles.apps {
        for on in &tile.sites {
            let (cost, idle) = prices.of_seats(snapshot, std::slice::from_ref(on));
            let Shares { active, inactive, never_active, unknown, service_accounts } = on.seats;
            let row = [
                tile.app.clone(),
                on.site.clone(),
                on.seats.total().to_string(),
                active.to_string(),
                inactive.to_string(),
                never_active.to_string(),
                unknown.to_string(),
                service_accounts.to_string(),
                on.capacity.map(|capacity| capacity.to_string()).unwrap_or_default(),
                cost.to_string(),
                idle.to_string(),
            ];
            writer.write_record(row.map(harmless)).expect(write);
        }
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}
