//! The dashboard's tiles, and statistics: seats by app and site, and how much of the organization is known.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use directory::tiles::{self, Shares, Which};
use directory::{Noun, Part};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::parameters::{None as NoParameters, Parameters};
use crate::api::problem::{Kind, Problem};
use crate::store::{coverage, seat_prices};
use crate::sync::inactivity;

/// Of which site.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfSite {
    /// A site's name; all sites when it is left out.
    site: Option<String>,
}

/// Decimal amounts by the currency's letters; empty where nobody has entered a price.
pub(crate) type Money = BTreeMap<String, String>;

/// Seats by app.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Dashboard {
    /// The generation that was asked.
    generation: u64,
    /// How long somebody may not have used an app and still is active, in words.
    inactive_after: String,
    /// The sites there are.
    sites: Vec<String>,
    /// Apps that sell seats, the one with most seats first.
    tiles: Vec<Tile>,
    /// All seats.
    seats: Seats,
    /// Distinct people with any seat.
    people: u64,
    /// What all seats cost a month, as far as prices were entered: an estimate.
    cost_a_month: Money,
    /// What inactive seats, with those never used, cost a month.
    inactive_cost_a_month: Money,
    /// Apps that sell none, by name.
    without_seats: Vec<WithoutSeats>,
}

/// The seats of an app.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Tile {
    /// The app's name.
    app: String,
    /// Its seats, summed over its sites.
    seats: Seats,
    /// Distinct people with a seat.
    people: u64,
    /// What its seats cost a month, as far as prices were entered: an estimate.
    cost_a_month: Money,
    /// What its inactive seats, with those never used, cost a month.
    inactive_cost_a_month: Money,
    /// Seats bought, where Atlassian tells.
    capacity: Option<u64>,
    /// By site, the one with most seats first.
    sites: Vec<OnSite>,
    /// The filter that finds the people of each share.
    filters: ShareFilters,
}

/// Seats of an app on a site.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OnSite {
    /// The site's name.
    site: String,
    /// Its seats.
    seats: Seats,
    /// Seats bought, where Atlassian tells.
    capacity: Option<u64>,
}

/// Seats by when they were last used. The shares are disjoint and add up to the total.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Seats {
    /// All of them.
    total: u64,
    /// Used since the threshold.
    active: u64,
    /// Used, but not since the threshold.
    inactive: u64,
    /// Activity was read, and there is none.
    never_active: u64,
    /// Activity was not read.
    unknown: u64,
    /// Held by service accounts, of whose use Atlassian tells nothing.
    service_accounts: u64,
}

/// Filters that find exactly the people of a share; null where the app cannot be named in a filter.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ShareFilters {
    /// All of them.
    total: Option<String>,
    /// Used since the threshold.
    active: Option<String>,
    /// Used, but not since the threshold.
    inactive: Option<String>,
    /// Never used.
    never_active: Option<String>,
    /// Activity was not read.
    unknown: Option<String>,
    /// Held by service accounts.
    service_accounts: Option<String>,
}

/// An app that sells no seats.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WithoutSeats {
    /// The app's name.
    app: String,
    /// Distinct people with any role on it.
    people: u64,
    /// The filter that finds them.
    filter: String,
}

/// How much is known, beside what Atlassian counts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Statistics {
    /// The generation that was asked.
    generation: u64,
    /// People in the organization.
    total_users: u64,
    /// Groups.
    total_groups: u64,
    /// By directory.
    directories: Vec<DirectoryStatistics>,
}

/// How much is known of a directory.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DirectoryStatistics {
    /// Atlassian's id of the directory.
    id: String,
    /// Its name.
    name: String,
    /// People in it. Somebody in several directories is counted in each.
    users: u64,
    /// People by Atlassian's own count, where it was told.
    users_by_atlassian: Option<u64>,
    /// Groups in it.
    groups: u64,
    /// Groups by Atlassian's own count, where it was told.
    groups_by_atlassian: Option<u64>,
}

/// Show the dashboard
///
/// Seats by app and site, divided by when they were last used. Unknown is never inactive.
#[utoipa::path(get, path = "/dashboard", tag = "dashboard", operation_id = "show_dashboard", params(OfSite),
    responses((status = 200, description = "Seats by app", body = Dashboard)))]
