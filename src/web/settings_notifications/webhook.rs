//! One webhook of *Notifications*: its form, its test, its removal. Its secret is never written into a page, but in the
//! one answer after Rollcall has made it.

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::id::EndpointId;
use crate::notify::address::AUTOMATION;
use crate::notify::endpoints::{self as verbs, LONGEST_NAME, LONGEST_NOTES, NotDone};
use crate::nouns::endpoint::{Draft, Endpoint, Style};
use crate::nouns::notice::{EventKind, Trigger};
use crate::store::{endpoints, outbox};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::settings_key::sections;
use crate::web::settings_notifications::{HERE, automation, deliveries, switched_off};
use crate::web::ui::address::Address;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{self, Weight};
use crate::web::visit::Visit;

/// Where a webhook's form is.
pub(crate) const NEW: &str = "/settings/notifications/new-webhook";
/// Where a new webhook is saved.
pub(crate) const SAVE: &str = "/settings/notifications/webhooks";

const UNKNOWN: &str = "There is no such webhook.";
/// Deliveries below the form.
const SHOWN: u32 = 20;

type Pairs = Vec<(String, String)>;

/// A webhook's page.
pub(crate) fn address(id: &EndpointId) -> Address {
    Address::new(SAVE).below(id.as_str())
}

/// GET /settings/notifications/new-webhook
pub(crate) async fn new(visit: Visit, Query(pairs): Query<Pairs>) -> Result<Page, Failure> {
    let style = value(&pairs, "style").and_then(Style::parse).unwrap_or(Style::Generic);
    let draft = Draft {
        name: String::new(),
        address: String::new(),
        style,
        events: Vec::new(),
        key_days: vec![7],
        notes: String::new(),
        active: true,
    };
    Ok(page(&visit, "Create webhook", html! { (form(SAVE, &draft, None)) (beside(style)) }))
}

