//! Settings, *User Data Synchronization*: the daily sync's slot, the manual sync, and near-real-time changes.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::auth::token::Token;
use crate::nouns::refusal::Refusal;
use crate::nouns::run::{Run, RunKind};
use crate::nouns::schedule::DailySlot;
use crate::nouns::scope::Scope;
use crate::store::{audit_stream, tasks};
use crate::sync::expected::expected;
use crate::sync::quiet::quietest_hour;
use crate::sync::{schedule, stream};
use crate::tasks::clashes::{self, Clash};
use crate::tasks::outlook;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::manual_sync::{self, Filled};
use crate::web::settings_key::sections;
use crate::web::ui::amount::number;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{self, Weight};
use crate::web::ui::words;
use crate::web::visit::{Visit, run_address};
use crate::web::{settings_statistics, settings_stream};

/// The section's address.
pub(crate) const HERE: &str = "/settings/user-data-synchronization";

/// The form of the schedule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SlotEntry {
    slot: String,
}

/// GET /settings/user-data-synchronization
pub(crate) async fn show(
    State(served): State<Served>,
    visit: Visit,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Page, Failure> {
    section(&served, &visit, &Filled::of(&pairs), html! {}).await
}

/// POST /settings/user-data-synchronization
pub(crate) async fn choose(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<SlotEntry>,
) -> Result<Response, Failure> {
    let Some(slot) = DailySlot::parse(&entry.slot) else {
        let refusal =
            Refusal::new("The schedule was not changed.", "There is no such slot.", "Choose one of the list.");
        let page = section(&served, &visit, &Filled::default(), notice::refusal(&refusal)).await?;
        return Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response());
    };
    schedule::choose(&visit.entered.context, &visit.mirror, slot, &served.entropy).await?;
    Ok(see(HERE))
}

/// That another run holds the place.
pub(crate) fn held(run: &Run) -> Markup {
    notice::notice(
        Weight::Warning,
        "No second sync was started.",
        html! {
            p { (words::run_kind(run.kind)) " " (run.number) " is not over yet, and an organization is read by one sync at a time." }
            p { a href=(run_address(run)) { "See how far it is" } }
        },
    )
}

/// The section, with the manual form as it was filled in.
pub(crate) async fn section(served: &Served, visit: &Visit, filled: &Filled, problem: Markup) -> Result<Page, Failure> {
    let request_key = Token::new(&served.entropy);
    let (schedule, expected, switch, stream) = (visit.mirror.store())
        .read(|tx| {
            let expected = expected(tx, (RunKind::Daily, &Scope::Everything), None)?;
            Ok((schedule::read(tx)?, expected, stream::switch(tx)?, audit_stream::find(tx)?))
        })
        .await?;
    let in_slot = tasks_in_slot(visit).await?;
    let zone = schedule::zone(&visit.mirror);
    let quiet = quietest_hour(&visit.snapshot, &zone);
    let next = schedule.slot.next(&zone, visit.reader.now);
    Ok(Page::framed(
        &visit.frame("User Data Synchronization", Place::Settings),
        html! {
            (sections(HERE))
            div.headline { h1 { "User Data Synchronization" } }
            p.lead { "How often Rollcall reads " bdi { (visit.mirror.organization().name) } " by itself." }
            (problem)
            h2 { "Daily Sync Schedule" }
            p {
                @match next {
                    Some(at) => { "The next daily sync starts " (visit.reader.relative(at)) "." }
                    None => "The daily sync is off: nothing is read but what somebody starts."
                }
                @if let Some(expected) = &expected { " " (words::expected(expected)) }
            }
            (manual_sync::about(&manual_sync::DAILY))
            form.fields method="post" action=(HERE) {
                label { "Daily Sync Time Slot"
                    span.hint id="zone" {
                        "In the organization's time zone, " (visit.mirror.organization().time_zone) ". Tasks do not run in the slot. Off-peak hours are best"
                        @match quiet {
                            Some(quiet) => { ": the quietest hour seen in last active times is " (hour(quiet.hour)) ", with " (number(quiet.seen)) " of " (number(quiet.of)) " times." }
                            None => "; too few last active times are known to propose an hour."
                        }
                    }
                    select name="slot" aria-describedby="zone" {
                        @for hour in 0..24 {
                            (choice(DailySlot::Hour(hour), schedule.slot))
                        }
                        (choice(DailySlot::Off, schedule.slot))
                    }
                }
                (in_slot)
                button.primary type="submit" { "Save" }
                p.hint {
                    @match &schedule.chosen {
                        Some((who, at)) => { "Chosen by " bdi { (who) } ", " (visit.reader.relative(*at)) "." }
                        None => "Nobody has chosen a slot yet; this is the default."
                    }
                }
            }
            h2 { "Manual Sync (One-Time Action)" }
            (manual_sync::about(&manual_sync::MANUAL))
            (manual_sync::form(filled, request_key.expose(), &visit.snapshot))
            h2 id="statistics" { "Statistics" }
            p { "Total users, total groups, member count by group, each beside Atlassian's own count. " a.button href=(settings_statistics::HERE) { "Show" } }
            (settings_stream::part(&visit.reader, &switch, stream.as_ref()))
        },
    ))
}

/// The tasks that start in the slot, or in the usual length of the sync after it.
async fn tasks_in_slot(visit: &Visit) -> Result<Markup, Failure> {
    let (zone, now) = (visit.mirror.zone(), visit.reader.now);
    let read = visit.mirror.store().read(move |tx| {
        let daily = outlook::daily(tx, &zone)?;
        let active = tasks::list(tx)?.into_iter().filter(|task| task.active);
        let clashing = active.filter_map(|task| {
            let found = clashes::clashes(&task.definition.schedule, &daily, &[], now);
            found.into_iter().next().map(|clash| (task, clash))
        });
        Ok(clashing.collect::<Vec<_>>())
    });
    let clashing = read.await?;
    Ok(html! {
        @if !clashing.is_empty() {
            p { "These tasks have a start in the slot or in the usual length of the sync after it, and would wait:" }
            ul {
                @for (task, clash) in &clashing {
                    li {
                        a href=(crate::web::tasks::address(&task.id)) { bdi { (task.definition.name.as_str()) } }
                        @match clash {
                            Clash::Slot(start) => { ": " (visit.reader.moment(start.at)) ", in the slot" }
                            Clash::Sync(start) | Clash::Task(start, _) => { ": " (visit.reader.moment(start.at)) ", during the sync" }
                        }
                    }
                }
            }
        }
    })
}

/// An hour of the day as slots are named.
fn hour(hour: u8) -> String {
    format!("{hour:02}:00 - {hour:02}:59")
}

fn choice(slot: DailySlot, chosen: DailySlot) -> Markup {
    html! {
        option value=(slot.to_text()) selected[slot == chosen] {
            @match slot {
                DailySlot::Hour(from) => { (hour(from)) }
                DailySlot::Off => "off"
            }
        }
    }
}
