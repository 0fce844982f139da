//! Settings, *Guards*: from how many rows on a change in the mirror waits for a person.

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::nouns::refusal::Refusal;
use crate::sync::guards::{self, NotThresholds};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::settings_key::sections;
use crate::web::settings_protected;
use crate::web::ui::chosen::chosen;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice;
use crate::web::visit::Visit;

/// The section's address.
pub(crate) const HERE: &str = "/settings/guards";

/// The form of the thresholds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    share_percent: String,
    least: String,
    small_group: String,
}

/// GET /settings/guards
pub(crate) async fn show(visit: Visit) -> Result<Page, Failure> {
    section(&visit, None, html! {}).await
}

/// POST /settings/guards
pub(crate) async fn choose(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let number = |text: &str, otherwise: NotThresholds| text.trim().parse::<u64>().map_err(|_| otherwise);
    let thresholds = number(&entry.share_percent, NotThresholds::Share).and_then(|share| {
        let least = number(&entry.least, NotThresholds::Least)?;
        guards::thresholds(share, least, number(&entry.small_group, NotThresholds::SmallGroup)?)
    });
    match thresholds {
        Ok(thresholds) => {
            guards::choose(&visit.entered.context, &visit.mirror, thresholds, &served.entropy).await?;
            Ok(see(HERE))
        }
        Err(why) => {
            let refusal = Refusal::new(
                "The guards were not changed.",
                format!("It was not taken: {why}."),
                "Correct the number.",
            );
            let page = section(&visit, Some(&entry), notice::refusal(&refusal)).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

async fn section(visit: &Visit, entry: Option<&Entry>, problem: Markup) -> Result<Page, Failure> {
    let guards = visit.mirror.store().read(guards::read).await?;
    let held = guards.thresholds;
    let entry = entry.cloned().unwrap_or_else(|| Entry {
        share_percent: held.share_percent.to_string(),
        least: held.least.to_string(),
        small_group: held.small_group.to_string(),
    });
    Ok(Page::framed(
        &visit.frame("Guards and protected people", Place::Settings),
        html! {
            (sections(HERE))
            div.headline { h1 { "Guards and protected people" } }
            p { a.button href=(settings_protected::HERE) { "Protected people and groups" } " Nothing that Rollcall does may touch them." }
            p.lead { "When a sync finds that much is missing or changed at once, those rows are withheld: they stay as they were, everything else is taken, and somebody looks." }
            (problem)
            h2 { "Withhold rows" }
            p { "It goes for people and groups that are missing, members a group loses, statuses and e-mail addresses that change, and roles and grants that are taken away; for each of them, per run." }
            form.fields method="post" action=(HERE) {
                label { "More than this share, in percent"
                    span.hint id="share" { "Of what was there before: of a directory's people, of a group's members." }
                    input type="number" name="share_percent" min="1" max="99" required value=(entry.share_percent) aria-describedby="share";
                }
                label { "And at least so many rows"
                    span.hint id="least" { "So that a small organization is not asked for every single person." }
                    input type="number" name="least" min="1" max="1000000" required value=(entry.least) aria-describedby="least";
                }
                label { "Small groups have fewer members than"
                    span.hint id="small" { "Of a small group only its last members together are withheld." }
                    input type="number" name="small_group" min="0" max="1000" required value=(entry.small_group) aria-describedby="small";
                }
                button.primary type="submit" { "Save" }
                p.hint {
                    (chosen(guards.chosen.as_ref(), "Nobody has changed them yet; these are the defaults.", &visit.reader))
                    " They hold from the next sync on."
                }
            }
        },
    ))
}
