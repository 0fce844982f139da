//! Webhooks and the log of what was delivered: made, changed, tried out, sent again. A secret is in one answer, the one
//! after Rollcall has made it; it is in no other, and in none that is kept.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::once::Kept;
use crate::api::page;
use crate::api::parameters::{Id, None as NoParameters, Parameters, Sent};
use crate::api::problem::{Kind, Problem};
use crate::id::{DeliveryId, EndpointId};
use crate::notify::endpoints::{self as verbs, NotDone};
use crate::nouns::endpoint::{self, Draft, Endpoint, Style};
use crate::nouns::notice::EventKind;
use crate::store::{endpoints, outbox};

/// A webhook as somebody wants it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedWebhook {
    /// What it is called, in at most 100 characters.
    name: String,
    /// Where messages are sent.
    address: String,
    /// `generic` (Standard Webhooks) or `automation` (Automation for Jira); a stored one keeps its own.
    style: String,
    /// What it is told, as in docs/webhooks.md: `task.failed`.
    events: Vec<String>,
    /// How many days before a key expires it is told; 7 when it is left out.
    #[serde(default)]
    key_days: Vec<u16>,
    /// Notes.
    #[serde(default)]
    notes: String,
    /// Whether it is sent anything but tests; it is when this is left out.
    #[serde(default = "yes")]
    active: bool,
    /// The secret. Left out, a stored one is kept; for a new one of the style `generic` Rollcall makes one.
    #[serde(default)]
    secret: Option<String>,
}

/// The webhooks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Webhooks {
    /// By name.
    webhooks: Vec<Webhook>,
}

/// A webhook. Its secret is never told.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Webhook {
    /// Its id.
    id: String,
    /// What it is called.
    name: String,
    /// Where messages are sent.
    address: String,
    /// `generic` or `automation`.
    style: String,
    /// What it is told.
    events: Vec<String>,
    /// How many days before a key expires it is told.
    key_days: Vec<u16>,
    /// Notes.
    notes: String,
    /// Whether it is sent anything but tests.
    active: bool,
    /// When and why Rollcall switched it off by itself.
    switched_off: Option<SwitchedOff>,
    /// Counts its changes, from 1.
    version: i64,
    /// Who changed it last.
    changed_by: String,
    /// When.
    changed_at: String,
}

/// That Rollcall switched a webhook off.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SwitchedOff {
    /// When.
    at: String,
    /// What was answered last.
    said: String,
}

/// A webhook that was made.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct MadeWebhook {
    /// The webhook.
    webhook: Webhook,
    /// The secret that Rollcall has made, this once; null when one was given, and when the answer is given again.
    secret: Option<String>,
}

/// Which deliveries.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveriesListed {
    /// Only to this webhook, by id.
    webhook: Option<String>,
    /// How many at the most; 100 when it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// From where on: `next` of the page before.
    cursor: Option<String>,
}

/// A page of deliveries, the newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Deliveries {
    /// The deliveries.
    deliveries: Vec<Delivery>,
    /// The cursor of the page after this one; null on the last.
    next: Option<String>,
}

/// A message on its way to one receiver.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Delivery {
    /// Its id.
    id: String,
    /// The id that the receiver knows the message by.
    message: String,
    /// Which event.
    event: String,
    /// When that happened.
    at: String,
    /// To which webhook; null for mail.
    webhook: Option<String>,
    /// To which address, for mail.
    recipient: Option<String>,
    /// `waiting`, `sending`, `delivered` or `dead`.
    state: String,
    /// When it is tried next, while it waits.
    due_at: Option<String>,
    /// How often it was tried.
    attempts: i64,
    /// What came of the last attempt.
    last_answer: Option<String>,
}

fn yes() -> bool {
    true
}

/// List webhooks
///
/// Without their secrets, which are never told.
#[utoipa::path(get, path = "/webhooks", tag = "webhooks", operation_id = "list_webhooks",
    responses((status = 200, description = "The webhooks", body = Webhooks)))]
pub(crate) async fn list(asked: Asked, Parameters(_): Parameters<NoParameters>) -> Result<Json<Webhooks>, Problem> {
    let known = asked.mirror.store().read(endpoints::list).await?;
    Ok(Json(Webhooks { webhooks: known.iter().map(Webhook::of).collect() }))
}

/// Make a webhook
///
/// Of the style `automation` the secret is the one of the rule; of the style `generic` Rollcall makes one that is left
/// out, and tells it in this one answer.
#[utoipa::path(post, path = "/webhooks", tag = "webhooks", operation_id = "make_webhook", request_body = WantedWebhook,
    responses((status = 201, description = "It is made", body = MadeWebhook)))]
