//! Settings, *Organization API Key*: everything about the key but the key, and *Replace key*.
//!
//! A new key is checked against the same organization before the old one is dropped. Like at set-up, it waits in memory
//! between its check and its saving, and is never written into a page.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::nouns::organization_key::{OrganizationKey, Validity};
use crate::nouns::refusal::Refusal;
use crate::store::organization_keys;
use crate::sync::connect::EnteredKey;
use crate::web::Served;
use crate::web::connect::{self, Ask, KeyEntry, LabelEntry};
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::pending::PendingKey;
use crate::web::settings;
use crate::web::ui::address::Address;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::{self, Weight};
use crate::web::visit::Visit;

/// The section's address.
pub(crate) const HERE: &str = "/settings/organization-api-key";

/// GET /settings/organization-api-key
pub(crate) async fn show(
    State(served): State<Served>,
    visit: Visit,
    Query(ask): Query<Ask>,
) -> Result<Response, Failure> {
    if ask.checked.is_empty() {
        return Ok(section(&visit, html! {}).await?.into_response());
    }
    let administrator = &visit.entered.who.administrator;
    Ok(match served.pending().find(&ask.checked, administrator, visit.reader.now) {
        Some(pending) => label_page(&visit, &pending, &LabelEntry::of(ask.checked), None),
        None => section(&visit, connect::waited_too_long()).await?,
    }
    .into_response())
}

/// POST /settings/organization-api-key: *Check API Key*
pub(crate) async fn check(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<KeyEntry>,
) -> Result<Response, Failure> {
    let key = entry.key.trim();
    let base_url = visit.mirror.organization().base_url.clone();
    let found = match key {
        "" => Err(connect::no_key()),
        key => served.connector.check_successor(&visit.mirror, key).await,
    };
    match found {
        Ok(found) => {
            let pending = PendingKey { base_url, key: key.to_owned(), found };
            let kept = (&visit.entered.who.administrator, pending);
            let token = served.pending().keep(&served.entropy, kept, visit.reader.now);
            Ok(see(Address::new(HERE).with("checked", token.expose()).as_str()))
        }
        Err(refusal) => {
            let page = section(&visit, notice::refusal(&refusal)).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

/// POST /settings/organization-api-key/key: *Replace key*
pub(crate) async fn replace(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<LabelEntry>,
) -> Result<Response, Failure> {
    let now = visit.reader.now;
    let administrator = &visit.entered.who.administrator;
    let Some(pending) = served.pending().find(&entry.checked, administrator, now) else {
        let page = section(&visit, connect::waited_too_long()).await?;
        return Ok(page.with_status(StatusCode::GONE).into_response());
    };
    let replaced = match connect::named(&entry, &pending, now) {
        Ok((label, expires_at)) => {
            let entered =
                EnteredKey { base_url: pending.base_url.clone(), secret: pending.key.clone(), label, expires_at };
            served.connector.replace(&visit.entered.context, &visit.mirror, entered).await
        }
        Err(refusal) => Err(refusal),
    };
    match replaced {
        Ok(()) => {
            served.pending().forget(&entry.checked, now);
            Ok(see(HERE))
        }
        Err(refusal) => {
            let page = label_page(&visit, &pending, &entry, Some(&refusal));
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

/// The sections of Settings, each at its own address.
pub(crate) fn sections(here: &str) -> Markup {
    settings::strip(here)
}

async fn section(visit: &Visit, problem: Markup) -> Result<Page, Failure> {
    let key = visit.mirror.store().read(organization_keys::shown).await?;
    Ok(Page::framed(
        &visit.frame("Organization API Key", Place::Settings),
        html! {
            (sections(HERE))
            div.headline { h1 { "Organization API Key" } }
            p.lead { "With this key Rollcall reads " bdi { (visit.mirror.organization().name) } ". Without one that holds, no sync can start." }
            (problem)
            @match &key {
                Some(key) => {
                    (validity_notice(key, &visit.reader, false))
                    (facts(key, &visit.reader))
                }
                None => (notice::notice(Weight::Failure, "No key is stored.", html! { p { "Enter one below." } }))
            }
            h2 { "Replace key" }
            p { "The new key is checked against the same organization before the old one is dropped. A sync that is under way goes on with it where it stands." }
            (connect::steps())
            form.fields method="post" action=(HERE) {
                (connect::key_field())
                button.primary type="submit" { "Check API Key" }
                p.hint { "The check reads the organization's name. Nothing is stored before you replace the key." }
            }
        },
    ))
}

fn facts(key: &OrganizationKey, reader: &Reader) -> Markup {
    html! {
        dl.facts {
            div { dt { "Label" } dd { bdi { (key.label) } } }
            div { dt { "Key" } dd { code { "…" bdi { (key.last_four) } } } }
            div { dt { "Entered by" } dd { bdi { (key.entered_by) } } }
            div { dt { "Entered" } dd { (reader.day(key.entered_at)) " " span.sub { (reader.ago(key.entered_at)) } } }
            div { dt { "Expires" } dd {
                @match key.expires_at {
                    Some(at) => { (reader.day(at)) " " span.sub { (reader.ago(at)) } }
                    None => span.sub { "not known" }
                }
            } }
        }
    }
}

fn label_page(visit: &Visit, pending: &PendingKey, entry: &LabelEntry, refusal: Option<&Refusal>) -> Page {
    Page::framed(
        &visit.frame("Replace key", Place::Settings),
        html! {
            div.headline { h1 { "The key opens " bdi { (pending.found.name) } } }
            @if let Some(refusal) = refusal { (notice::refusal(refusal)) }
            form.fields method="post" action=(Address::new(HERE).below("key")) {
                (connect::label_fields(&entry.checked, pending, entry, visit.reader.now))
                div.row {
                    button.primary type="submit" { "Replace key" }
                    a.button href=(HERE) { "Keep the old key" }
                }
            }
        },
    )
}

/// What has to be said about a key's expiry, on every page; nothing while it holds for more than 30 days.
pub(crate) fn validity_notice(key: &OrganizationKey, reader: &Reader, with_link: bool) -> Markup {
    let on = || key.expires_at.map(|at| reader.day(at)).unwrap_or_default();
    let link = || html! { @if with_link { p { a href=(HERE) { "Replace key" } } } };
    match key.validity(reader.now) {
        Validity::Expired => notice::notice(
            Weight::Failure,
            "The organization API key has expired.",
            html! { p { "It expired on " (on()) ". Everything stays readable; no sync can read anything until the key is replaced, and goes on by itself then." } (link()) },
        ),
        Validity::Expiring { days, .. } => notice::notice(
            Weight::Warning,
            "The organization API key expires soon.",
            html! { p { "It expires on " (on()) ", in " (days) (if days == 1 { " day" } else { " days" }) ". Make a new one and replace it before." } (link()) },
        ),
        Validity::Good | Validity::Unknown => html! {},
    }
}