/// POST /settings/notifications/webhooks
pub(crate) async fn create(
    State(served): State<Served>,
    visit: Visit,
    Form(pairs): Form<Pairs>,
) -> Result<Response, Failure> {
    let (draft, secret) = (drafted(&pairs), value(&pairs, "secret").unwrap_or_default());
    let saving = (None, draft.clone());
    match verbs::save(&visit.entered.context, &visit.mirror, &served.notifier, saving, secret).await {
        Ok((id, None)) => Ok(see(address(&id).as_str())),
        Ok((id, Some(secret))) => {
            let said = notice::notice(
                Weight::Info,
                "The webhook is made.",
                html! {
                    p { "Its secret: " code.secret { (secret) } }
                    p { "It is shown this once. Give it to the receiver, which proves with it that a message comes from here." }
                },
            );
            whole(&visit, &id, said).await.map(IntoResponse::into_response)
        }
        Err(NotDone::Store(error)) => Err(error.into()),
        Err(NotDone::Refused(refusal)) => {
            let content = html! { (notice::refusal(&refusal)) (form(SAVE, &draft, None)) (beside(draft.style)) };
            let page = page(&visit, "Create webhook", content);
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

/// GET /settings/notifications/webhooks/{id}
pub(crate) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Page, Failure> {
    whole(&visit, &parsed(&id)?, html! {}).await
}

/// POST /settings/notifications/webhooks/{id}
pub(crate) async fn change(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
    Form(pairs): Form<Pairs>,
) -> Result<Response, Failure> {
    let id = parsed(&id)?;
    let (draft, secret) = (drafted(&pairs), value(&pairs, "secret").unwrap_or_default());
    let saving = (Some(id.clone()), draft.clone());
    match verbs::save(&visit.entered.context, &visit.mirror, &served.notifier, saving, secret).await {
        Ok(_) => Ok(see(address(&id).as_str())),
        Err(NotDone::Store(error)) => Err(error.into()),
        Err(NotDone::Refused(refusal)) => {
            let content = html! { (notice::refusal(&refusal)) (form(address(&id).as_str(), &draft, Some(&id))) };
            let page = page(&visit, "Webhook", content);
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

/// POST /settings/notifications/webhooks/{id}/test: *Send test*
pub(crate) async fn test(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = parsed(&id)?;
    let sent = verbs::test(&visit.entered.context, &visit.mirror, &id, &served.entropy).await.map(drop);
    done(sent, address(&id).as_str())
}

/// POST /settings/notifications/webhooks/{id}/remove
pub(crate) async fn remove(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let removed = verbs::remove(&visit.entered.context, &visit.mirror, &served.notifier, &parsed(&id)?).await;
    done(removed, HERE)
}

pub(super) fn done(done: Result<(), NotDone>, next: &str) -> Result<Response, Failure> {
    match done {
        Ok(()) => Ok(see(next)),
        Err(NotDone::Refused(refusal)) => Err(Failure::Refused(refusal)),
        Err(NotDone::Store(error)) => Err(error.into()),
    }
}

fn parsed(id: &str) -> Result<EndpointId, Failure> {
    EndpointId::parse(id).ok_or(Failure::NotFound(UNKNOWN))
}

fn value<'p>(pairs: &'p [(String, String)], name: &str) -> Option<&'p str> {
    pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// A form as somebody wants the webhook to be.
fn drafted(pairs: &[(String, String)]) -> Draft {
    let text = |name: &str| value(pairs, name).unwrap_or_default().to_owned();
    let style = value(pairs, "style").and_then(Style::parse).unwrap_or(Style::Generic);
    let ticked =
        |name: &'static str| pairs.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str());
    let events = match style {
        Style::Generic => ticked("event").filter_map(EventKind::parse).collect(),
        Style::Automation => Trigger::ALL
            .into_iter()
            .filter(|trigger| ticked("trigger").any(|word| word == trigger.as_str()))
            .flat_map(Trigger::events)
            .collect(),
    };
    Draft {
        name: text("name"),
        address: text("address"),
        style,
        events,
        key_days: text("key_days").split([',', ' ']).filter_map(|days| days.trim().parse().ok()).collect(),
        notes: text("notes"),
        active: value(pairs, "active").is_some(),
    }
}

async fn whole(visit: &Visit, id: &EndpointId, said: Markup) -> Result<Page, Failure> {
    let wanted = id.clone();
    let read = visit.mirror.store().read(move |tx| {
        let deliveries = outbox::newest_of(tx, wanted.as_str(), i64::MAX, SHOWN)?;
        Ok(endpoints::find(tx, &wanted)?.map(|endpoint| (endpoint, deliveries)))
    });
    let Some((endpoint, sent)) = read.await? else { return Err(Failure::NotFound(UNKNOWN)) };
    let content = html! {
        (said)
        (switched_off(&endpoint, &visit.reader))
        (facts(&endpoint, visit))
        (form(address(id).as_str(), &endpoint.draft, Some(id)))
        h2 { "Deliveries" }
        (deliveries::table(&sent, &[], &visit.reader))
    };
    Ok(page(visit, &endpoint.draft.name, content))
}

fn facts(endpoint: &Endpoint, visit: &Visit) -> Markup {
    html! {
        p.hint {
            "Version " (endpoint.version) ", changed " (visit.reader.relative(endpoint.changed_at)) " by " bdi { (endpoint.changed_by) } "."
        }
        div.row {
            form method="post" action=(address(&endpoint.id).below("test")) { button type="submit" { "Send test" } }
            form method="post" action=(address(&endpoint.id).below("remove")) { button.quiet type="submit" { "Remove webhook" } }
        }
    }
}

/// How the rule on the other side is made.
fn beside(style: Style) -> Markup {
    html! { @if style == Style::Automation { (automation()) } }
}

fn page(visit: &Visit, title: &str, content: Markup) -> Page {
    Page::framed(
        &visit.frame(title, Place::Settings),
        html! {
            (sections(HERE))
            div.headline { h1 { bdi { (title) } } }
            (content)
        },
    )
}

/// The form. The style of a stored webhook stays: another style is another receiver.
fn form(action: &str, draft: &Draft, stored: Option<&EndpointId>) -> Markup {
    let automation = draft.style == Style::Automation;
    html! {
        @if stored.is_none() {
            nav.chips aria-label="Style" {
                a href=(Address::new(NEW).with("style", "generic")) aria-current=[(!automation).then_some("true")] { "Standard Webhooks" }
                a href=(Address::new(NEW).with("style", "automation")) aria-current=[automation.then_some("true")] { "Automation for Jira" }
            }
        }
        form.fields method="post" action=(action) {
            input type="hidden" name="style" value=(draft.style.as_str());
            label { "Name" input type="text" name="name" value=(draft.name) required maxlength=(LONGEST_NAME) autocomplete="off"; }
            label { "Webhook URL"
                span.hint id="address" { @if automation { "It begins with " (AUTOMATION) } @else { "It begins with https:// and does not lie in an internal network." } }
                input type="url" name="address" value=(draft.address) required maxlength="2000" aria-describedby="address";
            }
            label { "Secret"
                span.hint id="secret" {
                    @match (stored, automation) {
                        (Some(_), true) => "Empty to keep the stored one. It is never shown.",
                        (Some(_), false) => "Empty to keep the stored one, which is never shown. A new one signs beside the old one for a day.",
                        (None, true) => "Copy it from the rule's trigger. It is sent in the header X-Automation-Webhook-Token.",
                        (None, false) => "Empty to let Rollcall make one, which is shown once.",
                    }
                }
                input type="password" name="secret" required[automation && stored.is_none()] maxlength="500" autocomplete="new-password" aria-describedby="secret";
            }
            fieldset {
                @if automation {
                    legend { "Trigger" }
                    @for trigger in Trigger::ALL {
                        label.choice {
                            input type="checkbox" name="trigger" value=(trigger.as_str()) checked[draft.events.iter().any(|event| event.trigger() == Some(trigger))];
                            span { (trigger.in_words()) span.sub { code { (trigger.as_str()) } } }
                        }
                    }
                } @else {
                    legend { "Events" }
                    @for event in EventKind::ALL {
                        label.choice {
                            input type="checkbox" name="event" value=(event.as_str()) checked[draft.events.contains(&event)];
                            span { (event.in_words()) span.sub { code { (event.as_str()) } } }
                        }
                    }
                }
            }
            label { "Days before a key expires"
                span.hint id="days" { "Numbers, with commas between them. Told once per key and number." }
                input type="text" name="key_days" value=(draft.key_days.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")) maxlength="100" aria-describedby="days";
            }
            label { "Notes" textarea name="notes" rows="3" maxlength=(LONGEST_NOTES) { (draft.notes) } }
            label.choice {
                input type="checkbox" name="active" value="on" checked[draft.active];
                span { "Active" span.sub { "Otherwise it is sent nothing but tests." } }
            }
            button.primary type="submit" { "Save" }
        }
    }
}
