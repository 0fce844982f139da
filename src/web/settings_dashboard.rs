//! Settings, *Dashboard*: for how long somebody may not have used an app before the dashboard counts the seat as
//! inactive.

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use directory::tiles::{NotAThreshold, Threshold};
use maud::{Markup, html};
use serde::Deserialize;

use crate::nouns::refusal::Refusal;
use crate::sync::inactivity::{self, Inactivity};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::settings_key::sections;
use crate::web::ui::amount::number;
use crate::web::ui::chosen::chosen;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice;
use crate::web::visit::Visit;

/// The section's address.
pub(crate) const HERE: &str = "/settings/dashboard";
/// The choice of a number of days that is typed.
const DAYS: &str = "days";

/// The form of the threshold.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    threshold: String,
    days: String,
}

impl Entry {
    fn of(threshold: Threshold) -> Entry {
        let text = threshold.to_text();
        if Threshold::OFFERED.contains(&threshold) {
            return Entry { threshold: text, days: String::new() };
        }
        Entry { threshold: DAYS.to_owned(), days: text.trim_end_matches('d').to_owned() }
    }

    fn threshold(&self) -> Result<Threshold, NotAThreshold> {
        if self.threshold == DAYS {
            return Threshold::days(self.days.trim().parse().map_err(|_| NotAThreshold)?);
        }
        Threshold::parse(&self.threshold)
    }
}

/// GET /settings/dashboard
pub(crate) async fn show(visit: Visit) -> Result<Page, Failure> {
    section(&visit, None, html! {}).await
}

/// POST /settings/dashboard
pub(crate) async fn choose(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    match entry.threshold() {
        Ok(threshold) => {
            inactivity::choose(&visit.entered.context, &visit.mirror, threshold, &served.entropy).await?;
            Ok(see(HERE))
        }
        Err(why) => {
            let refusal = Refusal::new(
                "The threshold was not changed.",
                format!("It was not taken: {why}."),
                "Choose one of the list, or correct the number of days.",
            );
            let page = section(&visit, Some(&entry), notice::refusal(&refusal)).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

async fn section(visit: &Visit, entry: Option<&Entry>, problem: Markup) -> Result<Page, Failure> {
    let held = visit.mirror.store().read(inactivity::read).await?;
    let entry = entry.cloned().unwrap_or_else(|| Entry::of(held.threshold));
    Ok(Page::framed(
        &visit.frame("Dashboard settings", Place::Settings),
        html! {
            (sections(HERE))
            div.headline { h1 { "Dashboard" } }
            p.lead { "What the dashboard counts as inactive." }
            (problem)
            (form(&held, &entry, &visit.reader))
        },
    ))
}

fn form(held: &Inactivity, entry: &Entry, reader: &Reader) -> Markup {
    html! {
        form.fields method="post" action=(HERE) {
            label { "User Inactivity Threshold"
                span.hint id="threshold" { "A seat whose holder has not used the app for this long is inactive. It changes the dashboard only: filters carry their own number of days." }
                select name="threshold" aria-describedby="threshold" {
                    @for offered in Threshold::OFFERED {
                        option value=(offered.to_text()) selected[offered.to_text() == entry.threshold] { (offered.words()) }
                    }
                    option value=(DAYS) selected[entry.threshold == DAYS] { "Another number of days" }
                }
            }
            label { "Number of days"
                span.hint id="days" { "From 1 to " (number(Threshold::MOST_DAYS.into())) "; only for “Another number of days”." }
                input type="number" name="days" min="1" max=(Threshold::MOST_DAYS) value=(entry.days) aria-describedby="days";
            }
            button.primary type="submit" { "Save" }
            p.hint {
                @let otherwise = format!("Nobody has chosen a threshold yet; the default is {}.", Threshold::DEFAULT.words());
                (chosen(held.chosen.as_ref(), &otherwise, reader))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::acme::{now, reader};

    #[test]
    fn the_form_shows_what_is_in_force_and_who_chose_it() {
        let held = Inactivity { threshold: Threshold::DEFAULT, chosen: None };
        let page = form(&held, &Entry::of(held.threshold), &reader()).0;
        assert!(page.contains(r#"<option value="days" selected>"#) && page.contains(r#"value="90""#), "{page}");
        assert!(page.contains("the default is 90 days"));
        let months = Threshold::parse("6M").unwrap();
        let held = Inactivity { threshold: months, chosen: Some(("administrator <mira>".to_owned(), now())) };
        let page = form(&held, &Entry::of(months), &reader()).0;
        assert!(page.contains(r#"<option value="6M" selected>6 months"#) && page.contains("&lt;mira&gt;"), "{page}");
    }

    #[test]
    fn an_entry_is_one_of_the_list_or_a_number_of_days() {
        let entry = |threshold: &str, days: &str| Entry { threshold: threshold.to_owned(), days: days.to_owned() };
        assert_eq!(entry("3w", "5").threshold().unwrap().words(), "3 weeks");
        assert_eq!(entry("days", " 45 ").threshold().unwrap().words(), "45 days");
        for wrong in [entry("days", ""), entry("days", "0"), entry("", "45"), entry("9M", "")] {
            assert!(wrong.threshold().is_err(), "{wrong:?}");
        }
    }
}
