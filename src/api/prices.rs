//! What seats cost: the prices that were entered, entering one, and removing it, by the same verbs as the page.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use directory::{Resource, Snapshot};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::parameters::{None as NoParameters, Parameters, Sent};
use crate::api::problem::{Kind, Problem};
use crate::mirror::prices::{self, NotPriced, PricedApp};
use crate::nouns::price::{Price, SeatPrice};
use crate::store::seat_prices;

/// Every price.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SeatPrices {
    /// The prices, by app and site.
    prices: Vec<PriceOfSeat>,
}

/// What a seat costs a month.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PriceOfSeat {
    /// The app's key.
    app: String,
    /// The site's cloud id; null for every site that has no price of its own.
    site: Option<String>,
    /// The amount, as a decimal text: `7.65`.
    amount: String,
    /// The currency's three letters (ISO 4217).
    currency: String,
    /// Who entered it.
    changed_by: String,
    /// When.
    changed_at: String,
}

/// A price to enter.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedPrice {
    /// The app, by name or key.
    app: String,
    /// The site, by short name or cloud id; every site that has no price of its own when it is left out.
    #[serde(default)]
    site: Option<String>,
    /// The amount a month: from 0 to 1000000 with at most three places after the point.
    #[schema(example = "7.65")]
    amount: String,
    /// The currency's three letters (ISO 4217).
    #[schema(example = "EUR")]
    currency: String,
}

/// Which price.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfSeat {
    /// The app, by name or key.
    app: String,
    /// The site, by short name or cloud id; the price of every other site when it is left out.
    site: Option<String>,
}

/// List seat prices
///
/// What somebody has entered; Atlassian does not tell prices. What costs are shown follows from them and is an estimate.
#[utoipa::path(get, path = "/seat-prices", tag = "dashboard", operation_id = "list_seat_prices",
    responses((status = 200, description = "The prices", body = SeatPrices)))]
pub(crate) async fn list(asked: Asked, Parameters(_): Parameters<NoParameters>) -> Result<Json<SeatPrices>, Problem> {
    let held = asked.mirror.store().read(seat_prices::all).await?;
    Ok(Json(SeatPrices { prices: held.0.iter().map(PriceOfSeat::of).collect() }))
}

/// Enter a seat price
///
/// A price of the same app and site is replaced. It changes what is shown as cost, and nothing else.
#[utoipa::path(put, path = "/seat-prices", tag = "dashboard", operation_id = "enter_seat_price",
    request_body = WantedPrice,
    responses((status = 200, description = "All prices", body = SeatPrices)))]
pub(crate) async fn enter(
    State(api): State<Api>,
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedPrice>,
) -> Result<Json<SeatPrices>, Problem> {
    let price = Price::parse(&wanted.amount, &wanted.currency)
        .map_err(|why| Problem::new(Kind::Invalid, format!("The price was not taken: {why}."), "Correct it."))?;
    let priced = priced(asked.sealed()?, &wanted.app, wanted.site.as_deref());
    prices::enter(&asked.context, &asked.mirror, (priced, price), &api.entropy).await.map_err(refused)?;
    list(asked, Parameters(NoParameters {})).await
}

/// Remove a seat price
///
/// An app's sites keep those of their own.
#[utoipa::path(delete, path = "/seat-prices", tag = "dashboard", operation_id = "remove_seat_price", params(OfSeat),
    responses((status = 204, description = "It is removed")))]
pub(crate) async fn remove(
    State(api): State<Api>,
    asked: Asked,
    Parameters(of): Parameters<OfSeat>,
) -> Result<StatusCode, Problem> {
    let priced = priced(asked.sealed()?, &of.app, of.site.as_deref());
    prices::remove(&asked.context, &asked.mirror, priced, &api.entropy).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

fn refused(why: NotPriced) -> Problem {
    match why {
        NotPriced::NoSuchApp => {
            Problem::new(Kind::Invalid, "The organization has no such app there.", "/api/v1/dashboard names them.")
        }
        NotPriced::NoPrice => Problem::not_found("price of this app and site"),
        NotPriced::Store(error) => error.into(),
    }
}

/// What a price holds for, by keys, of how somebody names it. What nobody knows stays as it was named.
fn priced(snapshot: &Snapshot, app: &str, site: Option<&str>) -> PricedApp {
    let is_app = |resource: &&Resource| [resource.id.owner(), resource.id.app_name()].contains(&app);
    let is_site =
        |resource: &&Resource| site.is_some_and(|site| [resource.id.site(), resource.site_name()].contains(&site));
    let named = snapshot.resources().iter().find(is_app);
    let on = snapshot.resources().iter().find(is_site);
    PricedApp {
        app: named.map_or(app, |resource| resource.id.owner()).to_owned(),
        site: site.map(|site| on.map_or(site, |resource| resource.id.site()).to_owned()),
    }
}

impl PriceOfSeat {
    fn of(held: &SeatPrice) -> PriceOfSeat {
        PriceOfSeat {
            app: held.app.clone(),
            site: held.site.clone(),
            amount: held.price.amount_text(),
            currency: held.price.currency.as_str().to_owned(),
            changed_by: held.changed_by.clone(),
            changed_at: held.changed_at.to_string(),
        }
    }
}
