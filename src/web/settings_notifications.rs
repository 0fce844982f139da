//! Settings, *Notifications*: mail, webhooks and *Atlassian Automation Integration*, each with how it stands and where
//! it is changed.

pub(crate) mod deliveries;
pub(crate) mod mail;
pub(crate) mod reports;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod webhook;

use axum::extract::State;
use maud::{Markup, html};

use crate::notify::address::AUTOMATION;
use crate::notify::mail::public_address;
use crate::nouns::endpoint::{Endpoint, Style};
use crate::nouns::mail::MailServer;
use crate::nouns::notice::Trigger;
use crate::store::settings::Setting;
use crate::store::{endpoints, mail_server};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::settings_key::sections;
use crate::web::ui::address::Address;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::{self, Weight, empty};
use crate::web::visit::Visit;

/// The section's address.
pub(crate) const HERE: &str = "/settings/notifications";

/// What the section shows.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    endpoints: Vec<Endpoint>,
    server: Option<MailServer>,
    public: Option<Setting>,
}

/// GET /settings/notifications
pub(crate) async fn show(State(_): State<Served>, visit: Visit) -> Result<Page, Failure> {
    section(&visit, html! {}, None).await
}

/// The section, with what has to be said first and the mail form as it was filled in.
pub(crate) async fn section(visit: &Visit, said: Markup, entry: Option<&mail::Entry>) -> Result<Page, Failure> {
    let shown = visit.mirror.store().read(|tx| {
        Ok(Shown { endpoints: endpoints::list(tx)?, server: mail_server::find(tx)?, public: public_address(tx)? })
    });
    let content = content(&shown.await?, said, entry, &visit.reader);
    Ok(Page::framed(&visit.frame("Notifications", Place::Settings), content))
}

fn content(shown: &Shown, said: Markup, entry: Option<&mail::Entry>, reader: &Reader) -> Markup {
    html! {
        (sections(HERE))
        div.headline { h1 { "Notifications" } }
        p.lead { "What Rollcall tells people by mail and programs by webhooks. What is told names things and counts, and no person; only a scheduled report of a filter lists people, to whom its addresses say." }
        p { a.button href=(deliveries::HERE) { "Delivery log" } " " a href="/help/webhooks" { "Help on webhooks and mail" } }
        (said)
        (mail::content(shown.server.as_ref(), shown.public.as_ref(), entry, reader))
        h2 id="reports" { "Scheduled reports" }
        p { "A saved filter or the dashboard as a summary by mail, weekly or monthly, with a table." }
        p { a.button href=(reports::HERE) { "Scheduled reports" } " " a.button href=(reports::NEW) { "New report" } }
        h2 id="webhooks" { "Webhooks" }
        @if shown.endpoints.is_empty() {
            (empty("No webhook is told anything.", html! { p { "Make one for a program of your own, or for a rule of Automation for Jira." } }))
        } @else {
            (table(&shown.endpoints, reader))
        }
        p { a.button href=(webhook::NEW) { "Create webhook" } }
        (automation())
    }
}

fn table(endpoints: &[Endpoint], reader: &Reader) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Webhooks" {
            table {
                thead { tr {
                    th scope="col" { "Name" }
                    th scope="col" { "Style" }
                    th scope="col" { "Events" }
                    th scope="col" { "State" }
                    th.num.hide-m scope="col" { "Last changed" }
                } }
                tbody { @for endpoint in endpoints {
                    tr {
                        td.long { a.name href=(webhook::address(&endpoint.id)) { bdi { (endpoint.draft.name) } } }
                        td { (style_in_words(endpoint.draft.style)) }
                        td.long { (events_in_words(endpoint)) }
                        td {
                            @match &endpoint.switched_off {
                                Some(_) => { span.tag.warn { "switched off by Rollcall" } }
                                None if endpoint.draft.active => "active",
                                None => { span.tag { "not active" } }
                            }
                        }
                        td.num.hide-m title=(endpoint.changed_by) { (reader.relative(endpoint.changed_at)) }
                    }
                } }
            }
        }
    }
}

/// What a webhook is told, in words: triggers for Automation, events for others.
fn events_in_words(endpoint: &Endpoint) -> String {
    let draft = &endpoint.draft;
    let words: Vec<&str> = match draft.style {
        Style::Automation => {
            let has = |trigger: &Trigger| draft.events.iter().any(|event| event.trigger() == Some(*trigger));
            Trigger::ALL.into_iter().filter(has).map(Trigger::in_words).collect()
        }
        Style::Generic => draft.events.iter().map(|event| event.as_str()).collect(),
    };
    words.join(", ")
}

fn style_in_words(style: Style) -> &'static str {
    match style {
        Style::Automation => "Automation for Jira",
        Style::Generic => "Standard Webhooks",
    }
}

/// How a rule is made, with the three recipes (rulings, Act).
fn automation() -> Markup {
    html! {
        h2 id="automation" { "Atlassian Automation Integration" }
        p { "A rule of Automation for Jira can act on what Rollcall tells: make work items, publish pages, write to a channel." }
        ol.steps {
            li { "In Jira, open " strong { "Automation" } " and choose " strong { "Create rule" } "." }
            li { "As the trigger choose " strong { "Incoming webhook" } ", and in it " strong { "No work items from the webhook" } "." }
            li { "Copy the webhook's address, which begins with " code { (AUTOMATION) } ", and its secret." }
            li { "Here choose " a href=(Address::new(webhook::NEW).with("style", "automation").as_str()) { "Create webhook for Automation" } ", paste both, choose a trigger, and save. Then " strong { "Send test" } "." }
            li { "In the rule, what was sent is read as " code { "{{webhookData.name}}" } " and so on. Turn the rule on." }
        }
        h3 { "Three rules to begin with" }
        (recipe("A work item before the key expires", Trigger::OrgKeyExpiry, "Create work item", "Replace the organization API key {{webhookData.name}}: it expires on {{webhookData.expiresAt}}. {{webhookData.settingsUrl}}"))
        (recipe("A work item when a task fails", Trigger::TaskFailure, "Create work item", "{{webhookData.name}}: {{webhookData.outcome}}, {{webhookData.counts.failed}} of {{webhookData.counts.total}} not done. {{webhookData.deepLink}}"))
        (recipe("A page of results when a task succeeds", Trigger::TaskSuccess, "Create page in Confluence", "{{webhookData.name}} did {{webhookData.counts.succeeded}} of {{webhookData.counts.total}} ({{webhookData.actionTypes}}). {{webhookData.deepLink}}"))
    }
}

fn recipe(name: &str, trigger: Trigger, action: &str, text: &str) -> Markup {
    html! {
        details {
            summary { (name) }
            p { "Trigger here: " em { (trigger.in_words()) } ". Action in the rule: " strong { (action) } ", with the text:" }
            pre.recipe { code { (text) } }
        }
    }
}

/// That Rollcall has switched a webhook off, and what to do.
pub(crate) fn switched_off(endpoint: &Endpoint, reader: &Reader) -> Markup {
    let Some((at, why)) = &endpoint.switched_off else { return html! {} };
    notice::notice(
        Weight::Failure,
        "Rollcall has switched off a webhook.",
        html! {
            p { bdi { (endpoint.draft.name) } " refused one message after another, since " (reader.relative(*at)) " nothing is sent to it. Its last answer: " bdi { (why) } }
            p { a.button href=(webhook::address(&endpoint.id)) { "Look at the webhook" } " Correct it and save it as active, then send again what is missing from the log." }
        },
    )
}
