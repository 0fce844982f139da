//! The delivery log of *Notifications*: what was sent to whom, what was answered, and *Send again*.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use crate::id::DeliveryId;
use crate::notify::endpoints as verbs;
use crate::nouns::endpoint::{Delivery, DeliveryState, Endpoint};
use crate::store::{endpoints, outbox};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::settings_key::sections;
use crate::web::settings_notifications::webhook;
use crate::web::ui::address::Address;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::empty;
use crate::web::ui::paging::paging;
use crate::web::visit::Visit;

/// The log's address.
pub(crate) const HERE: &str = "/settings/notifications/deliveries";

/// Deliveries on a page.
const SHOWN: u32 = 50;

/// Where in the log.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    before: Option<i64>,
}

/// GET /settings/notifications/deliveries
pub(crate) async fn show(visit: Visit, Query(ask): Query<Ask>) -> Result<Page, Failure> {
    let before = ask.before.unwrap_or(i64::MAX);
    let read = visit.mirror.store().read(move |tx| Ok((outbox::newest(tx, before, SHOWN + 1)?, endpoints::list(tx)?)));
    let (mut sent, known) = read.await?;
    let more = sent.len() > SHOWN as usize;
    sent.truncate(SHOWN as usize);
    let older = sent.last().filter(|_| more).map(|last| Address::new(HERE).with("before", &last.place.to_string()));
    Ok(Page::framed(
        &visit.frame("Delivery log", Place::Settings),
        html! {
            (sections(super::HERE))
            div.headline { h1 { "Delivery log" } }
            p.lead { "What was sent to webhooks and by mail in the last 90 days, the newest first." }
            (table(&sent, &known, &visit.reader))
            (paging("Pages of the log", ask.before.map(|_| Address::new(HERE)), older))
        },
    ))
}

/// POST /settings/notifications/deliveries/{id}/again: *Send again*
pub(crate) async fn again(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = DeliveryId::parse(&id).ok_or(Failure::NotFound("There is no such delivery."))?;
    let sent = verbs::send_again(&visit.entered.context, &visit.mirror, &served.notifier, &id).await.map(drop);
    webhook::done(sent, HERE)
}

/// Deliveries as a table; webhooks that are not among the known are shown by their id.
pub(super) fn table(sent: &[Delivery], known: &[Endpoint], reader: &Reader) -> Markup {
    if sent.is_empty() {
        return empty(
            "Nothing was sent yet.",
            html! { p { "What is sent appears here, with what the receiver answered." } },
        );
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label="Deliveries" {
            table {
                thead { tr {
                    th scope="col" { "Event" }
                    th scope="col" { "State" }
                    th scope="col" { "To" }
                    th.num scope="col" { "Happened" }
                    th.num.hide-s scope="col" { "Tries" }
                    th scope="col" { "Last answer" }
                    th scope="col" { span.hidden { "Action" } }
                } }
                tbody { @for delivery in sent { (row(delivery, known, reader)) } }
            }
        }
    }
}

fn row(delivery: &Delivery, known: &[Endpoint], reader: &Reader) -> Markup {
    let over = matches!(delivery.state, DeliveryState::Delivered | DeliveryState::Dead);
    html! {
        tr {
            td.long { (delivery.event.as_str()) " " span.sub { (delivery.notice) } }
            td { @match delivery.state {
                DeliveryState::Delivered => "delivered",
                DeliveryState::Sending => "on its way",
                DeliveryState::Waiting if delivery.attempts == 0 => "waiting",
                DeliveryState::Waiting => { "tried again " (reader.relative(delivery.due_at)) }
                DeliveryState::Dead => { span.tag.warn { "given up" } }
            } }
            td { @match &delivery.endpoint {
                Some(id) => a href=(webhook::address(id)) {
                    @match known.iter().find(|endpoint| endpoint.id == *id) { Some(endpoint) => bdi { (endpoint.draft.name) }, None => "webhook" }
                },
                None => bdi { (delivery.recipient) }
            } }
            td.num { (reader.relative(delivery.at)) }
            td.num.hide-s { (delivery.attempts) }
            td.long { @if let Some(answer) = &delivery.last_answer { bdi { (answer) } } }
            td { @if over {
                form method="post" action=(Address::new(HERE).below(delivery.id.as_str()).below("again")) {
                    button.quiet type="submit" aria-label={ "Send " (delivery.event.as_str()) " again" } { "Send again" }
                }
            } }
        }
    }
}
