//! Settings, *Seat prices*: what a seat of an app costs a month, for every site or for one. Prices change what is shown as
//! cost and nothing else.

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use directory::{App, Snapshot};
use maud::{Markup, html};
use serde::Deserialize;

use crate::mirror::prices::{self, NotPriced, PricedApp};
use crate::nouns::price::{NotAPrice, Price, Prices, SeatPrice};
use crate::nouns::refusal::Refusal;
use crate::store::seat_prices;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::settings_key::sections;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice;
use crate::web::visit::Visit;

/// The section's address.
pub(crate) const HERE: &str = "/settings/seat-prices";
/// Where a price is removed.
pub(crate) const REMOVE: &str = "/settings/seat-prices/remove";

/// The form of a price, and of removing one.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    /// The app's key and, behind a blank, the site's cloud id.
    of: String,
    amount: String,
    currency: String,
}

/// An app, or an app on a site, that a price can hold for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Choice {
    priced: PricedApp,
    app: String,
    site: Option<String>,
}

impl Choice {
    fn value(&self) -> String {
        match &self.priced.site {
            None => self.priced.app.clone(),
            Some(site) => format!("{} {site}", self.priced.app),
        }
    }
}

fn priced(value: &str) -> PricedApp {
    match value.split_once(' ') {
        None => PricedApp { app: value.to_owned(), site: None },
        Some((app, site)) => PricedApp { app: app.to_owned(), site: Some(site.to_owned()) },
    }
}

/// GET /settings/seat-prices
pub(crate) async fn show(visit: Visit) -> Result<Page, Failure> {
    section(&visit, &Entry::default(), html! {}).await
}

/// POST /settings/seat-prices
pub(crate) async fn enter(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let why = match Price::parse(&entry.amount, &entry.currency) {
        Ok(price) => {
            let entered = (priced(&entry.of), price);
            match prices::enter(&visit.entered.context, &visit.mirror, entered, &served.entropy).await {
                Ok(()) => return Ok(see(HERE)),
                Err(NotPriced::Store(error)) => return Err(error.into()),
                Err(why) => why.to_string(),
            }
        }
        Err(why @ (NotAPrice::Amount | NotAPrice::Currency)) => why.to_string(),
    };
    let refusal = Refusal::new("The price was not entered.", format!("It was not taken: {why}."), "Correct it.");
    refused(&visit, &entry, &refusal).await
}

/// POST /settings/seat-prices/remove
pub(crate) async fn remove(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    match prices::remove(&visit.entered.context, &visit.mirror, priced(&entry.of), &served.entropy).await {
        Ok(()) => Ok(see(HERE)),
        Err(NotPriced::Store(error)) => Err(error.into()),
        Err(why) => {
            let refusal = Refusal::new(
                "Nothing was removed.",
                format!("{why}; perhaps somebody else has removed it.").replacen("it has", "It has", 1),
                "See the list below.",
            );
            refused(&visit, &Entry::default(), &refusal).await
        }
    }
}

