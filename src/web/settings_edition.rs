//! Settings, *Edition*: how many people Rollcall may manage here, the sum, and what happens above it.

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::nouns::edition::{Edition, Standing, Usage};
use crate::nouns::refusal::Refusal;
use crate::sync::edition::{self, Held, HomeSite};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::settings_key::sections;
use crate::web::ui::amount::number;
use crate::web::ui::chosen::chosen;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{self, Weight};
use crate::web::visit::Visit;

/// The section's address.
pub(crate) const HERE: &str = "/settings/edition";

/// The form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    edition: String,
    people: String,
    home: String,
}

/// GET /settings/edition
pub(crate) async fn show(visit: Visit) -> Result<Page, Failure> {
    section(&visit, None, html! {}).await
}

/// POST /settings/edition
pub(crate) async fn choose(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let snapshot = visit.mirror.current();
    let homes = edition::homes(&snapshot);
    let wanted = match entry.edition.as_str() {
        "custom" => Edition::parse(&format!("custom {}", entry.people.trim())),
        text => Edition::parse(text),
    };
    let home = homes.iter().find(|home| home.id == entry.home).map(|home| home.id.clone());
    let Some(wanted) = wanted else {
        let refusal = Refusal::new(
            "The edition was not changed.",
            "A custom edition needs a number of people from 1 on.",
            "Enter that number, or choose another edition.",
        );
        let page = section(&visit, Some(&entry), notice::refusal(&refusal)).await?;
        return Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response());
    };
    edition::choose(&visit.entered.context, &visit.mirror, (wanted, home), &served.entropy).await?;
    Ok(see(HERE))
}

async fn section(visit: &Visit, entry: Option<&Entry>, problem: Markup) -> Result<Page, Failure> {
    let held = visit.mirror.store().read(edition::read).await?;
    let homes = edition::homes(&visit.mirror.current());
    let entry = entry.cloned().unwrap_or_else(|| Entry {
        edition: held.edition.name().to_lowercase(),
        people: if let Edition::Custom(people) = held.edition { people.to_string() } else { String::new() },
        home: held.home.clone().or_else(|| homes.first().map(|home| home.id.clone())).unwrap_or_default(),
    });
    let editions = [
        (Edition::Unlimited, "unlimited", "No limit: the default of an installation of one's own."),
        (Edition::Standard, "standard", "Twice the billable people of the home site; 30 days of grace above that."),
        (
            Edition::Advanced,
            "advanced",
            "Five times the billable people of the home site; 60 days of grace above that.",
        ),
        (Edition::Custom(0), "custom", "A number of people by agreement; 60 days of grace above that."),
    ];
    Ok(Page::framed(
        &visit.frame("Edition", Place::Settings),
        html! {
            (sections(HERE))
            div.headline { h1 { "Edition" } }
            p.lead { "How many people Rollcall may manage here. Reading, pages and data stay whatever the edition; above it, and after a grace period, operations and tasks are refused." }
            (problem)
            (standing(&held, visit))
            form.fields method="post" action=(HERE) {
                fieldset {
                    legend { "Edition" }
                    @for (edition, value, meaning) in editions {
                        label.choice {
                            input type="radio" name="edition" value=(value) checked[entry.edition == value];
                            span { (edition.name()) span.hint { " " (meaning) } }
                        }
                    }
                }
                label { "People of a custom edition"
                    input type="number" name="people" min="1" max="10000000" value=(entry.people);
                }
                (home_choice(&homes, &entry.home))
                button.primary type="submit" { "Save" }
                p.hint {
                    (chosen(held.chosen.as_ref(), "Nobody has chosen an edition; there is no limit.", &visit.reader))
                    " It is judged at each sealed full sync, and when it is chosen."
                }
            }
        },
    ))
}

pub(crate) fn home_choice(homes: &[HomeSite], chosen: &str) -> Markup {
    html! {
        @if homes.is_empty() {
            p.hint { "The home site is a Jira site; the last sync found none." }
        } @else {
            label { "Home site"
                span.hint { "The Jira site whose billable people are multiplied; the one with most is proposed." }
                select name="home" {
                    @for home in homes {
                        option value=(home.id) selected[home.id == chosen] {
                            (home.name) " · " (number(home.people)) " billable people"
                        }
                    }
                }
            }
        }
    }
}

fn standing(held: &Held, visit: &Visit) -> Markup {
    let Some(usage) = held.usage else {
        return html! { p.hint { "It has not been judged yet; the next full sync does so." } };
    };
    let sum = edition::sum(held.edition, usage);
    let over = |until: jiff::Timestamp, usage: Usage| {
        html! {
            p { (sum) "." }
            p { (capital(&edition::named(Edition::sufficient(usage)))) " would suffice." }
            p.hint { "The grace period ends on " (visit.reader.day(until)) "." }
        }
    };
    match held.standing(visit.reader.now) {
        Standing::Within => html! { p { strong { (sum) "." } } },
        Standing::Grace { until, .. } => {
            let left = until.duration_since(visit.reader.now).as_hours() / 24;
            let days = if left == 1 { "1 day is".to_owned() } else { format!("{left} days are") };
            notice::notice(
                Weight::Warning,
                &format!("More people are managed than the edition allows; {days} left."),
                over(until, usage),
            )
        }
        Standing::Ended { at, .. } => notice::notice(
            Weight::Failure,
            "The grace period is over: operations and tasks are refused.",
            over(at, usage),
        ),
    }
}

/// A sentence's first letter.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