pub(crate) async fn make(
    State(api): State<Api>,
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedWebhook>,
) -> Result<Response, Problem> {
    let (draft, given) = (wanted.draft()?, wanted.secret.unwrap_or_default());
    let saved = verbs::save(&asked.context, &asked.mirror, &api.notifier, (None, draft), &given).await;
    let (id, secret) = saved.map_err(not_done)?;
    let made = MadeWebhook { webhook: Webhook::of(&find(&asked, &id).await?), secret };
    let kept = Kept::of(&MadeWebhook { secret: None, ..made.clone() });
    let mut response = (StatusCode::CREATED, Json(made)).into_response();
    response.extensions_mut().insert(kept);
    Ok(response)
}

/// Show a webhook
///
/// Without its secret.
#[utoipa::path(get, path = "/webhooks/{id}", tag = "webhooks", operation_id = "show_webhook",
    params(("id" = String, Path, description = "The webhook's id")),
    responses((status = 200, description = "The webhook", body = Webhook)))]
pub(crate) async fn show(
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<Webhook>, Problem> {
    Ok(Json(Webhook::of(&find(&asked, &parsed(&id)?).await?)))
}

/// Change a webhook
///
/// All of it is replaced but its style, and its secret when that is left out. One that Rollcall has switched off is
/// switched on by `active`.
#[utoipa::path(put, path = "/webhooks/{id}", tag = "webhooks", operation_id = "change_webhook",
    params(("id" = String, Path, description = "The webhook's id")), request_body = WantedWebhook,
    responses((status = 200, description = "The webhook as it is now", body = Webhook)))]
pub(crate) async fn change(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedWebhook>,
) -> Result<Json<Webhook>, Problem> {
    let stored = find(&asked, &parsed(&id)?).await?;
    let (draft, given) = (wanted.draft()?, wanted.secret.unwrap_or_default());
    if draft.style != stored.draft.style {
        let hint = "Another style is another receiver: make a webhook of its own.";
        return Err(Problem::new(Kind::Invalid, "The style of a webhook stays.", hint));
    }
    let saving = (Some(stored.id.clone()), draft);
    verbs::save(&asked.context, &asked.mirror, &api.notifier, saving, &given).await.map_err(not_done)?;
    Ok(Json(Webhook::of(&find(&asked, &stored.id).await?)))
}

/// Remove a webhook
///
/// With its secret, for good. What was sent to it stays in the log.
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "webhooks", operation_id = "remove_webhook",
    params(("id" = String, Path, description = "The webhook's id")),
    responses((status = 204, description = "It is removed")))]
pub(crate) async fn remove(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<StatusCode, Problem> {
    let stored = find(&asked, &parsed(&id)?).await?;
    verbs::remove(&asked.context, &asked.mirror, &api.notifier, &stored.id).await.map_err(not_done)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send a test
///
/// To one webhook, whether it is active or not. The log tells what was answered.
#[utoipa::path(post, path = "/webhooks/{id}/test", tag = "webhooks", operation_id = "test_webhook",
    params(("id" = String, Path, description = "The webhook's id")),
    responses((status = 202, description = "It is on its way", body = Delivery)))]
pub(crate) async fn test(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<(StatusCode, Json<Delivery>), Problem> {
    let stored = find(&asked, &parsed(&id)?).await?;
    let made = verbs::test(&asked.context, &asked.mirror, &stored.id, &api.entropy).await.map_err(not_done)?;
    on_its_way(&asked, made).await
}

/// List deliveries
///
/// What was sent to webhooks and by mail within 90 days, the newest first, with what was answered.
#[utoipa::path(get, path = "/webhooks/deliveries", tag = "webhooks", operation_id = "list_deliveries",
    params(DeliveriesListed), responses((status = 200, description = "A page of deliveries", body = Deliveries)))]
pub(crate) async fn deliveries(
    asked: Asked,
    Parameters(listed): Parameters<DeliveriesListed>,
) -> Result<Json<Deliveries>, Problem> {
    let question = format!("deliveries: {:?}", listed.webhook);
    let before = match &listed.cursor {
        Some(cursor) => page::read(&question, cursor)?.parse().unwrap_or(i64::MAX),
        None => i64::MAX,
    };
    let limit = page::limit(listed.limit)?;
    let most = u32::try_from(limit).unwrap_or(u32::MAX);
    let found = asked.mirror.store().read(move |tx| match listed.webhook.as_deref() {
        Some(webhook) => outbox::newest_of(tx, webhook, before, most),
        None => outbox::newest(tx, before, most),
    });
    let found = found.await?;
    let next = found.last().filter(|last| found.len() == limit && last.place > 1);
    let next = next.map(|last| page::write(&question, &last.place.to_string()));
    Ok(Json(Deliveries { deliveries: found.iter().map(Delivery::of).collect(), next }))
}

