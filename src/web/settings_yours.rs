//! Settings, *Your settings*: the time zone and the form of dates in which one administrator reads every page. It must
//! change nothing that a filter, an export or a schedule means by a day.

use axum::Form;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::tz::{self, TimeZone};
use maud::{Markup, html};
use serde::Deserialize;

use crate::mirror::preferences::{self, Dates, Moments};
use crate::nouns::refusal::Refusal;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::settings_key::sections;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice;
use crate::web::visit::Visit;

/// The section's address.
pub(crate) const HERE: &str = "/settings/yours";

/// The form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    zone: String,
    dates: String,
}

/// GET /settings/yours
pub(crate) async fn show(visit: Visit) -> Result<Page, Failure> {
    section(&visit, html! {}).await
}

/// POST /settings/yours
pub(crate) async fn choose(visit: Visit, Form(entry): Form<Entry>) -> Result<Response, Failure> {
    let zone = entry.zone.trim();
    let (Some(dates), true) = (Dates::parse(&entry.dates), zone.is_empty() || TimeZone::get(zone).is_ok()) else {
        let why = "The time zone or the date format is not one of the list.";
        let refusal = Refusal::new("Nothing was changed.", why, "Choose from the lists.");
        let page = section(&visit, notice::refusal(&refusal)).await?;
        return Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response());
    };
    let chosen = Moments { zone: Some(zone.to_owned()).filter(|zone| !zone.is_empty()), dates };
    preferences::choose_moments(&visit.entered.context, &visit.mirror, &chosen).await?;
    Ok(see(HERE))
}

async fn section(visit: &Visit, problem: Markup) -> Result<Page, Failure> {
    let who = visit.entered.who.administrator.clone();
    let held = visit.mirror.store().read(move |tx| preferences::moments(tx, &who)).await?;
    let organization = visit.mirror.organization();
    Ok(Page::framed(
        &visit.frame("Your settings", Place::Settings),
        html! {
            (sections(HERE))
            div.headline { h1 { "Your settings" } }
            p.lead { "How you, " bdi { (visit.entered.who.username) } ", read moments on every page. Nobody else is affected, and days in filters, schedules and exports stay those of the organization (" (organization.time_zone) ")." }
            (problem)
            (form(&held, &organization.time_zone, &visit.reader))
        },
    ))
}

fn form(held: &Moments, organization: &str, reader: &Reader) -> Markup {
    html! {
        form.fields method="post" action=(HERE) {
            label { "Time zone"
                select name="zone" {
                    option value="" selected[held.zone.is_none()] { "The organization's (" (organization) ")" }
                    @for zone in zones() { option value=(zone) selected[held.zone.as_deref() == Some(&*zone)] { (zone) } }
                }
            }
            label { "Date format"
                select name="dates" {
                    @for dates in Dates::ALL {
                        @let example = reader.clone().who_likes(&Moments { dates, ..held.clone() });
                        option value=(dates.as_str()) selected[dates == held.dates] { (example.day(reader.now)) }
                    }
                }
            }
            button.primary type="submit" { "Save" }
            p.hint { "It is " (reader.moment(reader.now)) " for you." }
        }
    }
}

/// The time zones that can be chosen: those of places, and UTC.
fn zones() -> Vec<String> {
    let all = tz::db().available().map(|name| name.to_string());
    let of_places = |name: &String| name == "UTC" || (name.contains('/') && !name.starts_with("Etc/"));
    let mut zones: Vec<String> = all.filter(of_places).collect();
    zones.sort_unstable();
    zones
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::acme::reader;

    #[test]
    fn the_form_shows_what_was_chosen_among_all_places() {
        let held = Moments { zone: Some("Europe/Berlin".to_owned()), dates: Dates::YearFirst };
        let page = form(&held, "UTC", &reader()).0;
        assert!(page.contains(r#"<option value="Europe/Berlin" selected>"#), "{page}");
        assert!(page.contains(r#"<option value="year-first" selected>20"#), "{page}");
        assert!(page.contains("America/New_York") && page.contains("The organization's (UTC)"), "{page}");
    }
}