async fn refused(visit: &Visit, entry: &Entry, refusal: &Refusal) -> Result<Response, Failure> {
    let page = section(visit, entry, notice::refusal(refusal)).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

async fn section(visit: &Visit, entry: &Entry, problem: Markup) -> Result<Page, Failure> {
    let held = visit.mirror.store().read(seat_prices::all).await?;
    Ok(Page::framed(
        &visit.frame("Seat prices", Place::Settings),
        html! {
            (sections(HERE))
            div.headline { h1 { "Seat prices" } }
            p.lead { "What a seat costs a month. The dashboard and " code { "rollcall stats" } " show from it what seats cost and what inactive ones do, as an estimate; nothing else depends on it." }
            (problem)
            (list(&held, &visit.snapshot, &visit.reader))
            (form(&held, &visit.snapshot, entry))
        },
    ))
}

/// What a price can hold for: each app that sells seats, and each of its sites where there are several.
fn choices(snapshot: &Snapshot) -> Vec<Choice> {
    let mut choices: Vec<Choice> = Vec::new();
    for resource in snapshot.resources() {
        let (owner, app) = (resource.id.owner(), resource.id.app_name());
        if App::by_key(owner).is_some_and(|app| !app.sells_seats) {
            continue;
        }
        let choice = |site: Option<(&str, &str)>| Choice {
            priced: PricedApp { app: owner.to_owned(), site: site.map(|(id, _)| id.to_owned()) },
            app: app.to_owned(),
            site: site.map(|(_, name)| name.to_owned()),
        };
        let everywhere = choice(None);
        if !choices.contains(&everywhere) {
            choices.push(everywhere);
        }
        choices.push(choice(Some((resource.id.site(), resource.site_name()))));
    }
    choices.sort_by(|a, b| (&a.app, &a.priced.app, &a.site).cmp(&(&b.app, &b.priced.app, &b.site)));
    let is_alone = |choice: &Choice| {
        choices.iter().filter(|other| other.priced.app == choice.priced.app && other.site.is_some()).count() < 2
    };
    choices.iter().filter(|choice| choice.site.is_none() || !is_alone(choice)).cloned().collect()
}

fn list(held: &Prices, snapshot: &Snapshot, reader: &Reader) -> Markup {
    let resource = |price: &SeatPrice| {
        let is_it = |site: &str| price.site.as_deref().is_none_or(|own| own == site);
        snapshot.resources().iter().find(|resource| resource.id.owner() == price.app && is_it(resource.id.site()))
    };
    html! {
        @if held.0.is_empty() {
            (notice::empty("No seat has a price yet.", html! { p { "Enter one below. Prices are those of your contract; Atlassian does not tell them." } }))
        } @else {
            div.scroll tabindex="0" role="region" aria-label="Seat prices" {
                table {
                    thead { tr { th scope="col" { "App" } th scope="col" { "Site" } th.num scope="col" { "A seat a month" } th scope="col" { "Changed" } th scope="col" { span.hidden { "Remove" } } } }
                    tbody { @for price in &held.0 { @let named = resource(price); tr {
                        th scope="row" { bdi { (named.map_or(price.app.as_str(), |resource| resource.id.app_name())) } }
                        td { @match &price.site {
                            None => (if held.0.iter().any(|other| other.app == price.app && other.site.is_some()) { "other sites" } else { "all sites" }),
                            Some(site) => bdi { (named.map_or(site.as_str(), |resource| resource.site_name())) },
                        } }
                        td.num { (price.price) }
                        td { bdi { (price.changed_by) } ", " (reader.relative(price.changed_at)) }
                        td {
                            form method="post" action=(REMOVE) {
                                input type="hidden" name="of" value=(value(price));
                                button.quiet type="submit" aria-label=(format!("Remove the price of {}", named.map_or(price.app.as_str(), |resource| resource.id.app_name()))) { "Remove" }
                            }
                        }
                    } } }
                }
            }
        }
    }
}

fn value(price: &SeatPrice) -> String {
    match &price.site {
        None => price.app.clone(),
        Some(site) => format!("{} {site}", price.app),
    }
}

fn form(held: &Prices, snapshot: &Snapshot, entry: &Entry) -> Markup {
    let choices = choices(snapshot);
    // Whoever enters a second price most likely pays in the same currency.
    let usual = held.0.first().map_or("USD", |price| price.price.currency.as_str()).to_owned();
    let currency = if entry.currency.is_empty() { &usual } else { &entry.currency };
    html! {
        h2 { "Enter a price" }
        @if choices.is_empty() {
            p.hint { "No app that sells seats was found yet. See " a href="/runs" { "Sync Runs" } "." }
        } @else {
            form.fields method="post" action=(HERE) {
                label { "App"
                    span.hint id="of" { "A price of one site goes before the price of the app." }
                    select name="of" required aria-describedby="of" {
                        @for choice in &choices {
                            option value=(choice.value()) selected[choice.value() == entry.of] {
                                (choice.app) @if let Some(site) = &choice.site { " on " (site) " only" }
                            }
                        }
                    }
                }
                label { "A seat a month"
                    span.hint id="amount" { "As 7.65; a price that was there before is replaced." }
                    input name="amount" inputmode="decimal" required maxlength="12" autocomplete="off" value=(entry.amount) aria-describedby="amount";
                }
                label { "Currency"
                    span.hint id="currency" { "Three letters, as USD or EUR. Different currencies are summed each for itself." }
                    input name="currency" required maxlength="3" autocomplete="off" value=(currency) aria-describedby="currency";
                }
                button.primary type="submit" { "Save" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::acme::{acme, now, reader};

    fn price(app: &str, site: Option<&str>, amount: &str) -> SeatPrice {
        let price = Price::parse(amount, "EUR").unwrap();
        let (app, site) = (app.to_owned(), site.map(str::to_owned));
        SeatPrice { app, site, price, changed_by: "administrator <mira>".to_owned(), changed_at: now() }
    }

    #[test]
    fn each_price_says_what_it_holds_for_and_who_entered_it() {
        let held = Prices(vec![price("jira-software", None, "7.5"), price("gone-app", Some("nowhere"), "1")]);
        let page = list(&held, &acme(), &reader()).0;
        assert!(page.contains("<bdi>Jira</bdi>") && page.contains("7.50 EUR"), "{page}");
        assert!(page.contains("<td>all sites</td>") && page.contains("&lt;mira&gt;"), "{page}");
        assert!(page.contains("gone-app") && page.contains("nowhere"), "what is gone can still be removed: {page}");
        assert!(list(&Prices::default(), &acme(), &reader()).0.contains("No seat has a price yet."));
    }

    #[test]
    fn what_was_typed_stays_when_it_is_refused() {
        let entry = Entry { of: "jira-software".to_owned(), amount: "<7>".to_owned(), currency: "EURO".to_owned() };
        let page = form(&Prices::default(), &acme(), &entry).0;
        assert!(page.contains(r#"value="&lt;7&gt;""#) && page.contains(r#"value="EURO""#), "{page}");
        assert!(page.contains(r#"<option value="jira-software" selected>Jira"#), "{page}");
        assert!(form(&Prices::default(), &Snapshot::default(), &entry).0.contains("No app that sells seats"));
    }
}