/// Send a delivery again
///
/// One that has ended, as a delivery of its own; the receiver knows the message by the same id.
#[utoipa::path(post, path = "/webhooks/deliveries/{id}/again", tag = "webhooks", operation_id = "send_delivery_again",
    params(("id" = String, Path, description = "The delivery's id")),
    responses((status = 202, description = "The new delivery", body = Delivery)))]
pub(crate) async fn again(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<(StatusCode, Json<Delivery>), Problem> {
    let id = DeliveryId::parse(&id).ok_or_else(|| Problem::not_found("delivery with this id"))?;
    let made = verbs::send_again(&asked.context, &asked.mirror, &api.notifier, &id).await.map_err(not_done)?;
    on_its_way(&asked, made).await
}

async fn on_its_way(asked: &Asked, id: DeliveryId) -> Result<(StatusCode, Json<Delivery>), Problem> {
    let found = asked.mirror.store().read(move |tx| outbox::find(tx, &id)).await?;
    let found = found.ok_or_else(|| Problem::not_found("delivery with this id"))?;
    Ok((StatusCode::ACCEPTED, Json(Delivery::of(&found))))
}

fn parsed(id: &str) -> Result<EndpointId, Problem> {
    EndpointId::parse(id).ok_or_else(|| Problem::not_found("webhook with this id"))
}

async fn find(asked: &Asked, id: &EndpointId) -> Result<Endpoint, Problem> {
    let id = id.clone();
    let found = asked.mirror.store().read(move |tx| endpoints::find(tx, &id)).await?;
    found.ok_or_else(|| Problem::not_found("webhook with this id"))
}

fn not_done(why: NotDone) -> Problem {
    match why {
        NotDone::Refused(refusal) => Problem::new(Kind::Invalid, refusal.why, refusal.next),
        NotDone::Store(error) => error.into(),
    }
}

impl WantedWebhook {
    fn draft(&self) -> Result<Draft, Problem> {
        let style = Style::parse(&self.style).ok_or_else(|| {
            let detail = format!("There is no style “{}”.", self.style);
            Problem::new(Kind::Invalid, detail, "See `names`.").with_names(Style::ALL.map(Style::as_str))
        })?;
        let mut events = Vec::with_capacity(self.events.len());
        for word in &self.events {
            let event = EventKind::parse(word).filter(|event| EventKind::ALL.contains(event));
            let event = event.ok_or_else(|| {
                let detail = format!("There is no event “{word}”.");
                Problem::new(Kind::Invalid, detail, "See `names`.").with_names(EventKind::ALL.map(EventKind::as_str))
            })?;
            if style == Style::Automation && event.trigger().is_none() {
                let hint = "Leave it out, or make a webhook of the style `generic`.";
                return Err(Problem::new(
                    Kind::Invalid,
                    format!("Automation for Jira has no trigger for {word}."),
                    hint,
                ));
            }
            events.push(event);
        }
        Ok(Draft {
            name: self.name.clone(),
            address: self.address.clone(),
            style,
            events,
            key_days: self.key_days.clone(),
            notes: self.notes.clone(),
            active: self.active,
        })
    }
}

impl Webhook {
    fn of(endpoint: &Endpoint) -> Webhook {
        let draft = &endpoint.draft;
        Webhook {
            id: endpoint.id.to_string(),
            name: draft.name.clone(),
            address: draft.address.clone(),
            style: draft.style.as_str().to_owned(),
            events: draft.events.iter().map(|event| event.as_str().to_owned()).collect(),
            key_days: draft.key_days.clone(),
            notes: draft.notes.clone(),
            active: draft.active,
            switched_off: (endpoint.switched_off.as_ref())
                .map(|(at, said)| SwitchedOff { at: at.to_string(), said: said.clone() }),
            version: endpoint.version,
            changed_by: endpoint.changed_by.clone(),
            changed_at: endpoint.changed_at.to_string(),
        }
    }
}

impl Delivery {
    fn of(delivery: &endpoint::Delivery) -> Delivery {
        let waits = delivery.state == endpoint::DeliveryState::Waiting;
        Delivery {
            id: delivery.id.to_string(),
            message: delivery.notice.to_string(),
            event: delivery.event.as_str().to_owned(),
            at: delivery.at.to_string(),
            webhook: delivery.endpoint.as_ref().map(ToString::to_string),
            recipient: Some(delivery.recipient.clone()).filter(|recipient| !recipient.is_empty()),
            state: delivery.state.as_str().to_owned(),
            due_at: waits.then(|| delivery.due_at.to_string()),
            attempts: delivery.attempts,
            last_answer: delivery.last_answer.clone(),
        }
    }
}