pub(crate) async fn show(asked: Asked, Parameters(of): Parameters<OfSite>) -> Result<Json<Dashboard>, Problem> {
    let snapshot = asked.sealed()?;
    let sites = tiles::sites(snapshot);
    no_such_site(of.site.as_deref(), &sites)?;
    let read = asked.mirror.store().read(|tx| Ok((inactivity::read(tx)?.threshold, seat_prices::all(tx)?)));
    let (threshold, prices) = read.await?;
    let (now, zone) = asked.moment();
    let counted = tiles::tiles(snapshot, of.site.as_deref(), tiles::Asked { threshold, now, zone: &zone });
    let tile = |tile: &tiles::Tile| {
        let filter = |which| tile.filter(which, threshold);
        let (cost, idle) = prices.of_seats(snapshot, &tile.sites);
        Tile {
            app: tile.app.clone(),
            cost_a_month: cost.decimals(),
            inactive_cost_a_month: idle.decimals(),
            seats: Seats::of(tile.seats),
            people: tile.people,
            capacity: tile.capacity(),
            sites: (tile.sites.iter())
                .map(|on| OnSite { site: on.site.clone(), seats: Seats::of(on.seats), capacity: on.capacity })
                .collect(),
            filters: ShareFilters {
                total: filter(Which::All),
                active: filter(Which::Active),
                inactive: filter(Which::Inactive),
                never_active: filter(Which::NeverActive),
                unknown: filter(Which::Unknown),
                service_accounts: filter(Which::ServiceAccounts),
            },
        }
    };
    let all: Vec<tiles::OnSite> = counted.apps.iter().flat_map(|tile| tile.sites.clone()).collect();
    let (cost, idle) = prices.of_seats(snapshot, &all);
    Ok(Json(Dashboard {
        generation: snapshot.generation(),
        cost_a_month: cost.decimals(),
        inactive_cost_a_month: idle.decimals(),
        inactive_after: threshold.words(),
        sites: sites.into_iter().map(str::to_owned).collect(),
        tiles: counted.apps.iter().map(tile).collect(),
        seats: Seats::of(counted.seats),
        people: counted.people,
        without_seats: (counted.without_seats.into_iter())
            .map(|app| WithoutSeats { app: app.app, people: app.people, filter: app.filter })
            .collect(),
    }))
}

/// Show statistics
///
/// People and groups by directory, each with Atlassian's own count beside ours.
#[utoipa::path(get, path = "/statistics", tag = "dashboard", operation_id = "show_statistics",
    responses((status = 200, description = "How much is known", body = Statistics)))]
pub(crate) async fn statistics(
    State(_): State<Api>,
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<Statistics>, Problem> {
    let snapshot = asked.sealed()?;
    let told = asked
        .mirror
        .store()
        .read(|tx| Ok((coverage::upstream_counts(tx, Noun::Presence)?, coverage::upstream_counts(tx, Noun::Groups)?)));
    let (people, groups) = told.await?;
    let of = |told: &[(Part, u64, jiff::Timestamp)], id: &directory::DirectoryId| {
        let is_it = |part: &Part| matches!(part, Part::Directory(other) if other == id);
        told.iter().find(|(part, ..)| is_it(part)).map(|(_, count, _)| *count)
    };
    let directories = (0..).zip(snapshot.directories()).map(|(place, directory)| {
        let there = |group: &u32| snapshot.group_row(*group).is_some_and(|row| row.directory == Some(place));
        DirectoryStatistics {
            id: directory.id.to_string(),
            name: directory.name.to_string(),
            users: snapshot.present_in(place).len(),
            users_by_atlassian: of(&people, &directory.id),
            groups: snapshot.groups_by_name().iter().filter(there).count() as u64,
            groups_by_atlassian: of(&groups, &directory.id),
        }
    });
    Ok(Json(Statistics {
        generation: snapshot.generation(),
        total_users: snapshot.present().len(),
        total_groups: snapshot.groups_by_name().len() as u64,
        directories: directories.collect(),
    }))
}

/// Refuses a site that is not there, naming those that are.
pub(crate) fn no_such_site(site: Option<&str>, sites: &[&str]) -> Result<(), Problem> {
    let Some(site) = site.filter(|site| !sites.contains(site)) else { return Ok(()) };
    let detail = format!("There is no site “{site}”.");
    let problem = Problem::new(Kind::Parameter, detail, "The sites there are stand in `names`.");
    Err(problem.with_names(sites.iter().copied()))
}

impl Seats {
    /// Shares as they are sent.
    pub(crate) fn of(shares: Shares) -> Seats {
        Seats {
            total: shares.total(),
            active: shares.active,
            inactive: shares.inactive,
            never_active: shares.never_active,
            unknown: shares.unknown,
            service_accounts: shares.service_accounts,
        }
    }
}
