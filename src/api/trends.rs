//! Seats, their activity and their cost day by day, as the dashboard draws them.

use axum::Json;
use directory::tiles;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::asked::Asked;
use crate::api::dashboard::{Money, Seats, no_such_site};
use crate::api::parameters::Parameters;
use crate::api::problem::{Kind, Problem};
use crate::mirror::trends::{self, Sample};
use crate::store::seat_prices;
use crate::sync::inactivity;

/// Months that are looked back at the most.
const MOST_MONTHS: u8 = 120;
/// Months that are looked back where nobody says how many.
const USUAL_MONTHS: u8 = 3;

/// Which seats, and since when.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Of {
    /// An app's name; all apps when it is left out.
    app: Option<String>,
    /// A site's short name; all sites when it is left out.
    site: Option<String>,
    /// So many months back from today; 3 when it is left out.
    #[param(minimum = 1, maximum = 120)]
    months: Option<u8>,
}

/// Seats by day. A day without a sync is not there; from 12 months on there is every other day.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Trends {
    /// The generation that names apps and sites.
    generation: u64,
    /// The first day asked for.
    from: String,
    /// Today, in the organization's time zone.
    to: String,
    /// How long somebody may not have used an app and still is active, in words.
    inactive_after: String,
    /// The days there are.
    days: Vec<Day>,
}

/// The seats of a day.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Day {
    /// The day.
    day: String,
    /// Its seats.
    seats: Seats,
    /// Distinct people with such a seat; null where the day did not keep their number.
    people: Option<u64>,
    /// What they cost a month at the prices of now: an estimate.
    cost_a_month: Money,
    /// What the inactive of them cost a month.
    inactive_cost_a_month: Money,
}

/// Show trends
///
/// Seats, activity and cost of each day with a sync, without sites that are left out.
#[utoipa::path(get, path = "/trends", tag = "dashboard", operation_id = "show_trends", params(Of),
    responses((status = 200, description = "Seats by day", body = Trends)))]
pub(crate) async fn show(asked: Asked, Parameters(of): Parameters<Of>) -> Result<Json<Trends>, Problem> {
    asked.sealed()?;
    let snapshot = asked.snapshot.clone();
    let months = of.months.unwrap_or(USUAL_MONTHS);
    if !(1..=MOST_MONTHS).contains(&months) {
        let detail = format!("The parameter “months” is a number from 1 to {MOST_MONTHS}.");
        return Err(Problem::new(Kind::Parameter, detail, "Ask for fewer."));
    }
    no_such_site(of.site.as_deref(), &tiles::sites(&snapshot))?;
    let (now, zone) = asked.moment();
    let today = trends::day_of(now, &zone);
    let read = asked.mirror.store().read(move |tx| {
        let threshold = inactivity::read(tx)?.threshold;
        let prices = seat_prices::all(tx)?;
        let asked = trends::Asked { app: of.app.as_deref(), site: of.site.as_deref(), threshold };
        Ok((threshold, trends::read(tx, (&snapshot, &prices), asked, (today, months))?))
    });
    let (threshold, trend) = read.await?;
    Ok(Json(Trends {
        generation: asked.snapshot.generation(),
        from: trend.from.to_string(),
        to: trend.to.to_string(),
        inactive_after: threshold.words(),
        days: trend.samples.iter().map(Day::of).collect(),
    }))
}

impl Day {
    fn of(sample: &Sample) -> Day {
        Day {
            day: sample.day.to_string(),
            seats: Seats::of(sample.seats),
            people: sample.people,
            cost_a_month: sample.cost.decimals(),
            inactive_cost_a_month: sample.idle.decimals(),
        }
    }
}
